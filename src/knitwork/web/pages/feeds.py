"""Where the records come from: what came, what was rejected and why, how old it is."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.web import fresh, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source

SHOWN_REJECTS = 200


@needs("read")
def feeds(request: HttpRequest) -> HttpResponse:
    """Show every feed, its deliveries and the rows that were refused."""
    source = with_answers(request)
    states = source.answers.feeds()
    rejects = source.answers.rejects(limit=500)
    by_rule = Counter((r["feed"], r["rule"]) for r in rejects)
    # A refused row's message quotes its values, which may name a patient.
    sees_rows = may(request.user, "patients")
    if sees_rows and rejects:
        with transaction.atomic():
            record(
                by=request.user,  # type: ignore[arg-type]
                action="read rejected rows",
                about="rejects of all feeds",
                detail={"rows": min(len(rejects), SHOWN_REJECTS)},
            )
    context = {
        "feeds": [feed_view(state, source) for state in states],
        "deliveries": [
            delivery
            | {name: say.count(delivery[name]) for name in ("taken", "rejected")}
            | {"received": moment(delivery["received_at"], source.tz)}
            for delivery in source.answers.deliveries()
        ],
        "rules": [
            {"feed": feed, "rule": str(rule).replace("_", " "), "rows": say.count(n)}
            for (feed, rule), n in by_rule.most_common()
        ],
        "rejects": rejects[:SHOWN_REJECTS] if sees_rows else [],
        "rejected": say.count(sum(state.rejected for state in states)),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "made_at": moment(source.answers.made_at, source.tz),
        "generation": source.answers.generation,
    }
    return render(request, "pages/feeds.html", context)


def moment(text: str | None, tz: str) -> str:
    """Return an instant written as ISO text on the system's clock."""
    if not text:
        return "–"
    at = dt.datetime.fromisoformat(text)
    return say.moment(at if at.tzinfo else at.replace(tzinfo=dt.UTC), tz)


def feed_view(state: Any, source: Source) -> dict[str, Any]:
    """Return one feed with everything worth knowing about it in words."""
    tz, shifted = source.tz, state.calendar == "shifted"
    said = [fresh.view_of(state, source, timezone.now())] if not shifted else []
    if shifted:
        said.append(_("Dates were shifted for privacy: totals and durations only, no charts over time."))
    if not state.departures_recorded:
        said.append(_("Departure not recorded by this feed: waits between units cannot be told."))
    if state.zone_assumed:
        said.append(_("No time zone was given: UTC is assumed, so hours of the day may be off."))
    said += [sentence(note) for note in state.notes if not told_above(note)]
    said = [one for one in said if one]
    return {
        "feed": state.feed,
        "rows": say.count(state.rows),
        "deliveries": say.count(state.deliveries),
        "first": say.instant(state.first_us, tz),
        "last": say.instant(state.last_us, tz),
        "received": moment(state.received_at, tz),
        "rejected": say.count(state.rejected),
        "zone": _("UTC (assumed)") if state.zone_assumed else state.zone,
        "shifted": shifted,
        "said": said,
    }


def told_above(note: str) -> bool:
    """Say whether a note of a load only repeats what the page says of the feed in its own words."""
    return "shifted for privacy" in note or "no time zone was named" in note


def sentence(note: str) -> str:
    """Return a note of a load as a sentence."""
    return note[:1].upper() + note[1:] + ("" if note.endswith(".") else ".")
