"""A small invented system with the same methods as `knitwork.home.Answers`, all in memory."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from knitwork.home.places import Told
from knitwork.model.units import Membership, Registry, Unit
from knitwork.signals import Spec
from knitwork.web.definitions import Definition, Wording
from knitwork.web.source import Source

from .fake_feeds import FakeFeeds
from .fake_journeys import JourneyAnswers
from .fake_levels import FakeLevels
from .fake_links import FakeLinks
from .fake_persons import FakePersons
from .fake_quality import FakeQuality
from .fake_today import FakeToday

EPOCH = dt.date(1970, 1, 1)
AS_OF = dt.datetime(2026, 10, 14, 6, 10, tzinfo=dt.UTC)
AS_OF_US = int(AS_OF.timestamp()) * 1_000_000
MOVED_US = int(dt.datetime(2025, 11, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000


def unit(code, name, kind, *, guessed=False, capacity=None):
    return Unit(unit=code, name=name, kind=kind, kind_guessed=guessed, capacity=capacity)


REGISTRY = Registry(
    units=(
        unit("RIV", "Riverbend Health", "macrosystem"),
        unit("AMI", "Acute coronary programme", "mesosystem"),
        unit("SURG", "Surgical programme", "mesosystem"),
        unit("CCU", "Coronary care unit", "ccu", capacity=16),
        unit("ED", "Emergency department", "ed"),
        unit("CATH", "Cath lab", "cathlab"),
        unit("W7", "Cardiology ward", "ward", capacity=28),
        unit("Med/Surg ~ 4", "Med/Surg 4", "ward", guessed=True),
        unit("OR", "Operating theatres", "or"),
        unit("REHAB", "Cardiac rehabilitation", "rehab"),
    ),
    memberships=(
        Membership("AMI", "RIV"),
        Membership("SURG", "RIV"),
        Membership("CCU", "AMI"),
        Membership("CATH", "AMI"),
        Membership("ED", "AMI"),
        Membership("W7", "SURG", until_us=MOVED_US),
        Membership("W7", "AMI", since_us=MOVED_US),
        Membership("Med/Surg ~ 4", "SURG"),
        Membership("OR", "SURG"),
        Membership("REHAB", "AMI"),
        Membership("ED", "SURG", kind="takes_part"),
    ),
    macro_name="Riverbend Health",
)

PLAIN = (
    # id, title, chart, direction, unit, factor, level of value, size of the change in its last months
    ("gap_median", "Wait between units, median", "run", "down", "min", 1.0, 29.0, 12.0),
    ("los_median", "Length of stay, median", "run", "down", "h", 1.0, 58.0, -9.0),
    ("return_rate", "Return within 7 days", "p", "down", "%", 100.0, 0.061, 0.0),
    ("icu_return_72h", "Return to intensive care within 72 hours", "p", "down", "%", 100.0, 0.032, 0.0),
    ("discharge_before_noon", "Discharge before noon", "p", "up", "%", 100.0, 0.28, 0.12),
    ("night_moves", "Moves between 22:00 and 07:00", "p", "down", "%", 100.0, 0.18, 0.0),
    ("arrivals", "Arrivals", "xmr", "neither", "", 1.0, 190.0, 0.0),
    ("census", "Patients at midnight", "xmr", "neither", "patients", 1.0, 14.0, 0.0),
    ("long_stay_rate", "Long stays", "p", "down", "%", 100.0, 0.05, 0.0),
    ("followup_7d", "Follow-up contact within 7 days", "p", "up", "%", 100.0, 0.62, 0.0),
    ("handoffs_per_100", "Hand-offs per 100 journeys", "u", "neither", "", 100.0, 2.6, 0.0),
    ("gap_over_60", "Waited over 60 minutes", "p", "down", "%", 100.0, 0.12, 0.05),
    ("ping_pong", "Went there and back", "p", "down", "%", 100.0, 0.04, 0.0),
    ("readmission_30d", "Readmitted within 30 days", "p", "down", "%", 100.0, 0.11, 0.0),
)


def definition(row):
    measure, title, chart, direction, unit_, factor, _value, _change = row
    return Definition(
        id=measure,
        version="1.0.0",
        wording=Wording(
            title=title,
            short=title,
            why="Time between units is time nobody cares for the patient.",
            source="Nelson and colleagues, 2002",
            words=f"{title}, for each unit and period.",
            numerator="stays that count",
            denominator="all stays",
        ),
        direction=direction,
        spec=Spec(chart=chart, direction=direction, unit=unit_, factor=factor),
        needs=("patient", "unit", "start", "end"),
    )


MEASURES = {row[0]: definition(row) for row in PLAIN}
MEASURES["occupancy"] = definition(("occupancy", "Occupancy", "run", "neither", "%", 100.0, 0.8, 0.0))


@dataclass(frozen=True)
class FakeFeed:
    feed: str = "adt"
    rows: int = 48_211
    deliveries: int = 3
    first_us: int = AS_OF_US - 730 * 86_400_000_000
    last_us: int = AS_OF_US
    received_at: str = "2026-10-14T06:15:00+00:00"
    rejected: int = 12
    departures_recorded: bool = True
    calendar: str = "real"
    zone: str = "Europe/Amsterdam"
    zone_assumed: bool = False
    dates_only: bool = False
    notes: tuple = ()


def starts(period, n):
    """Return the first days of the last n periods up to the watermark, oldest first."""
    last = AS_OF.date()
    if period == "all":
        return [last - dt.timedelta(days=730)]
    if period == "day":
        return [last - dt.timedelta(days=i) for i in reversed(range(n))]
    if period == "week":
        monday = last - dt.timedelta(days=last.weekday())
        return [monday - dt.timedelta(weeks=i) for i in reversed(range(n))]
    months = last.year * 12 + last.month - 1
    return [dt.date(m // 12, m % 12 + 1, 1) for m in range(months - n + 1, months + 1)]


@dataclass
class FakeAnswers(FakeFeeds, FakeLevels, JourneyAnswers, FakeLinks, FakeToday, FakePersons, FakeQuality):
    """One generation of an invented system; `shifted` and `unrecorded` make it a harder feed."""

    registry: Registry = REGISTRY
    generation: int = 7
    as_of_us: int = AS_OF_US
    known_by: str = ""
    made_at: str = "2026-10-14T06:20:00+00:00"
    shifted: bool = False
    unrecorded: bool = False
    unknown: bool = False
    scale: float = 1.0
    days: int = 730
    asked: list = field(default_factory=list)
    told_once: dict = field(default_factory=dict)

    @property
    def calendar(self):
        return "shifted" if self.shifted else "real"

    def feeds(self):
        return [FakeFeed(calendar=self.calendar, departures_recorded=not self.unrecorded)]

    def deliveries(self, feed=None):
        return [
            {"delivery": "d1", "feed": "adt", "name": "stays-2026.csv", "received_at": "2026-10-14T06:15:00+00:00",
             "bytes": 812_000, "taken": 48_211, "known": 120, "rejected": 12, "notes": []},
        ]  # fmt: skip

    idle = 0  # messages that were read and had no effect

    def without_effect(self, feed=None):
        return self.idle

    def rejects(self, feed=None, limit=500):
        return [
            {"feed": "adt", "delivery": "d1", "row": 7 + i, "field": "end", "rule": "end before start",
             "message": "the stay ends 2026-01-02 and starts 2026-01-03"}
            for i in range(12)
        ]  # fmt: skip

    def reject_counts(self):
        return [{"feed": "adt", "rule": "end before start", "rows": 12}]

    def numbers_of_units(self):
        codes = [*self.registry.roots(), *self.codes]
        return {
            (self.registry.level_of(code), code): self.unit_numbers(code, self.registry.level_of(code))
            for code in codes
        }

    def unit_numbers(self, unit, level):
        factor = {"micro": 1, "meso": 4, "macro": 9}[level] * self.scale
        all_of_them = {"patients_all": round(2010 * factor), "stays_all": 2800, "journeys_all": round(2401 * factor)}
        if self.shifted:
            return all_of_them | dict.fromkeys(
                ("here_now", "arrived_today", "patients_12m", "stays_12m", "journeys_12m")
            )
        return all_of_them | {
            "here_now": round(14 * factor), "arrived_today": round(3 * factor), "patients_12m": round(1102 * factor),
            "stays_12m": round(1391 * factor), "journeys_12m": round(1284 * factor),
        }  # fmt: skip

    def computable(self):
        can = dict.fromkeys(MEASURES, (True, "", ""))
        can["occupancy"] = (False, "No unit has a capacity.", "Give units a capacity in units.csv.")
        return can

    def restated(self, measure, unit, level, period):
        """What a test says was told otherwise once."""
        return self.told_once.get((measure, unit, level, period), {})

    def series(self, measure_ids, unit, level, period):
        self.asked.append(("series", tuple(measure_ids), unit, level, period))
        return {m: self.one_series(m, unit, level, period) for m in measure_ids if m in MEASURES}

    def one_series(self, measure, unit, level, period):
        row = next(row for row in PLAIN if row[0] == measure)
        _id, _title, chart, _direction, _unit, factor, centre, change = row
        rng = random.Random(f"{measure}{unit}{period}")
        most = {"day": self.days, "week": self.days // 7, "month": self.days // 30, "all": 1}[period]
        days = starts(period, min(most, {"day": 200, "week": 80, "month": 24, "all": 1}[period]))
        change = change if unit in ("CCU", "AMI", "RIV") else 0
        rows = []
        for i, day in enumerate(days):
            level_now = centre + (change if i >= len(days) - 9 else 0)
            n = round(rng.uniform(180, 240) * self.scale)
            numerator, value = None, None
            if chart in ("p", "u"):
                if n:
                    numerator = max(round(n * level_now * (1 + rng.gauss(0, 0.08))), 0)
                    value = numerator / n * factor
            elif n:
                value = level_now * (1 + rng.gauss(0, 0.06))
            rows.append({
                "start_day": (day - EPOCH).days, "label": day.isoformat(), "numerator": numerator,
                "denominator": n, "value": value, "n": n, "complete": i < len(days) - 1,
            })  # fmt: skip
        return rows

    def pairs_among(self, units, months=None):
        wanted = set(units)
        return [p for p in self.pairs("micro", months=months) if p["from_unit"] in wanted and p["to_unit"] in wanted]

    def pairs(self, level, unit=None, months=None):
        known = [
            ("CCU", "W7", 298, 7560, 26640), ("ED", "CATH", 212, 2460, 4620), ("CATH", "CCU", 347, 1080, 2640),
            ("CCU", "REHAB", 131, 777_600, 2_073_600), ("ED", "Med/Surg ~ 4", 502, 5400, 14_400),
            ("Med/Surg ~ 4", "CCU", 7, 600, 1200), ("OR", "Med/Surg ~ 4", 420, 900, 1500),
        ]  # fmt: skip
        if level != "micro":
            known = [("AMI", "SURG", 88, 5400, 9000), ("SURG", "AMI", 61, 4200, 9900)] if level == "meso" else []
        found = [
            {"from_unit": a, "to_unit": b, "count": n, "timed": 0 if self.unrecorded or self.unknown else n,
             "mean_transit_s": None if self.unrecorded or self.unknown else median * 1.3,
             "median_transit_s": None if self.unrecorded or self.unknown else median,
             "p90_transit_s": None if self.unrecorded or self.unknown else p90,
             "lost_s": None if self.unrecorded or self.unknown else int(n * median * 1.3),
             "departures_recorded": not self.unrecorded}
            for a, b, n, median, p90 in known
            if unit is None or unit in (a, b)
        ]  # fmt: skip
        return sorted(found, key=lambda pair: (-(pair["lost_s"] or 0), -pair["count"]))

    def pair_series(self, level, from_unit, to_unit, period):
        rng = random.Random(from_unit + to_unit)
        days = starts(period, 24)
        return [
            {"start_day": (day - EPOCH).days, "label": day.isoformat(), "count": 12, "timed": 12,
             "mean_s": 2700, "median_s": 2000 + rng.random() * 900, "p90_s": 5000,
             "complete": i < len(days) - 1}
            for i, day in enumerate(days)
        ]  # fmt: skip

    def behind(self, measure_id, level, unit, period, start_day, stratum="", limit=200):
        return [
            {"patient": "P-0042", "visit": "V-9", "unit": unit, "from_unit": None, "to_unit": None,
             "start": AS_OF_US - 86_400_000_000, "end": None, "value": 3600, "in_numerator": True},
        ]  # fmt: skip

    def told_by(self, rows):
        return [(("stays-2026.csv", 7 + i),) for i, _ in enumerate(rows)]

    def people(self, measure, level, unit, period):
        return {}

    @property
    def as_of_day(self):
        return (AS_OF.date() - EPOCH).days

    @property
    def first_day(self):
        return self.as_of_day - self.days

    def told_codes(self):
        beds = [Told("W7-B1", 40, "W7", "Bed 1", "bed")]
        return [
            *(Told(u.unit, 1_200, u.unit) for u in self.registry.units if u.kind not in ("mesosystem", "macrosystem")),
            *beds,
        ]

    def feeds_by_unit(self):
        return {(self.registry.level_of(u), u): ["adt"] for u in [*self.registry.roots(), *map(str, self.codes)]}

    @property
    def codes(self):
        return [unit.unit for unit in self.registry.units]

    def variants(self, unit=None, level="micro", limit=50):
        return [
            {"variant": "ED > CATH > CCU > W7", "journeys": 412, "median_h": 139},
            {"variant": "ED > Med/Surg ~ 4", "journeys": 300, "median_h": 139},
            {"variant": "OR > CCU", "journeys": 4, "median_h": 139},
        ]


CURRENT = {"answers": FakeAnswers()}


def fake_source():
    """Return the invented system: what tests name in settings.KNITWORK_SOURCE."""
    answers = CURRENT["answers"]
    return Source(
        name="Riverbend Health", tz="Europe/Amsterdam", answers=answers, measures=MEASURES, key=f"fake-{id(answers)}"
    )
