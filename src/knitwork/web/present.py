"""The joint between numbers and pages: answers, definitions and evaluations in; what a page shows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.chart import chart_svg
from knitwork.draw.icon import icon_kind, icon_shape
from knitwork.draw.labels import value_text
from knitwork.draw.periods import Period
from knitwork.draw.record import tail
from knitwork.draw.strip import strip_svg
from knitwork.signals import Evaluation
from knitwork.web import say, small
from knitwork.web.chance import by_chance, chance_now
from knitwork.web.definitions import Definition
from knitwork.web.judging import Judged, judged, rows_of, verdict_of, without_beds
from knitwork.web.source import Source

# What `chance` says is asked for here by the pages, with all else that they show.
__all__ = ["by_chance", "chance_now"]

# Fewer useful points than this have no limits (DESIGN 4).
ENOUGH = 12
PERIODS: tuple[Period, ...] = ("day", "week", "month")
# What one picture can show and still be read; limits come from the whole series all the same.
SHOWN_POINTS = {"day": 60, "week": 52, "month": 24}
# Of which at most this share may be hidden as small; with more holes a picture says little and hints at much.
MOST_HIDDEN = 1 / 3


@dataclass(frozen=True, slots=True)
class Card:
    """One measure of one unit: its picture and the sentence that the same record makes."""

    measure: str
    title: str
    sentence: str
    verdict: str
    signalling: bool
    svg: SafeString
    address: str
    hidden: str
    too_small: bool
    evaluation: Evaluation
    said: tuple[str, str] = ("", "")
    icon: str = ""


def hidden_of(
    source: Source, period: str, found: dict[str, list[dict[str, Any]]], *, hide: bool
) -> dict[str, frozenset[int]]:
    """Return which periods of each measure are hidden as small; none where `hide` is not set."""
    if not hide:
        return dict.fromkeys(found, frozenset())
    return {m: small.hidden_rows(source.measures[m].counts, rows, period) for m, rows in found.items()}


def picture(
    evaluation: Evaluation,
    size: str,
    *,
    title: str,
    period: Period,
    notes: Sequence[tuple[int, str]] = (),
    was: Mapping[int, float] | None = None,
) -> SafeString:
    """Return the chart of an evaluation, `notes` and what `was` told at the positions of the periods drawn.

    Made by our own draw from numbers; every text in it is escaped there.
    """
    said = words.sentence(evaluation, period=period, _=_, ngettext=ngettext)
    shown = tail(evaluation, SHOWN_POINTS[period])
    svg = chart_svg(
        shown, size, title=title, sentence=said, period=period, notes=notes, was=was, _=_, ngettext=ngettext
    )
    return mark_safe(svg)  # noqa: S308


def card(
    definition: Definition,
    evaluation: Evaluation,
    *,
    unit: str,
    period: Period,
    size: str = "desk",
    hidden: frozenset[int] = frozenset(),
    notes: Sequence[tuple[int, str]] = (),
) -> Card:
    """Return one measure as a card; picture and sentence come from the one evaluation, made of all periods."""
    shown = small.masked(evaluation, hidden)
    if size == "wall":
        said = words.brief(shown, period=period, _=_)
    else:
        said = words.sentence(shown, period=period, _=_, ngettext=ngettext)
    address = reverse("measure", kwargs={"code": unit, "measure": definition.id})
    holes, too_small = holes_in(evaluation, hidden, SHOWN_POINTS[period])
    note = ngettext(
        "%(n)s period with fewer than 11 is not shown.", "%(n)s periods with fewer than 11 are not shown.", holes
    )
    if too_small:
        note = _("Too few patients in most periods to draw its chart here.")
    return Card(
        measure=definition.id,
        title=definition.short,
        sentence=said,
        verdict=verdict_of(evaluation),
        signalling=bool(evaluation.recent),
        svg=mark_safe("") if too_small else picture(shown, size, title=definition.short, period=period, notes=notes),
        address=f"{address}?period={period}",
        hidden=note % {"n": holes} if holes else "",
        too_small=too_small,
        evaluation=shown,
        said=(definition.rise, definition.fall),
        icon=mark_safe(icon_shape(icon_kind(shown))),  # noqa: S308 - made by our own draw, without any text
    )


def holes_in(evaluation: Evaluation, hidden: frozenset[int], points: int) -> tuple[int, bool]:
    """Return how many of the periods shown have a value that is hidden, and whether they are too many for a picture."""
    first = max(len(evaluation) - points, 0)
    known = [at for at in range(first, len(evaluation)) if evaluation.values[at] is not None]
    holes = sum(1 for at in known if at in hidden)
    return holes, holes > len(known) * MOST_HIDDEN


@dataclass(frozen=True, slots=True)
class Told:
    """One measure as sentences speak of it: its evaluation, what is small hidden, and what a nurse says of a change."""

    title: str
    evaluation: Evaluation
    said: tuple[str, str]


def told(source: Source, one: Judged, *, period: Period, hide: bool) -> Told:
    """Return one measure of a unit for the sentences of its page, without the cost of its picture."""
    definition = source.measures[one.measure]
    hidden = small.hidden_rows(definition.counts, list(one.rows), period) if hide else frozenset()
    return Told(definition.short, small.masked(one.evaluation, hidden), (definition.rise, definition.fall))


def card_of(source: Source, one: Judged, *, unit: str, period: Period, size: str = "desk", hide: bool = False) -> Card:
    """Return one measure of a unit as a card."""
    definition = source.measures[one.measure]
    hidden = small.hidden_rows(definition.counts, list(one.rows), period) if hide else frozenset()
    return card(definition, one.evaluation, unit=unit, period=period, size=size, hidden=hidden)


def cards(source: Source, unit: str, *, period: Period, size: str = "desk", hide: bool = False) -> list[Card]:
    """Return every measure of a unit that has values: signals first, the worse before the better."""
    found = judged(source, unit, period)
    return [card_of(source, one, unit=unit, period=period, size=size, hide=hide) for one in found]


def has_calendar(source: Source) -> bool:
    """Say whether any feed has real dates; without them nothing is drawn over time."""
    states = source.answers.feeds()
    return not states or any(state.calendar == "real" for state in states)


def totals(source: Source, unit: str, *, hide: bool) -> list[dict[str, Any]]:
    """Return each measure of a unit over all records as one number in words: for shifted calendars."""
    level = source.answers.registry.level_of(unit)
    found = rows_of(source, unit, level, "all")
    hidden = hidden_of(source, "all", found, hide=hide)
    shown = []
    for measure, rows in found.items():
        definition = source.measures[measure]
        row = small.emptied(rows, hidden[measure])[-1]
        shown.append({
            "definition": definition,
            "value": value_of(definition, row),
            "raw": None if row.get("hidden") else row.get("value"),
            "numerator": counted_of(definition, row.get("numerator")),
            "denominator": counted_of(definition, row.get("denominator")),
        })  # fmt: skip
    return shown


def strip(totals: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return how long patients stay as a picture on one line, where both its numbers are shown."""
    raw = {row["definition"].id: row for row in totals if row["raw"] is not None}
    if "los_median" not in raw or "los_p90" not in raw:
        return None
    title, unit = _("How long patients stay"), raw["los_median"]["definition"].spec.unit
    median, p90 = raw["los_median"]["raw"], raw["los_p90"]["raw"]
    svg = strip_svg(least=0.0, median=median, p90=p90, unit=unit, title=title, _=_)
    return {"title": title, "svg": mark_safe(svg)}  # noqa: S308 - made by our own draw from numbers


def counted_of(definition: Definition, number: float | None) -> str:
    """Return a numerator or denominator: a count, or a length of time where it adds up time."""
    return say.duration(number) if definition.counts == "time" else say.count(number)


def value_of(definition: Definition, row: dict[str, Any], decimals: int | None = None) -> str:
    """Return the value of one period with its unit, or why there is none."""
    if row.get("hidden"):
        return _("fewer than 11")
    if decimals is None:
        decimals = decimals_of([row])
    return value_text(row.get("value"), definition.spec.unit, decimals)


def decimals_of(rows: list[dict[str, Any]]) -> int:
    """Return the decimals for a column of values: none for large or whole ones, else one."""
    known = [abs(row["value"]) for row in rows if row.get("value") is not None]
    return 0 if all(value >= 100 or float(value).is_integer() for value in known) else 1


def tiles(source: Source, unit: str, numbers: dict[str, Any], *, hide: bool) -> list[dict[str, str]]:
    """Return the plain numbers of a unit; with shifted dates only those that need no calendar.

    Numbers of a moment name it: the records end then, and nobody knows who is there now.
    """
    if has_calendar(source):
        at = source.answers.as_of_us
        here = {_("Patients here on %(moment)s") % {"moment": say.instant(at, source.tz)}: "here_now"}
        shown = {
            **({_("Contacts, last 12 months"): "stays_12m"} if without_beds(source, unit) else here),
            _("Arrived on %(day)s") % {"day": say.day(at, source.tz)}: "arrived_today",
            _("Patients, last 12 months"): "patients_12m",
            _("Journeys through here, last 12 months"): "journeys_12m",
        }
    else:
        shown = {
            _("Patients, all records"): "patients_all",
            _("Stays, all records"): "stays_all",
            _("Journeys through here, all records"): "journeys_all",
        }
    made = [
        {"label": label, "value": small.shown_count(numbers.get(name), hide=hide), "note": "", "name": name}
        for label, name in shown.items()
    ]
    known = source.answers.registry.get(unit)
    for tile in made:
        if tile["name"] == "here_now" and numbers.get("here_now") is None:
            tile["note"] = _("the records do not say when patients leave")
        elif numbers.get("late") and tile["name"] in ("here_now", "arrived_today"):
            tile |= {"value": "–", "note": numbers["late"]}
        elif tile["name"] == "here_now" and known and known.capacity and numbers.get("here_now") is not None:
            tile["note"] = _("of %(n)s beds") % {"n": say.count(known.capacity)}
    return made


# Stand for tags in a text that is yet to be escaped: no name that people write has these private letters.
OPENING, CLOSING = "\ue000", "\ue001"


def lead(cards: Sequence[Card | Told], *, calendar: bool) -> SafeString:
    """Return the one or two sentences a page opens with, as HTML, from the same evaluations as its pictures."""
    if not calendar:
        text = _(
            "The dates of this feed were shifted for privacy, each patient's by another span, so nothing can be said "
            "over time: totals and durations stand here."
        )
        return escape(text)
    said = words.lead(
        [(c.title, c.evaluation) for c in cards],
        said={c.title: c.said for c in cards},
        strong=lambda text: f"{OPENING}{text}{CLOSING}",
        _=_,
        ngettext=ngettext,
    )
    early = sum(1 for c in cards if c.evaluation.n_useful < ENOUGH)
    if early and early < len(cards):
        text = ngettext(
            "Of %(n)s measure it is too early to tell.", "Of %(n)s measures it is too early to tell.", early
        )
        said = f"{said} {text % {'n': early}}"
    return mark_safe(escape(said).replace(OPENING, "<strong>").replace(CLOSING, "</strong>"))  # noqa: S308 - escaped
