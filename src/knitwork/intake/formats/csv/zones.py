"""From the time on the wall to an instant, over the two nights a year when that is not one thing.

DuckDB moves a time that never existed (spring) forward, which is what we want, and takes the
second of two (autumn). The first is found by going back and asking whether the wall shows the
same time there.
"""

from __future__ import annotations

# How far clocks are set back: an hour; half an hour on Lord Howe; two at Troll, and in wartime summers.
_SETBACKS = ("30 MINUTES", "1 HOUR", "2 HOURS")


def instant(local: str, zone: str) -> str:
    """Return the SQL of the instant at which clocks in `zone` showed `local`; the second one in autumn."""
    return local if zone == "UTC" else f"timezone('UTC', timezone({quoted(zone)}, {local}))"


def gap(local: str, utc: str, zone: str) -> str:
    """Return the SQL that says whether the clocks of `zone` never showed `local`."""
    if zone == "UTC":
        return "false"
    return f"({_wall(utc, zone)} <> {local})"


def first_fold(local: str, utc: str, zone: str) -> str:
    """Return the SQL of the first instant at which clocks showed `local`, NULL where there is only one."""
    if zone == "UTC":
        return "NULL::TIMESTAMP"
    cases = " ".join(
        f"WHEN {_wall(f'({utc} - INTERVAL {step})', zone)} = {local} THEN {utc} - INTERVAL {step}" for step in _SETBACKS
    )
    return f"CASE {cases} END"


def _wall(utc: str, zone: str) -> str:
    return f"timezone({quoted(zone)}, timezone('UTC', {utc}))"


def quoted(value: str) -> str:
    """Return a value as a SQL text literal."""
    return "'" + value.replace("'", "''") + "'"
