"""From Parquet to landed rows: written out as text in ISO 8601, and then read as tables of text are.

So the names of columns, the rules and the sentences are those of the csv format, and there is one set of them.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from knitwork.intake.formats.csv import read as text
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.known_files import PARQUET, Columns, parquet_columns, trouble_of_file
from knitwork.intake.formats.parquet.sniff import damaged
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.intake.unpack import Part, head_of, parts
from knitwork.lake.engine import Connection, EngineError, connect
from knitwork.model.errors import CannotDo

# Enough rows to find the columns and how the times are written.
_GLANCE = 100


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read: what `profile` leaves open is guessed from its columns."""
    con = connect()
    try:
        with _as_text(con, file, name=name, work=work, rows=_GLANCE) as (table, _):
            return _unwritten(
                text.guess(table, name=name, profile=_unwritten(profile or Profile()), work=work), profile
            )
    finally:
        con.close()


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave the landed tables and `rejected` in `con`, made from one delivery."""
    name = name or file.name
    with _as_text(con, file, name=name, work=work) as (table, columns):
        report = text.land(
            con, table, _unwritten(profile), feed=feed, delivery=delivery, extracted_us=extracted_us,
            received_us=received_us, name=name, work=work,
        )  # fmt: skip
    return replace(report, profile=_unwritten(report.profile, profile), columns=columns or report.columns)


def _unwritten(profile: Profile, given: Profile | None = None) -> Profile:
    """Return a profile that says nothing of how text is written, or what `given` said of it."""
    given = given or Profile()
    return replace(profile, separator=given.separator, encoding=given.encoding)


@contextmanager
def _as_text(
    con: Connection, file: Path, *, name: str, work: Path | None, rows: int | None = None
) -> Iterator[tuple[Path, Columns]]:
    """Write what is Parquet in a delivery as text; several tables of a zip stay in a zip, with whatever lay beside them."""
    with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as folder:
        into = Path(folder)
        (into / "unpacked").mkdir()
        found = list(parts(file, name=name, work=into / "unpacked"))
        if len(found) == 1 and _is_parquet(found[0]):
            yield _written(con, found[0], into / "table.csv", rows=rows)
            return
        packed = into / "tables.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for number, part in enumerate(found):
                path = part.path
                if _is_parquet(part):
                    path, _ = _written(con, part, into / f"table{number}.csv", rows=rows)
                archive.write(path, part.name.removeprefix(f"{name}/"))
        yield packed, ()


def _is_parquet(part: Part) -> bool:
    return head_of(part.path, 4) == PARQUET


def _written(con: Connection, part: Part, target: Path, *, rows: int | None) -> tuple[Path, Columns]:
    columns = parquet_columns(part.path)
    if columns is None:
        raise damaged(part.name)
    if len({column for column, _ in columns}) < len(columns) or not columns:
        raise CannotDo(f"{part.name} has no column, or two of one name: name every column once and export it again")
    cells = ", ".join(f"{_cell(column, word)} AS {_quoted(column)}" for column, word in columns)
    limit = f"WHERE file_row_number < {rows}" if rows else ""
    try:
        con.execute(
            f"""COPY (SELECT {cells} FROM read_parquet({quoted(str(part.path))}, file_row_number=true) {limit}
            ORDER BY file_row_number) TO {quoted(str(target))} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '"')"""
        )
    except EngineError as trouble:
        if trouble_of_file(trouble):
            raise damaged(part.name) from None
        raise
    return target, columns


def _cell(column: str, word: str) -> str:
    text = f"CAST({_quoted(column)} AS VARCHAR)"
    # A column of whole numbers, some of which are missing, is often kept as one of fractions.
    return f"regexp_replace({text}, '^(-?\\d+)\\.0+$', '\\1')" if word == "number" else text


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
