"""Write an act down, and check that nothing written was changed since."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from knitwork.web.audit.models import AuditEvent

FIRST = "0" * 64
Actor = AbstractBaseUser | str


def actor_name(by: Actor) -> str:
    """Return the name an act is written under: an account's, or a program's."""
    return by if isinstance(by, str) else by.get_username()


def record(*, by: Actor, action: str, about: str, detail: dict[str, Any] | None = None) -> AuditEvent:
    """Add one event to the chain. Call it inside the transaction of the act itself."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit event is written in the transaction of its act")
    last = AuditEvent.objects.order_by("-id").values_list("hash", flat=True).first()
    event = AuditEvent(
        at=timezone.now(),
        actor=actor_name(by),
        action=action,
        about=about,
        detail=detail or {},
        previous_hash=last or FIRST,
    )
    event.hash = digest(event)
    event.save(force_insert=True)
    return event


def digest(event: AuditEvent) -> str:
    """Return the SHA-256 of an event and its predecessor's hash."""
    at = event.at.astimezone(dt.timezone.utc).isoformat(timespec="microseconds")  # noqa: UP017 - named as stored
    row = [event.previous_hash, at, event.actor, event.action, event.about, event.detail]
    return hashlib.sha256(json.dumps(row, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def broken_links() -> list[int]:
    """Return the ids of events whose hash or predecessor is not what it was. Reads the whole table."""
    bad: list[int] = []
    previous = FIRST
    for event in AuditEvent.objects.order_by("id").iterator():
        if event.previous_hash != previous or event.hash != digest(event):
            bad.append(event.pk)
        previous = event.hash
    return bad
