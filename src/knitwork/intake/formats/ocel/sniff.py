"""Is this an object-centric log: a SQLite database (OCEL or refused), JSON or XML of events and objects."""

from __future__ import annotations

import re
from pathlib import Path

from knitwork.intake.formats.xes.sniff import beginning, claims_ocel

_JSON = re.compile(r'"(objectTypes|eventTypes)"\s*:|"relationships"\s*:\s*\[[^\]]*"objectId"')


def claims(path: Path, name: str) -> bool:
    """Say whether `path` is an object-centric log, or a database of which only such logs are read."""
    del name
    return kind_of(path) is not None


def kind_of(path: Path) -> str | None:
    """Return sqlite, json or xml, by the first bytes; None where it is none of them."""
    text = beginning(path)
    if text.startswith("SQLite format 3"):
        return "sqlite"
    if text.lstrip()[:1] == "{" and _JSON.search(text):
        return "json"
    return "xml" if claims_ocel(path) else None
