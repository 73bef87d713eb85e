"""Episodes: one rule that fired once in one chart. Points that come later lengthen an episode and make no second one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from knitwork.draw.periods import Period
from knitwork.signals import Evaluation, Signal
from knitwork.web.alerts.models import Alert

# Stands between the parts of a key in a form: a unit's code may hold any sign but this one.
APART = "\x1f"
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Episode:
    """One rule that fired once in one chart: which rule, on which side, from which day to which."""

    unit: str
    measure: str
    period: str
    rule: str
    side: str
    start_day: int
    last_day: int
    signal: Signal | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """Return the episode as one text, for a form."""
        parts = (self.unit, self.measure, self.period, self.rule, self.side, str(self.start_day))
        return APART.join(parts)


def episodes_of(
    unit: str, measure: str, period: Period, *, evaluation: Evaluation, rows: Sequence[dict[str, Any]]
) -> list[Episode]:
    """Return the episodes of a chart that touch its last three tested points: those that people are told of."""
    return [
        Episode(
            unit=unit,
            measure=measure,
            period=period,
            rule=one.rule,
            side=one.side or "",
            start_day=rows[one.start]["start_day"],
            last_day=rows[one.end]["start_day"],
            signal=one,
        )
        for one in evaluation.recent
    ]


def is_same(episode: Episode, kept: Alert) -> bool:
    """Say whether a kept alert is of this episode: the same rule on the same side of the same chart, days in common.

    The first day alone would not do: a late correction, or a centre that still moves, may shift it.
    """
    chart = (kept.unit, kept.measure, kept.period, kept.rule, kept.side)
    same = chart == (episode.unit, episode.measure, episode.period, episode.rule, episode.side)
    return same and kept.start_day <= episode.last_day and episode.start_day <= kept.last_day


def matched(episodes: Iterable[Episode], kept: Iterable[Alert]) -> dict[Episode, Alert | None]:
    """Return each episode with its alert, or None where nobody did anything about it yet."""
    by_chart: dict[tuple[str, str], list[Alert]] = {}
    for one in kept:
        by_chart.setdefault((one.unit, one.measure), []).append(one)
    return {
        episode: max(
            (one for one in by_chart.get((episode.unit, episode.measure), ()) if is_same(episode, one)),
            key=lambda one: one.at,
            default=None,
        )
        for episode in episodes
    }


def state_of(kept: Alert | None, today: dt.date) -> str:
    """Return `new`, `acknowledged`, `snoozed` or `resolved`; new again once it was opened again, or its snooze is over."""
    if kept is None or kept.state == Alert.AGAIN or (kept.until is not None and kept.until <= today):
        return "new"
    return kept.state


def day_of(days: int) -> dt.date:
    """Return a day counted from 1970-01-01 as a date."""
    return EPOCH + dt.timedelta(days=days)
