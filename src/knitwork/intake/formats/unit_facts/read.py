"""From a table of units' numbers to facts: each number of each unit and period once, and no total beside its parts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from knitwork.intake import landing
from knitwork.intake.formats.csv.careful import clean
from knitwork.intake.formats.csv.encoding import as_utf8
from knitwork.intake.formats.csv.sniff import Dialect, sniff
from knitwork.intake.formats.csv.unpack import unpack
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.unit_facts import facts
from knitwork.intake.formats.unit_facts.columns import Layout
from knitwork.intake.formats.unit_facts.sniff import layout_of
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.intake.quality import RULES
from knitwork.lake.engine import Connection, EngineError
from knitwork.model.errors import CannotDo, Unreadable


@dataclass(frozen=True, slots=True)
class Found:
    """One plain table of a delivery."""

    path: Path
    name: str
    dialect: Dialect
    layout: Layout


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read: the unit's column and the period's, as `unit` and `start`."""
    base = profile or Profile()
    with _opened(file, name=name, profile=base, work=work) as (tables, _, _):
        return _completed(base, tables[0])


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave `landed_unit_fact`, `landed_place` (where units have names) and `rejected` in `con`."""
    del received_us
    try:
        landing.clear(con)
        with _opened(file, name=name or file.name, profile=profile, work=work) as (tables, noted, folder):
            return _landed(
                con, tables, noted, folder, profile, feed=feed, delivery=delivery, extracted_us=extracted_us,
                name=name or file.name,
            )  # fmt: skip
    except CannotDo:
        landing.clear(con)
        raise
    except EngineError as problem:
        landing.clear(con)
        raise Unreadable(
            f"{name or file.name} could not be read as a table of units' numbers ({type(problem).__name__}): "
            "save it again as CSV UTF-8"
        ) from None
    finally:
        facts.clear(con)


@contextmanager
def _opened(
    file: Path, *, name: str, profile: Profile, work: Path | None
) -> Iterator[tuple[list[Found], list[str], Path]]:
    with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as made:
        folder = Path(made)
        tables: list[Found] = []
        notes: list[str] = []
        for plain in unpack(file, name=name, work=folder):
            path, encoding = as_utf8(plain.path, name=plain.name, work=folder, wanted=profile.encoding)
            if encoding != "utf-8":
                notes.append(f"{plain.name} is written in {encoding}")
            dialect = sniff(path, name=plain.name, profile=profile)
            layout = layout_of(dialect.header, dialect.sample, profile)
            if layout is None or (tables and dialect.header != tables[0].dialect.header):
                notes.append(f"passed over: {plain.name} is no table of units' numbers like the first")
                continue
            tables.append(Found(path, plain.name, dialect, layout))
        if not tables:
            raise Unreadable(
                f"{name} is no table of units' numbers: give it a unit, a period and columns of numbers, one row for "
                "each unit and period"
            )
        yield tables, notes, folder


def _landed(
    con: Connection,
    tables: list[Found],
    notes: list[str],
    folder: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None,
    name: str,
) -> LandReport:
    layout, header = tables[0].layout, tables[0].dialect.header
    done = 0
    facts.begin(con, layout)
    for table in tables:
        copy = clean(table.path, table.dialect, work=folder)
        facts.take(con, copy.good, copy.faulty, table.dialect.separator, layout, len(header), done)
        done += copy.rows
    notes += facts.read_periods(con, profile, name=name)
    facts.judge(con, layout)
    tail = f"""NULL::BIGINT AS said_us, false AS cancelled, {quoted(feed)} AS feed, {quoted(delivery)} AS delivery,
        "row", {"NULL" if extracted_us is None else extracted_us}::BIGINT AS extracted_us, NULL::BIGINT AS came_us"""
    counted = facts.tell(con, layout, header, tail)
    first, last = con.execute("SELECT min(at_us), max(at_us) FROM landed_unit_fact").fetchall()[0]
    rejected = con.execute("SELECT rule, count(*) AS n FROM rejected GROUP BY ALL ORDER BY n DESC, rule").fetchall()
    aside = sum(n for _, n in rejected)
    if not counted["landed_unit_fact"]:
        raise CannotDo(
            f"{name}: none of its {done:,} rows can be used: each needs a unit, a period and a number; export it again"
        )
    notes += [f"{n:,} {RULES[rule][n > 1]}: set aside, see rejects" for rule, n in rejected]
    notes += facts.totals(con)
    notes += [f"{one} is counted of {all_}" for one, all_ in layout.of]
    if layout.divides:
        notes.append(f"numbers are kept apart by {', '.join(header[place] for place in layout.divides)}")
    if profile.zone is None:
        notes.append("no time zone was named: UTC was assumed; say which with --tz, such as --tz Europe/Amsterdam")
    words = {place: "number" for place, _ in layout.values} | {layout.period: "time"}
    return LandReport(
        done,
        done - aside,
        aside,
        first,
        last,
        tuple(notes),
        _completed(profile, tables[0]),
        kind="records",
        tables=counted,
        columns=tuple((column, words.get(place, "text")) for place, column in enumerate(header)),
    )


def _completed(profile: Profile, table: Found) -> Profile:
    header, layout = table.dialect.header, table.layout
    return replace(profile, unit=header[layout.unit], start=header[layout.period])
