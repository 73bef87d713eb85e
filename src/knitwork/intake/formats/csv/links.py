"""Patient links: rows that say that one number of a patient was given up for another, or that this was undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knitwork.intake.formats.csv.dates import ISO, Reading, local_time
from knitwork.intake.formats.csv.rules import PLACEHOLDER_BEFORE, cast_us, means_open, names_offset, said
from knitwork.intake.formats.csv.scan import Shape
from knitwork.intake.formats.csv.showing import shown
from knitwork.intake.formats.csv.zones import instant, quoted
from knitwork.intake.quality import RULES
from knitwork.lake.engine import Connection

# What systems write for a merge and for its undoing; A40 and A37 are HL7's events. Empty is a merge.
KINDS: dict[str, tuple[str, ...]] = {
    "merge": ("merge", "merged", "link", "a40"),
    "unmerge": ("unmerge", "unmerged", "unlink", "undo", "split", "a37"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """How many rows there were, how many land, and what was noticed, in sentences."""

    rows: int
    landed: int
    notes: tuple[str, ...]


def typed(raw: str, readings: Mapping[str, Reading], zone: str) -> str:
    """Return the SELECT that types the rows of `raw`: "row", patient, merged_into, at_raw and kind."""
    at = readings.get("at", ISO)
    kinds = " ".join(
        f"WHEN lower(kind) IN ({', '.join(quoted(word) for word in words)}) THEN '{kind}'"
        for kind, words in KINDS.items()
    )
    here, when = (shown(cell) for cell in ("kind", "at_raw"))
    return f"""
    WITH read AS (SELECT *, {said("at_raw")} AS at_text, CASE WHEN kind IS NULL THEN 'merge' {kinds} END AS meant FROM {raw}),
    local AS (SELECT *, {local_time("at_text", at)} AS at_local, {names_offset("at_text", at)} AS at_offset FROM read)
    SELECT "row", patient, merged_into, meant AS kind,
        CASE WHEN at_offset THEN {cast_us("at_text")} ELSE {instant("at_local", zone)} END AS at_us,
        at_text IS NOT NULL AND NOT at_offset AS naive,
        CASE WHEN patient IS NULL THEN 'patient_empty'
            WHEN merged_into IS NULL THEN 'merged_into_empty'
            WHEN patient = merged_into THEN 'link_to_itself'
            WHEN at_text IS NOT NULL AND at_us IS NULL THEN 'at_unreadable'
            WHEN at_local < {PLACEHOLDER_BEFORE} OR {means_open("at_local")} THEN 'at_placeholder'
            WHEN meant IS NULL THEN 'kind_unknown' END AS rule,
        CASE rule
            WHEN 'patient_empty' THEN 'the number that is given up is empty; time ' || {when}
            WHEN 'merged_into_empty' THEN 'the number that stays is empty; time ' || {when}
            WHEN 'link_to_itself' THEN 'the same number stands on both sides: it cannot be given up for itself'
            WHEN 'at_unreadable' THEN 'the time of the link ' || {when} || ' is not a time'
            WHEN 'at_placeholder' THEN 'the time of the link ' || {when} || ' is a made-up date'
            WHEN 'kind_unknown' THEN 'the kind ' || {here} || ' is neither merge nor unmerge' END AS message
    FROM local"""


SHAPE = Shape({"patient": "patient", "merged_into": "merged_into", "at_raw": "at", "kind": "kind"}, ("at",), typed)


def tell(con: Connection, *, feed: str, delivery: str, extracted_us: int | None, assumed: bool) -> Told:
    """Leave `linked` (a view) and `rejected` (a table) in `con`, made of `landing` and `faulty`."""
    con.execute(
        f"""CREATE TEMP VIEW linked AS SELECT patient, merged_into, kind, at_us, {quoted(feed)} AS feed,
        {quoted(delivery)} AS delivery, "row", {"NULL" if extracted_us is None else extracted_us}::BIGINT AS extracted_us
        FROM landing WHERE rule IS NULL"""
    )
    con.execute(
        """CREATE TEMP TABLE rejected AS
        SELECT "row", CASE WHEN rule IN ('merged_into_empty', 'link_to_itself') THEN 'merged_into'
            ELSE split_part(rule, '_', 1) END AS field, rule, message FROM landing WHERE rule IS NOT NULL
        UNION ALL SELECT "row", 'row', 'ragged', message FROM faulty"""
    )
    good, naive, undone, timeless = con.execute(
        """SELECT count(*), count(*) FILTER (naive), count(*) FILTER (kind = 'unmerge'), count(*) FILTER (at_us IS NULL)
        FROM landing WHERE rule IS NULL"""
    ).fetchall()[0]
    rejected = con.execute("SELECT rule, count(*) AS n FROM rejected GROUP BY ALL ORDER BY n DESC, rule").fetchall()
    notes = [f"{n:,} {RULES[rule][n > 1]}: set aside, see rejects" for rule, n in rejected]
    if undone:
        notes.append(f"{undone:,} of them {'takes' if undone == 1 else 'take'} a merge back")
    if naive and assumed:
        notes.append("no time zone was named: UTC was assumed; say which with --tz, such as --tz Europe/Amsterdam")
    if timeless and extracted_us is None:
        notes.append(
            f"{timeless:,} {'link has' if timeless == 1 else 'links have'} no time: one that contradicts it and has a time wins"
        )
    return Told(int(good) + sum(n for _, n in rejected), int(good), tuple(notes))
