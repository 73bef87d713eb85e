"""Random systems: SQL equals the reference, what was touched equals all, quantiles equal numpy's."""

import random

import numpy as np
import pytest

from knitwork.lake.engine import connect
from knitwork.measures.catalogue import catalogue, measure
from knitwork.measures.kernel import kernel_sql
from knitwork.measures.merge import Reach, Sources, merge_sql, replace_sql
from knitwork.measures.reference import Settings
from knitwork.measures.reference.cells import FeedState, World
from knitwork.measures.relations import create_sql
from knitwork.model.units import Membership, Registry, Unit
from tests.quick import first

from .measured import by_reference, by_sql, cells_of, derive, load, load_world, run, world_of

HOUR = 3_600_000_000
DAY = 24 * HOUR
UNITS = (
    Unit("E", "E", "ed", tz="Europe/Berlin"), Unit("I", "I", "icu", tz="Europe/Berlin", capacity=3),
    Unit("C", "C", "ccu", tz="Europe/Berlin"), Unit("W", "W", "ward", tz="Europe/Berlin", capacity=2),
    Unit("X", "X", "ward", tz="Europe/Berlin"), Unit("L", "L", "lab", tz="Europe/Berlin"),
    Unit("P", "P", "practice", tz="Europe/Berlin"), Unit("H", "H", "homecare", tz="Europe/Berlin"),
)  # fmt: skip
NESTED = Registry(
    UNITS,
    (
        Membership("I", "Heart"), Membership("C", "Heart"), Membership("Heart", "Hospital"),
        # W moves to another mesosystem in the middle; P and H belong nowhere
        Membership("W", "Heart", until_us=20_000 * DAY), Membership("W", "Medicine", since_us=20_000 * DAY),
        Membership("Medicine", "Hospital"), Membership("E", "Hospital"), Membership("X", "Hospital"),
    ),
)  # fmt: skip
FEEDS = {"f": FeedState(), "shifted": FeedState(calendar=False), "copied": FeedState(departures_recorded=False)}
BEDS = {("micro", "I"): 3.0, ("micro", "W"): 2.0}


def random_stays(seed: int, patients: int = 12) -> list[dict]:
    """Stays with every hard case: overlaps, no length, no end, given visits, shifted feeds, dates only."""
    rng = random.Random(seed)
    rows = {}
    for p in range(patients):
        at = (19_995 + rng.randrange(10)) * DAY + rng.randrange(24) * HOUR
        feed = rng.choice(["f", "f", "f", "shifted", "copied"])
        for k in range(rng.randrange(1, 9)):
            length = rng.choice([0, 1, 2, 5, 24, 48]) * HOUR + rng.choice([0, 0, 1_000_000, 1800_000_000])
            unit = rng.choice("EICWXLPH")
            end = None if rng.random() < 0.1 else at + length
            rows[p, unit, at] = {
                "patient": f"p{p}", "unit": unit, "start_us": at, "end_us": end,
                "end_kind": "missing" if end is None else rng.choice(["recorded"] * 5 + ["inferred"]),
                "visit": rng.choice([None, None, f"v{p}-{k // 3}"]), "precision": rng.choice("ssd"), "feed": feed,
            }  # fmt: skip
            at += rng.choice([length, length, length + HOUR, length + 30 * HOUR, length // 2, 8 * DAY, 31 * DAY])
    return list(rows.values())


def derived_of(stays, registry=NESTED):
    return derive(stays, registry, Settings(tz="Europe/Berlin", shifted_feeds=frozenset({"shifted"})))


def same(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    for key, cell in one.items():
        assert cell[:2] == other[key][:2], key
        assert cell[2] == pytest.approx(other[key][2], rel=1e-12), key
        assert cell[3] == other[key][3], key


@pytest.mark.parametrize("seed", first(3, range(12)))
def test_all_measures_by_sql_are_those_of_the_reference(seed):
    derived = derived_of(random_stays(seed))
    world = world_of(derived, feeds=FEEDS, capacity=BEDS)
    close = World(world.watermark_day - 400 - seed, world.first_day, FEEDS, BEDS)  # with much left out as too recent

    for one in (World(world.watermark_day - 360, world.first_day, FEEDS, BEDS), close):
        same(by_sql(catalogue(), derived, one), by_reference(catalogue(), derived, one))


def atoms(con, stays, registry=NESTED):
    """Make the atoms of some stays in tables of their own; return nothing."""
    world = World(0, 0, FEEDS, BEDS)
    load(con, derived_of(stays, registry), world)
    run(con, kernel_sql(catalogue()))


@pytest.mark.parametrize("seed", first(2, range(6)))
def test_merging_what_was_touched_gives_what_merging_everything_gives(seed):
    stays = random_stays(seed, patients=20)
    old = [s for s in stays if s["patient"] != "p3"]
    whole = derived_of(stays)
    end = world_of(whole).watermark_day - 380
    before = Reach(end - 15, world_of(derived_of(old)).first_day)
    after = Reach(end, world_of(whole).first_day, before.watermark_day, before.first_day)
    con = connect(memory="512MB", threads=1)
    parts = {}
    for name, some in (("old", old), ("new", stays)):
        atoms(con, some)
        for table in ("atom_count", "atom_value", "fact_census"):
            con.execute(f"CREATE OR REPLACE TEMP TABLE {name}_{table} AS FROM {table}")
        parts[name] = Sources(f"{name}_atom_count", f"{name}_atom_value", f"{name}_fact_census")
    run(con, merge_sql(catalogue(), before, parts["old"]))
    con.execute("CREATE OR REPLACE TEMP TABLE cells_before AS FROM cell")
    changed = []
    for table, keys in (
        ("atom_count", "measure, level, unit, stratum, day"),
        ("atom_value", "measure, level, unit, stratum, day"),
        ("fact_census", "'census' AS measure, level, unit, '' AS stratum, day"),
    ):
        both = [f"(SELECT {keys}, COLUMNS(* EXCLUDE (day, level, unit)) FROM {n}_{table})" for n in ("old", "new")]
        for one, other in (both, both[::-1]):
            changed.append(f"SELECT measure, level, unit, stratum, day FROM ({one} EXCEPT ALL {other})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT * FROM ({' UNION ALL '.join(changed)})")

    new = parts["new"]
    run(con, merge_sql(catalogue(), after, Sources(new.counts, new.values, new.census, touched="touched")))
    con.execute(f"CREATE OR REPLACE TEMP TABLE cells_after AS {replace_sql('cells_before')}")
    run(con, merge_sql(catalogue(), Reach(after.watermark_day, after.first_day), new))

    same(cells_of(con, "cells_after"), cells_of(con))


def test_quantiles_of_a_histogram_are_numpys():
    rng = np.random.default_rng(7)
    con = connect(memory="512MB", threads=1)
    load_world(con, World(0, 0, {"f": FeedState()}, {}))
    con.execute(create_sql("atom_count"))
    con.execute(create_sql("atom_value"))
    con.execute(create_sql("fact_census"))
    wanted = {}
    for u in range(30):
        values = rng.integers(0, rng.choice([3, 50, 10**7]), size=rng.integers(1, 200))
        wanted[f"U{u}"] = values
        for value, n in zip(*np.unique(values, return_counts=True), strict=True):
            for some in [int(n)] if n < 2 else [1, int(n) - 1]:  # the same value from two buckets
                con.execute(
                    "INSERT INTO atom_value VALUES ('los_median', 'micro', ?, '', 5, 'f', true, ?, ?)",
                    [f"U{u}", int(value), some],
                )

    run(con, merge_sql([measure("los_median"), measure("los_p90")], Reach(10, 0)))

    found = cells_of(con)
    for unit, values in wanted.items():
        for name, share in (("los_median", 50), ("los_p90", 90)):
            value = found[name, "micro", unit, "month", 0, ""][2]
            assert value == pytest.approx(np.percentile(values, share) / 3600, rel=1e-12, abs=1e-15)


def test_everyone_shifted_seven_days_gives_the_same_totals():
    stays = random_stays(3)
    later = [
        {**s, "start_us": s["start_us"] + 700 * DAY, "end_us": None if s["end_us"] is None else s["end_us"] + 700 * DAY}
        for s in stays
    ]
    flat = Registry(tuple(Unit(u.unit, u.name, u.kind, tz="UTC") for u in UNITS))

    def totals(some):
        derived = derive(some, flat)
        found = by_sql(catalogue(), derived, world_of(derived, feeds=FEEDS))
        return {key[:3] + key[5:]: cell for key, cell in found.items() if key[3] == "all" and "census" not in key[0]}

    same(totals(stays), totals(later))


def test_the_order_of_stays_does_not_matter():
    stays = random_stays(5)
    shuffled = list(stays)
    random.Random(1).shuffle(shuffled)

    assert derived_of(stays).fact_stay == derived_of(shuffled).fact_stay
