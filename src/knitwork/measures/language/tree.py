"""The syntax tree of an expression: frozen, and each node knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from knitwork.measures.language.tokens import Place

CompareSign = Literal["==", "!=", "<", "<=", ">", ">="]
ArithmeticSign = Literal["+", "-", "*"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float
    at: Place


@dataclass(frozen=True, slots=True)
class Text:
    """A text between double quotes."""

    value: str
    at: Place


@dataclass(frozen=True, slots=True)
class Flag:
    """`yes` or `no`."""

    value: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Name:
    """A property of the row, such as `stay.kind`."""

    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class Following:
    """The start of the nearest later stay of the same patient that fits.

    `kinds` is None for a stay in the same unit, empty for a stay of any kind.
    """

    kinds: frozenset[str] | None
    at: Place


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions of time."""

    function: str
    arguments: tuple[Expression, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Compare:
    """Two things of one type side by side."""

    sign: CompareSign
    left: Expression
    right: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class In:
    """Whether a text is one of several."""

    item: Expression
    values: frozenset[str]
    at: Place


@dataclass(frozen=True, slots=True)
class Known:
    """Whether something is known (or, with `known` false, unknown). Never itself unknown."""

    item: Expression
    known: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum, difference or product."""

    sign: ArithmeticSign
    left: Expression
    right: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; the opposite of unknown is unknown."""

    item: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Both:
    """Logical and: no if either is no, else unknown if either is unknown."""

    left: Expression
    right: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Either:
    """Logical or: yes if either is yes, else unknown if either is unknown."""

    left: Expression
    right: Expression
    at: Place


Expression = Number | Text | Flag | Name | Following | Call | Compare | In | Known | Arithmetic | Not | Both | Either
_NODES = (Number, Text, Flag, Name, Following, Call, Compare, In, Known, Arithmetic, Not, Both, Either)


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and everything in it."""
    yield expression
    for part in fields(expression):
        value = getattr(expression, part.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, _NODES):
                yield from walk(child)
