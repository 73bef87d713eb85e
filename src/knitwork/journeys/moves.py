"""The stays, events and duties that the ADT messages of one bucket tell of, worked out visit by visit in plain Python."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pyarrow as pa

from knitwork.intake.fold import Folded, Move, fold_visit
from knitwork.intake.landing import LANDED, arrow_schema, sql_columns
from knitwork.lake.engine import Connection

# What the fold leaves, by the landed table whose columns it has.
TABLES = {"move_stay": "landed", "move_event": "landed_event", "move_duty": "landed_duty"}
PARKED = "message VARCHAR, feed VARCHAR, delivery VARCHAR, row BIGINT, why VARCHAR"
_NAMES = {"class_": "class"}
_MOVE = tuple(field.name for field in fields(Move))
_ASKED = ", ".join(f'"{_NAMES.get(name, name)}"' for name in _MOVE)
# Which moves belong to one visit: they stand one after the other. Nothing in the fold depends on their order.
_READ = f"""SELECT {_ASKED}, zone, zone_assumed, flags, source_patient FROM told_move
ORDER BY patient, visit NULLS FIRST, message, feed, delivery, row"""
_CHUNK = 50_000


def fold_moves(con: Connection) -> None:
    """Leave `move_stay`, `move_event`, `move_duty` and `move_parked`, made of `told_move`; empty where there is none."""
    made = _Made()
    if con.execute("SELECT count(*) FROM told_move").fetchall()[0][0]:
        _read(con, made)
    for name, table in TABLES.items():
        source = ", source_patient VARCHAR"
        con.execute(f"CREATE TEMP TABLE {name} ({sql_columns(LANDED[table])}{source})")
        _put(con, name, table, made.rows[name])
    con.execute(f"CREATE TEMP TABLE move_parked ({PARKED})")
    if made.parked:
        columns = {
            c: [row[i] for row in made.parked] for i, c in enumerate(("message", "feed", "delivery", "row", "why"))
        }
        con.register("given", pa.table(columns))
        con.execute("INSERT INTO move_parked BY NAME FROM given")
        con.unregister("given")


class _Made:
    """The rows that are being made."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.parked: list[tuple[str, str, str, int, str]] = []


def _read(con: Connection, made: _Made) -> None:
    """Go through the moves visit by visit, holding one visit at a time."""
    found = con.execute(_READ)
    at: tuple[str, str | None] | None = None
    moves: list[Move] = []
    told: dict[str, tuple[Any, ...]] = {}
    patient, visit = _MOVE.index("patient"), _MOVE.index("visit")
    while rows := found.fetchmany(_CHUNK):
        for row in rows:
            key = (row[patient], row[visit])
            if key != at:
                if at is not None:
                    _keep(made, at, fold_visit(moves), told)
                at, moves, told = key, [], {}
            move = Move(*row[: len(_MOVE)])
            # The same message from two deliveries is one: the first by content hash stands for it.
            told.setdefault(move.message, (move, *row[len(_MOVE) :]))
            moves.append(move)
    if at is not None:
        _keep(made, at, fold_visit(moves), told)


def _keep(made: _Made, key: tuple[str, str | None], folded: Folded, told: dict[str, tuple[Any, ...]]) -> None:
    patient, visit = key

    def tail(message: str) -> dict[str, Any]:
        move, _zone, _assumed, _flags, source = told[message]
        return {
            "patient": patient, "visit": visit, "said_us": move.said_us, "feed": move.feed, "delivery": move.delivery,
            "row": move.row, "came_us": move.came_us, "source_patient": source, "cancelled": False,
        }  # fmt: skip

    for stay in folded.stays:
        _move, zone, assumed, flags, _source = told[stay.message]
        made.rows["move_stay"].append({
            **tail(stay.message), "unit": stay.unit, "start_us": stay.start_us, "end_us": stay.end_us,
            "end_kind": stay.end_kind, "precision": stay.precision, "zone": zone, "zone_assumed": assumed,
            "flags": flags or 0,
        })  # fmt: skip
    for number, event in enumerate(folded.events):
        name = f"{event.type}/{event.message[:16]}/{number}"
        made.rows["move_event"].append(
            {**tail(event.message), "event": name, "at_us": event.at_us, "type": event.type, "unit": event.unit}
        )
    for number, duty in enumerate(folded.duties):
        made.rows["move_duty"].append({
            **tail(duty.message), "duty": f"{duty.role}/{duty.message[:16]}/{number}", "staff": duty.staff,
            "role": duty.role, "start_us": duty.start_us, "end_us": duty.end_us,
        })  # fmt: skip
    for message, why in folded.parked:
        move = told[message][0]
        made.parked.append((message, move.feed, move.delivery, move.row, why))


def _put(con: Connection, name: str, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    schema = arrow_schema(table).append(pa.field("source_patient", pa.string()))
    given = pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in schema})
    con.register("given", given)
    con.execute(f"INSERT INTO {name} BY NAME FROM given")
    con.unregister("given")
