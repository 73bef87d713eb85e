"""The page of journeys: its choices, its pictures, what readers are not shown, and who took them."""

from __future__ import annotations

import re

import pytest

from knitwork.web.audit.models import AuditEvent

from .routes import patient


def text(response):
    return re.sub(r"\s+", " ", response.content.decode()).replace("\u00a0", " ")


def lead(page):
    return re.search(r'<p class="lead">(.*?)</p>', page)[1]


def test_the_lead_says_how_many_how_long_and_how_the_time_splits(tess):
    said = lead(text(tess.get("/journeys/")))

    assert "716 journeys through Riverbend Health." in said
    assert "longer than 5 days 19 h" in said
    assert "97.8% passed in units and 2.2% between them" in said


def test_where_departures_are_copied_the_time_is_said_to_be_unknown(tess, invented_system):
    invented_system["answers"].unrecorded = True

    page = text(tess.get("/journeys/"))
    assert '<span class="figure">not known</span>' in page
    assert "0 s" not in page
    assert "Of 100% of the time of their visits nobody wrote down" in lead(text(tess.get("/journeys/")))


def test_the_common_way_is_drawn_with_its_numbers_beside(tess):
    page = text(tess.get("/journeys/"))

    assert 'class="kw-path' in page
    assert "Cath lab → Coronary care unit" in page
    assert "<title>Emergency department: 712</title>" in page


def test_the_months_are_drawn_and_not_where_dates_are_shifted(tess, invented_system):
    assert "Between units, a journey" in text(tess.get("/journeys/"))
    invented_system["answers"].shifted = True
    page = text(tess.get("/journeys/?from=2026-01"))
    assert "Between units, a journey" not in page
    assert 'name="from"' not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?through=CATH", "412 journeys through Riverbend Health, that passed Cath lab"),
        (
            "?through=ED&then=CCU",
            "412 journeys through Riverbend Health, from Emergency department to Coronary care unit",
        ),
        ("?then=CCU", "416 journeys through Riverbend Health, that passed Coronary care unit"),
        ("?unit=CCU", "journeys through Coronary care unit"),
        ("?from=2026-07&to=2026-09", "ended from July 2026 to September 2026"),
        ("?from=2026-07", "ended since July 2026"),
        ("?to=2026-07", "ended up to July 2026"),
        ("?from=nonsense&outcome=nonsense&way=%27&sort=upwards", "716 journeys"),
    ],
)
def test_the_choices_stand_in_the_lead_and_nonsense_is_left_out(tess, query, shown):
    assert shown in lead(text(tess.get(f"/journeys/{query}")))


@pytest.mark.parametrize("query", ["?unit=nowhere", "?through=nowhere", "?then=nowhere"])
def test_a_unit_that_is_not_known_has_no_page(tess, query):
    assert tess.get(f"/journeys/{query}").status_code == 404


def test_the_form_keeps_what_was_chosen(tess):
    page = text(tess.get("/journeys/?unit=CCU&through=ED&outcome=returned&sort=rare"))

    assert '<option value="CCU" selected>' in page
    assert '<option value="returned" selected>' in page
    assert '<input type="hidden" name="sort" value="rare">' in page
    assert "21 more journeys had a hospital stay that ended less than 30 days" in page


def test_an_interval_is_cut_into_its_parts_where_two_units_are_chosen(tess):
    page = text(tess.get("/journeys/?through=ED&then=CCU"))

    assert "From arriving in Emergency department to arriving in Coronary care unit" in page
    assert "half took longer than 2 h 30 min" in page
    assert "3 never came to the second unit" in page
    assert "Emergency department → Coronary care unit" in page


def test_rare_ways_come_first_when_asked_and_each_leads_to_its_own_page(tess):
    page = text(tess.get("/journeys/?sort=rare"))

    assert page.index("?way=cccccccccccc") < page.index("?way=aaaaaaaaaaaa")
    one = text(tess.get("/journeys/?way=aaaaaaaaaaaa"))
    assert "Only journeys that went exactly this way" in one
    assert "1 way in all" in one


def test_ben_sees_no_rare_way_and_is_told_how_many_are_left_out(ben, tess):
    page = text(ben.get("/journeys/?sort=rare"))

    assert "cccccccccccc" not in page
    assert "1 way taken by fewer than 11 is not shown" in page
    assert "who</a>" not in page
    assert "3 never came" not in text(ben.get("/journeys/?through=ED&then=CCU"))
    assert "cccccccccccc" in text(tess.get("/journeys/?sort=rare"))


def test_journeys_of_fewer_than_eleven_patients_show_ben_nothing_more(ben, tess):
    page = text(ben.get("/journeys/?way=cccccccccccc"))

    assert "Fewer than 11 patients took such a journey" in page
    assert "Operating theatres</a>" not in page
    assert "kw-path" not in page
    assert "4 journeys" in lead(text(tess.get("/journeys/?way=cccccccccccc")))


def test_no_journey_is_a_sentence(tess):
    page = text(tess.get("/journeys/?through=OR&then=REHAB"))

    assert "No journey is like this." in page
    assert "kw-path" not in page


def test_the_ways_are_given_as_csv_without_rare_ones_to_readers(tess, ben):
    rows = tess.get("/journeys/variants.csv").content.decode().splitlines()

    assert rows[0] == "way,variant,journeys,patients,median_hours"
    assert len(rows) == 4
    assert len(ben.get("/journeys/variants.csv").content.decode().splitlines()) == 3


def test_who_took_the_journeys_is_for_the_team_and_written_down(tess, ben):
    assert ben.get("/journeys/patients/?through=ED").status_code == 403
    page = text(tess.get("/journeys/patients/?through=ED"))

    assert patient("P-0042") in page
    event = AuditEvent.objects.get(action="read patients")
    assert event.detail == {"query": "?through=ED", "rows": 3}
