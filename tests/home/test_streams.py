"""Messages of live feeds in the lake: each lands once, in any batches, in any order, and again where its profile changed."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from knitwork.home import Home, LoadOptions, open_home, streams
from knitwork.intake.messages import Messages
from tests.home.adt_messages import adt, store
from tests.home.homes import TABLES, assert_same, registry, rows_of

CAME = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
BEGIN = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def at(hours: float) -> dt.datetime:
    return BEGIN + dt.timedelta(hours=hours)


def visits(count: int) -> list[bytes]:
    """Four messages a visit; of every third one the transfer is cancelled."""
    told = []
    for number in range(count):
        who, begin = {"patient": f"P{number % 4}", "visit": f"V{number}"}, number * 7
        told += [
            adt("A01", at=at(begin), unit="ED", **who),
            adt("A02", at=at(begin + 1), unit="Ward A", prior="ED", **who),
            adt("A03", at=at(begin + 5), unit="Ward A", **who),
        ]
        if number % 3 == 0:
            told.append(adt("A12", at=at(begin + 1), said=at(begin + 2), unit="ED", **who))
    return told


@pytest.fixture
def new_home(tmp_path):
    def make(name: str = "home") -> Home:
        home = open_home(tmp_path / name)
        home.place.create()
        return home

    return make


def messages(home: Home) -> Messages:
    return streams.messages_of(home.place)


def told(home: Home, *payloads: bytes) -> Home:
    store(messages(home), *payloads, came=CAME)
    return home


def landed_rows(home: Home) -> int:
    return sum(f.rows for f in home.place.lake.manifest().files if f.table == "landed_move")


def counted(home: Home) -> dict:
    (one,) = home.place.lake.manifest().landed.values()
    return one


def test_a_home_that_nobody_sends_to_has_nothing_to_land(new_home):
    home = new_home()
    assert not streams.has_new_messages(home.place)
    assert home.land_messages() == 0
    assert not home.place.lake.manifest().streams


def test_a_message_lands_once_however_often_it_is_asked_for(new_home):
    home = told(new_home(), *visits(2))
    assert streams.has_new_messages(home.place)
    assert home.land_messages() == 7
    first, rows = home.place.lake.manifest(), landed_rows(home)
    assert rows >= 7
    assert not streams.has_new_messages(home.place)
    assert home.land_messages() == 0
    assert home.place.lake.manifest() == first
    assert (counted(home)["taken"], first.streams) == (7, {"live": 7})


def test_a_feed_that_never_stops_lets_the_landing_end(new_home, monkeypatch):
    home, coming = new_home(), iter(visits(8))
    told(home, next(coming))
    landing = streams._land

    def land_and_another_comes(*words):
        made = landing(*words)
        told(home, next(coming))
        return made

    monkeypatch.setattr(streams, "_land", land_and_another_comes)

    assert home.land_messages() == 1
    assert home.land_messages() == 1
    assert landed_rows(home) == 2


def test_batches_of_any_size_make_equal_tables(new_home, monkeypatch):
    payloads = visits(6)
    whole = told(new_home("whole"), *payloads)
    assert whole.land_messages() == len(payloads)
    monkeypatch.setattr(streams, "BATCH", 3)
    pieces = told(new_home("pieces"), *payloads)
    assert pieces.land_messages() == len(payloads)
    for home in (whole, pieces):
        home.refresh(registry())
        assert counted(home)["taken"] == len(payloads)
    assert_same(whole, pieces, tables=TABLES)


@pytest.mark.slow
def test_the_order_of_coming_and_refreshes_in_between_decide_nothing(new_home):
    payloads = visits(6)
    quiet = told(new_home("quiet"), *payloads)
    quiet.land_messages()
    quiet.refresh(registry())
    for seed in range(3):
        shuffled = random.Random(seed).sample(payloads, len(payloads))
        home = new_home(f"shuffled-{seed}")
        for begin in range(0, len(shuffled), 8):
            told(home, *shuffled[begin : begin + 8])
            home.land_messages()
            home.refresh(registry())
        assert_same(home, quiet, tables=TABLES)


def test_the_records_say_up_to_which_message_they_know(new_home):
    home = told(new_home(), *visits(1))
    home.land_messages()
    home.refresh(registry())
    told(home, adt("A01", "P9", at(90), "ED", visit="V9"))
    home.land_messages()
    manifest = home.place.lake.manifest()
    assert (manifest.derived_streams, manifest.streams) == ({"live": 4}, {"live": 5})
    home.refresh(registry())
    assert home.place.lake.manifest().derived_streams == {"live": 5}


def test_an_edited_profile_lands_the_whole_feed_anew(new_home):
    local = adt("A01", "P1", at(0), "ED", visit="V1").replace(b"+0000", b"")
    home = told(new_home(), local)
    home.land_messages()
    home.refresh(registry())
    (before,) = home.stays().to_pylist()
    profile = home.place.path / "feeds" / "live.yaml"
    text = profile.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("zone:")]
    profile.write_text("\n".join([*kept, "zone: America/New_York", ""]), encoding="utf-8")
    assert home.land_messages() == 1
    home.refresh(registry())
    (after,) = home.stays().to_pylist()
    assert (
        after["start_us"] - before["start_us"] == 5 * 3_600_000_000
    )  # New York is five hours behind in March's first week
    assert counted(home)["taken"] == 1


@pytest.mark.slow
def test_many_small_files_are_written_together_and_hold_the_same(new_home, monkeypatch):
    monkeypatch.setattr(streams, "MANY_FILES", 3)
    payloads = visits(2)
    small, whole = new_home("small"), told(new_home("whole"), *payloads)
    for one in payloads:
        told(small, one)
        small.land_messages()
        small.refresh(registry())
    whole.land_messages()
    whole.refresh(registry())
    moves = [f for f in small.place.lake.manifest().files if f.table == "landed_move"]
    assert len(moves) < len(payloads)
    assert landed_rows(small) == landed_rows(whole)
    assert_same(small, whole, tables=TABLES)


def test_what_waits_for_a_person_is_counted_and_named_without_a_patient(new_home):
    good = adt("A01", "P1", at(0), "ED", visit="V1")
    broken = b"MSH|^~\\&|EHR|H|KW|H|20260301||ADT^A01|77|P|2.5\rEVN|A01|20260301\rPID|1||\rPV1|1|I|ED\r"
    home = told(new_home(), good, broken)
    states = messages(home).counts()["live"]
    assert states == {"new": 1, "parked": 1}
    home.land_messages()
    assert (counted(home)["taken"], counted(home)["rejected"], counted(home)["rows"]) == (1, 1, 2)
    (reject,) = [f for f in home.place.lake.manifest().files if f.table == "reject"]
    assert reject.rows == 1
    (one,) = messages(home).parked("live")
    messages(home).dismiss(one.message, "lena", "a test of the sender", CAME)
    assert home.land_messages() == 0
    assert (counted(home)["rejected"], counted(home)["ignored"]) == (0, 1)
    assert not [f for f in home.place.lake.manifest().files if f.table == "reject"]


def test_a_corrected_message_counts_from_the_next_landing_on(new_home):
    broken = b"MSH|^~\\&|EHR|H|KW|H|20260301||ADT^A01|77|P|2.5\rEVN|A01|20260301\rPID|1||\rPV1|1|I|ED\r"
    home = told(new_home(), broken)
    home.land_messages()
    (one,) = messages(home).parked("live")
    good = adt("A01", "P1", at(0), "ED", visit="V1")
    messages(home).correct(one.message, good, "lena", CAME, read=streams.reader_of(home.place))
    assert home.land_messages() == 1
    home.refresh(registry())
    assert len(rows_of(home, "stay")) == 1
    assert counted(home)["rejected"] == 0


def test_a_message_that_does_not_do_what_it_says_stands_among_the_rejects(new_home):
    home = told(
        new_home(),
        adt("A01", at=at(0), unit="ED", patient="P1", visit="V1"),
        adt("A12", at=at(1), unit="ED", patient="P1", visit="V1"),
        adt("A03", at=at(1), unit="ED", patient="P2", visit="V2"),
    )
    home.land_messages()
    home.refresh()

    answers = home.answers()
    assert {one["rule"]: one["message"] for one in answers.rejects("live")} == {
        "no_target": "it had no effect: it takes back something that no message has said yet",
        "before_admission": "it had no effect: it has a discharge before the admission",
    }
    # the pages count what the list holds, and never say beside it that nothing was set aside
    assert {(one["feed"], one["rule"]): one["rows"] for one in answers.reject_counts()} == {
        ("live", "no_target"): 1,
        ("live", "before_admission"): 1,
    }
    assert answers.without_effect() == answers.without_effect("live") == 2
    assert answers.without_effect("other") == 0


def test_moves_of_one_minute_are_handed_on_in_the_order_in_which_they_were_said(new_home):
    home = told(
        new_home(),
        adt("A01", at=at(0), said=at(0), unit="Z-ED", patient="P1", visit="V1"),
        adt("A02", at=at(0), said=at(1), unit="B-ICU", patient="P1", visit="V1"),
        adt("A02", at=at(0), said=at(2), unit="M-WARD", patient="P1", visit="V1"),
    )
    home.land_messages()
    home.refresh()

    pairs = home.answers().pairs()
    assert {(p["from_unit"], p["to_unit"], p["lost_s"]) for p in pairs} == {
        ("Z-ED", "B-ICU", 0),
        ("B-ICU", "M-WARD", 0),
    }


def of_whom(home: Home) -> list[tuple]:
    return sorted((w["patient"], w["unit"], w["why"]) for w in home.answers().withdrawn_stays())


def test_stays_that_a_message_took_back_or_corrected_are_told(new_home):
    payloads = [
        adt("A01", at=at(0), unit="ED", patient="P1", visit="V1"),
        adt("A02", at=at(1), unit="Ward A", patient="P1", visit="V1"),
        adt("A12", at=at(2), unit="ED", patient="P1", visit="V1"),
        adt("A01", at=at(0), unit="ED", patient="P2", visit="V2"),
        adt("A11", at=at(3), unit="ED", patient="P2", visit="V2"),
        adt("A01", at=at(0), unit="ED", patient="P3", visit="V3"),
        adt("A01", at=at(-1), said=at(3), unit="ICU", patient="P3", visit="V3"),
        adt("A01", at=at(0), unit="ED", patient="P4"),
    ]
    home = told(new_home(), *payloads)
    home.land_messages()
    home.refresh()

    assert of_whom(home) == [
        ("P1", "Ward A", "cancelled"),
        ("P2", "ED", "cancelled"),
        ("P3", "ED", "corrected"),
    ]
    (one,) = home.answers().brought()
    assert (one.taken, one.new, one.known, one.taken_back) == (8, 8, 0, 3)


def test_a_second_file_of_messages_says_what_was_known_and_what_it_took_back(new_home, tmp_path):
    home = new_home()
    first = [
        adt("A01", at=at(0), unit="ED", patient="P1", visit="V1"),
        adt("A02", at=at(1), unit="Ward A", patient="P1", visit="V1"),
    ]
    second = [
        first[1],
        adt("A12", at=at(200), unit="ED", patient="P1", visit="V1"),
        adt("A01", at=at(-99), unit="ED", patient="P2", visit="V2"),
    ]
    for name, some in (("a.hl7", first), ("b.hl7", second)):
        (tmp_path / name).write_bytes(b"\r\n".join(some))
        home.load([tmp_path / name], LoadOptions(feed="adt", tz="UTC"))
    home.refresh()

    later, earlier = sorted(home.answers().brought(), key=lambda one: -one.taken)
    assert (earlier.new, earlier.known) == (2, 0)
    assert (later.new, later.known, later.doubled, later.late, later.taken_back) == (2, 1, 0, 1, 1)
    assert [w["by_delivery"] for w in home.answers().withdrawn_stays()] == [later.delivery]


def account_moved(account: str) -> bytes:
    """An account of P1 came to P9 (A44)."""
    text = adt("A44", at=at(2), patient="P9").split(b"\rPV1")[0]
    return text + f"\rMRG|P1^^^H^MR||{account}\r".encode()


def test_a_link_that_moves_a_visit_of_which_nothing_is_told_stands_among_the_rejects(new_home):
    home = told(new_home(), adt("A01", at=at(0), unit="ED", patient="P1", visit="V1"), account_moved("ACC1"))
    home.land_messages()
    home.refresh()

    (one,) = home.answers().rejects()
    assert (one["rule"], one["field"]) == ("visit_unknown", "visit")
    assert [s["patient"] for s in home.answers().patient_stays("P9")] == []

    told(home, adt("A01", at=at(1), unit="ICU", patient="P1", visit="ACC1"))
    home.land_messages()
    home.refresh()

    assert home.answers().rejects() == []
    told_of = ("stay", "link_idle", "move_parked", "withdrawn")
    patched = [rows_of(home, table) for table in told_of]
    home.refresh(full=True)
    assert [rows_of(home, table) for table in told_of] == patched
