"""Read YAML so that every value still knows its line and column, and nothing is guessed.

Values stay the text that was written: `yes`, `1.0` and `2026-03-01` mean what the field
they stand in says, not what YAML makes of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

import yaml

from knitwork.measures.language.tokens import Place
from knitwork.model.errors import BadDefinition
from knitwork.model.yaml_text import NotYaml, compose

_EMPTY = ("", "~", "null")


@dataclass(frozen=True, slots=True)
class Branch:
    """A value of the file: a text, a list or a mapping, and its place."""

    value: str | tuple[Branch, ...] | dict[str, Branch] | None
    at: Place
    one_line: bool = True

    def text(self, what: str) -> str:
        if isinstance(self.value, str):
            return self.value
        raise self.at.error(f"{what} should be a text")

    def number(self, what: str) -> float:
        try:
            return float(self.text(what))
        except ValueError:
            raise self.at.error(f"{what} should be a number, not {self.value}") from None

    def whole(self, what: str) -> int:
        found = self.number(what)
        if not found.is_integer():
            raise self.at.error(f"{what} should be a whole number, not {self.value}")
        return int(found)

    def one_of(self, what: str, choices: Collection[str]) -> str:
        found = self.text(what)
        if found not in choices:
            raise self.at.error(f"{what} {found} is unknown: it is one of {', '.join(choices)}")
        return found

    def items(self, what: str) -> tuple[Branch, ...]:
        if isinstance(self.value, tuple):
            return self.value
        raise self.at.error(f"{what} should be a list")

    def mapping(
        self, what: str, *, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> dict[str, Branch]:
        """Return the mapping; with `required` or `optional`, refuse any other key and miss none."""
        if not isinstance(self.value, dict):
            raise self.at.error(f"{what} should be a mapping of names to values")
        allowed = [*required, *optional]
        for key, branch in self.value.items() if allowed else ():
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(allowed)}"
                raise branch.at.error(f"{what} has no key {key}: {hint}")
        missing = [key for key in required if key not in self.value]
        if missing:
            raise self.at.error(f"{what} lacks {', '.join(missing)}: add {'it' if len(missing) == 1 else 'them'}")
        return self.value

    def plain(self) -> object:
        """Return the bare value, for hashing."""
        if isinstance(self.value, dict):
            return {key: branch.plain() for key, branch in self.value.items()}
        if isinstance(self.value, tuple):
            return [branch.plain() for branch in self.value]
        return self.value


def read_tree(text: str, source: str = "") -> Branch:
    """Return the contents of a YAML text; what is not YAML is refused with line and column."""
    try:
        node = compose(text)
    except NotYaml as fault:
        if fault.line:
            raise Place(fault.line, fault.column, source).error(fault.problem) from None
        raise BadDefinition(f"{source or 'the definition'} cannot be read: {fault.problem}") from None
    if node is None:
        raise BadDefinition(f"{source or 'the definition'} is empty")
    return _branch(node, source, 0)


def _branch(node: yaml.Node, source: str, depth: int) -> Branch:
    mark = node.start_mark
    at = Place(mark.line + 1, mark.column + 1, source)
    if depth > 20:
        raise at.error("this is nested too deep")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Branch] = {}
        for key, value in node.value:
            place = Place(key.start_mark.line + 1, key.start_mark.column + 1, source)
            if not isinstance(key, yaml.ScalarNode):
                raise place.error("a key should be a word")
            if key.value in found:
                raise place.error(f"{key.value} stands here twice: keep one")
            found[str(key.value)] = _branch(value, source, depth + 1)
        return Branch(found, at)
    if isinstance(node, yaml.SequenceNode):
        return Branch(tuple(_branch(item, source, depth + 1) for item in node.value), at)
    quoted = isinstance(node, yaml.ScalarNode) and node.style in ('"', "'")
    value = str(node.value)
    return Branch(
        None if not quoted and value in _EMPTY else value,
        at.right(1) if quoted else at,
        one_line=node.start_mark.line == node.end_mark.line,
    )
