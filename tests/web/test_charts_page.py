"""Deciding about a chart on its page: who may, what is said, and that every page then reads the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from knitwork.signals import chance_of_signal
from knitwork.web import chance, glance, judging
from knitwork.web.audit.models import AuditEvent
from knitwork.web.charts import actions, asked, published
from knitwork.web.charts.models import Annotation, Edition, Exclusion, Phase, PublishedLimits, RuleSetChoice, Target
from knitwork.web.kept import _kept
from knitwork.web.pages import compare
from knitwork.web.walls import watching

from . import fake_answers
from .conftest import account, browser

WORSE = "/units/CCU/measures/gap_median/"  # 29 min, and 41 min in its last nine months; less is better
BETTER = "/units/CCU/measures/los_median/"  # 58 h, and 49 h since
RATE = "/units/CCU/measures/return_rate/"  # nothing changes
ARRIVALS = "/units/CCU/measures/arrivals/"  # neither more nor less is better
CHANGED = "2026-02-01"
ACTS = (
    {"act": "propose", "start": CHANGED, "limits": "policy", "reason": "A new roster"},
    {"act": "leave-out", "day": "2025-12-01", "reason": "The ward was closed"},
    {"act": "note", "day": "2026-02-10", "text": "New roster", "scope": "this"},
    {"act": "target", "kind": "target", "day": "2026-01-01", "value": "30", "reason": "Agreed with the board"},
    {"act": "publish", "version": "0", "reason": "For the annual report"},
)


@pytest.fixture
def lena(db):
    """Lena leads the unit."""
    return browser(account("lena", "lead"))


@pytest.fixture
def otto(db):
    """Otto leads another."""
    return browser(account("otto", "lead"))


class Long(fake_answers.FakeAnswers):
    """A system whose units have changed for good: the last fifteen of forty months lie at the new level."""

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        if period != "month" or rows[0]["numerator"] is not None:
            return rows
        first = dt.date(2023, 7, 1)
        made = []
        for at in range(40):
            day = dt.date(first.year + (first.month - 1 + at) // 12, (first.month - 1 + at) % 12 + 1, 1)
            value = (40 if at >= 25 else 30) + (2 - at * 7 % 5) * 0.8
            made.append(rows[-1] | {
                "label": day.isoformat(), "start_day": (day - dt.date(1970, 1, 1)).days, "value": value, "complete": at < 39,
            })  # fmt: skip
        return made


class Corrected(fake_answers.FakeAnswers):
    """The same system after a late correction: one month of one measure has other numbers."""

    generation = 8

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        for row in rows:
            if measure == "return_rate" and row["label"] == "2025-03-01":
                row |= {"numerator": 60, "denominator": 200, "value": 30.0}
        return rows


def text(response):
    return response.content.decode()


def decided(response):
    return text(response).split('id="decisions-title"')[1].split("</section>")[0]


def lead_of(response):
    return text(response).split('<p class="lead">')[1].split("</p>")[0]


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace(" .", ".").replace(" ,", ",")


def phase_of(chart, **more):
    return Phase.objects.get(measure=chart.split("/")[4], **more)


# Who may


@pytest.mark.parametrize("said", ACTS, ids=lambda said: said["act"])
def test_a_lead_and_an_owner_may_decide(ada, lena, said):
    for person, address in ((lena, WORSE), (ada, "/units/ED/measures/gap_median/")):
        response = person.post(address, said)

        assert (response.status_code, response["Location"]) == (302, f"{address}?period=month#decisions-title")
    kinds = (Phase, Exclusion, Annotation, Target, PublishedLimits)
    assert sorted(kind.objects.count() for kind in kinds) == [0, 0, 0, 0, 2]


@pytest.mark.parametrize("said", ACTS, ids=lambda said: said["act"])
def test_nobody_else_may_and_nothing_is_kept(ben, tess, cem, nobody, said):
    assert [who.post(WORSE, said).status_code for who in (ben, tess, cem, nobody)] == [403, 403, 403, 302]
    assert not Edition.objects.exists()


def test_ben_reads_what_was_decided_and_is_offered_no_form(ben, lena):
    lena.post(BETTER, {"act": "propose", "also": "accept", "start": CHANGED, "reason": "Ward rounds at eight"})

    page = decided(ben.get(BETTER))

    assert "Ward rounds at eight." in page
    assert "accepted by lena" in words(page)
    assert "<form" not in page
    assert decided(lena.get(BETTER)).count("<form") > 4


def test_a_form_without_its_token_is_refused(db):
    strict = browser(account("lena", "lead"))
    strict.handler.enforce_csrf_checks = True

    assert strict.post(WORSE, ACTS[0]).status_code == 403
    assert not Phase.objects.exists()


# New limits


def test_after_an_improvement_the_proposer_may_accept_at_once(lena):
    page = lena.post(BETTER, ACTS[0] | {"also": "accept"}, follow=True)

    assert "New limits hold from February 2026 on. The old ones stay visible." in text(page)
    assert phase_of(BETTER).accepted_by == "lena"
    assert "The limits were moved once, from February 2026 on; why stands below." in text(page)
    said = words(decided(page))
    assert re.search(r"October 2024|November 2024", said)
    assert "February 2026 until now" in said
    assert "A new roster. Proposed by lena" in said


def test_after_a_deterioration_a_second_person_accepts_and_never_the_proposer(lena, otto):
    page = lena.post(WORSE, ACTS[0] | {"also": "accept"}, follow=True)
    phase = phase_of(WORSE)

    assert "Proposed: new limits from February 2026 on. A second person must accept them." in text(page)
    assert "You proposed it, so it waits for somebody else who may" in text(page)
    assert "limits were moved" not in text(page)

    said = {"act": "accept", "number": phase.pk, "reason": "I think so still"}
    refused = lena.post(WORSE, said)
    assert refused.status_code == 422
    assert "The level became worse, and new limits would hide that" in text(refused)

    assert "The centre would go from 30 min to 42 min. That is worse" in words(decided(otto.get(WORSE)))
    accepted = otto.post(WORSE, said | {"reason": "The wing doubled"}, follow=True)
    assert "The limits were moved once" in text(accepted)
    assert "The wing doubled." in decided(accepted)
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["propose phase", "accept phase"]


def test_where_the_new_limits_have_no_whole_period_yet_nobody_can_tell_and_a_second_person_accepts(lena):
    page = lena.post(BETTER, ACTS[0] | {"also": "accept", "start": "2026-10-01"}, follow=True)

    assert "A second person must accept them" in text(page)
    assert "Nobody can tell yet what the level would be." in decided(page)


def test_a_deterioration_seen_by_months_is_not_hidden_by_looking_at_days(lena):
    lena.post(f"{WORSE}?period=day", ACTS[0] | {"start": CHANGED, "also": "accept"})

    assert not Phase.objects.filter(state="accepted").exists()


def test_a_withdrawn_phase_gives_the_old_limits_back_and_stays_in_the_list(lena):
    before = re.search(r"<figure.*?</figure>", text(lena.get(BETTER)), re.DOTALL).group()
    lena.post(BETTER, ACTS[0] | {"also": "accept"})
    moved = text(lena.get(BETTER))

    page = lena.post(
        BETTER, {"act": "withdraw", "number": phase_of(BETTER).pk, "reason": "The wrong month"}, follow=True
    )

    assert before not in moved
    assert before in text(page)
    assert "The wrong month." in decided(page)


class Relapsed(fake_answers.FakeAnswers):
    """A system that got better for good, was given new limits then, and has gone back to where it was."""

    def one_series(self, measure, unit, level, period):
        rows = super().one_series(measure, unit, level, period)
        if measure == "los_median":
            for row in rows:
                wave = row["start_day"] // 7 * 3 % 5 - 2
                better = "2025-10-06" <= row["label"] < "2026-04-01"
                row["value"] = (40 if better else 58) + wave
        return rows


def test_who_started_a_phase_cannot_withdraw_it_where_a_signal_of_harm_would_vanish(lena, otto, invented_system):
    invented_system["answers"] = Relapsed()
    weekly = f"{BETTER}?period=week"
    lena.post(weekly, ACTS[0] | {"also": "accept", "start": "2025-10-06"})
    assert phase_of(BETTER).state == "accepted"
    assert "Worse since" in lead_of(lena.get(weekly))

    said = {"act": "withdraw", "number": phase_of(BETTER).pk, "reason": "It was a mistake"}
    refused = lena.post(weekly, said)
    assert refused.status_code == 422
    assert "Without these limits the signal that it got worse would vanish" in text(refused)

    assert otto.post(weekly, said).status_code == 302
    assert phase_of(BETTER).withdrawn_by == "otto"
    assert "Worse" not in lead_of(otto.get(weekly))


def test_a_suggested_phase_comes_with_its_evidence_and_is_never_applied_by_itself(lena, invented_system):
    invented_system["answers"] = Long()
    said = words(decided(lena.get(BETTER)))

    assert "New limits from August 2025 on are suggested." in said
    assert "14 points in a row lie above the centre, and the 14 points since then hold that level" in said
    assert "The centre would go from" in said
    assert "a second person must accept" in said
    assert "limits were moved" not in text(lena.get(BETTER))

    lena.post(BETTER, {"act": "propose", "start": "2025-08-01", "suggested": "1", "reason": "Sicker patients"})
    phase = phase_of(BETTER)
    assert (phase.evidence["run"], phase.evidence["label"], phase.state) == (14, "2025-08-01", "proposed")
    assert "are suggested" not in decided(lena.get(BETTER))


def test_evidence_is_worked_out_here_and_not_taken_from_the_browser(lena):
    lena.post(BETTER, ACTS[0] | {"suggested": "1", "evidence": '{"run": 99}', "run": "99"})

    assert phase_of(BETTER).evidence == {}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (ACTS[0] | {"reason": " "}, "Say why: without a reason"),
        (ACTS[0] | {"start": "soon"}, "“soon” is no date"),
        (ACTS[0] | {"start": "2031-01-01"}, "This chart has no period that begins on"),
        (ACTS[0] | {"limits": "first", "first": "1"}, "a number of first points of 2 or more"),
        (ACTS[0] | {"limits": "none"}, "Limits come from the first 20 points"),
        (ACTS[1] | {"day": "2026-02-02"}, "This chart has no period that begins on"),
        (ACTS[2] | {"text": ""}, "The note is empty"),
        (ACTS[3] | {"value": "many"}, "A target is a number"),
        (ACTS[3] | {"value": "inf"}, "A target is a number"),
        (ACTS[4] | {"version": "3"}, "published other limits since"),
        ({"act": "accept", "number": "99", "reason": "Yes"}, "That is not there"),
        ({"act": "accept", "number": "1; DROP TABLE", "reason": "Yes"}, "That is not there"),
        ({"act": "count-again", "number": "1", "reason": "Yes"}, "That is not there"),
        ({"act": "remove-note", "number": "1"}, "That is not there"),
        ({"act": "remove-target", "number": "1", "reason": "Yes"}, "That is not there"),
        ({"act": "burn"}, "That form is not known here"),
        ({}, "That form is not known here"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_beside_what_was_written(lena, said, sentence):
    response = lena.post(WORSE, said)

    assert response.status_code == 422
    assert sentence in text(response)
    assert not Edition.objects.exists()


def test_a_decision_about_one_chart_cannot_be_taken_back_from_another(lena):
    lena.post(BETTER, ACTS[1])
    number = Exclusion.objects.get().pk

    response = lena.post(WORSE, {"act": "count-again", "number": number, "reason": "Mine"})

    assert response.status_code == 422
    assert Exclusion.objects.get().undone_by == ""


def test_what_was_written_still_stands_after_a_refusal(lena):
    page = text(lena.post(WORSE, ACTS[0] | {"limits": "none", "reason": "A new “roster”"}))

    assert 'value="A new “roster”"' in page
    assert f'<option value="{CHANGED}" selected>' in page


# Points left out, notes, targets


def test_a_point_left_out_is_named_with_its_reason_and_can_be_counted_again(lena):
    page = lena.post(WORSE, ACTS[1], follow=True)
    assert "1 point is left out, and why stands below." in text(page)
    assert "The ward was closed." in decided(page)

    said = {"act": "count-again", "number": Exclusion.objects.get().pk, "reason": "It was open after all"}
    page = lena.post(WORSE, said, follow=True)
    assert "left out, and why" not in text(page)
    assert "It was open after all." in decided(page)
    assert "The ward was closed." in decided(page)


def test_a_month_left_out_is_left_out_by_month_only(lena):
    lena.post(WORSE, ACTS[1])

    assert "left out, and why" in text(lena.get(f"{WORSE}?period=month"))
    assert "left out, and why" not in text(lena.get(f"{WORSE}?period=week"))


def test_a_note_can_stand_on_all_charts_of_a_unit(lena):
    lena.post(WORSE, ACTS[2] | {"scope": "all", "text": "Moved to the east wing"})

    assert "Moved to the east wing" in decided(lena.get(BETTER))
    assert "Moved to the east wing" not in text(lena.get("/units/ED/measures/gap_median/"))


def test_targets_are_kept_with_their_history_and_a_trajectory_may_lie_ahead(lena):
    lena.post(WORSE, ACTS[3])
    lena.post(WORSE, ACTS[3] | {"value": "27,5", "reason": "Tighter"})
    page = lena.post(WORSE, ACTS[3] | {"kind": "trajectory", "day": "2027-06-01", "value": "25"}, follow=True)

    said = words(decided(page))
    assert "30 min from 1 January 2026 on: Agreed with the board." in said
    assert "27.5 min from 1 January 2026 on: Tighter." in said
    assert "25 min on 1 June 2027, a point of the trajectory" in said
    evaluation = judging.judged(fake_answers.fake_source(), "CCU", "month")
    one = next(one.evaluation for one in evaluation if one.measure == "gap_median")
    assert (one.target, one.spec.trajectory) == (27.5, (("2027-06-01", 25.0),))


@pytest.mark.parametrize("kind", ["target", "trajectory"])
@pytest.mark.parametrize(
    ("address", "value", "sentence"),
    [
        (RATE, "400", "A share lies between 0 and 100%: write a target within that."),
        (RATE, "-1", "A share lies between 0 and 100%"),
        (WORSE, "-1", "This number is never below 0: write a target of 0 or more."),
        ("/units/CCU/measures/handoffs_per_100/", "-0,5", "This number is never below 0"),
    ],
)
def test_a_target_that_the_chart_can_never_show_is_refused(lena, kind, address, value, sentence):
    response = lena.post(address, ACTS[3] | {"kind": kind, "value": value})

    assert response.status_code == 422
    assert sentence in text(response)
    assert not Target.objects.exists()


@pytest.mark.parametrize("value", ["0", "100"])
def test_a_target_at_either_end_of_a_share_is_taken(lena, value):
    assert lena.post(RATE, ACTS[3] | {"value": value}).status_code == 302


def test_hostile_text_stays_text(lena):
    evil = "<script>alert('x')</script>\"><img src=x onerror=y>"
    for said in (
        ACTS[0] | {"reason": evil},
        ACTS[1] | {"reason": evil},
        ACTS[2] | {"text": evil},
        ACTS[3] | {"reason": evil},
    ):
        lena.post(BETTER, said)
    lena.post(BETTER, {"act": "accept", "number": phase_of(BETTER).pk, "reason": evil})
    lena.post(BETTER, ACTS[4] | {"reason": evil})

    page = text(lena.get(BETTER))

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_a_note_stands_in_the_picture_under_the_number_that_it_has_in_the_list(lena, ben):
    for day, said in (
        ("2026-03-10", "Second"),
        ("2026-01-15", "First"),
        ("2027-01-01", "Ahead"),
        ("2020-01-01", "Long ago"),
    ):
        lena.post(RATE, ACTS[2] | {"day": day, "text": said})

    for page in (lena.get(RATE), ben.get(RATE)):
        figure = re.search(r"<figure.*?</figure>", text(page), re.DOTALL).group()
        assert [figure.count(f"{word}</title>") > 0 for word in ("First", "Second", "Ahead", "Long ago")] == [
            True, True, False, False,
        ]  # fmt: skip
        said = words(decided(page))
        assert "1 15 January 2026: First" in said
        assert "2 10 March 2026: Second" in said
        assert "1 January 2027: Ahead" in said

    number = Annotation.objects.get(text="First").pk
    page = lena.post(RATE, {"act": "remove-note", "number": number}, follow=True)
    assert "1 10 March 2026: Second" in words(decided(page))
    assert "15 January 2026: First. By lena. Taken off by lena" in words(decided(page))


# The same everywhere


def accepted(measure="gap_median", start=CHANGED):
    chart = {"unit": "CCU", "measure": measure}
    phase = actions.propose_phase(
        **chart, start=dt.date.fromisoformat(start), reason="A new roster", worse=False, by="lena"
    )
    actions.accept_phase(phase=phase.pk, reason="Seen", worse=False, by="otto")
    actions.leave_out(**chart, day=dt.date(2025, 12, 1), period="month", reason="Closed", by="lena")
    actions.set_target(**chart, day=dt.date(2026, 1, 1), value=30, reason="Agreed", by="lena")
    actions.choose_rules(sets=["mdc_2023"], reason="As the region does", version=0, by="ada")


@pytest.mark.django_db
@pytest.mark.parametrize("period", ["month", "week"])
def test_every_page_judges_a_chart_by_the_same_definition(period):
    accepted()
    source = fake_answers.fake_source()
    definition = source.measures["gap_median"]

    of_unit = next(one for one in judging.judged(source, "CCU", period) if one.measure == "gap_median")
    rows = {"gap_median": list(of_unit.rows)}
    alone = judging.evaluate_rows(source, rows, at=("CCU", period))["gap_median"]
    beside = compare.kin_of(source, definition, ["CCU", "ED"], period)

    assert of_unit.evaluation == alone == beside["CCU"].evaluation
    assert [phase.label for phase in alone.phases][1:] == [CHANGED if period == "month" else "2026-02-02"]
    assert alone.spec.rules == ("mdc_2023",)
    assert alone.included.count(False) == (period == "month")
    assert beside["ED"].evaluation.phases == ()


@pytest.mark.django_db
def test_what_is_kept_of_all_charts_is_made_anew_by_a_decision_and_the_records_are_not_asked_again():
    answers = fake_answers.CURRENT["answers"]
    before = judging.judged(fake_answers.fake_source(), "CCU", "month")
    asked = len(answers.asked)

    accepted()
    after = judging.judged(fake_answers.fake_source(), "CCU", "month")

    assert before != after
    assert len(answers.asked) == asked
    assert len([key for key in _kept if "judged all" in key]) == 1


def test_sentence_wall_and_first_page_follow_a_decision_at_once(ada, lena):
    def said():
        return [text(lena.get(f"/units/CCU/{page}")) for page in ("understand/", "wall/")] + [text(ada.get("/"))]

    before = said()
    accepted()

    assert all(old != new for old, new in zip(before, said(), strict=True))


@pytest.mark.django_db(transaction=False)
def test_screens_are_told_of_a_decision(django_capture_on_commit_callbacks):
    before = watching.seen()

    with django_capture_on_commit_callbacks(execute=True):
        actions.add_note(unit="CCU", day=dt.date(2026, 3, 1), text="New roster", by="lena")

    assert watching.seen() != before


@pytest.mark.django_db
@pytest.mark.parametrize("start", ["2023-01-01", "2024-11-01", "2026-09-01", "2026-10-01", "2031-01-01"])
def test_a_phase_at_either_end_of_the_records_or_beyond_breaks_no_page(ada, start):
    accepted(start=start)
    with translation.override("en"):
        glance.glance(fake_answers.fake_source(), "month")

    for address in ("/", "/units/CCU/", "/units/CCU/understand/", "/units/CCU/wall/", WORSE, f"{WORSE}?period=day"):
        assert ada.get(address).status_code == 200


@pytest.mark.parametrize("spared", [0, 1, 20])
def test_points_left_out_up_to_the_last_break_no_page(lena, spared):
    rows = judging.rows_of(fake_answers.fake_source(), "CCU", "micro", "month", ["return_rate"])["return_rate"]
    for row in rows[spared:]:
        day = dt.date.fromisoformat(row["label"])
        actions.leave_out(unit="CCU", measure="return_rate", day=day, period="month", reason="Closed", by="lena")
    phase = {"unit": "CCU", "measure": "return_rate", "start": dt.date(2026, 8, 1), "reason": "Split"}
    actions.accept_phase(
        phase=actions.propose_phase(**phase, worse=False, by="lena").pk, reason="Seen", worse=False, by="lena"
    )
    for day in (dt.date(1900, 1, 1), dt.date(2199, 12, 31), dt.date(2026, 2, 1)):
        for kind in ("target", "trajectory"):
            actions.set_target(
                unit="CCU", measure="return_rate", kind=kind, day=day, value=5, reason="Agreed", by="lena"
            )

    for address in ("/", "/units/CCU/", "/units/CCU/understand/", "/units/CCU/wall/", RATE, f"{RATE}?period=day"):
        assert lena.get(address).status_code == 200
    for said in ACTS:
        assert lena.post(RATE, said | {"day": "2026-01-01"}).status_code in (302, 422)


@pytest.mark.django_db
def test_two_phases_that_begin_in_one_month_are_one_by_month_and_two_by_week(ada):
    for start in ("2026-02-04", "2026-02-20"):
        accepted_at = actions.propose_phase(
            unit="CCU", measure="gap_median", start=dt.date.fromisoformat(start), reason="Roster", worse=False, by="x"
        )
        actions.accept_phase(phase=accepted_at.pk, reason="Seen", worse=False, by="x")

    def starts(period):
        source = fake_answers.fake_source()
        found = next(one for one in judging.judged(source, "CCU", period) if one.measure == "gap_median")
        return [phase.label for phase in found.evaluation.phases][1:]

    assert starts("month") == ["2026-03-01"]
    assert starts("week") == ["2026-02-09", "2026-02-23"]


# Published limits


def test_a_chart_is_judged_by_its_published_limits_and_a_correction_is_told(lena, ben, invented_system):
    lena.post(RATE, ACTS[4])
    published = PublishedLimits.objects.get()
    before = re.search(r"<figure.*?</figure>", text(lena.get(RATE)), re.DOTALL).group()
    assert "No period they came from has changed since." in decided(lena.get(RATE))

    invented_system["answers"] = Corrected()
    page = lena.get(RATE)
    said = words(decided(page))

    assert "judged by its published limits, version 1" in text(page)
    centre = judging.judged(fake_answers.fake_source(), "CCU", "month")
    one = next(one.evaluation for one in centre if one.measure == "return_rate")
    assert one.centre == pytest.approx(published.phases[0]["centre"])
    assert "1 period has other numbers than when they were published." in said
    assert re.search(r"March 2025: \d+ of \d+: [\d.]+% then, 60 of 200: 30% now", said)
    assert re.search(r"the published centre is [\d.]+%; made anew it would be [\d.]+%", said)
    assert before != text(page)

    seen = words(decided(ben.get(RATE)))
    assert "1 period has other numbers" in seen
    assert "60 of 200" not in seen

    lena.post(RATE, ACTS[4] | {"version": "1", "reason": "The correction of March"})
    said = words(decided(lena.get(RATE)))
    assert "No period they came from has changed since." in said
    assert "2 versions" in said
    assert "For the annual report." in said
    assert "The correction of March." in said


def test_a_phase_accepted_after_publishing_adds_to_what_is_published(lena):
    lena.post(BETTER, ACTS[4])
    lena.post(BETTER, ACTS[0] | {"also": "accept"})

    found = judging.judged(fake_answers.fake_source(), "CCU", "month")
    one = next(one.evaluation for one in found if one.measure == "los_median")
    assert [phase.centre is not None for phase in one.spec.phases] == [True, False]


def test_a_phase_accepted_before_a_published_part_begins_holds_as_the_page_says(lena, invented_system):
    invented_system["answers"] = Long()
    said = ACTS[0] | {"also": "accept", "limits": "all"}
    lena.post(ARRIVALS, said | {"start": "2025-03-01"})
    lena.post(ARRIVALS, ACTS[4])

    page = lena.post(ARRIVALS, said | {"start": "2024-05-01"}, follow=True)

    assert "New limits hold from May 2024 on. The old ones stay visible." in text(page)
    found = judging.judged(fake_answers.fake_source(), "CCU", "month")
    one = next(one.evaluation for one in found if one.measure == "arrivals")
    assert [part.label for part in one.phases][1:] == ["2024-05-01", "2025-03-01"]
    assert [phase.centre is not None for phase in one.spec.phases] == [True, False, True]


def test_new_limits_where_a_published_part_begins_are_refused(lena, invented_system):
    invented_system["answers"] = Long()
    said = ACTS[0] | {"also": "accept", "limits": "all", "start": "2025-03-01"}
    chart = {"unit": "CCU", "measure": "arrivals"}
    earlier = actions.propose_phase(
        **chart, start=dt.date(2025, 2, 20), reason="Split", worse=False, by="otto"
    )  # by month it begins where the published part does
    lena.post(ARRIVALS, said)
    lena.post(ARRIVALS, ACTS[4])
    published_from = Phase.objects.get(state="accepted")
    actions.withdraw_phase(phase=published_from.pk, reason="A mistake", by="otto")

    proposed = lena.post(ARRIVALS, said)
    taken = lena.post(ARRIVALS, {"act": "accept", "number": earlier.pk, "reason": "Yes"})

    for response in (proposed, taken):
        assert response.status_code == 422
        assert "Published limits begin with that period, and they hold as they were published" in text(response)
    assert not Phase.objects.filter(state="accepted").exists()


def test_limits_that_cannot_be_drawn_again_are_neither_offered_nor_published(lena, monkeypatch):
    assert 'value="publish"' in decided(lena.get(RATE))
    monkeypatch.setattr(published, "EXACT", published.EXACT - {"p"})
    monkeypatch.setattr("knitwork.web.charts.shown.EXACT", published.EXACT)

    page = decided(lena.get(RATE))
    response = lena.post(RATE, ACTS[4])

    assert 'value="publish"' not in page
    assert "The limits of this kind of chart cannot be published" in page
    assert response.status_code == 422
    assert not PublishedLimits.objects.exists()


def test_limits_that_still_move_cannot_be_published(lena, invented_system):
    lena.post(BETTER, ACTS[0] | {"also": "accept"})

    response = lena.post(BETTER, ACTS[4])

    assert response.status_code == 422
    assert "The limits still move with each point: they can be published from 20 points on." in text(response)


def test_shifted_dates_leave_no_chart_to_decide_about(lena, ben, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    response = lena.post(WORSE, ACTS[0])

    assert response.status_code == 422
    assert "There is no chart here to decide about" in text(response)
    assert ben.post(WORSE, ACTS[0]).status_code == 403


# The rules of the organisation


def test_the_rules_stand_in_words_with_their_false_alarms(ben):
    page = words(text(ben.get("/rules/")))

    assert "8 points in a row on one side of the centre." in page
    assert "2 of 3 points in a row more than 2 sigmas out on one side." in page
    assert page.count("of 100 charts of 36 points a rule fires though nothing happens.") == 10
    assert "<form" not in text(ben.get("/rules/")).split('id="main"')[1].split("<footer")[0]


def test_an_owner_chooses_rules_and_every_chart_says_so(ada, ben):
    said = {"sets": ["mdc_2023"], "version": "0", "reason": "As the region does", "custom": ""}
    page = ada.post("/rules/", said, follow=True)
    assert "Chosen: version 1. Every chart is judged by it, the past as well." in text(page)

    for address in (WORSE, BETTER, "/units/ED/measures/gap_median/"):
        said = words(decided(ben.get(address)))
        assert "By these rules: Making Data Count, since November 2023." in said
        assert "Version 1 of this organisation's choice, made by ada" in said.replace("&#x27;", "'")
        assert "As the region does." in said


def test_rules_of_ones_own_judge_where_they_are_chosen(ada):
    custom = '[{"name": "shift_3", "kind": "run", "length": 3}]'
    ada.post("/rules/", {"sets": ["custom"], "version": "0", "reason": "Ours", "custom": custom})

    found = judging.judged(fake_answers.fake_source(), "CCU", "month")
    one = next(one.evaluation for one in found if one.measure == "gap_median")
    assert {signal.rule for signal in one.signals} == {"shift_3"}
    assert "3 points in a row on one side of the centre." in text(ada.get("/rules/"))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"sets": [], "reason": "Fewer"}, "Choose at least one set"),
        ({"sets": ["nelson"], "reason": ""}, "Say why"),
        ({"sets": ["nelson"], "reason": "Why", "version": "7"}, "chose other rules since you opened the page"),
        ({"sets": ["magic"], "reason": "Why"}, "choose one of shewhart"),
        ({"sets": ["custom"], "reason": "Why", "custom": "{"}, "The rules of your own are no JSON"),
        ({"sets": ["custom"], "reason": "Why", "custom": "[" * 100_000}, "The rules of your own are no JSON"),
        ({"sets": ["custom"], "reason": "Why", "custom": "{}"}, "are a list of objects"),
        ({"sets": ["custom"], "reason": "Why", "custom": '[{"name": "x"}]'}, "a rule has no kind"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused_and_what_was_written_stands(ada, said, sentence):
    response = ada.post("/rules/", {"version": "0"} | said)

    assert response.status_code == 422
    assert sentence in text(response)
    assert not RuleSetChoice.objects.exists()


def test_only_an_owner_chooses_rules(lena, ben, cem, nobody):
    said = {"sets": ["nelson"], "version": "0", "reason": "Why"}

    assert [who.post("/rules/", said).status_code for who in (lena, ben, cem, nobody)] == [403, 403, 403, 302]
    assert not RuleSetChoice.objects.exists()


# A table of actions


def test_a_table_of_actions_becomes_notes_and_bad_rows_are_named(lena):
    table = "date,text,unit,measure\n2026-03-01,New roster,CCU,gap_median\nsoon,New roster,CCU,\n"
    response = lena.post("/notes/", {"table": table})

    assert response.status_code == 422
    assert "1 row was not taken. The others were." in text(response)
    assert "Row 3: “soon” is no date" in text(response)
    assert "New roster" in decided(lena.get(WORSE))


def test_where_no_row_can_be_taken_no_others_are_spoken_of_and_the_codes_stand_there(lena):
    response = lena.post("/notes/", {"table": "date;text;unit\n2026-03-01;a;XYZ\n2026-03-02;b;XYZ\n"})

    assert "None of the 2 rows was taken." in text(response)
    assert "The others were." not in text(response)
    assert "new" not in words(text(response).split("<main")[1].split("<form")[0])
    assert 'CCU: <a href="/units/CCU/">' in text(response)


def test_a_date_in_the_future_is_taken_and_said(lena):
    table = "date,text,unit\n2026-03-01,a,CCU\n2062-03-01,b,CCU\n"
    page = lena.post("/notes/", {"table": table}, follow=True)

    assert "2 notes are new. 1 has a date in the future: check its year." in text(page)


def test_a_file_is_taken_and_the_same_file_again_adds_nothing(lena):
    def sent():
        return SimpleUploadedFile("actions.csv", "\ufeffdate,text,unit\n2026-03-01,Zuë 早,CCU\n".encode())

    assert "1 note is new." in text(lena.post("/notes/", {"file": sent()}, follow=True))
    assert "Nothing is new: 1 stood there already." in text(lena.post("/notes/", {"file": sent()}, follow=True))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"date,text,unit\n2026-03-01,\xff\xfe,CCU\n", "The file is not UTF-8"),
        (b"x" * 1_000_001, "larger than a table of actions"),
        (b"", "The table is empty"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(lena, content, sentence):
    response = lena.post("/notes/", {"file": SimpleUploadedFile("actions.csv", content)})

    assert response.status_code == 422
    assert sentence in text(response)


def test_ben_brings_in_no_table(ben):
    assert ben.post("/notes/", {"table": "date,text,unit\n"}).status_code == 403


def test_a_reader_is_told_no_limits_that_give_a_hidden_denominator_away(ben, lena, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0.05)
    phase = actions.propose_phase(
        unit="CCU", measure="return_rate", start=dt.date(2025, 6, 1), reason="Split", worse=False, by="lena"
    )
    actions.accept_phase(phase=phase.pk, reason="Seen", worse=False, by="lena")

    seen = {who: re.findall(r'<td class="n">([^<]*)</td>', decided(page.get(RATE)))[1::3] for who, page in
            (("ben", ben), ("lena", lena))}  # fmt: skip

    assert seen["ben"] == ["–", "–"]
    assert re.match(r"\d", seen["lena"][1])


@pytest.mark.django_db
@pytest.mark.parametrize("measure", sorted(set(fake_answers.MEASURES) - {"occupancy"}))
@pytest.mark.parametrize("split", [False, True])
def test_a_published_chart_looks_exactly_as_before(measure, split):
    source = fake_answers.fake_source()
    definition = source.measures[measure]
    rows = judging.rows_of(source, "ED", "micro", "week", [measure])[measure]
    if split:
        phase = actions.propose_phase(
            unit="ED", measure=measure, start=dt.date(2025, 9, 1), reason="Split", worse=False, by="lena"
        )
        actions.accept_phase(phase=phase.pk, reason="Seen", worse=False, by="lena")
    chart = asked.Chart(fake_answers.fake_source(), "ED", definition, "week", rows, {}, "lena")
    before = asked.judged(chart)

    actions.publish_limits(
        unit="ED", measure=measure, period="week", version=0, spec=before.spec.to_dict(), reason="Report",
        phases=published.fixed(judging.series_of(definition, rows), before), records=published.records_of(rows), by="x",
    )  # fmt: skip
    after = asked.judged(dataclasses.replace(chart, source=fake_answers.fake_source()))

    for name in ("centres", "lowers", "uppers"):
        new, old = ([math.nan if at is None else at for at in getattr(one, name)] for one in (after, before))
        assert new == pytest.approx(old, rel=1e-12, nan_ok=True)
    assert [one.points for one in after.signals] == [one.points for one in before.signals]
    assert not any(part.differs for part in published.compared(PublishedLimits.objects.get().phases, before))


@pytest.mark.django_db
def test_the_number_expected_by_chance_follows_the_rules_chosen():
    def chances():
        found = judging.judged(fake_answers.fake_source(), "ED", "month")
        one = next(one.evaluation for one in found if one.measure == "return_rate")
        return one.n_useful, chance.chance_now(one), chance.chance_new_now(one)

    usual = chances()
    actions.choose_rules(sets=["nelson"], reason="Agreed", version=0, by="ada")
    points, now, new = chances()

    assert points == 23
    # Nothing is drawn at 23 points: what is said lies between what is drawn at 20 and at 24.
    drawn = [chance_of_signal(n, ("nelson",), chart="p", draws=chance.DRAWS).recent for n in (20, 24)]
    assert min(drawn) <= now <= max(drawn)
    assert 0 < new < now
    assert usual != (points, now, new)
