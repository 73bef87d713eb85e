"""Why a message waits, in the reader's language: the readers of messages write it in English, by which alike are found."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy

REASONS = {
    "it does not begin with MSH, so it is no HL7 v2 message": gettext_lazy(
        "it does not begin with MSH, so it is no HL7 v2 message"
    ),
    "it holds zero bytes: it was damaged on the way, so have it sent again": gettext_lazy(
        "it holds zero bytes: it was damaged on the way, so have it sent again"
    ),
    "MSH-9 does not say what kind of message it is": gettext_lazy("MSH-9 does not say what kind of message it is"),
    "PID-3 holds no number of the patient that counts here": gettext_lazy(
        "PID-3 holds no number of the patient that counts here"
    ),
    "PID-3 holds no number that stays": gettext_lazy("PID-3 holds no number that stays"),
    "MRG-1 holds no number that is given up": gettext_lazy("MRG-1 holds no number that is given up"),
    "a result has no OBR segment, which says of what it is the result": gettext_lazy(
        "a result has no OBR segment, which says of what it is the result"
    ),
    "an order has no number in ORC-2, ORC-3, OBR-2 or OBR-3": gettext_lazy(
        "an order has no number in ORC-2, ORC-3, OBR-2 or OBR-3"
    ),
    "it does not name two numbers in two PID segments": gettext_lazy(
        "it does not name two numbers in two PID segments"
    ),
    "it has no MRG segment, which says which number is given up": gettext_lazy(
        "it has no MRG segment, which says which number is given up"
    ),
    "it has no ORC or OBR segment, which say what was ordered": gettext_lazy(
        "it has no ORC or OBR segment, which say what was ordered"
    ),
    "it has no PV1 segment, which says where the patient is": gettext_lazy(
        "it has no PV1 segment, which says where the patient is"
    ),
    "it has no time: EVN-2, EVN-6 and MSH-7 are empty or no times": gettext_lazy(
        "it has no time: EVN-2, EVN-6 and MSH-7 are empty or no times"
    ),
    "it gives a visit another number (MRG-5, PV1-19), which is not followed: "
    "what came under the old number stays a visit of its own": gettext_lazy(
        "it gives a visit another number (MRG-5, PV1-19), which is not followed: "
        "what came under the old number stays a visit of its own"
    ),
    "it moves a visit and names none in MRG-3, MRG-5, PV1-19 or PID-18": gettext_lazy(
        "it moves a visit and names none in MRG-3, MRG-5, PV1-19 or PID-18"
    ),
    "the appointment has no number in SCH-1 or SCH-2": gettext_lazy("the appointment has no number in SCH-1 or SCH-2"),
    "the document has no number in TXA-12": gettext_lazy("the document has no number in TXA-12"),
    "the referral has no number in RF1-6 or RF1-11": gettext_lazy("the referral has no number in RF1-6 or RF1-11"),
    "the same number stands in MRG-1 and PID-3: it cannot be given up for itself": gettext_lazy(
        "the same number stands in MRG-1 and PID-3: it cannot be given up for itself"
    ),
    "the same number stands in both PID segments: it cannot be linked to itself": gettext_lazy(
        "the same number stands in both PID segments: it cannot be linked to itself"
    ),
}
# What the store of messages answers to an act that it cannot do.
ANSWERS = (
    (
        re.compile(r"the message still cannot be read: (?P<reason>.*)", re.DOTALL),
        gettext_lazy("The message still cannot be read: %(reason)s."),
    ),
    (
        re.compile(r"the corrected message cannot be read either: (?P<reason>.*)", re.DOTALL),
        gettext_lazy("The corrected message cannot be read either: %(reason)s."),
    ),
    (
        re.compile(r"the copy is the same as the message: .*"),
        gettext_lazy("The copy is the same as the message: change what could not be read, then store it."),
    ),
    (
        re.compile(r"a message is set aside with a reason only: .*"),
        gettext_lazy("A message is set aside with a reason only: say why it does not count."),
    ),
)


def said(reason: str) -> str:
    """Return why a message waits; as it was written where that is not known here."""
    return str(REASONS.get(reason, reason))


def answered(problem: str) -> str:
    """Return why an act could not be done, as a sentence."""
    for shape, text in ANSWERS:
        found = shape.fullmatch(problem)
        if found:
            return str(text) % {name: said(value) for name, value in found.groupdict().items()}
    return problem
