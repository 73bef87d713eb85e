"""What a kind of resource is read by: its structure, its columns, what it lands and what sets a record aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knitwork.intake.formats.csv.rules import cast_us
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.fhir.words import listed, text


@dataclass(frozen=True, slots=True)
class Gives:
    """Rows for one landed table, in SQL over the staged columns.

    `ours`: columns may also come from extensions that we write (own.py). With `mark` only records that have our
    extension for that column give these rows, and then give no others.
    """

    table: str
    columns: Mapping[str, str]
    where: str = "true"
    source: str = "staged"
    ours: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource.

    `columns` is SQL over the parsed record `j`; `faults` names what sets a record aside, by condition, the first that
    holds; `unread` are records that say nothing we read, which `unread_why` puts in words.
    """

    name: str
    shape: Mapping[str, Any]
    columns: Mapping[str, str]
    gives: tuple[Gives, ...]
    faults: Mapping[str, str] = field(default_factory=dict)
    unread: str = "false"
    unread_why: str = ""
    taken_back: tuple[str, ...] = ("entered-in-error",)
    # What of the records is not taken, as a FROM clause that counts, and in words.
    beside: str = ""
    beside_why: str = ""


# What a record of a patient needs whatever it is of.
NEEDED = {"id_empty": "id IS NULL", "patient_empty": "patient IS NULL"}
# And one that stands for a moment.
TIMED = {
    **NEEDED,
    "time_empty": "at_raw IS NULL",
    "time_unreadable": "at_us IS NULL",
}


def staged(kind: Kind, source: str, *, own: str = "") -> str:
    """Return the SELECT of a kind's columns, with the rule that a record breaks or that it is not read.

    `own` is the SQL of a further column of that name.
    """
    columns = ", ".join(f"{sql} AS {name}" for name, sql in kind.columns.items())
    columns += f", {own} AS own" if own else ""
    faults = " ".join(f"WHEN {condition} THEN {quoted(rule)}" for rule, condition in kind.faults.items())
    rule = f"CASE WHEN broken THEN 'not_json' WHEN {kind.unread} THEN 'unread' {faults} END"
    return f"""SELECT *, {rule} AS rule FROM (SELECT "row", j."resourceType" IS NULL AS broken, {text("j.id")} AS id,
        lower({text("j.status")}) AS status, {cast_us(text("j.meta.lastUpdated"))} AS said_us,
        coalesce(status IN {listed(kind.taken_back)}, false) AS cancelled, {columns} FROM {source} AS j)"""
