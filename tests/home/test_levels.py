"""One measure across levels: many units in one question as each alone, and every row that is left out counted."""

from __future__ import annotations

import pytest

from knitwork.home import open_home
from knitwork.home.levels import REASONS
from knitwork.measures.catalogue import catalogue
from tests.web.test_behind import REGISTRY, stays

UNITS = [(REGISTRY.level_of(unit.unit), unit.unit) for unit in REGISTRY.units]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("levels")
    (folder / "stays.csv").write_text(stays(), "utf-8")
    home = open_home(folder / "home")
    home.load([folder / "stays.csv"])
    home.refresh(REGISTRY)
    return home.answers()


@pytest.mark.parametrize("measure", catalogue(), ids=lambda m: m.id)
@pytest.mark.parametrize("period", ["week", "month", "all"])
def test_many_units_at_once_are_each_as_alone(answers, measure, period):
    together = answers.series_of_units(measure.id, UNITS, period)

    for level, code in UNITS:
        alone = answers.series([measure.id], code, level, period).get(measure.id)
        mine = together.get(code)
        assert (alone is None) == (mine is None), code
        for one, other in zip(alone or [], mine or [], strict=True):
            assert {name: other[name] for name in one if name != "measure"} == {
                name: value for name, value in one.items() if name != "measure"
            }


@pytest.mark.parametrize("period", ["week", "month"])
def test_all_measures_of_all_units_at_once_are_those_asked_one_by_one(answers, period):
    measures = [m.id for m in catalogue()]
    together = answers.series_of_all(measures, UNITS, period)

    for level, code in UNITS:
        alone = answers.series(measures, code, level, period)
        mine = together.get(code, {})
        assert {m: rows for m, rows in alone.items() if rows} == {m: rows for m, rows in mine.items() if rows}, code


@pytest.mark.parametrize("period", ["week", "month"])
def test_how_many_stand_behind_all_units_is_what_each_alone_says(answers, period):
    together = answers.people_of_units("unaccounted_time_share", UNITS, period)

    for level, code in UNITS:
        assert together.get(code, {}) == answers.people("unaccounted_time_share", level, code, period), code


@pytest.mark.parametrize("measure", [m for m in catalogue() if m.fact != "census"], ids=lambda m: m.id)
def test_what_could_be_used_is_what_the_cells_counted(answers, measure):
    for level, code in UNITS:
        found = answers.completeness(measure.id, level, code, "month")
        cells = answers.rows(
            "SELECT coalesce(sum(n), 0) AS n FROM {cell} WHERE measure = $measure AND level = $level "
            "AND unit = $unit AND period = 'all' AND stratum = ''",
            measure=measure.id, level=level, unit=code,
        )  # fmt: skip
        # A share of time counts seconds in its cells; the people behind it are asked for apart.
        if measure.id == "unaccounted_time_share":
            counted = sum(answers.people(measure.id, level, code, "all").values())
        else:
            counted = cells[0]["n"]
        assert found.used == counted, (level, code, found)
        assert found.spoken_of == found.used + sum(found.left_out.values())
        assert set(found.left_out) <= set(REASONS)


def test_by_period_they_add_up_to_what_the_cells_counted_then(answers):
    found = answers.completeness("discharge_before_noon", "meso", "HOSP", "month")
    rows = answers.series(["discharge_before_noon"], "HOSP", "meso", "month")["discharge_before_noon"]

    counted = {row["start_day"]: row["denominator"] or 0 for row in rows}
    assert {start: used for start, (_spoken, used) in found.by_start.items() if start in counted and used} == {
        start: n for start, n in counted.items() if n
    }


def test_a_stay_whose_end_is_not_known_is_said_to_be_so(answers):
    found = answers.completeness("los_median", "micro", "WARD", "month")
    unknown = answers.one(
        "SELECT count(*) AS n FROM {fact_stay} WHERE level = 'micro' AND unit = 'WARD' AND end_us IS NULL "
        "AND end_kind <> 'open'"
    )["n"]

    assert unknown > 0
    assert found.left_out["unknown"] == unknown


def test_a_home_without_records_has_nothing_to_be_complete_of(tmp_path):
    empty = open_home(tmp_path / "home").answers()

    assert empty.series_of_units("los_median", [("micro", "WARD")], "month") == {}
    assert empty.completeness("los_median", "micro", "WARD", "month").spoken_of == 0


def test_the_plain_numbers_of_all_units_are_those_of_each_alone(answers):
    together = answers.numbers_of_units()

    assert together.keys() >= {
        ("micro", code) for level, code in UNITS if level == "micro" and answers.unit_numbers(code, level)["stays_all"]
    }
    for (level, code), numbers in together.items():
        assert numbers == answers.unit_numbers(code, level), code
    nowhere = answers.unit_numbers("no such unit", "micro")
    assert (nowhere["stays_all"], nowhere["patients_12m"], nowhere["here_now"]) == (0, 0, None)
