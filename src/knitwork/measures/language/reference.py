"""Work an expression out for one row, in plain Python: slow, and there to be compared with.

It shares nothing with the SQL back end but the tree and the names of columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from knitwork.measures.language import tree
from knitwork.measures.language.names import PROPERTIES, Fact, following_column

Value = bool | float | str | None


def evaluate(expression: tree.Expression, fact: Fact, row: Mapping[str, object]) -> Value:
    """Return what `expression` says of `row`, a mapping of columns; None is unknown."""
    match expression:
        case tree.Number(value=number):
            return number
        case tree.Text(value=text):
            return text
        case tree.Flag(value=flag):
            return flag
        case tree.Name() | tree.Following():
            return _read(expression, fact, row, "us")
        case tree.Call():
            return _call(expression, fact, row)
        case tree.Compare(sign=sign, left=left, right=right):
            return _compare(sign, evaluate(left, fact, row), evaluate(right, fact, row))
        case tree.In(item=item, values=values):
            found = evaluate(item, fact, row)
            return None if found is None else found in values
        case tree.Known(item=item, known=known):
            return (evaluate(item, fact, row) is not None) == known
        case tree.Arithmetic(sign=arithmetic, left=left, right=right):
            return _arithmetic(arithmetic, evaluate(left, fact, row), evaluate(right, fact, row))
        case tree.Not(item=item):
            found = evaluate(item, fact, row)
            return None if found is None else not found
        case tree.Both(left=left, right=right):
            pair = (evaluate(left, fact, row), evaluate(right, fact, row))
            return False if False in pair else (None if None in pair else True)
        case tree.Either(left=left, right=right):
            pair = (evaluate(left, fact, row), evaluate(right, fact, row))
            return True if True in pair else (None if None in pair else False)


def _read(expression: tree.Expression, fact: Fact, row: Mapping[str, object], part: str) -> Value:
    if isinstance(expression, tree.Following):
        found = row[f"{following_column(expression.kinds)}_{part}"]
    elif isinstance(expression, tree.Name):
        known = PROPERTIES[fact][expression.name]
        found = row[f"{known.column}_{part}" if known.type == "moment" else known.column]
    else:
        raise TypeError(expression)
    if found is None or isinstance(found, bool | str):
        return found
    if not isinstance(found, int | float):
        raise TypeError(found)
    return float(found)


def _compare(sign: str, left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    if sign in ("==", "!="):
        return (left == right) == (sign == "==")
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(sign)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _arithmetic(sign: str, left: Value, right: Value) -> float | None:
    if left is None or right is None:
        return None
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(sign)
    a, b = float(left), float(right)
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def _call(call: tree.Call, fact: Fact, row: Mapping[str, object]) -> float | None:
    part = {"cal_days": "day", "weekday": "day", "hour": "hour"}.get(call.function, "us")
    values = [_read(argument, fact, row, part) for argument in call.arguments]
    if None in values:
        return None
    numbers = [float(value) for value in values if value is not None]
    if call.function == "hour":
        return numbers[0]
    if call.function == "weekday":
        return (numbers[0] + 3) % 7 + 1
    between = numbers[1] - numbers[0]
    scale = {"cal_days": 1, "seconds": 1e6, "minutes": 60e6, "hours": 3600e6, "days": 86400e6}[call.function]
    return float(math.trunc(between / scale)) if call.function == "seconds" else between / scale
