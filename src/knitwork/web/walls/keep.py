"""What the acts on walls share: what may be said of one, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.web.walls.items import Item, written
from knitwork.web.walls.models import Wall

MOST_ITEMS = 48
QUICKEST_S, SLOWEST_S = 5, 600


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a person may say about a wall: its name, what stands on it and in which order, and how fast it turns."""

    name: str
    items: tuple[Item, ...] = ()
    period: str = ""
    seconds: int = 20


def standing(wall: int) -> Wall:
    """Return a wall that nobody has taken down."""
    found = Wall.objects.filter(pk=wall, removed=False).first()
    if found is None:
        raise CannotDo(_("This wall was taken down: the unit's list of walls shows those that stand."))
    return found


def check(said: Arrangement) -> None:
    """Refuse an arrangement that no wall can have."""
    if not said.name or len(said.name) > 100:
        raise CannotDo(_("A wall needs a name of at most 100 letters."))
    if not QUICKEST_S <= said.seconds <= SLOWEST_S:
        raise CannotDo(_("A wall turns every 5 to 600 seconds: quicker cannot be read."))
    if len(said.items) > MOST_ITEMS:
        raise CannotDo(_("More than 48 pictures are four pages: nobody sees them all. Choose fewer."))


def refuse_second_name(unit: str, name: str, *, but: int | None) -> None:
    """Refuse a name that another wall of the unit has; `but` is the wall that may keep it."""
    same = Wall.objects.filter(unit=unit, name=name, removed=False)
    if (same if but is None else same.exclude(pk=but)).exists():
        raise CannotDo(_("This unit has another wall named “%(name)s”: choose another name.") % {"name": name})


def columns(said: Arrangement) -> dict[str, Any]:
    """Return what is stored of an arrangement."""
    items = [written(item) for item in said.items]
    return {"name": said.name, "items": items, "period": said.period, "seconds": said.seconds}


def described(wall: Wall) -> dict[str, Any]:
    """Return a wall as the audit tells of it."""
    return {"name": wall.name, "items": wall.items, "period": wall.period, "seconds": wall.seconds}


def about(wall: Wall) -> str:
    """Return the name under which the audit speaks of a wall."""
    return f"wall {wall.pk} of unit {wall.unit}"
