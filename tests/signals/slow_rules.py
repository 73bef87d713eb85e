"""The rules once more, slowly: plain loops over points, written from the rules' definitions in print.

Sources: Western Electric 1956; Nelson 1984; Perla, Provost & Murray 2011; Swed & Eisenhart 1943; Anhøj & Olesen 2014;
NHS England, Making Data Count. Nothing here is shared with the engine but the table of boxes, which has a test of its
own. A point on a line lies on neither side of it; lines and values closer than a trillionth of their size are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isclose, log2

from knitwork.signals.rules.critical_table import BOXES, FEWEST_BOXED


@dataclass(frozen=True)
class Spot:
    """One period: its value and centre line, one sigma (None without limits), and whether it is tested and counted."""

    value: float | None
    centre: float | None
    sigma: float | None
    tested: bool
    counted: bool


def differs(a, b):
    return not isclose(a, b, rel_tol=1e-12, abs_tol=0.0)


def side_of(spot):
    """Return 1 above the centre line, -1 below, 0 on it."""
    if not differs(spot.value, spot.centre):
        return 0
    return 1 if spot.value > spot.centre else -1


def beyond(spot, sigmas, sign):
    """Say whether a point lies beyond the line so many sigmas out on one side."""
    if spot.sigma is None:
        return False
    line = spot.centre + sign * sigmas * spot.sigma
    return differs(spot.value, line) and (spot.value - line) * sign > 0


def fired(rule, spots):
    """Return what a rule finds: (side, start, end, marked points) for each stretch, in order."""
    return sorted(KINDS[rule.kind](rule, spots), key=lambda one: (one[1], one[2], str(one[0])))


SIDES = {1: "high", -1: "low", 0: None}


def of_tested(spots):
    return [place for place, spot in enumerate(spots) if spot.tested]


def of_counted(spots):
    return [place for place, spot in enumerate(spots) if spot.counted]


def stretches(flags):
    """Return the first and last index of each unbroken row of true flags."""
    found, first = [], None
    for at, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = at
        if not flag and first is not None:
            found.append((first, at - 1))
            first = None
    return found


def rule_beyond(rule, spots):
    """One point beyond the limits; such points one after the other are one signal."""
    line = of_tested(spots)
    for sign in (1, -1):
        for first, last in stretches([beyond(spots[place], rule.sigmas, sign) for place in line]):
            yield SIDES[sign], line[first], line[last], tuple(line[first : last + 1])


def coloured(rule, pattern, length):
    """Return the points of one unbroken pattern that are marked: all, or those from the one that completes it on."""
    return tuple(pattern[length - 1 :]) if rule.marks == "completing" else tuple(pattern)


def rule_run(rule, spots):
    """So many points in a row on one side. A point on the line is passed over, or ends the run."""
    line = [place for place in of_counted(spots) if rule.ties == "break" or side_of(spots[place]) != 0]
    for sign in (1, -1):
        for first, last in stretches([side_of(spots[place]) == sign for place in line]):
            if last - first + 1 >= rule.length:
                run = line[first : last + 1]
                yield SIDES[sign], run[0], run[-1], coloured(rule, run, rule.length)


def unequal(rule, spots):
    """Return the points, without those equal to the one before where the rule passes them over."""
    line = []
    for place in of_counted(spots):
        if rule.ties == "break" or not line or differs(spots[place].value, spots[line[-1]].value):
            line.append(place)
    return line


def rule_trend(rule, spots):
    """So many points, each above (or each below) the one before. An equal point is passed over, or ends the trend."""
    line = unequal(rule, spots)
    for sign in (1, -1):
        at = 0
        while at < len(line):
            end = at
            while end + 1 < len(line) and moves(spots[line[end]], spots[line[end + 1]]) == sign:
                end += 1
            if end - at + 1 >= rule.length:
                yield SIDES[sign], line[at], line[end], coloured(rule, line[at : end + 1], rule.length)
            at = max(end, at + 1)


def moves(before, after):
    if not differs(before.value, after.value):
        return 0
    return 1 if after.value > before.value else -1


def rule_zone(rule, spots):
    """At least so many of so many points in a row beyond a line on one side."""
    line = of_counted(spots)
    for sign in (1, -1):
        shows = [
            beyond(spots[place], rule.sigmas, sign) and not (rule.within_limits and beyond(spots[place], 3, sign))
            for place in line
        ]
        complete = []
        for last in range(len(line)):
            window = range(last - rule.length + 1, last + 1)
            done = window[0] >= 0 and sum(shows[at] for at in window) >= (rule.count or rule.length)
            if rule.same_side:
                done = done and all(side_of(spots[line[at]]) == sign for at in window)
            elif rule.marks != "matching":
                done = done and shows[last]  # the last point of the pattern is the one that completes it
            complete.append(done)
        yield from of_windows(rule, line, complete, shows, sign)


def of_windows(rule, line, complete, shows, sign):
    """Turn windows that are complete one after the other into one signal; matching points begin and end it."""
    for first, last in stretches(complete):
        pattern = line[first - rule.length + 1 : last + 1]
        if rule.marks == "matching":
            pattern = [place for place, shown in zip(line, shows, strict=True) if shown and place in pattern]
        yield SIDES[sign], pattern[0], pattern[-1], coloured(rule, pattern, rule.length)


def rule_within(rule, spots):
    """So many points in a row, on either side, none of them beyond the near lines."""
    line = of_counted(spots)
    near = [
        spots[place].sigma is not None
        and not beyond(spots[place], rule.sigmas, 1)
        and not beyond(spots[place], rule.sigmas, -1)
        for place in line
    ]
    yield from in_a_row(rule, line, near)


def rule_outside(rule, spots):
    """So many points in a row, all of them beyond the near lines; where it asks so, some on either side."""
    line = of_counted(spots)
    signs = [beyond(spots[place], rule.sigmas, 1) - beyond(spots[place], rule.sigmas, -1) for place in line]
    complete = []
    for last in range(len(line)):
        window = signs[max(last - rule.length + 1, 0) : last + 1]
        done = len(window) == rule.length and 0 not in window
        complete.append(done and (not rule.both_sides or {1, -1} <= set(window)))
    yield from of_windows(rule, line, complete, [sign != 0 for sign in signs], 0)


def in_a_row(rule, line, flags):
    for first, last in stretches(flags):
        if last - first + 1 >= rule.length:
            pattern = line[first : last + 1]
            yield None, pattern[0], pattern[-1], coloured(rule, pattern, rule.length)


def rule_alternating(rule, spots):
    """So many points in a row that go up and down in turns; an equal point is passed over, or ends it."""
    line = unequal(rule, spots)
    at = 0
    while at < len(line):
        end = at
        while end + 1 < len(line):
            step = moves(spots[line[end]], spots[line[end + 1]])
            before = moves(spots[line[end - 1]], spots[line[end]]) if end > at else -step
            if step == 0 or before != -step:
                break
            end += 1
        if end - at + 1 >= rule.length:
            yield None, line[at], line[end], coloured(rule, line[at : end + 1], rule.length)
        at = max(end, at + 1)


def runs_about_centre(spots):
    """Return the runs of points on one side; points on the line are left out of the series."""
    runs = []
    for place in of_counted(spots):
        side = side_of(spots[place])
        if side and runs and runs[-1][0] == side:
            runs[-1][1].append(place)
        elif side:
            runs.append((side, [place]))
    return runs


def unusual(method, runs):
    """Return the longest run and the fewest crossings that are still usual."""
    useful = sum(len(run) for _, run in runs)
    longest, crossings = max(len(run) for _, run in runs), len(runs) - 1
    if method == "anhoej" or not FEWEST_BOXED <= useful < FEWEST_BOXED + len(BOXES):
        return round(log2(useful)) + 3, crossings_quantile(useful - 1)
    fewest, most, from_crossings, up_to = BOXES[useful - FEWEST_BOXED]
    if method != "cut_box":
        return most, fewest
    # the corner of the box lies on both borders: where it is cut off, the run and the crossings are both unusual
    cut_run = longest == most and crossings < from_crossings
    cut_crossings = crossings == fewest and longest > up_to
    return most - cut_run, fewest + cut_crossings


@cache
def crossings_quantile(trials):
    """Return the 5% quantile of heads in so many tosses: the least number with at least 5% at or below it."""
    chances = [Fraction(1)]
    for _ in range(trials):
        chances = [(a + b) / 2 for a, b in zip([*chances, 0], [0, *chances], strict=True)]
    below = Fraction(0)
    for heads, chance in enumerate(chances):
        below += chance
        if below >= Fraction(1, 20):
            return heads
    raise AssertionError("chances sum to one")


def rule_longest_run(rule, spots):
    runs = runs_about_centre(spots)
    if runs:
        longest, _ = unusual(rule.method, runs)
        for side, run in runs:
            if len(run) > longest:
                yield SIDES[side], run[0], run[-1], tuple(run)


def rule_few_crossings(rule, spots):
    runs = runs_about_centre(spots)
    if runs and len(runs) - 1 < unusual(rule.method, runs)[1]:
        yield of_all(spots)


def of_all(spots):
    line = of_counted(spots)
    return None, line[0], line[-1], ()


@cache
def orders(high, low):
    """Return in how many orders so many high and low points make each number of runs, by last side and count."""
    ways = {(1, 0, True, 1): 1, (0, 1, False, 1): 1}
    for _ in range(high + low - 1):
        longer = {}
        for (highs, lows, up, runs), many in ways.items():
            for next_up in (True, False):
                after = (highs + next_up, lows + (not next_up), next_up, runs + (next_up != up))
                if after[0] <= high and after[1] <= low:
                    longer[after] = longer.get(after, 0) + many
        ways = longer
    totals = {}
    for (highs, lows, _, runs), many in ways.items():
        if (highs, lows) == (high, low):
            totals[runs] = totals.get(runs, 0) + many
    return totals


def tails(spots):
    """Return the number of runs, and the share of orders of these points that have so few, or so many."""
    runs = runs_about_centre(spots)
    high = sum(len(run) for side, run in runs if side > 0)
    low = sum(len(run) for side, run in runs if side < 0)
    if not high or not low:
        # The engine takes one run for usual where nothing lies on the other side: there is only one order.
        return Fraction(1), Fraction(1)
    totals = orders(high, low)
    whole = sum(totals.values())
    few = Fraction(sum(many for count, many in totals.items() if count <= len(runs)), whole)
    return few, Fraction(sum(many for count, many in totals.items() if count >= len(runs)), whole)


def rule_few_runs(rule, spots):
    """Fewer runs than all but 2.5% of the orders of as many high and low points have."""
    if of_counted(spots) and tails(spots)[0] <= Fraction(1, 40):
        yield of_all(spots)


def rule_many_runs(rule, spots):
    if of_counted(spots) and tails(spots)[1] <= Fraction(1, 40):
        yield of_all(spots)


KINDS = {
    "beyond": rule_beyond,
    "run": rule_run,
    "trend": rule_trend,
    "zone": rule_zone,
    "within": rule_within,
    "outside": rule_outside,
    "alternating": rule_alternating,
    "longest_run": rule_longest_run,
    "few_crossings": rule_few_crossings,
    "few_runs": rule_few_runs,
    "many_runs": rule_many_runs,
}
