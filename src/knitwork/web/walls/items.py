"""What can stand on a wall: measures of the unit, hand-offs with its neighbours, and the picture of where patients pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from knitwork.web import judging
from knitwork.web.pages.around import Names
from knitwork.web.source import Source

Kind = Literal["measure", "pair", "flow"]
# The busiest pairs that are offered: a wall shows what matters often, and a list of hundreds helps nobody choose.
OFFERED_PAIRS = 24
_PARTS: dict[str, int] = {"measure": 1, "pair": 2, "flow": 0}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a wall: a measure by its id, a pair by sender and receiver, or the flow picture."""

    kind: Kind
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An item that can be chosen, with the words it is offered in."""

    item: Item
    name: str


def written(item: Item) -> list[str]:
    """Return an item as it is kept: its kind, then what it is of."""
    return [item.kind, *item.of]


def read(kept: Any) -> Item | None:
    """Return a kept item; None where it is none that this version knows."""
    match kept:
        case [str(kind), *of] if kind in _PARTS and len(of) == _PARTS[kind] and all(isinstance(x, str) for x in of):
            return Item(kind, tuple(of))  # type: ignore[arg-type]
    return None


def read_all(kept: Any) -> tuple[Item, ...]:
    """Return the kept items that are still known, each once, in their order."""
    found = [read(one) for one in kept] if isinstance(kept, list) else []
    return tuple(dict.fromkeys(item for item in found if item is not None))


def choices(source: Source, unit: str) -> list[Choice]:
    """Return all that can stand on a wall of this unit, in the order in which it is offered."""
    known = Names(source)
    without_beds = judging.without_beds(source, unit)
    can = source.answers.computable()
    measures = [
        Choice(Item("measure", (measure,)), definition.title)
        for measure, definition in source.measures.items()
        if can.get(measure, (True, "", ""))[0] and not (without_beds and definition.counts == "midnights")
    ]
    level = source.answers.registry.level_of(unit)
    pairs = sorted(source.answers.pairs(level, unit=unit, months=None), key=lambda pair: -pair["count"])
    handoffs = [
        Choice(Item("pair", (pair["from_unit"], pair["to_unit"])), pair_name(known, pair["from_unit"], pair["to_unit"]))
        for pair in pairs[:OFFERED_PAIRS]
    ]
    flow = [Choice(Item("flow"), _("Where patients come from and go to (a page of its own)"))] if pairs else []
    return [*measures, *handoffs, *flow]


def pair_name(known: Names, sender: str, receiver: str) -> str:
    """Return what a pair's chart is called: the wait from one unit to the other."""
    return _("Wait, %(sender)s → %(receiver)s") % {"sender": known.name(sender), "receiver": known.name(receiver)}
