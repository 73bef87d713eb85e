"""What `make bench` prints: one line a number, beside what was wanted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One row of the report."""

    what: str
    wall_s: float | None
    cpu_s: float | None
    peak_mb: float | None
    wanted: str
    verdict: str


def within(value: float, limit: float, unit: str) -> str:
    """Say whether a number was reached, or by how much it was missed."""
    if value <= limit:
        return f"reached: {value:.3g} {unit}"
    return f"missed by {100 * (value / limit - 1):.0f}%: {value:.3g} against {limit:g} {unit}"


def at_least(rate: float, wanted: float, what: str) -> str:
    """Say whether a rate was reached, or by how much it was missed."""
    if rate >= wanted:
        return f"reached: {rate:,.0f} {what} a second"
    return f"missed by {100 * (1 - rate / wanted):.0f}%: {rate:,.0f} against {wanted:,.0f} {what} a second"
