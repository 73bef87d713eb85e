"""From a delivery of FHIR resources to the landed tables, each kind by one pass of SQL over its lines."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from knitwork.intake import landing
from knitwork.intake.formats.fhir import duties, facts, notes, orders, places, stays
from knitwork.intake.formats.fhir.documents import FOLLOWED, NOT_FOLLOWED
from knitwork.intake.formats.fhir.kind import Kind
from knitwork.intake.formats.fhir.lines import Lines
from knitwork.intake.formats.fhir.opening import opened
from knitwork.intake.formats.fhir.sniff import HEAD, is_export_log
from knitwork.intake.formats.fhir.taking import LINES, TYPE, Taking, sweep, worded
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.intake.quality import of_row, sentences, shifted
from knitwork.intake.unpack import head_of
from knitwork.lake.engine import Connection, EngineError
from knitwork.model.errors import CannotDo, Unreadable

# Kinds in a sentence.
_MOST_NAMED = 8
# What a kind of resource is called; anything else in its place is not shown.
_RESOURCE = re.compile("[A-Z][A-Za-z]{2,40}")


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:  # noqa: ARG001 - alike in every format
    """Return the profile by which `file` would be read: FHIR leaves open only the zone and which identifier counts."""
    if is_export_log(head_of(file, HEAD)):
        raise Unreadable(f"{name} is the log of an export and holds no records: load the files beside it")
    return profile or Profile()


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
    work: Path | None = None,
) -> LandReport:
    """Leave the landed tables of one delivery in `con`; raises CannotDo when nothing of the file can be used."""
    name = name or file.name
    landing.clear(con)
    sweep(con)
    try:
        with opened(file, name=name, work=work) as (lines, passed_over):
            con.register(LINES, lines.table)
            try:
                taking = Taking(con, feed, delivery, extracted_us)
                return _landed(taking, lines, passed_over, profile, received_us=received_us, name=name)
            finally:
                con.unregister(LINES)
                sweep(con)
    except CannotDo:
        landing.clear(con)
        raise
    except EngineError as problem:
        landing.clear(con)
        if "Memory" in type(problem).__name__ or "IOException" in type(problem).__name__:
            raise
        raise Unreadable(f"{name} holds FHIR that could not be made sense of: export it again") from None


def _landed(
    taking: Taking, lines: Lines, said: list[str], profile: Profile, *, received_us: int | None, name: str
) -> LandReport:
    con = taking.con
    landing.give(con, "rejected", [])
    found = dict(con.execute(f"SELECT {TYPE} AS kind, count(*) FROM {LINES} GROUP BY 1").fetchall())
    if lines.faulty:
        faults = pa.table({"row": [row for row, _ in lines.faulty], "rule": [rule for _, rule in lines.faulty]})
        con.register("fhir_faulty", faults)
        taking.reject('SELECT "row", rule FROM fhir_faulty')
        con.unregister("fhir_faulty")
    if None in found:
        taking.reject(
            f"""SELECT "row", CASE WHEN TRY(json_valid(line)) THEN 'type_empty' ELSE 'not_json' END AS rule
            FROM {LINES} WHERE {TYPE} IS NULL"""
        )
    zone = profile.zone or "UTC"
    counted = stays.take(taking, found, profile, received_us=received_us)
    said = [*said, *counted.notes]
    known = _kinds(zone, profile.identifier)
    for kind in known:
        if kind.name in found:
            said += taking.take(kind)
    taking.finish()
    return _report(taking, found, lines, said, counted, profile, {*stays.KINDS, *(kind.name for kind in known)}, name)


def _kinds(zone: str, identifier: str | None) -> tuple[Kind, ...]:
    return (
        *places.kinds(zone, identifier),
        *orders.kinds(zone),
        *notes.kinds(zone),
        *facts.kinds(zone),
        *duties.kinds(zone),
    )


def _report(
    taking: Taking, found: dict[str | None, int], lines: Lines, said: list[str], counted: stays.Counted,
    profile: Profile, known: set[str], name: str,
) -> LandReport:  # fmt: skip
    con, tables = taking.con, dict(taking.tables)
    others = {kind: n for kind, n in found.items() if kind is not None and kind not in known}
    taken = " UNION ".join([f'SELECT "row" FROM {table}' for table in tables] or ['SELECT 0 AS "row" WHERE false'])
    landed, rejected, in_part = (
        taking.one(f'SELECT count(DISTINCT "row") FROM ({query})')
        for query in (
            taken,
            f'SELECT "row" FROM rejected WHERE "row" NOT IN (SELECT "row" FROM ({taken}))',
            f'SELECT "row" FROM rejected WHERE "row" IN (SELECT "row" FROM ({taken}))',
        )
    )
    rows = len(pc.unique(lines.table["row"])) + len(lines.faulty)
    said = [*said, *_deletions(others.pop(FOLLOWED, 0), others.pop(NOT_FOLLOWED, 0))]
    if others:
        said = [*said, _not_read(others)]
    if in_part:
        records = "record was taken in part and counts" if in_part == 1 else "records were taken in part and count"
        said = [*said, f"{in_part:,} {records} as taken: what was set aside stands in rejects"]
    if not landed:
        raise _nothing(con, rows, rejected, said, name)
    counts = replace(counted.counts, rows=rows, landed=counted.counts.landed, rejected=tuple(worded(taking.rejected)))
    now_shifted = profile.calendar == "shifted" or (profile.calendar is None and shifted(counts))
    links, stays_ = tables.keys() <= {"linked"}, "landed" in tables
    return LandReport(
        rows,
        landed,
        rejected,
        counted.first_us,
        counted.last_us,
        # an end in a far year is not how FHIR says that somebody is still there
        (*said, *sentences(replace(counts, open_ends=0), shifted_now=now_shifted)),
        replace(profile, calendar=profile.calendar or ("shifted" if now_shifted else None)),
        counts,
        "stays" if stays_ else "links" if links else "records",
        rows - landed - rejected,
        tables,
        tuple(sorted((kind, "resource") for kind in found if kind and _RESOURCE.fullmatch(kind))),
    )


def _deletions(followed: int, left: int) -> list[str]:
    """Say what became of the deletions of a Bundle."""
    said = []
    if followed:
        which = (
            "1 deletion took back the record it names" if followed == 1 else f"{followed:,} deletions took back theirs"
        )
        said.append(which)
    if left:
        which = "1 deletion names a record" if left == 1 else f"{left:,} deletions name records"
        said.append(f"{which} that no entry here holds and could not be followed: send it as entered-in-error")
    return said


def _not_read(others: dict[str, int]) -> str:
    named = [(kind, n) for kind, n in others.items() if _RESOURCE.fullmatch(kind)]
    listed = sorted(named, key=lambda one: (-one[1], one[0]))[:_MOST_NAMED]
    words = [f"{n:,} {kind}" for kind, n in listed]
    if len(others) > len(listed):
        words.append(f"{sum(others.values()) - sum(n for _, n in listed):,} of {len(others) - len(listed)} other kinds")
    return f"kinds that are not read were left out: {', '.join(words)}"


def _nothing(con: Connection, rows: int, rejected: int, said: list[str], name: str) -> CannotDo:
    """Return the sentence for a delivery of which nothing landed."""
    if not rejected:
        why = said[-1] if said else f"none of {rows:,} records tells of a stay, a death or another number"
        return CannotDo(f"{name}: nothing we read here ({why}): leave it out, or load the Encounters that go with it")
    row, rule = con.execute('SELECT "row", rule FROM rejected ORDER BY "row", rule LIMIT 1').fetchall()[0]
    every = "its one record" if rows == 1 else f"none of its {rows:,} records"
    cannot = "cannot be used" if rows == 1 else "can be used"
    return CannotDo(f"{name}: {every} {cannot} ({of_row(row, rule)}): export it again with what is missing")
