"""Twenty people read the demo at once: how long the server takes for a page, and how much goes over the wire.

Each follows links from page to page as people do, and stays on a page for some seconds.
"""

from __future__ import annotations

import http.client
import random
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from zlib import MAX_WBITS, decompress

from bench.lines import Line, within
from bench.served import Served, demo

READERS, SECONDS, THINKS_S = 20, 60, 5.0
LIMIT_MS, LIMIT_KB = 150, 120
# Forms, streams and files are no pages that are read.
NO_PAGES = re.compile(r"^/(static|sign-|language|live|help/pictures)|\.csv")


@dataclass(frozen=True)
class Read:
    """One page read: its address, how long it took, how many bytes came, and whether nobody had asked before."""

    path: str
    ms: float
    size: int


def ask(address: str, path: str) -> tuple[Read, str]:
    """Ask for one page; return what it took, and its text."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    began = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} came as {answer.status}")
    text = decompress(body, MAX_WBITS | 16) if answer.getheader("Content-Encoding") == "gzip" else body
    return Read(path, took, len(body)), text.decode("utf-8", "replace")


def links(text: str, here: str) -> list[str]:
    """Return the pages of the site that a page leads to."""
    found = []
    for link in re.findall(r'href="([^"#]+)', text):
        path = link.replace("&amp;", "&")
        if path.startswith("?"):
            path = here.split("?", maxsplit=1)[0] + path
        if path.startswith("/") and not NO_PAGES.search(path):
            found.append(path)
    return sorted(set(found))


def reader(address: str, seed: int, until: float, into: list[Read]) -> None:
    """Read page after page; begin at the first page anew where a page leads nowhere."""
    choose = random.Random(seed)
    path = "/"
    time.sleep(choose.random() * THINKS_S)
    while time.monotonic() < until:
        read, text = ask(address, path)
        into.append(read)
        path = choose.choice(links(text, path) or ["/"])
        # Long links of one kind outweigh the others: now and then somebody begins again.
        if choose.random() < 0.15:
            path = "/"
        time.sleep(choose.expovariate(1 / THINKS_S))


def walk(served: Served, seconds: float) -> list[Read]:
    """Let twenty people read for so long; return every page they read."""
    read: list[Read] = []
    until = time.monotonic() + seconds
    people = [Thread(target=reader, args=(served.address, seed, until, read)) for seed in range(READERS)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    return read


def busiest(served: Served, pages: Sequence[str], seconds: float = 10) -> float:
    """Return how many pages a second the server gives when nobody stops to read."""
    counts = [0] * 4
    until = time.monotonic() + seconds

    def run(at: int) -> None:
        choose = random.Random(at)
        while time.monotonic() < until:
            ask(served.address, choose.choice(pages))
            counts[at] += 1

    hands = [Thread(target=run, args=(at,)) for at in range(len(counts))]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return sum(counts) / seconds


def measure(work: Path | None = None) -> list[Line]:
    """Serve the demo, let people read it, and say what it took."""
    with tempfile.TemporaryDirectory(prefix="knitwork-readers-", dir=work) as folder, demo(Path(folder)) as served:
        for path in ("/", "/handoffs/", "/journeys/", "/feeds/"):
            ask(served.address, path)
        before = served.cpu_s()
        read = walk(served, SECONDS)
        used = served.cpu_s() - before
        most = busiest(served, [one.path for one in read])
        peak = served.peak_mb()
    times = sorted(one.ms for one in read)
    p95 = times[max(0, round(len(times) * 0.95) - 1)]
    slowest = max(read, key=lambda one: one.ms)
    largest = max(read, key=lambda one: one.size)
    kb = largest.size / 1000
    print(
        f"{READERS} people read {len(read)} pages of the demo in {SECONDS} s: median {times[len(times) // 2]:.0f} ms, "
        f"p95 {p95:.0f} ms, slowest {slowest.ms:.0f} ms ({slowest.path}); largest {kb:.0f} kB compressed "
        f"({largest.path}); without stopping to read, {most:.0f} pages a second"
    )
    return [
        Line(
            f"a page of the demo, {READERS} people reading, {THINKS_S:g} s a page: p95 of {len(read)} pages",
            p95 / 1000, used, peak, f"{LIMIT_MS} ms", within(p95, LIMIT_MS, "ms"),
        ),
        Line("the largest of these pages, compressed", None, None, None, f"{LIMIT_KB} kB", within(kb, LIMIT_KB, "kB")),
        Line("pages a second when nobody stops to read", None, None, None, "no limit set", f"{most:.0f} a second"),
    ]  # fmt: skip


if __name__ == "__main__":
    measure()
