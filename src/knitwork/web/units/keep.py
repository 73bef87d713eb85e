"""Checks and single steps that the acts on units are made of. None of them is an act by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from knitwork.model.errors import CannotDo
from knitwork.model.units import FOREVER_US, KINDS, FoundUnit, guess_kind
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.rows import UnitRow


def check_unit(*, code: str, name: str, kind: str, tz: str, capacity: float | None) -> None:
    """Refuse a unit that could not be understood later, in one sentence."""
    if not code or not name.strip():
        raise CannotDo("A unit needs a code and a name: give it the name that people say.")
    if kind not in KINDS:
        raise CannotDo(f"“{kind}” is no kind of unit (unit “{code}”): choose one of {', '.join(KINDS)}.")
    if tz and tz not in available_timezones():
        raise CannotDo(f"“{tz}” is no time zone (unit “{code}”): write it like Europe/Amsterdam.")
    if capacity is not None and not 0 < capacity < 1_000_000:
        raise CannotDo(f"A capacity is a number of patients above 0 (unit “{code}”): leave it empty if unknown.")


def known_unit(code: str) -> Unit:
    """Return the unit with this code, or say that there is none."""
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise CannotDo(f"There is no unit “{code}”: name it in units.csv first.")
    return unit


def described(unit: Unit) -> dict[str, Any]:
    """Return what the audit keeps of a unit, with what it belongs to now."""
    now_in = unit.memberships.filter(kind=Membership.BELONGS, until_us__isnull=True)
    names = ("name", "kind", "kind_guessed", "tz", "capacity")
    return {name: getattr(unit, name) for name in names} | {
        "group": now_in.values_list("group__code", flat=True).first()
    }


def belong(unit: Unit, group: str | None, since_us: int | None) -> None:
    """Let `unit` belong to `group` from `since_us` on (always, when empty), and to nothing else then."""
    old = unit.memberships.filter(kind=Membership.BELONGS)
    if since_us is None:
        old.delete()
    else:
        old.filter(since_us__gte=since_us).delete()
        for membership in old.all():
            if membership.until_us is None or membership.until_us > since_us:
                membership.until_us = since_us
                membership.save(update_fields=["until_us"])
    if group:
        join(unit, known_unit(group), kind="belongs", since_us=since_us, until_us=None)


def nest(units: Sequence[FoundUnit], groups: Mapping[str, FoundUnit], whole: str) -> None:
    """Let new units belong to the places in which their feed says that they lie, and the topmost of these to `whole`.

    Nothing is nested where no feed names a place, nor where people have nested units before: their word counts.
    """
    if not groups or Membership.objects.filter(kind=Membership.BELONGS).exists():
        return
    rows = {unit.code: unit for unit in Unit.objects.all()}
    under = {one.unit: one.parent for one in (*units, *groups.values())}
    tops = sorted(code for code in under if under[code] not in groups)
    if len(tops) > 1 and whole:
        made, _ = Unit.objects.get_or_create(code=whole, defaults={"name": whole, "kind": "macrosystem"})
        rows[whole] = made
        under |= {code: whole for code in tops if code != whole}
    belongs = [
        Membership(unit=rows[code], group=rows[group], kind=Membership.BELONGS)
        for code, group in sorted(under.items())
        if group and group in rows and group != code and not _circles(code, under)
    ]
    Membership.objects.bulk_create(belongs)


def _circles(code: str, under: Mapping[str, str | None]) -> bool:
    """Say whether a code comes back to itself on the way up."""
    at, seen = under.get(code), {code}
    while at is not None and at not in seen:
        seen.add(at)
        at = under.get(at)
    return at == code


def redate(unit: Unit, since_us: int | None) -> None:
    """Put the day right on which `unit` came to the group it belongs to; what it belonged to before ends then."""
    now_in = unit.memberships.filter(kind=Membership.BELONGS, until_us__isnull=True).first()
    if now_in is None or now_in.since_us == since_us:
        return
    before = unit.memberships.filter(kind=Membership.BELONGS).exclude(pk=now_in.pk)
    if since_us is None:
        before.delete()
    else:
        before.filter(since_us__gte=since_us).delete()
    group = now_in.group
    # Gone first and back last: the database lets no unit belong to two groups for a moment.
    old_since = now_in.since_us
    now_in.delete()
    for membership in before.all():
        if membership.until_us == old_since or (
            since_us is not None and (membership.until_us or FOREVER_US) > since_us
        ):
            membership.until_us = since_us
            membership.save(update_fields=["until_us"])
    join(unit, group, kind="belongs", since_us=since_us, until_us=None)


def join(unit: Unit, group: Unit, *, kind: str, since_us: int | None, until_us: int | None) -> Membership:
    """Add one membership, or say which rule it breaks."""
    if kind not in (Membership.BELONGS, Membership.TAKES_PART):
        raise CannotDo(f"“{kind}” is no kind of membership (unit “{unit.code}”): write belongs or takes_part.")
    if since_us is not None and until_us is not None and since_us >= until_us:
        raise CannotDo(f"Unit “{unit.code}” would leave “{group.code}” before it joins: put the dates right.")
    if unit.pk == group.pk or (kind == Membership.BELONGS and holds(unit, group)):
        raise CannotDo(f"Unit “{unit.code}” cannot belong to “{group.code}”, which is itself inside it.")
    if kind == Membership.BELONGS:
        for other in unit.memberships.filter(kind=Membership.BELONGS).select_related("group"):
            if overlap((since_us, until_us), (other.since_us, other.until_us)):
                raise CannotDo(
                    f"Unit “{unit.code}” would belong to “{other.group.code}” and “{group.code}” at the same time: "
                    "end one before the other begins, or let it take part in the second."
                )
    return Membership.objects.create(unit=unit, group=group, kind=kind, since_us=since_us, until_us=until_us)


def holds(group: Unit, unit: Unit) -> bool:
    """Say whether `unit` is, at any date, somewhere inside `group`."""
    edges = Membership.objects.filter(kind=Membership.BELONGS).values_list("unit_id", "group_id")
    parents: dict[int, set[int]] = {}
    for child, parent in edges:
        parents.setdefault(child, set()).add(parent)
    seen: set[int] = set()
    waiting = {unit.pk}
    while waiting:
        at = waiting.pop()
        seen.add(at)
        waiting |= parents.get(at, set()) - seen
    return group.pk in seen


def overlap(one: tuple[int | None, int | None], other: tuple[int | None, int | None]) -> bool:
    """Say whether two half-open spans, empty meaning endless, have a moment in common.

    >>> overlap((None, 5), (5, None)), overlap((None, 6), (5, None))
    (False, True)
    """
    starts = [-FOREVER_US if span[0] is None else span[0] for span in (one, other)]
    ends = [FOREVER_US if span[1] is None else span[1] for span in (one, other)]
    return max(starts) < min(ends)


def keep_row(row: UnitRow) -> Unit:
    """Write one row of units.csv; an empty cell keeps what is known."""
    unit = Unit.objects.filter(code=row.unit).first()
    if unit is None:
        unit = Unit(code=row.unit, name=row.name or row.unit)
        unit.kind = guess_kind(unit.name)
    unit.name = row.name or unit.name
    if row.kind:
        unit.kind, unit.kind_guessed = row.kind, row.kind_guessed
    unit.tz = row.tz or unit.tz
    unit.capacity = row.capacity if row.capacity is not None else unit.capacity
    if not row.parent:
        unit.since_us, unit.until_us = row.since_us, row.until_us
    check_unit(code=unit.code, name=unit.name, kind=unit.kind, tz=unit.tz, capacity=unit.capacity)
    unit.save()
    return unit
