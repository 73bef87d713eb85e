"""One measure across levels, invented: what `FakeAnswers` says of many units at once and of completeness."""

from __future__ import annotations

from knitwork.home.levels import Completeness


class FakeLevels:
    """The answers of `knitwork.home.levels`, from the same invented numbers as the series of one unit."""

    def series_of_units(self, measure, units, period):
        self.asked.append(("series_of_units", measure, tuple(units), period))
        found = {code: self.series([measure], code, level, period).get(measure) for level, code in units}
        return {code: rows for code, rows in found.items() if rows}

    def series_of_all(self, measures, units, period):
        self.asked.append(("series_of_all", tuple(measures), tuple(units), period))
        return {code: self.series(measures, code, level, period) for level, code in units}

    def people_of_units(self, measure, units, period):
        return {code: self.people(measure, level, code, period) for level, code in units}

    def completeness(self, measure, level, unit, period):
        return Completeness("stay", 412, 398, {"open": 9, "unknown": 5}, {})
