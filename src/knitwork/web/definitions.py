"""A measure's definition as pages show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from knitwork.signals import Spec


@dataclass(frozen=True, slots=True)
class Definition:
    """What a page says about a measure, and how its chart is made."""

    id: str
    version: int
    title: str
    why: str
    source: str
    direction: str
    spec: Spec
    words: str = ""
    numerator: str = ""
    denominator: str = ""
    compass: str = ""
    needs: tuple[str, ...] = field(default=())
    counts_people: bool = True

    @property
    def of_values(self) -> bool:
        """Say whether each point is a median or percentile of single values, not a ratio of counts."""
        return self.spec.chart in ("run", "xmr")


def from_catalogue(measure: Any) -> Definition:
    """Return the page's view of one entry of `knitwork.measures`."""
    return Definition(
        id=measure.id,
        version=int(measure.version),
        title=measure.title,
        why=measure.why,
        source=measure.source,
        direction=measure.direction,
        spec=measure.spec,
        words=getattr(measure, "words", ""),
        numerator=getattr(measure, "numerator_words", ""),
        denominator=getattr(measure, "denominator_words", ""),
        compass=getattr(measure, "compass", "") or "",
        needs=tuple(getattr(measure, "needs", ())),
    )
