"""A unit's two pages: the same anatomy for every kind and level, patients for its team alone, and nothing calm by mistake."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest

from knitwork.home.today import tally
from knitwork.web.audit.models import AuditEvent
from knitwork.web.until import TOGETHER_US

from . import fake_answers
from .fake_answers import AS_OF_US, FakeAnswers, FakeFeed
from .fake_today import HOUR_US, seen
from .routes import patient

UNITS = ("RIV", "AMI", "CCU", "Med~2FSurg ~7E 4", "OR", "REHAB")


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def places(page, parts):
    return [page.index(part) for part in parts]


def use(invented_system, **kinds):
    """Let pages read another invented system."""

    class Other(FakeAnswers):
        pass

    for name, value in kinds.items():
        setattr(Other, name, value)
    invented_system["answers"] = Other()


@pytest.mark.parametrize("code", UNITS)
def test_today_has_the_same_anatomy_for_every_kind_and_level(ada, code):
    page = text(ada.get(f"/units/{code}/"))

    parts = ["<h1", 'class="tabs"', 'class="lead"', 'class="tiles"', "Signals first", "Arrivals and departures"]
    assert places(page, parts) == sorted(places(page, parts))
    assert page.count("<dt>") == 4
    assert "As of Wednesday 14 October 2026, 08:10, from adt." in page


@pytest.mark.parametrize("code", UNITS)
def test_understand_has_the_same_anatomy_for_every_kind_and_level(ada, code):
    page = text(ada.get(f"/units/{code}/understand/"))

    parts = [
        "<h1", 'class="tabs"', 'class="lead"', 'class="tiles"', "Signals first", "The rest: no signal now",
        "Sent to and received from", "Where patients wait", "Before and after", "How its day, week and year run",
    ]  # fmt: skip
    assert places(page, parts) == sorted(places(page, parts))


@pytest.mark.parametrize(("address", "name"), [("", "Today"), ("understand/", "Understand")])
def test_the_open_tab_is_marked_and_the_other_leads_to_its_page(ada, address, name):
    page = text(ada.get(f"/units/CCU/{address}"))
    tabs = page[page.index('class="tabs"') : page.index('class="lead"')]

    assert re.findall(r'aria-current="page">(\w+)<', tabs) == [name]
    assert 'href="/units/CCU/"' in tabs
    assert 'href="/units/CCU/understand/"' in tabs


@pytest.mark.parametrize("page", ["", "understand/"])
def test_both_pages_lead_to_all_walls_of_the_unit(ben, page):
    assert '<a href="/units/CCU/walls/">' in ben.get(f"/units/CCU/{page}").content.decode()


def test_the_same_words_open_both_pages_and_mark_what_changed(ada):
    leads = {re.search(r'class="lead">(.*?)</p>', text(ada.get(f"/units/CCU/{a}")))[1] for a in ("", "understand/")}

    assert len(leads) == 1
    assert re.search(r"not noise: <strong>[^<]+</strong>", leads.pop())


def test_a_measure_says_in_a_nurses_words_what_it_did(ada, invented_system, monkeypatch):
    plain = fake_answers.MEASURES["discharge_before_noon"]
    wording = dataclasses.replace(plain.wording, rise="more go home <early>", fall="fewer go home <early>")
    spoken = dataclasses.replace(plain, wording=wording)
    monkeypatch.setitem(fake_answers.MEASURES, "discharge_before_noon", spoken)

    lead = re.search(r'class="lead">(.*?)</p>', text(ada.get("/units/CCU/")))[1]
    assert "<strong>more go home &lt;early&gt;</strong> in September 2026" in lead


def test_signals_stand_before_quiet_measures_with_the_number_expected_by_chance(ada):
    page = text(ada.get("/units/CCU/understand/"))

    assert page.index("Discharge before noon</a>") < page.index("The rest: no signal now") < page.index("Arrivals</a>")
    assert "By chance alone we expect" in page


def test_quiet_measures_are_rows_until_all_are_asked_for_as_charts(ada):
    rows, charts = text(ada.get("/units/CCU/understand/")), text(ada.get("/units/CCU/understand/?all=charts"))

    signals = int(re.search(r"(\d+) of \d+ measures signal", rows)[1])
    quiet = int(re.search(r"(\d+) measures\. What goes up and down", rows)[1])
    assert rows.count('class="card"') == signals
    assert rows.count("kw-spark") == quiet
    assert charts.count('class="card"') == signals + quiet
    assert "kw-spark" not in charts


def test_the_series_of_a_unit_are_asked_for_once_and_kept_for_both_pages(ada, invented_system):
    ada.get("/units/CCU/")
    first = [asked for asked in invented_system["answers"].asked if asked[2:] == ("CCU", "micro", "month")]
    ada.get("/units/CCU/understand/")
    ada.get("/units/CCU/")

    again = [asked for asked in invented_system["answers"].asked if asked[2:] == ("CCU", "micro", "month")]
    assert len(first) == len(again) == 1


@pytest.mark.parametrize("address", ["/units/CCU/understand/", "/units/RIV/"])
def test_a_page_without_patients_asks_the_database_little(ada, address, django_assert_max_num_queries):
    ada.get(address)

    with django_assert_max_num_queries(8):
        ada.get(address)


# Who sees patients


def test_the_team_sees_who_is_here_since_when_and_from_where(tess):
    page = text(tess.get("/units/CCU/"))

    assert "14 patients were here on 14 October 2026, 08:10." in page
    assert f'href="{patient("P-0042")}"' in page
    assert "Emergency department" in page
    assert "9 in 10 stays here last no longer than 5 days." in page


def test_a_stay_longer_than_nine_in_ten_is_marked_by_a_word(tess, invented_system):
    rows = [
        seen("P-0042", AS_OF_US - 121 * HOUR_US, is_open=True),
        seen("P-0007", AS_OF_US - 119 * HOUR_US, is_open=True),
    ]
    use(invented_system, lately=lambda self, unit, level, until_us, last_day: rows)

    page = text(tess.get("/units/CCU/"))

    assert page.count("longer than 9 in 10") == 1
    assert page.index("P-0042") < page.index("longer than 9 in 10") < page.index("P-0007")


def test_reading_patients_is_written_down_once_for_each_page_and_before_it(tess):
    tess.get("/units/CCU/")
    tess.get("/units/CCU/")

    events = AuditEvent.objects.filter(action="read patients")
    assert [(e.actor, e.about) for e in events] == [("tess", "today in CCU")] * 2
    assert events[0].detail["unit"] == "CCU"
    assert events[0].detail["rows"] == 17


@pytest.mark.parametrize("address", ["/units/RIV/", "/units/AMI/", "/units/CCU/understand/"])
def test_a_group_and_the_other_page_name_nobody_and_write_nothing_down(tess, address):
    page = text(tess.get(address))

    assert "P-0042" not in page
    assert not AuditEvent.objects.filter(action="read patients").exists()


@pytest.mark.parametrize("code", UNITS)
@pytest.mark.parametrize("page", ["", "understand/"])
def test_a_reader_never_sees_a_patient_and_leaves_no_trace(ben, code, page):
    shown = text(ben.get(f"/units/{code}/{page}"))

    assert not re.search(r"P-\d{4}|/patients/", shown)
    assert not AuditEvent.objects.filter(action="read patients").exists()


def test_a_reader_sees_no_count_of_one_to_ten(ben, invented_system):
    page = text(ben.get("/units/CCU/"))
    today = page[page.index("Who is here") :]

    assert "14 patients were here" in page
    assert "fewer than 11 arrived." in today
    assert "fewer than 11 left." in today
    assert "fewer than 11 patients left since" in today
    counts = re.findall(r'<td class="n">([\d,]+)</td>', today)
    assert [n for n in counts if 0 < int(n.replace(",", "")) < 11] == []


def test_one_hidden_unit_of_a_group_hides_another_with_it(ben, invented_system):
    numbers = {"CCU": 4, "CATH": 30, "ED": 40, "W7": 20, "REHAB": 50}

    def by_unit(self, day):
        return {
            ("micro", code): {"here": n, "arrived": 20, "left": 0, "ends_known": True} for code, n in numbers.items()
        }

    use(invented_system, by_unit=by_unit)

    page = text(ben.get("/units/AMI/"))
    here = dict(re.findall(r'<tr><th scope="row"><a href="/units/(\w+)/">.*?<td class="n">([^<]*)', page))
    assert {code: value.strip() for code, value in here.items()} == {
        "CCU": "fewer than 11", "W7": "not shown", "CATH": "30", "ED": "40", "REHAB": "50",
    }  # fmt: skip


# What the records cannot say


def feeds(*states):
    return lambda self: [FakeFeed(feed=feed, last_us=last) for feed, last in states]


def test_records_that_end_long_ago_are_named_before_any_number(tess):
    page = text(tess.get("/units/CCU/"))
    now = dt.datetime.now(dt.timezone.utc)  # noqa: UP017 - the clock on the wall, whatever a test set
    days = (now - fake_answers.AS_OF).days

    if days > 2:
        assert page.index("this page tells of that day and not of today") < page.index('class="tiles"')
    else:
        assert "tells of that day and not of today" not in page


def test_a_feed_that_ended_before_the_others_is_said_first_and_its_day_is_the_one_told(tess, invented_system):
    ended = AS_OF_US - 30 * HOUR_US
    use(
        invented_system,
        feeds=feeds(("adt", AS_OF_US), ("practice", ended)),
        feeds_by_unit=lambda self: {("micro", "CCU"): ["practice"], ("micro", "ED"): ["adt"]},
    )

    page = text(tess.get("/units/CCU/"))

    warned = "The records of practice end on 13 October 2026, 02:10, earlier than the other feeds"
    assert page.index(warned) < page.index('class="tiles"')
    assert "Tuesday 13 October, until 02:10" in page
    assert "Arrived on 13 October 2026" in page
    assert "14 October" not in page[page.index("Who is here") : page.index("</main>")]


def test_of_two_feeds_the_one_that_stopped_is_named_as_missing(tess, invented_system):
    use(
        invented_system,
        feeds=feeds(("adt", AS_OF_US), ("beds", AS_OF_US - TOGETHER_US - 1)),
        feeds_by_unit=lambda self: {("micro", "CCU"): ["adt", "beds"]},
    )

    page = text(tess.get("/units/CCU/"))

    assert "The records of beds end earlier, on 14 October 2026, 02:09: what came after is missing below." in page
    assert "from adt and beds." in page


def test_feeds_that_end_within_minutes_of_each_other_are_together(tess, invented_system):
    use(
        invented_system,
        feeds=feeds(("adt", AS_OF_US), ("beds", AS_OF_US - TOGETHER_US)),
        feeds_by_unit=lambda self: {("micro", "CCU"): ["adt", "beds"]},
    )

    assert "what came after is missing" not in text(tess.get("/units/CCU/"))


def test_a_unit_of_a_group_whose_records_ended_has_no_nought(tess, invented_system):
    use(
        invented_system,
        feeds=feeds(("adt", AS_OF_US), ("practice", AS_OF_US - 30 * HOUR_US)),
        feeds_by_unit=lambda self: {
            ("meso", "AMI"): ["adt", "practice"], ("micro", "CCU"): ["adt"], ("micro", "REHAB"): ["practice"],
        },
    )  # fmt: skip

    page = text(tess.get("/units/AMI/"))
    row = page[page.index('<a href="/units/REHAB/">') :]

    assert "its records end on 13 October 2026, 02:10" in row[: row.index("</tr>")]


def test_where_departures_are_not_recorded_nobody_is_said_to_be_on_the_way(tess, invented_system):
    invented_system["answers"] = FakeAnswers(unrecorded=True)

    page = text(tess.get("/units/CCU/"))

    assert "Departure not recorded by this feed, so nobody can say who is on the way." in page
    # nor are they listed
    assert "How long ago" not in page


def test_who_is_on_the_way_is_told_with_both_possibilities(tess):
    page = text(tess.get("/units/CCU/"))

    assert "2 patients left since 04:10 and are not seen in another unit yet: gone home or on the way." in page


def test_nobody_on_the_way_is_not_told_as_nothing_waiting(tess, invented_system):
    gone = seen("P-0007", AS_OF_US - 40 * HOUR_US, AS_OF_US - HOUR_US, after="W7")
    use(invented_system, lately=lambda self, unit, level, until_us, last_day: [gone])
    assert "Whoever left since 04:10 was seen in another unit." in text(tess.get("/units/CCU/"))

    use(invented_system, lately=lambda self, unit, level, until_us, last_day: [])
    page = text(tess.get("/units/CCU/"))
    assert "The records name nobody who left since 04:10." in page
    assert "The records name nobody in here on 14 October 2026, 08:10." in page
    assert "nothing waiting" not in page.lower()


def test_a_shifted_feed_shows_neither_people_nor_days(tess, invented_system):
    invented_system["answers"] = FakeAnswers(shifted=True)

    page = text(tess.get("/units/CCU/"))

    assert "stands here for records with real dates" in page
    assert "Arrivals and departures" not in page
    assert "stands here for records with real dates" in text(tess.get("/units/CCU/understand/"))


# What it belonged to, and what it is like


def test_a_unit_that_moved_says_until_when_it_belonged_where(ada):
    for page in ("", "understand/"):
        shown = text(ada.get(f"/units/W7/{page}"))
        assert "Until 1 November 2025 it belonged to Surgical programme; numbers before that stay there." in shown
    assert "it belonged to" not in text(ada.get("/units/CCU/"))


def test_a_group_says_which_unit_came_to_it_and_which_left(ada):
    assert "Cardiology ward came here on 1 November 2025: numbers from then on include it." in text(
        ada.get("/units/AMI/")
    )
    assert "Cardiology ward left on 1 November 2025: numbers from then on are without it." in text(
        ada.get("/units/SURG/")
    )


def test_a_programme_shows_its_units_side_by_side(tess, invented_system):
    from knitwork.model.units import Membership

    registry = fake_answers.REGISTRY
    stroke = fake_answers.unit("STROKE", "Stroke programme", "mesosystem")
    part = tuple(Membership(code, "STROKE", kind="takes_part") for code in ("ED", "CCU"))
    invented_system["answers"] = FakeAnswers(
        registry=dataclasses.replace(
            registry, units=(*registry.units, stroke), memberships=(*registry.memberships, *part)
        )
    )

    page = text(tess.get("/units/STROKE/"))

    assert "Units that take part" in page
    assert page.index("Coronary care unit</a>") < page.index("Emergency department</a>")
    assert re.search(r'Patients in them on.*?<span class="figure">28</span>', page)
    assert tess.get("/units/STROKE/understand/").status_code == 200


def test_before_and_after_open_with_a_sentence(ada):
    page = text(ada.get("/units/CCU/understand/"))

    # 354 of 418 came from the emergency department, 364 of 404 went home
    assert "Most come from Emergency department (85%) and go home or elsewhere (90%)." in page
    assert "Where 14 went is not known yet" in page
    assert "418 stays" in page


def test_before_and_after_hide_small_ways_from_a_reader(ben):
    page = text(ben.get("/units/CCU/understand/"))
    part = page[page.index('id="ways-title"') : page.index('id="rhythm-title"')]

    assert re.findall(r'<td class="n">(\d+)</td>', part) == ["354", "60", "360", "40"]
    assert "Other ways" in part


def test_a_laboratory_says_for_whom_it_works(ada, invented_system):
    use(
        invented_system,
        chains=lambda self, unit, level: [],
        served=lambda self, unit, level: [{"unit": "ED", "n": 75}, {"unit": "", "n": 25}],
    )

    page = text(ada.get("/units/CCU/understand/"))

    assert "most often in Emergency department (75%)" in page
    assert "no other unit" in page


def test_the_rhythm_says_when_it_is_busy_and_from_which_span(ada):
    page = text(ada.get("/units/CCU/understand/"))

    assert "Means of 730 days, 14 October 2024 to 13 October 2026" in page
    assert "Busiest from" in page
    assert "Quiet from 20:00 to 07:00." in page
    assert page.count("kw-round") == 4


def test_a_short_record_has_no_year(ada, invented_system):
    invented_system["answers"] = FakeAnswers(days=120)

    page = text(ada.get("/units/CCU/understand/"))

    assert "The year stands here after twelve whole months; there are 3." in page
    assert page.count("kw-round") == 3


def test_a_new_unit_has_no_rhythm_yet(ada, invented_system):
    use(invented_system, rhythm=lambda self, unit, level, last_day, beds: None)

    assert "stands here after four weeks and 100 arrivals" in text(ada.get("/units/CCU/understand/"))


def test_an_invented_day_is_counted_as_it_was_invented():
    day = AS_OF_US // (24 * HOUR_US)
    rows = FakeAnswers().lately("CCU", "micro", until_us=AS_OF_US, last_day=day)

    counted = tally(rows, until_us=AS_OF_US, last_day=day)

    assert (counted.here, counted.under_way, counted.left_lately) == (14, 2, 2)
    assert sum(counted.arrived[-1]) == 3
