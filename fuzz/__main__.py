"""`make fuzz`: a million damaged inputs for the parsers, and a table of what became of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from fuzz.child import attempt
from fuzz.targets import TARGETS, Room
from fuzz.watch import ROOT, Outcome, run

KEEP = ROOT / "test-results" / "fuzz"
_MILLION = 1_000_000


def cases(target: str, inputs: int) -> int:
    """Return how many cases of a target its share of so many inputs takes."""
    share = TARGETS[target].share * inputs / _MILLION / TARGETS[target].records
    return max(1, -int(-share // 1))


def table(outcomes: list[Outcome]) -> str:
    """Return what became of the inputs, a target a row; a case of records counts as taken where one of them was."""
    rows = [
        f"| {one.target} | {TARGETS[one.target].title} | {one.inputs:,} | {one.cases:,} | {one.taken:,} | {one.refused:,} | "
        f"{len(one.faults):,} | {one.slowest_ms:,.0f} | {one.peak_mb:,.0f} | {one.grown_mb:,.0f} | {one.inputs / one.wall_s:,.0f} |"
        for one in outcomes
    ]
    total = [
        sum(one)
        for one in zip(*((o.inputs, o.cases, o.taken, o.refused, len(o.faults)) for o in outcomes), strict=True)
    ]
    slowest, peak = max(o.slowest_ms for o in outcomes), max(o.peak_mb for o in outcomes)
    grown, wall = max(o.grown_mb for o in outcomes), sum(o.wall_s for o in outcomes)
    sums = " | ".join(f"{number:,}" for number in total)
    return "\n".join([
        "| target | what reads | inputs | cases | taken | refused | faults | slowest ms | peak MB | grown MB | inputs/s |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *rows,
        f"| all | | {sums} | {slowest:,.0f} | {peak:,.0f} | {grown:,.0f} | {total[0] / wall:,.0f} |",
    ])  # fmt: skip


def _line(one: Outcome) -> str:
    return f"{one.target}: {one.inputs:,} inputs, {len(one.faults):,} faults, {one.wall_s:,.0f} s"


def again(file: Path) -> None:
    """Read a case that was kept once more, here, so that a fault in it shows its traceback."""
    with tempfile.TemporaryDirectory() as folder:
        taken = attempt(TARGETS[file.name.split(".")[0]], file.read_bytes(), Room(Path(folder)))
    print("taken" if taken else "refused")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=_MILLION)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one; may be given again")
    parser.add_argument("--again", type=Path, help="a kept case to be read once more")
    wanted = parser.parse_args()
    if wanted.again:
        again(wanted.again)
        return
    with ThreadPoolExecutor(wanted.jobs) as jobs:
        waiting = [
            jobs.submit(run, name, seed=wanted.seed, cases=cases(name, wanted.inputs), keep=KEEP)
            for name in wanted.target or TARGETS
        ]
        for one in as_completed(waiting):
            print(_line(one.result()), file=sys.stderr, flush=True)
        outcomes = [one.result() for one in waiting]
    print(f"seed {wanted.seed}")
    print(table(outcomes))
    for outcome in outcomes:
        for fault in outcome.faults:
            print(f"{fault.file}: {fault.what}")
    sys.exit(any(outcome.faults for outcome in outcomes))


if __name__ == "__main__":
    main()
