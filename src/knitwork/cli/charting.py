"""`knitwork chart`: evaluate any series that stands in a CSV file."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from knitwork.cli.printing import Format, say, show
from knitwork.model.errors import CannotDo

if TYPE_CHECKING:
    from knitwork.signals import Series

VALUE = ("value", "y", "measure", "number", "count", "n")
NUMERATOR = ("numerator", "num", "events", "cases")
DENOMINATOR = ("denominator", "den", "total", "exposure", "n")


def evaluate_file(
    file: Path, *, chart: str, direction: str, target: float | None, limits: str, incomplete_last: bool, how: str
) -> None:
    """Read the file, evaluate it, and print the evaluation in the asked-for form."""
    from knitwork.draw.chart import chart_svg
    from knitwork.draw.standalone import standalone_svg
    from knitwork.draw.table import COLUMNS
    from knitwork.draw.words import sentence
    from knitwork.signals import Spec, evaluate

    if how not in ("table", "csv", "json", "svg"):
        raise CannotDo(f"--format {how} is not known: table, csv, json and svg are")
    factor, unit = (100.0, "%") if chart in ("p", "p_prime") else (1.0, "")
    spec = Spec.from_dict(
        {
            "chart": chart, "direction": direction, "target": target, "factor": factor, "unit": unit,
            "limits": int(limits) if limits.isdigit() else limits,
        }
    )  # fmt: skip
    evaluation = evaluate(read_series(file, chart=chart, incomplete_last=incomplete_last), spec)
    if how == "json":
        sys.stdout.write(evaluation.to_json() + "\n")
    elif how == "svg":
        sys.stdout.write(standalone_svg(chart_svg(evaluation, "desk", title=file.stem)) + "\n")
    else:
        rows = [
            {
                "period": p.label, "value": p.value, "numerator": p.numerator, "denominator": p.denominator,
                "centre": p.centre, "lower": p.lower, "upper": p.upper, "signal": "; ".join(p.rules) or None,
                "complete": not p.hollow, "counted": p.included,
            }
            for p in evaluation.points
        ]  # fmt: skip
        if how == "table":
            say(sentence(evaluation))
            say(evaluation.formula)
        show(rows, COLUMNS, Format(how))


def read_series(file: Path, *, chart: str, incomplete_last: bool) -> Series:
    """Read a series from a CSV file: a first column of periods, then values, or numerators and denominators."""
    from knitwork.signals import Series

    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise CannotDo(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CannotDo(f"{file} is not text in UTF-8: save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if text.split("\n", 1)[0].count(";") else ",")
    header = [h.strip() for h in reader.fieldnames or []]
    rows = list(reader)
    if not header or not rows:
        raise CannotDo(f"{file} has no rows under a header: it needs a period and a value in each row")
    reader.fieldnames = header
    plain = {h.casefold(): h for h in header}
    columns = {h: tuple(_number(r.get(h), file, i, h) for i, r in enumerate(_clean(rows), 2)) for h in header[1:]}
    labels = tuple(str(r[header[0]] or "").strip() for r in _clean(rows)) if len(header) > 1 else ()
    if len(header) == 1:
        columns = {
            header[0]: tuple(_number(r.get(header[0]), file, i, header[0]) for i, r in enumerate(_clean(rows), 2))
        }
    if chart in ("p", "p_prime", "u", "u_prime"):
        numerator = _pick(plain, NUMERATOR, header[1:2])
        denominator = _pick(plain, DENOMINATOR, header[2:3])
        if numerator is None or denominator is None or numerator == denominator:
            raise CannotDo(
                f"a {chart} chart needs a numerator and a denominator, and {file} has the columns {', '.join(header)}"
            )
        return Series(
            labels=labels, numerators=columns[numerator], denominators=columns[denominator], incomplete_last=incomplete_last
        )  # fmt: skip
    value = _pick(plain, VALUE, header[1:2] or header[:1])
    if value is None:
        raise CannotDo(f"{file} has no column with values: its columns are {', '.join(header)}")
    if chart == "c":
        return Series(labels=labels, numerators=columns[value], incomplete_last=incomplete_last)
    return Series(labels=labels, values=columns[value], incomplete_last=incomplete_last)


def _clean(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{(k or "").strip(): v for k, v in row.items()} for row in rows]


def _pick(plain: dict[str, str], names: tuple[str, ...], otherwise: list[str]) -> str | None:
    return next((plain[n] for n in names if n in plain), otherwise[0] if otherwise else None)


def _number(text: str | None, file: Path, row: int, column: str) -> float | None:
    cell = (text or "").strip()
    if cell.casefold() in ("", "na", "nan", "null"):
        return None
    try:
        return float(cell)
    except ValueError:
        raise CannotDo(f"{file}, line {row}, column {column}: {cell[:40]!r} is not a number") from None
