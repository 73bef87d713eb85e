"""Bucketed equals unbucketed, incremental equals full, shuffled equals sorted: end to end from CSV."""

from __future__ import annotations

import datetime as dt
import random
import shutil

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.lake.buckets import bucket_of
from knitwork.model.errors import CannotDo
from tests.home.homes import NOON, assert_same, digests, extract, home_with, later, options, registry, rows_of, write

SEEDS = [
    1,
    pytest.param(2, marks=pytest.mark.slow),
    pytest.param(3, marks=pytest.mark.slow),
    pytest.param(4, marks=pytest.mark.slow),
]
HOUR = dt.timedelta(hours=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_bucketed_equals_unbucketed(tmp_path, buckets, seed):
    one, two = write(tmp_path / "a.csv", extract(seed)), write(tmp_path / "b.csv", later(extract(seed), seed))

    homes = {}
    for number in (1, 4, 16):
        buckets(number)
        homes[number] = home_with(tmp_path / str(number), [one], [two])

    assert [homes[n].place.lake.manifest().buckets for n in homes] == [1, 4, 16]
    assert_same(homes[1], homes[4])
    assert_same(homes[1], homes[16])


@pytest.mark.slow
@pytest.mark.parametrize(
    "new_units",
    [pytest.param(True, marks=pytest.mark.slow, id="with new units"), pytest.param(False, id="units as before")],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_incremental_equals_full_and_all_at_once(tmp_path, buckets, seed, new_units):
    buckets(4)
    rows = extract(seed)
    one, two = write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", later(rows, seed, new_units=new_units))

    patched = home_with(tmp_path / "patched", [one])
    patched.load([two], options())
    report = patched.refresh(registry())
    at_once = home_with(tmp_path / "at-once", [one, two])

    assert report.full_merge == new_units  # a new unit changes the registry and with it everything
    assert_same(patched, at_once)
    by_patching = digests(patched)
    patched.refresh(registry(), full=True)
    assert digests(patched) == by_patching


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_many_small_deliveries_equal_one(tmp_path, buckets, seed):
    buckets(4)
    chance = random.Random(seed)
    rows = extract(seed, patients=12)
    told = rows + later(rows, seed, new_units=False)
    cuts = sorted(chance.sample(range(len(rows), len(told)), 3))
    pieces = zip([0, *cuts], [*cuts, len(told)], strict=True)
    files = [write(tmp_path / f"{i}.csv", told[a:b]) for i, (a, b) in enumerate(pieces)]

    patched = open_home(tmp_path / "patched")
    reports = []
    for file in files:
        patched.load([file], options())
        reports.append(patched.refresh(registry()))
    at_once = home_with(tmp_path / "at-once", files)

    assert [r.full_merge for r in reports] == [True, False, False, False]
    assert_same(patched, at_once)


@pytest.mark.slow
def test_one_late_row_of_one_patient_is_patched_into_everything_it_touches(tmp_path, buckets):
    buckets(4)
    rows = extract(9)
    first = write(tmp_path / "a.csv", rows)
    home = home_with(tmp_path / "home", [first])
    loaded = [first]
    for i, row in enumerate(random.Random(9).sample(rows, 2)):
        start = dt.datetime.fromisoformat(row["start"])
        late = {**row, "unit": "ICU", "start": (start - HOUR).isoformat(), "end": start.isoformat()}
        loaded.append(write(tmp_path / f"late-{i}.csv", [late]))
        home.load(loaded[-1:], options())

        report = home.refresh(registry())

        assert (report.rebuilt, report.full_merge) == (1, False)
        patched = digests(home)
        home.refresh(registry(), full=True)
        assert digests(home) == patched


def test_a_small_delivery_rebuilds_its_own_buckets_only(tmp_path, buckets):
    buckets(4)
    rows = extract(1)
    home = home_with(tmp_path / "home", [write(tmp_path / "a.csv", rows)])
    before = {f.name for f in home.place.lake.manifest().of("fact_stay")}

    home.load([write(tmp_path / "b.csv", [{**rows[0], "unit": "Rehab"}])], options())
    report = home.refresh(registry())

    after = {f.name for f in home.place.lake.manifest().of("fact_stay")}
    assert report.rebuilt == 1
    assert len(before - after) == len(after - before) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffled_rows_equal_sorted_ones(tmp_path, seed):
    rows = sorted(extract(seed), key=lambda r: tuple(r.values()))
    shuffled = random.Random(seed).sample(rows, len(rows))

    ordered = home_with(tmp_path / "sorted", [write(tmp_path / "a.csv", rows)])
    mixed = home_with(tmp_path / "shuffled", [write(tmp_path / "b.csv", shuffled)])

    assert_same(ordered, mixed, without=("delivery", "row"))


@pytest.mark.slow
def test_any_order_of_files_gives_the_same_tables(tmp_path, buckets):
    buckets(2)
    rows = extract(5, patients=12)
    files = [
        write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", later(rows, 5)), write(tmp_path / "c.csv", later(rows, 6)),
    ]  # fmt: skip

    homes = [
        home_with(tmp_path / "abc", *([f] for f in files)),
        home_with(tmp_path / "cab", [files[2]], [files[0]], [files[1]]),
        home_with(tmp_path / "cba", files[::-1]),
    ]

    assert_same(homes[0], homes[1])
    assert_same(homes[0], homes[2])


def test_loading_twice_changes_nothing(tmp_path):
    file = write(tmp_path / "a.csv", extract(1, patients=5))
    home = home_with(tmp_path / "home", [file])
    before = home.place.lake.manifest()

    again = home.load([file], options())
    renamed = home.load([shutil.copy(file, tmp_path / "renamed.csv")], options())
    report = home.refresh(registry())

    assert [t.known for t in (*again.taken, *renamed.taken)] == [True, True]
    assert report.nothing_to_do
    assert home.place.lake.manifest() == before
    assert len(home.place.inbox.deliveries()) == 1


def test_an_extract_that_overlaps_the_last_adds_only_what_is_new(tmp_path):
    rows = extract(1, patients=8)
    home = home_with(tmp_path / "home", [write(tmp_path / "a.csv", rows[:-3])])

    home.load([write(tmp_path / "b.csv", rows)], options())
    home.refresh(registry())

    stays = home.stays().to_pylist()
    assert len(stays) == len(rows)
    assert_same(home, home_with(tmp_path / "whole", [write(tmp_path / "c.csv", rows)]), without=("delivery", "row"))


def test_as_of_tells_what_was_known_then(tmp_path, buckets):
    buckets(2)
    rows = extract(3, patients=10)
    one, two = write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", later(rows, 3))
    home = open_home(tmp_path / "home")
    home.load([one], options(received_at=NOON))
    home.load([two], options(received_at=NOON + 2 * HOUR))
    home.refresh(registry())
    now = digests(home)

    home.refresh(registry(), as_of=NOON + HOUR)

    known_then = home_with(tmp_path / "then", [one])
    assert_same(home, known_then)
    home.refresh(registry())
    assert digests(home) == now
    assert digests(known_then) != now


def test_as_of_a_time_before_everything_is_refused_in_a_sentence(tmp_path):
    home = home_with(tmp_path / "home", [write(tmp_path / "a.csv", extract(1, patients=2))])
    before = home.place.lake.manifest()

    with pytest.raises(CannotDo, match="nothing had been delivered by"):
        home.refresh(registry(), as_of=NOON - HOUR)

    assert home.place.lake.manifest() == before


@pytest.fixture
def small_buckets(monkeypatch):
    """Buckets of twenty stays, so that a lake outgrows them quickly."""
    monkeypatch.setattr("knitwork.home.publishing.STAYS_A_BUCKET", 20)
    monkeypatch.setattr("knitwork.lake.buckets.STAYS_A_BUCKET", 20)
    monkeypatch.setattr("knitwork.home.load.expected_rows", lambda path: 1)


def placed_right(home) -> bool:
    manifest, lake = home.place.lake.manifest(), home.place.lake
    for table in ("landed", "stay", "fact_stay"):
        for file in manifest.of(table):
            found = lake.rows(manifest, f"SELECT DISTINCT patient::VARCHAR AS p FROM read_parquet('{lake.path(file)}')")
            if {bucket_of(row["p"], manifest.buckets) for row in found} != {file.bucket}:
                return False
    return True


@pytest.mark.slow
def test_buckets_that_grew_too_large_are_split_and_keep_everything(tmp_path, small_buckets, monkeypatch):
    rows = extract(7, patients=24)
    one, two = write(tmp_path / "a.csv", rows[:30]), write(tmp_path / "b.csv", rows[30:])

    home = home_with(tmp_path / "home", [one], [two], refresh_each=True)

    assert home.place.lake.manifest().buckets > 4
    assert placed_right(home)
    monkeypatch.undo()
    assert_same(home, home_with(tmp_path / "unbucketed", [one, two]))


@pytest.mark.slow
def test_a_load_that_splits_on_the_way_puts_every_file_where_it_belongs(tmp_path, small_buckets, monkeypatch):
    rows = extract(7, patients=24)
    files = [write(tmp_path / "a.csv", rows[:60]), write(tmp_path / "b.csv", rows[60:75])]

    home = home_with(tmp_path / "home", files)

    assert home.place.lake.manifest().buckets > 1
    assert placed_right(home)
    monkeypatch.undo()
    assert_same(home, home_with(tmp_path / "unbucketed", files))


def test_a_split_leaves_no_stale_bucket_behind(tmp_path, small_buckets):
    few = [{**row, "patient": "only"} for row in extract(7, patients=1)]
    many = [{**row, "patient": "only"} for row in extract(8, patients=20)]

    home = home_with(
        tmp_path / "home", [write(tmp_path / "a.csv", few)], [write(tmp_path / "b.csv", many)], refresh_each=True
    )

    assert home.place.lake.manifest().buckets > 1
    assert len(rows_of(home, "patient")) == 1


def test_a_lake_that_was_deleted_is_built_again_from_the_inbox(tmp_path):
    rows = extract(2, patients=10)
    files = [write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", later(rows, 2))]
    home = home_with(tmp_path / "home", files)
    before = digests(home)

    shutil.rmtree(home.path / "lake")
    home = open_home(home.path)
    home.refresh(registry(), full=True)

    assert digests(home) == before


@pytest.mark.slow
def test_a_zone_given_later_is_the_zone_of_the_whole_feed(tmp_path):
    rows = [{**row, "start": row["start"][:16], "end": row["end"][:16]} for row in extract(6, patients=5)]
    files = [write(tmp_path / "a.csv", rows[:9]), write(tmp_path / "b.csv", rows[9:])]
    late, at_once = open_home(tmp_path / "late"), open_home(tmp_path / "at-once")

    late.load(files[:1], LoadOptions(feed="adt", received_at=NOON))
    late.load(files[1:], LoadOptions(feed="adt", received_at=NOON, tz="Europe/Amsterdam"))
    late.refresh(registry())
    at_once.load(files, LoadOptions(feed="adt", received_at=NOON, tz="Europe/Amsterdam"))
    at_once.refresh(registry())

    assert {s["zone"] for s in late.stays().to_pylist()} == {"Europe/Amsterdam"}
    assert_same(late, at_once)


def test_an_edited_profile_lands_what_came_before_anew(tmp_path):
    file = write(tmp_path / "a.csv", extract(6, patients=5))
    home = open_home(tmp_path / "home")
    home.load([file], LoadOptions(feed="adt", received_at=NOON))
    home.refresh(registry())
    profile = home.path / "feeds" / "adt.yaml"

    profile.write_text("calendar: shifted\nzone: UTC\n")
    home.refresh(registry())

    assert home.answers().calendar == "shifted"
    assert {r["period"] for r in home.answers().rows("SELECT DISTINCT period FROM {cell}")} == {"all"}
    assert home.refresh(registry()).nothing_to_do


def test_a_home_that_refused_its_first_file_takes_the_next(tmp_path):
    (tmp_path / "bad.csv").write_text("")
    home = open_home(tmp_path / "home")

    with pytest.raises(CannotDo, match=r"bad\.csv"):
        home.load([tmp_path / "bad.csv"])
    home.load([write(tmp_path / "good.csv", extract(1, patients=2))], options())

    assert home.refresh(registry()).stays > 0
