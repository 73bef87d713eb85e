"""The mapping profile: flat YAML that people edit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.intake.formats import Profile, parse_profile, read_profile, write_profile
from knitwork.model.errors import BadDefinition


@given(st.text(max_size=30).filter(str.strip), st.sampled_from(["dmy", "mdy", None]))
def test_what_is_written_is_what_is_read(column, order):
    profile = Profile(patient=column, zone="Europe/Amsterdam", date_order=order)

    assert parse_profile(write_profile(profile, feed="ward"), source="x") == profile


def test_the_written_profile_explains_itself():
    text = write_profile(Profile(patient="mrn"), feed="ward")

    assert 'patient: "mrn"' in text
    assert "# dmy, mdy or ymd" in text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("patient: mrn\nward: x\n", "line 2: 'ward' is not known here"),
        ("patient: mrn\npatient: id\n", "line 2: 'patient' is given twice"),
        ("zone: Europe/Nowhere\n", "line 1: 'Europe/Nowhere' is not a time zone"),
        ("zone: ../../etc/passwd\n", "is not a time zone"),
        ("zone: " + "Europe/Ams" * 400 + "\n", "is not a time zone"),
        ("date_order: md\n", "line 1: date_order is one of dmy, mdy, ymd"),
        ("\n\ncalendar: moon\n", "line 3: calendar is one of real, shifted"),
        ("encoding: ebcdic\n", "line 1: encoding is one of"),
        ("separator: '#'\n", "line 1: separator is one of"),
        ("unit: [a, b]\n", "line 1: 'unit' needs one value"),
        ("- a\n- b\n", "line 1: this is not a list of 'key: value' lines"),
        ("a: b: c\n", "line 1"),
        ("unit: &a x\nend: *a\n", "line 2: this is not a list of 'key: value' lines (an alias (*) is not read here"),
        ("x: &a [*a]\n", "line 1"),
        ("unit: " + "[" * 200_000, "line 1: this is not a list of 'key: value' lines (this is nested too deep)"),
        ("unit: a\x00b\n", "signs that YAML does not allow"),
        ("# " + "x" * 600_000, "has more than 524,288 characters"),
    ],
)
def test_a_complaint_names_the_line(text, complaint):
    with pytest.raises(BadDefinition) as caught:
        parse_profile(text, source="ward.yaml")

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_profile_leaves_everything_open():
    assert parse_profile("# nothing\n", source="x") == Profile()
    assert parse_profile("unit:\nend: ''\n", source="x") == Profile()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadDefinition, match="does not exist"):
        read_profile(tmp_path / "none.yaml")


def test_a_zone_on_the_command_line_wins():
    assert Profile(zone="UTC").with_zone("Asia/Tokyo").zone == "Asia/Tokyo"
    with pytest.raises(BadDefinition, match="--tz"):
        Profile().with_zone("Mars")
