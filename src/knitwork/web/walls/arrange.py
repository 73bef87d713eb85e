"""The pages on which a unit's lead makes walls, arranges them and gives them a link. They need no script and no mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.web import present
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.around import place
from knitwork.web.pages.frame import with_answers
from knitwork.web.walls import actions
from knitwork.web.walls.actions import ChangedMeanwhile
from knitwork.web.walls.items import Choice, Item, choices, read_all, written
from knitwork.web.walls.keep import Arrangement
from knitwork.web.walls.links import token_of
from knitwork.web.walls.models import Wall
from knitwork.web.walls.views import SECONDS, links_of, standing


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it stands: what is said, and what was asked of it beside keeping it."""

    name: str
    by_itself: bool
    items: tuple[Item, ...]
    period: str
    seconds: int
    version: int


@needs("read")
def walls(request: HttpRequest, code: str) -> HttpResponse:
    """List the walls of a unit; a lead makes more of them."""
    source = with_answers(request)
    at = place(source, code)
    context = {"place": at, "walls": links_of(code, request.user), "may_arrange": may(request.user, "walls")}
    return render(request, "walls/list.html", context)


@needs("walls")
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Make a wall of a unit."""
    at = place(with_answers(request), code)
    empty = Draft(_("Wall"), True, (), "", SECONDS, 1)
    return edit(request, at, empty, wall=None)


@needs("walls")
def arrange(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Arrange a wall, give it a link, withdraw it, or take it down."""
    kept = standing(code, number)
    at = place(with_answers(request), code)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act == "link":
        actions.give_link(wall=kept.pk, by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("The new link stands below. Any earlier link opens nothing now."))
        return redirect("wall-arrange", code=code, number=number)
    if act == "withdraw":
        actions.withdraw_link(wall=kept.pk, by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("The link is withdrawn. Screens that were opened by it stop within seconds."))
        return redirect("wall-arrange", code=code, number=number)
    if act == "remove":
        actions.remove_wall(wall=kept.pk, by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("The wall “%(name)s” is taken down.") % {"name": kept.name})
        return redirect("walls", code=code)
    items = read_all(kept.items)
    return edit(request, at, Draft(kept.name, not items, items, kept.period, kept.seconds, kept.version), wall=kept)


def edit(request: HttpRequest, at: Any, draft: Draft, *, wall: Wall | None) -> HttpResponse:
    """Show the form, or take it over: a move up or down only redraws it, and nothing is kept until "Keep"."""
    source = with_answers(request)
    offered = choices(source, at.code)
    refused, status, overtaken = "", 200, False
    if request.method == "POST":
        draft = draft_of(request.POST, offered)
        act = request.POST.get("act", "keep")
        if act.startswith(("up-", "down-")):
            draft = moved(draft, act)
        else:
            try:
                kept = keep(request, at.code, draft, wall)
            except ChangedMeanwhile as clash:
                refused, status, overtaken = str(clash), 409, True
                assert wall is not None  # noqa: S101 - a new wall cannot be overtaken
                draft = Draft(draft.name, draft.by_itself, draft.items, draft.period, draft.seconds, wall.version)
            except CannotDo as wrong:
                refused, status = str(wrong), 422
            else:
                messages.success(request, _("Kept. Screens that show this wall change by themselves."))
                return redirect("wall-arrange", code=at.code, number=kept.pk)
    context = {
        "place": at,
        "wall": wall,
        "draft": draft,
        "rows": rows(draft, offered),
        "periods": [("", _("as usual")), ("day", _("by day")), ("week", _("by week")), ("month", _("by month"))],
        "refused": refused,
        "overtaken": overtaken,
        "link": link_of(request, wall),
    }
    return render(request, "walls/arrange.html", context, status=status)


def keep(request: HttpRequest, code: str, draft: Draft, wall: Wall | None) -> Wall:
    """Make or change the wall as the draft says."""
    if not draft.by_itself and not draft.items:
        raise CannotDo(_("Choose at least one picture, or let signals stand first by themselves."))
    items = () if draft.by_itself else draft.items
    said = Arrangement(draft.name, items, draft.period, draft.seconds)
    if wall is None:
        return actions.make_wall(unit=code, said=said, by=request.user)  # type: ignore[arg-type]
    return actions.arrange_wall(wall=wall.pk, version=draft.version, said=said, by=request.user)  # type: ignore[arg-type]


def draft_of(said: QueryDict, offered: list[Choice]) -> Draft:
    """Read the form: chosen items in the order in which they stand in it."""
    order = said.getlist("order")
    ticked = set(said.getlist("item"))
    by_key = {key_of(choice.item): choice.item for choice in offered}
    chosen = [by_key[key] for key in dict.fromkeys([*order, *by_key]) if key in ticked and key in by_key]
    seconds, version = said.get("seconds", ""), said.get("version", "")
    return Draft(
        name=said.get("name", "").strip(),
        by_itself=said.get("by_itself", "yes") == "yes",
        items=tuple(chosen),
        period=next((one for one in present.PERIODS if one == said.get("period")), ""),
        seconds=int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else 0,
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
    )


def key_of(item: Item) -> str:
    """Return an item as one text for a form; a unit's code may hold any sign but this one."""
    return "\x1f".join(written(item))


def moved(draft: Draft, act: str) -> Draft:
    """Return the draft with one chosen item one place up or down."""
    way, _sep, place_ = act.partition("-")
    items = list(draft.items)
    at = int(place_) if place_.isascii() and place_.isdigit() else len(items)
    to = at - 1 if way == "up" else at + 1
    if not (0 <= at < len(items) and 0 <= to < len(items)):
        return draft
    items[at], items[to] = items[to], items[at]
    return Draft(draft.name, False, tuple(items), draft.period, draft.seconds, draft.version)


def rows(draft: Draft, offered: list[Choice]) -> list[dict[str, Any]]:
    """Return everything that can stand on the wall: what is chosen in its order, then the rest."""
    names = {choice.item: choice.name for choice in offered}
    chosen = [item for item in draft.items if item in names]
    rest = [choice.item for choice in offered if choice.item not in chosen]
    return [
        {
            "key": key_of(item), "name": names[item], "chosen": at < len(chosen), "at": at,
            "first": at == 0, "last": at == len(chosen) - 1,
        }
        for at, item in enumerate([*chosen, *rest])
    ]  # fmt: skip


def link_of(request: HttpRequest, wall: Wall | None) -> str:
    """Return the whole address that opens a wall without an account; empty where none does."""
    token = token_of(wall) if wall is not None else ""
    return request.build_absolute_uri(reverse("wall-link", kwargs={"token": token})) if token else ""
