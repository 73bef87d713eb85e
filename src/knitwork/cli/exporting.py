"""The command that writes the records in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knitwork.cli import acts
from knitwork.cli.printing import counted, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from knitwork.intake.writing import Lost


def exporting(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    target: Annotated[Path, typer.Argument(help="a folder, a zip, or a file", show_default=False)],
    to: Annotated[str, typer.Option("--to", help="fhir, xes, csv or hl7v2", show_default=False)],
    home: Annotated[
        Path | None,
        typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace files that are there already")] = False,
    losses: Annotated[
        Path | None,
        typer.Option("--losses", help="also write the list of what is lost to this file, as JSON", show_default=False),
    ] = None,
) -> None:
    """Write the records in another format, and say what that cannot carry."""
    from knitwork.home import export as exporter

    written = exporter.export(acts.home_at(home), to=to, target=target, overwrite=overwrite, losses=losses)
    say(f"{target}: {written.records:,} records in {counted(written.files, 'file', 'files')}")
    for sentence in _sentences(written.lost):
        say(sentence)


def _sentences(lost: Sequence[Lost]) -> Iterator[str]:
    """Tell columns of one table that are lost in one way, for one reason, together."""
    together: dict[tuple[str, str, str], list[Lost]] = {}
    for one in lost:
        together.setdefault((one.table, one.how, one.why), []).append(one)
    words = {"left out": "not carried", "altered": "comes back otherwise", "added": "comes back beside it"}
    for (table, how, why), several in together.items():
        columns = ", ".join(f"{one.column} ({one.rows:,})" for one in several if one.column)
        rows = sum(one.rows for one in several if not one.column)
        what = f"{table}: {columns}" if columns else f"{counted(rows, 'row', 'rows')} of {table}"
        yield f"{words[how]}: {what}" + (f": {why}" if why else "")
