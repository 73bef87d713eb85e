"""Numbers of English trusts, by day and by month, beside counts made in plain Python here."""

from __future__ import annotations

import csv
import datetime as dt

import pytest

from knitwork.intake.formats import Profile, open_delivery
from knitwork.lake.engine import connect

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module", params=["ae_attendances.csv", "sitrep1819.csv", "sitrep1920.csv"])
def opened(request, shared, tmp_path_factory):
    con = connect(memory="300MB", threads=1, spill=tmp_path_factory.mktemp("spill"))
    path = shared / "data" / "nhs-trusts" / request.param
    format = open_delivery(path)
    assert format.name == "unit_facts"
    profile = format.guess(path, name=path.name, profile=Profile())
    report = format.land(con, path, profile, feed="nhs", delivery="d" * 64, name=path.name)
    with path.open(newline="") as lines:
        return request.param, con, report, list(csv.DictReader(lines))


def parts(rows) -> list[dict[str, str]]:
    return [r for r in rows if r.get("Name") != "ENGLAND"]


def test_every_row_is_taken_but_those_of_the_whole_country(opened):
    name, con, report, rows = opened
    national = len(rows) - len(parts(rows))

    assert national == (0 if name.startswith("ae") else 91)
    assert (report.rows, report.landed, report.rejected) == (len(rows), len(rows) - national, national)
    assert con.execute("SELECT count(*) FROM rejected WHERE rule = 'total_row'").fetchone() == (national,)
    assert ("ENGLAND is the sum of the other units: it is not taken beside them" in report.notes) == (national > 0)


def test_every_number_of_every_trust_is_a_fact_once(opened):
    _, con, report, rows = opened
    keys = {"Code", "Name", "Date", "period", "org_code", "type"}
    cells = [(column, cell) for r in parts(rows) for column, cell in r.items() if column not in keys and cell]

    total, n, units = con.execute(
        'SELECT sum(coalesce(num, "value")), count(coalesce(num, "value")), count(DISTINCT unit) FROM landed_unit_fact'
    ).fetchone()

    assert n == len(cells) == report.tables["landed_unit_fact"]
    assert total == pytest.approx(sum(float(cell) for _, cell in cells))
    assert units == len({r.get("Code") or r.get("org_code") for r in parts(rows)})


def test_days_and_months_begin_where_they_do(opened):
    name, con, _, rows = opened
    if name.startswith("ae"):
        days = {dt.date(1970, 1, 1) + dt.timedelta(days=int(float(r["period"]))) for r in rows}
        assert {day.day for day in days} == {1}
    else:
        days = {dt.date.fromisoformat(r["Date"]) for r in rows}

    found = {us for (us,) in con.execute("SELECT DISTINCT at_us FROM landed_unit_fact").fetchall()}

    assert found == {(day - dt.date(1970, 1, 1)).days * 86_400_000_000 for day in days}


def test_breaches_are_counted_of_attendances_and_beds_in_use_of_beds(opened):
    name, con, _, rows = opened
    one, all_, kinds = ("breaches", "attendances", "breaches_type_%") if name.startswith("ae") else (
        "G&A beds occ'd", "G&A Beds Open", "g_a_beds_occd")  # fmt: skip
    both = [r for r in parts(rows) if r[one] and r[all_]]

    found = con.execute(
        "SELECT count(*), sum(num), sum(den) FROM landed_unit_fact WHERE kind LIKE ?", [kinds]
    ).fetchone()

    assert found == (len(both), sum(float(r[one]) for r in both), sum(float(r[all_]) for r in both))
