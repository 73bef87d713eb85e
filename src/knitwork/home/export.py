"""Writing what a home holds in another format, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa

from knitwork.home.answers import Answers
from knitwork.home.home import Home
from knitwork.intake.formats import FORMATS
from knitwork.intake.writing import Written
from knitwork.model.errors import CannotDo

TARGETS = tuple(sorted(name for name, format in FORMATS.items() if format.write))
# Beside the stays; a format says itself which of them it keeps.
BESIDE = ("event", "request", "message", "duty", "fact")


def export(home: Home, *, to: str, target: Path, overwrite: bool = False) -> Written:
    """Write the records of `home` to a folder, zip or file. Raises CannotDo, with nothing written."""
    format = FORMATS.get(to)
    if format is None or format.write is None:
        raise CannotDo(f"'{to}' is no format that can be written: use {', '.join(TARGETS)}")
    answers = home.answers()
    if not answers.is_derived:
        raise CannotDo(f"{home.path} holds nothing derived yet: load a file and run knitwork refresh")
    if not overwrite and target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CannotDo(f"{target} is there already: give another name, or say --overwrite")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as made:
            folder = Path(made) / "files"
            folder.mkdir()
            written = format.write(tables(answers), folder)
            _put(folder, target)
    except OSError as problem:
        raise CannotDo(f"{target} could not be written ({problem.strerror}): give another place") from None
    return written


def tables(answers: Answers) -> dict[str, pa.Table]:
    """Return the tables that a format is given; reads all of them into memory."""
    found = {"stay": _plain(answers.table("SELECT * FROM {stay}"))}
    for name in BESIDE:
        if answers.manifest.of(name):
            found[name] = _plain(answers.table(f"SELECT * FROM {{{name}}}"))
    units = answers.registry.units
    found["unit"] = pa.table({"unit": [u.unit for u in units], "name": [u.name for u in units]})
    return found


def _plain(table: pa.Table) -> pa.Table:
    """Return a table whose words are plain text, whatever way they are stored."""
    fields = [
        pa.field(field.name, pa.string()) if pa.types.is_dictionary(field.type) else field for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _put(folder: Path, target: Path) -> None:
    """Move what was written to where it shall be: into a zip, to the name of one file, or into a folder."""
    files = sorted(folder.iterdir())
    if target.suffix.lower() == ".zip":
        packed = folder.parent / "packed.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
        packed.replace(target)
    elif len(files) == 1 and target.suffix.lower() == files[0].suffix:
        files[0].replace(target)
    else:
        target.mkdir(exist_ok=True)
        for file in files:
            shutil.move(file, target / file.name)
