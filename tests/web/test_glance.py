"""The first page: which units signal and where, in a sentence or two; silence where nothing does."""

from __future__ import annotations

import dataclasses
import re

import pytest

from knitwork.model.units import Membership, Registry, Unit
from knitwork.signals import evaluate
from knitwork.web import glance, judging, present
from knitwork.web.kept import forget
from knitwork.web.pages import changed, waits

from . import fake_answers


def text(response):
    return response.content.decode()


def lead_of(page):
    return page.split('<p class="lead">')[1].split("</p>")[0]


class SteadyLinks(fake_answers.FakeAnswers):
    """A system in which no hand-off is known to wait."""

    def pairs_over_time(self, level, period):
        return {}


class Steady(SteadyLinks):
    """A system in which nothing changes: every value is the same, save for a little up and down."""

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        for at, row in enumerate(rows):
            wave = 1 + 0.04 * (-1) ** at
            if row["numerator"] is not None:
                row |= {"denominator": 200, "n": 200, "numerator": round(30 * wave), "value": 15 * wave}
            else:
                row |= {"value": 30 * wave}
        return rows


class OneLink(Steady):
    """A system in which one hand-off got worse and nothing else changed."""

    def pairs_over_time(self, level, period):
        return fake_answers.FakeAnswers.pairs_over_time(self, level, period)


PAIR = (
    'Patients wait longer <a href="/handoffs/CCU/W7/?level=micro&amp;period=month">from Coronary care unit to '
    "Cardiology ward</a> since January 2026: half waited over 40\u00a0min, before that 28\u00a0min."
)


def test_the_first_page_opens_with_what_is_new_and_the_hand_off_that_changed(ada):
    assert lead_of(text(ada.get("/"))) == (
        "Better in Coronary care unit: Discharge before noon, 43% against the usual 31%, in September 2026. " + PAIR
    )


def test_a_hand_off_that_changed_opens_the_page_where_nothing_new_got_worse_or_better(ada, invented_system):
    invented_system["answers"] = OneLink()

    page = text(ada.get("/"))

    assert lead_of(page) == PAIR + " Nothing else changed in September 2026 that is not noise."
    longer = page.split('id="longer-title"')[1].split("</section>")[0]
    assert "Coronary care unit → Cardiology ward</a>: worse since January 2026, half waited over 40\u00a0min" in longer
    assert longer.count("<li>") == 1


@pytest.mark.django_db
def test_what_is_neither_better_nor_worse_never_opens_the_page_before_a_hand_off_that_got_worse():
    found = glance.glance(fake_answers.fake_source(), "month")
    names = {code: code for code in found}
    new, _longer = glance.changes_of(found, found)
    calm = {
        code: dataclasses.replace(
            one,
            changes=tuple(
                dataclasses.replace(c, new=tuple(dataclasses.replace(s, verdict="neither") for s in c.new))
                for c in one.changes
            ),
        )
        for code, one in found.items()
    }

    said = glance.lead(calm, names, hide=False, last="September 2026", handoffs=["A hand-off got worse."])

    assert new
    assert said.startswith("A hand-off got worse. New in September 2026, neither better nor worse: ")


@pytest.mark.django_db
def test_a_hand_off_that_the_last_month_made_signal_is_new(invented_system):
    invented_system["answers"] = OneLink()
    found = changed.judged_pairs(fake_answers.fake_source(), "micro", "month").values()
    (one,) = [pair for pair in found if pair.verdict == "worse"]

    def after(months):
        rows = one.rows[:months]
        return dataclasses.replace(one, rows=rows, evaluation=evaluate(changed.wait_series(list(rows)), changed.WAITS))

    first = next(n for n in range(12, 24) if after(n).verdict == "worse")

    assert waits.is_new(after(first))
    assert not waits.is_new(after(first + 1))
    assert not waits.is_new(one)


def test_the_first_page_opens_with_what_is_new_in_full_and_counts_the_rest(ada, invented_system):
    invented_system["answers"] = SteadyLinks()

    assert lead_of(text(ada.get("/"))) == (
        "Better in Coronary care unit: Discharge before noon, 43% against the usual 31%, in September 2026. "
        "6 changes have lasted longer."
    )


def test_new_is_what_the_last_whole_month_made_and_each_change_leads_to_its_measure(ada):
    page = text(ada.get("/"))
    new, longer = page.split('id="new-title"')[1].split('id="longer-title"')

    assert "New in September 2026" in new
    assert '<a href="/units/CCU/measures/discharge_before_noon/?period=month">Better in Coronary care unit</a>' in new
    assert new.count("<li>") == 1
    assert "Worse in Emergency department</a>: Follow-up contact within 7 days" in longer
    assert longer.split("</section>")[0].count("<li>") == 1 + 6, "a hand-off, and six measures of units"


def test_a_reader_is_told_of_a_change_without_its_small_numbers(ben, tess, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0.2)
    found = glance.glance(fake_answers.fake_source(), "month")
    changes = [change for one in found.values() for change in one.changes if not change.wanders]
    small = [c for c in changes if glance.what(c, hide=True) != glance.what(c, hide=False)]

    assert small
    for change in small:
        told = glance.what(change, hide=False)
        assert "against the usual" in told
        for who, shown in ((ben, False), (tess, True)):
            if fake_answers.REGISTRY.level_of(change.unit) == "micro":
                assert (told in text(who.get("/"))) == shown


def test_the_first_page_is_silent_where_nothing_changed(ada, invented_system):
    invented_system["answers"] = Steady()

    page = text(ada.get("/"))

    assert lead_of(page) == "Nothing has changed in any unit that is not noise."
    assert "Signals of the whole" not in page
    assert "no signal" in text(ada.get("/?view=list"))


def test_each_unit_says_its_gravest_change_in_words_and_how_many_more(ada):
    page = text(ada.get("/?view=list"))
    unit = page[page.index('class="nested"') :]
    unit = unit[unit.index(">Coronary care unit</a>") :].split("</li>")[0]

    assert "Discharge before noon better in September 2026; 2 more</span>" in unit


def test_the_number_expected_by_chance_is_that_of_all_charts(ada):
    page = text(ada.get("/"))
    found = glance.glance(fake_answers.fake_source(), "month")
    micro = [one for code, one in found.items() if fake_answers.REGISTRY.level_of(code) == "micro"]

    charts, signals = sum(one.judged for one in micro), sum(len(one.changes) for one in micro)
    assert f"{signals} of {charts} charts signal in their last three points" in page


def test_charts_that_no_rule_judges_are_not_counted_among_those_that_could_signal(ada, monkeypatch):
    before = re.search(r"of (\d+) charts signal", text(ada.get("/"))).group(1)
    monkeypatch.setattr(judging, "FEWEST_EVENTS", 8)
    glance.forget()
    forget()

    after = re.search(r"of (\d+) charts signal", text(ada.get("/"))).group(1)

    found = glance.glance(fake_answers.fake_source(), "month")
    assert int(after) < int(before)
    assert sum(one.charts for one in found.values()) > sum(one.judged for one in found.values())


def test_a_group_that_units_only_take_part_in_is_no_empty_level(ada, invented_system):
    registry = dataclasses.replace(
        fake_answers.REGISTRY,
        units=(*fake_answers.REGISTRY.units, Unit(unit="STROKE", name="Stroke care", kind="mesosystem")),
        memberships=(*fake_answers.REGISTRY.memberships, Membership("ED", "STROKE", kind="takes_part")),
    )
    invented_system["answers"] = fake_answers.FakeAnswers(registry=registry)

    page = text(ada.get("/"))

    assert "Stroke care" not in page[page.index('class="map') :]
    assert "Stroke care" not in (listed := text(ada.get("/?view=list")))[listed.index('class="nested"') :]
    assert "(1 unit takes part)" in page.split("Across them")[1]
    outlined = text(ada.get("/?across=STROKE"))
    cells = outlined.split('class="map')[1].split('<li class="cell')[1:]
    assert [cell.startswith(" joined") for cell in cells] == ["/units/ED/" in cell for cell in cells]
    assert any(cell.startswith(" joined") for cell in cells)
    assert "Units that take part" in text(ada.get("/units/STROKE/"))


def test_a_system_of_one_unit_opens_with_that_unit(ada, invented_system):
    practice = Registry(units=(Unit(unit="GP", name="Two doctors", kind="practice"),), macro_name="Two doctors")
    invented_system["answers"] = fake_answers.FakeAnswers(registry=practice)

    assert "Worse in" not in lead_of(text(ada.get("/")))


def test_nobody_is_said_to_be_at_a_practice_at_midnight(ada, invented_system):
    units = tuple(
        dataclasses.replace(unit, kind="clinic") if unit.unit == "REHAB" else unit
        for unit in fake_answers.REGISTRY.units
    )
    registry = dataclasses.replace(fake_answers.REGISTRY, units=units)
    measures = fake_answers.MEASURES | {
        "census": dataclasses.replace(fake_answers.MEASURES["census"], counts="midnights")
    }
    source = dataclasses.replace(
        fake_answers.fake_source(), answers=fake_answers.FakeAnswers(registry=registry), measures=measures
    )

    assert "census" not in judging.rows_of(source, "REHAB", "micro", "month")
    assert "census" in judging.rows_of(source, "CCU", "micro", "month")


RARE = [0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]


@pytest.mark.parametrize(
    ("numerators", "denominator", "judged"),
    [
        (RARE, 65, False),  # a handful in two years: a run of noughts is no improvement
        ([65 - n for n in RARE], 65, False),  # nor is a run of all but one
        ([2] * 24, 65, True),
        ([30] * 24, 65, True),
    ],
)
def test_what_hardly_ever_happens_is_judged_by_no_rule(numerators, denominator, judged):
    definition = fake_answers.MEASURES["return_rate"]
    rows = [
        {
            "label": f"{2024 + at // 12}-{at % 12 + 1:02}-01",
            "numerator": n,
            "denominator": denominator,
            "value": 100 * n / denominator,
            "complete": True,
        }
        for at, n in enumerate(numerators)
    ]
    evaluation = judging.evaluate_rows(fake_answers.fake_source(), {definition.id: rows})[definition.id]

    assert bool(evaluation.spec.rules) == judged
    assert judged or not evaluation.signals
    assert (present.chance_now(evaluation) > 0) == judged


@pytest.mark.parametrize(("values", "judged"), [(1, False), (2, True), (40, True)])
def test_the_median_of_one_stay_a_month_is_judged_by_no_rule(values, judged):
    definition = fake_answers.MEASURES["los_median"]
    rows = [
        {"numerator": None, "denominator": values, "value": 5.0, "complete": True},
        {"numerator": None, "denominator": None, "value": None, "complete": True},
    ] * 12

    assert bool(judging.spec_of(definition, rows).rules) == judged


def test_nine_weeks_of_records_are_told_in_weeks_and_are_too_early_to_call(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(days=63)
    said = "Too early to call: 8 weeks so far, and telling change from noise takes 12."

    assert lead_of(text(ada.get("/"))) == said
    assert lead_of(text(ada.get("/units/CCU/"))) == said
    page = text(ada.get("/units/CCU/"))
    assert "Signals stand here once a chart has 12 points." in page
    assert "By chance alone" not in page.split("Signals first")[1].split("</section>")[0]


def test_a_practice_counts_contacts_and_nobody_in_beds(ada, invented_system):
    practice = Registry(units=(Unit(unit="GP", name="Two doctors", kind="practice"),), macro_name="Two doctors")
    invented_system["answers"] = fake_answers.FakeAnswers(registry=practice)

    page = text(ada.get("/units/GP/"))

    assert "Contacts, last 12 months" in page
    assert "Patients here on" not in page


class NobodyOfLate(fake_answers.FakeAnswers):
    """Hand-offs there were, and none in the last months."""

    def pairs(self, level, unit=None, months=None):
        return [] if months else super().pairs(level, unit=unit)


def test_where_nobody_passed_of_late_the_hand_offs_of_all_records_stand(ada, invented_system):
    invented_system["answers"] = NobodyOfLate()

    page = text(ada.get("/units/CCU/understand/"))

    assert "All records." in page
    assert "Nobody came here from another unit" not in page


class Rare(fake_answers.FakeAnswers):
    """A system so small that nothing is counted twice a month."""

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        few = {"denominator": 1, "n": 1}
        return [row | few | ({"numerator": 0, "value": 0.0} if row["numerator"] is not None else {}) for row in rows]


def test_a_system_too_small_to_judge_is_not_called_unchanged(ada, invented_system):
    invented_system["answers"] = Rare()

    assert lead_of(text(ada.get("/"))).startswith("Too few to call")
    assert lead_of(text(ada.get("/units/CCU/"))).startswith("Too few to call")


def test_a_programme_shows_what_passes_among_the_units_that_take_part(ada, invented_system):
    registry = dataclasses.replace(
        fake_answers.REGISTRY,
        units=(
            *fake_answers.REGISTRY.units,
            Unit("HEART", "Acute coronary programme", "mesosystem", kind_guessed=False),
        ),
        memberships=(
            *fake_answers.REGISTRY.memberships,
            Membership("ED", "HEART", kind="takes_part"),
            Membership("CATH", "HEART", kind="takes_part"),
        ),
    )
    invented_system["answers"] = fake_answers.FakeAnswers(registry=registry)

    page = text(ada.get("/units/HEART/understand/"))

    assert "/handoffs/ED/CATH/" in page
    assert "/handoffs/OR/" not in page  # the operating rooms take no part
