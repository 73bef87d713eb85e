"""Every planted truth on the page that shows it: a person goes to its address and reads it there, or reads nothing."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from knitwork.demo import twice
from knitwork.demo.ledger import TRUTHS
from tests.web.routes import patient

pytestmark = pytest.mark.slow

MONTHS = [dt.date(2000, month, 1).strftime("%B") for month in range(1, 13)]
MONTH = re.compile(rf"(?:since|from|in) ({'|'.join(MONTHS)}) (20\d\d)")


def since(text: str) -> dt.date:
    """Return the month that a sentence names: worse since January 2026."""
    found = MONTH.search(text)
    assert found, text
    return dt.date(int(found[2]), MONTHS.index(found[1]) + 1, 1)


def between(text: str, first: str, last: str) -> bool:
    """Say whether the month that a sentence names lies between two, both included."""
    return dt.date.fromisoformat(first) <= since(text) <= dt.date.fromisoformat(last)


def test_the_list_of_truths_in_the_home_is_that_of_the_code(told):
    assert set(told) == {truth.id for truth in TRUTHS}
    assert all(told[truth.id]["page"] == truth.page and told[truth.id]["says"] for truth in TRUTHS)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.id)
def test_every_truth_names_a_page_that_there_is(truth, read):
    assert read(truth.page).status == 200


def test_the_hand_off_that_got_worse_is_said_to_have_got_worse_in_january_2026(told, read):
    truth = told["ed-to-cardiology-slower"]
    page = read(truth["page"])

    assert "Worse" in page.lead
    assert between(page.lead, "2025-12-01", "2026-02-01"), page.lead
    minutes = [int(m) for m in re.findall(r"(\d+)\s?min", page.lead)]
    assert any(abs(m - truth["after"]) <= 3 for m in minutes), page.lead


def test_the_hand_off_that_got_worse_is_among_the_first_things_said_of_the_hand_offs(read):
    page = read("/handoffs/")

    assert "Emergency Department, General → Cardiology Ward" in page.whole
    assert "Worse" in page.whole or "worse" in page.whole


def test_the_test_of_change_that_worked_is_better_on_its_ward(told, read):
    truth = told["surgical-noon-worked"]
    page = read(truth["page"])

    assert "Better" in page.lead
    assert between(page.lead, "2026-03-01", "2026-08-01"), page.lead


def test_the_test_of_change_that_was_noise_stays_silent(told, read):
    page = read(told["medical-a-noon-noise"]["page"])

    assert page.lead.lstrip("– ").startswith("No signal")


@pytest.mark.parametrize("truth", [t for t in TRUTHS if t.kind == "stationary"], ids=lambda truth: truth.id)
def test_links_on_which_nothing_changed_stay_silent(truth, read):
    page = read(truth.page)

    assert page.lead.lstrip("– ").startswith(("No signal", "Median wait. No signal")), page.lead


def test_winter_is_seen_in_the_emergency_department(told, read):
    page = read(told["winter"]["page"])

    assert "No signal" not in page.lead


def test_the_unit_that_moved_stands_under_its_new_parent(told, read):
    page = read(told["cardiac-rehab-moved"]["page"])

    assert page.whole.startswith("Riverbend Health Riverbend General Hospital Cardiac Rehabilitation")
    assert "Acute coronary care" in page.whole


def test_the_unit_that_moved_says_when_and_from_where(told, read):
    page = read(told["cardiac-rehab-moved"]["page"])

    assert re.search(r"1 November 2025|November 2025", page.words)
    assert "Riverbend Medical Group" in page.words


def test_the_unit_that_moved_takes_part_no_more_in_what_it_left(told, read):
    page = read(told["cardiac-rehab-moved"]["page"])

    here = page.words.index("Takes part in")
    assert "Primary care" not in page.words[here : here + 60]


def years(home, unit: str) -> list[float]:
    """Return the share of `discharge_before_noon` in the complete months before the last 12, and in these."""
    from knitwork.home import open_home

    answers = open_home(home).answers()
    rows = answers.series(["discharge_before_noon"], unit, answers.registry.level_of(unit), "month")
    known = [row for row in rows["discharge_before_noon"] if row["complete"]]
    parts = (known[-24:-12], known[-12:])
    return [sum(r["numerator"] or 0 for r in part) / sum(r["denominator"] or 0 for r in part) for part in parts]


def test_hillside_gets_better_while_both_its_wards_get_worse(told, home):
    hospital, strong, weak = told["hillside-mix"]["units"]

    before, after = years(home, hospital)
    assert after > before + 0.03
    for ward in (strong, weak):
        before, after = years(home, ward)
        assert after < before - 0.02, ward


def test_hillsides_reversal_is_said_on_the_hospitals_page(told, read):
    page = read(told["hillside-mix"]["page"])

    assert "Hillside Medical Ward" in page.words
    assert "Hillside Care of the Elderly" in page.words
    assert "the whole rose, and 2 of the 3 units inside fell" in page.words
    parts = re.search(r"Of the rise of ([\d.]+) points, ([\d.]+) come from patients going to other units", page.words)
    assert parts, page.words
    assert float(parts[2]) > float(parts[1]) > 3


def test_the_night_on_which_the_clock_went_back_is_said_of_its_feed(told, read):
    page = read(told["autumn-night"]["page"])

    assert re.search(r"\b1\d rows have a time in the hour that autumn repeats: order decides which", page.words)


def test_the_patient_of_that_night_stayed_45_minutes_and_was_45_minutes_on_the_way(home):
    from knitwork.home import open_home

    stays = open_home(home).stays(patient="RB-AUTUMN-NIGHT").to_pylist()
    first, second = stays

    assert (first["unit"], second["unit"]) == ("RG-ED", "RG-MED-A")
    assert first["end_us"] - first["start_us"] == 45 * 60 * 1_000_000
    assert second["start_us"] - first["end_us"] == 45 * 60 * 1_000_000


def test_late_rows_are_counted_with_the_month_that_they_changed(told, read):
    page = read(told["late-rows"]["page"])

    assert "The last delivery, general-adt-late.csv, brought 40 new rows, all of them late" in page.lead
    assert "40 rows came late" in page.words
    assert "It changed January 2026" in page.words


def test_the_doubled_piece_is_said_to_have_been_known_already(told, read):
    page = read(told["doubled-piece"]["page"])

    assert "120 of them were known already: they stand in the file twice." in page.words


def test_the_feeds_say_that_two_numbers_were_linked(read):
    assert "1 link between patient numbers" in read("/feeds/").words


def test_the_two_numbers_have_one_journey_with_the_way_between_the_hospitals(read):
    page = read(patient(twice.NAME))

    assert re.search(r"Emergency Department, Hillside → Stroke Unit\s+1\s?h\s+10\s?min", page.whole)
    assert "Journey 2" not in page.whole


def test_the_page_of_two_numbers_names_both(read):
    page = read(patient(twice.NAME))

    assert re.search(
        rf"{twice.NAME_AT_HILLSIDE} is the same person, by a link of .* \(row 1 of patient-links.csv\)", page.whole
    )


def test_the_number_that_was_given_up_leads_to_the_person(read):
    page = read(patient(twice.NAME_AT_HILLSIDE))

    assert page.status == 200
    assert twice.NAME in page.whole
