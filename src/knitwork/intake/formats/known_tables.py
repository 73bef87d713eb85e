"""What every model of known tables (OMOP, MIMIC, Synthea) shares: to claim, to guess and to land.

Rows are read as text and cast; a row with a value that cannot be read is set aside under its true number; a table of
which nothing is read is named, with its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.known_files import Opened, Tell, glance, opened, teller
from knitwork.intake.formats.known_model import Beside, Model
from knitwork.intake.formats.known_rows import Read, give_rows, read_rows
from knitwork.intake.landing import LandReport, clear, give
from knitwork.intake.profile import Profile
from knitwork.intake.quality import Counts, of_row, sentences, shifted
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo

_YEAR_US = 31_556_952_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """Whence a delivery comes, as every landed row is to say."""

    feed: str
    delivery: str
    extracted_us: int | None = None
    received_us: int | None = None


def claims(model: Model, path: Path) -> bool:
    """Say whether a file is, or holds, a table of the model."""
    return bool(glance(path, _tell(model)))


def guess(model: Model, file: Path, *, name: str, profile: Profile | None, work: Path | None) -> Profile:
    """Return the profile of a delivery of the model; raise CannotDo where nothing of it is read."""
    base = profile or Profile()
    tables = glance(file, _tell(model))
    if not tables:
        with opened(file, name=name, title=model.title, tell=_tell(model), work=work) as source:
            tables = tuple(plain.table for plain in source.tables)
    _refuse_unread(model, tables, name=name)
    return replace(base, calendar=base.calendar or model.calendar)


def land(
    model: Model, con: Connection, file: Path, profile: Profile, *, name: str, source: Source, work: Path | None
) -> LandReport:
    """Leave the landed tables and `rejected` in `con`; raise CannotDo when nothing of the delivery can be used."""
    clear(con)
    try:
        with opened(file, name=name, title=model.title, tell=_tell(model), work=work) as delivery:
            _refuse_unread(model, [plain.table for plain in delivery.tables], name=name)
            return _landed(model, con, delivery, profile, name=name, source=source)
    except CannotDo:
        clear(con)
        raise
    finally:
        con.execute("DROP TABLE IF EXISTS typed_rows")


def _tell(model: Model) -> Tell:
    return teller({table: known.told_by for table, known in model.tables.items()})


def _refuse_unread(model: Model, tables: Sequence[str], *, name: str) -> None:
    unread = [model.tables[table] for table in tables]
    if all(not known.into for known in unread):
        named = ", ".join(dict.fromkeys(known.table for known in unread))
        raise CannotDo(
            f"{name} holds {named} of {model.title}, of which nothing is read: {unread[0].why}; leave it out"
        )


def _landed(
    model: Model, con: Connection, delivery: Opened, profile: Profile, *, name: str, source: Source
) -> LandReport:
    zone, assumed = profile.zone or "UTC", profile.zone is None
    give(con, "rejected", [])
    beside = Beside(frozenset(plain.table for plain in delivery.tables), profile.unit)
    tables: dict[str, int] = {}
    tail = (
        f"{quoted(source.feed)} AS feed, {quoted(source.delivery)} AS delivery, false AS cancelled, "
        f"{'NULL' if source.extracted_us is None else source.extracted_us}::BIGINT AS extracted_us"
    )
    reads: list[Read] = []
    notes = list(delivery.notes)
    for plain in delivery.tables:
        known = model.choose(model.tables[plain.table], beside)
        read = read_rows(
            con, plain, known, zone=zone, before=sum(r.rows for r in reads), work=delivery.work,
            future_us=source.received_us,
        )  # fmt: skip
        reads.append(read)
        for into in known.into:
            if into.table not in tables:
                tables[into.table] = give(con, into.table, [])
            tables[into.table] += give_rows(con, read, into, zone=zone, assumed=assumed, tail=tail)
        notes += _told(read)
    # A part is a link between records, and nothing taken of them.
    tables = {table: rows for table, rows in tables.items() if rows and table != "landed_part"}
    if not any(read.landed for read in reads):
        raise _nothing(con, sum(read.rows for read in reads), name)
    return _report(model, delivery, profile, reads, tables, notes)


def _told(read: Read) -> list[str]:
    known = read.known
    notes = [known.note] if known.note and read.landed else []
    for number, (_, one, several) in zip(read.doubts, known.doubts, strict=True):
        if number:
            notes.append(f"{known.table}: {number:,} {one if number == 1 else several}")
    ignored = read.rows - read.landed - sum(read.rejected.values())
    if ignored:
        rows = "row is" if ignored == 1 else "rows are"
        notes.append(f"{known.table}: {ignored:,} {rows} not taken: {known.why}")
    return notes


def _nothing(con: Connection, rows: int, name: str) -> CannotDo:
    if not rows:
        return CannotDo(f"{name} has a header and no rows: export it again with data")
    first = con.execute('SELECT "row", rule FROM rejected ORDER BY "row" LIMIT 1').fetchall()
    why = f" ({of_row(*first[0])})" if first else ""
    return CannotDo(f"{name}: none of its {rows:,} rows can be used{why}: export it again")


def _report(
    model: Model, delivery: Opened, profile: Profile, reads: Sequence[Read], tables: dict[str, int], notes: list[str]
) -> LandReport:
    counts = _counts(reads, assumed=profile.zone is None)
    calendar = profile.calendar or model.calendar or ("shifted" if shifted(counts) else None)
    # With the table's name, so that a table is compared with an earlier one of the same and with no other.
    columns = tuple(
        (f"{plain.table}.{column.lower()}", word) for plain in delivery.tables for column, word in plain.columns
    )
    firsts = [read.first_us for read in reads if read.first_us is not None]
    lasts = [read.last_us for read in reads if read.last_us is not None]
    return LandReport(
        rows=counts.rows,
        landed=counts.landed,
        rejected=sum(n for _, n in counts.rejected),
        first_us=min(firsts, default=None),
        last_us=max(lasts, default=None),
        notes=(*notes, *sentences(counts, shifted_now=calendar == "shifted" and bool(counts.last_year))),
        profile=replace(profile, calendar=calendar),
        counts=counts,
        kind="stays" if "landed" in tables else "records",
        ignored=counts.rows - counts.landed - sum(n for _, n in counts.rejected),
        tables=tables,
        columns=columns,
    )


def _called(moment: str, read: Read) -> str:
    return moment if moment in ("start", "end") else read.known.table


def _counts(reads: Sequence[Read], *, assumed: bool) -> Counts:
    def total(key: str) -> int:
        return sum(read.seen.get(key, 0) for read in reads)

    rejected: dict[str, int] = {}
    for read in reads:
        for rule, number in read.rejected.items():
            rejected[rule] = rejected.get(rule, 0) + number
    lasts = [read.last_us for read in reads if read.last_us is not None]
    return Counts(
        rows=sum(read.rows for read in reads),
        landed=sum(read.landed for read in reads),
        rejected=tuple(sorted(rejected.items(), key=lambda item: (-item[1], item[0]))),
        assumed_zone=total("naive") if assumed else 0,
        dates_only=sum(read.landed if read.coarse else read.seen["days"] for read in reads),
        midnight_columns=tuple(
            dict.fromkeys(_called(m, read) for read in reads for m in read.known.moments if m in read.coarse)
        ),
        missing_ends=total("missing"),
        open_ends=total("open"),
        inferred=0,
        zero_length=total("zero"),
        dst_gap=total("gap"),
        dst_fold=total("fold"),
        future=total("future"),
        last_year=1970 + max(lasts) // _YEAR_US if lasts else None,
    )
