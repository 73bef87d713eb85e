"""The rows of an input as columns, and what the expressions of a call make of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.calls import PLAIN, constant, sequence
from conformance.case import Row, number
from conformance.tree import Call, CannotRead, Name, Node, Op, Vector

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Column = list[Any]


def typed(texts: Sequence[str]) -> Column:
    """Return a column as numbers, or as yes and no, where all of it reads so; else as text."""
    known = [text for text in texts if text not in ("", "NA")]
    if known and all(text in ("TRUE", "FALSE", "True", "False") for text in known):
        return [text in ("TRUE", "True") if text not in ("", "NA") else None for text in texts]
    try:
        return [number(text) for text in texts]
    except CannotRead:
        return [None if text in ("", "NA") else text for text in texts]


class Frame:
    """Columns by name. A class because the text of each column is read once, when it is asked for."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.names = list(rows[0]) if rows else []
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Column:
        if name not in self.names:
            raise CannotRead(f"the input has no column {name}")
        if name not in self._columns:
            self._columns[name] = typed([row[name] or "" for row in self.rows])
        return self._columns[name]

    def texts(self, name: str) -> list[str]:
        """Return a column as it is written."""
        if name not in self.names:
            raise CannotRead(f"the input has no column {name}")
        return [row[name] or "" for row in self.rows]


def column(node: Node, frame: Frame) -> Column:
    """Return what an expression makes of the columns: one value a row, unless it takes a subset."""
    match node:
        case Name(text):
            return frame[text]
        case Op("$", (inner, Name(text))):
            return rows_of(inner, frame)[text]
        case Op("[", (Name(name), *at)) if name not in frame.names:
            return _part(at, frame)
        case str(text) if text in frame.names:
            return frame[text]
        case Op("[", (inner, at, *_)):
            return subset(column(inner, frame), at, frame)
        case Op(sign, parts) if sign in SIGNS:
            return _each(SIGNS[sign], [_operand(part, frame) for part in parts])
        case Op("%in%", (inner, wanted)):
            said = constant(wanted)
            return [one in (said if isinstance(said, list) else [said]) for one in column(inner, frame)]
        case Call("ifelse", ((_, asked), (_, yes), (_, no))):
            return _each(
                lambda one, other, rest: other if one else rest, [_operand(one, frame) for one in (asked, yes, no)]
            )
        case Call(("rep" | "seq"), _):
            return sequence(node)
        case Call(("nrow" | "NROW"), _):
            return [len(frame)]
        case Call("length", ((_, inner),)):
            return [len(column(inner, frame))]
        case Call("is.na", ((_, inner),)):
            return [one is None for one in column(inner, frame)]
        case Call(("qccGroups" | "qcc.groups"), arguments):
            return groups(arguments, frame)
        case Call(("as.Date" | "as.numeric" | "as.integer" | "as.character" | "factor" | "as.factor"), arguments):
            return column(arguments[0][1], frame)
        case Call("with", (_, (_, inner))):
            return column(inner, frame)
        case Call("which", ((_, inner),)):
            return [place for place, yes in enumerate(column(inner, frame), start=1) if yes]
        case Call(("seq_along" | "seq_len"), _):
            return [float(place + 1) for place in range(len(frame))]
        case Vector(items):
            return [value for _, item in items for value in column(item, frame)]
        case float() | int() | bool() | None:
            return [node] * max(len(frame), 1)
    raise CannotRead(f"an expression that is not understood here: {node}")


def rows_of(node: Node, frame: Frame) -> Frame:
    """Return the rows that an expression makes of the whole table: all of them, or a subset."""
    match node:
        case Name():
            return frame
        case Op("[", (inner, at, *_)):
            some = rows_of(inner, frame)
            return Frame(subset(list(some.rows), at, some))
        case Call(("subset" | "filter"), (first, *wanted)):
            some = rows_of(first[1], frame)
            for name, one in wanted:
                if name is None:
                    some = Frame(subset(list(some.rows), one, some))
            return some
        case Call(_, ((None, inner), *_)):  # such as mutate(), which changes no rows
            return rows_of(inner, frame)
    raise CannotRead(f"rows that are not understood here: {node}")


def table(given: Mapping[str, Node], name: str, rows: Sequence[Row]) -> Frame:
    """Return the rows that a call was given as its data: all, unless it says which."""
    whole = Frame(rows)
    try:
        return rows_of(given[name], whole) if name in given else whole
    except CannotRead:
        return whole


def _part(at: list[Node], frame: Frame) -> Column:
    """Return a column of the table by its name or place, of all rows or some: d["x"], d[, "x"], d[rows, 2]."""
    rows, named = (at[0], at[1]) if len(at) > 1 else (Name(""), at[0])
    if isinstance(named, int) and 0 < named <= len(frame.names):
        named = frame.names[named - 1]
    if not isinstance(named, str):
        raise CannotRead(f"a column that is not named: {named}")
    return subset(frame[named], rows, frame)


def subset(values: Column, at: Node, frame: Frame) -> Column:
    """Return the values at places counted from 1, at places that are not those counted below 0, or where a column says yes."""
    if at == Name(""):
        return values
    match at:
        case Op(":", (int(first), int(last))):
            places = list(range(first, last + 1))
        case Op("-", (Op(":", (int(first), int(last))),)):
            left_out = set(range(first, last + 1))
            places = [place for place in range(1, len(values) + 1) if place not in left_out]
        case int(one):
            places = [one]
        case _:
            wanted = column(at, frame)
            if all(isinstance(one, bool) or one is None for one in wanted):
                return [value for value, yes in zip(values, wanted, strict=False) if yes]
            places = [int(one) for one in wanted if one is not None]
    return [values[place - 1] for place in places if 0 < place <= len(values)]


def _operand(node: Node, frame: Frame) -> Column:
    """Return a side of a sign: a column, or a plain value such as a date in text."""
    if isinstance(node, str) and node not in frame.names:
        return [node]
    if isinstance(node, Call) and node.function in PLAIN and isinstance(node.arguments[0][1], str):
        return _operand(node.arguments[0][1], frame)
    return column(node, frame)


def groups(arguments: tuple[tuple[str | None, Node], ...], frame: Frame) -> Column:
    """Return the subgroups of qccGroups(data, x, sample): a list of values for each sample, in order of the sample."""
    given = [(name, node) for name, node in arguments if name != "data"]
    if not any(name == "data" for name, _ in arguments) and len(given) > 2:
        given = given[1:]
    named = {name: node for name, node in given if name}
    plain = [node for name, node in given if not name]
    x = named.get("x") or plain.pop(0)
    sample = named.get("sample") or plain.pop(0)
    found: dict[Any, list[float]] = {}
    for value, group in zip(column(x, frame), column(sample, frame), strict=True):
        if value is not None:
            found.setdefault(group, []).append(value)
    return [found[group] for group in sorted(found)]


def _each(sign: Callable[..., Any], columns: list[Column]) -> Column:
    length = max(map(len, columns))
    spread = [one * length if len(one) == 1 else one for one in columns]
    return [None if any(value is None for value in values) else sign(*values) for values in zip(*spread, strict=True)]


def _over(one: float, other: float) -> float | None:
    if other == 0:
        return None if one == 0 else math.inf
    return one / other


def _less(one: float, *other: float) -> float:
    return one - other[0] if other else -one


SIGNS: dict[str, Callable[..., Any]] = {
    "+": lambda one, other=0: one + other,
    "-": _less,
    "*": lambda one, other: one * other,
    "/": _over,
    "^": lambda one, other: one**other,
    "!": lambda one: not one,
    "&": lambda one, other: one and other,
    "|": lambda one, other: one or other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}
