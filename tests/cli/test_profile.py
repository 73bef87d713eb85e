"""How feeds are read, from the command line: shown, tried, kept with a reason, compared and taken back."""

from __future__ import annotations

import json
import shutil

import pytest

NIGHT = """mrn,ward,bed_group,admitted,discharged
P1,ED,E,2026-03-01 08:00,2026-03-01 10:00
P1,W7,W,2026-03-01 10:30,2026-03-03 10:00
P2,ED,E,2026-03-02 08:00,2026-03-02 10:00
P3,,W,2026-03-04 08:00,2026-03-04 10:00
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, knitwork):
    folder = tmp_path_factory.mktemp("loaded")
    file = folder / "night.csv"
    file.write_text(NIGHT, "utf-8")
    done = knitwork("load", file, "--feed", "adt", "--tz", "UTC", "--home", folder / "home")
    assert done.status == 0, done.err
    assert knitwork("refresh", "--home", folder / "home").status == 0
    # The record of people's work is made once here, and not by every test.
    assert knitwork("profile", "--home", folder / "home").status == 0
    return folder / "home"


@pytest.fixture
def home(loaded, tmp_path):
    return shutil.copytree(loaded, tmp_path / "home")


@pytest.fixture
def profile(knitwork, home):
    def ask(*words):
        return knitwork("profile", *words, "--home", home)

    return ask


def read(done):
    assert done.status == 0, done.err
    return json.loads(done.out)


def test_it_says_what_was_guessed_and_what_was_given(profile):
    rows = {row["key"]: row for row in read(profile("adt", "--format", "json"))}

    assert (rows["unit"]["value"], rows["unit"]["origin"]) == ("ward", "guessed")
    assert (rows["zone"]["value"], rows["zone"]["origin"]) == ("UTC", "given")
    assert (rows["cadence"]["value"], rows["cadence"]["origin"]) == (None, "open")
    assert "Guesses are those of the last delivery, night.csv, of 4 rows." in profile("adt").out


def test_a_change_without_a_reason_is_shown_and_not_kept(profile, home):
    before = (home / "feeds" / "adt.yaml").read_bytes()

    out = profile("adt", "--set", "unit=bed_group").out

    # The row without a ward has a group of beds: 3 of 4 rows were taken, and all 4 would be.
    assert "unit  ward    bed_group" in out
    told = {line.rsplit(None, 2)[0].strip(): line.split()[-2:] for line in out.splitlines() if line[-1:].isdigit()}
    assert told["taken"] == ["3", "4"]
    assert told["set aside: unit_empty"] == ["1", "0"]
    assert "Nothing was kept" in out
    assert (home / "feeds" / "adt.yaml").read_bytes() == before
    assert len(read(profile("adt", "--versions", "--format", "json"))) == 1


@pytest.mark.slow
def test_a_kept_change_is_a_version_with_who_and_why_and_every_file_is_read_anew(profile, knitwork, home):
    done = profile("adt", "--set", "unit=bed_group", "--set", "cadence=1 d", "--why", "wards are beds here")
    assert "Kept as version 2 of adt: knitwork refresh reads 1 delivery anew" in done.out
    knitwork("refresh", "--home", home)

    versions = read(profile("adt", "--versions", "--format", "json"))
    assert versions[0] | {"said_at": None} == {
        "version": 2, "said_by": "the command line", "said_at": None, "why": "wards are beds here",
        "changed": "unit, cadence",
    }  # fmt: skip
    units = {row["unit"] for row in json.loads(knitwork("stays", "--home", home, "--format", "json").out)}
    assert units == {"E", "W"}
    says = {row["key"]: row for row in read(profile("adt", "--format", "json"))}
    assert (says["unit"]["origin"], says["unit"]["guess"]) == ("said", "ward")


@pytest.mark.slow
def test_a_version_is_compared_and_gone_back_to(profile):
    first = profile("adt", "--text").out
    profile("adt", "--set", "zone=Europe/Oslo", "--why", "their clock")

    assert read(profile("adt", "--compare", "1", "--format", "json")) == [
        {"key": "zone", "before": "UTC", "after": "Europe/Oslo"}
    ]
    assert "Kept as version 3" in profile("adt", "--back", "1", "--why", "it was UTC after all").out
    assert profile("adt", "--text").out == first


@pytest.mark.slow
def test_a_whole_file_and_the_profile_of_another_feed_can_be_kept(profile, home, tmp_path):
    file = tmp_path / "wanted.yaml"
    file.write_text('# ours\nunit: "bed_group"\nzone: UTC\n', "utf-8")

    assert profile("adt", "--file", file, "--why", "as agreed").status == 0
    assert (home / "feeds" / "adt.yaml").read_text("utf-8") == file.read_text("utf-8")
    done = profile("lab", "--like", "adt", "--why", "the same house")
    assert "Kept as version 1 of lab: the next delivery is read by it." in done.out
    listed = read(profile("--format", "json"))
    assert [(row["feed"], row["deliveries"]) for row in listed] == [("adt", 1), ("lab", 0)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nope",), "no profile of nope is kept"),
        (("adt", "--set", "zone"), "--set zone is not KEY=VALUE"),
        (("adt", "--set", "wrad=x"), "--set wrad=x is not KEY=VALUE"),
        (("adt", "--set", "zone=Mars", "--why", "x"), "'Mars' is not a time zone"),
        (("adt", "--set", "start=bed_group", "--why", "x"), "nothing was kept"),
        (("adt", "--set", "zone=UTC", "--why", "x"), "nothing was changed"),
        (("adt", "--back", "7"), "there is no version 7 of adt"),
        (("adt", "--compare", "7"), "there is no version 7 of adt"),
        (("adt", "--like", "lab"), "no profile of lab is kept"),
        (("adt", "--file", "nowhere.yaml"), "could not be read"),
        (("adt", "--why", "x"), "--why goes with a change"),
        (("--why", "x"), "needs the name of a feed"),
        (("adt", "--back", "1", "--text"), "--back and --text cannot be asked together"),
        (("../x",), "cannot name a feed"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_kept(profile, home, words, says):
    before = (home / "feeds" / "adt.yaml").read_bytes()

    done = profile(*words)

    assert done.status == 1
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert (home / "feeds" / "adt.yaml").read_bytes() == before
