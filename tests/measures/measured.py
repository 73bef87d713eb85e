"""Both ways from stays to cells, for the tests: through SQL and through the reference evaluator."""

from __future__ import annotations

import datetime as dt
import re

from knitwork.lake.engine import connect
from knitwork.measures.kernel import kernel_sql
from knitwork.measures.merge import Reach, Sources, merge_sql
from knitwork.measures.reference import Settings, derive
from knitwork.measures.reference.cells import FeedState, World, cells
from knitwork.measures.relations import RELATIONS, create_sql
from knitwork.model.units import Membership, Registry, Unit

FACTS = ("fact_stay", "fact_handoff", "fact_visit", "fact_journey", "fact_census")


def instant(text: str) -> int:
    """Microseconds of an ISO time; without an offset it is UTC."""
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=dt.UTC)
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def stays_of(example) -> list[dict]:
    """The stays of a hand-worked example; `+1h..+100h` stands for a patient of each length."""
    rows = []
    for patient, unit, start, end, *visit in example.stays:
        many = re.fullmatch(r"\+(\d+)h\.\.\+(\d+)h", end or "")
        begin = instant(start)
        if many:
            low, high = int(many[1]), int(many[2])
            ends = [(f"{patient}{h}", begin + h * 3_600_000_000) for h in range(low, high + 1)]
        else:
            ends = [(patient, None if end is None else instant(end))]
        rows += [
            {
                "patient": name, "unit": unit, "start_us": begin, "end_us": at, "visit": visit[0] if visit else None,
                "end_kind": "missing" if at is None else "recorded", "precision": "s", "feed": "f",
            }
            for name, at in ends
        ]  # fmt: skip
    return rows


def registry_of(example) -> Registry:
    return Registry(
        tuple(Unit(code, code, kind, capacity=example.capacity.get(code)) for code, kind in example.units.items()),
        tuple(Membership(unit, group) for unit, group in example.belongs.items()),
    )


def world_of(derived, *, as_of: str | None = None, feeds=None, capacity=None) -> World:
    days = [row["start_day"] for row in derived.fact_stay] + [
        row["end_day"] for row in derived.fact_stay if row["end_day"] is not None
    ]
    last = max(days) + 400 if as_of is None else (dt.date.fromisoformat(as_of) - dt.date(1970, 1, 1)).days
    return World(last, min(days), feeds or {"f": FeedState()}, capacity or {})


def viewed(con, name: str) -> bool:
    """Say whether the kernel has put a view in the place of a fact."""
    return bool(con.execute("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [name]).fetchall())


def load(con, derived, world: World) -> None:
    """Put derived facts into the tables that the kernel reads, and the world into those of the merge."""
    for name in FACTS:
        if viewed(con, name):
            con.execute(f"DROP VIEW {name}")
            con.execute(f"DROP TABLE {name}_bare")
        con.execute(create_sql(name))
        rows = getattr(derived, name)
        columns = list(RELATIONS[name])
        if rows:
            marks = ", ".join("?" * len(columns))
            con.executemany(f"INSERT INTO {name} VALUES ({marks})", [[row[c] for c in columns] for row in rows])
    load_world(con, world)


def load_world(con, world: World) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE feed_state (feed VARCHAR, departures_recorded BOOLEAN, calendar BOOLEAN)")
    for feed, state in world.feeds.items():
        con.execute("INSERT INTO feed_state VALUES (?, ?, ?)", [feed, state.departures_recorded, state.calendar])
    con.execute("CREATE OR REPLACE TEMP TABLE capacity (level VARCHAR, unit VARCHAR, capacity DOUBLE)")
    for (level, unit), beds in world.capacity.items():
        con.execute("INSERT INTO capacity VALUES (?, ?, ?)", [level, unit, beds])


def run(con, statements) -> None:
    for statement in statements:
        con.execute(statement)


def cells_of(con, relation: str = "cell") -> dict:
    rows = con.execute(
        "SELECT measure, level, unit, period, start_day, stratum, numerator, denominator, value, n, version "
        f"FROM {relation}"
    ).fetchall()
    found = {tuple(row[:6]): tuple(row[6:10]) for row in rows}
    assert len(found) == len(rows), "two cells have one key"
    return found


def by_sql(measures, derived, world: World) -> dict:
    con = connect(memory="512MB", threads=1)
    load(con, derived, world)
    run(con, kernel_sql(measures))
    run(con, merge_sql(measures, Reach(world.watermark_day, world.first_day), Sources()))
    return cells_of(con)


def by_reference(measures, derived, world: World) -> dict:
    return {
        key: (cell.numerator, cell.denominator, cell.value, cell.n)
        for key, cell in cells(measures, derived, world).items()
    }


def settings(**changes) -> Settings:
    return Settings(**changes)


__all__ = ["by_reference", "by_sql", "cells_of", "derive", "load", "registry_of", "run", "stays_of", "world_of"]
