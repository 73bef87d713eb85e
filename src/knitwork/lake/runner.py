"""Runs kernels bucket by bucket on all cores, in bounded memory.

A kernel is SQL text, and here and there a function of the connection: it finds one bucket's
rows in views named after the landed tables, and leaves tables that are written as that
bucket's files. It sees nothing else, so any runner that can hand out buckets (this one, or
Spark later) gives the same result.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from knitwork.lake.engine import Connection, connect
from knitwork.lake.manifest import LakeFile, sync_file

Statement: TypeAlias = str | Callable[[Connection], None]
# The files of one bucket by landed table.
Sources: TypeAlias = Mapping[str, Sequence[Path]]


@dataclass(frozen=True)
class Kernel:
    """What is done to one bucket: statements in order, and the tables to keep.

    `shared` are small tables handed to every bucket: name, columns and rows. `inputs` names the views a bucket's
    rows stand in, with their columns as in CREATE TABLE: a table that has no rows in a bucket is empty there, and a
    column that its files do not have is empty too.
    """

    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]
    shared: tuple[SharedTable, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


# From here on a table is handed over as Arrow, which costs a little once and a tenth for each row.
MANY_ROWS = 2_000


@dataclass(frozen=True)
class SharedTable:
    """A small table that every bucket sees, such as the ancestors of each unit."""

    name: str
    columns: str
    rows: tuple[tuple[object, ...], ...]

    def make(self, con: Connection) -> None:
        con.execute(f"CREATE TEMP TABLE {self.name} ({self.columns})")
        if len(self.rows) > MANY_ROWS:
            given = f"given_{self.name}"
            con.register(given, pa.table({f"c{i}": pa.array(c) for i, c in enumerate(zip(*self.rows, strict=True))}))
            con.execute(f"INSERT INTO {self.name} SELECT * FROM {given}")
            con.unregister(given)
            return
        # Many rows in one statement: one statement a row costs as much as the rest of a small bucket.
        for start in range(0, len(self.rows), 500):
            some = self.rows[start : start + 500]
            marks = ", ".join(["(" + ", ".join("?" * len(some[0])) + ")"] * len(some))
            con.execute(f"INSERT INTO {self.name} VALUES {marks}", [value for row in some for value in row])


def paths_sql(paths: Sequence[Path]) -> str:
    """Return a SQL list of file names."""
    return "[" + ", ".join("'" + str(p).replace("'", "''") + "'" for p in paths) + "]"


def write_table(con: Connection, source: str, path: Path) -> int:
    """Write a table or query to one Parquet file, synced; return its rows."""
    con.execute(
        f"COPY ({source}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )
    row = con.fetchone()
    sync_file(path)
    return int(row[0]) if row else 0


def run_bucket(
    bucket: int,
    kernel: Kernel,
    sources: Sources,
    *,
    own: Sequence[SharedTable] = (),
    into: Path,
    memory: str,
    spill: Path,
    threads: int = 1,
) -> list[LakeFile]:
    """Run the kernel over one bucket and write its tables; reads and writes files."""
    own_spill = spill / uuid.uuid4().hex
    con = connect(memory=memory, threads=threads, spill=own_spill)
    try:
        for table in (*kernel.shared, *own):
            table.make(con)
        for view in kernel.inputs.keys() | sources.keys():
            con.execute(_view(view, kernel.inputs.get(view, ""), sources.get(view, ())))
        for statement in kernel.statements:
            if isinstance(statement, str):
                con.execute(statement)
            else:
                statement(con)
        made = []
        for table_name in kernel.outputs:
            name = f"{table_name}-{bucket:04d}-{uuid.uuid4().hex[:12]}.parquet"
            rows = write_table(con, f"FROM {table_name}", into / name)
            made.append(LakeFile(name, table_name, bucket, rows))
        return made
    finally:
        con.close()
        shutil.rmtree(own_spill, ignore_errors=True)


def open_inputs(con: Connection, inputs: Mapping[str, str], sources: Sources) -> None:
    """Make a view of every landed table, with the rows of these files."""
    for view in sorted(inputs.keys() | sources.keys()):
        con.execute(_view(view, inputs.get(view, ""), sources.get(view, ())))


def run_statements(con: Connection, statements: Iterable[Statement]) -> None:
    """Run the statements of a kernel in order."""
    for statement in statements:
        if isinstance(statement, str):
            con.execute(statement)
        else:
            statement(con)


def _view(name: str, columns: str, paths: Sequence[Path]) -> str:
    """Return the statement that makes one landed table visible."""
    files = f"read_parquet({paths_sql(paths)}, union_by_name = true)"
    if not columns:
        return f"CREATE TEMP VIEW {name} AS FROM {files}"
    empty = f"CREATE TEMP TABLE no_{name} ({columns});"
    if not paths:
        return f"{empty} CREATE TEMP VIEW {name} AS FROM no_{name}"
    return f"{empty} CREATE TEMP VIEW {name} AS FROM no_{name} UNION ALL BY NAME FROM {files}"


def run(
    kernel: Kernel,
    buckets: Mapping[int, Sources],
    *,
    own: Mapping[int, Sequence[SharedTable]] | None = None,
    into: Path,
    memory_mb: int,
    spill: Path,
    progress: Callable[[int, int], None] | None = None,
) -> list[LakeFile]:
    """Run the kernel over these buckets side by side and return the files made.

    `own` are small tables that one bucket alone sees, beside those that all share.
    """
    side_by_side = max(1, min(len(buckets), os.cpu_count() or 1))
    each = f"{max(128, memory_mb // side_by_side)}MB"
    threads = max(1, (os.cpu_count() or 1) // side_by_side)
    made: list[LakeFile] = []
    with ThreadPoolExecutor(side_by_side) as pool:
        jobs = [
            pool.submit(
                run_bucket,
                bucket,
                kernel,
                sources,
                own=(own or {}).get(bucket, ()),
                into=into,
                memory=each,
                spill=spill,
                threads=threads,
            )
            for bucket, sources in sorted(buckets.items())
        ]
        for done, job in enumerate(as_completed(jobs), 1):
            made.extend(job.result())
            if progress:
                progress(done, len(jobs))
    return sorted(made, key=lambda f: (f.bucket, f.table))
