"""Codes of sources that mean one unit: what people said of them, and which codes are new since somebody looked."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.web.units.keep import known_unit
from knitwork.web.units.models import CodeMeaning, Look, Membership, Unit

GROUPS = ("mesosystem", "macrosystem")


def said() -> dict[str, CodeMeaning]:
    """Return the latest word about every code that means another unit now. One query."""
    latest = {one.code: one for one in CodeMeaning.objects.all()}
    return {code: one for code, one in latest.items() if one.means}


def aliases() -> dict[str, str]:
    """Return the unit of every code that means another one, through all the codes in between."""
    direct = {code: one.means for code, one in said().items()}
    return {code: _end(code, direct) for code in direct}


def _end(code: str, direct: dict[str, str]) -> str:
    at, seen = code, {code}
    while at in direct and direct[at] not in seen:
        at = direct[at]
        seen.add(at)
    return at


def check_same(code: str, means: str) -> None:
    """Refuse what could not be undone in anybody's head: a code of itself, a circle, or one of a group."""
    if not code or len(code) > 200:
        raise CannotDo(_("Write the code as it stands in the records, of 200 letters at most."))
    if code == means:
        raise CannotDo(_("“%(code)s” is itself already: choose the other unit that it means.") % {"code": code})
    if known_unit(means).kind in GROUPS:
        raise CannotDo(_("“%(code)s” is a group, in which no patient stays: choose a unit.") % {"code": means})
    direct = {one: word.means for one, word in said().items()}
    if _end(means, direct) == code:
        known = {"code": means, "other": code}
        raise CannotDo(_("“%(code)s” means “%(other)s” already: take that back first.") % known)
    if Membership.objects.filter(group__code=code).exists() or Unit.objects.filter(code=code, kind__in=GROUPS).exists():
        raise CannotDo(_("“%(code)s” holds other units: only a unit can be the same as another.") % {"code": code})


def last_look() -> dt.datetime | None:
    """Return when somebody last looked through the codes."""
    return Look.objects.order_by("-id").values_list("looked_at", flat=True).first()


def new_codes() -> set[str]:
    """Return the codes that records brought since the last look, and that nobody has said anything of."""
    since = last_look()
    found = Unit.objects.filter(noticed_at__isnull=False, kind_guessed=True)
    if since is not None:
        found = found.filter(noticed_at__gt=since)
    return set(found.values_list("code", flat=True)) - set(said())
