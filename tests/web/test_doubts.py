"""What makes a number doubtful is said beside it."""

from __future__ import annotations

import dataclasses

import pytest

from knitwork.web.source import definitions

from . import fake_answers


def text(response):
    return response.content.decode()


@pytest.fixture
def doubtful(monkeypatch):
    """A measure that goes by kinds and one that goes by the clock, of a feed whose zone nobody named."""
    by_kind = dataclasses.replace(fake_answers.MEASURES["icu_return_72h"], needs=("icu units",))
    by_clock = dataclasses.replace(fake_answers.MEASURES["night_moves"], by_the_clock=True)
    monkeypatch.setitem(fake_answers.MEASURES, "icu_return_72h", by_kind)
    monkeypatch.setitem(fake_answers.MEASURES, "night_moves", by_clock)
    monkeypatch.setattr(fake_answers.FakeFeed, "zone_assumed", True, raising=False)
    monkeypatch.setattr(
        fake_answers.FakeAnswers, "feeds", lambda self: [fake_answers.FakeFeed(zone_assumed=True, zone=None)]
    )


def test_a_measure_that_goes_by_guessed_kinds_says_so_and_its_units_page_too(ada, doubtful):
    said = "It goes by the kinds of units, and the kind of 1 unit is still a guess."
    unit = text(ada.get("/units/CCU/understand/"))

    assert said in text(ada.get("/units/CCU/measures/icu_return_72h/"))
    assert said not in text(ada.get("/units/CCU/measures/night_moves/"))
    assert "these measures go by it: Return to intensive care within 72 hours." in unit


def test_a_measure_that_goes_by_an_assumed_clock_says_so(ada, doubtful):
    said = "UTC is assumed, so it may be hours off."

    assert said in text(ada.get("/units/CCU/measures/night_moves/"))
    assert said not in text(ada.get("/units/CCU/measures/return_rate/"))
    assert "these measures go by the clock: Moves between 22:00 and 07:00." in text(ada.get("/units/CCU/understand/"))
    assert "UTC (assumed)" in text(ada.get("/feeds/"))


def test_where_nothing_is_doubtful_nothing_is_said(ada):
    assert "still a guess" not in text(ada.get("/units/CCU/measures/night_moves/"))
    assert "UTC" not in text(ada.get("/units/CCU/understand/"))


def test_the_measures_that_read_hours_days_or_midnights_are_known():
    by_the_clock = {m for m, definition in definitions().items() if definition.by_the_clock}

    assert {"discharge_before_noon", "out_of_icu_night", "weekend_discharge_share", "midnight_census"} <= by_the_clock
    assert by_the_clock.isdisjoint({"arrivals", "los_median", "return_7d", "icu_return_72h"})


def test_a_kind_that_no_name_told_is_not_called_a_guess(ada, invented_system):
    units = tuple(
        dataclasses.replace(unit, kind="other") if unit.kind_guessed else unit for unit in fake_answers.REGISTRY.units
    )
    invented_system["answers"] = fake_answers.FakeAnswers(
        registry=dataclasses.replace(fake_answers.REGISTRY, units=units)
    )

    page = text(ada.get("/?view=list"))

    assert "kind not known" in page
    assert "(a guess)" not in page
    assert "The kind of 1 is not known" in page


class WithoutEnds(fake_answers.FakeAnswers):
    """A feed of events: nobody knows when a patient left."""

    def unit_numbers(self, unit, level):
        return super().unit_numbers(unit, level) | {"here_now": None}


def test_nobody_is_counted_as_gone_where_departures_are_not_in_the_records(ada, invented_system):
    invented_system["answers"] = WithoutEnds()

    tiles = text(ada.get("/units/CCU/")).split('class="tiles"')[1].split("</dl>")[0]

    assert "the records do not say when patients leave" in tiles
    assert "0 here" not in text(ada.get("/"))
    assert "came that day" in text(ada.get("/"))


class Shifted(fake_answers.FakeAnswers):
    """A shifted calendar whose stays are known."""

    def one_series(self, measure, unit, level, period):
        rows = super().one_series("los_median" if measure == "los_p90" else measure, unit, level, period)
        return [row | ({"value": 130.0} if measure == "los_p90" else {}) for row in rows]


def test_a_shifted_calendar_shows_totals_a_strip_and_what_is_missing(ada, invented_system, monkeypatch):
    p90 = dataclasses.replace(fake_answers.MEASURES["los_median"], id="los_p90")
    monkeypatch.setitem(fake_answers.MEASURES, "los_p90", p90)
    invented_system["answers"] = Shifted(shifted=True, unrecorded=True)

    page = text(ada.get("/units/CCU/understand/"))
    waits = text(ada.get("/handoffs/"))

    assert "kw-strip" in page
    assert "How long patients stay: half within" in page
    assert "9 in 10 within 130 h" in page.replace("\u00a0", " ")
    assert "Give units a capacity in units.csv." in page
    assert "The most hand-offs first." in page
    assert "departure not recorded by this feed" in page
    assert "hours lost first" not in waits


def test_the_page_of_a_measure_opens_with_its_number_where_there_is_no_chart(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    page = text(ada.get("/units/CCU/measures/return_rate/"))

    assert " of " in page.split('<p class="lead">')[1].split(". The dates")[0]
