"""The walls as they hang: a unit's own, those that people made, and those that a link opens."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from knitwork.web import fresh, present
from knitwork.web.accounts.access import by_link, may, needs
from knitwork.web.pages.around import Names, exists
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source
from knitwork.web.walls.links import token_of, wall_of
from knitwork.web.walls.models import Wall
from knitwork.web.walls.render import Wanted, inside_of, title_of
from knitwork.web.walls.strips import Strip, strip_of

SECONDS = 20
# Where a wall's inside leaves room for what is live (inside.html).
PLACE = '<div class="live-strip" data-strip></div>'
# What the stream is allowed to show, from the view that asked to the stream itself (`live.py`); never sent to a browser.
WALL_HEADER = "X-Knitwork-Wall"


@needs("read")
def wall(request: HttpRequest, code: str) -> HttpResponse:
    """Show a unit's own wall: signals first, nothing about a single patient."""
    asked = request.GET.get("period")
    period = next((one for one in present.PERIODS if one == asked), "")
    wanted = Wanted(code, period=period)
    live = reverse("live") + "?" + urlencode({"unit": code} | ({"period": period} if period else {}))
    return hang(request, wanted, live=live, seconds=SECONDS)


@needs("read")
def made(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a wall that people made, to somebody who is signed in."""
    kept = standing(code, number)
    live = reverse("live") + "?" + urlencode({"unit": code, "wall": number})
    return hang(request, Wanted(code, wall=number), live=live, seconds=kept.seconds, wall_name=kept.name)


@by_link
def linked(request: HttpRequest, token: str) -> HttpResponse:
    """Show the wall that a link opens, to whoever has the link."""
    kept = wall_of(token)
    if kept is None:
        return closed(request)
    live = reverse("live-link", kwargs={"token": token})
    wanted = Wanted(kept.unit, wall=kept.pk, linked=True)
    response = hang(request, wanted, live=live, seconds=kept.seconds, wall_name=kept.name)
    # The address is the key: it goes to no other page, ours or another's.
    response["Referrer-Policy"] = "no-referrer"
    return response


def closed(request: HttpRequest) -> HttpResponse:
    """Say that a link opens nothing, the same whether it never did or no longer does."""
    sentence = _("This link opens no wall. The unit's lead can give a new one.")
    return render(request, "walls/closed.html", {"sentence": sentence, "language_back": reverse("system")}, status=404)


def hang(request: HttpRequest, wanted: Wanted, *, live: str, seconds: int, wall_name: str = "") -> HttpResponse:
    """Answer with a whole wall."""
    source = with_answers(request)
    strip = strip_of(source, wanted)
    inside = inside_of(source, wanted, page=page_of(request), live=strip is not None)
    stale = inside.is_stale(fresh.us_of(timezone.now()))
    name = Names(source).name(wanted.unit)
    context: dict[str, Any] = {
        "title": title_of(name, wall_name),
        # Made by our own template, which escapes every name in it.
        "inside": mark_safe(inside.html.replace(PLACE, placed(strip))),  # noqa: S308
        "strip": strip.tag if strip else "",
        "tag": inside.tag,
        "stale": stale,
        "live": live,
        "seconds": seconds,
        "tz": source.tz,
        "unit": wanted.unit,
        "linked": wanted.linked,
    }
    return render(request, "walls/wall.html", context)


def placed(strip: Strip | None) -> str:
    """Return the place of what is live, filled as it is when the page is opened; events fill it from then on."""
    return PLACE if strip is None else PLACE.replace("></", f">{strip.html}</")


def page_of(request: HttpRequest) -> int:
    """Return the page asked for; the first where none or no number is."""
    asked = request.GET.get("page", "1")
    return min(int(asked), 99) if asked.isascii() and asked.isdigit() else 1


def standing(code: str, number: int) -> Wall:
    """Return a wall of a unit that nobody has taken down, or answer that there is none."""
    kept = Wall.objects.filter(pk=number, unit=code, removed=False).first()
    if kept is None:
        raise Http404(code)
    return kept


@needs("read")
def live(request: HttpRequest) -> HttpResponse:
    """Say which wall this person may follow; the stream asks here before it begins, and again while it lasts."""
    source = with_answers(request)
    code, number = request.GET.get("unit") or source.answers.registry.roots()[0], request.GET.get("wall", "")
    period = next((one for one in present.PERIODS if one == request.GET.get("period")), "")
    if number:
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            raise Http404(number)
        return allowed(request, source, Wanted(code, wall=standing(code, int(number)).pk))
    if request.GET.get("page") == "today":
        return allowed(request, source, Wanted(code, page="today", whole=may(request.user, "patients")))
    return allowed(request, source, Wanted(code, period=period))


@by_link
def live_link(request: HttpRequest, token: str) -> HttpResponse:
    """Say which wall a link may follow."""
    kept = wall_of(token)
    if kept is None:
        raise Http404(token)
    return allowed(request, with_answers(request), Wanted(kept.unit, wall=kept.pk, linked=True))


def allowed(request: HttpRequest, source: Source, wanted: Wanted) -> HttpResponse:
    """Answer with the wall that may be followed."""
    if not exists(source.answers.registry, wanted.unit):
        raise Http404(wanted.unit)
    # Staying is no act of a person: a screen that listens must not keep a session from ending.
    del request.session
    response = HttpResponse(content_type="text/plain; charset=utf-8")
    response[WALL_HEADER] = json.dumps(asdict(wanted))
    return response


def links_of(code: str, account: object) -> list[dict[str, Any]]:
    """Return the walls of a unit as a list, each with where it hangs and, for a lead, the link that opens it."""
    lead = may(account, "walls")
    found = []
    for one in Wall.objects.filter(unit=code, removed=False):
        where = {"code": code, "number": one.pk}
        token = token_of(one)
        found.append({
            "name": one.name,
            "number": one.pk,
            "address": reverse("wall-made", kwargs=where),
            "arrange": reverse("wall-arrange", kwargs=where),
            "link": reverse("wall-link", kwargs={"token": token}) if lead and token else "",
            "open": bool(token),
            "by_itself": not one.items,
            "pictures": len(one.items),
        })  # fmt: skip
    return found
