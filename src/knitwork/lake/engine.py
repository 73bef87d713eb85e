"""The DuckDB connection that everything else borrows: bounded memory, bounded disk, UTC, nothing fetched."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeAlias

import duckdb

# Others write `from knitwork.lake.engine import Connection` and need not import duckdb.
Connection: TypeAlias = duckdb.DuckDBPyConnection
EngineError: TypeAlias = duckdb.Error
# What a table says that DuckDB cannot make sense of; not a full disk or memory.
BadInput: TypeAlias = duckdb.InvalidInputException
DiskTrouble: TypeAlias = duckdb.IOException
MemoryTrouble: TypeAlias = duckdb.OutOfMemoryException

# Large enough for ten times the design's largest load, small enough not to fill a hospital's disk unseen.
SPILL_LIMIT = "40GB"


def connect(*, memory: str = "1GB", threads: int = 2, spill: Path | None = None) -> Connection:
    """Open an empty database in memory that spills to `spill` when `memory` is used up.

    Rows come out in any order: whoever needs an order asks for it. No extension is ever
    fetched, so it behaves the same in a closed network.
    """
    folder = spill or Path(tempfile.gettempdir()) / "knitwork-spill"
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(folder),
            "max_temp_directory_size": SPILL_LIMIT,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    con.execute("SET TimeZone = 'UTC'")
    # A name that is no table is a mistake, and never a Python variable that happens to be called so.
    con.execute("SET python_enable_replacements = false")
    return con
