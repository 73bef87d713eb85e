"""What the tests of intake share: a small engine and a way to land a text in one line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from knitwork.intake.formats import LandReport, Profile, guess, land
from knitwork.lake.engine import Connection, connect

NOON = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000
COLUMNS = (
    "patient", "unit", "start_us", "end_us", "end_kind", "precision", "visit", "zone", "zone_assumed", "flags",
    "feed", "delivery", "row", "extracted_us",
)  # fmt: skip


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    return connect(memory="300MB", threads=2, spill=tmp_path_factory.mktemp("spill"))


class Landing:
    """Lands bytes or a file and remembers the report, the rows and the rejects."""

    def __init__(self, con: Connection, folder: Path) -> None:
        self.con = con
        self.folder = folder

    def __call__(self, content: bytes | str | Path, *, name: str = "stays.csv", **profile: str) -> Landing:
        path = content if isinstance(content, Path) else self.folder / name
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        full = guess(path, name=path.name, profile=Profile(**profile))
        self.report: LandReport = land(
            self.con, path, full, feed="ward", delivery="d" * 64, received_us=NOON_US, name=path.name
        )
        cursor = self.con.execute('SELECT * FROM landed ORDER BY "row"')
        assert tuple(column[0] for column in cursor.description) == COLUMNS
        self.rows = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
        self.rejects = self.con.execute('SELECT "row", field, rule, message FROM rejected ORDER BY "row"').fetchall()
        assert self.report.tables["landed"] == len(self.rows)
        assert self.report.landed + self.report.rejected + self.report.ignored == self.report.rows
        assert self.report.rejected == len(self.rejects)
        return self

    def times(self) -> list[tuple[str, str | None]]:
        return [(utc(row["start_us"]), utc(row["end_us"])) for row in self.rows]


def utc(us: int | None) -> str | None:
    if us is None:
        return None
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=us)
    return moment.isoformat(sep=" ")


@pytest.fixture
def landing(engine: Connection, tmp_path: Path) -> Landing:
    return Landing(engine, tmp_path)
