"""A visit's stays are a function of the set of its messages: order and repetition do not matter, and truth comes out."""

from __future__ import annotations

import gc
from dataclasses import replace
from random import Random
from time import process_time

import pytest

from knitwork.intake.fold import Folded, Move, fold_visit, taken_back
from tests.intake.adt import journey, say, soup


def shuffled(moves: list[Move], random: Random) -> list[Move]:
    """Return the messages in any order, some of them twice or more."""
    again = moves + random.choices(moves, k=random.randrange(len(moves) + 1))
    random.shuffle(again)
    return again


def hold(*, seed: int, sets: int, each: int) -> None:
    random = Random(seed)
    for _ in range(sets):
        moves = soup(random) if random.random() < 0.5 else journey(random)[1]
        folded = fold_visit(moves)
        for _ in range(each):
            assert fold_visit(shuffled(moves, random)) == folded


def test_5_000_permutations_and_duplications_fold_to_the_same():
    hold(seed=5, sets=500, each=10)


@pytest.mark.slow
def test_100_000_permutations_and_duplications_fold_to_the_same():
    hold(seed=100, sets=10_000, each=10)


def whereabouts(folded: Folded) -> list[tuple[str, int, int | None, bool]]:
    return [(s.unit, s.start_us, s.end_us, s.leave) for s in folded.stays]


@pytest.mark.parametrize("seed", range(5))
def test_the_true_journey_comes_out_of_shuffled_and_corrected_messages(seed):
    random = Random(seed)
    for _ in range(200):
        truth, moves = journey(random)

        assert whereabouts(fold_visit(shuffled(moves, random))) == truth


def test_what_was_known_at_each_moment_does_not_depend_on_the_order_in_which_it_is_folded_now():
    random = Random(1)
    for _ in range(50):
        _, moves = journey(random)
        for known in range(len(moves) + 1):
            then = moves[:known]

            assert fold_visit(shuffled(then, random) if then else then) == fold_visit(then)


def test_a_message_that_came_late_makes_the_same_stays_as_one_in_time():
    random = Random(2)
    for _ in range(200):
        truth, moves = journey(random)
        late = random.randrange(len(moves))
        fold_visit(moves[:late] + moves[late + 1 :])  # what was thought until it came

        assert whereabouts(fold_visit(moves[:late] + moves[late + 1 :] + [moves[late]])) == truth


def test_what_was_taken_back_does_not_depend_on_the_order_of_arrival_and_no_longer_holds():
    random = Random(3)
    found = 0
    for _ in range(200):
        moves = soup(random) if random.random() < 0.5 else journey(random)[1]
        back = taken_back(moves)
        now = {(s.unit, s.start_us) for s in fold_visit(moves).stays}
        found += len(back)

        assert taken_back(shuffled(moves, random)) == back
        assert now.isdisjoint((b.stay.unit, b.stay.start_us) for b in back)
    assert found > 50


def test_one_message_that_was_read_in_two_ways_folds_to_the_same_in_any_order():
    one = say("A01", "08:00", "ED")
    other = replace(one, unit="W7", delivery="second")

    assert fold_visit([one, other]) == fold_visit([other, one])


def test_a_visit_of_very_many_messages_does_not_take_the_square_of_the_time():
    def seconds(number: int) -> float:
        moves = [
            say(event, f"{i}+08:00", unit, control=f"{i}{event}")
            for i in range(number)
            for event, unit in (
                ("A01", "ED"),
                ("A02", "W7"),
                ("A12", None),
                ("A11", None),
                ("A03", None),
                ("A13", None),
            )
        ]
        gc.disable()  # it would look through everything that other tests of this process have left
        try:
            begun = process_time()
            fold_visit(moves)
            return process_time() - begun
        finally:
            gc.enable()

    # Eight times the messages: about eight times as long, and 64 times if each looked at each. The quickest of three
    # counts, as a neighbour on the machine makes any one slow.
    few, many = (min(seconds(number) for _ in range(3)) for number in (500, 4000))
    assert many < 24 * max(few, 0.001)


def test_what_very_many_messages_took_back_is_told_in_bounded_time_the_latest_first():
    moves = [
        say(event, f"{i}+08:00", unit, control=f"{i}{event}")
        for i in range(4000)
        for event, unit in (("A01", "ED"), ("A02", "W7"), ("A12", None), ("A11", None), ("A03", None), ("A13", None))
    ]
    begun = process_time()
    told = taken_back(moves)

    assert process_time() - begun < 10
    assert max(back.stay.start_us for back in told) == max(move.at_us for move in moves if move.event == "A02")
    assert len(told) < 4000
