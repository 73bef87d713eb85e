"""Everything that is known of how good each feed is, put together once for a generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from knitwork.home.quality import charts, clocks, days, deliveries, drift
from knitwork.home.quality.charts import (
    BROUGHT,
    CHARTS,
    FALL,
    MESSAGES,
    POINTS,
    ROWS,
    VOLUME,
    Chart,
    Judged,
    Period,
    Point,
)
from knitwork.home.quality.clocks import Clock
from knitwork.home.quality.days import FeedDays
from knitwork.home.quality.deliveries import Came
from knitwork.home.quality.drift import Change
from knitwork.home.quality.local import local_day
from knitwork.signals.evaluation import RECENT

if TYPE_CHECKING:
    from knitwork.home.answers import Answers
    from knitwork.home.lateness import Brought

# Changes of the newest delivery of a feed that put its numbers in doubt until somebody has looked.
DOUBTFUL = frozenset({"gone", "renamed", "retyped", "units", "scale"})
# Charts whose signals are said beside every chart that uses the feed; the others stand on the page of the feed alone.
LOUD = frozenset({"ended", "refused", "impossible", "zone_assumed", "dates_only"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a feed now: a chart that signals, a change in what it sends, or a clock that is off.

    `value` (of what a feed brings the mean of the last three periods) and `usual` are in the units of the chart, `since` is the
    label of the period from which on it holds.
    """

    kind: Literal["chart", "drift", "clock"]
    feed: str
    chart: Chart | None = None
    period: Period = "week"
    since: str = ""
    value: float | None = None
    usual: float | None = None
    change: Change | None = None
    clock: Clock | None = None


@dataclass(frozen=True)
class FeedQuality:
    """What was counted of one feed, ready to be judged over any period.

    `first` and `last` are the local days between which its stays are told over time; None where its dates were shifted
    or it brings no stays.
    """

    feed: str
    days: FeedDays | None
    told: Mapping[int, tuple[int, float]]
    came: Sequence[Came]
    clock: Clock | None
    changes: Sequence[Change]
    first: int | None
    last: int | None
    heard: int
    every: Period | None
    kept: dict[tuple[str, Period], Judged | None] = field(default_factory=dict)

    def judged(self, period: Period, only: Sequence[Chart] = CHARTS) -> list[Judged]:
        """Return the charts of the feed over a period that have a value, each worked out once."""
        new = [chart for chart in only if (chart.id, period) not in self.kept]
        made = {one.chart.id: one for one in charts.judge([(c, self.points(c, period)) for c in new], period)}
        self.kept.update({(chart.id, period): made.get(chart.id) for chart in new})
        found = [one for chart in only if (one := self.kept[chart.id, period]) is not None]
        return [one for one in found if one.evaluation.n_useful and (one.chart.always or one.ever)]

    def points(self, chart: Chart, period: Period) -> list[Point]:
        """Return the points of a chart; none where the feed has nothing of the kind."""
        if chart.id == "clock":
            return clocks.points(self.clock, period) if self.clock else []
        if chart is MESSAGES:
            return clocks.counted(self.clock, period, last=self.heard) if self.clock else []
        if chart.dates == "came":
            if self.every is None or not self.came:
                return []
            coarse = max(period, self.every, key=charts.PERIODS.index)
            return charts.of_deliveries(chart, self.came, last=self.heard, period=coarse)
        if self.days is None or self.first is None or self.last is None:
            return []
        if chart.id == "told_after":
            return charts.of_hours(self.told, first=self.first, last=self.last, period=period) if self.told else []
        return charts.of_stays(chart, self.days, first=self.first, last=self.last, period=period)

    @property
    def brings(self) -> Chart:
        """Return the chart of what the feed brings: its stays or, where it brings none, its messages or its rows."""
        if self.days is not None:
            return VOLUME
        return MESSAGES if self.clock is not None else ROWS

    def volume(self) -> Judged | None:
        """Return how much the feed brings over the finest period in which a halving would show."""
        found: dict[Period, Judged] = {}
        finest = self.every if self.brings is ROWS and self.every else charts.PERIODS[0]
        for period in charts.PERIODS[charts.PERIODS.index(finest) :]:
            for one in self.judged(period, [self.brings]):
                found[period] = one
        return charts.grain(found)

    def wrong(self) -> list[Wrong]:
        """Return what is wrong with the feed now, the gravest first: drift, then its clock, then what charts say."""
        found = [Wrong("drift", self.feed, change=one) for one in self.doubtful()]
        if self.clock is not None and self.clock.is_off:
            found.append(Wrong("clock", self.feed, clock=self.clock))
        volume = self.volume()
        period: Period = volume.period if volume else "week"
        loud = [chart for chart in CHARTS if chart.id in LOUD]
        for one in [*([volume] if volume else []), *self.judged(period, loud)]:
            said = self._signalling(one)
            if said is not None:
                found.append(said)
        return found

    def doubtful(self) -> list[Change]:
        """Return the changes of the delivery that speaks of the latest, where they put numbers in doubt."""
        newest = self.changes[-1].delivery if self.changes else ""
        latest = max(self.came, key=lambda one: one.came_us).delivery if self.came else ""
        return [one for one in self.changes if one.delivery == newest == latest and one.kind in DOUBTFUL]

    def _signalling(self, one: Judged) -> Wrong | None:
        evaluation = one.evaluation
        if not one.wrong or evaluation.n_useful < charts.ENOUGH:
            return None
        tested = [at for at, is_tested in enumerate(evaluation.tested) if is_tested]
        values = [evaluation.values[at] or 0.0 for at in tested]
        value, usual = values[-1], evaluation.centre or 0.0
        since = min(signal.since for signal in evaluation.recent if signal.side == one.chart.bad)
        if one.chart in BROUGHT:
            value = fmean(values[-RECENT:])
            if value > FALL * usual:
                return None
            # A fall goes back beyond the points that lie outside the limits: to where the low numbers begin.
            while since - 1 in tested and (evaluation.values[since - 1] or 0.0) < (1 + FALL) / 2 * usual:
                since -= 1
        elif abs(value - usual) < POINTS:
            return None  # a signal all the same, which the page of the feed shows
        return Wrong("chart", self.feed, one.chart, one.period, evaluation.labels[since], value, evaluation.centre)


def quality(answers: Answers, brought: Sequence[Brought] | None = None) -> dict[str, FeedQuality]:
    """Return how good each feed is. Reads the stays and the landed rows once: keep it for a generation."""
    counted, told = days.feed_days(answers), days.told_after(answers)
    came = deliveries.came(answers, answers.brought() if brought is None else brought)
    changes, heard = drift.drift(answers), clocks.clocks(answers)
    tz = answers.place.settings.tz or "UTC"
    states = {state.feed: state for state in answers.feeds()}
    heard_day = max((one.day for mine in came.values() for one in mine), default=0)
    found = {}
    for feed in sorted(came.keys() | heard.keys()):
        state, begun = states.get(feed), answers.beginnings.get(feed)
        dated = state is not None and state.calendar != "shifted" and state.last_us is not None and begun is not None
        found[feed] = FeedQuality(
            feed,
            counted.get(feed),
            told.get(feed, {}),
            came.get(feed, []),
            heard.get(feed),
            changes.get(feed, []),
            begun.day if dated and begun else None,
            local_day(state.last_us, tz) if dated and state and state.last_us is not None else None,
            heard_day,
            charts.every(came.get(feed, [])),
        )
    return found
