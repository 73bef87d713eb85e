"""Answers to messages (ACK), in the original and in the enhanced mode."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Literal

from knitwork.intake.formats.hl7v2.message import Message, escaped, parse
from knitwork.model.errors import Unreadable

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]


def ack(payload: bytes, code: Code, *, at: dt.datetime, text: str = "", error: str = "") -> bytes:
    """Return the answer to a message, without frame; nothing (b"") to an answer, which is never answered.

    `text` is a sentence for the sender without anything of the patient; `error` a code of HL7 table 0357, such as
    101 for a required field that is missing, and makes an ERR segment. `payload` may be cut off, or no message at
    all: its answer then names no receiver and no control id. Which codes are due is not decided here.
    """
    own = hashlib.sha256(f"{at.isoformat()}|{code}|".encode() + payload).hexdigest()[:20].upper()
    now = at.astimezone(dt.UTC).strftime("%Y%m%d%H%M%S+0000")
    try:
        message = parse(payload)
    except Unreadable:
        message = None
    if message is None or message.fault:
        head, control = ["KNITWORK", "", "", "", now, "", "ACK", own, "P", "2.5.1"], ""
    else:
        msh, part = message.first("MSH"), message.part
        if (part(msh, 9) or "").upper() in ("ACK", "MCF"):
            return b""
        event, version = part(msh, 9, 2), part(msh, 12) or "2.5.1"
        kind = f"ACK^{escaped(event)}" + ("^ACK" if version >= "2.3.1" else "") if event else "ACK"
        names = (_whole(message, number) for number in (5, 6, 3, 4))
        head = [*names, now, "", kind, own, escaped(part(msh, 11) or "P"), escaped(version)]
        control = escaped(part(msh, 10) or "")
    lines = [["MSH", "^~\\&", *head], ["MSA", code, control, escaped(text)]]
    if error:
        lines.append(["ERR", "", "", escaped(error), "E", "", "", "", escaped(text)])
    told = "".join("|".join(line).rstrip("|") + "\r" for line in lines)
    return told.encode("ascii", errors="replace")


def _whole(message: Message, number: int) -> str:
    """Return a name in MSH with all of its components, divided by our own signs."""
    parts = [message.part(message.first("MSH"), number, component) or "" for component in (1, 2, 3)]
    return "^".join(escaped(part) for part in parts).rstrip("^")
