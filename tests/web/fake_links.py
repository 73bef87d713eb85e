"""Pairs of units over time in the invented system: one got worse in January 2026, one in each direction is steady."""

from __future__ import annotations

import datetime as dt
import random

EPOCH = dt.date(1970, 1, 1)
# Patients wait longer between the coronary care unit and the cardiology ward from this day on; medians in seconds.
WORSE = ("CCU", "W7")
SINCE = dt.date(2026, 1, 1)
BEFORE_S, AFTER_S = 1740.0, 2460.0


class FakeLinks:
    """What `knitwork.home.links` answers; mixed into `FakeAnswers`, which knows the pairs and the calendar."""

    def periods(self, period, limit=None, censor_days=0):
        return [
            {name: row[name] for name in ("start_day", "label", "complete")}
            for row in self.one_series("arrivals", "CCU", "micro", period)
        ]

    def passed(self, pair, start_day):
        """Return one period of a pair: the same every time it is asked."""
        rng = random.Random(f"{pair['from_unit']}>{pair['to_unit']}>{start_day}")
        count = max(round(pair["count"] / 24), 1)
        median = pair["median_transit_s"]
        if median is not None and (pair["from_unit"], pair["to_unit"]) == WORSE:
            median = AFTER_S if EPOCH + dt.timedelta(days=start_day) >= SINCE else BEFORE_S
        timed = count if median is not None else 0
        median = None if median is None else median * (1 + rng.uniform(-0.04, 0.04))
        return {
            "count": count, "timed": timed, "median_s": median, "p90_s": None if median is None else median * 2,
            "over_hour": round(timed * 0.2), "lost_s": None if median is None else round(timed * median),
        }  # fmt: skip

    def pairs_over_time(self, level, period):
        if self.shifted:
            return {}
        return {
            (pair["from_unit"], pair["to_unit"]): {
                p["start_day"]: {
                    "from_unit": pair["from_unit"],
                    "to_unit": pair["to_unit"],
                    "start_day": p["start_day"],
                }
                | self.passed(pair, p["start_day"])
                for p in self.periods(period)
            }
            for pair in self.pairs(level)
        }

    def pair_over_time(self, level, from_unit, to_unit, period):
        mine = self.pairs_over_time(level, period).get((from_unit, to_unit), {})
        return [mine.get(p["start_day"], {}) | p for p in self.periods(period)]

    def pair_either_side(self, level, from_unit, to_unit, day):
        rows = self.pair_over_time(level, from_unit, to_unit, "month")
        sides = [[r for r in rows if r["start_day"] < day], [r for r in rows if r["start_day"] >= day]]
        return tuple(
            {
                "count": sum(r["count"] for r in side), "timed": sum(r["timed"] for r in side),
                "median_s": side[0]["median_s"] if side else None, "p90_s": side[0]["p90_s"] if side else None,
            }
            for side in sides
        )  # fmt: skip

    def pair_behind(self, level, from_unit, to_unit, first_day, end_day, limit=200):
        at = first_day * 86_400_000_000
        rows = [
            {"patient": "P-0042", "visit": "V-9", "left_us": at, "arrived_us": at + 7_200_000_000, "wait_s": 7200,
             "overlap_s": 0},
            {"patient": "P-0007", "visit": None, "left_us": None, "arrived_us": at, "wait_s": None, "overlap_s": None},
        ]  # fmt: skip
        return rows[:limit]

    def usual_places(self, level):
        return {"ED": 0.0, "OR": 0.2, "CATH": 0.5, "CCU": 0.6, "Med/Surg ~ 4": 0.9, "W7": 1.0, "REHAB": 1.0}
