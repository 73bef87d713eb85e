"""What a whole delivery showed, counted in one pass over its typed rows, and what lands because of it."""

from __future__ import annotations

from dataclasses import dataclass

from knitwork.intake.formats.csv import rules
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.quality import MIDNIGHTS, MIDNIGHTS_AMONG, Counts
from knitwork.lake.engine import Connection
from knitwork.model.tables import FLAGS

# Starts further than this after the delivery came are in the future, and not clocks that run fast.
FUTURE_US = 2 * 86_400_000_000
SHORT_US = 5 * 60 * 1_000_000

_GOOD = "FILTER (rule IS NULL)"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over one delivery; the columns of `seen` are named in take_tally, `landed` counts stays."""

    rows: int
    landed: int
    refused: int
    first_us: int | None
    last_us: int | None
    rejected: tuple[tuple[str, int], ...]
    seen: dict[str, int]
    # Records of which something was taken: rows, of which events need two for a stay.
    landed_rows: int
    ragged: int = 0

    def midnight(self, role: str) -> bool:
        """Say whether so many times of a column are midnight that no time of day was recorded."""
        timed, midnights = self.seen[f"{role}_timed"], self.seen[f"{role}_midnights"]
        return timed >= MIDNIGHTS_AMONG and midnights >= MIDNIGHTS * timed

    def counts(self, *, assumed: bool) -> Counts:
        """Return what the sentences about the delivery are made from."""
        seen = self.seen
        columns = tuple(role for role in ("start", "end") if self.midnight(role))
        return Counts(
            rows=self.rows,
            landed=self.landed,
            rejected=self.rejected,
            assumed_zone=seen["without_offset"] if assumed else 0,
            dates_only=self.landed if columns else seen["dates_only"],
            midnight_columns=columns,
            missing_ends=seen["missing"],
            open_ends=seen["open"],
            inferred=seen["inferred"],
            zero_length=seen["zero_length"],
            dst_gap=seen["dst_gap"],
            dst_fold=seen["dst_fold"],
            future=seen["future"],
            last_year=None if self.last_us is None else 1970 + int(self.last_us // 31_556_952_000_000),
        )


def take_tally(con: Connection, *, received_us: int | None) -> Tally:
    """Count what is in `landing` and `faulty`."""
    fold = FLAGS["dst_fold_start"] | FLAGS["dst_fold_end"]
    future = "false" if received_us is None else f"start_us > {received_us + FUTURE_US}"
    midnight = rules.END_DATE | rules.END_MIDNIGHT
    counted = {
        "start_timed": f"marks & {rules.START_DATE} = 0",
        "start_midnights": f"marks & {rules.START_DATE | rules.START_MIDNIGHT} = {rules.START_MIDNIGHT}",
        "end_timed": f"marks & {rules.END_DATE} = 0 AND end_kind = 'recorded'",
        "end_midnights": f"end_kind = 'recorded' AND marks & {midnight} = {rules.END_MIDNIGHT}",
        "with_seconds": f"marks & {rules.START_SECONDS | rules.END_SECONDS} <> 0",
        "without_offset": f"marks & {rules.OFFSET} = 0",
        "dates_only": f"marks & {rules.START_DATE | rules.END_DATE} <> 0",
        "missing": "end_kind IN ('missing', 'unknown')",
        "open": "end_kind = 'open'",
        "inferred": "end_kind = 'inferred'",
        "zero_length": "end_us = start_us AND end_kind = 'recorded'",
        "dst_gap": f"night & {FLAGS['dst_gap']} <> 0",
        "dst_fold": f"night & {fold} <> 0",
        "future": future,
    }
    sums = ", ".join(f"count(*) FILTER (rule IS NULL AND {condition})" for condition in counted.values())
    rows, landed, first, last, *numbers = con.execute(
        f"SELECT count(*), count(*) {_GOOD}, min(start_us) {_GOOD}, max(greatest(start_us, end_us)) {_GOOD}, {sums} "
        "FROM landing"
    ).fetchall()[0]
    faulty = con.execute("SELECT count(*) FROM faulty").fetchall()[0][0]
    rejected = con.execute(
        "SELECT rule::VARCHAR, count(*) AS n FROM landing WHERE rule IS NOT NULL GROUP BY ALL ORDER BY n DESC, 1"
    ).fetchall()
    if faulty:
        rejected.append(("ragged", faulty))
    return Tally(
        rows + faulty,
        landed,
        rows - landed + faulty,
        first,
        last,
        tuple((rule, n) for rule, n in rejected),
        dict(zip(counted, numbers, strict=True)),
        landed,
        faulty,
    )


def landed_view(tally: Tally, *, zone: str, assumed: bool, feed: str, delivery: str, extracted_us: int | None) -> str:
    """Return the statement that makes `landed`: what is the same in every row costs no memory there."""
    dates = f"marks & {rules.START_DATE | rules.END_DATE} <> 0"
    if tally.midnight("start") or tally.midnight("end"):
        dates = "true"
    finest = "s" if tally.seen["with_seconds"] else "m"
    short = f"end_kind = 'recorded' AND end_us - start_us < {SHORT_US} AND NOT ({dates})"
    return f"""CREATE TEMP VIEW landed AS SELECT patient, unit, start_us, end_us, end_kind::VARCHAR AS end_kind,
        CASE WHEN {dates} THEN 'd' ELSE '{finest}' END AS precision, visit, {quoted(zone)} AS zone,
        {"marks & " + str(rules.OFFSET) + " = 0" if assumed else "false"} AS zone_assumed,
        (night + CASE WHEN {dates} THEN {FLAGS["date_only"]} ELSE 0 END
            + CASE WHEN end_kind = 'recorded' AND end_us = start_us THEN {FLAGS["zero_length"]} ELSE 0 END
            + CASE WHEN {short} THEN {FLAGS["short"]} ELSE 0 END
            + CASE WHEN end_kind = 'inferred' THEN {FLAGS["event_log"]} ELSE 0 END)::INTEGER AS flags,
        {quoted(feed)} AS feed, {quoted(delivery)} AS delivery, "row",
        {"NULL" if extracted_us is None else extracted_us}::BIGINT AS extracted_us
        FROM landing WHERE rule IS NULL"""


REJECTED = """CREATE TEMP TABLE rejected AS
    SELECT "row", split_part(rule::VARCHAR, '_', 1) AS field, rule::VARCHAR AS rule, message
    FROM landing WHERE rule IS NOT NULL
    UNION ALL SELECT "row", 'row', 'ragged', message FROM faulty"""
