"""One process that reads the cases of one target: `python -m fuzz.child TARGET SEED FIRST LAST FOLDER`.

It says nothing while it works but writes into FOLDER: `progress` always holds the case at hand and the counts so far,
so that whoever started it knows them when a case ends the process; `faults` has a line of JSON for each fault that did
not. A case that takes more of the processor than its target may ends it by SIGPROF, which no code can put off.
"""

from __future__ import annotations

import json
import mmap
import resource
import signal
import struct
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from random import Random

from fuzz.targets import TARGETS, Room, Target, refused
from knitwork.model.errors import CannotDo

# Beyond what the process has after its good inputs.
GROWTH_MB = 384
ADDRESSES = 2 << 30
MOST_FAULTS = 10
_LAYOUT = struct.Struct("<7q")


@dataclass(slots=True)
class Progress:
    """The case at hand, counts of cases by what became of them, the slowest in microseconds, memory in KB."""

    number: int = 0
    taken: int = 0
    refused: int = 0
    broken: int = 0
    slowest_us: int = 0
    before_kb: int = 0
    peak_kb: int = 0

    @classmethod
    def read(cls, folder: Path) -> Progress:
        """Return what a process left."""
        file = folder / "progress"
        return cls(*_LAYOUT.unpack(file.read_bytes())) if file.exists() else cls()


def case_of(target: str, seed: int, number: int) -> bytes:
    """Return one case: the same for the same three, whatever came before it."""
    return TARGETS[target].make(Random(f"{seed} {target} {number}"))


def attempt(target: Target, case: bytes, room: Room) -> bool:
    """Say whether a case was taken; raises where it was neither taken nor refused in words."""
    try:
        return target.read(case, room)
    except CannotDo as fault:
        refused(fault)
        return False


def place_of(problem: BaseException) -> str:
    """Return what was raised and where, in one line; two faults with the same one are one fault."""
    last = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} at {Path(last.filename).name}:{last.lineno}: {str(problem)[:400]}"


def _peak_kb() -> int:
    """Return the most memory the process ever had; getrusage may count that of who started it."""
    with Path("/proc/self/status").open("rb") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(b"VmHWM"))


def main() -> None:
    """Read the cases."""
    name, seed, first, last, folder = (
        sys.argv[1],
        int(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
        Path(sys.argv[5]),
    )
    target, room = TARGETS[name], Room(folder)
    for number in (-1, -2, -3):  # opens what is opened once; what is wrong with these is wrong with others too
        with suppress(Exception):
            attempt(target, case_of(name, seed, number), room)
    now = Progress(number=first, before_kb=_peak_kb())
    size = int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ADDRESSES, resource.RLIM_INFINITY))
    bottom_kb = now.before_kb
    (folder / "progress").write_bytes(bytes(_LAYOUT.size))
    with (folder / "progress").open("r+b") as file, mmap.mmap(file.fileno(), _LAYOUT.size) as shown:
        for number in range(first, last):
            now.number = number
            case = case_of(name, seed, number)
            _LAYOUT.pack_into(shown, 0, *astuple(now))
            counts = now.taken, now.refused
            problem = _timed(target, case, room, now)
            now.peak_kb = max(now.peak_kb, _peak_kb())
            if not problem and now.peak_kb - bottom_kb > GROWTH_MB << 10:
                problem, bottom_kb = f"memory grew by more than {GROWTH_MB} MB", now.peak_kb
                now.taken, now.refused = counts
            if problem:
                now.broken += 1
                with (folder / "faults").open("a") as faults:
                    faults.write(json.dumps({"number": number, "what": problem}) + "\n")
                if now.broken >= MOST_FAULTS:
                    break
        now.number = last if now.broken < MOST_FAULTS else now.number + 1
        _LAYOUT.pack_into(shown, 0, *astuple(now))


def _timed(target: Target, case: bytes, room: Room, now: Progress) -> str:
    """Read one case within its time; return what was wrong, if anything."""
    began = time.process_time_ns()
    signal.setitimer(signal.ITIMER_PROF, target.limit_s)
    try:
        taken = attempt(target, case, room)
    except Exception as problem:
        return place_of(problem)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        now.slowest_us = max(now.slowest_us, (time.process_time_ns() - began) // 1_000)
    now.taken += taken
    now.refused += not taken
    return ""


if __name__ == "__main__":
    main()
