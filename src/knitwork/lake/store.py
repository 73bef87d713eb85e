"""A lake on disk: generations of Parquet files, asked with SQL."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from knitwork.lake import manifest as manifests
from knitwork.lake.engine import Connection, connect
from knitwork.lake.manifest import LakeFile, Manifest
from knitwork.lake.runner import paths_sql


class Lake:
    """One lake folder. Holds a connection that only reads, shared by threads through cursors."""

    def __init__(self, folder: Path, *, memory_mb: int = 1024, threads: int = 2) -> None:
        self.folder = folder
        self.memory_mb = memory_mb
        self.threads = threads
        self._reader: Connection | None = None
        self._lock = threading.Lock()

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def spill(self) -> Path:
        return self.folder / "spill"

    def create(self) -> None:
        self.files.mkdir(parents=True, exist_ok=True)
        self.spill.mkdir(exist_ok=True)

    def manifest(self) -> Manifest:
        return manifests.read(self.folder)

    def path(self, file: LakeFile) -> Path:
        return self.files / file.name

    def paths(self, files: Sequence[LakeFile]) -> list[Path]:
        return [self.files / f.name for f in files]

    def writer(self, *, threads: int | None = None) -> Connection:
        """Open a connection of its own for work that makes tables; the caller closes it."""
        return connect(memory=f"{self.memory_mb}MB", threads=threads or self.threads, spill=self.spill)

    def reader(self) -> Connection:
        """Return a cursor on the shared reading connection; cheap, one for each question."""
        with self._lock:
            if self._reader is None:
                self._reader = connect(memory=f"{self.memory_mb}MB", threads=self.threads, spill=self.spill)
                self._reader.execute("SET parquet_metadata_cache = true")
            return self._reader.cursor()

    def ask(self, manifest: Manifest, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """Answer one SQL question about one generation as an Arrow table.

        `{stay}` in the SQL stands for all files of the table `stay`. A table that has no
        files yet is an error of the caller, who knows what exists.
        """
        cursor = self.reader()
        try:
            return cursor.sql(self.fill(manifest, sql), params=params or {}).to_arrow_table()
        finally:
            cursor.close()

    def rows(self, manifest: Manifest, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer one SQL question as plain rows: quicker than Arrow for a page's few rows."""
        cursor = self.reader()
        try:
            cursor.execute(self.fill(manifest, sql), params or {})
            names = [d[0] for d in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def fill(self, manifest: Manifest, sql: str) -> str:
        """Put the files of this generation where `{table}` stands."""

        def source(match: re.Match[str]) -> str:
            return f"read_parquet({paths_sql(self.paths(manifest.of(match[1])))})"

        return re.sub(r"\{(\w+)\}", source, sql)
