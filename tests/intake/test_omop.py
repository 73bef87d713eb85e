"""Tables of OMOP as CSV and as Parquet: what their rows become, and what becomes of rows that are wrong."""

from __future__ import annotations

import datetime as dt
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.intake.formats import open_delivery
from knitwork.intake.landing import made
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect
from knitwork.model.errors import CannotDo, Unreadable
from tests.intake.known import Landed, us, written

DETAIL = (
    "visit_detail_id,person_id,visit_detail_concept_id,visit_detail_start_date,visit_detail_start_datetime,"
    "visit_detail_end_date,visit_detail_end_datetime,visit_detail_type_concept_id,provider_id,care_site_id,"
    "visit_occurrence_id\n"
)
VISIT = (
    "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,visit_end_date,"
    "visit_end_datetime,visit_type_concept_id,care_site_id,discharged_to_concept_id\n"
)
TWO = (
    "1,7,9203,2024-01-31,2024-01-31 10:00:00,2024-01-31,2024-01-31 12:30:00,0,5,12,100\n"
    "2,7,9201,2024-01-31,2024-01-31 12:40:00,2024-02-02,2024-02-02 09:00:00,0,0,0,100\n"
)


@pytest.fixture
def land(tmp_path):
    def landed(*tables: str, profile=None, name="some.csv"):
        return Landed(written(tmp_path, *tables, name=name), format="omop", profile=profile)

    return landed


def test_a_visit_detail_is_a_stay_at_its_care_site_or_else_in_its_kind_of_visit(land):
    one = land(DETAIL + TWO)

    assert one.rows("landed", "unit, visit, record, start_us, end_us, precision") == [
        ("care_site/12", "100", "visit_detail/1", us("2024-01-31 10:00"), us("2024-01-31 12:30"), "m"),
        ("visit/9201", "100", "visit_detail/2", us("2024-01-31 12:40"), us("2024-02-02 09:00"), "m"),
    ]
    assert one.rows("landed_place", "place, name, kind") == [("visit/9201", "Inpatient Visit", "ward")]
    assert one.rows("landed_duty", "staff") == [("5",)]


def test_names_of_columns_may_be_in_any_case(land):
    one = land(DETAIL.upper() + TWO)

    assert one.report.tables["landed"] == 2


def test_without_a_time_of_day_there_is_a_date_only(land):
    one = land(
        DETAIL + "1,7,9203,2024-01-31,,2024-02-01,,0,5,12,100\n2,7,9201,2024-02-01,2024-02-01 12:40:00,,,0,0,0,1\n"
    )

    assert one.rows("landed", "record, start_us, precision, end_kind") == [
        ("visit_detail/1", us("2024-01-31"), "d", "recorded"),
        ("visit_detail/2", us("2024-02-01 12:40"), "m", "missing"),
    ]


@given(midnights=st.integers(0, 30), others=st.integers(0, 30))
def test_a_column_of_midnights_is_one_of_dates(tmp_path_factory, midnights, others):
    rows = [
        f"{n},7,9201,2024-01-31,2024-01-31 {'00:00:00' if n < midnights else '10:00:00'},,,0,0,0,{n}\n"
        for n in range(midnights + others)
    ]
    if not rows:
        return
    one = Landed(written(tmp_path_factory.mktemp("omop"), DETAIL + "".join(rows)), format="omop")

    total = midnights + others
    dates = midnights >= 0.3 * total if total >= 10 else midnights == total
    assert {p for (p,) in one.rows("landed", "precision")} == {"d" if dates else "m"}
    assert any("exactly midnight" in note for note in one.report.notes) == dates


def test_visits_alone_are_stays_and_that_is_said(land):
    one = land(VISIT + "100,7,9201,2024-01-31,2024-01-31 12:40:00,2024-02-02,2024-02-02 09:00:00,0,12,8863\n")

    assert one.rows("landed", "unit, visit, record") == [("care_site/12", "100", "visit_occurrence/100")]
    assert any("arrivals, discharges and stays" in note for note in one.report.notes)


def test_visits_beside_their_details_are_arrivals_and_discharges_and_marked_as_whole(land):
    one = land(
        DETAIL + TWO, VISIT + "100,7,9201,2024-01-31,2024-01-31 10:00:00,2024-02-02,2024-02-02 09:00:00,0,12,8863\n"
    )

    assert sorted(one.rows("landed", "record, whole"), key=str) == [
        ("visit_detail/1", None),
        ("visit_detail/2", None),
        ("visit_occurrence/100", True),
    ]
    assert set(one.rows("landed_part", "record")) == {("visit_occurrence/100",)}
    assert one.rows("landed_event", "type, at_us, code, visit") == [
        ("arrive", us("2024-01-31 10:00"), "9201", "100"),
        ("discharge", us("2024-02-02 09:00"), "8863", "100"),
    ]


def test_going_home_is_concept_0_and_no_code(land):
    one = land(DETAIL + TWO, VISIT + "100,7,9201,2024-01-31,,2024-02-02,,0,12,0\n")

    assert one.rows("landed_event", "type, code") == [("arrive", "9201"), ("discharge", None)]


def test_care_sites_are_places_at_locations_of_which_only_the_town_is_read(land):
    sites = land("care_site_id,care_site_name,place_of_service_concept_id,location_id\n12,Ward 5 North,8717,3\n")
    towns = land(
        "location_id,address_1,city,state,zip,county\n3,1 High Street,Lebanon,NH,03756,Grafton\n", name="l.csv"
    )

    assert sites.rows("landed_place", "place, name, parent, kind") == [
        ("care_site/12", "Ward 5 North", "location/3", "ward")
    ]
    assert towns.rows("landed_place", "place, name, form") == [("location/3", "Lebanon", "site")]


def test_clinical_tables_are_facts_with_the_concept_or_else_the_code_of_the_source(land):
    one = land(
        "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_start_datetime,"
        "condition_source_value,visit_occurrence_id\n1,7,372328,2024-01-31,,x,100\n2,7,0,2024-01-31,,I21.9,100\n",
        "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,value_as_number,"
        "value_as_concept_id,unit_source_value,visit_occurrence_id\n"
        "1,7,3025315,2024-01-31,2024-01-31 08:15:00,48.1,0,kg,100\n",
        "observation_id,person_id,observation_concept_id,observation_date,value_as_number\n1,7,40770471,2024-01-31,\n",
        "procedure_occurrence_id,person_id,procedure_concept_id,procedure_date\n1,7,4298386,2024-01-31\n",
    )

    assert one.rows("landed_fact", "fact, kind, code, code_system, value, value_unit, precision") == [
        ("condition_occurrence/1", "diagnosis", "372328", "OMOP", None, None, "d"),
        ("condition_occurrence/2", "diagnosis", "I21.9", "source", None, None, "d"),
        ("measurement/1", "lab", "3025315", "OMOP", 48.1, "kg", "m"),
        ("observation/1", "flag", "40770471", "OMOP", None, None, "d"),
        ("procedure_occurrence/1", "procedure", "4298386", "OMOP", None, None, "d"),
    ]


def test_deaths_notes_and_episodes_are_events_and_messages(land):
    one = land(
        "person_id,death_date,death_datetime,death_type_concept_id,cause_concept_id\n7,2024-01-31,,0,378419\n",
        "note_id,person_id,note_date,note_type_concept_id,note_class_concept_id,note_text,visit_occurrence_id\n"
        '1,7,2024-01-31,44814637,0,"Mr Smith, went\nhome",100\n',
        "episode_id,person_id,episode_concept_id,episode_start_date,episode_end_date\n4,7,32531,2024-01-31,2024-03-01\n",
    )

    assert one.rows("landed_event", "type, at_us, precision, code") == [
        ("death", us("2024-01-31"), "d", "378419"),
        ("episode_end", us("2024-03-01"), "d", "32531"),
        ("episode_start", us("2024-01-31"), "d", "32531"),
    ]
    assert one.rows("landed_message", "message, kind, visit") == [("note/1", "discharge_summary", "100")]
    assert not any("Smith" in note for note in one.report.notes)


def test_a_person_is_born_once_and_on_a_day_that_is_known(land):
    head = "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,race_concept_id\n"

    one = land(
        head + "1,0,1950,2,3,,0\n2,0,1951,,,1951-04-05 06:07:00,0\n3,0,1952,,,,0\n4,0,1900,1,1,,0\n5,0,1953,2,30,,0\n"
    )

    assert one.rows("landed_event", "patient, type, at_us, precision") == [
        ("1", "birth", us("1950-02-03"), "d"), ("2", "birth", us("1951-04-05 06:07"), "d"),
    ]  # fmt: skip
    assert (one.report.landed, one.report.ignored, one.rejected()) == (2, 2, [(5, "born", "time_unreadable")])
    # A birth is long before what a delivery speaks of.
    assert (one.report.first_us, one.report.last_us) == (None, None)
    assert not any("time of day" in note or "zone" in note for note in one.report.notes)


COST = "cost_id,cost_event_id,cost_domain_id,cost_type_concept_id,currency_concept_id,total_charge,total_cost,total_paid{}\n"


def test_a_cost_is_a_fact_where_it_names_a_person_and_is_counted_as_ignored_where_it_does_not(land):
    named = land(COST.format(",person_id") + "1,100,Drug,0,44818668,90,,55,7\n2,100,Drug,0,44818668,9,6,5,\n")
    beside = land(DETAIL + TWO, COST.format("") + "1,100,Visit,0,44818668,90,60,55\n2,5,Drug,0,44818668,9,6,5\n")

    assert named.rows("landed_fact", "patient, code, value, value_unit") == [
        ("7", "total_charge", 90.0, "USD"), ("7", "total_paid", 55.0, "USD"),
    ]  # fmt: skip
    assert (named.report.ignored, beside.report.ignored) == (1, 2)
    assert "cost: 2 rows are not taken: they name no person, or no amount" in beside.report.notes


def test_every_kind_of_wrong_row_is_set_aside_under_its_number(land):
    one = land(
        DETAIL + TWO.split("\n", maxsplit=1)[0] + "\n2,7,9201,soon,,,,0,0,0,100\n3,7,0,2024-01-31,,,,0,0,0,100\n"
        "4,,9201,2024-01-31,,,,0,0,0,100\n5,7,9201,2024-01-31,2024-01-31 10:00:00,,2024-01-30 10:00:00,0,0,0,1\n6,7\n"
        "7,7,9201,1900-01-01,,,,0,0,0,100\n"
    )

    assert one.rejected() == [
        (2, "start", "start_unreadable"), (3, "unit", "unit_empty"), (4, "patient", "patient_empty"),
        (5, "end", "end_before_start"), (6, "row", "ragged"), (7, "start", "start_placeholder"),
    ]  # fmt: skip


def as_parquet(folder, **columns):
    path = folder / "some.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def a_detail(folder, *, start, visit=(100,), ids=(1,)):
    return as_parquet(
        folder,
        VISIT_DETAIL_ID=pa.array(ids),
        person_id=[7] * len(ids),
        visit_detail_concept_id=[9201] * len(ids),
        visit_detail_start_date=[dt.date(2024, 1, 31)] * len(ids),
        visit_detail_start_datetime=start,
        visit_detail_end_date=pa.array([None] * len(ids), pa.date32()),
        visit_occurrence_id=pa.array(visit),
    )


def test_parquet_is_read_by_its_types(tmp_path):
    start = pa.array([dt.datetime(2024, 1, 31, 10, 0), None], pa.timestamp("us"))
    path = a_detail(tmp_path, start=start, visit=(100.0, None), ids=(1, 2))

    one = Landed(path, format="omop", profile=Profile(zone="Europe/Amsterdam"))

    assert one.rows("landed", "record, visit, start_us, precision") == [
        ("visit_detail/1", "100", us("2024-01-31 09:00"), "m"),
        ("visit_detail/2", None, us("2024-01-30 23:00"), "d"),
    ]
    assert ("visit_detail.visit_detail_start_datetime", "time") in one.report.columns


def test_a_parquet_time_with_a_zone_keeps_its_instant(tmp_path):
    moment = dt.datetime(2024, 1, 31, 10, 0, tzinfo=dt.UTC)
    path = a_detail(tmp_path, start=pa.array([moment], pa.timestamp("us", tz="America/New_York")))

    one = Landed(path, format="omop", profile=Profile(zone="Europe/Amsterdam"))

    assert one.rows("landed", "start_us") == [(us("2024-01-31 10:00"),)]


def test_csv_and_parquet_of_one_table_land_alike(tmp_path, land):
    start = pa.array([dt.datetime(2024, 1, 31, 10, 0)], pa.timestamp("us"))
    parquet = Landed(a_detail(tmp_path, start=start), format="omop")
    csv = land(DETAIL + "1,7,9201,2024-01-31,2024-01-31 10:00:00,,,0,,,100\n")

    assert parquet.rows("landed", "*") == csv.rows("landed", "*")


def test_a_zip_may_mix_csv_and_parquet(tmp_path):
    inner = a_detail(tmp_path, start=pa.array([dt.datetime(2024, 1, 31, 10, 0)], pa.timestamp("us")))
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "a.parquet")
        archive.writestr("b.csv", VISIT + "100,7,9201,2024-01-31,,2024-02-02,,0,12,0\n")
        archive.writestr("person.csv", "person_id,gender_concept_id,year_of_birth,race_concept_id\n7,1,1950,1\n")

    one = Landed(path, format="omop")

    assert dict(one.report.tables) == {"landed": 2, "landed_event": 2, "landed_place": 1}
    assert one.report.ignored == 1


@pytest.mark.parametrize("cut", [4, 40, 400, -9, -1])
def test_half_a_parquet_file_is_refused_and_leaves_nothing(tmp_path, cut):
    whole = a_detail(tmp_path, start=pa.array([dt.datetime(2024, 1, 31, 10, 0)], pa.timestamp("us"))).read_bytes()
    path = tmp_path / "half.parquet"
    path.write_bytes(whole[:cut])

    with pytest.raises(CannotDo):
        open_delivery(path)


def test_a_parquet_file_that_is_damaged_inside_is_refused(tmp_path):
    path = a_detail(tmp_path, start=pa.array([dt.datetime(2024, 1, 31, 10, 0)] * 1, pa.timestamp("us")))
    whole = bytearray(path.read_bytes())
    whole[4:120] = b"\xff" * 116
    path.write_bytes(whole)
    con = connect()

    with pytest.raises(Unreadable, match="damaged Parquet"):
        open_delivery(path).land(con, path, Profile(), feed="o", delivery="d", name="x.parquet")

    assert made(con) == []


def test_a_table_of_words_alone_is_refused_with_the_reason(tmp_path):
    path = written(tmp_path, "vocabulary_id,vocabulary_name,vocabulary_concept_id\nx,y,1\n")

    with pytest.raises(CannotDo, match="holds vocabulary of the OMOP common data model, of which nothing is read"):
        open_delivery(path).guess(path, name="v.csv")
