"""The page of codes: what is new in the records, which codes mean one unit, and which beds stand for which ward."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home.places import Told
from knitwork.model.errors import CannotDo
from knitwork.web import say
from knitwork.web.accounts.access import needs
from knitwork.web.audit.record import Actor
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source
from knitwork.web.units import codes as said_of
from knitwork.web.units.actions import look_through, say_same, set_up_unit, take_back
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.views import after_a_change

# Beds and new codes that are listed; the others are counted.
SHOWN = 200


@needs("set_up")
def codes(request: HttpRequest) -> HttpResponse:
    """Show every code that needs a word, the new ones first, and take over what a person says of them."""
    source = with_answers(request)
    refused = ""
    if request.method == "POST":
        try:
            messages.success(request, after_a_change(acted(request)))
            return redirect("codes")
        except CannotDo as cannot:
            refused = str(cannot)
    told: list[Told] = kept(source, "codes", source.answers.told_codes)
    context = shown(source, told) | {"refused": refused, "wrote": request.POST if refused else {}}
    return render(request, "pages/codes.html", context, status=422 if refused else 200)


def acted(request: HttpRequest) -> str:
    """Do what was asked for, and say what was done."""
    by: Any = request.user
    asked = request.POST
    code = asked.get("code", "").strip()
    if asked.get("act") == "back":
        take_back(code=code, by=by)
        return _("“%(code)s” is a unit of its own again.") % {"code": code}
    if asked.get("act") == "new":
        return named(asked.dict(), by)
    say_same(code=code, means=asked.get("means", ""), by=by)
    return _("“%(code)s” means %(unit)s now.") % {"code": code, "unit": Unit.objects.get(code=asked["means"]).name}


def named(asked: dict[str, str], by: Actor) -> str:
    """Take over what was said of the new codes, all of them or none: a name, or the unit that a code means."""
    changed = 0
    with transaction.atomic():
        for unit in Unit.objects.filter(code__in=said_of.new_codes()):
            name, means = asked.get(f"name-{unit.pk}"), asked.get(f"means-{unit.pk}", "")
            if means:
                say_same(code=unit.code, means=means, by=by)
            elif name is not None and name.strip() != unit.name:
                now_in = unit.memberships.filter(kind=Membership.BELONGS, until_us__isnull=True)
                group = now_in.values_list("group__code", flat=True).first()
                set_up_unit(
                    code=unit.code, name=name.strip(), kind=unit.kind, group=group, tz=unit.tz, capacity=unit.capacity,
                    by=by,
                )  # fmt: skip
            else:
                continue
            changed += 1
        look_through(by=by)
    return ngettext("%(n)s code was given a word.", "%(n)s codes were given a word.", changed) % {"n": changed}


def shown(source: Source, told: list[Told]) -> dict[str, Any]:
    """Return what the page says: new codes, codes that people mapped, and places that feeds nest."""
    names = Names(source)
    rows = {one.code: one for one in told}
    mapped = said_of.said()
    new = sorted(said_of.new_codes() & rows.keys(), key=lambda code: (-rows[code].rows, code))
    units = [u for u in names.written.values() if u.code not in mapped and u.kind not in said_of.GROUPS]
    choices = sorted(((u.code, u.name) for u in units), key=lambda pair: pair[1].casefold())
    inside = [one for one in told if one.unit != one.code and one.code not in mapped]
    return {
        "new": [new_row(rows[code], names.written[code], names) for code in new[:SHOWN]],
        "new_count": len(new),
        "mapped": [
            {
                "code": one.code, "unit": names.name(one.means), "by": one.said_by,
                "at": say.moment(one.said_at, source.tz), "rows": say.count(rows[one.code].rows if one.code in rows else 0),
            }
            for one in mapped.values()
        ],
        "inside": [
            {"code": one.code, "name": one.name or "", "form": one.form or "", "unit": names.name(one.unit), "rows": say.count(one.rows)}
            for one in inside[:SHOWN]
        ],
        "inside_more": max(0, len(inside) - SHOWN),
        "choices": choices,
        "known": [one.code for one in told if one.code not in mapped][:1_000],
        "looked": say.moment(at, source.tz) if (at := said_of.last_look()) else "",
    }  # fmt: skip


def new_row(one: Told, unit: Unit, names: Names) -> dict[str, Any]:
    """Return one new code with its guesses: a name that only repeats the code is none."""
    return {
        "id": unit.pk, "code": one.code, "rows": say.count(one.rows), "name": unit.name,
        "kind": names.kind(one.code)[0], "guess": names.is_guess(one.code), "from_feed": unit.name != one.code,
    }  # fmt: skip
