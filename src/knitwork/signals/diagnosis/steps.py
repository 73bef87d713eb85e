"""The steps of each kind of chart: how its centre and its sigma come of the points, with every estimator by its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from knitwork.signals.charts.between import POWER
from knitwork.signals.diagnosis.dispersion import counts_of
from knitwork.signals.diagnosis.points import Points
from knitwork.signals.diagnosis.record import Step
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Flags, Floats
from knitwork.signals.ranges import D4_MEDIAN, SCREEN
from knitwork.signals.spec import Spec
from knitwork.signals.words import number


@dataclass(frozen=True, slots=True)
class Bench:
    """What a formula is worked from: the last phase and what it was asked, its baseline, and the last tested point."""

    record: Evaluation
    spec: Spec
    points: Points
    phase: Flags
    baseline: Flags
    at: int

    @property
    def values(self) -> Floats:
        """Return the values of the baseline, in the units shown."""
        return self.points.value[self.baseline]

    @property
    def size(self) -> float:
        """Return the denominator of the last tested point."""
        return float(counts_of(self.record, self.points)[1][self.at])


def _fixed(bench: Bench) -> Step | None:
    """Return the centre that was fixed by hand."""
    centre = bench.spec.centre
    return None if centre is None else Step(key="centre_fixed", reckoned="", result=centre)


def middle(bench: Bench) -> Step:
    """Return the centre as the mean or median of the baseline, or as it was fixed."""
    values, fixed = bench.values, _fixed(bench)
    if fixed is not None:
        return fixed
    few = bench.record.chart == "run" and bench.spec.chart != "run"
    if few or bench.spec.middle == "median":
        return Step(key="centre_median", reckoned=f"n = {len(values)}", result=float(np.median(values)))
    return Step(key="centre_mean", reckoned=_mean_of(values), result=float(values.mean()))


def _mean_of(values: Floats) -> str:
    return f"{number(float(values.sum()))} ÷ {len(values)}"


def _ranges(
    bench: Bench, line: Floats, *, weights: Callable[[int, int], float] | None = None, unit: str = "ranges"
) -> tuple[tuple[Step, ...], float]:
    """Return the steps to the average moving range of the baseline, and it."""
    keep = np.array(bench.record.included, dtype=bool)
    places: list[int] = np.flatnonzero(bench.phase & keep).tolist()
    pairs = [(before, after) for before, after in pairwise(places) if bench.baseline[before] and bench.baseline[after]]
    gaps = np.array([
        abs(line[after] - line[before]) / (weights(before, after) if weights else 1.0) for before, after in pairs
    ])  # fmt: skip
    sigma = bench.spec.sigma
    if not len(gaps):
        return (), math.nan
    if sigma == "median_mr":
        half = float(np.median(gaps))
        return (Step(key=f"{unit}_median", reckoned=f"n = {len(gaps)}", result=half),), half
    first = float(gaps.mean())
    steps = [Step(key=f"{unit}_mean", reckoned=_mean_of(gaps), result=first)]
    if sigma == "mr":
        return tuple(steps), first
    kept = gaps[gaps < SCREEN * first]
    if len(kept) == len(gaps) or not len(kept):
        steps.append(Step(key="screened_none", reckoned=f"{SCREEN} × {number(first)}", result=SCREEN * first))
        return tuple(steps), first
    left_out = len(gaps) - len(kept)
    screened = float(kept.mean())
    steps.append(Step(key="screened", reckoned=f"{left_out} ≥ {SCREEN} × {number(first)}", result=SCREEN * first))
    steps.append(Step(key=f"{unit}_again", reckoned=_mean_of(kept), result=screened))
    return tuple(steps), screened


def _sigma_of(bench: Bench, average: float, key: str = "sigma_from_ranges") -> tuple[Step, float]:
    spec = bench.spec
    divisor = D4_MEDIAN if spec.sigma == "median_mr" else spec.d2
    sigma = average / divisor
    return Step(key=key, reckoned=f"{number(average)} ÷ {divisor:.4g}", result=sigma), sigma


def _single_values(bench: Bench) -> tuple[Step, ...]:
    if bench.spec.spread is not None:
        return middle(bench), Step(key="sigma_fixed", reckoned="", result=bench.spec.spread)
    ranges, average = _ranges(bench, bench.points.value)
    return (middle(bench), *ranges, _sigma_of(bench, average)[0])


def _averages(bench: Bench) -> tuple[Step, ...]:
    spec = bench.spec
    steps = _single_values(bench)
    sigma = steps[-1].result or math.nan
    used = int((bench.points.useful & bench.phase & (np.arange(len(bench.phase)) <= bench.at)).sum())
    if spec.chart == "ewma":
        share = math.sqrt(spec.weight / (2 - spec.weight) * (1 - (1 - spec.weight) ** (2 * used)))
        how = f"{number(sigma)} × √({spec.weight:g} ÷ (2 − {spec.weight:g}) × (1 − (1 − {spec.weight:g})^{2 * used}))"
    else:
        count = min(used, spec.span)
        share, how = 1 / math.sqrt(count), f"{number(sigma)} ÷ √{count}"
    return (*steps, Step(key="sigma_of_average", reckoned=how, result=sigma * share))


def _moving_ranges(bench: Bench) -> tuple[Step, ...]:
    shown = np.array([np.nan if one is None else one for one in bench.record.values])
    values = shown[bench.baseline & ~np.isnan(shown)]
    median = bench.spec.middle == "median"
    centre = float(np.median(values) if median else values.mean())
    how = f"n = {len(values)}" if median else _mean_of(values)
    first = _fixed(bench) or Step(key="ranges_median" if median else "ranges_mean", reckoned=how, result=centre)
    centre, factor = first.result or 0.0, 1 + (SCREEN - 1) * bench.spec.width / 3
    return first, Step(key="upper_of_ranges", reckoned=f"{factor:.4g} × {number(centre)}", result=factor * centre)


def _ratio(bench: Bench) -> tuple[Step, float]:
    """Return the centre as the ratio of sums, and it without the factor of display."""
    fixed = _fixed(bench)
    if fixed is not None:
        return fixed, (fixed.result or 0.0) / bench.spec.factor
    counts, sizes = counts_of(bench.record, bench.points)
    above, below = float(counts[bench.baseline].sum()), float(sizes[bench.baseline].sum())
    times = f" × {bench.spec.factor:g}" * (bench.spec.factor != 1 and bench.record.chart != "np")
    rate = above / below
    result = rate * (1 if bench.record.chart == "np" else bench.spec.factor)
    return Step(key="centre_ratio", reckoned=f"{number(above)} ÷ {number(below)}{times}", result=result), rate


def _by_chance(bench: Bench, rate: float) -> tuple[Step, float]:
    """Return the binomial or Poisson sigma of the last point, and it in the units shown."""
    chart, factor, size = bench.spec.chart, bench.spec.factor, bench.size
    times = f" × {factor:g}" * (factor != 1)
    if chart in ("p", "p_prime"):
        sigma, how = math.sqrt(rate * (1 - rate) / size), f"√({rate:.4g} × {1 - rate:.4g} ÷ {number(size)})"
    elif chart == "np":
        sigma, how = math.sqrt(size * rate * (1 - rate)), f"√({number(size)} × {rate:.4g} × {1 - rate:.4g})"
    elif chart in ("u", "u_prime"):
        sigma, how = math.sqrt(rate / size), f"√({rate:.4g} ÷ {number(size)})"
    else:
        sigma, how = math.sqrt(rate), f"√{number(rate)}"
    key = "sigma_binomial" if chart in ("p", "p_prime", "np") else "sigma_poisson"
    return Step(key=key, reckoned=how + times, result=sigma * factor), sigma * factor


def _proportions(bench: Bench) -> tuple[Step, ...]:
    centre, rate = _ratio(bench)
    sigma, _ = _by_chance(bench, rate)
    if bench.record.chart != "np":
        return centre, sigma
    size, factor = bench.size, bench.spec.factor
    level = Step(key="centre_of_size", reckoned=f"{rate:.4g} × {number(size)}", result=rate * size * factor)
    return centre, level, sigma


def _counts(bench: Bench) -> tuple[Step, ...]:
    centre = middle(bench)
    rate = (centre.result or 0.0) / bench.spec.factor
    return centre, _by_chance(bench, rate)[0]


def _widened(bench: Bench) -> tuple[Step, ...]:
    """Return the steps of Laney's charts: z scores, their moving ranges, sigma z with its floor."""
    spec, factor = bench.spec, bench.spec.factor
    _, sizes = counts_of(bench.record, bench.points)
    if spec.chart == "c_prime":
        centre = middle(bench)
        rate = (centre.result or 0.0) / factor
    else:
        centre, rate = _ratio(bench)
    chance, sigma = _by_chance(bench, rate)
    spread = rate * (1 - rate) if spec.chart == "p_prime" else rate
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (bench.points.value / factor - rate) / np.sqrt(spread / sizes)
    if spec.spread is not None:
        sigma_z, steps = spec.spread, (Step(key="sigma_z_fixed", reckoned="", result=spec.spread),)
    else:
        ranges, average = _ranges(bench, z, unit="z_ranges")
        of_ranges, measured = _sigma_of(bench, average, "sigma_z")
        sigma_z = max(measured, spec.sigma_z_floor)
        steps = (*ranges, of_ranges)  # type: ignore[assignment]  # as many steps as there are
        if measured < spec.sigma_z_floor:
            steps = (
                *steps,
                Step(key="sigma_z_floor", reckoned=f"{measured:.3g} < {spec.sigma_z_floor:g}", result=sigma_z),
            )  # type: ignore[assignment]
    wide = Step(key="sigma_widened", reckoned=f"{sigma_z:.3g} × {number(sigma)}", result=sigma_z * sigma)
    return (centre, chance, *steps, wide)


def _normalised(bench: Bench) -> tuple[Step, ...]:
    spec = bench.spec
    centre, _ = _ratio(bench)
    sizes = counts_of(bench.record, bench.points)[1]
    size = bench.size
    if spec.spread is not None:
        one, ranges = spec.spread, ()
        of_ranges = Step(key="sigma_fixed", reckoned="", result=one)
    else:
        ranges, average = _ranges(  # type: ignore[assignment]  # as many steps as there are
            bench,
            bench.points.value,
            weights=lambda before, after: math.sqrt(1 / sizes[before] + 1 / sizes[after]),
            unit="weighted",
        )
        median = spec.sigma == "median_mr"
        one = average / 0.6744897501960817 if median else average * math.sqrt(math.pi / 2)
        how = f"{number(average)} ÷ 0.6745" if median else f"{number(average)} × √(π ÷ 2)"
        of_ranges = Step(key="sigma_of_one", reckoned=how, result=one)
    last = Step(key="sigma_of_size", reckoned=f"{number(one)} ÷ √{number(size)}", result=one / math.sqrt(size))
    return (centre, *ranges, of_ranges, last)


def _subgroups(bench: Bench) -> tuple[Step, ...]:
    """Return centre and sigma of a chart of subgroups at the last point; the record does not hold their single values."""
    record, at = bench.record, bench.at
    centre, upper = record.centres[at], record.uppers[at]
    sigma = None if centre is None or upper is None else (upper - centre) / record.spec.width
    return (
        Step(key=f"centre_{record.chart}", reckoned=f"n = {record.baseline_n}", result=centre),
        Step(key=f"sigma_{record.spec.sigma}", reckoned="", result=sigma),
    )


def _cases(bench: Bench) -> tuple[Step, ...]:
    factor, values = bench.spec.factor, bench.values / bench.spec.factor
    mean = float(values.mean())
    sigma = math.sqrt(mean * (mean + 1))
    steps = (middle(bench), Step(key="mean_of_cases", reckoned=_mean_of(values * factor), result=mean * factor))
    if bench.spec.limit_kind == "probability":
        return steps
    how = f"√({number(mean)} × ({number(mean)} + 1))" + f" × {factor:g}" * (factor != 1)
    return (*steps, Step(key="sigma_geometric", reckoned=how, result=sigma * factor))


def _times(bench: Bench) -> tuple[Step, ...]:
    spec = bench.spec
    moved = (bench.points.value / spec.factor) ** (1 / POWER)
    used = moved[bench.baseline]
    fixed = _fixed(bench)
    average = float(used.mean()) if fixed is None else ((fixed.result or 0.0) / spec.factor) ** (1 / POWER)
    steps: tuple[Step, ...] = (
        fixed
        or Step(key="centre_taken_back", reckoned=f"{average:.4g}^{POWER:g}", result=average**POWER * spec.factor),
        Step(key="mean_transformed", reckoned=_mean_of(used), result=average),
    )
    if spec.limit_kind == "probability":
        return (
            *steps[:1],
            Step(key="mean_of_times", reckoned=_mean_of(bench.values), result=float(bench.values.mean())),
        )
    if spec.spread is not None:
        return (*steps, Step(key="sigma_fixed", reckoned="", result=spec.spread))
    ranges, apart = _ranges(bench, moved)
    return (*steps, *ranges, _sigma_of(bench, apart)[0])


FORMULAS: dict[str, Callable[[Bench], tuple[Step, ...]]] = {
    "run": lambda bench: (middle(bench),),
    "xmr": _single_values,
    "mr": _moving_ranges,
    "i_prime": _normalised,
    "xbar": _subgroups,
    "s": _subgroups,
    "r": _subgroups,
    "p": _proportions,
    "p_prime": _widened,
    "np": _proportions,
    "c": _counts,
    "c_prime": _widened,
    "u": _proportions,
    "u_prime": _widened,
    "g": _cases,
    "t": _times,
    "ewma": _averages,
    "ma": _averages,
}
