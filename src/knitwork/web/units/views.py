"""The form in which people name, type and nest a unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knitwork.model.errors import CannotDo
from knitwork.model.units import KINDS
from knitwork.web import say
from knitwork.web.accounts.access import needs
from knitwork.web.pages.around import Names, place
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source
from knitwork.web.units.actions import set_up_unit
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
        widget=forms.DateInput(attrs={"type": "date"}),
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
                tz=said["tz"].strip(),
                capacity=said["capacity"],
                by=request.user,  # type: ignore[arg-type]
            )
        except CannotDo as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept. The roll-ups follow at the next refresh."))
            return redirect("unit", code=code)
    context = {"place": at, "form": form, "guessed": at.kind_guessed}
    return render(request, "pages/setup.html", context, status=422 if form.errors else 200)


def known_of(source: Source, code: str) -> dict[str, Any]:
    """Return what stands in the form at first: as people wrote it last, else as the records have it."""
    written = Unit.objects.filter(code=code).first()
    if written is not None:
        belongs = written.memberships.filter(kind=Membership.BELONGS, until_us__isnull=True)
        group = belongs.values_list("group__code", flat=True).first()
        known = {"name": written.name, "kind": written.kind, "tz": written.tz, "capacity": written.capacity}
        return known | {"group": group or ""}
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
