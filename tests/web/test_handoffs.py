"""Hand-offs: which changed and when, as a list, a matrix and a map; one pair over time, and who was behind it."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import html
import io
import re

import pytest

from knitwork.model.units import Registry, Unit
from knitwork.web import kept
from knitwork.web.audit.models import AuditEvent
from knitwork.web.pages import changed, flowmap
from knitwork.web.pages.changed import judged_pairs, turn_of

from . import fake_answers
from .fake_links import SINCE, WORSE
from .routes import patient

VIEWS = ("list", "matrix", "map")
KINDS = ("ed", "or", "icu", "ward", "rehab")


def text(response):
    assert response.status_code == 200, response
    return html.unescape(re.sub(r"\s+", " ", response.content.decode()))


def words_of(page):
    """What a person reads: without tags, and without what only the pointer shows."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<title>.*?</title>", "", page)))


@pytest.fixture
def of(invented_system):
    """Put another invented system in place."""

    def put(**changes):
        invented_system["answers"] = fake_answers.FakeAnswers(**changes)
        kept.forget()
        return invented_system["answers"]

    return put


def crowd(units, each=2):
    """Return answers with many units, each sending patients to the next few."""
    registry = Registry(
        units=tuple(Unit(f"U{at}", f"Unit number {at}", KINDS[at % len(KINDS)]) for at in range(units)),
        macro_name="Crowd",
    )
    pairs = [
        {"from_unit": f"U{at}", "to_unit": f"U{(at + step) % units}", "count": 100 + at, "timed": 100 + at,
         "mean_transit_s": 900.0, "median_transit_s": 600.0 + at, "p90_transit_s": 1800.0, "lost_s": 90_000 + at,
         "departures_recorded": True}
        for at in range(units)
        for step in range(1, each + 1)
    ]  # fmt: skip

    class Crowd(fake_answers.FakeAnswers):
        def pairs(self, level, unit=None, months=None):
            return pairs if level == "micro" else []

        def usual_places(self, level):
            return {}

    return Crowd(registry=registry)


# Which hand-off got worse, and when


def test_the_page_opens_with_the_hand_off_that_got_worse_and_since_when(ada):
    page = words_of(text(ada.get("/handoffs/")))

    assert "Coronary care unit → Cardiology ward: worse since January 2026, half waited over" in page
    assert page.index("worse since January 2026") < page.index("All pairs")
    assert re.search(r"\d+ of 7 pairs have enough hand-offs to be judged; 1 signals in its last three points", page)
    assert "By chance alone we expect" in page


def test_the_month_said_is_that_of_the_change_and_not_the_first_of_the_run(ada):
    page = words_of(text(ada.get("/handoffs/CCU/W7/")))

    assert "Worse since January 2026" in page
    assert "January 2026 is an estimate" in page
    assert "The rule itself speaks of" in page


def test_only_the_pair_that_changed_is_said_to_have_changed(ada):
    source = fake_answers.fake_source()
    found = judged_pairs(source, "micro", "month")

    assert [pair for pair, one in found.items() if one.evaluation.recent] == [WORSE]
    assert found[WORSE].turn.label == SINCE.isoformat()
    assert found[WORSE].verdict == "worse"


def test_pairs_are_judged_once_for_a_generation_and_level(ada, monkeypatch):
    made = []
    whole = changed._judge
    monkeypatch.setattr(changed, "_judge", lambda *where: made.append(where[1:]) or whole(*where))

    for view in VIEWS:
        ada.get(f"/handoffs/?view={view}")
    ada.get("/handoffs/?level=meso")

    assert made == [("micro", "month"), ("meso", "month")]


def test_a_pair_of_few_hand_offs_is_not_judged(ada):
    found = judged_pairs(fake_answers.fake_source(), "micro", "month")

    assert not found["Med/Surg ~ 4", "CCU"].is_judged
    assert found["ED", "CATH"].is_judged


def test_when_is_not_said_where_the_change_has_no_date(ada):
    source = fake_answers.fake_source()
    one = judged_pairs(source, "micro", "month")[WORSE]
    slope = changed.wait_series([
        {**row, "median_s": 1000.0 + 60 * at, "timed": 12} for at, row in enumerate(one.rows)
    ])  # fmt: skip
    evaluation = changed.evaluate_many([slope], changed.WAITS)[0]

    assert evaluation.recent
    assert turn_of(source, WORSE, "micro", evaluation) is None
    said = changed.in_a_line(dataclasses.replace(one, evaluation=evaluation, turn=None), hide=False)
    assert re.search(r"Worse since \w+ 20\d\d: \d+ months above the centre", said)


def test_a_system_in_which_nothing_changed_says_so(ada, of, monkeypatch):
    monkeypatch.setattr("tests.web.fake_links.AFTER_S", 1740.0)
    kept.forget()

    page = words_of(text(ada.get("/handoffs/")))

    assert "No wait between two units has changed that is not noise." in page
    assert "worse" not in page.lower()


# The three views


def test_the_list_ranks_pairs_by_the_hours_lost_with_their_charts(ada):
    page = text(ada.get("/handoffs/"))
    lost = [
        float(cell.replace(",", "")) for cell in re.findall(r'<td class="n">([\d.,]+)</td> <td class="spark">', page)
    ]

    assert len(lost) == 7
    assert lost == sorted(lost, reverse=True)
    assert page.count("kw-spark") >= 5
    assert re.search(r"turned.*?Worse since January 2026", page)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("query", ["", "&time=all", "&level=meso", "&group=AMI", "&group=nowhere", "&shade=wait"])
def test_every_view_opens_whatever_is_asked_of_it(ada, view, query):
    page = text(ada.get(f"/handoffs/?view={view}{query}"))

    assert "Hand-offs" in page


def test_an_unknown_view_time_or_shade_is_taken_for_the_usual_one(ada):
    assert 'class="ranked"' in text(ada.get("/handoffs/?view=sphere&time=never&shade=pink&unit=nobody"))


def test_the_links_of_a_choice_keep_what_else_was_chosen(ada):
    page = text(ada.get("/handoffs/?view=matrix&time=all&group=AMI"))

    assert re.search(r'href="\?view=matrix&time=all&group=AMI&shade=wait"', page)
    assert re.search(r'href="\?time=all&group=AMI&view=map"', page)


def test_a_group_shows_the_pairs_among_its_units_only(ada):
    page = text(ada.get("/handoffs/?group=AMI"))
    pairs = set(re.findall(r'<th scope="row"><a href="/handoffs/([^/]+)/([^/]+)/', page))

    assert ("CCU", "W7") in pairs
    assert ("OR", "Med~2FSurg ~7E 4") not in pairs
    assert {end for pair in pairs for end in pair} <= {"ED", "CATH", "CCU", "W7", "REHAB"}


def test_units_that_only_take_part_in_a_programme_belong_to_its_pairs(ada):
    page = text(ada.get("/handoffs/?group=SURG"))

    assert re.search(r'href="/handoffs/ED/Med~2FSurg', page)


def test_a_unit_shows_its_neighbours_and_their_pairs(ada):
    page = text(ada.get("/handoffs/?unit=CCU"))

    assert "kw-flow" in page
    pairs = re.findall(r'<th scope="row"><a href="/handoffs/([^/]+)/([^/]+)/', page)
    assert pairs
    assert all("CCU" in pair for pair in pairs)


def test_the_matrix_holds_every_pair_and_marks_the_one_that_got_worse(ada):
    page = text(ada.get("/handoffs/?view=matrix"))

    assert page.count('<td class="s') == 7
    marked = re.findall(r'<td class="s\d"><a href="([^"]+)"[^>]*><span class="mark worse"', page)
    assert marked == ["/handoffs/CCU/W7/?level=micro"]


def test_the_matrix_of_waits_says_how_long_half_waited(ada):
    page = text(ada.get("/handoffs/?view=matrix&shade=wait"))

    assert "Emergency department → Cath lab: half went over within 41" in page


def test_the_map_draws_units_in_columns_with_the_worse_one_marked(ada):
    page = text(ada.get("/handoffs/?view=map"))

    assert "kw-map-desk" in page
    assert page.count('class="stream worse') == 1
    assert "Front door" in page
    assert "Intensive care" in page


def test_what_got_worse_is_drawn_however_few_they_are():
    pairs = [{"from_unit": f"A{at}", "to_unit": f"B{at}", "count": 1000} for at in range(20)]
    pairs.append({"from_unit": "A", "to_unit": "B", "count": 12})

    drawn = flowmap.choose(pairs, {("A", "B")}, hide=True)

    assert any(flow.worse for flow in drawn.flows)
    assert len(drawn.flows) < 21


def test_units_stand_in_the_order_that_patients_pass_them():
    flows = [
        flowmap.Flow("ED", "CATH", 9), flowmap.Flow("CATH", "CCU", 9), flowmap.Flow("CCU", "W7", 9),
        flowmap.Flow("ED", "OR", 9), flowmap.Flow("OR", "Med/Surg ~ 4", 9), flowmap.Flow("W7", "REHAB", 9),
    ]  # fmt: skip

    column, heads = flowmap.columns(fake_answers.fake_source(), flows, "micro")

    assert column["ED"] < column["CATH"] == column["OR"] < column["CCU"] < column["W7"] < column["REHAB"]
    assert column["W7"] == column["Med/Surg ~ 4"]
    assert heads[column["CCU"]] == "Intensive care"


def test_a_unit_that_another_of_its_kind_feeds_stands_behind_it():
    flows = [flowmap.Flow("W7", "Med/Surg ~ 4", 50), flowmap.Flow("CCU", "W7", 50)]

    column, _heads = flowmap.columns(fake_answers.fake_source(), flows, "micro")

    assert column["Med/Surg ~ 4"] == column["W7"] + 1


def test_units_of_no_telling_kind_stand_where_their_patients_usually_are(of):
    units = tuple(dataclasses.replace(unit, kind="other") for unit in fake_answers.REGISTRY.units[3:])
    of(registry=dataclasses.replace(fake_answers.REGISTRY, units=units, memberships=()))
    flows = [flowmap.Flow("ED", "CATH", 9), flowmap.Flow("CATH", "W7", 9)]

    column, heads = flowmap.columns(fake_answers.fake_source(), flows, "micro")

    assert column["ED"] < column["CATH"] < column["W7"]
    assert heads == {}


@pytest.mark.parametrize(("units", "drawn"), [(30, True), (80, False), (200, False)])
def test_a_map_of_too_many_units_is_a_sentence_with_ways_to_what_can_be_read(ada, invented_system, units, drawn):
    invented_system["answers"] = crowd(units)
    page = text(ada.get("/handoffs/?view=map"))

    assert ("kw-map-desk" in page) == drawn
    assert ("cannot be read" in page) != drawn
    if not drawn:
        assert len(re.findall(r'href="\?unit=U\d+"', page)) == 24


def test_two_hundred_units_have_a_matrix_below_the_size_agreed(ada, invented_system):
    invented_system["answers"] = crowd(200, each=3)
    response = ada.get("/handoffs/?view=matrix", headers={"accept-encoding": "gzip"})

    assert response.status_code == 200
    assert len(response.content) < 120_000


def test_more_than_two_hundred_units_are_left_out_in_words(ada, invented_system):
    invented_system["answers"] = crowd(203, each=1)

    assert "3 units with fewer hand-offs are left out" in words_of(text(ada.get("/handoffs/?view=matrix")))


# Small numbers


@pytest.mark.parametrize("view", VIEWS)
def test_a_reader_sees_no_small_number_in_any_view(ben, ada, view):
    hidden, shown = text(ben.get(f"/handoffs/?view={view}")), text(ada.get(f"/handoffs/?view={view}"))

    # Seven patients went from Med/Surg to the coronary care unit.
    if view == "map":
        assert re.search(r"1 with fewer than 11 patients is not shown", hidden)
        assert "Med/Surg 4 → Coronary care unit: 7 hand-offs" not in hidden
        assert "Med/Surg 4 → Coronary care unit: 7 hand-offs" in shown
    elif view == "matrix":
        assert "Med/Surg 4 → Coronary care unit: fewer than 11" in hidden
        assert "Med/Surg 4 → Coronary care unit: 7 hand-offs" in shown
    else:
        assert "too few patients to show" in hidden
        assert "too few patients to show" not in shown


def test_a_reader_gets_no_small_number_as_csv(ben, ada):
    def rows(client):
        return {(r["from_unit"], r["to_unit"]): r for r in csv.DictReader(io.StringIO(text_of(client)))}

    def text_of(client):
        return client.get("/handoffs/pairs.csv").content.decode()

    pair = ("Med/Surg ~ 4", "CCU")
    assert rows(ada)[pair]["count"] == "7"
    assert rows(ben)[pair]["count"] == rows(ben)[pair]["lost_s"] == ""
    assert rows(ben)["ED", "CATH"]["count"] == "212"


def test_a_reader_sees_no_single_patient_of_a_pair(ben, ada):
    assert "behind/" in text(ada.get("/handoffs/CCU/W7/"))
    assert "behind/" not in text(ben.get("/handoffs/CCU/W7/"))
    assert ben.get("/handoffs/CCU/W7/behind/2026-09-01/").status_code == 403


# One pair


def test_a_pair_says_what_its_wait_was_before_and_since(ada):
    page = words_of(text(ada.get("/handoffs/CCU/W7/")))

    assert re.search(r"Before half went over within \d+ min and 9 in 10 within", page)
    assert re.search(r"Since half went over within \d+ min and 9 in 10 within", page)


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("show", ["wait", "hour"])
def test_a_pair_is_charted_by_any_period_as_a_wait_or_as_a_share(ada, period, show):
    page = text(ada.get(f"/handoffs/CCU/W7/?period={period}&show={show}"))

    assert "kw-page" in page
    assert ("Share who waited over an hour." in page) == (show == "hour")


def test_the_numbers_of_a_pair_come_as_csv(ada):
    rows = list(csv.DictReader(io.StringIO(ada.get("/handoffs/CCU/W7/numbers.csv").content.decode())))

    assert len(rows) == 24
    assert list(rows[0]) == [
        "level", "from_unit", "to_unit", "period", "count", "timed", "median_transit_s", "p90_transit_s", "over_hour",
    ]  # fmt: skip
    assert float(rows[-2]["median_transit_s"]) > float(rows[0]["median_transit_s"])


def test_the_pair_one_level_up_and_the_other_way_are_linked(ada):
    page = text(ada.get("/handoffs/ED/Med~2FSurg ~7E 4/"))

    assert '"/handoffs/AMI/SURG/?level=meso"' in page
    assert '"/handoffs/SURG/AMI/?level=meso"' in text(ada.get("/handoffs/AMI/SURG/?level=meso"))


def test_the_patients_behind_a_period_are_listed_longest_first_and_the_reading_is_written_down(ada):
    before = AuditEvent.objects.count()

    page = text(ada.get("/handoffs/CCU/W7/behind/2026-09-01/"))

    assert AuditEvent.objects.count() == before + 1
    event = AuditEvent.objects.latest("id")
    assert event.action == "read patients"
    assert event.detail["rows"] == 2
    assert event.detail["from"] == "CCU"
    assert page.index("P-0042") < page.index("P-0007")
    assert f'href="{patient("P-0042")}"' in page
    assert "not known" in page
    assert "September 2026" in page


def test_a_day_within_a_month_opens_its_whole_month(ada, monkeypatch):
    asked = []
    monkeypatch.setattr(
        fake_answers.FakeAnswers, "pair_behind", lambda self, *where, limit: asked.append(where[3:]) or []
    )
    ada.get("/handoffs/CCU/W7/behind/2026-09-14/")

    first = (dt.date(2026, 9, 1) - dt.date(1970, 1, 1)).days
    assert asked == [(first, first + 30)]


@pytest.mark.parametrize("start", ["yesterday", "2026-13-01", "9999-12-31"])
def test_a_start_that_is_no_date_of_these_records_is_a_page_that_is_not_there(ada, start):
    assert ada.get(f"/handoffs/CCU/W7/behind/{start}/").status_code == 404


# Hard feeds


@pytest.mark.parametrize("view", VIEWS)
def test_a_feed_without_departures_still_shows_who_passed_and_says_why_no_wait(ada, of, view):
    of(unrecorded=True)

    page = words_of(text(ada.get(f"/handoffs/?view={view}")))

    assert "does not record when patients leave" in page
    assert "worse" not in page.lower()


@pytest.mark.parametrize("view", VIEWS)
def test_shifted_dates_give_no_chart_and_no_choice_of_time(ada, of, view):
    of(shifted=True)

    page = text(ada.get(f"/handoffs/?view={view}"))

    assert "kw-chart" not in page
    assert "last 3 months" not in page
    assert "shifted for privacy" in text(ada.get("/handoffs/CCU/W7/"))
    assert "Nobody passed" in text(ada.get("/handoffs/CCU/W7/behind/2026-09-01/"))


@pytest.mark.parametrize("view", VIEWS)
def test_no_hand_off_at_all_is_a_sentence(ada, invented_system, view):
    invented_system["answers"] = crowd(3, each=0)

    assert "No patient has passed from one unit to another" in text(ada.get(f"/handoffs/?view={view}"))


# For walls


@pytest.mark.django_db
def test_the_map_for_a_wall_names_units_and_no_patient_and_has_no_link():
    svg = flowmap.flow_map_picture(fake_answers.fake_source(), size="wall", hide=True)

    assert "kw-map-wall" in svg
    assert "<a " not in svg
    assert 'role="img"' in svg


@pytest.mark.django_db
def test_the_map_of_a_group_holds_its_units_only():
    svg = flowmap.flow_map_picture(fake_answers.fake_source(), group="AMI", size="desk", hide=True)

    assert "Coronary care" in svg
    assert "Operating" not in svg


@pytest.mark.django_db
@pytest.mark.parametrize(("units", "desk", "wall"), [(24, True, True), (34, True, False), (80, False, False)])
def test_a_wall_has_no_map_that_cannot_be_read(invented_system, units, desk, wall):
    invented_system["answers"] = crowd(units)
    source = fake_answers.fake_source()

    assert (flowmap.flow_map_picture(source, size="desk") is not None) == desk
    assert (flowmap.flow_map_picture(source, size="wall") is not None) == wall


def test_the_stream_of_a_neighbour_whose_wait_got_worse_is_marked(ada):
    flow = re.search(r'<svg class="kw-flow.*?</svg>', text(ada.get("/handoffs/?unit=CCU")))[0]

    assert flow.count('class="stream worse"') == 1
    assert flow.count('<path class="worse"') == 1


def test_a_pair_by_day_shows_the_latest_days_and_the_file_holds_all(ada):
    page = words_of(text(ada.get("/handoffs/CCU/W7/?period=day")))
    rows = ada.get("/handoffs/CCU/W7/numbers.csv?period=day").content.decode().splitlines()

    assert "80 earlier periods are in the CSV" in page
    assert len(rows) == 201


def test_a_reader_is_given_no_count_by_which_a_hidden_month_could_be_told(ben, ada):
    assert "with a known wait)" in text(ada.get("/handoffs/CCU/W7/"))
    assert "with a known wait)" not in text(ben.get("/handoffs/CCU/W7/"))
