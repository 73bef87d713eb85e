"""How long a page takes on the server and how much of it goes over the wire, over all kinds of pages of the demo."""

from __future__ import annotations

import time
import urllib.request

LIMIT_MS, LIMIT_KB = 150, 120
NOISE = 2  # a machine that does something else besides takes twice as long


def fetched(url):
    """Return the time to the last byte in ms, and the bytes as they came."""
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    began = time.perf_counter()
    with urllib.request.urlopen(asked, timeout=60) as answer:
        size = len(answer.read())
    return (time.perf_counter() - began) * 1000, size


def all_pages(site):
    """Return the pages of every unit, each measure in turn, and every kind of page besides."""
    found = dict.fromkeys(path for route, path in site.pages() if route != "help-picture")
    registry = site.answers.registry
    for at, unit in enumerate(registry.units):
        found |= dict.fromkeys(site.of(name, code=unit.unit) for name in ("unit", "wall", "setup"))
        for step in range(3):
            measure = site.measures[(3 * at + step) % len(site.measures)]
            found[site.of("measure", code=unit.unit, measure=measure)] = None
    return list(found)


def test_nineteen_in_twenty_pages_are_quick_and_every_page_is_small(demo, capsys):
    paths = all_pages(demo)
    for path in paths[:12]:
        fetched(demo.address + path)

    taken = {path: fetched(demo.address + path) for path in paths}
    by_time = sorted(taken, key=lambda path: taken[path][0])
    by_size = sorted(taken, key=lambda path: taken[path][1])
    p95 = taken[by_time[round(len(by_time) * 0.95) - 1]][0]
    largest = taken[by_size[-1]][1] / 1000
    with capsys.disabled():
        print(  # noqa: T201 - the numbers are what it is run for
            f"\n{len(paths)} pages of the demo: median {taken[by_time[len(by_time) // 2]][0]:.0f} ms, "
            f"p95 {p95:.0f} ms, slowest {taken[by_time[-1]][0]:.0f} ms ({by_time[-1]}); "
            f"largest {largest:.0f} kB compressed ({by_size[-1]})"
        )

    assert p95 < LIMIT_MS * NOISE
    assert largest < LIMIT_KB
