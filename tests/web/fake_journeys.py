"""Invented patients and journeys, for tests of the pages that show them."""

from __future__ import annotations

HOUR_US = 3_600_000_000
# 2 October 2026, 08:00 in Amsterdam.
FIRST_US = 1_790_920_800_000_000
MINUTE_US = HOUR_US // 60


def stay(unit, kind, start_h, end_h, following=None, **other):
    """Return one time in a unit, in hours from the first; `following` is (unit, hour of arrival) in the same visit."""
    row = {
        "visit": "V-1", "journey": "P-0042-j1", "unit": unit, "kind": kind, "start_us": FIRST_US + round(start_h * HOUR_US),
        "end_us": None if end_h is None else FIRST_US + round(end_h * HOUR_US), "end_kind": "recorded", "concurrent": False,
        "next_unit": following[0] if following else None,
        "next_start_us": FIRST_US + round(following[1] * HOUR_US) if following else None, "calendar": True, "timed": True,
    }  # fmt: skip
    return row | other


def p_0042():
    """Through the emergency department, cath lab and coronary care to the ward; three days later to rehabilitation."""
    return [
        stay("ED", "ed", 0, 1, ("CATH", 1.2)),
        stay("CATH", "cathlab", 1.2, 2.5, ("CCU", 2.75)),
        stay("CCU", "ccu", 2.75, 50, ("W7", 52.5)),
        stay("OR", "or", 10, 11, concurrent=True),
        stay("W7", "ward", 52.5, 100),
        stay("REHAB", "rehab", 172, 173, visit="V-2"),
    ]


def p_0007():
    """Nobody wrote down when this patient left the emergency department; in the ward still."""
    return [
        stay("ED", "ed", 0, 3, ("W7", 3), end_kind="inferred"),
        stay("W7", "ward", 3, None, end_kind="open"),
        stay("REHAB", "rehab", -90, None, end_kind="unknown", visit="V-0"),
    ]


PEOPLE = {"P-0042": p_0042, "P-0007": p_0007, "p/é <b>": p_0042}


class JourneyAnswers:
    """What the invented system answers of patients and journeys."""

    shifted: bool
    unrecorded: bool

    def find_patients(self, text):
        found = sorted(p for p in PEOPLE if text.lower() in p.lower())
        rows = [{"patient": p, "stays": len(PEOPLE[p]()), "first_us": FIRST_US, "last_us": FIRST_US} for p in found]
        return rows, len(rows)

    def patient_stays(self, patient):
        rows = PEOPLE[patient]() if patient in PEOPLE else []
        return [row | {"calendar": not self.shifted, "timed": not self.unrecorded} for row in rows]
