"""A measure's definition as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from knitwork.measures.definition import Measure
from knitwork.measures.language import tree
from knitwork.measures.language.check import check
from knitwork.measures.spec import to_spec
from knitwork.signals import Spec

# What the two numbers of a measure count: people (or their stays, visits and moves), nights of patients, or seconds.
Counts = Literal["people", "midnights", "time"]

# Functions that read the clock on the wall.
LOCAL = frozenset({"hour", "weekday", "cal_days"})

# What a measure needs of the kinds of units: while any of these is a guess the page says so.
NEEDS_KINDS = frozenset({"icu units", "ed units", "inpatient units", "clinic stays"})


@dataclass(frozen=True, slots=True)
class Wording:
    """What a measure's definition says, as it is written there: in English."""

    title: str
    short: str
    why: str
    source: str
    words: str = ""
    numerator: str = ""
    denominator: str = ""
    # What a nurse says when the number goes up, and when it goes down; without them its title is said.
    rise: str = ""
    fall: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a page says about a measure, and how its chart is made.

    Its words are translated each time they are asked for, so one definition serves readers of all languages.
    """

    id: str
    version: str
    wording: Wording
    direction: str
    spec: Spec
    needs: tuple[str, ...] = ()
    counts: Counts = "people"
    is_outcome: bool = False
    # Its single values are lengths of time: those of a median, or what a long stay is told by.
    in_time: bool = False
    # It goes by local hours, days of the week or midnights, so a wrong zone makes it wrong.
    by_the_clock: bool = False

    @property
    def title(self) -> str:
        return in_words(self.wording.title)

    @property
    def short(self) -> str:
        return in_words(self.wording.short)

    @property
    def why(self) -> str:
        return in_words(self.wording.why)

    @property
    def source(self) -> str:
        return in_words(self.wording.source)

    @property
    def words(self) -> str:
        return in_words(self.wording.words)

    @property
    def numerator(self) -> str:
        return in_words(self.wording.numerator)

    @property
    def denominator(self) -> str:
        return in_words(self.wording.denominator)

    @property
    def rise(self) -> str:
        return in_words(self.wording.rise)

    @property
    def fall(self) -> str:
        return in_words(self.wording.fall)

    @property
    def of_values(self) -> bool:
        """Say whether its chart takes values as they are, and not a numerator with its denominator."""
        return self.spec.chart in ("run", "xmr")

    @property
    def rank(self) -> int:
        """Return the place among changes of one verdict: waits and outcomes, then other rates, then plain counts."""
        if self.direction == "neither":
            return 2
        return 0 if self.spec.unit in ("min", "h", "days") or self.is_outcome or self.is_wait else 1

    @property
    def is_wait(self) -> bool:
        """Say whether it can only be told where departures are recorded."""
        return "departures recorded" in self.needs

    @property
    def needs_kinds(self) -> bool:
        """Say whether the kinds of units decide what it counts."""
        return not NEEDS_KINDS.isdisjoint(self.needs)


def in_words(text: str) -> str:
    """Return a text of the catalogue in the reader's language; of nothing gettext would give the file's head."""
    return _(text) if text else ""


def from_catalogue(measure: Measure) -> Definition:
    """Return the page's view of one entry of the catalogue."""
    wording = Wording(
        title=measure.title,
        short=measure.title_short,
        why=measure.why,
        source=measure.source,
        words=measure.words.sentence,
        numerator=measure.words.numerator,
        denominator=measure.words.denominator,
        rise=measure.said.up if measure.said else "",
        fall=measure.said.down if measure.said else "",
    )
    return Definition(
        id=measure.id,
        version=measure.version,
        wording=wording,
        direction=measure.direction,
        spec=to_spec(measure),
        needs=measure.needs,
        counts=counts_of(measure),
        in_time=measure.has_values,
        by_the_clock=goes_by_the_clock(measure),
        is_outcome=bool(measure.censor_days) and measure.fact in ("stay", "visit"),
    )


def goes_by_the_clock(measure: Measure) -> bool:
    """Say whether a measure reads local hours or days: counted by them, or a census of midnights."""
    clauses = [c for c in (measure.population, measure.denominator, measure.exclude, measure.numerator) if c]
    calls = [e for c in clauses for e in tree.walk(c.tree) if isinstance(e, tree.Call)]
    return measure.fact == "census" or any(call.function in LOCAL for call in calls)


def counts_of(measure: Measure) -> Counts:
    """Return what a measure's numerator and denominator count."""
    if measure.fact == "census":
        return "midnights"
    bottom = measure.denominator
    return "time" if bottom is not None and check(bottom.tree, measure.fact) == "number" else "people"
