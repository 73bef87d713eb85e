"""The ways patients take through the units, the most trodden first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from knitwork.web import say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.around import Names, place
from knitwork.web.pages.frame import with_answers

SHOWN_WAYS = 50


@needs("read")
def journeys(request: HttpRequest) -> HttpResponse:
    """Show the variants of journeys through the system, or through the unit asked for."""
    source = with_answers(request)
    code = request.GET.get("unit") or source.answers.registry.roots()[0]
    at = place(source, code)
    hide = not may(request.user, "patients")
    known = Names(source)
    ways = source.answers.variants(unit=code, level=at.level, limit=SHOWN_WAYS)
    rows = [
        {
            "steps": [known.name(step) for step in str(way["variant"]).split(" > ")],
            "journeys": small.shown_count(way.get("journeys"), hide=hide),
            "median": say.duration(None if way["median_h"] is None else way["median_h"] * 3600),
        }
        for way in ways
        if not (hide and small.is_small(way.get("journeys")))
    ]
    context = {"place": at, "rows": rows, "limit": SHOWN_WAYS, "hidden": len(ways) - len(rows)}
    return render(request, "pages/journeys.html", context)
