"""Parquet under the usual names of columns: the same rules as tables of text, with the times of its types."""

from __future__ import annotations

import datetime as dt
import gzip
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
from tests.intake.known import Landed, us

TEN = dt.datetime(2024, 1, 31, 10, 0)


def write(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def stays(path, *, start=None, patient=("a",), end=None, **more):
    start = pa.array([TEN] * len(patient), pa.timestamp("us")) if start is None else start
    end = pa.array([TEN + dt.timedelta(hours=1)] * len(patient), pa.timestamp("us")) if end is None else end
    return write(path, Patient_ID=list(patient), Ward=["W"] * len(patient), start=start, end=end, **more)


def test_a_local_time_is_read_by_the_zone_of_the_profile(tmp_path):
    one = Landed(stays(tmp_path / "x.parquet"), format="parquet", profile=Profile(zone="America/New_York"))

    assert one.rows("landed", "patient, unit, start_us, end_us, end_kind, precision") == [
        ("a", "W", us("2024-01-31 15:00"), us("2024-01-31 16:00"), "recorded", "m")
    ]


def test_a_time_with_a_zone_keeps_its_instant(tmp_path):
    start = pa.array([TEN.replace(tzinfo=dt.UTC)], pa.timestamp("us", tz="Asia/Tokyo"))
    one = Landed(
        stays(tmp_path / "x.parquet", start=start, end=pa.array([None], pa.timestamp("us"))),
        format="parquet", profile=Profile(zone="America/New_York"),
    )  # fmt: skip

    assert one.rows("landed", "start_us, end_kind, zone_assumed") == [(us("2024-01-31 10:00"), "missing", False)]


def test_days_and_nanoseconds_and_whole_numbers_with_gaps_are_read(tmp_path):
    one = Landed(
        stays(
            tmp_path / "x.parquet", patient=(1.0, 2.0), start=pa.array([TEN.date()] * 2, pa.date32()),
            end=pa.array([TEN + dt.timedelta(days=1)] * 2, pa.timestamp("ns")), visit=pa.array([10.0, None]),
        ),
        format="parquet",
    )  # fmt: skip

    assert one.rows("landed", "patient, visit, precision") == [("1", "10", "d"), ("2", None, "d")]


def test_text_in_a_column_may_hold_anything_that_separates_text(tmp_path):
    patients = ('a"b', "a,b", "a\nb", "a;b", "\u00e9")
    one = Landed(stays(tmp_path / "x.parquet", patient=patients), format="parquet")

    assert {p for (p,) in one.rows("landed", "patient")} == set(patients)


@pytest.mark.slow
@given(rows=st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1, max_size=40))
def test_faulty_rows_are_set_aside_under_their_true_number(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("parquet") / "x.parquet"
    ends = [TEN + dt.timedelta(hours=hours) for _, hours in rows]
    stays(path, patient=["a" if named else None for named, _ in rows], end=pa.array(ends, pa.timestamp("us")))
    wrong = [
        (n, "patient_empty" if not named else "end_before_start")
        for n, (named, hours) in enumerate(rows, 1)
        if not named or hours < 0
    ]
    if len(wrong) == len(rows):
        with pytest.raises(CannotDo, match="can"):
            Landed(path, format="parquet")
        return

    one = Landed(path, format="parquet")

    assert [(n, rule) for n, _, rule in one.rejected()] == wrong


def test_events_and_links_are_read_too(tmp_path):
    events = Landed(write(tmp_path / "e.parquet", case=["a"], activity=["triage"], time=[TEN]), format="parquet")
    links = Landed(
        write(tmp_path / "l.parquet", old_mrn=["a"], new_mrn=["b"], merged_at=[TEN], kind=["merge"]), format="parquet"
    )

    assert events.rows("landed", "patient, unit, end_kind") == [("a", "triage", "inferred")]
    assert links.report.kind == "links"
    assert links.rows("linked", "patient, merged_into") == [("a", "b")]


def test_packed_it_is_the_same(tmp_path):
    plain = stays(tmp_path / "x.parquet", patient=("a", "b"))
    (tmp_path / "x.gz").write_bytes(gzip.compress(plain.read_bytes()))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(plain, "one.parquet")
        archive.writestr("two.csv", "patient,unit,start,end\nc,W,2024-01-31 10:00,2024-01-31 11:00\n")

    whole, packed, several = (
        Landed(tmp_path / name, format="parquet") for name in ("x.parquet", "x.gz", "x.zip")
    )  # fmt: skip

    assert whole.rows("landed", "*") == packed.rows("landed", "*")
    assert several.rows("landed", 'patient, "row"') == [("a", 1), ("b", 2), ("c", 3)]


def test_the_columns_of_the_report_have_the_types_of_the_file(tmp_path):
    one = Landed(stays(tmp_path / "x.parquet", beds=[1], sure=[True]), format="parquet")

    assert one.report.columns == (
        ("Patient_ID", "text"), ("Ward", "text"), ("start", "time"), ("end", "time"), ("beds", "number"),
        ("sure", "flag"),
    )  # fmt: skip


def test_a_profile_that_speaks_of_text_does_no_harm(tmp_path):
    one = Landed(
        stays(tmp_path / "x.parquet"), format="parquet", profile=Profile(separator="semicolon", encoding="latin-1")
    )

    assert (one.report.profile.separator, one.report.profile.encoding) == ("semicolon", "latin-1")
    assert one.report.landed == 1


def test_what_is_missing_is_said_by_name(tmp_path):
    path = write(tmp_path / "x.parquet", patient=["a"], start=[TEN])

    with pytest.raises(CannotDo, match="no column for the unit"):
        open_delivery(path).guess(path, name="x.parquet")


def test_a_table_without_rows_is_refused(tmp_path):
    path = stays(tmp_path / "x.parquet", patient=())

    with pytest.raises(CannotDo, match="has a header and no rows"):
        Landed(path, format="parquet")


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_file_is_refused(tmp_path, at):
    path = stays(tmp_path / "x.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * at)])

    with pytest.raises(Unreadable, match="damaged"):
        open_delivery(path)


def test_a_file_that_is_damaged_inside_is_refused_and_leaves_nothing(tmp_path):
    path = stays(tmp_path / "x.parquet")
    whole = bytearray(path.read_bytes())
    whole[4:100] = b"\xff" * 96
    path.write_bytes(whole)
    con = connect()

    with pytest.raises(Unreadable, match="damaged"):
        open_delivery(path).land(con, path, Profile(), feed="o", delivery="d", name="x.parquet")

    assert made(con) == []
