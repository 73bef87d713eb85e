"""Every measure's cells, row by row in plain Python, from derived facts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from knitwork.measures.definition import (
    BASELINE_DAYS,
    BASELINE_LEAST,
    BASELINE_PERCENTILE,
    QUANTILES,
    Measure,
)
from knitwork.measures.language import tree
from knitwork.measures.language.names import following_column
from knitwork.measures.language.reference import Value, evaluate
from knitwork.measures.reference.facts import Derived
from knitwork.measures.reference.stays import Row

Key = tuple[str, str, str, str, int, str]  # measure, level, unit, period, start_day, stratum


@dataclass(frozen=True, slots=True)
class Cell:
    """One number: what was counted, of how many, and the value people see."""

    numerator: int | None
    denominator: int | None
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of a feed as a whole."""

    departures_recorded: bool = True
    calendar: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """What cells depend on beside the facts."""

    watermark_day: int
    first_day: int
    feeds: Mapping[str, FeedState]
    capacity: Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class _Counted:
    level: str
    unit: str
    stratum: str
    day: int
    real: bool
    num: float
    den: float
    value: float | None


def cells(measures: Iterable[Measure], derived: Derived, world: World) -> dict[Key, Cell]:
    """Return all cells of all measures at all levels and periods."""
    found: dict[Key, Cell] = {}
    for measure in measures:
        if measure.fact == "census":
            found |= _census(measure, derived, world)
        else:
            found |= _summed(measure, _counted(measure, derived, world), world)
    return found


def period_start(period: str, day: int) -> int:
    """Return the first day of the period that `day` lies in.

    >>> period_start("week", 4), period_start("month", 40)
    (4, 31)
    """
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    if period == "week":
        date -= dt.timedelta(days=date.weekday())
    if period == "month":
        date = date.replace(day=1)
    return (date - dt.date(1970, 1, 1)).days


def quantile(values: list[float], share: float) -> float:
    """Return the quantile by linear interpolation between the two nearest values.

    >>> quantile([1.0, 2.0, 4.0], 0.5), quantile([0.0, 10.0], 0.9)
    (2.0, 9.0)
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


# Which rows count, and where


def with_following(measure: Measure, row: Row, derived: Derived) -> Row:
    """Return the row with the columns of the following stays that the measure asks for."""
    extra: Row = {}
    for clause in measure.clauses():
        for part in tree.walk(clause.tree):
            if isinstance(part, tree.Following):
                us, day = _following(measure, row, part.kinds, derived)
                extra[f"{following_column(part.kinds)}_us"] = us
                extra[f"{following_column(part.kinds)}_day"] = day
    return {**row, **extra}


def _following(
    measure: Measure, row: Row, kinds: frozenset[str] | None, derived: Derived
) -> tuple[int | None, int | None]:
    end = row["end_us"]
    if not isinstance(end, int):
        return None, None
    best: tuple[int, int] | None = None
    for stay in derived.fact_stay:
        if stay["patient"] != row["patient"] or stay is row:
            continue
        if measure.fact == "visit" and stay["visit"] == row["visit"]:
            continue
        if kinds is None:
            fits = stay["level"] == row["level"] and stay["unit"] == row["unit"] and not stay["concurrent"]
        elif not kinds:
            fits = stay["level"] == "micro" and not stay["concurrent"]
        else:
            fits = stay["level"] == "micro" and stay["kind"] in kinds
        start, day = stay["start_us"], stay["start_day"]
        if fits and isinstance(start, int) and isinstance(day, int) and start >= end:
            best = min(best or (start, day), (start, day))
    return best or (None, None)


def _places(measure: Measure, row: Row) -> list[tuple[str, str, str]]:
    """Return the (level, unit, stratum) for which the row counts."""
    if not measure.micro_rows:
        return [(str(row["level"]), str(row["unit"]), "")]
    if row["level"] != "micro":
        return []
    found: list[tuple[str, str, str]] = []
    for level in ("micro", "meso", "macro"):
        if measure.owner != "link":
            unit = row["unit"] if level == "micro" else row[level]
            if unit is not None:
                found.append((level, str(unit), ""))
            continue
        suffix = "unit" if level == "micro" else level
        sender, receiver = row[f"from_{suffix}"], row[f"to_{suffix}"]
        found += [(level, str(unit), "") for unit in {sender, receiver} if unit is not None]
        found += [(level, str(sender), "sent")] if sender is not None else []
        found += [(level, str(receiver), "received")] if receiver is not None else []
    return found


def _counted(measure: Measure, derived: Derived, world: World) -> list[_Counted]:
    rows: list[Row] = getattr(derived, f"fact_{measure.fact}")
    found = []
    for bare in rows:
        day = bare[measure.at.split(".")[1] + "_day"]
        feed = world.feeds.get(str(bare["feed"]), FeedState())
        real = bool(bare["calendar"]) and feed.calendar
        if not isinstance(day, int) or day > measure.last_counted_day(world.watermark_day):
            continue
        if ("departures recorded" in measure.needs and not feed.departures_recorded) or (
            "calendar" in measure.needs and not real
        ):
            continue
        if measure.owner == "visit.last_unit" and not bare["is_last"]:
            continue
        counts = _weigh(measure, with_following(measure, bare, derived))
        if counts is None:
            continue
        for level, unit, stratum in _places(measure, bare):
            found.append(_Counted(level, unit, stratum, day, real, *counts))
    return found


def _weigh(measure: Measure, row: Row) -> tuple[float, float, float | None] | None:
    """Return what the row adds to numerator and denominator, and its value; None when it does not count."""

    def ask(part: str) -> Value:
        clause = getattr(measure, part)
        return True if clause is None else evaluate(clause.tree, measure.fact, row)

    if ask("population") is not True or (measure.exclude is not None and ask("exclude") is True):
        return None
    bottom = ask("denominator")
    if bottom is None or bottom is False or isinstance(bottom, str):
        return None
    value = ask("value") if measure.value else None
    if measure.value and value is None:
        return None
    top: Value = True if measure.over_baseline else ask("numerator")
    if isinstance(top, float) or isinstance(bottom, float):
        if top is None:
            return None
        return float(top or 0), float(bottom), None
    return float(top is True), 1.0, None if value is None else float(value)


# Adding up


def _summed(measure: Measure, rows: list[_Counted], world: World) -> dict[Key, Cell]:
    groups: dict[Key, list[_Counted]] = defaultdict(list)
    first: dict[tuple[str, str, str], int] = {}
    for row in rows:
        spot = (row.level, row.unit, row.stratum)
        first[spot] = min(first.get(spot, row.day), row.day)
    for row in rows:
        for period in ("day", "week", "month") if row.real else ():
            start = period_start(period, row.day)
            groups[measure.id, row.level, row.unit, period, start, row.stratum].append(row)
        start = first[row.level, row.unit, row.stratum]
        groups[measure.id, row.level, row.unit, "all", start, row.stratum].append(row)
    limits = _baselines(rows, world) if measure.over_baseline else {}
    found = {}
    for key, members in groups.items():
        cell = _cell(measure, members, limits.get(key[1:3]))
        if cell is not None:
            found[key] = cell
    return found | (_zeros(measure, rows, found, world) if measure.statistic == "count" else {})


def _cell(measure: Measure, rows: list[_Counted], limit: float | None) -> Cell | None:
    values = [row.value for row in rows if row.value is not None]
    if measure.statistic in QUANTILES:
        share = QUANTILES[measure.statistic]
        return Cell(None, len(values), quantile(values, share) / measure.seconds_in_unit, len(values))
    if measure.over_baseline:
        if limit is None:
            return None
        over = sum(value > limit for value in values)
        return Cell(over, len(values), over / len(values) * measure.factor, len(values))
    top, bottom = int(sum(row.num for row in rows)), int(sum(row.den for row in rows))
    if measure.statistic == "count":
        return Cell(top, None, top * measure.factor, top)
    return Cell(top, bottom, top / bottom * measure.factor, bottom) if bottom else None


def _baselines(rows: list[_Counted], world: World) -> dict[tuple[str, str], float]:
    early: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.value is not None and row.day < world.first_day + BASELINE_DAYS:
            early[row.level, row.unit].append(row.value)
    return {unit: quantile(v, BASELINE_PERCENTILE) for unit, v in early.items() if len(v) >= BASELINE_LEAST}


def _zeros(measure: Measure, rows: list[_Counted], found: dict[Key, Cell], world: World) -> dict[Key, Cell]:
    first: dict[tuple[str, str, str], int] = {}
    for row in rows:
        spot = (row.level, row.unit, row.stratum)
        if row.real:
            first[spot] = min(first.get(spot, row.day), row.day)
    extra: dict[Key, Cell] = {}
    for (level, unit, stratum), since in first.items():
        for day in range(since, measure.last_counted_day(world.watermark_day) + 1):
            for period in ("day", "week", "month"):
                key = (measure.id, level, unit, period, period_start(period, day), stratum)
                if key not in found:
                    extra[key] = Cell(0, None, 0.0, 0)
    return extra


def _census(measure: Measure, derived: Derived, world: World) -> dict[Key, Cell]:
    present: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in derived.fact_census:
        day, feed = int(str(row["day"])), world.feeds.get(str(row["feed"]), FeedState())
        if row["calendar"] and feed.calendar and day <= world.watermark_day:
            present[str(row["level"]), str(row["unit"])][day] += int(str(row["delta"]))
    found: dict[Key, Cell] = {}
    for (level, unit), changes in present.items():
        counts: dict[tuple[str, int], list[int]] = defaultdict(list)
        here, since = 0, min(changes)
        for day in range(since, world.watermark_day + 1):
            here += changes.get(day, 0)
            for period in ("day", "week", "month"):
                counts[period, period_start(period, day)].append(here)
            counts["all", since].append(here)
        for (period, start), midnights in counts.items():
            numbers: Row = {
                "midnights": sum(midnights),
                "days": len(midnights),
                "capacity": world.capacity.get((level, unit)),
            }
            top = evaluate(measure.numerator.tree, "census", numbers) if measure.numerator else None
            bottom = evaluate(measure.denominator.tree, "census", numbers) if measure.denominator else None
            if isinstance(top, float) and isinstance(bottom, float) and round(bottom) > 0:
                num, den = round(top), round(bottom)
                cell = Cell(num, den, num / den * measure.factor, len(midnights))
                found[measure.id, level, unit, period, start, ""] = cell
    return found
