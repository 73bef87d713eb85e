"""What a wall shows, worked out from one generation: pages of cards, and the words above and under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from knitwork.draw import words
from knitwork.draw.chart import chart_svg
from knitwork.draw.flow import Stream, flow_svg
from knitwork.draw.geometry import FRAMES, Frame
from knitwork.draw.labels import fit
from knitwork.draw.periods import Period
from knitwork.draw.record import tail
from knitwork.signals import Evaluation, Series, Spec, evaluate_many
from knitwork.web import judging, present, small
from knitwork.web.pages.around import Names, inside, taking_part
from knitwork.web.source import Source
from knitwork.web.walls import paging
from knitwork.web.walls.items import Item, pair_name

# Waits are charted in minutes: a run chart, for medians have no honest limits.
WAITS = Spec(chart="run", direction="down", unit="min")
# Neighbours on either side of the flow picture: with more its letters could not be read at four metres.
NEIGHBOURS = 7
# So many measures that are left off are named; of the rest only how many.
NAMED = 4
EMPTY = SafeString("")


@dataclass(frozen=True, slots=True)
class Thing:
    """One measure or pair as it stands on a wall, before it is known how large."""

    title: str
    said: str
    verdict: str
    evaluation: Evaluation | None
    address: str = ""
    flow: SafeString = EMPTY
    changes: tuple[str, str] = ("", "")  # what a nurse says when it rises, and when it falls

    @property
    def kind(self) -> paging.Kind:
        if self.evaluation is None:
            return "picture"
        return "signal" if self.evaluation.recent else "quiet"


@dataclass(frozen=True, slots=True)
class Shown:
    """A card on a page: its words and its picture, once for the wall and once for a small screen or paper."""

    thing: Thing
    wide: bool
    svg: SafeString
    narrow: SafeString


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a wall."""

    number: int
    columns: int
    rows: int
    cards: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A whole wall."""

    name: str
    long: bool
    lead: str
    long_lead: bool
    foot: str
    sheets: tuple[Sheet, ...]
    rotates: bool


def board(
    source: Source, unit: str, *, name: str, period: Period, items: tuple[Item, ...], linked: bool, live: bool = False
) -> Board:
    """Return what a wall of a unit shows; without `items` all its measures, signals first.

    Always as outsiders may see it: no count of 1 to 10. With `linked` nothing on it leads to another page.
    """
    things, left_off = (chosen if items else by_itself)(source, unit, period, items)
    charts = [thing for thing in things if thing.evaluation is not None]
    lead = lead_of(source, unit, charts)
    foot = foot_of(charts, left_off, by_itself=not items)
    height = paging.room(name, lead, foot, live=live)
    cut = paging.pages([thing.kind for thing in things], widen=not items)
    sheets = tuple(
        Sheet(
            number, page.columns, page.rows,
            tuple(draw(things[at], page, at in page.wide, height, period, linked=linked) for at in page.cards),
        )
        for number, page in enumerate(cut, 1)
    )  # fmt: skip
    return Board(name, paging.is_long(name), lead, paging.is_long_lead(lead), foot, sheets, len(sheets) > 1)


Found = tuple[list[Thing], list[str]]


def by_itself(source: Source, unit: str, period: Period, _items: Sequence[Item]) -> Found:
    """Return every measure of a unit, signals first, and the titles of those with too few patients for a wall."""
    made = measures(source, unit, period)
    left_off = [source.measures[measure].short for measure, thing in made.items() if thing is None]
    return [thing for thing in made.values() if thing is not None], left_off


def measures(source: Source, unit: str, period: Period) -> dict[str, Thing | None]:
    """Return every measure of a unit that has values, signals first; None for those with too few patients for a wall."""
    made: dict[str, Thing | None] = {}
    for one in judging.judged(source, unit, period):
        definition = source.measures[one.measure]
        hidden = small.hidden_rows(definition.counts, list(one.rows), period)
        if present.holes_in(one.evaluation, hidden, present.SHOWN_POINTS[period])[1]:
            made[one.measure] = None
            continue
        shown = small.masked(one.evaluation, hidden)
        address = reverse("measure", kwargs={"code": unit, "measure": one.measure}) + f"?period={period}"
        said = words.brief(shown, period=period, _=_)
        made[one.measure] = Thing(
            definition.short, said, judging.verdict_of(shown), shown, address,
            changes=(definition.rise, definition.fall),
        )  # fmt: skip
    return made


def chosen(source: Source, unit: str, period: Period, items: Sequence[Item]) -> Found:
    """Return what a person chose, in the order chosen; what has nothing to show, or too few patients, is named."""
    made = measures(source, unit, period)
    known = Names(source)
    things: list[Thing] = []
    left_off: list[str] = []
    for item in items:
        found, title = None, ""
        if item.kind == "measure":
            title = source.measures[item.of[0]].short if item.of[0] in source.measures else item.of[0]
            found = made.get(item.of[0])
        elif item.kind == "pair":
            sender, receiver = item.of
            title = pair_name(known, sender, receiver)
            found = wait(source, unit, sender, receiver, title=title, period=period)
        else:
            title = _("Where patients come from and go to")
            found = neighbours(source, unit, known, title)
        things += [found] if found is not None else []
        left_off += [] if found is not None else [title]
    return things, left_off


def wait(source: Source, unit: str, sender: str, receiver: str, *, title: str, period: Period) -> Thing | None:
    """Return the median wait of one pair of units over time; None where too few patients passed to show it."""
    level = source.answers.registry.level_of(unit)
    rows = source.answers.pair_series(level, sender, receiver, period)
    if not any(row["median_s"] is not None for row in rows):
        return None
    series = Series(
        labels=tuple(row["label"] for row in rows),
        values=tuple(None if row["median_s"] is None else row["median_s"] / 60 for row in rows),
        incomplete_last=not rows[-1].get("complete", True),
    )
    whole = evaluate_many([series], source.decisions.judged_by(WAITS))[0]
    counts = [
        {"start_day": row["start_day"], "numerator": row["count"], "denominator": row["timed"], "value": row["count"]}
        for row in rows
    ]
    hidden = small.hidden_rows("people", counts, period)
    if present.holes_in(whole, hidden, present.SHOWN_POINTS[period])[1]:
        return None
    shown = small.masked(whole, hidden)
    address = reverse("pair", kwargs={"sender": sender, "receiver": receiver}) + f"?level={level}&period={period}"
    said = words.brief(shown, period=period, _=_)
    return Thing(title, said, judging.verdict_of(shown), shown, address)


def neighbours(source: Source, unit: str, known: Names, title: str) -> Thing | None:
    """Return the picture of where a unit's patients come from and go to; None where too few do."""
    level = source.answers.registry.level_of(unit)
    pairs = [p for p in source.answers.pairs(level, unit=unit, months=None) if not small.is_small(p["count"])]

    def side(mine: str, other: str) -> list[Stream]:
        streams = [Stream(known.name(p[other]), int(p["count"])) for p in pairs if p[mine] == unit]
        return sorted(streams, key=lambda one: -one.patients)[:NEIGHBOURS]

    arriving, leaving = side("to_unit", "from_unit"), side("from_unit", "to_unit")
    if not arriving and not leaving:
        return None
    svg = flow_svg(known.name(unit), arriving=arriving, leaving=leaving, _=_, ngettext=ngettext)
    said = _("All records; the wider, the more patients passed.")
    return Thing(title, said, "", None, flow=mark_safe(svg))  # noqa: S308 - made by our own draw


def draw(thing: Thing, page: paging.Page, wide: bool, height: float, period: Period, *, linked: bool) -> Shown:
    """Return a card with its picture in the size that its place on the page gives it."""
    width = paging.frame_of(page, wide=wide, height=height, title="", said="").width
    title = fit(thing.title, width * 2 - 40, paging.SIZES[page.rows][0], bold=True)
    known = replace(thing, title=title, address="" if linked else thing.address)
    if thing.evaluation is None:
        return Shown(known, wide, thing.flow, EMPTY)
    frame = paging.frame_of(page, wide=wide, height=height, title=title, said=thing.said)
    narrow = picture(thing, FRAMES["wall"], period) if frame.width > FRAMES["wall"].width * 1.1 else EMPTY
    return Shown(known, wide, picture(thing, frame, period), narrow)


def picture(thing: Thing, frame: Frame, period: Period) -> SafeString:
    """Return the chart of a thing in a frame; every text in it is escaped where it is drawn."""
    assert thing.evaluation is not None  # noqa: S101 - a picture of its own is drawn already
    svg = drawn(thing.evaluation, thing.title, frame, period, get_language() or "")
    return mark_safe(svg)  # noqa: S308


@lru_cache(maxsize=4096)
def drawn(evaluation: Evaluation, title: str, frame: Frame, period: Period, _language: str) -> str:
    """Return a chart as SVG. Most refreshes change few charts: what stays the same is not drawn again."""
    said = words.sentence(evaluation, period=period, _=_, ngettext=ngettext)
    shown = tail(evaluation, present.SHOWN_POINTS[period])
    svg = chart_svg(shown, frame, title=title, sentence=said, period=period, _=_, ngettext=ngettext)
    # Where a card is higher than its picture needs, the picture begins at the left, under its words.
    return svg.replace("<svg ", '<svg preserveAspectRatio="xMinYMid meet" ', 1)


def lead_of(source: Source, unit: str, charts: Sequence[Thing]) -> str:
    """Return the sentences under a unit's name, from the same evaluations as its pictures."""
    known = [(thing.title, thing.evaluation) for thing in charts if thing.evaluation is not None]
    if not known:
        if taking_part(source, unit) and not inside(source, unit):
            return _("Units of several groups take part in this one; each is measured on its own page.")
        return ""
    return words.lead(known, said={thing.title: thing.changes for thing in charts}, _=_, ngettext=ngettext)


def foot_of(charts: Sequence[Thing], left_off: Sequence[str], *, by_itself: bool) -> str:
    """Say how many signal and how many would by chance, what is hidden, and what has no place on a wall."""
    said: list[str] = []
    evaluations = [thing.evaluation for thing in charts if thing.evaluation is not None]
    if evaluations:
        signals = sum(1 for one in evaluations if one.recent)
        text = ngettext(
            "%(n)s of %(of)s measure signals in its last three points.",
            "%(n)s of %(of)s measures signal in their last three points.",
            len(evaluations),
        )
        said += [text % {"n": signals, "of": len(evaluations)}, present.by_chance(evaluations)]
        said += [_("Signals first.")] if by_itself and signals else []
        said += [_("Counts under 11 are not shown.")]
    if left_off:
        named = words.joined(left_off[:NAMED], len(left_off) - NAMED, _, ngettext)
        said += [_("Too few patients for a wall: %(these)s.") % {"these": named}]
    return " ".join(said)
