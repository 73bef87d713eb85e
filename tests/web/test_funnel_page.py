"""The funnel of sister units: two answers apart, never ranked, small numbers hidden, and what it cannot show said."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import re

import pytest

from knitwork.model.units import Membership, Registry
from knitwork.web import source as sources
from knitwork.web.definitions import Wording
from knitwork.web.kept import forget
from knitwork.web.pages import sisters
from knitwork.web.units.actions import notice_units

from . import fake_answers

WARDS = [f"W{n:02d}" for n in range(1, 15)]
PAGE = "/units/W03/measures/gap_over_60/funnel/"


def text(response):
    return html.unescape(response.content.decode())


def as_rows(response):
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def names(page):
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', body)


@dataclasses.dataclass
class Counted(fake_answers.FakeAnswers):
    """Wards whose last whole month is given as (numerator, denominator); every month before is like it."""

    last: dict = dataclasses.field(default_factory=dict)

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        above, below = self.last.get(unit, (None, None))
        for row in rows:
            value = 100 * above / below if below else None
            row |= {"numerator": above, "denominator": below, "value": value, "n": below or 0}
        return rows


def wards(last, *, kinds=None):
    units = [
        fake_answers.unit("RIV", "Riverbend Health", "macrosystem"),
        fake_answers.unit("MED", "Medicine", "mesosystem"),
    ]
    units += [fake_answers.unit(code, f"Ward {code[1:]}", (kinds or {}).get(code, "ward")) for code in last]
    registry = Registry(
        units=tuple(units),
        memberships=(Membership("MED", "RIV"), *(Membership(code, "MED") for code in last)),
        macro_name="Riverbend Health",
    )
    return Counted(registry=registry, last=last)


@pytest.fixture
def alike(invented_system):
    """Fourteen wards at 12%, but for one of many patients at 24%."""
    last = {code: (12 * n, 100 * n) for n, code in enumerate(WARDS, start=1)}
    last["W09"] = (216, 900)
    invented_system["answers"] = wards(last)
    return last


def test_the_page_says_in_a_sentence_who_differs_and_draws_it(ada, alike):
    page = text(ada.get(PAGE))

    assert "1 of 14 units differs from" in page
    assert "Ward 09 (24.0%)" in page
    assert page.count('<svg class="kw-chart kw-funnel') == 2
    assert re.search(r'<circle class="here"', page)
    assert "September 2026." in page


def test_both_questions_are_stated_and_both_answers_stand_side_by_side(ada, alike):
    page = text(ada.get(PAGE))

    assert "Unusual against chance" in page
    assert "Unusual against the spread between these units" in page
    row = page.split(">Ward 09</a>")[1].split("</tr>")[0]
    assert row.count("above the outer limits") == 2
    assert "Were all units alike, hardly any would lie outside the outer limits" in page


def test_units_stand_by_denominator_or_name_and_never_by_value(ada, alike):
    by_size, by_name = names(text(ada.get(PAGE))), names(text(ada.get(PAGE + "?order=name")))

    assert by_size == sorted(by_size)  # their names follow their denominators here
    assert by_name == sorted(by_name)
    assert names(text(ada.get(PAGE + "?order=value"))) == by_size
    assert not re.search(r"\b(best|worst|rank|top|bottom)", text(ada.get(PAGE)).split("<main")[1])


def test_denominators_and_not_names_order_the_table(ada, invented_system):
    invented_system["answers"] = wards({code: (12 * n, 100 * n) for n, code in enumerate(reversed(WARDS), start=1)})

    assert names(text(ada.get(PAGE))) == [f"Ward {code[1:]}" for code in reversed(WARDS)]


def test_each_unit_leads_to_its_own_chart_over_time(ada, alike):
    page = text(ada.get(PAGE))

    links = re.findall(r'<th scope="row"><a href="([^"]*)"', page)
    assert len(links) == 14
    assert links[0] == "/units/W01/measures/gap_over_60/?period=month"
    assert ada.get(links[0]).status_code == 200


def test_fewer_than_ten_units_are_a_list_with_intervals(ada, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS[:6], (12, 100)))

    page = text(ada.get(PAGE))

    assert "With fewer than 10 units the spread between them cannot be told" in page
    assert "Against the spread<" not in page
    assert len(re.findall(r'<path class="interval"', page)) == 12  # six units, in two sizes of the picture


def test_what_a_small_unit_cannot_show_is_said(ada, alike):
    page = text(ada.get(PAGE))

    row = page.split(">Ward 01</a>")[1].split("</tr>")[0]
    assert re.search(r"(hardly|perhaps) \(\d+%\)", row)
    assert "inside does not mean all is well" in page


def test_twelve_months_are_added_up_and_not_averaged(ada, alike):
    file = {row["unit"]: row for row in as_rows(ada.get(PAGE + "numbers.csv?span=year"))}

    assert (file["W03"]["numerator"], file["W03"]["denominator"]) == ("432", "3600")
    assert file["W03"]["months"] == "12"
    assert file["W03"]["from"] == "2025-10-01"
    assert "October 2025 to September 2026." in text(ada.get(PAGE + "?span=year"))


def test_the_month_that_is_not_over_is_never_shown(ada, alike):
    assert {row["from"] for row in as_rows(ada.get(PAGE + "numbers.csv"))} == {"2026-09-01"}


def test_sisters_are_of_one_kind_below_one_parent_unless_asked_otherwise(ada, invented_system):
    kinds = {"W01": "ed", "W02": "ed"}
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (12, 100)), kinds=kinds)

    assert len(as_rows(ada.get(PAGE + "numbers.csv"))) == 12
    assert len(as_rows(ada.get(PAGE + "numbers.csv?among=level"))) == 14
    assert len(as_rows(ada.get(PAGE + "numbers.csv?among=nonsense"))) == 12
    assert [row["unit"] for row in as_rows(ada.get(PAGE.replace("W03", "W01") + "numbers.csv"))] == ["W01", "W02"]


def test_the_file_says_what_the_page_says(ada, alike):
    page, file = text(ada.get(PAGE)), as_rows(ada.get(PAGE + "numbers.csv"))

    assert [row["unit_name"] for row in file] == names(page)
    found = next(row for row in file if row["unit"] == "W09")
    assert (found["chance"], found["spread"]) == ("high", "high")
    assert float(found["chance_upper"]) < 24
    assert {row["chance"] for row in file if row["unit"] != "W09"} == {"inside"}


def test_ben_is_not_shown_a_small_unit_nor_one_alone_and_tess_is(ben, tess, invented_system):
    last = {code: (12 * n, 100 * n) for n, code in enumerate(WARDS, start=1)}
    last["W05"] = (7, 60)
    invented_system["answers"] = wards(last)

    for_ben, for_tess = text(ben.get(PAGE)), text(tess.get(PAGE))

    # W01 goes as well: the total of the parent, less the thirteen others, would be the number of W05.
    assert set(names(for_tess)) - set(names(for_ben)) == {"Ward 05", "Ward 01"}
    assert "2 units with fewer than 11 are not shown." in for_ben
    assert "7 of 60" not in for_ben
    assert "7 of 60" in for_tess
    assert {row["unit"] for row in as_rows(ben.get(PAGE + "numbers.csv"))} == set(WARDS) - {"W01", "W05"}
    assert "How it is reckoned" not in for_ben  # the sums over all units would give the two away
    assert "How it is reckoned" in for_tess


def test_limits_are_those_of_all_units_for_every_reader(ben, tess, invented_system):
    last = {code: (12 * n, 100 * n) for n, code in enumerate(WARDS, start=1)}
    last["W05"] = (7, 60)
    invented_system["answers"] = wards(last)

    for_ben = {row["unit"]: row for row in as_rows(ben.get(PAGE + "numbers.csv"))}
    for_tess = {row["unit"]: row for row in as_rows(tess.get(PAGE + "numbers.csv"))}

    assert all(for_tess[unit] == row for unit, row in for_ben.items())


def test_a_unit_that_is_hidden_is_not_named_as_unusual(ben, invented_system):
    last = dict.fromkeys(WARDS, (300, 3000)) | {"W05": (9, 10), "W06": (8, 10)}
    invented_system["answers"] = wards(last)

    page = text(ben.get(PAGE.replace("W03", "W05")))

    assert "Ward 05 is not shown here: it has fewer than 11" in page
    assert "(90%)" not in page
    assert "0 of 12 units lie outside" in page
    assert not re.search(r"(above|below) the", page.split("<tbody>")[1])


def test_a_year_with_one_hidden_month_does_not_give_it_away(ben, invented_system, monkeypatch):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (20, 200)))
    original = Counted.one_series

    def one_small(self, measure, unit, level, period):
        rows = original(self, measure, unit, level, period)
        if unit == "W04":
            rows[-3] |= {"numerator": 3, "value": 1.5}
            rows[2] |= {"numerator": 4, "value": 2.0}
        return rows

    monkeypatch.setattr(Counted, "one_series", one_small)
    forget()

    shown = {row["unit"] for row in as_rows(ben.get(PAGE + "numbers.csv?span=year"))}
    assert "W04" not in shown


def test_where_every_unit_is_small_nothing_is_drawn(ben, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (2, 9)))

    page = text(ben.get(PAGE))

    assert "Too few people in every unit to show one" in page
    assert "kw-funnel" not in page
    assert as_rows(ben.get(PAGE + "numbers.csv")) == []


@pytest.mark.parametrize("measure", ["gap_median", "census"])
def test_a_measure_without_counts_of_people_says_why_it_has_no_funnel(ada, measure):
    page = text(ada.get(f"/units/CCU/measures/{measure}/funnel/"))

    assert "no numerators and denominators that count people" in page
    assert "kw-funnel" not in page
    assert as_rows(ada.get(f"/units/CCU/measures/{measure}/funnel/numbers.csv")) == []


def test_rates_are_held_against_poisson_and_may_be_above_one(ada, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (150, 100)))

    page = text(ada.get(PAGE.replace("gap_over_60", "handoffs_per_100")))

    assert "Would twice the rate have shown?" in page
    assert "Poisson" in page


def test_the_whole_system_has_no_sisters_and_says_so(ada, alike):
    alike["RIV"] = (1200, 10_000)

    page = text(ada.get("/units/RIV/measures/gap_over_60/funnel/"))

    assert "One unit alone has no others to be held against" in page
    assert "kw-funnel" not in page
    assert "Unusual against chance" not in page


def test_a_group_leads_to_the_funnel_of_the_units_inside_it(ada, alike):
    alike["MED"] = (1200, 10_000)

    page = text(ada.get("/units/MED/measures/gap_over_60/funnel/"))
    address = re.search(r'href="([^"]*)">The units inside, side by side', page).group(1)

    assert len(names(text(ada.get(address)))) == 14


def test_a_span_in_which_nothing_was_counted_says_so(ada, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (0, 0)))

    page = text(ada.get(PAGE))

    assert "None of these units has anything to count then" in page
    assert "kw-funnel" not in page


def test_one_unit_alone_says_so(ada, invented_system):
    only = Registry(units=(fake_answers.unit("W", "Ward", "ward"),), macro_name="All")
    invented_system["answers"] = fake_answers.FakeAnswers(registry=only)

    for unit in ("W", "All"):
        response = ada.get(f"/units/{unit}/measures/gap_over_60/funnel/")
        assert response.status_code == 200
        assert re.search("One unit alone|Nothing stands beside this unit", text(response))


def test_units_with_nothing_to_count_are_named_below(ada, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (12, 100)) | {"W05": (None, None), "W03": (0, 0)})

    page = text(ada.get(PAGE))

    assert len(names(page)) == 12
    assert "Ward 03 had nothing to count then" in page
    assert re.search(r"Nothing to count in:.*Ward 05", page, re.DOTALL)


def test_no_whole_month_yet_says_what_would_stand_here(ada, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (12, 100)))
    invented_system["answers"].days = 20

    assert "from the first whole month of records on" in text(ada.get(PAGE))


def test_shifted_dates_leave_all_records_as_one_span(ada, invented_system):
    invented_system["answers"] = wards(dict.fromkeys(WARDS, (12, 100)))
    invented_system["answers"].shifted = True

    page = text(ada.get(PAGE + "?span=year"))

    assert "all records." in page
    assert "the last 12 whole months" not in page


def test_a_measure_that_the_records_do_not_allow_says_what_would(ada, monkeypatch):
    monkeypatch.setitem(
        fake_answers.MEASURES,
        "occupancy",
        dataclasses.replace(fake_answers.MEASURES["gap_over_60"], id="occupancy"),
    )

    assert "No unit has a capacity." in text(ada.get("/units/CCU/measures/occupancy/funnel/"))


def test_names_that_break_pages_stay_text_and_equal_names_are_told_apart(ada, invented_system):
    hostile = "<script>alert(1)</script>"
    codes = [hostile, " ", "A/B", "A", "B", "=cmd|calc"]
    units = [fake_answers.unit(code, "Ward" if code in ("A", "B") else code, "ward") for code in codes]
    answers = Counted(registry=Registry(units=tuple(units), macro_name="All"), last=dict.fromkeys(codes, (12, 100)))
    invented_system["answers"] = answers
    notice_units([hostile], by="test")

    raw = ada.get("/units/A/measures/gap_over_60/funnel/").content.decode()

    assert hostile not in raw
    assert "&lt;script&gt;" in raw
    assert {"Ward (A)", "Ward (B)"} <= set(names(html.unescape(raw)))
    file = as_rows(ada.get("/units/A/measures/gap_over_60/funnel/numbers.csv"))
    assert "'=cmd|calc" in {row["unit"] for row in file}


def test_an_empty_home_says_what_to_load(ada, settings, tmp_path):
    settings.HOME, settings.KNITWORK_SOURCE = tmp_path, "knitwork.web.source.from_home"
    try:
        page = text(ada.get(PAGE))
    finally:
        sources.opened.cache_clear()

    assert "No records are loaded yet" in page


@pytest.mark.parametrize("address", [PAGE, PAGE + "numbers.csv"])
def test_who_may_read_sees_it_and_nobody_else_does(ada, ben, cem, nobody, alike, address):
    assert ada.get(address).status_code == 200
    assert ben.get(address).status_code == 200
    assert cem.get(address).status_code == 403
    assert nobody.get(address).status_code == 302


def test_an_unknown_unit_or_measure_is_no_page(ada, alike):
    assert ada.get("/units/nowhere/measures/gap_over_60/funnel/").status_code == 404
    assert ada.get("/units/W03/measures/nothing/funnel/").status_code == 404


def test_the_numbers_are_asked_for_once_in_a_generation(ada, alike, invented_system):
    ada.get(PAGE)
    invented_system["answers"].asked.clear()

    ada.get(PAGE.replace("W03", "W04"))

    assert not invented_system["answers"].asked


def test_one_hidden_unit_takes_the_least_of_the_others_with_it():
    found = sisters._none_alone([
        sisters.Sister("A", 5, 50, True), sisters.Sister("B", 90, 700, False), sisters.Sister("C", 40, 900, False),
    ])  # fmt: skip

    assert [one.code for one in found if one.hidden] == ["A", "C"]


def test_the_denominator_is_named_below_the_picture(ada, alike, monkeypatch):
    definition = fake_answers.MEASURES["gap_over_60"]
    wording = Wording(title="T", short="T", why="w", source="s", numerator="n", denominator="hand-offs <b>timed</b>")
    monkeypatch.setitem(fake_answers.MEASURES, "gap_over_60", dataclasses.replace(definition, wording=wording))

    raw = ada.get(PAGE).content.decode()

    assert "hand-offs &lt;b&gt;timed&lt;/b&gt;" in raw
