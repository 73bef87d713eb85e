"""Finding a patient and reading one patient's chain: who may, what is written down, and what stands there."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from knitwork.web.audit.models import AuditEvent
from knitwork.web.pages.lengths import length

from .fake_answers import AS_OF_US
from .fake_journeys import FIRST_US, PEOPLE
from .fake_quality import LAST, days, feed_quality
from .routes import looking_for, patient


def text(response):
    return re.sub(r"\s+", " ", response.content.decode()).replace("\u00a0", " ")


def test_ada_and_tess_find_a_patient_and_ben_cem_and_nobody_do_not(ada, tess, ben, cem, nobody):
    for address in ("/patients/", looking_for("42"), patient("P-0042")):
        assert ada.get(address).status_code == 200
        assert tess.get(address).status_code == 200
        assert ben.get(address).status_code == 403
        assert cem.get(address).status_code == 403
        assert nobody.get(address).status_code == 302
    assert set(AuditEvent.objects.filter(action__contains="patient").values_list("actor", flat=True)) == {"ada", "tess"}


def test_no_patient_is_listed_before_something_is_typed(tess):
    page = text(tess.get("/patients/"))

    assert "P-0042" not in page
    assert "Type the number" in page
    assert not AuditEvent.objects.filter(action="looked for patients").exists()


def test_what_is_typed_is_sent_in_a_form_and_stands_sealed_in_the_address_of_the_answer(tess):
    answer = tess.post("/patients/", {"q": " p-00 "})

    assert (answer.status_code, answer["Location"]) == (302, looking_for("p-00"))
    assert "p-00" not in answer["Location"].casefold()
    assert 'value="p-00"' in text(tess.get(answer["Location"]))
    assert tess.post("/patients/", {"q": "  "})["Location"] == "/patients/"


def test_what_stands_in_plain_in_an_address_is_not_looked_for(tess):
    page = text(tess.get("/patients/?q=p-00"))

    assert "Type the number" in page
    assert not AuditEvent.objects.filter(action="looked for patients").exists()


def test_who_may_not_see_patients_may_not_look_for_one(ben, cem, nobody):
    assert ben.post("/patients/", {"q": "42"}).status_code == 403
    assert cem.post("/patients/", {"q": "42"}).status_code == 403
    assert nobody.post("/patients/", {"q": "42"})["Location"].startswith("/sign-in/")


def test_what_is_looked_for_is_written_down_with_how_many_were_found(tess):
    page = text(tess.get(looking_for("p-00")))

    assert reverse("patient", kwargs={"patient": "P-0042"}) in page
    event = AuditEvent.objects.get(action="looked for patients")
    assert (event.actor, event.about, event.detail) == ("tess", "p-00", {"found": 2})


def test_what_is_not_found_says_what_to_try_and_escapes_what_was_typed(tess):
    page = text(tess.get(looking_for("<script>nobody")))

    assert "&lt;script&gt;nobody" in page
    assert "<script>" not in page
    assert "A shorter part" in page


def test_a_patient_is_read_only_after_it_is_written_down_and_an_unknown_one_is_too(tess):
    assert tess.get(patient("P-0042")).status_code == 200
    assert tess.get(patient("nobody")).status_code == 404

    events = AuditEvent.objects.filter(action="read a patient")
    assert [(event.about, event.detail) for event in events] == [("P-0042", {"stays": 6}), ("nobody", {"stays": 0})]


def test_the_lead_says_the_chain_and_the_longest_wait(tess):
    page = text(tess.get(patient("P-0042")))
    lead = re.search(r'<p class="lead">(.*?)</p>', page)[1]

    assert "6 units" in lead
    assert "2 visits, with 3 hand-offs" in lead
    assert "Emergency department → Cath lab → Coronary care unit → Cardiology ward" in lead
    assert "2 h 30 min: from Coronary care unit to Cardiology ward" in lead


def test_every_unit_every_gap_and_every_stay_stands_on_the_page(tess):
    page = text(tess.get(patient("P-0042")))

    for code, visits in (("ED", "1 visit · 1 h"), ("REHAB", "1 visit · 1 h")):
        assert reverse("unit", kwargs={"code": code}) in page
        assert visits in page
    for gap in (
        "12 min to Cath lab",
        "15 min to Coronary care unit",
        "2 h 30 min to Cardiology ward",
        "3 days to the next visit",
    ):
        assert gap in page, gap
    assert page.count('class="gap longest"') == 1
    assert "Operating theatres" in page
    assert "(beside)" in page
    assert "departure is not known" not in page


def test_unknown_departures_are_said_and_never_counted_as_nothing(tess):
    page = text(tess.get(patient("P-0007")))

    assert "2 departures are not known" in page
    assert "not known to Cardiology ward" in page
    assert "still there" in page
    assert "0 min" not in page
    assert "0 s" not in page
    assert "Time to the next visit not known" in page


def test_where_departures_are_copied_no_wait_is_told(tess, invented_system):
    invented_system["answers"].unrecorded = True
    page = text(tess.get(patient("P-0042")))

    assert "longest wait" not in page
    assert "2 h 30 min" not in page
    assert "not known to Cardiology ward" in page


def test_shifted_dates_are_told_as_days_from_the_first(tess, invented_system):
    invented_system["answers"].shifted = True
    page = text(tess.get(patient("P-0042")))

    assert "day 1, 08:00" in page
    assert "days are counted from the first" in page
    assert "2026" not in page.split("<main")[1]
    assert "These records come from adt (with shifted dates)." in page


@pytest.mark.parametrize("patient", sorted(PEOPLE))
def test_odd_ids_have_a_page_of_their_own(tess, patient):
    response = tess.get(reverse("patient", kwargs={"patient": patient}))

    assert response.status_code == 200
    assert "<b>" not in response.content.decode().split("<main")[1].split("<strong>")[0]


def test_the_way_to_patients_is_shown_to_those_who_may_go_it(tess, ben):
    assert reverse("patients") in text(tess.get("/journeys/"))
    assert reverse("patients") not in text(ben.get("/journeys/"))


def test_a_number_that_was_given_up_leads_to_its_person_and_that_is_written_down(tess, ben):
    address = reverse("patient", kwargs={"patient": "HS/42"})
    response = tess.get(address)

    assert response.status_code == 302
    assert response.url == reverse("patient", kwargs={"patient": "P-0042"})
    event = AuditEvent.objects.get(action="read whose number it is")
    assert (event.actor, event.about, event.detail) == ("tess", "HS/42", {"person": "P-0042"})
    assert ben.get(address).status_code == 403
    assert AuditEvent.objects.count() == 1


def test_the_page_names_the_numbers_that_were_given_up_and_by_which_link(tess):
    page = text(tess.get(patient("P-0042")))

    assert "HS/42 is the same person, by a link of 5 October 2026 (row 2 of patient-links)." in page
    assert "is the same person" not in text(tess.get(patient("P-0007")))


def test_where_days_are_shifted_a_link_is_named_without_its_day(tess, invented_system):
    invented_system["answers"].shifted = True

    assert "HS/42 is the same person, by a link in row 2 of patient-links" in text(tess.get(patient("P-0042")))


def test_a_person_is_found_by_a_number_that_was_given_up(tess):
    page = text(tess.get(looking_for("hs")))

    assert "also known as HS/42" in page
    assert reverse("patient", kwargs={"patient": "P-0042"}) in page
    assert "also known as" not in text(tess.get(looking_for("p-00")))


def test_a_patient_s_page_says_which_feeds_it_comes_from_and_how_late_they_are(tess):
    page = text(tess.get(patient("P-0042")))

    assert "These records come from adt (up to 14 October 2026, 08:10)." in page
    assert "adt is late: what happened since is not known here." in page


def test_a_patient_s_page_says_what_is_wrong_with_its_feeds(tess, invented_system):
    invented_system["answers"].told_of = feed_quality(days=days(half_from=LAST - 12))

    assert "adt: fewer stays than usual since 2 October 2026" in text(tess.get(patient("P-0042")))


def test_the_lead_counts_the_time_of_who_is_still_there_until_the_records_end(tess):
    lead = re.search(r'<p class="lead">(.*?)</p>', text(tess.get(patient("P-0007"))))[1]

    since_first = (AS_OF_US - FIRST_US) / 3.6e9 + 90
    over = length(since_first * 3600).replace("\u00a0", " ")
    assert f"3 units over {over}:" in lead
    assert "and still there: Emergency department → Cardiology ward" in lead
    assert "no end known" not in lead
