"""Times of HL7 v2: 4 to 14 digits, a fraction and an offset, read as exactly as they were written.

A time without an offset is read by that of the message's own time (MSH-7), else by the feed's zone, else in UTC, which
is then marked as assumed. Instants are microseconds since 1970 in UTC.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from knitwork.model.tables import FLAGS

_TIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(?:([+-])(\d\d)(\d\d)|(Z))?",
    re.ASCII,
)
# By how many parts were written: a year, a month, a day, an hour, a minute, a second.
_PRECISIONS = ("y", "n", "d", "h", "m", "s")
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
# What is made up, or means open, is no time: the same as in tables (docs/reference/csv.md).
_FIRST_YEAR, _OPEN_YEAR = 1900, 9000
_MADE_UP_DAYS = frozenset(
    dt.date(*day).toordinal() - _EPOCH_DAY
    for day in (
        (2099, 12, 31),
        (2999, 1, 1),
        (2999, 12, 31),
        (3000, 1, 1),
        (3000, 12, 31),
        (4000, 1, 1),
        (4712, 12, 31),
    )
)
_FIRST_DAY = dt.date(1900, 1, 2).toordinal() - _EPOCH_DAY
_FARTHEST_S = 14 * 3600
_SECOND = 1_000_000
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class When:
    """A moment, how exactly it was written (y, n for a month, d, h, m or s), and what was noticed.

    `assumed`: it was read in UTC because nobody named a zone. `flags`: bits of FLAGS in model/tables.py.
    """

    us: int
    precision: str
    assumed: bool
    flags: int

    @property
    def landed_precision(self) -> str:
        """Return s, m or d, as landed rows have it: an hour counts as minutes."""
        return {"s": "s", "m": "m", "h": "m"}.get(self.precision, "d")

    @property
    def to_the_day(self) -> bool:
        """Say whether it names a day at least."""
        return self.precision not in ("y", "n")

    @property
    def has_clock(self) -> bool:
        """Say whether it has a time of day."""
        return self.precision in ("s", "m", "h")


def read_time(text: str, offset_s: int | None = None, zone: str | None = None) -> When | None:
    """Return the moment that `text` names, by its own offset, else `offset_s`, else `zone`; None where it is no time.

    >>> read_time("20240301143000+0100").us
    1709299800000000
    """
    # A longer text is no time, and what was read is kept: sixteen thousand long ones would fill the memory.
    return _read_time(text, offset_s, zone) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1 << 14)
def _read_time(text: str, offset_s: int | None, zone: str | None) -> When | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    *parts, fraction, sign, hours, minutes, zulu = match.groups()
    year, month, day, hour, minute, second = (int(part) if part else None for part in parts)
    written = sum(part is not None for part in parts)
    assert year is not None  # noqa: S101 -- the pattern asks for it
    if not _FIRST_YEAR <= year < _OPEN_YEAR:
        return None
    try:
        days = dt.date(year, month if month is not None else 1, day if day is not None else 1).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    h, m, s = hour or 0, minute or 0, second or 0
    if (h > 23 and (h, m, s) != (24, 0, 0)) or m > 59 or s > 59:
        return None
    if days < _FIRST_DAY or (days in _MADE_UP_DAYS and (h, m) in ((0, 0), (23, 59))):
        return None
    wall_s = days * 86_400 + h * 3600 + m * 60 + s
    us = int(fraction.ljust(6, "0")[:6]) if fraction else 0
    precision = _PRECISIONS[written - 1]
    flags = 0 if written > 3 else FLAGS["date_only"]
    if zulu or sign:
        own = 0 if zulu else (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1)
        if abs(own) > _FARTHEST_S or (sign and int(minutes) > 59):
            return None
        return When((wall_s - own) * _SECOND + us, precision, False, flags)
    if offset_s is not None:
        return When((wall_s - offset_s) * _SECOND + us, precision, False, flags)
    if zone is None:
        return When(wall_s * _SECOND + us, precision, True, flags)
    shift, noticed = _shift(wall_s, zone)
    return When((wall_s - shift) * _SECOND + us, precision, False, flags | noticed)


def offset_of(text: str) -> int | None:
    """Return the offset in seconds that a time carries, None where it has none."""
    match = _TIME.fullmatch(text)
    if match is None or read_time(text) is None:
        return None
    *_, sign, hours, minutes, zulu = match.groups()
    if zulu:
        return 0
    return None if not sign else (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1)


def _shift(wall_s: int, zone: str) -> tuple[int, int]:
    """Return the offset in seconds of a wall time, and what was noticed.

    A time that spring skipped takes the offset before the change, which moves it forward; of two in autumn the first.
    """
    place = ZoneInfo(zone)
    local = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=wall_s)  # noqa: DTZ001 -- the wall's time, not yet an instant
    first = local.replace(tzinfo=place).utcoffset()
    second = local.replace(tzinfo=place, fold=1).utcoffset()
    assert first is not None and second is not None  # noqa: S101 -- a zone always has an offset
    noticed = 0 if first == second else FLAGS["dst_gap"] if first < second else FLAGS["dst_fold_start"]
    return int(first.total_seconds()), noticed
