"""What was decided about single points of a chart, as lists: points left out, notes, targets. What was undone stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.formats import date_format

from knitwork.web import say
from knitwork.web.charts.asked import Chart
from knitwork.web.charts.models import Annotation, Exclusion, Target
from knitwork.web.charts.telling import EPOCH, full, moment, value_of


def exclusions(chart: Chart) -> list[dict[str, Any]]:
    """Return the periods that were left out, the latest first, those that count again too."""
    made = []
    for one in Exclusion.objects.filter(**chart.named).order_by("-day", "-id"):
        made.append({
            "number": one.pk,
            "name": say.period_name((one.day - EPOCH).days, one.period),
            "reason": full(one.reason),
            "who": one.made_by,
            "when": moment(one.made_at),
            "undone_by": one.undone_by,
            "undone_at": moment(one.undone_at),
            "undone_reason": full(one.undone_reason),
        })  # fmt: skip
    return made


def notes(chart: Chart, numbers: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return the notes, the latest first, those in the picture with the number they have there."""
    return [
        {
            "number": one.pk,
            "day": date_format(one.day, "j F Y"),
            "text": one.text,
            "in_picture": numbers.get(one.pk),
            "whole_unit": not one.measure,
            "who": one.made_by,
            "removed_by": one.removed_by,
            "removed_at": moment(one.removed_at),
        }
        for one in notes_of(chart.unit, chart.definition.id).order_by("-day", "-id")
    ]


def notes_of(unit: str, measure: str) -> Any:
    """Return the notes of one chart: its own, and those of all charts of its unit."""
    return Annotation.objects.filter(unit=unit, measure__in=(measure, ""))


def drawn_notes(unit: str, measure: str, labels: Sequence[str]) -> list[tuple[int, Annotation]]:
    """Return the notes that stand within these periods, in order of their days, each with the position of its period."""
    found = []
    for one in notes_of(unit, measure).filter(removed_by="").order_by("day", "id"):
        day = one.day.isoformat()
        before = sum(1 for label in labels if label <= day)
        if before and (before < len(labels) or _within_last(labels, day)):
            found.append((before - 1, one))
    return found


def _within_last(labels: Sequence[str], day: str) -> bool:
    """Say whether a day lies in the last period, by the length of the one before it."""
    if len(labels) < 2:
        return day == labels[-1]
    last, before, at = (dt.date.fromisoformat(text) for text in (labels[-1], labels[-2], day))
    return at - last <= last - before


def targets(chart: Chart) -> list[dict[str, Any]]:
    """Return the targets and the points of the trajectory, those that hold no longer too."""
    return [
        {
            "number": one.pk,
            "kind": one.kind,
            "day": date_format(one.day, "j F Y"),
            "value": value_of(chart, one.value, 0 if float(one.value).is_integer() else 1),
            "reason": full(one.reason),
            "who": one.set_by,
            "when": moment(one.set_at),
            "removed_by": one.removed_by,
            "removed_at": moment(one.removed_at),
            "removed_reason": full(one.removed_reason),
        }
        for one in Target.objects.filter(**chart.named).order_by("kind", "-day", "-id")
    ]
