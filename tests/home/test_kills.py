"""Kill -9 at random moments of load and refresh: the home opens, and no delivery is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from knitwork.home import open_home
from tests.home.homes import TABLES, assert_same, extract, home_with, later, options, registry, write, write_links

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}


class Driver:
    """Gives orders to the warm process of `tests.home.driver`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.home.driver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
            cwd=ROOT,
        )  # fmt: skip

    def order(self, home: Path, act: str, *, file: Path | None = None, kill_after: float | None = None) -> dict:
        order = {"home": str(home), "act": act, "file": str(file), "kill_after": kill_after}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


@pytest.fixture(scope="module")
def driver():
    driver = Driver()
    yield driver
    driver.close()


def small_files(folder: Path, count: int) -> list[Path]:
    """Small extracts that overlap and correct each other."""
    rows = extract(21, patients=8, days=40)
    told = rows + later(rows, 21)
    files = []
    for i in range(count):
        piece = random.Random(i).sample(told, 12)
        files.append(write(folder / f"{i:03d}.csv", piece))
    return files


def link_files(folder: Path, count: int) -> list[Path]:
    """Patient links that contradict, repeat and undo each other."""
    chance = random.Random(count)
    files = []
    for i in range(count):
        pairs = [chance.sample(range(8), 2) for _ in range(4)]
        links = [f"{chance.choice(['', '', '!'])}P{a}>P{b}@2026-01-0{chance.randint(1, 9)}" for a, b in pairs]
        files.append(write_links(folder / f"links-{i}.csv", "P0>P1@2026-02-01", *links))
    return files


def new_home(folder: Path) -> Path:
    """An empty home that keeps no old generations, so that every refresh also sweeps."""
    folder.mkdir()
    (folder / "knitwork.toml").write_text("keep_seconds = 0\n")
    return folder


def landed(path: Path) -> set[str]:
    """Open the home as a reader would, and return what its lake holds; every file it names must be there."""
    home = open_home(path)
    answers = home.answers()
    manifest = answers.manifest
    assert all(home.place.lake.path(f).exists() for f in manifest.files)
    if answers.is_derived:
        assert home.stays().num_rows > 0
        assert answers.feeds()[0].deliveries + answers.link_state().deliveries == len(manifest.landed)
    return {one["name"] for one in manifest.landed.values()}


def killing(driver: Driver, path: Path, files: list[Path], *, kills: int, seed: int) -> dict[str, int]:
    """Load and refresh, killing `kills` times; return how often each act was hit."""
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    hit = {"load": 0, "refresh": 0, "full": 0}
    last = {
        "load": driver.order(path, "load", file=files[0])["seconds"],
        "refresh": driver.order(path, "refresh")["seconds"],
    }  # fmt: skip
    last["full"] = driver.order(path, "full")["seconds"]
    acknowledged.add(files[0].name)
    while sum(hit.values()) < kills:
        act = chance.choice(["load", "load", "refresh", "full"])
        file = chance.choice(files)
        found = driver.order(path, act, file=file, kill_after=chance.uniform(0, 1.1 * last[act]))
        assert found["status"] in (0, -signal.SIGKILL)
        if found["status"] == 0:
            if act == "load":
                acknowledged.add(file.name)
        else:
            hit[act] += 1
        assert acknowledged <= landed(path)
    return hit


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_six_kills(driver, tmp_path):
    proves_that_kills_do_no_harm(driver, tmp_path, kills=6, files=5, seed=6)


@pytest.mark.slow
def test_no_patient_link_is_lost_or_doubled_by_six_kills(driver, tmp_path):
    proves_that_kills_do_no_harm(driver, tmp_path, kills=6, files=1, links=3, seed=7)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_or_doubled_by_a_hundred_kills(driver, tmp_path, seed):
    hit = proves_that_kills_do_no_harm(driver, tmp_path, kills=25, files=12, links=4, seed=seed)

    assert hit["load"] >= 5
    assert hit["refresh"] + hit["full"] >= 5


def proves_that_kills_do_no_harm(
    driver: Driver, folder: Path, *, kills: int, files: int, seed: int, links: int = 0
) -> dict[str, int]:
    inputs = [*small_files(folder, files), *link_files(folder, links)]
    path = new_home(folder / "killed")

    hit = killing(driver, path, inputs, kills=kills, seed=seed)

    home = open_home(path)
    home.load(inputs, options())
    home.refresh(registry())
    assert landed(path) == {f.name for f in inputs}
    assert sorted(d.name for d in home.place.inbox.deliveries()) == [f.name for f in inputs]
    assert home.answers().person_of("P0") == ("P0" if not links else home.answers().person_of("P1"))
    assert_same(home, home_with(folder / "undisturbed", inputs), tables=(*TABLES, "person", "link_reject"))
    nothing_left_over(path)
    return hit


def nothing_left_over(path: Path) -> None:
    """A load and a refresh clean up what the killed ones left."""
    home = open_home(path)
    named = {f.name for f in home.place.lake.manifest().files}
    assert {p.name for p in home.place.lake.files.iterdir()} == named
    assert list((path / "inbox" / "incoming").iterdir()) == []
    assert {p.name for p in path.glob("feeds/*")} == {"adt.yaml"}
    assert [p.name for p in (path / "lake").glob("*.tmp")] == []


def command(path: Path, *arguments: str, kill_after: float | None = None) -> int:
    """Run the real command line; with `kill_after`, kill it so long after its start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "knitwork", *arguments, "--home", str(path)], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    return process.wait(120)


@pytest.mark.slow
def test_the_commands_themselves_survive_kills_too(tmp_path):
    inputs = small_files(tmp_path, 4)
    path = new_home(tmp_path / "killed")
    chance = random.Random(1)
    killed = 0
    began = time.monotonic()
    assert command(path, "load", str(inputs[0]), "--feed", "adt", "--tz", "UTC") == 0
    load_s, began = time.monotonic() - began, time.monotonic()
    assert command(path, "refresh") == 0
    refresh_s = time.monotonic() - began

    for i in range(60):
        if killed == 10:
            break
        if i % 2:
            status = command(path, "refresh", kill_after=chance.uniform(0.3, 0.9) * refresh_s)
        else:
            file = str(chance.choice(inputs))
            status = command(
                path, "load", file, "--feed", "adt", "--tz", "UTC", kill_after=chance.uniform(0.3, 0.9) * load_s
            )
        killed += status == -signal.SIGKILL
        assert status in (0, -signal.SIGKILL)
        assert command(path, "status") == 0

    assert killed == 10
    assert command(path, "load", *map(str, inputs), "--feed", "adt", "--tz", "UTC") == 0
    assert command(path, "refresh") == 0
    assert landed(path) == {f.name for f in inputs}
    home = open_home(path)
    home.refresh(registry(), full=True)
    assert_same(home, home_with(tmp_path / "undisturbed", inputs))
