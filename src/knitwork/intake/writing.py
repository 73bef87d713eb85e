"""What every writer of a format shares: what it is given, and the list, made by machine, of what its format cannot carry.

A writer is given the derived tables by name (`stay`, `event`, `request`, `message`, `duty`, `fact`), with instants as
UTC microseconds in columns that end in `_us`, and the units. Its module says in CARRIES which columns it keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

Carries = Mapping[str, Collection[str]]
# Ours, worked out anew at every reading: no format needs to keep these.
DERIVED = frozenset({
    "visit_given", "journey", "feed", "delivery", "row", "zone", "zone_assumed", "flags", "source_patient", "said_us",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lost:
    """A column that a format has no place for: how many rows had a value there, and why it was left out."""

    table: str
    column: str
    rows: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """How many records were written, into how many files, and what they could not carry."""

    records: int
    files: int
    lost: tuple[Lost, ...] = ()


def lost(
    tables: Mapping[str, pa.Table], carries: Carries, why: Mapping[tuple[str, str], str] | None = None
) -> tuple[Lost, ...]:
    """List every column with a value that a format does not keep."""
    found = []
    for name, table in tables.items():
        for column in table.column_names:
            if column in DERIVED or column in carries.get(name, ()):
                continue
            rows = pc.count(table[column]).as_py()
            if rows:
                found.append(Lost(name, column, rows, (why or {}).get((name, column), "")))
    return tuple(found)
