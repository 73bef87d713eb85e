"""What the lake knows of the last days: read once for a generation, as the ground that live messages change.

Held in memory: who is in, and who came or left within the last days; and all stays of these persons, so that a message
about one of them can be told with what the records had before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from knitwork.home.answers import Answers
from knitwork.home.live_rows import Place, Row, seen_of
from knitwork.home.places import known_places, meanings
from knitwork.home.spine import DAY_US, OPEN_DAYS
from knitwork.home.today import Seen
from knitwork.lake.buckets import bucket_of
from knitwork.lake.runner import paths_sql

# A page tells of two local days; one more covers the zones of all units.
DAYS = 3

_WINDOW = """calendar AND start_us <= $until
    AND (start_us >= $since OR end_us >= $since OR (end_kind = 'open' AND start_us > $open_since))"""
_ROWS = f"""
    SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, patient::VARCHAR AS patient, start_us, end_us, end_kind,
           concurrent, start_day, start_hour, end_day, end_hour, prev_unit::VARCHAR AS prev_unit,
           next_unit::VARCHAR AS next_unit, last, precise
    FROM {{fact_stay}} WHERE {_WINDOW} ORDER BY start_us, patient
"""
_STAY = """patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us, end_us, end_kind,
    CASE WHEN visit_given THEN visit::VARCHAR END AS visit, precision, feed::VARCHAR AS feed, delivery,
    coalesce(source_patient, patient::VARCHAR) AS number"""
# one row a person in the inner question: multiplies nothing
_STAYS = f"""
    SELECT {_STAY} FROM {{stay}}
    SEMI JOIN (SELECT DISTINCT patient AS person FROM {{fact_stay}} WHERE level = 'micro' AND {_WINDOW})
        ON person::VARCHAR = patient::VARCHAR
"""


@dataclass(frozen=True)
class Base:
    """The last days of one generation: rows by unit and person, the stays of these persons, and who is who.

    `since_us` is where the last days begin. `places` says where each person's rows are, `units` which unit other codes
    mean, and `position` of each live feed which message was the last that they know.
    """

    answers: Answers
    since_us: int = 0
    rows: Mapping[Place, Mapping[str, tuple[Seen, ...]]] = field(default_factory=dict)
    stays: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    persons: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    position: Mapping[str, int] = field(default_factory=dict)

    def of(self, person: str) -> dict[Place, tuple[Seen, ...]]:
        """Return the rows of one person by unit."""
        return {place: self.rows[place][person] for place in self.places.get(person, ())}

    def lately(self, rows: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """Return those of a person's rows that touch the last days, as the rows of the records do."""
        return tuple(r for r in rows if r.is_open or max(r.start_us, r.end_us or r.start_us) >= self.since_us)

    def stays_of(self, person: str, *, before_us: int | None) -> tuple[Row, ...]:
        """Return a person's stays; asks the lake where a change reaches back beyond the last days (`before_us`)."""
        if person in self.stays or before_us is None or before_us >= self.since_us:
            return self.stays.get(person, ())
        manifest = self.answers.manifest
        files = manifest.of("stay", bucket_of(person, manifest.buckets)) if manifest.buckets else []
        if not files:
            return ()
        source = f"read_parquet({paths_sql(self.answers.place.lake.paths(files))})"
        return tuple(self.answers.rows(f"SELECT {_STAY} FROM {source} WHERE patient::VARCHAR = $person", person=person))


def base_of(answers: Answers) -> Base:
    """Read the last days of a generation; nothing where it holds no stays with real dates."""
    manifest = answers.manifest
    # What landed and is not derived yet must be laid over the records too.
    position = dict(manifest.derived_streams)
    places = known_places(answers.place, manifest, set(manifest.landed))
    units = dict(meanings(places, answers.registry))
    if not answers.is_derived or answers.as_of_us is None or not manifest.of("fact_stay"):
        return Base(answers, units=units, position=position)
    until = answers.as_of_us
    since = until - DAYS * DAY_US
    window = {"until": until, "since": since, "open_since": until - OPEN_DAYS * DAY_US}
    rows: dict[Place, dict[str, list[Seen]]] = {}
    for row in answers.rows(_ROWS, **window):
        mine = rows.setdefault((row["level"], row["unit"]), {})
        mine.setdefault(row["patient"], []).append(seen_of(row))
    where: dict[str, list[Place]] = {}
    for place, mine in rows.items():
        for who in mine:
            where.setdefault(who, []).append(place)
    stays: dict[str, list[Row]] = {}
    for row in answers.rows(_STAYS, **window):
        stays.setdefault(row["patient"], []).append(row)
    persons = {}
    if manifest.rows("person"):
        persons = {r["patient"]: r["person"] for r in answers.rows("SELECT patient, person FROM {person}")}
    return Base(
        answers,
        since,
        {place: {who: tuple(found) for who, found in mine.items()} for place, mine in rows.items()},
        {who: tuple(found) for who, found in stays.items()},
        {who: tuple(found) for who, found in where.items()},
        persons,
        units,
        position,
    )
