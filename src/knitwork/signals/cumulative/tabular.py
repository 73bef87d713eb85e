"""The tabular CUSUM: small lasting shifts of a mean, found by adding up what each value is off.

Sources: Page 1954, Biometrika 41: 100-115; Montgomery, Introduction to Statistical Quality Control, chapter 9:
C⁺ = max(0, C⁺ before + z − k) and C⁻ = max(0, C⁻ before − z − k), z in sigmas from the centre; a signal beyond h.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from knitwork.signals.cumulative.checks import Floats, floats, labels_of, one_series, place
from knitwork.signals.cumulative.record import CusumRecord, judge_sums
from knitwork.signals.cumulative.run_length import normal_run_length, two_sided
from knitwork.signals.cumulative.spec import TabularSpec
from knitwork.signals.cumulative.walk import walk
from knitwork.signals.series import BadSeries

# Sigmas from the centre; sums of larger distances would lose the small ones that they are kept for.
FARTHEST = 1e12


def tabular(
    values: object,
    *,
    centre: float | Floats,
    sigma: float | Floats,
    k: float = 0.5,
    h: float = 5.0,
    head_start: float = 0.0,
) -> tuple[Floats, Floats]:
    """Return both sums of `values` in sigmas, the upper at or above zero and the lower at or below it.

    `values` is one series, or a table of one series a row; `centre` and `sigma` are numbers, or one a row. Missing
    values (NaN) carry the sums over. The sums go on after they pass `h`; a head start must lie below it.
    """
    TabularSpec(centre=0.0, sigma=1.0, k=k, h=h, head_start=head_start)  # refuses a limit or a slack that cannot be
    known = floats(values, name="values")
    middle, unit = _a_row(centre, known, name="centre"), _a_row(sigma, known, name="sigma")
    if not (np.isfinite(middle).all() and np.isfinite(unit).all() and (unit > 0).all()):
        raise BadSeries("a centre or a sigma is missing, infinite or not above 0: give one of each for every row")
    with np.errstate(over="ignore"):
        distance = (known - middle) / unit
    for at in np.argwhere(np.abs(distance) > FARTHEST)[:1]:
        raise BadSeries(f"{place(tuple(at))} of the values lies too far from the centre to be added up: correct it")
    up = walk(distance - k, limit=h, reset=False, head_start=head_start)
    down = walk(-distance - k, limit=h, reset=False, head_start=head_start)
    return up, 0.0 - down


def _a_row(given: float | Floats, known: Floats, *, name: str) -> Floats:
    """Return one number a row, shaped to stand beside a table."""
    numbers = np.asarray(given, dtype=float)
    if numbers.ndim == 0 or (known.ndim == 1 and numbers.shape == (1,)):
        return numbers
    if known.ndim != 2 or numbers.shape != (len(known),):
        raise BadSeries(f"there are {numbers.size} numbers of {name}: give one, or one for each row of the table")
    return numbers[:, None]


def tabular_cusum(values: object, spec: TabularSpec, *, labels: Iterable[object] = ()) -> CusumRecord:
    """Return the record of one series of values, in order of time.

    >>> from knitwork.signals.cumulative.spec import TabularSpec
    >>> record = tabular_cusum([10.2, 11.8, 12.4, 12.9, 13.1], TabularSpec(centre=10, sigma=1, direction="down"))
    >>> [(one.at, one.start, one.verdict) for one in record.signals]
    [(3, 1, 'worse')]
    """
    known = one_series(floats(values, name="values"), name="values")
    up, down = tabular(known, centre=spec.centre, sigma=spec.sigma, k=spec.k, h=spec.h, head_start=spec.head_start)
    return judge_sums(
        spec,
        labels=labels_of(labels, len(known)),
        values=known,
        expected=None,
        up=up,
        down=down,
        upper=float(spec.h),
        lower=-float(spec.h),
        reset=False,
        formula=_formula(spec),
    )


def _formula(spec: TabularSpec) -> str:
    unit = f" {spec.unit}" if spec.unit[:1].isalpha() else spec.unit
    start = f"; both sums start at {spec.head_start:g}" if spec.head_start else ""
    return (
        f"z = (value − {spec.centre:.6g}{unit}) ÷ {spec.sigma:.6g}; "
        f"upper sum = max(0, sum before + z − {spec.k:g}), lower sum = max(0, sum before − z − {spec.k:g}), "
        f"drawn downwards; a signal beyond {spec.h:g} sigmas{start}"
    )


def tabular_run_length(spec: TabularSpec, *, shift: float = 0.0) -> float:
    """Return after how many values a signal comes on average, the mean lying `shift` sigmas above the centre.

    With no shift these are false signals. Values are taken to be normal and independent, and centre and sigma known.
    """

    def length(towards: float, start: float) -> float:
        return normal_run_length(k=spec.k, h=spec.h, shift=towards, head_start=start)

    return two_sided(
        length(shift, 0.0),
        length(-shift, 0.0),
        up_from_start=length(shift, spec.head_start),
        down_from_start=length(-shift, spec.head_start),
    )
