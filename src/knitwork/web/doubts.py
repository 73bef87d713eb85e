"""What makes a number doubtful, said beside it: guessed kinds of units, an assumed zone, dates without times."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.web.definitions import Definition
from knitwork.web.pages.around import Names
from knitwork.web.source import Source


def of_measure(source: Source, definition: Definition, known: Names) -> list[str]:
    """Return the sentences that a measure's page says of its own number."""
    said = []
    guessed = guesses(source, known)
    if definition.needs_kinds and guessed:
        text = ngettext(
            "It goes by the kinds of units, and the kind of %(n)s unit is still a guess.",
            "It goes by the kinds of units, and the kinds of %(n)s units are still guesses.",
            guessed,
        )
        said.append(text % {"n": guessed})
    if definition.by_the_clock and zone_assumed(source):
        said.append(_("It goes by the clock, and no time zone was given: UTC is assumed, so it may be hours off."))
    return said


def of_unit(source: Source, shown: Iterable[str], known: Names) -> list[str]:
    """Return the sentences that a unit's page says of the measures on it, each doubt once."""
    measures = [source.measures[m] for m in shown]
    said = []
    by_kind = [m.short for m in measures if m.needs_kinds]
    guessed = guesses(source, known)
    if by_kind and guessed:
        text = ngettext(
            "The kind of %(n)s unit is still a guess, and these measures go by it: %(measures)s.",
            "The kinds of %(n)s units are still guesses, and these measures go by them: %(measures)s.",
            guessed,
        )
        said.append(text % {"n": guessed, "measures": "; ".join(by_kind)})
    by_clock = [m.short for m in measures if m.by_the_clock]
    if by_clock and zone_assumed(source):
        text = _("No time zone was given, UTC is assumed, and these measures go by the clock: %(measures)s.")
        said.append(text % {"measures": "; ".join(by_clock)})
    return said


def guesses(source: Source, known: Names) -> int:
    """Return how many units have a kind that nobody has confirmed."""
    return sum(1 for unit in source.answers.registry.units if known.kind(unit.unit)[1])


def zone_assumed(source: Source) -> bool:
    """Say whether any feed has an assumed time zone."""
    return any(state.zone_assumed for state in source.answers.feeds())
