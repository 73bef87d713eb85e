"""What to look at first: ranked, with what chance would make beside it, and each signal once."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.urls import reverse

from knitwork.model.units import Registry
from knitwork.web import source as sources
from knitwork.web.alerts import views
from knitwork.web.alerts.models import Alert
from knitwork.web.alerts.triaged import ranked
from knitwork.web.audit.models import AuditEvent
from knitwork.web.kept import forget
from knitwork.web.units.actions import notice_units

from . import fake_answers
from .conftest import account, browser

PAGE = "/first-look/"


def text(response):
    return response.content.decode()


def lists(page):
    """Return each list of the page by its id: the lines in it."""
    found = re.findall(r'<section aria-labelledby="(\w+)-title">(.*?)</section>', page, re.DOTALL)
    return {name: inside.split('<li class="alert">')[1:] for name, inside in found}


def charts(lines):
    return [re.search(r'<a href="(/units/[^"]+/measures/[^"?]+)', one).group(1) for one in lines]


def form(line):
    """Return the fields that a line's form sends."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', line):
        fields.setdefault(name, []).append(html.unescape(value))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


@pytest.fixture
def lena(db):
    """Lena leads a unit: she acts."""
    return browser(account("lena", "lead"))


def top():
    return ranked(fake_answers.fake_source(), "RIV", "month").triage


def address_of(entry):
    unit, measure, _period = entry.key.split("\x1f")
    return reverse("measure", kwargs={"code": unit, "measure": measure})


def send(client, line, **more):
    return client.post(PAGE, form(line) | {"act": "acknowledge", "note": "On the huddle of Tuesday"} | more)


# What stands there


def test_charts_stand_in_the_order_of_their_scores_each_once(ada):
    page = lists(text(ada.get(PAGE)))

    shown = charts([*page.get("first", []), *page.get("rest", [])])
    assert shown == [address_of(entry) for entry in top().entries]
    assert len(set(shown)) == len(shown)


def test_what_stands_out_and_what_chance_explains_are_two_lists(ada):
    page = lists(text(ada.get(PAGE)))

    found = [entry for entry in top().entries if entry.found]
    assert found
    assert len(page["first"]) == len(found)
    assert len(page.get("rest", [])) == len(top().entries) - len(found)


def test_how_many_signals_chance_alone_makes_is_printed_beside_the_list(ada):
    page, found = text(ada.get(PAGE)), top()

    said = re.search(r"(\d+) of (\d+) charts signal now; if nothing had changed, about ([\d.]+) would by chance", page)
    assert (int(said.group(1)), int(said.group(2))) == (len(found.entries), found.charts)
    assert float(said.group(3)) == pytest.approx(found.expected, abs=0.5)
    assert "at most 10 in 100 are expected to be false" in page


def test_the_first_page_and_this_one_count_the_charts_of_units_alike(ada):
    first = re.search(r"(\d+) of (\d+) charts signal in their last three points", text(ada.get("/")))
    here = re.search(r"Of single units (\d+) of (\d+) signal; the others are of the groups", text(ada.get(PAGE)))

    assert here.groups() == first.groups()
    assert int(here.group(2)) < top().charts


def test_each_line_says_which_rules_fired_and_leads_to_its_chart(ada):
    line = lists(text(ada.get(PAGE)))["first"][0]

    assert re.search(r"(A long run on one side|Beyond a limit|Few crossings of the centre): ", line)
    assert ada.get(charts([line])[0]).status_code == 200


def test_a_part_of_the_system_can_be_chosen(ada):
    page = text(ada.get(PAGE + "?in=SURG"))

    units = {address.split("/")[2] for address in charts([one for some in lists(page).values() for one in some])}
    assert units <= {"SURG", "Med~2FSurg%20~7E%204", "Med~2FSurg%20~%204", "OR"}
    assert '<option value="SURG" selected>' in page


@pytest.mark.parametrize(
    ("rule", "words"),
    [("shift_8", "8 in a row on one side"), ("trend_7_unequal", "7 in a row going one way"), ("ours", "ours")],
)
def test_rules_are_said_in_words_and_unknown_ones_by_their_name(rule, words):
    assert views.rule_name(rule) == words


def test_ben_sees_the_list_and_has_nothing_to_press(ben):
    page = text(ben.get(PAGE))

    assert lists(page)["first"]
    assert "Do something about it" not in page


def test_ben_sees_no_small_number(ben, tess, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0.04)
    address = "/units/CCU/measures/discharge_before_noon/?period=month"

    def said(who):
        lines = [one for some in lists(text(who.get(PAGE))).values() for one in some]
        return next(re.search(r"<p>(.*?)</p>", one).group(1) for one in lines if address in one)

    assert re.search(r"now \d+", said(tess))
    assert said(ben).startswith("Better since")
    assert "now" not in said(ben)


# What a lead does


def test_what_somebody_takes_care_of_stays_visible_in_its_own_list(lena, ben):
    line = lists(text(lena.get(PAGE)))["first"][0]

    assert send(lena, line).status_code == 302

    page = lists(text(ben.get(PAGE)))
    assert charts(page["acknowledged"]) == charts([line])
    assert charts([line])[0] not in charts([*page.get("first", []), *page.get("rest", [])])
    assert "Seen by lena on" in page["acknowledged"][0]
    assert "“On the huddle of Tuesday”" in page["acknowledged"][0]
    assert AuditEvent.objects.filter(action="acknowledge alert", actor="lena").count() == 1


def test_a_next_generation_of_the_same_records_does_not_tell_it_again(lena, invented_system):
    line = lists(text(lena.get(PAGE)))["first"][0]
    send(lena, line)

    invented_system["answers"] = fake_answers.FakeAnswers(generation=8)
    page = lists(text(lena.get(PAGE)))

    assert charts(page["acknowledged"]) == charts([line])


def test_what_no_longer_signals_stays_until_it_is_settled(lena, invented_system, monkeypatch):
    line = next(one for one in lists(text(lena.get(PAGE)))["first"] if "gap_over_60" in one)
    send(lena, line)
    quiet = [(*row[:7], 0.0) for row in fake_answers.PLAIN]
    monkeypatch.setattr(fake_answers, "PLAIN", tuple(quiet))
    forget()

    page = lists(text(lena.get(PAGE)))
    kept = next(one for one in page["acknowledged"] if charts([line])[0] in one)
    assert "It does not signal any more." in kept

    send(lena, kept, act="resolve", note="It has gone")
    assert Alert.objects.filter(state="resolved").count() == len(form(line)["episode"])
    assert charts([line])[0] not in charts([one for some in lists(text(lena.get(PAGE))).values() for one in some])


def test_it_is_put_off_until_a_day_and_opened_again(lena):
    line = lists(text(lena.get(PAGE)))["first"][0]
    until = dt.date.today() + dt.timedelta(days=30)

    send(lena, line, act="snooze", until=until.isoformat())
    put_off = lists(text(lena.get(PAGE)))["snoozed"][0]
    assert "Put off by lena on" in put_off

    send(lena, put_off, act="again", note="")
    assert charts([line])[0] in charts(lists(text(lena.get(PAGE)))["first"])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"act": "resolve", "note": ""}, "Say why it is settled"),
        ({"act": "snooze", "until": "soon"}, "like 2026-03-01"),
        ({"act": "snooze", "until": "2000-01-01"}, "after today, and within a year"),
        ({"act": "dance"}, "Choose what to do about it"),
        ({"chart": "nothing"}, "Nothing signals there any more"),
        ({"chart": "nowhere\x1fgap_median\x1fmonth"}, "Nothing signals there any more"),
        ({"episode": "made up"}, "Nothing signals there any more"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(lena, said, why):
    line = lists(text(lena.get(PAGE)))["first"][0]

    response = send(lena, line, **said)

    assert response.status_code == 422
    assert why in text(response)
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"act": "acknowledge"}, ": you take care of it."),
        ({"act": "snooze"}, ": put off until "),
        ({"act": "resolve"}, ": settled."),
    ],
)
def test_what_was_done_is_said_in_a_line(lena, said, words):
    line = lists(text(lena.get(PAGE)))["first"][0]
    until = dt.date.today() + dt.timedelta(days=30)

    answer = lena.post(PAGE, form(line) | {"note": "Seen", "until": until.isoformat()} | said, follow=True)

    kept = re.search(r'<p class="kept">(.*?)</p>', text(answer), re.DOTALL).group(1)
    title, unit = re.findall(r">([^<>]+)</a>", line)[:2]
    assert kept.startswith(f"{title}, {unit}{words}")


def test_a_refused_note_still_stands_with_its_item_open(lena):
    line = lists(text(lena.get(PAGE)))["first"][0]

    answer = send(lena, line, act="snooze", until="", note="After the <holidays>")

    assert answer.status_code == 422
    opened = text(answer).split('open id="wrote"')
    assert len(opened) == 2
    assert 'value="After the &lt;holidays&gt;"' in opened[1].split("</details>")[0]
    assert "Say until which day to put it off" in opened[1].split("</details>")[0]
    assert "<details open" not in text(lena.get(PAGE))


def test_the_second_of_two_leads_is_told(lena, ada):
    line = lists(text(lena.get(PAGE)))["first"][0]
    send(lena, line)

    response = send(ada, line)

    assert response.status_code == 409
    assert "lena acted on this since you opened the page" in text(response)


@pytest.mark.parametrize("who", ["ben", "tess"])
def test_only_leads_and_owners_act(who, lena, request):
    line = lists(text(lena.get(PAGE)))["first"][0]

    assert send(request.getfixturevalue(who), line).status_code == 403
    assert not Alert.objects.exists()


# Homes that are hard


def test_an_empty_home_says_what_to_load(ada, settings, tmp_path):
    settings.HOME, settings.KNITWORK_SOURCE = tmp_path, "knitwork.web.source.from_home"
    try:
        page = text(ada.get(PAGE))
    finally:
        sources.opened.cache_clear()

    assert "No records are loaded yet" in page


def test_shifted_dates_have_no_list_and_say_why(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    page = text(ada.get(PAGE))

    assert "shifted for privacy" in page
    assert not lists(page)


def test_a_home_of_one_unit_on_which_nothing_changed_says_so(ada, invented_system, monkeypatch):
    registry = Registry(units=(fake_answers.unit("W", "Ward", "ward"),), macro_name="All")
    monkeypatch.setattr(
        fake_answers.FakeAnswers, "one_series",
        lambda self, measure, unit, level, period: [
            {"start_day": (day - fake_answers.EPOCH).days, "label": day.isoformat(), "numerator": 60 + at % 2,
             "denominator": 200, "value": 30.0 + at % 2, "n": 200, "complete": True}
            for at, day in enumerate(fake_answers.starts("month", 24))
        ],
    )  # fmt: skip
    invented_system["answers"] = fake_answers.FakeAnswers(registry=registry)

    page = text(ada.get(PAGE))

    assert "has a signal now" in page
    assert not lists(page)


def test_names_and_notes_that_break_pages_stay_text(ada, invented_system):
    hostile = "<script>alert(1)</script>"
    units = (fake_answers.unit(hostile, hostile, "ward"), fake_answers.unit("CCU", "Coronary care unit", "ccu"))
    invented_system["answers"] = fake_answers.FakeAnswers(registry=Registry(units=units, macro_name="All"))
    notice_units([hostile], by="test")
    line = lists(text(ada.get(PAGE)))["first"][0]

    send(ada, line, note=hostile)
    page = text(ada.get(PAGE))

    assert hostile not in page
    assert "“&lt;script&gt;" in page
