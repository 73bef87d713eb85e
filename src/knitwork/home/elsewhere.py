"""Records that move from one patient to another: an encounter filed under the wrong number, and corrected.

Rows lie in the bucket of their patient, and no bucket sees another. So where the statements about one record name
several patients, each of these patients' buckets is told of the others' latest statement: whatever came last holds, in
any order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from knitwork.home.place import Place
from knitwork.home.reading import write_buckets
from knitwork.intake.landing import LANDED, no_rows
from knitwork.journeys.told import NEVER, RECORDS, settled_by_all
from knitwork.lake.engine import Connection
from knitwork.lake.manifest import LakeFile, Manifest
from knitwork.lake.runner import paths_sql

TABLE = "landed_elsewhere"
# Which column of a landed table names the record that a row tells of.
NAMED = {"landed": "record", **{f"landed_{name}": key for name, key in RECORDS.items()}}


def told_elsewhere(place: Place, before: Manifest, manifest: Manifest) -> list[LakeFile]:
    """Write what patients must know of records that another patient has too, now that `manifest` has more files.

    The rows lie beside the delivery that brought the news, and go with it.
    """
    news = set(manifest.fresh) - {file.name for file in before.files}
    fresh: dict[tuple[str, str], list[LakeFile]] = defaultdict(list)
    for file in manifest.files:
        if file.table in NAMED and file.name in news:
            fresh[file.delivery, file.table].append(file)
    if not fresh:
        return []
    written: list[LakeFile] = []
    con = place.lake.writer()
    try:
        for delivery in sorted({delivery for delivery, _ in fresh}):
            feed = delivery.split(":", 1)[0]
            tables = {table: files for (whose, table), files in fresh.items() if whose == delivery}
            con.execute(f"CREATE TEMP TABLE {TABLE} AS {no_rows(LANDED[TABLE])}")
            found = 0
            for table, files in tables.items():
                everything = [f for f in manifest.of(table) if f.delivery.split(":", 1)[0] == feed]
                found += _find(con, table, _source(place, table, files), _source(place, table, everything))
            if found:
                written += write_buckets(
                    con, TABLE, f"FROM {TABLE}", place.lake.files, manifest.buckets, delivery=delivery
                )
            con.execute(f"DROP TABLE {TABLE}")
    finally:
        con.close()
    return written


def _source(place: Place, table: str, files: Sequence[LakeFile]) -> str:
    """Return the rows of these files; a column that none of them has is empty."""
    paths = paths_sql(place.lake.paths(files))
    return f"(FROM read_parquet({paths}, union_by_name = true) UNION ALL BY NAME {no_rows(LANDED[table])})"


def _find(con: Connection, table: str, fresh: str, everything: str) -> int:
    """Add what one table has of records with several patients; return how many rows."""
    name = NAMED[table]
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE shared_record AS SELECT {name} AS record FROM {everything}
        WHERE {name} IS NOT NULL GROUP BY {name} HAVING min(patient) <> max(patient)"""
    )
    if not _number(con, f"SELECT count(*) FROM shared_record s SEMI JOIN {fresh} f ON f.{name} = s.record"):
        return 0
    latest = f"""{{'at': coalesce(said_us, extracted_us, {NEVER}), 'settled': settled, 'delivery': delivery,
        'said': said_us, 'extracted': extracted_us, 'came': came_us}}"""
    for made, source in (("of_all", everything), ("of_fresh", fresh)):
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE {made} AS
            WITH statement AS (
                SELECT {name} AS record, patient, feed, max(visit) AS visit, said_us, extracted_us, delivery, came_us,
                       {settled_by_all(table)} AS settled
                FROM {source} t SEMI JOIN shared_record s ON s.record = t.{name}
                GROUP BY {name}, patient, feed, said_us, extracted_us, delivery, came_us
            )
            SELECT record, patient, any_value(feed) AS feed, arg_max(visit, {latest}) AS visit, max({latest}) AS last
            FROM statement GROUP BY record, patient"""
        )
    pairs = "of_fresh f JOIN of_all a ON a.record = f.record AND a.patient <> f.patient"
    con.execute(
        f"""INSERT INTO {TABLE} BY NAME
        WITH pair AS (
            SELECT a.patient, f.record, a.visit, f.feed, f.last FROM {pairs}
            UNION SELECT f.patient, f.record, f.visit, f.feed, a.last FROM {pairs}
        )
        SELECT patient, '{table}' AS told, record, visit, feed, last.settled AS settled, last.delivery AS delivery, last.said AS said_us,
               last.extracted AS extracted_us, last.came AS came_us, 0 AS row FROM pair ORDER BY ALL"""
    )
    return _number(con, f"SELECT count(*) FROM {TABLE}")


def _number(con: Connection, asked: str) -> int:
    return int(con.execute(asked).fetchall()[0][0])
