"""Two years of messages sent again, as fast as they are taken, while a feed goes on: the feed is not held up."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

from tests.cli.running import heard
from tests.home.adt_messages import adt
from tests.intake.mllp import Sender

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow]

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
YEARS, MESSAGES, AT_ONCE = dt.timedelta(days=730), 6_000, 200
LIVE_EVERY_S, WITHIN_S = 0.05, 5.0


def replayed(port: int, codes: list[str]) -> None:
    """Send the messages of two years, some at a time, and read their answers."""
    step = YEARS / MESSAGES
    payloads = [adt("A01", f"R{n}", NOW - YEARS + n * step, "ED", visit=f"R{n}") for n in range(MESSAGES)]
    with Sender(port, timeout=120) as sender:
        for at in range(0, MESSAGES, AT_ONCE):
            sender.send(*payloads[at : at + AT_ONCE])
            codes += [sender.code() for _ in payloads[at : at + AT_ONCE]]


def test_a_live_feed_is_acknowledged_while_two_years_are_replayed(tmp_path):
    codes: list[str] = []
    waits: list[float] = []
    with heard(tmp_path, "--refresh-every", "5") as listening, Sender(listening.port, timeout=120) as live:
        replay = threading.Thread(target=replayed, args=(listening.port, codes))
        replay.start()
        while replay.is_alive():
            number = len(waits)
            sent = time.monotonic()
            live.send(adt("A01", f"L{number}", NOW, "ICU", visit=f"L{number}"))
            assert live.code() == "AA"
            waits.append(time.monotonic() - sent)
            time.sleep(LIVE_EVERY_S)
        replay.join()
        stored = [one.control for one in listening.store.since(0, 10**6)]

    assert codes == ["AA"] * MESSAGES
    assert len(stored) == len(set(stored)) == MESSAGES + len(waits)
    assert len(waits) > 20
    assert sorted(waits)[int(len(waits) * 0.95)] < WITHIN_S
