"""Help inside the application, offline: the manual's pages, a search through them, and what belongs to a page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from knitwork.web import manual
from knitwork.web.accounts.access import needs

# What somebody on a page most likely wants to read about; other pages offer how to read a chart.
ABOUT = {
    "feeds": "how-to/load-last-nights-extract",
    "feed": "how-to/when-a-feed-changes",
    "feed-rule": "reference/data-quality",
    "load": "how-to/load-last-nights-extract",
    "setup": "how-to/name-and-nest-units",
    "parked": "how-to/correct-a-parked-message",
    "parked-message": "how-to/correct-a-parked-message",
    "units-setup": "how-to/name-and-nest-units",
    "codes": "how-to/map-a-feed",
    "profiles": "how-to/map-a-feed",
    "profile": "how-to/map-a-feed",
    "profile-version": "how-to/map-a-feed",
    "wall": "how-to/hang-a-wall",
    "wall-made": "how-to/hang-a-wall",
    "walls": "how-to/hang-a-wall",
    "wall-new": "how-to/hang-a-wall",
    "wall-arrange": "how-to/hang-a-wall",
    "rules": "how-to/move-limits",
    "notes": "how-to/move-limits",
    "patients": "how-to/merge-patients",
    "patient": "background/definitions",
    "understand": "how-to/read-a-chart",
    "measure": "how-to/answer-a-doubted-number",
    "funnel": "reference/funnels",
    "summary": "how-to/look-first",
    "measure-units": "how-to/look-first",
    "first-look": "how-to/look-first",
    "change": "how-to/look-first",
    "behind": "how-to/answer-a-doubted-number",
    "measures": "reference/measures",
    "handoffs": "background/definitions",
    "pair": "background/definitions",
    "pair-behind": "background/definitions",
    "journey-patients": "background/definitions",
    "journeys": "background/definitions",
}
USUAL = "how-to/read-a-chart"
LONGEST_SEARCH = 200


def about(url_name: str) -> str:
    """Return the page of the manual that belongs to a page of the application."""
    return ABOUT.get(url_name, USUAL)


@needs("read")
def index(request: HttpRequest) -> HttpResponse:
    """Show the manual's first page, or the places that hold the words looked for."""
    asked = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    context = {"asked": asked, "found": manual.search(asked), "page": manual.page("index")}
    return render(request, "pages/help.html", context)


@needs("read")
def page(request: HttpRequest, path: str) -> HttpResponse:
    """Show one page of the manual."""
    known = manual.page(path)
    if known is None:
        raise Http404(path)
    parts = [s for s in known.sections[1:] if s.heading] if len(known.sections) > 4 else []
    return render(request, "pages/help.html", {"asked": "", "page": known, "parts": parts})


@needs("read")
def picture(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """Give a picture of the manual."""
    file = manual.picture(name)
    if file is None:
        raise Http404(name)
    return HttpResponse(file.read_bytes(), content_type="image/png")
