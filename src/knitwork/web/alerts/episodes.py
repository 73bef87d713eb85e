"""The episodes of this system's charts beside what people did about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from knitwork.draw.periods import Period
from knitwork.signals import Evaluation
from knitwork.signals.episodes import Episode, episodes, match
from knitwork.web.alerts.models import Alert

# Stands between the parts of a chart's name: a unit's code may hold any sign but this one.
APART = "\x1f"


def chart_name(unit: str, measure: str, period: str) -> str:
    """Return the name of a chart by which its episodes are known."""
    return APART.join((unit, measure, period))


def parts_of(chart: str) -> tuple[str, str, str]:
    """Return unit, measure and kind of period of a chart's name."""
    unit, measure, period = chart.split(APART)
    return unit, measure, period


def episodes_of(unit: str, measure: str, period: Period, *, evaluation: Evaluation) -> list[Episode]:
    """Return the episodes of a chart that touch its last three tested points: those that people are told of."""
    return [one for one in episodes(evaluation, chart=chart_name(unit, measure, period)) if one.recent]


def known(kept: Alert) -> Episode:
    """Return the episode that a kept alert is of, as it was seen last."""
    return Episode(
        chart=chart_name(kept.unit, kept.measure, kept.period),
        rule=kept.rule,
        side=kept.side,
        since=kept.since.isoformat(),
        start=kept.since.isoformat(),
        end=kept.last.isoformat(),
        verdict="neither",
        recent=False,
    )


def matched(found: Iterable[Episode], kept: Iterable[Alert]) -> list[tuple[Episode, Alert | None]]:
    """Return each episode, under the name it had when somebody first acted on it, with what was done; None where nothing.

    What was resolved is known too: points that follow lengthen it and open nothing.
    """
    alerts: dict[str, dict[str, Alert]] = {}
    for alert in kept:
        old = known(alert)
        alerts.setdefault(old.chart, {})[old.key] = alert
    by_chart: dict[str, list[Episode]] = {}
    for one in found:
        by_chart.setdefault(one.chart, []).append(one)
    paired: list[tuple[Episode, Alert | None]] = []
    for chart, some in by_chart.items():
        mine = alerts.get(chart, {})
        result = match([known(alert) for alert in mine.values()], some)
        paired += [(one, mine[one.key]) for one in result.going_on]
        paired += [(one, None) for one in result.begun]
    return paired


def state_of(kept: Alert | None, today: dt.date) -> str:
    """Return `new`, `acknowledged`, `snoozed` or `resolved`; new again once it was opened again, or its snooze is over."""
    if kept is None or kept.state == Alert.AGAIN or (kept.until is not None and kept.until <= today):
        return "new"
    return kept.state


def day_of(label: str) -> dt.date:
    """Return the first day of a period by its label."""
    return dt.date.fromisoformat(label if len(label) > 7 else f"{label}-01")


def one_chart(found: Sequence[Episode]) -> tuple[str, str, str]:
    """Return unit, measure and period of episodes that are all of one chart."""
    charts = {one.chart for one in found}
    if len(charts) != 1:
        raise ValueError(f"one act speaks of one chart, and these episodes are of {len(charts)}")
    return parts_of(charts.pop())
