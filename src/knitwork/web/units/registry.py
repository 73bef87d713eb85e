"""The units as the engine wants them: one frozen snapshot."""

from __future__ import annotations

from knitwork.model.units import Membership, Registry, Unit
from knitwork.web.units import models


def snapshot(*, macro_name: str = "The whole system") -> Registry:
    """Return all units and memberships as they stand. Reads the database (two queries)."""
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
    )
    return Registry(units, memberships, macro_name)
