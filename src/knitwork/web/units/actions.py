"""What people and commands do with units. Each act: one transaction, one audit event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.model.units import KINDS, FoundUnit, guess_kind
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.units.codes import check_same, said
from knitwork.web.units.keep import belong, check_unit, described, join, keep_row, known_unit, nest, redate
from knitwork.web.units.models import CodeMeaning, Look, Membership, Unit
from knitwork.web.units.rows import MembershipRow, UnitRow


def notice_units(
    found: Iterable[str | FoundUnit], *, above: Iterable[FoundUnit] = (), whole: str = "", by: Actor
) -> int:
    """Add units that records speak of and nobody has named yet. Says how many.

    Name, kind and place are those that the feed gives, else guessed from the code. `above` are the places in which
    the units lie: with them the new units are nested, under `whole` at the top. What is known already is left alone.
    """
    with transaction.atomic():
        known = set(Unit.objects.values_list("code", flat=True))
        told = [FoundUnit(one) if isinstance(one, str) else one for one in found]
        new = {one.unit: one for one in told if one.unit and one.unit not in known}
        groups = {one.unit: one for one in above if one.unit not in known and one.unit not in new}
        Unit.objects.bulk_create([_noticed(one) for _code, one in sorted((new | groups).items())])
        nest(list(new.values()), groups, whole)
        record(by=by, action="notice units", about=f"{len(new)} units", detail={"units": sorted(new)})
    return len(new)


def _noticed(one: FoundUnit) -> Unit:
    name = (one.name or one.unit)[:200]
    kind = one.kind if one.kind in KINDS else guess_kind(name)
    return Unit(code=one.unit, name=name, kind=kind, noticed_at=timezone.now())


def set_up_unit(
    *,
    code: str,
    name: str,
    kind: str,
    group: str | None,
    since_us: int | None = None,
    redate: bool = False,
    tz: str = "",
    capacity: float | None = None,
    by: Actor,
) -> Unit:
    """Say what a unit is called, its kind (no longer a guess), zone and capacity, and what it belongs to.

    With `since_us` it moves to `group` then and its past stays; without, its whole past is put right. Where it stays
    in its group, `redate` puts the day right on which it came there.
    """
    with transaction.atomic():
        wish = Wish(code=code, name=name, kind=kind, group=group, since_us=since_us, redate=redate)
        unit, was = _set_up(wish, tz=tz, capacity=capacity)
        detail = {"was": was, "now": described(unit), "since_us": since_us}
        record(by=by, action="set up unit", about=f"unit {code}", detail=detail)
    return unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person says of one unit: `set_up_unit` explains its parts."""

    code: str
    name: str
    kind: str
    group: str | None
    since_us: int | None = None
    redate: bool = False


def set_up_units(wishes: Iterable[Wish], *, by: Actor) -> int:
    """Take over what a person says of many units at once: all of them or none. Says how many.

    Zone and capacity stay as they are. What cannot be is refused as `RefusedUnit`, which names the unit.
    """
    details = []
    with transaction.atomic():
        for wish in wishes:
            kept = known_unit(wish.code)
            try:
                unit, was = _set_up(wish, tz=kept.tz, capacity=kept.capacity)
            except CannotDo as refused:
                raise RefusedUnit(wish.code, str(refused)) from refused
            details.append({"unit": wish.code, "was": was, "now": described(unit), "since_us": wish.since_us})
        if details:
            record(by=by, action="set up units", about=f"{len(details)} units", detail={"units": details})
    return len(details)


class RefusedUnit(CannotDo):
    """Something said of one unit among many cannot be."""

    def __init__(self, unit: str, sentence: str) -> None:
        super().__init__(sentence)
        self.unit = unit


def _set_up(wish: Wish, *, tz: str, capacity: float | None) -> tuple[Unit, dict[str, object]]:
    """Write one unit and its place; return it with what was kept of it before. Inside the act's transaction."""
    check_unit(code=wish.code, name=wish.name, kind=wish.kind, tz=tz, capacity=capacity)
    unit, _made = Unit.objects.get_or_create(code=wish.code, defaults={"name": wish.name, "kind": wish.kind})
    was = described(unit)
    unit.name, unit.kind, unit.kind_guessed, unit.tz, unit.capacity = wish.name, wish.kind, False, tz, capacity
    unit.save()
    if (wish.group or None) != was["group"]:
        belong(unit, wish.group, wish.since_us)
    elif wish.redate and wish.group:
        redate(unit, wish.since_us)
    return unit, was


def confirm_kinds(kinds: Mapping[str, str], *, by: Actor) -> tuple[int, list[str]]:
    """Say that these guessed kinds (by unit) are right. Says how many, and which were not the same any more.

    A unit whose kind was confirmed or changed since the guess was shown is left alone.
    """
    with transaction.atomic():
        found = {unit.code: unit for unit in Unit.objects.filter(code__in=kinds)}
        right = [unit for code, unit in found.items() if unit.kind_guessed and unit.kind == kinds[code]]
        for unit in right:
            unit.kind_guessed = False
        Unit.objects.bulk_update(right, ["kind_guessed"])
        if right:
            detail = {"kinds": {unit.code: unit.kind for unit in right}}
            record(by=by, action="confirm kinds", about=f"{len(right)} units", detail=detail)
    return len(right), sorted(set(kinds) - {unit.code for unit in right})


def take_part(*, code: str, group: str, since_us: int | None = None, until_us: int | None = None, by: Actor) -> None:
    """Let a unit take part in a mesosystem beside the one it belongs to."""
    with transaction.atomic():
        join(known_unit(code), known_unit(group), kind="takes_part", since_us=since_us, until_us=until_us)
        detail = {"group": group, "since_us": since_us, "until_us": until_us}
        record(by=by, action="take part", about=f"unit {code}", detail=detail)


def stop_taking_part(*, membership: int, until_us: int | None, by: Actor) -> None:
    """Let a unit take part in a group no longer: from an instant on, or, without one, as if it never had."""
    with transaction.atomic():
        found = Membership.objects.filter(pk=membership, kind=Membership.TAKES_PART).select_related("unit", "group")
        taken = found.first()
        if taken is None:
            raise CannotDo("That membership is no longer there: somebody ended it since you opened the page.")
        detail = {"group": taken.group.code, "since_us": taken.since_us, "until_us": until_us}
        if until_us is None:
            taken.delete()
        elif taken.since_us is not None and until_us <= taken.since_us:
            raise CannotDo("It would end before it began: put the date right, or leave it empty to take it out.")
        else:
            taken.until_us = until_us
            taken.save(update_fields=["until_us"])
        record(by=by, action="stop taking part", about=f"unit {taken.unit.code}", detail=detail)


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


def say_same(*, code: str, means: str, by: Actor) -> CodeMeaning:
    """Say that `code` is another code of the unit `means`: its records count there from the next refresh on."""
    code, means = code.strip(), means.strip()
    with transaction.atomic():
        check_same(code, means)
        was = said().get(code)
        made = CodeMeaning.objects.create(code=code, means=means, said_by=actor_name(by), said_at=timezone.now())
        detail = {"was": was.means if was else "", "now": means}
        record(by=by, action="map code", about=f"code {code}", detail=detail)
    return made


def take_back(*, code: str, by: Actor) -> None:
    """Let a code mean itself again."""
    with transaction.atomic():
        was = said().get(code)
        if was is None:
            raise CannotDo(_("“%(code)s” means no other unit: somebody took that back already.") % {"code": code})
        CodeMeaning.objects.create(code=code, means="", said_by=actor_name(by), said_at=timezone.now())
        record(by=by, action="take back code", about=f"code {code}", detail={"was": was.means, "now": ""})


def look_through(*, by: Actor) -> None:
    """Say that the codes were looked through: none of them is new any more."""
    with transaction.atomic():
        Look.objects.create(looked_by=actor_name(by), looked_at=timezone.now())
        record(by=by, action="look through codes", about="codes", detail={})
