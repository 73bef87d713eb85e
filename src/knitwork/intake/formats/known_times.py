"""From the text of the moments of a row to instants, for tables of a model that is known: one SELECT, one pass.

The models write their times in ISO 8601. A local time without an offset is read by the feed's zone, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from knitwork.intake.formats.csv.dates import ISO, local_time
from knitwork.intake.formats.csv.rules import PLACEHOLDER_BEFORE, cast_us, means_open, names_offset, said
from knitwork.intake.formats.csv.zones import first_fold, gap, quick_instant, suspect
from knitwork.model.tables import FLAGS


def read_moments(raw: str, moments: Mapping[str, str], zone: str) -> str:
    """Return the SELECT of `raw` with its moments read.

    `moments` says of each in which SQL text it stands. For a moment `m` the rows get `m_raw`, `m_us`, `m_day` (no time
    of day was written), `m_midnight`, `m_naive` (no offset was written), `m_bad` (what is wrong with it: unreadable,
    placeholder or nothing) and `m_open` (a far date that means "not yet"). Moments called start and end are the ends
    of a stay: then rows get `night` too, the bits of FLAGS for the two nights on which clocks change.
    """
    stay = {"start", "end"} <= moments.keys()
    if not moments:
        return raw
    steps = (
        [f"({sql}) AS {m}_raw" for m, sql in moments.items()],
        [f"{said(f'{m}_raw')} AS {m}_text" for m in moments],
        [_local(m) for m in moments],
        [_utc(m, zone) for m in moments],
        [_folded(m, zone) for m in moments],
    )
    chain = ", ".join(f"t{n} AS (SELECT *, {', '.join(step)} FROM t{n - 1})" for n, step in enumerate(steps, 1))
    cells = [_done(m) for m in moments]
    if stay:
        cells += [f"{_end_us()} AS stay_end_us", f"{_night()} AS night"]
    last = ", ".join(["*", *cells])
    return f"(WITH t0 AS (SELECT * FROM {raw}), {chain} SELECT {last} FROM t{len(steps)})"


def _local(m: str) -> str:
    text = f"{m}_text"
    return f"{local_time(text, ISO)} AS {m}_local, coalesce({names_offset(text, ISO)}, false) AS {m}_offset"


def _utc(m: str, zone: str) -> str:
    return f"""CASE WHEN {m}_offset THEN {cast_us(f"{m}_text")} ELSE {quick_instant(f"{m}_local", zone)} END AS {m}_second,
        coalesce({means_open(f"{m}_local")}, false) AS {m}_open,
        NOT {m}_offset AND {suspect(f"{m}_local", zone)} AS {m}_suspect"""


def _folded(m: str, zone: str) -> str:
    local, second = f"{m}_local", f"{m}_second"
    return f"""CASE WHEN {m}_suspect THEN {first_fold(local, second, zone)} END AS {m}_first,
        coalesce(CASE WHEN {m}_suspect THEN {gap(local, second, zone)} END, false) AS {m}_gap"""


def _done(m: str) -> str:
    return f"""CASE WHEN NOT {m}_open THEN coalesce({m}_first, {m}_second) END AS {m}_us,
        coalesce(NOT contains({m}_text, ':'), false) AS {m}_day,
        coalesce(contains({m}_text, ':') AND epoch_us({m}_local) % 86400000000 = 0, false) AS {m}_midnight,
        {m}_text IS NOT NULL AND NOT {m}_offset AS {m}_naive,
        CASE WHEN {m}_text IS NOT NULL AND {m}_second IS NULL THEN 'unreadable'
            WHEN {m}_local < {PLACEHOLDER_BEFORE} THEN 'placeholder' END AS {m}_bad"""


def _end_us() -> str:
    """Return the SQL of the end of a stay: of two autumn hours the one that keeps the order."""
    return """CASE WHEN end_open THEN NULL
        -- A date without a time may end on the day that the start has a time of: the order within it is unknown.
        WHEN (start_day OR end_day) AND end_second < start_us AND CAST(end_local AS DATE) = CAST(start_local AS DATE)
            THEN start_us
        WHEN end_first >= start_us THEN end_first ELSE end_second END"""


def _night() -> str:
    return f"""(CASE WHEN start_gap OR end_gap THEN {FLAGS["dst_gap"]} ELSE 0 END
        + CASE WHEN start_first IS NOT NULL THEN {FLAGS["dst_fold_start"]} ELSE 0 END
        + CASE WHEN end_first IS NOT NULL THEN {FLAGS["dst_fold_end"]} ELSE 0 END)"""
