"""The invented counterpart of what the two pages of a unit ask: who is in, who came and left, how it runs."""

from __future__ import annotations

from knitwork.home.rhythm import Rhythm, by_part, month_of, weekday_of
from knitwork.home.rhythm import by_hour as hours_of
from knitwork.home.today import Seen

HOUR_US = 3_600_000_000
# Known to FakeJourneys, so that a link to each leads somewhere.
PEOPLE = ("P-0042", "P-0007")


def seen(patient, start_us, end_us=None, *, before=None, after=None, is_open=False, elsewhere_us=None, **more):
    """One stay with its days and hours in UTC; `tests/home` looks at local ones."""

    def day_hour(us):
        return (us // (24 * HOUR_US), us // HOUR_US % 24)

    start_day, start_hour = day_hour(start_us)
    end_day, end_hour = (None, None) if end_us is None else day_hour(end_us)
    made = {
        "patient": patient, "start_us": start_us, "end_us": end_us, "is_open": is_open, "concurrent": False,
        "start_day": start_day, "start_hour": start_hour, "end_day": end_day, "end_hour": end_hour,
        "before": before, "after": after, "is_last": after is None, "elsewhere_us": elsewhere_us, "precise": True,
    }  # fmt: skip
    return Seen(**(made | more))


class FakeToday:
    """A mixin of FakeAnswers; every unit has as many patients in as its plain numbers say, and two on the way."""

    def lately(self, unit, level, *, until_us, last_day):
        numbers = self.unit_numbers(unit, level)
        inside = numbers["here_now"] or 0
        arrived = numbers["arrived_today"] or 0
        midnight = last_day * 24 * HOUR_US
        found = [
            seen(PEOPLE[at % 2], midnight - (at + 1) * 5 * HOUR_US, is_open=True, before=None if at % 3 else "ED")
            for at in range(max(inside - arrived, 0))
        ]
        found += [seen(PEOPLE[at % 2], midnight + HOUR_US + at, is_open=True, before="ED") for at in range(arrived)]
        if inside:
            found += [
                seen("P-0042", midnight - 40 * HOUR_US, until_us - HOUR_US),
                seen("P-0007", midnight - 20 * HOUR_US, until_us - 2 * HOUR_US),
                seen("p/é <b>", midnight - 20 * HOUR_US, midnight - HOUR_US, after="W7"),
            ]
        return found

    def usual_lengths(self):
        return {("micro", unit): (800, 5 * 86_400.0) for unit in self.codes}

    def by_unit(self, day):
        found = {}
        for unit in [*self.registry.roots(), *self.codes]:
            level = self.registry.level_of(unit)
            numbers = self.unit_numbers(unit, level)
            found[level, unit] = {
                "here": numbers["here_now"], "arrived": numbers["arrived_today"], "left": 2, "ends_known": True,
            }  # fmt: skip
        return found

    def handoffs_lately(self, unit, level, *, last_day, days=7):
        return [
            pair
            | {
                "count": max(pair["count"] // 13, 1),
                "longest_s": pair["p90_transit_s"],
                "median_s": pair["median_transit_s"],
            }
            for pair in self.pairs(level, unit=unit)
        ]

    def rhythm(self, unit, level, *, last_day, beds):
        first = last_day - self.days + 1
        busy = (0,) * 7 + (1,) * 2 + (3,) * 4 + (1,) * 7 + (0,) * 4
        cells = [
            (day, hour, n)
            for day in range(first, last_day + 1)
            for hour, n in enumerate(busy)
            if n and weekday_of(day) < 5 + hour % 3
        ]
        days = range(first, last_day + 1)
        return Rhythm(
            first_day=first,
            last_day=last_day,
            arrivals=sum(n for _day, _hour, n in cells),
            precise=True,
            hours=hours_of(cells, first, last_day),
            weekdays=by_part(cells, first, last_day, [weekday_of(d) for d in days], 7),
            months=by_part(cells, first, last_day, [month_of(d) for d in days], 12),
            present=tuple(12 + hour % 12 / 4 for hour in range(24)) if beds else (),
        )

    def chains(self, unit, level):
        return [
            {"before": ["ED", ""], "after": [""], "n": 300},
            {"before": ["ED", ""], "after": ["W7", ""], "n": 40},
            {"before": [""], "after": [""], "n": 60},
            {"before": ["", "REHAB"], "after": ["", "REHAB"], "n": 4},
            {"before": ["ED", ""], "after": None, "n": 14},
        ]

    def served(self, unit, level):
        return []
