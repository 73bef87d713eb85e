"""One of a thing is said as one: what a load, a refresh, a look and a check say of a home in which everything is single."""

import pytest

ONE = "patient,unit,start,end\nP1,Ward,2026-03-01 08:00,2026-03-01 09:00\nP2,,2026-03-01 08:00,2026-03-01 09:00\n"


@pytest.mark.slow
def test_what_is_one_is_said_as_one(knitwork, tmp_path):
    (tmp_path / "stays.csv").write_text(ONE, "utf-8")
    (tmp_path / "patient-links.csv").write_text("patient,merged_into\nP9,P1\n", "utf-8")
    home = tmp_path / "home"

    loaded = knitwork("open", tmp_path / "stays.csv", "--home", home, "--no-serve")
    linked = knitwork("load", tmp_path / "patient-links.csv", "--home", home)
    waiting = knitwork("status", "--home", home)
    knitwork("refresh", "--home", home)
    checked = knitwork("doctor", "--home", home)

    assert (loaded.status, loaded.err) == (0, "")
    assert "stays.csv: 1 row taken, 1 rejected (feed stays)" in loaded.out
    assert "lists the rejected row and why" in loaded.out
    assert "1 stay, " in loaded.out
    assert "1 unit, 1 patient, 0 hand-offs between units" in loaded.out
    assert "patient-links.csv: 1 patient link taken, 0 rejected" in linked.out
    assert "1 patient link: 0 numbers were given up, of 0 persons; 1 link is new" in waiting.out
    assert "the inbox holds 2 deliveries" in checked.out


def test_what_is_wrong_once_is_one_thing(knitwork, copied):
    next((copied / "lake").rglob("*.parquet")).unlink()

    checked = knitwork("doctor", "--home", copied)

    assert checked.status == 1
    assert "1 file of the lake is missing" in checked.out
    assert "1 thing needs attention." in checked.out


@pytest.mark.slow
def test_numbers_of_units_alone_are_said_and_every_measure_says_what_it_lacks(knitwork, tmp_path):
    (tmp_path / "beds.csv").write_text("unit,month,falls,bed_days\nA,2026-01,3,310\nB,2026-01,,290\n", "utf-8")

    opened = knitwork("open", tmp_path / "beds.csv", "--home", tmp_path / "home", "--no-serve")

    assert (opened.status, opened.err) == (0, "")
    assert "beds.csv: 2 rows taken, 0 rejected" in opened.out
    assert "0 units, 0 patients, 0 hand-offs between units" in opened.out
    assert "3 numbers of units by period" in opened.out
