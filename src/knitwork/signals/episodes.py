"""Episodes: one signal of one chart over time, so that it is told once however often the chart is judged again.

Every new point, and every late correction, judges the same points again, and moves limits a little; a run may then begin
a point sooner or later. It stays the same episode as long as it overlaps what was known of the same rule on the same side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from knitwork.signals.evaluation import Evaluation, Verdict


@dataclass(frozen=True, slots=True)
class Episode:
    """One signal of one chart, fit to be stored: `start` and `end` are labels of periods.

    `since` is where it began when it was first seen; with chart, rule and side it names the episode for good. `recent`
    says that it still touches the last three tested points.
    """

    chart: str
    rule: str
    side: str
    since: str
    start: str
    end: str
    verdict: Verdict
    recent: bool

    @property
    def key(self) -> str:
        """Return the name that stays as new points come in.

        >>> Episode("ward a/waits", "shift_7", "high", "2026-01", "2026-01", "2026-09", "worse", True).key
        'ward a/waits|shift_7|high|2026-01'
        """
        return "|".join((self.chart, self.rule, self.side, self.since))


@dataclass(frozen=True, slots=True)
class Matched:
    """What became of known episodes: which go on (by their old names), which have begun, and which are no more.

    An episode that two known ones have grown into goes on by the older name, and the younger is `ended`. Where one fell
    into two, both go on by its name, and `going_on` lists both.
    """

    going_on: tuple[Episode, ...]
    begun: tuple[Episode, ...]
    ended: tuple[Episode, ...]


def episodes(evaluation: Evaluation, *, chart: str) -> tuple[Episode, ...]:
    """Return the episodes of a chart, one for each signal; `chart` is its name in the system."""
    recent = set(map(id, evaluation.recent))
    return tuple(
        Episode(
            chart=chart,
            rule=signal.rule,
            side=signal.side or "",
            since=evaluation.labels[signal.start],
            start=evaluation.labels[signal.start],
            end=evaluation.labels[signal.end],
            verdict=signal.verdict,
            recent=id(signal) in recent,
        )
        for signal in evaluation.signals
    )


def match(old: Sequence[Episode], new: Iterable[Episode]) -> Matched:
    """Find the episodes of `new` that are known from `old`.

    `old` are those that nobody has closed: what fires again after it was closed is a new episode where it overlaps
    nothing that is open. Labels are compared as dates or as numbers; other names match where one of their ends does.
    """
    going_on, begun = [], []
    gone_on: set[str] = set()
    for one in new:
        known = [before for before in old if _overlap(before, one)]
        if not known:
            begun.append(one)
            continue
        oldest = min(known, key=lambda before: _order(before.since))
        gone_on.add(oldest.key)
        going_on.append(replace(one, since=oldest.since))
    ended = tuple(before for before in old if before.key not in gone_on)
    return Matched(tuple(going_on), tuple(begun), ended)


def _overlap(one: Episode, other: Episode) -> bool:
    if (one.chart, one.rule, one.side) != (other.chart, other.rule, other.side):
        return False
    if {one.start, one.end} & {other.start, other.end}:
        return True
    return _order(one.start) <= _order(other.end) and _order(other.start) <= _order(one.end)


def _order(label: str) -> tuple[bool, int, str]:
    """Order labels by number or, as ISO dates are, by letter."""
    return (False, int(label), "") if label.isdecimal() else (True, 0, label)
