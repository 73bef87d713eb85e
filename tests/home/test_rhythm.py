"""How a unit runs and what lies before and after it: the fast answers equal slow looks at the derived facts."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from fractions import Fraction

import pytest

from knitwork.home import open_home
from knitwork.home.chains import HOME
from knitwork.home.rhythm import by_hour, by_part, month_of, weekday_of, whole_months
from knitwork.measures.reference import derive
from knitwork.web.pages.rounds import BY_CHANCE
from tests.hard_stays import folded
from tests.home.homes import extract, options, registry, write

EPOCH = dt.date(1970, 1, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rhythm")
    home = open_home(folder / "home")
    home.load([write(folder / "a.csv", extract(31, patients=90, days=120))], options())
    home.refresh(registry())
    return home


@pytest.fixture(scope="module")
def derived(home):
    return derive(folded(home.place.lake.rows(home.place.lake.manifest(), "SELECT * FROM {landed}")), registry())


@pytest.fixture(scope="module")
def answers(home):
    return home.answers()


def units_of(derived):
    return sorted({(r["unit"], r["level"]) for r in derived.fact_stay})


def test_arrivals_by_hour_weekday_and_month_are_those_of_a_slow_look(answers, derived):
    last = answers.as_of_day - 1
    for unit, level in units_of(derived):
        mine = [r for r in derived.fact_stay if (r["unit"], r["level"]) == (unit, level) and r["start_day"] <= last]
        found = answers.rhythm(unit, level, last_day=last, beds=True)
        first = min(r["start_day"] for r in mine)
        days = [EPOCH + dt.timedelta(days=d) for d in range(first, last + 1)]

        assert (found.first_day, found.last_day, found.arrivals) == (first, last, len(mine))
        assert Counter(r["start_hour"] for r in mine) == Counter(dict(enumerate(found.hours.count)))
        assert Counter((EPOCH + dt.timedelta(days=r["start_day"])).weekday() for r in mine) == Counter(
            dict(enumerate(found.weekdays.count))
        )
        assert list(found.weekdays.days) == [sum(d.weekday() == at for d in days) for at in range(7)]
        assert list(found.months.days) == [sum(d.month == at + 1 for d in days) for at in range(12)]


def test_who_is_in_at_each_hour_is_counted_hour_by_hour(answers, derived):
    last = answers.as_of_day - 1
    for unit, level in units_of(derived):
        mine = [r for r in derived.fact_stay if (r["unit"], r["level"]) == (unit, level)]
        found = answers.rhythm(unit, level, last_day=last, beds=True)
        inside = Counter()
        for row in mine:
            if row["concurrent"] or (row["end_day"] is None and row["end_kind"] != "open"):
                continue
            begun = row["start_day"] * 24 + row["start_hour"]
            over = 10**9 if row["end_kind"] == "open" else row["end_day"] * 24 + row["end_hour"]
            for full_hour in range(found.first_day * 24, last * 24 + 24):
                if begun < full_hour <= over:
                    inside[full_hour % 24] += 1
        expected = [inside[hour] / found.days for hour in range(24)]

        assert list(found.present) == pytest.approx(expected if inside else list(found.present))
        assert not inside or found.present


def test_a_unit_without_stays_has_no_rhythm(answers):
    assert answers.rhythm("Nowhere", "micro", last_day=answers.as_of_day, beds=True) is None


def cells_of(each, first=100):
    return [(first + at, 9, n) for at, n in enumerate(each)]


def test_the_ratio_of_parts_is_the_f_of_a_worked_example():
    # https://en.wikipedia.org/wiki/One-way_analysis_of_variance, the example: three groups of six, F = 42/4.5 = 9.3
    groups = [[6, 8, 4, 5, 3, 4], [8, 12, 9, 11, 6, 8], [13, 9, 11, 8, 7, 12]]
    each = [n for group in groups for n in group]

    found = by_part(cells_of(each), 100, 117, [part for part in range(3) for _ in range(6)], 3)

    assert found.ratio == pytest.approx(42 / (68 / 15))
    assert round(found.ratio, 1) == 9.3


def test_the_ratio_of_hours_is_chi_squared_by_its_definition():
    rng = random.Random(6)
    each = [rng.randrange(5, 60) for _ in range(24)]
    expected = Fraction(sum(each), 24)

    found = by_hour([(0, hour, n) for hour, n in enumerate(each)], 0, 0)

    assert found.ratio == pytest.approx(float(sum((n - expected) ** 2 / expected for n in each) / 23))


# NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4: chi-squared exceeded with a probability of 0.01
@pytest.mark.parametrize(("parts", "exceeded"), [(24, 41.638), (7, 16.812), (12, 24.725)])
def test_what_chance_gives_is_the_value_of_a_printed_table(parts, exceeded):
    assert BY_CHANCE[parts] == pytest.approx(exceeded / (parts - 1), abs=0.005)


@pytest.mark.parametrize("size", [7, 12, 24])
def test_a_steady_unit_is_seldom_said_to_have_a_rhythm(size):
    rng = random.Random(size)
    said = 0
    for _ in range(300):
        each = [sum(rng.random() < 0.02 for _ in range(250)) for _ in range(364)]
        if size == 24:
            hours = Counter(rng.randrange(24) for _ in range(sum(each)))
            found = by_hour([(0, hour, n) for hour, n in hours.items()], 0, 363)
        else:
            of = weekday_of if size == 7 else month_of
            found = by_part(cells_of(each, 0), 0, 363, [of(d) for d in range(364)], size)
        said += found.ratio > BY_CHANCE[size]

    # one in a hundred by design; 300 draws of that are beyond ten once in ten thousand
    assert said <= 10


def test_unequal_numbers_of_mondays_do_not_mislead():
    # nine Mondays and eight of every other day, with the same number each day
    days = range(4, 4 + 57)
    found = by_part([(d, 9, 3) for d in days], 4, 60, [weekday_of(d) for d in days], 7)

    assert max(found.days) == 9
    assert set(found.means) == {3.0}
    assert found.ratio is None


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ((2024, 11, 1), (2026, 10, 31), 24),
        ((2024, 11, 2), (2026, 10, 31), 23),
        ((2024, 11, 1), (2026, 10, 30), 23),
        ((2024, 2, 1), (2024, 2, 29), 1),
        ((2023, 2, 1), (2023, 2, 27), 0),
        ((2024, 5, 20), (2024, 5, 25), 0),
    ],
)
def test_whole_months_are_counted_by_the_calendar(first, last, months):
    first, last = ((dt.date(*day) - EPOCH).days for day in (first, last))

    assert whole_months(first, last) == months


def slow_chains(derived, unit, level):
    """Walk every journey step by step."""
    journeys = defaultdict(list)
    for row in derived.fact_stay:
        if row["level"] == level and not row["concurrent"]:
            journeys[row["patient"], row["journey"]].append(row)
    found = Counter()
    for steps in journeys.values():
        steps.sort(key=lambda r: (r["start_us"], r["end_us"] is None, r["end_us"] or 0, r["unit"]))
        walk = []
        for at, step in enumerate(steps):
            if at and steps[at - 1]["visit"] != step["visit"]:
                walk.append(None)
            walk.append(step)
        walk = [None, *walk, None]
        for at, step in enumerate(walk):
            if step is None or step["unit"] != unit:
                continue
            before, after = walk[at - 1 :: -1][:2], walk[at + 1 :][:2]
            names = [tuple(HOME if s is None else s["unit"] for s in some) for some in (before, after)]
            # two homes in a row are one: what lies beyond the end of a journey is not known
            last = at == len(walk) - 2
            gone = step["end_kind"] != "open" and not (last and step["end_us"] is None)
            found[names[0], names[1] if gone else None] += 1
    return found


def test_the_ways_through_a_unit_are_those_of_a_slow_walk(answers, derived):
    seen = 0
    for unit, level in units_of(derived):
        fast = Counter()
        for row in answers.chains(unit, level):
            fast[tuple(row["before"]), None if row["after"] is None else tuple(row["after"])] += row["n"]

        assert fast == slow_chains(derived, unit, level)
        seen += len(fast)
    assert seen > 100


def test_where_patients_were_meanwhile_is_the_last_step_that_had_begun(answers, derived):
    served = 0
    for unit, level in units_of(derived):
        sure, possible, rows = Counter(), Counter(), 0
        for row in derived.fact_stay:
            if (row["unit"], row["level"]) == (unit, level) and row["concurrent"]:
                begun = [
                    r for r in derived.fact_stay
                    if r["level"] == level and not r["concurrent"] and r["visit"] == row["visit"]
                    and r["patient"] == row["patient"] and r["start_us"] <= row["start_us"]
                ]  # fmt: skip
                latest = {r["unit"] for r in begun if r["start_us"] == max(b["start_us"] for b in begun)} or {HOME}
                # of steps that begin at once either may be named
                possible.update(latest)
                sure.update(latest if len(latest) == 1 else ())
                rows += 1
        found = Counter({r["unit"]: r["n"] for r in answers.served(unit, level)})

        assert found.total() == rows
        assert sure <= found <= possible
        served += rows
    assert served > 20
