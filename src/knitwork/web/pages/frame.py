"""What stands round every page: the name, the ways in, and how old the records are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.web.accounts.access import may
from knitwork.web.fresh import freshness
from knitwork.web.pages.help import about
from knitwork.web.say import moment
from knitwork.web.source import Source, source
from knitwork.web.units.codes import aliases

# Which way in an address belongs to. Improve and Redesign join when they exist.
TODAY = {
    "system",
    "first-look",
    "unit",
    "wall",
    "walls",
    "wall-new",
    "wall-arrange",
    "wall-made",
    "setup",
    "units-setup",
    "codes",
    "rules",
    "notes",
}

# What an address calls the code of a unit.
CODES = ("code", "sender", "receiver")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template shows on every page; to people who may not read, only the name."""
    match = request.resolver_match
    here = (match.url_name if match else None) or ""
    found: dict[str, Any] = {
        "ways": [],
        "system_name": "Knitwork",
        "may_set_up": may(request.user, "set_up"),
        "may_see_patients": may(request.user, "patients"),
    }
    if not may(getattr(request, "user", None), "read"):
        return found
    try:
        known = of(request)
    except CannotDo:
        # The page says why in its own sentence; what stands round it must not fail for the same reason.
        return found
    ways = [
        {"name": _("Today"), "address": reverse("system"), "here": here in TODAY},
        {"name": _("Understand"), "address": reverse("handoffs"), "here": here not in TODAY},
    ]
    return found | {
        "ways": ways,
        "system_name": known.name,
        "freshness": freshness(known, timezone.now()),
        "known_by": _known_by(known),
        "url_name": here,
        "help_page": about(here),
    }


def _known_by(known: Source) -> str:
    """Say of which moment the numbers are, where they were derived as of an earlier one."""
    then = known.answers.known_by if known.answers else ""
    return moment(dt.datetime.fromisoformat(then), known.tz) if then else ""


def of(request: HttpRequest) -> Source:
    """Return what this request reads: one generation, opened once for the whole page."""
    if not hasattr(request, "_knitwork_source"):
        request._knitwork_source = source()  # type: ignore[attr-defined]
    kept: Source = request._knitwork_source  # type: ignore[attr-defined]
    return kept


def with_answers(request: HttpRequest) -> Source:
    """Return what this request reads, or say that nothing has been loaded yet."""
    known = of(request)
    if known.answers is None:
        raise CannotDo(
            _("No records are loaded yet: `knitwork load FILE` takes a file of stays in, then `knitwork refresh`.")
        )
    return known


def refusal(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    """Say why there is no page; what was asked for is not said again, not even by the form that changes the language."""
    return render(
        request, "pages/cannot.html", {"sentence": sentence, "language_back": reverse("system")}, status=status
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Say that this account may not see the page."""
    sentence = _("This account may not see that. An owner of this system can give it a role that does.")
    return refusal(request, sentence, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Say that there is no such page; lead to a unit's page where an old code of it was asked for."""
    if moved := of_old_codes(request):
        return redirect(moved)
    sentence = _("There is no such page here. The list of units is the place to start.")
    return refusal(request, sentence, status=404)


def of_old_codes(request: HttpRequest) -> str:
    """Return the address asked for with every code that means another unit put right; empty where there is none."""
    match = request.resolver_match
    if request.method != "GET" or match is None or not may(request.user, "read"):
        return ""
    known = aliases()
    now = {name: known.get(word, word) if name in CODES else word for name, word in match.kwargs.items()}
    if now == match.kwargs:
        return ""
    query = request.META.get("QUERY_STRING", "")
    return reverse(match.view_name, kwargs=now) + (f"?{query}" if query else "")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Say that a form was sent without its token: it lay open too long, or cookies are off."""
    sentence = _("This form could not be taken: it lay open too long, or the browser keeps no cookies. Open it again.")
    return refusal(request, sentence, status=403)


BROKEN = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Something failed · Knitwork</title>
<link rel="stylesheet" href="/static/knitwork/knitwork.css">
</head>
<body>
<header class="head"><p class="system"><a href="/">Knitwork</a></p></header>
<main id="main">
<h1>Something failed here</h1>
<p class="lead">It was written to the log. Go back and try again.</p>
<p>If it fails again, <code>knitwork doctor</code> looks at the home folder and says what to do.</p>
</main>
</body>
</html>
"""


def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Say that something failed, with no template and no number that could fail as well."""
    return HttpResponse(BROKEN, status=500)
