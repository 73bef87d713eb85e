"""Two feeds that tell of the same stays by two clocks are found; feeds that share no stay are not."""

from __future__ import annotations

import datetime as dt

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.home.quality.twice import Twice

FIRST = dt.datetime(2026, 3, 1, 8)


def home_of(tmp_path, *feeds):
    """Load feeds of stays: patients, unit, minutes by which its clock is ahead, and hours of each stay."""
    home = open_home(tmp_path / "home")
    home.write_settings(name="Home", tz="UTC")
    for n, (patients, unit, ahead, hours) in enumerate(feeds):
        lines = ["patient,unit,start,end"]
        for patient in patients:
            start = FIRST + dt.timedelta(days=patient, minutes=ahead)
            lines.append(f"P{patient},{unit},{start:%Y-%m-%d %H:%M},{start + dt.timedelta(hours=hours):%Y-%m-%d %H:%M}")
        file = tmp_path / f"{n}.csv"
        file.write_text("\n".join(lines) + "\n", "utf-8")
        home.load([file], LoadOptions(feed=f"f{n}"))
    home.refresh()
    return home


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ((range(8), "ICU", 3, 9), [Twice("f0", "f1", 8, 8)]),
        ((range(8), "ICU", 45, 9), [Twice("f0", "f1", 8, 8)]),  # nearly all of each is the same time
        ((range(4, 40), "ICU", 2, 9), [Twice("f0", "f1", 6, 10)]),
        ((range(7, 40), "ICU", 2, 9), []),  # three may be chance
        ((range(8), "LAB", 3, 9), []),
        ((range(20, 28), "ICU", 3, 9), []),
        ((range(8), "ICU", 600, 9), []),  # back in the unit on the same day
    ],
)
def test_feeds_that_tell_of_the_same_stays_are_found(tmp_path, other, found):
    assert home_of(tmp_path, (range(10), "ICU", 0, 9), other).answers().told_twice() == found
