import hypothesis.strategies as st
import pytest
from hypothesis import given

from knitwork.draw.labels import decimals_for, fit, number, text_width, value_text, with_unit, wrap

texts = st.text(max_size=80)


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (0, 2, "0"),
        (-0.04, 1, "0.0"),
        (-3.25, 1, "−3.2"),
        (1284, 0, "1,284"),
        (-1284.4, 0, "−1,284"),
        (0.5, 0, "0"),  # half to even, as Python rounds
    ],
)
def test_numbers_have_commas_and_a_real_minus_and_no_minus_before_nothing(value, decimals, written):
    assert number(value, decimals) == written


@pytest.mark.parametrize(
    ("digits", "unit", "written"),
    [
        ("3.2", "%", "3.2%"),
        ("41", "min", "41\u00a0min"),
        ("1", "days", "1\u00a0day"),
        ("2", "days", "2\u00a0days"),
        ("7", "", "7"),
    ],
)
def test_a_number_carries_its_unit(digits, unit, written):
    assert with_unit(digits, unit) == written


def test_an_unknown_value_is_a_dash_and_never_nothing_or_zero():
    assert value_text(None, "min") == "–"
    assert value_text(float("nan"), "min") == "–"


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([17, 44], 0), ([1.2, 5.2], 1), ([0.61, 0.64], 3), ([5.0, 5.0], 0), ([0.25], 1), ([], 0), ([None, 3.0], 0)],
)
def test_decimals_tell_the_limits_apart(values, decimals):
    assert decimals_for(values) == decimals


@given(texts, st.floats(0, 300), st.booleans())
def test_a_fitted_text_is_never_wider_than_its_room(text, width, bold):
    assert text_width(fit(text, width, 13, bold), 13, bold) <= width + 1e-9


@given(texts, st.floats(20, 300), st.integers(1, 4))
def test_no_wrapped_line_is_wider_than_its_room(text, width, lines):
    wrapped = wrap(text, width, 14, bold=True, lines=lines)

    assert 1 <= len(wrapped) <= lines
    assert all(text_width(line, 14, bold=True) <= width + 1e-9 for line in wrapped)


@given(texts, texts)
def test_widths_add_up_and_bold_is_never_narrower(one, other):
    assert text_width(one + other, 10) == pytest.approx(text_width(one, 10) + text_width(other, 10))
    assert text_width(one, 10, bold=True) >= text_width(one, 10)
