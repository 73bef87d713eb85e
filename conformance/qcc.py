"""Cases of qcc: qcc() with any of its types, the rules it finds, ewma() and cusum()."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import stdev
from typing import Any

import numpy as np

from conformance import defects
from conformance.calls import argument, bound, find, walk
from conformance.case import Case, Row, true
from conformance.compare import Compared
from conformance.frame import Frame, column, rows_of
from conformance.tree import Call, CannotRead, Name, Node, Op
from knitwork.signals import Evaluation, Series, Spec, evaluate
from knitwork.signals.constants import c4, d2, d3
from knitwork.signals.cumulative import TabularSpec, tabular_cusum
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import Estimator

FORMALS = (
    "data",
    "type",
    "sizes",
    "center",
    "std.dev",
    "limits",
    "newdata",
    "newsizes",
    "nsigmas",
    "confidence.level",
    "rules",
)
SMOOTHED = ("data", "sizes", "center", "std.dev", "lambda", "nsigmas", "newdata", "newsizes")
SUMMED = ("data", "sizes", "center", "std.dev", "decision.interval", "se.shift", "head.start", "newdata", "newsizes")
TYPES = {
    "xbar": "xbar", "S": "s", "R": "r", "xbar.one": "xmr", "p": "p", "np": "np", "c": "c", "u": "u", "g": "g",
}  # fmt: skip
# Its estimators of sigma within subgroups. Weighted and unweighted means are one where all subgroups are of a size.
SIGMAS: dict[str, Estimator] = {
    "UWAVE-R": "mean_range", "MVLUE-R": "mean_range", "UWAVE-SD": "montgomery_s", "MVLUE-SD": "montgomery_s",
    "RMSDF": "pooled_s", "MR": "mr",
}  # fmt: skip
EXACT = frozenset({"p", "np", "c", "u", "g"})


def _rule(
    name: str, kind: Any, length: int = 1, count: int | None = None, sigmas: float = 3.0, *, both_sides: bool = False
) -> Rule:
    return Rule(
        name=name, kind=kind, length=length, count=count, sigmas=sigmas, ties="break", marks="completing",
        both_sides=both_sides,
    )  # fmt: skip


# It marks the point at which a pattern is complete, and those after it for as long as the pattern holds.
RULES = (
    _rule("wer1", "beyond"),
    _rule("wer2", "zone", 3, 2, 2.0),
    _rule("wer3", "zone", 5, 4, 1.0),
    _rule("wer4", "run", 8),
    _rule("nel2", "run", 9),
    _rule("nel3", "trend", 6),
    _rule("nel4", "alternating", 14),
    _rule("nel7", "within", 15, None, 1.0),
    _rule("nel8", "outside", 8, None, 1.0, both_sides=True),
)
# Rules of Nelson that are rules of Western Electric by another name.
SAME_RULE = {"nel1": "wer1", "nel5": "wer2", "nel6": "wer3"}


@dataclass(frozen=True)
class Asked:
    """What a call of qcc() asks for: the points that set the limits, and those after them."""

    type: str
    spec: Spec
    first: list[Any]
    first_sizes: list[Any] | None
    more: list[Any]
    more_sizes: list[Any] | None


def check(case: Case) -> Compared:
    """Compare every number and flag of a case."""
    compared = Compared(case.rel_tol)
    # An ewma() or cusum() is often made of a qcc() before it.
    smoothed = [
        node
        for one in case.statements
        for node in walk(one)
        if isinstance(node, Call) and node.function in ("ewma", "cusum")
    ]
    call = find(case.statements, smoothed[0].function if smoothed else "qcc")
    if call.function == "ewma":
        _ewma(case, call, compared)
    elif call.function == "cusum":
        _cusum(case, call, compared)
    elif "series" in (case.expected[0] if case.expected else {}):
        for name in dict.fromkeys(row["series"] for row in case.expected):
            some = [row for row in case.input if row["series"] == name]
            _qcc(call, some, [row for row in case.expected if row["series"] == name], compared, name)
    else:
        _qcc(call, case.input, case.expected, compared, "")
    return compared


def _plain(node: Node | None, frame: Frame) -> list[Any] | None:
    return None if node is None else _samples(node, frame)


def _samples(node: Node, frame: Frame) -> list[Any]:
    """Return values, or subgroups: those of the rows of a whole table, all of whose columns are numbers."""
    rows, names = node, frame.names
    match node:
        case Op("[", (Name(name), at, Op(":", (int(first), int(last))))) if name not in frame.names:
            rows, names = Op("[", (Name(name), at)), frame.names[first - 1 : last]
        case Op("[", (Name(name), at, Name(""))) if name not in frame.names:
            rows = Op("[", (Name(name), at))
        case Name(name) if name not in frame.names:
            pass
        case _:
            return column(node, frame)
    some = rows_of(rows, frame)
    columns = [some[name] for name in names]
    return columns[0] if len(columns) == 1 else [list(values) for values in zip(*columns, strict=True)]


def asked(call: Call, frame: Frame) -> Asked:
    """Read what qcc() was asked."""
    given = bound(call, FORMALS)
    type_ = str(argument(given, "type"))
    if type_ not in TYPES:
        raise CannotRead(f"the type {type_!r} of qcc()")
    first, more = _samples(given["data"], frame), _plain(given.get("newdata"), frame) or []
    sigma, spread = _sigma(given, type_, first, more)
    width, kind = _width(given, type_)
    limits = argument(given, "limits")
    chart: Any = TYPES[type_]
    spec = Spec(
        chart=chart,
        rules=("custom",),
        custom=RULES,
        limits="all",
        sigma=sigma,
        middle="mean" if chart == "g" else "",  # type: ignore[arg-type]  # the chart's own where left out
        centre=argument(given, "center"),
        spread=spread,
        width=width,
        limit_kind=kind,
    )
    if limits is not None and (
        spec.centre is None or spread is None or limits != [spec.centre - width * spread, spec.centre + width * spread]
    ):
        raise CannotRead("limits given by hand that are not so many sigmas from the centre")
    return Asked(type_, spec, first, _plain(given.get("sizes"), frame), more, _plain(given.get("newsizes"), frame))


def _sigma(given: dict[str, Node], type_: str, first: list[Any], more: list[Any]) -> tuple[Any, float | None]:
    """Return the estimator of sigma, or sigma itself where it is given or is one that our charts refuse to take."""
    values = [*first, *more]
    said = argument(given, "std.dev")
    if isinstance(said, (int, float)):
        return "", float(said)
    if type_ in EXACT:
        return "", None
    if type_ == "xbar.one" and said == "SD":
        # A standard deviation of all values hides a shift in itself, so it is none of ours: sigma is given by hand.
        known = [one for one in first if one is not None]
        return "", stdev(known) / float(c4(np.array([len(known)], dtype=float))[0])
    if type_ == "xbar.one":
        name = said or "MR"
    elif type_ == "R":
        name = said or "UWAVE-R"
    elif type_ == "S":
        name = said or "UWAVE-SD"
    else:
        largest = max((len(one) for one in values if isinstance(one, list)), default=0)
        name = said or ("UWAVE-R" if largest <= 25 else "UWAVE-SD")
    if name not in SIGMAS:
        raise CannotRead(f"std.dev = {name!r}, which is no estimator of ours")
    sizes = {len(one) for one in values if isinstance(one, list)}
    if len(sizes) > 1 and name in ("MVLUE-R", "MVLUE-SD", "UWAVE-SD"):
        if type_ != "xbar":
            raise CannotRead(f"std.dev = {name!r} with subgroups of different sizes")
        return "", _mean_sigma(name, [one for one in first if len(one) > 1])
    return SIGMAS[name], None


def _mean_sigma(name: str, groups: list[list[float]]) -> float:
    """Return a mean of the subgroups' own sigmas, plain (UWAVE) or weighted by how sure each is (MVLUE).

    None of ours is such a mean, so it is given by hand (Burr 1969, Journal of Quality Technology 1, 163 to 167).
    """
    n = np.array([len(one) for one in groups], dtype=float)
    if name.endswith("SD"):
        known, apart = c4(n), np.sqrt(1 - c4(n) ** 2)
        each = np.array([stdev(one) for one in groups]) / known
    else:
        known, apart = d2(n), d3(n)
        each = np.array([max(one) - min(one) for one in groups]) / known
    weight = (known / apart) ** 2 if name.startswith("MVLUE") else np.ones(len(n))
    return float((weight * each).sum() / weight.sum())


def _width(given: dict[str, Node], type_: str) -> tuple[float, Any]:
    """Return how many sigmas out the limits lie, and whether they are quantiles of the chart's own distribution."""
    level = argument(given, "confidence.level")
    if level is None:
        return float(argument(given, "nsigmas", 3)), "sigma"
    from scipy.stats import norm

    return float(norm.ppf(1 - (1 - level) / 2)), "probability" if type_ in EXACT else "sigma"


def _series(ask: Asked) -> Series:
    values = [*ask.first, *ask.more]
    if ask.type in ("xbar", "S", "R"):
        if not all(isinstance(one, list) for one in values):
            raise CannotRead(f"a {ask.type} chart of values that are in no subgroups")
        return Series.of_samples(values)
    if ask.type in ("p", "np", "u"):
        sizes = [*_sizes(ask.first_sizes, ask.first), *_sizes(ask.more_sizes or ask.first_sizes, ask.more)]
        return Series(numerators=tuple(values), denominators=tuple(sizes))
    return Series(values=tuple(values))


def _sizes(sizes: list[Any] | None, values: list[Any]) -> list[Any]:
    if sizes is None:
        raise CannotRead("a chart of sizes without sizes")
    return sizes * len(values) if len(sizes) == 1 else sizes[: len(values)]


def _qcc(call: Call, rows: list[Row], theirs: list[Row], compared: Compared, key: str) -> None:
    ask = asked(call, Frame(rows))
    spec, series = ask.spec, _series(ask)
    if ask.more:
        spec = replace(spec, limits=max(len([one for one in ask.first if one is not None]), 2))
    ours = evaluate(series, spec)
    compared.same("points", key or "all", len(ours), len(theirs))
    marked = {rule.name: {at for one in ours.signals if one.rule == rule.name for at in one.points} for rule in RULES}
    sigma = _sigma_of_one(ours, series, ask)
    defects.of_qcc(ask, theirs, compared)
    defects.of_constant(ours, theirs, compared, "center", "ucl", "lcl")
    for point, row in zip(ours.points, theirs, strict=False):
        where = f"{key} {row.get('label') or row.get('t') or point.label}".strip()
        compared.row()
        lines = (
            ("statistic", point.value), ("y", point.value), ("center", point.centre), ("lcl", point.lower),
            ("ucl", point.upper), ("std.dev", sigma[point.position]),
        )  # fmt: skip
        for name, value in lines:
            if name in row and not (name == "std.dev" and value is None):
                few = 1e-4 if ask.type == "R" and name in ("lcl", "ucl") else None  # its d3 has few digits
                compared.number(name, where, value, row[name], rel_tol=few)
        if "phase" in row:
            compared.same("phase", where, "I" if point.position < len(ask.first) else "II", row["phase"])
        for name in row:
            if name[:3] in ("wer", "nel") and SAME_RULE.get(name, name) in marked:
                compared.same(name, where, point.position in marked[SAME_RULE.get(name, name)], true(row[name]))


def _sigma_of_one(ours: Evaluation, series: Series, ask: Asked) -> list[float | None]:
    """Return sigma of single values, as the tool's std.dev, where our record holds it; else nothing."""
    if ask.type == "xbar.one":
        return [ours.sigma] * len(ours)
    if ask.type == "xbar" and series.sizes is not None:
        return [
            None if upper is None or lower is None or not size else (upper - lower) / 2 / ask.spec.width * size**0.5
            for upper, lower, size in zip(ours.uppers, ours.lowers, series.sizes, strict=True)
        ]
    return [None] * len(ours)


def _means(given: dict[str, Node], case: Case) -> tuple[list[Any], float, float]:
    """Return what ewma() and cusum() smooth or sum up: values or means of subgroups, their centre and sigma.

    Centre and sigma are as given, or those of the first data: the mean and the moving ranges, or the ranges within.
    """
    frame, data = Frame(case.input), given["data"]
    if isinstance(data, Call) and data.function == "qcc":  # a chart that was made before, with its own data
        given |= {name: node for name, node in bound(data, FORMALS).items() if name not in given or name == "data"}
    first, more = _samples(given["data"], frame), _plain(given.get("newdata"), frame) or []
    sizes = {len(one) if isinstance(one, list) else 1 for one in (*first, *more)}
    if len(sizes) > 1:
        raise CannotRead("subgroups of different sizes, smoothed or summed")
    (size,) = sizes
    if size == 1:
        values, chart = [one[0] if isinstance(one, list) else one for one in (*first, *more)], "xbar.one"
        own = evaluate(Series(values=tuple(values[: len(first)])), Spec(limits="all", sigma="mr"))
    else:
        values, chart = [sum(one) / size for one in (*first, *more)], "xbar"
        own = evaluate(
            Series.of_samples(first), Spec(chart="xbar", limits="all", sigma=_sigma({}, chart, first, [])[0])
        )
    middle = argument(given, "center", own.centre)
    said = argument(given, "std.dev")
    if isinstance(said, str):
        raise CannotRead(f"std.dev = {said!r} of what is smoothed or summed")
    upper, centre = own.uppers[0], own.centre
    found = None if upper is None or centre is None else (upper - centre) / 3
    sigma = said / size**0.5 if said is not None else found
    if not isinstance(middle, (int, float)) or sigma is None:
        raise CannotRead("a centre or a sigma that is no number")
    return values, float(middle), float(sigma)


def _ewma(case: Case, call: Call, compared: Compared) -> None:
    given = bound(call, SMOOTHED)
    values, centre, sigma = _means(given, case)
    width = float(argument(given, "nsigmas", 3))
    spec = Spec(
        chart="ewma", limits="all", rules=("shewhart",), centre=centre, spread=sigma, width=width,
        weight=float(argument(given, "lambda", 0.2)),
    )  # fmt: skip
    ours = evaluate(Series(values=tuple(values)), spec)
    beyond = {at for one in ours.signals for at in one.points}
    compared.same("points", "all", len(ours), len(case.expected))
    for point, row in zip(ours.points, case.expected, strict=False):
        compared.row()
        half = None if point.upper is None or point.lower is None else (point.upper - point.lower) / 2 / width
        for name, value in (
            ("x", point.observed), ("ewma", point.value), ("sigma", half), ("lcl", point.lower), ("ucl", point.upper),
            ("center", point.centre),
        ):  # fmt: skip
            if name in row:
                compared.number(name, point.label, value, row[name])
        compared.same("violation", point.label, point.position in beyond, true(row.get("violation")))


def _cusum(case: Case, call: Call, compared: Compared) -> None:
    given = bound(call, SUMMED)
    values, centre, sigma = _means(given, case)
    spec = TabularSpec(
        centre=centre, sigma=sigma, k=float(argument(given, "se.shift", 1)) / 2,
        h=float(argument(given, "decision.interval", 5)), head_start=float(argument(given, "head.start", 0)),
    )  # fmt: skip
    record = tabular_cusum(values, spec)
    beyond = {
        side: {at for one in record.signals if one.side == side for at in range(one.at, one.end + 1)}
        for side in ("high", "low")
    }
    compared.same("points", "all", len(record), len(case.expected))
    for at, row in enumerate(case.expected[: len(record)]):
        compared.row()
        for name, value in (("x", record.values[at]), ("pos", record.up[at]), ("neg", record.down[at])):
            if name in row:
                compared.number(name, at + 1, value, row[name])
        for name, side in (("signal_up", "high"), ("signal_down", "low")):
            if name in row:
                compared.same(name, at + 1, at in beyond[side], true(row[name]))
