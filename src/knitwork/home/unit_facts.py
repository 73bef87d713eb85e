"""Numbers about units and not about patients: the latest word about each, from all deliveries."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from knitwork.home.place import Place
from knitwork.intake.landing import LANDED, no_rows
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import SharedTable, paths_sql, write_table

_LATEST = "(coalesce(said_us, extracted_us, -1), delivery, row)"


def unit_facts(
    place: Place, manifest: Manifest, deliveries: Collection[str], means: Sequence[tuple[str, str]]
) -> list[LakeFile]:
    """Write the table `unit_fact` of these deliveries; nothing where none has any."""
    files = [f for f in manifest.of("landed_unit_fact") if f.delivery in deliveries]
    if not files:
        return []
    con = place.lake.writer()
    try:
        SharedTable("place_raw", "code VARCHAR, unit VARCHAR", tuple(means)).make(con)
        rows = (
            f"{no_rows(LANDED['landed_unit_fact'])} UNION ALL BY NAME "
            f"FROM read_parquet({paths_sql(place.lake.paths(files))}, union_by_name = true)"
        )
        latest = ", ".join(
            f"arg_max({c}, {_LATEST}) AS {c}" for c in ("num", "den", "value", "feed", "delivery", '"row"')
        )
        name = f"unit_fact-{uuid.uuid4().hex[:12]}.parquet"
        count = write_table(
            con,
            f"SELECT coalesce(p.unit, l.unit) AS unit, l.kind, l.at_us, {latest} FROM ({rows}) l "
            "LEFT JOIN place_raw p ON p.code = l.unit GROUP BY 1, 2, 3 "
            f"HAVING arg_max(coalesce(cancelled, false), {_LATEST}) IS NOT TRUE ORDER BY 1, 2, 3",
            place.lake.files / name,
        )
        return [LakeFile(name, "unit_fact", WHOLE, count)]
    finally:
        con.close()
