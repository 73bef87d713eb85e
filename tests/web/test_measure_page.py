"""A measure's page: its four parts, the units inside on one scale, why the whole changed, and who is behind a point."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction

import pytest

from knitwork.home.levels import Completeness
from knitwork.measures.mix import Part, Span, decompose, reversal
from knitwork.model.units import Registry, Unit
from knitwork.web import needed
from knitwork.web.audit.models import AuditEvent
from knitwork.web.kept import forget
from knitwork.web.pages import compare
from knitwork.web.pages.around import place

from . import fake_answers
from .routes import patient


def text(response):
    return response.content.decode()


def section(page, title):
    return page.split(f'id="{title}-title"')[1].split("</section>")[0]


# unit: (counted, cases) a month, in the first year and in the second
MONTHS = {"W1": ((8, 60), (2, 20)), "W2": ((16, 40), (38, 100))}


class Turned(fake_answers.FakeAnswers):
    """A group whose rate rises while both wards inside it fall: from month 13 on most patients lie on the better one."""

    def __init__(self, **more):
        units = (
            fake_answers.unit("RIV", "Riverbend", "macrosystem"), fake_answers.unit("H", "Hillside", "mesosystem"),
            fake_answers.unit("W1", "Care of the Elderly", "ward"), fake_answers.unit("W2", "Medical Ward", "ward"),
        )  # fmt: skip
        memberships = tuple(
            fake_answers.Membership(unit, group) for unit, group in (("H", "RIV"), ("W1", "H"), ("W2", "H"))
        )
        super().__init__(registry=Registry(units=units, memberships=memberships, macro_name="Riverbend"), **more)

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        for at, row in enumerate(rows):
            year = 0 if at < 12 else 1
            of = [MONTHS[ward][year] for ward in MONTHS if ward == unit or level != "micro"]
            counted, cases = (sum(part) for part in zip(*of, strict=True))
            row |= {"numerator": counted, "denominator": cases, "n": cases, "value": 100 * counted / cases}
            row["complete"] = True
        return rows


@pytest.fixture
def turned(invented_system):
    invented_system["answers"] = Turned()
    return invented_system["answers"]


def test_a_page_has_its_four_parts_in_order(ada):
    page = text(ada.get("/units/AMI/measures/gap_over_60/"))

    places = [page.index(f'id="{title}-title"') for title in ("meaning", "numbers", "parent", "children")]
    assert places == sorted(places)
    assert page.index('<figure class="large">') < places[0]


def test_it_says_what_it_needs_where_it_comes_from_and_how_much_could_be_used(ada):
    said = section(text(ada.get("/units/CCU/measures/gap_median/")), "meaning")

    assert "patient, unit and start of each stay" in said
    assert "Here it comes from the feed adt." in said
    assert "Of 412 stays it speaks of here 398 could be used (97%)." in said
    assert "9 are not over yet, or nobody knows when they ended; 5 have no known departure." in said


def test_a_reader_is_told_of_completeness_without_small_numbers(ben):
    said = section(text(ben.get("/units/CCU/measures/gap_median/")), "meaning")

    assert "Nearly all records it speaks of here could be used." in said
    assert "some have no known departure" in said
    assert "398" not in said


@pytest.mark.parametrize(
    ("found", "says", "reasons"),
    [
        (Completeness("handoff", 1204, 1204, {}, {}), "All 1,204 hand-offs it speaks of here could be used.", []),
        (Completeness("visit", 0, 0, {}, {}), "", []),
        (Completeness("journey", 1, 1, {}, {}), "All 1 journey it speaks of here could be used.", []),
        (Completeness("stay", 4000, 3999, {"dates_only": 1}, {}),
         "Of 4,000 stays it speaks of here 3,999 could be used (over 99%).", ["1 have a date without a time of day"]),
    ],
)  # fmt: skip
def test_completeness_in_words(found, says, reasons):
    assert needed.completeness_words(found, hide=False) == {"sentence": says, "reasons": reasons}


def test_every_need_and_every_reason_has_words():
    from knitwork.home.levels import REASONS
    from knitwork.measures.definition import NEEDS

    assert NEEDS.keys() == needed.NEEDED.keys()
    assert set(REASONS) == needed.WHY.keys()


def test_the_units_inside_stand_signals_first_and_each_leads_to_its_own_chart(ada):
    said = section(text(ada.get("/units/AMI/measures/discharge_before_noon/")), "children")

    pictures = said.split('<figure class="multiple')[1:]
    signalling = [one.startswith(" signalling") for one in pictures]
    assert signalling == sorted(signalling, reverse=True)
    assert any(signalling)
    names = re.findall(r'<h3><a href="/units/([A-Z0-9]+)/measures/discharge_before_noon/\?period=month">', said)
    assert sorted(names) == ["CATH", "CCU", "ED", "REHAB", "W7"]
    assert said.count("<svg") == 5


def test_all_pictures_are_asked_for_at_once_and_only_once(ada, invented_system):
    ada.get("/units/AMI/measures/discharge_before_noon/")
    asked = [one for one in invented_system["answers"].asked if one[0] == "series_of_units"]
    assert max(len(one[2]) for one in asked) == 6  # for why the whole changed: itself and the five inside
    assert len(asked) == 3

    invented_system["answers"].asked.clear()
    ada.get("/units/AMI/measures/discharge_before_noon/")
    assert not [one for one in invented_system["answers"].asked if one[0] == "series_of_units"]


def test_a_unit_stands_beside_what_it_is_part_of_and_leads_there(ada):
    said = section(text(ada.get("/units/CCU/measures/gap_over_60/")), "parent")

    assert "Both on one scale" in said
    assert 'href="/units/AMI/measures/gap_over_60/?period=month"' in said
    assert said.count("<svg") == 2


def test_counts_of_patients_stand_on_scales_of_their_own(ada):
    assert "Each on a scale of its own" in section(text(ada.get("/units/CCU/measures/arrivals/")), "parent")


def test_the_top_has_nothing_beside_it_and_a_unit_nothing_inside(ada):
    assert 'id="parent-title"' not in text(ada.get("/units/RIV/measures/gap_over_60/"))
    assert 'id="children-title"' not in text(ada.get("/units/CCU/measures/gap_over_60/"))


def test_of_very_many_units_some_are_shown_and_all_can_be(ada, invented_system):
    units = tuple(Unit(unit=f"U{n}", name=f"Ward {n:03}", kind="ward") for n in range(60))
    invented_system["answers"] = fake_answers.FakeAnswers(registry=Registry(units=units, macro_name="All"))

    page = text(ada.get("/units/All/measures/gap_over_60/"))
    every = text(ada.get("/units/All/measures/gap_over_60/?children=all"))

    assert section(page, "children").count("<svg") == compare.SHOWN_UNITS
    assert "Show 20 more units" in page
    assert section(every, "children").count("<svg") == 60


# Why the whole changed


def test_a_whole_that_rose_while_its_wards_fell_is_warned_of(ada, turned):
    page = text(ada.get("/units/H/measures/discharge_before_noon/"))

    warned = page.split('class="warning"')[1].split("</p>")[0]
    assert "Read with care: the whole rose, and every unit inside fell." in warned
    assert "It looks better only because patients went to other units than before." in warned
    # 24 of 100 became 40 of 120: +9.3 points. The wards fell from 13.3 to 10.0 and from 40.0 to 38.0.
    assert (
        "Of the rise of 9.3 points, 11.8 come from patients going to other units than before, and −2.5 from" in warned
    )
    assert "2 units had enough patients" in warned


def test_the_split_is_exact_and_its_rows_add_up(ada, turned):
    source = fake_answers.fake_source()
    change, before, after = compare.change_of(
        source, place(source, "H"), fake_answers.MEASURES["discharge_before_noon"]
    )

    assert (before, after) == (12, 12)
    assert change.change == Fraction(40, 120) - Fraction(24, 100)
    assert change.rate == Fraction(-10, 300) * Fraction(23, 60) + Fraction(-2, 100) * Fraction(37, 60)
    assert sum(share.rate + share.mix for share in change.shares) == change.change


def test_too_few_patients_are_no_warning(ada, invented_system):
    few = [Part(ward, Span(*(first)), Span(*(second))) for ward, (first, second) in MONTHS.items()]

    assert reversal(decompose(few)) is None  # one month of it


def test_a_whole_whose_units_do_not_add_up_to_it_is_not_split(ada, turned, monkeypatch):
    added = turned.one_series
    monkeypatch.setattr(
        turned, "one_series",
        lambda m, unit, level, p: [r | {"denominator": r["denominator"] + (level == "meso")} for r in added(m, unit, level, p)],
    )  # fmt: skip
    forget()

    assert 'id="why-title"' not in text(ada.get("/units/H/measures/discharge_before_noon/"))


@pytest.mark.parametrize("measure", ["gap_median", "arrivals"])
def test_what_is_no_ratio_is_not_split(ada, turned, measure):
    assert 'id="why-title"' not in text(ada.get(f"/units/H/measures/{measure}/"))


def test_a_reader_sees_the_split_without_small_numbers(ada, ben, turned, monkeypatch):
    added = turned.one_series

    def rare(measure, unit, level, period):
        """Count one patient a month on one ward: twelve in the year before, ten in the last."""
        rows = added(measure, unit, level, period)
        for at, row in enumerate(rows):
            row["numerator"] = 1 if unit != "W1" and at < 22 else 0
        return rows

    monkeypatch.setattr(turned, "one_series", rare)
    forget()

    assert "fewer than 11" in section(text(ben.get("/units/H/measures/discharge_before_noon/")), "why")
    assert "fewer than 11" not in section(text(ada.get("/units/H/measures/discharge_before_noon/")), "why")


# Who is behind a point


def test_a_click_on_a_point_leads_to_the_patients_for_those_who_may_see_them(tess, ben):
    for who, links in ((tess, 24), (ben, 0)):
        page = text(who.get("/units/CCU/measures/gap_over_60/"))
        found = re.findall(r'<a class="point" href="(/units/CCU/measures/gap_over_60/behind/[^"]+)"', page)
        assert len(found) == links
    assert tess.get("/units/CCU/measures/gap_over_60/behind/2026-09-01/?period=month").status_code == 200


def test_all_patients_behind_a_point_come_as_a_file_and_taking_it_is_written_down(tess):
    page = text(tess.get("/units/CCU/measures/gap_median/behind/2026-09-01/?period=month"))
    address = re.search(r'href="([^"]+patients\.csv[^"]*)"', page).group(1)

    response = tess.get(address)
    rows = list(csv.DictReader(io.StringIO(text(response))))

    assert rows[0]["patient"] == "P-0042"
    assert rows[0]["counted"] == "yes"
    assert rows[0]["start"].startswith("2026-10-13T")
    assert response["Content-Disposition"].startswith("attachment")
    events = AuditEvent.objects.filter(actor="tess", action="read patients")
    assert [event.detail["rows"] for event in events] == [1, 1]


def test_each_patient_leads_to_his_own_page(tess):
    page = text(tess.get("/units/CCU/measures/gap_median/behind/2026-09-01/"))

    assert f'<a href="{patient("P-0042")}">P-0042</a>' in page


@pytest.mark.parametrize("address", ["behind/soon/", "behind/soon/patients.csv"])
def test_a_day_that_is_none_is_no_page(tess, address):
    assert tess.get(f"/units/CCU/measures/gap_median/{address}").status_code == 404


def test_the_catalogue_names_who_signals_and_what_is_needed(ada):
    page = text(ada.get("/measures/"))
    entry = page.split('id="discharge_before_noon"')[1].split("<dt")[0]

    assert "Signals now in" in entry
    assert 'href="/units/CCU/measures/discharge_before_noon/?period=month"' in entry
    assert "Needs: patient, unit and start of each stay" in entry
