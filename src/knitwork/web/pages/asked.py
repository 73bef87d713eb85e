"""Which journeys a page was asked for: the filters of its form, read from the address and written back into it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from knitwork.home.paths import OUTCOMES, RETURN_DAYS, SORTS, Chosen, Sort
from knitwork.web import present, say
from knitwork.web.pages.around import Names, exists
from knitwork.web.source import Source

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """The journeys asked for, as the form and the address have them."""

    chosen: Chosen
    sort: Sort
    from_month: str
    to_month: str

    def query(self, **changed: str) -> str:
        """Return the address of the same question with some of it changed; what is empty is left out."""
        now = {
            "unit": self.chosen.unit or "",
            "through": self.chosen.through or "",
            "then": self.chosen.then or "",
            "from": self.from_month,
            "to": self.to_month,
            "outcome": self.chosen.outcome,
            "way": self.chosen.way,
            "sort": "" if self.sort == "common" else self.sort,
        }
        return "?" + urlencode({name: value for name, value in (now | changed).items() if value})

    @property
    def narrowed(self) -> bool:
        """Say whether anything but the unit narrows the journeys."""
        chosen = self.chosen
        return bool(chosen.through or chosen.dated or chosen.outcome or chosen.way)


def asked(request: HttpRequest, source: Source) -> Asked:
    """Read the form; a unit that is not known has no page, anything else that cannot be is left out."""
    unit = _unit(request, source, "unit")
    through, then = _unit(request, source, "through"), _unit(request, source, "then")
    if then and not through:
        through, then = then, None
    if unit and source.answers.registry.get(unit) is None:
        unit = None  # the whole system
    outcome = request.GET.get("outcome", "")
    sort = request.GET.get("sort", "")
    dated = present.has_calendar(source)
    first, last = (_month(request.GET.get(name, "")) if dated else "" for name in ("from", "to"))
    way = request.GET.get("way", "")
    chosen = Chosen(
        unit=unit,
        through=through,
        then=then,
        from_day=_day(first) if first else None,
        until_day=_day(_next(last)) if last else None,
        outcome=outcome if outcome in OUTCOMES else "",
        way=way if re.fullmatch(r"[0-9a-f]{12}", way) else "",
    )
    return Asked(chosen, sort if sort in SORTS else get_args(Sort)[0], first, last)


def _unit(request: HttpRequest, source: Source, name: str) -> str | None:
    code = request.GET.get(name, "").strip()
    if code and not exists(source.answers.registry, code):
        raise Http404(code)
    if name != "unit" and code and source.answers.registry.get(code) is None:
        return None
    return code or None


def _month(text: str) -> str:
    return text if re.fullmatch(r"(19|20|21|22)\d\d-(0[1-9]|1[0-2])", text) else ""


def _next(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _day(month: str) -> int:
    return (dt.date(int(month[:4]), int(month[5:]), 1) - EPOCH).days


def outcome_words() -> dict[str, tuple[str, str]]:
    """Return each outcome with its name and what exactly it means."""
    return {
        "ended": (_("ended"), _("Every stay of the journey has an end.")),
        "open": (_("still going on"), _("A stay of it has no end yet when the records end.")),
        "unsure": (
            _("end not known"),
            _("A departure was never written down, and the patient came again later: nobody knows when it ended."),
        ),
        "returned": (
            _("came back to hospital within %(n)s days") % {"n": RETURN_DAYS},
            _(
                "The patient was admitted again at most %(n)s days after the end of a hospital stay. Who left less than "
                "%(n)s days before the records end may still come back, and is counted beside."
            )
            % {"n": RETURN_DAYS},
        ),
        "long": (
            _("took longer than nine in ten"),
            _(
                "From first arrival to last end it took longer than nine in ten of the journeys that the other choices leave."
            ),
        ),
        "intensive": (_("passed through intensive care"), _("A stay of it was in intensive or coronary care.")),
    }


def form(asked: Asked, source: Source, names: Names) -> dict[str, Any]:
    """Return the choices of the form, with what is chosen now."""
    registry = source.answers.registry
    units = sorted(
        ({"code": unit.unit, "name": names.name(unit.unit), "group": unit.kind in ("mesosystem", "macrosystem")}
         for unit in registry.units),
        key=lambda one: (not one["group"], str(one["name"]).casefold()),
    )  # fmt: skip
    months = source.answers.periods("month") if present.has_calendar(source) else []
    return {
        "units": units,
        "unit": asked.chosen.unit or "",
        "through": asked.chosen.through or "",
        "then": asked.chosen.then or "",
        "months": [
            {"code": m["label"][:7], "name": say.period_name(m["start_day"], "month")} for m in reversed(months)
        ],
        "from": asked.from_month,
        "to": asked.to_month,
        "outcomes": [{"code": code, "name": name, "means": means} for code, (name, means) in outcome_words().items()],
        "outcome": asked.chosen.outcome,
        "sort": "" if asked.sort == "common" else asked.sort,
        "way": asked.chosen.way,
    }
