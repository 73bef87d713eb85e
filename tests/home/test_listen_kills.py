"""Kill -9 while messages come, are stored, landed and derived: what was acknowledged is there once, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from knitwork.home import Home, open_home
from knitwork.home.listening import listeners
from knitwork.home.streams import has_new_messages
from knitwork.intake.messages import Messages
from knitwork.intake.mllp.framing import Frame
from tests.home.homes import TABLES, assert_same, registry
from tests.intake.mllp import Sender, adt

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}


class Driver:
    """Gives orders to the warm process of `tests.home.listen_driver`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.home.listen_driver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=ENVIRONMENT, cwd=ROOT,
        )  # fmt: skip

    def order(self, **order) -> dict:
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def listen(self, home: Path, port: int, at: int = 0) -> int:
        return self.order(act="listen", home=str(home), port=port, at=at)["pid"]

    def is_dead(self, pid: int) -> bool:
        return self.order(act="dead", pid=pid)["dead"]

    def end(self, pid: int) -> int:
        return self.order(act="reap", pid=pid)["status"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


@pytest.fixture(scope="module")
def driver():
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def port():
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def messages(visits: int, seed: int) -> list[bytes]:
    """The messages of some visits, with cancels and corrections among them, in an order of chance."""
    chance, made = random.Random(seed), []
    for visit in range(visits):
        said = {"patient": f"P{visit % 5}", "visit": f"V{visit}"}
        begin = visit * 400 % 1200
        steps = [("A01", "ED", 0), ("A02", "Ward A", 60), ("A02", "ICU", 130), ("A03", "ICU", 190)]
        steps += [("A12", "ICU", 131)] if visit % 3 == 0 else []
        steps += [("A13", "ICU", 195)] if visit % 4 == 0 else []
        made += [
            adt(f"{visit}-{number}", event=event, unit=unit, minute=begin + minute, **said)
            for number, (event, unit, minute) in enumerate(steps)
        ]
    chance.shuffle(made)
    return made


def connected(port: int, tries: int = 400, is_dead: Callable[[], bool] = bool) -> Sender | None:
    for _ in range(tries):
        try:
            return Sender(port, timeout=5)
        except OSError:
            if is_dead():
                return None
            time.sleep(0.005)
    return None


def sent(port: int, waiting: list[bytes], acknowledged: list[bytes], is_dead: Callable[[], bool] = bool) -> None:
    """Send what waits, five at a time, until all of it is acknowledged or the other side is gone."""
    sender = connected(port, is_dead=is_dead)
    try:
        while sender is not None and waiting:
            some = waiting[:5]
            sender.send(*some)
            for one in some:
                if (answer := sender.answer()) is None:
                    return
                assert answer["code"] == "AA"
                acknowledged.append(one)
                waiting.remove(one)
    except OSError:
        return
    finally:
        if sender is not None:
            sender.close()


def settled(path: Path) -> None:
    """Do what a listener does that is started anew and left in peace."""
    home = open_home(path)
    home.land_messages()
    home.refresh(registry())


def left_in_peace(path: Path, told: list[bytes]) -> Home:
    """Make a home that got the same messages and was never killed."""
    quiet = open_home(path)
    quiet.place.create()
    (listener,) = listeners(quiet.place, {"adt": 0}).values()
    listener._keeper.keep([Frame(one, True) for one in sorted(told)])
    settled(path)
    return open_home(path)


def proves(path: Path, quiet: Home, told: list[bytes], acknowledged: list[bytes]) -> None:
    """Hold a home that was killed against one that was left in peace."""
    settled(path)
    stored = [one.payload for one in Messages(path / "inbox").since(0, 100_000)]
    assert sorted(stored) == sorted(set(stored))
    assert set(acknowledged) == set(stored) == set(told)
    assert_same(open_home(path), quiet, tables=TABLES)


def killing(driver: Driver, port: int, folder: Path, *, kills: int, visits: int, seed: int) -> None:
    chance, path = random.Random(seed), folder / "home"
    told = messages(visits, seed)
    acknowledged: list[bytes] = []
    waiting = list(told)
    for number in range(kills):
        pid = driver.listen(path, port)
        # What was acknowledged is sent again now and then: an acknowledgement may be lost on its way.
        again = chance.sample(acknowledged, min(3, len(acknowledged)))
        some = waiting[: max(1, len(waiting) // (kills - number))] + again
        sending = threading.Thread(target=sent, args=(port, some, acknowledged))
        sending.start()
        time.sleep(chance.uniform(0, 0.35))
        os.kill(pid, signal.SIGKILL)
        assert driver.end(pid) == -signal.SIGKILL
        sending.join(20)
        waiting = [one for one in waiting if one not in set(acknowledged)]
    pid = driver.listen(path, port)
    sent(port, waiting, acknowledged)
    os.kill(pid, signal.SIGKILL)
    driver.end(pid)
    proves(path, left_in_peace(folder / "quiet", told), told, acknowledged)


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_or_doubled_by_ten_kills(driver, port, tmp_path):
    killing(driver, port, tmp_path, kills=10, visits=30, seed=3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_nothing_that_was_acknowledged_is_lost_or_doubled_by_five_hundred_kills(driver, port, tmp_path, seed):
    killing(driver, port, tmp_path, kills=50, visits=60, seed=seed)


# The boundaries are shared among so many tests, which run beside each other.
PARTS = 4


def until_settled_or_dead(path: Path, port: int) -> None:
    """Wait until all that came is derived, or nobody listens any more."""
    for _ in range(200):
        sender = connected(port, tries=1)
        if sender is None:
            return
        sender.close()
        home = open_home(path)
        if home.answers().is_derived and not has_new_messages(home.place) and not home.is_behind:
            return
        time.sleep(0.05)
    raise AssertionError("the listener never settles")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_kill_at_each_boundary_loses_and_doubles_nothing(driver, port, tmp_path, part):
    told = messages(3, seed=1)
    quiet = left_in_peace(tmp_path / "quiet", told)
    died = 0
    for number in range(1 + part, 200, PARTS):
        folder = tmp_path / str(number)
        path, waiting, acknowledged = folder / "home", list(told), []
        pid = driver.listen(path, port, at=number)
        sent(port, waiting, acknowledged, partial(driver.is_dead, pid))
        until_settled_or_dead(path, port)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        survived = driver.end(pid) != -signal.SIGKILL
        pid = driver.listen(path, port)
        sent(port, waiting, acknowledged)
        os.kill(pid, signal.SIGKILL)
        driver.end(pid)
        proves(path, quiet, told, acknowledged)
        if survived:
            break
        died += 1
    assert survived
    assert died > 20 / PARTS
