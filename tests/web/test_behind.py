"""The patients behind a point are those that the point counted: every measure, every level, every period."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from knitwork.home import open_home
from knitwork.measures.catalogue import catalogue
from knitwork.model.units import Membership, Registry, Unit
from knitwork.web.pages.measure import point_words

from . import fake_answers

KINDS = {"ED": "ed", "ICU": "icu", "CCU": "ccu", "WARD": "ward", "SURG": "ward", "CLINIC": "clinic", "GP": "practice"}
REGISTRY = Registry(
    units=(
        *(Unit(unit=u, name=u, kind=k, capacity=12 if k in ("ward", "icu") else None) for u, k in KINDS.items()),
        Unit(unit="HOSP", name="Hospital", kind="mesosystem"),
        Unit(unit="OUT", name="Outside", kind="mesosystem"),
        Unit(unit="ALL", name="All of it", kind="macrosystem"),
    ),
    memberships=(
        *(Membership(u, "OUT" if u in ("CLINIC", "GP") else "HOSP") for u in KINDS),
        Membership("HOSP", "ALL"),
        Membership("OUT", "ALL"),
    ),
)
WAYS = (
    ["ED", "WARD"], ["ED", "ICU", "WARD", "ICU", "SURG"], ["ED", "CCU", "WARD"], ["ED"], ["GP"], ["WARD", "SURG", "WARD"],
    ["CLINIC"], ["ED", "SURG"],
)  # fmt: skip


def stays(patients=260):
    """Write sixteen months of stays with returns, follow-ups, open ends, overlaps and unknown departures."""
    rng = random.Random(11)
    lines = ["patient,unit,start,end"]
    for patient in range(patients):
        at = dt.datetime(2025, 1, 2) + dt.timedelta(minutes=rng.randrange(440 * 1440))
        for _visit in range(rng.choice([1, 1, 2, 3])):
            for unit in rng.choice(WAYS):
                end = at + dt.timedelta(minutes=rng.randrange(20, 300 if unit in ("GP", "CLINIC") else 7000))
                known = rng.random() > 0.04
                lines.append(f"P{patient},{unit},{at:%Y-%m-%d %H:%M},{f'{end:%Y-%m-%d %H:%M}' if known else ''}")
                at = end + dt.timedelta(minutes=rng.randrange(-10, 160))
            at += dt.timedelta(minutes=rng.randrange(600, 30 * 1440))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("behind")
    (folder / "stays.csv").write_text(stays(), "utf-8")
    home = open_home(folder / "home")
    home.load([folder / "stays.csv"])
    home.refresh(REGISTRY)
    return home.answers()


def cells_of(answers, measure):
    return answers.rows(
        "SELECT level, unit, period, start_day, numerator, denominator FROM {cell} "
        "WHERE measure = $measure AND stratum = '' AND period IN ('month', 'all')",
        measure=measure.id,
    )


@pytest.mark.parametrize("measure", catalogue(), ids=lambda m: m.id)
def test_the_rows_behind_a_point_are_those_it_counted(answers, measure):
    cells = cells_of(answers, measure)
    assert {cell["level"] for cell in cells} == {"micro", "meso", "macro"}
    chosen = random.Random(measure.id).sample(cells, min(len(cells), 25))

    for cell in chosen:
        where = (measure.id, cell["level"], cell["unit"], cell["period"], cell["start_day"])
        rows = answers.behind(*where, limit=10**9)
        inside = sum(bool(row["in_numerator"]) for row in rows)
        added = sum(row["value"] or 0 for row in rows)
        if measure.fact == "census":
            assert added == cell["numerator"], where
        elif cell["denominator"] is None:
            assert len(rows) == cell["numerator"], where
        elif measure.id == "unaccounted_time_share":
            assert added == cell["numerator"], where
            assert len(rows) == answers.people(measure.id, *where[1:4])[
                0 if cell["period"] == "all" else cell["start_day"]
            ]  # fmt: skip
        else:
            assert len(rows) == cell["denominator"], where
            if cell["numerator"] is not None:
                assert cell["numerator"] == (added if measure.unit.startswith("per ") else inside), where


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"numerator": 12, "denominator": 214, "value": 5.6}, "12 of 214: 5.6%"),
        ({"numerator": None, "denominator": 35, "value": 41.0}, "41%, from 35 values"),
        ({"numerator": 107, "denominator": None, "value": 107.0}, "107%"),
        ({"value": None}, ""),
    ],
)
def test_the_list_repeats_the_numbers_of_its_point(row, said):
    assert point_words(fake_answers.MEASURES["return_rate"], row) == said


def test_the_values_behind_a_point_carry_their_unit(ada):
    page = ada.get("/units/CCU/measures/return_rate/behind/2026-09-01/").content.decode()

    assert '<th scope="col" class="n">How many</th>' in page
    assert '<td class="n">3,600</td>' in page
    assert "Counted: stays that count. Out of: all stays." in page
