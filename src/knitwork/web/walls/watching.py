"""What the look-out looks at in a served home: whether the records changed, and how a wall looks then."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import Http404
from django.utils import translation

from knitwork.web.source import source
from knitwork.web.walls.render import Inside, Wanted, inside_of

MANIFEST = ("lake", "manifest.json")


def seen() -> object:
    """Return something that changes whenever the lake does: asks the disk only for the date of one file."""
    try:
        found = settings.HOME.joinpath(*MANIFEST).stat()
    except OSError:
        answers = source().answers
        return None if answers is None else answers.generation
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def make(wanted: Wanted, language: str) -> Inside | None:
    """Return the inside of a wall as it is now; None where it has been taken down or nothing is loaded."""
    try:
        with translation.override(language):
            known = source()
            return None if known.answers is None else inside_of(known, wanted)
    except Http404:
        return None
    finally:
        # This thread serves no request, so nothing else would close what it opened.
        connection.close()
