"""The tutorial runs: its blocks, in order, in an empty folder."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from knitwork.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-hour.md"


def blocks(text):
    """Return the blocks of Python and of commands: kind, code and the line at which they begin."""
    for found in re.finditer(r"^```(python|console)\n(.*?)^```", text, re.M | re.S):
        yield found[1], found[2], text[: found.start()].count("\n") + 1


def like(expected, line):
    """Say whether a line is as expected; blanks are loose, and ... stands for anything."""
    squeeze = [" ".join(part.split()) for part in expected.split("...")]
    pattern = ".*".join(re.escape(part) for part in squeeze)
    return re.fullmatch(rf"\s*{pattern}\s*", " ".join(line.split())) is not None


def compare(expected, printed, where):
    """Compare lines in order: a line of ... alone stands for any number of lines."""
    lines = [line for line in printed.splitlines() if line.strip()]
    at, skipping = 0, False
    for wanted in expected:
        if wanted.strip() == "...":
            skipping = True
            continue
        while skipping and at < len(lines) and not like(wanted, lines[at]):
            at += 1
        assert at < len(lines) and like(wanted, lines[at]), f"{where}: {wanted!r} is not in\n{printed}"
        at, skipping = at + 1, False
    assert skipping or at == len(lines), f"{where}: more was printed than the page shows\n{printed}"


# These open the database, and one process can open only one: they get a process of their own.
OPENS_DATABASE = ({"open"}, {"refresh"}, {"load", "units.csv"})


def run_commands(code, folder, where):
    for part in re.split(r"^\$ ", code, flags=re.M)[1:]:
        command, *expected = part.rstrip("\n").split("\n")
        name, *words = command.split()
        assert name == "knitwork", where
        run = in_its_own_process if any(set(words) >= one for one in OPENS_DATABASE) else in_this_process

        compare(expected, run(words, folder), f"{where}: {command}")


def in_its_own_process(words, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", "knitwork", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_this_process(words, folder):
    assert Path.cwd() == folder
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        app(words, standalone_mode=False)
    return said.getvalue()


def run_python(code, names, where):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, f"{PAGE.name}:{where}", "exec"), names)
    lines = iter(said.getvalue().splitlines())
    for wanted in re.findall(r"^# -> (.*)$", code, re.M):
        assert any(like(wanted, line) for line in lines), f"{where}: {wanted!r} is not in\n{said.getvalue()}"


@pytest.mark.slow
def test_every_block_of_the_tutorial_runs_and_prints_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KNITWORK_HOME", raising=False)
    names = {}

    for kind, code, line in blocks(PAGE.read_text("utf-8")):
        if kind == "console":
            run_commands(code, tmp_path, f"line {line}")
        else:
            run_python(code, names, f"line {line}")


def test_a_line_may_be_cut_and_a_missing_one_is_found():
    compare(["a ... c", "...", "z"], "a  b   c\nmore\nz\n", "here")

    try:
        compare(["a", "b"], "a\nc\n", "here")
    except AssertionError:
        return
    raise AssertionError("a line that differs was not found")
