"""Writers read a batch at a time: ten times the stays take hardly more memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITE = """
import resource, sys
from pathlib import Path
from knitwork.intake.formats import FORMATS
from knitwork.intake.writing import Records
from knitwork.lake.engine import connect

to, stays, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
con = connect(memory="256MB", spill=folder)
file = folder / "stays.parquet"
# Nine stays a patient, three a visit; the order is none, so that all of them must be sorted.
con.execute(f'''COPY (
    SELECT 'P' || i // 9 AS patient, 'ward' || i % 30 AS unit, 1600000000000000 + i * 60000000 AS start_us,
           1600000000000000 + i * 60000000 + 30000000 AS end_us, 'recorded' AS end_kind, 'V' || i // 3 AS visit,
           'P' || i // 9 || '-j1' AS journey, 's' AS precision, 128 AS flags
    FROM range({stays}) r(i) ORDER BY hash(i)) TO '{file}' (FORMAT parquet)''')
con.close()
con = connect(memory="256MB", spill=folder)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(folder / "out").mkdir()
written = FORMATS[to].write(Records(con, {"stay": f"read_parquet('{file}')"}), folder / "out")
print(written.records, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(to, stays, folder):
    """Return how many MB writing took at its peak beyond what making the stays did, and the peak of all."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WRITE, to, str(stays), str(folder)], capture_output=True, text=True, check=True, timeout=600,
        cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    return [int(number) for number in done.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize("to", ["csv", "fhir", "hl7v2", "xes"])
def test_ten_times_the_stays_take_hardly_more_memory(tmp_path, to):
    _few, _, small = peak(to, 20_000, tmp_path / "few")
    records, _, large = peak(to, 200_000, tmp_path / "many")

    assert records >= 200_000 // 3
    # Held whole as rows, the stays alone would take ten times as much.
    assert large - small < 80
