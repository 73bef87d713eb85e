"""One patient's chain: every stay once, every gap as the hand-offs have it, and nothing unknown counted as known."""

from __future__ import annotations

import pytest

from knitwork.home import open_home
from knitwork.home.patients import chain_of, find_patients, passed, patient_stays
from tests.home.homes import extract, options, registry, write
from tests.home.test_reference import departures_copied


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patients")
    home = open_home(folder / "home")
    home.load([write(folder / "a.csv", extract(21, patients=60, days=60))], options())
    copied = departures_copied(extract(22, patients=8, days=40))
    home.load([write(folder / "c.csv", copied)], options(feed="copied"))
    home.refresh(registry())
    return home.answers()


@pytest.fixture(scope="module")
def chains(answers):
    names = [r["patient"] for r in answers.rows("SELECT DISTINCT patient::VARCHAR AS patient FROM {patient}")]
    return {name: chain_of(patient_stays(answers, name)) for name in names}


def test_a_patient_is_found_by_any_part_of_the_id_in_any_case_and_the_exact_one_first(answers):
    rows, found = find_patients(answers, " p1 ")

    ids = [row["patient"] for row in rows]
    wanted = {
        r["patient"]
        for r in answers.rows("SELECT patient::VARCHAR AS patient FROM {patient}")
        if "p1" in r["patient"].lower()
    }
    assert ids[0] == "P1"
    assert set(ids) == wanted
    assert found == len(wanted)
    assert "CP1" in ids
    assert ids.index("CP1") > ids.index("P10")


def test_what_is_beyond_the_limit_is_counted(answers):
    rows, found = find_patients(answers, "P", limit=7)

    assert len(rows) == 7
    assert found == answers.one("SELECT count(*) AS n FROM {patient}")["n"]


@pytest.mark.parametrize("text", ["", "  ", "nobody", "%", "_", "' OR 1=1 --"])
def test_nothing_is_listed_without_a_part_of_an_id(answers, text):
    assert find_patients(answers, text) == ([], 0)


def test_an_empty_home_knows_no_patient(tmp_path):
    answers = open_home(tmp_path / "home").answers()

    assert find_patients(answers, "P") == ([], 0)
    assert patient_stays(answers, "P1") == []


def test_the_gaps_of_a_chain_are_the_hand_offs(answers, chains):
    for name, chain in chains.items():
        found = sorted(
            (s.unit, s.next_unit, s.next_start_us, s.gap_s) for visit in chain.visits for s in visit.waits
        )  # fmt: skip
        wanted = answers.rows(
            """
            SELECT from_unit, to_unit, arrived_us, CASE WHEN s.departures_recorded THEN transit_s END AS transit_s
            FROM {fact_handoff} h JOIN {feed_state} s ON s.feed = h.feed
            WHERE level = 'micro' AND patient::VARCHAR = $name""",
            name=name,
        )
        assert found == sorted(tuple(row.values()) for row in wanted), name


def test_every_stay_stands_once_and_an_unknown_departure_has_no_length(answers, chains):
    total = answers.one("SELECT count(*) AS n FROM {fact_stay} WHERE level = 'micro'")["n"]

    stays = [stay for chain in chains.values() for stay in chain.stays]
    assert len(stays) == total
    unknown = [stay for stay in stays if stay.left_us is None]
    assert unknown
    assert all(stay.length_s is None and stay.gap_s is None for stay in unknown)
    assert all(stay.left_us is None for stay in stays if stay.end_kind != "recorded")


def test_a_journey_holds_the_visits_of_its_row_and_lasts_no_longer(answers, chains):
    rows = answers.rows("SELECT journey::VARCHAR AS journey, start_us, end_us, closed, visits FROM {journey}")
    wanted = {row["journey"]: row for row in rows}

    found = {journey.journey: journey for chain in chains.values() for journey in chain.journeys}
    assert set(found) == set(wanted)
    for name, journey in found.items():
        assert journey.start_us == wanted[name]["start_us"]
        assert len(journey.visits) == wanted[name]["visits"]
        if wanted[name]["closed"]:  # a stay that outlasts the next arrival is cut there, so it may end before its row
            assert journey.start_us <= journey.last_us <= wanted[name]["end_us"]


def test_units_stand_in_the_order_of_first_arrival_and_their_known_times_add_up(chains):
    for chain in chains.values():
        units = passed(chain)
        firsts = [min(s.start_us for s in chain.stays if s.unit == one.unit) for one in units]
        assert firsts == sorted(firsts)
        assert sum(one.seconds for one in units) == sum(stay.length_s or 0 for stay in chain.stays)
        assert sum(one.unknown for one in units) == chain.unknown


def test_the_longest_wait_is_one_in_hospital_where_the_patient_was_ever_admitted(chains):
    seen = 0
    for chain in chains.values():
        hospital = [stay for visit in chain.visits if visit.in_hospital for stay in visit.waits]
        if chain.longest is None:
            assert not any(stay.gap_s for stay in hospital or chain.waits)
        else:
            seen += 1
            assert chain.longest in (hospital or chain.waits)
            assert chain.longest.gap_s == max(stay.gap_s or 0 for stay in hospital or chain.waits)
    assert seen > 10


def test_a_person_is_found_once_by_any_of_the_numbers_and_is_told_by_which(tmp_path):
    home = open_home(tmp_path / "home")
    stays = "patient,unit,start,end\n" + "".join(
        f"{who},W,2026-03-0{day} 08:00,2026-03-0{day} 09:00\n" for day, who in enumerate(("A1", "B1", "C7"), start=1)
    )
    (tmp_path / "a.csv").write_text(stays, "utf-8")
    (tmp_path / "links.csv").write_text("patient,merged_into\nB1,C7\nC8,C7\n", "utf-8")
    home.load([tmp_path / "a.csv"], options())
    home.load([tmp_path / "links.csv"], options(feed="links"))
    home.refresh(registry())
    answers = home.answers()

    def found(text):
        rows, many = find_patients(answers, text)
        assert many == len(rows)
        return [(row["patient"], row["number"]) for row in rows]

    assert found("b1") == [("C7", "B1")]
    assert found("c") == [("C7", None)]
    assert found("1") == [("A1", None), ("C7", "B1")]
    assert found("C8") == [("C7", "C8")]
