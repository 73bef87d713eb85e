"""Which hand-offs changed: every pair of units judged at once, and since when each one is worse or better.

The rule says that a pair changed; when is an estimate of its own (`signals.step`), for a run begins where a month
happens to lie on the other side of the median, be it before the change.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.chart import chart_svg
from knitwork.draw.periods import Period, full_name
from knitwork.draw.record import leading_signal, tail
from knitwork.signals import Evaluation, Series, Spec, evaluate_many
from knitwork.web import judging, present, say, small
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names
from knitwork.web.source import Source

Pair = tuple[str, str]
# Waits are charted in minutes: a run chart, for medians have no honest limits.
WAITS = Spec(chart="run", direction="down", unit="min")
# How many changed pairs the opening sentence names, and how many stand as charts below it.
NAMED, CHARTED = 3, 6


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a pair's wait went from one level to another: the period, and what half of all patients waited on either side.

    `label` is the first day of the first period at the new level; seconds, and None where nobody's wait is known.
    """

    label: str
    earliest: str
    latest: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair of units over time: its chart, how many passed in each period, and where it turned."""

    sender: str
    receiver: str
    level: str
    period: Period
    evaluation: Evaluation
    rows: tuple[dict[str, Any], ...]
    turn: Turn | None

    @property
    def is_judged(self) -> bool:
        """Say whether there is enough to tell a change from chance."""
        return bool(self.evaluation.spec.rules) and self.evaluation.n_useful >= present.ENOUGH

    @property
    def verdict(self) -> str:
        return judging.verdict_of(self.evaluation)


def judged_pairs(source: Source, level: str, period: Period) -> dict[Pair, Judged]:
    """Return every pair of a level that has a known wait, judged; worked out once for a generation."""
    edition = source.decisions.token
    return kept(source, "judged pairs", lambda: _judge(source, level, period), level, period, edition=edition)


def _judge(source: Source, level: str, period: Period) -> dict[Pair, Judged]:
    if not present.has_calendar(source):
        return {}
    answers = source.answers
    periods = answers.periods(period)
    found = {
        pair: [_row(by_start.get(one["start_day"]), one) for one in periods]
        for pair, by_start in sorted(answers.pairs_over_time(level, period).items())
    }
    found = {pair: rows for pair, rows in found.items() if any(row["timed"] for row in rows)}
    evaluations = evaluate_many(
        [wait_series(rows) for rows in found.values()],
        [source.decisions.judged_by(spec_of(rows)) for rows in found.values()],
    )
    return {
        pair: Judged(pair[0], pair[1], level, period, evaluation, tuple(rows), turn_of(source, pair, level, evaluation))
        for (pair, rows), evaluation in zip(found.items(), evaluations, strict=True)
    }


def judge_one(source: Source, pair: Pair, level: str, period: Period, rows: list[dict[str, Any]]) -> Judged:
    """Return one pair judged over the periods given, as `judged_pairs` judges all."""

    def made() -> Judged:
        evaluation = evaluate_many([wait_series(rows)], source.decisions.judged_by(spec_of(rows)))[0]
        return Judged(
            pair[0], pair[1], level, period, evaluation, tuple(rows), turn_of(source, pair, level, evaluation)
        )

    return kept(source, "judged pair", made, *pair, level, period, edition=source.decisions.token)


def _row(row: dict[str, Any] | None, period: dict[str, Any]) -> dict[str, Any]:
    return {"count": 0, "timed": 0, "median_s": None} | (row or {}) | period


def wait_series(rows: list[dict[str, Any]]) -> Series:
    """Return the median wait of each period, in minutes."""
    return Series(
        labels=tuple(row["label"] for row in rows),
        values=tuple(None if row["median_s"] is None else row["median_s"] / 60 for row in rows),
        incomplete_last=bool(rows) and not rows[-1].get("complete", True),
    )


def spec_of(rows: list[dict[str, Any]], spec: Spec = WAITS) -> Spec:
    """Return how a pair is judged: by no rule where fewer than two waits are known in a period, on average."""
    known = [row["timed"] for row in rows if row["timed"] and row.get("complete", True)]
    if known and sum(known) >= judging.FEWEST_EVENTS * len(known):
        return spec
    return unjudged(spec)


def unjudged(spec: Spec) -> Spec:
    """Return how a series is drawn that no rule can judge."""
    return dataclasses.replace(spec, rules=())


def turn_of(source: Source, pair: Pair, level: str, evaluation: Evaluation) -> Turn | None:
    """Return when a pair that signals now went to its new level; None where that cannot be told.

    Told only of a long run on one side of the median, where two levels fit best within it or right before it.
    """
    signal = leading_signal(evaluation)
    step = signal.step if signal is not None and evaluation.recent else None
    if step is None:
        return None
    label = evaluation.labels[step.at]
    day = (dt.date.fromisoformat(label) - dt.date(1970, 1, 1)).days
    before, after = source.answers.pair_either_side(level, *pair, day)
    return Turn(label, evaluation.labels[step.first], evaluation.labels[step.last], before, after)


# In words


def since(one: Judged) -> str:
    """Say what changed and since when: "worse since January 2026"."""
    signal = leading_signal(one.evaluation)
    if signal is None:
        return ""
    return words.headline(one.evaluation, signal, period=one.period, _=_)


def in_a_line(one: Judged, *, hide: bool) -> str:
    """Say what changed in one pair, without its name: "Worse since January 2026, half waited over 40 min, before 29 min"."""
    turn = one.turn
    if turn is None:
        return words.sentence(shown(one, hide=hide), period=one.period, _=_, ngettext=ngettext)
    if turn.before["median_s"] is None or turn.after["median_s"] is None:
        return since(one)
    if hide and (small.is_small(turn.before["timed"]) or small.is_small(turn.after["timed"])):
        return since(one)
    return _("%(what)s, half waited over %(after)s, before that %(before)s") % {
        "what": since(one),
        "after": say.duration(turn.after["median_s"]),
        "before": say.duration(turn.before["median_s"]),
    }


def reckoned(one: Judged) -> str:
    """Say how the date was found, and what the rule itself says: for people who want to know what the date is worth."""
    signal = leading_signal(one.evaluation)
    if one.turn is None or signal is None:
        return ""
    turn, period = one.turn, one.period
    known = {
        "start": full_name(turn.label, period, _),
        "earliest": full_name(turn.earliest, period, _),
        "latest": full_name(turn.latest, period, _),
        "run": full_name(one.evaluation.labels[signal.start], period, _),
        "points": words.counted(len(signal.points), period, ngettext),
    }
    side = _("above") if signal.side == "high" else _("below")
    known["side"] = side
    if turn.earliest == turn.latest:
        text = _("%(start)s is an estimate: there two levels fit the chart best, and nowhere else nearly as well.")
    else:
        text = _("%(start)s is an estimate: it may have been any time from %(earliest)s to %(latest)s.")
    rule = _("The rule itself speaks of %(points)s in a row %(side)s the centre, the first of them %(run)s.")
    return f"{text % known} {rule % known}"


def hidden_periods(rows: Iterable[dict[str, Any]], period: Period) -> frozenset[int]:
    """Return which periods of a pair rest on few patients."""
    counts = [
        {"start_day": row["start_day"], "numerator": row["count"], "denominator": row["timed"], "value": row["count"]}
        for row in rows
    ]
    return small.hidden_rows("people", counts, period)


def hidden_of(one: Judged, *, hide: bool) -> frozenset[int]:
    return hidden_periods(one.rows, one.period) if hide else frozenset()


def shown(one: Judged, *, hide: bool) -> Evaluation:
    """Return a pair's evaluation as this reader may see it: judged whole, small periods hidden afterwards."""
    return small.masked(one.evaluation, hidden_of(one, hide=hide))


def too_small(one: Judged, *, hide: bool) -> bool:
    """Say whether so many periods are hidden that a chart would say little and hint at much."""
    return present.holes_in(one.evaluation, hidden_of(one, hide=hide), present.SHOWN_POINTS[one.period])[1]


def picture(one: Judged, size: str, *, title: str, hide: bool) -> SafeString:
    """Return a pair's chart; what it says of itself to a screen reader is what the page says."""
    drawn = tail(shown(one, hide=hide), present.SHOWN_POINTS[one.period])
    said = in_a_line(one, hide=hide)
    svg = chart_svg(drawn, size, title=title, sentence=said, period=one.period, _=_, ngettext=ngettext)
    return mark_safe(svg)  # noqa: S308 - made by our own draw, every text in it escaped there


def signalling(found: Iterable[Judged]) -> list[Judged]:
    """Return the pairs that signal in their last three points: the worse first, then those with the most patients.

    That a chart only wanders is worth less than any change.
    """

    def weight(one: Judged) -> tuple[object, ...]:
        signal = leading_signal(one.evaluation)
        wanders = signal is None or not signal.points
        patients = sum(row["timed"] for row in one.rows)
        return (wanders, judging.GRAVITY[one.verdict], -patients, one.sender, one.receiver)

    return sorted((one for one in found if one.evaluation.recent), key=weight)


def lead(found: dict[Pair, Judged], known: Names, *, hide: bool) -> list[dict[str, str]]:
    """Open the page: which hand-offs changed and when, each with its verdict, or that none did that is not noise."""
    judged = [one for one in found.values() if one.is_judged]
    if not judged:
        return []
    changed = signalling(judged)
    if not changed:
        return [{"said": _("No wait between two units has changed that is not noise."), "verdict": ""}]
    said = []
    for one in changed[:NAMED]:
        told = in_a_line(one, hide=hide)
        pair = {"sender": known.name(one.sender), "receiver": known.name(one.receiver)}
        text = _("%(sender)s → %(receiver)s: %(change)s.") % (pair | {"change": told[:1].lower() + told[1:]})
        said.append({"said": text, "verdict": one.verdict})
    more = len(changed) - len(said)
    if more:
        text = ngettext("%(n)s more pair changed.", "%(n)s more pairs changed.", more) % {"n": more}
        said.append({"said": text, "verdict": ""})
    return said


def reckoning(found: dict[Pair, Judged], of: int) -> str:
    """Say how many of the pairs were judged, how many signal, and how many would by chance."""
    judged = [one for one in found.values() if one.is_judged]
    if not judged:
        return _(
            "No pair has enough hand-offs yet to tell a change from chance: it takes 12 periods with a known wait."
        )
    changed = len(signalling(judged))
    known = {"judged": len(judged), "of": of}
    text = ngettext(
        "%(judged)s of %(of)s pair has enough hand-offs to be judged;",
        "%(judged)s of %(of)s pairs have enough hand-offs to be judged;",
        of,
    )
    signals = ngettext(
        "%(n)s signals in its last three points.", "%(n)s signal in their last three points.", changed
    ) % {"n": changed or _("none")}
    chance = present.by_chance([one.evaluation for one in judged])
    return f"{text % known} {signals} {chance}"
