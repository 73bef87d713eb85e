"""The form in which people name, type and nest a unit."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knitwork.model.errors import CannotDo
from knitwork.model.units import KINDS
from knitwork.web import say
from knitwork.web.accounts.access import needs
from knitwork.web.pages.around import Names, Place, exists, place
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source
from knitwork.web.units import table
from knitwork.web.units.actions import (
    RefusedUnit,
    Wish,
    confirm_kinds,
    set_up_unit,
    set_up_units,
    stop_taking_part,
    take_part,
)
from knitwork.web.units.codes import new_codes
from knitwork.web.units.keep import known_unit
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.rows import instant, zone_of


class SetUpForm(forms.Form):
    """What people may say about a unit."""

    name = forms.CharField(max_length=200, label=gettext_lazy("Name"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    group = forms.ChoiceField(label=gettext_lazy("Belongs to"), required=False)
    since = forms.DateField(
        label=gettext_lazy("Since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("When it moved there. Empty: it has always belonged there."),
    )
    tz = forms.CharField(
        max_length=60,
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("Like Europe/Amsterdam. Empty: the zone of the feed."),
    )
    capacity = forms.FloatField(
        label=gettext_lazy("Capacity"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("Patients it can hold at once. Empty: no occupancy is shown."),
    )

    def __init__(self, *args: Any, groups: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(((kind, say.kind_name(kind)) for kind in KINDS), key=lambda pair: pair[1])
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["group"].choices = [("", _("nothing above it")), *groups]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"about-{name}"


@needs("set_up")
def setup(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is known of a unit and take over what a person says about it."""
    source = with_answers(request)
    at = place(source, code)
    if request.POST.get("act") in ("join", "leave"):
        return part(request, source, at)
    form = SetUpForm(request.POST or None, initial=known_of(source, code), groups=groups(source, code))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            since = said["since"]
            zone = zone_of(said["tz"], 1)
            set_up_unit(
                code=code,
                name=said["name"].strip(),
                kind=said["kind"],
                group=said["group"] or None,
                since_us=instant(since.isoformat(), zone, 1, "since") if since else None,
                redate=since != known_of(source, code).get("since"),
                tz=said["tz"].strip(),
                capacity=said["capacity"],
                by=request.user,  # type: ignore[arg-type]
            )
        except CannotDo as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, after_a_change(_("Kept.")))
            return redirect("unit", code=code)
    context = {
        "place": at,
        "form": form,
        "guessed": at.kind_guessed,
        "history": history(code, source.tz),
        "groups": groups(source, code),
        "refused": "",
    }
    return render(request, "pages/setup.html", context, status=422 if form.errors else 200)


def after_a_change(first: str) -> str:
    """Say after a change that numbers follow, and how."""
    then = _(
        "Names stand at once; numbers follow at the next refresh: `knitwork refresh`, or the page of files to take in, does it now."
    )
    return f"{first} {then}"


def history(code: str, tz: str) -> dict[str, list[dict[str, Any]]]:
    """Return what a unit belonged to and took part in over time, the newest first, as sentences' parts."""
    found: dict[str, list[dict[str, Any]]] = {"belongs": [], "takes_part": []}
    memberships = Membership.objects.filter(unit__code=code).select_related("group", "unit").order_by("-since_us")
    for one in memberships:
        zone = one.unit.tz or tz
        found[one.kind].append({
            "id": one.pk,
            "group": one.group.name,
            "since": say.day(one.since_us, zone) if one.since_us is not None else "",
            "until": say.day(one.until_us, zone) if one.until_us is not None else "",
        })  # fmt: skip
    return found


def part(request: HttpRequest, source: Source, at: Place) -> HttpResponse:
    """Let a unit take part in a programme from a day on, or end that: what two forms on a unit's own page send."""
    code = at.code
    said = request.POST
    try:
        unit = known_unit(code)
        zone = zone_of(unit.tz or source.tz, 1)
        since = day_of(said.get("since", ""), zone)
        until = day_of(said.get("until", ""), zone)
        if said.get("act") == "leave":
            number = said.get("membership", "")
            stop_taking_part(
                membership=int(number) if number.isdigit() else 0,
                until_us=until,
                by=request.user,  # type: ignore[arg-type]
            )
            messages.success(request, after_a_change(_("Ended.")))
        else:
            take_part(
                code=code,
                group=said.get("group", ""),
                since_us=since,
                until_us=until,
                by=request.user,  # type: ignore[arg-type]
            )
            messages.success(request, after_a_change(_("Kept.")))
    except CannotDo as refused:
        context = {
            "place": at,
            "form": SetUpForm(initial=known_of(source, code), groups=groups(source, code)),
            "guessed": at.kind_guessed,
            "history": history(code, source.tz),
            "groups": groups(source, code),
            "refused": str(refused),
            "wrote": {name: said.get(name, "") for name in ("group", "since", "until", "act", "membership")},
        }
        return render(request, "pages/setup.html", context, status=422)
    return redirect("setup", code=code)


def day_of(text: str, zone: ZoneInfo) -> int | None:
    """Return a day as its midnight in a zone, or None where nothing was written."""
    text = text.strip()
    if not text:
        return None
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise CannotDo(_("“%(text)s” is no date: write it like 2026-03-01.") % {"text": text}) from error
    return instant(text, zone, 1, "since")


@needs("set_up")
def setup_all(request: HttpRequest) -> HttpResponse:
    """Show all units in rows, guesses first, and take over what a person says about them: all rows or none."""
    source = with_answers(request)
    asked = request.POST.get("page") or request.GET.get("page") or ""
    page = max(int(asked) - 1, 0) if asked.isdigit() else 0
    rows, count = table.kept_rows(page)
    refused = ""
    if request.POST.get("act") == "group":
        refused = add_group(request)
        if not refused:
            return redirect(f"{reverse('units-setup')}?page={page + 1}")
    elif request.method == "POST":
        rows = table.posted(rows, request.POST)
        done, rows = keep_all(request, rows)
        if done:
            return redirect(f"{reverse('units-setup')}?page={page + 1}")
    choices = table.Choices(groups(source, ""))
    wrong = sum(1 for row in rows if row.errors)
    pages = -(-count // table.ROWS_AT_A_TIME)
    context = {
        "rows": [table.shown(row, choices, address=own_form(source, row.unit.code)) for row in rows],
        "was": table.remembered(rows),
        "guesses": sum(1 for row in rows if row.guessed),
        "unknown": sum(1 for row in rows if row.unit.kind_guessed and not row.guessed),
        "count": count,
        "wrong": wrong,
        "refused": refused,
        "group_name": request.POST.get("group-name", ""),
        "page": page + 1,
        "pages": [{"n": n + 1, "here": n == page} for n in range(pages)] if pages > 1 else [],
        "new_codes": len(new_codes()),
    }
    return render(request, "pages/setup_all.html", context, status=422 if wrong or refused else 200)


def add_group(request: HttpRequest) -> str:
    """Add a group that units can belong to; return why it could not be, or nothing."""
    name = request.POST.get("group-name", "").strip()
    kind = request.POST.get("group-kind", "")
    if kind not in ("mesosystem", "macrosystem"):
        return _("A group is a mesosystem or a macrosystem.")
    if Unit.objects.filter(code=name).exists():
        return _("There is a unit with that name already: choose another.")
    try:
        set_up_unit(code=name, name=name, kind=kind, group=None, by=request.user)  # type: ignore[arg-type]
    except CannotDo as cannot:
        return str(cannot)
    messages.success(request, after_a_change(_("Kept: units can belong to %(group)s now.") % {"group": name}))
    return ""


def own_form(source: Source, code: str) -> str:
    """Return the address of a unit's own form; a unit that no record knows yet has none."""
    return reverse("setup", kwargs={"code": code}) if exists(source.answers.registry, code) else ""


def keep_all(request: HttpRequest, rows: list[table.Row]) -> tuple[bool, list[table.Row]]:
    """Do what was asked for with these rows; say whether it was done, else return them with their errors."""
    codes = frozenset(Unit.objects.values_list("code", flat=True))
    by: Any = request.user
    rows = [table.checked(row, codes) for row in rows]
    if any(row.errors for row in rows):
        return False, rows
    changed = [row for row in rows if row.changed]
    try:
        kept = set_up_units([Wish(**table.wanted(row)) for row in changed], by=by)
    except RefusedUnit as refused:
        return False, [replace(r, errors=(str(refused),)) if r.unit.code == refused.unit else r for r in rows]
    said = ngettext("%(n)s unit kept.", "%(n)s units kept.", kept) % {"n": kept} if kept else ""
    if request.POST.get("act") == "confirm":
        mine = {row.unit.code for row in changed}
        shown = {row.unit.code: row.was.kind for row in rows if row.guessed and row.unit.code not in mine}
        sure, other = confirm_kinds(shown, by=by)
        said += " " + ngettext("%(n)s kind confirmed.", "%(n)s kinds confirmed.", sure) % {"n": sure}
        if other:
            text = _("Changed by somebody else meanwhile, and left alone: %(units)s.")
            said += " " + text % {"units": ", ".join(other)}
    if said:
        messages.success(request, after_a_change(said.strip()))
    else:
        messages.info(request, _("Nothing was changed."))
    return True, rows


def known_of(source: Source, code: str) -> dict[str, Any]:
    """Return what stands in the form at first: as people wrote it last, else as the records have it."""
    written = Unit.objects.filter(code=code).first()
    if written is not None:
        belongs = written.memberships.filter(kind=Membership.BELONGS, until_us__isnull=True)
        group = belongs.values_list("group__code", flat=True).first()
        known = {"name": written.name, "kind": written.kind, "tz": written.tz, "capacity": written.capacity}
        begun = belongs.values_list("since_us", flat=True).first()
        since = None if begun is None else say.local(begun, written.tz or "UTC").date()
        return known | {"group": group or "", "since": since}
    unit = source.answers.registry.get(code)
    if unit is None:
        return {"name": code, "kind": "macrosystem"}
    return {"name": unit.name, "kind": unit.kind, "tz": unit.tz or "", "capacity": unit.capacity, "group": ""}


def groups(source: Source, code: str) -> list[tuple[str, str]]:
    """Return the units that this one could belong to: those that hold others or are groups by kind."""
    registry = source.answers.registry
    known = Names(source)
    holds = {m.group for m in registry.memberships} | {m.group.code for m in Membership.objects.select_related("group")}
    by_kind = {u.unit for u in registry.units if u.kind in ("mesosystem", "macrosystem")}
    by_kind |= {u.code for u in known.written.values() if u.kind in ("mesosystem", "macrosystem")}
    found = [(group, known.name(group)) for group in (holds | by_kind) - {code} if group in known.written]
    return sorted(found, key=lambda pair: pair[1].casefold())
