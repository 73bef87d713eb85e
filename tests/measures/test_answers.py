"""What measures say beside their numbers: rows behind a point, what is missing, charts, documents, definitions."""

from pathlib import Path

import pytest

from knitwork.lake.engine import connect
from knitwork.measures.catalogue import catalogue, measure
from knitwork.measures.computable import Inputs, judge
from knitwork.measures.definition import NEEDS, read_measure
from knitwork.measures.kernel import kernel_sql
from knitwork.measures.rows import rows_sql
from knitwork.measures.spec import spec_for, to_spec
from knitwork.model.errors import BadDefinition

from .measured import derive, load, registry_of, run, stays_of, world_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
FULL = Inputs(
    ends=True, times_of_day=True, kinds=frozenset({"ed", "icu", "ward", "practice"}), units=4, calendar=True,
    departures_recorded=True, capacity=True,
)  # fmt: skip


@pytest.mark.parametrize("one", [m for m in catalogue() if m.id != "long_stay_rate"], ids=lambda m: m.id)
def test_the_rows_behind_a_point_are_those_that_were_counted(one):
    example = one.tests[0]
    derived = derive(stays_of(example), registry_of(example))
    con = connect(memory="256MB", threads=1)
    load(con, derived, world_of(derived))
    run(con, kernel_sql([one]))
    sql = rows_sql(one, level=example.level, stratum=example.stratum, table=lambda name: name)

    since, until = -(10**6), 10**6
    if one.fact == "census":
        since, until = 20_513, 20_517  # 2026-03-01 to 2026-03-04
    found = con.execute(sql, {"unit": example.unit, "since_day": since, "until_day": until}).fetchall()
    names = [d[0] for d in con.description]
    rows = [dict(zip(names, row, strict=True)) for row in found]

    if one.fact == "census":
        assert sum(row["value"] for row in rows) == example.num
        return
    if example.den is not None and not isinstance(rows[0]["value"], int):
        assert len(rows) == example.den
    if example.n is not None:
        assert len(rows) == example.n
    if rows[0]["in_numerator"] is not None:
        assert sum(row["in_numerator"] for row in rows) == example.num


def test_with_everything_there_everything_can_be_computed():
    assert all(can for can, _, _ in judge(catalogue(), FULL).values())


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"capacity": False}, {"occupancy"}),
        ({"departures_recorded": False}, {"gap_median", "gap_over_60", "unaccounted_time_share"}),
        ({"calendar": False}, {"midnight_census", "occupancy", "long_stay_rate", "weekend_discharge_share"}),
        ({"kinds": frozenset({"ed", "ward", "icu"})}, {"follow_up_7d", "follow_up_14d"}),
        ({"kinds": frozenset({"ward", "icu", "clinic"})}, {"ed_return_72h"}),
        ({"kinds": frozenset({"ed", "ward", "clinic"})}, {"icu_return_2d", "icu_return_72h", "out_of_icu_night"}),
    ],
)
def test_what_is_missing_takes_away_what_needs_it_and_says_the_way_out(change, lost):
    found = judge(catalogue(), Inputs(**{name: getattr(FULL, name) for name in FULL.__slots__} | change))

    assert {id for id, (can, _, _) in found.items() if not can} == lost
    for id in lost:
        _, why, unlock = found[id]
        assert why.startswith("Not computed: ") and why.endswith(".")
        assert unlock.endswith(".")


def test_every_need_is_explained():
    assert {need for m in catalogue() for need in m.needs} <= set(NEEDS)


@pytest.mark.parametrize("one", catalogue(), ids=lambda m: m.id)
def test_its_chart_can_be_made(one):
    spec = to_spec(one)

    assert (spec.chart, spec.direction, spec.unit) == (one.chart, one.direction, one.unit)
    if one.chart in ("run", "xmr"):
        assert spec_for(one)["factor"] == 1.0


@pytest.mark.parametrize("one", catalogue(), ids=lambda m: m.id)
def test_the_reference_page_has_it(one):
    page = (DOCS / "reference" / "measures.md").read_text("utf-8")

    assert f"`{one.id}`" in page
    for text in (one.title, one.words.sentence, one.source):
        assert text in page


def test_the_reference_page_is_the_one_that_the_catalogue_makes():
    from knitwork.measures.page import reference_page

    assert (DOCS / "reference" / "measures.md").read_text("utf-8") == reference_page()


GOOD = """id: m
version: 1.0.0
title: A title
title_short: Title
why: Because.
source: Us
owner: stay.unit
fact: stay
at: stay.end
population: stay.end is known
numerator: hours(stay.start, stay.end) > 4
statistic: ratio
factor: 100
unit: "%"
direction: down
chart: p
compass: none
needs: [end]
unlock: Nothing.
words: {numerator: a, denominator: b, sentence: c}
tests: []
"""


def test_a_good_definition_is_read():
    assert read_measure(GOOD).numerator.text == "hours(stay.start, stay.end) > 4"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("why: Because.", "whi: Because.", r"m.yaml, line 5, column 6: a measure has no key whi: did you mean why"),
        ("why: Because.\n", "", r"a measure lacks why"),
        (
            "stay.end is known",
            "stay.ende is known",
            r"line 10, column 13: there is no stay.ende: did you mean stay.end",
        ),
        ("> 4", ">> 4", r"line 11, column 41: > cannot stand here"),
        ("statistic: ratio", "statistic: rate", r"line 12, column 12: statistic rate is unknown: it is one of ratio"),
        ("statistic: ratio", "statistic: median", r"a median needs a value"),
        ("factor: 100", "factor: a lot", r"line 13, column 9: factor should be a number"),
        ("owner: stay.unit", "owner: link", r"link owns rows of handoff, and this measure is about stay"),
        ("at: stay.end", "at: visit.end", r"line 9, column 5: visit.end is no moment of a stay"),
        ("direction: down", "direction: sideways", r"line 15, column 12: direction sideways is unknown"),
        ("needs: [end]", "needs: [luck]", r"line 18, column 9: a need luck is unknown"),
        (
            "title: A title",
            "title: A title\ntitle: B",
            r"line 4, column 1: title stands here twice|title stands here twice",
        ),
        ("tests: []", "tests: [", r"this is not YAML"),
        ("> 4", "> baseline.p95", r"is written value > baseline.p95"),
        ("stay.end is known", "value > 3", r"can stand in a numerator only"),
        ("numerator: hours(stay.start, stay.end) > 4", "numerator:\n  hours(stay.start,\n  stay.end) > 4", "one line"),
    ],
)
def test_a_bad_definition_is_refused_with_line_and_column(old, new, says):
    assert old in GOOD
    with pytest.raises(BadDefinition, match=says):
        read_measure(GOOD.replace(old, new, 1), "m.yaml")


def test_the_hash_changes_with_the_definition_and_not_with_its_tests():
    one = read_measure(GOOD)

    assert read_measure(GOOD.replace("> 4", "> 5")).digest != one.digest
    assert read_measure(GOOD.replace("tests: []", "tests: [] # none")).digest == one.digest


def test_an_excluded_row_is_left_out_only_when_it_is_surely_excluded():
    text = GOOD.replace("\nnumerator:", "\nexclude: next.kind in [radiology]\nnumerator:")
    example = measure("arrivals").tests[0]
    derived = derive(stays_of(example), registry_of(example))
    con = connect(memory="256MB", threads=1)
    load(con, derived, world_of(derived))
    run(con, kernel_sql([read_measure(text)]))

    # of four stays one went on to radiology; three went home, so that their next kind is unknown
    assert con.execute("SELECT sum(den) FROM atom_count WHERE level = 'micro' AND unit = 'W'").fetchone() == (3,)
