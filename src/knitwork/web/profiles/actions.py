"""What people and commands do with profiles. Each act: one transaction, one audit event, and the home's own file."""

from __future__ import annotations

import difflib

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.home.place import Place
from knitwork.home.profiles import changed_keys, feeds_with_profiles, keep_text, kept_text
from knitwork.intake.profile import parse_profile
from knitwork.model.errors import BadDefinition, CannotDo
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.profiles.models import ProfileVersion

FIRST = "first load"
BY_HAND = "edited by hand"
NOBODY = "the home folder"


def versions(feed: str) -> list[ProfileVersion]:
    """Return every version of a feed's profile, the newest first."""
    return list(ProfileVersion.objects.filter(feed=feed).order_by("-number"))


def notice(place: Place, feed: str) -> ProfileVersion | None:
    """Make what stands in a feed's file the latest version, if it is none yet; return the latest."""
    text = kept_text(place, feed)
    with transaction.atomic():
        latest = ProfileVersion.objects.filter(feed=feed).order_by("-number").first()
        if text is None or (latest is not None and latest.text == text):
            return latest
        return _write(feed, text, latest, by="", why=BY_HAND if latest else FIRST)


def notice_all(place: Place) -> None:
    """Notice every profile that was written or edited since somebody last looked."""
    for feed in feeds_with_profiles(place):
        notice(place, feed)


def save_profile(place: Place, *, feed: str, text: str, why: str, based_on: int, by: Actor) -> ProfileVersion:
    """Make a text a feed's profile: checked as the file is, a new version, and the file itself; all or nothing.

    `based_on` is the version that was seen when it was written (0 for none): where another came since, this one is
    refused and nothing is lost.
    """
    text = text.replace("\r\n", "\n")
    parse_profile(text, source=_("the profile of %(feed)s") % {"feed": feed})
    if not why.strip():
        raise CannotDo(_("Say why in a few words: the next person will ask."))
    with transaction.atomic():
        latest = notice(place, feed)
        if (latest.number if latest else 0) != based_on:
            raise CannotDo(
                _(
                    "Somebody else changed how %(feed)s is read since you opened the page: look at the new version first."
                )
                % {"feed": feed}
            )
        if latest is not None and latest.text == text:
            raise CannotDo(_("That is what the profile says already: nothing was changed."))
        made = _write(feed, text, latest, by=by, why=why.strip()[:400])
        keep_text(place, feed, text)
    return made


def _write(feed: str, text: str, latest: ProfileVersion | None, *, by: Actor, why: str) -> ProfileVersion:
    """Write a version and its event. Inside the act's transaction."""
    number = latest.number + 1 if latest else 1
    made = ProfileVersion.objects.create(
        feed=feed, number=number, text=text, said_by=actor_name(by), said_at=timezone.now(), why=why
    )
    detail = {"version": number, "why": why, "changed": list(_changed(latest.text if latest else "", text))}
    record(by=by or NOBODY, action="profile", about=f"feed {feed}", detail=detail)
    return made


def _changed(before: str, after: str) -> tuple[str, ...]:
    try:
        return changed_keys(parse_profile(before, source="before"), parse_profile(after, source="after"))
    except BadDefinition:
        # A file that was broken by hand is a version too: it shows what was wrong, and is refused where it is read.
        return ()


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines that a version changed: ("-", line) gone, ("+", line) come, in the order of the text."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [(line[0], line[1:]) for line in list(lines)[2:] if line[0] in "+-"]


def who_set(feed: str) -> dict[str, ProfileVersion]:
    """Return, for each key that was ever changed after the first version, the version that set it last."""
    found: dict[str, ProfileVersion] = {}
    before: ProfileVersion | None = None
    for version in ProfileVersion.objects.filter(feed=feed).order_by("number"):
        if before is not None:
            found |= dict.fromkeys(_changed(before.text, version.text), version)
        before = version
    return found
