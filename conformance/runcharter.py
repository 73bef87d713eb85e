"""Cases of runcharter: medians based anew at each run, by group."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

from conformance.calls import argument, bound, find
from conformance.case import Case, Row
from conformance.compare import Compared
from conformance.frame import Frame, column, table
from conformance.rows import as_label
from conformance.tree import CannotRead
from knitwork.signals import Series
from knitwork.signals.suggest import Median, rebase_medians

FORMALS = ("df", "med_rows", "runlength", "direction", "datecol", "grpvar", "yval")
SIDES: dict[str, Literal["high", "low", "both"]] = {"above": "high", "below": "low", "both": "both"}
Key = tuple[str, str, str]


def check(case: Case) -> Compared:
    """Compare the medians and the dates that they were taken from, run by run."""
    compared = Compared(case.rel_tol)
    given = bound(find(case.statements, "runcharter"), FORMALS)
    for name in ("datecol", "grpvar", "yval"):
        if name not in given:
            raise CannotRead(f"runcharter() without {name}")
    direction = argument(given, "direction")
    if direction not in SIDES:
        raise CannotRead(f"direction = {direction!r}")
    baseline, shift = int(argument(given, "med_rows", 13)), int(argument(given, "runlength", 9))
    group = getattr(given["grpvar"], "text", given["grpvar"])
    ours: dict[Key, tuple[Median, str, str | None]] = {}
    for name, (labels, values) in _groups(table(given, "df", case.input), given, str(group)).items():
        medians = rebase_medians(
            Series(labels=labels, values=values), baseline=baseline, shift=shift, side=SIDES[direction]
        )
        for place, one in enumerate(medians):
            kind = "sustained" if place else "baseline"
            # The last median of a group is extended to the last date of all groups, which ours knows nothing of.
            until = labels[one.until] if place + 1 < len(medians) else None
            ours[name, labels[one.start], kind] = one, labels[one.end], until
            compared.row()
    theirs: dict[Key, Row] = {(row[str(group)], row["start_date"], row["run_type"]): row for row in case.expected}
    for key in sorted(ours.keys() | theirs.keys()):
        compared.same("run", " ".join(key), key in ours, key in theirs)
        if key in ours and key in theirs:
            median, end, until = ours[key]
            compared.number("median", " ".join(key), median.value, theirs[key]["median"])
            compared.same("end_date", " ".join(key), end, theirs[key]["end_date"])
            if until is not None:
                compared.same("extend_to", " ".join(key), until, theirs[key]["extend_to"])
    return compared


def _groups(frame: Frame, given: dict[str, Any], group: str) -> dict[str, tuple[tuple[str, ...], tuple[Any, ...]]]:
    dates, values = column(given["datecol"], frame), column(given["yval"], frame)
    found: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for name, date, value in zip(frame.texts(group), dates, values, strict=True):
        found[name].append((as_label(date), value))
    return {name: tuple(zip(*sorted(some, key=lambda one: one[0]), strict=True)) for name, some in found.items()}  # type: ignore[misc]
