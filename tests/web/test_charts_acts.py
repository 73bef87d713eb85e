"""What people decide about charts: the second person, the reasons, and what the database itself refuses."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from knitwork.model.errors import BadDefinition, CannotDo
from knitwork.web.audit.models import AuditEvent
from knitwork.web.charts import actions
from knitwork.web.charts.models import Annotation, Edition, Exclusion, Phase, PublishedLimits, RuleSetChoice, Target
from knitwork.web.charts.notes import NoteRow, read_notes_csv

pytestmark = pytest.mark.django_db

CHART = {"unit": "CCU", "measure": "gap_median"}
DAY = dt.date(2026, 1, 1)


def proposed(*, worse=False, by="lena", **more):
    return actions.propose_phase(**CHART, **{"start": DAY, "reason": "A new roster"} | more, worse=worse, by=by)


def published(**more):
    said = {"period": "month", "version": 0, "spec": {}, "phases": [{"start": "2024-11-01", "centre": 29.0}]}
    return actions.publish_limits(**CHART, **said | more, records={}, reason="Agreed in the board", by="lena")


def test_who_proposed_a_phase_may_accept_it_where_nothing_got_worse():
    phase = actions.accept_phase(phase=proposed().pk, reason="The roster stays", worse=False, by="lena")

    assert (phase.state, phase.accepted_by, phase.accepted_reason) == ("accepted", "lena", "The roster stays")


@pytest.mark.parametrize("worse", [True, None])
def test_after_a_deterioration_or_where_nobody_can_tell_a_second_person_accepts(worse):
    phase = proposed(worse=worse)

    with pytest.raises(CannotDo, match=r"a second person accepts this\. Ask another lead or owner"):
        actions.accept_phase(phase=phase.pk, reason="It is how it is", worse=worse, by="lena")
    accepted = actions.accept_phase(phase=phase.pk, reason="The new wing opened", worse=worse, by="otto")

    assert accepted.accepted_by == "otto"


def test_a_level_that_became_worse_after_the_proposal_needs_a_second_person_too():
    phase = proposed(worse=False)

    with pytest.raises(CannotDo, match="new limits would hide that"):
        actions.accept_phase(phase=phase.pk, reason="The roster stays", worse=True, by="lena")

    assert Phase.objects.get().state == "proposed"


def test_a_second_person_once_needed_stays_needed():
    phase = proposed(worse=True)

    with pytest.raises(CannotDo, match="second person"):
        actions.accept_phase(phase=phase.pk, reason="It looks better today", worse=False, by="lena")


def test_the_database_itself_refuses_the_proposer_after_a_deterioration():
    phase = proposed(worse=True)

    with pytest.raises(IntegrityError, match="worse_phase_needs_a_second_person"), transaction.atomic():
        Phase.objects.filter(pk=phase.pk).update(state="accepted", accepted_by="lena", accepted_at=phase.proposed_at)


def test_neither_who_proposed_nor_who_accepted_withdraws_a_phase_where_harm_would_be_hidden():
    phase = actions.accept_phase(phase=proposed().pk, reason="Seen", worse=False, by="otto")

    for who in ("lena", "otto"):
        with pytest.raises(CannotDo, match="somebody else withdraws them"):
            actions.withdraw_phase(phase=phase.pk, reason="A mistake", hides_harm=True, by=who)
        with pytest.raises(IntegrityError, match="harm_is_not_hidden"), transaction.atomic():
            Phase.objects.filter(pk=phase.pk).update(
                state="withdrawn",
                hides_harm=True,
                withdrawn_by=who,
                withdrawn_reason="x",
                withdrawn_at=phase.accepted_at,
            )

    assert actions.withdraw_phase(phase=phase.pk, reason="Seen", hides_harm=True, by="ada").withdrawn_by == "ada"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("phase", "proposed_by = 'otto'"),  # so that the proposer becomes the second person
        ("phase", "needs_second = 0"),
        ("phase", "start = '2026-02-01'"),
        ("phase", "reason = 'another'"),
        ("exclusion", "reason = 'another'"),
        ("annotation", "text = 'another'"),
        ("target", "value = 1"),
        ("rulesetchoice", "sets = '[]'"),
        ("publishedlimits", "phases = '[]'"),
    ],
)
def test_the_database_refuses_to_rewrite_or_delete_what_was_decided(table, change):
    proposed(worse=True)
    actions.leave_out(**CHART, day=DAY, period="month", reason="Closed", by="lena")
    actions.add_note(**CHART, day=DAY, text="New roster", by="lena")
    actions.set_target(**CHART, day=DAY, value=30, reason="Agreed", by="lena")
    actions.choose_rules(sets=["nelson"], reason="Agreed", version=0, by="lena")
    published()

    for sql in (f"UPDATE charts_{table} SET {change}", f"DELETE FROM charts_{table}"):
        with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_what_was_withdrawn_stays_so():
    phase = actions.withdraw_phase(phase=proposed().pk, reason="The wrong month", by="otto")

    with pytest.raises(CannotDo, match="otto took that back since you opened the page"):
        actions.accept_phase(phase=phase.pk, reason="Still", worse=False, by="lena")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Phase.objects.filter(pk=phase.pk).update(state="proposed")


def test_a_withdrawn_phase_can_be_proposed_anew_and_both_are_kept():
    actions.withdraw_phase(phase=proposed().pk, reason="The wrong month", by="lena")
    proposed()

    assert sorted(Phase.objects.values_list("state", flat=True)) == ["proposed", "withdrawn"]


def test_the_second_of_two_who_act_at_once_is_told_who_was_first():
    phase = proposed()
    with pytest.raises(CannotDo, match="lena proposed a phase from that day already"):
        proposed(by="otto")

    actions.accept_phase(phase=phase.pk, reason="Seen", worse=False, by="lena")
    with pytest.raises(CannotDo, match="lena has accepted that phase already"):
        actions.accept_phase(phase=phase.pk, reason="Seen", worse=False, by="otto")

    out = actions.leave_out(**CHART, day=DAY, period="month", reason="Closed", by="lena")
    with pytest.raises(CannotDo, match="lena left that period out already"):
        actions.leave_out(**CHART, day=DAY, period="month", reason="Closed", by="otto")
    actions.count_again(exclusion=out.pk, reason="It was open", by="lena")
    with pytest.raises(CannotDo, match="lena took that back"):
        actions.count_again(exclusion=out.pk, reason="It was open", by="otto")

    actions.choose_rules(sets=["nelson"], reason="Agreed", version=0, by="lena")
    with pytest.raises(CannotDo, match="lena chose other rules since you opened the page"):
        actions.choose_rules(sets=["anhoej"], reason="Agreed", version=0, by="otto")

    published()
    with pytest.raises(CannotDo, match="lena published other limits since"):
        published()


@pytest.mark.parametrize("reason", ["", "  \n\t ", "\u202e\u200b"])
def test_nothing_is_decided_without_a_reason(reason):
    for act in (
        lambda: proposed(reason=reason),
        lambda: actions.leave_out(**CHART, day=DAY, period="month", reason=reason, by="lena"),
        lambda: actions.set_target(**CHART, day=DAY, value=30, reason=reason, by="lena"),
        lambda: actions.choose_rules(sets=["nelson"], reason=reason, version=0, by="lena"),
        lambda: actions.withdraw_phase(phase=proposed(start=dt.date(2026, 2, 1)).pk, reason=reason, by="lena"),
    ):
        with pytest.raises(CannotDo, match="Say why: without a reason"):
            act()


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: proposed(reason="x" * 501), "The reason has 501 letters: keep it under 500"),
        (lambda: proposed(start=dt.date(26, 1, 1)), "0026-01-01 is too far away: check the year"),
        (lambda: proposed(limits=1), "a number of first points of 2 or more"),
        (lambda: proposed(limits="some"), "Limits come from the first 20 points, from all"),
        (lambda: actions.leave_out(**CHART, day=DAY, period="year", reason="Closed", by="lena"), "is no period"),
        (lambda: actions.add_note(**CHART, day=DAY, text=" ", by="lena"), "The note is empty"),
        (lambda: actions.add_note(**CHART, day=DAY, text="x" * 121, by="lena"), "has room for 120"),
        (lambda: actions.set_target(**CHART, day=DAY, value=float("nan"), reason="Why", by="lena"), "is a number"),
        (lambda: actions.set_target(**CHART, kind="x", day=DAY, value=1, reason="Why", by="lena"), "choose one of"),
        (lambda: actions.choose_rules(sets=[], reason="Why", version=0, by="lena"), "at least one set"),
        (lambda: published(phases=[]), "no limits to publish"),
        (lambda: published(period="year"), "is no period"),
        (lambda: actions.withdraw_phase(phase=999, reason="Why", by="lena"), "That is not there"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_leaves_no_event(act, sentence):
    before = AuditEvent.objects.count()

    with pytest.raises(CannotDo, match=sentence):
        act()

    assert AuditEvent.objects.count() == before
    assert not Phase.objects.exists()


@pytest.mark.parametrize(
    ("sets", "custom", "sentence"),
    [
        (["western"], [], "choose one of shewhart"),
        (["custom"], [], "the rules are custom and none is given"),
        (["custom"], [{"name": "x", "kind": "magic"}], "kind is 'magic'"),
        (["custom"], [{"name": "x", "kind": "run", "length": 0}], "give 1 to"),
    ],
)
def test_rules_that_cannot_be_read_are_not_chosen(sets, custom, sentence):
    with pytest.raises(BadDefinition, match=sentence):
        actions.choose_rules(sets=sets, custom=custom, reason="Agreed", version=0, by="lena")

    assert not RuleSetChoice.objects.exists()


def test_rules_are_versioned_and_the_old_choice_stays():
    actions.choose_rules(sets=["nelson"], reason="Agreed", version=0, by="lena")
    custom = [{"name": "shift_6", "kind": "run", "length": 6}]
    actions.choose_rules(sets=["shewhart", "custom"], custom=custom, reason="Fewer", version=1, by="otto")

    assert list(RuleSetChoice.objects.values_list("version", "sets")) == [(1, ["nelson"]), (2, ["shewhart", "custom"])]
    assert RuleSetChoice.objects.get(version=2).custom[0]["length"] == 6


def test_another_target_of_the_same_day_replaces_it_and_the_old_one_is_kept():
    actions.set_target(**CHART, day=DAY, value=30, reason="Agreed", by="lena")
    actions.set_target(**CHART, day=DAY, value=25, reason="Tighter", by="otto")

    assert list(Target.objects.values_list("value", "removed_by", "removed_reason")) == [
        (30.0, "otto", "Tighter"),
        (25.0, "", ""),
    ]


def test_a_name_in_another_alphabet_or_with_tags_is_kept_as_text():
    note = actions.add_note(**CHART, day=DAY, text="<script>alert(1)</script>\nдень\u202e", by="lena")

    assert note.text == "<script>alert(1)</script> день"


def test_each_decision_makes_another_edition():
    tokens = []
    for act in (
        lambda: proposed().pk,
        lambda: actions.accept_phase(phase=Phase.objects.get().pk, reason="Seen", worse=False, by="lena"),
        lambda: actions.add_note(**CHART, day=DAY, text="New roster", by="lena"),
        published,
    ):
        act()
        tokens.append(Edition.objects.get().token)

    assert len(set(tokens)) == 4


TABLE = """date,text,unit,measure
2026-03-01,New roster,CCU,gap_median
2026-03-08,"Beds moved, all of them",CCU,
soon,New roster,CCU,
2026-03-01,,CCU,
2026-03-01,New roster,XYZ,
2026-03-01,New roster,CCU,happiness
1026-03-01,New roster,CCU,
"""


def test_a_table_of_actions_brings_in_its_good_rows_and_says_of_each_bad_one_why():
    rows, refused = read_notes_csv(TABLE, units={"CCU"}, measures={"gap_median"})

    assert rows == [
        NoteRow(dt.date(2026, 3, 1), "New roster", "CCU", "gap_median"),
        NoteRow(dt.date(2026, 3, 8), "Beds moved, all of them", "CCU"),
    ]
    assert refused == [
        "Row 4: “soon” is no date: write it like 2026-03-01.",
        "Row 5: The note is empty: say in a few words what happened.",
        "Row 6: There is no unit “XYZ”: write its code, as in the list of units below.",
        "Row 7: There is no measure “happiness”: write its code, as in the list below, or leave it empty for all.",
        "Row 8: 1026-03-01 is too far away: check the year.",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The table is empty"),
        ("day,text,unit\n2026-03-01,x,CCU\n", "has no column “date”: name the columns in its first row"),
        ("date,text,unit\n", "a first row and no other"),
        ('date,text,unit\n2026-03-01,"x\n', "This is no CSV"),
        ("date,text,unit\n" + "2026-03-01,x,CCU\n" * 5001, "more than 5000 rows"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_as_a_whole(text, sentence):
    with pytest.raises(CannotDo, match=sentence):
        read_notes_csv(text, units={"CCU"}, measures=set())


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_is_read_with_commas_semicolons_and_tabs(mark):
    first = mark.join(["\ufeffDate", "text", '"unit"', "measure"])
    second = mark.join(["2026-03-08", f'"Beds moved{mark} a, b; c"', "CCU", ""])

    rows, refused = read_notes_csv(f"{first}\r\n{second}\r\n", units={"CCU"}, measures=set())

    assert refused == []
    assert rows[0].unit == "CCU"
    assert rows[0].text.startswith("Beds moved")


def test_a_table_brought_in_twice_adds_nothing_the_second_time():
    rows, _refused = read_notes_csv(TABLE, units={"CCU"}, measures={"gap_median"})

    assert actions.bring_in_notes(rows, by="lena") == 2
    assert actions.bring_in_notes(rows, by="lena") == 0
    assert Annotation.objects.count() == 2


def test_the_tables_begin_empty():
    assert not any(kind.objects.exists() for kind in (Phase, Exclusion, Annotation, Target, PublishedLimits))
