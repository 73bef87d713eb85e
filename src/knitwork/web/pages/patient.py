"""Finding a patient, and one patient's own health system: the chain of units and every wait between them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home.patients import FOUND, Chain, Journey, Passed, Stay, chain_of, passed
from knitwork.web import fresh, present, quality, say
from knitwork.web.accounts.access import needs
from knitwork.web.audit.record import record
from knitwork.web.pages.around import Names
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.lanes import journey_picture, visit_picture, worth_drawing
from knitwork.web.pages.lengths import Clock, length
from knitwork.web.sealed import opened, seal
from knitwork.web.source import Source

# With more pictures than this a page grows long and heavy: the table below holds every stay.
MOST_PICTURES = 16
MOST_ROWS = 400
SHOWN_WAITS = 3
LONGEST_QUESTION = 200


@needs("patients")
def patients(request: HttpRequest) -> HttpResponse:
    """Find a patient by an id or a part of it. What was asked for is written down before it is answered.

    What is typed is sent in the body of a form, and its answer has an address of its own in which it stands sealed.
    """
    if request.method == "POST":
        typed = request.POST.get("q", "").strip()[:LONGEST_QUESTION]
        return redirect(asking(typed))
    source = with_answers(request)
    asked = asked_for(request)
    context: dict[str, Any] = {"asked": asked, "calendar": source.answers.calendar == "real"}
    if asked:
        rows, found = source.answers.find_patients(asked)
        with transaction.atomic():
            record(by=request.user, action="looked for patients", about=asked, detail={"found": found})  # type: ignore[arg-type]
        context |= {
            "rows": [found_row(row, source.tz) for row in rows],
            "found": found,
            "more": max(found - len(rows), 0),
            "limit": FOUND,
        }
    return render(request, "pages/patients.html", context)


def asking(typed: str) -> str:
    """Return the address of the answer to what was typed."""
    return reverse("patients") + (f"?q={seal(typed, settings.SECRET_KEY)}" if typed else "")


def asked_for(request: HttpRequest) -> str:
    """Return what is asked for; nothing where the address was not made here."""
    try:
        return opened(request.GET.get("q", ""), settings.SECRET_KEY)
    except ValueError:
        return ""


def found_row(row: dict[str, Any], tz: str) -> dict[str, Any]:
    """Return one patient found, for the list."""
    return {
        "patient": row["patient"],
        "number": row["number"] or "",
        "address": reverse("patient", kwargs={"patient": row["patient"]}),
        "stays": say.count(row["stays"]),
        "first": say.day(row["first_us"], tz),
        "last": say.day(row["last_us"], tz),
    }


@needs("patients")
def patient(request: HttpRequest, patient: str) -> HttpResponse:
    """Show one patient's way through the units. The reading is written down before the page is.

    A number that was given up leads to the person whose it is: for as long as the link holds, so not for good.
    """
    source = with_answers(request)
    person = source.answers.person_of(patient)
    if person != patient:
        with transaction.atomic():
            record(by=request.user, action="read whose number it is", about=patient[:400], detail={"person": person})  # type: ignore[arg-type]
        return redirect("patient", patient=person)
    rows = source.answers.patient_stays(patient)
    with transaction.atomic():
        record(by=request.user, action="read a patient", about=patient[:400], detail={"stays": len(rows)})  # type: ignore[arg-type]
    if not rows:
        raise Http404
    chain = chain_of(rows)
    names = Names(source)
    clock = Clock(source.answers.registry, source.tz, chain.calendar, min(stay.start_us for stay in chain.stays))
    feeds = sorted({str(row["feed"]) for row in rows})
    context = {
        "patient": patient,
        "fresh": " ".join(fresh.of_feeds(source, feeds, timezone.now())),
        **quality.beside(source, feeds),
        "lead": lead(chain, names, clock, source.answers.as_of_us),
        "tiles": tiles(chain),
        "unknown": unknown_words(chain),
        "shifted": not chain.calendar,
        "numbers": numbers(source, patient, calendar=chain.calendar),
        "chain": [passed_row(one, names) for one in passed(chain)],
        "waits": waits(source, chain, names, clock),
        "journeys": journeys(source, chain, names, clock),
        "as_of": say.long_day(source.answers.as_of_us, source.tz) if present.has_calendar(source) else "",
    }
    return render(request, "pages/patient.html", context)


def numbers(source: Source, person: str, *, calendar: bool) -> list[str]:
    """Say of each number that was given up for this person's by which link it was: without a day where days are shifted."""
    links = source.answers.links(person)
    files = {d["delivery"]: d["name"] for d in source.answers.deliveries()} if links else {}
    said = []
    for link in links:
        file = files.get(link["delivery"], link["feed"])
        told = {"number": link["patient"], "file": file, "row": link["row"], "day": say.day(link["at_us"], source.tz)}
        text = (
            _("%(number)s is the same person, by a link of %(day)s (row %(row)s of %(file)s).")
            if calendar and link["at_us"] is not None
            else _("%(number)s is the same person, by a link in row %(row)s of %(file)s.")
        )
        said.append(text % told)
    return said


def lead(chain: Chain, names: Names, clock: Clock, until_us: int | None = None) -> str:
    """Say how many units over what time, how many hand-offs, and where the patient waited longest.

    Of who is still there the time goes on until the records end (`until_us`).
    """
    units = len({stay.unit for stay in chain.stays})
    last_us = max(j.last_us for j in chain.journeys)
    if until_us is not None and chain.calendar and any(stay.end_kind == "open" for stay in chain.stays):
        last_us = max(last_us, until_us)
    over = length((last_us - clock.first_us) / 1_000_000)
    visits, handoffs = len(chain.visits), len(chain.waits)
    parts = {
        "units": ngettext("%(n)s unit", "%(n)s units", units) % {"n": units},
        "visits": ngettext("%(n)s visit", "%(n)s visits", visits) % {"n": visits},
        "handoffs": ngettext("%(n)s hand-off", "%(n)s hand-offs", handoffs) % {"n": handoffs},
        "over": over,
    }
    said = [_("%(units)s over %(over)s: %(visits)s, with %(handoffs)s from one unit to another.") % parts]
    said += admissions(chain, names, clock)
    longest = chain.longest
    if longest is not None:
        admitted = any(visit.in_hospital for visit in chain.visits)
        text = (
            _("The longest wait between units in hospital was %(length)s: from %(sender)s to %(receiver)s, %(day)s.")
            if admitted
            else _("The longest time between units was %(length)s: from %(sender)s to %(receiver)s, %(day)s.")
        )
        said.append(
            text
            % {
                "length": length(longest.gap_s),
                "sender": names.name(longest.unit),
                "receiver": names.name(longest.next_unit),
                "day": clock.day(longest.left_us or longest.start_us, longest.unit),
            }
        )
    return " ".join(said)


def admissions(chain: Chain, names: Names, clock: Clock) -> list[str]:
    """Say how often the patient was in hospital, and which way the longest of these visits went; none where never."""
    admitted = [visit for visit in chain.visits if visit.in_hospital]
    if not admitted:
        return []
    visit = max(admitted, key=lambda v: v.last_us - v.start_us)
    first = visit.steps[0]
    told = {
        "n": len(admitted),
        "day": clock.day(visit.start_us, first.unit),
        "length": length((visit.last_us - visit.start_us) / 1_000_000),
        "way": " → ".join(names.name(stay.unit) for stay in visit.steps),
    }
    text = ngettext(
        "In hospital once, from %(day)s for %(length)s: %(way)s.",
        "In hospital %(n)s times; the longest was from %(day)s for %(length)s: %(way)s.",
        len(admitted),
    )
    if any(stay.end_kind == "open" for stay in visit.steps):
        text = ngettext(
            "In hospital once, since %(day)s and still there: %(way)s.",
            "In hospital %(n)s times; the longest since %(day)s and still there: %(way)s.",
            len(admitted),
        )
    elif visit.end_us is None:
        text = ngettext(
            "In hospital once, from %(day)s, with no end known: %(way)s.",
            "In hospital %(n)s times; the longest was from %(day)s, with no end known: %(way)s.",
            len(admitted),
        )
    return [text % told]


def unknown_words(chain: Chain) -> str:
    """Say how many departures nobody wrote down; empty where all are known."""
    n = chain.unknown
    text = ngettext(
        "%(n)s departure is not known: nobody wrote it down, so the time there and the wait after it cannot be told.",
        "%(n)s departures are not known: nobody wrote them down, so the times there and the waits after them cannot "
        "be told.",
        n,
    )
    return text % {"n": n} if n else ""


def tiles(chain: Chain) -> list[dict[str, str]]:
    """Return the four plain numbers of a patient's way."""
    admitted = [visit for visit in chain.visits if visit.in_hospital]
    spent = [None if v.end_us is None else (v.end_us - v.start_us) // 1_000_000 for v in admitted]
    waited = [stay.gap_s for visit in admitted for stay in visit.waits]
    return [
        {"label": _("Units"), "value": say.count(len({stay.unit for stay in chain.stays})), "note": ""},
        {"label": _("Visits"), "value": say.count(len(chain.visits)), "note": ""},
        {"label": _("Time in hospital"), **_sum(spent)},
        {"label": _("Of that between units"), **_sum(waited)},
    ]


def _sum(lengths: list[int | None]) -> dict[str, str]:
    """Return a sum of lengths in words: unknown ones are said, and never counted as nothing."""
    known = [one for one in lengths if one is not None]
    unknown = len(lengths) - len(known)
    note = _("and %(n)s not known") % {"n": unknown} if unknown and known else ""
    if not known:
        return {"value": _("not known") if unknown else _("none"), "note": ""}
    return {"value": length(sum(known)), "note": note}


def passed_row(one: Passed, names: Names) -> dict[str, Any]:
    """Return one link of the chain: the unit, in how many visits, and how long."""
    time = length(one.seconds) if one.seconds else ""
    if one.unknown:
        told = ngettext("%(n)s end not known", "%(n)s ends not known", one.unknown) % {"n": one.unknown}
        time = f"{time}, {told}" if time else told
    if one.open:
        time = f"{time}, {_('still there')}" if time else _("still there")
    return names.link(one.unit) | {
        "kind": names.kind(one.unit)[0],
        "visits": ngettext("%(n)s visit", "%(n)s visits", one.visits) % {"n": one.visits},
        "time": time or length(0),
        "beside": one.beside,
    }


def waits(source: Source, chain: Chain, names: Names, clock: Clock) -> list[dict[str, Any]]:
    """Return the longest waits in hospital, each beside what patients usually wait there."""
    admitted = [stay for visit in chain.visits if visit.in_hospital for stay in visit.waits]
    known = sorted((s for s in admitted or chain.waits if s.gap_s), key=lambda s: -(s.gap_s or 0))[:SHOWN_WAITS]
    return [_wait(source, stay, names, clock) for stay in known]


def _wait(source: Source, stay: Stay, names: Names, clock: Clock) -> dict[str, Any]:
    pairs = source.answers.pairs("micro", unit=stay.unit)
    usual: dict[str, Any] = next(
        (p for p in pairs if (p["from_unit"], p["to_unit"]) == (stay.unit, stay.next_unit)), {}
    )
    return {
        "name": f"{names.name(stay.unit)} → {names.name(stay.next_unit)}",
        "address": reverse("pair", kwargs={"sender": stay.unit, "receiver": stay.next_unit}),
        "length": length(stay.gap_s),
        "left": clock.moment(stay.left_us, stay.unit),
        "median": length(usual.get("median_transit_s")),
        "over": length(usual.get("p90_transit_s")),
    }


def journeys(source: Source, chain: Chain, names: Names, clock: Clock) -> list[dict[str, Any]]:
    """Return each journey for the page: its pictures while there is room, and its stays and gaps; newest first."""
    pictures, rows = MOST_PICTURES, MOST_ROWS
    found = []
    for at, journey in reversed(list(enumerate(chain.journeys, start=1))):
        drawn = []
        for visit in journey.visits:
            if pictures > 0 and worth_drawing(visit):
                now = source.answers.as_of_us if chain.calendar else None
                made = visit_picture(visit, names=names, clock=clock, longest=chain.longest, now_us=now)
                drawn.append({
                    "title": visit_title(visit.in_hospital, clock.day(visit.start_us, visit.stays[0].unit)),
                    "svg": made.svg,
                    "even": made.even,
                    "hospital": visit.in_hospital,
                })  # fmt: skip
                pictures -= 1
        steps = step_rows(journey, names, clock)
        found.append({
            "number": at,
            "title": journey_title(journey, clock),
            "overview": journey_picture(journey, names=names, clock=clock).svg if len(journey.visits) > 1 else "",
            "visits": sorted(drawn, key=lambda one: not one["hospital"]),
            "undrawn": sum(map(worth_drawing, journey.visits)) - len(drawn),
            "rows": steps[: max(rows, 0)],
            "cut": len(steps) > max(rows, 0),
        })  # fmt: skip
        rows -= len(steps)
    return found


def visit_title(in_hospital: bool, day: str) -> str:
    return _("In hospital from %(day)s") % {"day": day} if in_hospital else _("Visit of %(day)s") % {"day": day}


def journey_title(journey: Journey, clock: Clock) -> str:
    """Name a journey by its first and last day."""
    first, last = journey.visits[0].stays[0], journey.visits[-1].stays[-1]
    days = clock.day(journey.start_us, first.unit), clock.day(journey.last_us, last.unit)
    if days[0] == days[1]:
        return days[0]
    return _("%(first)s to %(last)s") % {"first": days[0], "last": days[1]}


def step_rows(journey: Journey, names: Names, clock: Clock) -> list[dict[str, Any]]:
    """Return every stay and every gap of a journey, in order of time."""
    rows: list[dict[str, Any]] = []
    for at, visit in enumerate(journey.visits):
        if at:
            apart = journey.between_s[at - 1]
            rows.append({
                "between": _("Time to the next visit not known") if apart is None
                else _("%(length)s to the next visit") % {"length": length(apart)}
            })  # fmt: skip
        rows += [_step_row(stay, names, clock) for stay in visit.stays]
    return rows


def _step_row(stay: Stay, names: Names, clock: Clock) -> dict[str, Any]:
    then = ""
    if stay.next_unit is not None:
        words = _("not known") if stay.gap_s is None else length(stay.gap_s)
        then = _("%(length)s to %(unit)s") % {"length": words, "unit": names.name(stay.next_unit)}
    still = stay.end_kind == "open"
    return {
        "unit": names.link(stay.unit),
        "beside": stay.beside,
        "arrived": clock.moment(stay.start_us, stay.unit),
        "left": _("still there")
        if still
        else clock.moment(stay.left_us, stay.unit)
        if stay.left_us
        else _("not known"),
        "there": length(stay.length_s) if stay.length_s is not None else "" if still else _("not known"),
        "then": then,
    }
