"""The charts of a feed: what each counts, over which periods, and what its points say.

A chart is one row of CHARTS. The same evaluation that draws it makes its sentence and its alarm, by the rules of all
other charts.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from knitwork.draw.periods import gettext_noop
from knitwork.home.quality import cadence
from knitwork.home.quality.days import FeedDays
from knitwork.home.quality.deliveries import Came
from knitwork.signals import Evaluation, Series, Spec, evaluate_many
from knitwork.signals.evaluation import RECENT

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")
EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
# With fewer points nobody can say anything of a feed.
ENOUGH = 12
# Fewer events than this in a period, on average, can be judged by no rule (as for measures).
FEWEST_EVENTS = 2
# What a feed brings must fall, or a share change, by so much before it is said beside the charts of other measures.
FALL = 2 / 3
POINTS = 5.0

Dates = Literal["began", "came"]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of a feed: its name and words, whose days it goes by, and how it is judged.

    `bad` is the side on which a signal means that something is wrong with the feed. `counted` and `of` name what is
    counted of FeedDays or Came; `of` is empty for a count, and for a chart of medians `counted` names the values.
    `always` keeps the chart on the page where nothing was ever counted.
    """

    id: str
    title: str
    says: str
    dates: Dates
    spec: Spec
    counted: str
    of: str = ""
    bad: Literal["low", "high", "both"] = "high"
    always: bool = False


def _share(direction: Literal["up", "down"]) -> Spec:
    # Whom a feed tells of changes by weekday and season: limits by the spread of neighbours, never tighter than chance.
    return Spec(chart="p_prime", direction=direction, factor=100, unit="%", floor=0)


VOLUME = Chart(
    "volume",
    gettext_noop("Stays that began"),
    gettext_noop("How many stays of this feed began, each counted once however often it was told."),
    "began",
    Spec(chart="c_prime", direction="neither", floor=0),
    "stays",
    bad="low",
    always=True,
)
MESSAGES = Chart(
    "messages",
    gettext_noop("Messages that came"),
    gettext_noop("How many messages of this live feed came, of those that name a time of their own."),
    "came",
    Spec(chart="c_prime", direction="neither", floor=0),
    "messages",
    bad="low",
)
ROWS = Chart(
    "rows_came",
    gettext_noop("Rows that came"),
    gettext_noop("How many rows the deliveries of the period had."),
    "came",
    Spec(chart="c_prime", direction="neither", floor=0),
    "rows",
    bad="low",
)
# What a feed brings, of which it may bring too little.
BROUGHT = (VOLUME, MESSAGES, ROWS)
CHARTS: tuple[Chart, ...] = (
    *BROUGHT,
    Chart(
        "ended", gettext_noop("With a recorded end"), gettext_noop("The share of stays whose end was recorded, once they had time to end."),
        "began", _share("up"), "ended", "stays", bad="low", always=True,
    ),
    Chart(
        "in_a_visit", gettext_noop("With a visit's number"), gettext_noop("The share of stays that name the visit they are part of."),
        "began", _share("up"), "in_a_visit", "stays", bad="low",
    ),
    Chart(
        "refused", gettext_noop("Rows set aside"), gettext_noop("The share of rows that came and could not be used."),
        "came", _share("down"), "refused", "rows", always=True,
    ),
    Chart(
        "doubled", gettext_noop("Rows that stand twice"), gettext_noop("The share of rows that repeat another row of the same delivery."),
        "came", _share("down"), "doubled", "taken",
    ),
    Chart(
        "impossible", gettext_noop("Breaks a rule"), gettext_noop("The share of stays that break a rule of plausibility."),
        "began", _share("down"), "impossible", "stays", always=True,
    ),
    Chart(
        "no_time", gettext_noop("Last no time at all"), gettext_noop("The share of stays that end the moment they begin."),
        "began", _share("down"), "no_time", "stays",
    ),
    Chart(
        "zone_assumed", gettext_noop("With an assumed zone"), gettext_noop("The share of stays whose times name no zone: UTC was assumed."),
        "began", _share("down"), "zone_assumed", "stays",
    ),
    Chart(
        "dates_only", gettext_noop("Without a time of day"), gettext_noop("The share of stays of which only the dates are known."),
        "began", _share("down"), "dates_only", "stays",
    ),
    Chart(
        "told_after", gettext_noop("From start to delivery"), gettext_noop("Median hours from the start of a stay to its delivery."),
        "began", Spec(chart="run", direction="down", unit="h", floor=0), "told_after",
    ),
    Chart(
        "behind", gettext_noop("Age of what comes"), gettext_noop("The median hours from the last moment in a delivery to its arrival."),
        "came", Spec(chart="run", direction="down", unit="h"), "behind",
    ),
    Chart(
        "clock", gettext_noop("Clock against ours"), gettext_noop("Median minutes from a message's own time to its arrival here."),
        "came", Spec(chart="run", direction="neither", unit="min"), "clock", bad="both",
    ),
)  # fmt: skip
BY_ID = {chart.id: chart for chart in CHARTS}


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a chart: the local day on which it starts, and what was counted or measured in it."""

    start_day: int
    numerator: float | None
    denominator: float | None
    value: float | None
    complete: bool

    @property
    def label(self) -> str:
        return (dt.date(1970, 1, 1) + dt.timedelta(days=self.start_day)).isoformat()


@dataclass(frozen=True, slots=True)
class Judged:
    """One chart of one feed, judged: its points, what they say, and what was counted in all of them."""

    chart: Chart
    period: Period
    points: tuple[Point, ...]
    evaluation: Evaluation

    @property
    def ever(self) -> bool:
        """Say whether anything was ever counted."""
        return any(point.numerator or point.value for point in self.points)

    @property
    def wrong(self) -> bool:
        """Say whether the last points signal on the side that means that something is wrong."""
        return any(self.chart.bad in ("both", one.side) for one in self.evaluation.recent)


def start_of(day: int, period: Period) -> int:
    """Return the first local day of the period in which a day lies, all counted from 1970-01-01.

    >>> start_of(20_000, "week"), start_of(20_000, "month")
    (19996, 19997)
    """
    if period == "week":
        return day - (day + 3) % 7
    if period == "month":
        return day - dt.date.fromordinal(EPOCH_DAY + day).day + 1
    return day


def after(start: int, period: Period) -> int:
    """Return the first local day after the period that starts on a day."""
    return start_of(start + {"day": 1, "week": 7, "month": 31}[period], period)


def spans(first: int, last: int, period: Period) -> list[tuple[int, bool]]:
    """Return the starts of the periods from one local day to another, and whether each is over.

    A first period that is covered only in part is left out; the day of `last` itself is not over.
    """
    start = start_of(first, period)
    if start < first and after(start, period) <= last:
        start = after(start, period)
    found = []
    while start <= last:
        found.append((start, after(start, period) <= last))
        start = after(start, period)
    return found


def of_stays(chart: Chart, days: FeedDays, *, first: int, last: int, period: Period) -> list[Point]:
    """Return the points of a chart that goes by the start of stays, between two local days."""
    if chart.id == "ended":
        # What began lately may still go on: only periods that had time to end are told.
        last -= days.settle_days
    sums: dict[int, list[int]] = {}
    for day, counts in days.counts.items():
        if first <= day <= last:
            cell = sums.setdefault(start_of(day, period), [0, 0])
            cell[0] += counts[chart.counted]
            cell[1] += counts[chart.of] if chart.of else 0
    found = []
    for start, complete in spans(first, last, period):
        numerator, denominator = sums.get(start, (0, 0))
        found.append(_point(chart, start, numerator, denominator, complete=complete))
    return found if chart.id != "ended" else [point for point in found if point.complete]


def of_hours(told: Mapping[int, tuple[int, float]], *, first: int, last: int, period: Period) -> list[Point]:
    """Return the points of the hours from start to delivery: the median of a period's days, weighed by their stays."""
    values: dict[int, list[float]] = {}
    for day, (n, hours) in told.items():
        if first <= day <= last:
            values.setdefault(start_of(day, period), []).extend([hours] * min(n, 1_000))
    return [
        Point(start, None, None, median(values[start]) if start in values else None, complete)
        for start, complete in spans(first, last, period)
    ]


def of_deliveries(chart: Chart, came: Sequence[Came], *, last: int, period: Period) -> list[Point]:
    """Return the points of a chart that goes by when deliveries came, up to a local day."""
    if not came:
        return []
    groups: dict[int, list[Came]] = {}
    for one in came:
        groups.setdefault(start_of(one.day, period), []).append(one)
    found = []
    for start, complete in spans(start_of(min(one.day for one in came), period), last, period):
        mine = groups.get(start, [])
        if chart.spec.chart == "run":
            values = [value for one in mine if (value := getattr(one, chart.counted)) is not None]
            found.append(Point(start, None, None, median(values) if values else None, complete))
            continue
        denominator = sum(getattr(one, chart.of) for one in mine) if chart.of else 0
        found.append(
            _point(chart, start, sum(getattr(one, chart.counted) for one in mine), denominator, complete=complete)
        )
    return found


def _point(chart: Chart, start: int, numerator: int, denominator: int, *, complete: bool) -> Point:
    if not chart.of:
        return Point(start, float(numerator), None, float(numerator), complete)
    value = numerator / denominator * chart.spec.factor if denominator else None
    return Point(start, float(numerator), float(denominator), value, complete)


def judge(asked: Sequence[tuple[Chart, Sequence[Point]]], period: Period) -> list[Judged]:
    """Return these charts judged, all in one call."""
    some = [(chart, tuple(points)) for chart, points in asked if points]
    made = evaluate_many(
        [_series(chart, points) for chart, points in some], [_spec(chart, points) for chart, points in some]
    )
    return [Judged(chart, period, points, evaluation) for (chart, points), evaluation in zip(some, made, strict=True)]


def _series(chart: Chart, points: Sequence[Point]) -> Series:
    labels = tuple(point.label for point in points)
    open_last = not points[-1].complete
    if chart.spec.chart == "run":
        return Series(labels=labels, values=tuple(point.value for point in points), incomplete_last=open_last)
    numerators = tuple(point.numerator for point in points)
    if not chart.of:
        return Series(labels=labels, numerators=numerators, incomplete_last=open_last)
    denominators = tuple(point.denominator for point in points)
    return Series(labels=labels, numerators=numerators, denominators=denominators, incomplete_last=open_last)


def _spec(chart: Chart, points: Sequence[Point]) -> Spec:
    """Return how a chart is judged: by no rule where fewer than two are counted in a period, ever or lately."""
    if chart.spec.chart == "run":
        return chart.spec
    known = [point for point in points if point.complete and point.value is not None]
    events = [
        min(point.numerator or 0.0, (point.denominator or 0.0) - (point.numerator or 0.0)) if chart.of
        else (point.numerator or 0.0)
        for point in known
    ]  # fmt: skip
    # What hardly ever happened and now happens often is judged too: it is what a feed's trouble looks like.
    if any(some and sum(some) >= FEWEST_EVENTS * len(some) for some in (events, events[-RECENT:])):
        return chart.spec
    return dataclasses.replace(chart.spec, rules=())


def every(came: Sequence[Came]) -> Period | None:
    """Return the least period in which a feed usually brings something; None where too few deliveries tell."""
    moments = sorted({one.came_us for one in came})
    usual = cadence.usual_of(moments)
    if usual is None:
        return None
    return "day" if usual <= cadence.DAY_US * 1.5 else "week" if usual <= cadence.DAY_US * 10 else "month"


def grain(by_period: Mapping[Period, Judged]) -> Judged | None:
    """Return the volume of a feed over the finest period in which half of the usual would lie below the limit.

    Days of a small unit go from nothing to twice the usual by chance alone: there only weeks or months can tell.
    """
    found = None
    for period in PERIODS:
        judged = by_period.get(period)
        if judged is None or judged.evaluation.n_useful < ENOUGH:
            continue
        found = judged
        lowers = [low for low in judged.evaluation.lowers if low is not None]
        centre = judged.evaluation.centre
        if lowers and centre and lowers[-1] >= centre / 2:
            return judged
    return found
