"""What is given the damaged inputs: a table of targets, by kind of text and by what reads it.

A target takes one case and says whether it was taken. A refusal in words is no fault; any other exception is. Cases of
the targets that land are files of `records` damaged records each, as one landing costs what a thousand parses do.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from xml.sax.saxutils import quoteattr

from fuzz import seeds
from fuzz.mutate import WITHIN, Grammar, mutated
from knitwork.intake import formats, landing
from knitwork.intake.formats.fhir.opening import opened
from knitwork.intake.formats.hl7v2.ack import ack
from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.landing import LandReport
from knitwork.intake.mllp.framing import Framer, framed
from knitwork.intake.profile import Profile, parse_profile, read_profile, write_profile
from knitwork.lake.engine import Connection, connect
from knitwork.measures.definition import read_measure
from knitwork.model.errors import CannotDo

NOON = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
_FRAME_LIMIT = 1 << 20
# A sentence longer than this is a list of the input.
LONGEST_SENTENCE = 1_200
# A stream of nothing but empty frames has a hundred thousand messages: so many of one case are read.
_MOST_FRAMES = 500


class Broken(AssertionError):
    """A promise of a parser that does not hold, other than a crash."""


class Room:
    """What the targets of one process share: a folder, a connection, and the test of what is said."""

    def __init__(self, folder: Path) -> None:
        """Take the folder for files."""
        self.folder = folder

    @cached_property
    def con(self) -> Connection:
        """Return the one connection, with little memory."""
        return connect(memory="300MB", threads=1, spill=self.folder / "spill")

    def file(self, case: bytes) -> Path:
        """Write a case to a file; its name says nothing."""
        path = self.folder / "input"
        path.write_bytes(case)
        return path


def spoken(sentences: Iterable[str]) -> None:
    """Check what people are shown: single sentences of bearable length with nothing of a patient in them."""
    for sentence in sentences:
        if not sentence or "\n" in sentence or "\r" in sentence:
            raise Broken(f"this is not one sentence: {sentence[:300]!r}")
        if len(sentence) > LONGEST_SENTENCE:
            raise Broken(f"a sentence of {len(sentence):,} characters: {sentence[:300]!r}")
        if any(secret in sentence for secret in seeds.SECRETS):
            raise Broken(f"a sentence tells of a patient: {sentence[:300]!r}")


def _hl7_message(case: bytes, _: Room) -> bool:
    """Read a message as the listener does: from a stream in pieces to frames, to rows, to the answer."""
    framer = Framer(_FRAME_LIMIT)
    stream, third = framed(case), len(case) // 3
    frames = [
        f for piece in (stream[:third], stream[third : third + 1], stream[third + 1 :]) for f in framer.take(piece)
    ]
    if framer.held > _FRAME_LIMIT + 1:
        raise Broken(f"{framer.held:,} bytes of an open frame are kept")
    taken = False
    for frame in (*frames, *framer.settle())[:_MOST_FRAMES]:
        if frame.whole:
            said = rows_of(frame.payload, zone="Europe/Amsterdam")
            spoken([*said.notes, *([said.problem] if said.problem else [])])
            taken = taken or not said.problem
        ack(frame.payload, "AA", at=NOON)
    return taken


def _checked(con: Connection, report: LandReport) -> bool:
    if report.rows != report.landed + report.rejected + report.ignored:
        raise Broken(f"{report.rows} rows are not {report.landed} + {report.rejected} + {report.ignored}")
    spoken(report.notes)
    tables = con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'rejected'").fetchall()[0][0]
    if tables:
        spoken(row[0] for row in con.execute("SELECT DISTINCT message FROM rejected").fetchall())
    return report.landed > 0


def _landed(format: str) -> Callable[[bytes, Room], bool]:
    """Return the target that lands a file: of a format, or of the one that claims it."""

    def land(case: bytes, room: Room) -> bool:
        path = room.file(case)
        reader = formats.FORMATS[format] if format else formats.open_delivery(path, name="input")
        profile = reader.guess(path, name="input", profile=Profile(zone="Europe/Amsterdam"), work=room.folder)
        try:
            report = reader.land(room.con, path, profile, feed="f", delivery="d" * 64, name="input", work=room.folder)
            return _checked(room.con, report)
        finally:
            landing.clear(room.con)

    return land


def _csv_header(case: bytes, room: Room) -> bool:
    formats.guess(room.file(case), name="input", profile=Profile(zone="UTC"), work=room.folder)
    return True


def _fhir_document(case: bytes, room: Room) -> bool:
    """Read a document to its resources, one a line."""
    with opened(room.file(case), name="input", work=room.folder) as (lines, notes):
        spoken(notes)
        return bool(lines.table.num_rows)


def _xes_log(case: bytes, room: Room) -> bool:
    formats.FORMATS["xes"].guess(room.file(case), name="input", work=room.folder)
    return True


def _profile(case: bytes, room: Room) -> bool:
    """Read a profile; what is written of it must read back the same."""
    profile = read_profile(room.file(case))
    if parse_profile(write_profile(profile, feed="f"), source="f") != profile:
        raise Broken("a profile that was written reads back as another")
    return True


def _measure(case: bytes, _: Room) -> bool:
    read_measure(case.decode("utf-8-sig", "replace"), "m.yaml")
    return True


Maker = Callable[[Random], bytes]


def _one(grammar: Callable[[], Grammar]) -> Maker:
    return lambda random: mutated(grammar(), random)


def _many(grammar: Callable[[], Grammar], records: int, divider: bytes, head: bytes = b"", *, text: bool) -> Maker:
    """Return the maker of files of damaged records, among which every tenth is a good one.

    With `text` nine files of ten are good UTF-8 without zeros, as otherwise no row of a table would ever be looked at.
    """

    def make(random: Random) -> bytes:
        case = head + divider.join(
            random.choice(grammar().seeds) if random.random() < 0.1 else mutated(grammar(), random, WITHIN)[:20_000]
            for _ in range(records)
        )
        if text and random.random() < 0.9:
            case = case.replace(b"\0", b"").decode("utf-8", "ignore").encode()
        return case

    return make


_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _log(events: int) -> Maker:
    """Return the maker of sound logs whose values are damaged."""

    def value(random: Random) -> str:
        return quoteattr(_NO_XML.sub("", mutated(seeds.xes_value(), random, WITHIN)[:5_000].decode("utf-8", "replace")))

    def make(random: Random) -> bytes:
        body = []
        for number in range(events):
            time = value(random) if random.random() < 0.5 else '"2024-03-01T10:00:00Z"'
            body.append(
                f'<event><string key="concept:name" value={value(random)}/><date key="time:timestamp" value={time}/>'
                f'<string key="org:group" value={value(random)}/><string key={value(random)} value={value(random)}/></event>'
            )
            if number % 5 == 4:
                body.append(f'</trace><trace><string key="concept:name" value={value(random)}/>')
        return f"<log><trace>{''.join(body)}</trace></log>".encode()

    return make


_ALL: tuple[Callable[[], Grammar], ...] = (seeds.hl7, seeds.csv, seeds.fhir, seeds.xes)


def _any_file(random: Random) -> bytes:
    """Make a whole file of any kind, now and then packed, and damaged once more."""
    grammar = random.choice(_ALL)()
    case = mutated(grammar, random)
    packing = random.random()
    if packing < 0.05:
        case = gzip.compress(case, mtime=0)
    elif packing < 0.1:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(random.choice((1, 2))):
                archive.writestr(zipfile.ZipInfo(f"member{number}"), case)
        case = packed.getvalue()
    if packing < 0.1 and random.random() < 0.5:
        at = random.randrange(len(case))
        case = case[:at] + bytes([random.randrange(256)]) + case[at + 1 :]
    return case


@dataclass(frozen=True, slots=True)
class Target:
    """What reads, what makes its cases, how many damaged inputs a case holds, and its share of a million.

    `limit_s` is the most seconds of the processor for a case. A single input has one; a file that lands has more, as its
    SQL is prepared anew for each kind of record, whatever stands in it.
    """

    title: str
    read: Callable[[bytes, Room], bool]
    make: Maker
    share: int
    records: int = 1
    limit_s: float = 1.0


_HEADER = b"patient,unit,start,end,visit\n"
TARGETS: dict[str, Target] = {
    "hl7-message": Target("HL7 v2 frames, messages and answers", _hl7_message, _one(seeds.hl7), 250_000),
    "hl7-file": Target(
        "HL7 v2 files, landed", _landed("hl7v2"), _many(seeds.hl7, 250, b"\r", text=False), 100_000, 250, 5.0
    ),
    "csv-header": Target("tables: encoding, header and columns", _csv_header, _one(seeds.csv), 100_000),
    "csv-rows": Target(
        "tables, landed", _landed("csv"), _many(seeds.csv_row, 250, b"\n", _HEADER, text=True), 153_000, 250, 5.0
    ),
    "fhir-document": Target("FHIR documents to resources", _fhir_document, _one(seeds.fhir), 100_000),
    "fhir-lines": Target(
        "FHIR resources, landed", _landed("fhir"), _many(seeds.fhir_line, 2_500, b"\n", text=False), 75_000, 2_500, 30.0
    ),
    "xes-log": Target("XES logs to a table of events", _xes_log, _one(seeds.xes), 75_000),
    "xes-events": Target("XES events, landed", _landed("xes"), _log(250), 45_000, 250, 10.0),
    "yaml-profile": Target("profiles", _profile, _one(seeds.profile), 50_000),
    "yaml-measure": Target("definitions of measures", _measure, _one(seeds.measure), 50_000),
    "any-file": Target("whole files of any kind, landed", _landed(""), _any_file, 2_000, 1, 15.0),
}


def refused(fault: CannotDo) -> None:
    """Check the sentence of a refusal."""
    spoken([str(fault)])
