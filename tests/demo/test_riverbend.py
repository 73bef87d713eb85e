"""What Riverbend writes, read back with csv and datetime only."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from knitwork.demo import ledger, truths, twice, vitale, write_extracts, write_flat
from knitwork.demo.period import Period
from knitwork.demo.units import PLACES, TAKES_PART, capacity
from knitwork.model.errors import CannotDo

from .riverbend_reading import HERE, SUPPORT, good, handoffs, instant, read

PATIENTS = 6_000
WARDS = {p.unit for p in PLACES if p.beds}
PERIOD = Period(dt.date(2026, 10, 31), 24)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("riverbend")


@pytest.fixture(scope="module")
def extracts(folder):
    return write_extracts(folder, patients=PATIENTS)


@pytest.fixture(scope="module")
def every_row(extracts):
    return read(extracts.truths.parent)


@pytest.fixture(scope="module")
def stays(every_row):
    return good(every_row)


@pytest.fixture(scope="module")
def moves(stays):
    return handoffs(stays)


@pytest.fixture(scope="module")
def told(extracts):
    return json.loads(extracts.truths.read_text(encoding="utf-8"))


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def month_of(when: dt.datetime) -> int:
    return (when.year - 2024) * 12 + when.month - 10


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        write_extracts(tmp_path / name, patients=300, seed=seed)
    one, same, other = (digests(tmp_path / name) for name in ("one", "same", "other"))

    assert one == same
    assert one["general-adt.csv"] != other["general-adt.csv"]


def test_twice_the_patients_have_about_twice_the_stays(tmp_path, extracts):
    twice = write_extracts(tmp_path, patients=2 * PATIENTS)

    assert twice.stays == pytest.approx(2 * extracts.stays, rel=0.05)


def test_patients_made_in_several_goes_have_visit_numbers_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("knitwork.demo.riverbend.PATIENTS_AT_ONCE", 250)
    write_extracts(tmp_path, patients=1_000)
    owners: dict[str, set[str]] = {}
    for row in good(read(tmp_path)):
        if row.visit and row.patient not in (twice.NAME, twice.NAME_AT_HILLSIDE):
            owners.setdefault(row.visit, set()).add(row.patient)

    assert max(len(who) for who in owners.values()) == 1


def test_the_count_of_stays_is_the_count_of_good_rows(extracts, stays):
    assert extracts.stays == len(stays)


def test_each_of_24_months_has_arrivals_in_every_feed(stays):
    seen = {(r.feed, month_of(r.start.astimezone(HERE))) for r in stays}

    # Month 0 is the week before the first whole month.
    assert seen == {(feed, month) for feed in ("general-adt", "hillside-adt", "practice") for month in range(25)}


def test_the_records_begin_a_week_before_the_first_month_with_everybody_in_a_bed_written_in(stays, told):
    began = dt.datetime(2024, 10, 25, tzinfo=HERE)
    there = [r for r in stays if r.start.astimezone(HERE) == began]

    assert min(r.start for r in stays) == began
    assert told["records_from"] == "2024-10-25"
    assert len(there) == told["counts"]["already_there"] > 30


def test_wards_are_as_full_in_the_first_month_as_later(stays):
    """Nobody comes to an empty hospital: what is counted at midnight does not rise from nought."""

    def midnights(year, month):
        """Count patients in wards at the midnights of a month."""
        days = [dt.datetime(year, month, day, tzinfo=HERE) for day in range(1, 29)]
        wards = [r for r in stays if r.unit in WARDS]
        return sum(r.start <= day and (r.end is None or r.end > day) for day in days for r in wards) / 28

    assert midnights(2024, 11) == pytest.approx(midnights(2025, 5), rel=0.25)


def test_every_unit_has_stays_and_four_support_units_are_among_them(stays):
    assert {r.unit for r in stays} == {p.unit for p in PLACES}
    assert len(PLACES) - len(SUPPORT) == 33
    assert len({r.unit for r in stays} & SUPPORT) == 4


def test_nobody_is_in_two_beds_at_once_except_where_it_was_planted(stays, told):
    by_patient: dict[str, list] = {}
    for row in stays:
        if row.unit not in SUPPORT:
            by_patient.setdefault(row.patient, []).append(row)
    overlapping = []
    for rows in by_patient.values():
        rows.sort(key=lambda r: (instant(r.start), instant(r.end) if r.end else 2e10))
        for i, row in enumerate(rows[:-1]):
            until = rows[i + 1].start
            # The clocks of two systems agree to the minute, and an autumn hour is told twice.
            if row.end is None or instant(row.end) > instant(until) + 60:
                overlapping.append((row, rows[i + 1]))
    in_autumn_hour = [p for p in overlapping if p[1].start.date().isoformat() in ("2024-11-03", "2025-11-02")]

    assert len(overlapping) - len(in_autumn_hour) == told["counts"]["overlaps"] > 0
    assert all(row.end and instant(row.end) - instant(after.start) <= 40 * 60 + 60 for row, after in overlapping)


def test_patients_still_here_have_no_end_and_nobody_ends_after_the_period(stays, told):
    end = dt.datetime(2026, 11, 1, tzinfo=HERE)
    still_here = [r for r in stays if r.end is None]

    assert len(still_here) == told["counts"]["open_stays"] > 0
    assert min(r.start for r in still_here) > end - dt.timedelta(days=60)
    assert all(r.end < end for r in stays if r.end)


def test_the_dirt_of_real_extracts_is_there_and_counted(every_row, stays, told):
    ends_before_start = [r for r in every_row if r.end and instant(r.end) < instant(r.start) - 7200]
    no_unit = [r for r in every_row if not r.unit]

    assert (len(ends_before_start), len(no_unit)) == (8, 6)
    assert told["counts"]["bad_rows"] == 14
    assert len(every_row) - len(stays) == 14 + told["counts"]["doubled_rows"]
    assert Counter(r.feed for r, n in Counter(every_row).items() if n == 2) == {"hillside-adt": 120}


def test_late_rows_have_a_file_of_their_own_and_belong_to_the_middle(extracts, every_row, told):
    with extracts.late.open(encoding="utf-8", newline="") as lines:
        header, *late = list(csv.reader(lines))
    with extracts.files[0].open(encoding="utf-8", newline="") as lines:
        first, *rest = list(csv.reader(lines))

    assert len(late) == told["counts"]["late_rows"] == 40
    assert header == first
    assert all("2025-07" < row[2] < "2026-04" for row in late)
    assert not {tuple(row) for row in late} & {tuple(row) for row in rest}


def test_hillsides_wards_get_worse_and_the_hospital_better(stays):
    """Simpson's reversal: the last 12 months against the 12 before."""
    mix = truths.HILLSIDE_MIX
    last: dict[tuple[str, str], object] = {}
    for row in sorted((r for r in stays if r.visit and r.unit not in SUPPORT), key=lambda r: instant(r.start)):
        last[row.patient, row.visit] = row
    ends = [(r.unit, r.end) for r in last.values() if r.unit in WARDS and r.unit.startswith("HS-") and r.end]

    def shares(units):
        of = [(e.hour < 12, month_of(e)) for unit, e in ends if unit in units]
        return [
            np.mean([noon for noon, m in of if low <= m <= high]) for low, high in ((1, mix.month - 1), (mix.month, 24))
        ]

    strong, weak = shares({mix.strong.unit}), shares({mix.weak.unit})
    whole = shares(WARDS)

    assert strong == pytest.approx([mix.strong.share_before, mix.strong.share_after], abs=0.07)
    assert weak == pytest.approx([mix.weak.share_before, mix.weak.share_after], abs=0.05)
    assert strong[1] < strong[0] - 0.02
    assert weak[1] < weak[0] - 0.02
    assert whole[1] > whole[0] + 0.02


def test_one_person_has_a_number_at_each_hospital_and_a_file_that_says_so(extracts, stays):
    with extracts.links.open(encoding="utf-8", newline="") as lines:
        links = list(csv.DictReader(lines))
    hers = sorted(
        (r for r in stays if r.patient in (twice.NAME, twice.NAME_AT_HILLSIDE)), key=lambda r: instant(r.start)
    )
    there = next(i for i, r in enumerate(hers) if r.unit == "HS-ED")

    assert links == [{"patient": twice.NAME_AT_HILLSIDE, "merged_into": twice.NAME, "at": "2026-09-15T10:00:00-04:00"}]
    assert (hers[there].patient, hers[there + 1].patient) == (twice.NAME_AT_HILLSIDE, twice.NAME)
    assert hers[there].visit == hers[there + 1].visit
    assert instant(hers[there + 1].start) - instant(hers[there].end) == 70 * 60


def test_departures_are_recorded_and_not_copied_from_the_next_arrival(moves):
    assert np.mean([minutes == 0 for _, _, minutes in moves]) < 0.01


def test_one_handoff_gets_worse_in_month_15(moves):
    truth = truths.ED_TO_CARDIOLOGY
    link = [(month_of(a.end), m) for a, b, m in moves if (a.unit, b.unit) == (truth.from_unit, truth.to_unit)]
    before = np.median([m for month, m in link if month < truth.month])
    after = np.median([m for month, m in link if month >= truth.month])

    assert (truth.from_unit, truth.to_unit, truth.month) == ("RG-ED", "RG-CARD", 15)
    assert before == pytest.approx(29, abs=2.5)
    assert after == pytest.approx(41, abs=3.5)


def test_no_other_large_link_changes_in_month_15(moves):
    links: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for a, b, minutes in moves:
        links.setdefault((a.unit, b.unit), []).append((month_of(a.end) >= 15, minutes))
    large = {link: rows for link, rows in links.items() if len(rows) >= 150 and link != ("RG-ED", "RG-CARD")}

    assert len(large) >= 6
    for link, rows in large.items():
        logs = [np.log([m for later, m in rows if later is side and m > 0]) for side in (False, True)]
        error = np.sqrt(sum(x.var() / len(x) for x in logs))
        assert abs(logs[1].mean() - logs[0].mean()) < 3.5 * error, link


def before_noon(stays, unit: str, month: int) -> tuple[float, float]:
    """Share of patients who went home before noon, before and from `month`."""
    last: dict[tuple[str, str], object] = {}
    for row in sorted((r for r in stays if r.visit and r.unit not in SUPPORT), key=lambda r: instant(r.start)):
        last[row.patient, row.visit] = row
    ends = [r.end for r in last.values() if r.unit == unit and r.end]
    return tuple(
        float(np.mean([e.hour < 12 for e in ends if (month_of(e) >= month) is side])) for side in (False, True)
    )


def test_the_test_of_change_on_the_surgical_ward_worked(stays):
    truth = truths.NOON_AT_SURGICAL
    before, after = before_noon(stays, truth.unit, truth.month)

    assert before == pytest.approx(truth.share_before, abs=0.08)
    assert after == pytest.approx(truth.share_after, abs=0.13)
    assert after > before + 0.1


def test_the_test_of_change_on_medical_ward_a_was_noise(stays):
    truth = truths.NOON_AT_MEDICAL_A
    before, after = before_noon(stays, truth.unit, truth.month)

    assert truth.share_before == truth.share_after
    assert abs(after - before) < 0.15


def test_cardiac_rehabilitation_moves_once_with_dates_that_meet(extracts):
    with extracts.units_csv.open(encoding="utf-8", newline="") as lines:
        moved = [r for r in csv.DictReader(lines) if r["unit"] == "RP-CREHAB"]
    with extracts.memberships_csv.open(encoding="utf-8", newline="") as lines:
        joined = [r for r in csv.DictReader(lines) if r["unit"] == "RP-CREHAB" and r["kind"] == "takes_part"]

    assert [(r["parent"], r["from"], r["to"]) for r in moved] == [("RP", "", "2025-11-01"), ("RG", "2025-11-01", "")]
    assert [(r["group"], r["from"], r["to"]) for r in joined] == [
        ("PRIMARY", "", "2025-11-01T00:00:00-04:00"),
        ("ACUTE-CORONARY", "2025-11-01T00:00:00-04:00", ""),
    ]


def test_mesosystems_overlap():
    units = [u for members in TAKES_PART.values() for u in members]

    assert {u for u, n in Counter(units).items() if n > 1} >= {"RG-ED", "RH-EMS", "RG-ICU", "RG-REHAB"}


def test_the_autumn_night_is_written_as_the_clock_showed_it(every_row):
    night = [r for r in every_row if r.patient == "RB-AUTUMN-NIGHT"]

    assert [(r.unit, r.start.strftime("%F %T"), r.end.strftime("%F %T")) for r in night] == [
        ("RG-ED", "2025-11-02 01:40:00", "2025-11-02 01:25:00"),
        ("RG-MED-A", "2025-11-02 02:10:00", "2025-11-04 11:00:00"),
    ]


def test_dan_vitale_passes_the_units_in_the_order_of_the_paper(stays):
    his = sorted((r for r in stays if r.patient == "DAN-VITALE"), key=lambda r: instant(r.start))

    assert tuple(dict.fromkeys(r.unit for r in his)) == vitale.UNITS_IN_ORDER
    assert his[0].start.date() == dt.date(2026, 1, 13)
    # Six months later, at his workplace.
    assert next(r for r in his if r.unit == "RH-EMS").start.date() == dt.date(2026, 7, 14)
    assert his[-1].start.date() <= dt.date(2026, 10, 31)


def test_dan_vitale_is_never_away_for_more_than_30_days_and_so_has_one_journey(stays):
    his = sorted((r for r in stays if r.patient == "DAN-VITALE"), key=lambda r: instant(r.start))

    gaps = [instant(b.start) - instant(a.end) for a, b in pairwise(his)]
    assert max(gaps) < 30 * 86_400


def test_dan_vitale_keeps_his_weekdays_in_another_period(tmp_path):
    write_extracts(tmp_path, patients=200, until=dt.date(2025, 6, 30), months=12)
    his = [r for r in read(tmp_path) if r.patient == "DAN-VITALE"]

    assert next(r for r in his if r.unit == "RH-EMS").start.weekday() == dt.date(2026, 7, 14).weekday()
    assert all(r.start.astimezone(HERE).date() <= dt.date(2025, 6, 30) for r in his)


def test_truths_are_dated_and_name_known_units_and_measures(told):
    when = {t["id"]: t["when"] for t in told["truths"]}
    known = {p.unit for p in PLACES} | {"RG", "HS", "RP"}

    assert when["ed-to-cardiology-slower"] == "2026-01-01"
    assert when["surgical-noon-worked"] == "2026-04-01"
    assert when["medical-a-noon-noise"] == "2026-05-01"
    assert when["cardiac-rehab-moved"] == "2025-11-01"
    assert when["autumn-night"] == "2025-11-02"
    assert all(set(t["units"]) <= known for t in told["truths"])
    assert {t["measure"] for t in told["truths"]} <= {None, "gap_median", "discharge_before_noon", "arrivals"}
    assert all(t["page"].startswith("/") and t["page"].endswith("/") and t["says"] for t in told["truths"])


def test_a_short_period_tells_only_the_truths_that_lie_in_it():
    ids = {t["id"] for t in ledger.dated(Period(dt.date(2025, 8, 31), 6))}

    assert ids == {"winter", "late-rows", "doubled-piece", "two-numbers"} | {
        f"steady-{a.lower()}-{b.lower()}" for a, b in truths.STEADY_LINKS
    }


def test_wards_are_between_70_and_95_percent_full_where_whole_beds_allow_it():
    for mean in np.arange(3.0, 40.0, 0.1):
        assert 0.70 <= mean / capacity(mean) <= 0.95


def test_emergencies_peak_in_the_day_and_offices_are_shut_at_weekends(stays):
    ed = Counter(r.start.hour for r in stays if r.unit == "RG-ED")
    office = Counter(r.start.astimezone(HERE).weekday() for r in stays if r.unit == "RP-NORTH")

    assert sum(ed[h] for h in range(10, 20)) > 2 * sum(ed[h] for h in (*range(7), 22, 23, 21))
    assert office[5] + office[6] < 0.02 * office.total()


def test_nobody_without_a_patient_is_written(tmp_path):
    with pytest.raises(CannotDo, match="at least one patient"):
        write_extracts(tmp_path, patients=0)


def test_one_patient_is_enough(tmp_path):
    written = write_extracts(tmp_path, patients=1)

    assert "DAN-VITALE" in written.files[0].read_text(encoding="utf-8")


def test_the_flat_file_has_about_as_many_rows_as_asked_in_60_units(tmp_path):
    count = write_flat(tmp_path / "stays.csv", stays=50_000)
    with (tmp_path / "stays.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))

    assert len(rows) == count == pytest.approx(50_000, rel=0.02)
    assert len({r["unit"] for r in rows}) == 60
    assert min(r["start"] for r in rows)[:7] == "2022-11"
    assert max(r["start"] for r in rows)[:7] >= "2026-09"
    starts = [dt.datetime.fromisoformat(r["start"]) for r in rows[:1000]]
    ends = [dt.datetime.fromisoformat(r["end"]) for r in rows[:1000]]
    assert all(a < b for a, b in zip(starts, ends, strict=True))


def test_patients_of_the_flat_file_are_in_one_unit_at_a_time(tmp_path):
    write_flat(tmp_path / "stays.csv", stays=20_000)
    with (tmp_path / "stays.csv").open(encoding="utf-8", newline="") as lines:
        rows = sorted((r["patient"], r["start"], r["end"], r["unit"]) for r in csv.DictReader(lines))

    meet = [a for a, b in pairwise(rows) if a[0] == b[0] and a[2] > b[1]]
    assert len(meet) < 0.001 * len(rows)
