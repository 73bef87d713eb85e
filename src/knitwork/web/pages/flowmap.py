"""The flow map of a system or of a group: which column a unit stands in, which flows are drawn, and what is said of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.flowmap import SHEETS, Flow, Unit, fits, flow_map, largest
from knitwork.draw.flowpicture import flow_map_svg
from knitwork.web import judging, present, say, small
from knitwork.web.kept import kept
from knitwork.web.pages import changed
from knitwork.web.pages.around import Names
from knitwork.web.pages.choosing import units_of
from knitwork.web.source import Source

# Where journeys usually pass: the stage of a kind of unit. Two columns a stage, for units that others of it feed.
STAGES = {
    "ems": 0, "practice": 0, "clinic": 0, "virtual": 0, "home": 0,
    "ed": 1,
    "or": 2, "cathlab": 2, "lab": 2, "radiology": 2, "pharmacy": 2, "dietary": 2,
    "icu": 3, "ccu": 3,
    "ward": 4,
    "rehab": 5,
    "homecare": 6, "snf": 6, "hospice": 6,
}  # fmt: skip
# The stages of units whose kind says nothing, by where in a visit they usually stand (0 first, 1 last).
BY_PLACE = ((0.15, 1), (0.4, 2), (0.6, 3), (0.85, 4), (1.01, 5))
# A unit that gets at least this share of its patients from its own stage stands one column further.
FED = 0.5


def stage_names() -> dict[int, str]:
    """Return what the columns are called."""
    return {
        0: _("Before"),
        1: _("Front door"),
        2: _("Theatres and laboratories"),
        3: _("Intensive care"),
        4: _("Wards"),
        5: _("Rehabilitation"),
        6: _("After"),
    }


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a flow map shows and what it leaves out."""

    flows: tuple[Flow, ...]
    rest: int
    hidden: int
    units: int
    share: float


def choose(pairs: Iterable[dict[str, Any]], worse: set[tuple[str, str]], *, hide: bool) -> Drawn:
    """Return the flows to draw of these pairs: the largest that carry 85% of the moves, small ones hidden first."""
    known = list(pairs)
    shown = [pair for pair in known if not (hide and small.is_small(pair["count"]))]
    flows = [
        Flow(pair["from_unit"], pair["to_unit"], int(pair["count"]), (pair["from_unit"], pair["to_unit"]) in worse)
        for pair in shown
    ]
    drawn, rest = largest(flows)
    # What got worse is never left out: it is what the reader came for.
    drawn += [flow for flow in rest if flow.worse]
    total = sum(flow.patients for flow in flows)
    return Drawn(
        flows=tuple(drawn),
        rest=len(flows) - len(drawn),
        hidden=len(known) - len(shown),
        units=len({end for flow in drawn for end in (flow.sender, flow.receiver)}),
        share=sum(flow.patients for flow in drawn) / total if total else 0.0,
    )


def columns(source: Source, flows: Iterable[Flow], level: str) -> tuple[dict[str, int], dict[int, str]]:
    """Return the column of every unit that these flows touch, and the names of the columns that have one.

    A column is named only where the kinds of its units say what it is; a unit of no telling kind stands where in a
    visit its patients usually come to it.
    """
    some = list(flows)
    codes = sorted({end for flow in some for end in (flow.sender, flow.receiver)})
    registry = source.answers.registry
    kinds = {code: (found.kind if (found := registry.get(code)) else "other") for code in codes}
    unknown = {code for code in codes if kinds[code] not in STAGES}
    places = kept(source, "usual places", lambda: source.answers.usual_places(level), level) if unknown else {}
    stages = {code: _by_place(places.get(code, 0.5)) if code in unknown else STAGES[kinds[code]] for code in codes}
    fed = _fed(some, stages)
    column = {code: 2 * stage + (code in fed) for code, stage in stages.items()}
    names = stage_names()
    placed = {2 * stages[code] for code in unknown} | {2 * stages[code] + 1 for code in unknown}
    heads = {2 * stage: names[stage] for stage in set(stages.values()) if 2 * stage not in placed}
    return column, heads


def _by_place(place: float) -> int:
    return next(stage for until, stage in BY_PLACE if place < until)


def _fed(flows: Iterable[Flow], stages: dict[str, int]) -> set[str]:
    """Return the units that get most of their patients from units of their own stage, unless all of the stage do."""
    into: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for flow in flows:
        into[flow.receiver] += flow.patients
        if stages[flow.sender] == stages[flow.receiver]:
            inside[flow.receiver] += flow.patients
    fed = {code for code in inside if inside[code] >= FED * into[code]}
    first = {stages[code] for code in stages if code not in fed}
    return {code for code in fed if stages[code] in first}


def picture(
    source: Source,
    known: Names,
    drawn: Drawn,
    *,
    level: str,
    size: str,
    href: Callable[[str], str] | None = None,
    title: str = "",
) -> SafeString:
    """Return the map of the flows chosen. Made by our own draw, every text in it escaped there."""
    column, heads = columns(source, drawn.flows, level)
    units = [Unit(code, known.name(code), at, href(code) if href else "") for code, at in column.items()]
    hints = {
        (flow.sender, flow.receiver): _("%(sender)s → %(receiver)s: %(n)s hand-offs")
        % {"sender": known.name(flow.sender), "receiver": known.name(flow.receiver), "n": say.count(flow.patients)}
        for flow in drawn.flows
    }
    svg = flow_map_svg(
        units, drawn.flows, title=title or _("Flow map"), size=size, heads=heads, hints={} if size == "wall" else hints
    )
    return mark_safe(svg)  # noqa: S308


def worse_pairs(source: Source, level: str) -> set[tuple[str, str]]:
    """Return the pairs whose wait signals worse in its last three points."""
    found = changed.judged_pairs(source, level, judging.usual_period(source))
    return {pair for pair, one in found.items() if one.evaluation.recent and one.verdict == "worse"}


def flow_map_picture(
    source: Source, *, group: str | None = None, size: str = "desk", hide: bool = True
) -> SafeString | None:
    """Return the flow map of the whole system or of one group, over the last three months; None where it cannot be drawn.

    That is where nobody passed, or where the units are more than can be read: 25 on a wall, 60 at a desk. It names
    units and shows how many passed by the width of a stream only, and never a single patient.
    """
    months = 3 if present.has_calendar(source) else None
    found = kept(source, "pairs", lambda: source.answers.pairs("micro", unit=None, months=months), "micro", months)
    if group is not None:
        among = units_of(source, group)
        found = [pair for pair in found if pair["from_unit"] in among and pair["to_unit"] in among]
    drawn = choose(found, worse_pairs(source, "micro"), hide=hide)
    if not drawn.flows or not fits(drawn.flows, size):
        return None
    known = Names(source)
    if size == "wall" and not fits_a_wall(source, known, drawn):
        return None
    name = known.name(group) if group is not None else source.name
    href = None if size == "wall" else unit_address
    title = _("How patients pass between the units of %(name)s") % {"name": name}
    return picture(source, known, drawn, level="micro", size=size, href=href, title=title)


def fits_a_wall(source: Source, known: Names, drawn: Drawn) -> bool:
    """Say whether a wall's map is no higher than a screen: else its letters would shrink until nobody could read them."""
    column, _heads = columns(source, drawn.flows, "micro")
    units = [Unit(code, known.name(code), at) for code, at in column.items()]
    place = flow_map(units, drawn.flows, size="wall", heads=True)
    return place.height <= place.sheet.highest and place.width <= place.sheet.width


def unit_address(code: str) -> str:
    return reverse("unit", kwargs={"code": code})


def words(drawn: Drawn, *, size: str = "desk") -> str:
    """Say what the map shows, what it leaves out, or why it is not drawn."""
    if not drawn.flows:
        return _("A map stands here once patients have passed between units.")
    if not fits(drawn.flows, size):
        text = _("%(units)s units would stand on this map, and more than %(most)s cannot be read.")
        said = text % {"units": drawn.units, "most": SHEETS[size].most_units}
        return f"{said} {_('The matrix shows them all, and each unit has a map of its own neighbours.')}"
    said = ngettext("The largest hand-off is drawn:", "The %(n)s largest hand-offs are drawn:", len(drawn.flows))
    parts = [said % {"n": len(drawn.flows)}]
    parts[0] += " " + _("%(share)s%% of the patients who passed. The wider, the more patients.") % {
        "share": round(100 * drawn.share)
    }
    if drawn.rest:
        text = ngettext("%(n)s smaller one is in the list.", "%(n)s smaller ones are in the list.", drawn.rest)
        parts.append(text % {"n": drawn.rest})
    if drawn.hidden:
        text = ngettext(
            "%(n)s with fewer than 11 patients is not shown.",
            "%(n)s with fewer than 11 patients are not shown.",
            drawn.hidden,
        )
        parts.append(text % {"n": drawn.hidden})
    return " ".join(parts)
