"""Charts that are no series with limits: cumulative sums, the Pareto table and the funnel between units."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from knitwork.cli.chart_file import ChartFile
from knitwork.cli.printing import Format, say, show

OUTCOME = ("outcome", "event", "death", "y", "value")
EXPECTED = ("expected", "p", "risk", "probability")
UNIT = ("unit", "ward", "name", "group")
CATEGORY = ("category", "reason", "kind", "name")
COUNT = ("count", "number", "n", "value")


class Record(Protocol):
    """What each of these charts gives back."""

    @property
    def formula(self) -> str: ...
    def to_json(self) -> str: ...


# A record, the sentences above its table, the rows of it, and its picture.
Shown = tuple[Record, Sequence[str], list[dict[str, Any]], Callable[[], str]]


def show_apart(file: ChartFile, chart: str, *, direction: str, stored: dict[str, Any], how: str, title: str) -> None:
    """Judge the file by one of these charts and print it in the asked-for form."""
    from knitwork.draw.standalone import standalone_svg

    record, sentences, rows, picture = APART[chart](file, stored or {"direction": direction}, title)
    if how == "json":
        sys.stdout.write(record.to_json() + "\n")
        return
    if how == "svg":
        sys.stdout.write(standalone_svg(picture()) + "\n")
        return
    if how == "table":
        for sentence in sentences:
            say(sentence)
    show(rows, tuple(rows[0]) if rows else (), Format(how))


def _labels(file: ChartFile) -> tuple[str, ...]:
    return file.texts(file.header[0]) if len(file.header) > 1 else ()


def _cusum(file: ChartFile, plain: dict[str, Any], title: str) -> Shown:
    """Sum up values about the centre and sigma of their own baseline, unless the definition gives them."""
    from knitwork.cli.charting import VALUE
    from knitwork.signals import Series, Spec, evaluate
    from knitwork.signals.cumulative import TabularSpec, tabular_cusum
    from knitwork.signals.series import BadSeries

    values = file.numbers(file.needed("values", VALUE, 1 if len(file.header) > 1 else 0))
    if "centre" not in plain or "sigma" not in plain:
        baseline = evaluate(Series(labels=_labels(file), values=values), Spec(chart="xmr"))
        if baseline.centre is None or baseline.sigma is None:
            raise BadSeries(
                "this series has no limits to take a centre and a sigma from: give 12 points or more, or a "
                "definition with --spec that names both"
            )
        plain = {"centre": baseline.centre, "sigma": baseline.sigma} | plain
    return _sums(tabular_cusum(values, TabularSpec.from_dict(plain), labels=_labels(file)), title)


def _bernoulli(file: ChartFile, plain: dict[str, Any], title: str) -> Shown:
    from knitwork.signals.cumulative import BernoulliSpec, bernoulli_cusum

    cases = file.numbers(file.needed("outcomes of 0 and 1", OUTCOME, 1 if len(file.header) > 1 else 0))
    if "baseline" not in plain and "baseline_cases" not in plain:
        plain = {"baseline_cases": max(len(cases) // 2, 1)} | plain
    return _sums(bernoulli_cusum(cases, BernoulliSpec.from_dict(plain), labels=_labels(file)), title)


def _risk_adjusted(file: ChartFile, plain: dict[str, Any], title: str) -> Shown:
    from knitwork.signals.cumulative import RiskAdjustedSpec, risk_adjusted_cusum

    cases = file.numbers(file.needed("outcomes of 0 and 1", OUTCOME))
    chances = file.numbers(file.needed("expected chances", EXPECTED))
    record = risk_adjusted_cusum(cases, chances, RiskAdjustedSpec.from_dict(plain), labels=_labels(file))
    return _sums(record, title)


def _sums(record: Any, title: str) -> Shown:
    from knitwork.draw.cumulative import cusum_svg

    found = {one.at: one for one in record.signals}
    rows = [
        {
            "period": label, "value": value, "up": up, "down": down,
            "signal": found[at].verdict if at in found else None,
            "since": record.labels[found[at].start] if at in found else None,
        }
        for at, (label, value, up, down) in enumerate(
            zip(record.labels, record.values, record.up, record.down, strict=True)
        )
    ]  # fmt: skip
    said = f"{len(record.signals)} signals" if len(record.signals) != 1 else "1 signal"
    return record, [said, record.formula], rows, lambda: cusum_svg(record, "page", title=title)


def _vlad(file: ChartFile, plain: dict[str, Any], title: str) -> Shown:  # noqa: ARG001  # a display has no options
    from knitwork.draw.cumulative import vlad_svg
    from knitwork.signals.cumulative import vlad_record

    cases = file.numbers(file.needed("outcomes of 0 and 1", OUTCOME))
    chances = file.numbers(file.needed("expected chances", EXPECTED))
    record = vlad_record(cases, chances, labels=_labels(file))
    rows = [
        {"period": label, "outcome": case, "expected": chance, "vlad": sum_so_far}
        for label, case, chance, sum_so_far in zip(
            record.labels, record.values, record.expected, record.line, strict=True
        )
    ]
    return record, [record.formula], rows, lambda: vlad_svg(record, "page", title=title)


def _pareto(file: ChartFile, plain: dict[str, Any], title: str) -> Shown:
    from knitwork.draw.pareto import pareto_svg
    from knitwork.signals.pareto import ParetoSpec, pareto

    spec = ParetoSpec.from_dict({name: value for name, value in plain.items() if name != "direction"})
    category = file.needed("categories", CATEGORY, 0)
    count = file.column(COUNT)
    names = file.texts(category)
    if count is None or count == category:
        record = pareto(names, spec)
    else:
        totals: dict[str, float] = {}
        for name, many in zip(names, file.numbers(count), strict=True):
            totals[name] = totals.get(name, 0.0) + (many or 0.0)
        record = pareto(totals, spec)
    rows = [
        {
            "category": row.name, "count": row.count, "so_far": row.cumulative, "share": row.share,
            "share_so_far": row.cumulative_share,
        }
        for row in record.rows
    ]  # fmt: skip
    return record, [record.formula], rows, lambda: pareto_svg(record, "page", title=title)


def _funnel(file: ChartFile, plain: dict[str, Any], title: str) -> Shown:
    from knitwork.cli.charting import DENOMINATOR, NUMERATOR
    from knitwork.draw.funnel import funnel_svg
    from knitwork.draw.funnel_words import expected_words, sentence
    from knitwork.signals.funnels import FunnelSpec, funnel

    spec = FunnelSpec.from_dict({name: value for name, value in plain.items() if name != "chart"})
    record = funnel(
        file.texts(file.needed("units", UNIT, 0)),
        file.numbers(file.needed("numerators", NUMERATOR, 1)),
        file.numbers(file.needed("denominators", DENOMINATOR, 2)),
        spec,
    )
    rows = [
        {
            "unit": unit.name, "numerator": unit.numerator, "denominator": unit.denominator, "value": unit.value,
            "against_chance": unit.chance.mark if unit.chance else None,
            "against_spread": unit.spread.mark if unit.spread else None,
        }
        for unit in record.units
    ]  # fmt: skip
    said = [sentence(record), expected_words(record), record.formula]
    return record, [text for text in said if text], rows, lambda: funnel_svg(record, "page", title=title)


APART: dict[str, Callable[[ChartFile, dict[str, Any], str], Shown]] = {
    "cusum": _cusum,
    "bernoulli_cusum": _bernoulli,
    "risk_adjusted_cusum": _risk_adjusted,
    "vlad": _vlad,
    "pareto": _pareto,
    "funnel": _funnel,
}
