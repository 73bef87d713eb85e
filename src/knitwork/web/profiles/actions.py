"""What people and commands do with profiles. Each act: one transaction, one audit event, and the home's own file."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.home.place import Place
from knitwork.home.profiles import feeds_with_profiles, keep_text, kept_text
from knitwork.intake.profile import parse_profile
from knitwork.model.errors import CannotDo
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.profiles.history import changed, versions
from knitwork.web.profiles.models import ProfileVersion

FIRST = "first load"
BY_HAND = "edited by hand"
# Who notices what a page finds in the home: whoever opened the page wrote nothing.
NOBODY = "the home folder"


def notice(place: Place, feed: str, *, by: Actor) -> ProfileVersion | None:
    """Make what stands in a feed's file the latest version, if it is none yet; return the latest.

    Who wrote the file is not known: `by` only noticed it.
    """
    text = kept_text(place, feed)
    with transaction.atomic():
        latest = next(iter(versions(feed)), None)
        if text is None or (latest is not None and latest.text == text):
            return latest
        return _write(feed, text, latest, said_by="", why=BY_HAND if latest else FIRST, by=by)


def notice_all(place: Place, *, by: Actor) -> None:
    """Notice every profile that was written or edited since somebody last looked; one event for each."""
    for feed in feeds_with_profiles(place):
        notice(place, feed, by=by)


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
        latest = notice(place, feed, by=NOBODY)
        if (latest.number if latest else 0) != based_on:
            raise CannotDo(
                _(
                    "Somebody else changed how %(feed)s is read since you opened the page: look at the new version first."
                )
                % {"feed": feed}
            )
        if latest is not None and latest.text == text:
            raise CannotDo(_("That is what the profile says already: nothing was changed."))
        made = _write(feed, text, latest, said_by=actor_name(by), why=why.strip()[:400], by=by)
        keep_text(place, feed, text)
    return made


def _write(feed: str, text: str, latest: ProfileVersion | None, *, said_by: str, why: str, by: Actor) -> ProfileVersion:
    """Write a version and its event. Inside the act's transaction."""
    number = latest.number + 1 if latest else 1
    made = ProfileVersion.objects.create(
        feed=feed, number=number, text=text, said_by=said_by, said_at=timezone.now(), why=why
    )
    detail = {"version": number, "why": why, "changed": list(changed(latest.text if latest else "", text))}
    record(by=by, action="profile", about=f"feed {feed}", detail=detail)
    return made
