"""One number is the same wherever it stands: the pages, the wall, both files, the command line, the patients behind it."""

from __future__ import annotations

import csv
import html
import io
import os
import re
import statistics
import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse

from knitwork.measures.catalogue import catalogue
from knitwork.web.accounts.models import Account

pytestmark = pytest.mark.slow

# Divided, medians, higher quantiles, plain counts, censored ones, and those of hand-offs.
MEASURES = (
    "arrivals", "los_median", "los_p90", "gap_median", "gap_over_60", "transfers_per_visit", "units_per_journey",
    "bounce_back_2d", "readmission_30d", "discharge_before_noon",
)  # fmt: skip
QUANTILES = {"median": 0.5, "p90": 0.9}


@pytest.fixture
def client(home, db):
    account = Account(username="ada", role="owner")
    account.set_password("a long enough password")
    account.save()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(account)
    return client


@pytest.fixture(scope="module")
def printed(riverbend):
    """What `knitwork measure` prints: by measure, level and period the rows by unit and first day."""
    kept: dict[tuple[str, str, str], dict[tuple[str, str], dict[str, str]]] = {}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KNITWORK_", "DJANGO_"))}

    def told(measure: str, level: str, period: str):
        if (measure, level, period) not in kept:
            words = [
                "measure",
                measure,
                "--level",
                level,
                "--period",
                period,
                "--format",
                "csv",
                "--home",
                str(riverbend),
            ]
            command = [sys.executable, "-m", "knitwork", *words]
            done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, env=environment)
            rows = csv.DictReader(io.StringIO(done.stdout))
            kept[measure, level, period] = {(r["unit"], r["period"]): r for r in rows if not r["stratum"]}
        return kept[measure, level, period]

    return told


def table(response) -> list[dict[str, str]]:
    assert response.status_code == 200, response
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def number(text: str) -> float | None:
    return float(text) if text else None


def units_of(registry):
    """Three microsystems of different kinds, a hospital, and the whole."""
    found = {"micro": ["RG-CCU", "RG-ED", "RG-MED-A"]}
    for unit in registry.units:
        level = registry.level_of(unit.unit)
        if level != "micro":
            found.setdefault(level, [unit.unit])
    return [(level, unit) for level, units in found.items() for unit in units]


@pytest.mark.parametrize("period", ["month", "week"])
@pytest.mark.parametrize("measure", MEASURES)
def test_the_file_of_a_page_holds_what_the_command_prints(client, printed, riverbend, measure, period):
    from knitwork.home import open_home

    compared = 0
    for level, unit in units_of(open_home(riverbend).answers().registry):
        address = reverse("numbers", kwargs={"code": unit, "measure": measure}) + f"?period={period}"
        rows = table(client.get(address))
        wanted = printed(measure, level, period)
        for row in rows:
            other = wanted.get((unit, row["period"]))
            if other is None:
                assert not number(row["numerator"] or "0"), row
                continue
            compared += 1
            assert (row["level"], row["version"]) == (other["level"], other["version"])
            for column in ("numerator", "denominator", "value"):
                mine, theirs = number(row[column]), number(other[column])
                assert (mine is None) == (theirs is None), (column, row, other)
                assert mine is None or mine == pytest.approx(theirs, rel=1e-8), (column, row, other)
    assert compared > 40


@pytest.mark.parametrize("measure", MEASURES)
def test_the_patients_behind_a_point_make_its_number(client, riverbend, measure):
    from knitwork.home import open_home

    definition = next(m for m in catalogue() if m.id == measure)
    for _level, unit in units_of(open_home(riverbend).answers().registry):
        rows = table(client.get(reverse("numbers", kwargs={"code": unit, "measure": measure}) + "?period=month"))
        for row in rows[-5:-1]:
            where = {"code": unit, "measure": measure, "start": row["period"]}
            behind = table(client.get(reverse("behind-csv", kwargs=where) + "?period=month"))
            if definition.statistic in QUANTILES and behind:
                values = sorted(float(one["value"]) / definition.seconds_in_unit for one in behind)
                if definition.statistic == "median":
                    assert statistics.median(values) == pytest.approx(float(row["value"])), (unit, row)
                assert len(values) == int(row["denominator"])
            elif row["denominator"]:
                assert len(behind) == int(row["denominator"]), (unit, row)
                if row["value"] and float(row["denominator"]) and not definition.unit.startswith("per "):
                    counted = sum(one["counted"] == "yes" for one in behind)
                    assert counted == int(row["numerator"]), (unit, row)
            else:
                assert len(behind) == int(row["numerator"] or 0), (unit, row)


@pytest.mark.parametrize("unit", ["RG-CCU", "RG-ED", "RG-MED-A"])
def test_the_wall_and_the_page_of_a_unit_say_what_the_page_of_the_measure_says(client, unit):
    def said(address: str) -> set[str]:
        page = client.get(address).content.decode()
        return {html.unescape(one) for one in re.findall(r'role="img" aria-label="([^"]+)"', page)}

    wall = client.get(reverse("wall", kwargs={"code": unit})).content.decode()
    cards = re.findall(r'<h3><a href="[^"]*/measures/([a-z0-9_]+)/\?period=month">.*?aria-label="([^"]+)"', wall, re.S)
    assert len(cards) >= 10
    page = said(reverse("understand", kwargs={"code": unit}) + "?period=month&all=charts")
    for measure, sentence in cards:
        assert html.unescape(sentence) in page, measure
        assert html.unescape(sentence) in said(
            reverse("measure", kwargs={"code": unit, "measure": measure}) + "?period=month"
        )
