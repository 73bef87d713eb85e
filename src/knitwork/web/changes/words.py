"""A plan and its method in words, and the numbers of a measured change as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import decimals_for, number, value_text
from knitwork.signals.interrupted import Effect, Its, ItsSpec
from knitwork.web.changes.models import Plan


def plan_words(plan: Plan | None, *, to_come: bool = False) -> str:
    """Say who planned a change when, or that nobody did: whoever reads the answer has to know.

    `to_come` says that it has not begun, so that there is still time.
    """
    if plan is None and to_come:
        return _("Nobody has written down yet how this will be measured. Until it begins a lead can do so here.")
    if plan is None:
        return _(
            "Nobody wrote down in advance how this would be measured. The method is the usual one here; the day and the "
            "measures beside it were chosen by whoever asks."
        )
    known = {"who": plan.made_by, "day": date_format(plan.made_on, "j F Y"), "what": plan.what}
    if plan.is_late:
        return (
            _(
                "Chosen after the start: %(who)s wrote this plan on %(day)s, when results could be seen already. “%(what)s”"
            )
            % known
        )
    return _("Planned in advance by %(who)s, on %(day)s: “%(what)s”") % known


def direction_names() -> dict[str, str]:
    """Return the ways a number can be wanted to go."""
    return {"down": _("down: less is better"), "up": _("up: more is better")}


def plan_rows(plan: Plan, measures: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a plan as rows of a name and what was chosen; `measures` are the names of measures by their ids."""
    beside = ", ".join(measures.get(one, one) for one in plan.balancing)
    return [
        (_("The number should go"), direction_names()[plan.direction]),
        (_("What must not suffer"), beside or _("nothing was chosen")),
        *method_rows(ItsSpec.from_dict(plan.method)),
    ]


def method_names() -> dict[str, str]:
    """Return the methods by which a change can be measured, the usual one first."""
    return {
        "policy": _(
            "the usual one: straight lines, from 12 points on allowing for neighbours that resemble each other"
        ),
        "ar1": _("lines that allow for neighbours that resemble each other (AR1)"),
        "ols_newey_west": _("straight lines with wider ranges where neighbours resemble each other (Newey-West)"),
        "ols": _("straight lines that take each period as apart from the others"),
        "quasi_poisson": _("counts and rates (Poisson, with their spread)"),
        "quasi_binomial": _("shares (binomial, with their spread)"),
    }


def method_rows(method: ItsSpec) -> list[tuple[str, str]]:
    """Return a method as rows of a name and what was chosen."""
    season = (
        _("waves of a year are taken out, %(n)s a year") % {"n": method.harmonics}
        if method.season == "annual"
        else _("not looked for")
    )
    washed = ngettext("%(n)s period from the start on", "%(n)s periods from the start on", method.wash_out)
    slope = _("may change with the start") if method.slope_change else _("goes on as before")
    if not method.trend:
        slope = _("none: only the level is compared")
    return [
        (_("Method"), method_names()[method.method]),
        (_("Slope"), slope),
        (_("Season"), season),
        (_("Left out as a time of change"), washed % {"n": method.wash_out} if method.wash_out else _("nothing")),
        (_("Ranges"), f"{100 * (1 - method.alpha):g}%"),
        (_("Needed"), _("%(before)s periods before and %(after)s after") % {
            "before": method.least_before, "after": method.least_after,
        }),
    ]  # fmt: skip


def number_rows(its: Its) -> list[dict[str, Any]]:
    """Return the numbers of a measured change: each estimate with its range."""
    ratio = its.scale != "difference"
    unit = "" if ratio else its.spec.unit
    rows = [
        _row(_("Step at the start, times what it was") if ratio else _("Step at the start"), its.level, unit),
        _row(_("Slope before, each period"), its.trend, unit),
        _row(_("Change of the slope, each period"), its.slope, unit),
        _row(_("On average since the start"), its.average.absolute, its.spec.unit),
    ]
    for periods, moment in its.horizons.items():
        name = ngettext("After %(n)s period", "After %(n)s periods", periods) % {"n": periods}
        rows.append(_row(name, moment.absolute, its.spec.unit))
    return [row for row in rows if row]


def _row(name: str, effect: Effect | None, unit: str) -> dict[str, Any]:
    if effect is None:
        return {}
    decimals = decimals_for([effect.value, effect.low, effect.high])
    return {
        "name": name,
        "value": value_text(effect.value, unit, decimals),
        "low": number(effect.low, decimals),
        "high": value_text(effect.high, unit, decimals),
    }
