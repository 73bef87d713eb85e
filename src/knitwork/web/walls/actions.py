"""What people do with walls. Each act: one transaction, one audit event, and a word to the screens that show it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.walls import news
from knitwork.web.walls.keep import Arrangement, about, check, columns, described, refuse_second_name, standing
from knitwork.web.walls.models import Wall


class ChangedMeanwhile(CannotDo):
    """Somebody else changed the wall since this person opened it."""


def make_wall(*, unit: str, said: Arrangement, by: Actor) -> Wall:
    """Make a wall of a unit."""
    check(said)
    with transaction.atomic():
        refuse_second_name(unit, said.name, but=None)
        wall = Wall(unit=unit, created_by=actor_name(by), created_at=timezone.now(), **columns(said))
        wall.save(force_insert=True)
        record(by=by, action="make wall", about=about(wall), detail=described(wall))
    return wall


def arrange_wall(*, wall: int, version: int, said: Arrangement, by: Actor) -> Wall:
    """Change a wall; refused where it is no longer the `version` that the person saw."""
    check(said)
    with transaction.atomic():
        kept = standing(wall)
        if kept.version != version:
            raise ChangedMeanwhile(
                _(
                    "Somebody else changed this wall while you did, so yours was not kept yet. It still stands in the "
                    "form below: look at the wall as it is now, then keep yours over it or leave it."
                )
            )
        refuse_second_name(kept.unit, said.name, but=kept.pk)
        was = described(kept)
        for name, value in columns(said).items():
            setattr(kept, name, value)
        kept.version += 1
        kept.save()
        record(by=by, action="arrange wall", about=about(kept), detail={"was": was, "now": described(kept)})
        transaction.on_commit(lambda: news.tell(kept.pk))
    return kept


def give_link(*, wall: int, by: Actor) -> Wall:
    """Give a wall a new link; the one before opens nothing from now on."""
    with transaction.atomic():
        kept = standing(wall)
        was = kept.link
        kept.links_given += 1
        kept.link = kept.links_given
        kept.save(update_fields=["link", "links_given"])
        record(by=by, action="give link", about=about(kept), detail={"was": was, "now": kept.link})
        transaction.on_commit(lambda: news.tell(kept.pk))
    return kept


def withdraw_link(*, wall: int, by: Actor) -> Wall:
    """Close a wall's link: screens that show it by that link stop."""
    with transaction.atomic():
        kept = standing(wall)
        was, kept.link = kept.link, None
        kept.save(update_fields=["link"])
        record(by=by, action="withdraw link", about=about(kept), detail={"was": was})
        transaction.on_commit(lambda: news.tell(kept.pk))
    return kept


def remove_wall(*, wall: int, by: Actor) -> None:
    """Take a wall down, and its link with it. It stays in the audit."""
    with transaction.atomic():
        kept = standing(wall)
        detail = described(kept)
        kept.removed, kept.link = True, None
        kept.save(update_fields=["removed", "link"])
        record(by=by, action="remove wall", about=about(kept), detail=detail)
        transaction.on_commit(lambda: news.tell(kept.pk))
