"""Cases of qicharts2: qic() with any of its charts, its Pareto chart, its Bernoulli CUSUM and its runs rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import stdev
from typing import Any

from conformance import defects
from conformance.calls import argument, bound, constant, find, walk
from conformance.case import Case, Row, has, number, true
from conformance.compare import Compared
from conformance.frame import Column, Frame, column, table
from conformance.rows import GATHER, Period, as_label, categorical, periods, start_of
from conformance.tree import Call, CannotRead, Name, Node, Op
from knitwork.signals import Evaluation, Series, Spec, evaluate
from knitwork.signals.cumulative import BernoulliSpec, bernoulli_cusum
from knitwork.signals.pareto import pareto
from knitwork.signals.rules.critical import crossings_limit, longest_run_limit
from knitwork.signals.spec import SIGMAS, Phase, RuleSetName

# The parameters of qic() in their order, as its documentation lists them.
FORMALS = (
    "x", "y", "n", "cl", "target", "data", "facets", "notes", "chart", "agg.fun", "method", "multiply", "freeze",
    "part", "exclude",
)  # fmt: skip
CHARTS = {
    "run": "run", "i": "xmr", "mr": "mr", "ip": "i_prime", "xbar": "xbar", "s": "s", "t": "t", "p": "p",
    "pp": "p_prime", "c": "c", "u": "u", "up": "u_prime", "g": "g",
}  # fmt: skip
RATIOS = frozenset({"p", "p_prime", "u", "u_prime", "i_prime"})
SAMPLES = frozenset({"xbar", "s"})
METHODS: dict[str, RuleSetName] = {"anhoej": "anhoej", "bestbox": "best_box", "cutbox": "cut_box"}
LINES = {"lcl": "lower", "ucl": "upper", "lcl.95": "lower_2", "ucl.95": "upper_2"}


@dataclass(frozen=True)
class Asked:
    """What a call of qic() asks for, in words of ours; positions count from 1 as in the call."""

    spec: Spec
    x: Node
    y: Node | None
    n: Node | None
    facets: tuple[str, ...]
    period: str | None
    gather: str
    part: tuple[int, ...]
    freeze: int | None
    exclude: tuple[int, ...]
    given: dict[str, Node]


def check(case: Case) -> Compared:
    """Compare every number of a case."""
    compared = Compared(case.rel_tol)
    if case.chart == "thresholds":
        _thresholds(case, compared)
    elif any(
        isinstance(node, Call) and node.function == "paretochart" for one in case.statements for node in walk(one)
    ):
        _pareto(case, compared)
    elif any(isinstance(node, Call) and node.function == "bchart" for one in case.statements for node in walk(one)):
        _bernoulli(case, compared)
    else:
        _qic(case, compared)
    return compared


def asked(case: Case) -> Asked:
    """Read what qic() was asked."""
    given = bound(find(case.statements, "qic"), FORMALS)
    x, y = given.get("x"), given.get("y")
    if x is None:
        raise CannotRead("qic() without x")
    name = argument(given, "chart", case.params.get("chart", "run"))
    if name not in CHARTS:
        raise CannotRead(f"the chart {name!r} of qic()")
    chart: Any = CHARTS[name]
    part = _told(given, "part", case)
    exclude = _told(given, "exclude", case)
    freeze = next(iter(_told(given, "freeze", case)), None)
    factor = next(iter(_told(given, "multiply", case)), 1)
    cl = _one_number(given, "cl", case)
    spec = Spec(
        chart=chart,
        limits="all",
        sigma=_sigma(chart, case),
        sigma_z_floor=0,  # qicharts2 has no floor; signals.md 3.11 says why ours has one
        factor=factor,
        centre=None if cl is None else cl * factor,
        target=None if _varies(given, "target", case) else _one_number(given, "target", case),
        rules=("shewhart", "western_electric", METHODS[argument(given, "method", "anhoej")]),
    )
    return Asked(
        spec=spec,
        x=x,
        y=y,
        n=given.get("n"),
        facets=_facets(given.get("facets")),
        period=argument(given, "x.period"),
        gather=_gather(given),
        part=tuple(int(one) for one in part),
        freeze=None if freeze is None or part else int(freeze),
        exclude=tuple(int(one) for one in exclude),
        given=given,
    )


def _told(given: dict[str, Node], name: str, case: Case) -> list[Any]:
    """Return the numbers that an argument says by itself, by the parameters of the case, or by its data."""
    try:
        said = argument(given, name, [])
    except CannotRead:
        said = case.params[name] if name in case.params else column(given[name], table(given, "data", case.input))
    some = list(said.values()) if isinstance(said, dict) else said if isinstance(said, list) else [said]
    return [one for one in some if one is not None]


def _gather(given: dict[str, Node]) -> str:
    said = given.get("agg.fun", "mean")
    name = said.text if isinstance(said, Name) else str(constant(said))
    if name not in GATHER:
        raise CannotRead(f"agg.fun = {name}")
    return name


def _one_number(given: dict[str, Node], name: str, case: Case) -> float | None:
    """Return a centre or a target given by hand; a column of equal numbers is one number."""
    if name not in given:
        return None
    values = {value for value in column(given[name], table(given, "data", case.input)) if value is not None}
    if len(values) > 1:
        raise CannotRead(f"{name} differs from point to point, and one number is known here")
    return float(values.pop()) if values else None


def _varies(given: dict[str, Node], name: str, case: Case) -> bool:
    return name in given and len(set(column(given[name], table(given, "data", case.input))) - {None}) > 1


def _sigma(chart: str, case: Case) -> Any:
    if chart in SAMPLES:
        return "montgomery_s"
    if SIGMAS[chart][0] != "mr_screened_once":  # type: ignore[index]  # any chart of the table
        return ""
    return "mr_screened_once" if _screened(case) else "mr"


def _screened(case: Case) -> bool:
    """Say whether moving ranges are screened: an option that is on where the package is attached (signals.md 3.1)."""
    if "screenedmr" in case.params:
        return bool(case.params["screenedmr"])
    calls = [node for one in case.statements for node in walk(one) if isinstance(node, Call)]
    for call in calls:
        if call.function == "options":
            for name, node in call.arguments:
                if name == "qic.screenedmr":
                    return bool(constant(node))
    return any(call.function in ("library", "require") for call in calls)


def _facets(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if not isinstance(node, Op) or node.sign != "~":
        raise CannotRead("facets that are no formula")
    return tuple(part.text for part in node.parts if isinstance(part, Name) and part.text != ".")


def _qic(case: Case, compared: Compared) -> None:
    ask = asked(case)
    frame = table(ask.given, "data", case.input)
    keys = ("facet1", "facet2")[: len(ask.facets)]
    wanted: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in case.expected:
        wanted[tuple(row[key] for key in keys if key in row)].append(row)
    x, y, n = _columns(ask, frame)
    facets = [frame.texts(name) for name in ask.facets]
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in range(len(frame)):
        if x[place]:
            places[tuple(one[place] for one in facets)].append(place)
    compared.same("facets", "all", len(places), len(wanted))
    for key, some in places.items():
        theirs = wanted.get(key, [])
        parts = periods(
            [x[at] for at in some],
            [y[at] for at in some],
            n and [n[at] for at in some],
            [r["x"] for r in theirs if "x" in r],
        )
        compared.same("points", " ".join(key) or "all", len(parts), len(theirs))
        if len(parts) == len(theirs):
            raw = [(x[at], y[at], None if n is None else n[at]) for at in some]
            own = replace(ask, spec=replace(ask.spec, targets=_targets(ask, case, [x[at] for at in some], some)))
            _panel(own, parts, theirs, compared, " ".join(key), raw)


def _targets(ask: Asked, case: Case, labels: list[str], places: list[int]) -> tuple[tuple[str, float], ...]:
    """Return a target that differs from point to point, as the value of the first row of each."""
    if not _varies(ask.given, "target", case):
        return ()
    values = column(ask.given["target"], table(ask.given, "data", case.input))
    first: dict[str, float] = {}
    for label, place in zip(labels, places, strict=True):
        if values[place] is not None:
            first.setdefault(label, float(values[place]))
    return tuple(first.items())


def _columns(ask: Asked, frame: Frame) -> tuple[list[str], Column, Column | None]:
    """Return labels, values and denominators of all rows; without y the x are the values, numbered."""
    if ask.y is None:
        values = column(ask.x, frame)
        return [str(place + 1) for place in range(len(values))], values, None
    labels = ["" if one is None else as_label(one) for one in column(ask.x, frame)]
    n = None if ask.n is None else column(ask.n, frame)
    return [start_of(label, ask.period) if label else "" for label in labels], column(ask.y, frame), n


def _series(ask: Asked, parts: Sequence[Period]) -> Series:
    labels = tuple(one.label for one in parts)
    if ask.spec.chart in SAMPLES:
        return Series.of_samples([one.values for one in parts], labels=labels)
    if ask.spec.chart in RATIOS and ask.n is None:
        # Without a denominator it takes how many values there are.
        return Series(
            labels=labels,
            numerators=tuple(one.numerator for one in parts),
            denominators=tuple(float(len(one.values)) for one in parts),
        )
    if ask.spec.chart in RATIOS:
        return Series(
            labels=labels,
            numerators=tuple(one.numerator for one in parts),
            denominators=tuple(one.denominator for one in parts),
        )
    return Series(labels=labels, values=tuple(_value(ask, one) for one in parts))


def _value(ask: Asked, one: Period) -> float | None:
    if ask.n is not None and ask.spec.chart != "c":
        return one.numerator / one.denominator if one.numerator is not None and one.denominator else None
    return GATHER["sum" if ask.spec.chart == "c" else ask.gather](one.values)


def _spec(ask: Asked, series: Series) -> Spec:
    """Return what one panel is asked, its phases by label, its frozen baseline as a number of points that count."""
    floor = 0.0 if argument(ask.given, "y.neg", True) is False and min(_known(series), default=-1) >= 0 else None
    spec = replace(ask.spec, floor=floor, exclude=tuple(place - 1 for place in ask.exclude if 0 < place <= len(series)))
    starts = sorted({place for place in ask.part if 0 < place < len(series)})
    spec = replace(spec, phases=tuple(Phase(start=series.labels[place], centre=spec.centre) for place in starts))
    if spec.chart in ("p_prime", "u_prime") and categorical(series.labels):
        spec = replace(spec, spread=_spread_of_units(series, spec, ask.freeze))
    if ask.freeze is None:
        return spec
    loose = evaluate(series, spec)
    frozen = sum(loose.tested[at] and loose.included[at] for at in range(min(ask.freeze, len(series))))
    return replace(spec, limits=max(frozen, 2))


def _known(series: Series) -> list[float]:
    return [value for value in series.values or series.numerators or () if value is not None]


def _spread_of_units(series: Series, spec: Spec, freeze: int | None) -> float | None:
    """Return the standard deviation of z scores: names have no order, so it takes no moving ranges of them."""
    centre = (evaluate(series, spec).centre or 0.0) / spec.factor
    z = []
    for place, (above, below) in enumerate(zip(series.numerators or (), series.denominators or (), strict=True)):
        if above is not None and below and place not in spec.exclude and place < (freeze or len(series)):
            chance = centre * (1 - centre) if spec.chart == "p_prime" else centre
            z.append((above / below - centre) / sqrt(chance / below))
    return stdev(z) if len(z) > 1 else None


def _panel(
    ask: Asked,
    parts: Sequence[Period],
    theirs: list[Row],
    compared: Compared,
    key: str,
    raw: list[tuple[str, Any, Any]],
) -> None:
    series = _series(ask, parts)
    spec = _spec(ask, series)
    ours = evaluate(series, spec)
    defects.of_qicharts2(ask, raw, theirs, compared)
    defects.of_constant(ours, theirs, compared, "cl", "ucl", "lcl")
    beyond = {at for one in ours.signals if one.rule == "beyond_limits" for at in one.points}
    for point, row in zip(ours.points, theirs, strict=True):
        where = f"{key} {point.label}".strip()
        compared.row()
        if has([row], "x"):
            compared.same("x", where, point.label, row["x"])
        compared.number("y", where, point.value, row["y"])
        compared.number("cl", where, point.centre, row["cl"])
        for name, line in LINES.items():
            if name in row and not _beside(ask.spec.chart, name, row):
                compared.number(name, where, getattr(point, line), row[name])
        if "target" in row:
            compared.number("target", where, point.target if spec.targets else ours.target, row["target"])
        if "include" in row:
            compared.same("include", where, point.included, true(row["include"]))
        if "part" in row:
            compared.same("part", where, point.phase + 1, int(number(row["part"]) or 1))
        if "sigma.signal" in row:
            compared.same("sigma.signal", where, point.position in beyond, true(row["sigma.signal"]))
    _runs(ask, ours, series, theirs, compared, key)


def _beside(chart: str, name: str, row: Row) -> bool:
    """Say whether a line of two sigmas is something else there than here.

    On a chart of moving ranges it lies at two thirds of the limit, not two sigmas from the centre. On a t chart it is
    left out where it would lie below nought, and the limit is nought.
    """
    return name.endswith("95") and (chart == "mr" or (name == "lcl.95" and chart == "t" and number(row[name]) is None))


def _runs(ask: Asked, ours: Evaluation, series: Series, theirs: list[Row], compared: Compared, key: str) -> None:
    """Compare what is said of each phase as a whole."""
    dots = categorical(series.labels) or ask.spec.chart == "mr"  # it asks no runs rules of either
    for phase in ours.phases or (ours,):
        start, after = (0, len(ours)) if isinstance(phase, Evaluation) else (phase.start, phase.after)
        row, where = theirs[start], f"{key} {series.labels[start]}".strip()
        useful = phase.n_off_centre
        said: dict[str, int | None] = {
            "n.obs": sum(ours.included[start:after]),
            "n.useful": useful,
            "longest.run": phase.longest_run,
            "longest.run.max": longest_run_limit(useful) if useful else None,
            "n.crossings": phase.crossings,
            "n.crossings.min": crossings_limit(useful) if useful else None,
        }
        for name, value in said.items():
            if name in row:
                compared.number(name, where, value, row[name])
        if "baseline" in row and "include" in row:
            used = sum(
                true(one["baseline"]) and true(one["include"]) and number(one["y"]) is not None
                for one in theirs[start:after]
            )
            compared.same("baseline", where, phase.baseline_n, used)
        fired = any(one.kind in ("longest_run", "few_crossings") and start <= one.start < after for one in ours.signals)
        if "runs.signal" in row:
            compared.same("runs.signal", where, fired and not dots, true(row["runs.signal"]))


def _thresholds(case: Case, compared: Compared) -> None:
    for row in case.expected:
        useful = int(number(row["n"]) or 0)
        compared.row()
        compared.number("longest.run.max", useful, longest_run_limit(useful), row["longest.run.max"])
        compared.number("n.crossings.min", useful, crossings_limit(useful), row["n.crossings.min"])


def _pareto(case: Case, compared: Compared) -> None:
    given = bound(find(case.statements, "paretochart"), ("x",))
    table = pareto([None if one is None else as_label(one) for one in column(given["x"], Frame(case.input))])
    compared.same("points", "all", len(table), len(case.expected))
    for ours, row in zip(table.rows, case.expected, strict=False):
        compared.row()
        compared.same("x", ours.name, ours.name, row["x"])
        for name, value in (
            ("y", ours.count), ("y.cum", ours.cumulative), ("p", ours.share), ("p.cum", ours.cumulative_share),
        ):  # fmt: skip
            compared.number(name, ours.name, value, row[name])


def _bernoulli(case: Case, compared: Compared) -> None:
    given = bound(find(case.statements, "bchart"), ("x", "target", "or", "limit"))
    target = argument(given, "target", case.params.get("target"))
    if not isinstance(target, (int, float)) or target <= 0:
        raise CannotRead("bchart() without a target")
    baseline: dict[str, Any] = {"baseline": target} if target < 1 else {"baseline_cases": int(target)}
    spec = BernoulliSpec(
        odds_ratio=float(argument(given, "or", 2)), limit=float(argument(given, "limit", 3.5)), **baseline
    )
    record = bernoulli_cusum(column(given["x"], Frame(case.input)), spec)
    high = {one.at for one in record.signals if one.side == "high"}
    low = {one.at for one in record.signals if one.side == "low"}
    compared.same("points", "all", len(record), len(case.expected))
    for at, row in enumerate(case.expected[: len(record)]):
        compared.row()
        # It writes 0 where a sum signals and starts anew; our record keeps the height that the sum reached.
        compared.number("cusum1", at + 1, 0.0 if at in high else record.up[at], row["cusum1"])
        compared.number("cusum2", at + 1, 0.0 if at in low else record.down[at], row["cusum2"])
        compared.number("limit1", at + 1, record.upper, row["limit1"])
        compared.number("limit2", at + 1, record.lower, row["limit2"])
        compared.same("signal1", at + 1, at in high, number(row["signal1"]) is not None)
        compared.same("signal2", at + 1, at in low, number(row["signal2"]) is not None)
        if record.expected is not None:
            compared.number("p0", at + 1, record.expected[at], row["p0"])
