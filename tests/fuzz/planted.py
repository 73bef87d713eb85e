"""A reader with a fault of each kind in it, at a known case, in a process of its own: `python -m tests.fuzz.planted`."""

from __future__ import annotations

import os
import re
import time
from random import Random

from fuzz.targets import TARGETS, Room, Target, spoken

from fuzz import child, seeds
from knitwork.model.errors import CannotDo

NAME = "planted"
CASES = ("good", "raises", "two lines", "tells of a patient", "refused", "grows", "ends", "good", "hangs", "good")
# What is kept, so that it is not given back before anybody looks.
_KEPT: list[bytes] = []


def make(random: Random) -> bytes:
    """Return the case that the seed of `case_of` names: it is a function of nothing else."""
    return str(random.getrandbits(32)).encode()


def read(case: bytes, _: Room) -> bool:
    """Do what is planted for this case."""
    what = PLANTED.get(case, "good")
    if what == "raises":
        raise KeyError("planted")
    if what == "two lines":
        spoken(["one line\nand another"])
    elif what == "tells of a patient":
        spoken([f"the row of {seeds.SECRETS[0]} is set aside"])
    elif what == "refused":
        raise CannotDo("this is refused in words: send another")
    elif what == "grows":
        _KEPT.append(os.urandom(1) * (child.GROWTH_MB + 64 << 20))
    elif what == "ends":
        os.abort()
    elif what == "hangs":
        # In C, where no handler of Python is ever called.
        re.match(r"(a+)+$", "a" * 60 + "b")
        time.sleep(600)
    return True


TARGET = Target("what is planted", read, make, 1)
PLANTED = {make(Random(f"1 {NAME} {number}")): what for number, what in enumerate(CASES)}

if __name__ == "__main__":
    TARGETS[NAME] = TARGET
    child.main()
