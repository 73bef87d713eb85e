"""Tables of MIMIC-III and MIMIC-IV: what their rows become, and what becomes of rows that are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knitwork.intake.formats import open_delivery
from knitwork.intake.landing import made
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect
from knitwork.model.errors import CannotDo
from tests.intake.known import Landed, us, written

TRANSFERS = "subject_id,hadm_id,transfer_id,eventtype,careunit,intime,outtime"
ADMISSIONS = (
    "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admission_location,discharge_location,"
    "edregtime,edouttime,hospital_expire_flag"
)


@pytest.fixture
def land(tmp_path):
    def landed(*tables: str, profile=None, name="some.csv"):
        return Landed(written(tmp_path, *tables, name=name), format="mimic", profile=profile)

    return landed


def test_a_transfer_is_a_stay_and_a_discharge_an_event(land):
    one = land(
        f"{TRANSFERS}\n7,70,700,ED,Emergency Department,2180-05-06 19:17:00,2180-05-06 23:30:00\n"
        "7,70,701,admit,Medicine,2180-05-06 23:30:00,2180-05-07 17:21:27\n7,70,702,discharge,,2180-05-07 17:21:27,\n"
    )

    assert one.rows("landed", "unit, visit, record, start_us, end_us, end_kind") == [
        ("Emergency Department", "70", "transfer/700", us("2180-05-06 19:17"), us("2180-05-06 23:30"), "recorded"),
        ("Medicine", "70", "transfer/701", us("2180-05-06 23:30"), us("2180-05-07 17:21:27"), "recorded"),
    ]
    assert one.rows("landed_event", "event, type, at_us, unit") == [
        ("admission/70/discharge", "discharge", us("2180-05-07 17:21:27"), None)
    ]
    assert (one.report.rows, one.report.landed, one.report.rejected, one.report.ignored) == (3, 3, 0, 0)
    assert one.report.profile.calendar == "shifted"
    assert dict(one.report.tables) == {"landed": 2, "landed_event": 1}


def test_a_transfer_without_a_unit_that_is_no_discharge_is_set_aside(land):
    one = land(
        f"{TRANSFERS}\n7,70,700,admit,,2180-05-06 19:17:00,2180-05-06 23:30:00\n"
        "7,70,701,transfer,A,2180-05-06 23:30:00,\n"
    )

    assert one.rejected() == [(1, "unit", "unit_empty")]
    assert one.rows("landed", "unit, end_kind") == [("A", "missing")]


def test_headers_of_mimic_three_in_capitals_and_its_numbered_wards_are_read(land):
    one = land(
        '"ROW_ID","SUBJECT_ID","HADM_ID","ICUSTAY_ID","DBSOURCE","EVENTTYPE","PREV_CAREUNIT","CURR_CAREUNIT",'
        '"PREV_WARDID","CURR_WARDID","INTIME","OUTTIME","LOS"\n'
        '657,111,192123,254245,"carevue","transfer","CCU","MICU",7,23,2142-04-29 15:27:11,2142-05-04 20:38:33,125.19\n'
        '658,111,192123,,"carevue","transfer","MICU","",23,45,2142-05-04 20:38:33,2142-05-05 11:46:32,15.13\n'
        '659,111,192123,,"carevue","discharge","","",45,,2142-05-05 11:46:32,,\n'
    )

    assert one.rows("landed", "unit, record") == [("MICU", "transfer/657"), ("Ward 45", "transfer/658")]
    assert one.report.tables["landed_event"] == 1


def test_an_admission_tells_its_events_and_survives_a_death_after_the_discharge(land):
    one = land(
        f"{ADMISSIONS}\n7,70,2180-05-06 22:23:00,2180-05-07 17:15:00,2180-05-08 01:00:00,URGENT,PHYSICIAN REFERRAL,DIED,"
        "2180-05-06 19:17:00,2180-05-06 23:30:00,1\n8,80,2180-05-06 22:23:00,2180-05-07 17:15:00,,URGENT,X,DIED,,,1\n"
    )

    assert one.rows("landed_event", "type, visit, at_us, code, unit")[:3] == [
        ("admit", "70", us("2180-05-06 22:23"), "PHYSICIAN REFERRAL", None),
        ("admit", "80", us("2180-05-06 22:23"), "X", None),
        ("arrive", "70", us("2180-05-06 19:17"), None, "Emergency Department"),
    ]
    assert one.report.tables == {"landed_event": 7}
    assert "admissions: 1 row has a death after the discharge: both are kept" in one.report.notes
    assert "admissions: 1 row says that the patient died, and not when" in one.report.notes


def test_one_death_has_one_name_in_both_tables_and_the_time_of_day_wins(land):
    exact = land(f"{ADMISSIONS}\n7,70,2180-05-06 22:23:00,2180-05-08 02:00:00,2180-05-08 01:00:00,U,X,DIED,,,1\n")
    date = land(
        "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n7,F,50,2180,x,2180-05-08\n", name="p.csv"
    )

    ((name, said, precision),) = exact.con.execute(
        "SELECT event, said_us, precision FROM landed_event WHERE type = 'death'"
    ).fetchall()
    assert date.rows("landed_event", "event, said_us, precision") == [(name, None, "d")]
    assert (said, precision) == (us("2180-05-08 02:00"), "m")
    assert "7" not in name.split("/")


ICU = (
    "subject_id,hadm_id,stay_id,first_careunit,last_careunit,intime,outtime,los\n"
    "7,70,39,MICU,SICU,2180-05-06 01:00:00,2180-05-07 01:00:00,1\n"
)


def test_stays_in_intensive_care_are_events_so_that_transfers_are_not_doubled(land):
    one = land(ICU)

    assert "landed" not in made(one.con)
    assert one.rows("landed_event", "type, unit") == [("icu_in", "MICU"), ("icu_out", "SICU")]
    assert one.report.kind == "records"


def test_stays_in_intensive_care_are_stays_when_the_profile_names_their_unit(land):
    one = land(ICU, profile=Profile(unit="first_careunit"))

    assert one.rows("landed", "unit, record") == [("MICU", "icustay/39")]
    assert one.report.kind == "stays"


def test_a_service_lasts_until_the_next_one(land):
    one = land(
        "subject_id,hadm_id,transfertime,prev_service,curr_service\n7,70,2180-05-07 01:00:00,MED,SURG\n"
        "7,70,2180-05-06 01:00:00,,MED\n8,80,2180-05-06 01:00:00,,MED\n"
    )

    assert one.rows("landed_duty", "patient, staff, role, start_us, end_us") == [
        ("7", "MED", "service", us("2180-05-06 01:00"), us("2180-05-07 01:00")),
        ("7", "SURG", "service", us("2180-05-07 01:00"), None),
        ("8", "MED", "service", us("2180-05-06 01:00"), None),
    ]


LABS = (
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,valuenum,valueuom,"
    "ref_range_lower,ref_range_upper,flag,priority,comments\n"
)


def test_a_specimen_is_one_request_that_is_reported_with_its_last_result(land):
    one = land(
        f"{LABS}1,7,70,5,51,,2180-05-06 01:00:00,2180-05-06 02:00:00,15.4,15.4,%,1,2,,STAT,\n"
        '2,7,70,5,52,,2180-05-06 01:00:00,2180-05-06 03:00:00,"___, see",,,,,abnormal,STAT,"a, b"\n'
        "3,7,70,6,52,,2180-05-06 01:00:00,,,,,,,,STAT,\n"
    )

    assert one.rows("landed_request", "request, requested_us, reported_us, state") == [
        ("specimen/5", us("2180-05-06 01:00"), us("2180-05-06 03:00"), "done"),
        ("specimen/6", us("2180-05-06 01:00"), None, "open"),
    ]
    assert one.rows("landed_fact", "fact, code, value, value_unit, value_code") == [
        ("labevent/1", "51", 15.4, "%", None),
        ("labevent/2", "52", None, None, "abnormal"),
        ("labevent/3", "52", None, None, None),
    ]


def test_every_kind_of_wrong_row_is_set_aside_under_its_number(land):
    good = "1,7,70,5,51,,2180-05-06 01:00:00,,15.4,15.4,%,1,2,,STAT,\n"
    one = land(
        f"{LABS}{good}"
        "2,,70,5,51,,2180-05-06 01:00:00,,15.4,15.4,%,1,2,,STAT,\n"
        "3,7,70,5,51,,2180-05-06 01:00:00,,15.4,high,%,1,2,,STAT,\n"
        "4,7,70\n"
        "5,7,70,5,51,,6 May,,15.4,15.4,%,1,2,,STAT,\n"
        "6,7,70,5,51,,1900-01-01 00:00:00,,15.4,15.4,%,1,2,,STAT,\n"
        f"{good.replace('1,7', '7,7', 1)}"
    )

    assert one.rejected() == [
        (2, "patient", "patient_empty"),
        (3, "valuenum", "value_unreadable"),
        (4, "row", "ragged"),
        (5, "charttime", "time_unreadable"),
        (6, "charttime", "time_placeholder"),
    ]
    assert (one.report.rows, one.report.landed, one.report.rejected) == (7, 2, 5)
    assert [row[0] for row in one.rows("landed_fact", '"row"')] == [1, 7]


def test_a_bed_that_was_called_for_is_a_request_with_its_times(land):
    one = land(
        "ROW_ID,SUBJECT_ID,HADM_ID,SUBMIT_WARDID,SUBMIT_CAREUNIT,CURR_WARDID,CURR_CAREUNIT,CALLOUT_WARDID,CALLOUT_SERVICE,"
        "CALLOUT_STATUS,CALLOUT_OUTCOME,DISCHARGE_WARDID,ACKNOWLEDGE_STATUS,CREATETIME,UPDATETIME,ACKNOWLEDGETIME,"
        "OUTCOMETIME,FIRSTRESERVATIONTIME,CURRENTRESERVATIONTIME\n"
        "402,7,70,52,,52,MICU,55,MED,Inactive,Discharged,55,Acknowledged,2146-06-05 09:00:00,2146-06-05 16:00:00,"
        "2146-06-05 09:30:00,2146-06-05 18:00:00,2146-06-05 12:00:00,\n"
        "403,7,70,52,,52,MICU,1,MED,Inactive,Cancelled,,Revised,2146-06-05 09:00:00,2146-06-05 16:00:00,,"
        "2146-06-05 18:00:00,,\n"
    )

    assert one.rows("landed_request", "request, kind, from_unit, to_unit, accepted_us, scheduled_us, done_us, state") == [
        ("callout/402", "transfer", "MICU", "Ward 55", us("2146-06-05 09:30"), us("2146-06-05 12:00"),
         us("2146-06-05 18:00"), "done"),
        ("callout/403", "transfer", "MICU", None, None, None, None, "cancelled"),
    ]  # fmt: skip


POE = (
    "poe_id,poe_seq,subject_id,hadm_id,ordertime,order_type,order_subtype,transaction_type,discontinue_of_poe_id,"
    "discontinued_by_poe_id,order_provider_id,order_status\n"
)


def test_an_order_that_stops_another_closes_it(land):
    one = land(
        f"{POE}7-1,1,7,70,2180-05-06 01:00:00,Lab,,New,,7-2,P,Inactive\n"
        "7-2,2,7,70,2180-05-06 02:00:00,Lab,,D/C,7-1,,P,Inactive\n"
        "7-3,3,7,70,2180-05-06 03:00:00,Medications,,D/C,7-0,,P,Inactive\n"
    )

    assert one.rows("landed_request", "request, kind, state, requested_us, closed_us") == [
        ("poe/7-0", None, "done", None, us("2180-05-06 03:00")),
        ("poe/7-1", "lab", "open", us("2180-05-06 01:00"), None),
        ("poe/7-1", None, "cancelled", None, us("2180-05-06 02:00")),
    ]


def test_diagnoses_and_procedures_of_mimic_three_are_told_apart_by_their_codes(land):
    header = "ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE\n"
    diagnoses = land(f"{header}1,7,70,1,40301\n2,7,70,2,486\n")
    procedures = land(f"{header}1,7,70,1,3961\n2,7,70,2,966\n", name="b.csv")

    assert diagnoses.rows("landed_fact", "kind, code, rank") == [("diagnosis", "40301", 1), ("diagnosis", "486", 2)]
    assert procedures.rows("landed_fact", "kind, code") == [("procedure", "3961"), ("procedure", "966")]


def test_a_visit_to_the_emergency_department_has_the_record_of_its_transfer(land):
    one = land(
        "subject_id,hadm_id,stay_id,intime,outtime,gender,race,arrival_transport,disposition\n"
        "7,,33,2180-05-06 01:00:00,2180-05-06 05:00:00,F,W,AMBULANCE,HOME\n"
    )

    assert one.rows("landed", "unit, record") == [("Emergency Department", "transfer/33")]
    assert one.rows("landed_event", "type, code") == [("arrive", "AMBULANCE"), ("depart", "HOME")]


def test_a_zip_of_tables_is_one_delivery_whose_rows_are_numbered_on(land):
    one = land(
        f"{TRANSFERS}\n7,70,700,ED,A,2180-05-06 19:17:00,2180-05-06 23:30:00\n7,70,701,ED,A,never,\n",
        "itemid,label,fluid,category\n1,a,b,c\n2,a,b,c\n",
        f"{ADMISSIONS}\n7,70,never,,,U,X,Y,,,0\n8,80,2180-05-06 22:23:00,,,U,X,Y,,,0\n",
        "some,thing\n1,2\n",
    )

    assert one.rejected() == [(2, "intime", "start_unreadable"), (5, "admittime", "time_unreadable")]
    assert [row for (row,) in one.rows("landed_event", '"row"')] == [6]
    assert (one.report.rows, one.report.landed, one.report.rejected, one.report.ignored) == (6, 2, 2, 2)
    assert any("d_labitems: 2 rows are not taken" in note for note in one.report.notes)
    assert any(note.startswith("passed over: some.zip/3.csv") for note in one.report.notes)
    assert ("transfers.careunit", "text") in one.report.columns


def test_local_times_are_read_by_the_zone_of_the_profile(land):
    one = land(
        f"{TRANSFERS}\n7,70,700,ED,A,2025-11-02 00:30:00,2025-11-02 01:30:00\n7,70,701,ED,B,2025-03-09 02:30:00,\n",
        profile=Profile(zone="America/New_York"),
    )

    stays = one.rows("landed", "unit, start_us, end_us, zone_assumed, flags")
    assert stays == [
        ("A", us("2025-11-02 04:30"), us("2025-11-02 05:30"), False, 4),
        ("B", us("2025-03-09 07:30"), None, False, 1),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{TRANSFERS}\n", "has a header and no rows"),
        (f"{TRANSFERS}\n,70,700,ED,A,2180-05-06 19:17:00,\n", "none of its 1 rows can be used"),
        ("itemid,label,fluid,category\n1,a,b,c\n", "of which nothing is read"),
        (f"{TRANSFERS},intime\n7,70,700,ED,A,2180-05-06 19:17:00,,x\n", "'intime' stands twice"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason_and_leaves_nothing(tmp_path, text, why):
    path, con = tmp_path / "x.csv", connect()
    path.write_text(text)
    reader = open_delivery(path)

    with pytest.raises(CannotDo, match=why):
        reader.land(con, path, Profile(), feed="mimic", delivery="d", name="x.csv")

    assert made(con) == []


def test_a_table_without_a_column_that_it_needs_is_not_taken_for_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("subject_id,hadm_id,eventtype,careunit,intime,outtime\n7,70,ED,A,2180-05-06 19:17:00,\n")

    assert open_delivery(path).name == "csv"


def test_the_name_of_a_file_changes_nothing(land):
    text = f"{TRANSFERS}\n7,70,700,ED,A,2180-05-06 19:17:00,2180-05-06 23:30:00\n"
    a, b = land(text, name="transfers.csv"), land(text, name="zzz.txt")

    assert a.rows("landed", "*") == b.rows("landed", "*")
    assert a.report.profile == replace(b.report.profile)
