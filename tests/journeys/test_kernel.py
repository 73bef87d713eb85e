"""The journeys kernel against the row-by-row reference, on random stays with every hard case."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.landing import give
from knitwork.journeys.kernel import INPUTS, TYPES, JourneySettings, shared_tables, statements
from knitwork.lake.engine import connect
from knitwork.lake.runner import open_inputs, run_statements
from knitwork.measures.reference import Settings, derive
from knitwork.measures.relations import RELATIONS
from knitwork.model.units import Membership, Registry, Unit
from tests.hard_stays import FEEDS, HOUR, MINUTE, SHIFTED, folded, registries, retold, stays, utc

FACTS = ("fact_stay", "fact_handoff", "fact_visit", "fact_journey", "fact_census")
# What stands in the canonical tables, by the reference's name for them.
CANONICAL = {
    "stays": ("stay", ("patient", "unit", "start_us", "end_us", "end_kind", "visit", "journey", "feed")),
    "visits": ("visit", ("patient", "visit", "journey", "start_us", "end_us", "units", "handoffs", "stays")),
    "journeys": ("journey", ("patient", "journey", "start_us", "end_us", "closed", "visits", "units", "handoffs", "variant")),
}  # fmt: skip
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
very_many = settings(many, max_examples=800)


def by_sql(rows: list[dict], registry: Registry, journeys: JourneySettings | None = None):
    """Run the kernel over these rows, in this order; the connection holds its tables."""
    con = connect(memory="300MB", threads=1)
    journeys = journeys or JourneySettings()
    registry = registry.with_found(row["unit"] for row in rows)
    for table in shared_tables(registry, journeys, SHIFTED, FEEDS):
        table.make(con)
    open_inputs(con, {name: columns for name, columns in INPUTS.items() if name != "landed"}, {})
    give(con, "landed", [{"zone": "UTC", "zone_assumed": True, **row} for row in rows])
    run_statements(con, (TYPES, *statements(journeys)))
    return con


def table(con, name: str, columns) -> Counter:
    """A table as a bag of rows, every cell as text."""
    chosen = ", ".join(f"{c}::VARCHAR" for c in columns)
    return Counter(con.execute(f"SELECT {chosen} FROM {name}").fetchall())


def bag(rows: list[dict], columns) -> Counter:
    def text(value):
        return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return Counter(tuple(text(row.get(c)) for c in columns) for row in rows)


def census(rows) -> dict:
    """Changes by place and day; those that cancel each other are nothing."""
    found: Counter = Counter()
    for level, unit, day, delta, feed, calendar in rows:
        found[level, unit, day, feed, calendar] += delta
    return {key: delta for key, delta in found.items() if delta}


def same(con, derived) -> None:
    for name in FACTS[:-1]:
        columns = [c for c in RELATIONS[name] if c != "variant"]  # kept once, in the table journey
        have, want = table(con, name, columns), bag(getattr(derived, name), columns)
        assert have == want, f"{name}: only the kernel has {have - want}, only the reference {want - have}"
    for ours, (name, columns) in CANONICAL.items():
        have, want = table(con, name, columns), bag(getattr(derived, ours), columns)
        assert have == want, f"{name}: only the kernel has {have - want}, only the reference {want - have}"
    columns = ("level", "unit", "day", "delta", "feed", "calendar")
    have = census(
        con.execute(
            "SELECT level::VARCHAR, unit::VARCHAR, day, delta, feed::VARCHAR, calendar FROM fact_census"
        ).fetchall()
    )
    assert have == census([tuple(row[c] for c in columns) for row in derived.fact_census])


def agree(rows: list[dict], registry: Registry) -> None:
    con = by_sql(rows, registry)
    try:
        same(con, derive(folded(rows), registry, Settings(shifted_feeds=SHIFTED)))
    finally:
        con.close()


@many
@given(stays(), registries())
def test_the_kernel_gives_the_facts_of_the_reference(rows, registry):
    agree(rows, registry)


@pytest.mark.slow
@very_many
@given(stays(patients=4, most=14), registries())
def test_the_kernel_gives_the_facts_of_the_reference_many_times(rows, registry):
    agree(rows, registry)


@pytest.mark.slow
@settings(many, max_examples=20)
@given(st.data(), stays(), registries())
def test_of_several_accounts_of_a_stay_the_rule_chooses_one(data, rows, registry):
    agree([*rows, *data.draw(retold(rows))], registry)


@pytest.mark.slow
@settings(very_many, max_examples=400)
@given(st.data(), stays(), registries())
def test_of_several_accounts_of_a_stay_the_rule_chooses_one_many_times(data, rows, registry):
    agree([*rows, *data.draw(retold(rows))], registry)


def test_a_row_that_tells_a_stay_twice_gives_the_same_visit_in_either_order():
    row = {
        "patient": "P", "unit": "ED", "start_us": utc(2024, 3, 1), "end_us": utc(2024, 3, 1) + HOUR, "end_kind": "recorded",
        "precision": "s", "feed": FEEDS[0], "flags": 0, "extracted_us": None, "delivery": "d", "row": 3,
    }  # fmt: skip
    twice = [{**row, "visit": "V1"}, {**row, "visit": None}]

    for order in (twice, twice[::-1]):
        con = by_sql(order, Registry())
        assert con.execute("SELECT visit FROM stay").fetchall() == [("V1",)]
        con.close()


@pytest.mark.slow
@settings(many, max_examples=12)
@given(st.data(), stays(), registries(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(data, rows, registry, chance):
    rows = [*rows, *data.draw(retold(rows))]
    shuffled = chance.sample(rows, len(rows))

    tables = []
    for order in (rows, shuffled):
        con = by_sql(order, registry)
        tables.append(everything(con))
        con.close()

    assert tables[0] == tables[1]


def everything(con) -> dict[str, Counter]:
    kept = ("stay", "visit", "journey", "patient", *FACTS, "atom_patients")
    return {name: Counter(map(repr, con.execute(f"SELECT * FROM {name}").fetchall())) for name in kept}


@pytest.mark.slow
@settings(many, max_examples=8)
@given(stays(), registries())
def test_the_same_rows_delivered_twice_change_nothing_but_where_they_came_from(rows, registry):
    again = [{**row, "delivery": "c"} for row in rows]  # a smaller hash than the first

    tables = []
    for told in (rows, rows + again):
        con = by_sql(told, registry)
        tables.append(everything(con))
        con.close()

    assert tables[0] == tables[1]


# Conflicts, one by one


def one(**changes) -> dict:
    row = {
        "patient": "P1", "unit": "Ward A", "start_us": 0, "end_us": None, "end_kind": "open", "precision": "s",
        "visit": None, "feed": "adt", "flags": 0, "extracted_us": None, "delivery": "b", "row": 1,
    }  # fmt: skip
    return {**row, **changes}


RECORDED = {"end_us": 5 * HOUR, "end_kind": "recorded"}
SIX = {"end_us": 6 * HOUR, "end_kind": "recorded"}


LATE = {"extracted_us": 9, "delivery": "z"}
INFERRED = {"end_us": 9 * HOUR, "end_kind": "inferred"}
# What wins, against what, and why.
CONFLICTS = {
    "recorded beats open, however late that came": (RECORDED, LATE),
    "recorded beats inferred": (RECORDED, {**INFERRED, "extracted_us": 9}),
    "inferred beats open": (INFERRED, LATE),
    "open beats missing": ({}, {**LATE, "end_kind": "missing"}),
    "the later extract": (
        {**RECORDED, "extracted_us": 2, "delivery": "a"},
        {**SIX, "extracted_us": 1, "delivery": "z"},
    ),
    "a known time of extract": ({**RECORDED, "extracted_us": 1, "delivery": "a"}, {**SIX, "delivery": "z"}),
    "the larger hash": ({**RECORDED, "delivery": "c"}, {**SIX, "delivery": "b"}),
    "the later end within one delivery": (SIX, RECORDED),
    "the later row within one delivery": ({**SIX, "row": 2, "visit": "V2"}, {**SIX, "visit": "V1"}),
    "the same file taken in for two feeds": ({**SIX, "feed": "beds"}, {**SIX, "feed": "adt"}),
}


@pytest.mark.parametrize("order", ["winner first", "loser first", "three times"])
def test_a_conflict_is_settled_the_same_in_any_order(order):
    registry = Registry((Unit("Ward A", "Ward A", "ward"),))
    rows, wanted = [], []
    for why, (wins, loses) in CONFLICTS.items():
        winner, loser = one(patient=why, **wins), one(patient=why, **loses)
        rows += {"winner first": [winner, loser], "loser first": [loser, winner]}.get(order, [loser, winner, loser])
        wanted.append(tuple(winner[c] for c in ("patient", "end_us", "feed", "delivery", "row", "visit")))

    con = by_sql(rows, registry)
    columns = 'patient::VARCHAR, end_us, feed, delivery, "row", CASE WHEN visit_given THEN visit END'
    found = con.execute(f"SELECT {columns} FROM stay").fetchall()
    con.close()

    assert sorted(found) == sorted(wanted)


# Midnights and clocks

AMSTERDAM = Registry((Unit("Ward A", "Ward A", "ward", tz="Europe/Amsterdam"),), (), "System")
MIDNIGHT = utc(2024, 5, 31, 22)  # 1 June in Amsterdam
FIRST_OF_JUNE = MIDNIGHT // (24 * HOUR) + 1


@pytest.mark.parametrize(
    ("start", "end", "midnights"),
    [
        (MIDNIGHT - 1, MIDNIGHT, []),  # leaves at midnight: gone
        (MIDNIGHT - 1, MIDNIGHT + 1, [0]),
        (MIDNIGHT, MIDNIGHT + 1, [0]),  # arrives at midnight: there
        (MIDNIGHT, MIDNIGHT, []),  # zero length
        (MIDNIGHT, MIDNIGHT + 24 * HOUR, [0]),
        (MIDNIGHT + 1, MIDNIGHT + 24 * HOUR, []),
        (MIDNIGHT + HOUR, MIDNIGHT + 49 * HOUR, [1, 2]),
        (MIDNIGHT - HOUR, MIDNIGHT + 24 * HOUR + 1, [0, 1]),
    ],
)
def test_a_stay_covers_a_midnight_from_its_start_until_before_its_end(start, end, midnights):
    rows = [one(start_us=start, end_us=end, end_kind="recorded")]

    con = by_sql(rows, AMSTERDAM)
    changes = dict(con.execute("SELECT day, delta FROM fact_census WHERE level = 'micro' AND delta <> 0").fetchall())
    con.close()

    present = [day for day in range(-3, 6) if sum(d for at, d in changes.items() if at <= FIRST_OF_JUNE + day) == 1]
    assert present == midnights
    agree(rows, AMSTERDAM)


def test_local_days_and_hours_follow_the_clock_through_both_changes():
    forward, back = utc(2024, 3, 31, 1), utc(2024, 10, 27, 1)
    rows = [
        one(patient=f"P{i}", start_us=at, end_us=at + MINUTE, end_kind="recorded")
        for i, at in enumerate((forward - 1, forward, back - HOUR, back - 1, back, back + HOUR))
    ]

    con = by_sql(rows, AMSTERDAM)
    hours = con.execute("SELECT start_hour FROM fact_stay WHERE level = 'micro' ORDER BY patient").fetchall()
    con.close()

    assert [h for (h,) in hours] == [1, 3, 2, 2, 2, 3]


@pytest.mark.parametrize(
    ("before", "end", "moved"),
    [
        (HOUR, 2 * HOUR, True),  # the stay before ends after the first of the two instants
        (1, 2 * HOUR, True),
        (0, 2 * HOUR, False),  # ends just when this begins
        (HOUR + 1, 2 * HOUR, False),  # the second would not help either
        (HOUR, HOUR - 1, False),  # it would end before it began
        (HOUR, None, True),
    ],
)
def test_of_two_instants_with_one_local_time_the_second_is_taken_where_the_first_would_overlap(before, end, moved):
    start = utc(2024, 10, 27, 0)
    registry = Registry((Unit("ED", "ED", "ed"), Unit("Ward A", "Ward A", "ward")))
    rows = [
        one(unit="ED", start_us=start - HOUR, end_us=start + before, end_kind="recorded"),
        one(
            start_us=start,
            end_us=None if end is None else start + end,
            end_kind="open" if end is None else "recorded",
            flags=2,
        ),
    ]

    con = by_sql(rows, registry)
    found = con.execute("SELECT start_us - ? FROM stay WHERE unit = 'Ward A'", [start]).fetchall()
    con.close()

    assert found == [(HOUR if moved else 0,)]


# Rules at their edges


@pytest.mark.parametrize(("gap", "visits"), [(24 * HOUR, 1), (24 * HOUR + 1, 2)])
def test_stays_at_most_a_day_apart_are_one_visit(gap, visits):
    rows = [
        one(end_us=HOUR, end_kind="recorded"),
        one(unit="ICU", start_us=HOUR + gap, end_us=HOUR + gap, end_kind="recorded"),
    ]

    con = by_sql(rows, Registry())
    found = con.execute("SELECT count(*) FROM visit").fetchone()[0]
    con.close()

    assert found == visits


@pytest.mark.parametrize(("gap", "journeys"), [(30 * 24 * HOUR, 1), (30 * 24 * HOUR + 1, 2)])
def test_visits_at_most_thirty_days_apart_are_one_journey(gap, journeys):
    rows = [
        one(end_us=HOUR, end_kind="recorded"),
        one(unit="ICU", start_us=HOUR + gap, end_us=HOUR + gap, end_kind="recorded"),
    ]

    con = by_sql(rows, Registry())
    found = con.execute("SELECT count(*) FROM journey").fetchone()[0]
    con.close()

    assert found == journeys


def test_a_setting_widens_a_visit():
    rows = [
        one(end_us=HOUR, end_kind="recorded"),
        one(unit="ICU", start_us=50 * HOUR, end_us=51 * HOUR, end_kind="recorded"),
    ]

    con = by_sql(rows, Registry(), JourneySettings(visit_gap_h=49))
    found = con.execute("SELECT visit, handoffs FROM visit").fetchall()
    con.close()

    assert found == [("P1-v1", 1)]


def test_a_handoff_is_derived_anew_at_each_level():
    units = (
        *(Unit(n, n, "ward") for n in "abc"),
        Unit("N", "N", "mesosystem"),
        Unit("S", "S", "mesosystem"),
        Unit("M", "M", "macrosystem"),
    )
    registry = Registry(
        units, (*(Membership(u, g) for u, g in ("aN", "bN", "cS")), Membership("N", "M"), Membership("S", "M")), "M"
    )
    rows = [
        one(unit=u, start_us=i * HOUR, end_us=i * HOUR + 30 * MINUTE, end_kind="recorded")
        for i, u in enumerate("abcab")
    ]

    con = by_sql(rows, registry)
    found = con.execute("SELECT level, from_unit, to_unit FROM fact_handoff ORDER BY level, arrived_us").fetchall()
    con.close()

    assert found == [
        ("micro", "a", "b"), ("micro", "b", "c"), ("micro", "c", "a"), ("micro", "a", "b"), ("meso", "N", "S"), ("meso", "S", "N"),
    ]  # fmt: skip


def test_a_thousand_patients_at_once_are_each_the_same_as_alone():
    chance = random.Random(5)
    rows = []
    for p in range(300):
        at = utc(2024, 1, 1) + chance.randrange(300 * 24) * HOUR
        for _ in range(chance.randint(1, 6)):
            end = at + chance.randrange(0, 40) * HOUR
            kind = chance.choice(["recorded", "recorded", "recorded", "missing"])
            unit = chance.choice(["ED", "ICU", "Ward A", "Lab", "OR 1"])
            recorded = kind == "recorded"
            rows.append(
                one(
                    patient=f"P{p}",
                    unit=unit,
                    start_us=at,
                    end_us=end if recorded else None,
                    end_kind=kind,
                    row=len(rows),
                )
            )
            at = end + chance.randrange(0, 30) * HOUR

    agree(rows, Registry())
