"""Diagnoses (DG1) and observations (OBX) as facts. Free text is never read."""

from __future__ import annotations

import hashlib
import math
import re

from knitwork.intake.formats.hl7v2.message import Fields
from knitwork.intake.formats.hl7v2.telling import Telling

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "ID", "IS", "CD", "CNN"})
_NUMERIC = frozenset({"NM", "ST", ""})
# OBX-11: deleted, or posted to the wrong patient.
_TAKEN_BACK = frozenset({"D", "W"})


def of_admission(telling: Telling, patient: str, *, visit: str | None, unit: str | None, at_us: int) -> None:
    """Add the diagnoses and observations of an ADT message, dated at `at_us` where they have no time."""
    names = {line[:3] for line in telling.message.lines}
    if "DG1" in names:
        for dg1 in telling.message.each("DG1"):
            _diagnosis(telling, dg1, patient, visit=visit, unit=unit, at_us=at_us)
    if "OBX" in names:
        observations(
            telling, list(telling.message.each("OBX")), patient, scope=f"{visit or patient}", visit=visit, unit=unit,
            at_us=at_us,
        )  # fmt: skip


def _diagnosis(telling: Telling, dg1: Fields, patient: str, *, visit: str | None, unit: str | None, at_us: int) -> None:
    part = telling.message.part
    code, kind = part(dg1, 3), part(dg1, 6)
    if code is None:
        telling.note("a diagnosis has no code: left out")
        return
    when, rank = telling.when(dg1, 5), part(dg1, 15) or ""
    own = part(dg1, 20)
    telling.add("landed_fact", {
        "fact": f"DG1/{own}" if own else f"DG1/{_known_by(patient, visit, code, kind)}", "patient": patient,
        "kind": "diagnosis", "code": code, "code_system": part(dg1, 3, 3) or part(dg1, 2),
        "at_us": at_us if when is None else when.us, "precision": "s" if when is None else when.landed_precision,
        "unit": unit, "visit": visit, "rank": int(rank) if re.fullmatch(r"\d{1,4}", rank, re.ASCII) else None,
        "value_code": kind, "said_us": telling.said_us, "cancelled": (part(dg1, 21) or "").upper() == "D",
    })  # fmt: skip


def observations(
    telling: Telling, segments: list[Fields], patient: str, *, scope: str, visit: str | None, unit: str | None,
    at_us: int | None,
) -> None:  # fmt: skip
    """Add what OBX segments hold as numbers or codes; `scope` is the order or visit in which their codes are unique."""
    part = telling.message.part
    seen: dict[tuple[str, str | None], int] = {}
    for obx in segments:
        code, sub = part(obx, 3), part(obx, 4)
        if code is None:
            continue
        seen[code, sub] = time = seen.get((code, sub), 0) + 1
        value, value_code = _value(telling, obx)
        taken_back = (part(obx, 11) or "").upper() in _TAKEN_BACK
        if value is None and value_code is None and not taken_back:
            continue
        when = telling.when(obx, 14)
        at = at_us if when is None else when.us
        if at is None:
            telling.note("an observation has no time: left out")
            continue
        telling.add("landed_fact", {
            "fact": f"OBX/{_known_by(scope, code, sub, str(time))}", "patient": patient, "kind": "lab", "code": code,
            "code_system": part(obx, 3, 3), "at_us": at, "precision": "s" if when is None else when.landed_precision,
            "unit": unit, "visit": visit, "value": value, "value_unit": part(obx, 6), "value_code": value_code,
            "said_us": telling.said_us, "cancelled": taken_back,
        })  # fmt: skip


def _value(telling: Telling, obx: Fields) -> tuple[float | None, str | None]:
    """Return the number and the code of an observation. Of several values the first counts; text is not read."""
    part, kind = telling.message.part, (telling.message.part(obx, 2) or "").upper()
    if kind in _CODED:
        return None, part(obx, 5)
    if kind == "SN":
        sign, first, between = part(obx, 5, 1), part(obx, 5, 2), part(obx, 5, 3)
        if sign in (None, "=") and between is None:
            return _number(first), None
        return None, "".join(text or "" for text in (sign, first, between, part(obx, 5, 4)))[:40] or None
    if kind in _NUMERIC:
        text = part(obx, 5)
        number = _number(text)
        if text is not None and number is None:
            telling.note("results in words are not read")
        return number, None
    telling.note("results in words are not read")
    return None, None


def _number(text: str | None) -> float | None:
    if text is None or len(text) > 60 or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _known_by(*parts: str | None) -> str:
    """Return a short name for what has no number of its own, the same whenever it is said again."""
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:20]
