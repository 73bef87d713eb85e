"""A unit of a funnel as a row of the page and of the file, and what is said about all rows together."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.funnel_words import value_words
from knitwork.draw.labels import number
from knitwork.signals.funnels import Against, Funnel, Unit
from knitwork.web import say

# What `cells` gives, in its order.
CELLS = (
    "numerator", "denominator", "value", "interval_lower", "interval_upper", "expected", "chance_lower", "chance_upper",
    "chance", "spread_lower", "spread_upper", "spread", "power",
)  # fmt: skip


def row(record: Funnel, unit: Unit, address: str) -> dict[str, Any]:
    """Return one unit as a row: its numbers, both answers, and what its size could show."""
    return {
        "name": unit.name,
        "address": address,
        "own": unit.highlighted,
        "numerator": say.count(unit.numerator),
        "denominator": say.count(unit.denominator),
        "value": value_words(record, unit.value),
        "interval": interval_words(record, unit),
        "expected": "–" if (found := expected(record, unit)) is None else number(found, 1),
        "chance": against_words(unit.chance),
        "chance_mark": unit.chance.mark if unit.chance else "",
        "spread": against_words(unit.spread),
        "spread_mark": unit.spread.mark if unit.spread else "",
        "power": power_words(unit.power),
    }


def expected(record: Funnel, unit: Unit) -> float | None:
    """Return how many a unit of this size would count at the centre of all."""
    if record.centre is None or unit.denominator is None:
        return None
    return record.centre / record.spec.factor * unit.denominator


def interval_words(record: Funnel, unit: Unit) -> str:
    """Return the range that a unit's own number is uncertain by."""
    if unit.interval_lower is None or unit.interval_upper is None:
        return "–"
    known = {
        "low": value_words(record, unit.interval_lower),
        "high": value_words(record, unit.interval_upper),
    }
    return _("%(low)s to %(high)s") % known


def against_words(against: Against | None) -> str:
    """Say where a unit lies against one pair of limits."""
    if against is None:
        return "–"
    if against.beyond is None:
        return _("inside")
    if against.mark:
        return _("above the outer limits") if against.side == "high" else _("below the outer limits")
    return _("above the inner limits") if against.side == "high" else _("below the inner limits")


def power_words(chance: float | None) -> str:
    """Say how surely a true difference of the size asked for would have shown."""
    if chance is None:
        return "–"
    known = {"chance": f"{number(100 * chance)}%"}
    if chance < 0.2:
        return _("hardly (%(chance)s)") % known
    if chance < 0.5:
        return _("perhaps (%(chance)s)") % known
    return (_("probably (%(chance)s)") if chance < 0.8 else _("very likely (%(chance)s)")) % known


def power_head(record: Funnel) -> str:
    """Return what the column of power asks."""
    if record.spec.kind == "proportion":
        return _("Would twice the odds have shown?")
    return _("Would twice the rate have shown?")


def notes(record: Funnel) -> list[str]:
    """Say how many lie outside by chance, and what weakens both answers."""
    said = []
    if record.has_limits and record.expected_chance is not None:
        text = _("Were all units alike, about %(expected)s would lie outside the outer limits all the same.")
        if record.expected_chance < 0.05:
            text = _("Were all units alike, hardly any would lie outside the outer limits.")
        said.append(text % {"expected": number(record.expected_chance, 1)})
    if "no_spread" in record.reasons:
        said.append(
            _(
                "Leaving extremes aside, units differ no more than chance makes, so the limits of both answers are the same."
            )
        )
    if "few_units" in record.reasons:
        said.append(
            _("With fewer than 10 units the spread between them cannot be told: read the list with its intervals.")
        )
    if record.n_underpowered:
        text = ngettext(
            "%(n)s unit is too small to show even twice the usual with a chance of 80%%: inside does not mean all is well.",
            "%(n)s units are too small to show even twice the usual with a chance of 80%%: inside does not mean all is well.",
            record.n_underpowered,
        )
        said.append(text % {"n": record.n_underpowered})
    if "few_expected" in record.reasons:
        said.append(_("Some units expect fewer than five, so the test of their spread is rough."))
    return said


def hidden_words(count: int) -> str:
    """Say how many units are not shown as small; they count in the limits all the same."""
    if not count:
        return ""
    text = ngettext(
        "%(n)s unit with fewer than 11 is not shown.", "%(n)s units with fewer than 11 are not shown.", count
    )
    return text % {"n": count} + " " + _("They count in the centre and the limits.")


def worked(record: Funnel) -> list[str]:
    """Return the formulas with their numbers, as the record has them."""
    said = [record.formula, record.formula_spread]
    if record.chi2 is not None and record.p_value is not None:
        p = "p < 0.001" if record.p_value < 0.001 else f"p = {record.p_value:.3f}"
        said.append(f"test that all units share one value: chi-square {record.chi2:.1f} on {record.df}, {p}")
    return [one for one in said if one]


def cells(record: Funnel, unit: Unit) -> list[object]:
    """Return one unit for a file: numbers as numbers, and for each answer on which side of its outer limits it lies."""
    found: list[object] = [
        _plain(unit.numerator), _plain(unit.denominator), unit.value, unit.interval_lower, unit.interval_upper,
        expected(record, unit), *_outer(record, unit.chance), *_outer(record, unit.spread), unit.power,
    ]  # fmt: skip
    return ["" if cell is None else cell for cell in found]


def _plain(count: float | None) -> float | None:
    """Return a whole count without the decimals that no count has."""
    return int(count) if count is not None and count == int(count) else count


def _outer(record: Funnel, against: Against | None) -> tuple[object, object, object]:
    """Return the limits of the level that judges, and on which side of them a unit lies."""
    if against is None:
        return None, None, None
    at = record.spec.levels.index(record.spec.judged_at)
    return against.lowers[at], against.uppers[at], against.side if against.mark else "inside"
