"""Phases, dated targets, trajectories, notes and averages in the picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from knitwork.draw.chart import chart_svg, evaluation_layout
from knitwork.draw.geometry import FRAMES
from knitwork.draw.record import tail
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.spec import Phase
from tests.draw.records import WAIT, months

LABELS = tuple(months(len(WAIT)))
STEP = Phase(start=LABELS[20], limits="all", reason="a second bay")


def waits(**spec):
    return evaluate(Series(labels=LABELS, values=WAIT), Spec(direction="down", unit="min", **spec))


def paths(svg, kind):
    root = ElementTree.fromstring(svg)
    return [path.get("d") for path in root.iter("path") if kind in path.get("class", "").split()]


def test_a_phase_breaks_centre_and_limits_and_the_old_ones_stay_visible():
    whole, split = chart_svg(waits()), chart_svg(waits(phases=(STEP,)))

    assert len(paths(whole, "centre")) == 1 and not paths(whole, "former")
    assert len(paths(split, "centre")) == 2
    (former,) = paths(split, "former")
    # the old centre and both old limits, over the new phase only
    assert former.count("M") == 3
    before, after = evaluation_layout(waits(phases=(STEP,)), FRAMES["desk"]).pieces
    assert f"M{after.start:g} {before.centre:g}H{after.end:g}" in former


def test_a_target_with_dates_is_drawn_as_steps_and_its_label_is_the_latest():
    svg = chart_svg(waits(targets=((LABELS[0], 40), (LABELS[10], 35), (LABELS[20], 30))))

    (target,) = paths(svg, "target")
    assert target.count("V") == 2
    assert "target\u00a030" in svg and "target\u00a040" not in svg


def test_a_trajectory_runs_as_far_as_there_are_periods():
    svg = chart_svg(waits(trajectory=((LABELS[5], 40), ("2028-01-01", 20))))

    (way,) = paths(svg, "trajectory")
    assert way.count("L") == len(LABELS) - 5 - 1


def test_what_happened_stands_at_its_period_with_a_number_above_the_plot():
    notes = [(3, "New triage <nurse>"), (4, "Flu"), (20, "Second bay closed")]
    root = ElementTree.fromstring(chart_svg(waits(), "page", notes=notes))

    lines = [path for path in root.iter("path") if path.get("class") == "note"]
    assert [line.find("title").text for line in lines] == [text for _, text in notes]
    numbers = {text.text: float(text.get("y")) for text in root.iter("text") if "note" in text.get("class")}
    layout = evaluation_layout(waits(), FRAMES["page"])
    top = min(y for y in layout.y if y is not None)
    assert {"1", "3"} <= set(numbers)
    assert all(y < top + FRAMES["page"].font * 1.1 for y in numbers.values())


def test_averages_are_drawn_over_the_values_they_are_made_of():
    svg = chart_svg(waits(chart="ewma"))

    (observed,) = re.findall(r'<g class="observed">(.*?)</g>', svg)
    assert observed.count("<circle") == len(WAIT)


def test_the_last_periods_of_a_chart_with_phases_show_the_phase_they_belong_to():
    whole = waits(phases=(STEP,), targets=((LABELS[20], 30),))
    shown = tail(whole, 6)

    assert shown.centres == whole.centres[-6:] and shown.targets == whole.targets[-6:]
    assert len(paths(chart_svg(shown), "centre")) == 1
    assert len(paths(chart_svg(tail(whole, 12)), "centre")) == 2


@given(
    st.lists(st.integers(0, 28), max_size=4, unique=True),
    st.lists(st.tuples(st.integers(-2, 40), st.text(max_size=30)), max_size=5),
    st.sampled_from(["desk", "page", "wall", "print", "spark"]),
    st.sampled_from(["xmr", "run", "mr", "ewma", "ma"]),
)
def test_any_phases_and_notes_make_a_picture_whose_text_stays_in_it(starts, notes, size, chart):
    phases = tuple(Phase(start=LABELS[at], limits="all") for at in starts)
    notes = [(at, "".join(letter for letter in text if letter.isprintable())) for at, text in notes]
    root = ElementTree.fromstring(chart_svg(waits(chart=chart, phases=phases), size, notes=notes))

    width, height = (float(part) for part in root.get("viewBox").split()[2:])
    for text in root.iter("text"):
        assert 0 <= float(text.get("x")) <= width
        assert 0 < float(text.get("y")) <= height


def test_limits_that_are_of_before_are_not_labelled_as_those_of_now():
    young = waits(phases=(Phase(start=LABELS[22], limits="policy"),))

    layout = evaluation_layout(young, FRAMES["desk"])

    assert [label.kind for label in layout.labels] == ["centre"]
