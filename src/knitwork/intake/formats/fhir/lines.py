"""The lines of a file, with their true numbers, as Arrow tables that lie in the file itself and not in memory.

DuckDB's own reader of JSON does not say on which line a record stood, and stops at the first line that is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# A record longer than this is not a record: a picture in it should be a reference.
LONGEST = 16 << 20
_STEP = 1 << 24
# A record with an id is longer; so only files with such lines are looked through for empty ones.
_MAYBE_EMPTY = 24
# Rows of a batch: enough batches for every core to have one.
_BATCH = 16_384
SCHEMA = pa.schema([("row", pa.int64()), ("line", pa.large_string())])


@dataclass(frozen=True, slots=True)
class Lines:
    """The records of a part: its text by row, how many rows it has, and rows set aside with the rule."""

    table: pa.Table
    rows: int
    faulty: tuple[tuple[int, str], ...] = ()


def lines_of(path: Path, *, first_row: int = 1, numbers: Sequence[int] | None = None) -> Lines:
    """Return the lines of a UTF-8 file that are not empty; line 1 is row `first_row`, or the first of `numbers`."""
    if not path.stat().st_size:
        return Lines(SCHEMA.empty_table(), 0)
    buffer = pa.memory_map(str(path)).read_buffer()
    content = np.frombuffer(buffer, dtype=np.uint8)
    skip = 3 if bytes(content[:3]) == b"\xef\xbb\xbf" else 0
    ends = np.concatenate([_line_ends(content, at) for at in range(0, len(content), _STEP)])
    if not len(ends) or ends[-1] != len(content) - 1:
        ends = np.append(ends, len(content) - 1)
    offsets = np.concatenate([np.array([skip], dtype=np.int64), ends + 1])
    count = len(ends)
    rows = np.asarray(numbers, dtype=np.int64) if numbers is not None else np.arange(first_row, first_row + count)
    text = pa.Array.from_buffers(pa.large_string(), count, [None, pa.py_buffer(offsets), buffer])
    table = pa.Table.from_arrays([pa.array(rows), text], schema=SCHEMA)
    if np.any(np.diff(offsets) <= _MAYBE_EMPTY):
        table = table.filter(pc.match_substring_regex(table["line"].cast(pa.large_binary()), r"[^ \t\r\n]"))
    faulty = [(int(rows[at]), "too_long") for at in np.flatnonzero(np.diff(offsets) > LONGEST)]
    batches = []
    for batch in table.to_batches(max_chunksize=_BATCH):
        kept, spoilt = _sound(batch)
        faulty += [(row, "not_text") for row in spoilt]
        batches.append(kept)
    clean = pa.Table.from_batches(batches, SCHEMA)
    if faulty:
        too_long = pa.array([row for row, rule in faulty if rule == "too_long"], pa.int64())
        clean = clean.filter(pc.invert(pc.is_in(clean["row"], too_long)))
    return Lines(clean, count, tuple(faulty))


def _line_ends(content: np.ndarray, at: int) -> np.ndarray:
    return np.flatnonzero(content[at : at + _STEP] == 10) + at


def _sound(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[int]]:
    """Return the lines of a batch that are UTF-8, and the rows of those that are not."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        rows, lines = batch.column(0).to_pylist(), batch.column(1).cast(pa.large_binary()).to_pylist()
        good = [(row, line) for row, line in zip(rows, lines, strict=True) if _is_text(line)]
        kept = {row for row, _ in good}
        sound = pa.record_batch(
            [
                pa.array([row for row, _ in good], pa.int64()),
                pa.array([s.decode() for _, s in good], pa.large_string()),
            ],
            schema=SCHEMA,
        )
        return sound, [row for row in rows if row not in kept]
    return batch, []


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def joined(parts: Iterator[Lines] | Sequence[Lines]) -> Lines:
    """Return the lines of several parts as one."""
    every = list(parts)
    return Lines(
        pa.concat_tables([part.table for part in every] or [SCHEMA.empty_table()]),
        sum(part.rows for part in every),
        tuple(fault for part in every for fault in part.faulty),
    )
