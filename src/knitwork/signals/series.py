"""A measure over time, as numbers: what `evaluate` reads."""

from __future__ import annotations

import datetime as dt
import math
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from statistics import fmean, stdev

from knitwork.model.errors import CannotDo

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_PERIOD = re.compile(r"\d{4}-\d{2}(-\d{2})?$")
ISO_WEEK = re.compile(r"\d{4}-W\d{2}$")

Numbers = tuple[float | None, ...]

SUBGROUPS = ("sizes", "sds", "ranges")
COLUMNS = ("values", "numerators", "denominators", *SUBGROUPS)


class BadSeries(CannotDo):
    """A series that cannot be charted as it stands; the sentence names the row and what to do."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values in order of time, one for each period; `None` (or NaN) where a period has none.

    Give `values`, or `numerators` and `denominators` (a proportion or a rate), or `numerators` alone (a count).
    For charts of subgroups give with the `values` (the means) the `sizes` of the subgroups and their standard deviations
    `sds`, or their `ranges`; `Series.of_samples` works these out.
    `labels` are ISO dates of the periods' starts, or any names; without them the periods are numbered from 1.
    `incomplete_last` says that the last period is not over: it is shown hollow and never tested.

    >>> Series(values=[4, None, 6]).values
    (4.0, None, 6.0)
    """

    labels: tuple[str, ...] = ()
    values: Numbers | None = None
    numerators: Numbers | None = None
    denominators: Numbers | None = None
    incomplete_last: bool = False
    sizes: Numbers | None = None
    sds: Numbers | None = None
    ranges: Numbers | None = None

    def __post_init__(self) -> None:
        columns = {}
        for name in COLUMNS:
            given = getattr(self, name)
            if given is not None:
                columns[name] = _numbers(given, name=name)
                object.__setattr__(self, name, columns[name])
        if not columns:
            raise BadSeries("this series has no values: give values, or numerators and denominators")
        if "values" in columns and ("numerators" in columns or "denominators" in columns):
            raise BadSeries("this series has values and numerators or denominators: give one or the other")
        if "values" not in columns and any(name in columns for name in SUBGROUPS):
            raise BadSeries(
                "this series has sizes, sds or ranges and no values: give the means of the subgroups as values"
            )
        if "denominators" in columns and "numerators" not in columns:
            raise BadSeries("this series has denominators only: add the numerators")
        length = len(next(iter(columns.values())))
        labels = tuple(map(str, self.labels)) or tuple(map(str, range(1, length + 1)))
        object.__setattr__(self, "labels", labels)
        for name, column in columns.items():
            if len(column) != len(labels):
                raise BadSeries(
                    f"this series has {len(labels)} periods and {len(column)} {name}: "
                    "give one for each period, and None where there is none"
                )
        _in_order(labels)

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of_samples(
        cls, samples: Iterable[Iterable[object]], *, labels: tuple[str, ...] = (), incomplete_last: bool = False
    ) -> Series:
        """Return the series of subgroups whose single values are `samples`, one list for each period.

        >>> Series.of_samples([[1, 3], [2, 4, 6]]).sds
        (1.414..., 2.0)
        """
        groups = [
            [value for value in _numbers(sample, name=f"sample {row}") if value is not None]
            for row, sample in enumerate(samples, start=1)
        ]
        return cls(
            labels=labels,
            values=tuple(fmean(group) if group else None for group in groups),
            sizes=tuple(float(len(group)) for group in groups),
            sds=tuple(stdev(group) if len(group) > 1 else None for group in groups),
            ranges=tuple(max(group) - min(group) if len(group) > 1 else None for group in groups),
            incomplete_last=incomplete_last,
        )

    def cut(self, first: int, after: int) -> Series:
        """Return the periods from position `first` up to but without `after`."""
        columns = {name: column[first:after] for name in COLUMNS if (column := getattr(self, name)) is not None}
        open_last = self.incomplete_last and after >= len(self)
        part = object.__new__(Series)  # checked already: a part of a good series is a good series
        for name in (field.name for field in fields(Series)):
            object.__setattr__(part, name, columns.get(name))
        object.__setattr__(part, "labels", self.labels[first:after])
        object.__setattr__(part, "incomplete_last", open_last)
        return part

    def position_of(self, label: str) -> int | None:
        """Return the position of a label; of a date between two periods that of the first period after it.

        None where there is no such period, or, for a date, none from then on.
        """
        if label in self.labels:
            return self.labels.index(label)
        if self.labels and ISO_PERIOD.match(label) and ISO_PERIOD.match(self.labels[0]):
            at = bisect_left(self.labels, label)
            return at if at < len(self.labels) else None
        return None


def _numbers(column: Iterable[object], *, name: str) -> Numbers:
    if isinstance(column, str):
        raise BadSeries(f"the {name} are a piece of text: give a list of numbers")
    return tuple(_number(value, row=row, name=name) for row, value in enumerate(column, start=1))


def _number(value: object, *, row: int, name: str) -> float | None:
    if type(value) is not float:
        if value is None:
            return None
        if isinstance(value, (str, bytes)):
            raise BadSeries(f"row {row} of the {name} is {value!r}: give a number, or None where there is none")
        try:
            value = float(value)  # type: ignore[arg-type]  # numpy and Decimal numbers know how
        except (TypeError, ValueError):
            raise BadSeries(f"row {row} of the {name} is {value!r}: give a number, or None for none") from None
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return None
    raise BadSeries(f"row {row} of the {name} is infinite: give a number, or None where there is none")


def _in_order(labels: tuple[str, ...]) -> None:
    """Refuse dates that repeat, go back or do not exist; names that are not dates may be anything."""
    dated = next((kind for kind in (ISO_DATE, ISO_PERIOD, ISO_WEEK) if labels and kind.match(labels[0])), None)
    if dated is None:
        return
    for row, label in enumerate(labels, start=1):
        if not dated.match(label) or not _exists(label):
            raise BadSeries(f"row {row} has {label!r}, which is no date like {labels[0]}: give each period its own")
    for row, (earlier, later) in enumerate(pairwise(labels), start=2):
        if later == earlier:
            raise BadSeries(f"row {row} has the date {later} again: give each period once")
        if later < earlier:
            raise BadSeries(f"row {row} ({later}) comes after {earlier}: sort the rows by date")


def _exists(label: str) -> bool:
    """Say whether a date is one of the calendar; a week or a date with a time of day is taken as it stands."""
    if not ISO_PERIOD.match(label):
        return True
    try:
        dt.date.fromisoformat(label if len(label) > len("2026-04") else f"{label}-01")
    except ValueError:
        return False
    return True
