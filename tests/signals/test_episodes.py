"""One episode is told once: it keeps its name while new points come in and limits move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.episodes import Episode, episodes, match

STEADY = [5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 5, 7, 6, 8, 6, 7, 5, 6]
RUN = Episode("ward/waits", "shift_7", "high", "2026-03-01", "2026-03-01", "2026-09-01", "worse", recent=True)


def months(n, first=2024):
    return tuple(f"{first + place // 12}-{place % 12 + 1:02}-01" for place in range(n))


def episodes_of(values, spec=None):
    record = evaluate(Series(values=values, labels=months(len(values))), spec or Spec(direction="down"))
    return episodes(record, chart="ward/waits")


def test_an_episode_says_chart_rule_side_and_periods():
    (one,) = [one for one in episodes_of([*STEADY, 30]) if one.rule == "beyond_limits"]

    assert one == Episode(
        "ward/waits", "beyond_limits", "high", "2025-09-01", "2025-09-01", "2025-09-01", "worse", recent=True
    )
    assert one.key == "ward/waits|beyond_limits|high|2025-09-01"


def test_a_run_that_goes_on_keeps_its_name_and_is_told_once():
    known, told = (), []
    for longer in range(6, 15):
        matched = match(known, episodes_of([*STEADY, *[9] * longer], Spec(rules=("anhoej",), direction="down")))
        told += [one for one in matched.begun if one.side]
        known = (*matched.going_on, *matched.begun)

    assert [(one.rule, one.since) for one in told] == [("longest_run", "2025-09-01")]
    (run,) = [one for one in known if one.side]
    assert (run.since, run.end) == ("2025-09-01", "2026-10-01")


def test_a_start_that_wobbles_is_the_same_episode():
    sooner, later = (replace(RUN, since=at, start=at) for at in ("2026-02-01", "2026-04-01"))

    for moved in (sooner, later):
        matched = match([RUN], [moved])
        assert matched.begun == matched.ended == ()
        assert matched.going_on[0].key == RUN.key
        assert matched.going_on[0].start == moved.start


def test_another_side_rule_or_chart_is_another_episode():
    for other in (replace(RUN, side="low"), replace(RUN, rule="trend_7"), replace(RUN, chart="ward/falls")):
        assert match([RUN], [other]).begun == (other,)
        assert match([RUN], [other]).ended == (RUN,)


def test_what_comes_after_a_pause_is_a_new_episode():
    again = replace(RUN, since="2026-10-01", start="2026-10-01", end="2026-12-01")

    assert match([RUN], [again]).begun == (again,)
    assert match([RUN], [RUN, again]).going_on == (RUN,)


def test_two_that_grow_into_one_go_on_by_the_older_name():
    later = replace(RUN, since="2026-11-01", start="2026-11-01", end="2026-12-01")
    both = replace(RUN, since="2026-04-01", start="2026-04-01", end="2026-12-01")

    matched = match([later, RUN], [both])

    assert [one.key for one in matched.going_on] == [RUN.key]
    assert matched.ended == (later,)


def test_one_that_falls_into_two_is_not_told_again():
    first, second = (
        replace(RUN, since=start, start=start, end=end)
        for start, end in (("2026-03-01", "2026-04-01"), ("2026-06-01", "2026-09-01"))
    )

    matched = match([RUN], [first, second])

    assert matched.begun == matched.ended == ()
    assert {one.key for one in matched.going_on} == {RUN.key}


def test_numbered_periods_are_compared_as_numbers():
    nine = replace(RUN, since="9", start="9", end="12")

    assert match([nine], [replace(nine, since="10", start="10", end="14")]).going_on[0].since == "9"
    assert match([nine], [replace(nine, since="100", start="100", end="114")]).begun


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_every_episode_is_either_new_or_known_and_names_never_repeat(seed):
    rng = np.random.default_rng(seed)
    values = (np.cumsum(rng.normal(0, 0.6, 40)) + rng.normal(0, 1, 40)).round(1).tolist()
    known: tuple[Episode, ...] = ()
    for n in range(20, 41, 4):
        now = episodes_of(values[:n], Spec(rules=("mdc_2023",)))
        matched = match(known, now)

        assert len(matched.going_on) + len(matched.begun) == len(now)
        assert len({one.key for one in now}) == len(now)
        assert {one.key for one in matched.going_on} <= {one.key for one in known}
        assert not {one.key for one in matched.ended} & {one.key for one in matched.going_on}
        assert not {one.key for one in matched.begun} & {one.key for one in known}
        known = (*matched.going_on, *matched.begun)
