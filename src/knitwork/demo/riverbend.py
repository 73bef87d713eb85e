"""Riverbend Health: two hospitals, a group practice and their extracts."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from knitwork.demo import dirt, ledger, twice, vitale
from knitwork.demo.journeys import live
from knitwork.demo.period import DAY_S, DAYS_BEFORE, Period
from knitwork.demo.stays import OPEN, Stays, join
from knitwork.demo.units import CODES, FEED_OF_UNIT, FEEDS, write_units
from knitwork.demo.write import STYLES, Extract
from knitwork.model.errors import CannotDo

# Enough to be quick and few enough to stay small in memory (about 250,000 stays).
PATIENTS_AT_ONCE = 30_000
FIRST_VISIT = 20_000_000
# The second delivery of General's feed.
LATE = "general-adt-late"
GENERAL, HILLSIDE = FEEDS.index("general-adt"), FEEDS.index("hillside-adt")


@dataclass(frozen=True, slots=True)
class Extracts:
    """What was written: the feeds' files, the units, and the truths. `stays` counts each stay once.

    `late` is a second delivery of the first feed, loaded after `files`; `links` says which patients are one person.
    """

    files: tuple[Path, ...]
    late: Path
    links: Path
    units_csv: Path
    memberships_csv: Path
    truths: Path
    stays: int
    until: dt.date


@dataclass(slots=True)
class Tally:
    """What is counted on the way, for units.csv and truths.json."""

    midnights: np.ndarray[tuple[int], np.dtype[np.int64]] = field(
        default_factory=lambda: np.zeros(len(CODES), dtype=np.int64)
    )
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + count

    def see(self, stays: Stays, period: Period) -> None:
        """Count stays, and the local midnights that each spans."""
        clock = period.clock
        ends = clock.local(np.minimum(stays.end, period.end_s)) // DAY_S
        nights = ends - clock.local(stays.start) // DAY_S
        self.midnights += np.bincount(stays.unit, weights=nights, minlength=len(CODES)).astype(np.int64)
        self.add("stays", len(stays))
        self.add("already_there", int((stays.start == period.records_s).sum()))
        self.add("open_stays", int((stays.end == OPEN).sum()))
        self.add("zero_length", int((stays.end == stays.start).sum()))
        self.add("overlaps", int(stays.overlaps.sum()))


def write_extracts(
    folder: Path,
    *,
    patients: int = 12_000,
    seed: int = 2008,
    until: dt.date = dt.date(2026, 10, 31),
    months: int = 24,
) -> Extracts:
    """Write Riverbend's extracts, units.csv, memberships.csv and truths.json into `folder`.

    The same arguments give the same bytes. About 9 stays a patient in 24 months; memory does
    not grow with `patients`.
    """
    if patients < 1 or months < 1:
        raise CannotDo("Riverbend needs at least one patient and one month: ask for more.")
    folder.mkdir(parents=True, exist_ok=True)
    period = Period(until, months)
    tally = Tally()
    with ExitStack() as stack:
        extracts = [stack.enter_context(Extract(folder, style, period.clock)) for style in STYLES]
        late = stack.enter_context(Extract(folder, STYLES[GENERAL], period.clock, name=LATE))
        write_all(extracts, late, patients=patients, seed=seed, period=period, tally=tally)
    links = twice.write_links(folder, period)
    units_csv, memberships_csv = write_units(folder, period=period, midnights=tally.midnights)
    told = folder / "truths.json"
    told.write_text(
        json.dumps(
            {
                "system": "Riverbend Health",
                "seed": seed,
                "patients": patients,
                "records_from": (period.month_starts(1) - dt.timedelta(days=DAYS_BEFORE)).isoformat(),
                "first_day": period.month_starts(1).isoformat(),
                "last_day": until.isoformat(),
                "months": months,
                "truths": ledger.dated(period),
                "counts": tally.counts,
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    files = tuple(e.path for e in extracts)
    return Extracts(files, late.path, links, units_csv, memberships_csv, told, tally.counts["stays"], until)


def write_all(
    extracts: list[Extract], late: Extract, *, patients: int, seed: int, period: Period, tally: Tally
) -> None:
    """Make the patients, some thousands at a time, and write each stay into its feed; a few of General come late."""
    next_visit = FIRST_VISIT
    for first in range(0, patients, PATIENTS_AT_ONCE):
        rng = np.random.default_rng([seed, first])
        who = np.arange(first, min(first + PATIENTS_AT_ONCE, patients), dtype=np.int64)
        stays = live(rng, patients=who, period=period, first_visit=next_visit)
        next_visit = max(next_visit, int(stays.visit.max(initial=0)))
        if first == 0:
            stays = join([stays, planted(period)])
        tally.see(stays, period)
        feed = FEED_OF_UNIT[stays.unit]
        for i, extract in enumerate(extracts):
            piece = stays.take(feed == i).by_time()
            if first == 0 and i == GENERAL:
                piece, held = dirt.held_back(piece)
                late.append(held)
                tally.add("late_rows", len(held))
            extract.append(piece)
            if first == 0 and i == HILLSIDE:
                again = dirt.doubled(piece)
                extract.append(again)
                tally.add("doubled_rows", len(again))
            unnamed = piece.take(piece.patient >= 0)
            if first == 0 and i in (GENERAL, HILLSIDE) and len(unnamed):
                bad = dirt.impossible(rng, unnamed)
                extract.append(bad)
                tally.add("bad_rows", len(bad))


def planted(period: Period) -> Stays:
    """Return the stays of the patients with a story, as far as they lie in the period."""
    stays = join([vitale.journey(period), dirt.autumn_night(period), twice.journey(period)])
    return stays.take((stays.start >= period.start_s) & (stays.start < period.end_s))
