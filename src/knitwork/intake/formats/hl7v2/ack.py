"""Answers to messages (ACK), in the original and in the enhanced mode."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Literal

from knitwork.intake.formats.hl7v2.message import Message, escaped, parse
from knitwork.model.errors import Unreadable

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
Outcome = Literal["taken", "failed", "refused"]
_SUCCESS, _FAILURE = ("AL", "SU"), ("AL", "ER")
_CODES: dict[Outcome, tuple[Code, Code]] = {"taken": ("CA", "AA"), "failed": ("CE", "AE"), "refused": ("CR", "AR")}


def codes(ack_mode: tuple[str, str], outcome: Outcome) -> tuple[Code, ...]:
    """Return which answers are due, in order, by MSH-15 and MSH-16.

    Both empty is the original mode with one answer. In the enhanced mode the commit answer comes first.
    """
    commit, application = _CODES[outcome]
    if ack_mode == ("", ""):
        return (application,)
    due = _SUCCESS if outcome == "taken" else _FAILURE
    return tuple(code for mode, code in zip(ack_mode, (commit, application), strict=True) if mode in due)


def ack(payload: bytes, code: Code, text: str = "", *, error: str = "", now_us: int) -> bytes:
    """Return the answer to a message, without frame; nothing (b"") to an answer, which is never answered.

    `text` is a sentence for the sender without anything of the patient; `error` a code of HL7 table 0357, such as
    101 for a required field that is missing, and makes an ERR segment. What does not begin with MSH is answered by
    one that names neither the sender nor a control id.
    """
    now = dt.datetime.fromtimestamp(now_us // 1_000_000, tz=dt.UTC).strftime("%Y%m%d%H%M%S+0000")
    own = hashlib.sha256(payload + str(now_us).encode() + code.encode()).hexdigest()[:20].upper()
    try:
        message = parse(payload)
    except Unreadable:
        message = None
    if message is None or message.fault:
        head = ["MSH", "^~\\&", "KNITWORK", "", "", "", now, "", "ACK", own, "P", "2.5.1"]
        control = ""
    else:
        msh, part = message.first("MSH"), message.part
        if (part(msh, 9) or "").upper() in ("ACK", "MCF"):
            return b""
        event, version = part(msh, 9, 2), part(msh, 12) or "2.5.1"
        kind = "ACK" if not event else f"ACK^{event}" + ("^ACK" if version >= "2.3.1" else "")
        us_and_them = (_whole(message, number) for number in (5, 6, 3, 4))
        head = ["MSH", "^~\\&", *us_and_them, now, "", kind, own, escaped(part(msh, 11) or "P"), escaped(version)]
        control = escaped(part(msh, 10) or "")
    lines = ["|".join(head), "|".join(["MSA", code, control, escaped(text)]).rstrip("|")]
    if error:
        lines.append("|".join(["ERR", "", "", error, "E", "", "", "", escaped(text)]).rstrip("|"))
    return ("\r".join(lines) + "\r").encode()


def _whole(message: Message, number: int) -> str:
    """Return a name in MSH with all of its components, divided by our own signs."""
    parts = [message.part(message.first("MSH"), number, component) or "" for component in (1, 2, 3)]
    return "^".join(escaped(part) for part in parts).rstrip("^")
