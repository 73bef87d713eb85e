"""What definitions that are stored have in common: plain values out, plain values in, and checks in sentences."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, ClassVar, Self

from knitwork.model.errors import BadDefinition


class Stored:
    """A frozen definition that is written and read as JSON, every field named.

    `noun` is what a sentence calls it, and `example` the start of one.
    """

    __slots__ = ()

    noun: ClassVar[str] = "this chart"
    example: ClassVar[str] = '{"chart": "cusum"}'

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as plain values, every field named."""
        plain: dict[str, Any] = _listed(asdict(self))  # type: ignore[call-overload]  # every definition is a dataclass
        return plain

    def to_json(self) -> str:
        """Return the definition as JSON with its keys in order, fit to be stored and compared."""
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read a definition from plain values; fields left out take their defaults."""
        known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]  # every definition is a dataclass
        for name in plain:
            if name not in known:
                raise BadDefinition(f"{cls.noun} has no field {name!r}: it knows {', '.join(known)}")
        for name, field in known.items():
            if name not in plain and field.default is MISSING:
                raise BadDefinition(f"{cls.noun} has no {name}: give it")
        return cls(**plain)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a definition that `to_json` wrote."""
        return cls.from_dict(plain_of(text, example=cls.example))


def _listed(value: Any) -> Any:
    """Return a value with lists in place of tuples, all the way down, as JSON would give it back."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, (list, tuple)) else value


def plain_of(text: str, *, example: str = Stored.example) -> dict[str, Any]:
    """Return the object that a JSON text holds."""
    try:
        plain = json.loads(text)
    except ValueError as fault:
        raise BadDefinition(f"this definition is not JSON ({fault}): paste it again in full") from fault
    if not isinstance(plain, dict):
        raise BadDefinition(f"a definition is a JSON object such as {example}")
    return plain


def is_number(value: object) -> bool:
    """Say whether `value` is a finite number; yes and no are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def check_choice(name: str, value: object, known: tuple[object, ...]) -> None:
    """Refuse what is not one of the words known."""
    if value not in known:
        raise BadDefinition(f"{name} is {value!r}: choose one of {', '.join(map(str, known))}")


def check_number(name: str, value: object, *, example: str) -> None:
    """Refuse what is not a finite number."""
    if not is_number(value):
        raise BadDefinition(f"{name} is {value!r}: give a number such as {example}")


def check_above(name: str, value: object, least: float, *, example: str) -> None:
    """Refuse what is not a number above `least`."""
    if not is_number(value) or value <= least:  # type: ignore[operator]  # it is a number
        raise BadDefinition(f"{name} is {value!r}: give a number above {least:g}, such as {example}")


def check_yes_or_no(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise BadDefinition(f"{name} is {value!r}: give true or false")


def check_word(name: str, value: object, *, example: str) -> None:
    """Refuse what is not text."""
    if not isinstance(value, str):
        raise BadDefinition(f"{name} is {value!r}: give a word such as {example}")


def check_version(value: object, known: int) -> None:
    """Refuse a definition of a version that is not known here."""
    if value != known or isinstance(value, bool):
        raise BadDefinition(
            f"this definition has version {value!r} and only version {known} is known here: "
            "use a newer Knitwork, or write the definition again"
        )
