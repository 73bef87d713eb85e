"""What each delivery brought, against rows counted one by one."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest

from knitwork.home import LoadOptions, open_home, streams
from knitwork.home.lateness import LATE_DAYS, Month
from knitwork.model.units import Registry
from tests.home.adt_messages import adt, store

FIRST = dt.datetime(2026, 3, 1)


def row(patient, unit, start, end=None):
    return (patient, unit, f"{start:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}" if end else "")


def delivered(folder, deliveries, *, feed="adt", tz="UTC"):
    """Load these lists of rows one after the other, a day apart, and derive them."""
    home = open_home(folder / "home")
    for day, rows in enumerate(deliveries):
        file = folder / f"{day}.csv"
        file.write_text("patient,unit,start,end\n" + "".join(",".join(r) + "\n" for r in rows), "utf-8")
        at = dt.datetime(2026, 6, 1 + day, 6, tzinfo=dt.UTC)
        home.load([file], LoadOptions(feed=feed, tz=tz, received_at=at))
    home.refresh(Registry(macro_name="Test"))
    return home.answers()


def days(n):
    return FIRST + dt.timedelta(days=n)


def test_a_row_in_a_file_twice_and_a_stay_told_again_are_known_already(tmp_path):
    first = [row("a", "W", days(0), days(1)), row("b", "W", days(1)), row("a", "W", days(0), days(1))]
    # b has left by now: the same stay, told again with its end
    second = [row("b", "W", days(1), days(3)), row("c", "X", days(3), days(4))]

    newest, oldest = delivered(tmp_path, [first, second]).brought()
    assert (oldest.taken, oldest.new, oldest.known, oldest.doubled) == (3, 2, 1, 1)
    assert (newest.taken, newest.new, newest.known, newest.doubled) == (2, 1, 1, 0)
    assert (newest.units, newest.is_first, oldest.is_first) == (1, False, True)


def test_one_delivery_alone_counts_what_stands_in_it_twice(tmp_path):
    twice = row("a", "W", days(0), days(1))

    (only,) = delivered(tmp_path, [[twice, twice, row("b", "W", days(2))]]).brought()
    assert (only.taken, only.new, only.doubled, only.no_end) == (3, 2, 1, 1)
    assert only.months == ()


@pytest.mark.parametrize(("before", "late"), [(0, 0), (1, 1)])
def test_a_row_is_late_only_when_it_began_more_than_the_given_days_before_the_end_of_the_records(
    tmp_path, before, late
):
    edge = days(20) - dt.timedelta(days=LATE_DAYS, seconds=before)

    newest, _first = delivered(
        tmp_path, [[row("a", "W", days(0), days(20))], [row("b", "W", edge, days(20))]]
    ).brought()
    assert newest.late == late
    assert newest.months == (Month("2026-03-01", 1, late),)


def test_months_are_those_of_the_place(tmp_path):
    """An hour before midnight in New York is the next month in UTC."""
    late = row("b", "W", dt.datetime(2026, 3, 31, 23), dt.datetime(2026, 4, 2))
    home = open_home(tmp_path / "home")
    home.write_settings(name="Test", tz="America/New_York")

    newest, _first = delivered(tmp_path, [[row("a", "W", days(0), days(90))], [late]], tz="America/New_York").brought()
    assert newest.months == (Month("2026-03-01", 1, 1),)


@pytest.mark.parametrize("seed", range(3))
def test_counts_equal_those_made_row_by_row(tmp_path, seed):
    rng = random.Random(seed)
    some = [row(f"p{rng.randrange(9)}", rng.choice("WX"), days(rng.randrange(60)), days(70)) for _ in range(40)]
    deliveries = [[rng.choice(some) for _ in range(rng.randrange(5, 30))] for _ in range(4)]

    known: set[tuple] = set()
    expected, reach = [], None
    for rows in deliveries:
        stays = {r[:3] for r in rows}
        new = stays - known
        limit = reach - dt.timedelta(days=LATE_DAYS) if reach else None
        late = sum(bool(limit) and dt.datetime.fromisoformat(s[2]) < limit for s in new)
        expected.append((len(rows), len(new), len(rows) - len(stays), late))
        known |= stays
        reach = days(70)

    brought = delivered(tmp_path, deliveries).brought()
    assert [(b.taken, b.new, b.doubled, b.late) for b in reversed(brought)] == expected
    assert all(sum(m.new for m in b.months) == b.new for b in brought if not b.is_first)


def fhir(folder, *resources, received=1):
    """Load FHIR resources as one file and return its delivery and the home."""
    home = open_home(folder / "home")
    file = folder / f"fhir-{received}.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
    report = home.load([file], LoadOptions(feed="fhir", received_at=dt.datetime(2026, 6, received, tzinfo=dt.UTC)))
    home.refresh(Registry(macro_name="Test"))
    return home, report.taken[0]


def encounter(number, patient, *units, **more):
    """Return an encounter with a place for each unit, an hour in each."""
    places = [
        {"location": {"display": unit}, "period": {"start": f"2026-03-0{number}T{at:02}:00:00Z",
                                                   "end": f"2026-03-0{number}T{at + 1:02}:00:00Z"}}
        for at, unit in enumerate(units, start=8)
    ]  # fmt: skip
    return {"resourceType": "Encounter", "id": str(number), "status": "finished", "class": {"code": "IMP"},
            "subject": {"reference": f"Patient/{patient}"}, "location": places, **more}  # fmt: skip


def test_one_record_of_several_stays_is_one_new_row(tmp_path):
    home, _ = fhir(tmp_path, encounter(1, "a", "ED", "Ward", "Home care"))

    (only,) = home.answers().brought()
    assert (only.taken, only.new, only.known, only.doubled) == (1, 1, 0, 0)


def test_two_rows_that_make_one_stay_are_both_new(tmp_path):
    (tmp_path / "log.csv").write_text(
        "case,activity,resource,timestamp,lifecycle\n"
        "a,Triage,ED,2026-03-01 08:00:00,start\na,Triage,ED,2026-03-01 09:00:00,complete\n"
        "a,X-ray,ED,2026-03-01 08:00:00,start\na,X-ray,ED,2026-03-01 10:00:00,complete\n",
        "utf-8",
    )
    home = open_home(tmp_path / "home")
    home.load([tmp_path / "log.csv"], LoadOptions(tz="UTC"))
    home.refresh(Registry(macro_name="Test"))

    (only,) = home.answers().brought()
    assert (only.taken, only.new, only.doubled) == (4, 4, 0)


def test_a_record_that_is_taken_in_part_is_in_the_rejects_and_said(tmp_path):
    doctor = [{"individual": {"reference": "Practitioner/1"}, "period": {"start": "2026-03-02T08:00:00Z"}}]
    whole, unplaced = encounter(1, "a", "ED"), encounter(2, "b", participant=doctor)

    home, taken = fhir(tmp_path, whole, unplaced)
    assert (taken.taken, taken.rejected, taken.partly) == (2, 0, 1)
    assert [(row["row"], row["rule"]) for row in home.answers().rejects("fhir")] == [(2, "unit_empty")]
    assert [one.partly for one in home.answers().brought()] == [1]


def test_nothing_is_late_and_no_month_changes_where_dates_were_shifted(tmp_path):
    stays = [[row("a", "W", days(n), days(n + 1))] for n in (70_000, 69_000)]

    newest, _ = delivered(tmp_path, stays).brought()
    assert (newest.new, newest.late, newest.months) == (1, 0, ())


def test_a_home_of_messages_alone_tells_what_came_and_a_message_in_two_files_is_known(tmp_path):
    home = open_home(tmp_path / "home")
    told = [adt("A01", f"P{n}", days(n).replace(tzinfo=dt.UTC), "ED", visit=f"V{n}") for n in range(3)]
    for day, mine in enumerate([told[:2], told[1:]]):
        file = tmp_path / f"{day}.hl7"
        file.write_bytes(b"".join(mine))
        home.load([file], LoadOptions(feed="adt", received_at=dt.datetime(2026, 6, 1 + day, tzinfo=dt.UTC)))
    home.refresh(Registry(macro_name="Test"))

    newest, oldest = home.answers().brought()
    assert (oldest.taken, oldest.new, newest.taken, newest.new, newest.known) == (2, 2, 2, 1, 1)


def test_messages_that_came_live_are_told_with_those_that_wait(tmp_path):
    home = open_home(tmp_path / "home")
    came = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    message = adt("A01", "P1", days(0).replace(tzinfo=dt.UTC), "ED", visit="V1")
    store(streams.messages_of(home.place), message, message.replace(b"P1^^^H^MR", b""), came=came)
    home.refresh(Registry(macro_name="Test"))

    (only,) = home.answers().brought()
    assert (only.taken, only.new, only.refused) == (1, 1, 1)


def test_of_live_messages_it_is_told_when_the_last_one_came(tmp_path):
    home = open_home(tmp_path / "home")
    for day in (1, 3):
        message = adt("A01", f"P{day}", days(day).replace(tzinfo=dt.UTC), "ED", visit=f"V{day}")
        store(streams.messages_of(home.place), message, came=dt.datetime(2026, 6, day, tzinfo=dt.UTC))
    home.refresh(Registry(macro_name="Test"))

    (only,), (state,) = home.answers().brought(), home.answers().feeds()
    assert only.received_at[:10] == state.received_at[:10] == "2026-06-03"
