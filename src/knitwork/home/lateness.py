"""What each delivery brought: rows that were new, known already, or late, and what was odd about their times.

Worked out from the rows as they landed, each with the delivery that told it: nothing here is kept beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.model.tables import FLAGS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

# A row is late when its stay began so long before the time up to which its feed had told already.
LATE_DAYS = 2
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Month:
    """What a later delivery brought for one month: stays that nobody had told of, and of these the late ones."""

    first_day: str
    new: int
    late: int


@dataclass(frozen=True, slots=True)
class Brought:
    """One delivery. All counts are of rows, and `taken` is `new` and `known` together.

    `known` are rows of a stay that an earlier delivery of the feed, or an earlier row of this one (`doubled`), tells
    already. `units` and `months` speak of the new stays of a delivery that was not the first of its feed, and
    `known_to_us` (UTC microseconds) is up to when the feed had told before it.
    """

    feed: str
    delivery: str
    name: str
    received_at: str
    taken: int
    refused: int
    new: int
    doubled: int
    late: int
    no_end: int
    no_time: int
    repeated_hour: int
    skipped_hour: int
    dates_only: int
    zone: str | None
    is_first: bool
    known_to_us: int | None
    units: int
    months: tuple[Month, ...]

    @property
    def known(self) -> int:
        return self.taken - self.new


# One pass over narrow columns: what the reader marked.
_MARKS = f"""
SELECT feed, delivery, count(*) AS taken,
       count(*) FILTER (end_us IS NULL) AS no_end,
       count(*) FILTER (flags & {FLAGS["zero_length"]} > 0) AS no_time,
       count(*) FILTER (flags & {FLAGS["dst_fold_start"] | FLAGS["dst_fold_end"]} > 0) AS repeated_hour,
       count(*) FILTER (flags & {FLAGS["dst_gap"]} > 0) AS skipped_hour,
       count(*) FILTER (flags & {FLAGS["date_only"]} > 0) AS dates_only
FROM {{landed}} GROUP BY feed, delivery
"""
# The stays of a feed with the deliveries that tell them, the first of them first (`place` 1).
_TELLINGS = """
WITH came AS (SELECT unnest($deliveries) AS delivery, unnest($places) AS place, unnest($known_to) AS known_to_us),
told AS (
    -- one row a delivery in came: nothing multiplies
    SELECT c.place, any_value(c.known_to_us) AS known_to_us, any_value(l.unit) AS unit, any_value(l.start_us) AS start_us,
           hash(l.patient, l.unit, l.start_us) AS stay, count(*) AS times
    FROM {landed} l JOIN came c ON c.delivery = l.delivery
    WHERE l.feed = $feed GROUP BY c.place, stay
),
firsts AS (SELECT stay, min(place) AS place FROM told GROUP BY stay)
"""
_BROUGHT = f"""
{_TELLINGS}
SELECT t.place, sum(t.times - 1)::BIGINT AS doubled, count(f.stay) AS new, count(DISTINCT unit) FILTER (f.stay IS NOT NULL) AS units
FROM told t LEFT JOIN firsts f ON f.stay = t.stay AND f.place = t.place  -- one row a stay in firsts
GROUP BY t.place
"""
_MONTHS = f"""
{_TELLINGS}
SELECT t.place, strftime(timezone($tz, to_timestamp(t.start_us / 1e6)), '%Y-%m-01') AS month, count(*) AS new,
       count(*) FILTER (t.start_us < t.known_to_us - {LATE_DAYS * DAY_US}) AS late
FROM told t SEMI JOIN firsts f ON f.stay = t.stay AND f.place = t.place
WHERE t.place > 1 GROUP BY ALL ORDER BY t.place, month
"""


def brought(answers: Answers) -> list[Brought]:
    """Return what each delivery brought, the newest first. Reads the landed rows: keep it for a generation."""
    if not answers.manifest.of("landed"):
        return []
    marks = {(row["feed"], row["delivery"]): row for row in answers.rows(_MARKS)}
    stays: dict[str, int] = {}
    if answers.manifest.of("stay"):
        rows = answers.rows("SELECT feed::VARCHAR AS feed, count(*) AS n FROM {stay} GROUP BY ALL")
        stays = {row["feed"]: int(row["n"]) for row in rows}
    found = []
    for feed in sorted({str(one["feed"]) for one in answers.deliveries()}):
        came = answers.deliveries(feed)[::-1]
        if len(came) == 1 and feed in stays:
            # What one delivery tells twice is folded into one stay, so the stays need no reading of the rows.
            only = came[0]
            news: dict[int, Row] = {1: {"new": stays[feed], "doubled": only["taken"] - stays[feed], "units": 0}}
            months: list[Row] = []
        else:
            asked: Row = {
                "feed": feed,
                "deliveries": [d["delivery"] for d in came],
                "places": list(range(1, len(came) + 1)),
            }
            asked["known_to"] = known_to(came)
            news = {row["place"]: row for row in answers.rows(_BROUGHT, **asked)}
            months = answers.rows(_MONTHS, tz=answers.place.settings.tz or "UTC", **asked)
        for place, (one, known) in enumerate(zip(came, known_to(came), strict=True), 1):
            mine = tuple(Month(m["month"], int(m["new"]), int(m["late"])) for m in months if m["place"] == place)
            said = marks.get((feed, one["delivery"]), {})
            found.append(_brought(one, said, news.get(place, {}), months=mine, known=known, is_first=place == 1))
    return sorted(found, key=lambda b: (b.received_at, b.name, b.delivery), reverse=True)


def known_to(came: list[Row]) -> list[int | None]:
    """Return for each delivery of a feed, in their order, up to when the feed had told before it (UTC microseconds)."""
    reach: list[int | None] = []
    so_far: int | None = None
    for one in came:
        reach.append(so_far)
        last = one["last_us"]
        if last is not None:
            so_far = last if so_far is None else max(so_far, last)
    return reach


def _brought(
    one: Row, marks: Row, news: Row, *, months: tuple[Month, ...], known: int | None, is_first: bool
) -> Brought:
    return Brought(
        feed=one["feed"],
        delivery=one["delivery"],
        name=one["name"],
        received_at=one["received_at"],
        taken=one["taken"],
        refused=one["rejected"],
        new=int(news["new"] if news else one["taken"]),
        doubled=int(news.get("doubled", 0)),
        late=sum(month.late for month in months),
        no_end=int(marks.get("no_end", 0)),
        no_time=int(marks.get("no_time", 0)),
        repeated_hour=int(marks.get("repeated_hour", 0)),
        skipped_hour=int(marks.get("skipped_hour", 0)),
        dates_only=int(marks.get("dates_only", 0)),
        zone=one["zone"],
        is_first=is_first,
        known_to_us=known,
        units=0 if is_first else int(news.get("units", 0)),
        months=months,
    )
