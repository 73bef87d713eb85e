"""One measure of sister units beside each other in one span: a funnel for asking why they differ, no league table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, get_args
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.funnel import funnel_svg
from knitwork.draw.funnel_words import sentence, unit_sentence
from knitwork.signals.funnels import Funnel, FunnelSpec, Unit
from knitwork.signals.funnels import funnel as held
from knitwork.web import needed, quality, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names, Place, inside, place
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.funnel_rows import CELLS, cells, hidden_words, notes, power_head, row, worked
from knitwork.web.pages.measure import direction_words, known_measure
from knitwork.web.pages.sisters import Among, Sister, Span, Spanned, choices_of, kind_of, numbers_of, spans_of
from knitwork.web.pages.unit import feeds_of
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv

COLUMNS = ("measure", "version", "unit", "unit_name", "from", "months", *CELLS)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one page holds against each other. `names` gives each code its name in the funnel, no two alike."""

    source: Source
    definition: Definition
    code: str
    among: Among | None
    span: Span
    by_name: bool
    spanned: Spanned
    names: dict[str, str]
    hide: bool

    @property
    def hidden(self) -> list[Sister]:
        """Return the units that this reader is not shown."""
        return [one for one in self.spanned.sisters if self.hide and one.hidden]


@needs("read")
def funnel(request: HttpRequest, code: str, measure: str) -> HttpResponse:
    """Show a unit among its sisters: the picture, both answers, and what such numbers can show."""
    source = with_answers(request)
    at, definition, known = place(source, code), known_measure(source, measure), Names(source)
    able, why_not, unlock = needed.allowed(source).get(measure, (True, "", ""))
    asked = asked_of(request, source, definition, code, known, able=able)
    context: dict[str, Any] = {
        "place": at,
        "definition": definition,
        "able": able,
        "why_not": why_not,
        "unlock": unlock,
        "counts": kind_of(definition) != "",
        "direction": direction_words(definition),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "chart": chart_address(code, definition, asked.span),
        "units": reverse("measure-units", kwargs={"measure": measure}),
    }
    if able and context["counts"]:
        context |= choices(asked) | {"below": below(asked), "no_month": no_month(asked)}
        if asked.spanned.sisters:
            context |= shown(asked, at, known)
    compared = [code, *(one.code for one in asked.spanned.sisters)]
    context |= quality.beside(source, feeds_of(source, at.level, compared))
    return render(request, "pages/funnel.html", context)


@needs("read")
def numbers(request: HttpRequest, code: str, measure: str) -> HttpResponse:
    """Give the table as CSV, with the same units hidden as on the page."""
    source = with_answers(request)
    place(source, code)
    definition, known = known_measure(source, measure), Names(source)
    able = needed.allowed(source).get(measure, (True, "", ""))[0]
    asked = asked_of(request, source, definition, code, known, able=able)
    record = record_of(asked) if kind_of(definition) and asked.spanned.sisters else None
    codes = {name: one for one, name in asked.names.items()}
    lines = [line(asked, record, unit, codes[unit.name], known) for unit in in_order(asked, record)] if record else []
    response = HttpResponse(to_csv(COLUMNS, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="funnel.csv"'
    return response


# What is asked


def asked_of(
    request: HttpRequest, source: Source, definition: Definition, code: str, known: Names, *, able: bool
) -> Asked:
    """Return what an address asks for; where it asks for nothing, or for what is not there, the first of each choice."""
    whom, spans = choices_of(source, code), spans_of(source)
    among = next((one for one in whom if one == request.GET.get("among")), next(iter(whom), None))
    span = next((one for one in spans if one == request.GET.get("span")), spans[0])
    codes = whom[among] if among else (code,) if source.answers.registry.get(code) else ()
    spanned = numbers_of(source, definition, codes, span) if able and codes and kind_of(definition) else Spanned((), ())
    return Asked(
        source=source,
        definition=definition,
        code=code,
        among=among,
        span=span,
        by_name=request.GET.get("order") == "name",
        spanned=spanned,
        names=told_apart(known, codes),
        hide=not may(request.user, "patients"),
    )


def told_apart(known: Names, codes: tuple[str, ...]) -> dict[str, str]:
    """Return a name for each unit; two of one name are told apart by their codes."""
    named = {code: known.name(code).strip() or code.strip() or "–" for code in codes}
    often = Counter(named.values())
    found = {code: name if often[name] == 1 else f"{name} ({code.strip()})" for code, name in named.items()}
    # A name may be what another is called with its code behind it: then all are called by their codes.
    return found if len(set(found.values())) == len(found) else {code: code for code in codes}


def record_of(asked: Asked) -> Funnel:
    """Return the record, judged over all units; those that are hidden are taken out of it afterwards."""
    definition = asked.definition
    here = asked.names.get(asked.code)
    sisters = asked.spanned.sisters
    names = tuple(asked.names[one.code] for one in sisters)
    spec = FunnelSpec(
        kind=kind_of(definition),  # type: ignore[arg-type]  # asked only of measures that have one
        direction=definition.spec.direction,
        factor=definition.spec.factor,
        unit=definition.spec.unit,
        highlight=here if here in names else None,
    )

    def make() -> Funnel:
        return held(names, [one.numerator for one in sisters], [one.denominator for one in sisters], spec)

    record = kept(asked.source, "funnel", make, definition.id, asked.span, names, spec)
    gone = {asked.names[one.code] for one in asked.hidden}
    if not gone:
        return record
    left = tuple(unit for unit in record.units if unit.name not in gone)
    return replace(record, units=left, n_judged=sum(unit.chance is not None for unit in left))


def in_order(asked: Asked, record: Funnel) -> list[Unit]:
    """Return the units by their denominators, or by their names: never by their values."""
    units = list(record.units)
    return sorted(units, key=lambda unit: unit.name.casefold()) if asked.by_name else units


def below(asked: Asked) -> str:
    """Return where the units inside a group stand side by side: on the page of any of them."""
    held_here = [one for one in inside(asked.source, asked.code) if one != asked.code]
    if len(held_here) < 2:
        return ""
    address = reverse("funnel", kwargs={"code": held_here[0], "measure": asked.definition.id})
    return f"{address}?{urlencode({'among': 'level', 'span': asked.span})}"


def no_month(asked: Asked) -> bool:
    """Say whether it is too early: no whole month of records is there."""
    return asked.span != "all" and not asked.spanned.months


# What the page says


def choices(asked: Asked) -> dict[str, Any]:
    """Return the links that choose whom, when and in which order."""
    whom = {
        "kind": _("the same kind, below the same parent"),
        "level": _("all at this level, below the same parent"),
        "system": _("the same kind, in the whole system"),
    }
    when = {"month": _("the last whole month"), "year": _("the last 12 whole months"), "all": _("all records")}
    order = {"": _("by denominator"), "name": _("by name")}
    found = choices_of(asked.source, asked.code)
    return {
        "whom": [_choice(asked, {"among": one}, whom[one], one == asked.among) for one in get_args(Among) if one in found],
        "when": [_choice(asked, {"span": one}, when[one], one == asked.span) for one in spans_of(asked.source)],
        "orders": [
            _choice(asked, {"order": one}, text, (one == "name") == asked.by_name) for one, text in order.items()
        ],
    }  # fmt: skip


def _choice(asked: Asked, changed: dict[str, str], name: str, chosen: bool) -> dict[str, Any]:
    return {"name": name, "query": "?" + _query(asked, **changed), "chosen": chosen}


def _query(asked: Asked, **changed: str) -> str:
    chosen = {"among": asked.among or "", "span": asked.span, "order": "name" if asked.by_name else ""} | changed
    return urlencode({name: value for name, value in chosen.items() if value})


def shown(asked: Asked, at: Place, known: Names) -> dict[str, Any]:
    """Return the picture, the sentences and the table."""
    record = record_of(asked)
    codes = {name: code for code, name in asked.names.items()}
    here = record.highlighted
    lead = lead_of(asked, record)
    return {
        "judged": record.has_limits,
        "lead": lead,
        "own": unit_sentence(record, here, _=_) if here else own_hidden(asked, at),
        "picture": drawn(record, "page", asked.definition, lead) if record.units else "",
        "narrow": drawn(record, "desk", asked.definition, lead) if record.units else "",
        "period": span_words(asked),
        "rows": [
            row(record, unit, chart_address(codes[unit.name], asked.definition, asked.span))
            for unit in in_order(asked, record)
        ],
        "few": "few_units" in record.reasons,
        "notes": notes(record),
        "hidden": hidden_words(len(asked.hidden)),
        "nothing": [known.link(code) for code in asked.names if code not in {o.code for o in asked.spanned.sisters}],
        "csv": reverse("funnel-csv", kwargs={"code": asked.code, "measure": asked.definition.id}) + "?" + _query(asked),
        "worked": worked(record) if not asked.hidden else [],
        "power_head": power_head(record),
    }


def lead_of(asked: Asked, record: Funnel) -> str:
    """Say what the funnel shows; where every unit is hidden, that none is shown."""
    if not record.units and asked.hidden:
        return _("Too few people in every unit to show one")
    return sentence(record, _=_, ngettext=ngettext)


def own_hidden(asked: Asked, at: Place) -> str:
    """Say why the unit itself does not stand in the picture."""
    if any(one.code == asked.code for one in asked.hidden):
        return _("%(name)s is not shown here: it has fewer than 11") % {"name": at.name}
    return _("%(name)s had nothing to count then") % {"name": at.name}


def drawn(record: Funnel, size: str, definition: Definition, said: str) -> SafeString:
    """Return the picture, made by our own draw, which escapes every text in it."""
    return mark_safe(  # noqa: S308
        funnel_svg(record, size, title=definition.short, said=said, _=_, ngettext=ngettext)
    )


def span_words(asked: Asked) -> str:
    """Say which months the numbers are of."""
    months = asked.spanned.months
    if not months:
        return _("all records")
    last = say.period_name(months[-1], "month")
    if len(months) == 1:
        return last
    return _("%(first)s to %(last)s") % {"first": say.period_name(months[0], "month"), "last": last}


def chart_address(code: str, definition: Definition, span: Span) -> str:
    """Return where the same unit is followed over time."""
    period = "" if span == "all" else "?period=month"
    return reverse("measure", kwargs={"code": code, "measure": definition.id}) + period


def line(asked: Asked, record: Funnel, unit: Unit, code: str, known: Names) -> list[object]:
    """Return one row of the file: numbers as numbers, both answers as the levels that a unit lies beyond."""
    months = asked.spanned.months
    start = say.iso_day(months[0]) if months else ""
    named = [asked.definition.id, asked.definition.version, code, known.name(code), start, len(months) or ""]
    return [*named, *cells(record, unit)]
