"""Who is one person by a set of patient links: the rules, against a slow reference, in any order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.journeys.persons import PatientLink, persons

NUMBERS = "ABCDEF"
TIMES = (None, None, 1, 2, 3)
many = settings(max_examples=300, deadline=None)


@st.composite
def link(draw) -> PatientLink:
    patient = draw(st.sampled_from(NUMBERS))
    return PatientLink(
        patient, draw(st.sampled_from([n for n in NUMBERS if n != patient])),
        kind=draw(st.sampled_from(["merge", "merge", "merge", "unmerge"])), at_us=draw(st.sampled_from(TIMES)),
        feed=draw(st.sampled_from(["adt", "index"])), delivery=draw(st.sampled_from("xyz")), row=draw(st.integers(1, 4)),
        extracted_us=draw(st.sampled_from([None, None, 2])),
    )  # fmt: skip


# No row says two things: feed, delivery and row name it.
links = st.lists(link(), max_size=9, unique_by=lambda k: (k.feed, k.delivery, k.row))


def slow(told: list[PatientLink]) -> dict[str, str]:
    """The reference: a merge holds if nothing undoes it and no heavier merge that holds stands against it."""

    def time(k):
        known = k.at_us if k.at_us is not None else k.extracted_us
        return -1 if known is None else known

    def weight(k):
        return time(k), k.delivery, k.row, k.feed

    def leads(start, goal, steps):
        while start != goal and start in steps:
            start = steps[start]
        return start == goal

    def holds(k):
        if k.kind == "unmerge":
            return False
        if any(
            u.kind == "unmerge" and (u.patient, u.merged_into) == (k.patient, k.merged_into) and time(u) >= time(k)
            for u in told
        ):
            return False
        heavier = [o for o in told if weight(o) > weight(k) and holds(o)]
        if any(o.patient == k.patient and o.merged_into != k.merged_into for o in heavier):
            return False
        return not leads(k.merged_into, k.patient, {o.patient: o.merged_into for o in heavier})

    steps = {k.patient: k.merged_into for k in told if holds(k)}
    found = {}
    for number in steps:
        end = number
        while end in steps:
            end = steps[end]
        found[number] = end
    return found


@settings(many, max_examples=150)
@given(st.lists(link(), max_size=6, unique_by=lambda k: (k.feed, k.delivery, k.row)))
def test_persons_are_those_of_the_reference(told):
    assert persons(told).person == slow(told)


@many
@given(links, st.randoms(use_true_random=False))
def test_the_order_of_links_changes_nothing(told, chance):
    assert persons(chance.sample(told, len(told))) == persons(told)


@many
@given(links, link(), st.integers(0, 3))
def test_a_merge_and_its_undoing_are_as_if_they_had_never_been(told, one, after):
    at = 5
    told = [k for k in told if (k.patient, k.merged_into) != (one.patient, one.merged_into)]
    merge = PatientLink(one.patient, one.merged_into, at_us=at, feed="extra", delivery="m", row=1)
    unmerge = PatientLink(one.patient, one.merged_into, "unmerge", at_us=at + after, feed="extra", delivery="u", row=1)

    done, never = persons([*told, merge, unmerge]), persons(told)

    assert (done.person, done.links) == (never.person, never.links)


@many
@given(links)
def test_every_link_holds_repeats_what_holds_was_undone_or_is_set_aside_with_a_reason(told):
    found = persons(told)
    held = {(k.patient, k.merged_into) for k in found.links.values()}
    undone = {(k.patient, k.merged_into) for k in told if k.kind == "unmerge"}

    for k in told:
        aside = [rule for other, rule in found.aside if other == k]
        if k.kind == "unmerge":
            assert aside in ([], ["unmerge_of_nothing"])
        else:
            assert aside or (k.patient, k.merged_into) in held | undone
    assert len(found.aside) == len(set(found.aside))


@many
@given(links)
def test_a_person_is_no_number_that_was_given_up(told):
    found = persons(told)

    assert set(found.person.values()).isdisjoint(found.person)
    assert found.person.keys() == found.links.keys()


def merge(text: str, at: int | None = None, **more) -> PatientLink:
    patient, into = text.split(">")
    return PatientLink(patient, into, at_us=at, **more)


def unmerge(text: str, at: int | None = None, **more) -> PatientLink:
    return merge(text, at, kind="unmerge", **more)


@pytest.mark.parametrize(
    ("told", "wanted", "aside"),
    [
        ([], {}, []),
        ([merge("A>B"), merge("B>C")], {"A": "C", "B": "C"}, []),
        ([merge("A>B", 2), merge("B>C", 1)], {"A": "C", "B": "C"}, []),  # whichever was first
        ([merge("A>B", 1), merge("A>C", 2)], {"A": "C"}, ["merged_elsewhere"]),
        ([merge("A>B", 1), merge("A>C")], {"A": "B"}, ["merged_elsewhere"]),  # a known time beats none
        ([merge("A>B", delivery="y"), merge("A>C", delivery="x")], {"A": "B"}, ["merged_elsewhere"]),
        ([merge("A>B", extracted_us=3), merge("A>C", 2)], {"A": "B"}, ["merged_elsewhere"]),
        ([merge("A>B", 1), merge("B>A", 2)], {"B": "A"}, ["link_in_a_circle"]),
        ([merge("A>B", 3), merge("B>C", 2), merge("C>A", 1)], {"A": "C", "B": "C"}, ["link_in_a_circle"]),
        ([merge("A>B", 1), unmerge("A>B", 2)], {}, []),
        ([merge("A>B", 1), unmerge("A>B", 2), merge("A>B", 3)], {"A": "B"}, []),
        ([merge("A>B"), unmerge("A>B")], {}, []),  # in doubt apart
        ([merge("A>B", 2), unmerge("A>B", 2)], {}, []),
        ([merge("A>B", 2), unmerge("A>B")], {"A": "B"}, ["unmerge_of_nothing"]),  # not known to be later
        ([unmerge("A>B", 2)], {}, ["unmerge_of_nothing"]),  # the merge may still come
        ([merge("A>B", 1), unmerge("A>C", 2)], {"A": "B"}, ["unmerge_of_nothing"]),
        ([merge("A>B", 1), merge("A>C", 2), unmerge("A>C", 3)], {"A": "B"}, []),
        ([merge("A>B", 1), merge("B>A", 2), unmerge("B>A", 3)], {"A": "B"}, []),  # the circle is gone
    ],
)
def test_what_links_mean_together(told, wanted, aside):
    found = persons(told)

    assert dict(found.person) == wanted
    assert [rule for _, rule in found.aside] == aside


def test_a_chain_of_a_hundred_thousand_numbers_has_one_person():
    found = persons(merge(f"{i}>{i + 1}", 100_000 - i) for i in range(100_000))

    assert set(found.person.values()) == {"100000"}
