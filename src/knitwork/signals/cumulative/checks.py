"""What may be put into a cumulative chart; everything else is refused with its row."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.series import BadSeries

Floats = NDArray[np.float64]

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMERIC = "fiub"  # numpy's kinds of numbers: floats, whole numbers, and yes or no


def floats(given: object, *, name: str) -> Floats:
    """Return numbers as an array of the same shape, NaN where there is none; refuse text and infinity."""
    if isinstance(given, (str, bytes)):
        raise BadSeries(f"the {name} are a piece of text: give a list of numbers")
    given = given if isinstance(given, (np.ndarray, list, tuple)) else list(given)  # type: ignore[call-overload]
    try:
        plain = np.asarray(given)
    except ValueError:
        raise BadSeries(f"the rows of the {name} are not equally long: fill them up with None") from None
    if plain.size == 0:
        raise BadSeries(f"there are no {name}: give at least one")
    if plain.dtype.kind in NUMERIC:
        numbers: Floats = plain.astype(float)
    else:
        cells = np.asarray(given, dtype=object)
        numbers = np.array([_number(value, at, name) for at, value in np.ndenumerate(cells)]).reshape(cells.shape)
    for at in np.argwhere(np.isinf(numbers))[:1]:
        raise BadSeries(f"{place(tuple(at))} of the {name} is infinite: give a number, or None where there is none")
    if np.isnan(numbers).all():
        raise BadSeries(f"there are no {name}: every row is missing")
    return numbers


def _number(value: object, at: tuple[int, ...], name: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, (str, bytes)):
        raise BadSeries(f"{place(at)} of the {name} is {value!r}: give a number, or None where there is none")
    try:
        return float(value)  # type: ignore[arg-type]  # Decimal and numpy numbers know how
    except (TypeError, ValueError):
        raise BadSeries(f"{place(at)} of the {name} is {value!r}: give a number, or None for none") from None


def place(at: Sequence[int]) -> str:
    """Name a place in a list or a table, rows and columns counted from 1."""
    return f"row {at[0] + 1}" if len(at) == 1 else f"row {at[0] + 1}, column {at[1] + 1}"


def outcomes(given: object) -> Floats:
    """Return outcomes as an array of 1 (it happened), 0 (it did not) and NaN (not known)."""
    known = floats(given, name="outcomes")
    for at in np.argwhere((known != 0) & (known != 1) & ~np.isnan(known))[:1]:
        raise BadSeries(
            f"{place(tuple(at))} of the outcomes is {known[tuple(at)]:g}: "
            "give 1 where it happened, 0 where it did not, or None where nobody knows"
        )
    return known


def expected(given: object, happened: Floats) -> Floats:
    """Return the expected probabilities of the outcomes; each known outcome needs one between 0 and 1."""
    chances = floats(given, name="expected probabilities")
    if chances.shape != happened.shape:
        raise BadSeries(
            f"there are {happened.shape[-1]} outcomes and {chances.shape[-1]} expected probabilities: "
            "give one for each outcome"
        )
    for at in np.argwhere((chances <= 0) | (chances >= 1))[:1]:
        raise BadSeries(
            f"{place(tuple(at))} has an expected probability of {chances[tuple(at)]:g}: it must lie between 0 and 1 "
            "and be neither, for no case is certain; correct it, or leave the case out"
        )
    for at in np.argwhere(np.isnan(chances) & ~np.isnan(happened))[:1]:
        raise BadSeries(
            f"{place(tuple(at))} has an outcome and no expected probability: give it, or leave the case out"
        )
    return chances


def one_series(numbers: Floats, *, name: str) -> Floats:
    """Refuse a table where one series is meant."""
    if numbers.ndim != 1:
        raise BadSeries(f"the {name} are a table: give one list, or call once for each row")
    return numbers


def labels_of(given: Iterable[object], length: int) -> tuple[str, ...]:
    """Return one label for each case, numbered from 1 where there are none; dates may repeat and not go back."""
    labels = tuple(map(str, given)) or tuple(map(str, range(1, length + 1)))
    if len(labels) != length:
        raise BadSeries(f"there are {length} cases and {len(labels)} labels: give one for each case, or none at all")
    if ISO_DATE.match(labels[0]):
        for row, (earlier, later) in enumerate(pairwise(labels), start=2):
            if later < earlier:
                raise BadSeries(f"row {row} ({later}) comes after {earlier}: sort the rows by date")
    return labels


def plain(numbers: Floats) -> tuple[float | None, ...]:
    """Return numbers as plain values, `None` where there is none."""
    return tuple(None if math.isnan(value) else value for value in numbers.tolist())
