"""Short ways to write messages down for the tests of the fold."""

from __future__ import annotations

from itertools import count
from typing import Any

from knitwork.intake.fold import Folded, Move

MINUTE = 60_000_000
_numbers = count(1)


def minutes(clock: str | None) -> int | None:
    """Return microseconds of a clock time such as 08:30 or 2+08:30, two days later."""
    if clock is None:
        return None
    days, _, time = clock.rpartition("+")
    hours, _, rest = time.partition(":")
    return (int(days or 0) * 1440 + int(hours) * 60 + int(rest)) * MINUTE


def say(event: str, at: str | None, unit: str | None = None, *, said: str | None = None, **more: Any) -> Move:
    """Return one message; it was said when it happened unless `said` is another time."""
    number = next(_numbers)
    fields: dict[str, Any] = {"message": f"m{number:06d}", "patient": "P1", "visit": "V1", "control": str(number)}
    for name in ("admit_us", "discharge_us", "recorded_us"):
        if name in more:
            more[name] = minutes(more[name])
    return Move(
        **{**fields, "event": event, "at_us": minutes(at), "said_us": minutes(said or at), "unit": unit, **more}
    )


def clock(us: int | None) -> str:
    """Return microseconds as a clock time; a later day is written 1+08:00, and no time as -."""
    if us is None:
        return "-"
    days, rest = divmod(us // MINUTE, 1440)
    return (f"{days}+" if days else "") + f"{rest // 60:02d}:{rest % 60:02d}"


def drawn(folded: Folded) -> list[str]:
    """Return the stays as lines: ED 08:00 10:00, with the kind of end where it is not recorded, and leave."""
    return [
        f"{s.unit} {clock(s.start_us)} {clock(s.end_us)}"
        + ("" if s.end_kind == "recorded" else f" {s.end_kind}")
        + (" leave" if s.leave else "")
        for s in folded.stays
    ]
