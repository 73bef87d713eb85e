"""One truth by several routes: small homes with odd codes and odd times go out and back, less what the export lists."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from knitwork.home import LoadOptions, open_home
from knitwork.home.export import TARGETS, export
from knitwork.model.errors import CannotDo
from tests.home.homes import NOON, extract, options, registry, write
from tests.home.round_trips import DERIVED, KEYS, different, listed, whose_differ

# Spring and autumn of 2024 in Amsterdam: 02:30 was skipped in the one night, and happened twice in the other.
NIGHTS = ("2024-03-31T", "2024-10-27T")
# HL7 v2 has no finer times than the finest of these: a start that it alters would be another stay.
CLOCKS = ("01:30", "01:59:59", "02:00", "02:30", "02:30:00.5", "02:30:00.1234", "03:00", "03:00:00", "23:15")
HEADER = ("patient", "unit", "start", "end", "visit")
# What quotes, separates, escapes, begins a formula, is no ASCII, or looks like a piece of another format.
ODD = ("=1+1", '"', 'a""b', "|^~\\&", "\\F\\", "\\X0D\\", "x\ny", "x\r\nMSH|^~\\&|y", "<a&b>", "]]>", "&#10;", "{1}", "[x]",
       "Zoë", "日本", "\U0001f642", "e\u0301", "'", "'=x", "NULL", "1e5", "007", "a/b?c", "Patient/7", "-", "a;b,c\td",
       "x" * 70, "\u202e", "Ward 7 ", "v/2")  # fmt: skip


def tells(path, rows):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    return path


def home_of(path, files, *, tz):
    home = open_home(path)
    home.load(files, LoadOptions(received_at=NOON, tz=tz))
    home.refresh()
    return home


def goes_out_and_back(told, folder, to, units=None):
    """Export a home, open what was written in a new one, and hold both against the list of losses."""
    export(told, to=to, target=folder / "out.zip", losses=folder / "losses.json")
    back = open_home(folder / "back")
    # Another zone than the home's own: every instant must come back the same all the same.
    back.load([folder / "out.zip"], LoadOptions(received_at=NOON, tz="UTC"))
    back.refresh(units)

    losses = json.loads((folder / "losses.json").read_text())["losses"]
    touched = set()
    for name in KEYS:
        counted, added, whose = different(told, back, name)
        assert (name, *listed(losses, name)) == (name, counted, added)
        touched |= whose
    for name in DERIVED:
        if told.answers().manifest.rows(name):
            assert whose_differ(told, back, name) <= touched
    return touched


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    home = open_home(folder / "home")
    home.load([write(folder / "a.csv", extract(7))], options())
    home.refresh(registry())
    return home


@pytest.mark.parametrize("to", TARGETS)
def test_stays_and_handoffs_come_back_the_same(told, tmp_path, to):
    touched = goes_out_and_back(told, tmp_path, to, registry())

    assert to == "hl7v2" or not touched


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A home in which every odd text is a patient, a unit and a visit, as far as each format takes it."""
    folder = tmp_path_factory.mktemp("odd")
    texts = [text for text in ODD if text[0] not in "[{\\|" and text != '"']
    rows = [
        (text, texts[-number], f"{NIGHTS[number % 2]}{CLOCKS[number % len(CLOCKS)]}", "", text if number % 3 else "")
        for number, text in enumerate(texts)
    ]
    return home_of(folder / "home", [tells(folder / "a.csv", rows)], tz="Europe/Amsterdam")


@pytest.mark.parametrize("to", TARGETS)
def test_odd_codes_and_the_nights_of_the_clock_change_come_back(odd, tmp_path, to):
    goes_out_and_back(odd, tmp_path, to)


TEXT = st.sampled_from(ODD) | st.text(st.sampled_from("ab=+-@'\"|^~\\&\n\r{}[]<>;,/?%é日 "), min_size=1, max_size=5)
TIME = st.builds(str.__add__, st.sampled_from(NIGHTS), st.sampled_from(CLOCKS))


@st.composite
def rows(draw):
    """Visits of a few patients: moves at one instant, stays that overlap, without an end, of no length."""
    patients, units = draw(st.lists(TEXT, min_size=1, max_size=2)), draw(st.lists(TEXT, min_size=1, max_size=3))
    told = []
    for _ in range(draw(st.integers(1, 8))):
        start, end = sorted((draw(TIME), draw(TIME)))
        visit = draw(st.sampled_from(["", "v1", "v1", "v/2", "=v"]))
        told.append(
            (
                draw(st.sampled_from(patients)),
                draw(st.sampled_from(units)),
                start,
                draw(st.sampled_from([end, ""])),
                visit,
            )
        )
    return told


@pytest.mark.slow
@pytest.mark.parametrize("to", TARGETS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(told=rows(), zone=st.sampled_from(["Europe/Amsterdam", "America/New_York", "UTC"]))
def test_any_small_home_comes_back(to, told, zone):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        try:
            home = home_of(folder / "home", [tells(folder / "a.csv", told)], tz=zone)
        except CannotDo:
            assume(False)
        try:
            goes_out_and_back(home, folder, to)
        except CannotDo as refused:
            # Only what says that the code has no place in the format, with nothing written.
            assert "write CSV instead" in str(refused)
            assert not (folder / "out.zip").exists()
