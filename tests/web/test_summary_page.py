"""The summary tables: one record for icon, sentence and chart; nothing ranked, nothing praised, small numbers hidden."""

from __future__ import annotations

import csv
import dataclasses
import io
import random
import re

import pytest

from knitwork.draw.icon import assurance_kind, icon_kind
from knitwork.model.units import Registry
from knitwork.signals import Series, Spec, evaluate
from knitwork.web import judging
from knitwork.web import source as sources
from knitwork.web.kept import forget
from knitwork.web.pages import summary
from knitwork.web.pages.around import Names
from knitwork.web.units.actions import notice_units

from . import fake_answers


def text(response):
    return response.content.decode()


def body(page):
    return page.split("<tbody>")[1].split("</tbody>")[0]


def rows(page):
    return [re.sub(r"[ \n]+", " ", one) for one in body(page).split("<tr")[1:]]


def names(page):
    return [re.search(r'<th scope="row"[^>]*><a[^>]*>([^<]*)</a>', one).group(1) for one in rows(page)]


@pytest.fixture
def targets(monkeypatch):
    """Give some measures a target: one is always met, one never, one by luck."""
    wanted = {"return_rate": 0.5, "night_moves": 60.0, "followup_7d": 62.0, "gap_median": 20.0}
    for measure, target in wanted.items():
        definition = fake_answers.MEASURES[measure]
        changed = dataclasses.replace(definition, spec=dataclasses.replace(definition.spec, target=target))
        monkeypatch.setitem(fake_answers.MEASURES, measure, changed)
    forget()
    return wanted


def test_every_measure_of_a_unit_has_its_row_in_the_order_of_its_page(ada):
    judged = judging.judged(fake_answers.fake_source(), "CCU", "month")

    assert names(text(ada.get("/units/CCU/summary/"))) == [fake_answers.MEASURES[one.measure].short for one in judged]


def test_icons_sentence_and_target_are_those_of_the_record(ada, targets):
    page = text(ada.get("/units/CCU/summary/"))
    judged = {
        fake_answers.MEASURES[one.measure].short: one
        for one in judging.judged(fake_answers.fake_source(), "CCU", "month")
    }

    for name, row in zip(names(page), rows(page), strict=True):
        evaluation = judged[name].evaluation
        shapes = {"better": "circle", "worse": "path", "neither": "path", "quiet": "path", "few": "circle"}
        kind = icon_kind(evaluation)
        assert f'<{shapes[kind]} class="{kind}"' in row
        goal = assurance_kind(evaluation)
        drawn = {"pass": "pass", "fail": "fail", "hit_or_miss": "luck", "unknown": "unknown"}
        assert [one for one in drawn.values() if f'class="{one}"' in row] == ([drawn[goal]] if goal in drawn else [])
        assert ("none set" in row) == (evaluation.target is None)


def test_a_measure_that_is_stable_and_misses_its_target_is_called_failing(ada, targets):
    page = text(ada.get("/units/W7/summary/"))
    row = dict(zip(names(page), rows(page), strict=True))["Return within 7 days"]

    assert "Stable and failing" in row
    assert "at most 0.5%" in row
    assert 'aria-label="misses its target"' in row


def test_a_home_without_targets_says_so_and_judges_none(ada):
    page = text(ada.get("/units/CCU/summary/"))

    assert "No target is set for any of them" in page
    assert 'class="fail"' not in body(page)
    assert "failing" not in body(page)


def test_each_row_leads_to_its_chart(ada):
    page = text(ada.get("/units/CCU/summary/?period=week"))

    for address in re.findall(r'<th scope="row"[^>]*><a href="([^"]+)"', page):
        assert address.startswith("/units/CCU/measures/")
        assert address.endswith("?period=week")
        assert ada.get(address).status_code == 200


def test_one_measure_over_many_units_stands_in_the_order_of_the_units_and_is_not_ranked(ada):
    page = text(ada.get("/measures/gap_over_60/"))

    in_order = [
        "Riverbend Health", "Acute coronary programme", "Coronary care unit", "Emergency department", "Cath lab",
        "Cardiology ward", "Cardiac rehabilitation", "Surgical programme", "Med/Surg 4", "Operating theatres",
    ]  # fmt: skip
    assert names(page) == in_order
    assert "never of their values" in page
    assert not re.search(r"\b(best|worst|rank)", body(page))


def test_a_part_of_the_hierarchy_can_be_chosen(ada):
    page = text(ada.get("/measures/gap_over_60/?in=SURG"))

    assert names(page) == ["Surgical programme", "Med/Surg 4", "Operating theatres"]
    assert '<option value="SURG" selected>' in page
    assert names(text(ada.get("/measures/gap_over_60/?in=nowhere")))[0] == "Riverbend Health"


def test_a_measure_that_is_none_is_no_page(ada):
    assert ada.get("/measures/nothing/").status_code == 404
    assert ada.get("/units/nowhere/summary/").status_code == 404


def as_rows(response):
    return list(csv.DictReader(io.StringIO(text(response))))


def test_the_file_says_what_the_page_says(ada, targets):
    page, file = text(ada.get("/units/CCU/summary/")), as_rows(ada.get("/units/CCU/summary/numbers.csv"))

    assert [row["title"] for row in file] == names(page)
    for row, drawn in zip(file, rows(page), strict=True):
        said = re.search(r'<td class="says">(.*?)</td>', drawn).group(1)
        assert row["sentence"] == said.replace("&#x27;", "'")
        assert row["period"] == "month"
    goals = {row["measure"]: row["assurance"] for row in file}
    assert goals["arrivals"] == "none"
    assert goals["gap_median"] == "unknown"  # a run chart has no limits
    assert {goals["return_rate"], goals["night_moves"], goals["followup_7d"]} == {"fail", "pass", "hit_or_miss"}


def test_a_signal_of_eleven_points_is_in_the_file_as_in_its_icon(db):
    values = [0.1, 0.0, 0.05, 0.1, 0.0, 0.05, 0.6, 0.5, 0.55, 0.6, 0.5]
    evaluation = evaluate(Series(values=values), Spec(chart="xmr"))
    source = fake_answers.fake_source()
    one = summary.Entry("CCU", "gap_median", evaluation, frozenset())

    written = dict(
        zip(summary.COLUMNS, summary.line(source, Names(source), one, period="month", hide=False), strict=True)
    )

    assert evaluation.n_useful == 11
    assert written["variation"] == icon_kind(evaluation) == "neither"
    assert written["sentence"].startswith("Not one steady process")


def test_the_file_of_a_measure_has_every_unit(ada):
    file = as_rows(ada.get("/measures/gap_over_60/numbers.csv?in=AMI"))

    assert [row["unit"] for row in file] == ["AMI", "CCU", "ED", "CATH", "W7", "REHAB"]


@pytest.mark.parametrize("address", ["/units/CCU/summary/", "/measures/return_rate/?in=AMI"])
def test_ben_sees_no_small_number_where_tess_does(ben, tess, invented_system, address):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0.03)

    said = body(text(ben.get(address)))
    whole = body(text(tess.get(address)))

    assert "fewer than 11" in said
    assert "fewer than 11" not in whole
    assert '<svg class="kw-chart' in whole
    path, _sep, query = address.partition("?")
    for row in as_rows(ben.get(f"{path}numbers.csv?{query}")):
        if "fewer than 11" in said and row["measure"] == "return_rate":
            assert row["latest_value"] == ""


def test_a_reader_is_shown_the_same_icons(ben, tess, invented_system, targets):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0.2)
    icons = re.compile(r'class="sign">(.*?)</td>')

    assert icons.findall(text(ben.get("/units/CCU/summary/"))) == icons.findall(text(tess.get("/units/CCU/summary/")))


def test_shifted_dates_have_no_table_and_say_why(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    for address in ("/units/CCU/summary/", "/measures/gap_over_60/"):
        page = text(ada.get(address))
        assert "shifted for privacy" in page
        assert "<table" not in page
        assert as_rows(ada.get(address + "numbers.csv")) == []


def test_an_empty_home_says_what_to_load(ada, settings, tmp_path):
    settings.HOME, settings.KNITWORK_SOURCE = tmp_path, "knitwork.web.source.from_home"
    try:
        page = text(ada.get("/measures/gap_over_60/"))
    finally:
        sources.opened.cache_clear()

    assert "No records are loaded yet" in page


def test_a_home_of_one_unit_has_one_row(ada, invented_system):
    only = Registry(units=(fake_answers.unit("W", "Ward", "ward"),), macro_name="All")
    invented_system["answers"] = fake_answers.FakeAnswers(registry=only)

    assert names(text(ada.get("/measures/gap_over_60/"))) == ["All", "Ward"]
    assert names(text(ada.get("/units/W/summary/")))


def test_names_that_break_pages_stay_text(ada, invented_system):
    hostile = "<script>alert(1)</script>"
    registry = Registry(units=(fake_answers.unit(hostile, hostile, "ward"),), macro_name="All")
    invented_system["answers"] = fake_answers.FakeAnswers(registry=registry)
    notice_units([hostile], by="test")

    page = text(ada.get("/measures/gap_over_60/"))

    assert hostile not in page
    assert "&lt;script&gt;" in page
    assert as_rows(ada.get("/measures/gap_over_60/numbers.csv"))[-1]["unit"] == hostile


def test_one_record_is_asked_for_once(ada, invented_system):
    ada.get("/measures/gap_over_60/")
    invented_system["answers"].asked.clear()

    ada.get("/measures/return_rate/")

    assert not invented_system["answers"].asked


def test_below_lists_each_unit_once_even_in_a_circle(invented_system):
    units = tuple(fake_answers.unit(code, code, "ward") for code in ("A", "B", "C"))
    circle = tuple(fake_answers.Membership(unit, group) for unit, group in (("B", "A"), ("C", "B"), ("A", "C")))
    invented_system["answers"] = fake_answers.FakeAnswers(registry=Registry(units=units, memberships=circle))

    found = [code for code, _depth in summary.below(fake_answers.fake_source(), "A")]

    assert sorted(found) == ["A", "B", "C"]


def test_two_good_months_are_not_praised(ada, monkeypatch):
    """Forty months about 12%, the last two a little lower: no rule fires, so nothing is called better."""
    rng = random.Random(4)
    values = [0.12 + rng.choice((-0.02, -0.01, 0.01, 0.02)) for _ in range(22)] + [0.11, 0.10]

    def flat(self, measure, unit, level, period):
        made = original(self, measure, unit, level, period)
        for row, share in zip(made, values, strict=False):
            if row["numerator"] is not None:
                row |= {"numerator": round(200 * share), "denominator": 200, "value": 100 * round(200 * share) / 200}
        return made

    original = fake_answers.FakeAnswers.one_series
    monkeypatch.setattr(fake_answers.FakeAnswers, "one_series", flat)
    forget()

    page = text(ada.get("/units/CCU/summary/"))
    row = dict(zip(names(page), rows(page), strict=True))["Waited over 60 minutes"]

    assert "No signal in" in row
    assert "etter" not in row.split('class="says"')[1]


def test_how_many_meet_their_target_is_said_above_and_only_of_those_that_have_one(ada, targets):
    page = text(ada.get("/units/W7/summary/"))

    kinds = [assurance_kind(one.evaluation) for one in judging.judged(fake_answers.fake_source(), "W7", "month")]
    assert len(kinds) - kinds.count("none") == len(targets)
    said = f"With a target: {len(targets)}; met by {kinds.count('pass')}, missed by {kinds.count('fail')}, "
    assert said in page


def test_a_home_too_large_to_be_judged_at_once_shows_the_same_table(ada, monkeypatch):
    page = body(text(ada.get("/measures/gap_over_60/")))
    monkeypatch.setattr(judging, "MOST_CHARTS", 0)
    forget()

    assert body(text(ada.get("/measures/gap_over_60/"))) == page
