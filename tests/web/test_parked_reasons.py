"""Why messages wait, in the reader's language: every reason that a reader of messages can give is known."""

from __future__ import annotations

import ast
from importlib.resources import files

from django.utils import translation

from knitwork.intake.mllp.hearing import NOT_HL7
from knitwork.web.parked import reasons


def given():
    """Return the sentences with which the readers of HL7 v2 say that they cannot tell."""
    for file in files("knitwork.intake.formats.hl7v2").iterdir():
        if file.name.endswith(".py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CannotTell":
                    yield node.args[1].value


def test_every_reason_is_known_and_said_in_dutch():
    known = {*given(), NOT_HL7}
    assert len(known) > 12

    with translation.override("nl"):
        assert [reason for reason in known if reasons.said(reason) == reason] == []


def test_an_answer_is_a_sentence_with_its_reason_in_dutch():
    with translation.override("nl"):
        said = reasons.answered(f"the message still cannot be read: {NOT_HL7}")

    assert said.startswith("Het bericht is nog steeds niet te lezen: het begint niet met MSH")
    assert said.endswith(".")


def test_what_is_not_known_stands_as_it_was_written():
    assert (reasons.said("an odd thing"), reasons.answered("an odd answer")) == ("an odd thing", "an odd answer")
