"""Measure what a change did to one series: segmented regression, and the line that would have gone on without it."""

from __future__ import annotations

import math

import numpy as np

from knitwork.model.errors import BadDefinition
from knitwork.signals.interrupted.ar1 import ar1
from knitwork.signals.interrupted.design import Design, lay_out
from knitwork.signals.interrupted.effects import band, coefficients, moments
from knitwork.signals.interrupted.fit import Fit, lag1
from knitwork.signals.interrupted.linear import newey_west, ols
from knitwork.signals.interrupted.quasi import quasi_binomial, quasi_poisson
from knitwork.signals.interrupted.record import REASONS, Effect, Its, Moment
from knitwork.signals.interrupted.spec import LEAST, ItsSpec
from knitwork.signals.panel import Flags, Floats
from knitwork.signals.series import BadSeries, Numbers, Series
from knitwork.signals.words import number

# Residuals this small beside the values are rounding: chance left no trace to measure it by.
NO_SPREAD = 1e-10
# From here on a shift takes 14 periods to fade by half, as long as most series are on one side of a start.
UNSETTLED = 0.95


def interrupted(series: Series, *, start: str | int, spec: ItsSpec | None = None) -> Its:
    """Measure the change that began with the period `start`, as `spec` said in advance.

    Raises `TooEarly` where points are still to come, `BadSeries` where the series cannot be measured at all.

    >>> waits = [31, 29, 30, 32, 28, 30, 31, 29, 30, 31, 29, 30, 26, 24, 25, 26, 24, 25, 25, 26, 24, 25, 26, 24]
    >>> print(interrupted(Series(values=waits), start=12, spec=ItsSpec(slope_change=False, unit="min")))
    ar1 on 12 points before and 12 after: change of level -4.85 (...); autocorrelation of neighbours ...
      on average -4.85 min (...)
    """
    design = lay_out(series, start, spec or ItsSpec())
    resolved = (spec or ItsSpec()).resolved(int(design.used.sum()))
    fit = _fit(design, resolved)
    return _record(series, design, resolved, fit)


def _fit(design: Design, spec: ItsSpec) -> Fit:
    x, y = design.changed[design.used], design.value[design.used]
    if spec.counts:
        return _fit_counts(design, x, spec)
    _refuse_no_spread(x, y)
    if spec.method == "ar1":
        return ar1(x, y, design.place)
    if spec.method == "ols_newey_west":
        return newey_west(x, y, design.place, lags=spec.lags or 0)
    return ols(x, y)


def _refuse_no_spread(x: Floats, y: Floats) -> None:
    """Refuse values that lie on the lines exactly: there is no chance to hold the change against."""
    residual = ols(x, y).residual
    if residual @ residual <= (NO_SPREAD * np.abs(y).max()) ** 2 * len(y):
        raise BadSeries(
            "the values lie on straight lines exactly, so nothing tells how far chance reaches: "
            "check that they were measured, or show the chart instead"
        )


def _fit_counts(design: Design, x: Floats, spec: ItsSpec) -> Fit:
    if design.numerator is None or (spec.method == "quasi_binomial" and design.denominator is None):
        needs = "numerators and denominators" if spec.method == "quasi_binomial" else "counts, as numerators"
        raise BadDefinition(f"{spec.method} needs {needs} and this series has none: give them, or state ar1")
    count = design.numerator[design.used]
    size = np.ones_like(count) if design.denominator is None else design.denominator[design.used]
    _refuse_counts(design, count, size, spec)
    model = quasi_binomial if spec.method == "quasi_binomial" else quasi_poisson
    return model(x, count, size, floor=spec.dispersion_floor)


def _refuse_counts(design: Design, count: Floats, size: Floats, spec: ItsSpec) -> None:
    rows = np.flatnonzero(design.used)
    if (count < 0).any():
        raise BadSeries(f"row {rows[int(np.argmax(count < 0))] + 1} has a count below zero: check the numerators")
    if spec.method == "quasi_binomial" and (count > size).any():
        row = rows[int(np.argmax(count > size))] + 1
        raise BadSeries(f"row {row} has a numerator above its denominator: check both, or state quasi_poisson")
    for side, name in ((rows < design.first, "before"), (rows >= design.first, "after")):
        if not count[side].any():
            raise BadSeries(
                f"there is no event {name} the start, so {spec.method} has no rate there: state ar1, "
                "or chart the days between events"
            )


def _record(series: Series, design: Design, spec: ItsSpec, fit: Fit) -> Its:
    place = np.arange(len(series))
    later, counted = place >= design.first, (place < design.start) | (place >= design.first)
    line, without = design.changed @ fit.coef, design.unchanged @ fit.coef
    low, high = band(design.unchanged, without, fit, spec)
    each = moments(np.eye(len(series))[later], design, fit, spec)
    (average,) = moments((design.after / design.after.sum())[None, :], design, fit, spec)
    effects = dict(zip(design.terms, coefficients(fit, spec), strict=True))
    correlation = lag1(fit.residual, design.place)
    return Its(
        spec=spec,
        labels=design.labels,
        start=design.start,
        first=design.first,
        values=_numbers(design.value * spec.factor, np.isfinite(design.value)),
        used=tuple(design.used.tolist()),
        fitted=_numbers(fit.link.mean(line) * spec.factor, counted),
        expected=_numbers(fit.link.mean(without) * spec.factor, place >= design.start),
        expected_low=_numbers(low, place >= design.start),
        expected_high=_numbers(high, place >= design.start),
        scale=fit.link.scale,
        level=effects["change of level"],
        slope=effects.get("change of slope"),
        trend=effects.get("slope before"),
        moments=each,
        average=average,
        n_before=int((design.used & (place < design.start)).sum()),
        n_after=int(design.after.sum()),
        lag1=correlation,
        rho=fit.rho,
        dispersion=fit.dispersion,
        reasons=_reasons(series, design, spec, fit=fit, correlation=correlation, average=average),
        formula=_formula(design, spec, effects, correlation),
    )


def _numbers(column: Floats, known: Flags) -> Numbers:
    return tuple(value if there else None for value, there in zip(column.tolist(), known.tolist(), strict=True))


def _reasons(
    series: Series, design: Design, spec: ItsSpec, *, fit: Fit, correlation: float, average: Moment
) -> tuple[str, ...]:
    """Return the codes of what a reader should know; `REASONS` in `record` says what they mean."""
    n = int(design.used.sum())
    place = np.arange(len(series))
    counted = (place < design.start) | (place >= design.first)
    flags = {
        # 2 / sqrt(n): the upper bound of a correlation where there is none (Bartlett 1946, J R Stat Soc Suppl 8: 27-41).
        "autocorrelated": spec.method in ("ols", "quasi_poisson", "quasi_binomial") and correlation > 2 / math.sqrt(n),
        "unsettled": fit.rho is not None and fit.rho > UNSETTLED,
        "short": n < 2 * LEAST,
        "missing_points": bool((~np.isfinite(design.value) & counted)[: len(series) - series.incomplete_last].any()),
        "washed_out": design.first > design.start,
        "incomplete_last": series.incomplete_last,
        "relative_unknown": average.relative is None,
    }
    return tuple(code for code in REASONS if flags[code])


def _formula(design: Design, spec: ItsSpec, effects: dict[str, Effect], correlation: float) -> str:
    told = [
        f"{term} {number(effects[term].value)} ({number(effects[term].low)} to {number(effects[term].high)})"
        for term in ("change of level", "change of slope")
        if term in effects
    ]
    before, after = int(design.used[: design.start].sum()), int(design.after.sum())
    lags = f" with {spec.lags} lags" if spec.method == "ols_newey_west" else ""
    return (
        f"{spec.method}{lags} on {before} points before and {after} after: {', '.join(told)}; "
        f"autocorrelation of neighbours {number(correlation)}"
    )
