"""From a delivery to typed rows: stays, or patient links, every table of it read by SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from knitwork.intake.formats.csv import events, links, rules
from knitwork.intake.formats.csv.columns import COLUMNS, LINK_COLUMNS
from knitwork.intake.formats.csv.opening import Opened, opened
from knitwork.intake.formats.csv.profile import Profile
from knitwork.intake.formats.csv.scan import Shape, clear, fill_landing
from knitwork.intake.formats.csv.tally import REJECTED, landed_view, take_tally
from knitwork.intake.quality import Counts, sentences, shifted
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo

_STAYS = Shape(
    {
        "patient": "patient", "unit": "unit", "visit": "visit", "start_raw": "start", "end_raw": "end",
        "lifecycle": "lifecycle", "instance": "instance",
    },
    ("start", "end"),
    rules.landing,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LandReport:
    """What became of one delivery: rows seen, landed and rejected, its span, and sentences for people.

    `profile` is the profile that was used, completed by what was decided on the way; `rows` counts
    the rows of the file, of which an event log needs two for a stay. A delivery of patient links has
    no `counts` and no span: a link is of no unit and moves no watermark.
    """

    rows: int
    landed: int
    rejected: int
    first_us: int | None
    last_us: int | None
    notes: tuple[str, ...]
    profile: Profile
    counts: Counts | None = None
    kind: Literal["stays", "links"] = "stays"


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read: what `profile` leaves open is guessed from its header."""
    base = profile or Profile()
    with opened(file, name=name, profile=base, work=work) as delivery:
        return completed(base, delivery)


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave `landed` or `linked` (a view) and `rejected` (a table) in `con`, made from one delivery.

    `landed`: patient, unit, start_us, end_us, end_kind, precision, visit, zone, zone_assumed, flags, feed,
    delivery, "row", extracted_us. `linked`, where the report's kind is links: patient, merged_into, kind,
    at_us, feed, delivery, "row", extracted_us. `rejected`: "row", field, rule, message. Raises CannotDo when nothing of the
    file can be used.
    """
    try:
        return _landed(
            con, file, profile, feed=feed, delivery=delivery, extracted_us=extracted_us, received_us=received_us,
            name=name or file.name, work=work,
        )  # fmt: skip
    except CannotDo:
        clear(con)
        raise


def _landed(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None,
    received_us: int | None,
    name: str,
    work: Path | None,
) -> LandReport:
    with opened(file, name=name, profile=profile, work=work) as source:
        clear(con)
        if source.links:
            return _linked(con, source, profile, feed=feed, delivery=delivery, extracted_us=extracted_us, name=name)
        zone = profile.zone or "UTC"
        readings, decided = fill_landing(con, source, _STAYS, profile, zone=zone, name=name)
        if _paired(source):
            con.execute(f"CREATE TEMP TABLE pairs AS {events.paired('landing')}")
            con.execute("DROP TABLE landing; ALTER TABLE pairs RENAME TO landing")
        tally = take_tally(con, received_us=received_us)
        if not tally.landed:
            con.execute(REJECTED)
            raise _nothing(con, tally.rows, name)
        counts = tally.counts(assumed=profile.zone is None)
        now_shifted = profile.calendar == "shifted" or (profile.calendar is None and shifted(counts))
        con.execute(
            landed_view(
                tally, zone=zone, assumed=profile.zone is None, feed=feed, delivery=delivery, extracted_us=extracted_us
            )
        )
        con.execute(REJECTED)
        order = next((r.order for r in readings.values() if r.order), profile.date_order)
        return LandReport(
            tally.rows,
            tally.landed,
            tally.refused,
            tally.first_us,
            tally.last_us,
            (*source.notes, *decided, *sentences(counts, shifted_now=now_shifted)),
            replace(
                completed(profile, source),
                date_order=order,
                calendar=profile.calendar or ("shifted" if now_shifted else None),
            ),
            counts,
        )


def _linked(
    con: Connection,
    source: Opened,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None,
    name: str,
) -> LandReport:
    """Land the patient links of a delivery."""
    readings, decided = fill_landing(con, source, links.SHAPE, profile, zone=profile.zone or "UTC", name=name)
    told = links.tell(con, feed=feed, delivery=delivery, extracted_us=extracted_us, assumed=profile.zone is None)
    if not told.landed:
        raise _nothing(con, told.rows, name)
    order = next((r.order for r in readings.values() if r.order), profile.date_order)
    return LandReport(
        told.rows,
        told.landed,
        told.rows - told.landed,
        None,
        None,
        (*source.notes, *decided, *told.notes),
        replace(completed(profile, source), date_order=order),
        kind="links",
    )


def completed(profile: Profile, source: Opened) -> Profile:
    """Fill in the columns that were found."""
    roles = source.tables[0].roles
    wanted = LINK_COLUMNS if source.links else COLUMNS
    return replace(
        profile, **{role: roles[role] for role in wanted if role in roles and getattr(profile, role) != roles[role]}
    )


def _nothing(con: Connection, rows: int, name: str) -> CannotDo:
    """Return the sentence for a delivery of which no row can be used, by what was `rejected`."""
    if not rows:
        return CannotDo(f"{name} has a header and no rows: export it again with data")
    row, message = con.execute('SELECT "row", message FROM rejected ORDER BY "row" LIMIT 1').fetchall()[0]
    con.execute("DROP TABLE rejected")
    every = "its one row" if rows == 1 else f"none of its {rows:,} rows"
    cannot = "cannot be used" if rows == 1 else "can be used"
    return CannotDo(
        f"{name}: {every} {cannot} (row {row}: {message}): say with --map which columns to take, or export it again"
    )


def _paired(source: Opened) -> bool:
    roles = source.tables[0].roles
    return "end" not in roles and "lifecycle" in roles
