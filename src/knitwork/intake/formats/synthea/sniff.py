"""Is this a table of Synthea, or a zip of them."""

from __future__ import annotations

from pathlib import Path

from knitwork.intake.formats.known_tables import claims as holds
from knitwork.intake.formats.synthea.tables import SYNTHEA


def claims(path: Path, name: str) -> bool:  # noqa: ARG001 - the content alone says it
    """Say whether a file is, or holds, a table of Synthea, by its columns."""
    return holds(SYNTHEA, path)
