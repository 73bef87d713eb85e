"""One measure across levels, invented: what `FakeAnswers` says of many units at once and of completeness."""

from __future__ import annotations

from knitwork.home.levels import Completeness


class FakeLevels:
    """The answers of `knitwork.home.levels`, from the same invented numbers as the series of one unit."""

    def series_of_units(self, measure, units, period):
        self.asked.append(("series_of_units", measure, tuple(units), period))
        found = {code: self.series([measure], code, level, period).get(measure) for level, code in units}
        return {code: rows for code, rows in found.items() if rows}

    def completeness(self, measure, level, unit, period):
        return Completeness("stay", 412, 398, {"open": 9, "unknown": 5}, {})
