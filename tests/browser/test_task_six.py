"""Task 6 in the browser: a data engineer at the desk takes two nights in, clicks and reads; nothing is typed elsewhere.

The truths are those of tests/six/night.py; tests/cli/test_task_six.py walks the same from the command line.
"""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.six import night

from .conftest import served


class Engineer:
    """Somebody who owns the system, at a desk."""

    def __init__(self, page, address, files):
        self.page, self.address, self.files = page, address, files

    def go(self, path="/"):
        self.page.goto(self.address + path)
        return self

    def link(self, name, *, exact=False):
        self.page.locator("main, header, nav").get_by_role("link", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()

    def button(self, name):
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()

    def reads(self):
        return self.page.locator("main").inner_text()

    def takes_in(self, *names, feed="", tz="", made=""):
        """Go to the page that takes files in, fill it and send it; return what the page then says."""
        self.go("/feeds/" if self.has_records else "/")
        self.link("Take files in")
        self.page.get_by_label("Files", exact=True).set_input_files([str(self.files / name) for name in names])
        self.page.get_by_label("Feed", exact=True).fill(feed)
        self.page.get_by_label("Time zone").fill(tz)
        if made:
            self.page.get_by_label("When the extract was made").fill(made)
        self.button("Take them in")
        return self.reads()

    @property
    def has_records(self):
        return "No records have been loaded yet" not in self.go("/").reads()

    def begins_profile(self, feed, *, like, why, **fields):
        """Begin the profile of a feed that has not come with another one's, and change fields of it."""
        self.go("/feeds/")
        self.link("How feeds are read")
        self.page.get_by_label("Name of the new feed").fill(feed)
        self.page.get_by_label("Use the profile of").select_option(like)
        self.button("Begin it")
        self.page.get_by_text("Field by field").click()
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).first.fill(value)
        self.page.locator("button[value=fields]").click()
        self.page.wait_for_load_state()
        tried = self.reads()
        self.page.get_by_label("Why", exact=True).fill(why)
        self.button("Keep this version")
        return tried

    def downloads(self, name):
        """Take a file by its link, and return its rows."""
        with self.page.expect_download() as coming:
            self.page.get_by_role("link", name=name).first.click()
        return list(csv.DictReader(io.StringIO(coming.value.path().read_text("utf-8"))))


@pytest.fixture(scope="module")
def engineer(browser, tmp_path_factory):
    """Both nights taken in by clicks; what the pages said at each step is in `said`."""
    folder = tmp_path_factory.mktemp("six")
    files = night.written(folder / "files")
    with served(folder / "home") as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        context.set_default_timeout(300_000)
        person = Engineer(context.new_page(), address, files)
        said = {}
        said["adt 1"] = person.takes_in("adt-1.csv", feed="adt", tz=night.TZ)
        said["lab tried"] = person.begins_profile(
            "lab", like="adt", why="tests happen nowhere", What_was_done="test", Start="collected", Unit="-", End="-"
        )
        said["lab"] = person.takes_in("lab.csv", feed="lab")
        said["born"] = person.takes_in("born.hl7", feed="people", tz=night.TZ)
        said["beds"] = person.begins_profile(
            "beds", like="adt", why="each night all of the month", What_an_extract_holds="period"
        )
        # The newer one comes first: it is the time of extraction that counts.
        person.takes_in("beds-2.csv", feed="beds", made="2026-11-06T01:00:00")
        said["beds 1"] = person.takes_in("beds-1.csv", feed="beds", made="2026-11-05T01:00:00")
        said["again"] = person.takes_in("adt-1.csv", feed="adt")
        said["broken"] = person.takes_in("broken.zip", feed="adt")
        said["adt 2"] = person.takes_in("adt-2.csv", feed="adt")
        said["merged"] = person.takes_in("merged.csv", tz=night.TZ)
        person.said = said
        yield person
        context.close()


def test_each_file_is_told_with_what_was_taken_and_set_aside(engineer):
    assert "8 rows were taken. 3 rows were refused." in engineer.said["adt 1"]
    assert "4 rows were taken. 1 row was refused." in engineer.said["lab"]
    assert "hour that autumn repeats" in engineer.said["adt 1"]


def test_the_same_file_again_changes_nothing_and_a_broken_one_is_a_sentence(engineer):
    assert "It was taken in before under this feed: nothing was changed." in engineer.said["again"]
    assert "broken.zip is a damaged zip or workbook" in engineer.said["broken"]
    assert "Nothing was taken in." in engineer.said["broken"]
    engineer.go("/feeds/")
    assert "broken" not in engineer.reads()


def test_late_rows_are_told_with_the_months_they_changed(engineer):
    assert "1 of them was known already" in engineer.said["adt 2"]
    assert "1 row came late" in engineer.said["adt 2"]
    assert "October 2026 (1 row)" in engineer.said["adt 2"]
    assert "November 2026 (2 rows)" in engineer.said["adt 2"]


def test_the_profile_that_was_kept_reads_the_laboratory_as_events(engineer):
    assert "nothing can be tried on it" in engineer.said["lab tried"]
    engineer.go("/feeds/")
    engineer.link("How feeds are read")
    engineer.link("lab", exact=True)
    assert "tests happen nowhere" in engineer.reads()
    engineer.go("/?view=list")
    assert "troponin" not in engineer.reads()


def test_the_rows_that_were_set_aside_are_a_file_with_reasons(engineer):
    engineer.go("/feeds/")
    engineer.link("adt", exact=True)
    rows = engineer.downloads("All of them as CSV")
    assert {int(row["row"]): (row["field"], row["rule"]) for row in rows} == night.ADT_1_REJECTED
    assert all(len(row["message"]) > 15 for row in rows)


def test_a_stay_before_birth_is_found_from_the_page_of_its_feed(engineer):
    engineer.go("/feeds/")
    engineer.link("adt", exact=True)
    engineer.link("Begins before birth")
    found = [row.inner_text().split("\t") for row in engineer.page.locator("tbody tr").all()]
    assert {row[2] for row in found} == {"12"}
    assert ("adt-1.csv", "5") in {(row[0], row[1]) for row in found}
    assert len(found) == 2


def test_the_night_of_the_clock_change_is_told_in_real_minutes(engineer):
    rows = patient(engineer, "11")
    assert any(row.startswith("ED") and "20\u00a0min" in row for row in rows), rows


def test_a_merge_keeps_the_journeys_under_the_number_that_stays(engineer):
    rows = patient(engineer, "13")
    assert engineer.page.locator("h1").inner_text().endswith("10")
    assert sum(row.startswith(("ED", "W7")) for row in rows) == 4


def patient(engineer, number):
    """Find a patient by a number, and return the rows of every stay and gap."""
    engineer.go("/patients/")
    engineer.page.get_by_label("Patient id, or a part of it").fill(number)
    engineer.button("Find")
    engineer.page.locator("main tbody a").first.click()
    engineer.page.wait_for_load_state()
    return [row.inner_text() for row in engineer.page.locator(".steps tbody tr").all()]


# What told of those who came to the emergency department in November: patient 13 is 10 by then.
NOVEMBER = {("12", "adt-1.csv", 5), ("10", "adt-1.csv", 7), ("17", "adt-2.csv", 3)}


def test_a_number_is_traced_to_the_file_and_the_row(engineer):
    engineer.go("/units/ED/measures/arrivals/?period=month")
    row = engineer.page.get_by_role("row").filter(has_text="November 2026")
    row.get_by_role("link").first.click()
    engineer.page.wait_for_load_state()

    cells = [row.inner_text().split("\t") for row in engineer.page.locator("tbody tr").all()]
    assert {(row[0], row[-1].strip()) for row in cells} == {(who, f"{file}, row {n}") for who, file, n in NOVEMBER}
    rows = engineer.downloads("All of them as CSV")
    assert {(row["patient"], row["told_by"]) for row in rows} == {(who, f"{file} row {n}") for who, file, n in NOVEMBER}


def test_what_vanished_from_the_newest_extract_is_shown_and_named(engineer):
    engineer.go("/feeds/")
    engineer.link("beds", exact=True)
    section = engineer.page.locator("section").filter(has=engineer.page.locator("#back-title"))
    assert re.search(r"beds-2\.csv\s+gone from a newer extract\s+1\b", section.inner_text())
    with engineer.page.expect_download() as coming:
        section.get_by_role("link", name="All of them as CSV").click()
    gone = list(csv.DictReader(io.StringIO(coming.value.path().read_text("utf-8"))))
    assert [(row["patient"], row["why"], row["row"]) for row in gone] == [("B", "vanished", "2")]


def test_the_age_of_the_records_stands_on_every_page(engineer):
    engineer.go("/")
    fresh = engineer.page.locator(".fresh").inner_text()
    assert re.search(r"7 Nov(ember)?|2026", fresh), fresh


def test_a_new_code_is_named_and_the_name_stands_at_once(engineer):
    engineer.go("/setup/codes/")
    assert "X99" in engineer.reads()
    engineer.page.get_by_role("textbox", name="Name X99").fill("Observation")
    engineer.button("Keep, and call none of them new any more")
    engineer.go("/?view=list")
    assert "Observation" in engineer.reads()
