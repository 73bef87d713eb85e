"""Instants by arithmetic are those of the calendar that knows every zone."""

from __future__ import annotations

import pytest

from knitwork.intake.formats.csv.read import land
from knitwork.intake.formats.csv.zones import instant, quick_instant
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect

# Rules that never changed, that changed in 2007, in 2011 and 2014, by half an hour, by the moon, over new year, not at all.
ZONES = (
    "Europe/Amsterdam", "Europe/London", "America/New_York", "America/Los_Angeles", "Europe/Moscow", "Asia/Kolkata",
    "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Auckland", "America/Santiago", "Australia/Sydney", "Asia/Tokyo",
    "America/St_Johns", "Pacific/Apia", "UTC",
)  # fmt: skip
EVERY = """SELECT at_local FROM (
    SELECT unnest(range(TIMESTAMP '1960-01-01', TIMESTAMP '2060-01-01', INTERVAL '5 hours 59 minutes')) AS at_local
    UNION ALL SELECT unnest(range(TIMESTAMP '2205-01-01', TIMESTAMP '2215-01-01', INTERVAL '5 hours 59 minutes'))
    UNION ALL SELECT NULL)"""


@pytest.mark.parametrize("zone", ZONES)
def test_arithmetic_gives_the_instants_of_the_calendar(zone):
    con = connect()

    wrong = con.execute(
        f"""SELECT count(*), min(at_local) FROM ({EVERY})
        WHERE {quick_instant("at_local", zone)} IS DISTINCT FROM {instant("at_local", zone)}"""
    ).fetchall()[0]

    assert wrong == (0, None)


def test_arithmetic_is_what_is_used_in_a_usual_year():
    con = connect()
    quick = quick_instant("at_local", "Europe/Amsterdam").replace(
        "epoch_us(TRY(timezone('Europe/Amsterdam', at_local)))", "NULL"
    )

    days = con.execute(
        f"""SELECT count(*) FILTER ({quick} IS NULL) FROM (SELECT unnest(range(
        TIMESTAMP '2024-01-01 12:00', TIMESTAMP '2025-01-01', INTERVAL '1 day')) AS at_local)"""
    ).fetchall()[0][0]

    assert 2 <= days <= 30


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Amsterdam", "UTC"])
@pytest.mark.parametrize("far", ["294247-01-10T04:00:50", "290309-12-22 (BC)"])
def test_a_time_at_the_end_of_all_times_costs_its_row_alone(tmp_path, zone, far):
    file = tmp_path / "far.csv"
    file.write_text(f"patient,unit,start,end\nA,W,{far},\nB,W,2024-01-10 10:00,{far}\nC,W,2024-01-10 10:00,\n", "utf-8")
    con = connect()

    report = land(con, file, Profile(zone=zone), feed="f", delivery="d" * 64)

    assert report.rows == 3
    assert ("C",) in con.execute("SELECT patient FROM landed").fetchall()
    assert 1 in [row for (row,) in con.execute('SELECT "row" FROM rejected').fetchall()]
