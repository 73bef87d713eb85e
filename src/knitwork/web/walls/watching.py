"""What the look-out looks at in a served home: whether the records changed, and how a wall looks then."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import connection
from django.http import Http404
from django.utils import translation

from knitwork.web.charts.decided import turns
from knitwork.web.pages.around import Names
from knitwork.web.source import Source, lake_edition, source
from knitwork.web.walls.render import Inside, Wanted, inside_of
from knitwork.web.walls.strips import Strip, live_feeds, strip_of

# What the walls of one generation were made from: what one asked the records, the next need not ask again.
_source: list[Source] = []


# Of the manifest that was read last: its edition, and what the derived tables were then.
_derived: list[tuple[object, object]] = []


def seen() -> object:
    """Return something that changes whenever the derived tables do, or somebody decides about a chart.

    Messages that land are no news for charts until they are derived. Asks the disk only for the date of one file, and
    reads it where that changed.
    """
    edition = lake_edition()
    if edition is None:
        answers = source().answers
        return None if answers is None else (answers.generation, turns())
    if not _derived or _derived[0][0] != edition:
        answers = source().answers
        manifest = None if answers is None else answers.manifest
        # A copy of the lake that is put back may bear the same number as another, but never the same files.
        made = manifest and (manifest.derived_generation, tuple(file.name for file in manifest.of("cell")))
        _derived[:] = [(edition, made)]
    return (_derived[0][1], turns())


def make(wanted: Wanted, language: str) -> Inside | None:
    """Return the inside of a wall as it is now; None where it has been taken down or nothing is loaded."""
    try:
        with translation.override(language):
            known = shared_source()
            return (
                None if known.answers is None else inside_of(known, wanted, live=bool(live_feeds(known, wanted.unit)))
            )
    except Http404:
        return None
    finally:
        # This thread serves no request, so nothing else would close what it opened.
        connection.close()


def pulse() -> int:
    """Bring the live picture up to date and return its version; 0 where no feed is live.

    Asked ten times a second, so it opens no database.
    """
    live = source().live
    if live is None or not live.messages.file.exists():
        return 0
    return int(live.look(lake_edition()))


def turn(wanted: Wanted) -> int:
    """Return a number that grows whenever the live picture of a wall's unit changes."""
    known = _source[0] if _source else None
    if known is None or known.live is None:
        return 0
    return int(known.live.turn(wanted.unit, known.answers.registry.level_of(wanted.unit)))


def strips(keys: Iterable[tuple[Wanted, str]]) -> dict[tuple[Wanted, str], Strip | None]:
    """Return what is live of units in words of a language, all from one reading of the home; None where no feed is.

    A unit of which it cannot be told is left out, and said in the log.
    """
    made: dict[tuple[Wanted, str], Strip | None] = {}
    try:
        known = shared_source()
        names = None if known.answers is None else Names(known)
        for wanted, language in keys:
            try:
                with translation.override(language):
                    made[wanted, language] = None if names is None else strip_of(known, wanted, names)
            except Exception:
                logging.getLogger("django").exception("what is live of a unit could not be told")
        return made
    finally:
        connection.close()


def shared_source() -> Source:
    """Return what is to be read now: the same as for the wall before, unless records or decisions have changed since."""
    now = source()
    if now.answers is None:
        return now
    before = _source[0] if _source else None
    if before is None or _edition(before) != _edition(now):
        _source[:] = [now]
    return _source[0]


def _edition(known: Source) -> tuple[str, int, str]:
    return known.key, known.answers.generation, known.decisions.token
