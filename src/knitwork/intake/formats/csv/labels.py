"""Labels that are likely the same: written with other capitals or spaces, or misspelled."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knitwork.intake.formats.csv.columns import plain

# A misspelling is rare, and what it stands for is not.
RARE, FREQUENT = 0.10, 5
# Shorter words differ by design: ICU and CCU, Release A and Release E.
SHORTEST, LONG = 5, 8
# With more labels than this they are no names of activities.
MOST = 2_000


def likely_meant(counts: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """Return for each suspicious label what is likely meant, and why: `case` or `spelling`.

    >>> likely_meant({"Triage": 14, "Trage": 1, "triage": 2, "Release A": 90, "Release E": 1})
    {'triage': ('Triage', 'case'), 'Trage': ('Triage', 'spelling')}
    """
    if len(counts) > MOST:
        return {}
    found: dict[str, tuple[str, str]] = {}
    leaders: dict[str, str] = {}
    ordered = sorted(counts, key=lambda label: (-counts[label], label))
    for label in ordered:
        same = leaders.setdefault(plain(label), label)
        if same != label:
            found[label] = (same, "case")
    frequent = [label for label in leaders.values() if counts[label] >= FREQUENT]
    for label in leaders.values():
        meant = next((f for f in frequent if counts[label] <= RARE * counts[f] and _misspelled(label, f)), None)
        if meant:
            found[label] = (meant, "spelling")
    return found


def _misspelled(label: str, meant: str) -> bool:
    """Say whether one word of letters differs by one mistake, or by two in a long word, and nothing else does."""
    ours, theirs = (re.findall(r"\w+", text.casefold()) for text in (label, meant))
    if len(ours) != len(theirs):
        return False
    differing = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    if len(differing) != 1:
        return False
    a, b = differing[0]
    if not (a.isalpha() and b.isalpha()) or min(len(a), len(b)) < SHORTEST:
        return False
    return mistakes(a, b) <= (2 if min(len(a), len(b)) >= LONG else 1)


def mistakes(a: str, b: str) -> int:
    """Count the letters added, left out, changed, or swapped with their neighbour.

    >>> mistakes("traige", "triage")
    1
    """
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
