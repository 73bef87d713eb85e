"""Runs the cases of a target in processes of their own, and goes on behind a case that ends one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.child import Progress, case_of
from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[1]
# A process that stands still so long waits for something that never comes, however busy the machine is.
STANDSTILL_S = 900
# So many cases may end a process before a target is given up.
MOST_ENDS = 10


@dataclass(slots=True)
class Fault:
    """What was wrong with one case, and the file that holds it."""

    number: int
    what: str
    file: Path


@dataclass(slots=True)
class Outcome:
    """What became of the cases of a target; `peak_mb` and `grown_mb` are the most of any process, and what it grew by."""

    target: str
    cases: int = 0
    taken: int = 0
    refused: int = 0
    slowest_ms: float = 0.0
    peak_mb: float = 0.0
    grown_mb: float = 0.0
    wall_s: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """Return how many damaged inputs the cases held."""
        return self.cases * TARGETS[self.target].records


def run(target: str, *, seed: int, cases: int, keep: Path, child: str = "fuzz.child") -> Outcome:
    """Read so many cases of a target; the cases with faults are written to the folder `keep`."""
    outcome, first, ends = Outcome(target), 0, 0
    began = time.monotonic()
    while first < cases and ends < MOST_ENDS:
        with tempfile.TemporaryDirectory(prefix="knitwork-fuzz-") as folder:
            ended = _process(child, target, seed, first, cases, Path(folder))
            progress = Progress.read(Path(folder))
            _add(outcome, progress, first)
            for fault in _faults(Path(folder)):
                _keep(outcome, seed, int(fault["number"]), str(fault["what"]), keep)
        if not ended:
            if progress.number < cases:  # too many faults
                break
            first = cases
            continue
        at = max(progress.number, first)  # a process that ends before its first case leaves no number
        _keep(outcome, seed, at, ended, keep)
        outcome.cases += 1
        first, ends = at + 1, ends + 1
    outcome.wall_s = time.monotonic() - began
    return outcome


def _process(module: str, target: str, seed: int, first: int, last: int, folder: Path) -> str:
    """Run one process to its end; return why it did not come to that, if so."""
    told = folder / "told"
    with told.open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", module, target, str(seed), str(first), str(last), str(folder)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            at, since = -1, time.monotonic()
            while child.poll() is None:
                time.sleep(0.05)
                now = Progress.read(folder).number
                if now != at:
                    at, since = now, time.monotonic()
                elif time.monotonic() - since > STANDSTILL_S:
                    return f"stood still for {STANDSTILL_S} s"
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    if child.returncode == -signal.SIGPROF:
        return f"took more than {TARGETS[target].limit_s:g} s of the processor"
    if child.returncode:
        return f"ended the process ({child.returncode}): {told.read_text(errors='replace')[-400:].strip()}"
    return ""


def _add(outcome: Outcome, progress: Progress, first: int) -> None:
    outcome.cases += max(progress.number - first, 0)
    outcome.taken += progress.taken
    outcome.refused += progress.refused
    outcome.slowest_ms = max(outcome.slowest_ms, progress.slowest_us / 1000)
    outcome.peak_mb = max(outcome.peak_mb, progress.peak_kb / 1024)
    outcome.grown_mb = max(outcome.grown_mb, (progress.peak_kb - progress.before_kb) / 1024)


def _faults(folder: Path) -> list[dict[str, object]]:
    file = folder / "faults"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _keep(outcome: Outcome, seed: int, number: int, what: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{outcome.target}.{seed}.{number}"
    file.write_bytes(case_of(outcome.target, seed, number))
    outcome.faults.append(Fault(number, what, file))
