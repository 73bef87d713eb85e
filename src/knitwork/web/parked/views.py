"""The messages of a live feed that wait for a person, and the page of one of them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home.place import Place
from knitwork.home.streams import messages_of
from knitwork.intake.messages import Stored
from knitwork.model.errors import CannotDo
from knitwork.web import delivered, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.parked import actions, reasons
from knitwork.web.parked.words import segments, text_of
from knitwork.web.source import source

# So many of one reason are listed; the others are counted.
SHOWN = 50
WAITS = ("parked", "dead")


def home() -> Place:
    """Return the home whose messages these are."""
    return Place(settings.HOME)


@needs("read")
def parked(request: HttpRequest, feed: str) -> HttpResponse:
    """List what waits, by reason, and read all of one reason again; nothing here tells of a patient."""
    store = messages_of(home())
    if feed not in store.feeds():
        raise Http404(feed)
    sees = may(request.user, "patients")
    if request.method == "POST":
        if not sees:
            raise PermissionDenied
        counted, waiting = actions.replay_alike(home(), feed, request.POST.get("reason", ""), by=request.user)  # type: ignore[arg-type]
        messages.success(request, replayed_words(counted, waiting))
        return redirect("parked", feed=feed)
    waits = store.parked(feed)
    states = store.counts()[feed]
    context = {
        "feed": feed,
        "sees": sees,
        "total": sum(states.get(state, 0) for state in WAITS),
        "groups": grouped(waits, source().tz),
        "idle": without_effect(feed),
    }
    return render(request, "pages/parked.html", context)


def replayed_words(counted: int, waiting: int) -> str:
    """Say what reading again brought."""
    said = ngettext("%(n)s message counts now.", "%(n)s messages count now.", counted) % {"n": counted}
    still = ngettext("%(n)s message still waits.", "%(n)s messages still wait.", waiting) % {"n": waiting}
    return f"{said} {still}" if waiting else said


def grouped(waits: list[Stored], tz: str) -> list[dict[str, Any]]:
    """Return the waiting messages by their reason, the most first."""
    alike = [
        list(group) for _reason, group in groupby(sorted(waits, key=lambda w: (w.reason, w.seq)), lambda w: w.reason)
    ]
    return [
        {
            "reason": group[0].reason,
            "why": reasons.said(group[0].reason),
            "rule": rule_words(group[0]),
            "n": len(group),
            "rows": [
                {"seq": one.seq, "came": say.instant(one.came_us, tz), "type": one.type or "–"} for one in group[:SHOWN]
            ],
            "more": max(0, len(group) - SHOWN),
        }
        for group in sorted(alike, key=len, reverse=True)
    ]


def without_effect(feed: str) -> list[dict[str, Any]]:
    """Return the messages of a live feed that were read and had no effect, by why, the most first."""
    here = source()
    why, store = delivered.why_parked(), messages_of(home())
    told = [] if here.answers is None else here.answers.rejects(feed, None)
    alike: dict[str, list[str]] = {}
    for row in told:
        if row["rule"] in why:
            alike.setdefault(row["rule"], []).append(str(row["delivery"]))
    found = []
    for rule, deliveries in sorted(alike.items(), key=lambda pair: -len(pair[1])):
        # A message of a live feed stands under its own hash; one of a file under the file's.
        some = [one for one in (store.find(name, feed) for name in deliveries[:SHOWN]) if one is not None]
        rows = [{"seq": one.seq, "came": say.instant(one.came_us, here.tz), "type": one.type or "–"} for one in some]
        found.append({"why": why[rule], "n": len(deliveries), "rows": rows, "more": len(deliveries) - len(rows)})
    return found


def rule_words(one: Stored) -> str:
    """Say in plain words by which rule a message waits."""
    return delivered.rule_names().get(one.rule, _("it could not be read"))


def found(feed: str, seq: int) -> Stored | None:
    """Return a message of a feed by its place in the order of coming."""
    rows = messages_of(home()).since(seq - 1, 1, feed) if seq > 0 else []
    return rows[0] if rows and rows[0].seq == seq else None


@needs("patients")
def message(request: HttpRequest, feed: str, seq: int) -> HttpResponse:
    """Show one message and take a correction, a reading again or a setting aside. The reading is written down."""
    one = found(feed, seq)
    refused = ""
    if request.method == "POST":
        if one is None or one.state not in WAITS:
            messages.warning(request, _("Somebody answered this message before you: nothing of yours was changed."))
            return redirect("parked", feed=feed)
        try:
            messages.success(request, acted(request, one))
            return redirect("parked", feed=feed)
        except CannotDo as cannot:
            refused = reasons.answered(str(cannot))
    if one is None or (one.state not in WAITS and one.decided_by is None):
        raise Http404(str(seq))
    with transaction.atomic():
        record(by=request.user, action="read a message", about=f"message {seq} of {feed}")  # type: ignore[arg-type]
    context = shown(one) | {"refused": refused}
    if refused:
        context["text"] = request.POST.get("text", context["text"])
    return render(request, "pages/parked_message.html", context, status=422 if refused else 200)


def acted(request: HttpRequest, one: Stored) -> str:
    """Do what was asked for, and say what was done."""
    by: Any = request.user
    act = request.POST.get("act")
    if act == "dismiss":
        actions.dismiss(home(), one, request.POST.get("why", "").strip(), by=by)
        return _("The message was set aside. It is kept.")
    if act == "replay":
        actions.replay(home(), one, by=by)
    else:
        actions.correct(home(), one, request.POST.get("text", ""), by=by)
    return _("The message counts now. What came first is kept.")


def shown(one: Stored) -> dict[str, Any]:
    """Return what the page of one message says."""
    tz = source().tz
    return {
        "feed": one.feed,
        "seq": one.seq,
        "reason": reasons.said(one.reason),
        "rule": rule_words(one),
        "came": say.instant(one.came_us, tz),
        "type": one.type or "",
        "segments": segments(one.payload, one.reason),
        "text": text_of(one.payload),
        "waits": one.state in WAITS,
        "by": one.decided_by or "",
        "at": "" if one.decided_us is None else say.instant(one.decided_us, tz),
        "why": one.decided_why or "",
    }
