"""The command that writes the records in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from knitwork.cli import acts
from knitwork.cli.printing import say


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
) -> None:
    """Write the stays in another format, and say what that cannot carry."""
    from knitwork.home import export as exporter

    written = exporter.export(acts.home_at(home), to=to, target=target, overwrite=overwrite)
    files = "1 file" if written.files == 1 else f"{written.files} files"
    say(f"{target}: {written.records:,} records in {files}")
    for one in written.lost:
        why = f": {one.why}" if one.why else ""
        say(f"not carried: {one.column} of {one.table}, {one.rows:,} {'row' if one.rows == 1 else 'rows'}{why}")
