"""What the versions of a profile tell: which there are, what each changed, and who said a key last."""

from __future__ import annotations

import difflib

from knitwork.home.profiles import changed_keys
from knitwork.intake.profile import parse_profile
from knitwork.model.errors import BadDefinition
from knitwork.web.profiles.models import ProfileVersion


def versions(feed: str) -> list[ProfileVersion]:
    """Return every version of a feed's profile, the newest first."""
    return list(ProfileVersion.objects.filter(feed=feed).order_by("-number"))


def changed(before: str, after: str) -> tuple[str, ...]:
    """Return the keys in which two texts of a profile differ; none where one of them is broken."""
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
            found |= dict.fromkeys(changed(before.text, version.text), version)
        before = version
    return found
