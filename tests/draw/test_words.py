import dataclasses
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from knitwork.draw.icon import KINDS, icon_kind, icon_svg
from knitwork.draw.told import level_of
from knitwork.draw.words import brief, icon_words, lead, sentence
from knitwork.signals import Series, Spec, evaluate

from .records import chart_of, evaluations, quiet, weeks, worse

STEADY = [26.0, 31.0, 28.0, 30.0, 33.0, 27.0, 29.0, 31.0, 25.0, 30.0, 29.0, 32.0] * 2
SPACE = "\u00a0"


def plain(text):
    return text.replace(SPACE, " ")


@pytest.mark.parametrize(
    ("evaluation", "said"),
    [
        (worse(), "Worse since July 2026: 9 months above the centre, now 41 min against 29"),
        (quiet(), "No signal in 23 months: 3.7% is what this process gives"),
        (chart_of([5.0] * 8), "Too early to call: 8 points, at least 12 are needed for limits"),
        (chart_of([5.0]), "Too early to call: 1 point, at least 12 are needed for limits"),
        (chart_of([None, None]), "No values yet: the first stands here when a period has one"),
        (
            chart_of(STEADY[:14], unit="min"),
            "No signal in 14 months: 29 min so far, and the limits still move",
        ),
        # first 20: mean 29.3, mean range 67/19, so limits of 29.3 -+ 2.66 x 3.53
        (
            chart_of([*STEADY, 60.0], direction="up", unit="min"),
            "Better in November 2026: 60 min, above the limit of 39",
        ),
        (
            chart_of([*STEADY, 60.0], unit="min", labels=weeks(25)),
            "Higher in the week of 22 June 2026: 60 min, above the limit of 39",
        ),
        (
            chart_of([*STEADY, 2.0, *STEADY[:6]], direction="up", unit="min"),
            "No signal in the last 3 months; worse in November 2026: 2 min, below the limit of 20",
        ),
        (
            chart_of([*STEADY, 60.0, 61.0, 59.0], direction="down", unit="min"),
            "Worse since November 2026: 3 months above the limit, the last 59 min against 39",
        ),
        # 7 falls in a month whose limit is 0.75 + 3 x 0.87 = 3.3: a count stays a whole number
        (
            chart_of([0, 1, 0, 2, 1, 0, 1, 1, 0, 2, 1, 0, 1, 0, 1, 2, 0, 1, 1, 0, 1, 7], chart="c", direction="down"),
            "Worse in August 2026: 7, above the limit of 3.3",
        ),
    ],
)
def test_the_sentence_of_a_chart(evaluation, said):
    assert plain(sentence(evaluation)) == said


def test_a_wall_says_it_in_fewer_words():
    assert plain(brief(worse())) == "Worse since Jul 2026: 41 min against 29"
    assert brief(quiet()) == "No signal"
    assert brief(chart_of([5.0])) == "Too early to call"


def test_every_text_goes_through_the_translation():
    heard = []

    def german(text):
        heard.append(text)
        return {"%(what)s: %(why)s": "%(what)s – %(why)s", "Worse": "Schlechter", "July": "Juli"}.get(text, text)

    said = sentence(worse(), _=german, ngettext=lambda one, many, n: {"%(n)d months": "%(n)d Monate"}[many])

    assert plain(said) == "Schlechter since Juli 2026 – 9 Monate above the centre, now 41 min against 29"
    assert "%(verdict)s since %(start)s" in heard


@given(evaluations())
@settings(max_examples=150, deadline=None)
def test_the_sentence_agrees_with_the_record(evaluation):
    said, short, icon = sentence(evaluation), brief(evaluation), icon_kind(evaluation)

    assert "!" not in said and "%(" not in said and "nan" not in said and "None" not in said
    quiet_words = ("No signal", "Too early", "No values")
    assert bool(evaluation.signals) == (not said.startswith(quiet_words) or ";" in said)
    assert bool(evaluation.recent) == (not said.startswith(quiet_words)) == (not short.startswith(quiet_words))
    assert bool(evaluation.recent) == (icon in KINDS[:3])
    verdicts = {signal.verdict for signal in evaluation.recent if signal.points}
    if said.startswith("Better"):
        assert "better" in verdicts and icon == "better"
    if said.startswith("Worse"):
        assert "worse" in verdicts and icon == "worse"


@pytest.mark.parametrize(
    ("charts", "said"),
    [
        ([], "Nothing is measured here yet."),
        (
            [("Falls", chart_of([0, 1] * 12, chart="c", rules=()))],
            "Too few to call: so few are counted each time that no change can be told from chance.",
        ),
        ([("Falls", quiet())], "Nothing has changed that is not noise."),
        (
            [("Falls", chart_of([1.0, 2.0]))],
            "Too early to call: 2 months so far, and telling change from noise takes 12.",
        ),
        (
            [("Falls", quiet()), ("ED to cath lab, wait", worse())],
            "One thing got worse that is not noise: "
            "ED to cath lab, wait (worse since July 2026, 41 min against the usual 29).",
        ),
        (
            [("B", chart_of([*STEADY, 60.0], direction="up")), ("A", worse())],
            "One thing got worse that is not noise: A (worse since July 2026, 41 min against the usual 29). "
            "Got better: B (better in November 2026).",
        ),
        (
            [("B", chart_of([*STEADY, 60.0], direction="up")), ("C", chart_of([*STEADY, 60.0]))],
            "One thing got better that is not noise: B (better in November 2026, 60 against the usual 29). "
            "Also changed: C (higher in November 2026).",
        ),
        (
            [
                ("B", chart_of([*STEADY, 60.0], direction="up")),
                ("C", chart_of([*STEADY, 60.0])),
                ("A", worse()),
            ],
            "One thing got worse that is not noise: A (worse since July 2026, 41 min against the usual 29). "
            "Got better: B (better in November 2026). 1 more changed.",
        ),
        (
            [(name, worse()) for name in "ABCDE"],
            "Five things got worse that are not noise: A (worse since July 2026, 41 min against the usual 29), "
            "B (worse since July 2026) and 3 more.",
        ),
    ],
)
def test_the_lead_of_a_page(charts, said):
    assert plain(lead(charts)) == said


PHRASES = {"A": ("patients wait longer", "patients wait less long"), "B": ("more go home", "fewer go home")}


@pytest.mark.parametrize(
    ("charts", "said"),
    [
        (
            [("A", worse()), ("Falls", worse())],
            "Two things got worse that are not noise: *patients wait longer* since July 2026 "
            "(41 min against the usual 29) and *Falls* (worse since July 2026).",
        ),
        # a fall is said as a fall, whatever is wanted
        (
            [("B", chart_of([*STEADY, 2.0], direction="up", unit="min"))],
            "One thing got worse that is not noise: *fewer go home* in November 2026 (2 min against the usual 29).",
        ),
        (
            [("B", chart_of([*STEADY, 60.0, 61.0, 59.0], direction="neither"))],
            "One thing changed that is not noise: *more go home* since November 2026 (59 against the usual 29).",
        ),
        # the last word of a run that is over is not its last value
        (
            [("A", chart_of([*STEADY, *[34.0] * 12, 20.0], direction="down", unit="min"))],
            "One thing got worse that is not noise: *patients wait longer* from October 2026 to October 2027.",
        ),
    ],
)
def test_a_nurse_reads_what_happens_and_not_the_name_of_a_measure(charts, said):
    assert plain(lead(charts, said=PHRASES, strong=lambda text: f"*{text}*")) == said


@given(st.lists(evaluations(), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_lead_speaks_of_signals_that_are_there_and_of_all_of_them(charts):
    titles = [f"measure {at}" for at in range(len(charts))]
    said = lead(list(zip(titles, charts, strict=True)))
    recent = [title for title, one in zip(titles, charts, strict=True) if one.recent]

    named = [title for title in titles if title in said]
    more = sum(map(int, re.findall(r"(\d+) more", said)))
    assert set(named) <= set(recent)
    assert len(named) + more == len(recent)
    assert ("not noise:" in said) == bool(recent)
    assert "%(" not in said and "None" not in said


def test_a_value_and_its_limit_never_read_alike():
    # limits of 29.3 -+ 2.66 x 3.53: the upper one is 38.68
    evaluation = chart_of([*STEADY, 38.9], direction="down", unit="min")

    assert plain(sentence(evaluation)) == "Worse in November 2026: 38.9 min, above the limit of 38.7"


def test_a_chart_of_rare_events_is_not_judged():
    evaluation = chart_of([0, 1, 0, 0, 0, 1] * 4, chart="c", direction="down", rules=())

    assert sentence(evaluation) == "Too few to call: not even two a month on average"


@pytest.mark.parametrize(("counted", "said"), [(100, "Too few exceptions to call"), (0, "Too few to call")])
def test_a_share_of_nearly_all_has_few_exceptions_and_one_of_nearly_none_few_cases(counted, said):
    evaluation = chart_of([counted] * 24, chart="p", denominators=[100] * 24, direction="up", factor=100, rules=())

    assert sentence(evaluation) == f"{said}: not even two a month on average"
    assert (brief(evaluation), icon_words(evaluation)) == ("Too few to call", "too few to call")


def test_a_run_that_ended_is_not_told_as_if_it_lasted():
    values = [*STEADY, *[34.0] * 12, 20.0]
    said = plain(sentence(chart_of(values, direction="down", unit="min")))

    assert said.startswith("Worse from October 2026 to October 2027")
    assert said.endswith("above the centre, since then 20 min against 29")


def test_a_hidden_value_is_not_said_though_its_signal_is():
    said = worse()
    hidden = dataclasses.replace(said, values=tuple(None for _ in said.values))

    assert sentence(hidden) == "Worse since July 2026: 9 months above the centre"
    assert brief(hidden) == "Worse since Jul 2026"
    assert lead([("A", hidden)]) == "One thing got worse that is not noise: A (worse since July 2026)."


def test_icons_differ_by_shape_and_carry_words():
    shapes = {
        kind: icon_svg(evaluation).split("<", 2)[2].split(" ", 1)[0] + icon_svg(evaluation)[-30:]
        for kind, evaluation in {
            "worse": worse(),
            "quiet": quiet(),
            "few": chart_of([1.0]),
            "better": chart_of([*STEADY, 60.0], direction="up"),
            "neither": chart_of([*STEADY, 60.0]),
        }.items()
    }

    assert len(set(shapes.values())) == 5
    assert icon_words(worse()) == "worse"
    assert 'aria-label="worse"' in icon_svg(worse())
    assert icon_words(chart_of([*STEADY, 60.0])) == "higher"


CLIMBED = [
    9.0,
    9.1,
    8.9,
    9.0,
    9.2,
    8.8,
    9.0,
    9.1,
    8.9,
    9.0,
    8.9,
    9.1,
    10.2,
    10.4,
    10.3,
    10.1,
    10.5,
    10.2,
    10.4,
    10.3,
    9.6,
]


def test_a_run_is_told_by_its_level_and_not_by_its_last_point():
    record = chart_of(CLIMBED, chart="run", direction="down", unit="min")
    (run,) = [signal for signal in record.signals if signal.rule == "longest_run"]
    level, centre = level_of(record, run)

    assert (level, centre) == (10.3, record.centres[-1])
    assert "10.3" in lead([("Wait", record)])
    assert "9.6" not in lead([("Wait", record)])
    assert "10.3" in brief(record)


def test_the_level_of_a_run_leaves_out_what_is_hidden_and_is_unknown_where_all_of_it_is():
    record = chart_of(CLIMBED, chart="run", direction="down", unit="min")
    (run,) = [signal for signal in record.signals if signal.rule == "longest_run"]
    some = dataclasses.replace(record, values=(*record.values[:-3], None, None, 9.6))
    none = dataclasses.replace(record, values=(None,) * len(record))

    assert level_of(some, run)[0] == 10.2
    assert level_of(none, run)[0] is None


def test_a_point_beyond_a_limit_is_told_by_itself():
    record = chart_of([5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 19], direction="down")
    (beyond,) = record.signals

    assert level_of(record, beyond)[0] == 19


@pytest.mark.parametrize("left_out", [(), (0, 1)])
def test_a_signal_of_eleven_points_has_the_same_icon_as_its_sentence(left_out):
    eleven = [0.1, 0.0, 0.05, 0.1, 0.0, 0.05, 0.6, 0.5, 0.55, 0.6, 0.5]
    evaluation = evaluate(
        Series(values=[*([0.0, 0.05] if left_out else []), *eleven]), Spec(chart="xmr", exclude=left_out)
    )

    assert plain(sentence(evaluation)) == (
        "Not one steady process: it crosses its centre 1 time in 11 points, at least 2 are usual"
    )
    assert icon_kind(evaluation) == "neither"


def test_a_point_beyond_fixed_limits_has_its_icon_from_the_first_on():
    evaluation = evaluate(
        Series(values=[10.0, 10.0, 90.0]), Spec(chart="xmr", direction="down", centre=10.0, spread=2.0)
    )

    assert sentence(evaluation).startswith("Worse")
    assert icon_kind(evaluation) == "worse"
