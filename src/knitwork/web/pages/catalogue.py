"""Every measure: what it means, what it needs, and what one more column would unlock."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from knitwork.web.accounts.access import needs
from knitwork.web.pages.frame import with_answers


@needs("read")
def measures(request: HttpRequest) -> HttpResponse:
    """Show the catalogue, the measures that these records allow first."""
    source = with_answers(request)
    can = source.answers.computable()
    directions = {"up": _("more is better"), "down": _("less is better"), "neither": _("no direction is wanted")}
    rows = []
    for measure, definition in source.measures.items():
        able, why_not, unlock = can.get(measure, (True, "", ""))
        rows.append({
            "definition": definition,
            "direction": directions[definition.direction],
            "able": able,
            "why_not": why_not,
            "unlock": unlock,
        })  # fmt: skip
    context = {
        "able": [row for row in rows if row["able"]],
        "unable": [row for row in rows if not row["able"]],
        "count": len(rows),
        "top": source.answers.registry.roots()[0],
    }
    return render(request, "pages/measures.html", context)
