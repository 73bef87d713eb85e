"""Two feeds that tell of the same stays, such as live messages beside the extract of the night: each stay counts twice.

Stays of one patient in one unit from the same moment are one, whoever tells them. Two clocks are minutes apart, and
make two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knitwork.home.answers import Answers

# Stays of a patient in a unit that begin so near to each other, or share so much of the shorter one, are one.
NEAR_US = 5 * 60_000_000
SHARED = 0.8
# So many of them, and such a part of the smaller feed's stays, are no chance.
ENOUGH = 5
SHARE = 0.2

_ALIKE = f"""
WITH s AS (SELECT feed::VARCHAR AS feed, patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us, end_us FROM {{stay}})
SELECT a.feed AS one, b.feed AS other, count(DISTINCT (a.patient, a.unit, a.start_us)) AS stays
FROM s a JOIN s b ON b.patient = a.patient AND b.unit = a.unit AND b.feed > a.feed
WHERE abs(a.start_us - b.start_us) <= {NEAR_US}
   OR least(a.end_us, b.end_us) - greatest(a.start_us, b.start_us)
      >= {SHARED} * greatest(1, least(a.end_us - a.start_us, b.end_us - b.start_us))
GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Twice:
    """So many stays that two feeds both tell of, and how many the smaller of them has."""

    one: str
    other: str
    stays: int
    of: int


def told_twice(answers: Answers) -> list[Twice]:
    """Return the pairs of feeds that tell of the same stays. Reads every stay where there are several feeds."""
    if not answers.manifest.of("stay"):
        return []
    totals = {
        r["feed"]: int(r["n"])
        for r in answers.rows("SELECT feed::VARCHAR AS feed, count(*) AS n FROM {stay} GROUP BY ALL")
    }
    if len(totals) < 2:
        return []
    found = []
    for row in answers.rows(_ALIKE):
        of = min(totals[row["one"]], totals[row["other"]])
        if row["stays"] >= max(ENOUGH, SHARE * of):
            found.append(Twice(row["one"], row["other"], int(row["stays"]), of))
    return found
