"""The journeys of a unit or of all: the common way, where the time went, and every way that patients took."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from knitwork.home.paths import Sort
from knitwork.web import present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.kept import kept
from knitwork.web.pages import cohort
from knitwork.web.pages.around import Names, place
from knitwork.web.pages.asked import Asked, asked, form, outcome_words
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.lengths import length
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv

SHOWN_WAYS = 50
SHOWN_PATIENTS = 200


@needs("read")
def journeys(request: HttpRequest) -> HttpResponse:
    """Show the chosen journeys: how many, how long, the common way, time in units and between, and the ways."""
    source = with_answers(request)
    wanted = asked(request, source)
    chosen, names = wanted.chosen, Names(source)
    people = may(request.user, "patients")
    hide = not people
    whole, by_month = kept(source, "journeys", lambda: source.answers.journey_numbers(chosen), chosen)
    few = hide and small.is_small(whole["patients"])
    where = cohort.where_words(source, wanted, names)
    context: dict[str, Any] = {
        "place": place(source, chosen.unit or source.answers.registry.roots()[0]),
        "form": form(wanted, source, names),
        "narrowed": wanted.narrowed,
        "everything": wanted.query(through="", then="", outcome="", way="", **{"from": "", "to": ""}),
        "calendar": present.has_calendar(source),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "few": few,
        "any": bool(whole["journeys"]),
        "lead": _("Fewer than 11 patients took such a journey, so nothing more of it is shown here.")
        if few
        else cohort.lead(whole, where, hide=hide),
        "outcome": outcome_words().get(chosen.outcome),
        "way": "",
        **quality.beside(source),
    }
    if whole["journeys"] and not few:
        context |= chosen_words(source, wanted, names, whole, by_month, hide=hide)
    return render(request, "pages/journeys.html", context)


def chosen_words(
    source: Source, wanted: Asked, names: Names, whole: dict[str, Any], by_month: list[dict[str, Any]], *, hide: bool
) -> dict[str, Any]:
    """Return everything the page shows of journeys that are enough to show."""
    chosen = wanted.chosen
    units, streams = kept(source, "journey streams", lambda: source.answers.journey_streams(chosen), chosen)
    found, counts = ways(source, wanted, wanted.sort, hide=hide, limit=SHOWN_WAYS)
    shown: dict[str, Any] = {
        "tiles": cohort.tiles(whole, hide=hide),
        "one_unit": small.shown_count(whole["one_unit"], hide=hide) if whole["one_unit"] else "",
        "common": cohort.common_way(units, streams, names, hide=hide),
        "months": cohort.months(source, by_month, hide=hide) if present.has_calendar(source) else None,
        "rows": cohort.way_rows(found, wanted, names, total=whole["journeys"], people=not hide),
        "way_count": counts["ways"],
        "way_count_shown": say.count(counts["ways"]),
        "more": max(counts["shown"] - len(found), 0),
        "hidden": counts["hidden"] if hide else 0,
        "sorts": sorts(wanted),
        "sort": wanted.sort,
        "csv": reverse("journeys-csv") + wanted.query(),
        "people": "" if hide else reverse("journey-patients") + wanted.query(sort=""),
    }
    if chosen.way and found:
        shown["way"] = cohort.steps_of(str(found[0]["variant"]), names)
    if chosen.outcome == "returned":
        returns = kept(source, "journey returns", lambda: source.answers.journey_returns(chosen), chosen)
        shown["early"] = cohort.return_words(returns, hide=hide)
    if chosen.through and chosen.then:
        spent, parts = kept(source, "journey interval", lambda: source.answers.journey_interval(chosen), chosen)
        order = {row["from_unit"]: row["place"] for row in units}
        shown["interval"] = cohort.interval(spent, parts, order, names, hide=hide)
        shown["first"], shown["second"] = names.name(chosen.through), names.name(chosen.then)
    return shown


def ways(
    source: Source, wanted: Asked, sort: Sort, *, hide: bool, limit: int | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the ways of the chosen journeys; to readers only those that at least eleven patients took."""
    least = small.LEAST if hide else 0

    def make() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        found: tuple[list[dict[str, Any]], dict[str, Any]] = source.answers.journey_ways(
            wanted.chosen, sort=sort, limit=limit, least=least
        )
        return found

    return kept(source, "journey ways", make, wanted.chosen, sort, limit, least)


def sorts(wanted: Asked) -> list[dict[str, Any]]:
    """Return the orders in which ways can stand."""
    names = {"common": _("most common first"), "rare": _("rare first"), "slow": _("slowest first")}
    return [
        {
            "name": name,
            "query": wanted.query(sort="" if sort == "common" else sort) or "?",
            "chosen": sort == wanted.sort,
        }
        for sort, name in names.items()
    ]


@needs("read")
def numbers(request: HttpRequest) -> HttpResponse:
    """Give the ways of the chosen journeys as CSV: units by their codes, lengths in hours."""
    source = with_answers(request)
    wanted = asked(request, source)
    found, _counts = ways(source, wanted, wanted.sort, hide=not may(request.user, "patients"), limit=None)
    columns = ("way", "variant", "journeys", "patients", "median_hours")
    lines = [
        [row["way"], row["variant"], row["journeys"], row["patients"],
         "" if row["median_s"] is None else round(row["median_s"] / 3600, 2)]
        for row in found
    ]  # fmt: skip
    response = HttpResponse(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="journeys.csv"'
    return response


@needs("patients")
def takers(request: HttpRequest) -> HttpResponse:
    """List who took the chosen journeys. The reading is written down before the page is."""
    source = with_answers(request)
    wanted = asked(request, source)
    names = Names(source)
    rows, found = source.answers.journey_patients(wanted.chosen, limit=SHOWN_PATIENTS)
    with transaction.atomic():
        detail = {"query": wanted.query(), "rows": len(rows)}
        record(by=request.user, action="read patients", about="journeys", detail=detail)  # type: ignore[arg-type]
    context = {
        "where": cohort.where_words(source, wanted, names),
        "outcome": outcome_words().get(wanted.chosen.outcome),
        "back": reverse("journeys") + wanted.query(),
        "rows": [taker_row(row, source, names) for row in rows],
        "calendar": present.has_calendar(source),
        "more": max(found - len(rows), 0),
    }
    return render(request, "pages/journey_patients.html", context)


def taker_row(row: dict[str, Any], source: Source, names: Names) -> dict[str, Any]:
    """Return one journey of one patient, for the list."""
    ended = row["end_us"] is not None
    return {
        "patient": row["patient"],
        "address": reverse("patient", kwargs={"patient": row["patient"]}),
        "steps": cohort.steps_of(str(row["variant"]), names),
        "start": say.day(row["start_us"], source.tz) if row["calendar"] else "–",
        "length": length((row["end_us"] - row["start_us"]) / 1_000_000) if ended else _("not ended, or not known"),
    }
