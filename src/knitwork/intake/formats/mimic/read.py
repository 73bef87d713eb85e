"""From a table of MIMIC, or a zip of them, to landed rows."""

from __future__ import annotations

from pathlib import Path

from knitwork.intake.formats import known_tables
from knitwork.intake.formats.mimic.tables import MIMIC
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.lake.engine import Connection


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read: its dates are shifted."""
    return known_tables.guess(MIMIC, file, name=name, profile=profile, work=work)


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave what the tables of one delivery say in the landed tables of `con`."""
    source = known_tables.Source(feed, delivery, extracted_us, received_us)
    return known_tables.land(MIMIC, con, file, profile, name=name or file.name, source=source, work=work)
