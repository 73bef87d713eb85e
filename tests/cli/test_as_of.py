"""Numbers of an earlier time are said to be so, where they are made and where a home is looked at."""

import pytest


@pytest.mark.slow
def test_a_refresh_as_of_a_time_is_said_until_the_next_one(knitwork, tmp_path):
    (tmp_path / "stays.csv").write_text("patient,unit,start,end\nP1,Ward,2026-03-01 08:00,2026-03-01 09:00\n", "utf-8")
    home = tmp_path / "home"
    knitwork("open", tmp_path / "stays.csv", "--home", home, "--no-serve")

    then = knitwork("refresh", "--as-of", "2099-01-02T03:04", "--home", home)
    looked = knitwork("status", "--home", home)
    now = knitwork("refresh", "--home", home)

    said = "These numbers are as of 2099-01-02T03:04:00+00:00, as they were known then"
    assert said in then.out
    assert said in looked.out
    assert "The next plain knitwork refresh counts all that came again" in then.out
    assert said not in now.out
