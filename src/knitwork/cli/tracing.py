"""The commands that go back to the rows of the files: from a number, and from a rule that stays break."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from knitwork.cli import acts
from knitwork.cli.printing import Format, iso, show
from knitwork.home.quality.days import asked_rules
from knitwork.model.errors import CannotDo

BEHIND = ("patient", "visit", "unit", "from_unit", "to_unit", "start", "end", "value", "counted", "told_by")
IMPLAUSIBLE = ("feed", "rule", "patient", "unit", "start", "end", "delivery", "row")
# More than any point holds; a terminal gets the first 200.
MOST = 10_000_000


def tracing(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(behind)
    app.command()(implausible)


def behind(
    measure: Annotated[str, typer.Argument(help="a measure's id")],
    unit: Annotated[str, typer.Option("--unit", help="the unit whose number it is", show_default=False)],
    home: Annotated[
        Path | None,
        typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
    ] = None,
    period: Annotated[str, typer.Option(help="day, week, month or all")] = "all",
    start: Annotated[
        str | None, typer.Option("--start", help="first day of the period, such as 2026-10-01", show_default=False)
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="how to print")] = Format.table,
) -> None:
    """The patients behind one number, and the files and rows that told of them."""
    if period not in ("day", "week", "month", "all"):
        raise CannotDo(f"--period {period} is not known: day, week, month and all are")
    if (start is None) != (period == "all"):
        raise CannotDo("--period day, week or month and --start go together: say both, or neither for the whole time")
    answers = acts.derived(home).answers()
    if unit not in {one.unit for one in answers.registry.units}:
        raise CannotDo(f"there is no unit {unit}: knitwork units lists them")
    rows = answers.behind(
        measure,
        answers.registry.level_of(unit),
        unit,
        period,
        _day(start),
        limit=200 if format is Format.table else MOST,
    )
    told = answers.told_by(rows)
    show(
        (
            {
                **row, "start": iso(row.get("start")), "end": iso(row.get("end")), "counted": row.get("in_numerator"),
                "told_by": "; ".join(f"{name} row {number}" for name, number in where),
            }
            for row, where in zip(rows, told, strict=True)
        ),
        BEHIND,
        format,
        empty="No patient stands behind this number.",
    )  # fmt: skip


def implausible(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
    ] = None,
    feed: Annotated[str | None, typer.Option(help="only this feed", show_default=False)] = None,
    format: Annotated[Format, typer.Option("--format", help="how to print")] = Format.table,
) -> None:
    """Stays that were taken and cannot be, or hardly ever are: before birth, after death, in two beds."""
    answers = acts.derived(home).answers()
    limit = 50 if format is Format.table else MOST
    rows = [
        {
            "feed": state.feed, "rule": rule.id, "patient": row["patient"], "unit": row["unit"],
            "start": iso(row["start_us"]), "end": iso(row["end_us"]), "delivery": row["delivery"], "row": row["row"],
        }
        for state in answers.feeds()
        if feed in (None, state.feed)
        for rule in asked_rules(answers)
        for row in answers.breaking(state.feed, rule.id, limit)
    ]  # fmt: skip
    show(rows, IMPLAUSIBLE, format, empty="No stay breaks a rule of plausibility.")


def _day(start: str | None) -> int:
    """Return a day counted from 1970-01-01."""
    if start is None:
        return 0
    try:
        return (dt.date.fromisoformat(start) - dt.date(1970, 1, 1)).days
    except ValueError:
        raise CannotDo(f"--start {start!r} is not a day such as 2026-10-01") from None
