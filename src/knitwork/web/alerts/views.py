"""What to look at first: the charts that signal, the most surprising first, and what people did about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from math import log10
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import number
from knitwork.draw.periods import Period, full_name, short_name
from knitwork.draw.words import sentence
from knitwork.model.errors import CannotDo
from knitwork.signals.episodes import Episode
from knitwork.signals.triage import Entry, Triage
from knitwork.web import judging, present, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.alerts import actions
from knitwork.web.alerts.episodes import episodes_of, known, matched, parts_of, state_of
from knitwork.web.alerts.models import Alert
from knitwork.web.alerts.triaged import Ranked, ranked
from knitwork.web.charts.keep import ChangedMeanwhile
from knitwork.web.pages.around import Names, exists
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.summary import below, groups, part_of
from knitwork.web.source import Source

# So many charts stand in a list; of the others it is said how many.
SHOWN = 60
# A chance under one in a million is said as that: the model behind it is no better.
SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Row:
    """The episodes of one chart that are in one state, with what was done about each; `entry` is None where it is over."""

    chart: str
    state: str
    pairs: tuple[tuple[Episode, Alert | None], ...]
    entry: Entry | None

    @property
    def alert(self) -> Alert | None:
        """Return the act that was the last on any of them."""
        return max((alert for _one, alert in self.pairs if alert), key=lambda alert: alert.at, default=None)


@needs("read")
def first_look(request: HttpRequest) -> HttpResponse:
    """Show what signals, ranked, and take over what a lead does about it."""
    source = with_answers(request)
    part, period, today = part_of(request, source), judging.usual_period(source), today_of(source)
    refused, status = "", 200
    if request.method == "POST":
        if not may(request.user, "charts"):
            raise PermissionDenied
        try:
            act(request, source, today=today)
            messages.success(request, acted_words(source, request.POST))
        except ChangedMeanwhile as overtaken:
            refused, status = str(overtaken), 409
        except CannotDo as wrong:
            refused, status = str(wrong), 422
        else:
            return redirect(reverse("first-look") + "?" + urlencode({"in": part}))
    found = ranked(source, part, period)
    rows = rows_of(source, found, part, period, today=today)
    context = page(request, source, found, rows, part=part, period=period)
    there = [*context["first"], *context["rest"], *(row for some in context["lists"] for row in some["rows"])]
    kept_open = refused and request.POST.get("chart") in {row["chart"] for row in there}
    context |= {"refused": refused, "wrote": request.POST.dict() if kept_open else {}}
    return render(request, "alerts/first_look.html", context, status=status)


def page(
    request: HttpRequest, source: Source, found: Ranked, rows: list[Row], *, part: str, period: Period
) -> dict[str, Any]:
    """Return what the page shows: the new in two lists, and what somebody has seen, put off or settled."""
    known_as, hide = Names(source), not may(request.user, "patients")

    def told(some: list[Row]) -> list[dict[str, Any]]:
        return [shown(source, known_as, one, found, period=period, hide=hide) for one in some]

    new = [one for one in rows if one.state == "new"]
    first = [one for one in new if one.entry is not None and one.entry.found]
    rest = [one for one in new if one.entry is None or not one.entry.found]
    return {
        "calendar": present.has_calendar(source),
        "part": known_as.link(part),
        "parts": [{"code": code, "name": known_as.name(code), "chosen": code == part} for code in groups(source)],
        "lead": lead(found.triage, new=len(new), first=len(first)),
        "chance": " ".join(filter(None, (chance(found.triage), of_units(found)))),
        "first": told(first[:SHOWN]),
        "rest": told(rest[: max(SHOWN - len(first), 0)]),
        "cut": max(len(new) - SHOWN, 0),
        "lists": [
            {"title": title, "id": state, "rows": told([one for one in rows if one.state == state][:SHOWN])}
            for state, title in (
                ("acknowledged", _("Somebody takes care of these")),
                ("snoozed", _("Put off until a day")),
                ("resolved", _("Settled")),
            )
        ],
        "may_act": may(request.user, "charts"),
        "tomorrow": (today_of(source) + dt.timedelta(days=1)).isoformat(),
        "q": f"{100 * found.triage.q:g}",
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
    }


def today_of(source: Source) -> dt.date:
    """Return the day it is where the records are from."""
    return say.local(int(timezone.now().timestamp() * 1_000_000), source.tz).date()


# Which rows


def rows_of(source: Source, found: Ranked, part: str, period: Period, *, today: dt.date) -> list[Row]:
    """Return the charts that signal in the order of their ranks, and those that no longer do and are taken care of."""
    alerts = list(Alert.objects.filter(period=period))
    now = {entry.key: entry for entry in found.triage.entries}
    episodes = [one for key in now for one in of_chart(key, found.charts[key])]
    pairs: dict[tuple[str, str], list[tuple[Episode, Alert | None]]] = {}
    going_on = set()
    for episode, alert in matched(episodes, alerts):
        pairs.setdefault((episode.chart, state_of(alert, today)), []).append((episode, alert))
        going_on.add(alert.pk if alert else None)
    rows = [Row(chart, state, tuple(some), now[chart]) for (chart, state), some in pairs.items()]
    place = {key: at for at, key in enumerate(now)}
    rows.sort(key=lambda row: place[row.chart])
    return rows + over(source, part, alerts, going_on, today=today)


def over(source: Source, part: str, alerts: list[Alert], going_on: set[int | None], *, today: dt.date) -> list[Row]:
    """Return what somebody takes care of, or put off, and which does not signal any more: it stays until it is settled."""
    units = {code for code, _depth in below(source, part)}
    some = [
        one
        for one in alerts
        if one.pk not in going_on and one.unit in units and one.measure in source.measures
        and state_of(one, today) in ("acknowledged", "snoozed")
    ]  # fmt: skip
    return [Row(known(one).chart, state_of(one, today), ((known(one), one),), None) for one in some]


def of_chart(chart: str, one: judging.Judged) -> list[Episode]:
    """Return the episodes of a chart by its name."""
    unit, measure, period = parts_of(chart)
    return episodes_of(unit, measure, period, evaluation=one.evaluation)  # type: ignore[arg-type]


# What a row says


def lead(found: Triage, *, new: int, first: int) -> str:
    """Say how much is new, and how much of it stands out."""
    if not found.charts:
        return _("Nothing is measured here yet.")
    if not found.entries:
        text = ngettext(
            "The %(n)s chart here has no signal now.", "None of the %(n)s charts here has a signal now.", found.charts
        )
        return text % {"n": say.count(found.charts)}
    if not new:
        return _("Nothing new: somebody has seen all that signals.")
    text = ngettext(
        "%(n)s chart has a signal that nobody has seen to; %(first)s of them stands out among all.",
        "%(n)s charts have a signal that nobody has seen to; %(first)s of them stand out among all.",
        new,
    )
    return text % {"n": say.count(new), "first": say.count(first)}


def chance(found: Triage) -> str:
    """Say how many of the signals chance alone would make, beside how many there are."""
    if not found.charts:
        return ""
    known_by = {
        "signals": say.count(len(found.entries)),
        "charts": say.count(found.charts),
        "expected": number(found.expected, 0 if found.expected >= 10 else 1),
    }
    text = ngettext(
        "%(signals)s of %(charts)s chart signals now; if nothing had changed, about %(expected)s would by chance.",
        "%(signals)s of %(charts)s charts signal now; if nothing had changed, about %(expected)s would by chance.",
        found.charts,
    )
    return text % known_by


def of_units(found: Ranked) -> str:
    """Say how many of the charts are those of single units, where groups are among them: the first page counts these."""
    (signals, charts), triage = found.of_units, found.triage
    if not charts or charts == triage.charts:
        return ""
    text = _(
        "Of single units %(signals)s of %(charts)s signal; the others are of the groups that hold them, where a change of "
        "one unit can show again."
    )
    return text % {"signals": say.count(signals), "charts": say.count(charts)}


def shown(source: Source, known_as: Names, row: Row, found: Ranked, *, period: Period, hide: bool) -> dict[str, Any]:
    """Return a row as the template writes it; the sentence is that of the chart, small numbers left out."""
    unit, measure, _period = parts_of(row.chart)
    definition = source.measures[measure]
    address = reverse("measure", kwargs={"code": unit, "measure": measure}) + f"?period={period}"
    told: dict[str, Any] = {
        "unit": known_as.name(unit) if exists(source.answers.registry, unit) else unit,
        "unit_address": reverse("unit", kwargs={"code": unit}),
        "title": definition.short,
        "address": address,
        "chart": row.chart,
        "state": row.state,
        "keys": [episode.key for episode, _alert in row.pairs],
        "episodes": [episode_words(episode, period) for episode, _alert in row.pairs],
        "said": _("It does not signal any more."),
        "verdict": "",
        "chance": "",
        "done": done_words(row.alert, source.tz),
    }
    if row.entry is not None:
        one = found.of(row.entry)
        hidden = small.hidden_rows(definition.counts, list(one.rows), period) if hide else frozenset()
        masked = small.masked(one.evaluation, hidden)
        told |= {
            "said": sentence(masked, period=period, _=_, ngettext=ngettext),
            "verdict": row.entry.verdict,
            "chance": chance_words(row.entry.score),
        }
    return told


def chance_words(score: float) -> str:
    """Say how often a chart on which nothing happens shows as strong a signal.

    >>> chance_words(1 / 56_262), chance_words(0.3), chance_words(1.0), chance_words(1e-9)
    ('1 in 56,000', '1 in 3', '1 in 1', 'under 1 in 1,000,000')
    """
    if score < SMALLEST:
        return _("under 1 in %(n)s") % {"n": number(1 / SMALLEST)}
    times = 1 / score
    # Two figures: more would claim to know the chance better than the model does.
    rounded = round(times, 1 - int(log10(times))) if times >= 10 else round(times)
    return _("1 in %(n)s") % {"n": number(rounded)}


def episode_words(episode: Episode, period: Period) -> str:
    """Say which rule fired, and from when to when."""
    start = full_name(episode.start, period, _)
    known_by = {"rule": rule_name(episode.rule), "start": start, "end": short_name(episode.end, period, _)}
    if episode.start == episode.end:
        return _("%(rule)s: %(start)s") % known_by
    return _("%(rule)s: from %(start)s to %(end)s") % known_by


def rule_name(rule: str) -> str:
    """Return a rule in a few words; a rule of an organisation's own under its own name."""
    names = {
        "beyond_limits": _("beyond a limit"),
        "longest_run": _("a long run on one side"),
        "few_crossings": _("few crossings of the centre"),
        "few_runs": _("few runs"),
        "many_runs": _("many runs"),
        "two_of_three": _("two of three near a limit"),
        "two_of_three_inside": _("two of three near a limit"),
        "two_of_three_beyond_2": _("two of three near a limit"),
        "four_of_five_beyond_1": _("four of five away from the centre"),
        "within_1_of_15": _("15 close to the centre"),
        "outside_1_of_8": _("8 away from the centre"),
    }
    kind, _sep, length = rule.partition("_")
    if rule in names:
        return names[rule]
    if kind in ("shift", "trend", "alternating") and length.split("_")[0].isdigit():
        n = {"n": length.split("_")[0]}
        texts = {
            "shift": _("%(n)s in a row on one side"),
            "trend": _("%(n)s in a row going one way"),
            "alternating": _("%(n)s in a row going up and down in turn"),
        }
        return texts[kind] % n
    return rule


def done_words(alert: Alert | None, tz: str) -> str:
    """Say who did what about an episode, when, and with which note."""
    if alert is None:
        return ""
    when = say.day(int(alert.at.timestamp() * 1_000_000), tz)
    known_by = {"who": alert.by, "when": when, "until": date_format(alert.until, "j F Y") if alert.until else ""}
    texts = {
        Alert.ACKNOWLEDGED: _("Seen by %(who)s on %(when)s."),
        Alert.SNOOZED: _("Put off by %(who)s on %(when)s until %(until)s."),
        Alert.RESOLVED: _("Settled by %(who)s on %(when)s."),
        Alert.AGAIN: _("Opened again by %(who)s on %(when)s."),
    }
    said = texts[alert.state] % known_by
    return f"{said} “{alert.note}”" if alert.note else said


# What a lead does


def act(request: HttpRequest, source: Source, *, today: dt.date) -> None:
    """Take over what a form says about episodes of one chart."""
    said = request.POST
    found = asked_for(source, said.get("chart", ""), set(said.getlist("episode")))
    common: dict[str, Any] = {"episodes": found, "seen": said.get("seen", "new"), "today": today, "by": request.user}
    note = said.get("note", "")
    verb = said.get("act", "")
    if verb == "acknowledge":
        actions.acknowledge(**common, note=note)
    elif verb == "snooze":
        actions.snooze(**common, until=day_said(said.get("until", "")), note=note)
    elif verb == "resolve":
        actions.resolve(**common, reason=note)
    elif verb == "again":
        actions.open_again(**common, note=note)
    else:
        raise CannotDo(_("Choose what to do about it: take care of it, put it off, or settle it."))


def acted_words(source: Source, said: Mapping[str, str]) -> str:
    """Say what was done about which chart, and where it stands now."""
    unit, measure, _period = parts_of(said["chart"])
    until = said.get("until", "")
    known_by = {
        "chart": f"{source.measures[measure].short}, {Names(source).name(unit)}",
        "until": date_format(day_said(until), "j F Y") if said["act"] == "snooze" else "",
    }
    texts = {
        "acknowledge": _("%(chart)s: you take care of it. It stands below, under “Somebody takes care of these”."),
        "snooze": _("%(chart)s: put off until %(until)s. Then it stands among the new ones again."),
        "resolve": _("%(chart)s: settled. Points that follow do not bring it back."),
        "again": _("%(chart)s: opened again. It stands among the new ones."),
    }
    return texts[said["act"]] % known_by


def asked_for(source: Source, chart: str, keys: set[str]) -> list[Episode]:
    """Return the episodes of a chart that a form names: those that signal now, and those that are over and were seen."""
    if chart.count("\x1f") != 2:
        return []
    unit, measure, period = parts_of(chart)
    usual = judging.usual_period(source)
    if not exists(source.answers.registry, unit) or measure not in source.measures or period != usual:
        return []
    one = next((one for one in judging.judged(source, unit, usual) if one.measure == measure), None)
    alerts = list(Alert.objects.filter(unit=unit, measure=measure, period=period))
    pairs = matched(of_chart(chart, one) if one else [], alerts)
    going_on = {alert.pk for _one, alert in pairs if alert}
    found = [episode for episode, _alert in pairs]
    found += [known(alert) for alert in alerts if alert.pk not in going_on]
    return [episode for episode in found if episode.key in keys]


def day_said(text: str) -> dt.date:
    """Read a day from a form."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CannotDo(_("Say until which day to put it off, like 2026-03-01.")) from error
