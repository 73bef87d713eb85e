"""Which acknowledgements a message gets, in original and in enhanced mode.

In original mode one answer follows (AA, AR). In enhanced mode the sender asks for an accept acknowledgement (MSH-15; CA,
CR: "in safe storage") and for an application acknowledgement (MSH-16) apart: always, never, on errors or on success.
What is stored counts as success, understood or not: it is our task from then on, and sending it again changes nothing.
"""

from __future__ import annotations

from typing import Literal

from knitwork.intake.formats.hl7v2.ack import Code

# taken: stored and synced. refused: not kept, and sending it again as it is would not help.
Outcome = Literal["taken", "refused"]

_ACCEPT: dict[Outcome, Code] = {"taken": "CA", "refused": "CR"}
_APPLICATION: dict[Outcome, Code] = {"taken": "AA", "refused": "AR"}
# HL7 table 0155. An empty condition beside one that is given is never; a word that is no condition is always, as a
# sender that waits for an answer would wait for ever.
_WANTED: dict[str, tuple[Outcome, ...]] = {"NE": (), "": (), "ER": ("refused",), "SU": ("taken",)}


def codes(mode: tuple[str, str], outcome: Outcome) -> tuple[Code, ...]:
    """Return the codes of the acknowledgements that a message with these MSH-15 and MSH-16 gets, in order.

    >>> codes(("", ""), "taken"), codes(("AL", "NE"), "taken"), codes(("AL", "AL"), "refused")
    (('AA',), ('CA',), ('CR',))
    """
    accept, application = mode
    if not accept and not application:
        return (_APPLICATION[outcome],)
    accepting = outcome in _WANTED.get(accept, (outcome,))
    applying = outcome in _WANTED.get(application, (outcome,))
    if accepting and outcome == "refused":
        applying = False  # what was not accepted reaches no application
    return (_ACCEPT[outcome],) * accepting + (_APPLICATION[outcome],) * applying
