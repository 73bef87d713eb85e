"""The message store: nothing twice, nothing changed, and everything can be counted."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.intake.messages import Arrival, CannotStore, Messages
from knitwork.model.errors import CannotDo

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000
HOUR_US = 3_600_000_000


def arrival(text: str, **other) -> Arrival:
    return Arrival(**{"feed": "adt", "payload": text.encode(), "came_us": NOON_US, "type": "ADT^A01", **other})


def reads(feed: str, payload: bytes, came_us: int) -> Arrival:
    """Understands what begins with "good"."""
    if payload.startswith(b"good"):
        return Arrival(feed, payload, came_us, type="ADT^A02", patient="P9", visit="V9", said_us=came_us)
    return Arrival(feed, payload, came_us, "parked", "it has no patient")


@pytest.fixture
def store(tmp_path):
    messages = Messages(tmp_path / "inbox")
    yield messages
    messages.close()


def test_reading_makes_nothing(store):
    assert (store.last_seq(), store.since(0), store.parked(), store.counts(), store.spans(), store.skews()) == (
        0, [], [], {}, {}, [],
    )  # fmt: skip
    assert not store.file.parent.exists()


def test_what_was_stored_is_read_back_by_another_process_of_its_bytes(store):
    put = store.store([arrival("one", patient="P", visit="V", said_us=NOON_US - 5, sender="EPIC|N", control="7")])

    assert Messages(store.file.parent).since(0) == put
    assert put[0].message == hashlib.sha256(b"one").hexdigest()
    assert (put[0].seq, store.last_seq(), put[0].again) == (1, 1, False)


def test_the_same_content_three_times_is_one_message_and_two_duplicates(store):
    store.store([arrival("one"), arrival("one")])
    again = store.store([arrival("one", came_us=NOON_US + 1)])[0]

    assert (again.seq, again.again, again.duplicates, again.came_us) == (1, True, 2, NOON_US)
    assert len(store.since(0)) == 1
    assert store.spans()["adt"].duplicates == 2


def test_the_same_content_of_two_feeds_is_two_messages(store):
    store.store([arrival("one"), arrival("one", feed="lab")])

    assert store.counts() == {"adt": {"new": 1}, "lab": {"new": 1}}
    assert store.feeds() == ["adt", "lab"]


def test_a_number_used_again_for_other_content_keeps_both_and_is_flagged(store):
    put = store.store(
        [
            arrival("one", sender="A", control="7"),
            arrival("two", sender="A", control="7"),
            arrival("three", sender="B", control="7"),  # another sender counts for itself
            arrival("four", sender="A"),  # no number
            arrival("five", sender="A"),
        ]
    )

    assert [m.reused for m in put] == [False, True, False, False, False]
    assert store.spans()["adt"].reused == 1
    assert len(store.since(0)) == 5


@given(st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=6), max_size=8))
def test_any_batches_keep_each_content_once_and_count_the_rest(tmp_path_factory, batches):
    store = Messages(tmp_path_factory.mktemp("inbox"))
    for batch in batches:
        store.store([arrival(str(text), feed=feed) for feed, text in batch])
    told = Counter(one for batch in batches for one in batch)

    kept = store.since(0)

    assert {(m.feed, int(m.payload)): m.duplicates + 1 for m in kept} == told
    assert [m.seq for m in kept] == list(range(1, len(told) + 1))
    store.close()


def test_a_batch_is_stored_whole_or_not_at_all(store):
    store.store([arrival("before")])
    with pytest.raises(CannotStore):
        store.store([arrival("one"), arrival("two", feed="")])

    assert [m.payload for m in store.since(0)] == [b"before"]
    assert store.store([arrival("one")])[0].seq == 2


def test_what_comes_after_a_place_is_read_in_pieces_and_by_feed_and_state(store):
    store.store([arrival(str(n), feed="adt" if n % 2 else "lab", state="new" if n < 4 else "parked") for n in range(6)])

    assert [m.payload for m in store.since(0, limit=2)] == [b"0", b"1"]
    assert [m.payload for m in store.since(2, limit=2)] == [b"2", b"3"]
    assert [m.payload for m in store.since(0, feed="adt")] == [b"1", b"3", b"5"]
    assert [m.payload for m in store.since(0, states=["parked"])] == [b"4", b"5"]


def test_a_visit_has_the_messages_that_count_for_it(store):
    store.store(
        [
            arrival("in", patient="P", visit="1"),
            arrival("unread", patient="P", visit="1", state="parked", reason="why"),
            arrival("out", patient="P", visit="1"),
            arrival("other", patient="P", visit="2"),
            arrival("none", patient="P"),
            arrival("elsewhere", patient="P", visit="1", feed="lab"),
        ]
    )

    assert [m.payload for m in store.of_visit("adt", "P", "1")] == [b"in", b"out"]
    assert [m.payload for m in store.of_visit("adt", "P", None)] == [b"none"]
    assert [m.payload for m in store.of_patient("adt", "P")] == [b"in", b"out", b"other", b"none"]


def test_a_corrected_copy_replaces_a_parked_message_which_is_kept(store):
    parked = store.store([arrival("bad", state="parked", reason="it has no patient", control="7")])[0]

    new = store.correct(parked.message, b"good", "Ada", NOON, read=reads)

    old = store.find(parked.message)
    assert (new.payload, new.state, new.replaces, new.patient) == (b"good", "new", parked.message, "P9")
    assert (old.payload, old.state, old.reason) == (b"bad", "ignored", "it has no patient")
    assert (old.corrected_by, old.decided_by, old.decided_us) == (new.message, "Ada", NOON_US)
    assert store.parked() == []
    assert [m.message for m in store.since(parked.seq)] == [new.message]


def test_a_copy_with_the_same_number_is_no_reuse(store):
    parked = store.store([arrival("bad", state="parked", control="7")])[0]

    new = store.correct(
        parked.message, b"good", "Ada", NOON, read=lambda f, p, c: Arrival(f, p, c, control="7", patient="P")
    )

    assert not new.reused


def test_a_copy_that_is_not_understood_changes_nothing(store):
    parked = store.store([arrival("bad", state="parked")])[0]

    with pytest.raises(CannotDo, match="cannot be read either: it has no patient"):
        store.correct(parked.message, b"worse", "Ada", NOON, read=reads)
    with pytest.raises(CannotDo, match="the same as the message"):
        store.correct(parked.message, b"bad", "Ada", NOON, read=reads)

    assert store.since(0) == [parked]


def test_a_copy_of_what_came_in_the_meantime_is_no_second_message(store):
    parked, came = store.store([arrival("bad", state="parked"), arrival("good")])

    new = store.correct(parked.message, b"good", "Ada", NOON, read=reads)

    assert (new.seq, new.again) == (came.seq, True)
    assert store.find(parked.message).corrected_by == came.message


def test_a_message_is_replayed_once_it_can_be_read_and_takes_a_new_place(store):
    parked, later = store.store([arrival("good after all", state="parked", reason="why"), arrival("later")])

    again = store.replay(parked.message, "Ada", NOON, read=reads)

    assert again.seq > later.seq
    assert (again.state, again.reason, again.patient, again.came_us) == ("new", "", "P9", NOON_US)
    assert [m.seq for m in store.since(later.seq)] == [again.seq]
    assert store.store([arrival("next")])[0].seq > again.seq


def test_a_message_that_is_set_aside_no_longer_waits_and_says_why(store):
    parked = store.store([arrival("bad", state="parked", reason="why")])[0]

    with pytest.raises(CannotDo, match="say why"):
        store.dismiss(parked.message, "Ada", " ", NOON)
    gone = store.dismiss(parked.message, "Ada", "a test of the interface", NOON)

    assert (gone.state, gone.decided_why, gone.reason, gone.payload) == (
        "ignored",
        "a test of the interface",
        "why",
        b"bad",
    )
    with pytest.raises(CannotDo, match=r"no message .* waits"):
        store.dismiss(parked.message, "Ada", "again", NOON)


def test_a_message_of_two_feeds_is_corrected_in_the_one_that_is_named(store):
    store.store([arrival("bad", state="dead"), arrival("bad", state="parked", feed="lab")])
    message = hashlib.sha256(b"bad").hexdigest()

    with pytest.raises(CannotDo, match="name the feed"):
        store.correct(message, b"good", "Ada", NOON, read=reads)
    store.correct(message, b"good", "Ada", NOON, read=reads, feed="lab")

    assert store.counts() == {"adt": {"dead": 1}, "lab": {"ignored": 1, "new": 1}}


def test_skew_is_told_by_feed_and_day_and_only_of_messages_with_a_time(store):
    late = [1, 2, 3, 4, 100]
    store.store([arrival(f"m{n}", said_us=NOON_US - n * 1_000_000) for n in late])
    store.store([arrival("next", came_us=NOON_US + 24 * HOUR_US, said_us=NOON_US + 25 * HOUR_US), arrival("none")])

    first, second = store.skews()

    assert (first.day, first.messages, first.p05_us, first.median_us, first.p95_us) == (
        NOON.date(), 5, 1_000_000, 3_000_000, 100_000_000,
    )  # fmt: skip
    assert (second.day, second.median_us) == (NOON.date() + dt.timedelta(days=1), -HOUR_US)
    assert store.skews("lab") == []


def test_a_span_has_the_first_and_last_time_of_both_clocks(store):
    store.store([arrival("a", said_us=5), arrival("b", came_us=NOON_US + 9), arrival("c", said_us=7)])

    span = store.spans()["adt"]

    assert (span.messages, span.first_came_us, span.last_came_us) == (3, NOON_US, NOON_US + 9)
    assert (span.first_said_us, span.last_said_us) == (5, 7)


def test_a_correction_by_a_person_is_not_the_feed_speaking(store):
    parked, _ = store.store([arrival("bad", state="parked"), arrival("b", came_us=NOON_US + 9)])
    store.correct(parked.message, b"good", "Ada", NOON + dt.timedelta(days=3), read=reads)

    assert (store.spans()["adt"].messages, store.spans()["adt"].last_came_us) == (3, NOON_US + 9)


def test_a_store_that_cannot_be_written_says_so_and_works_again_later(store):
    store.store([arrival("one")])
    blocker = sqlite3.connect(store.file, isolation_level=None)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON messages BEGIN SELECT raise(ABORT, 'disk is full'); END")

    with pytest.raises(CannotStore, match="make room"):
        store.store([arrival("two")])
    blocker.execute("DROP TRIGGER full")
    blocker.close()

    assert store.store([arrival("two")])[0].seq == 2


def test_a_torn_last_page_of_the_log_loses_at_most_the_last_transaction(store, tmp_path):
    for n in range(5):
        store.store([arrival(f"{n}" * 3000)])
    log = (store.file.parent / "messages.sqlite3-wal").read_bytes()
    for cut in (1, 100, 2000, 4096, 4120):
        copy = tmp_path / f"copy-{cut}"
        copy.mkdir()
        (copy / "messages.sqlite3").write_bytes(store.file.read_bytes())
        (copy / "messages.sqlite3-wal").write_bytes(log[:-cut])

        kept = [m.payload[:1] for m in Messages(copy).since(0)]

        assert kept == [b"0", b"1", b"2", b"3"]
        with sqlite3.connect(copy / "messages.sqlite3") as index:
            assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        index.close()


def test_a_store_of_a_newer_release_is_neither_read_nor_written(store):
    store.store([arrival("one")])
    store.close()
    with sqlite3.connect(store.file) as index:
        index.execute("PRAGMA user_version = 2")
    index.close()
    before = store.file.read_bytes()

    for act in (store.feeds, lambda: store.store([arrival("two")])):
        with pytest.raises(CannotDo, match="newer release of Knitwork: run that one"):
            act()
    assert store.file.read_bytes() == before
