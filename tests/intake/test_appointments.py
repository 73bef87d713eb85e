"""A list of appointments: the day and the time of day in two columns, and a clinic."""

from __future__ import annotations

import pytest

APPOINTMENTS = (
    "patient,date,time,clinic\nM1,04/05/2026,08:20,Dr Odell\nM2,25/05/2026,9:00,Dr Odell\nM3,26/05/2026,,Dr Marsh\n"
)


def test_an_appointment_list_has_its_day_and_its_time_of_day_in_two_columns(landing):
    landed = landing(APPOINTMENTS, zone="Europe/London")

    assert [start for start, _end in landed.times()] == [
        "2026-05-04 07:20:00",
        "2026-05-25 08:00:00",
        "2026-05-25 23:00:00",
    ]
    assert "the start was read from 'date' and 'time' together" in landed.report.notes
    assert (landed.report.profile.start, landed.report.profile.clock) == ("date", "time")


@pytest.mark.parametrize(
    ("header", "row", "start"),
    [
        ("patient,unit,start_date,start_time", "A,W,2026-05-04,08:20", "2026-05-04 08:20:00"),
        # the "time" of many exports is the whole moment, and stands beside the day
        ("patient,unit,start_date,start_time", "A,W,2026-05-04,2026-05-04 08:20:00", "2026-05-04 08:20:00"),
        ("patient,unit,Appointment Date,Appointment Time", "A,W,5/14/2026,8:20 AM", "2026-05-14 08:20:00"),
        # a column that is named for the start wins, and stays alone
        ("patient,unit,start,date,time", "A,W,2026-05-04 08:20,1999-01-01,23:59", "2026-05-04 08:20:00"),
        ("patient,unit,date", "A,W,2026-05-04", "2026-05-04 00:00:00"),
        ("patient,unit,time", "A,W,2026-05-04 08:20", "2026-05-04 08:20:00"),
    ],
)
def test_a_day_and_a_time_of_day_are_one_start_only_where_no_other_is_named(landing, header, row, start):
    assert landing(f"{header}\n{row}\n").times()[0][0] == start


def test_a_profile_may_name_the_column_of_the_time_of_day(landing):
    landed = landing("patient,unit,dag,uur\nA,W,2026-05-04,08:20\n", start="dag", clock="uur")

    assert landed.times()[0][0] == "2026-05-04 08:20:00"
