"""The walls as they hang: a unit's own, made by itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from knitwork.web import present, say
from knitwork.web.accounts.access import needs
from knitwork.web.pages.around import period_of, place
from knitwork.web.pages.frame import with_answers

WALL_CHARTS = 12


@needs("read")
def wall(request: HttpRequest, code: str) -> HttpResponse:
    """Show a unit's wall: at most twelve charts, signals first, nothing about a single patient."""
    source = with_answers(request)
    at = place(source, code)
    period = period_of(request, source)
    calendar = present.has_calendar(source)
    made = present.cards(source, code, period=period, size="wall", hide=True) if calendar else []
    cards = [card for card in made if not card.too_small]
    context = {
        "place": at,
        "cards": cards[:WALL_CHARTS],
        "too_small": [card.title for card in made if card.too_small],
        "count": min(len(cards), WALL_CHARTS),
        "chance": present.by_chance([card.evaluation for card in cards]) if cards else "",
        "of": len(cards),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "calendar": calendar,
        "totals": [] if calendar else present.totals(source, code, hide=True)[:WALL_CHARTS],
        "period": period,
    }
    return render(request, "pages/wall.html", context)
