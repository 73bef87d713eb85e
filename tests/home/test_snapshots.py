"""Feeds that send everything each time: the newest extract speaks, and what vanished is taken back, visibly."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path

import pytest

from knitwork.home import LoadOptions, open_home
from tests.home.homes import HEADER, NOON, registry, write
from tests.quick import first

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def row(patient, day, hours=5):
    start = FIRST + day * DAY
    return dict(
        zip(
            HEADER,
            (patient, "ICU", start.isoformat(), (start + hours * dt.timedelta(hours=1)).isoformat(), ""),
            strict=True,
        )
    )


def home_of(folder: Path, extracts, kind: str, *, order=None):
    """Load extracts (rows, day of extraction) into a home whose feed sends `kind` snapshots."""
    home = open_home(folder)
    home.write_settings(name="Home", tz="UTC")
    (folder / "feeds").mkdir(exist_ok=True)
    (folder / "feeds" / "adt.yaml").write_text(f"zone: UTC\nsnapshot: {kind}\n")
    for place in order or range(len(extracts)):
        rows, day = extracts[place]
        file = write(folder.parent / f"{folder.name}-{place}.csv", rows)
        home.load([file], LoadOptions(feed="adt", received_at=NOON, extracted_at=FIRST + day * DAY))
    home.refresh(registry())
    return home


def patients(home) -> list[str]:
    return sorted(home.stays().column("patient").to_pylist())


def withdrawn(home) -> list[tuple[str, str]]:
    rows = home.answers().rows("SELECT patient::VARCHAR AS patient, why FROM {withdrawn} ORDER BY ALL")
    return [(r["patient"], r["why"]) for r in rows]


def test_the_newest_whole_extract_is_all_there_is(tmp_path):
    home = home_of(
        tmp_path / "h", [([row("A", 0), row("B", 1), row("C", 2)], 3), ([row("A", 0), row("C", 2)], 4)], "whole"
    )

    assert patients(home) == ["A", "C"]
    # A and C are told by both extracts: only B is gone.
    assert withdrawn(home) == [("B", "vanished")]


def test_extracts_are_ordered_by_the_instant_and_not_by_how_it_is_written(tmp_path):
    home = open_home(tmp_path / "h")
    home.write_settings(name="Home", tz="UTC")
    (tmp_path / "h" / "feeds").mkdir(exist_ok=True)
    (tmp_path / "h" / "feeds" / "adt.yaml").write_text("zone: UTC\nsnapshot: whole\n")
    # Half past one in Amsterdam is before a quarter to one in Greenwich, and reads as if it came later.
    amsterdam = dt.datetime.fromisoformat("2026-03-10T01:30:00+01:00")
    greenwich = dt.datetime.fromisoformat("2026-03-10T00:45:00+00:00")
    for name, rows, made in (("b", [row("A", 0)], greenwich), ("a", [row("A", 0), row("B", 1)], amsterdam)):
        file = write(tmp_path / f"{name}.csv", rows)
        home.load([file], LoadOptions(feed="adt", received_at=NOON, extracted_at=made))
    home.refresh(registry())

    assert patients(home) == ["A"]


SAME_AGAIN = [([row("A", 0)], 3), ([row("A", 0, hours=7), row("B", 1)], 4), ([row("A", 0)], 5)]


def test_an_extract_with_the_content_of_an_earlier_one_is_the_newest_all_the_same(tmp_path):
    home = home_of(tmp_path / "h", SAME_AGAIN, "whole")

    assert patients(home) == ["A"]
    assert withdrawn(home) == [("B", "vanished")]
    assert len(home.answers().deliveries()) == 2
    (home.place.path / "lake").rename(tmp_path / "gone")  # it is built again from the inbox, repeats and all
    rebuilt = open_home(tmp_path / "h")
    rebuilt.refresh(registry())
    assert patients(rebuilt) == ["A"]


def test_of_an_extract_of_two_files_the_one_that_did_not_change_still_speaks(tmp_path):
    home = open_home(tmp_path / "h")
    home.write_settings(name="Home", tz="UTC")
    (tmp_path / "h" / "feeds").mkdir(exist_ok=True)
    (tmp_path / "h" / "feeds" / "adt.yaml").write_text("zone: UTC\nsnapshot: whole\n")
    north = write(tmp_path / "north.csv", [row("A", 0)])
    for day, rows in ((3, [row("B", 0), row("C", 1)]), (4, [row("B", 0)])):
        south = write(tmp_path / "south.csv", rows)
        home.load([north, south], LoadOptions(feed="adt", received_at=NOON, extracted_at=FIRST + day * DAY))
    home.refresh(registry())

    assert patients(home) == ["A", "B"]


@pytest.mark.parametrize("kind", ["whole", ""])
def test_the_same_content_again_counts_as_of_the_last_time_in_any_order(tmp_path, kind):
    found = []
    for number, order in enumerate([(0, 1, 2), (2, 1, 0), (1, 0, 2)]):
        home = open_home(tmp_path / f"h{number}")
        home.write_settings(name="Home", tz="UTC")
        (home.place.path / "feeds").mkdir(exist_ok=True)
        (home.place.path / "feeds" / "adt.yaml").write_text("zone: UTC\n" + (f"snapshot: {kind}\n" if kind else ""))
        for place in order:
            rows, day = SAME_AGAIN[place]
            file = write(tmp_path / f"{place}.csv", rows)
            home.load([file], LoadOptions(feed="adt", received_at=NOON, extracted_at=FIRST + day * DAY))
        home.refresh(registry())
        found.append(home.stays().select(["patient", "start_us", "end_us"]).to_pylist())

    assert all(one == found[0] for one in found)
    # what the last extract says of A holds, although its content came first
    assert found[0][0]["end_us"] - found[0][0]["start_us"] == 5 * 3_600_000_000


def test_what_vanished_names_the_extract_that_no_longer_has_it(tmp_path):
    home = home_of(tmp_path / "h", [([row("A", 0), row("B", 1)], 3), ([row("A", 0)], 4)], "whole")

    newest = next(d["delivery"] for d in home.answers().deliveries() if d["taken"] == 1)
    rows = home.answers().rows("SELECT by_delivery FROM {withdrawn} WHERE patient = 'B'")
    assert [r["by_delivery"] for r in rows] == [newest]


def test_an_extract_of_a_period_leaves_what_was_before_it(tmp_path):
    extracts = [([row("OLD", 0), row("A", 10), row("GONE", 11)], 12), ([row("A", 10), row("B", 12)], 13)]

    assert patients(home_of(tmp_path / "h", extracts, "period")) == ["A", "B", "OLD"]


def test_a_stay_that_vanished_from_the_end_of_the_period_is_taken_back(tmp_path):
    extracts = [([row("A", 10), row("LAST", 12)], 13), ([row("A", 10)], 14)]

    assert patients(home_of(tmp_path / "h", extracts, "period")) == ["A"]


@pytest.mark.parametrize("kind", first(1, ["period", "whole"]))
def test_the_order_of_arrival_changes_nothing(tmp_path, kind):
    extracts = [
        ([row("A", 0), row("B", 1)], 3),
        ([row("B", 1, hours=7), row("C", 2)], 4),
        ([row("C", 2), row("D", 3), row("B", 1)], 5),
    ]
    found = [
        home_of(tmp_path / f"h{''.join(map(str, order))}", extracts, kind, order=order)
        .stays()
        .drop(["feed"])
        .to_pylist()
        for order in itertools.permutations(range(3))
    ]

    assert all(one == found[0] for one in found)
    assert found[0]


def test_a_feed_that_only_adds_takes_nothing_back(tmp_path):
    home = open_home(tmp_path / "h")
    for place, rows in enumerate(([row("A", 0), row("B", 1)], [row("A", 0)])):
        home.load([write(tmp_path / f"{place}.csv", rows)], LoadOptions(feed="adt", tz="UTC", received_at=NOON))
    home.refresh(registry())

    assert patients(home) == ["A", "B"]
    assert withdrawn(home) == []


def wards(folder: Path, extracts, *, made=True, kind="whole"):
    """Load extracts of two files each, those of one ward apart from those of the other, by one load an extract."""
    home = open_home(folder)
    home.write_settings(name="Home", tz="UTC")
    (folder / "feeds").mkdir(exist_ok=True)
    (folder / "feeds" / "adt.yaml").write_text(f"zone: UTC\nsnapshot: {kind}\n")
    for place, files in enumerate(extracts):
        paths = [write(folder.parent / f"{folder.name}-{place}-{n}.csv", rows) for n, rows in enumerate(files)]
        when = FIRST + place * DAY if made else None
        home.load(paths, LoadOptions(feed="adt", received_at=NOON + place * DAY, extracted_at=when))
    home.refresh(registry())
    return home


@pytest.mark.parametrize("kind", ["whole", "period"])
@pytest.mark.parametrize("made", [True, False])
def test_the_files_of_one_extract_take_nothing_back_from_each_other(tmp_path, made, kind):
    home = wards(tmp_path / "h", [([row("A", 0), row("B", 1)], [row("C", 0), row("D", 2)])], made=made, kind=kind)

    assert patients(home) == ["A", "B", "C", "D"]
    assert withdrawn(home) == []


def test_the_next_extract_of_two_files_takes_back_what_neither_of_them_has(tmp_path):
    first_, second = ([row("A", 0), row("B", 1)], [row("C", 0), row("D", 2)]), ([row("D", 2)], [row("A", 0)])

    home = wards(tmp_path / "h", [first_, second])

    assert patients(home) == ["A", "D"]
    assert withdrawn(home) == [("B", "vanished"), ("C", "vanished")]


def resources(patients, orders=(), kind="Encounter"):
    """Return an Encounter with an arrival for each patient, or an Observation, and a request for each of `orders`."""
    subject = {p: {"reference": f"Patient/{p}"} for p in (*patients, *orders)}
    when = {"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T20:00:00Z"}
    rows = [
        {"resourceType": "Encounter", "id": p, "status": "finished", "class": {"code": "IMP"}, "subject": subject[p],
         "period": when, "statusHistory": [{"status": "arrived", "period": when}],
         "location": [{"location": {"reference": "Location/ICU"}}]}
        if kind == "Encounter"
        else {"resourceType": "Observation", "id": p, "status": "final", "subject": subject[p], "code": {"text": "x"},
              "effectiveDateTime": when["start"], "valueQuantity": {"value": 1}}
        for p in patients
    ]  # fmt: skip
    rows += [
        {"resourceType": "ServiceRequest", "id": p, "status": "active", "intent": "order", "subject": subject[p],
         "authoredOn": when["start"], "code": {"text": "x"}}
        for p in orders
    ]  # fmt: skip
    return "".join(json.dumps(one) + "\n" for one in rows)


def records(folder: Path, kind: str, *extracts):
    """Load extracts, each of some files, and return whose events, requests and facts there are."""
    home = open_home(folder)
    home.write_settings(name="Home", tz="UTC")
    (folder / "feeds").mkdir(exist_ok=True)
    (folder / "feeds" / "fhir.yaml").write_text(f"zone: UTC\nsnapshot: {kind}\n")
    for day, files in extracts:
        for text in files:
            file = folder.parent / f"{day}-{len(text)}.ndjson"
            file.write_text(text)
            home.load([file], LoadOptions(feed="fhir", received_at=NOON, extracted_at=FIRST + day * DAY))
    home.refresh()
    answers = home.answers()
    told = {t: f"SELECT DISTINCT patient::VARCHAR AS p FROM {{{t}}} ORDER BY 1" for t in ("event", "request", "fact")}
    return [[r["p"] for r in answers.rows(sql)] if answers.manifest.of(t) else [] for t, sql in told.items()]


@pytest.mark.parametrize("kind", ["whole", "period"])
@pytest.mark.parametrize("turn", [1, -1])
def test_records_beside_stays_vanish_as_stays_do(tmp_path, kind, turn):
    before = (5, [resources("AB"), resources("", "AB")])
    after = (6, [resources("A"), resources("", "A")])

    assert records(tmp_path / "h", kind, *(before, after)[::turn])[:2] == [["A"], ["A"]]


def test_an_extract_takes_back_no_records_of_kinds_that_it_does_not_hold(tmp_path):
    before = (5, [resources("AB"), resources("", "AB"), resources("AB", kind="Observation")])

    assert records(tmp_path / "h", "whole", before, (6, [resources("A")])) == [["A"], ["A", "B"], ["A", "B"]]


def test_a_stay_that_two_extracts_told_and_the_third_has_not_is_withdrawn_once(tmp_path):
    both = [row("A", 0), row("B", 1)]

    home = home_of(tmp_path / "h", [(both, 3), ([*both, row("C", 2)], 4), ([row("A", 0), row("C", 2)], 5)], "whole")

    assert withdrawn(home) == [("B", "vanished")]


def test_as_of_an_earlier_time_what_vanished_later_is_still_there(tmp_path):
    home = open_home(tmp_path / "h")
    home.write_settings(name="Home", tz="UTC")
    (tmp_path / "h" / "feeds").mkdir()
    (tmp_path / "h" / "feeds" / "adt.yaml").write_text("zone: UTC\nsnapshot: whole\n")
    for place, rows in enumerate(([row("A", 0), row("B", 1)], [row("A", 0)])):
        moment = NOON + place * DAY
        options = LoadOptions(feed="adt", received_at=moment, extracted_at=moment)
        home.load([write(tmp_path / f"{place}.csv", rows)], options)
    home.refresh(registry(), as_of=NOON)
    before = patients(home)
    home.refresh(registry())

    assert (before, patients(home)) == (["A", "B"], ["A"])
