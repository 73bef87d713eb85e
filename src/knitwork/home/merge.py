"""Merging the atoms of all buckets into what screens read: cells, pairs and counts of patients.

After a small change only the keys whose atoms differ are made anew, from all buckets; the
rest is carried over. The result equals a full merge, and a test says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from knitwork.home import beginning
from knitwork.home.place import Place
from knitwork.intake.landing import BUCKETED
from knitwork.journeys.pairs import FEED_STATE, departures_recorded, pair_cells_sql
from knitwork.lake.buckets import bucket_sql
from knitwork.lake.engine import Connection
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import SharedTable, paths_sql, write_table
from knitwork.measures.catalogue import catalogue
from knitwork.measures.merge import Reach, Sources, merge_sql, replace_sql
from knitwork.model.units import Registry

# On which units and days the facts of a patient can weigh, whatever is measured.
_TOUCHES: tuple[tuple[str, str], ...] = (
    *(
        ("fact_stay", f"SELECT {level} AS level, {unit}::VARCHAR AS unit, {day} AS day FROM {{rows}}")
        for level, unit in (("level::VARCHAR", "unit"), ("'meso'", "meso"), ("'macro'", "macro"))
        for day in ("start_day", "end_day")
    ),
    *(
        (
            "fact_handoff",
            f"SELECT '{level}' AS level, {end}_{unit}::VARCHAR AS unit, {day} AS day FROM {{rows}} WHERE level = 'micro'",
        )
        for level, unit in (("micro", "unit"), ("meso", "meso"), ("macro", "macro"))
        for end in ("from", "to")
        for day in ("left_day", "arrived_day")
    ),
    ("fact_visit", "SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, end_day AS day FROM {rows}"),
    ("fact_journey", "SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, end_day AS day FROM {rows}"),
)
# Cells are kept in so many files once there are more stays than this.
PARTS = 16
STAYS_IN_ONE_PART = 200_000

# Where links stir more persons than this, and a tenth of all, making everything anew costs a quarter of patching.
MANY_STIRRED = 1_000

PATIENTS = """
SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, period, start_day, calendar, sum(patients)::BIGINT AS patients
FROM {atoms} GROUP BY ALL
"""


def merge(
    place: Place,
    *,
    old: Manifest | None,
    new: Manifest,
    registry: Registry,
    rebuilt: Sequence[int],
    stirred: Collection[str] = (),
) -> tuple[list[LakeFile], bool]:
    """Write the merged tables of a new generation; the flag says whether all of it was made anew.

    `stirred` are the persons who gained or lost a number, or have new rows under one that was given up.
    """
    con = place.lake.writer()
    try:
        merging = _Merging(place, con, old, new, registry, rebuilt, stirred)
        return merging.run()
    finally:
        con.close()


class _Merging:
    """One merge: a connection, the generation before and the one in the making."""

    def __init__(
        self,
        place: Place,
        con: Connection,
        old: Manifest | None,
        new: Manifest,
        registry: Registry,
        rebuilt: Sequence[int],
        stirred: Collection[str],
    ) -> None:
        self.place, self.con, self.old, self.new = place, con, old, new
        self.registry, self.rebuilt, self.stirred = registry, rebuilt, stirred

    def source(self, manifest: Manifest, table: str, buckets: Sequence[int] | None = None) -> str:
        files = [f for f in manifest.of(table) if buckets is None or f.bucket in buckets]
        return f"read_parquet({paths_sql(self.place.lake.paths(files))})"

    def keep(self, table: str, query: str) -> LakeFile:
        name = f"{table}-{uuid.uuid4().hex[:12]}.parquet"
        return LakeFile(name, table, WHOLE, write_table(self.con, query, self.place.lake.files / name))

    def run(self) -> tuple[list[LakeFile], bool]:
        day = self.day_of(self.new)
        self.feed_state()
        self.capacities()
        whole = not self.can_patch()
        handoffs = self.source(self.new, "fact_handoff")
        if whole:
            cells = self.cells(day)
            pairs = pair_cells_sql(handoffs, watermark_day=day)
        else:
            self.find_touched(day)
            cells = self.cells(day, touched="touched")
            pairs = (
                f"SELECT * FROM {self.source(self.before, 'cell_pair')} c ANTI JOIN touched_pair t "
                "ON t.level = c.level AND t.from_unit = c.from_unit AND t.to_unit = c.to_unit UNION ALL BY NAME "
                + pair_cells_sql(handoffs, watermark_day=day, touched="touched_pair")
            )
        files = [
            *self.keep_cells(cells, whole=whole),
            self.keep("cell_pair", f"SELECT * FROM ({pairs}) ORDER BY level, period, from_unit, to_unit, start_day"),
            self.keep("cell_patients", PATIENTS.format(atoms=self.source(self.new, "atom_patients")) + " ORDER BY ALL"),
            self.keep("feed_state", "FROM feed_state ORDER BY feed"),
        ]
        return files, whole

    def keep_cells(self, cells: str, *, whole: bool) -> list[LakeFile]:
        """Write the cells in parts by unit, so that a small change writes few of them anew."""
        kept = [] if whole else self.before.of("cell")
        parts = PARTS if self.new.rows("stay") > STAYS_IN_ONE_PART else 1
        if kept:
            parts = len(kept)
        units = "SELECT DISTINCT unit::VARCHAR AS unit FROM cell"
        if kept:
            units += (
                f" UNION SELECT DISTINCT unit FROM {self.source(self.before, 'cell')} UNION SELECT unit FROM cell_gone"
            )
        self.con.execute(
            f"CREATE TEMP TABLE part_of AS SELECT unit, {bucket_sql('unit', parts)} AS part FROM ({units})"
        )
        stirred = set(range(parts))
        if kept:
            changed = "SELECT unit::VARCHAR AS unit FROM cell UNION SELECT unit FROM cell_gone"
            rows = self.con.execute(
                f"SELECT DISTINCT part FROM part_of SEMI JOIN ({changed}) c USING (unit)"
            ).fetchall()
            stirred = {row[0] for row in rows}
        files = [f for f in kept if f.bucket not in stirred]
        for part in sorted(stirred):
            query = cells.format(old=self.source(self.before, "cell", [part])) if kept else cells
            name = f"cell-{part:02d}-{uuid.uuid4().hex[:12]}.parquet"
            ordered = (
                f"SELECT c.* FROM ({query}) c SEMI JOIN (SELECT unit FROM part_of WHERE part = {part}) p "
                "ON p.unit = c.unit::VARCHAR ORDER BY level, unit, measure, period, stratum, start_day"
            )
            files.append(LakeFile(name, "cell", part, write_table(self.con, ordered, self.place.lake.files / name)))
        return files

    @property
    def before(self) -> Manifest:
        if self.old is None:
            raise ValueError("a patch needs the generation before")
        return self.old

    def feed_state(self) -> None:
        """Make the table that says of each feed whether it records departures and has a calendar."""
        counted = {
            row[0]: (row[1], row[2])
            for row in self.con.execute(FEED_STATE.format(handoffs=self.source(self.new, "fact_handoff"))).fetchall()
        }
        self.con.execute(
            "CREATE TEMP TABLE feed_state (feed VARCHAR, departures_recorded BOOLEAN, calendar BOOLEAN, timed BIGINT, zero BIGINT)"
        )
        for feed, known in sorted(self.new.feeds.items()):
            timed, zero = counted.get(feed, (0, 0))
            state = [feed, departures_recorded(timed, zero), known["calendar"] == "real", timed, zero]
            self.con.execute("INSERT INTO feed_state VALUES (?, ?, ?, ?, ?)", state)

    def capacities(self) -> None:
        """Make the table of how many patients each unit of each level can hold: its own, or its members'."""
        self.con.execute("CREATE TEMP TABLE capacity (level VARCHAR, unit VARCHAR, capacity DOUBLE)")
        own = {u.unit: u.capacity for u in self.registry.units if u.capacity is not None}
        held: dict[tuple[str, str], float] = {}
        for ancestor in self.registry.ancestry():
            if ancestor.level != "micro" and ancestor.unit in own and ancestor.ancestor not in own:
                at = (ancestor.level, ancestor.ancestor)
                held[at] = held.get(at, 0.0) + (own[ancestor.unit] or 0.0)
        for unit, capacity in own.items():
            held[(self.registry.level_of(unit), unit)] = capacity
        for (level, unit), capacity in sorted(held.items()):
            self.con.execute("INSERT INTO capacity VALUES (?, ?, ?)", [level, unit, capacity])

    def can_patch(self) -> bool:
        """Say whether the generation before can be carried over: it has cells, and the feeds are what they were."""
        old = self.old
        if old is None or not old.of("cell") or old.watermark_us is None or not (self.new.fresh or self.stirred):
            return False
        if len(self.stirred) > max(MANY_STIRRED, self.new.rows("patient") // 10):
            return False
        same = "SELECT feed, departures_recorded, calendar FROM"
        then = self.source(old, "feed_state")
        changed = self.con.execute(
            f"SELECT count(*) FROM (({same} feed_state EXCEPT {same} {then}) UNION ALL ({same} {then} EXCEPT {same} feed_state))"
        ).fetchall()
        return not changed[0][0]

    def day_of(self, manifest: Manifest) -> int:
        """Return the local day of a generation's watermark."""
        from knitwork.home.refresh import local_day

        return local_day(manifest.watermark_us or 0, self.place.settings.tz)

    def first_day_of(self, manifest: Manifest) -> int:
        """Return the local day on which a generation's records begin; 0 where no date is real."""
        found = self.con.execute(beginning.STARTS.format(stays=self.source(manifest, "fact_stay"))).fetchall()
        return beginning.first_day(beginning.beginnings(found)) or 0

    def find_touched(self, day: int) -> None:
        """Find the keys that can have changed: the units and days of all facts, old and new, of the stirred patients."""
        self.find_stirred()
        selects = []
        for manifest in (self.before, self.new):
            selects += [
                select.format(
                    rows=f"(SELECT * FROM {self.source(manifest, fact, self.rebuilt)} SEMI JOIN stirred_patient USING (patient))"
                )
                for fact, select in _TOUCHES
                if any(f.bucket in self.rebuilt for f in manifest.of(fact))
            ]
        atoms = ", ".join(f"('{name}')" for name in sorted({*(m.id for m in catalogue()), "census"}))
        self.con.execute(
            "CREATE TEMP TABLE touched AS SELECT a.measure, d.level, d.unit, '' AS stratum, d.day FROM ("
            + " UNION ".join(selects)
            + f") d, (VALUES {atoms}) a(measure) WHERE d.unit IS NOT NULL AND d.day IS NOT NULL"
        )
        pairs = " UNION ".join(
            f"SELECT level::VARCHAR AS level, from_unit::VARCHAR AS from_unit, to_unit::VARCHAR AS to_unit FROM "
            f"{self.source(manifest, 'fact_handoff', self.rebuilt)} SEMI JOIN stirred_patient USING (patient)"
            for manifest in (self.before, self.new)
            if any(f.bucket in self.rebuilt for f in manifest.of("fact_handoff"))
        )
        if self.day_of(self.before) != day:
            # The recent months have moved on, for every pair.
            named = "level::VARCHAR AS level, from_unit::VARCHAR AS from_unit, to_unit::VARCHAR AS to_unit"
            pairs += f" UNION SELECT {named} FROM {self.source(self.new, 'fact_handoff')}"
        self.con.execute(f"CREATE TEMP TABLE touched_pair AS {pairs}")

    def find_stirred(self) -> None:
        """Find the patients whose rows are new, and the persons whose numbers changed or came to have new rows."""
        SharedTable("stirred_patient", "patient VARCHAR", tuple((p,) for p in sorted(self.stirred))).make(self.con)
        fresh = [f for f in self.new.files if f.table in BUCKETED and f.name in set(self.new.fresh)]
        if fresh:
            rows = f"read_parquet({paths_sql(self.place.lake.paths(fresh))}, union_by_name = true)"
            self.con.execute(f"INSERT INTO stirred_patient SELECT DISTINCT patient FROM {rows}")

    def cells(self, day: int, *, touched: str | None = None) -> str:
        """Make the cells, of everything or of what was touched, and return the query that reads them all."""
        sources = Sources(
            counts=self.source(self.new, "atom_count"),
            values=self.source(self.new, "atom_value"),
            census=self.source(self.new, "fact_census"),
            touched=touched,
        )
        reach = Reach(
            watermark_day=day,
            first_day=self.first_day_of(self.new),
            previous_watermark_day=self.day_of(self.before) if touched else None,
            previous_first_day=self.first_day_of(self.before) if touched else None,
        )
        for statement in merge_sql(catalogue(), reach, sources):
            self.con.execute(statement)
        return replace_sql("{old}") if touched else "SELECT * FROM cell"
