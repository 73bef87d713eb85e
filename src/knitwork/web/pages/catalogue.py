"""Every measure: what it means, what it needs, which units signal on it now, and what one more column would unlock."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from knitwork.web import glance, judging, needed, present
from knitwork.web.accounts.access import needs
from knitwork.web.pages.around import Names
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source

# So many units are named beside a measure; of the others it is said how many.
NAMED_UNITS = 4


@needs("read")
def measures(request: HttpRequest) -> HttpResponse:
    """Show the catalogue, the measures that these records allow first."""
    source = with_answers(request)
    can = needed.allowed(source)
    directions = {"up": _("more is better"), "down": _("less is better"), "neither": _("no direction is wanted")}
    signals = signalling(source)
    rows = []
    for measure, definition in source.measures.items():
        able, why_not, unlock = can.get(measure, (True, "", ""))
        rows.append({
            "definition": definition,
            "direction": directions[definition.direction],
            "able": able,
            "why_not": why_not,
            "unlock": unlock,
            "needs": needed.needs_of(definition),
            "signals": signals.get(measure, [])[:NAMED_UNITS],
            "more": max(len(signals.get(measure, [])) - NAMED_UNITS, 0),
        })  # fmt: skip
    context = {
        "able": [row for row in rows if row["able"]],
        "unable": [row for row in rows if not row["able"]],
        "count": len(rows),
        "top": source.answers.registry.roots()[0],
        "calendar": present.has_calendar(source),
    }
    return render(request, "pages/measures.html", context)


def signalling(source: Source) -> dict[str, list[dict[str, Any]]]:
    """Return for each measure the microsystems that signal on it now, the newest first, each with its chart."""
    registry, known = source.answers.registry, Names(source)
    period = judging.usual_period(source)
    found = glance.glance(source, period)
    new, longer = glance.changes_of(found, [code for code in found if registry.level_of(code) == "micro"])
    said: dict[str, list[dict[str, Any]]] = {}
    for change in [*new, *longer]:
        where = {"code": change.unit, "measure": change.definition.id}
        said.setdefault(change.definition.id, []).append({
            "name": known.name(change.unit),
            "address": reverse("measure", kwargs=where) + f"?period={period}",
            "verdict": change.verdict,
        })  # fmt: skip
    return said
