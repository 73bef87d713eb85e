"""Three hundred open walls and a new generation: how soon each hears of it, and has its new charts.

The walls are of all units of the demo, so that the server has as many different ones to make as there can be.
The clock starts when the lake's manifest is replaced.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.lines import Line, within
from bench.served import Served, demo
from knitwork.home import open_home

WALLS, LIMIT_S = 300, 1.0
# As wall.js does, so that screens of one house do not all ask in the same moment.
SPREAD_S = 0.1
LATEST = "patient,unit,start,end\nLATEST-1,{unit},2026-10-31 23:{minute:02},\n"


@dataclass
class Wall:
    """One open wall: when it last heard of new charts, and when it had them (seconds of the clock)."""

    unit: str
    heard: float = 0.0
    had: float = 0.0
    events: int = 0
    alive: bool = False
    fetches: list[asyncio.Task[None]] = field(default_factory=list)


async def asked(address: str, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for an address over a connection of its own."""
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    host = f"Host: {where.netloc}\r\nAccept-Encoding: gzip\r\n"
    writer.write(f"GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode())
    await writer.drain()
    return reader, writer


async def listen(address: str, wall: Wall) -> None:
    """Keep a wall open, and fetch its new charts whenever it hears of some."""
    reader, writer = await asked(address, "/live/?" + urlencode({"unit": wall.unit}))
    event = ""
    try:
        async for raw in reader:
            line = raw.decode().strip()
            if line.startswith("event:"):
                event = line.removeprefix("event: ")
                wall.alive = True
            elif line.startswith("data:") and event == "wall":
                wall.heard = time.time()
                wall.events += 1
                part = json.loads(line.removeprefix("data: "))["part"]
                wall.fetches.append(asyncio.create_task(fetch(address, part, wall)))
    finally:
        writer.close()


async def fetch(address: str, part: str, wall: Wall) -> None:
    await asyncio.sleep(random.random() * SPREAD_S)
    reader, writer = await asked(address, part)
    answer = await reader.read()
    if b" 200 " not in answer[:20]:
        raise SystemExit(f"the charts of {wall.unit} did not come: {answer[:60]!r}")
    wall.had = time.time()
    writer.close()


async def until(what, seconds: float) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        await asyncio.sleep(0.02)


async def watch(manifest: Path, replaced: list[float]) -> None:
    """Write down each moment at which the manifest is replaced."""
    last = manifest.stat().st_mtime
    while True:
        await asyncio.sleep(0.005)
        now = manifest.stat().st_mtime
        if now != last:
            last = now
            replaced.append(now)


async def new_generation(served: Served, file: Path, unit: str, minute: int) -> None:
    """Deliver one more row, later than all others, and refresh: every wall says a later "Records to"."""
    file.write_text(LATEST.format(unit=unit, minute=minute))
    for words in (["load", str(file), "--feed", "general-adt"], ["refresh"]):
        command = [sys.executable, "-m", "knitwork", *words, "--home", str(served.home)]
        done = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _out, said = await done.communicate()
        if done.returncode:
            raise SystemExit(said.decode())


async def run(served: Served, folder: Path, units: list[str]) -> tuple[list[float], list[float], float]:
    """Open the walls, make a new generation, and return the seconds until each heard and had; and the idle processor."""
    walls = [Wall(units[at % len(units)]) for at in range(WALLS)]
    tasks = []
    for at, wall in enumerate(walls):
        tasks.append(asyncio.create_task(listen(served.address, wall)))
        if at % 25 == 24:
            await asyncio.sleep(0.1)
    await until(lambda: all(wall.events and wall.had for wall in walls), 60)
    before = served.cpu_s()
    await asyncio.sleep(20)
    idle = (served.cpu_s() - before) / 20
    replaced: list[float] = []
    watching = asyncio.create_task(watch(served.home / "lake" / "manifest.json", replaced))
    for wall in walls:
        wall.heard = wall.had = 0.0
    await new_generation(served, folder / "latest.csv", "RG-CARD", 58)
    await until(lambda: all(wall.had > replaced[-1] for wall in walls), 20)
    watching.cancel()
    # The refresh's own replacement: the last before the walls heard.
    began = max((at for at in replaced if at < min(wall.heard for wall in walls)), default=replaced[-1])
    heard, had = sorted(w.heard - began for w in walls), sorted(w.had - began for w in walls)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if min(had) < 0:
        raise SystemExit(f"{sum(1 for one in had if one < 0)} walls never had the new charts")
    return heard, had, idle


def said(times: list[float]) -> str:
    """Say the median, the 95th in a hundred and the slowest of sorted seconds."""
    return f"median {times[len(times) // 2]:.2f} s, p95 {times[round(len(times) * 0.95) - 1]:.2f} s, slowest {times[-1]:.2f} s"


def measure(work: Path | None = None) -> list[Line]:
    """Serve the demo with three hundred walls open, and say how soon a new generation is on each."""
    with tempfile.TemporaryDirectory(prefix="knitwork-walls-", dir=work) as folder, demo(Path(folder)) as served:
        answers = open_home(served.home).answers()
        registry = answers.registry
        units = [u.unit for u in registry.units if answers.unit_numbers(u.unit, registry.level_of(u.unit))["stays_all"]]
        heard, had, idle = asyncio.run(run(served, Path(folder), units))
        peak = served.peak_mb()
    print(
        f"{WALLS} open walls of {len(units)} units: a new generation is told after {said(heard)}; "
        f"the new charts are there after {said(had)}; idle the server uses {idle:.0%} of a core, at most {peak:.0f} MB"
    )
    return [
        Line(f"{WALLS} open walls of {len(units)} units hear of a new generation (slowest)", heard[-1], None, None,
             "no limit set", said(heard)),
        Line("and have its charts (slowest)", had[-1], None, peak, f"{LIMIT_S:g} s", within(had[-1], LIMIT_S, "s")),
        Line("while nothing is new they use of a core", None, idle, None, "no limit set", f"{idle:.0%}"),
    ]  # fmt: skip


if __name__ == "__main__":
    measure()
