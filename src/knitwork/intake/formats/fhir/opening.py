"""From a delivery to its records: unpacked, normalised to one resource a line, and registered for SQL."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from knitwork.intake.formats.fhir.documents import read_document, resources, write_resources
from knitwork.intake.formats.fhir.lines import LONGEST, SCHEMA, Lines, joined, lines_of
from knitwork.intake.formats.fhir.sniff import BOM, HEAD, is_export_log, speaks_fhir
from knitwork.intake.unpack import Part, head_of, parts
from knitwork.model.errors import Unreadable

_FIRST = r'^\s*\{\s*"resourceType"'
_FIRST_BUNDLE = r'^\s*\{\s*"resourceType"\s*:\s*"Bundle"'
_ANY_BUNDLE = r'"resourceType"\s*:\s*"Bundle"'


@contextmanager
def opened(file: Path, *, name: str, work: Path | None = None) -> Iterator[tuple[Lines, list[str]]]:
    """Yield the records of a delivery and sentences about what was passed over; temporary files go afterwards."""
    with tempfile.TemporaryDirectory(dir=work, prefix="fhir-") as folder:
        yield _records(file, name=name, work=Path(folder))


def _records(file: Path, *, name: str, work: Path) -> tuple[Lines, list[str]]:
    found: list[Lines] = []
    notes: list[str] = []
    for number, part in enumerate(parts(file, name=name, work=work)):
        head = head_of(part.path, HEAD)
        if is_export_log(head):
            notes.append(f"{part.name} is the log of an export and holds no records")
        elif not speaks_fhir(head):
            notes.append(f"{part.name} holds no FHIR resources and was passed over")
        else:
            first = 1 + sum(lines.rows for lines in found)
            found.append(_of_part(part, first_row=first, work=work, number=number))
    if not found:
        raise Unreadable(f"{notes[0]}: load the files with Encounter and other resources")
    return joined(found), notes


def _of_part(part: Part, *, first_row: int, work: Path, number: int) -> Lines:
    if not is_ndjson(part.path):
        target = work / f"resources{number}.ndjson"
        numbers = write_resources(read_document(part.path, name=part.name), target)
        return lines_of(target, numbers=[first_row - 1 + n for n in numbers])
    lines = lines_of(part.path, first_row=first_row)
    return _with_bundles(lines, work / f"bundled{number}.ndjson")


def is_ndjson(path: Path) -> bool:
    """Say whether the first line of a file is a whole JSON document and so probably every line is one."""
    with path.open("rb") as source:
        for line in iter(lambda: source.readline(LONGEST), b""):
            text = line.removeprefix(BOM).strip()
            if not text:
                continue
            try:
                first = json.loads(text)
            except RecursionError:
                return True
            except ValueError:
                # a damaged first line among many is a rejected row; a document over many lines opens and goes on
                return len(text) > 200 and text.endswith(b"}")
            whole = not any(more.strip() for more in iter(lambda: source.readline(LONGEST), b""))
            return isinstance(first, dict) and not (whole and first.get("resourceType") == "Bundle")
    return True


def _with_bundles(lines: Lines, target: Path) -> Lines:
    """Put the resources of a Bundle in the place of a line that is one; they keep its number."""
    # Most writers name the type first, and then only the beginning of a line has to be looked at.
    bundles = pc.match_substring_regex(lines.table["line"], _FIRST_BUNDLE)
    unusual = pc.invert(pc.match_substring_regex(lines.table["line"], _FIRST))
    if pc.any(unusual).as_py():
        anywhere = pc.match_substring_regex(lines.table["line"], _ANY_BUNDLE)
        bundles = pc.or_(bundles, pc.and_(unusual, anywhere))
    if not pc.any(bundles).as_py():
        return lines
    rows: list[int] = []
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for record in lines.table.filter(bundles).to_pylist():
            try:
                document = json.loads(record["line"])
                written = [json.dumps(one, separators=(",", ":")) for one in resources(document)]
            except (RecursionError, ValueError):
                written = ["not JSON"]
            for one in written:
                out.write(one + "\n")
                rows.append(record["row"])
    kept = lines.table.filter(pc.invert(bundles))
    expanded = lines_of(target, numbers=rows).table if rows else SCHEMA.empty_table()
    return Lines(pa.concat_tables([kept, expanded]), lines.rows, lines.faulty)
