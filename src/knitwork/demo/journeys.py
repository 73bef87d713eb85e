"""From the table of paths to stays: many patients at a time, one array a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knitwork.demo import rhythms
from knitwork.demo.paths import OWN_PRACTICE, PATHS, SUPPORT, Path, Step
from knitwork.demo.period import DAY_S, Ints, Period
from knitwork.demo.stays import NO_VISIT, OPEN, Stays, join
from knitwork.demo.truths import ED_TO_CARDIOLOGY, HILLSIDE_MIX, NOON_SHIFTS, USUAL_NOON_SHARE
from knitwork.demo.units import INDEX, PLACES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

KIND = np.array([p.kind for p in PLACES])
CONTACT = np.isin(KIND, ["practice", "clinic", "homecare"]) | (np.arange(len(PLACES)) == INDEX["RP-CREHAB"])
# Who sleeps here goes home in the day: the end of the last stay follows the ward's rhythm.
SLEEPS_HERE = np.array([p.beds for p in PLACES])
HELD = SLEEPS_HERE | (KIND == "ed")

# A little more than the day within which stays without a number are one visit.
APART_S = 26 * 3600
ZERO_LENGTH_CHANCE = 0.004
OVERLAP_CHANCE = 0.003
ELSEWHERE_CHANCE = 0.08
# Walks that begin so long before the records fill the wards, the clinics and the courses of visits by their first day.
WARM_UP_DAYS = 100
# How unevenly people need care: the shape of a gamma distribution with mean 1.
NEED_SHAPE = 1.6


def live(rng: np.random.Generator, *, patients: Ints, period: Period, first_visit: int) -> Stays:
    """Return the stays of `patients` in the period, with visit numbers from `first_visit` on."""
    need = np.cumsum(rng.gamma(NEED_SHAPE, size=len(patients)))
    parts: list[Stays] = []
    instances: list[Ints] = []
    count = 0
    # A stream of random numbers for each path, and one for what began before the records: a change to one leaves
    # the others as they were.
    *streams, earlier = rng.spawn(len(PATHS) + 1)
    before = np.arange(period.first_day - WARM_UP_DAYS, period.first_day, dtype=np.int64)
    walks = [*zip(PATHS, streams, strict=True), *((path, earlier) for path in PATHS)]
    for at, (path, stream) in enumerate(walks):
        days = period.days if at < len(PATHS) else before
        scale = how_often(path, days, period)
        times = int(stream.poisson(path.rate * len(patients) * scale.sum() / 730.0))
        who = patients[np.searchsorted(need, stream.random(times) * need[-1], side="right").clip(max=len(patients) - 1)]
        arrivals = rhythms.arrivals(stream, times, rhythm=rhythms.RHYTHMS[path.rhythm], days=days, scale=scale)
        for stays, instance in walk(stream, path, who=who, left=period.clock.utc(arrivals), period=period):
            parts.append(stays)
            instances.append(instance + count)
        count += times
    stays = join(parts)
    instance = np.concatenate(instances)
    numbered = np.where(stays.visit == NO_VISIT, NO_VISIT, first_visit + instance * 4 + stays.visit)
    stays = Stays(stays.patient, stays.unit, stays.start, stays.end, numbered, stays.overlaps)
    stays = stays.take(~collides(stays, instance, count)[instance])
    stays = stays.take(~too_soon(stays))
    return within(join([stays, supported(rng, stays)]), period)


def how_often(path: Path, days: Ints, period: Period) -> Floats:
    """Return how much more often than `path.rate` a path begins on each day."""
    if path.rate_later is None:
        return np.ones(len(days))
    turn = period.clock.local(np.array([period.instant(period.month_starts(HILLSIDE_MIX.month))]))[0] // DAY_S
    return np.where(days >= turn, path.rate_later / path.rate, 1.0)


def walk(rng: np.random.Generator, path: Path, *, who: Ints, left: Ints, period: Period) -> list[tuple[Stays, Ints]]:
    """Send everybody in `who` along a path from the moment in `left`; return each step's stays and whose walk they are of.

    `visit` counts the visits of one walk from 1; stays without a bed have none.
    """
    n = len(who)
    taken = chosen(rng, path.steps, n)
    last = lasts(path.steps, taken)
    turn = period.instant(period.month_starts(HILLSIDE_MIX.month))
    began, was_in, visit = left, np.full(n, -1), np.ones(n, dtype=np.int64)
    fresh = np.ones(n, dtype=bool)
    found = []
    for j, step in enumerate(path.steps):
        go = taken[:, j]
        unit = np.full(n, INDEX[step.unit]) if step.unit != OWN_PRACTICE else own_practice(rng, who)
        start = np.where(fresh, left, setting_out(rng, step, left=left, was_in=was_in, unit=unit, period=period))
        overlaps = np.zeros(n, dtype=bool)
        if not (step.booked or step.back):
            start, overlaps = overlapping(rng, start, began=began, left=left, fresh=fresh, period=period)
        else:
            # Booked contacts have no number, and a walk has room for three visits that have.
            visit = np.where(go & ~fresh & ~CONTACT[unit], visit + 1, visit)
        median = np.where(start >= turn, step.stay_later or step.stay, step.stay)
        end = start + minutes(rng, median, step.spread, n)
        if KIND[unit[0] if n else 0] == "ed":
            end = np.where(rng.random(n) < ZERO_LENGTH_CHANCE, start, end)
        if n and SLEEPS_HERE[unit[0]]:
            end = np.where(last[:, j], homeward(rng, start, end, unit=unit[0], period=period), end)
        number = np.where(CONTACT[unit], NO_VISIT, visit)
        found.append((Stays(who, unit, start, end, number, overlaps).take(go), np.flatnonzero(go)))
        began, left = np.where(go, start, began), np.where(go, end, left)
        was_in, fresh = np.where(go, unit, was_in), fresh & ~go
    return found


def chosen(rng: np.random.Generator, steps: tuple[Step, ...], n: int) -> Flags:
    """Draw which steps each walk takes; a step `with_previous` needs the one before it."""
    taken = rng.random((n, len(steps))) < np.array([s.chance for s in steps])
    for j, step in enumerate(steps):
        if step.with_previous:
            taken[:, j] &= taken[:, j - 1]
    return taken


def lasts(steps: tuple[Step, ...], taken: Flags) -> Flags:
    """Say for each step taken whether the patient goes home from it."""
    last = np.zeros_like(taken)
    home_next = np.ones(len(taken), dtype=bool)
    for j in range(len(steps) - 1, -1, -1):
        last[:, j] = taken[:, j] & home_next
        home_next = np.where(taken[:, j], steps[j].booked or steps[j].back, home_next)
    return last


def minutes(rng: np.random.Generator, median: float | Floats, spread: float, n: int) -> Ints:
    """Draw log-normal durations in seconds, at least half a minute."""
    drawn = median * 60.0 * np.exp(spread * rng.standard_normal(n))
    return np.maximum(drawn, 30).astype(np.int64)


def setting_out(rng: np.random.Generator, step: Step, *, left: Ints, was_in: Ints, unit: Ints, period: Period) -> Ints:
    """Return when the next stay begins, for patients who `left` the one before."""
    n = len(left)
    if step.booked:
        return booked(rng, step, left=left, period=period)
    if step.back:
        days = np.clip(step.after * np.exp(0.7 * rng.standard_normal(n)), 0.5, 27.0)
        return left + (days * DAY_S).astype(np.int64)
    shift = ED_TO_CARDIOLOGY
    on_link = (was_in == INDEX[shift.from_unit]) & (unit == INDEX[shift.to_unit])
    if not on_link.any():
        return left + minutes(rng, step.after, 0.45, n)
    later = left >= period.instant(period.month_starts(shift.month))
    median = np.where(later, shift.median_after, shift.median_before)
    return left + minutes(rng, median, shift.spread, n)


def booked(rng: np.random.Generator, step: Step, *, left: Ints, period: Period) -> Ints:
    """Return an appointment some days later, on a weekday and in opening hours."""
    rhythm = rhythms.RHYTHMS["theatre" if step.unit.endswith("-OR") else "office"]
    ahead = np.maximum(1, np.rint(step.after * np.exp(0.3 * rng.standard_normal(len(left))))).astype(np.int64)
    day = period.clock.local(left) // DAY_S + ahead
    day += np.maximum(0, 7 - rhythms.weekday(day)) * (rhythms.weekday(day) >= 5)
    return period.clock.utc(day * DAY_S + rhythms.seconds_of_day(rng, len(left), rhythm=rhythm))


def overlapping(
    rng: np.random.Generator, start: Ints, *, began: Ints, left: Ints, fresh: Flags, period: Period
) -> tuple[Ints, Flags]:
    """Write some patients into the next unit before they are written out of the last, as happens in real records."""
    n = len(start)
    early = rng.integers(5 * 60, 40 * 60, n)
    which = (rng.random(n) < OVERLAP_CHANCE) & ~fresh & (left - began > 7200) & (left < period.end_s - 2 * DAY_S)
    return np.where(which, left - early, start), which


def homeward(rng: np.random.Generator, start: Ints, end: Ints, *, unit: int, period: Period) -> Ints:
    """Move the end of a last stay to an hour at which people go home."""
    clock = period.clock
    share = np.full(len(end), USUAL_NOON_SHARE)
    for shift in NOON_SHIFTS:
        if unit == INDEX[shift.unit]:
            later = end >= period.instant(period.month_starts(shift.month))
            share = np.where(later, shift.share_after, shift.share_before)
    hour = rhythms.going_home(rng, share)
    moved = clock.utc(clock.local(end) // DAY_S * DAY_S + hour)
    # Nobody is sent home within three hours; the next day at the same hour by the wall clock.
    return np.where(moved < start + 3 * 3600, clock.utc(clock.local(moved) + DAY_S), moved)


def own_practice(rng: np.random.Generator, who: Ints) -> Ints:
    """Return each patient's own practice, and now and then another."""
    practices = np.array([INDEX["RP-ODELL"]] * 2 + [INDEX["RP-NORTH"]] * 4 + [INDEX["RP-SOUTH"]] * 4)
    own = practices[who % 10]
    return np.where(rng.random(len(who)) < ELSEWHERE_CHANCE, practices[rng.integers(0, 10, len(who))], own)


def collides(stays: Stays, instance: Ints, count: int) -> Flags:
    """Say which walks begin while an earlier one of the same patient goes on: nobody is in two places."""
    first = np.full(count, OPEN)
    final = np.zeros(count, dtype=np.int64)
    who = np.zeros(count, dtype=np.int64)
    np.minimum.at(first, instance, stays.start)
    np.maximum.at(final, instance, stays.end)
    who[instance] = stays.patient
    order = np.lexsort((first, who))
    # One running maximum for all: each patient's times are lifted above those of the patient before.
    lift = np.cumsum(np.diff(who[order], prepend=who[order[:1]]) != 0) * np.int64(2**33)
    reach = np.maximum.accumulate(final[order] + lift)
    clash = np.zeros(count, dtype=bool)
    clash[order[1:]] = (first[order] + lift)[1:] <= reach[:-1]
    return clash


def too_soon(stays: Stays) -> Flags:
    """Say which contacts come within a day of another of the same patient: who was seen yesterday is not seen today.

    Contacts have no visit number, so two on neighbouring days would be read as one visit with a night between them.
    """
    contact = np.flatnonzero(CONTACT[stays.unit])
    order = contact[np.lexsort((stays.start[contact], stays.patient[contact]))]
    before, after = order[:-1], order[1:]
    near = (stays.patient[after] == stays.patient[before]) & (stays.start[after] - stays.end[before] < APART_S)
    soon = np.zeros(len(stays), dtype=bool)
    soon[after[near]] = True
    return soon


def supported(rng: np.random.Generator, stays: Stays) -> Stays:
    """Return the stays at laboratory, radiology, pharmacy and dietary that run beside those in a bed."""
    parts = []
    kinds = KIND[stays.unit]
    for kind, asked in SUPPORT.items():
        of_kind = np.flatnonzero((kinds == kind) & (stays.end - stays.start > 900))
        for code, chance, median in asked:
            at = of_kind[rng.random(len(of_kind)) < chance]
            length = stays.end[at] - stays.start[at]
            needed = np.minimum(minutes(rng, median, 0.4, len(at)), length)
            start = stays.start[at] + (rng.random(len(at)) * np.minimum(length - needed, DAY_S)).astype(np.int64)
            unit = np.full(len(at), INDEX[code])
            none = np.zeros(len(at), dtype=bool)
            parts.append(Stays(stays.patient[at], unit, start, start + needed, stays.visit[at], none))
    return join(parts)


def within(stays: Stays, period: Period) -> Stays:
    """Keep what lies in the records; who is still here at their end has no end yet.

    Whoever was in a bed or an emergency department when the records began was written in at that moment.
    """
    first = period.records_s
    there = (stays.start < first) & (stays.end > first) & HELD[stays.unit]
    kept = stays.take((stays.start < period.end_s) & ((stays.start >= first) | there))
    end = np.where(kept.end >= period.end_s, OPEN, kept.end)
    return Stays(kept.patient, kept.unit, np.maximum(kept.start, first), end, kept.visit, kept.overlaps)
