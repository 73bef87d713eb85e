"""Did the change work: the engine's own words, a plan made in advance or the warning that none was, and nothing small."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from knitwork.draw.worked_words import worked_sentences
from knitwork.model.units import Registry
from knitwork.signals.interrupted import ItsSpec
from knitwork.web import source as sources
from knitwork.web.changes.actions import make_plan
from knitwork.web.changes.measured import Question, measured, sisters_of, split
from knitwork.web.changes.models import Plan
from knitwork.web.charts.actions import leave_out
from knitwork.web.kept import forget
from knitwork.web.units.actions import notice_units

from . import fake_answers
from .conftest import account, browser

# In the invented system discharge before noon rose, and waits grew, in February 2026: in CCU, AMI and RIV alone.
START = dt.date(2026, 2, 1)
PAGE = "/units/CCU/measures/discharge_before_noon/change/"
ASKED = f"{PAGE}?start=2026-02-01"


def text(response):
    return response.content.decode()


def lead(page):
    return re.search(r'<p class="lead">(.*?)</p>', page, re.DOTALL).group(1)


def section(page, title):
    return page.split(f'id="{title}-title"')[1].split("</section>")[0]


def question(**more):
    said = {
        "unit": "CCU", "measure": "discharge_before_noon", "period": "month", "start": START, "direction": "up",
        "method": ItsSpec(),
    }  # fmt: skip
    return Question(**(said | more))


def found(**more):
    return measured(fake_answers.fake_source(), question(**more))


def planned(**more):
    said = {
        "unit": "CCU", "measure": "discharge_before_noon", "period": "month", "start": START, "what": "Early rounds",
        "direction": "up", "method": ItsSpec(), "balancing": ("gap_median",), "seen": 0, "today": dt.date(2026, 1, 20),
        "by": "lena",
    }  # fmt: skip
    return make_plan(**(said | more))


@pytest.fixture
def lena(db):
    """Lena leads a unit: she plans."""
    return browser(account("lena", "lead"))


class Weeks(fake_answers.FakeAnswers):
    """Six wards over 80 weeks; in one of them waits over an hour fell by two thirds 30 weeks ago."""

    def __init__(self, changed=("W1",)):
        units = tuple(fake_answers.unit(f"W{n}", f"Ward {n}", "ward") for n in range(1, 7))
        super().__init__(registry=Registry(units=units, macro_name="All"))
        self.changed = changed

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        if measure == "gap_over_60" and unit in self.changed:
            for row in rows[-30:]:
                row["numerator"] = round(row["numerator"] / 3)
                row["value"] = 100 * row["numerator"] / row["denominator"]
        return rows


def weeks():
    """Return the first day of the week in which it fell."""
    return fake_answers.starts("week", 80)[-30]


# The answer


def test_the_sentence_is_that_of_the_engine(ada):
    answer = found().answer

    assert answer.verdict == "sustained"
    assert escape(worked_sentences(answer, period="month")) == lead(text(ada.get(ASKED)))


def test_limits_come_from_before_the_start_and_the_start_is_marked(ada):
    evaluation = found().evaluation

    assert evaluation.baseline_n == 15
    picture = section(text(ada.get(ASKED)), "chart")
    assert "1 marks where it began." in picture
    assert picture.count("<svg") == 2


def test_a_measure_that_did_not_move_is_not_said_to_have(ada):
    said = lead(text(ada.get("/units/CCU/measures/night_moves/change/?start=2026-02-01")))

    assert said.startswith("No change can be seen yet")


def test_what_got_worse_beside_it_is_said_first_and_in_its_place(ada):
    page = text(ada.get(ASKED + "&balance=gap_over_60&balance=night_moves"))

    assert "Beside it, this got worse: Waited over 60 minutes." in lead(page)
    said = section(page, "balance")
    assert re.search(r"Waited over 60 minutes</a>: got worse", said)
    assert re.search(r"22:00 and 07:00</a>: did not get worse", said)


def test_a_balancing_measure_too_rare_to_be_judged_is_not_said_to_have_held(ada, monkeypatch):
    original = fake_answers.FakeAnswers.one_series

    def rare(self, measure, unit, level, period):
        rows = original(self, measure, unit, level, period)
        if measure == "ping_pong":
            rows = [row | {"numerator": 1, "value": 100 / row["denominator"]} for row in rows]
        return rows

    monkeypatch.setattr(fake_answers.FakeAnswers, "one_series", rare)
    forget()

    said = section(text(ada.get(ASKED + "&balance=ping_pong")), "balance")

    assert "Nothing can be said of: Went there and back." in said
    assert "did not get worse" not in said


def test_where_no_rule_judges_the_chart_nothing_is_measured_or_compared(ada, monkeypatch):
    original = fake_answers.FakeAnswers.one_series

    def rare(self, measure, unit, level, period):
        rows = original(self, measure, unit, level, period)
        if measure == "discharge_before_noon":
            rows = [row | {"numerator": 1, "value": 100 / row["denominator"]} for row in rows]
        return rows

    assert 'id="its-title"' in text(ada.get(ASKED))
    monkeypatch.setattr(fake_answers.FakeAnswers, "one_series", rare)
    forget()

    page = text(ada.get(ASKED))

    assert lead(page).startswith("Too few to call")
    assert [f'id="{name}-title"' in page for name in ("chart", "its", "sisters", "balance", "method")] == [True] + [
        False
    ] * 4


def test_too_little_before_the_change_is_not_called_early(ada):
    page = text(ada.get(f"{PAGE}?start=2025-09-01"))

    assert lead(page).startswith("There is too little from before the change: 10 months, and it takes 12 to know")
    assert "early" not in lead(page)


def test_what_was_worse_for_a_month_long_ago_does_not_lead_the_answer(ada, monkeypatch):
    original = fake_answers.FakeAnswers.one_series

    def once(self, measure, unit, level, period):
        rows = original(self, measure, unit, level, period)
        if measure == "night_moves" and period == "month":
            row = next(row for row in rows if row["label"] == "2026-03-01")
            row |= {"numerator": round(row["denominator"] * 0.6), "value": 60.0}
        return rows

    monkeypatch.setattr(fake_answers.FakeAnswers, "one_series", once)
    forget()

    page = text(ada.get(ASKED + "&balance=night_moves"))

    assert "got worse" not in lead(page)
    assert "22:00 and 07:00</a>: was worse for a while, and is not now." in section(page, "balance")


def test_without_a_balancing_measure_the_page_says_what_that_means(ada):
    assert "what was won here may have been lost elsewhere" in section(text(ada.get(ASKED)), "balance")


def test_a_change_that_began_within_a_month_leaves_that_month_out(ada):
    page = text(ada.get(f"{PAGE}?start=2026-01-12"))
    one = found(start=dt.date(2026, 1, 12))

    assert "January 2026, in which it began, is left out" in page
    assert one.label == "2026-02-01"
    assert one.evaluation.values[one.evaluation.labels.index("2026-01-01")] is None


@given(st.integers(0, 800))
def test_a_start_falls_on_the_first_period_that_is_wholly_after_it(days):
    labels = [day.isoformat() for day in fake_answers.starts("month", 24)]
    start = dt.date(2024, 10, 1) + dt.timedelta(days=days)

    at = split(labels, start)

    later = [label for label in labels if label >= start.isoformat()]
    assert (at.label if at else None) == (later[0] if later else None)
    if at and at.left_out:
        assert at.left_out < start.isoformat() < at.label


@pytest.mark.parametrize("start", ["2027-01-01", "2026-10-20"])
def test_a_change_that_is_still_to_come_is_too_early(ada, start):
    page = text(ada.get(f"{PAGE}?start={start}"))

    assert lead(page).startswith("Too early to say")
    assert "<figure" not in page


def test_what_has_not_begun_can_still_be_planned_and_is_not_called_unplanned(ada):
    page = text(ada.get(f"{PAGE}?start=2199-01-01"))

    assert "Until it begins a lead can do so here." in page
    assert "Nobody wrote down in advance" not in page
    assert "Not stated in advance" not in page


def test_anybody_who_may_read_chooses_what_must_not_have_suffered_where_nobody_planned(ben):
    page = section(text(ben.get(ASKED + "&balance=gap_over_60")), "ask")

    assert '<input type="checkbox" name="balance" value="gap_over_60" id="ask-' in page
    assert 'value="arrivals"' not in page  # it has no direction in which it could get worse
    planned()
    assert 'type="checkbox"' not in section(text(ben.get(ASKED)), "ask")


def test_a_change_before_all_records_is_no_question_and_says_why(ada):
    page = text(ada.get(f"{PAGE}?start=2020-01-01"))

    assert "This cannot be answered" in lead(page)


def test_what_a_person_took_out_of_the_chart_is_out_of_the_lines_too(db):
    day = fake_answers.starts("week", 80)[10]
    leave_out(unit="CCU", measure="gap_over_60", day=day, period="week", reason="A strike", by="lena")
    forget()

    series = found(measure="gap_over_60", direction="down", period="week", start=weeks())

    at = series.its.labels.index(day.isoformat())
    assert series.its.used[at] is False
    assert series.evaluation.included[at] is False


# By how much, and beside whom


def test_a_change_in_one_ward_of_six_stands_out_beside_its_sisters(ada, invented_system):
    invented_system["answers"] = Weeks()
    page = text(ada.get(f"/units/W1/measures/gap_over_60/change/?period=week&start={weeks().isoformat()}"))

    assert lead(page).startswith("Better since")
    assert "so the change is the likely cause" in lead(page)
    assert "less than it would have been" in section(page, "its")
    assert "Compared with 5 sister units" in section(page, "sisters")
    assert section(page, "its").count("<svg") == 2
    assert "On average since the start" in section(page, "its")


def test_a_change_in_all_six_is_not_put_down_to_what_one_of_them_did(ada, invented_system):
    invented_system["answers"] = Weeks(changed=tuple(f"W{n}" for n in range(1, 7)))
    page = text(ada.get(f"/units/W1/measures/gap_over_60/change/?period=week&start={weeks().isoformat()}"))

    assert lead(page).startswith("Better since")
    assert "likely cause" not in lead(page)
    assert "does not stand out by more than chance makes" in lead(page)


def test_sisters_are_of_one_kind_and_level_and_under_three_there_is_no_comparison(ada):
    source = fake_answers.fake_source()

    assert sisters_of(source, "W7") == ["Med/Surg ~ 4"]
    assert sisters_of(source, "AMI") == ["SURG"]
    assert sisters_of(source, "nowhere") == []
    said = section(text(ada.get("/units/W7/measures/gap_over_60/change/?start=2026-02-01")), "sisters")
    assert "1 other unit of its kind (ward) has this measure in nearly every period, and a comparison takes 3" in said


# Plans


def test_without_a_plan_the_page_says_so(ada):
    page = text(ada.get(ASKED))

    assert "Nobody wrote down in advance how this would be measured." in page
    assert "Not stated in advance." in section(page, "method")


def test_a_plan_made_in_advance_is_what_is_answered_by(ada):
    planned(method=ItsSpec(method="ols", wash_out=2))
    page = text(ada.get(ASKED + "&balance=night_moves&direction=down"))

    assert "Planned in advance by lena, on 20 January 2026: “Early rounds”" in page
    assert "Stated in advance, and never changed since." in section(page, "method")
    assert "2 periods from the start on" in section(page, "method")
    assert "Wait between units, median</a>" in section(page, "balance")
    assert "22:00 and 07:00</a>" not in section(page, "balance")
    assert lead(page).startswith("Better since")


def test_a_plan_is_read_in_full_before_its_start_and_without_a_day(ben):
    planned(start=dt.date(2199, 1, 1), direction="down", balancing=("gap_median", "night_moves"))

    for address in (f"{PAGE}?start=2199-01-01", PAGE):
        said = section(text(ben.get(address)), "method")
        assert "<dt>The number should go</dt><dd>Down: less is better</dd>" in said
        assert "<dd>Wait between units, median, Moves between 22:00 and 07:00</dd>" in said
        assert "<dt>Method</dt><dd>The usual one" in said
    assert "From 1 January 2199" in said
    assert "Early rounds" in said


def test_a_plan_made_after_the_start_is_said_to_be_late(ada):
    planned(today=dt.date(2026, 5, 2))
    page = text(ada.get(ASKED))

    assert "Chosen after the start: lena wrote this plan on 2 May 2026" in page
    assert "Not stated in advance." in section(page, "method")


def test_a_unit_that_was_chosen_for_its_bad_numbers_is_said_to_go_back_by_itself(ada):
    planned(picked=True)

    assert "Numbers chosen so move back towards the usual by themselves" in lead(text(ada.get(ASKED)))


def test_every_plan_of_a_number_is_listed_so_that_nobody_shows_only_the_best(ada):
    planned()
    planned(start=dt.date(2025, 11, 1), what="Another try", today=dt.date(2026, 3, 1))
    listed = section(text(ada.get(PAGE)), "ask")

    assert listed.index("From 1 February 2026") < listed.index("From 1 November 2025")
    assert "Chosen after the start" in listed


def form(**more):
    said = {
        "start": "2026-02-01", "what": "Early rounds", "direction": "up", "method": "policy", "season": "",
        "wash_out": "0", "seen": "0", "balance": ["gap_median", "made up"],
    }  # fmt: skip
    return said | more


def test_a_lead_writes_a_plan_and_finds_it_on_the_page(lena):
    response = lena.post(PAGE, form(wash_out="1"))

    assert response["Location"] == ASKED + "&period=month"
    plan = Plan.objects.get()
    assert (plan.made_by, plan.balancing, plan.is_late) == ("lena", ["gap_median"], True)
    assert plan.method["wash_out"] == 1
    assert "Early rounds" in text(lena.get(response["Location"]))


def test_after_the_start_a_second_plan_is_refused_in_a_sentence_and_not_offered(lena):
    lena.post(PAGE, form())

    response = lena.post(PAGE, form(method="ols", seen="1"))

    assert response.status_code == 422
    assert "after the start nobody chooses another method" in text(response)
    assert Plan.objects.count() == 1
    assert 'id="plan-title"' not in text(lena.get(ASKED))


def test_before_the_start_it_can_be_planned_otherwise(lena):
    start = (dt.date.today() + dt.timedelta(days=40)).isoformat()
    lena.post(PAGE, form(start=start))

    overtaken = lena.post(PAGE, form(start=start, seen="0", what="Other rounds"))
    again = lena.post(PAGE, form(start=start, seen="1", what="Other rounds"))

    assert (overtaken.status_code, again.status_code) == (409, 302)
    assert [plan.version for plan in Plan.objects.order_by("version")] == [1, 2]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"start": "soon"}, "“soon” is no date"),
        ({"what": ""}, "few words what is changed"),
        ({"method": "magic"}, "method is &#x27;magic&#x27;"),
        ({"wash_out": "-1"}, "in digits"),
        ({"direction": "neither"}, "up or down"),
    ],
)
def test_what_no_plan_can_say_is_refused_in_a_sentence(lena, said, why):
    response = lena.post(PAGE, form(**said))

    assert response.status_code == 422
    assert why in text(response)
    assert not Plan.objects.exists()


@pytest.mark.parametrize("who", ["ben", "tess"])
def test_only_leads_and_owners_plan(who, request):
    client = request.getfixturevalue(who)

    assert client.post(PAGE, form()).status_code == 403
    assert 'id="plan-title"' not in text(client.get(ASKED))


# Questions that make no sense, and homes that are hard


def test_without_a_day_the_page_asks_for_one(ada):
    page = text(ada.get(PAGE))

    assert lead(page).startswith("Say when the change began")
    assert "<figure" not in page


def test_a_day_that_is_none_is_a_sentence(ada):
    assert "“soon” is no date: write it like 2026-03-01." in text(ada.get(f"{PAGE}?start=soon"))


def test_a_measure_without_a_direction_asks_for_one(ada):
    address = "/units/CCU/measures/arrivals/change/?start=2026-02-01"

    assert "say which way it should have gone" in text(ada.get(address))
    assert lead(text(ada.get(address + "&direction=down")))


def test_ben_sees_no_small_number_and_no_picture_made_of_them(ben, tess, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0.04)

    page = text(ben.get(ASKED))

    assert "<figure" not in page
    assert not re.search(r"\d%", lead(page))
    assert "<figure" in text(tess.get(ASKED))


def test_ben_sees_points_only_where_they_are_not_small(ben, tess, invented_system, monkeypatch):
    original = fake_answers.FakeAnswers.one_series

    def rare(self, measure, unit, level, period):
        rows = original(self, measure, unit, level, period)
        for at in (2, 7):
            rows[at] |= {"numerator": 4, "value": 2.0}
        return rows

    monkeypatch.setattr(fake_answers.FakeAnswers, "one_series", rare)
    forget()
    address = f"{PAGE}?period=week&start={weeks().isoformat()}"

    def dots(who):
        return section(text(who.get(address)), "its").split("kw-page")[1].split("</svg>")[0].count("<circle")

    assert dots(tess) == 80
    assert dots(ben) == 78


def test_shifted_dates_have_no_answer_and_say_why(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    page = text(ada.get(ASKED))

    assert "shifted for privacy" in page
    assert "<figure" not in page


def test_an_empty_home_says_what_to_load(ada, settings, tmp_path):
    settings.HOME, settings.KNITWORK_SOURCE = tmp_path, "knitwork.web.source.from_home"
    try:
        page = text(ada.get(ASKED))
    finally:
        sources.opened.cache_clear()

    assert "No records are loaded yet" in page


def test_a_home_of_one_unit_has_no_sisters_and_says_so(ada, invented_system):
    registry = Registry(units=(fake_answers.unit("CCU", "Ward", "ward"),), macro_name="All")
    invented_system["answers"] = fake_answers.FakeAnswers(registry=registry)

    assert "0 other units of its kind (ward)" in section(text(ada.get(ASKED)), "sisters")


def test_names_and_plans_that_break_pages_stay_text(ada, invented_system):
    hostile = "<script>alert(1)</script>"
    units = (
        fake_answers.unit("CCU", hostile, "ward"),
        *(fake_answers.unit(f"W{n}", hostile, "ward") for n in range(4)),
    )
    invented_system["answers"] = fake_answers.FakeAnswers(registry=Registry(units=units, macro_name="All"))
    notice_units(["CCU"], by="test")
    planned(what=hostile)

    page = text(ada.get(ASKED))

    assert hostile not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "address", ["/units/nowhere/measures/gap_median/change/", "/units/CCU/measures/nothing/change/"]
)
def test_what_does_not_exist_is_no_page(ada, address):
    assert ada.get(address).status_code == 404
