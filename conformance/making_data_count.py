"""Cases of NHSRplotthedots: ptd_spc(), the rules and icons of Making Data Count."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, Literal

from conformance import defects
from conformance.calls import argument, bound, constant, find
from conformance.case import Case, Row, number, true
from conformance.compare import Compared
from conformance.frame import Frame, column, table
from conformance.rows import as_label, in_order
from conformance.tree import Call, CannotRead, Name, Node
from knitwork.signals import Evaluation, Series, Signal, Spec, evaluate
from knitwork.signals.panel import SAME
from knitwork.signals.spec import Phase

FORMALS = (
    ".data", "value_field", "date_field", "facet_field", "rebase", "fix_after_n_points", "improvement_direction",
    "target", "trajectory", "screen_outliers",
)  # fmt: skip
DIRECTIONS: dict[str, Literal["up", "down", "neither"]] = {"increase": "up", "decrease": "down", "neutral": "neither"}
# It multiplies the mean moving range by 2.66 itself, where others divide 3 by 1.128.
D2_FOR_2_66 = 3 / 2.66
# Its names for our rules, in the order in which one of them names a point.
SPECIAL = {
    ("beyond_limits", "high"): "Above UCL",
    ("beyond_limits", "low"): "Below LCL",
    ("trend_7_unequal", "high"): "7 Point Trend (Increasing)",
    ("trend_7_unequal", "low"): "7 Point Trend (Decreasing)",
    ("two_of_three_inside", "high"): "2 in 3 Above CL",
    ("two_of_three_inside", "low"): "2 in 3 Below CL",
    ("shift_7", "high"): "7 Points Above CL",
    ("shift_7", "low"): "7 Points Below CL",
}
VERDICTS = {"better": "special_cause_improvement", "worse": "special_cause_concern"}
ASSURANCE = {"pass": "consistent_pass", "fail": "consistent_fail", "hit_or_miss": "inconsistent"}


@dataclass(frozen=True)
class Asked:
    """What a call of ptd_spc() asks for; rebases and targets by facet, "" for all."""

    spec: Spec
    value: Node
    date: Node
    facet: str | None
    fix: int | None
    rebase: dict[str, tuple[str, ...]]
    target: dict[str, float]
    trajectory: Node | None


def check(case: Case) -> Compared:
    """Compare every number, flag and icon of a case."""
    compared = Compared(case.rel_tol)
    ask = asked(case)
    frame = table(bound(find(case.statements, "ptd_spc"), FORMALS), ".data", case.input)
    places: dict[str, list[int]] = defaultdict(list)
    facets = frame.texts(ask.facet) if ask.facet else ["no facet"] * len(frame)
    for place, facet in enumerate(facets):
        places[facet].append(place)
    wanted: dict[str, list[Row]] = defaultdict(list)
    for row in case.expected:
        wanted[row.get("f") or "no facet"].append(row)
    summary: dict[str, list[Row]] = defaultdict(list)
    for row in case.summary:
        summary[row.get("f") or "no facet"].append(row)
    compared.same("facets", "all", len(places), len(wanted))
    for facet, some in places.items():
        series, spec = _series(ask, frame, some, facet)
        ours = evaluate(series, spec)
        theirs = wanted.get(facet, [])
        compared.same("points", facet, len(ours), len(theirs))
        if len(ours) == len(theirs):
            types = _points(ours, theirs, compared, facet)
            _summary(ours, series, types, summary.get(facet, []), compared, facet)
    return compared


def asked(case: Case) -> Asked:
    """Read what ptd_spc() was asked."""
    given = bound(find(case.statements, "ptd_spc"), FORMALS)
    direction = argument(given, "improvement_direction", "increase")
    if direction not in DIRECTIONS:
        raise CannotRead(f"improvement_direction = {direction!r}")
    facet = given.get("facet_field")
    fix = argument(given, "fix_after_n_points")
    return Asked(
        spec=Spec(
            chart="xmr",
            direction=DIRECTIONS[direction],
            rules=("mdc_legacy",),
            limits="all",
            d2=D2_FOR_2_66,
            sigma="mr_screened_once" if argument(given, "screen_outliers", True) else "mr",
        ),
        value=given["value_field"],
        date=given["date_field"],
        facet=_name(facet) if facet is not None else None,
        fix=None if fix is None else int(fix),
        rebase={name: tuple(map(str, dates)) for name, dates in _by_facet(given.get("rebase")).items()},
        target={name: float(values[-1]) for name, values in _by_facet(given.get("target")).items()},
        trajectory=given.get("trajectory"),
    )


def _name(node: Node) -> str:
    if isinstance(node, Name):
        return node.text
    if isinstance(node, str):
        return node
    raise CannotRead("a column that is no name")


def _by_facet(node: Node | None) -> dict[str, list[Any]]:
    """Return the values of ptd_rebase(), ptd_target() or a plain value, by the name of the facet."""
    if node is None:
        return {}
    arguments = node.arguments if isinstance(node, Call) and node.function.startswith("ptd_") else ((None, node),)
    found: dict[str, list[Any]] = defaultdict(list)
    for name, part in arguments:
        said = constant(part)
        if isinstance(said, dict):
            for key, one in said.items():
                found[key or ""].append(one)
        elif said is not None:
            found[name or ""].extend(said if isinstance(said, list) else [said])
    return found


def _series(ask: Asked, frame: Frame, some: list[int], facet: str) -> tuple[Series, Spec]:
    labels = [as_label(one) for one in column(ask.date, frame)]
    values = column(ask.value, frame)
    lines = column(ask.trajectory, frame) if ask.trajectory is not None else [None] * len(frame)
    at = {labels[place]: place for place in some}
    order = in_order([labels[place] for place in some])
    series = Series(labels=tuple(order), values=tuple(values[at[label]] for label in order))
    starts = [one for one in (*ask.rebase.get("", ()), *ask.rebase.get(facet, ())) if one > order[0]]
    spec = replace(
        ask.spec,
        phases=tuple(Phase(start=one) for one in dict.fromkeys(starts) if one <= order[-1]),
        target=ask.target.get(facet, ask.target.get("")),
        trajectory=tuple((label, float(line)) for label in order if (line := lines[at[label]]) is not None),
    )
    if ask.fix is not None:
        spec = _fixed(ask.fix, series, spec)
    return series, spec


def _fixed(fix: int, series: Series, spec: Spec) -> Spec:
    """Let the first rows of each phase set its limits, as many of them as have a value."""

    def useful(first: int, after: int) -> int:
        return max(sum(value is not None for value in (series.values or ())[first : min(first + fix, after)]), 2)

    starts = [series.position_of(phase.start) or 0 for phase in spec.phases]
    edges = [0, *sorted(starts), len(series)]
    phases = tuple(
        replace(phase, limits=useful(at, edges[edges.index(at) + 1]))
        for phase, at in zip(spec.phases, starts, strict=True)
    )
    return replace(spec, limits=useful(0, edges[1]), phases=phases)


def _points(ours: Evaluation, theirs: list[Row], compared: Compared, facet: str) -> list[str]:
    """Compare each point; return what our record makes each of them, in the tool's words."""
    types = []
    for point, row in zip(ours.points, theirs, strict=True):
        where = f"{facet} {point.label}"
        compared.row()
        compared.same("x", where, point.label, row["x"])
        for name, value in (("y", point.value), ("mean_col", point.centre), ("lpl", point.lower), ("upl", point.upper)):
            compared.number(name, where, value, row[name])
        compared.same("rebase_group", where, point.phase, int(number(row["rebase_group"]) or 0))
        compared.number("target", where, ours.target, row.get("target"))
        compared.number("trajectory", where, point.trajectory, row.get("trajectory"))
        found = _found(ours, point.position)
        side = _side(point.value, point.centre)
        outside = point.value is not None and bool(found.keys() & {("beyond_limits", "high"), ("beyond_limits", "low")})
        compared.same("outside_limits", where, outside, true(row["outside_limits"]))
        compared.number("relative_to_mean", where, side, row["relative_to_mean"])
        compared.same("close_to_limits", where, _close(point, outside), true(row["close_to_limits"]))
        cause = next((key for key in SPECIAL if key in found), None)
        compared.same(
            "special_cause_type", where, SPECIAL[cause] if cause else "Common Cause", row["special_cause_type"]
        )
        compared.same("special_cause_flag", where, cause is not None, true(row["special_cause_flag"]))
        types.append(_type(found[cause].verdict, cause[1]) if cause else "common_cause")
        compared.same("point_type", where, types[-1], row["point_type"])
    return types


def _found(ours: Evaluation, place: int) -> dict[tuple[str, str | None], Signal]:
    """Return what marks a point; where one trend turns into another, the point belongs to the second."""
    marks = [one for one in ours.signals if place in one.points]
    trends = [one for one in marks if one.kind == "trend"]
    return {
        (one.rule, one.side): one for one in marks if one.kind != "trend" or one is max(trends, key=lambda t: t.start)
    }


def _type(verdict: str, side: str | None) -> str:
    return VERDICTS.get(verdict) or f"special_cause_neutral_{side}"


def _side(value: float | None, centre: float | None) -> int | None:
    if value is None or centre is None:
        return None
    if abs(value - centre) <= SAME * max(abs(value), abs(centre)):
        return 0
    return 1 if value > centre else -1


def _close(point: Any, outside: bool) -> bool:
    if point.value is None or point.lower_2 is None or point.upper_2 is None or outside:
        return False
    return not point.lower_2 <= point.value <= point.upper_2


def _summary(
    ours: Evaluation, series: Series, types: list[str], rows: list[Row], compared: Compared, facet: str
) -> None:
    phases = [(one.start, one.after) for one in ours.phases] or [(0, len(ours))]
    if not rows:
        return
    compared.same("summary rows", facet, len(phases), len(rows))
    for (start, after), row in zip(phases, rows, strict=False):
        where, some = f"{facet} from {ours.labels[start]}", types[start:after]
        at = after - 1
        for name, value in (("mean_col", ours.centres[at]), ("lpl", ours.lowers[at]), ("upl", ours.uppers[at])):
            compared.number(name, where, value, row[name])
        compared.number("n", where, after - start, row["n"])
        for name in ("common_cause", "special_cause_improvement", "special_cause_concern"):
            if name in row:
                compared.number(name, where, some.count(name), row[name])
        # Its icon of variation is that of the last point of each phase.
        compared.same("variation_type", where, some[-1], row["variation_type"])
        if row.get("assurance_type"):
            whole = after == len(ours)
            then = ours if whole else evaluate(series.cut(start, after), replace(ours.spec, phases=(), trajectory=()))
            compared.same("assurance_type", where, ASSURANCE.get(then.assurance or "", ""), row["assurance_type"])
    defects.of_making_data_count(ours, rows, compared, facet)
