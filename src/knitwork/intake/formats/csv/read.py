"""From a plain UTF-8 table to typed rows, by SQL that reads the file once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from knitwork.intake.formats.csv.columns import match, plain, require
from knitwork.intake.formats.csv.profile import Profile
from knitwork.intake.formats.csv.sniff import Dialect, sniff
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo


@dataclass(frozen=True, slots=True)
class LandReport:
    """What became of one delivery: rows seen, landed and rejected, its span, and sentences for people.

    `profile` is the profile that was used, completed by what was decided on the way.
    """

    rows: int
    landed: int
    rejected: int
    first_us: int | None
    last_us: int | None
    notes: tuple[str, ...]
    profile: Profile


def guess(file: Path, *, name: str, profile: Profile | None = None) -> Profile:
    """Return the profile by which `file` would be read: what `profile` leaves open is guessed."""
    base = profile or Profile()
    dialect = sniff(file, name=name, profile=base)
    roles = match(dialect.header).roles
    found = replace(base, **{role: roles.get(role) for role in roles if getattr(base, role) is None})
    require(
        dialect.header, {r: v for r in ("patient", "unit", "start", "activity") if (v := getattr(found, r))}, name=name
    )
    return found


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
) -> LandReport:
    """Leave `landed` and `rejected` in `con`, made from one delivery."""
    name = name or file.name
    dialect = sniff(file, name=name, profile=profile)
    con.execute("DROP VIEW IF EXISTS landed; DROP TABLE IF EXISTS rejected; DROP TABLE IF EXISTS landing")
    con.execute(f"CREATE TEMP TABLE landing AS {_typed(file, dialect, profile)}")
    raise_if_none(con, name)
    zone = profile.zone or "UTC"
    con.execute(
        f"""CREATE TEMP VIEW landed AS SELECT patient, unit, start_us, end_us, end_kind, precision, visit,
        {_text(zone)} AS zone, {profile.zone is None} AS zone_assumed, flags, {_text(feed)} AS feed,
        {_text(delivery)} AS delivery, "row", {extracted_us if extracted_us is not None else "NULL"}::BIGINT AS extracted_us
        FROM landing WHERE rule IS NULL"""
    )
    con.execute(
        """CREATE TEMP TABLE rejected AS SELECT "row", split_part(rule, '.', 1) AS field, rule,
        'start ' || coalesce(left(start_text, 80), '(empty)') || ', end ' || coalesce(left(end_text, 80), '(empty)') AS message
        FROM landing WHERE rule IS NOT NULL"""
    )
    rows, landed, first, last = con.execute(
        "SELECT count(*), count(*) FILTER (rule IS NULL), min(start_us) FILTER (rule IS NULL), "
        "max(greatest(start_us, end_us)) FILTER (rule IS NULL) FROM landing"
    ).fetchall()[0]
    return LandReport(rows, landed, rows - landed, first, last, (), profile)


def raise_if_none(con: Connection, name: str) -> None:
    """Refuse a delivery in which no row can be used."""
    if not con.execute("SELECT count(*) FROM landing").fetchall()[0][0]:
        raise CannotDo(f"{name} has a header and no rows: export it again with data")


def _typed(file: Path, dialect: Dialect, profile: Profile) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(dialect.header)))
    place = {plain(cell): f"c{i}" for i, cell in reversed(list(enumerate(dialect.header)))}

    def column(role: str | None) -> str:
        return f"nullif(trim({place[plain(role)]}), '')" if role and plain(role) in place else "NULL::VARCHAR"

    return f"""
    SELECT "row", patient, unit, visit, start_us, end_us,
        CASE WHEN end_ts >= TIMESTAMP '9000-01-01' THEN 'open' WHEN end_us IS NULL THEN 'missing' ELSE 'recorded' END AS end_kind,
        's' AS precision, 0::INTEGER AS flags,
        CASE WHEN patient IS NULL THEN 'patient.empty' WHEN unit IS NULL THEN 'unit.empty'
             WHEN start_us IS NULL THEN 'start.unreadable' WHEN end_text IS NOT NULL AND end_ts IS NULL THEN 'end.unreadable'
             WHEN end_us < start_us THEN 'end.before_start' END AS rule,
        CASE WHEN rule IS NOT NULL THEN start_text END AS start_text, CASE WHEN rule IS NOT NULL THEN end_text END AS end_text
    FROM (SELECT "row", {column(profile.patient)} AS patient, {column(profile.unit)} AS unit, {column(profile.visit)} AS visit,
        {column(profile.start)} AS start_text, {column(profile.end)} AS end_text,
        try_cast(start_text AS TIMESTAMP) AS start_ts, try_cast(end_text AS TIMESTAMP) AS end_ts,
        epoch_us(start_ts) AS start_us, CASE WHEN end_ts < TIMESTAMP '9000-01-01' THEN epoch_us(end_ts) END AS end_us
      FROM (SELECT row_number() OVER () AS "row", * FROM read_csv({_text(str(file))}, auto_detect=false, header=false,
        skip={dialect.header_line + 1}, delim={_text(dialect.separator)}, quote='"', escape='"', columns={{{columns}}},
        store_rejects=true)))
    """


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
