"""The stays, events and duties that the ADT messages of one bucket tell of, worked out visit by visit in plain Python."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pyarrow as pa

from knitwork.intake.fold import SAID, Move, fold_visit, restated, taken_back
from knitwork.intake.landing import LANDED, arrow_schema, sql_columns
from knitwork.lake.engine import Connection

# What the fold leaves, by the landed table whose columns it has.
TABLES = {"move_stay": "landed", "move_event": "landed_event", "move_duty": "landed_duty"}
PARKED = "message VARCHAR, feed VARCHAR, delivery VARCHAR, row BIGINT, why VARCHAR"
BACK = """patient VARCHAR, unit VARCHAR, start_us BIGINT, end_us BIGINT, visit VARCHAR, feed VARCHAR, delivery VARCHAR,
row BIGINT, why VARCHAR, by_delivery VARCHAR"""
_NAMES = {"class_": "class"}
_MOVE = tuple(field.name for field in fields(Move))
_ASKED = ", ".join(f'"{_NAMES.get(name, name)}"' for name in _MOVE)
# Which moves belong to one visit: they stand one after the other. Nothing in the fold depends on their order.
_READ = f"""SELECT {_ASKED}, zone, zone_assumed, source_patient FROM told_move
ORDER BY patient, visit NULLS FIRST, message, feed, delivery, row"""
_CHUNK = 50_000


def fold_moves(con: Connection) -> None:
    """Leave `move_stay`, `move_event`, `move_duty`, `move_parked` and `move_back`, made of `told_move`.

    They are empty where there is none. `move_back` are the stays that a later message took back.
    """
    made = _Made()
    if con.execute("SELECT count(*) FROM told_move").fetchall()[0][0]:
        _read(con, made)
    for name, table in TABLES.items():
        source = ", source_patient VARCHAR"
        con.execute(f"CREATE TEMP TABLE {name} ({sql_columns(LANDED[table])}{source})")
        _put(con, name, table, made.rows[name])
    for name, columns, rows in (("move_parked", PARKED, made.parked), ("move_back", BACK, made.back)):
        con.execute(f"CREATE TEMP TABLE {name} ({columns})")
        if rows:
            con.register("given", pa.Table.from_pylist(rows))
            con.execute(f"INSERT INTO {name} BY NAME FROM given")
            con.unregister("given")


class _Made:
    """The rows that are being made."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.parked: list[dict[str, Any]] = []
        self.back: list[dict[str, Any]] = []


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
                    _keep(made, at, moves, told)
                at, moves, told = key, [], {}
            move = Move(*row[: len(_MOVE)])
            # The same message from two deliveries is one: the first by content hash stands for it.
            told.setdefault(move.message, (move, *row[len(_MOVE) :]))
            moves.append(move)
    if at is not None:
        _keep(made, at, moves, told)


def _keep(made: _Made, key: tuple[str, str | None], moves: list[Move], told: dict[str, tuple[Any, ...]]) -> None:
    patient, visit = key
    folded = fold_visit(moves)

    def tail(message: str) -> dict[str, Any]:
        move, _zone, _assumed, source = told[message]
        return {
            "patient": patient, "visit": visit, "said_us": move.said_us, "feed": move.feed, "delivery": move.delivery,
            "row": move.row, "came_us": move.came_us, "source_patient": source, "cancelled": False,
        }  # fmt: skip

    for stay in folded.stays:
        begun, zone, assumed, _source = told[stay.message]
        made.rows["move_stay"].append({
            **tail(stay.message), "unit": stay.unit, "start_us": stay.start_us, "end_us": stay.end_us,
            "end_kind": stay.end_kind, "precision": stay.precision, "zone": zone, "zone_assumed": assumed,
            # Whether the saying lies in the hour that autumn repeats is nothing of the stay's.
            "flags": (begun.flags or 0) & ~SAID,
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
        made.parked.append(
            {"message": message, "feed": move.feed, "delivery": move.delivery, "row": move.row, "why": why}
        )
    if restated(folded):
        for stay, message, why in taken_back(moves):
            move = told[stay.message][0]
            made.back.append({
                "patient": patient, "unit": stay.unit, "start_us": stay.start_us, "end_us": stay.end_us, "visit": visit,
                "feed": move.feed, "delivery": move.delivery, "row": move.row, "why": why,
                "by_delivery": told[message][0].delivery,
            })  # fmt: skip


def _put(con: Connection, name: str, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    schema = arrow_schema(table).append(pa.field("source_patient", pa.string()))
    given = pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in schema})
    con.register("given", given)
    con.execute(f"INSERT INTO {name} BY NAME FROM given")
    con.unregister("given")
