"""The versions of published limits as a page tells them, and what they would be now."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.record import shown_decimals
from knitwork.signals import Evaluation
from knitwork.web import present
from knitwork.web.charts import published
from knitwork.web.charts.asked import Chart, judged
from knitwork.web.charts.models import PublishedLimits
from knitwork.web.charts.telling import full, moment, period_name, value_of

# So many changed periods are told one by one.
MOST_CHANGED = 12


def versions(chart: Chart, evaluation: Evaluation, *, hide: bool) -> dict[str, Any]:
    """Return the versions of the published limits, and what the latest would be now where its records changed."""
    every = list(PublishedLimits.objects.filter(**chart.named, period=chart.period).order_by("-version"))
    decimals = shown_decimals(evaluation)
    told = [
        {
            "version": one.version,
            "who": one.published_by,
            "when": moment(one.published_at),
            "reason": full(one.reason),
            "parts": [
                {"start": period_name(chart, part["start"]), "centre": value_of(chart, part["centre"], decimals),
                 "spread": "" if part.get("spread") is None else value_of(chart, part["spread"], decimals + 1)}
                for part in one.phases
            ],
        }
        for one in every
    ]  # fmt: skip
    found: dict[str, Any] = {"versions": told, "version": every[0].version if every else 0}
    if not every:
        return found
    latest = every[0]
    now = judged(chart, published_too=False)
    differing = [part for part in published.compared(latest.phases, now) if part.differs]
    changed = published.changed_rows(latest.records, chart.rows)
    found["differs"] = [
        {
            "start": period_name(chart, part.start),
            "then": value_of(chart, part.then["centre"], decimals + 1),
            "now": "" if part.now is None else value_of(chart, part.now["centre"], decimals + 1),
        }
        for part in differing
    ]
    n = len(changed)
    text = ngettext(
        "%(n)s period has other numbers than when they were published.",
        "%(n)s periods have other numbers than when they were published.",
        n,
    )
    found["changed"] = text % {"n": n} if n else ""
    if differing and not n:
        found["changed"] = _("A phase, or a point left out since then, makes them differ.")
    found["rows"] = [] if hide else [_changed(chart, *one) for one in changed[:MOST_CHANGED]]
    return found


def _changed(chart: Chart, label: str, then: Any, now: Any) -> dict[str, str]:
    definition = chart.definition
    return {
        "period": period_name(chart, label),
        "then": _counted(definition, then),
        "now": _counted(definition, now) if now else _("no such period"),
    }


def _counted(definition: Any, row: Any) -> str:
    value = present.value_of(definition, dict(row))
    if row.get("numerator") is None or row.get("denominator") is None:
        return value
    counted, whole = (present.counted_of(definition, row[name]) for name in ("numerator", "denominator"))
    return _("%(counted)s of %(whole)s: %(value)s") % {"counted": counted, "whole": whole, "value": value}
