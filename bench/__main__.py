"""`make bench`: every number of the design that falls in scope, beside its yardstick, in one run."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import fhir, live, readers, walls
from bench.lines import Line, at_least, within
from knitwork.demo import write_flat

ROWS_A_SECOND = 1_000_000
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"


# What a profile of the two missed numbers shows; measured again whenever the kernel changes.
WHY = (
    "## Where the time goes, as profiled at 1 million stays",
    "",
    "From CSV to measures: about a tenth is reading and landing, over half deriving facts at three levels and writing them "
    "bucket by bucket, and a third merging them into some 2.5 million cells by day, week and month.",
    "Every fact is kept, so that each number can be asked for its rows.",
    "A bucket costs about 0.2 s however small it is, for planning some 140 statements.",
    "One late row: Python's start takes about a fifth, rebuilding its whole bucket a third, and making anew the cells that its "
    "patient touched, from the atoms of all buckets, the rest.",
    "",
)


def task(name: str, folder: Path, stays: Path, *, times: int = 1) -> dict[str, Any]:
    """Run a task in a process of its own, the best of so many times."""
    results = []
    for _ in range(times):
        run = subprocess.run(
            [sys.executable, "-m", "bench.tasks", name, str(folder), str(stays)],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise SystemExit(f"{name} failed:\n{run.stderr}")
        results.append(json.loads(run.stdout.splitlines()[-1]))
    return min(results, key=lambda r: r.get("query_s", r["wall_s"]))


def one_more(stays: Path, target: Path) -> None:
    """Write a delivery of one late row: a known patient, days before the last one."""
    with stays.open(newline="") as source:
        rows = csv.reader(source)
        header, row = next(rows), next(rows)
    row = list(row)
    start = dt.datetime.fromisoformat(row[2]) + dt.timedelta(days=40, minutes=7)
    row[2], row[3] = start.isoformat(" "), (start + dt.timedelta(hours=5)).isoformat(" ")
    with target.open("w", newline="") as out:
        csv.writer(out).writerows([header, row])


def land_csv(folder: Path, stays: Path) -> list[Line]:
    """Land the stays, beside a bare read of the same bytes."""
    found = task("land_csv", folder, stays)
    rows, wall, bare = found["rows"], found["query_s"], found["bare_s"]
    return [
        Line(
            f"CSV read and typed, {rows:,} stays", wall, found["query_cpu_s"], found["peak_mb"],
            f"{ROWS_A_SECOND:,} rows a second",
            f"{at_least(rows / wall, ROWS_A_SECOND, 'rows')}; {wall / bare:.1f} x the bare read",
        ),
        Line(
            "the same bytes, read into a table of text", bare, found["bare_cpu_s"], None, "yardstick",
            f"{rows / bare:,.0f} rows a second",
        ),
    ]  # fmt: skip


def measure(count: int, work: Path) -> list[Line]:
    stays, late, folder = work / "stays.csv", work / "late.csv", work / "home"
    write_flat(stays, stays=count)
    one_more(stays, late)
    millions = count / 1e6
    lines = []
    whole = task("everything", folder, stays)
    time_limit, memory_limit = (
        (8 * millions, 1024) if millions <= 1 else (6 * millions, 2048 if millions <= 10 else 4096)
    )
    lines.append(
        Line(
            f"CSV to 24 measures at three levels, {count:,} stays", whole["wall_s"], whole["cpu_s"], whole["peak_mb"],
            f"{time_limit:g} s, {memory_limit} MB",
            within(whole["wall_s"], time_limit, "s") + "; " + within(whole["peak_mb"], memory_limit, "MB"),
        )
    )  # fmt: skip
    lines += land_csv(folder, stays)
    refreshed = task("late_row", folder, late)
    lines.append(
        Line(
            f"one late row to fresh measures ({refreshed['rebuilt']} bucket rebuilt)", refreshed["wall_s"],
            refreshed["cpu_s"], refreshed["peak_mb"], "2 s on 1 million stays", within(refreshed["wall_s"], 2, "s"),
        )
    )  # fmt: skip
    bare = task("scan", folder, stays, times=5)
    lines.append(
        Line(
            "bare scan of the stored hand-offs", bare["query_s"], bare["query_cpu_s"], bare["peak_mb"], "yardstick", ""
        )
    )
    for name, what, ratio in (
        ("graph_counts", "hand-off graph: counts and means", 3),
        ("graph_quantiles", "hand-off graph: exact median and p90 too", 10),
    ):
        found = task(name, folder, stays, times=5)
        times = found["query_s"] / bare["query_s"]
        lines.append(
            Line(what, found["query_s"], found["query_cpu_s"], found["peak_mb"], f"{ratio} x the scan", within(times, ratio, "x"))
        )  # fmt: skip
    for name, module in (("graph_pandas", "pandas"), ("graph_pm4py", "pm4py")):
        if importlib.util.find_spec(module):
            found = task(name, folder, stays)
            note = "from stays, no hand-offs stored" if module == "pandas" else "from stays, no quantiles"
            lines.append(
                Line(f"the graph with {module} ({note})", found["query_s"], None, found["peak_mb"], "yardstick", "")
            )
    found = task("charts", folder, stays, times=3)
    lines.append(
        Line(
            "10,000 charts of 36 points, all rules", found["query_s"], None, found["peak_mb"], "0.5 s, 500 MB",
            within(found["query_s"], 0.5, "s") + "; " + within(found["peak_mb"], 500, "MB"),
        )
    )  # fmt: skip
    lines.append(
        Line(
            f"their records, with {found['rows']:,} signals in words",
            found["records_s"],
            None,
            found["peak_mb"],
            "",
            "",
        )
    )
    return lines


def report(lines: list[Line], count: int) -> str:
    """Return the page, one sentence a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in ("duckdb", "numpy", "pyarrow"))
    rows = [
        f"| {one.what} | {_number(one.wall_s)} | {_number(one.cpu_s)} | {_number(one.peak_mb, 0)} | {one.wanted} | {one.verdict} |"
        for one in lines
    ]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Written by `make bench N={count}`; every number below comes from that one run.",
            f"Machine: {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}, {versions}.",
            "The machine is shared with other work, so compare ratios rather than seconds.",
            "",
            "| what | wall s | processor s | peak MB | wanted | verdict |",
            "|---|---:|---:|---:|---|---|",
            *rows,
            "",
            *WHY,
        ]
    )


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:,.{digits}f}" if value >= 0.095 else f"{value:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--stays", type=int, default=1_000_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knitwork-bench-") as work:
        text = report(
            [
                *measure(wanted.stays, Path(work)),
                *fhir.measure(),
                *readers.measure(),
                *walls.measure(),
                *live.measure(wanted.stays),
            ],
            wanted.stays,
        )
    print(text)
    if wanted.stays == 1_000_000:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
