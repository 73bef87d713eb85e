"""Schema drift: columns that come, go, are renamed or retyped, values in another unit, codes that grow."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.home import LoadOptions, open_home
from knitwork.home.answers import Answers
from knitwork.home.quality.drift import FACTORS, Spread, compared, drift, grown, in_order, of_columns, sentence
from knitwork.intake.formats.csv.columns import choose
from knitwork.intake.profile import Profile
from knitwork.model.errors import CannotDo
from tests.home.adt_messages import adt

OLD = [("mrn", "text"), ("ward", "text"), ("start", "time"), ("end", "time"), ("los", "number")]
FIRST = dt.datetime(2026, 3, 1)


def entry(columns, *, day, came=None, name=None, format="csv"):
    return {
        "feed": "adt", "delivery": f"d{day}", "name": name or f"{day}.csv", "columns": columns, "format": format,
        "first_us": day * 10**9, "last_us": (day + 1) * 10**9, "extracted_at": None,
        "received_at": f"2026-05-{came or day:02}T06:00:00+00:00",
    }  # fmt: skip


def test_the_same_columns_say_nothing():
    assert compared(OLD, OLD) == []
    assert compared(OLD, OLD[::-1]) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ([*OLD, ("bed", "text")], [("added", "bed", "", "bed")]),
        (OLD[:-1], [("gone", "los", "los", "")]),
        ([*OLD[:1], ("ward_code", "text"), *OLD[2:]], [("renamed", "ward", "ward", "ward_code")]),
        # quite another name in the same place, of the same type
        ([*OLD[:1], ("afdeling", "text"), *OLD[2:]], [("renamed", "ward", "ward", "afdeling")]),
        # quite another name in another place is another column
        ([*OLD[:1], *OLD[2:], ("age", "number")], [("gone", "ward", "ward", ""), ("added", "age", "", "age")]),
        ([*OLD[:-1], ("los", "text")], [("retyped", "los", "number", "text")]),
        # a sample that shows nothing is no new type
        ([*OLD[:-1], ("los", "")], []),
    ],
)
def test_what_happened_to_columns_has_a_name(now, said):
    assert compared(OLD, now) == said


def test_deliveries_are_compared_in_the_order_of_what_they_speak_of_and_not_of_arrival():
    late = [entry(OLD, day=1, came=9), entry(OLD[:-1], day=2, came=8)]

    (change,) = of_columns(late)
    assert (change.kind, change.delivery, change.before) == ("gone", "d2", "1.csv")
    assert [one["delivery"] for one in in_order(late[::-1])] == ["d1", "d2"]


def test_a_file_of_another_make_is_not_compared():
    places = [("place", "text"), ("parent", "text"), ("form", "text")]

    assert of_columns([entry(OLD, day=1), entry(places, day=2), entry(OLD, day=3), entry(places, day=4)]) == []
    assert of_columns([entry(OLD, day=1), entry(OLD[:-1], day=2, format="xes")]) == []


@given(st.lists(st.floats(0.5, 1e5), min_size=3, max_size=3), st.sampled_from(FACTORS), st.booleans())
def test_a_change_of_unit_is_found_whatever_the_values(values, factor, up):
    before = Spread(50, *sorted(values))
    times = factor if up else 1 / factor

    assert grown(before, Spread(40, *(value * times for value in sorted(values)))) == pytest.approx(times)


@given(st.lists(st.floats(0.5, 1e5), min_size=3, max_size=3), st.floats(0.1, 10))
def test_longer_or_shorter_values_are_no_other_unit(values, times):
    assert grown(Spread(50, *sorted(values)), Spread(40, *(value * times for value in sorted(values)))) is None


def test_a_few_values_tell_no_unit():
    assert grown(Spread(29, 1, 2, 3), Spread(500, 60, 120, 180)) is None


def loaded(folder, *files, feed="adt"):
    """Load files given as (header, rows), a day apart; return the home and the notes of the last load."""
    home = open_home(folder / "home")
    report = None
    for day, (header, rows) in enumerate(files):
        file = folder / f"night-{day}.csv"
        file.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", "utf-8")
        at = dt.datetime(2026, 6, 1 + day, 6, tzinfo=dt.UTC)
        report = home.load([file], LoadOptions(feed=feed, tz="UTC", received_at=at))
    return home, report.taken[0].notes


def stays(day, *, n=60, factor=1.0, unit="W", seed=1):
    chance = random.Random(f"{seed}/{day}")
    rows = []
    for i in range(n):
        start = FIRST + dt.timedelta(days=day, minutes=chance.randrange(600))
        end = start + dt.timedelta(hours=chance.uniform(2, 40)) * factor
        rows.append((f"{day}-{i}", unit, f"{start:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}"))
    return rows


HEADER = "patient,ward,start,end"


def test_clean_nights_say_nothing(tmp_path):
    home, notes = loaded(tmp_path, *((HEADER, stays(day)) for day in range(4)))

    assert drift(Answers(home.place)) == {}
    assert not any("against" in note for note in notes)


def test_lengths_of_stays_that_shrank_sixtyfold_are_said_at_the_load(tmp_path):
    home, notes = loaded(
        tmp_path, *((HEADER, stays(day, n=500)) for day in (0, 1)), (HEADER, stays(2, n=500, factor=1 / 60))
    )

    (change,) = drift(Answers(home.place))["adt"]
    assert (change.kind, change.name, change.was, change.now) == ("units", "night-2.csv", "minutes", "hours")
    assert any("60 times smaller than before: it looks like minutes became hours" in note for note in notes)


def test_a_new_column_and_a_renamed_one_are_said_at_the_load_and_the_mapping_is_kept(tmp_path):
    wide = [(*row, "1") for row in stays(1)]

    home, notes = loaded(tmp_path, (HEADER, stays(0)), ("patient,unit,start,end,bed", wide))
    assert "against night-0.csv: the column 'ward' is gone and 'unit' looks like its new name" in notes
    assert "against night-0.csv: the column 'bed' is new" in notes
    assert 'unit: "ward"' in (home.place.path / "feeds" / "adt.yaml").read_text("utf-8")


def test_units_that_never_came_before_are_named_with_their_share(tmp_path):
    mixed = [*stays(1, n=75), *stays(1, n=25, unit="NEW", seed=2)]

    _, notes = loaded(tmp_path, (HEADER, stays(0)), (HEADER, mixed))
    assert "against night-0.csv: units that never came before: NEW, in 25% of the rows" in notes


def test_a_delivery_loaded_late_is_not_what_is_new(tmp_path):
    home, _ = loaded(tmp_path, (HEADER, [*stays(0, unit="A"), *stays(5)]), (HEADER, stays(2)))

    assert drift(Answers(home.place)) == {}


def test_a_needed_column_that_is_gone_is_refused_with_the_name_it_seems_to_have_now(tmp_path):
    odd = Profile(patient="mrn", unit="afdeling", start="van")

    with pytest.raises(
        CannotDo, match="'afdeling', which the feed's profile names for the unit, is gone, and 'afdeling_nr'"
    ):
        choose(["mrn", "afdeling_nr", "van", "tot"], odd, name="x.csv")
    with pytest.raises(CannotDo, match="no column for the unit was found"):
        choose(["mrn", "soort", "van", "tot"], odd, name="x.csv")


def test_a_needed_column_with_quite_another_name_in_its_old_place_is_named_too(tmp_path):
    with pytest.raises(
        CannotDo, match="'start', which the feed's profile names for the start, is gone, and 'begin_dt' "
    ):
        loaded(tmp_path, (HEADER, stays(0)), ("patient,ward,begin_dt,end", stays(1)))


def test_units_that_never_came_before_are_named_in_messages_too(tmp_path):
    home = open_home(tmp_path / "home")
    for night, unit in enumerate(("ICU", "NEW")):
        file = tmp_path / f"night-{night}.hl7"
        file.write_bytes(adt("A01", f"P{night}", FIRST.replace(tzinfo=dt.UTC) + dt.timedelta(days=night), unit))
        (taken,) = home.load([file], LoadOptions(feed="adt", tz="UTC")).taken

    assert "against night-0.hl7: units that never came before: NEW, in 100% of the rows" in taken.notes


def test_sentences_never_say_a_thing_twice():
    changes = of_columns([entry(OLD, day=1), entry([*OLD[:-1], ("los", "text")], day=2)])

    assert [sentence(one) for one in changes] == ["the column 'los' held numbers and now holds text"]
