"""The kernel that turns one bucket's landed rows into journeys, hand-offs and facts.

The SQL stands in `sql/`, in the order in which it runs. Nothing here depends on other
buckets, on the order of rows or on today's date.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from knitwork.intake.landing import BUCKETED, LANDED, sql_columns
from knitwork.journeys.moves import fold_moves
from knitwork.journeys.told import RECORDS, records_sql, tell_idle_links, tell_stays, told_sql
from knitwork.lake.runner import SharedTable, Statement
from knitwork.model.units import BESIDE_RANK, INPATIENT_KINDS, Registry

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

# Kept for every bucket; the measures add their atoms.
OUTPUTS = (
    "stay", "visit", "journey", "patient", "fact_stay", "fact_handoff", "fact_visit", "fact_journey",
    "fact_census", "atom_patients", "withdrawn", "move_parked", "link_idle", *RECORDS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JourneySettings:
    """The settings that decide what is one visit and one journey.

    `visit_gap_h`: stays at most so many hours apart are one visit. `journey_gap_d`: visits
    at most so many days apart are one journey. `tz`: zone of units that name none.
    """

    visit_gap_h: float = 24.0
    journey_gap_d: float = 30.0
    tz: str = "UTC"
    domain: str = "local"


# What a bucket's rows are landed as.
INPUTS = {table: sql_columns(LANDED[table]) for table in BUCKETED}


def statements(settings: JourneySettings, *, as_of_us: int | None = None) -> tuple[Statement, ...]:
    """Return what the kernel does with one bucket: rows to what holds, then to stays, visits, journeys and facts."""
    first, *rest = sql(settings)
    return (first, *told_sql(as_of_us), fold_moves, tell_idle_links, tell_stays, *rest, *records_sql())


def sql(settings: JourneySettings) -> tuple[str, ...]:
    """Return the kernel's SQL files for these settings."""
    values = {
        "$visit_gap_us": str(int(settings.visit_gap_h * HOUR_US)),
        "$journey_gap_us": str(int(settings.journey_gap_d * DAY_US)),
        "$inpatient": ", ".join(f"'{k}'" for k in sorted(INPATIENT_KINDS)),
        "$domain": "'" + settings.domain.replace("'", "''") + "'",
    }
    found: list[str] = []
    folder = resources.files("knitwork.journeys") / "sql"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".sql"):
            continue
        text = entry.read_text("utf-8")
        for name, value in values.items():
            text = text.replace(name, value)
        found.append(text)
    return tuple(found)


def shared_tables(
    registry: Registry, settings: JourneySettings, shifted_feeds: frozenset[str], feeds: tuple[str, ...]
) -> tuple[SharedTable, ...]:
    """Return what every bucket must know: units with kind and zone, ancestors, feeds' calendars.

    Every unit code that occurs in a stay must be in the registry (`Registry.with_found`).
    """
    ancestry = registry.ancestry()
    names = {u.unit for u in registry.units} | {a.ancestor for a in ancestry}
    units = []
    for name in sorted(names):
        unit = registry.get(name)
        kind = unit.kind if unit else "macrosystem"
        units.append((name, kind, (unit.tz if unit else None) or settings.tz, BESIDE_RANK.get(kind, 0)))
    return (
        SharedTable("unit_raw", "unit VARCHAR, kind VARCHAR, tz VARCHAR, beside_rank TINYINT", tuple(units)),
        SharedTable(
            "ancestor_raw",
            "unit VARCHAR, level VARCHAR, ancestor VARCHAR, since_us BIGINT, until_us BIGINT",
            tuple((a.unit, a.level, a.ancestor, a.since_us, a.until_us) for a in ancestry),
        ),
        SharedTable("feed_raw", "feed VARCHAR, calendar BOOLEAN", tuple((f, f not in shifted_feeds) for f in feeds)),
    )


# Units, kinds and levels are few: as enumerations they sort and join as small numbers.
TYPES = """
CREATE TYPE unit_t AS ENUM (SELECT unit FROM unit_raw ORDER BY unit);
CREATE TYPE kind_t AS ENUM (SELECT DISTINCT kind FROM unit_raw ORDER BY kind);
CREATE TYPE level_t AS ENUM ('micro', 'meso', 'macro');
CREATE TYPE end_t AS ENUM ('recorded', 'inferred', 'open', 'unknown', 'missing');
CREATE TYPE feed_t AS ENUM (SELECT feed FROM feed_raw ORDER BY feed);
CREATE TEMP TABLE unit_kind AS
SELECT unit::unit_t AS unit, kind::kind_t AS kind, tz, beside_rank FROM unit_raw;
CREATE TEMP TABLE ancestor AS
SELECT unit::unit_t AS unit, level::level_t AS level, ancestor::unit_t AS ancestor, since_us, until_us FROM ancestor_raw;
CREATE TEMP TABLE feed_calendar AS SELECT feed::feed_t AS feed, calendar FROM feed_raw;
"""
