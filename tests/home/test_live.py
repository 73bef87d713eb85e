"""The live picture is the one that a full landing and refresh of the same messages would give."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from itertools import count, permutations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from knitwork.home import open_home
from knitwork.home.live import Picture
from knitwork.home.live_read import reader_of
from knitwork.home.live_rows import once
from knitwork.intake.messages import Messages
from knitwork.model.units import LEVELS
from tests.home.adt_messages import adt, land_stream, store, us
from tests.home.homes import extract, options, registry, write

NOW = dt.datetime(2024, 3, 12, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY_US = 86_400_000_000
UNITS = ("ED", "ICU", "Ward A", "Ward B", "Lab", "OR 1", "Clinic", "New unit")
_numbers = count()


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A home with the records of forty days before, some of whose patients are still in."""
    folder = tmp_path_factory.mktemp("ground")
    home = open_home(folder / "home")
    rows = extract(5, patients=40, days=40, first=NOW - dt.timedelta(days=40))
    rows = [row for row in rows if dt.datetime.fromisoformat(row["start"]) < NOW]
    home.load([write(folder / "a.csv", rows)], options(feed="csv"))
    home.refresh(registry())
    return home.path


def a_copy(ground, folder):
    target = folder / f"home-{next(_numbers)}"
    shutil.copytree(ground, target)
    home = open_home(target)
    return home, Messages(home.place.inbox.folder)


def a_picture(home, messages):
    return Picture(messages, home.answers, reader_of(home.place))


def until_of(home, messages):
    said = [m.said_us for m in messages.since(0, 100_000) if m.state == "new"]
    return max([home.answers().as_of_us or 0, *said])


def shown(source, unit, level, until_us):
    last_day = until_us // DAY_US
    return [
        tuple(getattr(r, n) for n in r.__slots__) for r in source(unit, level, until_us=until_us, last_day=last_day)
    ]


def assert_same_as_refreshed(picture, home, messages):
    """Land everything, refresh fully, and compare every unit of every level."""
    picture.look()
    until = until_of(home, messages)
    land_stream(home, messages)
    home.refresh(full=True)
    answers = home.answers()
    assert answers.as_of_us >= until - 1
    known = answers.registry
    places = [(level, a.ancestor) for level in LEVELS for a in known.ancestry() if a.level == level]
    compared = 0
    for level, unit in sorted(set(places)):
        now = shown(picture.lately, unit, level, until)
        then = shown(answers.lately, unit, level, until)
        assert now == then, (level, unit)
        compared += len(now)
    return compared


EVENTS = (
    "A01",
    "A01",
    "A02",
    "A02",
    "A02",
    "A03",
    "A04",
    "A08",
    "A09",
    "A10",
    "A11",
    "A12",
    "A13",
    "A15",
    "A16",
    "A21",
    "A22",
)


def invented(seed, *, messages=30):
    """Messages of a few patients, some known from the files, told late, twice and out of order."""
    chance = random.Random(seed)
    told = []
    for _ in range(messages):
        patient = chance.choice(["P1", "P2", "P3", "Q1", "Q2"])
        visit = chance.choice([f"{patient}-a", f"{patient}-b", f"{patient[1:]}/0", ""])
        at = NOW - HOUR * chance.choice([0, 1, 2, 3, 5, 9, 20, 30, 60, 24 * 9]) + chance.randrange(6) * HOUR / 6
        unit, prior = chance.choice(UNITS), chance.choice(["", *UNITS])
        event = chance.choice(EVENTS)
        said = at + chance.choice([0, 0, 0, 1, 7]) * HOUR / 2
        told.append(adt(event, patient, at, unit, visit=visit, prior=prior, pending=chance.choice(UNITS), said=said))
    told += chance.sample(told, 3)
    chance.shuffle(told)
    return told


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), batches=st.integers(1, 5))
@example(seed=4708, batches=1)  # one stay told with a visit's number and without
def test_the_picture_is_that_of_a_full_landing_and_refresh(ground, tmp_path, seed, batches):
    home, messages = a_copy(ground, tmp_path)
    picture = a_picture(home, messages)
    told = invented(seed)
    for at in range(batches):
        store(messages, *told[at::batches], came=NOW + HOUR)
        picture.look()

    compared = assert_same_as_refreshed(picture, home, messages)

    assert compared > 20
    shutil.rmtree(home.path)


def test_which_account_of_a_stay_holds_does_not_depend_on_their_order():
    stay = {
        "unit": "ED",
        "start_us": 1,
        "end_us": None,
        "end_kind": "open",
        "visit": None,
        "feed": "adt",
        "delivery": "s",
    }
    accounts = [
        {**stay, "said_us": 5, "row": 1},
        {**stay, "said_us": 7, "row": 2},
        {**stay, "said_us": 7, "row": 3, "visit": "v"},
        {**stay, "said_us": None, "row": 4},
        {**stay, "said_us": 7, "row": 3, "visit": "w"},
    ]

    assert {tuple(row["visit"] for row in once(order)) for order in permutations(accounts)} == {("w",)}
    assert once([*accounts, {**stay, "end_kind": "recorded", "end_us": 2}])[0]["end_us"] == 2


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), landed=st.integers(1, 25))
def test_a_refresh_in_between_takes_nothing_away(ground, tmp_path, seed, landed):
    home, messages = a_copy(ground, tmp_path)
    before, told = a_picture(home, messages), invented(seed)
    store(messages, *told[:landed], came=NOW + HOUR)
    before.look("first")
    land_stream(home, messages)
    home.refresh()
    store(messages, *told[landed:], came=NOW + HOUR)
    after = a_picture(home, messages)  # of a process that began later

    before.look("second")
    after.look()
    until = until_of(home, messages)
    known = home.answers().registry
    for level in LEVELS:
        for unit in {a.ancestor for a in known.ancestry() if a.level == level}:
            assert shown(before.lately, unit, level, until) == shown(after.lately, unit, level, until)

    shutil.rmtree(home.path)


def test_the_invented_messages_do_move_patients(ground, tmp_path):
    home, messages = a_copy(ground, tmp_path)
    picture = a_picture(home, messages)
    picture.look()
    until = us(NOW)
    before = {unit: shown(picture.lately, unit, "micro", until) for unit in UNITS}
    store(messages, *invented(1, messages=60), came=NOW)

    picture.look()

    after = {unit: shown(picture.lately, unit, "micro", until) for unit in UNITS}
    assert sum(before[unit] != after[unit] for unit in UNITS) >= 3
    assert {m.state for m in messages.since(0)} == {"new"}
