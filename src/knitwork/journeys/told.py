"""From landed rows to what the sources hold true now: one view or table for each landed table, as SQL.

A landed row is a statement. Which of the statements about one thing holds depends on the set of them alone: the latest
by the source's own time, then the one that leaves nothing open, then the larger content hash. What no longer holds is
kept in `withdrawn`, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from knitwork.intake.landing import BUCKETED, LANDED, TAIL
from knitwork.lake.engine import Connection

# Which columns name a unit, and are read as the unit that a bed, a room or an old code stands for.
UNITS = ("unit", "prior_unit", "pending_unit", "from_unit", "to_unit")
# The records besides stays, by the column that identifies them.
RECORDS = {"event": "event", "request": "request", "message": "message", "duty": "duty", "fact": "fact"}
# No source time at all is before all times.
NEVER = -(2**62)
_TAIL = {name for name, _ in TAIL}


# When deliveries that came again were last extracted.
REPEAT_COLUMNS = "feed VARCHAR, delivery VARCHAR, extracted_us BIGINT"
_REPEATS = f"CREATE TEMP TABLE IF NOT EXISTS again_raw ({REPEAT_COLUMNS})"


def _of_person(table: str, as_of_us: int | None) -> str:
    """Return the view `told_<table>`: a landed table under persons and units, as far as it was known by then."""
    columns = [name for name, _ in LANDED[table]]
    places = {name: f"p{i}" for i, name in enumerate(c for c in UNITS if c in columns)}
    replaced = ["coalesce(v.person, k.person, l.patient) AS patient"]
    replaced += [f"coalesce({alias}.unit, l.{name}) AS {name}" for name, alias in places.items()]
    # A file that came again says what it says as of the last time; some readers take that for when the source said it.
    replaced += [
        "coalesce(g.extracted_us, l.extracted_us) AS extracted_us",
        "CASE WHEN l.said_us = l.extracted_us THEN coalesce(g.extracted_us, l.said_us) ELSE l.said_us END AS said_us",
    ]
    joins = [f"LEFT JOIN place_raw {alias} ON {alias}.code = l.{name}" for name, alias in places.items()]
    known = "" if as_of_us is None else f" AND (l.came_us IS NULL OR l.came_us <= {as_of_us})"
    name = table.replace("landed", "told")
    return f"""CREATE TEMP VIEW {name if name != "told" else "told_rows"} AS
SELECT l.* REPLACE ({", ".join(replaced)}),
       CASE WHEN coalesce(v.person, k.person) <> l.patient THEN l.patient END AS source_patient
FROM {table} l
-- one row a number, a visit and a code: multiplies nothing
LEFT JOIN visit_link v ON v.patient = l.patient AND v.visit = l.visit
LEFT JOIN whole_link k ON k.patient = l.patient
-- one row a delivery
LEFT JOIN again_raw g ON g.feed = l.feed AND g.delivery = l.delivery
{" ".join(joins)}
WHERE coalesce(v.here, k.here) IS NOT FALSE{known}"""


def told_sql(as_of_us: int | None = None) -> tuple[str, ...]:
    """Return the statements that make the views of all landed tables under persons and units."""
    return (_REPEATS, *(_of_person(table, as_of_us) for table in BUCKETED))


# `said` orders the statements about one thing.
_SAID = f"coalesce(said_us, extracted_us, {NEVER})"

# A row may tell of several stays, so that a stay is named by its row, unit and start together. What only takes back may
# name neither unit nor start, and of one that names a unit alone the unit is the same and the start is none.
_SAME = """{0}.feed = t.feed AND {0}.delivery = t.delivery AND {0}.row = t.row
    AND {0}.unit IS NOT DISTINCT FROM t.unit AND {0}.start_us IS NOT DISTINCT FROM t.start_us"""

# How far a statement settles what it is about, where several were made at the same time or at none: an end that is told
# beats one that is still open, and what takes back beats both.
_STAYS_SETTLED = "CASE WHEN bool_or(cancelled) THEN 2 WHEN bool_or(end_kind IN ('open', 'missing')) THEN 0 ELSE 1 END"
_VERSION = "{'said': said, 'settled': settled, 'delivery': delivery}"


def _settled(table: str) -> str:
    """Return the SQL of how far one row of a table of records settles its record."""
    done = "WHEN state <> 'open' THEN 1 " if table == "landed_request" else ""
    return f"CASE WHEN cancelled THEN 2 {done}ELSE 0 END"


def settled_by_all(table: str) -> str:
    """Return the SQL of how far the rows of one statement together settle their record: an aggregate."""
    return _STAYS_SETTLED if table == "landed" else f"max({_settled(table)})"


# The extracts of feeds that send everything each time: for which landed table and time they speak, the later the heavier.
EXTRACT_COLUMNS = (
    "feed VARCHAR, told VARCHAR, make VARCHAR, delivery VARCHAR, weight INTEGER, from_us BIGINT, until_us BIGINT"
)
_EXTRACTS = f"CREATE TEMP TABLE IF NOT EXISTS extract_raw ({EXTRACT_COLUMNS})"
# When a record was, for extracts that speak for a time.
_WHEN = {
    "event": "at_us",
    "request": "coalesce(requested_us, accepted_us, scheduled_us, started_us, done_us, reported_us, closed_us)",
    "message": "coalesce(sent_us, received_us, read_us)",
    "duty": "coalesce(start_us, end_us)",
    "fact": "at_us",
}
# Whether anything is ever taken back here: most files only add, and need none of what follows.
_ANY = """SELECT (SELECT count(*) FROM extract_raw)
    + (SELECT count(*) FROM told_rows WHERE cancelled) + (SELECT count(*) FROM told_rows WHERE record IS NOT NULL)
    + (SELECT count(*) FROM told_part)"""
_WITHDRAWN = (
    # What a later extract of a snapshot feed no longer has, for the time of which it speaks.
    """CREATE TEMP TABLE vanished AS
    SELECT t.feed, t.delivery, t.row, t.unit, t.start_us, max_by(n.delivery, n.weight) AS by_delivery
    FROM told_rows t
    JOIN extract_raw o ON o.told = 'landed' AND o.feed = t.feed AND o.delivery = t.delivery
    JOIN extract_raw n ON n.told = 'landed' AND n.feed = t.feed AND n.weight > o.weight
        AND t.start_us >= n.from_us AND t.start_us < n.until_us
    GROUP BY ALL""",
    # Of all statements of a feed about one of its records the latest holds, with all its rows, or none of this patient.
    f"""CREATE TEMP TABLE version AS
    SELECT feed, record, {_SAID} AS said, {_STAYS_SETTLED} AS settled, delivery, bool_or(cancelled) AS cancelled
    FROM told_rows WHERE record IS NOT NULL GROUP BY feed, record, said, delivery
    UNION ALL
    SELECT feed, record, {_SAID}, coalesce(settled, 0), delivery, false FROM told_elsewhere WHERE told = 'landed'""",
    f"""CREATE TEMP TABLE spoken AS
    SELECT feed, record, max({_VERSION}) AS latest, arg_max(cancelled, {_VERSION}) AS cancelled
    FROM version GROUP BY feed, record HAVING min({_VERSION}) <> max({_VERSION})""",
    f"""CREATE TEMP TABLE replaced AS
    SELECT t.feed, t.delivery, t.row, t.unit, t.start_us, any_value(s.latest.delivery) AS by_delivery,
           bool_or(s.cancelled) AS cancelled
    FROM told_rows t JOIN spoken s ON s.feed = t.feed AND s.record = t.record
    WHERE ({_SAID}, t.delivery) <> (s.latest.said, s.latest.delivery) GROUP BY ALL""",
    # A stay that is taken back by its patient, unit and start.
    f"""CREATE TEMP TABLE taken_back AS
    SELECT patient, unit, start_us, max({_SAID}) AS said, arg_max(delivery, {_SAID}) AS by_delivery
    FROM told_rows WHERE cancelled AND record IS NULL GROUP BY ALL""",
    f"""CREATE TEMP TABLE dropped AS
    SELECT t.patient, t.unit, t.start_us, t.end_us, t.visit, t.feed, t.delivery, t.row,
           CASE WHEN t.cancelled OR r.cancelled OR b.said IS NOT NULL THEN 'cancelled' WHEN v.row IS NOT NULL THEN 'vanished'
                ELSE 'replaced' END AS why,
           coalesce(v.by_delivery, r.by_delivery, b.by_delivery, t.delivery) AS by_delivery
    FROM told_rows t
    LEFT JOIN vanished v ON {_SAME.format("v")}
    LEFT JOIN replaced r ON {_SAME.format("r")}
    LEFT JOIN taken_back b ON b.patient = t.patient AND b.unit = t.unit AND b.start_us = t.start_us AND {_SAID} <= b.said
    WHERE t.cancelled OR v.row IS NOT NULL OR r.row IS NOT NULL OR b.said IS NOT NULL""",
    # A visit that came as a whole is no stay where a part of it is: the part counts, whichever of the two came first.
    f"""INSERT INTO dropped BY NAME
    SELECT t.patient, t.unit, t.start_us, t.feed, t.delivery, t.row, 'parts' AS why FROM told_rows t
    SEMI JOIN (
        SELECT p.feed, p.record FROM told_part p SEMI JOIN (
            FROM told_rows t ANTI JOIN dropped w ON {_SAME.format("w")} WHERE t.cancelled IS NOT TRUE
        ) s ON s.feed = p.feed AND s.delivery = p.delivery AND s.row = p.row
    ) x ON x.feed = t.feed AND x.record = t.record
    WHERE t.whole""",
    f"""CREATE TEMP VIEW told AS
    SELECT t.* FROM told_rows t ANTI JOIN dropped w ON {_SAME.format("w")} WHERE t.cancelled IS NOT TRUE
    UNION ALL BY NAME FROM move_stay""",
    # A stay that another row still tells is not lost, one whose parts are known is told better, and what only takes back
    # is none itself.
    """CREATE TEMP TABLE withdrawn AS
    SELECT w.* FROM dropped w
    ANTI JOIN told t ON t.patient = w.patient AND t.unit = w.unit AND t.start_us = w.start_us
    WHERE w.why <> 'parts' AND w.unit IS NOT NULL AND w.start_us IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY w.feed, w.patient, w.unit, w.start_us ORDER BY w.delivery, w.row) = 1""",
)
_NOTHING_WITHDRAWN = (
    """CREATE TEMP TABLE withdrawn (patient VARCHAR, unit VARCHAR, start_us BIGINT, end_us BIGINT, visit VARCHAR,
    feed VARCHAR, delivery VARCHAR, row BIGINT, why VARCHAR, by_delivery VARCHAR)""",
    "CREATE TEMP VIEW told AS FROM told_rows UNION ALL BY NAME FROM move_stay",
)

# What a message took back that another had said, unless a row or message still tells it.
_TAKEN_BACK = """INSERT INTO withdrawn BY NAME
SELECT w.* FROM move_back w ANTI JOIN told t ON t.patient = w.patient AND t.unit = w.unit AND t.start_us = w.start_us"""


def tell_idle_links(con: Connection) -> None:
    """Leave `link_idle`: the links that move a visit of which nothing is told, under the old number or the new."""
    con.execute("CREATE TEMP TABLE link_idle (patient VARCHAR, visit VARCHAR)")
    # Few patients have such links, and the visits of all tables need not be gone through for the others.
    if con.execute("SELECT count(*) FROM visit_link WHERE here").fetchall()[0][0]:
        names = [table.replace("landed", "told") for table in BUCKETED if "visit" in dict(LANDED[table])]
        visits = " UNION ALL ".join(
            f"SELECT patient, visit FROM {name if name != 'told' else 'told_rows'}" for name in names
        )
        con.execute(f"""INSERT INTO link_idle
        SELECT v.patient, v.visit FROM visit_link v ANTI JOIN ({visits}) t ON t.patient = v.person AND t.visit = v.visit
        WHERE v.here""")


def tell_stays(con: Connection) -> None:
    """Leave `told`, the stays that hold, and `withdrawn`, those that were taken back, replaced or have vanished."""
    con.execute(_EXTRACTS)
    any_ = con.execute(_ANY).fetchall()[0][0]
    for statement in _WITHDRAWN if any_ else _NOTHING_WITHDRAWN:
        con.execute(statement)
    con.execute(_TAKEN_BACK)


def record_sql(name: str) -> tuple[str, ...]:
    """Return the statements that make one table of records: each once, by the latest statement of each of its fields."""
    table = f"landed_{name}"
    key = RECORDS[name]
    columns = [c for c, _ in LANDED[table] if c not in _TAIL and c not in (key, "also")]
    told = _UNDER_ONE.format(told=f"told_{name}") if name in _BY_REQUEST else f"SELECT * FROM told_{name}"
    latest = f"({_SAID}, settled, delivery, row)"
    fields = ", ".join(f"arg_max({c}, {latest}) FILTER ({c} IS NOT NULL) AS {c}" for c in columns)
    kept = ", ".join(columns)
    moved = f" UNION ALL BY NAME SELECT * FROM move_{name}" if name in MOVED else ""
    # Row 0: where both patients are one person, the statement itself counts and not that it was made elsewhere.
    elsewhere = f""" UNION ALL BY NAME SELECT record AS {key}, patient, said_us, true AS cancelled, feed, delivery,
        0 AS row, extracted_us, coalesce(settled, 0) AS settled FROM told_elsewhere WHERE told = '{table}'"""
    # What a later extract of a snapshot feed no longer has, or tells itself.
    vanished = f"""SELECT o.feed, o.delivery, n.from_us, n.until_us FROM extract_raw o JOIN extract_raw n
        ON n.told = o.told AND n.make = o.make AND n.feed = o.feed AND n.weight > o.weight WHERE o.told = '{table}'"""
    here = f"""SELECT * FROM ({told}) t ANTI JOIN ({vanished}) v
            ON v.feed = t.feed AND v.delivery = t.delivery
            AND coalesce({_WHEN[name]}, {NEVER}) >= v.from_us AND coalesce({_WHEN[name]}, {NEVER}) < v.until_us"""
    own = f"SELECT *, {_settled(table)} AS settled FROM ({here}{moved})"
    return (
        f"CREATE TEMP TABLE all_{name} AS {own}{elsewhere}",
        f"CREATE TEMP TABLE repeated_{name} AS SELECT {key} FROM all_{name} GROUP BY {key} HAVING count(*) > 1",
        f"""CREATE TEMP TABLE {name} AS
        SELECT {key}, {kept}, nullif({_SAID}, {NEVER}) AS said_us, feed, delivery, row
        FROM all_{name} a ANTI JOIN repeated_{name} r ON r.{key} = a.{key} WHERE cancelled IS NOT TRUE
        UNION ALL BY NAME
        SELECT {key}, {fields}, nullif(max({_SAID}), {NEVER}) AS said_us, arg_max(feed, {latest}) AS feed,
               arg_max(delivery, {latest}) AS delivery, arg_max(row, {latest}) AS row
        FROM all_{name} a SEMI JOIN repeated_{name} r ON r.{key} = a.{key}
        GROUP BY {key} HAVING arg_max(coalesce(cancelled, false), {latest}) IS NOT TRUE
        ORDER BY patient, {key}""",
    )


# A request is told under the number that stands for it wherever another of its patient's rows says both; a number that
# was given to two requests stands for neither.
_ALSO = """CREATE TEMP TABLE request_also AS
SELECT patient, also, any_value(request) AS request FROM told_request WHERE also IS NOT NULL AND also <> request
GROUP BY patient, also HAVING count(DISTINCT request) = 1"""
# One row a patient and number: multiplies nothing.
_UNDER_ONE = """SELECT t.* REPLACE (coalesce(o.request, t.request) AS request)
FROM {told} t LEFT JOIN request_also o ON o.patient = t.patient AND o.also = t.request"""
_BY_REQUEST = ("request", "message")

# The fold of moves adds to these.
MOVED = ("event", "duty")


def records_sql(names: Sequence[str] = tuple(RECORDS)) -> tuple[str, ...]:
    """Return the statements that make every table of records besides stays."""
    return (_ALSO, *(statement for name in names for statement in record_sql(name)))
