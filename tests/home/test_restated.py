"""What was told of a period that was over and is another number now, beside every cell of every generation laid by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.home.calendar import date_of, day_number, period_end
from knitwork.home.restated import TABLE
from knitwork.measures.catalogue import catalogue
from tests.home.homes import NOON, extract, later, options, registry, rows_of, write

CENSORED = {m.id: m.censor_days for m in catalogue()}
KEYS = ("measure", "level", "unit", "period", "start_day")


def over(answers) -> dict[tuple, tuple]:
    """Every cell of a period that the records of a generation reached the end of."""
    found = {}
    for row in answers.rows("FROM {cell} WHERE stratum = '' AND period <> 'all'"):
        end = day_number(period_end(date_of(row["start_day"]), row["period"]))
        if end + CENSORED[row["measure"]] <= answers.as_of_day:
            found[tuple(row[name] for name in KEYS)] = (row["numerator"], row["denominator"], row["value"])
    return found


def cells(answers) -> dict[tuple, tuple]:
    rows = answers.rows("FROM {cell} WHERE stratum = '' AND period <> 'all'")
    return {tuple(r[name] for name in KEYS): (r["numerator"], r["denominator"], r["value"]) for r in rows}


def told(home) -> dict[tuple, tuple]:
    manifest = home.place.lake.manifest()
    rows = home.place.lake.rows(manifest, f"FROM {{{TABLE}}}") if manifest.of(TABLE) else []
    return {tuple(r[name] for name in KEYS): (r["numerator"], r["denominator"], r["value"]) for r in rows}


NOTHING = (None, None, None)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_is_kept_is_what_every_generation_told_before(tmp_path, buckets, seed):
    buckets(4)
    home, known, before = open_home(tmp_path / "home"), {}, None
    batches = [extract(seed)]
    for turn in range(3):
        batches.append(later(batches[-1], seed + 10 * turn, new_units=turn == 1))
    for number, batch in enumerate(batches):
        home.load([write(tmp_path / f"{number}.csv", batch)], options())
        home.refresh(registry())
        answers = home.answers()
        now = cells(answers)
        if before is not None:
            then, was_over, day = before
            firsts = {}
            for measure, level, unit, period, start in then:
                at = (measure, level, unit, period)
                firsts[at] = min(start, firsts.get(at, start))
            for key in then.keys() | now.keys():
                end = day_number(period_end(date_of(key[4]), key[3])) + CENSORED[key[0]]
                if end <= day and key[4] >= firsts.get(key[:4], 2**31) and then.get(key) != now.get(key):
                    known.setdefault(key, was_over.get(key, NOTHING))
            known = {key: was for key, was in known.items() if now.get(key, NOTHING) != was}
        before = (now, over(answers), answers.as_of_day)

        assert told(home) == known
    assert len(known) > 100


def stays(folder, name, *rows):
    file = folder / name
    file.write_text("patient,unit,start,end\n" + "".join(f"{row}\n" for row in rows), "utf-8")
    return file


MARCH = (
    "a,ED,2026-03-02 08:00,2026-03-02 12:00",
    "b,ED,2026-03-03 20:00,2026-03-03 22:00",
    "c,ED,2026-04-20 08:00,2026-04-20 09:00",
)


def restated(home, measure="arrivals", period="month", unit="ED"):
    return home.answers().restated(measure, unit, "micro", period)


def first_of(year, month, day=1):
    return day_number(dt.date(year, month, day))


@pytest.fixture
def ed(tmp_path):
    """An emergency department with two arrivals in March and one in April, told once."""
    home = open_home(tmp_path / "home")
    home.load([stays(tmp_path, "first.csv", *MARCH)], options())
    home.refresh()
    return home


def test_a_late_row_restates_the_month_that_was_over_and_not_the_one_that_goes_on(ed, tmp_path):
    assert restated(ed) == {}
    late = stays(tmp_path, "late.csv", "d,ED,2026-03-09 08:00,2026-03-09 09:00", "e,ED,2026-04-20 10:00,")
    ed.load([late], options())
    ed.refresh()

    found = restated(ed)
    assert list(found) == [first_of(2026, 3)]
    march = found[first_of(2026, 3)]
    assert (march["value"], march["numerator"], march["why"]) == (2, 2, "records")
    assert abs(march["first_us"] / 1e6 - dt.datetime.now(dt.UTC).timestamp()) < 60
    # the one day of March, and not those around it
    assert [date_of(day) for day in restated(ed, period="day")] == [dt.date(2026, 3, 9)]


def test_what_was_told_first_is_kept_through_later_changes_and_dropped_when_it_holds_again(ed, tmp_path):
    def told_of(*ends):
        for end in ends:
            again = stays(tmp_path, "again.csv", f"b,ED,2026-03-03 20:00,2026-03-{end}")
            extracted = NOON + dt.timedelta(days=len(ed.answers().deliveries()))
            ed.load([again], LoadOptions(feed="adt", tz="UTC", extracted_at=extracted, received_at=extracted))
            ed.refresh()
        return restated(ed, "los_median")

    first, twice = (told_of(end)[first_of(2026, 3)] for end in ("04 22:00", "05 22:00"))
    assert (first["value"], first["n"]) == (twice["value"], twice["n"]) == (3.0, 2)
    assert first["last_us"] <= twice["last_us"]
    assert told_of("03 22:00") == {}


def test_records_of_an_earlier_time_restate_nothing(ed, tmp_path):
    ed.load([stays(tmp_path, "old.csv", "z,ED,2026-01-05 08:00,2026-01-05 09:00")], options())
    ed.refresh()

    # February was not told before: it comes with January, as history
    assert restated(ed) == {}
    assert ed.answers().cells("arrivals", unit="ED")[0]["period"] == "2026-01-01"


def test_a_change_of_what_a_unit_is_says_that_it_was_the_set_up(ed):
    given = ed.registry()
    ed.refresh(dataclasses.replace(given, units=tuple(dataclasses.replace(u, name="Casualty") for u in given.units)))
    assert restated(ed) == {}
    ed.refresh(
        dataclasses.replace(given, units=tuple(dataclasses.replace(u, tz="Pacific/Auckland") for u in given.units))
    )

    days = restated(ed, period="day")
    assert {row["why"] for row in days.values()} == {"set-up"}


def test_as_of_an_earlier_day_nothing_is_restated_and_nothing_forgotten(ed, tmp_path):
    late = stays(tmp_path, "late.csv", "d,ED,2026-03-09 08:00,2026-03-09 09:00")
    ed.load([late], options(received_at=NOON + dt.timedelta(days=1)))
    ed.refresh()
    kept = rows_of(ed, TABLE)
    ed.refresh(as_of=NOON + dt.timedelta(hours=1))
    assert rows_of(ed, TABLE) == kept
    ed.refresh()

    assert rows_of(ed, TABLE) == kept
