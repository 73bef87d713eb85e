"""The two icons of a measure and its one sentence: stable is not good, two good points are no improvement."""

from __future__ import annotations

import random

import pytest

from knitwork.draw.icon import assurance_kind, assurance_shape, assurance_svg, assurance_words, icon_kind
from knitwork.draw.summary_words import latest_text, meets_now, summary_sentence, target_text
from knitwork.signals import Series, Spec, evaluate


def months(n):
    return tuple(f"{2024 + at // 12}-{at % 12 + 1:02}-01" for at in range(n))


def chart(values, *, direction="down", target=None, unit="min", **more):
    spec = Spec(chart="xmr", direction=direction, unit=unit, target=target, **more)
    return evaluate(Series(labels=months(len(values)), values=tuple(values)), spec)


def steady(n=24, centre=40.0, seed=3):
    rng = random.Random(seed)
    return [round(centre + rng.choice((-3, -2, -1, 1, 2, 3)), 1) for _ in range(n)]


def test_the_series_of_these_tests_is_steady():
    assert not chart(steady()).signals


@pytest.mark.parametrize(
    ("direction", "target", "kind", "says"),
    [
        ("down", 20, "fail", "Stable and failing: about"),
        ("down", 60, "pass", "Stable and meeting its target: about"),
        ("down", 40, "hit_or_miss", "it meets its target of"),
        ("up", 60, "fail", "Stable and failing: about"),
        ("up", 20, "pass", "Stable and meeting its target: about"),
        ("up", 40, "hit_or_miss", "or misses it by chance"),
    ],
)
def test_stable_is_said_with_how_it_stands_to_its_target(direction, target, kind, says):
    evaluation = chart(steady(), direction=direction, target=target)

    assert icon_kind(evaluation) == "quiet"
    assert assurance_kind(evaluation) == kind
    assert says in summary_sentence(evaluation)


def test_stable_and_failing_names_target_and_what_it_takes():
    said = summary_sentence(chart(steady(), target=20))

    assert "where at most 20\u00a0min is wanted" in said
    assert "until the work itself changes" in said


@pytest.mark.parametrize("target", [None, 20, 40, 60])
def test_two_better_points_are_not_praised(target):
    values = steady()
    values[-2:] = [38.0, 37.0]

    said = summary_sentence(chart(values, target=target))

    assert "etter" not in said
    assert "mprov" not in said


def test_a_real_improvement_that_still_fails_says_both():
    said = summary_sentence(chart([*steady(20), *[30.0, 31.0] * 5], target=20))

    assert said.startswith("Better since")
    assert "it still fails its target of at most 20\u00a0min" in said


def test_a_worse_process_is_not_called_meeting_its_target_when_the_last_month_missed_it():
    evaluation = chart([*steady(20), *[70.0, 72.0] * 5], target=60)

    assert assurance_kind(evaluation) == "pass"
    assert meets_now(evaluation) is False
    assert "its limits promise its target of at most 60\u00a0min, and the last period missed it" in summary_sentence(
        evaluation
    )


def test_a_target_beyond_limits_that_the_last_month_met_is_not_said_to_be_met():
    evaluation = chart([*steady(20), *[20.0, 21.0] * 5], target=25)

    assert "its limits lie beyond its target of at most 25\u00a0min, and the last period met it" in summary_sentence(
        evaluation
    )


@pytest.mark.parametrize(
    ("target", "kind", "says"),
    [
        (95, "pass", "100% in each of 24 months: it meets its target of at least 95%"),
        (100, "pass", "it meets its target of at least 100%"),
        (None, "none", "100% in each of 24 months: it has no limits, for nothing varies"),
    ],
)
def test_a_series_that_is_always_at_100_per_cent_is_laid_against_its_target(target, kind, says):
    evaluation = chart([100.0] * 24, direction="up", target=target, unit="%")

    assert assurance_kind(evaluation) == kind
    assert says in summary_sentence(evaluation)


def test_a_series_that_is_always_the_same_and_below_its_target_fails():
    evaluation = chart([90.0] * 24, direction="up", target=95, unit="%")

    assert assurance_kind(evaluation) == "fail"
    assert "it misses its target of at least 95%" in summary_sentence(evaluation)


def test_a_series_that_was_always_at_100_and_is_not_any_more_promises_nothing():
    evaluation = chart([100.0] * 20 + [60.0] * 4, direction="up", target=95, unit="%")

    assert assurance_kind(evaluation) == "unknown"
    assert "in each of" not in summary_sentence(evaluation)


@pytest.mark.parametrize("n", [0, 1, 11])
def test_too_few_points_have_no_icon_of_assurance_and_say_so(n):
    evaluation = chart(steady()[:n], target=20)

    assert icon_kind(evaluation) == "few"
    assert assurance_kind(evaluation) == "unknown"
    assert "ailing" not in summary_sentence(evaluation)


def test_without_a_target_the_sentence_is_that_of_the_chart():
    evaluation = chart(steady())

    assert assurance_svg(evaluation) == ""
    assert "No signal in 24 months" in summary_sentence(evaluation)
    assert target_text(evaluation) == ""


def test_a_target_of_what_has_no_direction_is_not_judged():
    evaluation = chart(steady(), direction="neither", target=20)

    assert assurance_kind(evaluation) == "none"
    assert "ailing" not in summary_sentence(evaluation)


def test_a_run_chart_with_a_target_says_that_nobody_can_say():
    spec = Spec(chart="run", direction="down", unit="min", target=20)
    evaluation = evaluate(Series(labels=months(24), values=tuple(steady())), spec)

    assert assurance_kind(evaluation) == "unknown"
    assert "without limits nobody can say whether it will meet its target" in summary_sentence(evaluation)


def test_the_latest_target_counts():
    evaluation = chart(steady(), targets=(("2024-01-01", 60.0), ("2025-06-01", 20.0)))

    assert assurance_kind(evaluation) == "fail"
    assert target_text(evaluation) == "at most 20\u00a0min"


def test_the_latest_value_is_of_the_last_whole_period():
    spec = Spec(chart="xmr", direction="down", unit="min")
    values = (*steady(23), 99.0)
    evaluation = evaluate(Series(labels=months(24), values=values, incomplete_last=True), spec)

    assert latest_text(evaluation) == f"{values[22]:g}\u00a0min"


def test_every_assurance_has_its_own_shape_and_words():
    kinds = ("pass", "fail", "hit_or_miss", "unknown")

    assert len({assurance_shape(kind) for kind in kinds}) == len(kinds)
    assert len({assurance_words(kind) for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert f'aria-label="{assurance_words(kind)}"' in assurance_shape(kind, assurance_words(kind))
    assert assurance_shape("none", "no target") == ""


def test_the_icon_is_what_the_record_says_and_the_sentence_names_both_ways():
    """Lower months that last, and one far above the limit: worse, as harm goes first, and better as well."""
    evaluation = chart([*steady(20), *[36.0] * 8, 90.0, 20.0])

    said = summary_sentence(evaluation)

    assert icon_kind(evaluation) == evaluation.variation == "worse"
    assert said.startswith("Worse in May 2026")
    assert "; also better" in said


def test_an_organisation_may_let_good_news_go_first_and_words_and_icon_follow():
    evaluation = chart([*steady(20), *[36.0] * 8, 90.0, 20.0], precedence="better_first")

    said = summary_sentence(evaluation)

    assert icon_kind(evaluation) == evaluation.variation == "better"
    assert said.startswith("Better")
    assert "; also worse in May 2026" in said
