"""One case of a folder of oracles: what a tool was asked, on which rows, and what it answered."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance.calls import Node, read
from conformance.tree import CannotRead

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """A folder with input.csv and expected.csv, perhaps summary.csv, and its entry in the manifest."""

    folder: Path
    entry: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.entry.get("id", self.folder.name))

    @property
    def tool(self) -> str:
        return str(self.entry.get("tool", ""))

    @property
    def chart(self) -> str:
        return str(self.entry.get("chart", ""))

    @property
    def params(self) -> dict[str, Any]:
        params = self.entry.get("params")
        return params if isinstance(params, dict) else {}

    @property
    def rel_tol(self) -> float:
        return float(self.entry.get("rel_tol") or 1e-9)

    @cached_property
    def statements(self) -> list[Node]:
        try:
            return read(str(self.entry.get("call") or ""))
        except CannotRead:
            if not isinstance(self.params.get("args"), str):
                raise
            return read(f"qic({self.params['args']}, data = d)")  # the arguments alone are those of qic()

    @cached_property
    def input(self) -> list[Row]:
        return self.rows("input.csv")

    @cached_property
    def expected(self) -> list[Row]:
        return self.rows("expected.csv")

    @cached_property
    def summary(self) -> list[Row]:
        return self.rows("summary.csv") if (self.folder / "summary.csv").is_file() else []

    def rows(self, name: str) -> list[Row]:
        """Return the rows of one of the case's files."""
        try:
            with (self.folder / name).open(newline="", encoding="utf-8-sig") as file:
                return list(csv.DictReader(file))
        except (OSError, UnicodeError, csv.Error) as fault:
            raise CannotRead(f"{name} cannot be opened ({fault})") from fault


def cases(folder: Path) -> list[Case]:
    """Return the cases of a folder: those of its manifest, each with a folder of its name.

    Raises `CannotRead` where there is no manifest that can be read.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        entries = manifest["entries"] if isinstance(manifest, dict) else manifest
        return [Case(folder / str(entry["id"]), entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise CannotRead(f"{folder / 'manifest.json'} is no list of cases ({fault})") from fault


def number(text: str | None) -> float | None:
    """Return a number of a table; nothing where a tool wrote nothing, NA or NaN."""
    if text is None or text.strip() in ("", "NA", "NaN", "None", "null"):
        return None
    try:
        return float(text)
    except ValueError as fault:
        raise CannotRead(f"{text!r} where a number is known") from fault


def true(text: str | None) -> bool:
    """Say whether a table says yes; nothing is no."""
    return (text or "").strip().upper() in ("TRUE", "T", "1")


def has(rows: Iterable[Row], *names: str) -> bool:
    """Say whether a table has all of these columns."""
    first = next(iter(rows), {})
    return all(name in first for name in names)
