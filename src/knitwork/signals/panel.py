"""Many series side by side as matrices: one row a series, one column a period, NaN where there is nothing.

Sums run from left to right, so that a row gives the same last bit whether it stands alone or among ten thousand,
and whether or not longer neighbours pad it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.series import SUBGROUPS, BadSeries, Numbers, Series

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

# Two numbers closer than this, relative to the larger, are one number: a mean of equal values may miss them by a bit.
SAME = 1e-12


Reads = Literal["values", "counts", "between", "ratio", "proportion", "subgroups"]

NEED_BOTH = "this chart needs numerators and denominators: give both, or choose an xmr or a run chart"


@dataclass(frozen=True, slots=True)
class Panel:
    """Series of one kind, stacked. `present` is false in the padding behind a shorter series."""

    value: Floats
    numerator: Floats | None
    denominator: Floats | None
    present: Flags
    hollow: Flags
    size: Floats | None = None
    sd: Floats | None = None
    spread: Floats | None = None  # the range of each subgroup

    @property
    def zero_denominator(self) -> Flags:
        """Say which points have a denominator of zero, and so no value."""
        if self.denominator is None:
            return np.zeros(self.value.shape, dtype=bool)
        zero: Flags = self.denominator == 0
        return zero

    def ratio_parts(self) -> tuple[Floats, Floats]:
        """Return numerators and denominators of a panel that has them."""
        if self.numerator is None or self.denominator is None:
            raise BadSeries(NEED_BOTH)
        return self.numerator, self.denominator

    def sizes(self) -> Floats:
        """Return the sizes of the subgroups of a panel that has them."""
        if self.size is None:
            raise BadSeries(
                "this chart needs the sizes of its subgroups: give sizes beside the means, or make the series "
                "with Series.of_samples"
            )
        return self.size


def stack(series: Sequence[Series], reads: Reads) -> Panel:
    """Stack `series` for a chart that reads counts, ratios, proportions, subgroups, gaps between events or values."""
    lengths = np.array([len(one) for one in series], dtype=np.int64)
    width = int(lengths.max(initial=1))
    present = np.arange(width) < lengths[:, None]
    hollow = (np.arange(width) == lengths[:, None] - 1) & np.array([one.incomplete_last for one in series])[:, None]
    value, numerator, denominator = _columns(series, width=width)
    if numerator is not None and denominator is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(denominator == 0, np.nan, numerator / denominator)
    ratio = reads in ("ratio", "proportion")
    if ratio and denominator is None:
        raise BadSeries(NEED_BOTH)
    if ratio or reads == "counts":
        _refuse(series, value < 0, "is below 0: a count cannot be; check the row, or choose an xmr chart")
    if reads == "between":
        _refuse(
            series, value < 0, "is below 0: events cannot lie a negative way apart; sort the events and check the row"
        )
    if ratio and denominator is not None:
        _refuse(series, denominator < 0, "has a denominator below 0: check the row")
    if reads == "proportion" and numerator is not None and denominator is not None:
        _refuse(
            series,
            (numerator > denominator) & (denominator > 0),
            "has a numerator above its denominator: check the row, or choose a u chart if this is a rate",
        )
    panel = Panel(value, numerator, denominator, present, hollow)
    return _with_subgroups(panel, series, width) if reads == "subgroups" else panel


def _with_subgroups(panel: Panel, series: Sequence[Series], width: int) -> Panel:
    """Add the sizes, standard deviations and ranges of subgroups, as far as all of the series have them."""
    size, sd, spread = (
        _matrix([getattr(one, name) for one in series], width=width)
        if all(getattr(one, name) is not None for one in series)
        else None
        for name in SUBGROUPS
    )
    for column, name in ((size, "size"), (sd, "standard deviation"), (spread, "range")):
        if column is not None:
            _refuse(series, column < 0, f"has a {name} below 0: check the row")
    return replace(panel, size=size, sd=sd, spread=spread)


def _columns(series: Sequence[Series], *, width: int) -> tuple[Floats, Floats | None, Floats | None]:
    if all(one.values is not None for one in series):
        return _matrix([one.values for one in series], width=width), None, None
    if any(one.values is not None for one in series):
        raise BadSeries("some series have values and others numerators: evaluate them in separate calls")
    numerator = _matrix([one.numerators for one in series], width=width)
    if all(one.denominators is None for one in series):
        return numerator, None, None
    if any(one.denominators is None for one in series):
        raise BadSeries("some series have denominators and others have none: evaluate them in separate calls")
    denominator = _matrix([one.denominators for one in series], width=width)
    return numerator, numerator, denominator


def _matrix(columns: Sequence[Numbers | None], *, width: int) -> Floats:
    padded = [(column or ()) + (None,) * (width - len(column or ())) for column in columns]
    return np.array(padded, dtype=np.float64).reshape(len(columns), width)


def _refuse(series: Sequence[Series], bad: Flags, complaint: str) -> None:
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise BadSeries(f"row {column + 1} ({series[row].labels[column]}) {complaint}")


def total(matrix: NDArray[Any], where: Flags) -> Floats:
    """Add up each row from left to right over the points in `where`."""
    sums: Floats = np.cumsum(np.where(where, matrix, 0.0), axis=1)[:, -1]
    return sums


def mean(matrix: Floats, where: Flags) -> Floats:
    """Return the mean of each row over the points in `where`; NaN where there are none."""
    count = where.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.where(count > 0, total(matrix, where) / count, np.nan)
    return means


def median(matrix: Floats, where: Flags) -> Floats:
    """Return the median of each row over the points in `where`; NaN where there are none."""
    count = where.sum(axis=1)
    ordered = np.sort(np.where(where, matrix, np.inf), axis=1)
    rows = np.arange(len(matrix))
    low = ordered[rows, np.maximum(count - 1, 0) // 2]
    high = ordered[rows, np.minimum(count // 2, matrix.shape[1] - 1)]
    middles: Floats = np.where(count > 0, np.where(count > 0, low + high, 0.0) / 2, np.nan)
    return middles


def sides(value: Floats, line: Floats) -> NDArray[np.int8]:
    """Say on which side of `line` each value lies: 1 above, -1 below, 0 on it or missing."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(value - line) > SAME * np.maximum(np.abs(value), np.abs(line))
        side: NDArray[np.int8] = np.where(apart, np.where(value > line, 1, -1), 0).astype(np.int8)
    return side
