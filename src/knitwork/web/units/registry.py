"""The units as the engine wants them: one frozen snapshot."""

from __future__ import annotations

from knitwork.model.units import Membership, Registry, Unit
from knitwork.web.units import models
from knitwork.web.units.codes import aliases


def snapshot(*, macro_name: str = "The whole system") -> Registry:
    """Return all units and memberships as they stand. Reads the database (three queries).

    A code that means another unit is none itself.
    """
    other = aliases()
    units = tuple(
        Unit(
            unit=row.code,
            name=row.name,
            kind=row.kind,
            kind_guessed=row.kind_guessed,
            tz=row.tz or None,
            capacity=row.capacity,
            since_us=row.since_us,
            until_us=row.until_us,
        )
        for row in models.Unit.objects.all()
        if row.code not in other
    )
    memberships = tuple(
        Membership(
            unit=row.unit.code,
            group=row.group.code,
            kind="belongs" if row.kind == "belongs" else "takes_part",
            since_us=row.since_us,
            until_us=row.until_us,
        )
        for row in models.Membership.objects.select_related("unit", "group")
        if row.unit.code not in other and row.group.code not in other
    )
    return Registry(units, memberships, macro_name, other)
