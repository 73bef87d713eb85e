"""A profile that was guessed wrongly can be mended, and the files taken in before are read again by it."""

from __future__ import annotations

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.model.errors import CannotDo

ROWS = "patient,unit,start,end\na,W,2026-04-03 10:00,2026-04-13 11:00\nb,W,2026-04-05 10:00,2026-04-06 11:00\n"


def starts(home):
    return [row["start_us"] for row in home.stays().to_pylist()]


def test_an_edited_profile_is_used_for_files_that_were_taken_in_before(tmp_path):
    file = tmp_path / "adt.csv"
    file.write_text(ROWS)
    home = open_home(tmp_path / "home")
    home.load([file], LoadOptions())
    home.refresh()
    as_utc = starts(home)

    profile = tmp_path / "home" / "feeds" / "adt.yaml"
    profile.write_text(profile.read_text().replace("zone:", "zone: Europe/Amsterdam #", 1))
    home.refresh()

    assert [a - b for a, b in zip(as_utc, starts(home), strict=True)] == [2 * 3_600_000_000] * 2
    assert home.refresh().nothing_to_do


def test_a_profile_that_cannot_be_read_leaves_everything_as_it_was(tmp_path):
    file = tmp_path / "adt.csv"
    file.write_text(ROWS)
    home = open_home(tmp_path / "home")
    home.load([file], LoadOptions())
    home.refresh()
    before = starts(home)

    (tmp_path / "home" / "feeds" / "adt.yaml").write_text("patiant: patient\n")

    with pytest.raises(CannotDo, match="patiant"):
        home.refresh()
    assert starts(home) == before
