"""Patient links on the command line: what a load says, the status, and a person by any of his or her numbers."""

import json

from tests.home.homes import write_links

LINKS = ("P1>P2@2026-01-01", "P2>P1@2026-01-02", "P3>P3", "P4>P2")


def test_a_load_of_links_says_how_many_were_taken_and_the_status_what_they_mean(knitwork, copied, tmp_path):
    file = write_links(tmp_path / "patient-links.csv", *LINKS)

    loaded = knitwork("load", str(file), "--home", copied)
    waiting = knitwork("status", "--home", copied)
    assert knitwork("refresh", "--home", copied).status == 0
    status = knitwork("status", "--home", copied)
    feeds = json.loads(knitwork("status", "--format", "json", "--home", copied).out)

    assert (loaded.status, loaded.err) == (0, "")
    assert "patient-links.csv: 3 patient links taken, 1 rejected (feed patient-links)" in loaded.out
    assert "would close a circle" in loaded.out
    assert "3 links are new: knitwork refresh brings them in" in waiting.out
    assert "3 patient links: 2 numbers were given up, of 1 person; 1 link is set aside, see rejects" in status.out
    assert [(f["feed"], f["deliveries"], f["rows"], f["rejected"], f["first"]) for f in feeds][-1] == (
        "patient-links", 1, 3, 1, None,
    )  # fmt: skip


def test_a_number_that_was_given_up_lists_the_stays_of_the_person(knitwork, copied, tmp_path):
    knitwork("load", str(write_links(tmp_path / "patient-links.csv", *LINKS)), "--home", copied)
    knitwork("refresh", "--home", copied)

    for command in (("stays",), ("stays", "--level", "macro"), ("journeys",), ("handoffs", "--each")):
        old, new = (knitwork(*command, "--patient", p, "--format", "csv", "--home", copied) for p in ("P4", "P1"))
        assert (old.status, old.err) == (0, "")
        assert old.out == new.out
        assert "P1" in old.out
    rules = [r["rule"] for r in json.loads(knitwork("rejects", "--format", "json", "--home", copied).out)]
    assert {"link_to_itself", "link_in_a_circle"} <= set(rules)
