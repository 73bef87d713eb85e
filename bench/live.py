"""Fifty messages a second for a minute, with a million stays in the lake: how soon each is on an open wall.

The listener and the pages run as they would in a hospital, as two processes, and the listener refreshes the lake
meanwhile as often as it does by default. The clock of a message starts when it was due to be sent, whether or not its
sender was kept waiting, and stops when an open wall was told a picture that holds it. What the walls say at the end is
held against what was sent: a message that is lost, or counted twice, ends the measurement.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import duckdb

from bench.adt import Message, Plan, payload
from bench.lines import Line, within
from bench.served import Served, running, serving, told
from bench.walls import asked
from knitwork.demo import write_flat
from knitwork.demo.flat import FLAT_DAYS, FLAT_FIRST_DAY, VISITS_A_PATIENT

LIMIT_S, RATE, SECONDS, WALLS, SENDERS = 1.0, 50, 60.0, 10, 10
# A wall shows no count of 1 to 10, so that many come and leave before the measurement begins.
WARM = 12
# So long after the listener began the first message is due: its first refresh then falls into the minute.
LEAD_S = 50.0
PORT = r"Listening for \w+ on 127\.0\.0\.1:(\d+)"
SAYS = re.compile(r"today ([\d,]+) arrived and ([\d,]+) left")
# The last weeks of the invented stays, in which nobody is admitted any more.
TAIL_DAYS = 45


@dataclass(frozen=True)
class Lake:
    """A home whose records end now: its stays, units, and patients who were last seen long ago."""

    home: Path
    stays: int
    units: tuple[str, ...]
    patients: tuple[str, ...]
    ends: dt.datetime


@dataclass
class Wall:
    """One open wall: what it says now, when it was told so, and when it first said the n-th arrival or departure."""

    unit: str
    now: dict[str, int] = field(default_factory=dict)
    changed: float = 0.0
    base: dict[str, int] | None = None
    times: dict[str, list[float]] = field(default_factory=lambda: {"arrived": [], "left": []})

    def hear(self, html: str, at: float) -> None:
        """Take in what the wall was told at a moment."""
        found = SAYS.search(html)
        if found is None:  # the numbers are small, and hidden
            return
        now = {what: int(n.replace(",", "")) for what, n in zip(("arrived", "left"), found.groups(), strict=True)}
        if now != self.now:
            self.now, self.changed = now, at
        for what, times in self.times.items():
            if self.base is not None:
                times.extend([at] * (now[what] - self.base[what] - len(times)))


@dataclass(frozen=True)
class Found:
    """Seconds until each message was on a wall and until each was acknowledged, sorted; and what else was seen."""

    seen_s: list[float]
    acknowledged_s: list[float]
    cpu_s: float
    peak_mb: float
    load: float
    refreshes: tuple[float, ...] = ()


def lake(folder: Path, stays: int) -> Lake:
    """Build a home of about so many stays which ends at the last noon (UTC): who is in then is still in.

    Messages speak of that noon and what follows, so that no midnight falls into the measurement.
    """
    flat, file, home = folder / "flat.csv", folder / "stays.csv", folder / "home"
    # some begin after the end, and are left out
    write_flat(flat, stays=round(stays * 1.002) + 100)
    ends = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    if ends > dt.datetime.now(dt.UTC):
        ends -= dt.timedelta(days=1)
    last = FLAT_DAYS // VISITS_A_PATIENT * VISITS_A_PATIENT - TAIL_DAYS
    shift = ends - dt.datetime.combine(
        dt.date(1970, 1, 1) + dt.timedelta(FLAT_FIRST_DAY + last), dt.time(12), tzinfo=dt.UTC
    )
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        moment, end = f"TIMESTAMP '{ends:%Y-%m-%d %H:%M:%S}'", f'"end" + INTERVAL {shift.days} DAY'
        con.execute(
            f"CREATE TABLE stays AS SELECT patient, unit, start + INTERVAL {shift.days} DAY AS start, "
            f'CASE WHEN {end} < {moment} THEN {end} END AS "end" '
            f"FROM read_csv('{flat}') WHERE start + INTERVAL {shift.days} DAY < {moment}"
        )
        con.execute(f"COPY stays TO '{file}' (HEADER)")
        units = con.execute("SELECT unit FROM stays GROUP BY ALL ORDER BY unit").fetchall()
        patients = con.execute(
            f'SELECT patient FROM stays GROUP BY patient HAVING max(coalesce("end", {moment})) < {moment} - INTERVAL 60 DAY '
            "ORDER BY hash(patient) LIMIT 20000"
        ).fetchall()
    flat.unlink()
    command = [sys.executable, "-m", "bench.tasks", "everything", str(home), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    count = json.loads(done.stdout.splitlines()[-1])["stays"]
    return Lake(home, count, tuple(u for (u,) in units), tuple(p for (p,) in patients), ends)


async def watch(address: str, wall: Wall) -> None:
    """Keep a wall open."""
    reader, writer = await asked(address, "/live/?" + urlencode({"unit": wall.unit}))
    event = ""
    try:
        async for raw in reader:
            line = raw.decode().strip()
            if line.startswith("event:"):
                event = line.removeprefix("event: ")
            elif line.startswith("data:") and event == "live":
                wall.hear(json.loads(line.removeprefix("data: "))["html"], time.monotonic())
    finally:
        writer.close()
    raise SystemExit(f"the wall of {wall.unit} was closed")


class Senders:
    """Connections to a listener: each sends when a message is due, and hears the answers beside."""

    def __init__(self, port: int, count: int, ends: dt.datetime) -> None:
        self.port, self.count, self._ends = port, count, ends
        self._began, self._sent = time.monotonic(), 0
        self.due: list[list[float]] = [[] for _ in range(count)]
        self.answered: list[list[float]] = [[] for _ in range(count)]
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        for number in range(self.count):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            self._writers.append(writer)
            self._tasks.append(asyncio.create_task(self._hear(number, reader)))

    async def _hear(self, number: int, reader: asyncio.StreamReader) -> None:
        while True:
            answer = await reader.readuntil(b"\x1c\r")
            if b"\rMSA|AA|" not in answer:
                raise SystemExit(f"a message was not taken: {answer!r}")
            self.answered[number].append(time.monotonic())

    async def send(self, messages: Iterable[Message], began: float) -> None:
        """Send each when it is due, counted from `began`, whatever became of those before."""
        for one in messages:
            due = began + one.due_s
            await asyncio.sleep(max(due - time.monotonic(), 0))
            self._sent += 1
            at = self._ends + dt.timedelta(seconds=due - self._began)
            self.due[one.sender].append(due)
            self._writers[one.sender].write(b"\x0b" + payload(one, f"C{self._sent}", at) + b"\x1c\r")

    @property
    def all_answered(self) -> bool:
        return [len(one) for one in self.due] == [len(one) for one in self.answered]

    def waited(self, skipped: Sequence[int]) -> list[float]:
        """Return the seconds until each answer, sorted; less the first so many of each sender."""
        return sorted(
            answered - due
            for answers, dues, skip in zip(self.answered, self.due, skipped, strict=True)
            for answered, due in list(zip(answers, dues, strict=True))[skip:]
        )

    def check(self) -> None:
        """Raise what went wrong with an answer."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()


async def until(what, seconds: float, why: str, tasks: Sequence[asyncio.Task[None]] = ()) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not what():
        for task in tasks:
            if task.done():
                task.result()
        if time.monotonic() > end:
            raise SystemExit(why)
        await asyncio.sleep(0.05)


def are_still(walls: Iterable[Wall], seconds: float) -> bool:
    """Say whether every wall shows those who came and left first, and has said nothing else for so long."""
    return all(
        min(wall.now.values(), default=0) >= WARM and time.monotonic() - wall.changed > seconds for wall in walls
    )


def opened(address: str, unit: str) -> None:
    """Open the page of a wall, as a screen does before it follows the wall's news."""
    with urlopen(f"{address}/units/{quote(unit)}/wall/", timeout=600) as answer:
        answer.read()


async def run(known: Lake, served: Served, port: int, *, shown: list[Wall], seconds: float, begins: float) -> Found:
    """Open the walls, send, and wait until each message that a wall can tell is on it. `begins` is a time of the clock."""
    units = [known.units[at::SENDERS] for at in range(SENDERS)]
    watching = [asyncio.create_task(watch(served.address, wall)) for wall in shown]
    senders, plan = Senders(port, SENDERS, known.ends), Plan(units, known.patients)
    await senders.open()
    warm = [(known.units.index(wall.unit) % SENDERS, wall.unit) for _ in range(WARM) for wall in shown]
    await senders.send(
        [plan.admit(at / RATE, sender, unit) for at, (sender, unit) in enumerate(warm)], time.monotonic()
    )
    await asyncio.sleep(3)  # the times of messages are whole seconds, and nobody leaves before they came
    await senders.send([plan.discharge(at / RATE, sender) for at, (sender, _unit) in enumerate(warm)], time.monotonic())
    await until(lambda: senders.all_answered, 300, "not every message was acknowledged", watching)
    await asyncio.sleep(3)
    await until(lambda: are_still(shown, 3), 300, "the walls do not come to rest", watching)
    for wall in shown:
        wall.base = dict(wall.now)
    plan.signs.clear()
    warmed = [len(one) for one in senders.due]
    messages = [plan.move(at / RATE, at % SENDERS) for at in range(round(seconds * RATE))]
    began = max(begins, time.monotonic() + 0.5)
    await asyncio.sleep(began - time.monotonic())
    load, cpu = os.getloadavg()[0], served.cpu_s()
    await senders.send(messages, began)
    cpu = served.cpu_s() - cpu
    load = max(load, os.getloadavg()[0])
    await until(lambda: senders.all_answered, 120, "not every message was acknowledged", watching)
    senders.check()
    whole = lambda: all(  # noqa: E731
        len(times) >= plan.signs[wall.unit, what] for wall in shown for what, times in wall.times.items()
    )
    await until(whole, 120, "not every message came to its wall", watching)
    await asyncio.sleep(1)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    await senders.close()
    told_once(shown, plan.signs)
    times = {(wall.unit, what): some for wall in shown for what, some in wall.times.items()}
    return Found(
        sorted(times[one.sign][one.nth - 1] - began - one.due_s for one in messages if one.sign in times),
        senders.waited(warmed),
        cpu, served.peak_mb(), load,
    )  # fmt: skip


def told_once(walls: Iterable[Wall], signs: Counter[tuple[str, str]]) -> None:
    """Hold what the walls say against what was sent."""
    for wall in walls:
        for what, base in (wall.base or {}).items():
            if wall.now[what] - base != signs[wall.unit, what]:
                raise SystemExit(
                    f"{signs[wall.unit, what]} {what} {wall.unit} by the messages, {wall.now[what] - base} by its wall"
                )


def through(stays: int, **asked_for: Any) -> tuple[Lake, Found]:
    """Build a home of so many stays, listen and serve, and say how soon messages are on its walls."""
    with tempfile.TemporaryDirectory(prefix="knitwork-live-") as name:
        known = lake(Path(name), stays)
        return known, over(known, Path(name), **asked_for)


def over(
    known: Lake,
    folder: Path,
    *,
    seconds: float = SECONDS,
    walls: int = WALLS,
    lead_s: float = LEAD_S,
    refresh: str = "",
) -> Found:
    """Say how soon messages are on the walls of a home; `folder` takes what the processes say.

    `refresh` is the seconds between two refreshes, where it is not what the listener does by default.
    """
    log, more = folder / "listener.log", ["--refresh-every", refresh] if refresh else []
    with serving(known.home, folder) as served:
        shown = [Wall(unit) for unit in known.units[:walls]]
        for wall in shown:
            opened(served.address, wall.unit)
        with running("listen", "adt=0", "--home", str(known.home), *more, log=log) as process:
            port = int(told(process, log, PORT))
            begins = time.monotonic() + lead_s
            found = asyncio.run(run(known, served, port, shown=shown, seconds=seconds, begins=begins))
            refreshes = re.findall(r"buckets in ([\d.]+) s", log.read_text())
    for file in (log, folder / "server.log"):
        if "ERROR" in (text := file.read_text()) or "Traceback" in text:
            raise SystemExit(text)
    return replace(found, refreshes=tuple(float(one) for one in refreshes))


def bare(seconds: float) -> list[float]:
    """Send the same messages to a listener that only syncs and answers; return the seconds until each answer, sorted."""

    async def sent(port: int) -> list[float]:
        senders, plan = Senders(port, SENDERS, dt.datetime.now(dt.UTC)), Plan([["Ward"]] * SENDERS, [])
        await senders.open()
        await senders.send(
            [plan.move(at / RATE, at % SENDERS) for at in range(round(seconds * RATE))], time.monotonic()
        )
        await until(lambda: senders.all_answered, 120, "not every message was answered")
        waited = senders.waited([0] * SENDERS)
        await senders.close()
        return waited

    with tempfile.TemporaryDirectory(prefix="knitwork-bare-") as name:
        log = Path(name) / "bare.log"
        with running(name, module="bench.bare", log=log) as process:
            return asyncio.run(sent(int(told(process, log, PORT))))


def part(times: Sequence[float], share: float) -> float:
    """Return the value that so many of sorted ones stay within."""
    return times[max(math.ceil(len(times) * share) - 1, 0)]


def said(times: Sequence[float]) -> str:
    """Say the median, the 95th and the 99th in a hundred of sorted seconds."""
    return ", ".join(
        f"{name} {part(times, share):.3g} s" for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    )


def measure(stays: int = 1_000_000, *, small: int = 10_000, seconds: float = SECONDS, walls: int = WALLS) -> list[Line]:
    """Send a minute of messages to a large and a small lake, and to a bare listener."""
    lines = []
    for wanted in (stays, small):
        known, found = through(wanted, seconds=seconds, walls=walls)
        seen, answered = part(found.seen_s, 0.95), part(found.acknowledged_s, 0.95)
        refreshes = ", ".join(f"{one:.0f} s" for one in found.refreshes) or "none ended"
        verdict = within(seen, LIMIT_S, "s") if wanted == stays else "yardstick"
        lines += [
            Line(
                f"{RATE} messages a second for {seconds:g} s, {known.stays:,} stays: on one of {walls} open walls (p95)",
                seen, found.cpu_s, found.peak_mb, f"{LIMIT_S:g} s" if wanted == stays else "yardstick",
                f"{verdict}; {said(found.seen_s)} of {len(found.seen_s)}; load average {found.load:.1f}; "
                f"refreshes of the lake meanwhile: {refreshes}",
            ),
            Line("the same until they were acknowledged (p95)", answered, None, None, "no limit set", said(found.acknowledged_s)),
        ]  # fmt: skip
    plain = bare(min(seconds, 20))
    lines.append(
        Line("the same messages written, synced and answered, no more (p95)", part(plain, 0.95), None, None, "yardstick", said(plain))
    )  # fmt: skip
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--walls", type=int, default=WALLS)
    asked_for = parser.parse_args()
    for line in measure(asked_for.stays, seconds=asked_for.seconds, walls=asked_for.walls):
        print(line)
