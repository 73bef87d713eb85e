"""How times are written, decided by the whole column."""

from __future__ import annotations

import pytest

from knitwork.model.errors import CannotDo

HEAD = "patient,unit,start,end\n"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2024-01-31", "2024-01-31 00:00:00"),
        ("2024-01-31T14:05", "2024-01-31 14:05:00"),
        ("2024-01-31 14:05:06.25", "2024-01-31 14:05:06.250000"),
        ("2024-01-31T14:05:06Z", "2024-01-31 14:05:06"),
        ("2024-01-31T14:05:06+02:00", "2024-01-31 12:05:06"),
        ("2024-01-31T14:05:06+0200", "2024-01-31 12:05:06"),
        ("2024-01-31 14:05:06-05", "2024-01-31 19:05:06"),
        ("2024-01-31T14:05:06+14:00", "2024-01-31 00:05:06"),
        ("2024-01-31 24:00:00", "2024-02-01 00:00:00"),  # the end of a day is the beginning of the next
        ("2024/01/31 14:05", "2024-01-31 14:05:00"),
        ("2024.01.31 14:05", "2024-01-31 14:05:00"),
        ("31/01/2024 14:05", "2024-01-31 14:05:00"),
        ("31-01-2024 14:05:06", "2024-01-31 14:05:06"),
        ("31.01.2024", "2024-01-31 00:00:00"),
        ("31/01/24 14:05", "2024-01-31 14:05:00"),
        ("31/1/2024 9:05 pm", "2024-01-31 21:05:00"),
        ("01/31/2024 12:05:00 AM", "2024-01-31 00:05:00"),
        ("1/31/24 9:05PM", "2024-01-31 21:05:00"),
        ("20240131", "2024-01-31 00:00:00"),
        ("202401311405", "2024-01-31 14:05:00"),
        ("20240131140506", "2024-01-31 14:05:06"),
        ("31-JAN-2024 14:05", "2024-01-31 14:05:00"),
        ("31 January 2024", "2024-01-31 00:00:00"),
        ("  2024-01-31 14:05\t", "2024-01-31 14:05:00"),
    ],
)
def test_one_way_of_writing_a_time_is_one_moment(landing, start, expected):
    rows = landing(f"{HEAD}P1,A,{start},\n")

    assert rows.times() == [(expected, None)]


def test_one_value_over_twelve_decides_the_column(landing):
    rows = landing(f"{HEAD}P1,A,01/02/2024 10:00,01/02/2024 11:00\nP2,A,03/02/2024 10:00,13/02/2024 10:00\n")

    assert rows.times()[0][0] == "2024-02-01 10:00:00"
    assert any("day, month, year" in note for note in rows.report.notes)
    assert rows.report.profile.date_order == "dmy"


def test_the_order_that_keeps_starts_before_ends_is_taken_and_said(landing):
    # 02/03 to 01/04 is 2 March to 1 April, or 3 February to 4 January: ten times over.
    rows = landing(HEAD + "".join(f"P{i},A,02/03/2024,01/04/2024\n" for i in range(10)))

    assert rows.times()[0] == ("2024-03-02 00:00:00", "2024-04-01 00:00:00")
    assert any("in 10 more rows the start is then before the end" in note for note in rows.report.notes)


def test_dates_that_could_be_either_are_asked_about_and_not_guessed(landing):
    with pytest.raises(CannotDo, match="set date_order to dmy or mdy"):
        landing(f"{HEAD}P1,A,01/02/2024,01/02/2024\n")


def test_the_profile_decides_where_the_column_cannot(landing):
    assert landing(f"{HEAD}P1,A,01/02/2024,\n", date_order="mdy").times()[0][0] == "2024-01-02 00:00:00"


def test_a_value_that_does_not_fit_the_column_is_set_aside(landing):
    rows = landing(f"{HEAD}P1,A,2024-01-01 10:00,\nP2,A,01/13/2024,\nP3,A,soon,\nP4,A,2024-02-30,\n")

    assert [reject[0] for reject in rows.rejects] == [2, 3, 4]
    assert rows.rejects[1][1:] == ("start", "start_unreadable", "the start soon is not a time; end (empty)")


@pytest.mark.parametrize("word", ["", "NA", "NULL", "NaT", "none", "-", "\\N"])
def test_words_for_no_time_are_a_missing_end(landing, word):
    assert landing(f"{HEAD}P1,A,2024-01-01 10:00,{word}\n").rows[0]["end_kind"] == "missing"


@pytest.mark.parametrize("far", ["9999-12-31", "9999-12-31 23:59:59", "2999-12-31", "2099-12-31 00:00:00"])
def test_a_far_year_means_still_open(landing, far):
    row = landing(f"{HEAD}P1,A,2024-01-01 10:00,{far}\n").rows[0]

    assert (row["end_kind"], row["end_us"]) == ("open", None)


def test_a_shifted_date_on_the_last_day_of_2099_is_a_time_and_not_open(landing):
    row = landing(f"{HEAD}P1,A,2099-12-30 10:00,2099-12-31 14:30\n").rows[0]

    assert row["end_kind"] == "recorded"


@pytest.mark.parametrize("made_up", ["0001-01-01", "1900-01-01 00:00:00", "1753-01-01"])
def test_a_made_up_start_or_end_is_set_aside(landing, made_up):
    rows = landing(f"{HEAD}P0,A,2024-01-01 10:00,\nP1,A,{made_up},\nP2,A,2024-01-01 10:00,{made_up}\n")

    assert [reject[2] for reject in rows.rejects] == ["start_placeholder", "end_placeholder"]


def test_dates_without_a_time_are_marked(landing):
    row = landing(f"{HEAD}P1,A,2024-01-01,2024-01-03\n").rows[0]

    assert row["precision"] == "d"
    assert row["flags"] & 8


def test_a_date_without_a_time_may_end_on_the_day_of_a_timed_start(landing):
    rows = landing(f"{HEAD}P1,A,2024-01-01 14:30,2024-01-01\nP2,A,2024-01-02 14:30,2024-01-01\n")

    assert rows.times() == [("2024-01-01 14:30:00", "2024-01-01 14:30:00")]
    assert rows.rejects[0][2] == "end_before_start"


@pytest.mark.parametrize(("midnights", "precision"), [(2, "m"), (3, "d")])
def test_three_midnights_in_ten_make_a_column_of_dates(landing, midnights, precision):
    lines = [f"P{i},A,2024-01-{i + 1:02} {'00:00:00' if i < midnights else '10:30:00'},\n" for i in range(10)]
    rows = landing(HEAD + "".join(lines))

    assert {row["precision"] for row in rows.rows} == {precision}
    assert any("exactly midnight" in note for note in rows.report.notes) == (precision == "d")


@pytest.mark.parametrize(
    ("zone", "local", "first", "second", "flag"),
    [
        ("Europe/Amsterdam", "2024-03-31 02:30:00", "2024-03-31 01:30:00", None, 1),  # spring: moved forward
        ("Europe/Amsterdam", "2024-10-27 02:30:00", "2024-10-27 00:30:00", "2024-10-27 01:30:00", 2),
        ("America/New_York", "2024-11-03 01:15:00", "2024-11-03 05:15:00", "2024-11-03 06:15:00", 2),
        ("Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06 14:45:00", "2024-04-06 15:15:00", 2),
        ("Europe/Amsterdam", "2024-07-01 12:00:00", "2024-07-01 10:00:00", None, 0),
        ("Asia/Kolkata", "2024-07-01 12:00:00", "2024-07-01 06:30:00", None, 0),
        ("Europe/Amsterdam", "2190-10-31 02:30:00", "2190-10-31 00:30:00", "2190-10-31 01:30:00", 2),
    ],
)
def test_the_two_nights_of_the_clock_change(landing, zone, local, first, second, flag):
    row = landing(f"{HEAD}P1,A,{local},\n", zone=zone)

    assert row.times()[0][0] == first
    assert row.rows[0]["flags"] & 7 == flag
    assert not row.rows[0]["zone_assumed"]
    assert second is None or second > first


def test_an_end_in_the_repeated_hour_comes_after_its_start(landing):
    # 02:50 for the first time, then 02:10: that can only be the second 02:10.
    rows = landing(f"{HEAD}P1,A,2024-10-27 02:50:00,2024-10-27 02:10:00\n", zone="Europe/Amsterdam")

    assert rows.times() == [("2024-10-27 00:50:00", "2024-10-27 01:10:00")]
    assert rows.rows[0]["flags"] & 6 == 6


def test_a_row_with_its_own_offset_needs_no_zone_and_has_no_fold(landing):
    rows = landing(f"{HEAD}P1,A,2024-10-27T02:30:00+01:00,\nP2,A,2024-10-27T02:30:00,\n", zone="Europe/Amsterdam")

    assert [time[0] for time in rows.times()] == ["2024-10-27 01:30:00", "2024-10-27 00:30:00"]
    assert [row["flags"] & 2 for row in rows.rows] == [0, 2]


def test_a_zone_that_nobody_named_is_said_to_be_assumed(landing):
    rows = landing(f"{HEAD}P1,A,2024-01-01 10:00,\nP2,A,2024-01-01T10:00:00Z,\n")

    assert [row["zone_assumed"] for row in rows.rows] == [True, False]
    assert any("UTC was assumed" in note for note in rows.report.notes)


def test_dates_in_the_future_are_a_shifted_calendar(landing):
    rows = landing(f"{HEAD}P1,A,2180-05-06 19:17:00,2201-12-01 10:00:00\n")

    assert rows.report.profile.calendar == "shifted"
    assert any("up to 2201" in note for note in rows.report.notes)


def test_a_calendar_that_the_profile_calls_real_stays_so(landing):
    rows = landing(f"{HEAD}P1,A,2180-05-06 19:17:00,\n", calendar="real")

    assert rows.report.profile.calendar == "real"
