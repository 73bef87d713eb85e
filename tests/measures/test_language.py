"""The language: what it refuses and where, and that SQL and plain Python say the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.lake.engine import connect
from knitwork.measures.language import Place, check, parse
from knitwork.measures.language import reference as plain
from knitwork.measures.language.names import PROPERTIES
from knitwork.measures.language.sql import to_sql
from knitwork.model.errors import BadDefinition

REFUSED = [
    ("stay.kindd == \"icu\"", 1, "did you mean stay.kind"),
    ("stay.kind = \"icu\"", 11, "write == "),
    ("stay.kind in [icuu]", 11, "icuu is no kind of unit: did you mean icu"),
    ("stay.kind == \"intensive\"", 14, "is no kind of unit"),
    ("stay.end_kind == \"here\"", 18, "recorded, open, inferred, unknown"),
    ("stay.kind > \"icu\"", 11, "a text has no order"),
    ("stay.start == 5", 12, "a moment cannot be compared with a number"),
    ("minutes(stay.start)", 1, "takes two moments"),
    ("minutes(stay.start, stay.kind) > 5", 21, "a moment is needed here"),
    ("minuts(stay.start, stay.end) > 5", 1, "there is no function minuts"),
    ("hour(next.start) > 5", 6, "local hour of this moment is not kept"),
    ("visit.units > 2", 1, "belongs to rows of visit, and this measure is about stay"),
    ("stay.end is", 12, "known or unknown"),
    ("stay.kind in icu", 14, "should stand here"),
    ("stay.first and", 15, "ends too early"),
    ("stay.first stay.last", 12, "one word too many"),
    ("(stay.first", 12, r"\) should stand here"),
    ("stay.first and 5 > 3 and 7", 26, "a yes or no is needed"),
    ("not 5", 5, "a yes or no is needed"),
    ("following(kind in [icu]).end is known", 26, "only the start"),
    ("following(kind in [spa]).start is known", 1, "spa is no kind of unit"),
    ("stay.unit == 'W'", 14, "double quotes"),
    ("stay.unit == \"W", 14, 'no closing "'),
    ("5 / 3 > 1", 3, "no division"),
    ("kind == \"icu\"", 1, "write stay.kind"),
    ("stay.first @ 3", 12, "@ means nothing here"),
    ("", 1, "ends too early"),
    ("(" * 100 + "stay.first" + ")" * 100, 61, "nested more than 60 deep"),
    ("not " * 100 + "stay.first", 237, "nested more than 60 deep"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "says"), REFUSED)
def test_a_mistake_is_shown_with_its_place_and_what_would_be_right(text, column, says):
    with pytest.raises(BadDefinition, match=says) as caught:
        check(parse(text, Place(7, 1, "x.yaml")), "stay", wanted=("yes or no",))

    assert f"x.yaml, line 7, column {column}: " in str(caught.value)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_and_nothing_else(text):
    try:
        parse(text)
    except BadDefinition as refused:
        assert "line" in str(refused)


@given(st.text(alphabet='staykind.() []"<>=+-*,and or not in is known 0123', max_size=80))
@settings(max_examples=300, deadline=None)
def test_nearly_right_texts_are_read_or_refused_and_nothing_else(text):
    try:
        check(parse(text), "stay")
    except BadDefinition as refused:
        assert "column" in str(refused)


UNKNOWN = [
    # text, with stay.kind and stay.end unknown
    ('stay.kind == "icu"', None),
    ('not stay.kind == "icu"', None),
    ("stay.kind in [icu]", None),
    ("not stay.kind in [icu]", None),
    ("stay.kind is unknown", True),
    ("stay.kind is known or stay.first", True),
    ('stay.kind == "icu" or stay.first', True),
    ('stay.kind == "icu" and stay.last', False),
    ('stay.kind == "icu" and stay.first', None),
    ("hours(stay.start, stay.end) > 1", None),
    ("hours(stay.start, stay.end) * 0 == 0", None),
    ("yes", True),
]


@pytest.mark.parametrize(("text", "answer"), UNKNOWN)
def test_unknown_is_never_yes_and_never_no(text, answer):
    row = {"kind": None, "end_us": None, "start_us": 0, "first": True, "last": False}

    assert plain.evaluate(parse(text), "stay", row) is answer


def test_days_of_the_week_and_calendar_days():
    row = {"end_day": 4, "start_day": -1, "end_us": 0, "start_us": 0, "start_hour": 23}

    assert plain.evaluate(parse("weekday(stay.end)"), "stay", row) == 1  # 1970-01-05 was a Monday
    assert plain.evaluate(parse("weekday(stay.start)"), "stay", row) == 3  # 1969-12-31, a Wednesday
    assert plain.evaluate(parse("cal_days(stay.start, stay.end)"), "stay", row) == 5
    assert plain.evaluate(parse("hour(stay.start)"), "stay", row) == 23


# Random expressions over random rows, by both back ends

moments = st.sampled_from(["stay.start", "stay.end", "following(same_unit).start", "following(kind in [icu]).start"])
local = st.sampled_from(["stay.start", "stay.end"])
numbers = st.deferred(
    lambda: st.one_of(
        st.integers(-5, 100).map(lambda n: str(n) if n >= 0 else f"-{-n}"),
        st.sampled_from(["0.5", "2.25", "1.1"]),
        st.builds("{}({}, {})".format, st.sampled_from(["seconds", "minutes", "hours", "days"]), moments, moments),
        st.builds("cal_days({}, {})".format, moments, moments),
        st.builds("hour({})".format, local),
        st.builds("weekday({})".format, moments),
        st.builds("({} {} {})".format, numbers, st.sampled_from(["+", "-", "*"]), numbers),
    )
)
texts = st.sampled_from(["stay.kind", "next.kind", "prev.kind", "stay.unit", "next.unit"])
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
conditions = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["yes", "no", "stay.first", "stay.concurrent", "stay.precise"]),
        st.builds("{} {} {}".format, numbers, signs, numbers),
        st.builds("{} {} {}".format, moments, signs, moments),
        st.builds("{} {} {}".format, texts, st.sampled_from(["==", "!="]), texts),
        st.builds("{} {} [{}]".format, texts, st.sampled_from(["in", "not in"]), st.sampled_from(["icu", "icu, ward"])),
        st.builds("{} is {}".format, st.one_of(texts, moments), st.sampled_from(["known", "unknown"])),
        st.builds("({}) is {}".format, conditions, st.sampled_from(["known", "unknown"])),
        st.builds("not ({})".format, conditions),
        st.builds("({}) {} ({})".format, conditions, st.sampled_from(["and", "or"]), conditions),
    )
)
maybe_us = st.one_of(st.none(), st.integers(-(10**13), 10**13), st.sampled_from([0, 3_600_000_000, 3_600_000_001]))
maybe_day = st.one_of(st.none(), st.integers(-20, 20))
rows = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(["W", "icu"]),
        "kind": st.sampled_from([None, "icu", "ward"]),
        "next_kind": st.sampled_from([None, "icu", "ward"]),
        "prev_kind": st.sampled_from([None, "icu", "ed"]),
        "next_unit": st.sampled_from([None, "W", "I"]),
        "first": st.sampled_from([None, True, False]),
        "concurrent": st.booleans(),
        "precise": st.booleans(),
        **{f"{m}_us": maybe_us for m in ("start", "end", "following_same_unit", "following_icu")},
        **{f"{m}_day": maybe_day for m in ("start", "end", "following_same_unit", "following_icu")},
        **{f"{m}_hour": st.one_of(st.none(), st.integers(0, 23)) for m in ("start", "end")},
    }
)
TYPES = {"us": "BIGINT", "day": "INTEGER", "hour": "TINYINT"}


@pytest.fixture(scope="module")
def con():
    return connect(memory="256MB", threads=1)


@given(expression=st.one_of(conditions, numbers), many=st.lists(rows, min_size=1, max_size=6))
@settings(max_examples=250, deadline=None)
def test_sql_and_plain_python_say_the_same(con, expression, many):
    tree = parse(expression)
    kind = check(tree, "stay")
    columns = {
        name: TYPES.get(name.rsplit("_", 1)[-1], "BOOLEAN" if name in ("first", "concurrent", "precise") else "VARCHAR")
        for name in many[0]
    }
    con.execute(
        "CREATE OR REPLACE TEMP TABLE row (i INTEGER, " + ", ".join(f'"{c}" {t}' for c, t in columns.items()) + ")"
    )
    marks = ", ".join("?" * (len(columns) + 1))
    con.executemany(
        f"INSERT INTO row VALUES ({marks})", [[i, *(row[c] for c in columns)] for i, row in enumerate(many)]
    )

    by_sql = [r[0] for r in con.execute(f"SELECT {to_sql(tree, 'stay')} FROM row ORDER BY i").fetchall()]
    by_hand = [plain.evaluate(tree, "stay", row) for row in many]

    assert by_sql == by_hand
    if kind == "yes or no":
        assert {type(answer) for answer in by_sql} <= {bool, type(None)}


def test_every_name_that_can_be_asked_for_has_its_columns_in_the_relations():
    from knitwork.measures.relations import RELATIONS

    for fact, names in PROPERTIES.items():
        if fact == "census":
            continue
        for name, one in names.items():
            wanted = [f"{one.column}_{part}" for part in one.parts] or [one.column]
            assert set(wanted) <= set(RELATIONS[f"fact_{fact}"]), name
