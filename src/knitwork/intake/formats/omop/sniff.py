"""Is this a table of the OMOP common data model, or a zip of them."""

from __future__ import annotations

from pathlib import Path

from knitwork.intake.formats.known_tables import claims as holds
from knitwork.intake.formats.omop.tables import OMOP


def claims(path: Path, name: str) -> bool:  # noqa: ARG001 - the content alone says it
    """Say whether a file is, or holds, a table of the OMOP common data model, by its columns."""
    return holds(OMOP, path)
