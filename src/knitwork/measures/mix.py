"""Why a ratio of the whole changed: because the units changed, or because patients went to other units.

The change of a ratio of sums is split exactly in two (Kitagawa, Components of a difference between two rates,
J Am Stat Assoc 1955;50:1168). Of each unit with share w and rate r in both spans

    rate part = (r after - r before) x (w after + w before) / 2
    mix part  = (w after - w before) x (r after + r before) / 2

and the parts of all units add up to the change of the whole. A unit without a case in one span has no rate there:
its rate is taken to be unchanged, so that all it brings is mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

# With fewer cases than this in either span a unit is not asked which way it went.
FEWEST_CASES = 30
# The whole must have moved by more than so many standard errors, and so must what the mix brought to it.
SURE = 2.0
# What the units brought is at least this share of the change of the whole: less is no movement of theirs.
LEAST_OF_THE_CHANGE = Fraction(1, 10)
# The units that are asked hold at least this share of the cases in both spans.
MOST_OF_THE_CASES = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class Span:
    """What was counted in one unit in one span of time: a numerator and its denominator."""

    counted: int
    cases: int

    @property
    def rate(self) -> Fraction | None:
        """Return the rate, or None where there was no case."""
        return Fraction(self.counted, self.cases) if self.cases else None


@dataclass(frozen=True, slots=True)
class Part:
    """One unit in both spans."""

    unit: str
    before: Span
    after: Span


@dataclass(frozen=True, slots=True)
class Share:
    """What one unit brings to the change of the whole; `moved` is the change of its own rate, None without cases."""

    unit: str
    rate: Fraction
    mix: Fraction
    moved: Fraction | None
    fewest: int  # cases in the span that has fewer


@dataclass(frozen=True, slots=True)
class Change:
    """The change of the whole, exactly: `change` = `rate` + `mix`, and each is the sum of its shares."""

    before: Fraction
    after: Fraction
    rate: Fraction
    mix: Fraction
    shares: tuple[Share, ...]
    parts: tuple[Part, ...]

    @property
    def change(self) -> Fraction:
        """Return by how much the ratio of the whole moved."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Reversal:
    """The whole moved one way and the units inside it the other (Simpson's reversal).

    `against` of the `asked` units went against the whole: those with at least `FEWEST_CASES` in both spans.
    """

    change: Change
    against: int
    asked: int

    @property
    def rose(self) -> bool:
        """Say whether the whole rose."""
        return self.change.change > 0

    @property
    def every(self) -> bool:
        """Say whether every unit that was asked went against the whole."""
        return self.against == self.asked


def decompose(parts: Sequence[Part]) -> Change | None:
    """Split the change of the whole into what the units changed and what the mix of patients changed.

    None where one of the two spans holds no case at all.

    >>> found = decompose([Part("day", Span(90, 100), Span(85, 100)), Part("night", Span(10, 100), Span(0, 0))])
    >>> [float(part) for part in (found.change, found.rate, found.mix)]
    [0.35, -0.0375, 0.3875]
    """
    before_all, after_all = sum(p.before.cases for p in parts), sum(p.after.cases for p in parts)
    if not before_all or not after_all:
        return None
    shares = tuple(_share(part, before_all, after_all) for part in parts)
    return Change(
        before=Fraction(sum(p.before.counted for p in parts), before_all),
        after=Fraction(sum(p.after.counted for p in parts), after_all),
        rate=sum((s.rate for s in shares), Fraction()),
        mix=sum((s.mix for s in shares), Fraction()),
        shares=shares,
        parts=tuple(parts),
    )


def _share(part: Part, before_all: int, after_all: int) -> Share:
    weight_before, weight_after = Fraction(part.before.cases, before_all), Fraction(part.after.cases, after_all)
    known = [rate for rate in (part.before.rate, part.after.rate) if rate is not None]
    if not known:
        return Share(part.unit, Fraction(), Fraction(), None, 0)
    before, after = known[0], known[-1]
    return Share(
        unit=part.unit,
        rate=(after - before) * (weight_after + weight_before) / 2,
        mix=(weight_after - weight_before) * (after + before) / 2,
        moved=after - before if len(known) == 2 else None,
        fewest=min(part.before.cases, part.after.cases),
    )


def reversal(change: Change | None, *, proportion: bool = True) -> Reversal | None:
    """Return the reversal in a change, or None where there is none that the cases bear out.

    All of this must hold. The whole moved by more than two standard errors, and so did what the mix brought: chance
    does not explain it. What the units brought went the other way, by at least a tenth of the change of the whole.
    At least two units have 30 cases in both spans, and they hold four fifths of all cases in each. More of them went
    against the whole than with it. `proportion` says that cases are counted at most once, as in a share of patients;
    a rate of events has the wider error of counts.
    """
    if change is None or change.change * change.rate >= 0:
        return None
    if abs(change.rate) < LEAST_OF_THE_CHANGE * abs(change.change):
        return None
    asked = [s for s in change.shares if s.fewest >= FEWEST_CASES and s.moved is not None]
    if len(asked) < 2 or not _hold_most(change, {s.unit for s in asked}):
        return None
    against = sum(1 for s in asked if s.moved is not None and s.moved * change.change < 0)
    along = sum(1 for s in asked if s.moved is not None and s.moved * change.change > 0)
    if against <= along:
        return None
    whole, mix = _errors(change, proportion=proportion)
    if abs(float(change.change)) <= SURE * whole or abs(float(change.mix)) <= SURE * mix:
        return None
    return Reversal(change, against, len(asked))


def _hold_most(change: Change, units: set[str]) -> bool:
    """Say whether these units hold most of the cases, before as well as after."""
    for span in ("before", "after"):
        cases = {part.unit: getattr(part, span).cases for part in change.parts}
        if sum(cases[unit] for unit in units) < MOST_OF_THE_CASES * sum(cases.values()):
            return False
    return True


def _errors(change: Change, *, proportion: bool) -> tuple[float, float]:
    """Return the standard errors of the change of the whole and of its mix part, the shares taken as they are."""
    before_all = sum(part.before.cases for part in change.parts)
    after_all = sum(part.after.cases for part in change.parts)
    whole = _variance(change.before, before_all, proportion) + _variance(change.after, after_all, proportion)
    mix = 0.0
    for part in change.parts:
        moved = part.after.cases / after_all - part.before.cases / before_all
        known = [span for span in (part.before, part.after) if span.rate is not None]
        each = sum(_variance(Fraction(span.counted, span.cases), span.cases, proportion) for span in known)
        mix += (moved / len(known)) ** 2 * each if known else 0.0
    return sqrt(whole), sqrt(mix)


def _variance(rate: Fraction, cases: int, proportion: bool) -> float:
    return float(rate * (1 - rate) if proportion else rate) / cases
