"""Homes served by the product itself, and Chromium to walk them: Debian's own, nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from knitwork.home import open_home
from knitwork.home.streams import messages_of
from knitwork.intake.mllp.hearing import hear

from .addresses import Site

CHROMIUM = os.environ.get("KNITWORK_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
LOG = "server.log"

TINY = """patient,unit,start,end
P1,Ward,2024-01-01 10:00,2024-01-02 10:00
P1,Home care,2024-01-02 12:00,2024-01-03 10:00
P2,Ward,2024-01-05 10:00,
P3,"The Ward of Our Lady of Perpetual Help for the Care of Convalescent Seafarers, East/West",2024-01-05 10:00,2024-01-06
P4,Ward,2024-01-05 10:00,2024-01-04 10:00
"""

# A live feed's messages that wait: one names no patient, one of another sender is no HL7 v2 at all.
NO_PATIENT = (
    b"MSH|^~\\&|ADT|RIV|KNIT|RIV|20240106080000||ADT^A01|C1|P|2.5\rEVN|A01|20240106080000\r"
    b"PID|1||||De Vries-van den Heuvel^Johanna Wilhelmina^^^^^L||19420314|F|||Lange Nieuwstraat 114^^Utrecht^^3512PN^NL\r"
    b"PV1|1|I|Ward^12^2||||0148^Mulder^A^^^Dr||||||||||||V-9\r"
)
WAITING = (NO_PATIENT, NO_PATIENT.replace(b"|C1|", b"|C2|"), b"<html>not a message</html>")


def pytest_collection_modifyitems(items):
    """Mark every test here, and let none reach further than this machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1", "localhost"]))


def knitwork(*words: str, typed: str = "") -> str:
    """Run a command of the product, as a person would; without a terminal, so that it reads what is `typed`."""
    command = [sys.executable, "-m", "knitwork", *words]
    done = subprocess.run(
        command, input=typed, capture_output=True, text=True, timeout=300, check=False, start_new_session=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home on a free port, as a process of its own, and say where."""
    log = home.parent / f"{home.name}-{LOG}"
    with log.open("w") as out:
        command = [sys.executable, "-u", "-m", "knitwork", "serve", "--home", str(home), "--port", "0"]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield answering(process, log)
        finally:
            process.terminate()
            process.wait(15)


def answering(process: subprocess.Popen, log: Path, seconds: float = 180) -> str:
    """Wait until the server says where it is and answers there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        address = next((word.rstrip("/.") for word in log.read_text().split() if word.startswith("http://")), None)
        if address:
            with urllib.request.urlopen(f"{address}/help/", timeout=30):
                return address
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def work(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="session")
def riverbend(work) -> Iterator[Site]:
    """A small Riverbend Health: every kind of unit, months that signal, refused rows."""
    home = work / "riverbend"
    knitwork("demo", "--home", str(home), "--patients", "2000", "--no-serve")
    with served(home) as address:
        yield Site(address, home)


@pytest.fixture(scope="session")
def demo(work) -> Iterator[Site]:
    """Riverbend Health as `make demo` builds it."""
    home = work / "demo"
    knitwork("demo", "--home", str(home), "--no-serve")
    with served(home) as address:
        yield Site(address, home)


@pytest.fixture(scope="session")
def tiny(work) -> Iterator[Site]:
    """A file of five rows: too little for any chart, kinds guessed, one row refused, one name far too long.

    And a live feed of which nothing could be read yet.
    """
    file = work / "tiny.csv"
    file.write_text(TINY)
    home = work / "tiny"
    knitwork("open", str(file), "--home", str(home), "--no-serve")
    came_us = 1_704_528_000_000_000  # 2024-01-06, 08:00 UTC
    messages_of(open_home(home).place).store([hear("adt", one, came_us + n).arrival for n, one in enumerate(WAITING)])
    knitwork("refresh", "--home", str(home))
    with served(home) as address:
        yield Site(address, home)


@pytest.fixture(scope="session")
def empty(work) -> Iterator[Site]:
    """A home into which nothing was loaded."""
    with served(work / "empty") as address:
        yield Site(address, work / "empty")


@pytest.fixture(scope="session")
def mimic(work, shared) -> Iterator[Site]:
    """Real patients with shifted dates, whose departures nobody recorded."""
    home = work / "mimic"
    knitwork("open", str(shared / "data/mimic4-demo/hosp/transfers.csv"), "--home", str(home), "--no-serve")
    with served(home) as address:
        yield Site(address, home)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync",
        ],
    }  # fmt: skip
