"""What people should know about a delivery before they trust its numbers, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

# Midnights that are recorded as 00:00:00 in this share of a column are dates without a time (records.md 1.4).
MIDNIGHTS = 0.30
# Below this many times a few midnights prove nothing.
MIDNIGHTS_AMONG = 10
# This share of starts in the future means dates that were shifted for privacy.
FUTURE = 0.05


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in one delivery. All counts are of rows."""

    rows: int
    landed: int
    rejected: tuple[tuple[str, int], ...]
    assumed_zone: int
    dates_only: int
    midnight_columns: tuple[str, ...]
    missing_ends: int
    open_ends: int
    inferred: int
    zero_length: int
    dst_gap: int
    dst_fold: int
    future: int
    last_year: int | None


# What each rule found, for one row and for several.
RULES: dict[str, tuple[str, str]] = {
    "patient_empty": ("row has no patient", "rows have no patient"),
    "unit_empty": ("row has no unit", "rows have no unit"),
    "start_empty": ("row has no start", "rows have no start"),
    "start_unreadable": ("row has a start that is not a time", "rows have a start that is not a time"),
    "start_placeholder": ("row has a made-up start such as 1900-01-01", "rows have a made-up start such as 1900-01-01"),
    "end_unreadable": ("row has an end that is not a time", "rows have an end that is not a time"),
    "end_placeholder": ("row has a made-up end such as 1900-01-01", "rows have a made-up end such as 1900-01-01"),
    "end_before_start": ("row ends before it starts", "rows end before they start"),
    "ragged": ("row does not fit the header", "rows do not fit the header"),
    "merged_into_empty": ("row does not say which number stays", "rows do not say which number stays"),
    "link_to_itself": ("row links a number to itself", "rows link a number to itself"),
    "at_unreadable": ("row has a time of merging that is not a time", "rows have a time of merging that is not a time"),
    "at_placeholder": (
        "row has a made-up time of merging such as 9999-12-31",
        "rows have a made-up time of merging such as 9999-12-31",
    ),
    "kind_unknown": ("row is neither a merge nor an unmerge", "rows are neither a merge nor an unmerge"),
    "not_json": ("record is not JSON", "records are not JSON"),
    "not_text": ("record is not UTF-8 text", "records are not UTF-8 text"),
    "too_long": ("record is too long to be one", "records are too long to be one"),
    "type_empty": ("record does not say of what kind it is", "records do not say of what kind they are"),
    "id_empty": ("record has no id", "records have no id"),
    "lifecycle_unknown": ("event is neither a start nor an end", "events are neither a start nor an end"),
    "time_empty": ("row has no time", "rows have no time"),
    "time_unreadable": ("row has a time that is not a time", "rows have a time that is not a time"),
    "time_placeholder": ("row has a made-up time such as 1900-01-01", "rows have a made-up time such as 1900-01-01"),
    "value_unreadable": ("row has a number that is not a number", "rows have a number that is not a number"),
    "number_empty": ("row has no number of its own", "rows have no number of their own"),
    "code_empty": ("row has no code", "rows have no code"),
    "value_empty": ("row has no number", "rows have no number"),
    "not_hl7": ("record is no HL7 v2 message", "records are no HL7 v2 messages"),
    "hl7_damaged": ("message is damaged", "messages are damaged"),
    "hl7_kind_missing": ("message does not say what it is", "messages do not say what they are"),
    "hl7_segment_missing": ("message lacks a segment", "messages lack a segment"),
    "hl7_number_missing": ("message lacks a number", "messages lack a number"),
    "hl7_time_missing": ("message has no time", "messages have no time"),
    "visit_renumbered": ("message gives a visit another number", "messages give a visit another number"),
    "visit_unknown": ("message moves a visit that nobody told of", "messages move a visit that nobody told of"),
    "total_row": ("row is the sum of the others", "rows are the sums of the others"),
}


def shifted(counts: Counts) -> bool:
    """Say whether so many stays start in the future that the dates must have been shifted."""
    return counts.landed > 0 and counts.future >= FUTURE * counts.landed


def sentences(counts: Counts, *, shifted_now: bool) -> tuple[str, ...]:
    """Return what is to be said about a delivery, the weightiest first."""
    said = [f"{_rows(number, *RULES[rule])}: set aside, see rejects" for rule, number in counts.rejected]
    if shifted_now:
        said.append(
            f"dates lie in the future (up to {counts.last_year}): they were shifted for privacy, "
            "so no calendar charts are drawn"
        )
    if counts.assumed_zone:
        said.append("no time zone was named: UTC was assumed; say which with --tz, such as --tz Europe/Amsterdam")
    said += [
        f"30% or more of the {role} times are exactly midnight: they are taken as dates without a time of day"
        for role in counts.midnight_columns
    ]
    said += [f"{_rows(number, one, several)} {rest}".rstrip() for number, one, several, rest in _seen(counts) if number]
    return tuple(said)


def _seen(counts: Counts) -> tuple[tuple[int, str, str, str], ...]:
    return (
        (counts.dates_only, "row has", "rows have", "dates without a time of day: measures in hours leave them out"),
        (counts.missing_ends, "row has no end", "rows have no end", ""),
        (counts.open_ends, "row ends", "rows end", "in a far year such as 9999: taken as still open"),
        (counts.inferred, "row is an event", "rows are events", "with one time only: how long each took is not known"),
        (counts.zero_length, "stay lasts", "stays last", "no time at all: kept and marked"),
        (counts.dst_gap, "row has", "rows have", "a time in the hour that spring skips: moved forward and marked"),
        (counts.dst_fold, "row has", "rows have", "a time in the hour that autumn repeats: order decides which"),
    )


def of_row(row: int, rule: str) -> str:
    """Return what is wrong with one row, without its values: this is said where anybody may read it.

    >>> of_row(7, "start_unreadable"), of_row(1, "not_json")
    ('row 7 has a start that is not a time', 'record 1 is not JSON')
    """
    noun, _, rest = RULES[rule][0].partition(" ")
    return f"{noun} {row:,} {rest}"


def _rows(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
