"""One patient's own health system: finding a patient, and the chain of visits and stays he or she passed through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from knitwork.model.units import INPATIENT_KINDS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

FOUND = 50


def find_patients(answers: Answers, text: str, *, limit: int = FOUND) -> tuple[list[Row], int]:
    """Return patients one of whose numbers holds `text`, whatever its case, and how many there are in all.

    The exact stand first. `number` is the given-up number by which a person was found, or None where the
    person's own holds it.
    """
    wanted = text.strip()
    if not wanted or not answers.manifest.of("patient"):
        return [], 0
    given_up = "UNION ALL SELECT patient, person FROM {person}" if answers.manifest.rows("person") else ""
    rows = answers.rows(
        f"""
        WITH known AS (SELECT patient::VARCHAR AS number, patient::VARCHAR AS person FROM {{patient}} {given_up}),
        -- one row a person: the best of his or her numbers
        matched AS (
            SELECT person, min((lower(number) <> lower($text), NOT starts_with(lower(number), lower($text)),
                                number <> person, number)) AS best
            FROM known WHERE contains(lower(number), lower($text)) GROUP BY person
        )
        SELECT m.person AS patient, CASE WHEN m.best[3] THEN m.best[4] END AS number, p.stays, p.first_us, p.last_us,
               count(*) OVER () AS found
        FROM matched m JOIN {{patient}} p ON p.patient::VARCHAR = m.person
        ORDER BY m.best[1], m.best[2], m.person LIMIT {int(limit)}
        """,
        text=wanted,
    )
    return rows, int(rows[0]["found"]) if rows else 0


def patient_stays(answers: Answers, patient: str) -> list[Row]:
    """Return a patient's unbroken times in units, by start; `timed` says whether the feed records departures."""
    if not answers.is_derived:
        return []
    return answers.rows(
        """
        SELECT f.visit::VARCHAR AS visit, f.journey::VARCHAR AS journey, f.unit::VARCHAR AS unit, f.kind::VARCHAR AS kind,
               f.start_us, f.end_us, f.end_kind::VARCHAR AS end_kind, f.concurrent, f.next_unit::VARCHAR AS next_unit,
               f.next_start_us, f.calendar, f.feed::VARCHAR AS feed, coalesce(s.departures_recorded, true) AS timed
        -- one row a feed in feed_state
        FROM {fact_stay} f LEFT JOIN {feed_state} s ON s.feed = f.feed
        WHERE f.level = 'micro' AND f.patient::VARCHAR = $patient
        ORDER BY f.start_us, f.concurrent, f.end_us NULLS LAST, f.unit
        """,
        patient=patient,
    )


@dataclass(frozen=True, slots=True)
class Stay:
    """An unbroken time in one unit. Instants are UTC microseconds; an end is None where nobody knows it.

    An inferred end is the arrival in the next unit, and so is a recorded one where the feed copies it: the patient
    was there or on the way, and `left_us` is None.
    """

    unit: str
    kind: str
    start_us: int
    end_us: int | None
    end_kind: str
    beside: bool
    next_unit: str | None
    next_start_us: int | None
    timed: bool

    @property
    def left_us(self) -> int | None:
        """When the patient left, where that was written down and not taken from the next arrival."""
        copied = self.next_start_us is not None and not self.timed
        return None if self.end_kind != "recorded" or copied else self.end_us

    @property
    def length_s(self) -> int | None:
        return None if self.left_us is None else (self.left_us - self.start_us) // 1_000_000

    @property
    def gap_s(self) -> int | None:
        """Seconds from leaving here to arriving in the next unit of the visit; None where unknown or there is none."""
        if self.left_us is None or self.next_start_us is None:
            return None
        return (self.next_start_us - self.left_us) // 1_000_000


@dataclass(frozen=True)
class Visit:
    """The stays of one visit: its steps in order, and what ran beside them."""

    visit: str
    steps: tuple[Stay, ...]
    beside: tuple[Stay, ...]

    @property
    def stays(self) -> tuple[Stay, ...]:
        return tuple(sorted((*self.steps, *self.beside), key=lambda s: (s.start_us, s.beside)))

    @property
    def start_us(self) -> int:
        return min(stay.start_us for stay in self.stays)

    @cached_property
    def end_us(self) -> int | None:
        """When the visit ended; None while it is open or where an end is unknown."""
        ends = [stay.end_us for stay in self.steps or self.beside]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def last_us(self) -> int:
        """The last instant that the records tell of."""
        return max(max(stay.start_us, stay.end_us or stay.start_us) for stay in self.stays)

    @property
    def in_hospital(self) -> bool:
        """Say whether the patient was admitted: any stay with a bed or at a theatre."""
        return any(stay.kind in INPATIENT_KINDS for stay in self.steps)

    @property
    def waits(self) -> tuple[Stay, ...]:
        """The steps after which the patient went on to another unit of this visit."""
        return tuple(stay for stay in self.steps if stay.next_unit is not None)


@dataclass(frozen=True)
class Journey:
    """The visits of one journey, in order of time."""

    journey: str
    visits: tuple[Visit, ...]

    @property
    def start_us(self) -> int:
        return min(visit.start_us for visit in self.visits)

    @property
    def last_us(self) -> int:
        return max(visit.last_us for visit in self.visits)

    @property
    def between_s(self) -> tuple[int | None, ...]:
        """Seconds between each visit and the next; None where an end is unknown, 0 where they overlap."""
        found: list[int | None] = []
        latest: int | None = None
        for before, after in pairwise(self.visits):
            latest = None if before.end_us is None else max(before.end_us, latest or before.end_us)
            found.append(None if latest is None else max(0, after.start_us - latest) // 1_000_000)
        return tuple(found)


@dataclass(frozen=True)
class Chain:
    """Everything that the records tell of one patient's way, oldest first."""

    journeys: tuple[Journey, ...]
    calendar: bool

    @property
    def visits(self) -> tuple[Visit, ...]:
        return tuple(visit for journey in self.journeys for visit in journey.visits)

    @property
    def stays(self) -> tuple[Stay, ...]:
        return tuple(stay for visit in self.visits for stay in visit.stays)

    @property
    def longest(self) -> Stay | None:
        """The step after which the patient waited longest: in hospital if ever admitted, else between any units."""
        admitted = [stay for visit in self.visits if visit.in_hospital for stay in visit.waits]
        known = [(s.gap_s, s) for s in admitted or self.waits if s.gap_s]
        return max(known, key=lambda pair: pair[0], default=(0, None))[1]

    @property
    def waits(self) -> tuple[Stay, ...]:
        return tuple(stay for visit in self.visits for stay in visit.waits)

    @property
    def unknown(self) -> int:
        """How many departures nobody wrote down; who is still there has not departed."""
        return sum(1 for stay in self.stays if stay.left_us is None and stay.end_kind != "open")


@dataclass(frozen=True, slots=True)
class Passed:
    """A unit that a patient passed through: in how many visits, for how long as far as known, and how often unknown."""

    unit: str
    visits: int
    seconds: int
    unknown: int
    open: bool
    beside: bool


def chain_of(rows: Sequence[Row]) -> Chain:
    """Return the chain that a patient's stays make. Pure: it reads nothing."""
    journeys: dict[str, list[Row]] = {}
    for row in rows:
        journeys.setdefault(str(row["journey"]), []).append(row)
    made = [Journey(name, _visits(found)) for name, found in journeys.items()]
    return Chain(tuple(sorted(made, key=lambda j: j.start_us)), all(bool(row["calendar"]) for row in rows))


def _visits(rows: Iterable[Row]) -> tuple[Visit, ...]:
    visits = []
    for name, found in groupby(sorted(rows, key=lambda row: str(row["visit"])), key=lambda row: str(row["visit"])):
        stays = [_stay(row) for row in found]
        steps = [stay for stay in stays if not stay.beside]
        visits.append(Visit(name, tuple(steps), tuple(stay for stay in stays if stay.beside)))
    return tuple(sorted(visits, key=lambda visit: (visit.start_us, visit.visit)))


def _stay(row: dict[str, Any]) -> Stay:
    return Stay(
        unit=row["unit"],
        kind=row["kind"],
        start_us=row["start_us"],
        end_us=row["end_us"],
        end_kind=row["end_kind"],
        beside=bool(row["concurrent"]),
        next_unit=row["next_unit"],
        next_start_us=row["next_start_us"],
        timed=bool(row["timed"]),
    )


def passed(chain: Chain) -> list[Passed]:
    """Return the units in the order in which the patient first came to each."""
    stays: dict[str, list[Stay]] = {}
    visits: dict[str, set[str]] = {}
    for journey in chain.journeys:
        for visit in journey.visits:
            for stay in visit.stays:
                stays.setdefault(stay.unit, []).append(stay)
                visits.setdefault(stay.unit, set()).add(f"{journey.journey} {visit.visit}")
    return [
        Passed(
            unit=unit,
            visits=len(visits[unit]),
            seconds=sum(stay.length_s or 0 for stay in found),
            unknown=sum(1 for stay in found if stay.left_us is None and stay.end_kind != "open"),
            open=any(stay.end_kind == "open" for stay in found),
            beside=all(stay.beside for stay in found),
        )
        for unit, found in stays.items()
    ]
