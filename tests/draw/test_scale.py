from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from knitwork.draw.scale import Scale, shown_range, spread

places = st.lists(st.floats(-50, 250), max_size=8).map(sorted)


def test_a_scale_puts_its_ends_at_its_ends():
    scale = Scale(10, 20, 124, 8)

    assert (scale(10), scale(15), scale(20)) == (124, 66, 8)


def test_a_flat_series_stands_in_the_middle():
    low, high = shown_range([100.0, 100.0])

    assert Scale(low, high, 124, 8)(100.0) == 66


@pytest.mark.parametrize(
    ("wish", "shown"),
    [(20.0, (17.0, 44.0)), (60.0, (17.0, 60.0)), (71.0, (17.0, 71.0)), (72.0, (17.0, 44.0)), (None, (17.0, 44.0))],
)
def test_a_target_widens_the_picture_at_most_to_double(wish, shown):
    assert shown_range([17.0, 44.0, None], wish=wish) == shown


@given(places, st.floats(1, 40))
def test_spread_labels_keep_their_order_their_distance_and_the_box(wanted, gap):
    free = spread(wanted, gap=gap, low=0, high=200)
    room = min(gap, 200 / max(len(wanted) - 1, 1))

    assert len(free) == len(wanted)
    assert all(-0.1 <= place <= 200.1 for place in free)
    assert all(after - before >= room - 0.11 for before, after in pairwise(free))


@given(st.lists(st.integers(0, 8), unique=True).map(sorted))
def test_labels_with_room_stay_where_they_are(wanted):
    apart = [20.0 * place + 20 for place in wanted]

    assert spread(apart, gap=15, low=0, high=200) == apart
