"""What the tests of known tables share: write some tables, land them, look."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

from knitwork.intake.formats import open_delivery
from knitwork.lake.engine import connect


def us(text: str) -> int:
    """Return an instant that is written in UTC."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()) * 1_000_000


class Landed:
    """One delivery, landed."""

    def __init__(self, path: Path, *, format: str, profile=None):
        self.con = connect()
        reader = open_delivery(path)
        assert reader.name == format
        found = reader.guess(path, name=path.name, profile=profile)
        self.report = reader.land(self.con, path, found, feed="some", delivery="d1", name=path.name)
        r = self.report
        assert r.rows == r.landed + r.rejected + r.ignored

    def rows(self, table: str, columns: str) -> list[tuple]:
        return self.con.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()

    def rejected(self) -> list[tuple]:
        return self.con.execute('SELECT "row", field, rule FROM rejected ORDER BY 1').fetchall()


def written(folder: Path, *tables: str, name: str = "some.csv") -> Path:
    """Write one table as a file, several as a zip."""
    if len(tables) == 1:
        path = folder / name
        path.write_text(tables[0], encoding="utf-8")
        return path
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, text in enumerate(tables):
            archive.writestr(f"{number}.csv", text)
    return path
