"""From a delivery to typed rows: stays, or patient links, every table of it read by SQL."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from knitwork.intake.formats.csv import events, links, rules
from knitwork.intake.formats.csv.activities import departments, land_events, placeless
from knitwork.intake.formats.csv.columns import COLUMNS, LINK_COLUMNS
from knitwork.intake.formats.csv.opening import Opened, described, opened
from knitwork.intake.formats.csv.scan import Shape, clear, fill_landing, make_log
from knitwork.intake.formats.csv.suspicions import suspicions
from knitwork.intake.formats.csv.tally import REJECTED, landed_view, take_tally
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.intake.quality import of_row, sentences, shifted
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo

# An event without a place is no stay.
_PLACED = "unit IS NOT NULL OR rule IS NOT NULL"


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
        shape = _stays(source)
        readings, decided = fill_landing(con, source, shape, profile, zone=zone, name=name)
        log = "activity" in source.tables[0].roles
        paired, placed = _paired(source), departments(source.tables[0].roles)
        told = int(con.execute("SELECT count(*) FROM landing").fetchall()[0][0])
        if paired or (log and placed):
            stays = events.paired("landing") if paired else f"SELECT * FROM landing WHERE {_PLACED}"
            make_log(con, stays, shape)
        tally = take_tally(con, received_us=received_us)
        con.execute(REJECTED)
        if paired or (log and placed):
            tally = replace(tally, rows=told + tally.ragged, landed_rows=told + tally.ragged - tally.refused)
        if not tally.landed_rows:
            raise _nothing(con, tally.rows, name)
        counts = tally.counts(assumed=profile.zone is None)
        now_shifted = profile.calendar == "shifted" or (profile.calendar is None and shifted(counts))
        con.execute(
            landed_view(
                tally, zone=zone, assumed=profile.zone is None, feed=feed, delivery=delivery, extracted_us=extracted_us
            )
        )
        tables = {"landed": tally.landed}
        said = placeless(con) if log and placed else []
        if log:
            tables["landed_event"] = land_events(
                con, "log" if paired or placed else "landing", source.tables[0].kept, places=placed, paired=paired,
                ends="end" in source.tables[0].roles, feed=feed, delivery=delivery, extracted_us=extracted_us,
            )  # fmt: skip
            said += suspicions(
                con, "log" if paired or placed else "landing", source.tables[0].kept, paired=paired,
                ends="end" in source.tables[0].roles, placed=placed,
            )  # fmt: skip
        order = next((r.order for r in readings.values() if r.order), profile.date_order)
        first_us, last_us = tally.first_us, tally.last_us
        if last_us is None and log:
            # A file of events alone speaks of the time in which they happened.
            first_us, last_us = con.execute("SELECT min(at_us), max(at_us) FROM landed_event").fetchall()[0]
        return LandReport(
            tally.rows,
            tally.landed_rows,
            tally.refused,
            first_us,
            last_us,
            (*source.notes, *decided, *sentences(counts, shifted_now=now_shifted), *said),
            replace(
                completed(profile, source),
                date_order=order,
                calendar=profile.calendar or ("shifted" if now_shifted else None),
            ),
            counts,
            kind="stays" if tally.landed else "records",
            tables=tables,
            columns=described(source.tables),
        )


def _stays(source: Opened) -> Shape:
    """Return what rows of stays or events are made of; those of an event log keep their other columns."""
    kept = source.tables[0].kept
    raw = {
        "patient": "patient", "unit": "unit", "visit": "visit", "start_raw": "start", "end_raw": "end",
        "end_kind_raw": "end_kind", "lifecycle": "lifecycle", "instance": "instance", "activity": "activity", "pair": "pair",
    }  # fmt: skip
    along = [role for role in kept.places if role in ("staff", "value")] + [own for own, _ in kept.others]
    raw |= {role: role for role in along}
    keeps = (["activity"] if _events(source) else []) + along
    return Shape(
        raw, ("start", "end"), partial(rules.landing, kept=keeps, placeless=_placeless(source)), rules.explained
    )


def _placeless(source: Opened) -> bool:
    roles = source.tables[0].roles
    return "activity" in roles and departments(roles)


def _events(source: Opened) -> bool:
    roles = source.tables[0].roles
    return "activity" in roles or "end" not in roles


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
    row, rule = con.execute('SELECT "row", rule FROM rejected ORDER BY "row" LIMIT 1').fetchall()[0]
    con.execute("DROP TABLE rejected")
    every = "its one row" if rows == 1 else f"none of its {rows:,} rows"
    cannot = "cannot be used" if rows == 1 else "can be used"
    return CannotDo(
        f"{name}: {every} {cannot} ({of_row(row, rule)}): say with --map which columns to take, or export it again"
    )


def _paired(source: Opened) -> bool:
    roles = source.tables[0].roles
    return "end" not in roles and "lifecycle" in roles
