"""The fold, rule by rule: which message does what to the stays of a visit."""

from __future__ import annotations

from knitwork.intake.fold import fold_visit
from tests.intake.adt import drawn, say


def test_an_admission_a_transfer_and_a_discharge_make_two_stays():
    visit = [say("A01", "08:00", "ED"), say("A02", "10:00", "W7"), say("A03", "12:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 10:00 12:00"]


def test_a_visit_without_a_discharge_is_open():
    assert drawn(fold_visit([say("A01", "08:00", "ED")])) == ["ED 08:00 - open"]


def test_the_order_of_arrival_does_not_matter():
    visit = [say("A01", "08:00", "ED"), say("A02", "10:00", "W7"), say("A03", "12:00")]

    assert fold_visit(reversed(visit)) == fold_visit(visit)
