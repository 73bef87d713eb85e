"""MLLP frames: any cut into packets gives the same frames, and memory is bounded."""

from __future__ import annotations

import tracemalloc
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knitwork.intake.mllp.framing import HEAD, Frame, Framer, framed

PIECES = st.lists(
    st.one_of(
        st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"\n", framed(b"MSH|1"), framed(b"")]),
        st.binary(max_size=12),
    ),
    max_size=20,
).map(b"".join)


def frames(*packets: bytes, limit: int = 1000) -> list[Frame]:
    framer = Framer(limit)
    return [frame for packet in packets for frame in framer.take(packet)]


def slowly(received: bytes, limit: int) -> list[Frame]:
    """Cut frames by the definition, one byte after the other, in any amount of memory."""
    found, held, inside = [], b"", False
    for at in range(len(received)):
        byte = received[at : at + 1]
        if byte == b"\x0b":
            if inside and held.endswith(b"\x1c"):
                found.append(held[:-1])
            held, inside = b"", True
        elif inside and byte == b"\r" and held.endswith(b"\x1c"):
            found.append(held[:-1])
            held, inside = b"", False
        elif inside:
            held += byte
    return [Frame(one, whole=len(one) <= limit) for one in found]


@pytest.mark.parametrize(
    ("received", "payloads", "faults"),
    [
        (framed(b"one"), [b"one"], {}),
        (framed(b"one") + framed(b"two"), [b"one", b"two"], {}),
        (framed(b"one") + b"\r\n" + framed(b"two"), [b"one", b"two"], {}),
        (b"noise" + framed(b"one") + b"more" + framed(b"two"), [b"one", b"two"], {"bytes between frames": 9}),
        (b"\x0bone\x1c" + framed(b"two"), [b"one", b"two"], {"frames without CR": 1}),
        (b"\x0bone\r" + framed(b"two"), [b"two"], {"frames not ended": 1}),  # half a message is none
        (b"\x0bone\x1cmore\x1c\r", [b"one\x1cmore"], {}),
        (framed(b""), [b""], {}),
        (b"one\x1c\r", [], {"bytes between frames": 4}),
        (b"\x0bone", [], {}),
        (b"", [], {}),
    ],
)
def test_frames_are_cut_and_what_was_wrong_is_counted(received, payloads, faults):
    framer = Framer()

    assert [f.payload for f in framer.take(received)] == payloads
    assert +framer.faults == faults


@example(b"\x0bMSH|1\x1c\r", [7], 3)
@given(PIECES, st.lists(st.integers(1, 9), max_size=30), st.sampled_from([3, 1000]))
def test_any_cut_into_packets_gives_the_frames_of_the_definition(received, cuts, limit):
    packets, rest = [], received
    for cut in cuts:
        packets.append(rest[:cut])
        rest = rest[cut:]

    ours, theirs = frames(*packets, rest, limit=limit), slowly(received, limit)

    assert [f.whole for f in ours] == [f.whole for f in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert our == their if our.whole else their.payload.startswith(our.payload)


def test_a_frame_that_waits_for_its_cr_is_settled_and_the_late_cr_does_no_harm():
    framer = Framer()

    assert framer.take(b"\x0bone\x1c") == []
    assert framer.nearly
    assert framer.settle() == [Frame(b"one")]
    assert framer.take(b"\r" + framed(b"two")) == [Frame(b"two")]
    assert +framer.faults == {"frames without CR": 1}


def test_an_open_frame_is_never_settled():
    framer = Framer()
    framer.take(b"\x0bone")

    assert framer.settle() == []
    assert framer.inside


def test_a_frame_that_is_too_large_gives_its_beginning_and_the_next_is_whole():
    framer = Framer(limit=10_000)
    large = b"MSH|" + b"x" * 50_000

    found = [f for at in range(0, 50_010, 999) for f in framer.take(framed(large)[at : at + 999])]

    assert found == [Frame(large[:HEAD], whole=False)]
    assert framer.take(framed(b"next")) == [Frame(b"next")]


@pytest.mark.parametrize("size", [99, 100, 101])
def test_a_frame_of_exactly_the_limit_is_whole(size):
    assert frames(framed(b"x" * size), limit=100)[0].whole == (size <= 100)


@pytest.mark.parametrize("begin", [b"\x0b", b""])
def test_a_stream_without_an_end_takes_bounded_memory(begin):
    framer, packet = Framer(limit=1 << 20), b"x" * 65_536
    framer.take(begin)
    tracemalloc.start()
    for _ in range(1600):  # 100 MB
        assert framer.take(packet) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 << 20


def test_ends_in_a_payload_are_passed_over_by_one_search():
    payload = b"MSH" + b"\x1c" * 1_000_000 + b"x"
    begun = process_time()

    assert frames(framed(payload), limit=1 << 21) == [Frame(payload)]
    assert process_time() - begun < 0.5
