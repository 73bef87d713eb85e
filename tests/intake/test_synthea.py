"""Tables of Synthea: what their rows become, and what becomes of rows that are wrong."""

from __future__ import annotations

import pytest

from knitwork.intake.formats import open_delivery
from knitwork.intake.landing import made
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect
from knitwork.model.errors import CannotDo
from tests.intake.known import Landed, us, written

ENCOUNTERS = (
    "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,"
    "TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION\n"
)
ORGANIZATIONS = "Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON,PHONE,REVENUE,UTILIZATION\n"


def encounter(number="e1", start="2023-01-27T16:17:47Z", stop="2023-01-27T16:32:47Z", patient="p1", cost="90.5"):
    return f"{number},{start},{stop},{patient},o1,d1,y,emergency,1,Some,77,{cost},0,,\n"


@pytest.fixture
def land(tmp_path):
    def landed(*tables: str, profile=None, name="some.csv"):
        return Landed(written(tmp_path, *tables, name=name), format="synthea", profile=profile)

    return landed


def test_an_encounter_is_a_stay_in_a_part_of_an_organisation(land):
    one = land(ENCOUNTERS + encounter())

    assert one.rows("landed", "patient, unit, start_us, end_us, record, precision, zone_assumed") == [
        ("p1", "o1:emergency", us("2023-01-27 16:17:47"), us("2023-01-27 16:32:47"), "encounter/e1", "s", False)
    ]
    assert one.rows("landed_duty", "staff, role") == [("d1", "attending")]
    assert one.rows("landed_fact", "kind, code, value, value_unit") == [("cost", "total_claim_cost", 90.5, "USD")]
    assert one.rows("landed_place", "place, parent, kind, name") == [("o1:emergency", "o1", "ed", None)]


def test_organisations_name_the_units_that_encounters_speak_of(land):
    one = land(ORGANIZATIONS + "o1,STURDY HOSPITAL,x,y,MA,1,1,1,5,0,46\n")

    names = dict(one.rows("landed_place", "place, name"))
    assert names["o1"] == "STURDY HOSPITAL"
    assert names["o1:emergency"] == "STURDY HOSPITAL, emergency"
    assert one.report.kind == "records"


def test_a_place_has_one_row_however_many_encounters_there_are(land):
    one = land(ENCOUNTERS + encounter("e1") + encounter("e2") + encounter("e3"))

    assert one.report.tables["landed_place"] == 1


def test_conditions_and_observations_are_facts_of_their_encounter(land):
    conditions = land("START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n2023-01-27,,p1,e1,195662009,Viral\n")
    observations = land(
        "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n"
        "2023-10-10T04:17:47Z,p1,e1,laboratory,8302-2,Height,127.9,cm,numeric\n"
        "2023-10-10T04:17:47Z,p1,e1,survey,72166-2,Smoking,Never smoker,,text\n",
        name="o.csv",
    )

    assert conditions.rows("landed_fact", "kind, code, code_system, visit, precision") == [
        ("diagnosis", "195662009", "SNOMED-CT", "e1", "d")
    ]
    assert observations.rows("landed_fact", "kind, value, value_unit, value_code") == [
        ("lab", 127.9, "cm", None),
        ("prom", None, None, "Never smoker"),
    ]


def test_rows_that_say_the_same_twice_stay_two(land):
    row = "2023-10-10T04:17:47Z,p1,e1,survey,1,A,1,x,numeric\n"
    one = land("DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n" + row + row)

    assert one.con.execute("SELECT count(DISTINCT fact) FROM landed_fact").fetchall() == [(2,)]


def test_procedures_are_told_from_conditions_though_they_have_all_their_columns(land):
    one = land(
        "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION\n"
        "2023-10-10T04:17:47Z,2023-10-10T04:32:47Z,p1,e1,430193006,Med rec,735.40,,\n"
    )

    assert one.rows("landed_event", "type, code, at_us") == [("procedure", "430193006", us("2023-10-10 04:17:47"))]


def test_charges_and_payments_are_costs_and_the_moving_of_debts_is_ignored(land):
    header = (
        "ID,CLAIMID,CHARGEID,PATIENTID,TYPE,AMOUNT,METHOD,FROMDATE,TODATE,PLACEOFSERVICE,PROCEDURECODE,PAYMENTS,"
        "ADJUSTMENTS,TRANSFERS,OUTSTANDING,APPOINTMENTID\n"
    )
    rows = [f"{n},c,0,p1,{type_},{amount},,2023-01-27T16:17:47Z,,o,1,{paid},,,,e1\n" for n, type_, amount, paid in
            (("1", "CHARGE", "77.5", ""), ("2", "PAYMENT", "", "70"), ("3", "TRANSFEROUT", "7.5", ""))]  # fmt: skip
    one = land(header + "".join(rows))

    assert one.rows("landed_fact", "code, value") == [("charge", 77.5), ("payment", 70.0)]
    assert one.report.ignored == 1
    assert any("1 row is not taken" in note for note in one.report.notes)


def test_every_kind_of_wrong_row_is_set_aside_under_its_number(land):
    one = land(
        ENCOUNTERS + encounter("e1") + encounter("e2", patient="") + encounter("e3", start="soon")
        + encounter("e4", stop="2023-01-26T16:32:47Z") + encounter("e5", cost="much") + "e6,\n" + encounter("")
        + encounter("e8", stop="")
    )  # fmt: skip

    assert one.rejected() == [
        (2, "patient", "patient_empty"), (3, "start", "start_unreadable"), (4, "end", "end_before_start"),
        (5, "total_claim_cost", "value_unreadable"), (6, "row", "ragged"), (7, "number", "number_empty"),
    ]  # fmt: skip
    assert one.rows("landed", "record, end_kind") == [("encounter/e1", "recorded"), ("encounter/e8", "missing")]


def test_a_row_that_does_not_fit_is_told_of_without_what_stands_in_it(land):
    header = "Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,RACE,GENDER\n"
    one = land(header + "p1,2014-10-06,2020-01-01,999,Ada,Smith,white,F\np2,1950-01-01,2020-01-01,999,Ben\n")

    ((message,),) = one.con.execute("SELECT message FROM rejected").fetchall()
    assert message == "the row has 5 columns and the header has 8"


def test_a_zip_lands_all_its_tables_and_counts_what_is_not_read(land):
    one = land(
        ENCOUNTERS + encounter(), ORGANIZATIONS + "o1,H,x,y,MA,1,1,1,5,0,46\n",
        "Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS\nd1,o1,Dr Who,F,GP,x\n",
    )  # fmt: skip

    assert (one.report.rows, one.report.landed, one.report.ignored) == (3, 2, 1)
    assert not any("Who" in note for note in one.report.notes)


@pytest.mark.parametrize("text", [ENCOUNTERS, "Id,ORGANIZATION,NAME,GENDER,SPECIALITY\nd1,o1,Dr Who,F,GP\n"])
def test_a_table_of_which_nothing_comes_is_refused_without_its_values(tmp_path, text):
    path, con = written(tmp_path, text), connect()

    with pytest.raises(CannotDo) as fault:
        open_delivery(path).land(con, path, Profile(), feed="s", delivery="d", name="some.csv")

    assert "Who" not in str(fault.value)
    assert made(con) == []
