"""How the times of a column are written: decided by the whole column, never row by row.

A column belongs to one family. ISO 8601 is the fast one (a cast); the others are read by
format lists. Day-month against month-day is decided for all the columns of a delivery
together: by values over 12, else by the order that keeps starts before ends, else by asking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo

Family = Literal["iso", "numeric", "ymd", "compact", "named", "serial"]
Order = Literal["dmy", "mdy", "ymd"]

# Words that databases and statistics programs write for "no time". Only in time columns: 'NA' may be a patient.
NO_TIME = ("NA", "N/A", "#N/A", "NAN", "NAT", "NONE", "NULL", "\\N", "-", "--", "?", "UNKNOWN")

_ISO = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?$", re.IGNORECASE
)
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p", " %I:%M:%S%p", " %I:%M%p")
_COMPACT = (
    "%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M", "%Y%m%d %H%M",
    "%Y%m%d %H:%M", "%Y%m%d %H:%M:%S",
)  # fmt: skip
_LEADING = r"^(\d{1,2})[-./ ](\d{1,2})[-./ ]\d"

FAMILY_NAMES = {
    "iso": "ISO 8601",
    "ymd": "year, month, day",
    "compact": "digits only, year first",
    "named": "with the name of the month",
    "serial": "serial numbers of a workbook",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How one time column is read."""

    family: Family
    order: Order | None = None
    # Formats that were seen in the column, to be tried before the others: most values then fit at the first try.
    seen: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say it in words."""
        if self.family == "numeric":
            return {"dmy": "day, month, year", "mdy": "month, day, year"}.get(self.order or "", "year, month, day")
        return FAMILY_NAMES[self.family]


ISO = Reading("iso")


def looks_iso(values: Sequence[str]) -> bool:
    """Say whether a sample is ISO 8601 throughout, so that the fast way is worth trying first."""
    said = [value.strip() for value in values if value.strip() and value.strip().upper() not in NO_TIME]
    return all(_ISO.match(value) for value in said)


def local_time(text: str, reading: Reading) -> str:
    """Return the SQL of the local time in the text column `text`, NULL where it does not fit."""
    if reading.family == "iso":
        # Casting drops an offset: what is left is the time on the wall. 'infinity' and 'epoch' are casts too.
        return f"CASE WHEN {text} BETWEEN '0' AND ':' THEN try_cast({text} AS TIMESTAMP) END"
    if reading.family == "serial":
        # Day 0 is 1899-12-30, since the workbook's calendar has a 29 February 1900 that never was.
        # A serial is a day and a fraction: the clock is rounded to the second that was shown.
        return (
            f"CASE WHEN try_cast({text} AS DOUBLE) BETWEEN 1 AND 2958466 THEN TIMESTAMP '1899-12-30' + "
            f"to_seconds(CAST(round(try_cast({text} AS DOUBLE) * 86400) AS BIGINT)) END"
        )
    if reading.family == "compact":
        return f"try_strptime({text}, {_sql_list(_COMPACT)})"
    long, short = _formats(reading)
    value = f"try_strptime({text}, {_sql_list(long)})"
    # %Y also takes the year 24 of two digits: such a value is read again by %y (69 is 1969, 68 is 2068).
    return f"CASE WHEN year({value}) >= 100 THEN {value} ELSE try_strptime({text}, {_sql_list(short)}) END"


def _formats(reading: Reading) -> tuple[list[str], list[str]]:
    if reading.family == "named":
        shapes = [f"%d{s}%{m}{s}%{{y}}" for s in "- /" for m in "bB"] + ["%b %d, %{y}", "%B %d, %{y}", "%d%b%{y}"]
        shapes += ["%b %d %{y}", "%a, %d %b %{y}", "%d.%b.%{y}", "%{y}-%b-%d"]
    else:
        order = "ymd" if reading.family == "ymd" else (reading.order or "dmy")
        shapes = [separator.join(f"%{{{p}}}" if p == "y" else f"%{p}" for p in order) for separator in "/-. "]
    clocks = [*_CLOCKS, *(clock.replace(" ", "T", 1) for clock in _CLOCKS[1:4])]
    every = [[s.replace("%{y}", year) + c for s in shapes for c in clocks] for year in ("%Y", "%y")]
    long, short = (
        [f for f in reading.seen if f in formats] + [f for f in formats if f not in reading.seen] for formats in every
    )
    return long, short


def _sql_list(formats: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{f}'" for f in formats) + "]"


def decide(
    con: Connection,
    columns: Mapping[str, str],
    source: str,
    *,
    date_order: str | None,
    workbook: bool,
    name: str,
) -> tuple[dict[str, Reading], list[str]]:
    """Read the whole of `columns` (role to SQL text) in `source` and decide how each is written.

    Costs one pass over the source, and a second one only where day and month could be either.
    """
    counts = {role: _counts(con, text, source) for role, text in columns.items()}
    families = {role: _family(count, workbook=workbook) for role, count in counts.items()}
    notes: list[str] = []
    order: Order | None = None
    numeric = [role for role, family in families.items() if family == "numeric"]
    if numeric:
        order, why = _order(con, columns, source, counts, families, date_order=date_order, name=name)
        notes.append(why)
    readings = {
        role: _with_seen(con, text, source, Reading(families[role], order if families[role] == "numeric" else None))
        for role, text in columns.items()
    }
    notes += [
        f"the {role} times were read as {FAMILY_NAMES[family]}"
        for role, family in families.items()
        if family in ("compact", "named", "serial", "ymd")
    ]
    return readings, notes


def _with_seen(con: Connection, text: str, source: str, reading: Reading) -> Reading:
    if reading.family not in ("numeric", "ymd", "named"):
        return reading
    formats = [f for several in _formats(reading) for f in several]
    fits = ", ".join(f"count(*) FILTER (year(try_strptime(t, '{f}')) >= 100)" for f in formats)
    numbers = con.execute(f"SELECT {fits} FROM (SELECT {text} AS t FROM {source} LIMIT 500)").fetchall()[0]
    seen = sorted((-number, f) for number, f in zip(numbers, formats, strict=True) if number)
    return replace(reading, seen=tuple(f for _, f in seen))


def _counts(con: Connection, text: str, source: str) -> dict[str, int]:
    missing = ", ".join(f"'{word}'" for word in NO_TIME)
    names = (
        "n",
        "iso",
        "numeric",
        "first_over_12",
        "second_over_12",
        "first_over_31",
        "compact",
        "ymd",
        "named",
        "serial",
    )
    row = con.execute(
        f"""SELECT count(*), count(*) FILTER ({local_time("t", ISO)} IS NOT NULL AND regexp_matches(t, '^\\d{{4}}')),
            count(*) FILTER (a IS NOT NULL), count(*) FILTER (a > 12), count(*) FILTER (b > 12),
            count(*) FILTER (a > 31),
            count(*) FILTER (regexp_full_match(t, '(19|20|21|22)\\d{{6}}([T ]?\\d{{2}}:?\\d{{2}}(:?\\d{{2}})?Z?)?')),
            count(*) FILTER (regexp_matches(t, '^\\d{{4}}[-./ ]\\d')),
            count(*) FILTER (regexp_matches(t, '[A-Za-z]{{3}}') AND regexp_matches(t, '\\d{{2}}')),
            count(*) FILTER (regexp_full_match(t, '\\d{{4,7}}(\\.\\d+)?'))
        FROM (SELECT t, try_cast(regexp_extract(t, '{_LEADING}', 1) AS INTEGER) AS a,
                try_cast(regexp_extract(t, '{_LEADING}', 2) AS INTEGER) AS b
            FROM (SELECT {text} AS t FROM {source}) WHERE t IS NOT NULL AND upper(t) NOT IN ({missing}))"""
    ).fetchall()[0]
    return dict(zip(names, row, strict=True))


def _family(count: Mapping[str, int], *, workbook: bool) -> Family:
    families: list[Family] = ["iso", "numeric", "ymd", "compact", "named"]
    if workbook:
        families.insert(1, "serial")
    return max(families, key=lambda family: count[family])


def _order(
    con: Connection,
    columns: Mapping[str, str],
    source: str,
    counts: Mapping[str, Mapping[str, int]],
    families: Mapping[str, Family],
    *,
    date_order: str | None,
    name: str,
) -> tuple[Order, str]:
    numeric = [role for role, family in families.items() if family == "numeric"]
    first = sum(counts[role]["first_over_12"] for role in numeric)
    second = sum(counts[role]["second_over_12"] for role in numeric)
    if date_order in ("dmy", "mdy", "ymd"):
        return date_order, f"dates were read as {Reading('numeric', date_order).describe()}, as the profile says"  # type: ignore[arg-type,return-value]
    if sum(counts[role]["first_over_31"] for role in numeric) > second:
        return "ymd", "dates were read as year, month, day with a year of two digits: the first number goes over 31"
    # A typing error or two does not outvote a column: one side must be ten times the other.
    if first > 10 * second:
        return "dmy", f"dates were read as day, month, year: in {first:,} values the first number is over 12"
    if second > 10 * first:
        return "mdy", f"dates were read as month, day, year: in {second:,} values the second number is over 12"
    if first == second == 0 and set(numeric) == {"start", "end"}:
        kept = {order: _in_order(con, columns, source, order) for order in ("dmy", "mdy")}
        gain = abs(kept["dmy"] - kept["mdy"])
        if gain >= max(3, counts["start"]["n"] // 20):
            order: Order = "dmy" if kept["dmy"] > kept["mdy"] else "mdy"
            words = Reading("numeric", order).describe()
            return order, f"dates were read as {words}: in {gain:,} more rows the start is then before the end"
    raise CannotDo(
        f"{name}: the dates can be read as day, month, year and as month, day, year, and nothing in the "
        f"{' and '.join(numeric)} columns decides it: set date_order to dmy or mdy in the feed's profile, or with --map"
    )


def _in_order(con: Connection, columns: Mapping[str, str], source: str, order: str) -> int:
    reading = Reading("numeric", "dmy" if order == "dmy" else "mdy")
    sql = (
        f"SELECT count(*) FILTER ({local_time('s', reading)} <= {local_time('e', reading)}) "
        f"FROM (SELECT {columns['start']} AS s, {columns['end']} AS e FROM {source})"
    )
    return int(con.execute(sql).fetchall()[0][0])
