"""Whether a chart can be trusted: quiet where nothing is the matter, words before numbers, and no small number told."""

from __future__ import annotations

import dataclasses
import html
import math
import random
import re

import pytest

from knitwork.draw.diagnosis_words import diagnosis_said
from knitwork.model.units import Registry
from knitwork.signals import evaluate
from knitwork.signals.diagnosis import diagnose, residual_view, seasonal_view
from knitwork.web import judging
from knitwork.web import source as sources

from . import fake_answers

PAGE = "/units/CCU/measures/arrivals/"
VIEWS = {"seasonal": seasonal_view, "residual": residual_view}


def text(response):
    return html.unescape(response.content.decode())


def panel(page):
    found = re.search(r'<details class="trust">.*?</details>', page, re.DOTALL)
    assert found, "there is no panel"
    return found.group(0)


MONTHS = 40


@dataclasses.dataclass
class Given(fake_answers.FakeAnswers):
    """Forty months whose values are a function of their place; of proportions the numerator is that of a denominator."""

    values: object = None
    denominator: int = 200

    def one_series(self, measure, unit, level, period):
        counted = fake_answers.MEASURES[measure].spec.chart in ("p", "u")
        days = fake_answers.starts(period, MONTHS)
        return [self.row(day, self.values(at), at == len(days) - 1, counted) for at, day in enumerate(days)]

    def row(self, day, value, last, counted):
        above = below = None
        if counted:
            below = self.denominator
            above = min(round(below * (value or 0) / 100), below)
            value = 100 * above / below
        return {
            "start_day": (day - fake_answers.EPOCH).days, "label": day.isoformat(), "numerator": above,
            "denominator": below, "value": value, "n": 0 if value is None else 200, "complete": not last,
        }  # fmt: skip


def seasonal(at):
    return 100 + 20 * math.sin(math.tau * at / 12) + (3, -2, 1, -3, 2)[at % 5]


def drifting(at):
    return 100 + 20 * math.sin(math.tau * at / 17) + (2, -1, 1, -2, 1)[at % 5]


def steady(at):
    return 100 + random.Random(at + 5).gauss(0, 8)


@pytest.fixture
def given(invented_system):
    def put(values, **more):
        invented_system["answers"] = Given(values=values, **more)

    return put


def chart(measure="arrivals"):
    source = fake_answers.fake_source()
    rows = judging.rows_of(source, "CCU", "micro", "month", [measure])
    return judging.evaluate_rows(source, rows, at=("CCU", "month"))[measure]


def test_a_quiet_chart_has_a_quiet_panel_that_is_closed(ada, given):
    given(steady)

    shown = panel(text(ada.get(PAGE)))

    assert "Can this chart be trusted?" in shown
    assert "Nothing in its points speaks against it." in shown
    assert "<ul>" not in shown
    assert " open" not in shown.split(">")[0]


def test_what_matters_stands_first_in_words_for_a_nurse(ada, given):
    given(seasonal)

    shown = panel(text(ada.get(PAGE)))

    before, _sep, after = shown.partition("For the analyst")
    assert "There is a season" in before
    assert not re.search(r"\bp (<|0\.)|chi-square|autocorrelation", before, re.IGNORECASE)
    assert "lag-1 autocorrelation" in after
    for one in diagnosis_said(chart(), diagnose(chart())):
        assert one.numbers in after


def test_the_number_of_things_to_know_is_that_of_the_list(ada, given):
    given(seasonal)

    shown = panel(text(ada.get(PAGE)))

    count = int(re.search(r"(\d+) things? to know", shown).group(1))
    assert shown.split("</ul>")[0].count("<li>") == count > 0


def test_the_formula_stands_there_with_the_numbers_of_the_chart(ada, given):
    given(steady)
    worked = diagnose(chart()).worked

    shown = panel(text(ada.get(PAGE)))

    assert worked
    for step in worked:
        assert step.reckoned in shown


def test_limits_by_other_settings_are_laid_beside_those_in_use(ada, given):
    given(steady)

    shown = panel(text(ada.get(PAGE)))

    assert "As this chart has it" in shown
    assert "All moving ranges count" in shown
    assert shown.count('class="own"') == 1


def test_a_dispersed_proportion_is_recommended_another_chart(ada, given):
    given(lambda at: 30 + (14 if at % 2 else -14) * (1 + at % 3) / 3, denominator=4000)

    shown = panel(text(ada.get("/units/CCU/measures/return_rate/")))

    assert "p′ chart would suit better" in shown.partition("For the analyst")[0]
    assert "Chi-square" in shown


def test_a_measure_of_counts_leads_to_its_funnel_and_a_median_does_not(ada):
    assert "/measures/return_rate/funnel/" in text(ada.get("/units/CCU/measures/return_rate/"))
    assert "/funnel/" not in text(ada.get("/units/CCU/measures/gap_median/"))


def test_ben_is_told_what_matters_and_no_number_that_would_tell_a_small_one(ben, tess, given):
    given(lambda at: 6 + (at % 3), denominator=120)
    address = "/units/CCU/measures/return_rate/"

    for_ben, for_tess = panel(text(ben.get(address))), panel(text(tess.get(address)))

    assert "they would tell periods with fewer than 11" in for_ben
    assert "For the analyst" not in for_ben
    assert "<table" not in for_ben
    assert "For the analyst" in for_tess


@pytest.mark.parametrize(("kind", "values"), [("seasonal", seasonal), ("residual", drifting)])
def test_a_view_is_offered_where_the_diagnosis_offers_it_and_leads_there(ada, given, kind, values):
    given(values)
    assert kind in diagnose(chart()).offers

    address = re.search(rf'href="([^"]*/view/{kind}/[^"]*)"', panel(text(ada.get(PAGE)))).group(1)
    page = text(ada.get(address))

    assert page.count('<svg class="kw-chart') == 4  # two pictures, each in two sizes
    assert "Each picture has limits of its own" in page


@pytest.mark.parametrize(("kind", "values"), [("seasonal", seasonal), ("residual", drifting)])
def test_a_view_is_drawn_from_its_own_record(ada, given, kind, values):
    given(values)
    evaluation = chart()
    viewed = VIEWS[kind](evaluation)
    other = evaluate(viewed.series, viewed.spec)

    page = text(ada.get(f"{PAGE}view/{kind}/"))

    body = page.split("<tbody>")[1].split("</tbody>")[0]
    assert body.count("<tr>") == 24  # as many months as the pictures show
    # The newest stands first, and it is not over: the one below it is the last whole month.
    shown = re.findall(r'<td class="n">([^<]*)</td><td class="n">([^<]*)</td>', body)[1]
    assert float(shown[0].replace("−", "-")) == pytest.approx(evaluation.values[-2], abs=0.51)
    assert float(shown[1].replace("−", "-")) == pytest.approx(other.values[-2], abs=0.51)


def test_a_view_that_is_not_offered_says_so_and_draws_nothing(ada, given):
    given(steady)
    assert diagnose(chart()).offers == ()

    page = text(ada.get(f"{PAGE}view/residual/"))

    assert "This view is not offered for this chart" in page
    assert "kw-chart" not in page
    assert f'href="{PAGE}?period=month"' in page


def test_a_view_would_tell_small_numbers_so_ben_gets_none(ben, tess, given):
    given(lambda at: 5 + 3 * math.sin(math.tau * at / 12), denominator=120)
    address = "/units/CCU/measures/return_rate/view/seasonal/"
    assert "kw-chart" in text(tess.get(address))

    page = text(ben.get(address))

    assert "it would tell periods with fewer than 11" in page
    assert "kw-chart" not in page
    assert "/view/" not in panel(text(ben.get("/units/CCU/measures/return_rate/")))


def test_a_view_that_is_none_is_no_page(ada, given):
    given(seasonal)

    assert ada.get(f"{PAGE}view/other/").status_code == 404
    assert ada.get("/units/nowhere/measures/arrivals/view/seasonal/").status_code == 404
    assert ada.get("/units/CCU/measures/nothing/view/seasonal/").status_code == 404


def test_who_may_read_sees_a_view_and_nobody_else_does(ada, ben, cem, nobody, given):
    given(seasonal)
    address = f"{PAGE}view/seasonal/"

    assert ada.get(address).status_code == 200
    assert "kw-chart" in text(ben.get(address))
    assert cem.get(address).status_code == 403
    assert nobody.get(address).status_code == 302


def test_shifted_dates_have_no_panel_and_no_view(ada, given):
    given(seasonal, shifted=True)

    assert "Can this chart be trusted?" not in text(ada.get(PAGE))
    page = text(ada.get(f"{PAGE}view/seasonal/"))
    assert "shifted for privacy" in page
    assert "kw-chart" not in page


@pytest.mark.parametrize("values", [lambda at: None, lambda at: 100.0, lambda at: 5.0 if at == 3 else None])
def test_series_of_nothing_and_constant_ones_have_a_panel_too(ada, given, values):
    given(values)

    assert ada.get(PAGE).status_code == 200
    assert "This view is not offered" in text(ada.get(f"{PAGE}view/residual/"))


def test_names_that_break_pages_stay_text(ada, given, invented_system):
    hostile = "<script>alert(1)</script>"
    registry = Registry(units=(fake_answers.unit("W", hostile, "ward"),), macro_name="All")
    given(seasonal, registry=registry)

    for address in ("/units/W/measures/arrivals/", "/units/W/measures/arrivals/view/seasonal/"):
        raw = ada.get(address).content.decode()
        assert hostile not in raw
        assert "&lt;script&gt;" in raw


def test_an_empty_home_says_what_to_load(ada, settings, tmp_path):
    settings.HOME, settings.KNITWORK_SOURCE = tmp_path, "knitwork.web.source.from_home"
    try:
        page = text(ada.get(f"{PAGE}view/seasonal/"))
    finally:
        sources.opened.cache_clear()

    assert "No records are loaded yet" in page


def test_a_diagnosis_is_made_once_and_anew_when_somebody_decides(ada, given, monkeypatch):
    from knitwork.web.pages import trust

    made = []
    original = trust.diagnose
    monkeypatch.setattr(trust, "diagnose", lambda evaluation: made.append(1) or original(evaluation))
    given(steady)

    ada.get(PAGE)
    ada.get(PAGE)
    assert len(made) == 1

    label = chart().labels[12]
    done = ada.post(PAGE, {"act": "leave-out", "day": label, "reason": "The lift was broken."})
    assert done.status_code == 302
    ada.get(PAGE)
    assert len(made) == 2
