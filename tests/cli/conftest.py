"""What the tests of the command line share: the real commands, and a home that has something to show."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from knitwork.home import open_home
from tests.home.homes import extract, options, registry, write

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith("KNITWORK_")},
    "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
}


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


class Knitwork:
    """Runs `knitwork` with arguments, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.driver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=ENVIRONMENT, cwd=ROOT,
        )  # fmt: skip

    def __call__(self, *arguments: str | Path, cwd: Path | None = None) -> Done:
        out, err = self.folder / "out", self.folder / "err"
        order = {
            "arguments": [str(a) for a in arguments], "cwd": str(cwd or self.folder), "out": str(out), "err": str(err),
        }  # fmt: skip
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        return Done(status, out.read_text("utf-8"), err.read_text("utf-8"))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


@pytest.fixture(scope="session")
def knitwork(tmp_path_factory):
    command = Knitwork(tmp_path_factory.mktemp("commands"))
    yield command
    command.close()


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file in a folder, and the names of its folders."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
        for p in folder.rglob("*")
    }


ODD_IDS = (
    "007",
    "1e5",
    "=2+3",
    "Ana-María, née Ôster",
    'the "quoted" one',
    "a;b|c\td",
    "ПАЦИЕНТ 1",
    "x" * 200,
    "NA",
    "O'Brien",
)


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> Path:
    """A home with stays, odd ids, several levels and rejected rows; only to be looked at."""
    folder = tmp_path_factory.mktemp("filled")
    home = open_home(folder / "home")
    rows = extract(31, patients=10, days=60)
    odd = [
        {"patient": name, "unit": "ED", "start": f"2024-02-0{1 + i % 3}T08:00:00", "end": f"2024-02-0{1 + i % 3}T10:00:00", "visit": ""}
        for i, name in enumerate(ODD_IDS)
    ]  # fmt: skip
    bad = {"patient": "P1", "unit": "ED", "start": "not a time", "end": "", "visit": ""}
    home.load([write(folder / "a.csv", [*rows, *odd, bad])], options())
    home.refresh(registry())
    return home.path


@pytest.fixture
def copied(filled, tmp_path) -> Path:
    """A home of the same content that may be tried upon."""
    import shutil

    return Path(shutil.copytree(filled, tmp_path / "home"))
