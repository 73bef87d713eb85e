"""What is wrong in every real extract: a doubled piece, late rows, rows that cannot be."""

from __future__ import annotations

import numpy as np

from knitwork.demo.period import DAY_S, Period
from knitwork.demo.stays import NO_UNIT, Stays, join, rows
from knitwork.demo.units import INDEX

AUTUMN_NAME = "RB-AUTUMN-NIGHT"
AUTUMN_NUMBER = -2
AUTUMN_VISIT = 10_000_002
LATE_ROWS = 40
DOUBLED_ROWS = 120
BAD_ENDS = 4
BAD_UNITS = 3


def autumn_night(period: Period) -> Stays:
    """Return the patient of the last night on which the clock was put back, if the period has one.

    In from 01:40 by summer time to 01:25 by winter time, then from 02:10 on the ward.
    """
    nights = period.clock.autumn_nights(period.start_s, period.end_s)
    if not len(nights):
        return rows([])
    # At `back` the wall shows 02:00 by summer time and is put to 01:00.
    back = int(nights[-1])
    ward = back + 70 * 60
    return rows(
        [
            (AUTUMN_NUMBER, INDEX["RG-ED"], back - 20 * 60, back + 25 * 60, AUTUMN_VISIT),
            (AUTUMN_NUMBER, INDEX["RG-MED-A"], ward, ward + 2 * DAY_S + 8 * 3600 + 50 * 60, AUTUMN_VISIT),
        ]
    )


def held_back(stays: Stays, count: int = LATE_ROWS) -> tuple[Stays, Stays]:
    """Split off `count` rows from the middle, or a tenth of few, to be delivered after all others."""
    count = min(count, len(stays) // 10)
    at = max(0, len(stays) * 3 // 5 - count)
    late = np.zeros(len(stays), dtype=bool)
    late[at : at + count] = True
    return stays.take(~late), stays.take(late)


def doubled(stays: Stays, count: int = DOUBLED_ROWS) -> Stays:
    """Return a piece of the extract that is delivered a second time, exactly."""
    at = len(stays) // 3
    return stays.take(slice(at, at + count))


def impossible(rng: np.random.Generator, stays: Stays) -> Stays:
    """Return rows that no reader can take: departures days before the arrival, and no unit."""
    picked = stays.take(rng.integers(0, len(stays), BAD_ENDS + BAD_UNITS))
    # An hour and a half later at least, so that no row has the key of a good one.
    start = picked.start + 5400 + rng.integers(0, 3600, len(picked))
    wrong = Stays(picked.patient, picked.unit, start, start - 2 * DAY_S, picked.visit, picked.overlaps & False)
    ends = wrong.take(slice(0, BAD_ENDS))
    nowhere = wrong.take(slice(BAD_ENDS, None))
    nowhere = Stays(
        nowhere.patient,
        np.full(len(nowhere), NO_UNIT),
        nowhere.start,
        nowhere.start + 3600,
        nowhere.visit,
        nowhere.overlaps,
    )
    return join([ends, nowhere])
