"""All charts of a part of the system, ranked by how surprising their signals are; worked out once for a generation."""

from __future__ import annotations

from dataclasses import dataclass

from knitwork.draw.periods import Period
from knitwork.signals.triage import Entry, Triage, triage
from knitwork.web import judging, present
from knitwork.web.alerts.episodes import chart_name, parts_of
from knitwork.web.kept import kept
from knitwork.web.pages.summary import below
from knitwork.web.source import Source


@dataclass(frozen=True, slots=True)
class Ranked:
    """What was ranked, and the chart behind each entry by its name.

    `of_units` counts, of single units alone, the charts that signal and those that rules judge, as the first page does.
    """

    triage: Triage
    charts: dict[str, judging.Judged]
    of_units: tuple[int, int] = (0, 0)

    def of(self, entry: Entry) -> judging.Judged:
        """Return the chart of an entry."""
        return self.charts[entry.key]


def ranked(source: Source, part: str, period: Period) -> Ranked:
    """Return the charts of a unit and all below it that signal, the most surprising first."""

    def make() -> Ranked:
        units = [code for code, _depth in below(source, part)] if present.has_calendar(source) else []
        charts = {
            chart_name(code, one.measure, period): one for code in units for one in judging.judged(source, code, period)
        }
        found = triage([one.evaluation for one in charts.values()], keys=list(charts))
        single = {code for code in units if source.answers.registry.level_of(code) == "micro"}
        alone = [one.evaluation for name, one in charts.items() if parts_of(name)[0] in single]
        signals = sum(parts_of(entry.key)[0] in single for entry in found.entries)
        judged = sum(1 for one in alone if one.spec.rules and one.n_useful)
        return Ranked(found, {entry.key: charts[entry.key] for entry in found.entries}, (signals, judged))

    return kept(source, "triage", make, part, period, edition=source.decisions.token)
