"""Many measures in one table: all of a unit, or one over many units; each row from the record of its own chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.icon import (
    ASSURANCES,
    assurance_kind,
    assurance_shape,
    assurance_svg,
    assurance_words,
    icon_shape,
    icon_svg,
)
from knitwork.draw.periods import Period, short_name
from knitwork.draw.record import tail
from knitwork.draw.spark import spark_svg
from knitwork.draw.summary_words import latest, latest_text, summary_sentence, target_text
from knitwork.draw.words import icon_words, recent_verdict
from knitwork.signals import Evaluation
from knitwork.web import judging, present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.pages import compare
from knitwork.web.pages.around import Names, exists, inside, period_of, periods, place, taking_part
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.measure import direction_words, known_measure
from knitwork.web.pages.unit import feeds_of, missing
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv

# So many rows stand on a page; the file has them all.
SHOWN_ROWS = 200
COLUMNS = (
    "measure", "title", "unit", "unit_name", "direction", "target", "unit_of_measure", "period", "latest_period",
    "latest_value", "variation", "assurance", "points", "sentence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a measure of a unit, judged; which of its periods are small; how deep the unit lies below what is shown."""

    unit: str
    measure: str
    evaluation: Evaluation
    small: frozenset[int]
    depth: int = 0


@needs("read")
def unit_summary(request: HttpRequest, code: str) -> HttpResponse:
    """Show all measures of a unit in one table."""
    source = with_answers(request)
    at, known = place(source, code), Names(source)
    period, hide = period_of(request, source), not may(request.user, "patients")
    entries = of_unit(source, code, period)
    context = shared(request, source, entries, period=period)
    context |= {
        "place": at,
        **quality.beside(source, feeds_of(source, at.level, [code])),
        "rows": [measure_row(source, one, period=period, hide=hide) for one in entries],
        "missing": missing(source, at, {one.measure for one in entries}) if context["calendar"] else [],
        "csv": reverse("summary-csv", kwargs={"code": code}) + f"?period={period}",
        "inside": [known.link(child) | {"summary": address_of(child, period)} for child in in_order(source, code)],
    }
    return render(request, "pages/summary.html", context)


@needs("read")
def unit_numbers(request: HttpRequest, code: str) -> HttpResponse:
    """Give the table of a unit's measures as CSV."""
    source = with_answers(request)
    place(source, code)
    period = period_of(request, source)
    return as_file(request, source, of_unit(source, code, period), period=period)


@needs("read")
def measure_summary(request: HttpRequest, measure: str) -> HttpResponse:
    """Show one measure of every unit of a part of the system, in the order of the units: nothing is ranked."""
    source = with_answers(request)
    definition, part, known = known_measure(source, measure), part_of(request, source), Names(source)
    period, hide = period_of(request, source), not may(request.user, "patients")
    entries = of_measure(source, measure, part, period)
    context = shared(request, source, entries, period=period)
    context |= {
        "definition": definition,
        **quality.beside(source, feeds_of(source, source.answers.registry.level_of(part), [part])),
        "direction": direction_words(definition),
        "part": known.link(part),
        "parts": [{"code": code, "name": known.name(code), "chosen": code == part} for code in groups(source)],
        "measures": [{"id": m, "title": source.measures[m].title, "chosen": m == measure} for m in source.measures],
        "rows": [unit_row(source, known, one, period=period, hide=hide) for one in entries[:SHOWN_ROWS]],
        "cut": max(len(entries) - SHOWN_ROWS, 0),
        "missing": [known.link(code) for code in without(source, part, entries)] if context["calendar"] else [],
        "csv": reverse("measure-units-csv", kwargs={"measure": measure})
        + "?"
        + urlencode({"period": period, "in": part}),
    }
    return render(request, "pages/measure_units.html", context)


@needs("read")
def measure_numbers(request: HttpRequest, measure: str) -> HttpResponse:
    """Give the table of one measure over many units as CSV."""
    source = with_answers(request)
    known_measure(source, measure)
    period = period_of(request, source)
    return as_file(request, source, of_measure(source, measure, part_of(request, source), period), period=period)


# Which rows


def of_unit(source: Source, code: str, period: Period) -> list[Entry]:
    """Return the measures of a unit in the order of its own page: signals first."""
    if not present.has_calendar(source):
        return []
    return [entry_of(source, code, one, period) for one in judging.judged(source, code, period)]


def entry_of(source: Source, code: str, one: judging.Judged, period: Period, depth: int = 0) -> Entry:
    """Return one judged measure of a unit as an entry."""
    hidden = small.hidden_rows(source.measures[one.measure].counts, list(one.rows), period)
    return Entry(code, one.measure, one.evaluation, hidden, depth)


def of_measure(source: Source, measure: str, part: str, period: Period) -> list[Entry]:
    """Return one measure of a part of the system and of every unit below it, in the order of the units."""
    if not present.has_calendar(source):
        return []
    units = below(source, part)
    if judging.whole(source, period) is None:
        # Not every measure of every unit for one of them: one question and one evaluation instead.
        kin = compare.kin_of(source, source.measures[measure], [code for code, _depth in units], period)
        return [
            Entry(code, measure, kin[code].evaluation, kin[code].hidden, depth) for code, depth in units if code in kin
        ]
    return [
        entry_of(source, code, one, period, depth)
        for code, depth in units
        for one in judging.judged(source, code, period)
        if one.measure == measure
    ]


def below(source: Source, part: str) -> list[tuple[str, int]]:
    """Return a unit and all below it with their depth, each group before its units; worked out once a generation."""

    def make() -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        todo, seen = [(part, 0)], set()
        while todo:
            code, depth = todo.pop()
            if code not in seen:
                seen.add(code)
                found.append((code, depth))
                todo += [(child, depth + 1) for child in reversed(in_order(source, code))]
        return found

    return kept(source, "below", make, part)


def in_order(source: Source, code: str) -> list[str]:
    """Return the units inside a group, or those that take part in it, in the order of the table of units."""
    order = kept(source, "order", lambda: {u.unit: at for at, u in enumerate(source.answers.registry.units)})
    children = inside(source, code) or taking_part(source, code)
    return sorted((child for child in children if child != code), key=lambda child: order.get(child, len(order)))


def groups(source: Source) -> list[str]:
    """Return every unit that holds others, the tops first."""
    found: list[str] = []
    for root in source.answers.registry.roots():
        found += [code for code, _depth in below(source, root) if in_order(source, code)]
    return list(dict.fromkeys([*source.answers.registry.roots(), *found]))


def without(source: Source, part: str, entries: list[Entry]) -> list[str]:
    """Return the units below a part that have no value of a measure."""
    shown = {one.unit for one in entries}
    return [code for code, _depth in below(source, part) if code not in shown]


def part_of(request: HttpRequest, source: Source) -> str:
    """Return the part of the system that is asked for; the whole where none or an unknown one is."""
    asked = request.GET.get("in", "")
    registry = source.answers.registry
    return asked if asked and exists(registry, asked) else registry.roots()[0]


# What a row says


def shared(request: HttpRequest, source: Source, entries: list[Entry], *, period: Period) -> dict[str, Any]:
    """Return what both tables have: how many signal and by chance, how they stand to their targets, the choices."""
    calendar = present.has_calendar(source)
    return {
        "calendar": calendar,
        "lead": lead(entries),
        "goals": goals(entries),
        "has_goals": any(assurance_kind(one.evaluation) != "none" for one in entries),
        "chance": present.by_chance([one.evaluation for one in entries]) if entries else "",
        "variations": [{"shape": drawn(icon_shape(kind)), "words": words} for kind, words in variations()],
        "assurances": [
            {"shape": drawn(assurance_shape(kind)), "words": assurance_words(kind, _=_)}
            for kind in ASSURANCES
            if kind != "none"
        ],
        "period": period,
        "periods": periods(request, source) if calendar else [],
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
    }


def variations() -> list[tuple[str, str]]:
    """Return what each variation icon means."""
    return [
        ("better", _("got better")),
        ("worse", _("got worse")),
        ("neither", _("changed, or is not one steady process")),
        ("quiet", _("no signal")),
        ("few", _("too early or too few to call")),
    ]


def drawn(svg: str) -> SafeString:
    """Mark a picture as safe: made by our own draw, which escapes every text in it."""
    return mark_safe(svg)  # noqa: S308


def lead(entries: Iterable[Entry]) -> str:
    """Say how many charts got worse or better, and that the others did not."""
    every = [one.evaluation for one in entries]
    verdicts = [judging.verdict_of(one) if one.recent else "" for one in every]
    if not every:
        return _("Nothing is measured here yet.")
    worse, better, other = (verdicts.count(verdict) for verdict in ("worse", "better", "neither"))
    if not worse + better + other:
        text = ngettext("%(n)s chart, and it has no signal.", "%(n)s charts, and none has a signal.", len(every))
        return text % {"n": len(every)}
    text = ngettext(
        "Of %(n)s chart %(worse)s got worse, %(better)s got better and %(other)s changed otherwise.",
        "Of %(n)s charts %(worse)s got worse, %(better)s got better and %(other)s changed otherwise.",
        len(every),
    )
    return text % {"n": len(every), "worse": worse, "better": better, "other": other}


def goals(entries: Iterable[Entry]) -> str:
    """Say how the charts stand to their targets, or that none has one."""
    kinds = [assurance_kind(one.evaluation) for one in entries]
    with_target = len(kinds) - kinds.count("none")
    if not kinds:
        return ""
    if not with_target:
        return _("No target is set for any of them, so nothing is said about meeting one.")
    told = [
        text % {"n": kinds.count(kind)}
        for kind, text in (
            ("pass", _("met by %(n)s")),
            ("fail", _("missed by %(n)s")),
            ("hit_or_miss", _("met or missed by chance by %(n)s")),
            ("unknown", _("of %(n)s nobody can say")),
        )
        if kind in kinds
    ]
    return _("With a target: %(n)s; %(told)s.") % {"n": with_target, "told": ", ".join(told)}


def measure_row(source: Source, one: Entry, *, period: Period, hide: bool) -> dict[str, Any]:
    """Return one measure of a unit as a row."""
    definition = source.measures[one.measure]
    return row(definition, one, period=period, hide=hide) | {
        "name": definition.short,
        "direction": {"up": _("more"), "down": _("less")}.get(definition.direction, _("neither")),
    }


def unit_row(source: Source, known: Names, one: Entry, *, period: Period, hide: bool) -> dict[str, Any]:
    """Return one unit of a measure as a row."""
    definition = source.measures[one.measure]
    return row(definition, one, period=period, hide=hide) | {
        "name": known.name(one.unit),
        "depth": min(one.depth, 4),
    }


def row(definition: Definition, one: Entry, *, period: Period, hide: bool) -> dict[str, Any]:
    """Return what every row says. Icons and sentence come from the record of the chart that the row leads to."""
    evaluation = one.evaluation
    hidden = one.small if hide else frozenset()
    shown = small.masked(evaluation, hidden)
    points = present.SHOWN_POINTS[period]
    _holes, too_small = present.holes_in(evaluation, hidden, points)
    at, kind = latest(evaluation), assurance_kind(evaluation)
    spark = "" if too_small else spark_svg(tail(shown, points), title=definition.short, _=_)
    address = reverse("measure", kwargs={"code": one.unit, "measure": definition.id})
    return {
        "address": f"{address}?period={period}",
        "unit_of_measure": say_unit(definition.spec.unit),
        "target": target_text(evaluation, _=_),
        "value": _("fewer than 11") if at in hidden else latest_text(shown),
        "when": "" if at is None else short_name(evaluation.labels[at], period, _),
        "variation": drawn(icon_svg(evaluation, _=_)),
        "variation_words": icon_words(evaluation, _=_),
        "assurance": drawn(assurance_svg(evaluation, _=_)),
        "assurance_words": assurance_words(kind, _=_),
        "goal": kind,
        "spark": drawn(spark),
        "said": summary_sentence(shown, assurance=kind, period=period, _=_, ngettext=ngettext),
        "signalling": bool(evaluation.recent),
    }


def say_unit(unit: str) -> str:
    """Return the unit of a measure in the reader's language."""
    return _(unit) if unit else ""


def address_of(code: str, period: Period) -> str:
    """Return where the table of a unit stands."""
    return reverse("summary", kwargs={"code": code}) + f"?period={period}"


# As a file


def as_file(request: HttpRequest, source: Source, entries: list[Entry], *, period: Period) -> HttpResponse:
    """Return rows as CSV, with the same numbers hidden as on the page."""
    known, hide = Names(source), not may(request.user, "patients")
    lines = [line(source, known, one, period=period, hide=hide) for one in entries]
    response = HttpResponse(to_csv(COLUMNS, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="summary.csv"'
    return response


def line(source: Source, known: Names, one: Entry, *, period: Period, hide: bool) -> list[object]:
    """Return one row of the file: numbers as numbers, icons as the words of the record."""
    definition, evaluation = source.measures[one.measure], one.evaluation
    hidden = one.small if hide else frozenset()
    shown, at, kind = small.masked(evaluation, hidden), latest(evaluation), assurance_kind(evaluation)
    value = None if at is None else shown.values[at]
    return [
        definition.id, definition.title, one.unit, known.name(one.unit), definition.direction,
        "" if evaluation.target is None else evaluation.target, definition.spec.unit, period,
        "" if at is None else evaluation.labels[at], "" if value is None else value,
        recent_verdict(evaluation) or "none", kind, evaluation.n_useful,
        summary_sentence(shown, assurance=kind, period=period, _=_, ngettext=ngettext),
    ]  # fmt: skip
