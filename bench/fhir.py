"""FHIR encounters with two places each, read and typed: beside the bare bytes and a plain loop of json.loads."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.lines import Line
from knitwork.intake.formats.fhir.read import land
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect

COUNT, WANTED = 300_000, 100_000
FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def write(path: Path, count: int) -> None:
    """Write so many encounters, one a line."""
    with path.open("w") as out:
        for number in range(count):
            start = FIRST + dt.timedelta(minutes=number)
            times = [f"{start + dt.timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (0, 5, 45)]
            places = [
                {"location": {"reference": f"Location/{unit}"}, "period": {"start": times[at], "end": times[at + 1]}}
                for at, unit in enumerate(("ED", f"W{number % 20}"))
            ]
            encounter = {
                "resourceType": "Encounter", "id": f"e{number}", "status": "finished", "class": {"code": "IMP"},
                "subject": {"reference": f"Patient/p{number % 90_000}"},
                "period": {"start": times[0], "end": times[2]}, "location": places,
            }  # fmt: skip
            out.write(json.dumps(encounter) + "\n")


def timed(task: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the clock and of the processor that a task took."""
    began, cpu = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - began, time.process_time() - cpu


def measure(count: int = COUNT) -> list[Line]:
    """Read a file that is made for it, in turn with its bare bytes, the best of five; once with json.loads."""
    with tempfile.TemporaryDirectory(prefix="knitwork-fhir-") as folder:
        path = Path(folder) / "Encounter.ndjson"
        write(path, count)
        con = connect(memory="1GB", threads=2, spill=Path(folder))
        landed, bare = [], []
        for _ in range(5):
            landed.append(timed(lambda: land(con, path, Profile(zone="UTC"), feed="bench", delivery="d" * 64)))
            bare.append(timed(path.read_bytes))
        plain = timed(lambda: [json.loads(line)["location"] for line in path.open("rb")])
    (wall, cpu), (bare_wall, bare_cpu) = min(landed), min(bare)
    rate = count / wall
    verdict = (
        f"{'reached' if rate >= WANTED else 'missed'}: {rate:,.0f} a second; {wall / bare_wall:.1f} x the bare bytes"
    )
    return [
        Line(f"{count:,} FHIR encounters, two places each", wall, cpu, None, f"{WANTED:,} a second", verdict),
        Line("the same with json.loads alone", *plain, None, "yardstick", f"{count / plain[0]:,.0f} a second"),
        Line("the same bytes, read bare", bare_wall, bare_cpu, None, "yardstick", ""),
    ]


if __name__ == "__main__":
    for line in measure():
        print(line)
