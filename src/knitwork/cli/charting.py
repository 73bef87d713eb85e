"""`knitwork chart`: evaluate any series that stands in a CSV file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knitwork.cli.chart_file import ChartFile, read
from knitwork.cli.printing import Format, say, show
from knitwork.model.errors import CannotDo

if TYPE_CHECKING:
    from knitwork.signals import Evaluation, Series, Spec

VALUE = ("value", "y", "measure", "number", "count", "n")
MEAN = ("mean", "value", "y")
NUMERATOR = ("numerator", "num", "events", "cases", "observed")
DENOMINATOR = ("denominator", "den", "total", "exposure", "expected", "n")
SIZE, SD, RANGE = ("size", "n", "count"), ("sd", "s", "stdev"), ("range", "r")
# Their rows are events and not periods: no event is missing because none came in a month.
OF_CASES = ("g", "t")
HOWS = ("table", "csv", "json", "svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asked of a chart on the command line, word by word."""

    chart: str
    direction: str
    target: float | None = None
    target_from: tuple[str, ...] = ()
    trajectory: tuple[str, ...] = ()
    limits: str = "policy"
    rules: str = ""
    sigma: str = ""
    limit_kind: str = "sigma"
    phase: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    incomplete_last: bool = False
    spec: Path | None = None


def evaluate_file(file: Path, asked: Asked, *, how: str) -> None:
    """Read the file, evaluate it, and print the evaluation in the asked-for form."""
    from knitwork.cli.charting_apart import APART, show_apart

    if how not in HOWS:
        raise CannotDo(f"--format {how} is not known: {', '.join(HOWS[:-1])} and {HOWS[-1]} are")
    stored = _stored(asked.spec)
    chart = str(stored.get("chart", asked.chart)) if stored else asked.chart
    if chart in APART:
        show_apart(read(file), chart, direction=asked.direction, stored=stored, how=how, title=file.stem)
        return
    from knitwork.signals import Spec, evaluate
    from knitwork.signals.calendar import with_gaps

    spec = Spec.from_dict(stored if stored else spec_of(asked))
    series = series_of(read(file), spec, incomplete_last=asked.incomplete_last)
    if spec.chart not in OF_CASES and all(isinstance(place, str) or place < len(series) for place in spec.exclude):
        # A position behind the last row is refused below, as it was written.
        filled = with_gaps(series)
        spec, series = _moved(spec, series, filled), filled
    _print(evaluate(series, spec), how=how, title=file.stem)


def _moved(spec: Spec, series: Series, filled: Series) -> Spec:
    """Return the definition with the positions that it leaves out, counted in the rows of the file, as they are in `filled`."""
    at = {label: place for place, label in enumerate(filled.labels)}
    places = [place if isinstance(place, str) else at[series.labels[place]] for place in spec.exclude]
    return replace(spec, exclude=tuple(places))


def spec_of(asked: Asked) -> dict[str, Any]:
    """Return the definition that the options make, every word checked by the definition itself."""
    shares = asked.chart in ("p", "p_prime")
    return {
        "chart": asked.chart,
        "direction": asked.direction,
        "target": asked.target,
        "targets": [_dated(pair, "--target-from") for pair in asked.target_from],
        "trajectory": [_dated(pair, "--trajectory") for pair in asked.trajectory],
        "factor": 100.0 if shares else 1.0,
        "unit": "%" if shares else "",
        "limits": _limits(asked.limits),
        "sigma": asked.sigma,
        "limit_kind": asked.limit_kind,
        "phases": [_phase(text) for text in asked.phase],
        "exclude": list(asked.exclude),
    } | ({"rules": [name.strip() for name in asked.rules.split(",") if name.strip()]} if asked.rules else {})


def _stored(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        plain = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CannotDo(f"{path} is not a chart definition in JSON: {error}") from error
    if not isinstance(plain, dict) or not plain:
        raise CannotDo(f'{path} is not a chart definition: it is an object such as {{"chart": "p"}}')
    return plain


def _limits(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _dated(text: str, option: str) -> list[object]:
    label, _, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        label = ""
    if not label.strip():
        raise CannotDo(f"{option} {text}: give a period and a number, such as 2026-04-01=30")
    return [label.strip(), number]


def _phase(text: str) -> dict[str, object]:
    """Read a phase: where it starts and, behind an equals sign, which points set its limits."""
    start, found, limits = text.partition("=")
    return {"start": start.strip()} | ({"limits": _limits(limits.strip())} if found else {})


def series_of(file: ChartFile, spec: Spec, *, incomplete_last: bool) -> Series:
    """Return the series that a file holds for this chart: a first column of periods, then its numbers."""
    from knitwork.signals import Series
    from knitwork.signals.charts import CHARTS

    reads = CHARTS[spec.chart].reads
    labels = file.texts(file.header[0]) if len(file.header) > 1 else ()
    if reads in ("ratio", "proportion"):
        top, under = _numerator_and_denominator(file, spec.chart)
        return Series(labels=labels, numerators=top, denominators=under, incomplete_last=incomplete_last)
    if reads == "subgroups":
        return _subgroups(file, incomplete_last=incomplete_last)
    values = file.numbers(file.needed("values", VALUE, 1 if len(file.header) > 1 else 0))
    if reads == "counts":
        return Series(labels=labels, numerators=values, incomplete_last=incomplete_last)
    return Series(labels=labels, values=values, incomplete_last=incomplete_last)


def _numerator_and_denominator(file: ChartFile, chart: str) -> tuple[tuple[float | None, ...], ...]:
    top, under = file.column(NUMERATOR, 1), file.column(DENOMINATOR, 2)
    if top is None or under is None or top == under:
        raise CannotDo(
            f"a {chart} chart needs a numerator and a denominator, and {file.path} has the columns "
            f"{', '.join(file.header)}"
        )
    return file.numbers(top), file.numbers(under)


def _subgroups(file: ChartFile, *, incomplete_last: bool) -> Series:
    """Read subgroups: one row each with its mean, size and spread, or one row for each single value."""
    from knitwork.signals import Series

    periods = file.texts(file.header[0])
    size, sd, spread = file.column(SIZE), file.column(SD), file.column(RANGE)
    if size is not None and (sd is not None or spread is not None):
        return Series(
            labels=periods,
            values=file.numbers(file.needed("means", MEAN, 1)),
            sizes=file.numbers(size),
            sds=None if sd is None else file.numbers(sd),
            ranges=None if spread is None else file.numbers(spread),
            incomplete_last=incomplete_last,
        )
    samples: dict[str, list[float | None]] = {}
    for period, value in zip(periods, file.numbers(file.needed("values", VALUE, 1)), strict=True):
        samples.setdefault(period, []).append(value)
    return Series.of_samples(samples.values(), labels=tuple(samples), incomplete_last=incomplete_last)


def _print(evaluation: Evaluation, *, how: str, title: str) -> None:
    from knitwork.draw.chart import chart_svg
    from knitwork.draw.standalone import standalone_svg
    from knitwork.draw.table import COLUMNS
    from knitwork.draw.words import sentence
    from knitwork.signals.words import REASONS

    if how == "json":
        sys.stdout.write(evaluation.to_json() + "\n")
        return
    if how == "svg":
        sys.stdout.write(standalone_svg(chart_svg(evaluation, "desk", title=title)) + "\n")
        return
    if how == "table":
        say(sentence(evaluation))
        for line in [*_formulas(evaluation), *(REASONS[code] for code in evaluation.reasons)]:
            say(line)
    show(_rows(evaluation), COLUMNS, Format(how))


def _formulas(evaluation: Evaluation) -> Iterable[str]:
    if len(evaluation.phases) < 2:
        return [evaluation.formula]
    return [f"from {phase.label}: {phase.formula}" for phase in evaluation.phases]


def _rows(evaluation: Evaluation) -> list[dict[str, object]]:
    return [
        {
            "period": p.label, "value": p.value, "numerator": p.numerator, "denominator": p.denominator,
            "centre": p.centre, "lower": p.lower, "upper": p.upper, "signal": "; ".join(p.rules) or None,
            "complete": not p.hollow, "counted": p.included,
        }
        for p in evaluation.points
    ]  # fmt: skip
