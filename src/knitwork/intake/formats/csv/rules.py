"""From the text of a row to a typed row, or to the rule that it breaks: one SELECT, one pass.

`marks` are bits that are kept beside each row until the whole delivery has been seen; they
are not part of what lands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from knitwork.intake.formats.csv.dates import NO_TIME, Reading, local_time
from knitwork.intake.formats.csv.showing import shown
from knitwork.intake.formats.csv.zones import first_fold, gap, quick_instant, suspect
from knitwork.intake.quality import RULES
from knitwork.model.tables import FLAGS

START_DATE, END_DATE, START_MIDNIGHT, END_MIDNIGHT, START_SECONDS, END_SECONDS, OFFSET = (1 << bit for bit in range(7))

# Years in which systems let a stay end that has not ended. The first, exactly at the ends of a day only:
# dates shifted for privacy really lie there.
OPEN_FROM = "TIMESTAMP '9000-01-01'"
_OPEN_DAYS = "('2099-12-31', '2999-12-31', '2999-01-01', '3000-01-01', '3000-12-31', '4000-01-01', '4712-12-31')"
# A date and a time of day with seconds, and nothing after them.
_PLAIN = "____-__-_____:__:__"
# Earlier starts are defaults of databases and workbooks (0001-01-01, 1753-01-01, 1899-12-30, 1900-01-01).
PLACEHOLDER_BEFORE = "TIMESTAMP '1900-01-02'"

# One byte a row instead of sixteen: ten million rows wait in memory until the whole delivery is judged.
END_KINDS = "ENUM('recorded', 'open', 'missing', 'inferred', 'unknown')"
RULE_NAMES = "ENUM(" + ", ".join(f"'{rule}'" for rule in RULES) + ")"

STARTS = ("start", "begin", "started", "in", "enter", "arrive", "s")
ENDS = ("complete", "end", "stop", "completed", "finished", "out", "leave", "depart", "ate_abort", "c")
# The other transitions of the XES standard: something happens, and nobody comes or goes.
BETWEEN = (
    "event", "schedule", "assign", "reassign", "suspend", "resume", "autoskip", "manualskip", "withdraw", "pi_abort", "unknown",
)  # fmt: skip


def landing(
    raw: str, readings: Mapping[str, Reading], zone: str, *, kept: Sequence[str] = (), placeless: bool = False
) -> str:
    """Return the SELECT that types the rows of `raw`.

    `raw` has "row", patient, unit, visit, start_raw, end_raw, end_kind_raw, lifecycle and instance. Rows without an
    end column are events: each ends when it starts, until events.py pairs them. Columns that are `kept` go along.
    With `placeless` a row needs no unit: an event may have none. A row that breaks a rule keeps its times as they were
    told, in start_said and end_said: `explained` makes a sentence of them.
    """
    single = "end" not in readings
    start = readings["start"]
    end = readings.get("end", Reading("iso"))
    end_kind = (
        "'inferred'"
        if single
        else "CASE WHEN end_us IS NULL AND lower(end_kind_raw) = 'unknown' THEN 'unknown' WHEN open_end THEN 'open' "
        "WHEN end_us IS NULL THEN CASE WHEN lower(end_kind_raw) = 'open' THEN 'open' ELSE 'missing' END "
        "WHEN lower(end_kind_raw) = 'inferred' THEN 'inferred' ELSE 'recorded' END"
    )
    along = "".join(f" {column}," for column in kept)
    gap_bit, fold_start, fold_end = FLAGS["dst_gap"], FLAGS["dst_fold_start"], FLAGS["dst_fold_end"]
    return f"""
    WITH read AS (SELECT *, {said("start_raw")} AS start_text, {said("end_raw")} AS end_text FROM {raw}),
    local AS (SELECT *, {local_time("start_text", start)} AS start_local,
        {local_time("end_text", end)} AS end_local,
        {names_offset("start_text", start)} AS start_offset, {names_offset("end_text", end)} AS end_offset,
        {means_open("end_local")} AS open_end FROM read),
    utc AS (SELECT *,
        CASE WHEN start_offset THEN {cast_us("start_text")} ELSE {quick_instant("start_local", zone)} END AS start_second,
        CASE WHEN open_end THEN NULL WHEN end_offset THEN {cast_us("end_text")}
            ELSE {quick_instant("end_local", zone)} END AS end_second,
        NOT start_offset AND {suspect("start_local", zone)} AS start_suspect,
        NOT end_offset AND {suspect("end_local", zone)} AS end_suspect,
        {_date_only("start_text", start)} AS start_date, {_date_only("end_text", end)} AS end_date FROM local),
    fold AS (SELECT *,
        CASE WHEN start_suspect THEN {first_fold("start_local", "start_second", zone)} END AS start_first,
        CASE WHEN end_suspect THEN {first_fold("end_local", "end_second", zone)} END AS end_first,
        CASE WHEN CASE WHEN start_suspect THEN {gap("start_local", "start_second", zone)} END
            OR CASE WHEN end_suspect THEN {gap("end_local", "end_second", zone)} END THEN {gap_bit} ELSE 0 END
          + CASE WHEN start_first IS NOT NULL THEN {fold_start} ELSE 0 END
          + CASE WHEN end_first IS NOT NULL THEN {fold_end} ELSE 0 END AS night,
        coalesce(start_first, start_second) AS start_us FROM utc),
    ends AS (SELECT *, CASE
            -- A date without a time may end on the day that the start has a time of: the order within it is unknown.
            WHEN (start_date OR end_date) AND end_second < start_us
                AND CAST(end_local AS DATE) = CAST(start_local AS DATE) THEN start_us
            WHEN end_first >= start_us THEN end_first ELSE end_second END AS end_us FROM fold)
    SELECT "row", patient, unit, visit,{" lifecycle, instance, end_kind_raw, pair," if single else ""}{along}
        start_us, {"start_us" if single else "end_us"} AS end_us, {end_kind}::{END_KINDS} AS end_kind,
        night::UTINYINT AS night,
        (CASE WHEN start_date THEN {START_DATE} ELSE 0 END
          + CASE WHEN end_date AND NOT open_end THEN {END_DATE} ELSE 0 END
          + CASE WHEN {_midnight("start_local")} THEN {START_MIDNIGHT} ELSE 0 END
          + CASE WHEN {_midnight("end_local")} AND NOT open_end THEN {END_MIDNIGHT} ELSE 0 END
          + CASE WHEN epoch_us(start_local) % 60000000 <> 0 THEN {START_SECONDS} ELSE 0 END
          + CASE WHEN epoch_us(end_local) % 60000000 <> 0 THEN {END_SECONDS} ELSE 0 END
          + CASE WHEN start_offset THEN {OFFSET} ELSE 0 END)::SMALLINT AS marks,
        CASE WHEN patient IS NULL THEN 'patient_empty'
            {"" if placeless else "WHEN unit IS NULL THEN 'unit_empty'"}
            WHEN start_text IS NULL THEN 'start_empty'
            WHEN start_us IS NULL THEN 'start_unreadable'
            WHEN start_local < {PLACEHOLDER_BEFORE} OR {means_open("start_local")} THEN 'start_placeholder'
            WHEN end_text IS NOT NULL AND end_local IS NULL THEN 'end_unreadable'
            WHEN end_local < {PLACEHOLDER_BEFORE} THEN 'end_placeholder'
            WHEN end_us < start_us THEN 'end_before_start' END::{RULE_NAMES} AS rule,
        CASE WHEN rule IS NOT NULL THEN start_raw END AS start_said, CASE WHEN rule IS NOT NULL THEN end_raw END AS end_said
    FROM ends"""


def explained(typed: str) -> str:
    """Return the SELECT of typed rows with a column `message`, for those that break a rule.

    Apart from the typing: there the engine works the sentences out for every row, which takes two fifths of the time.
    """
    sentence = message("rule", "start_said", "end_said")
    return f"SELECT * EXCLUDE (start_said, end_said), CASE WHEN rule IS NOT NULL THEN {sentence} END AS message FROM {typed}"


def message(rule: str, start: str, end: str) -> str:
    """Return the SQL of the sentence for a row that was set aside: its times as far as they may be shown."""
    s, e = shown(start), shown(end)
    return f"""CASE {rule}
        WHEN 'patient_empty' THEN 'the patient is empty; start ' || {s} || ', end ' || {e}
        WHEN 'unit_empty' THEN 'the unit is empty; start ' || {s} || ', end ' || {e}
        WHEN 'start_empty' THEN 'the start is empty; end ' || {e}
        WHEN 'start_unreadable' THEN 'the start ' || {s} || ' is not a time; end ' || {e}
        WHEN 'start_placeholder' THEN 'the start ' || {s} || ' is a made-up date; end ' || {e}
        WHEN 'end_unreadable' THEN 'the end ' || {e} || ' is not a time; start ' || {s}
        WHEN 'end_placeholder' THEN 'the end ' || {e} || ' is a made-up date; start ' || {s}
        WHEN 'end_before_start' THEN 'the end ' || {e} || ' is before the start ' || {s} END"""


def said(text: str) -> str:
    """Take the words that mean 'no time' as empty; the first character rules them out quickly."""
    words = ", ".join(f"'{word}'" for word in NO_TIME)
    return f"CASE WHEN {text} BETWEEN '0' AND ':' OR upper({text}) NOT IN ({words}) THEN {text} END"


def names_offset(text: str, reading: Reading) -> str:
    """Say whether the text names its own offset; only ISO 8601 does."""
    if reading.family != "iso":
        return f"CASE WHEN {text} IS NOT NULL THEN false END"
    # After the time of day a letter or a sign belongs to the zone. No pattern: this runs for every row.
    signed = f"contains({text}, '+') OR contains(right({text}, 6), '-') OR right({text}, 1) > '9'"
    plain = f"{text} LIKE '{_PLAIN}' OR length({text}) <= 16"
    return f"CASE WHEN {plain} THEN false WHEN suffix({text}, 'Z') THEN true ELSE {signed} END"


def cast_us(text: str) -> str:
    """Return the SQL of the microsecond of a text that names its own offset."""
    # Without an offset this would ask the calendar of the session; with one it takes as long as a cast to local time.
    return f"epoch_us(try_cast({text} AS TIMESTAMPTZ))"


def means_open(local: str) -> str:
    clock = f"CAST({local} AS TIME) IN (TIME '00:00:00', TIME '23:59:00', TIME '23:59:59')"
    return (
        f"CASE WHEN {local} < TIMESTAMP '2099-12-31' THEN false "
        f"ELSE {local} >= {OPEN_FROM} OR ({clock} AND CAST({local} AS DATE) IN {_OPEN_DAYS}) END"
    )


def _date_only(text: str, reading: Reading) -> str:
    """Say whether a text has no time of day."""
    if reading.family == "compact":
        return f"(length({text}) = 8)"
    return f"NOT contains({text}, '{'.' if reading.family == 'serial' else ':'}')"


def _midnight(local: str) -> str:
    return f"epoch_us({local}) % 86400000000 = 0"
