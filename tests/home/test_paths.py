"""The ways of journeys, asked in SQL, against the same questions answered row by row in plain Python."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from itertools import groupby, pairwise
from statistics import median

import pytest

from knitwork.home import LoadOptions, open_home, paths
from knitwork.home.paths import OUTCOMES, RETURN_DAYS, Chosen
from tests.home.homes import extract, later, options, registry, write
from tests.home.test_reference import departures_copied

DAY_US = 86_400_000_000
MARCH = (dt.date(2024, 3, 1) - dt.date(1970, 1, 1)).days
QUESTIONS = [
    Chosen(),
    Chosen(unit="Ward A"),
    Chosen(unit="North"),
    Chosen(through="ED"),
    Chosen(through="Lab", then="ICU"),
    Chosen(through="ED", then="Ward B"),
    Chosen(unit="South", through="CCU", then="ED"),
    Chosen(through="Ward A", then="Ward A"),
    Chosen(through="North", then="South"),
    Chosen(from_day=MARCH),
    Chosen(until_day=MARCH, through="ED"),
    Chosen(from_day=MARCH, until_day=MARCH + 31),
    *(Chosen(outcome=outcome) for outcome in OUTCOMES),
    Chosen(unit="ICU", outcome="long"),
    Chosen(through="ED", then="ICU", outcome="returned"),
]


@pytest.fixture(scope="module", params=[11, 12])
def answers(request, tmp_path_factory):
    """A real feed in two deliveries, one that copies departures, and one whose dates were shifted."""
    folder = tmp_path_factory.mktemp("paths")
    home = open_home(folder / "home")
    rows = extract(request.param, patients=30, days=60)
    home.load([write(folder / "a.csv", rows), write(folder / "b.csv", later(rows, 11, new_units=False))], options())
    copied = departures_copied(extract(request.param + 5, patients=8, days=40))
    home.load([write(folder / "c.csv", copied)], options(feed="copied"))
    first = dt.datetime(2131, 2, 3, tzinfo=dt.UTC)
    moved = [{**r, "patient": "S" + r["patient"]} for r in extract(13, patients=5, first=first)]
    (folder / "shifted.yaml").write_text("calendar: shifted\nzone: UTC\n")
    home.load([write(folder / "d.csv", moved)], LoadOptions(feed="shifted", mapping=folder / "shifted.yaml"))
    home.refresh(registry())
    return home.answers()


class Slow:
    """Everything of a home in Python, one journey after the other."""

    def __init__(self, answers):
        self.answers = answers
        timed = {r["feed"]: r["departures_recorded"] for r in answers.rows("SELECT * FROM {feed_state}")}
        self.stays = answers.rows("SELECT * FROM {fact_stay}")
        self.steps = defaultdict(list)
        for stay in self.stays:
            if stay["level"] == "micro" and not stay["concurrent"]:
                self.steps[stay["journey"]].append(stay | {"timed": timed.get(stay["feed"], True)})
        for found in self.steps.values():
            last = 2**63
            found.sort(
                key=lambda s: (s["start_us"], last if s["end_us"] is None else s["end_us"], s["visit"], s["unit"])
            )
        self.touched = answers.rows("SELECT * FROM {fact_journey}")
        dated = {t["journey"]: t for t in self.touched}
        self.journeys = [
            j | {"end_day": dated[j["journey"]]["end_day"], "calendar": dated[j["journey"]]["calendar"]}
            for j in answers.rows("SELECT * FROM {journey}") if j["variant"]
        ]  # fmt: skip
        visits = {
            (v["patient"], v["visit"]): v
            for v in answers.rows("SELECT * FROM {fact_visit} WHERE level = 'micro' AND inpatient")
        }
        self.hospital = defaultdict(list)
        for (patient, _visit), visit in sorted(visits.items(), key=lambda kv: (kv[1]["start_us"], kv[0][1])):
            self.hospital[patient].append(visit)

    def starts(self, journey, unit):
        level = self.answers.registry.level_of(unit)
        return [
            s["start_us"]
            for s in self.stays
            if (s["journey"], s["level"], s["unit"]) == (journey["journey"], level, unit)
        ]

    def wanted(self, j, c):
        if c.unit:
            level = self.answers.registry.level_of(c.unit)
            if not any((t["journey"], t["level"], t["unit"]) == (j["journey"], level, c.unit) for t in self.touched):
                return False
        if c.through:
            first = self.starts(j, c.through)
            if not first:
                return False
            if c.then and not any(self.after(t, min(first), c) for t in self.starts(j, c.then)):
                return False
        if c.dated:
            if not (j["closed"] and j["calendar"]):
                return False
            if c.from_day is not None and j["end_day"] < c.from_day:
                return False
            if c.until_day is not None and j["end_day"] >= c.until_day:
                return False
        return True

    def after(self, late, early, c):
        return late > early if c.through == c.then else late >= early

    def chosen(self, c):
        picked = [j for j in self.journeys if self.wanted(j, c)]
        lengths = [j["end_us"] - j["start_us"] for j in picked if j["closed"]]
        ninth = tenth(lengths, 0.9) if lengths else None
        return [j for j in picked if self.has(j, c.outcome, ninth)]

    def has(self, j, outcome, ninth):
        steps = self.steps[j["journey"]]
        still = any(s["end_kind"] == "open" for s in steps)
        return {
            "": True,
            "ended": j["closed"],
            "open": not j["closed"] and still,
            "unsure": not j["closed"] and not still,
            "returned": any(0 <= again <= RETURN_DAYS * DAY_US for again in self.again(j)),
            "long": bool(j["closed"] and ninth is not None and j["end_us"] - j["start_us"] > ninth),
            "intensive": any(
                s["kind"] in ("icu", "ccu")
                for s in self.stays
                if s["journey"] == j["journey"] and s["level"] == "micro"
            ),
        }[outcome]

    def again(self, j):
        for before, after in pairwise(self.hospital[j["patient"]]):
            if before["journey"] == j["journey"] and before["end_us"] is not None:
                yield after["start_us"] - before["end_us"]

    def cuts(self, j):
        """Yield (unit, from, left or None, then unit, then, same visit) for each step of a journey."""
        steps = self.steps[j["journey"]]
        for step, after in zip(steps, [*steps[1:], None], strict=True):
            inside = after is not None and after["visit"] == step["visit"]
            left = step["end_us"] if step["end_kind"] == "recorded" and (step["timed"] or not inside) else None
            then = after["start_us"] if after else None
            if left is not None and then is not None:
                left = min(left, then)
            yield step["unit"], step["start_us"], left, after["unit"] if after else None, then, inside

    def parts(self, j):
        sums = Counter()
        for _unit, start, left, _next, then, inside in self.cuts(j):
            if left is not None:
                sums["there"] += left - start
                if then is not None:
                    sums["between_units" if inside else "between_visits"] += then - left
            elif then is not None:
                sums["unknown"] += then - start
        return sums


def tenth(values, share):
    """Return a quantile with straight lines between the values, as SQL's quantile_cont does."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def month_of(day):
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    return (date.replace(day=1) - dt.date(1970, 1, 1)).days


@pytest.fixture(scope="module")
def slow(answers):
    return Slow(answers)


def compare(row, journeys, slow):
    ended = [j for j in journeys if j["closed"]]
    sums = sum((slow.parts(j) for j in ended), Counter())
    assert row["journeys"] == len(journeys)
    assert row["patients"] == len({j["patient"] for j in journeys})
    assert row["ended"] == len(ended)
    assert row["one_unit"] == sum(j["units"] == 1 for j in journeys)
    for name in paths.PARTS:
        assert row[f"{name}_s"] == sums[name] // 1_000_000, name
    if ended:
        assert row["median_s"] == pytest.approx(median(j["end_us"] - j["start_us"] for j in ended) / 1e6)
    else:
        assert row["median_s"] is None


@pytest.mark.parametrize("chosen", QUESTIONS, ids=str)
def test_numbers_and_months_are_those_counted_one_by_one(answers, slow, chosen):
    whole, months = paths.journey_numbers(answers, chosen)
    journeys = slow.chosen(chosen)

    compare(whole, journeys, slow)
    by_month = defaultdict(list)
    for j in journeys:
        if j["closed"] and j["calendar"]:
            by_month[month_of(j["end_day"])].append(j)
    assert {m["month"] for m in months} == set(by_month)
    for month in months:
        compare(month, by_month[month["month"]], slow)


def test_the_questions_find_something_and_not_always_the_same(slow):
    counts = [len(slow.chosen(chosen)) for chosen in QUESTIONS]

    assert sum(count > 0 for count in counts) >= len(QUESTIONS) - 2
    assert len(set(counts)) >= 10


@pytest.mark.parametrize("sort", paths.SORTS)
@pytest.mark.parametrize("least", [0, 2])
def test_ways_are_counted_sorted_and_left_out(answers, slow, sort, least):
    found, counts = paths.journey_ways(answers, Chosen(), sort=sort, limit=None, least=least)

    by_way = defaultdict(list)
    for j in slow.chosen(Chosen()):
        by_way[j["variant"]].append(j)
    fewest = paths.LEAST_FOR_SLOW if sort == "slow" else 0
    people = {way: len({j["patient"] for j in js}) for way, js in by_way.items()}
    wanted = {way for way, js in by_way.items() if people[way] >= least and len(js) >= fewest}
    assert {row["variant"] for row in found} == wanted
    assert all(row["journeys"] == len(by_way[row["variant"]]) for row in found)
    assert counts["ways"] == len(by_way)
    assert counts["journeys_hidden"] == sum(len(js) for way, js in by_way.items() if people[way] < least)
    numbers = [row["journeys"] for row in found]
    if sort == "slow":
        lengths = [row["median_s"] or -1 for row in found]
        assert lengths == sorted(lengths, reverse=True)
    else:
        assert numbers == sorted(numbers, reverse=sort == "common")


def test_the_mark_of_a_way_asks_for_that_way_again(answers):
    found, _counts = paths.journey_ways(answers, Chosen(), sort="rare", limit=3)

    for row in found:
        again, counts = paths.journey_ways(answers, Chosen(way=row["way"]))
        assert [r["variant"] for r in again] == [row["variant"]]
        assert counts["ways"] == 1
        assert (
            row["way"] == hashlib.md5(row["variant"].encode(), usedforsecurity=False).hexdigest()[: paths.WAY_LETTERS]
        )


@pytest.mark.parametrize("chosen", QUESTIONS[:10], ids=str)
def test_streams_count_each_journey_once_for_each_pair(answers, slow, chosen):
    units, streams = paths.journey_streams(answers, chosen)
    passed, pairs, places = Counter(), Counter(), defaultdict(list)
    for j in slow.chosen(chosen):
        turns = [unit for unit, _same in groupby(s["unit"] for s in slow.steps[j["journey"]])]
        passed.update(set(turns))
        pairs.update(set(pairwise(turns)))
        for unit in set(turns):
            places[unit].append(turns.index(unit) + 1)

    assert {row["from_unit"]: row["journeys"] for row in units} == dict(passed)
    assert {row["from_unit"]: row["place"] for row in units} == {unit: median(at) for unit, at in places.items()}
    assert {(r["from_unit"], r["to_unit"]): r["journeys"] for r in streams} == dict(pairs)


@pytest.mark.parametrize("chosen", [q for q in QUESTIONS if q.then], ids=str)
def test_an_interval_is_cut_into_parts_that_add_up_to_it(answers, slow, chosen):
    whole, parts = paths.journey_interval(answers, chosen)
    sums, took = Counter(), []
    for j in slow.chosen(chosen):
        first = min(slow.starts(j, chosen.through))
        goal = min(t for t in slow.starts(j, chosen.then) if slow.after(t, first, chosen))
        start = max(t for t in slow.starts(j, chosen.through) if slow.after(goal, t, chosen))
        took.append(goal - start)
        told = 0
        for unit, at, left, following, then, _inside in slow.cuts(j):
            if left is None:
                continue
            there = max(0, min(left, goal) - max(at, start))
            apart = max(0, min(then, goal) - max(left, start)) if then is not None else 0
            sums[unit, None] += there
            sums[unit, following] += apart
            told += there + apart
        sums[None, None] += goal - start - told

    assert whole["journeys"] == len(took)
    assert whole["total_s"] == sum(took) // 1_000_000
    if took:
        assert whole["median_s"] == pytest.approx(median(took) / 1e6)
    assert sum(row["seconds"] for row in parts) == pytest.approx(sum(took) / 1e6)
    found = {(row["from_unit"], row["to_unit"]): row["seconds"] for row in parts}
    assert found == pytest.approx({pair: us / 1e6 for pair, us in sums.items() if us})


@pytest.mark.parametrize("chosen", [q for q in QUESTIONS if q.then and not q.outcome], ids=str)
def test_who_never_came_or_came_before_is_counted(answers, slow, chosen):
    whole, _parts = paths.journey_interval(answers, chosen)
    through = slow.chosen(Chosen(unit=chosen.unit, through=chosen.through))
    reached = len(slow.chosen(chosen))
    never = sum(not slow.starts(j, chosen.then) for j in through)

    if chosen.then == chosen.through:  # everybody came to it once, at least
        assert whole["never"] == never == 0
    assert whole["never"] == never
    assert whole["before"] == len(through) - reached - never


def test_returns_that_can_still_come_are_counted(answers, slow):
    found = paths.journey_returns(answers, Chosen())
    admitted, early = set(), set()
    for visits in filter(None, slow.hospital.values()):
        for visit, after in zip(visits, [*visits[1:], None], strict=True):
            admitted.add(visit["journey"])
            end = answers.as_of_us if visit["end_us"] is None else visit["end_us"]
            journey = next(j for j in slow.journeys if j["journey"] == visit["journey"])
            if after is None and journey["calendar"] and end > answers.as_of_us - RETURN_DAYS * DAY_US:
                early.add(visit["journey"])

    assert found == {"admitted": len(admitted), "early": len(early)}
    assert len(admitted) > len(early)


def test_who_took_the_journeys_are_as_many_as_the_journeys(answers, slow):
    rows, found = paths.journey_patients(answers, Chosen(through="ED"), limit=5)

    wanted = {j["journey"] for j in slow.chosen(Chosen(through="ED"))}
    assert found == len(wanted)
    assert len(rows) == 5
    assert {row["journey"] for row in rows} <= wanted
    ends = [row["end_us"] for row in rows if row["end_us"] is not None]
    assert ends == sorted(ends, reverse=True)


def test_an_empty_home_has_no_journeys(tmp_path):
    answers = open_home(tmp_path / "home").answers()

    assert paths.journey_numbers(answers, Chosen())[0]["journeys"] == 0
    assert paths.journey_ways(answers, Chosen())[0] == []
    assert paths.journey_streams(answers, Chosen()) == ([], [])
    assert paths.journey_interval(answers, Chosen(through="A", then="B"))[1] == []
    assert paths.journey_patients(answers, Chosen()) == ([], 0)
