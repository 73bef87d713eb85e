"""Whether a chart can be trusted: what its points say of themselves, in words for a nurse and numbers for an analyst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.diagnosis_words import Said, diagnosis_said
from knitwork.draw.formula_words import formula_lines, settings_rows
from knitwork.draw.periods import Period
from knitwork.signals import Evaluation
from knitwork.signals.diagnosis import Diagnosis, diagnose, limits_by_settings
from knitwork.signals.diagnosis.record import Setting
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.pages.around import Place
from knitwork.web.pages.sisters import kind_of
from knitwork.web.source import Source


@dataclass(frozen=True, slots=True)
class Found:
    """What is worked out once for a chart: its diagnosis, and the limits that other settings would give."""

    diagnosis: Diagnosis
    settings: tuple[Setting, ...]


def found_of(source: Source, at: tuple[str, str, Period], evaluation: Evaluation) -> Found:
    """Return the diagnosis of a chart (`at`: unit, measure, period); once for a generation and what people decided."""

    def make() -> Found:
        return Found(diagnose(evaluation), limits_by_settings(evaluation))

    return kept(source, "diagnosis", make, *at, edition=source.decisions.token)


def panel(
    source: Source, at: Place, definition: Definition, evaluation: Evaluation, *, period: Period, hidden: frozenset[int]
) -> dict[str, Any]:
    """Return the panel under a chart. Where periods are `hidden` as small it holds no number that would tell them."""
    found = found_of(source, (at.code, definition.id, period), evaluation)
    said = diagnosis_said(evaluation, found.diagnosis, _=_, ngettext=ngettext)
    # That there is another view is said by the link to it.
    matters = [one.plain for one in said if one.matters and one.topic != "views"]
    shown: dict[str, Any] = {
        "answer": answer(len(matters)),
        "matters": matters,
        "withheld": bool(hidden),
        "views": [] if hidden else views_offered(at, definition, found.diagnosis, period),
        "funnel": reverse("funnel", kwargs={"code": at.code, "measure": definition.id}) if kind_of(definition) else "",
    }
    if not hidden:
        shown |= {
            "said": [{"name": topic_name(one), "plain": one.plain, "numbers": one.numbers} for one in said],
            "steps": formula_lines(evaluation, found.diagnosis.worked, _=_),
            "settings": settings_rows(evaluation, found.settings, _=_),
        }
    return shown


def answer(count: int) -> str:
    """Say in a few words what the panel holds, so that a quiet chart need not be opened."""
    if not count:
        return _("Nothing in its points speaks against it.")
    return ngettext("%(n)s thing to know.", "%(n)s things to know.", count) % {"n": count}


def topic_name(said: Said) -> str:
    """Return the name of a matter, for the analyst."""
    return {
        "recommendation": _("Which chart"),
        "baseline": _("The points behind the limits"),
        "neighbours": _("Neighbouring points (lag-1 autocorrelation)"),
        "seasonality": _("Season"),
        "views": _("Another view"),
        "dispersion": _("Spread against chance (dispersion)"),
        "power": _("What it can find (power)"),
        "completeness": _("Completeness"),
    }[said.topic]


def views_offered(at: Place, definition: Definition, diagnosis: Diagnosis, period: Period) -> list[dict[str, str]]:
    """Return the links to the views that a diagnosis offers."""
    where = {"code": at.code, "measure": definition.id}
    return [
        {
            "name": view_name(kind),
            "address": reverse("measure-view", kwargs=where | {"kind": kind}) + f"?period={period}",
        }
        for kind in diagnosis.offers
    ]


def view_name(kind: str) -> str:
    """Return the name of a view."""
    return {
        "seasonal": _("The chart without its seasons"),
        "residual": _("What each point adds to the one before"),
    }[kind]
