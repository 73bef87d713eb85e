"""What people and commands do with units. Each act: one transaction, one audit event."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from knitwork.model.units import guess_kind
from knitwork.web.audit.record import Actor, record
from knitwork.web.units.keep import belong, check_unit, described, join, keep_row, known_unit
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.rows import MembershipRow, UnitRow


def notice_units(codes: Iterable[str], *, by: Actor) -> int:
    """Add units that records speak of and nobody has named yet, with a guessed kind. Says how many."""
    with transaction.atomic():
        known = set(Unit.objects.values_list("code", flat=True))
        new = sorted({code for code in codes if code and code not in known})
        Unit.objects.bulk_create([Unit(code=code, name=code, kind=guess_kind(code)) for code in new])
        record(by=by, action="notice units", about=f"{len(new)} units", detail={"units": new})
    return len(new)


def set_up_unit(
    *,
    code: str,
    name: str,
    kind: str,
    group: str | None,
    since_us: int | None = None,
    tz: str = "",
    capacity: float | None = None,
    by: Actor,
) -> Unit:
    """Say what a unit is called, its kind (no longer a guess), zone and capacity, and what it belongs to.

    With `since_us` it moves to `group` then and its past stays; without, its whole past is put right.
    """
    check_unit(code=code, name=name, kind=kind, tz=tz, capacity=capacity)
    with transaction.atomic():
        unit, _made = Unit.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})
        was = described(unit)
        unit.name, unit.kind, unit.kind_guessed, unit.tz, unit.capacity = name, kind, False, tz, capacity
        unit.save()
        if (group or None) != was["group"]:
            belong(unit, group, since_us)
        detail = {"was": was, "now": described(unit), "since_us": since_us}
        record(by=by, action="set up unit", about=f"unit {code}", detail=detail)
    return unit


def take_part(*, code: str, group: str, since_us: int | None = None, until_us: int | None = None, by: Actor) -> None:
    """Let a unit take part in a mesosystem beside the one it belongs to."""
    with transaction.atomic():
        join(known_unit(code), known_unit(group), kind="takes_part", since_us=since_us, until_us=until_us)
        detail = {"group": group, "since_us": since_us, "until_us": until_us}
        record(by=by, action="take part", about=f"unit {code}", detail=detail)


def bring_in_units(rows: Iterable[UnitRow], *, by: Actor) -> int:
    """Take over a list of units and what they belong to (units.csv): all rows or none.

    What the units in it belong to is replaced; units that it does not name stay as they are.
    """
    rows = list(rows)
    with transaction.atomic():
        units = {row.unit: keep_row(row) for row in rows}
        for parent in sorted({row.parent for row in rows if row.parent} - units.keys()):
            Unit.objects.get_or_create(code=parent, defaults={"name": parent, "kind": "mesosystem"})
        Membership.objects.filter(unit__in=units.values(), kind=Membership.BELONGS).delete()
        for row in rows:
            if row.parent:
                group = known_unit(row.parent)
                join(units[row.unit], group, kind="belongs", since_us=row.since_us, until_us=row.until_us)
        record(by=by, action="bring in units", about=f"{len(units)} units", detail={"units": sorted(units)})
    return len(units)


def bring_in_memberships(rows: Iterable[MembershipRow], *, by: Actor) -> int:
    """Take over memberships of both kinds; those of the units named are replaced. All rows or none."""
    rows = list(rows)
    with transaction.atomic():
        named = sorted({row.unit for row in rows})
        Membership.objects.filter(unit__code__in=named).delete()
        for row in rows:
            unit, group = known_unit(row.unit), known_unit(row.group)
            join(unit, group, kind=row.kind, since_us=row.since_us, until_us=row.until_us)
        record(by=by, action="bring in memberships", about=f"{len(rows)} memberships", detail={"units": named})
    return len(rows)
