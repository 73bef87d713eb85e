"""One table of a known model: from its text or Parquet to typed rows, counted, and on into the landed tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knitwork.intake.formats.csv.careful import clean
from knitwork.intake.formats.csv.showing import shown
from knitwork.intake.formats.csv.sniff import Dialect
from knitwork.intake.formats.csv.tally import FUTURE_US, SHORT_US
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.known_files import Plain, trouble_of_file
from knitwork.intake.formats.known_model import BORN, Into, Known
from knitwork.intake.formats.known_times import read_moments
from knitwork.intake.landing import LANDED
from knitwork.intake.quality import MIDNIGHTS, MIDNIGHTS_AMONG
from knitwork.lake.engine import BadInput, Connection, EngineError
from knitwork.model.errors import Unreadable
from knitwork.model.tables import FLAGS

_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition that sets a row aside, with its rule, the field, and the SQL of the sentence."""

    when: str
    rule: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of one table, typed, in the temporary table `typed`; how many they are and what they showed."""

    known: Known
    typed: str
    rows: int
    landed: int
    rejected: dict[str, int]
    doubts: tuple[int, ...]
    coarse: frozenset[str]  # moments whose column holds dates only
    finest: str
    first_us: int | None
    last_us: int | None
    seen: dict[str, int]


def read_rows(
    con: Connection, plain: Plain, known: Known, *, zone: str, before: int, work: Path, future_us: int | None
) -> Read:
    """Type the rows of one table, numbered on from `before`, and give the faulty ones to `rejected`."""
    typed = "typed_rows"
    con.execute(f"DROP TABLE IF EXISTS {typed}")
    faults = tuple(_faults(known))
    ragged = _typed(con, plain, known, faults, typed=typed, zone=zone, before=before, work=work)
    where = "" if before == 0 else f"{known.table}: "
    named = " ".join(f"WHEN {n} THEN {quoted(fault.rule)}" for n, fault in enumerate(faults))
    fields = " ".join(f"WHEN {n} THEN {quoted(fault.field)}" for n, fault in enumerate(faults))
    if faults:
        con.execute(
            f"""INSERT INTO rejected SELECT "row", CASE fault {fields} END, CASE fault {named} END,
            {quoted(where)} || message FROM {typed} WHERE fault IS NOT NULL"""
        )
    return _counted(con, known, faults, typed=typed, ragged=ragged, future_us=future_us)


def _faults(known: Known) -> Iterator[Fault]:
    for role, sql in known.must.items():
        yield Fault(f"({sql}) IS NULL", f"{role}_empty", role, quoted(f"the {role} is empty"))
    for m, sql in known.moments.items():
        name = sql if sql.isidentifier() else m
        rule = m if m in ("start", "end") else "time"
        said = f"{quoted(name + ' ')} || {shown(m + '_raw')} || "
        if m == "start":
            yield Fault(f"{m}_text IS NULL", "start_empty", name, quoted("the start is empty"))
        yield Fault(f"{m}_bad = 'unreadable'", f"{rule}_unreadable", name, f"{said}' is not a time'")
        open_too = "" if m == "end" else f" OR {m}_open"
        yield Fault(f"{m}_bad = 'placeholder'{open_too}", f"{rule}_placeholder", name, f"{said}' is a made-up date'")
    if {"start", "end"} <= known.moments.keys():
        told = f"'the end ' || {shown('end_raw')} || ' is before the start ' || {shown('start_raw')}"
        yield Fault("stay_end_us < start_us", "end_before_start", "end", told)
    for n, sql in known.numbers.items():
        name = sql if sql.isidentifier() else n
        wrong = f"({sql}) IS NOT NULL AND NOT coalesce(isfinite({_number(sql)}), false)"
        yield Fault(wrong, "value_unreadable", name, f"{quoted(name + ' ')} || {shown(sql)} || ' is not a number'")


def _number(sql: str) -> str:
    return f"try_cast({sql} AS DOUBLE)"


def _typed(
    con: Connection,
    plain: Plain,
    known: Known,
    faults: tuple[Fault, ...],
    *,
    typed: str,
    zone: str,
    before: int,
    work: Path,
) -> int:
    """Make the table `typed`; return how many rows did not fit the header."""
    try:
        _make(con, _scan(plain, known), known, faults, typed=typed, zone=zone, before=before)
        if not _ragged(con):
            return 0
    except BadInput:
        if not plain.separator:
            raise _damaged(plain) from None
        # A line that confuses the fast reader altogether: the careful one says which.
    except EngineError as trouble:
        if plain.separator or not trouble_of_file(trouble):
            raise
        raise _damaged(plain) from None
    copy = clean(plain.path, Dialect(plain.separator, plain.header, 1, ()), work=work)
    # Without the beginning of the row, which may be a patient's number or name.
    con.execute(
        f"""INSERT INTO rejected SELECT "row" + {before}, 'row', 'ragged', message
        FROM read_csv({quoted(str(copy.faulty))}, auto_detect=false, header=false, delim=',', quote='"', escape='"',
        columns={{'row': 'BIGINT', 'message': 'VARCHAR'}})"""
    )
    con.execute(f"DROP TABLE IF EXISTS {typed}")
    _make(con, _scan(plain, known, numbered=copy.good), known, faults, typed=typed, zone=zone, before=before)
    return copy.faults


def _damaged(plain: Plain) -> Unreadable:
    return Unreadable(f"{plain.name} is a damaged Parquet file: fetch or export it again")


def _ragged(con: Connection) -> bool:
    """Say whether the fast reader met a row that does not fit, and forget it."""
    there = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
    if not con.execute(there).fetchall()[0][0]:
        return False
    found = con.execute("SELECT count(*) FROM reject_errors").fetchall()[0][0]
    con.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    return bool(found)


def _scan(plain: Plain, known: Known, *, numbered: Path | None = None) -> str:
    """Return the SELECT of the columns that are read, all as text; a clean copy brings its row numbers along."""
    places = {name.strip().lower(): place for place, name in enumerate(plain.header)}
    cells = {c: _cell(plain, places[c]) if c in places else "NULL::VARCHAR" for c in known.columns}
    chosen = ", ".join(f"{_whole(cell) if c.endswith('_id') else cell} AS {c}" for c, cell in cells.items())
    if not plain.separator:
        source = f"read_parquet({quoted(str(plain.path))}, file_row_number=true)"
        return f'(SELECT file_row_number + 1 AS "row", {chosen} FROM {source})'
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(plain.header)))
    path, skip, row, rejects = plain.path, 1, "row_number() OVER ()", ", store_rejects=true, rejects_limit=1"
    if numbered:
        path, skip, row, rejects, columns = numbered, 0, '"n"', "", "'n': 'BIGINT', " + columns
    return f"""(SELECT {row} AS "row", {chosen} FROM read_csv({quoted(str(path))}, auto_detect=false, header=false,
        skip={skip}, delim={quoted(plain.separator)}, quote='"', escape='"', columns={{{columns}}}{rejects}))"""


def _cell(plain: Plain, place: int) -> str:
    if plain.separator:
        return f"nullif(trim(c{place}), '')"
    column = '"' + plain.header[place].replace('"', '""') + '"'
    return f"nullif(trim(CAST({column} AS VARCHAR)), '')"


def _whole(cell: str) -> str:
    """Cut off the fraction that a column of whole numbers gets where some of them are missing."""
    return f"regexp_replace({cell}, '^(\\d+)\\.0+$', '\\1')"


def _make(
    con: Connection, raw: str, known: Known, faults: tuple[Fault, ...], *, typed: str, zone: str, before: int
) -> None:
    kept = [f'"row" + {before} AS "row"', *known.columns]
    kept += [f"{_number(sql)} AS {n}_num" for n, sql in known.numbers.items()]
    for m in known.moments:
        kept += [f"{m}_us", f"{m}_day", f"{m}_midnight", f"{m}_naive"]
    if known.stays:
        kept += ["end_open", "stay_end_us", "night"]
    cases = " ".join(f"WHEN {fault.when} THEN {n}" for n, fault in enumerate(faults))
    words = " ".join(f"WHEN {n} THEN {fault.message}" for n, fault in enumerate(faults))
    kept.append(f"CASE {cases} END::UTINYINT AS fault" if faults else "NULL::UTINYINT AS fault")
    kept.append(f"CASE fault {words} END AS message" if faults else "NULL::VARCHAR AS message")
    con.execute(f"CREATE TEMP TABLE {typed} AS SELECT {', '.join(kept)} FROM {read_moments(raw, known.moments, zone)}")


def _counted(
    con: Connection, known: Known, faults: tuple[Fault, ...], *, typed: str, ragged: int, future_us: int | None
) -> Read:
    """Count in one pass what the typed rows showed."""
    good = "fault IS NULL"
    into = " OR ".join(f"({into.when})" for into in known.into) or "false"
    # A delivery does not speak of the days of births: they are long before it, and nobody wants their time of day.
    moments = [m for m in known.moments if m != BORN]
    ends = ["stay_end_us" if known.stays and m == "end" else f"{m}_us" for m in moments]
    sums: dict[str, str] = {"rows": "true", "landed": f"{good} AND ({into})"}
    sums |= {f"fault {n}": f"fault = {n}" for n in range(len(faults))}
    sums |= {f"doubt {n}": f"{good} AND ({condition})" for n, (condition, _, _) in enumerate(known.doubts)}
    for m in moments:
        sums |= {
            f"{m} timed": f"{good} AND {m}_us IS NOT NULL AND NOT {m}_day",
            f"{m} midnight": f"{good} AND {m}_midnight",
        }
    any_of = {part: " OR ".join(f"{m}_{part}" for m in moments) or "false" for part in ("day", "naive")}
    sums |= {"days": f"{good} AND ({any_of['day']})", "naive": f"{good} AND ({any_of['naive']})"}
    sums["seconds"] = f"{good} AND (" + (" OR ".join(f"{us} % {_MINUTE_US} <> 0" for us in ends) or "false") + ")"
    if known.stays:
        sums |= _stay_sums(known, future_us)
    first, last = (f"{least}({', '.join(ends)})" if ends else "NULL" for least in ("least", "greatest"))
    counted = ", ".join(f"count(*) FILTER ({condition})" for condition in sums.values())
    taken = f"FILTER ({good} AND ({into}))"
    row = con.execute(f"SELECT min({first}) {taken}, max({last}) {taken}, {counted} FROM {typed}").fetchall()[0]
    seen = dict(zip(sums, row[2:], strict=True))
    rejected: dict[str, int] = {"ragged": ragged} if ragged else {}
    for n, fault in enumerate(faults):
        if seen[f"fault {n}"]:
            rejected[fault.rule] = rejected.get(fault.rule, 0) + seen[f"fault {n}"]
    coarse = frozenset(m for m in moments if _midnights(seen[f"{m} timed"], seen[f"{m} midnight"]))
    doubts = tuple(seen[f"doubt {n}"] for n in range(len(known.doubts)))
    finest = "s" if seen["seconds"] else "m"
    return Read(
        known, typed, seen["rows"] + ragged, seen["landed"], rejected, doubts, coarse, finest, row[0], row[1], seen
    )


def _midnights(timed: int, midnights: int) -> bool:
    """Say whether so many times of a column are midnight that no time of day was recorded; of few, all must be."""
    return midnights > 0 and midnights >= (MIDNIGHTS if timed >= MIDNIGHTS_AMONG else 1) * timed


def _stay_sums(known: Known, future_us: int | None) -> dict[str, str]:
    stay = next(f"fault IS NULL AND ({into.when})" for into in known.into if into.table == "landed")
    fold = FLAGS["dst_fold_start"] | FLAGS["dst_fold_end"]
    future = "false" if future_us is None else f"start_us > {future_us + FUTURE_US}"
    return {
        "stays": stay,
        "missing": f"{stay} AND stay_end_us IS NULL AND NOT end_open",
        "open": f"{stay} AND end_open",
        "zero": f"{stay} AND stay_end_us = start_us",
        "gap": f"{stay} AND night & {FLAGS['dst_gap']} <> 0",
        "fold": f"{stay} AND night & {fold} <> 0",
        "future": f"{stay} AND {future}",
    }


def give_rows(con: Connection, read: Read, into: Into, *, zone: str, assumed: bool, tail: str) -> int:
    """Add the rows of one table that go into a landed one; return how many."""
    precisions = ", ".join(
        f"CASE WHEN {'true' if m in read.coarse else f'{m}_day'} THEN 'd' ELSE '{read.finest}' END AS {m}_precision"
        for m in read.known.moments
    )
    columns = dict(into.columns)
    if into.table == "landed":
        columns |= _stay_columns(read, zone=zone, assumed=assumed)
    types = dict(LANDED[into.table])
    once = f'QUALIFY row_number() OVER (PARTITION BY {into.once} ORDER BY "row") = 1' if into.once else ""
    chosen = ", ".join(f"CAST({sql} AS {types[column]}) AS {column}" for column, sql in columns.items())
    given = con.execute(
        f"""INSERT INTO {into.table} BY NAME SELECT {chosen}, {tail}, "row"
        FROM (SELECT *{", " if precisions else ""}{precisions} FROM {read.typed} WHERE fault IS NULL) WHERE {into.when}
        {once}"""
    )
    return int(given.fetchall()[0][0])


def _stay_columns(read: Read, *, zone: str, assumed: bool) -> dict[str, str]:
    day = "true" if {"start", "end"} & read.coarse else "start_day OR (end_day AND NOT end_open)"
    short = f"stay_end_us - start_us < {SHORT_US} AND NOT ({day})"
    return {
        "start_us": "start_us",
        "end_us": "stay_end_us",
        "end_kind": "CASE WHEN end_open THEN 'open' WHEN stay_end_us IS NULL THEN 'missing' ELSE 'recorded' END",
        "precision": f"CASE WHEN {day} THEN 'd' ELSE '{read.finest}' END",
        "zone": quoted(zone),
        "zone_assumed": "start_naive OR end_naive" if assumed else "false",
        "flags": f"""night + CASE WHEN {day} THEN {FLAGS["date_only"]} ELSE 0 END
            + CASE WHEN stay_end_us = start_us THEN {FLAGS["zero_length"]} ELSE 0 END
            + CASE WHEN {short} THEN {FLAGS["short"]} ELSE 0 END""",
    }
