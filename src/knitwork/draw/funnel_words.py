"""What a funnel says in plain sentences, made from its record and never from the picture.

A funnel is for asking why units differ. So units are named in the order of their names, never ranked, and a unit is
"unusual" only with the question stated: against chance, or against the spread between units.
"""

from __future__ import annotations

from collections.abc import Sequence

from knitwork.draw.labels import decimals_for, decimals_to_show, number, value_text
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.told import Plural, as_counted
from knitwork.draw.words import joined
from knitwork.signals.funnels import Against, Funnel, Unit

NAMED = 3  # so many flagged units are named; of the others it is said how many
LITTLE_POWER = 0.5


def sentence(funnel: Funnel, *, _: Translate = as_written, ngettext: Plural = as_counted) -> str:
    """Say in one sentence what a funnel shows, the answer that holds first."""
    if not funnel.has_limits:
        return _nothing(funnel, _, ngettext)
    if funnel.answer == "spread":
        return _by_spread(funnel, _, ngettext)
    known = {"units": _units(funnel.n_judged, ngettext), "centre": value_words(funnel, funnel.centre)}
    flagged = funnel.flagged_chance
    if not flagged:
        said = _("None of %(units)s differs from %(centre)s by more than chance makes") % known
    else:
        known |= {"count": number(len(flagged)), "names": _named(funnel, flagged, _, ngettext)}
        text = ngettext(
            "%(count)s of %(units)s differs from %(centre)s by more than chance makes: %(names)s",
            "%(count)s of %(units)s differ from %(centre)s by more than chance makes: %(names)s",
            len(flagged),
        )
        said = f"{text % known}; {expected_words(funnel, _)}"
    if "few_units" in funnel.reasons:
        return _("%(said)s; too few units to tell the spread between them") % {"said": said}
    return said


def _nothing(funnel: Funnel, _: Translate, ngettext: Plural) -> str:
    """Say why units cannot be held against each other."""
    if "one_unit" in funnel.reasons:
        return _("One unit alone has no others to be held against")
    many = _units(sum(not unit.why_not for unit in funnel.units), ngettext)
    if "no_events" in funnel.reasons:
        return _("Not one event in %(units)s, so nothing can be told apart") % {"units": many}
    if "all_events" in funnel.reasons:
        return _("Every case counts in %(units)s, so nothing can be told apart") % {"units": many}
    return _("No units yet: they stand here when they have a numerator and a denominator")


def _by_spread(funnel: Funnel, _: Translate, ngettext: Plural) -> str:
    """Say that units differ by more than chance, and which are unusual even so."""
    beyond, flagged = len(funnel.flagged_chance), funnel.flagged_spread
    known = {"beyond": number(beyond), "units": _units(funnel.n_judged, ngettext)}
    if not flagged:
        text = ngettext(
            "The units differ by more than chance makes (%(beyond)s of %(units)s lies outside its limits), "
            "and none is unusual against that spread",
            "The units differ by more than chance makes (%(beyond)s of %(units)s lie outside its limits), "
            "and none is unusual against that spread",
            beyond,
        )
        return text % known
    known |= {"count": number(len(flagged)), "names": _named(funnel, flagged, _, ngettext)}
    text = ngettext(
        "The units differ by more than chance makes; %(count)s of %(units)s is unusual even against that spread: "
        "%(names)s",
        "The units differ by more than chance makes; %(count)s of %(units)s are unusual even against that spread: "
        "%(names)s",
        len(flagged),
    )
    return text % known


def expected_words(funnel: Funnel, _: Translate = as_written) -> str:
    """Say how many units would be flagged if nothing were the matter."""
    expected = funnel.expected_spread if funnel.answer == "spread" else funnel.expected_chance
    if expected is None:
        return ""
    if expected < 0.05:
        return _("by chance alone hardly any would")
    return _("by chance alone about %(expected)s would") % {"expected": number(expected, 1)}


def unit_sentence(funnel: Funnel, unit: Unit, *, _: Translate = as_written) -> str:
    """Say of one unit its value, where it lies against both limits, and what its size could show."""
    if unit.why_not == "zero_denominator":
        return _("%(name)s: listed and not judged, for its denominator is zero") % {"name": unit.name}
    if unit.why_not:
        return _("%(name)s: listed and not judged, for a number is missing") % {"name": unit.name}
    said = hint(funnel, unit, _)
    if unit.chance is None:
        return said
    placed = _("%(unit)s, %(place)s") % {"unit": said, "place": _place(unit, _)}
    if unit.chance.mark or unit.power is None or unit.power >= LITTLE_POWER:
        return placed
    return _("%(placed)s; %(power)s") % {"placed": placed, "power": power_words(funnel, unit, _)}


def power_words(funnel: Funnel, unit: Unit, _: Translate = as_written) -> str:
    """Say how likely a true difference of the size asked for would have shown."""
    ratio = funnel.spec.power_ratio
    known = {
        "ratio": number(ratio, decimals_for([ratio]) if ratio == int(ratio) else 1),
        "chance": f"{number(100 * (unit.power or 0.0))}%",
    }
    if funnel.spec.kind == "proportion":
        return _("odds %(ratio)s times the usual would show here with a chance of %(chance)s") % known
    return _("%(ratio)s times the usual would show here with a chance of %(chance)s") % known


def _place(unit: Unit, _: Translate) -> str:
    chance, spread = unit.chance, unit.spread
    if spread is None:
        return _("outside the limits of chance") if _flagged(chance) else _("inside the limits of chance")
    if _flagged(chance) and _flagged(spread):
        return _("outside the limits of chance and of the spread between units")
    if _flagged(chance):
        return _("outside the limits of chance, inside the spread between units")
    if _flagged(spread):
        return _("inside the limits of chance, outside the spread between units")
    return _("inside both limits")


def _flagged(against: Against | None) -> bool:
    return against is not None and bool(against.mark)


def hint(funnel: Funnel, unit: Unit, _: Translate = as_written) -> str:
    """Say a unit's name, its value and the counts behind it."""
    known = {
        "name": unit.name,
        "value": value_words(funnel, unit.value),
        "above": _count(unit.numerator),
        "below": _count(unit.denominator),
    }
    texts = {
        "proportion": _("%(name)s: %(value)s (%(above)s of %(below)s)"),
        "rate": _("%(name)s: %(value)s (%(above)s in %(below)s)"),
        "ratio": _("%(name)s: %(value)s (%(above)s observed, %(below)s expected)"),
    }
    return texts[funnel.spec.kind] % known


def value_words(funnel: Funnel, value: float | None) -> str:
    """Return a value with its unit and the decimals of its funnel."""
    return value_text(value, funnel.spec.unit, shown_decimals(funnel))


def shown_decimals(funnel: Funnel) -> int:
    """Return the decimals with which this funnel's numbers are written, the same in picture and words."""
    values = [unit.value for unit in funnel.units if unit.value is not None]
    judged = [unit.chance for unit in funnel.units if unit.chance]
    limits: list[float | None] = [funnel.centre]
    if judged:
        limits += [judged[-1].lowers[-1], judged[-1].uppers[-1]]
    return decimals_to_show(values, limits)


def _count(value: float | None) -> str:
    if value is None:
        return "–"
    return number(value, 0 if value >= 100 or value == round(value) else 1)


def _units(count: int, ngettext: Plural) -> str:
    return ngettext("%(count)s unit", "%(count)s units", count) % {"count": number(count)}


def _named(funnel: Funnel, units: Sequence[Unit], _: Translate, ngettext: Plural) -> str:
    """Name units by their names' order, the first few with their values."""
    ordered = sorted(units, key=lambda unit: unit.name)
    things = [
        _("%(name)s (%(value)s)") % {"name": unit.name, "value": value_words(funnel, unit.value)}
        for unit in ordered[:NAMED]
    ]
    return joined(things, len(ordered) - len(things), _, ngettext)
