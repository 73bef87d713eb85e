"""Event logs: every row is something that happened, beside the stays that are made of it.

An event log is a table with an activity. Its other columns go along, for what the checks in suspicions.py and the
measures ask: who did it, the number that was found, what is the same for a whole case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knitwork.intake.formats.csv.columns import Match, plain
from knitwork.intake.formats.csv.rules import END_DATE, START_DATE
from knitwork.intake.formats.csv.zones import quoted
from knitwork.lake.engine import Connection

# Who did it. Never a unit, and never counted by person.
STAFF = (
    "originator", "employee", "staff", "staff_id", "performer", "clinician", "nurse", "doctor", "user", "resource",
    "org:resource",
)  # fmt: skip
VALUE = ("value", "result", "valuenum", "value_num", "numeric_value")
END_KIND = ("end_kind",)
# What makes a pair of a start and an end whose activities have different names.
PAIR = ("pair_of",)
# More columns than this beside the known ones are not looked at one by one.
MAX_OTHERS = 60
# What is named and not a property of the case or the event.
_NUMBERING = ("order", ".order", "row", "index", "rownum", "rownr", "seq", "sequence")


@dataclass(frozen=True, slots=True)
class Extras:
    """Columns of an event log beside the roles: role to place, and the others by the name in the header."""

    places: Mapping[str, int]
    others: tuple[tuple[str, str], ...]  # raw column, name in the header


def extras(header: Sequence[str], match: Match) -> Extras:
    """Find what goes along. A table of stays keeps only the kind of end that somebody wrote."""
    names = [plain(cell) for cell in header]
    taken = set(match.places.values())
    places: dict[str, int] = {}

    def find(role: str, aliases: Sequence[str]) -> None:
        for alias in (plain(a) for a in aliases):
            if alias in names and names.index(alias) not in taken and role not in places:
                places[role] = names.index(alias)
                taken.add(places[role])

    find("end_kind", END_KIND)
    if "activity" not in match.roles:
        return Extras(places, ())
    find("pair", PAIR)
    find("staff", STAFF)
    find("value", VALUE)
    others: list[tuple[str, str]] = []
    for place, name in enumerate(header):
        if place not in taken and plain(name) not in _NUMBERING and len(others) < MAX_OTHERS:
            raw = f"x{len(others)}"
            places[raw] = place
            others.append((raw, name))
    return Extras(places, tuple(others))


def departments(roles: Mapping[str, str]) -> bool:
    """Say whether the units of an event log are places, and not the activities themselves."""
    return roles.get("unit") != roles.get("activity")


def land_events(
    con: Connection, log: str, kept: Extras, *, places: bool, paired: bool, ends: bool, feed: str, delivery: str,
    extracted_us: int | None,
) -> int:  # fmt: skip
    """Leave the view `landed_event`: one row for each event of `log`, two where a row has a start and an end.

    `places` says whether units are departments, `paired` whether there is a lifecycle, `ends` whether rows have ends.
    """
    # An event is known by what it says: the same row in two deliveries is one event.
    said = "concat_ws(chr(31), patient, activity, coalesce(unit, ''), coalesce(visit, ''), {code}, {at}, {mark})"
    mark = "coalesce(instance, '')" if paired else "''"
    code = "coalesce(lower(lifecycle), '')" if paired else "''"
    rows = [_rows("start_us", code if not ends else "'start'", mark, START_DATE, said, places=places, kept=kept)]
    if ends:
        rows.append(
            _rows("end_us", "'complete'", mark, END_DATE, said, places=places, kept=kept)
            + " AND end_us IS NOT NULL AND end_kind::VARCHAR = 'recorded'"
        )
    union = " UNION ALL ".join(text.replace("{log}", log) for text in rows)
    con.execute(
        f"""CREATE TEMP VIEW landed_event AS SELECT *, NULL::BIGINT AS said_us, false AS cancelled,
        {quoted(feed)} AS feed, {quoted(delivery)} AS delivery, "row",
        {"NULL" if extracted_us is None else extracted_us}::BIGINT AS extracted_us, NULL::BIGINT AS came_us
        FROM ({union})""".replace("SELECT *,", 'SELECT * EXCLUDE ("row"),')
    )
    return int(con.execute("SELECT count(*) FROM landed_event").fetchall()[0][0])


def placeless(con: Connection) -> list[str]:
    """Say how many events of `log` have no department."""
    n = con.execute("SELECT count(*) FROM log WHERE rule IS NULL AND unit IS NULL").fetchall()[0][0]
    has, are = ("event has", "it makes") if n == 1 else ("events have", "they make")
    return [f"{n:,} {has} no department: {are} no stay"] if n else []


def _rows(at: str, code: str, mark: str, date: int, said: str, *, places: bool, kept: Extras) -> str:
    staff = "staff" if "staff" in kept.places else "NULL::VARCHAR"
    return f"""SELECT 'event/' || md5({said.format(code=code, at=at, mark=mark)}) AS event, patient, {at} AS at_us,
        NULL::BIGINT AS recorded_us, CASE WHEN marks & {date} <> 0 THEN 'd' ELSE 's' END AS precision,
        {coded("activity")} AS type, {"unit" if places else "NULL::VARCHAR"} AS unit, visit, {staff} AS staff,
        nullif(nullif({code}, ''), 'event') AS code, {_value(kept)} AS "value", "row" FROM {{log}} WHERE rule IS NULL"""


def coded(text: str) -> str:
    """Return the SQL of words made a code: `ER Sepsis Triage` is er_sepsis_triage."""
    words = f"trim(regexp_replace(lower(strip_accents({text})), '[^\\p{{L}}\\p{{N}}]+', '_', 'g'), '_')"
    return f"coalesce(nullif({words}, ''), 'event')"


def _value(kept: Extras) -> str:
    """Return the SQL of the number that an event found: in a column of values, or in one named as its activity."""
    given = "try_cast(value AS DOUBLE)" if "value" in kept.places else "NULL::DOUBLE"
    cases = [
        f"WHEN regexp_replace(lower(activity), '[\\s_-]+', '', 'g') = {quoted(plain(name))} THEN try_cast({raw} AS DOUBLE)"
        for raw, name in kept.others
    ]
    return f"coalesce({given}, CASE {' '.join(cases)} END)" if cases else given
