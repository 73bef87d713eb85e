"""What a call is read into: a small tree of plain parts, the same for R and for Python."""

from __future__ import annotations

from dataclasses import dataclass


class CannotRead(Exception):
    """A case whose call, or whose files, say something that is not understood here."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name: a column of the data, or something that was assigned before."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, in their order, each with its name or None."""

    function: str
    arguments: tuple[tuple[str | None, Node], ...]


@dataclass(frozen=True, slots=True)
class Op:
    """An operator and what stands on its sides; `[` is a subset, `$` a part, `~` a formula, `<-` an assignment."""

    sign: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """Several values, some of which may have names."""

    items: tuple[tuple[str | None, Node], ...]


Node = Name | Call | Op | Vector | float | int | str | bool | None
