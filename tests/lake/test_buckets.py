"""Which bucket a patient lives in: the SQL and the plain reference agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.lake.buckets import MOST_BUCKETS, STAYS_A_BUCKET, bucket_of, bucket_sql, how_many
from knitwork.lake.engine import connect

POWERS = [2**n for n in range(13)]
patients = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    con = connect(memory="200MB", threads=1, spill=tmp_path_factory.mktemp("spill"))
    yield con
    con.close()


def in_sql(con, names: list[str], buckets: int) -> list[int]:
    found = con.execute(
        f"SELECT {bucket_sql('p', buckets)} FROM (SELECT unnest(?::VARCHAR[]) AS p)", [names]
    ).fetchall()
    return [row[0] for row in found]


@settings(max_examples=60, deadline=None)
@given(names=st.lists(patients, min_size=1, max_size=30), buckets=st.sampled_from(POWERS))
def test_sql_and_python_put_any_text_in_the_same_bucket(con, names, buckets):
    assert in_sql(con, names, buckets) == [bucket_of(name, buckets) for name in names]


@given(name=patients, buckets=st.sampled_from(POWERS[:-1]))
def test_doubling_sends_each_row_of_a_bucket_to_one_of_two(name, buckets):
    before, after = bucket_of(name, buckets), bucket_of(name, 2 * buckets)

    assert after in (before, before + buckets)


def test_a_bucket_is_split_about_in_half():
    names = [f"P{i}" for i in range(4_000)]

    sizes = [sum(bucket_of(n, 4) == b for n in names) for b in range(4)]

    assert min(sizes) > 900
    assert max(sizes) < 1_100


@given(st.integers(0, 2_000_000_000))
def test_the_number_of_buckets_is_a_power_of_two_that_keeps_them_small(stays):
    buckets = how_many(stays)

    assert buckets in POWERS
    assert buckets == MOST_BUCKETS or stays <= 1.5 * STAYS_A_BUCKET * buckets
