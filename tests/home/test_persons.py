"""Merged patients end to end: the tables are those of one person, whatever the order, the buckets and the way there."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import shutil

import pytest

from knitwork.home import open_home
from knitwork.lake.buckets import bucket_of
from knitwork.model.errors import CannotDo
from tests.home.homes import (
    NOON,
    TABLES,
    assert_same,
    digests,
    extract,
    home_with,
    later,
    options,
    registry,
    rows_of,
    write,
    write_links,
)  # fmt: skip
from tests.quick import first

ALL = (*TABLES, "person", "link_reject")
# Two pairs, a chain, a circle, a contradiction, an unmerge with its merge and one without.
LINKS = (
    "P1>P2@2026-01-01", "P3>P4@2026-01-02", "P4>P5@2026-01-01", "P6>P7@2026-01-01", "P7>P6@2026-01-02", "P8>P9@2026-01-01",
    "P8>P10@2026-01-02", "P11>P12@2026-01-01", "!P11>P12@2026-01-02", "!P13>P14@2026-01-02", "nobody>P0", "P15>newcomer",
)  # fmt: skip
PERSON = {
    "P1": "P2", "P3": "P5", "P4": "P5", "P7": "P6", "P8": "P10", "nobody": "P0", "P15": "newcomer",
}  # fmt: skip
HOUR = dt.timedelta(hours=1)
ADT, MPI = options(), options(feed="mpi")


def renamed(rows):
    return [{**row, "patient": PERSON.get(row["patient"], row["patient"])} for row in rows]


def with_links(folder, stays, *links, refresh_between=False):
    home = open_home(folder)
    home.load(stays, ADT)
    if refresh_between:
        home.refresh(registry())
    for file in links:
        home.load([file], MPI)
        if refresh_between:
            home.refresh(registry())
    home.refresh(registry())
    return home


@pytest.mark.parametrize("number", [1, 4, pytest.param(16, marks=pytest.mark.slow)])
def test_linked_numbers_give_the_tables_of_one_number(tmp_path, buckets, number):
    buckets(number)
    rows = extract(1)
    merged = with_links(
        tmp_path / "merged", [write(tmp_path / "a.csv", rows)], write_links(tmp_path / "links.csv", *LINKS)
    )

    named = home_with(tmp_path / "named", [write(tmp_path / "b.csv", renamed(rows))])

    assert merged.place.lake.manifest().buckets == number
    assert_same(merged, named, without=("delivery", "source_patient"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", first(1, [1, 2, 3]))
def test_any_number_of_buckets_gives_the_same_persons(tmp_path, buckets, seed):
    rows = extract(seed, patients=17, days=30)
    stays = [write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", later(rows, seed))]
    links = write_links(tmp_path / "links.csv", *LINKS)

    homes = []
    for number in (1, 4, 16):
        buckets(number)
        homes.append(with_links(tmp_path / str(number), stays, links))

    assert_same(homes[0], homes[1], tables=ALL)
    assert_same(homes[0], homes[2], tables=ALL)
    assert {r["person"] for r in homes[0].answers().links()} == set(PERSON.values())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_links_that_come_later_are_patched_into_what_a_full_refresh_and_all_at_once_give(tmp_path, buckets, seed):
    buckets(4)
    stays = [write(tmp_path / "a.csv", extract(seed))]
    first = write_links(tmp_path / "first.csv", *LINKS)
    second = write_links(tmp_path / "second.csv", "!P1>P2@2026-02-01", "P2>P3@2026-02-02", "!P6>P7@2026-03-01")

    patched = with_links(tmp_path / "patched", stays, refresh_between=True)
    reports = []
    for file in (first, second):
        patched.load([file], MPI)
        reports.append(patched.refresh(registry()))
    by_patching = digests(patched, tables=ALL)
    patched.refresh(registry(), full=True)
    assert digests(patched, tables=ALL) == by_patching
    at_once = with_links(tmp_path / "at-once", stays, second, first)

    assert not any(report.full_merge for report in reports)
    assert_same(patched, at_once, tables=ALL)


@pytest.mark.slow
def test_a_link_rebuilds_the_buckets_of_both_persons_only(tmp_path, buckets):
    buckets(16)
    home = with_links(tmp_path / "home", [write(tmp_path / "a.csv", extract(1))])
    before = {f.bucket: f.name for f in home.place.lake.manifest().of("stay")}

    home.load([write_links(tmp_path / "one.csv", "P1>P2")], MPI)
    report = home.refresh(registry())

    after = {f.bucket: f.name for f in home.place.lake.manifest().of("stay")}
    stirred = {bucket_of("P1", 16), bucket_of("P2", 16)}
    assert len(stirred) == 2
    assert report.rebuilt <= 2
    assert {b for b in before.keys() | after.keys() if before.get(b) != after.get(b)} == stirred


@pytest.mark.slow
def test_links_that_stir_many_persons_are_merged_whole_with_the_same_result(tmp_path, buckets, monkeypatch):
    buckets(2)
    stays, links = [write(tmp_path / "a.csv", extract(1))], write_links(tmp_path / "links.csv", *LINKS)
    patched = with_links(tmp_path / "patched", stays, links, refresh_between=True)

    monkeypatch.setattr("knitwork.home.merge.MANY_STIRRED", 1)
    whole = with_links(tmp_path / "whole", stays)
    whole.load([links], MPI)
    report = whole.refresh(registry())

    assert report.full_merge
    assert_same(patched, whole, tables=ALL)


@pytest.mark.slow
def test_an_unmerge_gives_back_what_was_there_before_the_merge(tmp_path, buckets):
    buckets(4)
    stays = [write(tmp_path / "a.csv", extract(4))]
    home = with_links(tmp_path / "home", stays, refresh_between=True)
    apart = digests(home)

    home.load([write_links(tmp_path / "wrong.csv", "P1>P2@2026-01-01", "P3>P2@2026-01-01")], MPI)
    home.refresh(registry())
    mixed = digests(home)
    home.load([write_links(tmp_path / "undo.csv", "!P1>P2@2026-01-02", "!P3>P2@2026-01-02")], MPI)
    report = home.refresh(registry())

    assert mixed["stay"] != apart["stay"]
    assert digests(home) == apart
    assert not report.full_merge
    assert home.answers().links() == []


@pytest.mark.slow
def test_any_order_of_deliveries_gives_the_same_persons(tmp_path, buckets):
    buckets(2)
    rows = extract(5, patients=14, days=30)
    files = [
        (write(tmp_path / "a.csv", rows), ADT), (write(tmp_path / "b.csv", later(rows, 5)), ADT),
        (write_links(tmp_path / "one.csv", *LINKS[:6]), MPI), (write_links(tmp_path / "two.csv", *LINKS[6:]), MPI),
    ]  # fmt: skip
    orders = random.Random(5).sample(list(itertools.permutations(files)), 3)

    homes = []
    for i, order in enumerate(orders):
        home = open_home(tmp_path / str(i))
        for file, how in order:
            home.load([file], how)
            if i and home.place.lake.manifest().of("landed"):
                home.refresh(registry())
        home.refresh(registry())
        homes.append(home)

    assert_same(homes[0], homes[1], tables=ALL)
    assert_same(homes[0], homes[2], tables=ALL)


@pytest.mark.slow
def test_a_late_row_under_a_number_that_was_given_up_is_patched_into_its_person(tmp_path, buckets):
    buckets(4)
    rows = extract(6, days=30)
    stays = [write(tmp_path / "a.csv", rows)]
    links = write_links(tmp_path / "links.csv", *LINKS)
    home = with_links(tmp_path / "home", stays, links)
    theirs = [row for row in rows if row["patient"] in ("P1", "P3", "P15")]
    late = [{**row, "unit": "Rehab", "end": row["start"]} for row in theirs]

    home.load([write(tmp_path / "late.csv", late)], ADT)
    report = home.refresh(registry())
    by_patching = digests(home, tables=ALL)
    home.refresh(registry(), full=True)

    assert not report.full_merge
    assert digests(home, tables=ALL) == by_patching
    under = {s["patient"] for s in home.stays(unit="Rehab").to_pylist()}
    assert {"P2", "P5", "newcomer"} <= under
    assert not {"P1", "P3", "P15"} & under


def test_a_bucket_whose_rows_all_moved_away_keeps_no_tables(tmp_path, buckets):
    buckets(16)
    rows = [row for row in extract(1) if row["patient"] in ("P1", "P2")]
    home = with_links(tmp_path / "home", [write(tmp_path / "a.csv", rows)])

    home.load([write_links(tmp_path / "all.csv", "P1>P2", "P2>elsewhere")], MPI)
    home.refresh(registry())

    assert {s["patient"] for s in home.stays().to_pylist()} == {"elsewhere"}
    assert len(rows_of(home, "patient")) == 1
    held = {f.bucket for f in home.place.lake.manifest().of("stay") if f.rows}
    assert held == {bucket_of("elsewhere", 16)}


def test_links_known_already_and_links_of_unknown_numbers_rebuild_nothing_of_others(tmp_path, buckets):
    buckets(4)
    home = with_links(
        tmp_path / "home", [write(tmp_path / "a.csv", extract(1))], write_links(tmp_path / "l.csv", "P1>P2")
    )
    before = digests(home)

    again = home.load([write_links(tmp_path / "same.csv", "P1>P2")], MPI)
    home.load([write_links(tmp_path / "more.csv", "P1>P2", "P1>P2")], MPI)
    report = home.refresh(registry())

    assert [one.known for one in again.taken] == [True]
    assert report.rebuilt == 0
    assert digests(home) == before
    assert home.refresh(registry()).nothing_to_do


def test_the_same_visit_under_both_numbers_is_one_visit(tmp_path):
    rows = [
        {"patient": "old", "unit": "ED", "start": "2026-01-01 10:00", "end": "2026-01-01 12:00", "visit": "V1"},
        {"patient": "new", "unit": "Ward A", "start": "2026-01-01 12:30", "end": "2026-01-03 12:00", "visit": "V1"},
        {"patient": "old", "unit": "Ward A", "start": "2026-01-01 12:30", "end": "", "visit": "V1"},
    ]
    home = with_links(tmp_path / "home", [write(tmp_path / "a.csv", rows)], write_links(tmp_path / "l.csv", "old>new"))
    answers = home.answers()

    visits = answers.rows("SELECT patient::VARCHAR AS patient, visit::VARCHAR AS visit, stays, handoffs FROM {visit}")
    stays = answers.rows("SELECT unit::VARCHAR AS unit, end_kind, source_patient, row FROM {stay} ORDER BY start_us")

    assert visits == [{"patient": "new", "visit": "V1", "stays": 2, "handoffs": 1}]
    assert stays == [
        {"unit": "ED", "end_kind": "recorded", "source_patient": "old", "row": 1},
        {"unit": "Ward A", "end_kind": "recorded", "source_patient": None, "row": 2},
    ]


def test_a_number_that_was_given_up_finds_the_person(tmp_path):
    home = with_links(
        tmp_path / "home", [write(tmp_path / "a.csv", extract(1))],
        write_links(tmp_path / "l.csv", "P3>P4@2026-01-02T10:00Z", "P4>P5@2026-01-01T10:00Z", "P6>P7"),
    )  # fmt: skip
    answers = home.answers()

    assert [answers.person_of(n) for n in ("P3", "P4", "P5", "P6", "P9", "nobody")] == [
        "P5",
        "P5",
        "P5",
        "P7",
        "P9",
        "nobody",
    ]
    assert home.stays(patient="P3").equals(home.stays(patient="P5"))
    assert home.journeys(patient="P3").equals(home.journeys(patient="P5"))
    assert [(k["patient"], k["person"], k["row"]) for k in answers.links("P4")] == [("P3", "P5", 1), ("P4", "P5", 2)]
    assert [k["at_us"] for k in answers.links("P5")] == [1767348000000000, 1767261600000000]
    assert {k["feed"] for k in answers.links()} == {"mpi"}
    state = answers.link_state()
    assert (state.taken, state.given_up, state.persons, state.aside, state.waiting, state.feeds) == (
        3,
        3,
        2,
        0,
        0,
        ("mpi",),
    )
    assert [f.feed for f in answers.feeds()] == ["adt"]


@pytest.mark.slow
def test_as_of_a_time_before_a_link_was_delivered_the_numbers_are_apart(tmp_path, buckets):
    buckets(4)
    stays, links = write(tmp_path / "a.csv", extract(1)), write_links(tmp_path / "l.csv", "P1>P2@2020-01-01")
    home = open_home(tmp_path / "home")
    home.load([stays], options(received_at=NOON))
    home.load([links], options(feed="mpi", received_at=NOON + 2 * HOUR))
    home.refresh(registry())
    now = digests(home, tables=ALL)

    home.refresh(registry(), as_of=NOON + HOUR)

    assert_same(home, home_with(tmp_path / "then", [stays]), tables=ALL)
    home.refresh(registry())
    assert digests(home, tables=ALL) == now
    with pytest.raises(CannotDo, match="nothing had been delivered by"):
        home.refresh(registry(), as_of=NOON - HOUR)


@pytest.mark.slow
def test_links_may_come_before_any_stay_and_alone_they_are_refused_in_a_sentence(tmp_path, buckets):
    links, stays = write_links(tmp_path / "l.csv", "P1>P2"), write(tmp_path / "a.csv", extract(1))
    home = open_home(tmp_path / "home")
    home.load([links], MPI)

    with pytest.raises(CannotDo, match="only patient links have been loaded"):
        home.refresh(registry())
    buckets(4)
    home.load([stays], ADT)
    home.refresh(registry())

    assert home.place.lake.manifest().buckets == 4
    assert_same(home, with_links(tmp_path / "other", [stays], links), tables=ALL)


def test_links_move_no_watermark_and_have_no_calendar(tmp_path):
    home = with_links(tmp_path / "home", [write(tmp_path / "a.csv", extract(1))])
    answers = home.answers()

    home.load([write_links(tmp_path / "l.csv", "P1>P2@2030-01-01")], MPI)
    home.refresh(registry())

    assert home.answers().as_of_us == answers.as_of_us
    assert home.answers().calendar == answers.calendar == "real"
    assert [r["feed"] for r in home.answers().rows("SELECT feed FROM {feed_state}")] == ["adt"]


def test_stays_and_links_of_one_feed_do_not_confuse_their_columns(tmp_path):
    home = open_home(tmp_path / "home")
    stays, links = tmp_path / "stays.csv", tmp_path / "links.csv"
    stays.write_text("mrn,ward,in_time,out_time\n1,A,2026-01-01 10:00,2026-01-01 11:00\n2,B,2026-01-01 12:00,\n")
    links.write_text("mrn,old_mrn\n2,1\n")

    home.load([stays], ADT)
    report = home.load([links], ADT)
    home.refresh(registry())

    assert [(one.links, one.taken) for one in report.taken] == [(True, 1)]
    assert home.answers().person_of("1") == "2"
    assert {s["patient"] for s in home.stays().to_pylist()} == {"2"}
    assert [(f.feed, f.rows, f.links) for f in home.answers().feeds()] == [("adt", 2, 1)]


def test_links_set_aside_are_listed_among_the_rejected_rows_until_nothing_stands_against_them(tmp_path):
    home = with_links(
        tmp_path / "home", [write(tmp_path / "a.csv", extract(1))],
        write_links(tmp_path / "l.csv", "P1>P2@2026-01-01", "P2>P1@2026-01-02", "P3>P3", "!P4>P5@2026-01-01"),
    )  # fmt: skip
    listed = {(r["row"], r["field"], r["rule"]) for r in home.answers().rejects()}
    assert listed == {
        (1, "link", "link_in_a_circle"), (3, "merged_into", "link_to_itself"), (4, "kind", "unmerge_of_nothing"),
    }  # fmt: skip

    home.load([write_links(tmp_path / "m.csv", "!P2>P1@2026-01-03", "P4>P5@2025-12-31")], MPI)
    home.refresh(registry())

    assert {r["rule"] for r in home.answers().rejects()} == {"link_to_itself"}
    assert home.answers().person_of("P1") == "P2"


def test_a_load_says_which_links_count_for_nothing(tmp_path):
    home = open_home(tmp_path / "home")
    home.load([write_links(tmp_path / "l.csv", "P1>P2@2026-01-02")], MPI)

    taken = home.load([write_links(tmp_path / "m.csv", "P2>P1@2026-01-01", "P1>P3@2026-01-01", "P4>P5")], MPI).taken[0]

    said = " ".join(taken.notes)
    assert (taken.links, taken.taken) == (True, 3)
    assert "would close a circle" in said
    assert "a later link merges the same number into another one" in said


def test_a_lake_that_was_deleted_is_built_again_with_its_links(tmp_path):
    home = with_links(
        tmp_path / "home", [write(tmp_path / "a.csv", extract(1))], write_links(tmp_path / "l.csv", *LINKS)
    )
    before = digests(home, tables=ALL)

    shutil.rmtree(home.path / "lake")
    home = open_home(home.path)
    home.refresh(registry(), full=True)

    assert digests(home, tables=ALL) == before


@pytest.mark.slow
def test_a_lake_that_splits_keeps_its_persons(tmp_path, monkeypatch):
    monkeypatch.setattr("knitwork.home.publishing.STAYS_A_BUCKET", 20)
    monkeypatch.setattr("knitwork.lake.buckets.STAYS_A_BUCKET", 20)
    monkeypatch.setattr("knitwork.home.load.expected_rows", lambda path: 1)
    rows, links = extract(7, patients=24), write_links(tmp_path / "l.csv", *LINKS)
    stays = [write(tmp_path / "a.csv", rows[:30]), write(tmp_path / "b.csv", rows[30:])]
    home = open_home(tmp_path / "home")
    for files, how in (([stays[0]], ADT), ([links], MPI), ([stays[1]], ADT)):
        home.load(files, how)
        home.refresh(registry())

    assert home.place.lake.manifest().buckets > 4
    monkeypatch.undo()
    assert_same(home, with_links(tmp_path / "unbucketed", stays, links), tables=ALL)
