"""One feed: what is wrong with it, its charts, what drifted, the rules its records break, and every delivery."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.words import joined
from knitwork.home.feeds import FeedState
from knitwork.home.quality.cadence import Heartbeat
from knitwork.home.quality.charts import BROUGHT, PERIODS, Judged, Period
from knitwork.home.quality.found import FeedQuality
from knitwork.home.quality.rules import BY_ID, RULES, Rule
from knitwork.web import delivered, fresh, judging, present, quality, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.kept import kept
from knitwork.web.pages.feeds import moment, row_of, waiting
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv
from knitwork.web.until import short_instant

SHOWN_DELIVERIES, SHOWN_CHANGES, SHOWN_EXAMPLES = 60, 30, 50


@dataclass(frozen=True, slots=True)
class Shown:
    """One chart of the feed as the page shows it."""

    id: str
    title: str
    says: str
    sentence: str
    verdict: str
    signalling: bool
    svg: SafeString
    usual: str


@needs("read")
def feed(request: HttpRequest, feed: str) -> HttpResponse:
    """Show one feed: what is wrong first, then its charts, its rules and its deliveries."""
    source = with_answers(request)
    one = known_feed(source, feed)
    state = next((state for state in source.answers.feeds() if state.feed == feed), None)
    period = asked_period(request, source, one)
    charts = [shown(judged) for judged in kept(source, "feed charts", lambda: one.judged(period), feed, period)]
    brought = [b for b in kept(source, "brought", source.answers.brought) if b.feed == feed]
    calendar = state is None or state.calendar != "shifted"
    rules = rules_of(one, calendar=calendar)
    beat = next((beat for beat in quality.beats(source) if beat.feed == feed), None)
    context = {
        "feed": feed,
        "alarms": quality.alarms(source, timezone.now(), [feed]),
        "wrong": [*quality.told_twice(source, feed), *quality.quality_notes(source, [feed])],
        "heard": heard_words(beat, source) if beat else "",
        "waiting": waiting(source).get(feed, 0),
        "idle": delivered.without_effect(kept(source, "without effect", lambda: idle_of(source, feed), feed)),
        "clock": quality.clock_words(one.clock).capitalize() if one.clock and not one.clock.is_off else "",
        "shifted": not calendar,
        "signals": [c for c in charts if c.signalling],
        "quiet": [c for c in charts if not c.signalling],
        "periods": period_choices(period) if charts else [],
        "changes": changes_of(one),
        "doubts": doubts(source, state, rules),
        "rules": rules,
        "has_stays": one.days is not None,
        "rejected": by_rule(source, feed),
        "taken_back": taken_back(source, feed),
        "deliveries": [row_of(b, source.tz) for b in brought[:SHOWN_DELIVERIES]],
        "more_deliveries": max(0, len(brought) - SHOWN_DELIVERIES),
        "until": say.instant(state.last_us, source.tz) if state and calendar and state.last_us is not None else "",
        "made_at": moment(source.answers.made_at, source.tz),
    }
    return render(request, "pages/feed.html", context)


def doubts(source: Source, state: FeedState | None, rules: list[dict[str, Any]]) -> list[str]:
    """Say what else keeps a feed from being in order: its records end long ago, or some of them cannot be."""
    late = fresh.view_of(state, source, timezone.now()) if state else ""
    broken = [f"{rule['title'].lower()} ({rule['stays']})" for rule in rules if rule["impossible"] and rule["count"]]
    text = _("Some stays cannot be as they are told: %(rules)s.")
    return [one for one in (late, text % {"rules": joined(broken, 0, _, ngettext)} if broken else "") if one]


def known_feed(source: Source, feed: str) -> FeedQuality:
    """Return what is known of a feed, or answer that there is no such page."""
    found = quality.found(source)
    if feed not in found:
        raise Http404(feed)
    return found[feed]


def asked_period(request: HttpRequest, source: Source, one: FeedQuality) -> Period:
    """Return the period asked for; else the finest in which half of the usual would show."""
    asked = next((period for period in PERIODS if period == request.GET.get("period")), None)
    if asked is not None:
        return asked
    volume = kept(source, "feed volume", one.volume, one.feed)
    return volume.period if volume is not None else "week"


def period_choices(chosen: Period) -> list[dict[str, Any]]:
    """Return the links to the other periods."""
    names = {"day": _("by day"), "week": _("by week"), "month": _("by month")}
    return [{"name": names[p], "query": f"?period={p}", "chosen": p == chosen} for p in PERIODS]


def shown(judged: Judged) -> Shown:
    """Return one chart with its picture and the sentence that the same record makes."""
    evaluation, period = judged.evaluation, judged.period
    title = _(judged.chart.title)
    return Shown(
        id=judged.chart.id,
        title=title,
        says=_(judged.chart.says),
        sentence=words.sentence(evaluation, period=period, _=_, ngettext=ngettext),
        verdict=judging.verdict_of(evaluation),
        signalling=bool(evaluation.recent),
        svg=present.picture(evaluation, "desk", title=title, period=period),
        usual=_("Limits are wider where weekdays or seasons spread the numbers.") if judged.chart in BROUGHT else "",
    )


def heard_words(beat: Heartbeat, source: Source) -> str:
    """Say when a feed spoke last and how often it should."""
    last = say.instant(beat.came_us, source.tz)
    if beat.cadence_us is None:
        return _("It spoke last on %(moment)s. Too few deliveries came to say how often it should.") % {"moment": last}
    known = {"moment": last, "every": quality.every(beat.cadence_us)}
    if beat.is_set:
        return _("It spoke last on %(moment)s, and should every %(every)s, as its profile says.") % known
    return _("It spoke last on %(moment)s, and usually does every %(every)s.") % known


def changes_of(one: FeedQuality) -> list[dict[str, Any]]:
    """Return what drifted by delivery, the newest first."""
    by_delivery: dict[str, dict[str, Any]] = {}
    for change in reversed(one.changes):
        row = by_delivery.setdefault(change.delivery, {"name": change.name, "before": change.before, "said": []})
        text = quality.change_words(change)
        row["said"].insert(0, text[:1].upper() + text[1:] + ".")
    return list(by_delivery.values())[:SHOWN_CHANGES]


def rules_of(one: FeedQuality, *, calendar: bool) -> list[dict[str, Any]]:
    """Return every rule of plausibility with how many stays break it, the most first; those that none breaks last.

    Where dates were shifted for privacy nobody can ask the rules that need the calendar.
    """
    if one.days is None:
        return []
    counted = next(iter(one.days.counts.values()), {})
    asked = [rule for rule in RULES if calendar or rule.needs != "calendar"]
    totals = {rule: one.days.total(rule.id) for rule in asked if rule.id in counted}
    return [
        {"id": rule.id, "title": _(rule.title), "sentence": _(rule.sentence), "count": n, "stays": say.count(n),
         "severity": severity(rule), "impossible": rule.severity == "cannot be"}
        for rule, n in sorted(totals.items(), key=lambda pair: -pair[1])
    ]  # fmt: skip


def severity(rule: Rule) -> str:
    """Return how sure it is that a record which breaks a rule is wrong."""
    return _("cannot be") if rule.severity == "cannot be" else _("hardly ever is")


def by_rule(source: Source, feed: str) -> list[dict[str, str]]:
    """Count the rows of a feed that were set aside by the rule, the most first."""
    names = delivered.rule_names()
    return [
        {"rule": delivered.rule_name(one["rule"], names), "rows": say.count(one["rows"])}
        for one in kept(source, "reject counts", source.answers.reject_counts)
        if one["feed"] == feed
    ]


def idle_of(source: Source, feed: str) -> int:
    """Count the messages of a feed that were read and had no effect."""
    return int(source.answers.without_effect(feed))


def taken_back(source: Source, feed: str) -> list[dict[str, Any]]:
    """Return what each delivery of a feed took back and why, with the days on which those stays began."""
    names = {str(d["delivery"]): str(d["name"]) for d in source.answers.deliveries(feed)}
    whys = delivered.why_withdrawn()
    rows = kept(source, "withdrawn", lambda: source.answers.withdrawn_counts(feed), feed)
    return [
        {
            "name": names.get(str(row["by_delivery"]), str(row["by_delivery"])[:12]),
            "why": whys.get(str(row["why"]), str(row["why"])),
            "stays": say.count(row["stays"]),
            "first": say.day(row["first_us"], source.tz),
            "last": say.day(row["last_us"], source.tz),
        }
        for row in rows
    ]


@needs("read")
def breaking(request: HttpRequest, feed: str, rule: str) -> HttpResponse:
    """List stays of a feed that break a rule, by delivery and row; who it is only for those who may see patients."""
    source = with_answers(request)
    one = known_feed(source, feed)
    if rule not in BY_ID or one.days is None:
        raise Http404(rule)
    names = {str(d["delivery"]): str(d["name"]) for d in source.answers.deliveries(feed)}
    rows = source.answers.breaking(feed, rule, SHOWN_EXAMPLES)
    sees = may(request.user, "patients")
    if sees and rows:
        with transaction.atomic():
            detail = {"feed": feed, "rule": rule, "rows": len(rows)}
            record(by=request.user, action="read patients", about=f"stays of {feed} that break {rule}", detail=detail)  # type: ignore[arg-type]
    context = {
        "feed": feed,
        "title": _(BY_ID[rule].title),
        "sentence": _(BY_ID[rule].sentence),
        "severity": severity(BY_ID[rule]),
        "rows": [example(row, names, source.tz, sees=sees) for row in rows],
        "sees": sees,
        "total": say.count(one.days.total(rule)) if rule in next(iter(one.days.counts.values()), {}) else "0",
        "cut": len(rows) == SHOWN_EXAMPLES,
    }
    return render(request, "pages/feed_rule.html", context)


def example(row: dict[str, Any], names: dict[str, str], tz: str, *, sees: bool) -> dict[str, str]:
    """Return one stay that breaks a rule: its place in its delivery, and the rest for those who may see patients."""
    found = {"delivery": names.get(str(row["delivery"]), str(row["delivery"])[:12]), "row": say.count(row["row"])}
    if sees:
        end = row["end_us"]
        found |= {
            "patient": str(row["patient"]),
            "unit": str(row["unit"]),
            "start": say.instant(row["start_us"], tz),
            "end": "–" if end is None else short_instant(end, tz),
        }
    return found


@needs("read")
def rejected_csv(request: HttpRequest, feed: str) -> HttpResponse:
    """Give the rows of a feed that were set aside as CSV: where they stand and why, values for those who may see them."""
    source = with_answers(request)
    known_feed(source, feed)
    rows = source.answers.rejects(feed, None)
    sees = may(request.user, "patients")
    columns = ("feed", "delivery", "row", "field", "rule", *(("message",) if sees else ()))
    if sees and rows:
        with transaction.atomic():
            record(by=request.user, action="read rejected rows", about=f"rejects of {feed}", detail={"rows": len(rows)})  # type: ignore[arg-type]
    lines = [["" if row[name] is None else row[name] for name in columns] for row in rows]
    response = HttpResponse(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{feed}-set-aside.csv"'
    return response


@needs("read")
def withdrawn_csv(request: HttpRequest, feed: str) -> HttpResponse:
    """Give the stays of a feed that no longer hold as CSV: where each was told, why it is gone and by what; whose it
    was only for those who may see patients.
    """
    source = with_answers(request)
    known_feed(source, feed)
    rows = source.answers.withdrawn_stays(feed)
    sees = may(request.user, "patients")
    columns = ("feed", "why", *(("patient",) if sees else ()), "unit", "start", "end", *(("visit",) if sees else ()),
               "delivery", "row", "by_delivery")  # fmt: skip
    if sees and rows:
        with transaction.atomic():
            detail = {"rows": len(rows)}
            record(by=request.user, action="read patients", about=f"stays of {feed} taken back", detail=detail)  # type: ignore[arg-type]
    told = [row | {"start": iso(row["start_us"]), "end": iso(row["end_us"])} for row in rows]
    lines = [["" if row[name] is None else row[name] for name in columns] for row in told]
    response = HttpResponse(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{feed}-taken-back.csv"'
    return response


def iso(us: int | None) -> str | None:
    """Return an instant in microseconds as ISO 8601 in UTC."""
    return None if us is None else (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)).isoformat()
