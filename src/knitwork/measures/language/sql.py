"""Turn a checked expression into SQL over the columns of its fact.

SQL's own three-valued logic is the one wanted: NULL is unknown. Arithmetic is done in
DOUBLE, as in the reference evaluator, so that both agree to the last bit; whole numbers
below 2 ** 53 stay exact.
"""

from __future__ import annotations

from knitwork.measures.language import tree
from knitwork.measures.language.names import MICROSECONDS_IN, PROPERTIES, Fact, following_column

_SIGNS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def to_sql(expression: tree.Expression, fact: Fact) -> str:
    """Return the SQL text of `expression`; a moment gives its microseconds.

    >>> from knitwork.measures.language.parse import parse
    >>> to_sql(parse("hours(stay.start, stay.end) is known and stay.end is known"), "stay")
    '((... IS NOT NULL) AND ("end_us" IS NOT NULL))'
    """
    match expression:
        case tree.Number(value=value):
            return _number(value)
        case tree.Text(value=value):
            return _quoted(value)
        case tree.Flag(value=flag):
            return "TRUE" if flag else "FALSE"
        case tree.Name() | tree.Following():
            return _column(expression, fact, "us")
        case tree.Call():
            return _call(expression, fact)
        case tree.Compare(sign=sign, left=left, right=right):
            return f"({_operand(left, fact)} {_SIGNS[sign]} {_operand(right, fact)})"
        case tree.In(item=item, values=values):
            listed = ", ".join(_quoted(value) for value in sorted(values))
            return f"({_operand(item, fact)} IN ({listed}))"
        case tree.Known(item=item, known=known):
            return f"({to_sql(item, fact)} IS {'NOT ' if known else ''}NULL)"
        case tree.Arithmetic(sign=arithmetic, left=left, right=right):
            return f"(CAST({to_sql(left, fact)} AS DOUBLE) {arithmetic} CAST({to_sql(right, fact)} AS DOUBLE))"
        case tree.Not(item=item):
            return f"(NOT {to_sql(item, fact)})"
        case tree.Both(left=left, right=right):
            return f"({to_sql(left, fact)} AND {to_sql(right, fact)})"
        case tree.Either(left=left, right=right):
            return f"({to_sql(left, fact)} OR {to_sql(right, fact)})"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value!r}::DOUBLE"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _operand(expression: tree.Expression, fact: Fact) -> str:
    """Return one side of a comparison; two columns of text may be different ENUMs, so they are cast."""
    text = to_sql(expression, fact)
    if isinstance(expression, tree.Name):
        known = PROPERTIES[fact].get(expression.name)
        if known and known.type == "text":
            return f"CAST({text} AS VARCHAR)"
    return text


def _column(expression: tree.Expression, fact: Fact, part: str) -> str:
    if isinstance(expression, tree.Following):
        return f'"{following_column(expression.kinds)}_{part}"'
    if not isinstance(expression, tree.Name):  # the check allows nothing else as a moment
        raise expression.at.error("a moment should stand here")
    found = PROPERTIES[fact][expression.name]
    return f'"{found.column}_{part}"' if found.type == "moment" else f'"{found.column}"'


def _call(call: tree.Call, fact: Fact) -> str:
    if call.function in MICROSECONDS_IN:
        first, second = (_column(argument, fact, "us") for argument in call.arguments)
        if call.function == "seconds":
            return f"(({second} - {first}) // 1000000)"
        return f"(CAST({second} - {first} AS DOUBLE) / CAST({MICROSECONDS_IN[call.function]} AS DOUBLE))"
    if call.function == "cal_days":
        first, second = (_column(argument, fact, "day") for argument in call.arguments)
        return f"({second} - {first})"
    if call.function == "hour":
        return _column(call.arguments[0], fact, "hour")
    # 1970-01-01 was a Thursday; the detour over + 10 keeps days before it right.
    return f"(({_column(call.arguments[0], fact, 'day')} % 7 + 10) % 7 + 1)"
