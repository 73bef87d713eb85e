"""What a person does with a message that waits: every act is in the audit log, by its number and never by what it holds."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from knitwork.home.place import Place
from knitwork.home.streams import messages_of, reader_of
from knitwork.intake.messages import Stored
from knitwork.model.errors import CannotDo
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.parked.words import payload_of


def correct(place: Place, one: Stored, text: str, *, by: Actor) -> Stored:
    """Store a corrected copy, which counts from now on; the original stays beside it."""
    payload = payload_of(text, one.payload)
    return _acted("corrected a message", one, by, {}, lambda: messages_of(place).correct(
        one.message, payload, actor_name(by), timezone.now(), read=reader_of(place), feed=one.feed
    ))  # fmt: skip


def dismiss(place: Place, one: Stored, why: str, *, by: Actor) -> Stored:
    """Set a message aside for good, with a reason."""
    return _acted("set a message aside", one, by, {"why": why}, lambda: messages_of(place).dismiss(
        one.message, actor_name(by), why, timezone.now(), feed=one.feed
    ))  # fmt: skip


def replay(place: Place, one: Stored, *, by: Actor) -> Stored:
    """Read a message again by the profile as it is now."""
    return _acted("read a message again", one, by, {}, lambda: messages_of(place).replay(
        one.message, actor_name(by), timezone.now(), read=reader_of(place), feed=one.feed
    ))  # fmt: skip


def replay_alike(place: Place, feed: str, reason: str, *, by: Actor) -> tuple[int, int]:
    """Read every waiting message of one reason again; return how many count now and how many still wait."""
    counted = waiting = 0
    for one in messages_of(place).parked(feed):
        if one.reason != reason:
            continue
        try:
            replay(place, one, by=by)
            counted += 1
        except CannotDo:
            waiting += 1
    return counted, waiting


def _acted(action: str, one: Stored, by: Actor, detail: dict[str, str], act: Callable[[], Stored]) -> Stored:
    """Write the act down and do it: where it cannot be done, nothing is written."""
    with transaction.atomic():
        record(by=by, action=action, about=f"message {one.seq} of {one.feed}", detail=detail)
        return act()
