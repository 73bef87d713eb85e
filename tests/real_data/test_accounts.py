"""Every data set opened as a user would: the account names every file, and adds up to records counted here by hand.

What stands in a file is counted with csv, json, zipfile and pyarrow alone; what was taken is read off what
`knitwork open` prints.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from knitwork.intake.formats import open_delivery
from knitwork.lake.engine import connect

pytestmark = pytest.mark.real_data
SOURCE = Path(__file__).parents[2] / "src"
LINE = re.compile(
    r"^(?P<name>\S+): (?P<taken>[\d,]+) (?:rows?|patient links?) taken, (?P<rejected>[\d,]+) rejected"
    r"(?:, (?P<ignored>[\d,]+) of kinds that are not read)? \(feed (?P<feed>[^)]+)\)$",
    re.MULTILINE,
)
# Each data set, the feeds it makes, and the files that are left out because no record of a unit stands in them.
SETS = {
    "daqapo-dirty": ({"hospital", "hospital-actlog", "hospital-events"}, r"DESCRIPTION|LICENSE|.*\.(RData|Rd|html)"),
    "event-logs": ({"patients", "sepsis"}, "LICENSE"),
    "fhir-bulk-synthea": (
        {"fhir"}, r"(AllergyIntolerance|Device|Immunization|MedicationRequest|Practitioner|PractitionerRole|log)\..*"
    ),
    "mimic4-demo": ({"mimic"}, r"LICENSE\.txt|demo_subject_id\.csv|(d_\w+|omr)\.csv\.gz"),
    "nhs-trusts": ({"ae-attendances", "sitrep1819", "sitrep1920"}, ""),
    "omop-synthea27nj": ({"omop"}, "LICENSE"),
    "synthea-csv": (
        {"synthea"},
        r"LICENSE|(allergies|claims|devices|immunizations|medications|payer\w*|providers|supplies|\w+_seed)\.csv",
    ),
}  # fmt: skip


def records(path: Path) -> int:
    """Count what stands in a file, by nothing of ours."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = [n for n in archive.namelist() if n.endswith(".parquet") and not n.startswith("__MACOSX")]
            return sum(pq.read_metadata(io.BytesIO(archive.read(name))).num_rows for name in members)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return book.read("xl/worksheets/sheet1.xml").count(b"<row ") - 1
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.suffix == ".hl7":
        return len(re.findall(rb"(?m)^(?:\xef\xbb\xbf)?\s*MSH\|", content.replace(b"\r", b"\n")))
    if path.suffix == ".json":
        return 1
    if path.suffix == ".ndjson":
        return sum(bool(line.strip()) for line in content.splitlines())
    return sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) - 1


def account(folder: Path, home: Path) -> tuple[dict[str, list[re.Match]], str]:
    """Open a folder; return the line of each file that was taken, by its name, and all that was said."""
    done = subprocess.run(
        [sys.executable, "-m", "knitwork", "open", str(folder), "--no-serve", "--home", str(home)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines: dict[str, list[re.Match]] = {}
    for line in LINE.finditer(done.stdout):
        lines.setdefault(line["name"], []).append(line)
    return lines, done.stdout


def total(line: re.Match) -> int:
    return sum(int((line[part] or "0").replace(",", "")) for part in ("taken", "rejected", "ignored"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_every_record_of_a_data_set_is_taken_set_aside_or_left_out(shared, tmp_path, name):
    feeds, left_out = SETS[name]
    folder = shared / "data" / name
    files = [p for p in folder.rglob("*") if p.is_file()]

    lines, said = account(folder, tmp_path / "home")

    assert {line["feed"] for several in lines.values() for line in several} == feeds
    for path in files:
        if re.fullmatch(left_out, path.name):
            assert path.name not in lines
            assert re.search(rf"^passed over: {re.escape(path.name)}\b", said, re.MULTILINE)
        else:
            assert {total(line) for line in lines[path.name]} == {records(path)}, path.name
    # A table is compared with earlier ones of its kind: of an extract that came once nothing is gone or new.
    assert "against" not in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hl7v2", "fhir-r4-examples"])
def test_of_a_folder_of_single_records_each_is_taken_or_said_to_be_left_out(shared, tmp_path, name):
    files = [p for p in (shared / "data" / name).iterdir() if p.is_file() and p.name != "LICENSE"]

    lines, said = account(shared / "data" / name, tmp_path / "home")

    passed = Counter(re.findall(r"^passed over: ([\w.-]+?):? ", said, re.MULTILINE))
    assert {path.name for path in files} == lines.keys() | passed.keys() - {"LICENSE"}
    assert not lines.keys() & passed.keys()
    assert all(total(line) == records(Path(p)) for p in files for line in lines.get(p.name, ()))


@pytest.mark.parametrize(
    "name",
    [
        "daqapo-dirty/csv/hospital_events.csv", "event-logs/patients.csv", "fhir-bulk-synthea/Encounter.000.ndjson",
        "fhir-r4-examples/Encounter-emerg.json", "hl7v2/ADT-A01-01.hl7", "mimic4-demo/hosp/transfers.csv",
        "nhs-trusts/sitrep1920.csv", "synthea-csv/encounters.csv",
    ],
)  # fmt: skip
def test_a_packed_file_has_the_account_of_the_plain_one(shared, tmp_path, name):
    plain = shared / "data" / name
    (tmp_path / "packed").write_bytes(gzip.compress(plain.read_bytes()))
    with zipfile.ZipFile(tmp_path / "zipped", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, plain.name)

    reports = []
    for path in (plain, tmp_path / "packed", tmp_path / "zipped"):
        reader = open_delivery(path, name=plain.name)
        profile = reader.guess(path, name=plain.name)
        reports.append(
            (reader.name, reader.land(connect(), path, profile, feed="f", delivery="d" * 64, name=plain.name))
        )

    assert reports[1] == reports[2] == reports[0]
    assert reports[0][1].rows == records(plain)
