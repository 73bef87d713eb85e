"""The values behind a chart as rows: for the table under it, and for a CSV file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from knitwork.draw.labels import number, value_text
from knitwork.draw.periods import Period, Translate, as_written, period_of, short_name
from knitwork.draw.record import shown_decimals, value_decimals
from knitwork.signals import Evaluation

COLUMNS = ("period", "value", "numerator", "denominator", "centre", "lower", "upper", "signal", "complete", "counted")


@dataclass(frozen=True, slots=True)
class Row:
    """One period in words and digits; an empty text where there is nothing to say."""

    period: str
    value: str
    numerator: str
    denominator: str
    centre: str
    lower: str
    upper: str
    signal: str
    note: str


def value_rows(evaluation: Evaluation, *, period: Period | None = None, _: Translate = as_written) -> list[Row]:
    """Return one row a period, written with the decimals of the picture."""
    period = period or period_of(evaluation.labels)
    unit = evaluation.spec.unit
    single, line = value_decimals(evaluation), shown_decimals(evaluation)
    return [
        Row(
            period=short_name(point.label, period, _),
            value=value_text(point.value, unit, single),
            numerator=_count(point.numerator),
            denominator=_count(point.denominator),
            centre=_line(point.centre, line),
            lower=_line(point.lower, line),
            upper=_line(point.upper, line),
            signal={"better": _("better"), "worse": _("worse"), "neither": _("signal")}.get(point.mark, ""),
            note=_("not complete") if point.hollow else "" if point.included else _("left out of the limits"),
        )
        for point in evaluation.points
    ]


def _count(value: float | None) -> str:
    return "" if value is None else number(value, 0 if value == round(value) else 1)


def _line(value: float | None, decimals: int) -> str:
    return "" if value is None else number(value, decimals)


def csv_text(evaluation: Evaluation) -> str:
    """Return the values as CSV: ISO dates, full precision, one row a period, and a first row of names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in evaluation.points:
        numbers = (point.value, point.numerator, point.denominator, point.centre, point.lower, point.upper)
        flags = ("no" if point.hollow else "yes", "yes" if point.included else "no")
        writer.writerow([point.label, *("" if one is None else repr(one) for one in numbers), point.mark, *flags])
    return out.getvalue()
