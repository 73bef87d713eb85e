"""Where the records come from: what came, what was rejected and why, how old it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home.lateness import Brought
from knitwork.web import delivered, fresh, notes, quality, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.kept import kept
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source

SHOWN_REJECTS = 200
# Deliveries of one feed that are told in sentences, and of all feeds that stand in the table.
TOLD_DELIVERIES = 3
SHOWN_DELIVERIES = 60


@needs("read")
def feeds(request: HttpRequest) -> HttpResponse:
    """Show every feed, what its deliveries brought and changed, and the rows that were refused."""
    source = with_answers(request)
    states = source.answers.feeds()
    rejects = source.answers.rejects(limit=SHOWN_REJECTS)
    counted = kept(source, "reject counts", source.answers.reject_counts)
    brought = kept(source, "brought", source.answers.brought)
    # A refused row's message quotes its values, which may name a patient.
    sees_rows = may(request.user, "patients")
    if sees_rows and rejects:
        with transaction.atomic():
            record(
                by=request.user,  # type: ignore[arg-type]
                action="read rejected rows",
                about="rejects of all feeds",
                detail={"rows": len(rejects)},
            )
    last = delivered.last_one(brought)
    # Where no delivery is told of, a live feed may have set rows aside all the same.
    refused = sum(one.refused for one in brought) or sum(state.rejected for state in states)
    idle = kept(source, "without effect", source.answers.without_effect)
    names = delivered.rule_names()
    context = {
        "feeds": [feed_view(state, source, [b for b in brought if b.feed == state.feed]) for state in states],
        "last_change": delivered.last_change(last) if last else "",
        "waiting": [{"feed": feed, "said": waiting_words(feed, n)} for feed, n in waiting(source).items()],
        "linked": delivered.linked(kept(source, "links", lambda: len(source.answers.links()))),
        "deliveries": [row_of(one, source.tz) for one in brought[:SHOWN_DELIVERIES]],
        "more_deliveries": say.count(max(0, len(brought) - SHOWN_DELIVERIES)),
        "rules": [
            {"feed": one["feed"], "rule": delivered.rule_name(one["rule"], names), "rows": say.count(one["rows"])}
            for one in counted
        ],
        "rejects": [refused_row(one) for one in rejects] if sees_rows else [],
        "more_rejects": say.count(max(0, sum(one["rows"] for one in counted) - len(rejects))),
        "refused": refused,
        "idle": delivered.without_effect(idle),
        "rejected": say.count(refused),
        "partly": part_words(sum(one.partly for one in brought)),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "made_at": moment(source.answers.made_at, source.tz),
        "generation": source.answers.generation,
    }
    return render(request, "pages/feeds.html", context)


def waiting(source: Source) -> dict[str, int]:
    """Count the messages that wait for a person, by feed; feeds of which none waits are not there."""
    counts = {} if source.live is None else source.live.messages.counts()
    waits = {feed: states.get("parked", 0) + states.get("dead", 0) for feed, states in sorted(counts.items())}
    return {feed: n for feed, n in waits.items() if n}


def waiting_words(feed: str, count: int) -> str:
    """Say how many messages of a feed wait."""
    text = ngettext(
        "%(n)s message of %(feed)s waits to be corrected.", "%(n)s messages of %(feed)s wait to be corrected.", count
    )
    return text % {"n": say.count(count), "feed": feed}


def part_words(many: int) -> str:
    """Say of how many rows only some of what they tell could be used; empty where of none."""
    text = ngettext("Of %(n)s more only a part could be used.", "Of %(n)s more only a part could be used.", many)
    return text % {"n": say.count(many)} if many else ""


def refused_row(one: dict[str, Any]) -> dict[str, Any]:
    """Return a refused row with its field and its reason in words."""
    return one | {"field": notes.field_name(str(one["field"])), "message": notes.refused(str(one["message"] or ""))}


def row_of(one: Brought, tz: str) -> dict[str, str]:
    """Return one delivery as a row of the table of all of them."""
    numbers = {name: say.count(getattr(one, name)) for name in ("new", "known", "late", "refused")}
    return {"name": delivered.name_of(one), "feed": one.feed, "received": moment(one.received_at, tz)} | numbers


def moment(text: str | None, tz: str) -> str:
    """Return an instant written as ISO text on the system's clock."""
    if not text:
        return "–"
    at = dt.datetime.fromisoformat(text)
    return say.moment(at if at.tzinfo else at.replace(tzinfo=dt.UTC), tz)


def feed_view(state: Any, source: Source, brought: list[Brought]) -> dict[str, Any]:
    """Return one feed with everything worth knowing about it in words, and its newest deliveries."""
    tz, shifted = source.tz, state.calendar == "shifted"
    said = [fresh.view_of(state, source, timezone.now())] if not shifted else []
    if shifted:
        said.append(_("Dates were shifted for privacy: totals and durations only, no charts over time."))
    if not state.departures_recorded:
        said.append(_("Departure not recorded by this feed: waits between units cannot be told."))
    if state.zone_assumed:
        said.append(_("No time zone was given: UTC is assumed, so hours of the day may be off."))
    begun = source.answers.beginnings.get(state.feed)
    if begun is not None and begun.earlier and not shifted:
        said.append(delivered.earlier(begun.earlier, begun.day))
    said += [delivered.sentence(note) for note in state.notes if not delivered.is_said(note)]
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
        "wrong": [
            *quality.alarms(source, timezone.now(), [state.feed]),
            *quality.told_twice(source, state.feed),
            *quality.quality_notes(source, [state.feed]),
        ],
        "said": [one for one in said if one],
        "brought": [
            {
                "name": delivered.name_of(one),
                "received": moment(one.received_at, tz),
                "said": delivered.sentences(one, tz),
            }
            for one in brought[:TOLD_DELIVERIES]
        ],
    }
