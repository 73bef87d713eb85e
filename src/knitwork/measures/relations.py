"""The relations that every bucket offers to measures, column by column, as SQL types.

They are made by `journeys/` and read by the kernel; the reference evaluator makes the same
rows in plain Python. `*_us` is microseconds in UTC, `*_day` local days since 1970-01-01 and
`*_hour` the local hour, both in the zone of the microsystem where it happened. Text columns
may be stored as ENUM.
"""

from __future__ import annotations

_WHO = {"level": "VARCHAR", "patient": "VARCHAR", "visit": "VARCHAR", "journey": "VARCHAR"}
_FEED = {"feed": "VARCHAR", "calendar": "BOOLEAN"}

FACT_STAY: dict[str, str] = {
    **_WHO,
    "unit": "VARCHAR",
    "kind": "VARCHAR",
    "start_us": "BIGINT",
    "end_us": "BIGINT",
    "end_kind": "VARCHAR",
    "concurrent": "BOOLEAN",
    "first": "BOOLEAN",
    "last": "BOOLEAN",
    "prev_unit": "VARCHAR",
    "prev_kind": "VARCHAR",
    "next_unit": "VARCHAR",
    "next_kind": "VARCHAR",
    "next_start_us": "BIGINT",
    "start_day": "INTEGER",
    "start_hour": "TINYINT",
    "end_day": "INTEGER",
    "end_hour": "TINYINT",
    "precise": "BOOLEAN",
    **_FEED,
    # Ancestors at the start of the stay; filled at level micro only.
    "meso": "VARCHAR",
    "macro": "VARCHAR",
}

FACT_HANDOFF: dict[str, str] = {
    **_WHO,
    "from_unit": "VARCHAR",
    "to_unit": "VARCHAR",
    "from_kind": "VARCHAR",
    "to_kind": "VARCHAR",
    "left_us": "BIGINT",
    "arrived_us": "BIGINT",
    "transit_s": "BIGINT",
    "overlap_s": "BIGINT",
    "left_day": "INTEGER",
    "left_hour": "TINYINT",
    "arrived_day": "INTEGER",
    "arrived_hour": "TINYINT",
    **_FEED,
    "precise": "BOOLEAN",
    # Ancestors of both ends, each at the start of its stay; filled at level micro only.
    "from_meso": "VARCHAR",
    "to_meso": "VARCHAR",
    "from_macro": "VARCHAR",
    "to_macro": "VARCHAR",
}

FACT_VISIT: dict[str, str] = {
    **_WHO,
    "unit": "VARCHAR",
    "kind": "VARCHAR",
    "start_us": "BIGINT",
    "end_us": "BIGINT",
    "end_day": "INTEGER",
    "end_hour": "TINYINT",
    "is_last": "BOOLEAN",
    "last_kind": "VARCHAR",
    "units": "INTEGER",
    "handoffs": "INTEGER",
    "returns": "INTEGER",
    "gap_s": "BIGINT",
    "elapsed_s": "BIGINT",
    "inpatient": "BOOLEAN",
    **_FEED,
    "precise": "BOOLEAN",
}

FACT_JOURNEY: dict[str, str] = {
    "level": "VARCHAR",
    "patient": "VARCHAR",
    "journey": "VARCHAR",
    "unit": "VARCHAR",
    "start_us": "BIGINT",
    "end_us": "BIGINT",
    "end_day": "INTEGER",
    "closed": "BOOLEAN",
    "visits": "INTEGER",
    "units": "INTEGER",
    "handoffs": "INTEGER",
    **_FEED,
}

FACT_CENSUS: dict[str, str] = {"level": "VARCHAR", "unit": "VARCHAR", "day": "INTEGER", "delta": "INTEGER", **_FEED}

_ATOM = {"measure": "VARCHAR", "level": "VARCHAR", "unit": "VARCHAR", "stratum": "VARCHAR", "day": "INTEGER", **_FEED}
ATOM_COUNT: dict[str, str] = {**_ATOM, "num": "BIGINT", "den": "BIGINT"}
ATOM_VALUE: dict[str, str] = {**_ATOM, "value": "BIGINT", "n": "BIGINT"}

CELL: dict[str, str] = {
    "measure": "VARCHAR",
    "version": "VARCHAR",
    "level": "VARCHAR",
    "unit": "VARCHAR",
    "period": "VARCHAR",
    "start_day": "INTEGER",
    "stratum": "VARCHAR",
    "numerator": "BIGINT",
    "denominator": "BIGINT",
    "value": "DOUBLE",
    "n": "BIGINT",
}

RELATIONS: dict[str, dict[str, str]] = {
    "fact_stay": FACT_STAY,
    "fact_handoff": FACT_HANDOFF,
    "fact_visit": FACT_VISIT,
    "fact_journey": FACT_JOURNEY,
    "fact_census": FACT_CENSUS,
    "atom_count": ATOM_COUNT,
    "atom_value": ATOM_VALUE,
    "cell": CELL,
}


def create_sql(name: str, relation: str = "") -> str:
    """Return the statement that makes an empty temporary table with the columns of `name`."""
    columns = ", ".join(f'"{column}" {type}' for column, type in RELATIONS[name].items())
    return f"CREATE OR REPLACE TEMP TABLE {relation or name} ({columns})"
