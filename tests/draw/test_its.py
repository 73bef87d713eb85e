"""The picture and the sentences of a change: places inside, labels apart, no more said than is known."""

from __future__ import annotations

import re
from functools import cache
from xml.etree import ElementTree as ET

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from knitwork.draw.geometry import FRAMES
from knitwork.draw.its import its_layout, its_svg
from knitwork.draw.labels import text_width
from knitwork.draw.standalone import standalone_svg
from knitwork.draw.worked_words import (
    NOTES,
    REASONS,
    VERDICTS,
    compared_sentence,
    how_much,
    picked_words,
    verdict_words,
    worked_sentences,
)
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals import worked as engine
from knitwork.signals.interrupted import ItsSpec, controlled, interrupted, record
from knitwork.signals.worked import did_it_work, freeze_before

from .records import months

BEFORE = [30, 32, 29, 31, 28, 30, 33, 29, 31, 30, 28, 32, 30, 29, 31, 30, 32, 28, 29, 31]
LOW, HIGH, LIKE = [24, 26, 25, 23, 25, 24, 26, 25, 24, 25], [36, 35, 37, 36, 38, 36, 35, 37, 36, 36], [30, 31, 29, 32]
START = len(BEFORE)  # July 2026 where months begin in November 2024


def series(after, before=BEFORE, **more):
    return Series(labels=months(len(before) + len(after)), values=[*before, *after], **more)


@cache
def measured(after=(*LOW, 24, 25), **spec):
    return interrupted(series(after), start=START, spec=ItsSpec(unit="min", **spec))


def answer(after, *, before=BEFORE, direction="down", **more):
    record = freeze_before(series(after, before), Spec(direction=direction, unit="min"), start=len(before))
    return did_it_work(record, start=len(before), **more)


@cache
def sisters(alike):
    rng = np.random.default_rng(1)
    theirs = [*BEFORE[::-1], *(LOW if alike else [30] * 10)]
    others = {
        f"Ward {which}": Series(labels=months(30), values=(np.array(theirs) + rng.normal(0, 1, 30)).tolist())
        for which in range(4)
    }
    spec = ItsSpec(slope_change=False, trend=False, least_after=10, unit="min")
    return controlled(series(LOW), others, start=START, spec=spec)


# The picture


@st.composite
def measurements(draw):
    n = draw(st.integers(26, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([0.001, 1.0, 1e6]))
    values = (rng.normal(draw(st.integers(-5, 50)), 1, n) * scale).tolist()
    for at in draw(st.sets(st.integers(0, n - 1), max_size=1)):
        values[at] = None
    labels = draw(st.sampled_from([months(n), [f"a long name of bed {at}" for at in range(n)]]))
    spec = ItsSpec(method="ols", wash_out=draw(st.integers(0, 1)), unit=draw(st.sampled_from(["", "%", "patients"])),
                   least_before=10, least_after=10)  # fmt: skip
    given_series = Series(labels=labels, values=values, incomplete_last=draw(st.booleans()))
    return interrupted(given_series, start=draw(st.integers(13, n - 13)), spec=spec)


@given(measurements(), st.sampled_from(["desk", "page", "wall", "print"]), st.text("abc <&é", max_size=60))
@settings(max_examples=60, deadline=None)
def test_nothing_leaves_the_picture_and_no_label_covers_another(its, size, change):
    frame = FRAMES[size]
    layout = its_layout(its, frame, change=change, period="month")

    places = [*filter(None, layout.points), *layout.before, *layout.after, *layout.expected, *layout.band]
    assert all(0 <= x <= frame.width and frame.top <= y <= frame.bottom for x, y in places)
    for word in layout.words:
        wide = text_width(word.text, frame.font, word.kind == "centre")
        left, right = (word.x - wide, word.x) if word.kind.endswith("end") else (word.x, word.x + wide)
        assert left >= -0.1 and right <= frame.width + 0.1
        assert 0 < word.y <= layout.height
    at_end = sorted(word.y for word in layout.words if word.kind in ("centre", "limit"))
    assert at_end[1] - at_end[0] >= frame.font
    named = next(word for word in layout.words if word.kind.startswith("target"))
    assert all(word.y - named.y >= frame.font for word in layout.words if word.kind.startswith("when"))
    root = ET.fromstring(its_svg(its, size, change=change, title="<b> & c"))
    assert root.get("role") == "img" and root.get("aria-label").startswith("<b> & c. Since")


def test_the_line_of_the_change_stands_between_the_last_point_before_and_the_first_after():
    layout = its_layout(measured(), FRAMES["page"], change="", period="month")

    assert layout.points[START - 1][0] < layout.start < layout.points[START][0]
    assert layout.before[-1][0] == layout.points[START - 1][0]
    assert layout.after[0][0] == layout.expected[0][0] == layout.points[START][0]
    assert [word.text for word in layout.words if word.kind == "target"] == ["Jul 2026"]


def test_the_line_that_would_have_gone_on_lies_in_its_band():
    layout = its_layout(measured(), FRAMES["page"], change="", period="month")
    half = len(layout.band) // 2
    upper, lower = layout.band[:half], layout.band[half:][::-1]

    assert len(upper) == len(layout.expected)
    for top, middle, bottom in zip(upper, layout.expected, lower, strict=True):
        assert top[1] <= middle[1] <= bottom[1]


def test_points_that_are_left_out_are_hollow_and_the_line_waits_for_them():
    its = interrupted(series([99, *LOW, 24, 25, 26], incomplete_last=True), start=START, spec=ItsSpec(wash_out=1))
    svg = its_svg(its)

    assert svg.count('class="hollow"') == 2
    assert svg.count("<circle") == len(its.labels)
    assert (
        its_layout(its, FRAMES["page"], change="", period="month").after[0][0]
        > (its_layout(its, FRAMES["page"], change="", period="month").points[START][0])
    )


def test_both_ends_are_labelled_and_never_alike():
    words = [word.text for word in its_layout(measured(), FRAMES["page"], change="", period="month").words]
    assert f"{measured().fitted[-1]:.1f}\u00a0min" in words
    assert f"would be {measured().expected[-1]:.1f}" in words

    close = interrupted(series([30, 31, 29] * 4), start=START, spec=ItsSpec(trend=False, slope_change=False))
    ends = [word.text.removeprefix("would be ") for word in
            its_layout(close, FRAMES["page"], change="", period="month").words if word.kind in ("centre", "limit")]  # fmt: skip
    assert len(set(ends)) == 2


def test_the_picture_needs_no_style_of_its_own_and_stands_alone():
    svg = its_svg(measured(), change="Bedside hand-over")

    assert "style" not in svg and "Bedside hand-over" in svg
    assert "Jul 2026: 24\u00a0min, would be" in svg.replace("24.0", "24")
    height = re.search(r'viewBox="0 0 760 (\d+)"', svg)[1]
    assert f'width="1520" height="{2 * int(height)}"' in standalone_svg(svg)
    with pytest.raises(ValueError, match="choose desk"):
        its_svg(measured(), "spark")


# The sentences


def test_each_claim_has_words_and_better_is_said_only_of_what_lasts():
    cases = {
        "too_early": answer(LIKE),
        "none_yet": answer(LIKE * 2),
        "signal": answer(LOW[:5]),
        "sustained": answer(LOW),
        "attributed": answer(LOW, compared=sisters(False)),
        "worse": answer(HIGH),
    }
    assert set(cases) == set(VERDICTS)
    for verdict, one in cases.items():
        assert one.verdict == verdict
        said = f"{verdict_words(one)} {worked_sentences(one)}".lower()
        assert ("better" in said) is (verdict in ("sustained", "attributed"))
        assert not re.search("improve|!|%\\(|  ", said)


def test_what_is_said_of_each_claim():
    assert worked_sentences(answer(LIKE)) == (
        "Too early to say: 4 months since July 2026 without a signal, and 8 are needed."
    )
    assert worked_sentences(answer(LOW, before=BEFORE[:9])) == (
        "There is too little from before the change: 9 months, and it takes 12 to know what was usual. "
        "Look by shorter periods, or load earlier records."
    )
    assert worked_sentences(answer(LIKE * 2)) == (
        "No change can be seen yet: 8 months since July 2026 are like those before."
    )
    assert worked_sentences(answer(LOW[:5])) == (
        "A signal in the wanted direction from July 2026 on. It holds for 5 months so far: "
        "it takes 8 in a row to call it lasting."
    )
    assert "which does not hold now" in worked_sentences(answer([*LOW, 33]))
    assert worked_sentences(answer(HIGH)).startswith(
        "Worse since the change: a signal against the wanted direction from July 2026 on."
    )
    assert worked_sentences(answer(LOW)).startswith(
        "Better since July 2026, and it lasts: 10 months in a row below what was usual, 25\u00a0min against 30. "
        "Whether the change did it is another question"
    )
    assert "above what was usual" in worked_sentences(answer(HIGH, direction="up"))


def test_only_a_comparison_names_a_likely_cause():
    alone = worked_sentences(answer(LOW, compared=sisters(False)))
    alike = worked_sentences(answer(LOW, compared=sisters(True)))

    assert "Compared with 4 sister units" in alone and "so the change is the likely cause" in alone
    assert "likely cause" not in alike and "the change may not be the cause" in alike
    assert compared_sentence(sisters(True)).endswith("which chance may explain.")


def test_what_got_worse_beside_it_and_what_nobody_knows_is_always_said():
    def beside(after):
        return evaluate(series(after), Spec(direction="down", limits=12))

    said = worked_sentences(answer(LOW[:3], balancing={"Falls": beside(HIGH), "Costs": beside(LIKE)}))

    assert "Beside it, this got worse: Falls." in said
    assert "Whether this got worse beside it, nobody can say yet: Costs." in said


def test_who_was_picked_for_bad_numbers_is_warned_of_the_way_back():
    assert picked_words() in worked_sentences(answer(LOW), picked=True)
    assert picked_words() not in worked_sentences(answer(LOW))
    assert picked_words() not in worked_sentences(answer(LIKE), picked=True)


def test_how_much_is_said_with_its_range_and_not_where_chance_may_be_all():
    said = how_much(measured())
    assert re.match(r"Since July 2026 it is on average 5\.\d\smin less than it would have been without the change "
                    r"\(95% range: \d\.\d\smin less to \d\.\d\smin less\)\. That is 1\d% less\.", said)  # fmt: skip
    assert re.search(r"Over time: [\d.]+\smin less after 3 months, [\d.]+\smin less after 6 months and ", said)

    quiet = how_much(measured((*LIKE, *LIKE, *LIKE)))
    assert "no difference from what it would have been can be told from chance" in quiet
    assert re.search(r"anything from [\d.]+\smin less to [\d.]+\smin more may be true", quiet)
    assert "That is" not in quiet


def test_a_difference_of_shares_is_told_in_percentage_points():
    shares = Series(labels=months(32), numerators=[*BEFORE, *LOW, 24, 25], denominators=[60] * 32)
    its = interrupted(shares, start=START, spec=ItsSpec(factor=100, unit="%"))
    said = how_much(its)

    assert re.search(r"on average [\d.]+ percentage points less than", said)
    assert re.search(r"That is \d\d% less\.", said)


def test_a_step_is_not_told_over_time_for_it_is_the_same_throughout():
    assert "Over time" not in how_much(measured(slope_change=False))


def test_every_code_of_the_engine_has_its_sentence():
    assert set(NOTES) == set(engine.NOTES)
    assert set(REASONS) == set(record.REASONS)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=20), st.sampled_from(["up", "down"]))
@settings(max_examples=60, deadline=None)
def test_sentences_are_whole_whatever_the_numbers(after, direction):
    one = answer(after, direction=direction)
    said = worked_sentences(one, picked=True)

    assert said.endswith(".") and "%(" not in said and "None" not in said and "nan" not in said
    assert ("better" in said.lower().replace(picked_words().lower(), "")) is one.may_say_better
