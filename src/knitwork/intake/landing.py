"""What a format leaves in the connection: the landed tables, column by column, and the report about them.

Every format lands into the same tables, whatever it reads. A landed row is a *statement* of a source: what is true is
worked out later from the set of all statements (`journeys/`), never from the order in which they came. Instants are
int64 microseconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from knitwork.intake.profile import Profile
from knitwork.intake.quality import Counts
from knitwork.lake.engine import Connection
from knitwork.model.quoting import LONGEST_SENTENCE, one_line

Columns = tuple[tuple[str, str], ...]

# Ends every landed table. `said_us`: when the source said so (a message's time, a resource's last change); the latest
# statement about one thing holds. `cancelled`: the source takes the thing back. `came_us`: when a live message came
# here, empty for a file, whose delivery knows. `row` is the record's true place in its delivery, the first being 1.
TAIL: Columns = (
    ("said_us", "BIGINT"),
    ("cancelled", "BOOLEAN"),
    ("feed", "VARCHAR"),
    ("delivery", "VARCHAR"),
    ("row", "BIGINT"),
    ("extracted_us", "BIGINT"),
    ("came_us", "BIGINT"),
)

LANDED: dict[str, Columns] = {
    # One patient in one unit. `record` is the source's own number of what the row was made from (a transfer, an
    # encounter): of all statements of a feed about one record the latest holds, with all of its rows. `whole`: the
    # row is a visit from end to end, and no stay once parts of the visit are (landed_part).
    "landed": (
        ("patient", "VARCHAR"), ("unit", "VARCHAR"), ("start_us", "BIGINT"), ("end_us", "BIGINT"),
        ("end_kind", "VARCHAR"), ("precision", "VARCHAR"), ("visit", "VARCHAR"), ("zone", "VARCHAR"),
        ("zone_assumed", "BOOLEAN"), ("flags", "INTEGER"), ("record", "VARCHAR"), ("whole", "BOOLEAN"), *TAIL,
    ),
    # The stays of this row of this delivery are parts of the visit that `record` tells of as a whole.
    "landed_part": (("patient", "VARCHAR"), ("record", "VARCHAR"), ("visit", "VARCHAR"), *TAIL),
    # What an ADT message says of a patient's whereabouts; `intake/fold/` makes stays of all that a visit has.
    "landed_move": (
        ("message", "VARCHAR"),  # the SHA-256 of the message's bytes: the same message twice is one
        ("patient", "VARCHAR"), ("visit", "VARCHAR"), ("event", "VARCHAR"),  # event: A01 ... A55
        ("at_us", "BIGINT"), ("recorded_us", "BIGINT"), ("control", "VARCHAR"),
        ("unit", "VARCHAR"), ("bed", "VARCHAR"), ("prior_unit", "VARCHAR"), ("pending_unit", "VARCHAR"),
        ("class", "VARCHAR"), ("service", "VARCHAR"), ("attending", "VARCHAR"),
        ("admit_us", "BIGINT"), ("discharge_us", "BIGINT"), ("disposition", "VARCHAR"),
        ("movement", "VARCHAR"), ("action", "VARCHAR"), ("historic", "BOOLEAN"), ("original", "VARCHAR"),  # ZBE
        ("precision", "VARCHAR"), ("zone", "VARCHAR"), ("zone_assumed", "BOOLEAN"), ("flags", "INTEGER"), *TAIL,
    ),
    "landed_event": (
        ("event", "VARCHAR"), ("patient", "VARCHAR"), ("at_us", "BIGINT"), ("recorded_us", "BIGINT"),
        ("precision", "VARCHAR"), ("type", "VARCHAR"), ("unit", "VARCHAR"), ("visit", "VARCHAR"),
        ("staff", "VARCHAR"), ("code", "VARCHAR"), ("value", "DOUBLE"), *TAIL,
    ),
    # `also` is another number by which the source speaks of the same request.
    "landed_request": (
        ("request", "VARCHAR"), ("also", "VARCHAR"), ("patient", "VARCHAR"), ("kind", "VARCHAR"), ("code", "VARCHAR"),
        ("priority", "VARCHAR"), ("from_unit", "VARCHAR"), ("to_unit", "VARCHAR"), ("visit", "VARCHAR"),
        ("requested_us", "BIGINT"), ("accepted_us", "BIGINT"), ("scheduled_us", "BIGINT"), ("started_us", "BIGINT"),
        ("done_us", "BIGINT"), ("reported_us", "BIGINT"), ("read_us", "BIGINT"), ("closed_us", "BIGINT"),
        ("state", "VARCHAR"), *TAIL,
    ),
    "landed_message": (
        ("message", "VARCHAR"), ("patient", "VARCHAR"), ("kind", "VARCHAR"), ("from_unit", "VARCHAR"),
        ("to_unit", "VARCHAR"), ("request", "VARCHAR"), ("visit", "VARCHAR"), ("sent_us", "BIGINT"),
        ("received_us", "BIGINT"), ("read_us", "BIGINT"), ("items_expected", "INTEGER"), ("items_present", "INTEGER"),
        *TAIL,
    ),
    "landed_duty": (
        ("duty", "VARCHAR"), ("patient", "VARCHAR"), ("staff", "VARCHAR"), ("role", "VARCHAR"), ("unit", "VARCHAR"),
        ("visit", "VARCHAR"), ("start_us", "BIGINT"), ("end_us", "BIGINT"), *TAIL,
    ),
    "landed_fact": (
        ("fact", "VARCHAR"), ("patient", "VARCHAR"), ("kind", "VARCHAR"), ("code", "VARCHAR"),
        ("code_system", "VARCHAR"), ("at_us", "BIGINT"), ("precision", "VARCHAR"), ("unit", "VARCHAR"),
        ("visit", "VARCHAR"), ("rank", "INTEGER"), ("value", "DOUBLE"), ("value_unit", "VARCHAR"),
        ("value_code", "VARCHAR"), *TAIL,
    ),
    "landed_unit_fact": (
        ("unit", "VARCHAR"), ("kind", "VARCHAR"), ("at_us", "BIGINT"), ("num", "DOUBLE"), ("den", "DOUBLE"),
        ("value", "DOUBLE"), *TAIL,
    ),
    # A place or an organisation as the source names it. `form`: bed, room, ward, building, site, organisation or
    # empty. Codes of beds and rooms are read as the ward that holds them. `kind` is one of model/units.py or empty.
    "landed_place": (
        ("place", "VARCHAR"), ("name", "VARCHAR"), ("parent", "VARCHAR"), ("form", "VARCHAR"), ("kind", "VARCHAR"),
        *TAIL,
    ),
    # What a record's number told of `patient` holds no longer, or is no news: another statement about the number, this
    # one, names somebody else. `told` is the landed table, `settled` how far the other statement settles the record
    # (journeys/told.py). Nothing that a format lands: made beside what it landed.
    "landed_elsewhere": (
        ("patient", "VARCHAR"), ("told", "VARCHAR"), ("record", "VARCHAR"), ("visit", "VARCHAR"),
        ("settled", "INTEGER"), *TAIL,
    ),
    # `patient` was given up for `merged_into` (kind merge), or was not (unmerge). With `visit`: only that visit.
    "linked": (
        ("patient", "VARCHAR"), ("merged_into", "VARCHAR"), ("kind", "VARCHAR"), ("at_us", "BIGINT"),
        ("visit", "VARCHAR"), ("feed", "VARCHAR"), ("delivery", "VARCHAR"), ("row", "BIGINT"),
        ("extracted_us", "BIGINT"), ("came_us", "BIGINT"),
    ),
}  # fmt: skip

# Lie in the bucket of their patient; the others are small and whole.
BUCKETED = (
    "landed", "landed_move", "landed_event", "landed_request", "landed_message", "landed_duty", "landed_fact",
    "landed_elsewhere", "landed_part",
)  # fmt: skip
REJECTED: Columns = (("row", "BIGINT"), ("field", "VARCHAR"), ("rule", "VARCHAR"), ("message", "VARCHAR"))


@dataclass(frozen=True, slots=True)
class LandReport:
    """What became of one delivery: records seen, taken and rejected, its span, and sentences for people.

    `profile` is the profile that was used, completed by what was decided on the way. `rows` counts the records of the
    delivery, of which an event log needs two for a stay; `landed` those of which something was taken, and `ignored`
    those of kinds that are not read. `rows` is `landed`, `rejected` and `ignored` together; of `partly` of those that
    landed something was set aside all the same. `first_us` and `last_us`
    are the first and last moment that the delivery speaks of. `tables` counts the rows of each landed table.
    `columns` names what the source had, with a word for the type of each, so that a change is noticed.
    `kind` is links where nothing but patient links came, records where no stay or move did.
    """

    rows: int
    landed: int
    rejected: int
    first_us: int | None
    last_us: int | None
    notes: tuple[str, ...]
    profile: Profile
    counts: Counts | None = None
    kind: Literal["stays", "links", "records"] = "stays"
    ignored: int = 0
    tables: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[tuple[str, str], ...] = ()
    partly: int = 0

    def __post_init__(self) -> None:
        """Show each note on one line, whatever it quotes."""
        object.__setattr__(self, "notes", tuple(one_line(note, LONGEST_SENTENCE) for note in self.notes))


def sql_columns(columns: Columns) -> str:
    """Return columns as they stand in CREATE TABLE."""
    return ", ".join(f'"{name}" {type_}' for name, type_ in columns)


def no_rows(columns: Columns) -> str:
    """Return the SELECT of no row with these columns."""
    return "SELECT " + ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in columns) + " WHERE false"


def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a landed table."""
    types = {
        "VARCHAR": pa.string(), "BIGINT": pa.int64(), "INTEGER": pa.int32(), "BOOLEAN": pa.bool_(),
        "DOUBLE": pa.float64(),
    }  # fmt: skip
    columns = REJECTED if table == "rejected" else LANDED[table]
    return pa.schema([(name, types[type_]) for name, type_ in columns])


def give(con: Connection, table: str, rows: Iterable[Mapping[str, Any]] | pa.Table) -> int:
    """Add rows to a landed table (or `rejected`) of this connection, making it where needed; return how many.

    Rows are mappings by column; a column that a row does not name is empty. An Arrow table may lack columns too.
    """
    columns = REJECTED if table == "rejected" else LANDED[table]
    con.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({sql_columns(columns)})")
    if not isinstance(rows, pa.Table):
        told: Sequence[Mapping[str, Any]] = rows if isinstance(rows, list) else list(rows)
        schema = arrow_schema(table)
        rows = pa.table({name: pa.array([r.get(name) for r in told], schema.field(name).type) for name, _ in columns})
    if rows.num_rows:
        con.register("given_rows", rows)
        try:
            con.execute(f"INSERT INTO {table} BY NAME FROM given_rows")
        finally:
            con.unregister("given_rows")
    return int(rows.num_rows)


def made(con: Connection) -> list[str]:
    """Return which landed tables a format left in this connection, in the order of LANDED."""
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary UNION SELECT view_name FROM duckdb_views() WHERE temporary"
    ).fetchall()
    names = {row[0] for row in found}
    return [table for table in LANDED if table in names]


def has_rows(con: Connection, table: str) -> bool:
    """Say whether a format left this table in the connection, and anything in it."""
    there = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary UNION SELECT view_name FROM duckdb_views() WHERE temporary"
    ).fetchall()
    return (table,) in there and bool(con.execute(f"SELECT count(*) FROM (FROM {table} LIMIT 1)").fetchall()[0][0])


def clear(con: Connection) -> None:
    """Remove every landed table and `rejected` from this connection."""
    drop(con, *LANDED, "rejected")


def drop(con: Connection, *names: str) -> None:
    """Remove temporary tables and views by name: what one format makes as a table may be a view that another left."""
    there = con.execute(
        "SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary "
        "UNION ALL SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary"
    ).fetchall()
    for name, kind in there:
        if name in names:
            con.execute(f'DROP {kind} temp."{name}"')
