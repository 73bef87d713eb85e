"""One plain file of many stays, for benchmarks: `patient,unit,start,end`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from knitwork.demo.period import DAY_S, EPOCH, Ints
from knitwork.demo.write import write_rows

COLUMNS = ("patient", "unit", "start", "end")
FLAT_UNITS = 60
FLAT_DAYS = 1_461
FLAT_FIRST_DAY = (dt.date(2022, 11, 1) - EPOCH).days
VISITS_A_PATIENT = 3
# Geometric with this mean, cut at MOST_STAYS_A_VISIT.
MEAN_STAYS_A_VISIT = 4
MOST_STAYS_A_VISIT = 16
VISITS_AT_ONCE = 150_000
KINDS = (
    "Ward",
    "Surgical Ward",
    "Medical Ward",
    "Step-down",
    "Observation",
    "Rehab",
    "ICU",
    "Clinic",
    "Lab",
    "Theatre",
)


def write_flat(path: Path, *, stays: int, seed: int = 2008) -> int:
    """Write about `stays` rows over 60 units and 48 months; return how many. Memory stays bounded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [f"{KINDS[u % len(KINDS)]} {u + 1}" for u in range(FLAT_UNITS - 2)]
    units = pa.array(["Emergency Department", "Cath Lab", *names])
    mean = MEAN_STAYS_A_VISIT * (1 - (1 - 1 / MEAN_STAYS_A_VISIT) ** MOST_STAYS_A_VISIT)
    visits = max(1, round(stays / mean))
    written = 0
    with path.open("wb") as out:
        out.write((",".join(COLUMNS) + "\n").encode())
        for first in range(0, visits, VISITS_AT_ONCE):
            count = min(VISITS_AT_ONCE, visits - first)
            patient, unit, start, end = flat_stays(np.random.default_rng([seed, first]), first=first, count=count)
            text = pc.binary_join_element_wise("P", pc.cast(pa.array(patient + 1_000_000), pa.string()), "")
            columns = [text, pc.take(units, pa.array(unit)), instants(start), instants(end)]
            write_rows(out, columns, names=COLUMNS)
            written += len(patient)
    return written


def flat_stays(rng: np.random.Generator, *, first: int, count: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw the stays of `count` visits: patient, unit, and local seconds of start and end.

    A patient's visits lie in thirds of the period of their own, so that they do not meet.
    """
    visit = np.arange(first, first + count)
    many = np.minimum(rng.geometric(1 / MEAN_STAYS_A_VISIT, count), MOST_STAYS_A_VISIT)
    begins = np.cumsum(many) - many
    row = np.repeat(np.arange(count), many)
    stay = np.maximum(60, 86_400 * 0.8 * np.exp(0.9 * rng.standard_normal(len(row)))).astype(np.int64)
    way = np.maximum(30, 1_900 * np.exp(0.5 * rng.standard_normal(len(row)))).astype(np.int64)
    spent = np.cumsum(stay + way)
    before = spent - stay - way
    slot = FLAT_DAYS // VISITS_A_PATIENT
    day = visit % VISITS_A_PATIENT * slot + rng.integers(0, slot - 45, count)
    arrival = (FLAT_FIRST_DAY + day) * DAY_S + rng.integers(0, DAY_S, count)
    start = arrival[row] + before - before[begins][row]
    # A walk over the units that never stays in place: steps of 1 to 59 around a ring of 60.
    turn = rng.integers(1, FLAT_UNITS, len(row))
    turn[begins] = np.where(rng.random(count) < 0.5, 0, rng.integers(0, FLAT_UNITS, count))
    around = np.cumsum(turn)
    unit = (around - (around[begins] - turn[begins])[row]) % FLAT_UNITS
    return (visit // VISITS_A_PATIENT)[row], unit, start, start + stay


def instants(local_s: Ints) -> pa.Array:
    """Return local seconds as ISO 8601 text."""
    stamps = pa.array(local_s).cast(pa.timestamp("s"))
    return pc.replace_substring(pc.cast(stamps, pa.string()), pattern=" ", replacement="T", max_replacements=1)
