"""From files of HL7 v2 messages to the landed tables, message by message; one bad message never stops a file."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knitwork.intake import landing
from knitwork.intake.formats.hl7v2.cut import Batches, messages_in
from knitwork.intake.formats.hl7v2.rows import Said, rows_of
from knitwork.intake.formats.hl7v2.sniff import HEAD, speaks_hl7
from knitwork.intake.landing import LandReport, give
from knitwork.intake.profile import Profile
from knitwork.intake.unpack import head_of, parts
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo, Unreadable

# So many messages are held in memory before their rows land.
BATCH = 5_000
# Kinds in a sentence.
_MOST_NAMED = 8
_FAULTS = {
    "not_hl7": "it does not begin with MSH, so it is no HL7 v2 message",
    "too_long": "it is longer than 16 MiB",
}


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:  # noqa: ARG001 - alike in every format
    """Return the profile by which `file` would be read: HL7 leaves open only the zone and which identifier counts."""
    return profile or Profile()


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,  # noqa: ARG001 - alike in every format
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave the landed tables of one file in `con`; raises CannotDo when none of its messages can be used."""
    name = name or file.name
    landing.clear(con)
    taken = _Taken(con, {"feed": feed, "delivery": delivery, "extracted_us": extracted_us}, profile)
    try:
        with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as folder:
            for part in parts(file, name=name, work=Path(folder)):
                if not speaks_hl7(head_of(part.path, HEAD)):
                    taken.notes[f"passed over: {part.name} is no HL7 v2"] = 0
                    continue
                for payload, fault in _records(part.path, taken):
                    taken.take(payload, fault)
        taken.flush()
        if again := taken.reused():
            taken.notes[REUSED] = again
        return taken.report(name)
    except CannotDo:
        landing.clear(con)
        raise


def _records(path: Path, taken: _Taken) -> Iterator[tuple[bytes, str]]:
    batches = Batches()
    for cut in messages_in(path, batches):
        yield cut.payload, cut.fault
    if batches.wrong:
        taken.notes["batches hold another number of messages than their trailers (BTS-1) say"] += batches.wrong


REUSED = "the number (MSH-10) is that of an earlier message with other content; each was taken by itself"


@dataclass(slots=True)
class _Taken:
    """What was taken of a file so far."""

    con: Connection
    tail: dict[str, Any]
    profile: Profile
    number: int = 0
    landed: int = 0
    rejected: int = 0
    assumed_zone: int = 0
    first_us: int | None = None
    last_us: int | None = None
    waiting: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tables: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def take(self, payload: bytes, fault: str) -> None:
        """Take one record of the file."""
        self.number += 1
        if fault:
            self._reject(fault, _FAULTS[fault])
        else:
            try:
                said = rows_of(payload, zone=self.profile.zone, identifier=self.profile.identifier)
            except Unreadable:
                self._reject("not_hl7", _FAULTS["not_hl7"])
            else:
                self._said(said)
        if self.number % BATCH == 0:
            self.flush()

    def _said(self, said: Said) -> None:
        self.notes.update(said.notes)
        if said.problem:
            self._reject(said.rule or "hl7_damaged", f"{said.type or 'a message'}: {said.problem}")
            return
        if said.ignored or not said.tables:
            self.ignored[said.type] += 1
            return
        self.landed += 1
        self.assumed_zone += said.zone_assumed
        for table, rows in said.tables.items():
            own = [{**row, **self.tail, "row": self.number} for row in rows]
            self.waiting.setdefault(table, []).extend(own)
            if table == "landed_move":
                self._span(own)

    def _span(self, moves: list[dict[str, Any]]) -> None:
        for move in moves:
            at = move["at_us"]
            if at is not None:
                self.first_us = at if self.first_us is None else min(self.first_us, at)
                self.last_us = at if self.last_us is None else max(self.last_us, at)

    def _reject(self, rule: str, message: str) -> None:
        self.rejected += 1
        self.faults[message] += 1
        row = {"row": self.number, "field": "message", "rule": rule, "message": message}
        self.waiting.setdefault("rejected", []).append(row)

    def flush(self) -> None:
        """Land what waits."""
        for table, rows in self.waiting.items():
            given = give(self.con, table, rows)
            if table != "rejected":
                self.tables[table] += given
        self.waiting = {}

    def reused(self) -> int:
        """Return how many messages of moves bear the number of another one, with other content."""
        if "landed_move" not in self.tables:
            return 0
        again = """SELECT coalesce(sum(n - 1), 0) FROM (
            SELECT count(DISTINCT message) AS n FROM landed_move WHERE control <> '' GROUP BY control HAVING n > 1)"""
        return int(self.con.execute(again).fetchall()[0][0])

    def report(self, name: str) -> LandReport:
        """Return what became of the file; raises CannotDo when nothing landed."""
        if not self.number:
            raise Unreadable(f"{name} holds no HL7 v2 message: export it again")
        if not self.landed:
            raise CannotDo(f"{name}: {self._why_nothing()}")
        linked = self.tables.keys() <= {"linked"}
        return LandReport(
            self.number,
            self.landed,
            self.rejected,
            self.first_us,
            self.last_us,
            self._sentences(),
            self.profile,
            None,
            "stays" if "landed_move" in self.tables else "links" if linked else "records",
            sum(self.ignored.values()),
            dict(self.tables),
        )

    def _why_nothing(self) -> str:
        if self.faults:
            every = "its one message cannot be used" if self.number == 1 else "none of its messages can be used"
            return f"{every} ({self.faults.most_common(1)[0][0]}): have it sent again with what is missing"
        return f"nothing is read from {_listed(self.ignored)}: load a file with other messages"

    def _sentences(self) -> tuple[str, ...]:
        said = [f"{count:,} set aside, see rejects: {message}" for message, count in self.faults.most_common()]
        if self.ignored:
            said.append(f"messages from which nothing is read were left out: {_listed(self.ignored)}")
        if self.assumed_zone:
            said.append("no time zone was named: UTC was assumed; say which with --tz, such as --tz Europe/Amsterdam")
        return (
            *said,
            *(f"{_messages(count)}: {note}" if count else note for note, count in sorted(self.notes.items())),
        )


def _listed(kinds: Counter[str]) -> str:
    named = sorted(((kind, n) for kind, n in kinds.items() if kind), key=lambda one: (-one[1], one[0]))[:_MOST_NAMED]
    words = [f"{count:,} {kind}" for kind, count in named]
    if others := kinds.total() - sum(count for _, count in named):
        words.append(f"{others:,} of other kinds")
    return ", ".join(words)


def _messages(count: int) -> str:
    return f"{count:,} {'message' if count == 1 else 'messages'}"
