"""What each delivery brought: rows that were new, known already, or late, and what was odd about their times.

Worked out from the rows as they landed, each with the delivery that told it: nothing here is kept beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from knitwork.home import withdrawn
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

    `known` are rows that tell only of stays, events and messages that an earlier delivery of the feed, or an earlier row of this
    one, tells already; `doubled` are those of which an earlier row of this one does. `units` and `months` speak of the
    new stays of a delivery that was not the first of its feed, and `known_to_us` (UTC microseconds) is up to when the
    feed had told before it.
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
    # Stays told before that no longer hold by its word.
    taken_back: int = 0
    # Rows that were taken for some of what they tell, while the rest was set aside.
    partly: int = 0

    @property
    def known(self) -> int:
        return self.taken - self.new


_MARKED = ("no_end", "no_time", "repeated_hour", "skipped_hour", "dates_only")
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
# The same for messages of whereabouts, which have neither an end nor a length of their own.
_MOVE_MARKS = f"""
SELECT feed, {{delivery}} AS delivery, 0 AS no_end, 0 AS no_time,
       count(*) FILTER (flags & {FLAGS["dst_fold_start"]} > 0) AS repeated_hour,
       count(*) FILTER (flags & {FLAGS["dst_gap"]} > 0) AS skipped_hour,
       count(*) FILTER (flags & {FLAGS["date_only"]} > 0) AS dates_only
FROM {{landed_move}} GROUP BY ALL
"""
# Messages as if each were a row of a stay: it is known again by its hash, whichever patients it moves (A17 moves two).
_MOVES = """SELECT feed, {delivery} AS delivery, left(message, 64) AS patient, min(unit) AS unit, min(coalesce(at_us, said_us)) AS start_us
FROM {landed_move} GROUP BY ALL"""
_ROWS = "SELECT feed, delivery, patient, unit, start_us FROM {landed}"
# A stay as one number: patient, unit and start, by which rows of one stay are folded.
_STAY = "hash(l.patient, l.unit, l.start_us)"
# The deliveries of a feed in the order in which they came; one row each, so that joining multiplies nothing.
_CAME = """
WITH came AS (SELECT unnest($deliveries) AS delivery, unnest($places) AS place, unnest($known_to) AS known_to_us)
"""
# Where a row stands among all of a feed: its delivery's place, then its own.
_STANDS = "(c.place::BIGINT << 40) + l.row"
# Rows all of whose stays, events and messages stand further up. A row may tell of several (an encounter with its
# locations), two rows of one (its start, its end), and rows of one stay of different events: so it is these things that
# are compared.
_THINGS = {
    "landed": _STAY,
    "landed_event": "hash(l.patient, l.type, l.at_us, l.unit, l.code, l.value)",
    "landed_move": "hash(l.message)",
}
_TOLD = f"""SELECT c.place, l.row, {_STANDS} AS stands, {{thing}} AS thing
    FROM {{table}} l JOIN came c ON c.delivery = l.delivery WHERE l.feed = $feed"""
_KNOWN = f"""
{_CAME},
things AS (%s),
again AS (SELECT thing, min(stands) AS first FROM things GROUP BY thing HAVING count(*) > 1),
twice AS (SELECT thing, place, min(stands) AS first FROM things GROUP BY thing, place HAVING count(*) > 1),
-- one row at most of `again` and of `twice`, so that the joins multiply nothing
compared AS (
    SELECT t.place, t.row, bool_and(a.first < t.stands) AS known,
           bool_and(coalesce(w.first < t.stands, false)) AS doubled
    FROM things t LEFT JOIN again a ON a.thing = t.thing LEFT JOIN twice w ON w.thing = t.thing AND w.place = t.place
    WHERE t.stands IN (SELECT stands FROM things SEMI JOIN again USING (thing)) GROUP BY t.place, t.row
    HAVING bool_and(a.first IS NOT NULL)
)
SELECT place, count(*) AS known, count(*) FILTER (doubled) AS doubled FROM compared WHERE known GROUP BY place
"""
# Of every delivery but the first: the stays that no earlier one had told, in all (no month) and by month.
_NEW = f"""
{_CAME},
later AS (
    SELECT c.place, {_STAY} AS stay, any_value(l.unit) AS unit, any_value(l.start_us) AS start_us,
           any_value(c.known_to_us) AS known_to_us
    FROM ({{told}}) l JOIN came c ON c.delivery = l.delivery WHERE l.feed = $feed AND c.place > 1 GROUP BY c.place, stay
),
firsts AS (
    SELECT {_STAY} AS stay, min(c.place) AS place
    FROM ({{told}}) l JOIN came c ON c.delivery = l.delivery
    WHERE l.feed = $feed AND {_STAY} IN (SELECT stay FROM later) GROUP BY stay
),
news AS (
    SELECT t.*, strftime(timezone($tz, to_timestamp(t.start_us / 1e6)), '%Y-%m-01') AS month
    FROM later t SEMI JOIN firsts f ON f.stay = t.stay AND f.place = t.place
)
SELECT place, month, count(*) AS new, count(DISTINCT unit) AS units,
       count(*) FILTER (start_us < known_to_us - {LATE_DAYS * DAY_US}) AS late
FROM news GROUP BY GROUPING SETS ((place), (place, month)) ORDER BY place, month NULLS FIRST
"""


def brought(answers: Answers) -> list[Brought]:
    """Return what each delivery brought, the newest first. Reads the landed rows: keep it for a generation."""
    sources = {"landed": (_ROWS, _MARKS), "landed_move": (_MOVES, _MOVE_MARKS)}
    kinds = [both for table, both in sources.items() if answers.manifest.of(table)]
    delivery = withdrawn.delivered_by(answers, "delivery")
    told = " UNION ALL ".join(rows for rows, _ in kinds).replace("{delivery}", delivery)
    marked = [row for _, marks in kinds for row in answers.rows(marks.replace("{delivery}", delivery))]
    noticed = {(row["feed"], row["delivery"]): row for row in marked}
    back: Counter[tuple[str, str]] = Counter()
    for row in withdrawn.counted(answers):
        back[row["feed"], row["by_delivery"]] += row["stays"]
    found = []
    for feed in sorted({str(one["feed"]) for one in answers.deliveries()}):
        found += [
            replace(one, taken_back=back[one.feed, one.delivery]) for one in _of_feed(answers, feed, told, noticed)
        ]
    return sorted(found, key=lambda b: (b.received_at, b.name, b.delivery), reverse=True)


def _of_feed(answers: Answers, feed: str, told: str, marks: Mapping[tuple[str, str], Row]) -> list[Brought]:
    came = answers.deliveries(feed)[::-1]
    places = range(1, len(came) + 1)
    known = known_to(came)
    asked = {"feed": feed, "deliveries": [d["delivery"] for d in came], "places": list(places), "known_to": known}
    again = {row["place"]: row for row in _told_again(answers, feed, came)}
    news: dict[int, list[Row]] = {}
    if len(came) > 1 and told:
        for row in answers.rows(_NEW.replace("{told}", told), tz=answers.place.settings.tz or "UTC", **asked):
            news.setdefault(row["place"], []).append(row)
    found = []
    for place, one, reach in zip(places, came, known, strict=True):
        whole, *months = news.get(place) or [{"units": 0, "late": 0}]
        # Where dates were shifted, each patient's differently, nothing can be late and no month is a month.
        if one["calendar"] == "shifted":
            whole, months = {"units": 0, "late": 0}, []
        repeated = again.get(place, {"known": 0, "doubled": 0})
        noticed = marks.get((feed, one["delivery"]), {})
        marked: Row = {name: noticed.get(name) or 0 for name in _MARKED}
        found.append(
            Brought(
                **{name: one[name] for name in ("feed", "delivery", "name", "taken", "zone")},
                received_at=one.get("last_received_at") or one["received_at"],
                **marked,
                refused=one["rejected"],
                partly=one.get("partly", 0),
                new=one["taken"] - repeated["known"],
                doubled=repeated["doubled"],
                late=whole["late"],
                is_first=place == 1,
                known_to_us=reach,
                units=whole["units"],
                months=tuple(Month(row["month"], row["new"], row["late"]) for row in months),
            )
        )
    return found


def _told_again(answers: Answers, feed: str, came: list[Row]) -> list[Row]:
    """Return of each place the rows that told nothing new. Live messages are left out: one that came twice is one."""
    tables = [table for table in _THINGS if answers.manifest.of(table)]
    files = [(place, d["delivery"]) for place, d in enumerate(came, start=1) if not d.get("stream")]
    if not tables or not files:
        return []
    told = " UNION ALL ".join(_TOLD.format(table=f"{{{table}}}", thing=_THINGS[table]) for table in tables)
    places, deliveries = [place for place, _ in files], [delivery for _, delivery in files]
    return answers.rows(_KNOWN % told, feed=feed, deliveries=deliveries, places=places, known_to=[None for _ in files])


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
