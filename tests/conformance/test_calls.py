"""Calls of other tools are read as data, in R and in Python, whoever wrote them."""

from __future__ import annotations

from math import pi

import pytest
from conformance.calls import CannotRead, Name, Op, bound, constant, find, read
from conformance.case import Case
from conformance.frame import Frame, column, table
from conformance.qcc import asked as subgroups
from conformance.qicharts2 import asked


def arguments(text, function, formals=("x", "y", "n")):
    return bound(find(read(text), function), formals)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("f(a = 5)", 5),
        ("f(a = -2.5e-3)", -0.0025),
        ("f(a = 12L)", 12),
        ("f(a = 1/2)", 0.5),
        ("f(a = 2^3)", 8),
        ("f(a = c(3, 8))", [3, 8]),
        ("f(a = -c(1, 2))", [-1, -2]),
        ("f(a = 2:4)", [2, 3, 4]),
        ("f(a = TRUE)", True),
        ("f(a = !TRUE)", False),
        ("f(a = NULL)", None),
        ("f(a = NA * 1)", None),
        ("f(a = 'it\\'s')", "it's"),
        ('f(a = "C\'")', "C'"),
        ("f(a = 'a # b')", "a # b"),
        ("f(a = as.Date('2018-04-01'))", "2018-04-01"),
        ("f(a = c(North = 1, 'South East' = 2))", {"North": 1, "South East": 2}),
        ("f(`a` = 3)", 3),
        ("pkg::f(a = 4)", 4),
        ("pkg:::f(a = 4)", 4),
        ("r <- f(a = 4)\nr$table", 4),
        ("r = f(a = 4)", 4),
        ("with(d, g(f(a = 4)))", 4),
        ("f(  # the first\n  a = 4,\n\n  b = 2\n)", 4),
        ("x <- 1; f(a = 4)", 4),
        ("this is no R at all\nf(a = 4)", 4),
    ],
)
def test_an_argument_says_what_it_says(text, says):
    assert constant(arguments(text, "f", ())["a"]) == says


def test_arguments_without_a_name_fill_the_places_that_names_leave():
    given = arguments("f(one, n = three, two)", "f")

    assert given == {"x": Name("one"), "y": Name("two"), "n": Name("three")}


def test_a_pipe_puts_its_left_side_first():
    given = arguments("d |> f(month, n = days)", "f", ("data", "x"))

    assert given["data"] == Name("d") and given["x"] == Name("month")
    assert arguments("d %>% f(month)", "f", ("data", "x"))["data"] == Name("d")


def test_a_formula_keeps_its_sides():
    given = arguments("f(facets = ward ~ hospital, b = ~ ward)", "f", ())

    assert given["facets"] == Op("~", (Name("ward"), Name("hospital")))
    assert given["b"] == Op("~", (Name("ward"),))


def test_python_is_read_with_its_dictionaries():
    text = "from tool import chart\nr = chart(data=d, keys='day', settings={'type': 'p', 'on': [1, -2]}, n=None).limits"
    given = arguments(text, "chart", ())

    assert constant(given["keys"]) == "day"
    assert constant(given["settings"]) == {"type": "p", "on": [1, -2]}
    assert constant(given["n"]) is None


@pytest.mark.parametrize(
    "text", ["", "f(", "f(a = )x", "from tool import", "from tool import chart\nchart(", "g(a = 1)"]
)
def test_what_cannot_be_read_is_said_and_is_no_crash(text):
    with pytest.raises(CannotRead):
        find(read(text), "f", "chart")


def test_more_arguments_than_places_are_refused():
    with pytest.raises(CannotRead, match="more arguments"):
        arguments("f(a, b, c, d)", "f")


def test_columns_take_arithmetic_and_subsets():
    frame = Frame([{"x": "1", "on": "TRUE"}, {"x": "", "on": "FALSE"}, {"x": "3", "on": "TRUE"}])

    def of(text):
        return column(arguments(f"f({text})", "f")["x"], frame)

    assert of("x") == of("d$x") == [1, None, 3]
    assert of("x * 2 - 1") == [1, None, 5]
    assert of("x[on]") == [1, 3]
    assert of("x[!on]") == [None]
    assert of("x[2:3]") == [None, 3]
    assert of("x[-(1:2)]") == [3]
    with pytest.raises(CannotRead, match="no column y"):
        of("y")
    with pytest.raises(CannotRead, match="not understood"):
        of("cumprod(x)")


def test_subgroups_are_put_together_by_their_sample():
    frame = Frame([{"v": "2", "s": "2"}, {"v": "1", "s": "1"}, {"v": "3", "s": "2"}])

    for text in ("qccGroups(data = d, v, s)", "qcc.groups(v, s)", "qccGroups(d, v, s)"):
        assert column(arguments(f"f({text})", "f")["x"], frame) == [[1], [2, 3]]


def test_a_call_of_qic_becomes_a_definition(tmp_path):
    call = """
    library(qicharts2)
    p <- qic(week, falls, days,
             data     = subset,   # one hospital
             chart    = 'up', multiply = 1000,
             part     = c(12, 24), exclude = 5,
             facets   = ward ~ hospital, x.period = "month",
             title    = 'Falls', method = "cutbox")
    """
    ask = asked(Case(tmp_path, {"call": call}))

    assert (ask.spec.chart, ask.spec.factor, ask.spec.sigma, ask.spec.sigma_z_floor) == (
        "u_prime", 1000, "mr_screened_once", 0,
    )  # fmt: skip
    assert ask.spec.rules == ("shewhart", "western_electric", "cut_box")
    assert (ask.part, ask.exclude, ask.facets, ask.period) == ((12, 24), (5,), ("ward", "hospital"), "month")


@pytest.mark.parametrize(
    ("call", "sigma"),
    [
        ("library(qicharts2)\nqic(x, y, chart = 'i')", "mr_screened_once"),
        ("qicharts2::qic(x, y, chart = 'i')", "mr"),
        ("library(qicharts2); options(qic.screenedmr = FALSE)\nqic(x, y, chart = 'i')", "mr"),
    ],
)
def test_whether_ranges_are_screened_depends_on_how_qic_was_called(tmp_path, call, sigma):
    assert asked(Case(tmp_path, {"call": call})).spec.sigma == sigma


def test_a_freeze_is_ignored_beside_parts_as_qic_does(tmp_path):
    assert asked(Case(tmp_path, {"call": "qic(x, y, freeze = 12)"})).freeze == 12
    assert asked(Case(tmp_path, {"call": "qic(x, y, freeze = 12, part = 6)"})).freeze is None


def test_a_chart_that_is_not_known_is_said(tmp_path):
    with pytest.raises(CannotRead, match="'pie' of qic"):
        asked(Case(tmp_path, {"call": "qic(x, y, chart = 'pie')"}))


def test_names_that_were_assigned_before_are_filled_in():
    text = """
    library(qcc)
    rings <- with(d, qccGroups(data = d, v, s))
    with(d, {
      size <- 2 * 2
      q <- cusum(rings[1:2, ], decision.interval = size,
                 se.shift = 1)
    })
    """
    given = bound(find(read(text), "cusum"), ("data",))
    frame = Frame([{"v": str(at), "s": str(at // 2)} for at in range(6)])

    assert constant(given["decision.interval"]) == 4
    assert column(given["data"], frame) == [[0, 1], [2, 3]]


def test_a_name_does_not_stand_for_the_call_it_is_in():
    call = find(read("y <- f(x, y)"), "f")

    assert bound(call, ("x", "y"))["y"] == Name("y")


@pytest.mark.parametrize("carried", ["d |> f(x, data = _)", "d %>% f(x, data = .)"])
def test_a_pipe_puts_what_it_carries_where_the_call_says(carried):
    given = arguments(carried, "f", ("x", "y"))

    assert given == {"x": Name("x"), "data": Name("d")}


def test_a_dict_of_words_says_what_one_in_braces_says():
    given = arguments("import m\nm.f(a=dict(chart_type='i', shift_n=7))", "f")

    assert constant(given["a"]) == {"chart_type": "i", "shift_n": 7}


@pytest.mark.parametrize(
    "text",
    [
        "d[d$trial, 'y']",
        "d[d$trial, 2]",
        "d[d$trial, ]$y",
        "d[['y']][d$trial]",
        "d$y[which(d$trial)]",
        "subset(d, trial)$y",
        "subset(d, trial == TRUE)$y",
    ],
)
def test_rows_and_columns_of_the_table_are_taken_as_they_are_named(text):
    frame = Frame([{"trial": "TRUE", "y": "4"}, {"trial": "FALSE", "y": "5"}, {"trial": "TRUE", "y": "6"}])

    assert column(read(text)[0], frame) == [4, 6]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("f(a = c(1, 12:14, 30))", [1, 12, 13, 14, 30]),
        ("f(a = seq(2, 10, by = 4))", [2, 6, 10]),
        ("f(a = rep(c(5, 6), each = 2))", [5, 5, 6, 6]),
        ("f(a = rep(c(5, 6), times = c(1, 2)))", [5, 6, 6]),
        ("s <- list(b = 7)\nf(a = s$b)", 7),
    ],
)
def test_several_values_are_read_one_after_the_other(text, says):
    assert constant(arguments(text, "f", ())["a"]) == says


def test_a_parameter_may_be_named_by_how_it_begins():
    given = arguments("f(x, ch = 'p', mult = 100)", "f", ("x", "chart", "multiply"))

    assert constant(given["chart"]) == "p" and constant(given["multiply"]) == 100


@pytest.mark.parametrize(
    ("arguments_", "part", "exclude"),
    [
        ("part = which(d$month == '2024-03-01')", (3,), ()),
        ("part = nrow(d) / 2", (2,), ()),
        ("part = c(1, 3), exclude = c(first = 2, last = 4)", (1, 3), (2, 4)),
        ("exclude = 2:3", (), (2, 3)),
    ],
)
def test_points_of_qic_may_be_worked_out_of_the_data(tmp_path, arguments_, part, exclude):
    rows = "month,y\n2024-01-01,1\n2024-02-01,2\n2024-03-01,3\n2024-04-01,4\n"
    (tmp_path / "input.csv").write_text(rows, encoding="utf-8")

    ask = asked(Case(tmp_path, {"call": f"qic(month, y, data = d, {arguments_})"}))

    assert set(ask.part) == set(part) and ask.exclude == exclude


def test_a_name_that_the_call_does_not_show_is_taken_from_the_parameters(tmp_path):
    ask = asked(Case(tmp_path, {"call": "qic(x, y, freeze = k)", "params": {"freeze": 20}}))

    assert ask.freeze == 20


@pytest.mark.parametrize("data", ["subset(d, site == 'A')", "d %>% mutate(z = 1) %>% filter(site %in% c('A', 'C'))"])
def test_a_call_may_be_given_some_rows_of_the_table(data):
    given = arguments(f"some <- {data}\nf(y, data = some)", "f", ("y",))
    rows = [{"site": site, "y": y} for site, y in (("A", "1"), ("B", "2"), ("A", "3"))]

    assert table(given, "data", rows)["y"] == [1, 3]


def test_a_choice_by_date_is_made_row_by_row():
    frame = Frame([{"month": "2024-01-01"}, {"month": "2024-06-01"}])

    assert column(read("ifelse(month < as.Date('2024-03-01'), 55, 60)")[0], frame) == [55, 60]


def test_the_columns_of_a_whole_table_are_subgroups_for_qcc():
    frame = Frame([{"a": "1", "b": "2", "c": "9"}, {"a": "3", "b": "4", "c": "9"}])

    assert subgroups(find(read("qcc(d[, 1:2], type = 'xbar')"), "qcc"), frame).first == [[1, 2], [3, 4]]


def test_subgroups_of_different_sizes_may_take_a_mean_of_their_own_sigmas():
    # s = √2 and 1 over c4(2) = √(2/π) and c4(3) = √π / 2, plain mean
    frame = Frame([{"y": str(y), "g": str(g)} for y, g in ((0, 1), (2, 1), (4, 2), (5, 2), (6, 2))])

    ask = subgroups(find(read("qcc(qccGroups(d, y, g), type = 'xbar', std.dev = 'UWAVE-SD')"), "qcc"), frame)

    assert ask.spec.spread == pytest.approx((2**0.5 / (2 / pi) ** 0.5 + 1 / (pi**0.5 / 2)) / 2)
