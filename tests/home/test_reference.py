"""Fast equals reference, end to end: the numbers of a home are those of the row-by-row evaluator."""

from __future__ import annotations

import datetime as dt

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.measures.catalogue import catalogue
from knitwork.measures.reference import Settings, derive
from knitwork.measures.reference.cells import FeedState, World, cells
from tests.hard_stays import folded
from tests.home.homes import extract, later, options, registry, us, write

BEDS = {("micro", "ICU"): 8.0, ("meso", "North"): 8.0, ("macro", "System"): 8.0}


def departures_copied(rows: list[dict]) -> list[dict]:
    """The same stays from a system that writes the next arrival as the departure, and has no open ends."""
    by_patient: dict[str, list[dict]] = {}
    for row in sorted(rows, key=lambda r: r["start"]):
        by_patient.setdefault(row["patient"], []).append({**row, "patient": "C" + row["patient"], "visit": ""})
    told = []
    for steps in by_patient.values():
        for row, after in zip(steps, [*steps[1:], None], strict=True):
            told.append({**row, "end": after["start"] if after else row["start"]})
    return told


@pytest.fixture
def home(tmp_path):
    """A real feed in two deliveries, one that copies departures, and one whose dates were shifted."""
    home = open_home(tmp_path / "home")
    rows = extract(11, patients=14, days=40)
    home.load([write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", later(rows, 11, new_units=False))], options())
    home.load([write(tmp_path / "c.csv", departures_copied(extract(12, patients=8, days=40)))], options(feed="copied"))
    moved = [
        {**r, "patient": "S" + r["patient"]}
        for r in extract(13, patients=5, first=dt.datetime(2131, 2, 3, tzinfo=dt.UTC))
    ]
    (tmp_path / "shifted.yaml").write_text("calendar: shifted\nzone: UTC\n")
    home.load([write(tmp_path / "d.csv", moved)], LoadOptions(feed="shifted", mapping=tmp_path / "shifted.yaml"))
    home.refresh(registry())
    return home


def test_every_cell_of_every_measure_is_the_one_worked_out_row_by_row(home):
    manifest, lake = home.place.lake.manifest(), home.place.lake
    landed = folded(lake.rows(manifest, "SELECT * FROM {landed}"))
    derived = derive(landed, registry(), Settings(shifted_feeds=frozenset({"shifted"})))
    real = [us_ for r in landed if r["feed"] != "shifted" for us_ in (r["start_us"], r["end_us"]) if us_ is not None]
    world = World(
        watermark_day=max(real) // us(dt.datetime(1970, 1, 2, tzinfo=dt.UTC)),
        first_day=min(r["start_day"] for r in derived.fact_stay if r["calendar"]),
        feeds={
            "adt": FeedState(),
            "copied": FeedState(departures_recorded=False),
            "shifted": FeedState(calendar=False),
        },
        capacity=BEDS,
    )

    fast = {
        (r["measure"], r["level"], r["unit"], r["period"], r["start_day"], r["stratum"]): r
        for r in lake.rows(manifest, "SELECT * FROM {cell}")
    }
    slow = cells(catalogue(), derived, world)

    assert {f.feed: (f.departures_recorded, f.calendar) for f in home.answers().feeds()} == {
        "adt": (True, "real"), "copied": (False, "real"), "shifted": (True, "shifted"),
    }  # fmt: skip
    assert fast.keys() == slow.keys()
    for key, cell in slow.items():
        row = fast[key]
        assert (row["numerator"], row["denominator"], row["n"]) == (cell.numerator, cell.denominator, cell.n), key
        assert row["value"] == pytest.approx(cell.value, rel=1e-12), key
    assert {k[1] for k in fast} == {"micro", "meso", "macro"}
    assert {k[3] for k in fast} == {"day", "week", "month", "all"}
    assert len({k[0] for k in fast}) >= 20


def test_the_table_of_handoffs_is_counted_from_the_handoffs_one_by_one(home):
    manifest, lake = home.place.lake.manifest(), home.place.lake
    derived = derive(
        folded(lake.rows(manifest, "SELECT * FROM {landed}")),
        registry(),
        Settings(shifted_feeds=frozenset({"shifted"})),
    )

    for level in ("micro", "meso", "macro"):
        pairs: dict[tuple, list] = {}
        for row in derived.fact_handoff:
            if row["level"] == level:
                timed = row["transit_s"] if row["feed"] != "copied" else None
                pairs.setdefault((row["from_unit"], row["to_unit"]), []).append(timed)
        shown = {(r["from_unit"], r["to_unit"]): r for r in home.answers().pairs(level)}

        assert shown.keys() == pairs.keys()
        for pair, transits in pairs.items():
            known = sorted(t for t in transits if t is not None)
            assert (shown[pair]["count"], shown[pair]["timed"]) == (len(transits), len(known)), pair
            assert shown[pair]["lost_s"] == (sum(known) if known else None), pair
            if known:
                assert shown[pair]["mean_transit_s"] == pytest.approx(sum(known) / len(known)), pair
