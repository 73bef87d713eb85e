"""How good a feed's records are: planted troubles are found, and clean records say nothing."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.home.quality import charts
from knitwork.home.quality.clocks import Clock
from knitwork.home.quality.days import examples, feed_days
from knitwork.home.quality.deliveries import Came
from knitwork.home.quality.found import FeedQuality, quality
from knitwork.home.quality.local import changes, local_day, local_day_sql
from knitwork.home.quality.rules import BY_ID, RULES
from knitwork.intake.message_counts import Skew
from knitwork.lake.engine import connect
from knitwork.model.units import Registry, Unit
from tests.quick import first

FIRST = dt.datetime(2025, 3, 3)
CAME = dt.datetime(2026, 3, 3, 6, tzinfo=dt.UTC)
WARDS = Registry(tuple(Unit(name, name, "ward") for name in ("W", "X", "Y")), macro_name="Test")


def at(days, hours=0.0):
    return FIRST + dt.timedelta(days=days, hours=hours)


def row(patient, unit, start, end=None):
    return (patient, unit, f"{start:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}" if end else "")


def home_of(folder, *deliveries, feed="adt", registry=WARDS, header="patient,unit,start,end"):
    """Load lists of rows, a day apart, and derive them."""
    home = open_home(folder / "home")
    for day, rows in enumerate(deliveries):
        file = folder / f"{day}.csv"
        file.write_text(header + "\n" + "".join(",".join(r) + "\n" for r in rows), "utf-8")
        home.load([file], LoadOptions(feed=feed, tz="UTC", received_at=CAME + dt.timedelta(days=day)))
    home.refresh(registry)
    return home.answers()


def a_year(seed, *, a_day=40.0, days=364, drop=None, gone=None):
    """Invent a year of stays: as many a day as chance gives; from the day `drop` on half, from `gone` on without ends."""
    chance = random.Random(seed)
    rows = []
    for day in range(days):
        wanted = a_day / 2 if drop is not None and day >= drop else a_day
        came = sum(1 for _ in range(1_000) if chance.random() < wanted / 1_000)
        for n in range(came):
            start = at(day, 24 * chance.random())
            ends = not (gone is not None and day >= gone and chance.random() < 0.3)
            end = start + dt.timedelta(hours=chance.choice([3, 9, 20])) if ends else None
            rows.append(row(f"{day}-{n}", chance.choice("WXY"), start, end))
    return rows


def test_half_of_the_usual_number_is_said_from_the_day_on_which_it_began(tmp_path):
    (wrong,) = quality(home_of(tmp_path, a_year(1, drop=340)))["adt"].wrong()

    assert (wrong.kind, wrong.chart.id, wrong.period) == ("chart", "volume", "day")
    assert abs(dt.date.fromisoformat(wrong.since) - at(340).date()) <= dt.timedelta(days=2)
    assert wrong.value < 2 / 3 * wrong.usual


def test_half_of_the_usual_number_is_said_of_a_small_feed_by_week(tmp_path):
    (wrong,) = quality(home_of(tmp_path, a_year(2, a_day=8, drop=335)))["adt"].wrong()

    assert (wrong.chart.id, wrong.period) == ("volume", "week")


def test_ends_that_are_no_longer_written_down_are_said(tmp_path):
    found = quality(home_of(tmp_path, a_year(3, gone=330)))["adt"].wrong()

    assert [one.chart.id for one in found] == ["ended"]
    assert found[0].value < 80


@pytest.mark.parametrize("seed", first(1, range(4)))
def test_clean_records_of_a_steady_feed_say_nothing(tmp_path, seed):
    assert quality(home_of(tmp_path, a_year(seed)))["adt"].wrong() == []


@pytest.mark.parametrize("seed", first(1, range(4)))
def test_patients_who_are_still_here_are_no_missing_ends(tmp_path, seed):
    chance = random.Random(seed)
    rows = a_year(seed)
    ends = at(364)
    for n in range(300):  # stays of weeks, of which those that began lately have no end yet
        start, long = at(364 * chance.random()), dt.timedelta(days=chance.uniform(10, 35))
        rows.append(row(f"long{n}", "W", start, start + long if start + long < ends else None))

    assert quality(home_of(tmp_path, rows))["adt"].wrong() == []


def test_stays_are_counted_once_however_often_they_are_told(tmp_path):
    rows = a_year(5, a_day=6, days=40)

    answers = home_of(tmp_path, rows, rows[: len(rows) // 2], rows)

    assert feed_days(answers)["adt"].total("stays") == len(rows)


def test_stays_that_had_no_time_to_end_are_not_told_to_lack_an_end(tmp_path):
    rows = [row(f"p{d}", "W", at(d), at(d, 60) if d < 97 else None) for d in range(100)]

    feed = quality(home_of(tmp_path, rows))["adt"]
    points = feed.points(charts.BY_ID["ended"], "day")
    assert {point.value for point in points if point.value is not None} == {100.0}
    assert points[-1].start_day < local_day(int(at(97).replace(tzinfo=dt.UTC).timestamp() * 1e6), "UTC")


PLANTED = {
    # rule: rows of which one breaks it
    "two_beds": [row("a", "W", at(0), at(3)), row("a", "X", at(1), at(2)), row("b", "W", at(0), at(1))],
    "open_long": [row("a", "W", at(0)), row("b", "W", at(364), at(366))],
    "lasts_long": [row("a", "W", at(-380), at(0)), row("b", "X", at(1), at(2))],
    "begins_later": [row("a", "W", at(400), at(401)), *(row(f"b{d}", "W", at(d), at(d, 5)) for d in range(40))],
    "ends_later": [row("a", "W", at(1), at(500)), row("b", "X", at(1), at(2))],
}


@pytest.mark.parametrize("rule", PLANTED)
def test_what_cannot_be_is_counted_and_shown_by_delivery_and_row(tmp_path, rule):
    answers = home_of(tmp_path, PLANTED[rule])

    (shown,) = examples(answers, "adt", BY_ID[rule])
    assert feed_days(answers)["adt"].total(rule) == 1
    assert shown["patient"] == "a"
    assert (shown["row"], len(shown["delivery"])) == (2 if rule == "two_beds" else 1, 64)


def test_a_ward_that_writes_the_departure_a_little_late_is_no_riddle(tmp_path):
    answers = home_of(tmp_path, [row("a", "W", at(0), at(1, 0.9)), row("a", "X", at(1), at(2))])

    assert feed_days(answers)["adt"].total("two_beds") == 0


def test_work_beside_a_stay_is_no_second_bed(tmp_path):
    registry = Registry((Unit("W", "W", "ward"), Unit("L", "L", "lab")), macro_name="Test")

    answers = home_of(tmp_path, [row("a", "W", at(0), at(3)), row("a", "L", at(1), at(1, 4))], registry=registry)
    assert feed_days(answers)["adt"].total("impossible") == 0


def test_rules_have_names_of_their_own_and_say_what_they_mean():
    assert len(BY_ID) == len(RULES)
    assert all(rule.sentence.endswith(".") and rule.title for rule in RULES)


@pytest.mark.parametrize("tz", ["Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe"])
def test_local_days_are_those_of_the_calendar(tz):
    chance = random.Random(7)
    span = (-50_000_000_000_000, 1_900_000_000_000_000)  # zones agree on the years before 1970 no longer
    moments = [chance.randrange(*span) for _ in range(3_000)]
    for edge, _ in changes(*span, tz):
        moments += [edge - 1, edge, edge + 1]
    moments = [one for one in moments if span[0] <= one <= span[1]]

    con = connect(memory="200MB", threads=1, spill=None)
    for near in (span, (600_000_000_000_000, 900_000_000_000_000)):
        some = [one for one in moments if near[0] <= one <= near[1]]
        con.execute("CREATE OR REPLACE TABLE m AS SELECT unnest(?::BIGINT[]) AS us", [some])
        told = con.execute(f"SELECT us, {local_day_sql('us', tz, near)} FROM m").fetchall()
        assert all(day == local_day(us, tz) for us, day in told)
    con.close()


def of_days(counts):
    """Return the days of a live feed of which so many messages came, up to yesterday's."""
    return Clock(
        "lab",
        tuple(Skew("lab", dt.date(2026, 1, 1) + dt.timedelta(days=n), one, 0, 0, 0) for n, one in enumerate(counts)),
    )


def told_by(**what):
    plain = {"days": None, "told": {}, "came": [], "clock": None, "changes": [], "first": None, "last": None}
    return FeedQuality(feed="lab", **(plain | {"heard": local_day(0, "UTC"), "every": None} | what))


@pytest.mark.parametrize(("late", "said"), [(200, []), (60, [("messages", "2026-02-20")])])
def test_a_live_feed_without_stays_is_judged_by_its_messages(late, said):
    chance = random.Random(5)
    quiet = told_by(clock=of_days([round(chance.gauss(n, 10)) for n in [200] * 50 + [late] * 6]))

    assert [(one.chart.id, one.since) for one in quiet.wrong()] == said


def test_a_live_feed_that_falls_silent_while_others_speak_is_said():
    clock = of_days([200 + n % 7 for n in range(50)])
    last = (clock.days[-1].day - dt.date(1970, 1, 1)).days

    assert told_by(clock=clock, heard=last + 1).wrong() == []
    (wrong,) = told_by(clock=clock, heard=last + 5).wrong()
    assert (wrong.chart.id, wrong.since, wrong.value < wrong.usual) == ("messages", "2026-02-20", True)


@pytest.mark.parametrize(("late", "said"), [(500, []), (100, [("rows_came", "day")])])
def test_files_without_stays_are_judged_by_their_rows(late, said):
    chance = random.Random(6)
    rows = [round(chance.gauss(n, 20)) for n in [500] * 40 + [late] * 5]
    came = [Came("lab", f"d{n}", 20_000 + n, n * 86_400_000_000, one, one, 0, 0, 6.0) for n, one in enumerate(rows)]

    found = told_by(came=came, heard=20_045, every="day").wrong()

    assert [(one.chart.id, one.period) for one in found] == said


def test_dates_that_were_shifted_for_privacy_are_not_told_to_be_impossible(tmp_path):
    far = at(70_000)
    answers = home_of(tmp_path, [row("a", "W", far, far + dt.timedelta(days=1)), row("b", "W", far)])

    days = answers.quality()["adt"].days
    assert [days.total(rule) for rule in ("impossible", "begins_later", "ends_later", "open_long")] == [0, 0, 0, 0]
