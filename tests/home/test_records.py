"""Records that are stated more than once, in whatever order: the latest statement holds, field by field."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.home.places import Known, meanings, unit_of
from knitwork.intake.landing import BUCKETED, give
from knitwork.journeys.kernel import INPUTS, JourneySettings, sql
from knitwork.journeys.moves import fold_moves
from knitwork.journeys.persons import PatientLink, persons
from knitwork.journeys.told import records_sql, tell_stays, told_sql
from knitwork.lake.engine import connect
from knitwork.lake.runner import open_inputs, run_statements
from knitwork.model.units import Registry

HOUR = 3_600_000_000


def told(links=(), places=(), as_of_us=None, **rows):
    """Run the first part of the kernel over landed rows by table; the connection holds what it left."""
    con = connect(memory="300MB", threads=1)
    open_inputs(con, {t: INPUTS[t] for t in BUCKETED if t not in rows}, {})
    for table, some in rows.items():
        give(con, table, [{"feed": "f", "delivery": "d", "row": i, **row} for i, row in enumerate(some, 1)])
    con.execute(sql(JourneySettings())[0])
    con.executemany("INSERT INTO link_raw VALUES (?, ?, ?, ?)", links) if links else None
    con.executemany("INSERT INTO place_raw VALUES (?, ?)", places) if places else None
    run_statements(con, (*told_sql(as_of_us), fold_moves, tell_stays, *records_sql()))
    return con


def request(**fields):
    return {"request": "R1", "patient": "A", "kind": "lab", **fields}


def only(con, table: str) -> dict:
    found = con.execute(f"SELECT * FROM {table}")
    names = [d[0] for d in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def test_a_result_completes_the_order_that_another_message_told():
    con = told(landed_request=[
        request(requested_us=HOUR, state="open", said_us=1),
        request(reported_us=3 * HOUR, state="done", said_us=2),
    ])  # fmt: skip

    row = only(con, "request")
    assert (row["requested_us"], row["reported_us"], row["state"]) == (HOUR, 3 * HOUR, "done")


@pytest.mark.parametrize("turn", [1, -1])
def test_a_result_under_the_other_number_of_a_request_completes_it(turn):
    con = told(
        landed_request=[
            request(request="placer/1", also="filler/9", requested_us=HOUR, state="open", said_us=1),
            request(request="filler/9", reported_us=3 * HOUR, state="done", said_us=2),
            request(request="filler/9", patient="B", state="open", said_us=3),
        ][::turn],
        landed_message=[{"message": "m", "patient": "A", "request": "filler/9", "said_us": 2}],
    )

    found = con.execute("SELECT request, requested_us, reported_us, state FROM request WHERE patient = 'A'").fetchall()
    assert found == [("placer/1", HOUR, 3 * HOUR, "done")]
    assert only(con, "message")["request"] == "placer/1"


def test_a_number_that_was_given_to_two_requests_stands_for_neither():
    con = told(landed_request=[
        request(request="placer/1", also="filler/9", said_us=1),
        request(request="placer/2", also="filler/9", said_us=2),
        request(request="filler/9", said_us=3),
    ])  # fmt: skip

    found = con.execute("SELECT request FROM request ORDER BY request").fetchall()
    assert found == [("filler/9",), ("placer/1",), ("placer/2",)]


def test_a_later_word_corrects_an_earlier_one_and_silence_says_nothing():
    con = told(landed_request=[
        request(priority="urgent", to_unit="LAB", said_us=5),
        request(priority="routine", to_unit="OLD", said_us=4),
        request(priority=None, said_us=6),
    ])  # fmt: skip

    row = only(con, "request")
    assert (row["priority"], row["to_unit"], row["said_us"]) == ("urgent", "LAB", 6)


def test_what_is_taken_back_last_is_gone_and_comes_back_when_said_anew():
    cancelled = request(cancelled=True, said_us=5)

    assert told(landed_request=[request(said_us=4), cancelled]).execute("FROM request").fetchall() == []
    assert only(told(landed_request=[request(said_us=6), cancelled]), "request")["said_us"] == 6


statements = st.lists(
    st.fixed_dictionaries({
        "request": st.sampled_from(["R1", "R2"]), "said_us": st.sampled_from([None, 1, 2, 3]),
        "state": st.sampled_from([None, "open", "done"]), "done_us": st.sampled_from([None, HOUR, 2 * HOUR]),
        "cancelled": st.sampled_from([None, False, True]), "delivery": st.sampled_from(["d", "e"]),
    }),
    max_size=9,
)  # fmt: skip


def slowly(rows: list[dict]) -> dict[str, dict]:
    """The same, statement by statement."""
    found: dict[str, dict] = {}
    for _, row in sorted(
        enumerate(rows, 1),
        key=lambda n: (
            -(2**62) if n[1]["said_us"] is None else n[1]["said_us"],
            2 if n[1]["cancelled"] else 1 if n[1]["state"] == "done" else 0,
            n[1]["delivery"],
            n[0],
        ),
    ):
        one = found.setdefault(row["request"], {"state": None, "done_us": None})
        one |= {k: row[k] for k in ("state", "done_us") if row[k] is not None}
        one["cancelled"] = bool(row["cancelled"])
    return {k: {n: v[n] for n in ("state", "done_us")} for k, v in found.items() if not v["cancelled"]}


@settings(max_examples=40, deadline=None)
@given(statements)
def test_the_fold_of_statements_is_that_of_the_slow_reference(rows):
    con = told(landed_request=[request(**row) for row in rows])

    found = con.execute("SELECT request, state, done_us FROM request").fetchall()
    assert {r: {"state": s, "done_us": d} for r, s, d in found} == slowly(rows)
    con.close()


def stay(record, unit, start, **fields):
    return {
        "patient": "A", "unit": unit, "start_us": start, "end_us": start + HOUR, "end_kind": "recorded",
        "precision": "m", "zone": "UTC", "zone_assumed": False, "flags": 0, "record": record, **fields,
    }  # fmt: skip


def units(con) -> list[str]:
    return [r[0] for r in con.execute("SELECT unit FROM told ORDER BY unit").fetchall()]


def test_a_later_version_of_a_record_replaces_all_rows_of_the_earlier():
    rows = [
        stay("E/1", "ED", 0, said_us=1),
        stay("E/1", "ICU", HOUR, said_us=1),
        stay("E/1", "Ward", 0, said_us=2, delivery="e"),
    ]
    for some in (rows, rows[::-1]):
        con = told(landed=some)
        assert units(con) == ["Ward"]
        assert {r[0] for r in con.execute("SELECT why FROM withdrawn").fetchall()} == {"replaced"}


@pytest.mark.parametrize("deliveries", ["de", "ed"])
@pytest.mark.parametrize("said", [None, 5])
def test_of_two_versions_of_one_time_the_one_that_is_over_holds(deliveries, said):
    early, late = deliveries
    going_on = [
        stay("E/1", "ED", 0, said_us=said, delivery=early),
        stay("E/1", "ICU", HOUR, end_us=None, end_kind="open", said_us=said, delivery=early),
    ]
    over = [stay("E/1", "ED", 0, end_us=2 * HOUR, said_us=said, delivery=late)]

    assert told(landed=[*going_on, *over]).execute("SELECT unit, end_us FROM told").fetchall() == [("ED", 2 * HOUR)]


@pytest.mark.parametrize("deliveries", ["de", "ed"])
def test_of_two_states_of_a_request_of_one_time_the_one_that_is_final_holds(deliveries):
    early, late = deliveries
    rows = [request(state="done", priority="routine", delivery=late), request(state="open", delivery=early)]

    assert only(told(landed_request=rows), "request")["state"] == "done"


@pytest.mark.parametrize("deliveries", ["de", "ed"])
def test_of_two_versions_of_one_time_the_one_that_takes_back_holds(deliveries):
    early, late = deliveries
    con = told(
        landed=[stay("E/1", "ED", 0, delivery=early), taking_back("E/1", delivery=late)],
        landed_request=[request(state="done", delivery=early), request(cancelled=True, delivery=late)],
    )

    assert units(con) == []
    assert con.execute("FROM request").fetchall() == []


def test_the_stays_of_one_version_of_a_record_stand_together():
    assert units(told(landed=[stay("E/1", "ED", 0, said_us=1), stay("E/1", "ICU", HOUR, said_us=1)])) == ["ED", "ICU"]


def test_a_record_entered_in_error_takes_its_stays_back():
    con = told(landed=[stay("E/1", "ED", 0, said_us=1), stay("E/1", "ED", 0, said_us=2, cancelled=True, delivery="e")])

    assert units(con) == []


def taking_back(record, unit=None, **fields):
    return {"patient": "A", "unit": unit, "end_kind": "missing", "record": record, "cancelled": True, **fields}


@pytest.mark.parametrize("unit", [None, "ED"])
def test_what_takes_back_and_names_no_start_is_no_stay(unit):
    con = told(landed=[taking_back("E/1", unit, said_us=2), stay("E/2", "ICU", 0)])

    assert units(con) == ["ICU"]
    assert con.execute("FROM withdrawn").fetchall() == []


def test_a_stay_whose_record_was_taken_back_is_called_cancelled_and_not_replaced():
    con = told(landed=[stay("E/1", "ED", 0, said_us=1), taking_back("E/1", "ED", said_us=2, delivery="e")])

    assert units(con) == []
    assert con.execute("SELECT unit, start_us, why, by_delivery FROM withdrawn").fetchall() == [
        ("ED", 0, "cancelled", "e")
    ]


def test_records_of_two_feeds_do_not_replace_one_another():
    con = told(landed=[stay("E/1", "ED", 0, said_us=1), stay("E/1", "ICU", HOUR, said_us=2, feed="g")])

    assert units(con) == ["ED", "ICU"]


def test_as_of_an_earlier_time_a_live_row_that_came_later_is_not_known():
    rows = [stay(None, "ED", 0, came_us=5), stay(None, "ICU", HOUR, came_us=9)]

    assert units(told(as_of_us=7, landed=rows)) == ["ED"]
    assert units(told(landed=rows)) == ["ED", "ICU"]


def test_a_bed_is_read_as_the_ward_that_holds_it():
    places = {
        "B1": Known("B1", "Bed 1", "R1", "bed", None), "R1": Known("R1", "Room 1", "W7", "room", None),
        "W7": Known("W7", "Ward 7", "H", "ward", "ward"), "H": Known("H", "Hospital", None, "site", None),
    }  # fmt: skip

    assert [unit_of(code, places) for code in ("B1", "R1", "W7", "H", "unknown")] == ["W7", "W7", "W7", "H", "unknown"]
    assert meanings(places, Registry(aliases={"OLD7": "W7"})) == (("B1", "W7"), ("OLD7", "W7"), ("R1", "W7"))


def test_beds_that_hold_each_other_stay_what_they_are():
    places = {"B1": Known("B1", None, "B2", "bed", None), "B2": Known("B2", None, "B1", "bed", None)}

    assert {unit_of("B1", places), unit_of("B2", places)} <= {"B1", "B2"}


def test_the_unit_of_a_mapped_code_stands_in_every_table():
    con = told(
        places=[("BED1", "ICU")],
        landed=[stay(None, "BED1", 0)],
        landed_request=[request(to_unit="BED1", from_unit="ED")],
    )

    assert units(con) == ["ICU"]
    assert only(con, "request")["to_unit"] == "ICU"


# Single visits that move from one number to another


def link(patient, into, visit=None, at=1, kind="merge", row=1):
    return PatientLink(patient, into, kind, at, "f", "d", row, visit=visit)


def test_a_moved_visit_goes_to_the_other_person_and_the_rest_stays():
    found = persons([link("A", "B", "V1")])

    assert found.person == {}
    assert found.visits == {("A", "V1"): "B"}


def test_a_moved_visit_follows_the_later_merge_of_its_new_number():
    assert persons([link("A", "B", "V1"), link("B", "C")]).visits == {("A", "V1"): "C"}


def test_a_visit_that_is_moved_back_comes_home():
    assert persons([link("A", "B", "V1", at=1), link("A", "B", "V1", at=2, kind="unmerge")]).visits == {}


def test_moves_of_a_visit_in_a_circle_end():
    found = persons([link("A", "B", "V1"), link("B", "A", "V1", row=2)])

    assert set(found.visits) == {("A", "V1"), ("B", "V1")}


def test_the_moved_visit_stands_under_its_person_and_says_whence_it_came():
    rows = [stay(None, "ED", 0, visit="V1"), stay(None, "ICU", HOUR, visit="V2"), stay(None, "Ward", 2 * HOUR)]
    con = told(links=[("A", "V1", "B", True)], landed=rows)

    found = con.execute("SELECT unit, patient, source_patient FROM told ORDER BY unit").fetchall()
    assert found == [("ED", "B", "A"), ("ICU", "A", None), ("Ward", "A", None)]


def test_a_visit_that_lives_elsewhere_is_left_out_here():
    rows = [stay(None, "ED", 0, visit="V1"), stay(None, "ICU", HOUR, visit="V2")]

    assert units(told(links=[("A", "V1", "B", False)], landed=rows)) == ["ICU"]


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_visit_moves_changes_nothing(seed):
    chance = random.Random(seed)
    links = [
        link(
            chance.choice("ABC"),
            chance.choice("DEF"),
            chance.choice(["V1", "V2", None]),
            at=chance.choice([1, 2, None]),
            row=i,
        )
        for i in range(8)
    ]

    assert persons(chance.sample(links, len(links))) == persons(links)
