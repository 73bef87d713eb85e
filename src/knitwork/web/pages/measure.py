"""One measure of one unit: the chart, what it means, its numbers, and the patients behind a point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.icon import icon_svg
from knitwork.draw.linked import linked_chart_svg
from knitwork.draw.periods import Period
from knitwork.draw.record import tail
from knitwork.signals import Evaluation
from knitwork.web import doubts, glance, judging, needed, present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.charts.asked import Chart, posted
from knitwork.web.charts.lists import drawn_notes
from knitwork.web.charts.shown import caption, decisions_of
from knitwork.web.definitions import Definition
from knitwork.web.pages import compare, trust
from knitwork.web.pages.around import Names, Place, period_of, periods, place
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.restated import NOTHING, Restated
from knitwork.web.pages.restated import of as restated_of
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv

SHOWN_ROWS = 200
# A file of more rows than this is no list of patients behind a point any more.
MOST_ROWS = 1_000_000


def known_measure(source: Source, measure: str) -> Definition:
    """Return a measure's definition, or answer that there is no such page."""
    if measure not in source.measures:
        raise Http404(measure)
    return source.measures[measure]


@needs("read")
def measure(request: HttpRequest, code: str, measure: str) -> HttpResponse:
    """Show one measure of a unit, large, with its definition and its numbers."""
    source = with_answers(request)
    at = place(source, code)
    definition = known_measure(source, measure)
    hide = not may(request.user, "patients")
    calendar = present.has_calendar(source)
    shown_period: Period = period_of(request, source)
    period = shown_period if calendar else "all"
    all_rows, hidden = numbers_of(source, at, definition, period, hide=hide)
    rows = small.emptied(all_rows, hidden)
    decimals = present.decimals_of(rows)
    told = NOTHING
    if calendar:
        told = restated_of(source, at, definition, period, hide=hide, decimals=decimals)
    chart = Chart(source, code, definition, shown_period, all_rows, request.POST.dict(), request.user)  # type: ignore[arg-type]
    refused = ""
    if request.method == "POST":
        refused = posted(request, chart) if calendar else no_chart(request)
        if not refused:
            return redirect(f"{request.path}?period={shown_period}#decisions-title")
    able, why_not, unlock = needed.allowed(source).get(measure, (True, "", ""))
    context: dict[str, Any] = {
        "place": at,
        "definition": definition,
        "rows": [
            number_row(at, definition, row, period, hide=hide, decimals=decimals)
            | {"was": told.words.get(row["start_day"], "")}
            for row in reversed(rows)
        ],
        "able": able,
        "why_not": why_not,
        "refused": refused,
        "unlock": unlock,
        "calendar": calendar,
        "period": period,
        "periods": periods(request, source) if calendar else [],
        "csv": reverse("numbers", kwargs={"code": code, "measure": measure}) + f"?period={period}",
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "direction": direction_words(definition),
        "needs": needed.needs_of(definition),
        "feeds": glance.glance(source, judging.usual_period(source))[code].numbers["feeds"],
        "identity": needed.identity_of(measure),
    }
    if able:
        context["complete"] = complete = needed.completeness_of(
            source, measure, level=at.level, unit=code, period=period
        )
        context["used"] = needed.completeness_words(complete, hide=hide)
        left = {} if hide else {start: spoken - used for start, (spoken, used) in complete.by_start.items()}
        for row, shown_row in zip(reversed(rows), context["rows"], strict=True):
            shown_row["left_out"] = left.get(row["start_day"], 0)
        context["left_out"] = any(row["left_out"] for row in context["rows"])
    context |= quality.beside(source, context["feeds"])
    context["doubts"] = doubts.of_measure(source, definition, Names(source))
    if rows and not calendar:
        context["point"] = point_words(definition, rows[-1])
    if rows and calendar:
        drawing = Drawing(source, at, definition, all_rows, rows, hidden, shown_period, told)
        context |= drawn(drawing, chart, hide=hide, refused=refused)
        context["may_decide"] = may(request.user, "charts")
    if able and calendar:
        whole = request.GET.get("children") == "all"
        context["beside"] = compare.beside(source, at, definition, period=shown_period, hide=hide, whole=whole)
        context["why"] = compare.why_changed(source, at, definition, hide=hide)
    return render(request, "pages/measure.html", context, status=422 if refused else 200)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a measure's chart is drawn of: its periods as they are and as they may be shown, and what was told of them."""

    source: Source
    at: Place
    definition: Definition
    all_rows: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    hidden: frozenset[int]
    period: Period
    told: Restated


def drawn(drawing: Drawing, chart: Chart, *, hide: bool, refused: str) -> dict[str, Any]:
    """Return the chart, what it says, how it is judged and how far it can be trusted."""
    source, at, definition, shown = drawing.source, drawing.at, drawing.definition, drawing.period
    hidden, measure = drawing.hidden, definition.id
    evaluation = judging.evaluate_rows(source, {measure: drawing.all_rows}, at=(at.code, shown))[measure]
    marked = drawn_notes(at.code, measure, evaluation.labels[-present.SHOWN_POINTS[shown] :])
    notes = [(position, note.text) for position, note in marked]
    card = present.card(definition, evaluation, unit=at.code, period=shown, size="page", hidden=hidden, notes=notes)
    rows = drawing.rows[-present.SHOWN_POINTS[shown] :]
    was = drawing.told.drawn(rows)
    made: dict[str, Any] = {
        "card": card,
        "icon": mark_safe(icon_svg(evaluation, _=_)),  # noqa: S308 - made by our own draw
        "restated": drawing.told.sentence(rows),
        "limits": limits_words(evaluation),
        "trust": trust.panel(source, at, definition, evaluation, period=shown, hidden=hidden),
    }
    if not hide and not card.too_small:
        made["chart"] = linked_chart(at, definition, evaluation, drawing.rows, shown, notes, was)
    made["narrow"] = card.too_small or present.picture(
        small.masked(evaluation, hidden), "desk", title=definition.short, period=shown, notes=notes, was=was
    )
    made["decided"] = decided = decisions_of(chart, evaluation, hide=hide, refused=refused, hidden=hidden, drawn=marked)
    made["moved"] = caption(chart, evaluation, decided["published"]["version"])
    return made


def no_chart(request: HttpRequest) -> str:
    """Refuse to decide about a chart where none is drawn."""
    if not may(request.user, "charts"):
        raise PermissionDenied
    return _("There is no chart here to decide about: the dates of this feed were shifted.")


def direction_words(definition: Definition) -> str:
    """Say which way is wanted."""
    return {"up": _("more is better"), "down": _("less is better")}.get(
        definition.direction, _("neither more nor less is better")
    )


def linked_chart(
    at: Place,
    definition: Definition,
    evaluation: Evaluation,
    rows: list[dict[str, Any]],
    period: Period,
    notes: Sequence[tuple[int, str]],
    was: Mapping[int, float],
) -> SafeString:
    """Return the chart on which each period leads to the patients behind it, for those who may see them."""
    shown = tail(evaluation, present.SHOWN_POINTS[period])
    said = words.sentence(evaluation, period=period, _=_, ngettext=ngettext)
    addresses = [behind_address(at.code, definition.id, row["start_day"], period) for row in rows[-len(shown) :]]
    svg = linked_chart_svg(
        shown, addresses=addresses, title=definition.short, sentence=said, period=period, notes=notes, was=was, _=_,
        ngettext=ngettext,
    )  # fmt: skip
    return mark_safe(svg)  # noqa: S308 - made by our own draw from numbers


def behind_address(code: str, measure: str, start_day: int, period: str) -> str:
    """Return the address of the patients behind one point."""
    where = {"code": code, "measure": measure, "start": say.iso_day(start_day)}
    return reverse("behind", kwargs=where) + f"?period={period}"


def numbers_of(
    source: Source, at: Place, definition: Definition, period: str, *, hide: bool
) -> tuple[list[dict[str, Any]], frozenset[int]]:
    """Return the periods of one measure, and which of them are hidden as small."""
    found = judging.rows_of(source, at.code, at.level, period, [definition.id])
    hidden = present.hidden_of(source, period, found, hide=hide)
    return found.get(definition.id, []), hidden.get(definition.id, frozenset())


def number_row(
    at: Place, definition: Definition, row: dict[str, Any], period: str, *, hide: bool, decimals: int
) -> dict[str, Any]:
    """Return one period for the table: name, numerator, denominator, value, and where its patients are."""
    return {
        "period": say.period_name(row["start_day"], period),
        "numerator": present.counted_of(definition, row.get("numerator")),
        "denominator": present.counted_of(definition, row.get("denominator")),
        "value": present.value_of(definition, row, decimals),
        "complete": row.get("complete", True),
        "behind": "" if hide else behind_address(at.code, definition.id, row["start_day"], period),
    }


def limits_words(evaluation: Any) -> str:
    """Say where the limits come from, or why there are none."""
    if not evaluation.spec.rules:
        text = _("So few are counted in a period that no rule can tell a change from chance: look at longer periods.")
    elif evaluation.limits_kind == "locked":
        text = _("The limits come from the first %(n)s points and stay until a person moves them.")
    elif evaluation.limits_kind == "trial":
        text = _("The limits are on trial: they come from all %(n)s points and move until there are 20.")
    elif evaluation.spec.chart == "run":
        text = _("A run chart: the line in the middle is the median, and there are no limits.")
    else:
        text = _("There are no limits yet: they need 12 points and there are %(n)s.")
    n = evaluation.baseline_n if evaluation.limits_kind == "locked" else evaluation.n_useful
    return text % {"n": n} if "%(n)s" in text else text


@needs("read")
def numbers(request: HttpRequest, code: str, measure: str) -> HttpResponse:
    """Give the numbers of one measure of one unit as CSV."""
    source = with_answers(request)
    at = place(source, code)
    definition = known_measure(source, measure)
    hide = not may(request.user, "patients")
    period = period_of(request, source) if present.has_calendar(source) else "all"
    rows = small.emptied(*numbers_of(source, at, definition, period, hide=hide))
    # The same as `knitwork measure` prints: the version, and what tells two texts of one version apart.
    version = "+".join(part for part in (definition.version, needed.identity_of(measure)) if part)
    columns = ("measure", "version", "level", "unit", "period", "stratum", "numerator", "denominator", "value")
    lines = [
        [measure, version, at.level, code, row["label"], "",
         *("" if row.get(name) is None else row[name] for name in ("numerator", "denominator", "value"))]
        for row in rows
    ]  # fmt: skip
    response = HttpResponse(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="numbers.csv"'
    return response


@needs("patients")
def behind(request: HttpRequest, code: str, measure: str, start: str) -> HttpResponse:
    """List the patients behind one point. The reading is written down before the page is."""
    source = with_answers(request)
    at = place(source, code)
    definition = known_measure(source, measure)
    period = period_of(request, source) if present.has_calendar(source) else "all"
    start_day = day_named(start)
    rows = source.answers.behind(measure, at.level, code, period, start_day, limit=SHOWN_ROWS)
    known = Names(source)
    written_down(request, at, measure, period, start, rows=len(rows))
    point = point_of(source, at, definition, period, start_day)
    where = {"code": code, "measure": measure, "start": start}
    context = {
        "place": at,
        "definition": definition,
        "period_name": say.period_name(start_day, period),
        "point": point_words(definition, point),
        "was": restated_of(source, at, definition, period, hide=False, decimals=present.decimals_of([point])).words.get(
            start_day, ""
        ),
        "rows": [
            patient_row(definition, row, known, source.tz) | {"told": told}
            for row, told in zip(rows, source.answers.told_by(rows), strict=True)
        ],
        "valued": any(row.get("value") is not None for row in rows),
        "judged": any(row.get("in_numerator") is not None for row in rows),
        "value_name": value_name(definition),
        "cut": len(rows) >= SHOWN_ROWS,
        "limit": SHOWN_ROWS,
        "period": period,
        "csv": reverse("behind-csv", kwargs=where) + f"?period={period}",
    }
    return render(request, "pages/behind.html", context)


@needs("patients")
def behind_csv(request: HttpRequest, code: str, measure: str, start: str) -> HttpResponse:
    """Give all patients behind one point as CSV. The reading is written down before the file is."""
    source = with_answers(request)
    at = place(source, code)
    definition = known_measure(source, measure)
    period = period_of(request, source) if present.has_calendar(source) else "all"
    rows = source.answers.behind(measure, at.level, code, period, day_named(start), limit=MOST_ROWS)
    written_down(request, at, measure, period, start, rows=len(rows))
    columns = ("patient", "visit", "unit", "from_unit", "to_unit", "start", "end", "value", "counted", "told_by")
    lines = [
        [
            row.get("patient"), row.get("visit"), row.get("unit"), row.get("from_unit"), row.get("to_unit"),
            iso(row.get("start"), source.tz), iso(row.get("end"), source.tz), row.get("value"),
            {True: "yes", False: "no"}.get(row.get("in_numerator"), ""),
            "; ".join(f"{name} row {number}" for name, number in told),
        ]
        for row, told in zip(rows, source.answers.told_by(rows), strict=True)
    ]  # fmt: skip
    text = to_csv(columns, [["" if cell is None else cell for cell in line] for line in lines])
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="patients-{definition.id}.csv"'
    return response


def day_named(start: str) -> int:
    """Return the day of an address, counted from 1970-01-01, or answer that there is no such page."""
    try:
        return (dt.date.fromisoformat(start) - dt.date(1970, 1, 1)).days
    except ValueError as error:
        raise Http404(start) from error


def written_down(request: HttpRequest, at: Place, measure: str, period: str, start: str, *, rows: int) -> None:
    """Write down that somebody reads who stands behind a point."""
    with transaction.atomic():
        detail = {"unit": at.code, "measure": measure, "period": period, "start": start, "rows": rows}
        record(by=request.user, action="read patients", about=f"{measure} in {at.code} from {start}", detail=detail)  # type: ignore[arg-type]


def iso(value: object, tz: str) -> str:
    """Return an instant with its offset, for a file."""
    return say.local(value, tz).isoformat() if isinstance(value, int) else str(value or "")


def point_of(source: Source, at: Place, definition: Definition, period: str, start_day: int) -> dict[str, Any]:
    """Return the numbers of one point, as they stand in the table of its measure."""
    rows = judging.rows_of(source, at.code, at.level, period, [definition.id]).get(definition.id, [])
    return next((row for row in rows if period == "all" or row["start_day"] == start_day), {})


def point_words(definition: Definition, row: dict[str, Any]) -> str:
    """Say a point's numbers in a line, so that the list below can be counted against them."""
    if row.get("value") is None:
        return ""
    value = present.value_of(definition, row)
    counted, whole = row.get("numerator"), row.get("denominator")
    if whole is None:
        return value
    known = {"value": value, "whole": present.counted_of(definition, whole)}
    if counted is None:
        return _("%(value)s, from %(whole)s values") % known
    known["counted"] = present.counted_of(definition, counted)
    return _("%(counted)s of %(whole)s: %(value)s") % known


def value_name(definition: Definition) -> str:
    """Return what the single values behind a point are."""
    if definition.counts == "midnights":
        return _("Nights")
    if definition.counts == "time":
        return _("Between units")
    return _("How long") if definition.in_time else _("How many")


def patient_address(patient: object) -> str:
    """Return the address of a patient's own page; empty where there is none."""
    try:
        return reverse("patient", kwargs={"patient": str(patient)}) if patient else ""
    except NoReverseMatch:
        return ""


def patient_row(definition: Definition, row: dict[str, Any], known: Names, tz: str) -> dict[str, Any]:
    """Return one patient's stay or hand-off behind a point."""
    if row.get("from_unit") or row.get("to_unit"):
        where = f"{known.name(row.get('from_unit'))} → {known.name(row.get('to_unit'))}"
    else:
        where = known.name(row.get("unit"))
    timed = definition.in_time or definition.counts == "time"
    return {
        "patient": row.get("patient"),
        "address": patient_address(row.get("patient")),
        "visit": row.get("visit") or "–",
        "where": where,
        "start": say.moment(row.get("start"), tz),
        "end": say.moment(row.get("end"), tz),
        "value": say.duration(row.get("value")) if timed else say.count(row.get("value")),
        "counted": row.get("in_numerator"),
    }
