"""What people and commands do to take records in. Each act: one change of the home, then one audit event."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from knitwork.home import Home, LoadOptions, LoadReport, RefreshReport
from knitwork.web.audit.record import Actor, record
from knitwork.web.loading.steps import registry_now


def take_in(home: Home, files: Sequence[Path], options: LoadOptions, *, by: Actor) -> LoadReport:
    """Take files of records in, all of them or none. Raises CannotDo with nothing taken."""
    report = home.load(files, options)
    home.write_settings(name=home.settings.name, tz=home.settings.tz or options.tz)
    taken = [
        {
            "feed": one.feed,
            "delivery": one.delivery[:12],
            "known": one.known,
            "taken": one.taken,
            "rejected": one.rejected,
        }
        for one in report.taken
    ]
    # After the load and not around it: a transaction that is open for minutes would stop everybody else's work.
    with transaction.atomic():
        record(by=by, action="load", about=f"{len(taken)} files", detail={"files": taken})
    return report


def refresh(home: Home, *, by: Actor) -> RefreshReport:
    """Derive and measure what is new, as `knitwork refresh` does. Raises CannotDo while somebody else loads."""
    report = home.refresh(registry_now(home, by=by))
    detail = {"rebuilt": report.rebuilt, "stays": report.stays}
    with transaction.atomic():
        record(by=by, action="refresh", about=f"generation {report.generation}", detail=detail)
    return report
