"""Schema drift: how a delivery differs from what its feed sent before, in its columns, its units and its codes.

Deliveries are compared in the order of what they speak of (their time of extraction, else the moments in them), not of
their arrival, and a file only with an earlier one of the same make: a feed may bring files of several kinds.
What has drifted is worked out when it is asked for and never kept.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from knitwork.draw.periods import gettext_noop
from knitwork.home.quality.cadence import microseconds

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

Kind = Literal["added", "gone", "renamed", "retyped", "units", "scale", "codes"]
Columns = Sequence[tuple[str, str]]

# Files that share fewer of their columns are of different makes and not compared.
ALIKE = 1 / 3
# Names are alike from here on (difflib's ratio of matching letters).
NAMES_ALIKE = 0.6
# A change of unit multiplies every value by one of these; between two deliveries much else differs a little too.
FACTORS = (60.0, 24.0, 1000.0, 3600.0)
NEAR = 1.3
ENOUGH_VALUES = 30
# So many new codes are named; of the others it is said how many.
CODES_NAMED = 5

TEXTS: Mapping[str, str] = {
    "added": gettext_noop("the column '%(now)s' is new"),
    "gone": gettext_noop("the column '%(was)s' is gone"),
    "renamed": gettext_noop("the column '%(was)s' is gone and '%(now)s' looks like its new name"),
    "retyped": gettext_noop("the column '%(column)s' held %(was)s and now holds %(now)s"),
    "units": gettext_noop(
        "the values of %(column)s are about %(factor)s times as large as before: it looks like %(was)s became %(now)s"
    ),
    "units_down": gettext_noop(
        "the values of %(column)s are about %(factor)s times smaller than before: it looks like %(was)s became %(now)s"
    ),
    "scale": gettext_noop("the values of %(column)s are about %(factor)s times as large as before: look at their unit"),
    "scale_down": gettext_noop(
        "the values of %(column)s are about %(factor)s times smaller than before: look at their unit"
    ),
    "codes": gettext_noop("units that never came before: %(now)s, in %(share)s%% of the rows"),
}
# From which unit to which a factor leads, where values grow; the other way round where they shrink.
UNITS: Mapping[float, tuple[str, str]] = {
    60.0: (gettext_noop("hours"), gettext_noop("minutes")),
    24.0: (gettext_noop("days"), gettext_noop("hours")),
    3600.0: (gettext_noop("hours"), gettext_noop("seconds")),
}
TYPES: Mapping[str, str] = {
    "text": gettext_noop("text"),
    "number": gettext_noop("numbers"),
    "time": gettext_noop("times"),
}
LENGTHS = gettext_noop("the lengths of stays")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing in which a delivery differs from an earlier one of its feed (`before`, by its file's name).

    `share` is that of its rows with new codes, `factor` by how much values grew, both 0 elsewhere. `more` are codes
    beyond those that `now` names.
    """

    kind: Kind
    feed: str
    delivery: str
    name: str
    before: str
    column: str = ""
    was: str = ""
    now: str = ""
    factor: float = 0.0
    share: float = 0.0
    more: int = 0

    @property
    def text(self) -> str:
        """Return which of TEXTS says it."""
        return f"{self.kind}_down" if self.kind in ("units", "scale") and self.factor < 1 else self.kind


def sentence(change: Change) -> str:
    """Say a change in English, as the notes of a load are."""
    return TEXTS[change.text] % places(change)


def places(change: Change, translate: Any = str) -> dict[str, str]:
    """Return what stands at the places of a change's text; units, types and counts go through `translate`."""
    factor = change.factor if change.factor >= 1 or not change.factor else 1 / change.factor
    now = change.now + (f" +{change.more}" if change.more else "")
    plain = {"column": change.column, "was": change.was, "now": now}
    if change.kind in ("retyped", "units"):
        plain |= {name: translate(TYPES.get(word, word)) for name, word in (("was", change.was), ("now", change.now))}
    if change.kind in ("units", "scale"):
        plain["column"] = translate(change.column)
    return plain | {
        "factor": f"{factor:.0f}",
        "share": f"{100 * change.share:.0f}" if change.share >= 0.01 else "under 1",
    }


def in_order(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return deliveries of one feed in the order of what they speak of.

    That is the order of extraction where all name it, else of their first and last moments; of those that speak of no
    time, such as lists of places, the order of arrival.
    """
    extracted = all(one.get("extracted_at") for one in entries)

    def place(one: Mapping[str, Any]) -> tuple[int, int, str]:
        if extracted:
            return (microseconds(str(one["extracted_at"])), 0, str(one["delivery"]))
        came = microseconds(str(one["received_at"]))
        first, last = one.get("first_us"), one.get("last_us")
        return (came if first is None else int(first), came if last is None else int(last), str(one["delivery"]))

    return sorted(entries, key=place)


def alike(one: Columns, other: Columns) -> float:
    """Return which part of the columns of two files have the same name, 0 to 1."""
    names, others = {name for name, _ in one}, {name for name, _ in other}
    return len(names & others) / max(1, min(len(names), len(others)))


def compared(earlier: Columns, now: Columns) -> list[tuple[Kind, str, str, str]]:
    """Return how columns changed as (kind, column, was, now).

    A column is renamed where one is gone and another stands in its place with the same type, or has much the same name.

    >>> compared([("mrn", "text"), ("los", "number")], [("mrn", "text"), ("los_min", "number"), ("bed", "text")])
    [('renamed', 'los', 'los', 'los_min'), ('added', 'bed', '', 'bed')]
    """
    was, types = dict(earlier), dict(now)
    gone = [name for name, _ in earlier if name not in types]
    added = [name for name, _ in now if name not in was]
    found: list[tuple[Kind, str, str, str]] = []
    for name in list(gone):
        new = new_name(name, was[name], [(one, types[one]) for one in added], neighbours(earlier, name), now)
        if new is not None:
            found.append(("renamed", name, name, new))
            gone.remove(name)
            added.remove(new)
    found += [("gone", name, name, "") for name in gone]
    found += [("added", name, "", name) for name in added]
    found += [
        ("retyped", name, was[name], types[name])
        for name in was
        if name in types and was[name] and types[name] and was[name] != types[name]
    ]
    return found


def neighbours(columns: Columns, name: str) -> tuple[str, str]:
    """Return the names that stand before and after a column, empty at either end."""
    names = ["", *(one for one, _ in columns), ""]
    at = names.index(name)
    return names[at - 1], names[at + 1]


def new_name(name: str, kind: str, added: Columns, beside: tuple[str, str], now: Columns) -> str | None:
    """Return which of the columns that are new looks like the new name of one that is gone; None where none does."""
    fitting = [one for one, its in added if not kind or not its or its == kind]
    close = difflib.get_close_matches(name.casefold(), [one.casefold() for one in fitting], n=1, cutoff=NAMES_ALIKE)
    if close:
        return next(one for one in fitting if one.casefold() == close[0])
    there = [one for one in fitting if neighbours(now, one) == beside]
    return there[0] if len(there) == 1 else None


def of_columns(entries: Sequence[Mapping[str, Any]]) -> list[Change]:
    """Return how the columns of each delivery of one feed differ from those of the one before it of the same make."""
    found: list[Change] = []
    before: list[Mapping[str, Any]] = []
    for one in in_order([entry for entry in entries if entry.get("columns")]):
        now = [(str(name), str(kind)) for name, kind in one["columns"]]
        same = [
            earlier for earlier in before
            if earlier.get("format") == one.get("format") and alike(_columns(earlier), now) >= ALIKE
        ]  # fmt: skip
        if same:
            found += [
                Change(
                    kind,
                    str(one["feed"]),
                    str(one["delivery"]),
                    str(one["name"]),
                    str(same[-1]["name"]),
                    column,
                    old,
                    new,
                )
                for kind, column, old, new in compared(_columns(same[-1]), now)
            ]
        before.append(one)
    return found


def _columns(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(name), str(kind)) for name, kind in entry["columns"]]


@dataclass(frozen=True, slots=True)
class Spread:
    """The quartiles of some values of one delivery, and how many there are."""

    n: int
    low: float
    middle: float
    high: float


def grown(before: Spread, now: Spread) -> float | None:
    """Return the factor by which values grew where all quartiles tell the same one of FACTORS; None where they do not.

    >>> grown(Spread(100, 1, 2, 4), Spread(90, 58, 125, 250))
    60.0
    """
    pairs = ((before.low, now.low), (before.middle, now.middle), (before.high, now.high))
    if min(before.n, now.n) < ENOUGH_VALUES or any(one <= 0 or other <= 0 for one, other in pairs):
        return None
    ratios = [other / one for one, other in pairs]
    for factor in (*FACTORS, *(1 / one for one in FACTORS)):
        if all(abs(math.log(ratio / factor)) <= math.log(NEAR) for ratio in ratios):
            return factor
    return None


def of_values(entries: Sequence[Mapping[str, Any]], spreads: Mapping[tuple[str, str], Spread]) -> list[Change]:
    """Return where values of one feed grew or shrank as a change of unit makes them.

    `spreads` holds, by delivery and by what is measured, the quartiles.
    """
    found: list[Change] = []
    last: dict[str, tuple[Mapping[str, Any], Spread]] = {}
    for one in in_order(entries):
        delivery = str(one["delivery"])
        for (whose, what), spread in sorted(spreads.items()):
            if whose != delivery or spread.n < ENOUGH_VALUES:
                continue
            earlier = last.get(what)
            factor = grown(earlier[1], spread) if earlier else None
            if earlier and factor:
                found.append(_unit_change(one, earlier[0], what, factor))
            last[what] = (one, spread)
    return found


def _unit_change(one: Mapping[str, Any], before: Mapping[str, Any], what: str, factor: float) -> Change:
    ends = UNITS.get(round(factor if factor > 1 else 1 / factor))
    if ends is not None and factor < 1:
        ends = ends[::-1]
    return Change(
        "units" if ends else "scale", str(one["feed"]), str(one["delivery"]), str(one["name"]), str(before["name"]), what,
        *(ends or ("", "")), factor=factor,
    )  # fmt: skip


# Of every delivery the quartiles of what it measures; `{0}` is the table and `{1}` what is measured, in words.
_LENGTHS = f"""
SELECT feed::VARCHAR AS feed, delivery, '{LENGTHS}' AS what, count(*) AS n,
       quantile_cont((end_us - start_us)::DOUBLE, [0.25, 0.5, 0.75]) AS quartiles
FROM {{landed}} WHERE end_kind = 'recorded' AND end_us > start_us GROUP BY ALL
"""
_VALUES = f"""
SELECT feed::VARCHAR AS feed, delivery, kind || ' ' || coalesce(code, '') AS what, count(*) AS n,
       quantile_cont(value, [0.25, 0.5, 0.75]) AS quartiles
FROM {{landed_fact}} WHERE value IS NOT NULL GROUP BY ALL HAVING count(*) >= {ENOUGH_VALUES}
"""
_EVENTS = f"""
SELECT feed::VARCHAR AS feed, delivery, type AS what, count(*) AS n,
       quantile_cont(value, [0.25, 0.5, 0.75]) AS quartiles
FROM {{landed_event}} WHERE value IS NOT NULL GROUP BY ALL HAVING count(*) >= {ENOUGH_VALUES}
"""
_ASKED = {"landed": _LENGTHS, "landed_fact": _VALUES, "landed_event": _EVENTS}
# The rows of each delivery by unit.
_CODES = "SELECT feed::VARCHAR AS feed, delivery, unit::VARCHAR AS unit, count(*) AS n FROM {%s} WHERE unit IS NOT NULL GROUP BY ALL"
# What names the units that patients were in: stays, and the messages of moves.
_PLACED = ("landed", "landed_move")


def of_codes(entries: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[Change]:
    """Return which unit codes of each later delivery of one feed had never come before, and the share of its rows."""
    by_delivery: dict[str, dict[str, int]] = {}
    for row in rows:
        by_delivery.setdefault(str(row["delivery"]), {})[str(row["unit"])] = int(row["n"])
    known: set[str] = set()
    found, before = [], None
    for one in in_order(entries):
        mine = by_delivery.get(str(one["delivery"]))
        if not mine:
            continue
        new = sorted((code for code in mine if code not in known), key=lambda code: (-mine[code], code))
        if before is not None and new:
            share = sum(mine[code] for code in new) / sum(mine.values())
            found.append(
                Change(
                    "codes", str(one["feed"]), str(one["delivery"]), str(one["name"]), str(before["name"]),
                    now=", ".join(new[:CODES_NAMED]), share=share, more=max(0, len(new) - CODES_NAMED),
                )
            )  # fmt: skip
        known |= mine.keys()
        before = one
    return found


def drift(answers: Answers) -> dict[str, list[Change]]:
    """Return what drifted in each feed, delivery by delivery, the oldest first. Reads landed rows: keep it."""
    by_feed: dict[str, list[Mapping[str, Any]]] = {}
    for entry in answers.manifest.landed.values():
        by_feed.setdefault(str(entry["feed"]), []).append(entry)
    several = {feed: mine for feed, mine in by_feed.items() if len(mine) > 1}
    if not several:
        return {}
    spreads: dict[str, dict[tuple[str, str], Spread]] = {}
    for table, sql in _ASKED.items():
        if answers.manifest.of(table):
            for row in answers.rows(sql):
                key = (str(row["delivery"]), str(row["what"]).strip())
                spreads.setdefault(row["feed"], {})[key] = Spread(row["n"], *row["quartiles"])
    codes: dict[str, list[Row]] = {}
    for table in _PLACED:
        for row in answers.rows(_CODES % table) if answers.manifest.of(table) else []:
            codes.setdefault(row["feed"], []).append(row)
    found = {}
    for feed, mine in several.items():
        changes = [
            *of_columns(mine), *of_values(mine, spreads.get(feed, {})), *of_codes(mine, codes.get(feed, [])),
        ]  # fmt: skip
        order = {str(one["delivery"]): at for at, one in enumerate(in_order(mine))}
        if changes:
            found[feed] = sorted(changes, key=lambda change: order[change.delivery])
    return found
