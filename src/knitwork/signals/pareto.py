"""The Pareto table: which few categories make most of the whole.

Categories stand in order of their counts, the most frequent first; ties stand in order of their names. Source: Juran,
Quality Control Handbook; the share of 80% is a custom and no law, so it is part of the definition.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Literal

from knitwork.model.errors import BadDefinition
from knitwork.signals.series import BadSeries
from knitwork.signals.stored import Stored, check_choice, check_version, check_word, is_number

VERSION = 1

# Shares are compared a hair loosely: 0.8 of 35 is 28.000000000000004 to a machine.
NOTHING = 1e-12
# Whole numbers up to here are exact, and so are the sums of a table.
MOST = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoSpec(Stored):
    """What is asked of a Pareto table: which share of the whole the first few categories are to make."""

    share: float = 0.8
    unit: str = ""
    chart: Literal["pareto"] = "pareto"
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("chart", self.chart, ("pareto",))
        if not is_number(self.share) or not 0 < self.share <= 1:
            raise BadDefinition(f"share is {self.share!r}: give a number above 0 and up to 1, such as 0.8")
        check_word("unit", self.unit, example="'falls'")
        check_version(self.version, VERSION)


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One category: its count, the counts so far, and both as shares of the whole."""

    name: str
    count: float
    cumulative: float
    share: float
    cumulative_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoRecord:
    """A Pareto table, the most frequent category first.

    `few` are the fewest categories that make the share asked for together; `missing` counts cases that have no
    category, which are in no row and in no total.
    """

    spec: ParetoSpec
    rows: tuple[ParetoRow, ...]
    total: float
    missing: int
    few: tuple[str, ...]
    formula: str

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole table as plain values."""
        return {
            "spec": self.spec.to_dict(),
            "chart": self.spec.chart,
            "total": self.total,
            "missing": self.missing,
            "few": list(self.few),
            "formula": self.formula,
            "rows": [asdict(row) for row in self.rows],
        }

    def to_json(self) -> str:
        """Return the table as JSON."""
        return json.dumps(self.to_dict(), allow_nan=False)


def pareto(given: Mapping[str, object] | Iterable[str | None], spec: ParetoSpec | None = None) -> ParetoRecord:
    """Return the Pareto table of the categories of cases, or of counts by category.

    >>> table = pareto(["fall", "drug", "fall", None, "fall", "fall"])
    >>> [(row.name, row.count, row.cumulative_share) for row in table.rows], table.few, table.missing
    ([('fall', 4, 0.8), ('drug', 1, 1.0)], ('fall',), 1)
    """
    spec = spec or ParetoSpec()
    counts, missing = _given_counts(given) if isinstance(given, Mapping) else _counted(given)
    if not counts:
        raise BadSeries("there are no categories: give at least one case with a category")
    in_order = sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold(), item[0]))
    total = _sum(counts.values())
    if not total > 0:
        raise BadSeries("all counts are 0, so there is nothing to share out: give at least one count above 0")
    # Sums of parts of counts may come out a hair above the whole.
    so_far = [*(min(part, total) for part in accumulate(count for _, count in in_order[:-1])), total]
    rows = tuple(
        ParetoRow(name, count, cumulative, count / total, cumulative / total)
        for (name, count), cumulative in zip(in_order, so_far, strict=True)
    )
    reached = next(at for at, row in enumerate(rows, start=1) if row.cumulative_share >= spec.share * (1 - NOTHING))
    return ParetoRecord(
        spec=spec,
        rows=rows,
        total=total,
        missing=missing,
        few=tuple(row.name for row in rows[:reached]),
        formula=_formula(rows, reached, total, spec),
    )


def _sum(counts: Iterable[float]) -> float:
    """Return the sum: whole where all are whole, else exactly rounded, so that the order does not matter."""
    some = list(counts)
    return sum(some) if all(isinstance(count, int) for count in some) else math.fsum(some)


def _formula(rows: tuple[ParetoRow, ...], reached: int, total: float, spec: ParetoSpec) -> str:
    unit = f" {spec.unit}" if spec.unit else ""
    row = rows[reached - 1]
    return (
        f"{reached} of {len(rows)} categories make {row.cumulative:,.6g} of {total:,.6g}{unit}, "
        f"{row.cumulative_share:.1%}: the fewest that reach {spec.share:.4g}"
    )


def _counted(given: Iterable[str | None]) -> tuple[dict[str, float], int]:
    """Count the cases of each category; nothing and blank are missing."""
    if isinstance(given, (str, bytes)):
        raise BadSeries("the categories are one piece of text: give a list with one category for each case")
    names: Counter[str] = Counter()
    missing = 0
    for row, name in enumerate(given, start=1):
        if (
            name is None
            or (isinstance(name, float) and math.isnan(name))
            or (isinstance(name, str) and not name.strip())
        ):
            missing += 1
        elif isinstance(name, str):
            names[name] += 1
        else:
            raise BadSeries(f"row {row} of the categories is {name!r}: give a name, or None where there is none")
    return dict(names), missing


def _given_counts(given: Mapping[str, object]) -> tuple[dict[str, float], int]:
    counts: dict[str, float] = {}
    for name, count in given.items():
        if not isinstance(name, str) or not name.strip():
            raise BadSeries(f"a category is called {name!r}: give each a name")
        if isinstance(count, (bool, str, bytes)) or count is None:
            raise BadSeries(f"the count of {name} is {count!r}: give a number")
        counts[name] = _count(name, count)
    return counts, 0


def _count(name: str, count: object) -> float:
    try:
        number = float(count)  # type: ignore[arg-type]  # numpy and Decimal numbers know how
    except (TypeError, ValueError):
        raise BadSeries(f"the count of {name} is {count!r}: give a number") from None
    if not math.isfinite(number):
        raise BadSeries(f"the count of {name} is {number:g}: give a number, or leave the category out")
    if number < 0:
        raise BadSeries(f"the count of {name} is {number:g}: a count is never below 0, so correct it")
    if number > MOST:
        raise BadSeries(f"the count of {name} is {number:g}: nobody counted so many, so correct it")
    return int(number) if number.is_integer() else number
