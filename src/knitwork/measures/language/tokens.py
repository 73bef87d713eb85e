"""Cut the text of an expression into words, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from knitwork.model.errors import BadDefinition

TokenKind = Literal["word", "number", "text", "sign", "end"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, so that an error can point at it. Lines and columns count from 1."""

    line: int = 1
    column: int = 1
    source: str = ""

    def right(self, steps: int) -> Place:
        return Place(self.line, self.column + steps, self.source)

    def error(self, sentence: str) -> BadDefinition:
        """Return the error that says `sentence` about this place."""
        where = f"{self.source}, " if self.source else ""
        return BadDefinition(f"{where}line {self.line}, column {self.column}: {sentence}")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, quoted text or sign."""

    kind: TokenKind
    text: str
    at: Place


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<text>"[^"\n]*")
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>==|!=|<=|>=|<|>|\+|-|\*|\(|\)|\[|\]|,|\.)""",
    re.VERBOSE,
)


def tokens(text: str, at: Place) -> list[Token]:
    """Return the words of `text`, ending with one of kind `end`.

    >>> [t.text for t in tokens("stay.kind in [icu]", Place())]
    ['stay', '.', 'kind', 'in', '[', 'icu', ']', '']
    """
    found: list[Token] = []
    position, line_start, line = 0, 0, at.line
    while position < len(text):
        column = position - line_start + (at.column if line == at.line else 1)
        place = Place(line, column, at.source)
        match = _TOKEN.match(text, position)
        if match is None:
            raise place.error(_stray(text[position]))
        if match.lastgroup == "space":
            breaks = match.group().count("\n")
            if breaks:
                line, line_start = line + breaks, match.start() + match.group().rfind("\n") + 1
        else:
            kind: TokenKind = match.lastgroup  # type: ignore[assignment]  # the groups are named after the kinds
            found.append(Token(kind, match.group(), place))
        position = match.end()
    column = position - line_start + (at.column if line == at.line else 1)
    return [*found, Token("end", "", Place(line, column, at.source))]


def _stray(sign: str) -> str:
    if sign == "=":
        return "a single = is not a comparison: write == to ask whether two things are equal"
    if sign == '"':
        return 'the text that begins here has no closing "'
    if sign == "'":
        return 'text is written between double quotes, as in "recorded"'
    if sign == "/":
        return "there is no division: multiply the other side instead"
    return f"{sign} means nothing here: use names, numbers, comparisons, and, or, not"
