"""Orders and results (ORM, OML, OMG, RDE ..., ORU): requests to other units, what came of them, and the numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from knitwork.intake.formats.hl7v2 import facts
from knitwork.intake.formats.hl7v2.message import Fields
from knitwork.intake.formats.hl7v2.places import place_of
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, entity, number_of

ORDERS = frozenset({"ORM", "OML", "OMG", "OMI", "OMN", "OMP", "OMD", "OMS", "RDE", "RDO"})
RESULTS = frozenset({"ORU", "OUL", "ORL"})
# Kind by the kind of message where that says it, and by the section that does it (HL7 table 0074).
_BY_MESSAGE = {"OML": "lab", "OUL": "lab", "OMI": "imaging", "OMP": "pharmacy", "RDE": "pharmacy", "RDO": "pharmacy"}
_BY_SECTION = {
    **dict.fromkeys(("LAB", "BG", "BLB", "CG", "CH", "CP", "GE", "HM", "ICU", "IMM", "MB", "MCB", "MYC", "SP", "SR",
                     "TX", "VR", "PAT"), "lab"),
    **dict.fromkeys(("RAD", "RX", "RUS", "CUS", "CTH", "CT", "OUS", "VUS", "NMS", "NMR", "MRI", "XRC", "US"), "imaging"),
    "PHR": "pharmacy",
}  # fmt: skip
_WORDS = (
    (
        "imaging",
        re.compile(r"\b(x-?rays?|radiograph\w*|ct|mri?|ultrasound|sonogra\w+|mammogra\w+|scan|echocardio\w*)\b"),
    ),
    ("consult", re.compile(r"\bconsult\w*")),
    ("diet", re.compile(r"\b(diet\w*|nutrition)\b")),
)
_DETAILS = ("OBR", "RXO", "RXE", "ODS", "ODT")
# The field of each with the code of what is asked for.
_CODE_FIELD = {"OBR": 4, "RXO": 1, "RXE": 2, "ODS": 3, "ODT": 2}
_SEGMENTS = ("PID", "PV1", "ORC", "TQ1", "OBX", *_DETAILS)
# ORC-1: what begins an order, ends it unfulfilled, refuses or accepts it.
_BEGINS, _ENDS = (
    frozenset({"", "NW", "SN", "RO", "CH"}),
    frozenset({"CA", "OC", "CR", "DC", "OD", "DR", "RP", "RU", "RQ"}),
)
_DECLINES, _ACCEPTS = frozenset({"UA"}), frozenset({"OK", "NA"})
_BY_STATUS = {
    "CM": "done",
    "CA": "cancelled",
    "DC": "cancelled",
    "RP": "cancelled",
    "IP": "open",
    "SC": "open",
    "A": "open",
}
# OBR-25: with a result; and what cannot be done.
_WITH_RESULT, _FINAL = frozenset({"F", "C", "P", "A", "R", "M"}), frozenset({"F", "C"})


@dataclass(slots=True)
class Group:
    """One order: its common part, its detail, its timing and its observations, for one patient."""

    pid: Fields | None
    pv1: Fields | None
    orc: Fields | None = None
    detail: Fields | None = None
    timing: Fields | None = None
    observations: list[Fields] = field(default_factory=list)


def tell(telling: Telling) -> bool:
    """Fill requests, and for results also messages and facts."""
    groups = _groups(telling)
    if not groups:
        raise CannotTell("hl7_segment_missing", "it has no ORC or OBR segment, which say what was ordered")
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for group in groups:
        patient = number_of(telling.message, group.pid, 3, telling.identifier)
        if patient is None:
            raise CannotTell("patient_empty", "PID-3 holds no number of the patient that counts here")
        numbers = _numbers(telling, group)
        if not numbers:
            raise CannotTell("hl7_number_missing", "an order has no number in ORC-2, ORC-3, OBR-2 or OBR-3")
        request, also = numbers[0], numbers[1] if len(numbers) > 1 else None
        row = _order(telling, group) if telling.kind in ORDERS else _result(telling, group, request, patient)
        row = {"request": request, "also": also, "patient": patient, "visit": _visit(telling, group), **row}
        known = rows.get((request, patient))
        rows[request, patient] = row if known is None else _merged(known, row)
    telling.tables["landed_request"] = list(rows.values())
    return True


def _groups(telling: Telling) -> list[Group]:
    groups: list[Group] = []
    pid: Fields | None = None
    pv1: Fields | None = None
    for segment in telling.message.each(*_SEGMENTS):
        name = segment[0]
        if name == "PID":
            pid, pv1 = segment, None
        elif name == "PV1":
            pv1 = segment
        elif name == "ORC" or (name in _DETAILS and (not groups or groups[-1].detail is not None)):
            if name == "RXE" and groups and groups[-1].detail is not None and groups[-1].detail[0] == "RXO":
                continue  # what the pharmacy made of the same order
            is_orc = name == "ORC"
            groups.append(Group(pid, pv1, segment if is_orc else None, None if is_orc else segment))
        elif name in _DETAILS:
            groups[-1].detail = segment
        elif groups and name == "TQ1":
            groups[-1].timing = groups[-1].timing or segment
        elif groups and name == "OBX":
            groups[-1].observations.append(segment)
    return groups


def _visit(telling: Telling, group: Group) -> str | None:
    return telling.message.part(group.pv1, 19) or telling.message.part(group.pid, 18)


def _numbers(telling: Telling, group: Group) -> list[str]:
    """Return the placer's number and the filler's, as far as there are any: under either, order and result meet."""
    obr = group.detail if group.detail is not None and group.detail[0] == "OBR" else None
    found: list[str] = []
    for kind, number in (("placer", 2), ("filler", 3)):
        numbers = (entity(telling.message, segment, number) for segment in (obr, group.orc))
        found += [f"{kind}/{one}" for one in numbers if one is not None][:1]
    return found


def _order(telling: Telling, group: Group) -> dict[str, object]:
    """Return what an order message says of a request."""
    part, orc, obr = telling.message.part, group.orc, group.detail
    control, status = (part(orc, 1) or "").upper(), (part(orc, 5) or "").upper()
    at = telling.us(orc, 9)
    told = telling.said_us if at is None else at
    row = _common(telling, group)
    if control in _BEGINS:
        asked = at or (telling.us(obr, 6) if obr and obr[0] == "OBR" else None)
        row |= {"requested_us": telling.said_us if asked is None else asked, "state": "open"}
        row["from_unit"] = place_of(telling.message, orc, 13).unit or place_of(telling.message, group.pv1, 3).unit
    row["scheduled_us"] = (
        telling.us(group.timing, 7) or telling.us(orc, 7, 4) or (_scheduled(telling, obr) if obr else None)
    )
    if control in _ENDS:
        return row | {"state": "cancelled", "closed_us": told}
    if control in _DECLINES:
        return row | {"state": "declined", "closed_us": told}
    if control in _ACCEPTS:
        return row | {"accepted_us": told}
    state = _BY_STATUS.get(status)
    if state is None:
        return row
    return row | {"state": state, "done_us": told if state == "done" else None,
                  "closed_us": told if state == "cancelled" else None}  # fmt: skip


def _scheduled(telling: Telling, obr: Fields) -> int | None:
    return (telling.us(obr, 36) or telling.us(obr, 27, 4)) if obr[0] == "OBR" else None


def _common(telling: Telling, group: Group) -> dict[str, object]:
    """Return what orders and results say alike."""
    part, detail = telling.message.part, group.detail
    number = _CODE_FIELD[detail[0]] if detail else 0
    obr = detail if detail and detail[0] == "OBR" else None
    return {
        "kind": _kind(telling, detail), "code": part(detail, number) or part(detail, number, 4) if detail else None,
        "priority": part(group.timing, 9) or part(obr, 27, 6) or part(group.orc, 7, 6) or part(obr, 5),
        "from_unit": place_of(telling.message, group.orc, 13).unit, "to_unit": part(obr, 24),
        "said_us": telling.said_us, "cancelled": False,
    }  # fmt: skip


def _kind(telling: Telling, detail: Fields | None) -> str:
    """Return the kind: by the section that does it, the kind of segment and message, the words of its name."""
    part = telling.message.part
    if detail is None:
        return _BY_MESSAGE.get(telling.kind, "other")
    if detail[0] != "OBR":
        return "diet" if detail[0] in ("ODS", "ODT") else "pharmacy"
    section = (part(detail, 24) or "").upper()
    if section in _BY_SECTION:
        return _BY_SECTION[section]
    if telling.kind in _BY_MESSAGE:
        return _BY_MESSAGE[telling.kind]
    words = f"{part(detail, 4, 2) or ''} {part(detail, 4, 5) or ''}".lower()[:400]
    for kind, pattern in _WORDS:
        if pattern.search(words):
            return kind
    return "lab" if "LN" in (part(detail, 4, 3), part(detail, 4, 6)) else "other"


def _result(telling: Telling, group: Group, request: str, patient: str) -> dict[str, object]:
    """Return what a result says of its request, and add the message that it is and its numbers."""
    part, obr = telling.message.part, group.detail
    if obr is None or obr[0] != "OBR":
        raise CannotTell("hl7_segment_missing", "a result has no OBR segment, which says of what it is the result")
    status, visit = (part(obr, 25) or "").upper(), _visit(telling, group)
    row = _common(telling, group)
    here = place_of(telling.message, group.pv1, 3).unit
    begun, ended, reported = telling.us(obr, 7), telling.us(obr, 8), telling.us(obr, 22)
    row |= {"requested_us": telling.us(obr, 6), "started_us": begun}
    facts.observations(
        telling, group.observations, patient, scope=request, visit=visit, unit=here,
        at_us=begun if begun is not None else telling.said_us,
    )  # fmt: skip
    if status == "X":
        return row | {"state": "cancelled", "closed_us": telling.said_us}
    if status not in _WITH_RESULT and not (group.observations and not status):
        return row | {"state": "open"}
    sent = telling.said_us if reported is None else reported
    telling.add("landed_message", {
        "message": f"result/{request}/{status or '-'}/{sent}", "patient": patient, "kind": "result",
        "from_unit": row["to_unit"], "to_unit": row["from_unit"] or here, "request": request, "visit": visit,
        "sent_us": sent, "said_us": telling.said_us, "cancelled": False,
    })  # fmt: skip
    final = status in _FINAL or not status
    return row | {
        "done_us": begun if ended is None else ended,
        "reported_us": sent,
        "state": "done" if final else "open",
    }


def _merged(row: dict[str, object], later: dict[str, object]) -> dict[str, object]:
    """Return what one message says of one number in two places: the later holds, but for the code."""
    told = {name: value for name, value in later.items() if value is not None}
    return {**row, **told, "code": row["code"] or later["code"]}
