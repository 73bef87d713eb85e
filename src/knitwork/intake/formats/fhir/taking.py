"""The statements by which the staged records of a delivery become rows of the landed tables and of `rejected`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.fhir import own
from knitwork.intake.formats.fhir.kind import Gives, Kind, staged
from knitwork.intake.formats.fhir.words import structure
from knitwork.intake.landing import LANDED, drop, give
from knitwork.intake.quality import RULES
from knitwork.lake.engine import Connection

LINES = "fhir_lines"
# Everything that this format makes in a connection beside what it leaves there.
SCRATCH = (
    "staged", "encounters", "histories", "visit_of", "parents", "landing", "faulty", "told_duties",
    "fhir_kinds",
)  # fmt: skip

# What a rejected record says of itself; never what is in it.
_WHY = {
    "not_json": "the line is not JSON",
    "not_text": "the line is not UTF-8 text",
    "too_long": "the line is longer than a record can be",
    "type_empty": "the record does not say what kind of resource it is",
    "id_empty": "the record has no id",
    "patient_empty": "the record does not name a patient",
    "time_empty": "the record has no time, or none to the day",
    "time_unreadable": "the time of the record is not a time",
    "value_empty": "the record has no amount",
}


@dataclass(slots=True)
class Taking:
    """One delivery on its way into the landed tables, with what was counted so far."""

    con: Connection
    feed: str
    delivery: str
    extracted_us: int | None
    tables: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def parsed(self, kind: str, shape: Mapping[str, object]) -> str:
        """Return the SELECT of the records of a kind: one column for each thing that its structure names."""
        return f"""(SELECT "row", unnest(TRY(json_transform(line, {structure(shape)})))
            FROM {LINES} WHERE {TYPE} = {quoted(kind)})"""

    def take(self, kind: Kind) -> list[str]:
        """Land the records of a kind, and return the sentences about those that say nothing we read."""
        may = any(gives.ours for gives in kind.gives)
        parsed = self.parsed(kind.name, {**kind.shape, **own.SHAPE} if may else kind.shape)
        select = staged(kind, parsed, own=own.OWN if may else "")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE staged AS {select}")
        ours = may and bool(self.one("SELECT count(*) FROM staged WHERE len(own) > 0"))
        for gives in _given(kind, ours=ours):
            columns = {"said_us": "said_us", "cancelled": "cancelled", **gives.columns}
            chosen = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
            where = f"rule IS NULL AND ({gives.where})"
            named = [*columns, "row"]
            self.give(gives.table, f'SELECT {chosen}, "row" FROM {gives.source} WHERE {where}', named)
        self.reject("SELECT \"row\", rule FROM staged WHERE rule IS NOT NULL AND rule <> 'unread'")
        said = []
        if unread := self.one("SELECT count(*) FROM staged WHERE rule = 'unread'"):
            said.append(
                f"{unread:,} {kind.name} {'record is' if unread == 1 else 'records are'} left out: {kind.unread_why}"
            )
        if kind.beside and (beside := self.one(f"SELECT count(*) {kind.beside}")):
            said.append(f"of {kind.name} records not taken: {beside:,} {kind.beside_why}")
        return said

    def give(self, table: str, select: str, named: Sequence[str] = ()) -> None:
        """Add the rows of a SELECT to a landed table; it names columns as that does, and the tail is added."""
        give(self.con, table, [])
        extracted = "NULL" if self.extracted_us is None else str(self.extracted_us)
        own = dict(LANDED[table])
        names = [name for name in named or self._columns(select) if name in own]
        visit = "visit" in names and self.climbs()
        chosen = [
            f"coalesce(v.visit, g.visit)::{own[name]} AS visit" if visit and name == "visit"
            else f"coalesce(g.said_us, {extracted})::BIGINT AS said_us" if name == "said_us"
            else "coalesce(g.cancelled, false) AS cancelled" if name == "cancelled"
            else f'g."{name}"::{own[name]} AS "{name}"'
            for name in names
        ]  # fmt: skip
        join = " LEFT JOIN visit_of v ON v.id = g.visit" if visit else ""
        if "said_us" in own and "said_us" not in names:
            chosen.append(f"{extracted}::BIGINT AS said_us")
        if "cancelled" in own and "cancelled" not in names:
            chosen.append("false AS cancelled")
        before = self.one(f"SELECT count(*) FROM {table}")
        self.con.execute(
            f"""INSERT INTO {table} BY NAME SELECT {", ".join(chosen)}, {quoted(self.feed)} AS feed,
            {quoted(self.delivery)} AS delivery, {extracted}::BIGINT AS extracted_us FROM ({select}) g{join}"""
        )
        self.tables[table] += self.one(f"SELECT count(*) FROM {table}") - before

    def reject(self, select: str) -> None:
        """Set records aside: "row", rule, and perhaps field and message."""
        give(self.con, "rejected", [])
        names = self._columns(select)
        why = " ".join(f"WHEN {quoted(rule)} THEN {quoted(text)}" for rule, text in _WHY.items())
        message = "message" if "message" in names else f"CASE rule {why} END"
        self.con.execute(
            f"""INSERT INTO rejected BY NAME SELECT "row", CASE WHEN rule IN ('not_json', 'not_text', 'too_long')
                THEN 'row' ELSE split_part(rule::VARCHAR, '_', 1) END AS field, rule::VARCHAR AS rule,
                {message} AS message FROM ({select})"""
        )

    def finish(self) -> None:
        """Count what was rejected, and drop landed tables that stayed empty."""
        for rule, count in self.con.execute("SELECT rule, count(*) FROM rejected GROUP BY rule").fetchall():
            self.rejected[rule] = count
        for table in [table for table, rows in self.tables.items() if not rows]:
            self.con.execute(f"DROP TABLE {table}")
            del self.tables[table]

    def one(self, query: str) -> int:
        return int(self.con.execute(query).fetchall()[0][0] or 0)

    def _columns(self, select: str) -> list[str]:
        return [str(row[0]) for row in self.con.execute(f"DESCRIBE {select}").fetchall()]

    def climbs(self) -> bool:
        """Say whether any encounter is part of another one."""
        return bool(self.one("SELECT count(*) FROM visit_of"))


def _given(kind: Kind, *, ours: bool) -> Iterable[Gives]:
    """Yield what a kind gives, completed by what we write beside its elements where there is any."""
    marks = [gives.mark for gives in kind.gives if gives.mark]
    for gives in kind.gives:
        if not ours:
            if not gives.mark:
                yield gives
            continue
        wanted = [f"{own.found(mark)} IS {'NOT ' if mark == gives.mark else ''}NULL" for mark in marks]
        where = " AND ".join([f"({gives.where})", *wanted])
        told = replace(gives, where=where)
        yield own.completed(told) if gives.ours else told


# The kind stands first in nearly every line, and is then found without reading the rest.
TYPE = r"""coalesce(nullif(regexp_extract(line, '^\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"', 1), ''),
    TRY(json_extract_string(line, '$.resourceType')))"""


def sweep(con: Connection) -> None:
    """Remove what was needed on the way."""
    drop(con, *SCRATCH)


def worded(rejected: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """Return what was set aside by rule, the most frequent first."""
    return sorted(((rule, n) for rule, n in rejected.items() if rule in RULES), key=lambda one: (-one[1], one[0]))
