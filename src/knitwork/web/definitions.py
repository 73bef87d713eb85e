"""A measure's definition as pages show it."""

from __future__ import annotations

from dataclasses import dataclass

from knitwork.measures.definition import Measure
from knitwork.measures.spec import to_spec
from knitwork.signals import Spec

# What a measure needs of the kinds of units: while any of these is a guess the page says so.
NEEDS_KINDS = frozenset({"icu units", "ed units", "inpatient units", "clinic stays"})


@dataclass(frozen=True, slots=True)
class Definition:
    """What a page says about a measure, and how its chart is made."""

    id: str
    version: str
    title: str
    short: str
    why: str
    source: str
    direction: str
    spec: Spec
    words: str = ""
    numerator: str = ""
    denominator: str = ""
    needs: tuple[str, ...] = ()

    @property
    def of_values(self) -> bool:
        """Say whether its chart takes values as they are, and not a numerator with its denominator."""
        return self.spec.chart in ("run", "xmr")

    @property
    def of_patients(self) -> bool:
        """Say whether its value is itself a number of patients."""
        return self.spec.unit == "patients"

    @property
    def needs_kinds(self) -> bool:
        """Say whether the kinds of units decide what it counts."""
        return not NEEDS_KINDS.isdisjoint(self.needs)


def from_catalogue(measure: Measure) -> Definition:
    """Return the page's view of one entry of the catalogue."""
    return Definition(
        id=measure.id,
        version=measure.version,
        title=measure.title,
        short=measure.title_short,
        why=measure.why,
        source=measure.source,
        direction=measure.direction,
        spec=to_spec(measure),
        words=measure.words.sentence,
        numerator=measure.words.numerator,
        denominator=measure.words.denominator,
        needs=measure.needs,
    )
