"""How far out a single point lies, as the chance of one so far on that side: exact where the chart knows its distribution.

A centre that comes from a baseline misses the truth, so a point is not held against it as if it were known. The sum of
the point and its baseline tells nothing of whether they differ; how they share it does, exactly. Where centre or spread
are fixed by hand, as published limits are, they are taken as known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.charts.between import POWER
from knitwork.signals.diagnosis.points import own_spec
from knitwork.signals.evaluation import RECENT, Evaluation, Signal
from knitwork.signals.panel import Floats
from knitwork.signals.series import Numbers
from knitwork.signals.spec import Chart, Spec

# The variance of sigma from the mean moving range of n values is about 0.826 sigma squared / (n - 1) (Cryer & Ryan 1990,
# J. Qual. Technol. 22:187-192), that of one with f degrees of freedom 1 / 2f: so many for each value but the first. The
# median range varies about twice as much.
FREEDOM = {"mr": 0.605, "mr_screened_once": 0.605, "median_mr": 0.3}

NORMAL: frozenset[Chart] = frozenset({"xmr", "i_prime", "p_prime", "u_prime", "c_prime", "xbar", "t"})
COUNTED: dict[Chart, str] = {"p": "proportion", "np": "proportion", "u": "rate", "c": "count", "g": "cases"}
# The law of each where it is fixed by hand.
KNOWN = {"proportion": "binomial", "rate": "poisson", "count": "poisson", "cases": "geometric"}


@dataclass(frozen=True, slots=True)
class Far:
    """A signal's farthest point or its whole stretch: the tail it is held against, what that has to know, and how many
    such points or stretches on either side were looked at.
    """

    signal: Signal
    tail: str
    numbers: tuple[float, ...]
    times: float


def farthest_point(one: Evaluation, signals: Sequence[Signal]) -> Far | None:
    """Return the farthest of the recent points beyond limits; None where no tail is known."""
    last = [place for place, tested in enumerate(one.tested) if tested][-RECENT:]
    out = [(place, signal) for signal in signals for place in signal.points if place in last]
    if not out:
        return None
    place, signal = max(out, key=lambda each: abs(_sigmas(one, each[0])))
    return _far(one, signal, [place], times=2 * RECENT)


def level_of(one: Evaluation, signal: Signal) -> Far | None:
    """Return the level of a recent run, as one of all stretches that end in a recent point; None where it is not known.

    For cases between events there is no such tail.
    """
    places = [at for at in range(signal.start, signal.end + 1) if one.tested[at] and one.included[at]]
    if one.spec.chart == "g" or not one.has_limits:
        return None
    return _far(one, signal, places, times=2 * RECENT * one.n_useful)


def _far(one: Evaluation, signal: Signal, places: Sequence[int], *, times: float) -> Far | None:
    chart = one.spec.chart
    tail = COUNTED.get(chart, "normal" if chart in NORMAL else "")
    if not tail:
        return None
    own = own_spec(one, places[-1])
    # The limits of cases lie about their mean, which a fixed spread names; of all other counts the centre gives them.
    fixed = own.spread if chart == "g" else own.centre
    if tail == "normal":
        numbers = _of_normal(one, places, own)
    elif fixed is not None:
        tail, numbers = KNOWN[tail], _of_known(one, places, tail, fixed / own.factor)
    else:
        numbers = _of_counts(one, places, tail)
    side = 1.0 if signal.side == "high" else -1.0
    return None if numbers is None else Far(signal, tail, (*numbers, side), times)


def _scale(one: Evaluation, number: float) -> float:
    return max(number / one.spec.factor, 0.0) ** (1 / POWER) if one.spec.chart == "t" else number


def _sigmas(one: Evaluation, place: int) -> float:
    """Return how many sigmas from the centre a point lies; 0 where that is not known.

    A limit that a floor has moved lies nearer than the other, so the farther one tells sigma.
    """
    value, centre, lower, upper = one.values[place], one.centres[place], one.lowers[place], one.uppers[place]
    if value is None or centre is None or lower is None or upper is None:
        return 0.0
    middle = _scale(one, centre)
    reach = max(_scale(one, upper) - middle, middle - _scale(one, lower))
    return one.spec.width * (_scale(one, value) - middle) / reach if reach > 0 else 0.0


def _of_normal(one: Evaluation, places: Sequence[int], own: Spec) -> tuple[float, ...] | None:
    """Return the sum of sigmas over its own, allowing for the centre's error, and the degrees of freedom of sigma."""
    n, many = one.baseline_n, len(places)
    if n < 3 and (own.centre is None or own.spread is None):
        return None
    behind = one.baseline_kind == "locked" and one.baseline_end is not None and places[-1] > one.baseline_end
    error = many / n if behind and own.centre is None else 0.0
    freedom = FREEDOM.get(one.spec.sigma, 1.0) * (n - 1) if own.spread is None else np.inf
    return float(sum(_sigmas(one, place) for place in places) / np.sqrt(many * (1 + error))), freedom


def _of_known(one: Evaluation, places: Sequence[int], tail: str, fixed: float) -> tuple[float, ...] | None:
    """Return the count of the points, and what their law has to know; None where they are no whole numbers."""
    columns = _counts(one, tail)
    counts, sizes = ([column[at] for at in places] for column in columns)
    if any(_whole(count) is None for count in counts) or any(size is None for size in sizes):
        return None
    count, size = (sum(number or 0.0 for number in some) for some in (counts, sizes))
    if tail == "proportion":
        return None if _whole(size) is None else (count, size, fixed)
    if tail == "cases":  # sigma² = m (m + 1)
        return count, (np.sqrt(1 + 4 * fixed**2) - 1) / 2
    return count, size * fixed


def _counts(one: Evaluation, tail: str) -> tuple[Numbers, Numbers]:
    """Return count and size of each point; what has no size has one of 1."""
    by_size = tail in ("proportion", "rate")
    plain = tuple(None if value is None else value / one.spec.factor for value in one.values)
    counts = (one.numerators or plain) if by_size else plain
    return counts, one.denominators if by_size and one.denominators else (1.0,) * len(one)


def _of_counts(one: Evaluation, places: Sequence[int], tail: str) -> tuple[float, ...] | None:
    """Return count and size of the points, and of the rest of their baseline; None where they are no whole numbers."""
    counts, sizes = _counts(one, tail)
    first = one.phases[-1].start if one.phases else 0
    after = len(one) if one.baseline_end is None else one.baseline_end + 1
    others = [at for at in range(first, after) if one.tested[at] and one.included[at] and at not in places]
    here, rest = ([(_whole(counts[at]), sizes[at]) for at in some] for some in (places, others))
    if not rest or any(count is None or size is None for count, size in (*here, *rest)):
        return None
    numbers = [sum(pair[part] or 0.0 for pair in some) for some in (here, rest) for part in (0, 1)]
    if tail == "proportion" and (_whole(numbers[1]) is None or _whole(numbers[3]) is None):
        return None
    return tuple(numbers)


def _whole(number: float | None) -> float | None:
    """Return a whole number without what a factor left of it; None where it is none."""
    if number is None or abs(number - round(number)) > 1e-6:
        return None
    return float(round(number))


def _columns(numbers: Sequence[tuple[float, ...]]) -> NDArray[np.float64]:
    return np.array(numbers, dtype=np.float64).T


def normal(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the tail of Student's t; of a known sigma that of the normal law."""
    from scipy.stats import t

    sigmas, freedom, _ = _columns(numbers)
    tail: Floats = t.sf(np.abs(sigmas), freedom)
    return tail


def proportion(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the hypergeometric tail: so many events in this period, given all events of it and its baseline."""
    from scipy.stats import hypergeom

    count, size, others, rest, side = _columns(numbers)
    law = hypergeom(size + rest, count + others, size)
    tail: Floats = np.where(side > 0, law.sf(count - 1), law.cdf(count))
    return tail


def rate(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the binomial tail: so many of all events in this period's share of the exposure."""
    from scipy.stats import binom

    count, size, others, rest, side = _columns(numbers)
    law = binom(count + others, size / (size + rest))
    tail: Floats = np.where(side > 0, law.sf(count - 1), law.cdf(count))
    return tail


def cases(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the negative hypergeometric tail: all orders in which the cases fall between the events are as likely."""
    from scipy.special import gammaln

    count, _, others, rest, side = _columns(numbers)
    total = count + others

    def at_least(x: Floats) -> Floats:
        left = total - x
        shares: Floats = np.exp(
            gammaln(left + rest + 1) - gammaln(left + 1) - gammaln(total + rest + 1) + gammaln(total + 1)
        )
        return shares

    below = np.where(count >= total, 1.0, 1 - at_least(np.minimum(count + 1, total)))
    return np.where(side > 0, at_least(count), below)


def binomial(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the tail of so many events out of a number with a known share."""
    from scipy.stats import binom

    count, size, share, side = _columns(numbers)
    tail: Floats = np.where(side > 0, binom.sf(count - 1, size, share), binom.cdf(count, size, share))
    return tail


def poisson(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the tail of so many events where a known number is expected."""
    from scipy.stats import poisson as law

    count, mean, side = _columns(numbers)
    tail: Floats = np.where(side > 0, law.sf(count - 1, mean), law.cdf(count, mean))
    return tail


def geometric(numbers: Sequence[tuple[float, ...]]) -> Floats:
    """Return the tail of so many cases before an event where a known number pass on average."""
    count, mean, side = _columns(numbers)
    passes = mean / (mean + 1)
    tail: Floats = np.where(side > 0, passes**count, 1 - passes ** (count + 1))
    return tail


TAILS: dict[str, Callable[[Sequence[tuple[float, ...]]], Floats]] = {
    "normal": normal,
    "proportion": proportion,
    "rate": rate,
    "count": rate,
    "cases": cases,
    "binomial": binomial,
    "poisson": poisson,
    "geometric": geometric,
}
