"""Invented patients and journeys, for tests of the pages that show them."""

from __future__ import annotations

import datetime as dt
import itertools

from .fake_persons import GIVEN_UP

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


def way(mark, variant, journeys):
    return {"way": mark * 12, "variant": variant, "journeys": journeys, "patients": journeys, "median_s": 500_000.0}


WAYS = [way("a", "ED > CATH > CCU > W7", 412), way("b", "ED > Med/Surg ~ 4", 300), way("c", "OR > CCU", 4)]


class JourneyAnswers:
    """What the invented system answers of patients and journeys."""

    shifted: bool
    unrecorded: bool

    def find_patients(self, text):
        found = sorted(p for p in PEOPLE if text.lower() in p.lower())
        by_number = {
            who: number for number, who in GIVEN_UP.items() if who in PEOPLE and text.lower() in number.lower()
        }
        found += [who for who in by_number if who not in found]
        rows = [
            {"patient": p, "number": None if text.lower() in p.lower() else by_number[p], "stays": len(PEOPLE[p]()),
             "first_us": FIRST_US, "last_us": FIRST_US}
            for p in found
        ]  # fmt: skip
        return rows, len(rows)

    def patient_stays(self, patient):
        rows = PEOPLE[patient]() if patient in PEOPLE else []
        return [row | {"feed": "adt", "calendar": not self.shifted, "timed": not self.unrecorded} for row in rows]

    # Journeys: 412 through the cath lab, 300 to the ward, and 4 that nobody but the team may see

    def journey_ways(self, chosen, sort="common", limit=50, least=0):
        ways = [row for row in WAYS if self._taken(row, chosen)]
        shown = [row for row in ways if row["patients"] >= least]
        if sort == "rare":
            shown = shown[::-1]
        hidden = [row for row in ways if row["patients"] < least]
        counts = {
            "ways": len(ways), "shown": len(shown), "hidden": len(hidden),
            "journeys_hidden": sum(r["journeys"] for r in hidden),
        }  # fmt: skip
        return shown if limit is None else shown[:limit], counts

    def _taken(self, row, chosen):
        units = row["variant"].split(" > ")
        wanted = [u for u in (chosen.through, chosen.then) if u]
        return all(u in units for u in wanted) and chosen.way in ("", row["way"])

    def journey_numbers(self, chosen):
        n = sum(row["journeys"] for row in self.journey_ways(chosen)[0])
        row = {
            "journeys": n, "patients": n, "ended": n, "ended_patients": n, "one_unit": 0, "median_s": 500_000.0,
            "p90_s": 900_000.0, "there_s": 0 if self.unrecorded else 400_000 * n,
            "between_units_s": 0 if self.unrecorded else 9_000 * n, "between_visits_s": 90_000 * n,
            "unknown_s": 409_000 * n if self.unrecorded else 0,
        }  # fmt: skip
        if not n:
            return row | {"median_s": None, "p90_s": None}, []
        months = [(dt.date(2026, m, 1) - dt.date(1970, 1, 1)).days for m in (7, 8, 9)]
        return row, [] if self.shifted else [
            row | {"month": day, "journeys": n // 3, "ended": n // 3, "patients": n // 3} for day in months
        ]

    def journey_streams(self, chosen):
        units, streams = {}, {}
        for row in self.journey_ways(chosen)[0]:
            codes = row["variant"].split(" > ")
            for at, code in enumerate(codes):
                units.setdefault(code, [0, at + 1.0])[0] += row["journeys"]
            for pair in itertools.pairwise(codes):
                streams[pair] = streams.get(pair, 0) + row["journeys"]
        return (
            [
                {"from_unit": u, "to_unit": None, "journeys": n, "patients": n, "place": p}
                for u, (n, p) in units.items()
            ],
            [{"from_unit": a, "to_unit": b, "journeys": n, "patients": n} for (a, b), n in streams.items()],
        )

    def journey_interval(self, chosen):
        n = sum(row["journeys"] for row in self.journey_ways(chosen)[0])
        if not n:
            return {"journeys": 0, "patients": 0}, []
        whole = {
            "journeys": n,
            "patients": n,
            "median_s": 9_000.0,
            "p90_s": 14_000.0,
            "total_s": 10_000 * n,
            "never": 3,
            "before": 0,
        }
        parts = [(chosen.through, None, 7_000), (chosen.through, chosen.then, 2_500), (None, None, 500)]
        return whole, [
            {"from_unit": a, "to_unit": b, "seconds": float(s * n), "journeys": n, "patients": n} for a, b, s in parts
        ]

    def journey_returns(self, chosen):
        return {"admitted": 500, "early": 21}

    def journey_patients(self, chosen, limit=200):
        rows = [
            {"patient": p, "journey": f"{p}-j1", "start_us": FIRST_US, "end_us": FIRST_US + 100 * HOUR_US, "units": 4,
             "variant": WAYS[0]["variant"], "calendar": not self.shifted}
            for p in PEOPLE
        ]  # fmt: skip
        return rows[:limit], len(rows)
