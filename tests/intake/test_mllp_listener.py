"""The listener over real sockets: what is answered, what is stored, and what no sender can do to it."""

from __future__ import annotations

import logging
import random
import resource
import socket
import sqlite3
import threading
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.intake.messages import CannotStore, Messages
from knitwork.intake.mllp.framing import Frame, framed
from knitwork.intake.mllp.hearing import hear
from knitwork.intake.mllp.keeping import Keeper
from knitwork.intake.mllp.listener import Limits
from tests.intake.mllp import Sender, adt, listening

pytestmark = pytest.mark.enable_socket


def stored(listener) -> list[str]:
    return [m.control for m in listener.store.since(0)]


def test_a_message_is_stored_when_its_answer_comes(tmp_path):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("7"))

        assert sender.answer() == {"code": "AA", "control": "7", "text": ""}
        one = listener.store.since(0)[0]
        assert (one.payload, one.state, one.type, one.patient, one.visit) == (adt("7"), "new", "ADT^A01", "P1", "V1")
        assert abs(one.came_us - time.time() * 1e6) < 10e6


@pytest.mark.parametrize(
    ("mode", "codes"),
    [
        ("|", ["AA"]),  # original mode
        ("AL|NE", ["CA"]),
        ("AL|AL", ["CA", "AA"]),
        ("NE|AL", ["AA"]),
        ("NE|NE", []),
        ("SU|NE", ["CA"]),
        ("ER|NE", []),
        ("ER|SU", ["AA"]),
        ("AL|", ["CA"]),
    ],
)
def test_what_is_answered_follows_the_mode_that_the_sender_asks_for(tmp_path, mode, codes):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("1", mode=mode), adt("end"))

        answers = [sender.answer() for _ in [*codes, "end"]]

        assert [(a["code"], a["control"]) for a in answers] == [*((c, "1") for c in codes), ("AA", "end")]
        assert stored(listener) == ["1", "end"]


def test_what_cannot_be_understood_is_accepted_and_parked_and_the_rest_goes_on(tmp_path):
    nobody = adt("2").replace(b"P1^^^NORTH^MR", b"")
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("1"), nobody, adt("3", event="A02"))

        assert [sender.code() for _ in range(3)] == ["AA", "AA", "AA"]
        parked = listener.store.parked()
        assert [m.control for m in parked] == ["2"]
        assert "PID-3" in parked[0].reason


def test_all_messages_of_one_frame_are_stored_before_its_one_answer(tmp_path):
    batch = b"FHS|^~\\&|x\rBHS|^~\\&|x\r" + adt("3") + adt("4", event="A02") + b"BTS|2\rFTS|1\r"
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("1") + adt("2", event="A02"), batch, b"left over\r" + adt("5"), adt("6"))

        assert [(a["code"], a["control"]) for a in (sender.answer() for _ in range(4))] == [
            ("AA", "1"), ("AA", "3"), ("AA", "5"), ("AA", "6")]  # fmt: skip
        kept = listener.store.since(0)
        assert [m.control for m in kept if m.state == "new"] == ["1", "2", "3", "4", "5", "6"]
        assert [m.payload for m in kept if m.state == "dead"] == [b"left over\r"]


def test_a_frame_of_more_messages_than_are_cut_is_parked_whole(tmp_path):
    many = b"".join(adt(str(i)) for i in range(10_001))
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(many)

        assert sender.code() == "AA"
        (one,) = listener.store.parked()
        assert one.payload == many
        assert "load them as a file" in one.reason


def test_what_is_not_hl7_is_refused_and_kept_as_dead_and_the_connection_stays(tmp_path):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(b"GET / HTTP/1.1", adt("1"))

        assert [sender.code() for _ in range(2)] == ["AR", "AA"]
        assert [(m.state, m.payload) for m in listener.store.parked()] == [("dead", b"GET / HTTP/1.1")]


def test_acknowledgements_are_never_acknowledged_nor_kept(tmp_path):
    ack = b"MSH|^~\\&|EHR|N|K|N|20260301||ACK^A01|9|P|2.5.1|||AL|AL\rMSA|AA|7\r"
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(ack, adt("1"))

        assert sender.answer()["control"] == "1"
        assert sender.quiet()
        assert stored(listener) == ["1"]


def test_a_message_of_a_kind_that_is_not_read_is_accepted_and_kept(tmp_path):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("1").replace(b"ADT^A01", b"ZZZ^Z01"))

        assert sender.code() == "AA"
        assert [m.state for m in listener.store.since(0)] == ["ignored"]


def test_frames_may_come_in_any_pieces(tmp_path):
    chance, controls = random.Random(5), [str(n) for n in range(30)]
    stream = b"".join(framed(adt(c)) for c in controls)
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        while stream:
            cut = chance.choice([1, 5, 200, 1500])
            sender.raw(stream[:cut])
            stream = stream[cut:]

        assert [sender.answer()["control"] for _ in controls] == controls
        assert stored(listener) == controls


def test_a_frame_without_its_cr_is_taken_after_a_moment(tmp_path):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.raw(framed(adt("1"))[:-1])
        assert sender.code() == "AA"
        sender.raw(framed(adt("2"))[:-1])
        sender.socket.shutdown(socket.SHUT_WR)

        assert sender.code() == "AA"
        assert stored(listener) == ["1", "2"]


def test_half_a_message_is_not_stored_when_its_sender_goes_away(tmp_path):
    with listening(tmp_path) as listener:
        with Sender(listener.port) as sender:
            sender.raw(framed(adt("1"))[:-2])
        with Sender(listener.port) as sender:
            sender.raw(framed(adt("2"))[:60] + framed(adt("3")))
            assert sender.answer()["control"] == "3"

        assert stored(listener) == ["3"]


def test_garbage_between_frames_does_no_harm(tmp_path):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.raw(b"\x16\x03\x01 noise" + framed(adt("1")) + b"\r\n\x00\xff" * 50 + framed(adt("2")))

        assert [sender.code(), sender.code()] == ["AA", "AA"]


def test_the_same_message_three_times_is_answered_three_times_and_stored_once(tmp_path):
    with listening(tmp_path) as listener:
        for _ in range(3):  # as when the answer was lost on the way
            with Sender(listener.port) as sender:
                sender.send(adt("1"))
                assert sender.answer() == {"code": "AA", "control": "1", "text": ""}

        assert [(m.control, m.duplicates) for m in listener.store.since(0)] == [("1", 2)]


def test_a_number_that_is_used_again_keeps_both_messages(tmp_path):
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("1"), adt("1", event="A02", unit="ICU"))

        assert [sender.code(), sender.code()] == ["AA", "AA"]
        assert [m.reused for m in listener.store.since(0)] == [False, True]


def test_a_frame_that_is_too_large_is_refused_and_the_connection_goes_on(tmp_path):
    large = adt("1") + b"NTE|1||" + b"x" * 300_000
    with listening(tmp_path, limits=Limits(frame_bytes=200_000)) as listener, Sender(listener.port) as sender:
        sender.send(large, adt("2"))

        refused = sender.answer()
        assert (refused["code"], refused["control"]) == ("AR", "1")
        assert "larger than" in refused["text"]
        assert sender.answer()["control"] == "2"
        assert stored(listener) == ["2"]


def test_a_frame_that_drips_is_given_up_after_its_time(tmp_path):
    with listening(tmp_path, limits=Limits(frame_s=0.5)) as listener, Sender(listener.port) as slow:
        began = time.monotonic()
        with pytest.raises(OSError):
            for byte in framed(adt("1")):
                slow.raw(bytes([byte]))
                time.sleep(0.05)

        assert time.monotonic() - began < 3
        with Sender(listener.port) as sender:
            sender.send(adt("2"))
            assert sender.code() == "AA"
        assert stored(listener) == ["2"]


def test_a_connection_that_sends_no_frame_is_closed_and_garbage_keeps_none_open(tmp_path):
    with (
        listening(tmp_path, limits=Limits(idle_s=0.4)) as listener,
        Sender(listener.port) as quiet,
        Sender(listener.port) as noisy,
    ):
        with pytest.raises(OSError):
            for _ in range(100):
                noisy.raw(b"noise")
                time.sleep(0.03)
        assert quiet.closed()


def test_when_there_are_too_many_connections_the_quietest_goes(tmp_path):
    with listening(tmp_path, limits=Limits(connections=3)) as listener:
        senders = [Sender(listener.port) for _ in range(3)]
        for control, sender in zip("012", senders, strict=True):
            sender.send(adt(control))
            assert sender.code() == "AA"
        senders[0].send(adt("again"))
        assert senders[0].code() == "AA"
        with Sender(listener.port) as newest:
            newest.send(adt("3"))
            assert newest.code() == "AA"

        assert senders[1].closed()
        senders[1].close()
        for sender in (senders[0], senders[2]):
            sender.send(adt("still"))
            assert sender.code() == "AA"
            sender.close()


def test_unended_frames_of_many_senders_take_bounded_memory(tmp_path):
    limits = Limits(open_bytes=1_000_000, frame_bytes=4_000_000)
    with listening(tmp_path, limits=limits) as listener:
        senders = [Sender(listener.port) for _ in range(6)]
        gone = 0
        for sender in senders:
            try:
                sender.raw(b"\x0bMSH|" + b"x" * 400_000)
                time.sleep(0.1)
            except OSError:
                gone += 1
        with Sender(listener.port) as honest:
            honest.send(adt("1"))
            assert honest.code() == "AA"
        gone = sum(s.closed(0.2) for s in senders)
        for sender in senders:
            sender.close()

        assert 3 <= gone <= 5  # two of them and their neighbour fit


def test_a_sender_that_reads_no_answers_is_parted_with_and_loses_nothing(tmp_path):
    with listening(tmp_path, limits=Limits(frame_s=0.5)) as listener:
        deaf = Sender(listener.port, timeout=1)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        payload = framed(adt("1") + b"NTE|1||x\r")
        with pytest.raises(OSError):
            for _ in range(3000):
                deaf.raw(payload * 50)
        deaf.close()
        with Sender(listener.port) as sender:
            sender.send(adt("2"))
            assert sender.code() == "AA"
        assert stored(listener) == ["1", "2"]


class Failing(Messages):
    """A store whose disk is full while `full` is set."""

    full = False

    def store(self, items):
        if self.full:
            raise CannotStore("the message store could not be written to (database or disk is full): make room")
        return super().store(items)


def test_with_a_full_disk_nothing_is_answered_the_log_alarms_once_and_it_resumes(tmp_path, caplog):
    store = Failing(tmp_path)
    caplog.set_level(logging.INFO, logger="knitwork.listen")
    with listening(tmp_path, messages=store) as listener, Sender(listener.port) as sender:
        store.full = True
        sender.send(adt("1"), adt("2"))
        assert sender.quiet()
        store.full = False
        sender.send(adt("1"))

        assert sender.answer()["control"] == "1"
        assert stored(listener) == ["1"]
    alarms = [r.getMessage() for r in caplog.records if "ALARM" in r.getMessage()]
    assert len(alarms) == 1
    assert "disk is full" in alarms[0]
    assert any("again" in r.getMessage() for r in caplog.records)


def test_a_real_full_disk_leaves_a_good_store(tmp_path):
    messages = Messages(tmp_path)
    messages.store([])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with listening(tmp_path, messages=messages) as listener, Sender(listener.port) as sender:
        sender.send(adt("0"))
        assert sender.code() == "AA"
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            answered = 0
            for n in range(1, 200):
                sender.send(adt(str(n)) + b"NTE|1||" + b"x" * 5000)
                sender.socket.settimeout(0.3)
                try:
                    assert sender.answer()["control"] == str(n)
                except TimeoutError:
                    break
                answered = n
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert 0 < answered < 199
        sender.socket.settimeout(10)
        sender.send(adt("after"))
        assert sender.answer()["control"] == "after"
    kept = [m.control for m in Messages(tmp_path).since(0)]
    assert kept == [*(str(n) for n in range(answered + 1)), "after"]
    index = sqlite3.connect(tmp_path / "messages.sqlite3")
    assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    index.close()


def test_a_fault_of_ours_stops_nothing_and_stores_the_message(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RecursionError("CANARY")

    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        monkeypatch.setattr("knitwork.intake.mllp.hearing.rows_of", broken)
        sender.send(adt("1"))
        assert sender.code() == "AA"
        monkeypatch.undo()
        sender.send(adt("2"))
        assert sender.code() == "AA"
        assert [(m.state, m.reason) for m in listener.store.parked()] == [
            ("parked", "it could not be read (RecursionError)")
        ]


def test_stopping_answers_what_came_and_takes_no_more(tmp_path):
    class Slow(Messages):
        def store(self, items):
            time.sleep(0.4)
            return super().store(items)

    with listening(tmp_path, messages=Slow(tmp_path)) as listener, Sender(listener.port) as sender:
        sender.send(*(adt(str(n)) for n in range(20)))
        time.sleep(0.2)
        listener.end()

        assert [sender.answer()["control"] for _ in range(20)] == [str(n) for n in range(20)]
        assert sender.answer() is None
        with pytest.raises(OSError):
            Sender(listener.port)
    assert len(Messages(tmp_path).since(0)) == 20


def test_a_thousand_connections_are_all_answered(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1000
    if hard != resource.RLIM_INFINITY and hard < 2 * wanted + 200:
        pytest.skip(f"this account may open {hard} files, and both ends of {wanted} connections need more")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * wanted + 200), hard))
    try:
        with listening(tmp_path) as listener:
            senders = [Sender(listener.port) for _ in range(wanted)]
            for n, sender in enumerate(senders):
                sender.send(adt(str(n)))
            answers = {sender.answer()["control"] for sender in senders}
            for sender in senders:
                sender.close()

            assert answers == {str(n) for n in range(wanted)}
            assert set(stored(listener)) == answers
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_senders_at_once_lose_and_double_nothing(tmp_path):
    def send(name: int) -> None:
        with Sender(listener.port) as sender:
            for n in range(25):
                sender.send(adt(f"{name}-{n}"))
                assert sender.answer()["control"] == f"{name}-{n}"

    with listening(tmp_path) as listener:
        threads = [threading.Thread(target=send, args=(name,)) for name in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        kept = stored(listener)
        assert sorted(kept) == sorted(f"{name}-{n}" for name in range(20) for n in range(25))
        for name in range(20):  # of one connection in its order
            own = [int(c.split("-")[1]) for c in kept if c.startswith(f"{name}-")]
            assert own == sorted(own)


def test_no_log_line_and_no_answer_holds_anything_of_a_patient(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        listening(tmp_path, limits=Limits(frame_bytes=20_000, say_s=0.05)) as listener,
        Sender(listener.port) as sender,
    ):
        said = [
            adt("CANARY"), adt("2").replace(b"P1^^^NORTH^MR", b""), b"CANARY HILDEGARD 19330508 P1",
            adt("3") + b"NTE|1||" + b"HILDEGARD" * 4000, adt("4", event="A99"), adt("5").replace(b"20260301", b"CANARY"),
        ]  # fmt: skip
        answers = []
        for payload in said:
            sender.send(payload)
            answers.append(sender.answer())
        time.sleep(0.2)
    told = "\n".join(r.getMessage() for r in caplog.records) + "\n".join(a["text"] for a in answers)

    assert "adt" in told
    for secret in ("CANARY", "HILDEGARD", "19330508", "P1", "V1"):
        assert secret not in told


def test_a_message_that_upsets_the_store_is_parked_and_its_neighbours_are_stored(tmp_path, monkeypatch):
    def heard(feed, payload, came_us):
        found = hear(feed, payload, came_us)
        return replace(found, arrival=replace(found.arrival, patient="\ud800")) if b"|2|P" in payload else found

    monkeypatch.setattr("tests.intake.mllp.hear", heard)
    with listening(tmp_path) as listener, Sender(listener.port) as sender:
        sender.send(adt("1"), adt("2"), adt("3"))

        assert [sender.code() for _ in range(3)] == ["AA"] * 3
        assert [(m.control, m.state) for m in listener.store.since(0)] == [("1", "new"), ("", "parked"), ("3", "new")]


@given(st.lists(st.one_of(st.binary(max_size=60), st.binary(max_size=30).map(lambda b: adt("7").replace(b"P1", b)))))
def test_whatever_the_bytes_every_frame_is_stored_and_answered_once(tmp_path_factory, payloads):
    keeper = Keeper("adt", Messages(tmp_path_factory.mktemp("inbox")), hear)

    kept = keeper.keep([Frame(payload) for payload in payloads])

    assert len(kept.answers) == len(payloads)
    assert all(answer.count(b"\x0bMSH|") == 1 for answer in kept.answers)
    assert {m.payload for m in keeper.messages.since(0)} == set(payloads)
    keeper.messages.close()
