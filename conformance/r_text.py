"""Read R: enough of it for calls with their arguments. Nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conformance.tree import Call, CannotRead, Name, Node, Op, Vector

TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*)
    |(?P<line>[\n;])
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?(?![\w.]))
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<quoted>`[^`]*`)
    |(?P<name>[A-Za-z.][\w.]*|_(?!\w))
    |(?P<sign><-|->|%[^%\n]*%|\|>|:::|::|==|!=|<=|>=|&&|\|\||\[\[|\]\]|[-+*/^~=<>!&|:$@()\[\],{}?\\])
    """,
    re.VERBOSE,
)
WORDS: dict[str, Node] = {
    "TRUE": True, "T": True, "FALSE": False, "F": False, "NULL": None, "NA": None, "NA_real_": None,
    "NA_integer_": None, "NaN": None, "Inf": float("inf"),
}  # fmt: skip
# Signs between two parts, and how tightly they bind (R's own table, from loose to tight).
BINDS = {
    "<-": 1, "=": 1, "->": 1, "~": 2, "||": 3, "|": 3, "&&": 4, "&": 4, "==": 6, "!=": 6, "<": 6, ">": 6, "<=": 6, ">=": 6,
    "+": 7, "-": 7, "*": 8, "/": 8, "|>": 9, ":": 10, "^": 12,
}  # fmt: skip
BEFORE = {"-": 11, "+": 11, "!": 5, "~": 2}
MISSING = Name("")
# Where a pipe puts what it carries.
PLACES = (Name("_"), Name("."))


def parse_r(text: str) -> list[Node]:
    """Return the statements that read as R; one that does not is left out up to the next line."""
    reader = _Reader(_tokens(text))
    found: list[Node] = []
    while reader.skip_lines():
        began = reader.at
        try:
            node = reader.expression(0)
            if reader.at < len(reader.tokens) and reader.peek()[0] != "line":
                raise CannotRead("two expressions on one line")
            found.append(node)
        except CannotRead:
            reader.next_line(began)
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            tokens.append(("odd", text[at]))
            at += 1
            continue
        at = match.end()
        if match.lastgroup != "space":
            tokens.append((str(match.lastgroup), match.group()))
    return tokens


@dataclass
class _Reader:
    """Walks along the tokens. A class because it keeps its place, and whether it is within brackets."""

    tokens: list[tuple[str, str]]
    at: int = 0
    depth: int = field(default=0)

    def peek(self) -> tuple[str, str]:
        if self.depth:
            while self.at < len(self.tokens) and self.tokens[self.at] == ("line", "\n"):
                self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def sees(self, sign: str) -> bool:
        return self.peek() == ("sign", sign)

    def skip_lines(self) -> bool:
        self.depth = 0
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "line":
            self.at += 1
        return self.at < len(self.tokens)

    def next_line(self, began: int) -> None:
        self.at = began
        while self.at < len(self.tokens) and self.tokens[self.at][0] != "line":
            self.at += 1

    def expression(self, least: int) -> Node:
        left = self.postfix(self.start())
        while True:
            kind, sign = self.peek()
            binds = 9 if sign.startswith("%") else BINDS.get(sign, -1)
            if kind != "sign" or binds < max(least, 0) or (sign == "=" and self.depth):
                return left
            self.take()
            self.skip_line_after_sign()
            right = self.expression(binds if sign in ("^", "<-", "=") else binds + 1)
            left = _joined(sign, left, right)

    def skip_line_after_sign(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at] == ("line", "\n"):
            self.at += 1

    def start(self) -> Node:
        kind, text = self.take()
        if kind == "number":
            number = text.rstrip("L")
            return float(number) if any(mark in number for mark in ".eE") else int(number)
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "quoted":
            return Name(text[1:-1])
        if kind == "name":
            return self.name(text)
        if kind == "sign" and text in BEFORE:
            return Op(text, (self.expression(BEFORE[text]),))
        if (kind, text) == ("sign", "("):
            return self.within(")")
        if (kind, text) == ("sign", "{"):
            return self.block()
        raise CannotRead(f"{text or 'the end'} where a value is known")

    def name(self, text: str) -> Node:
        while self.sees("::") or self.sees(":::"):
            self.take()
            text = self.take()[1]
        return WORDS[text] if text in WORDS else Name(text)

    def within(self, close: str) -> Node:
        self.depth += 1
        inner = self.expression(0)
        if not self.sees(close):
            raise CannotRead(f"no {close} where one is needed")
        self.take()
        self.depth -= 1
        return inner

    def block(self) -> Node:
        """Read the statements between braces, where lines end statements again."""
        outside, found = self.depth, []
        while self.skip_lines() and not self.sees("}"):
            found.append((None, self.expression(0)))
        self.take()
        self.depth = outside
        return Call("{", tuple(found))

    def postfix(self, left: Node) -> Node:
        while True:
            kind, sign = self.peek()
            if kind != "sign" or sign not in ("(", "[", "[[", "$", "@"):
                return left
            self.take()
            if sign in ("$", "@"):
                left = Op("$", (left, Name(self.take()[1].strip("`'\""))))
            elif sign == "(":
                if not isinstance(left, Name):
                    raise CannotRead("a call of something that is no name")
                left = _called(left.text, self.arguments(")"))
            else:
                inside = self.arguments("]]" if sign == "[[" else "]")
                left = Op("[", (left, *(node for _, node in inside)))

    def arguments(self, close: str) -> tuple[tuple[str | None, Node], ...]:
        self.depth += 1
        found: list[tuple[str | None, Node]] = []
        while not self.sees(close):
            if self.sees(","):
                found.append((None, MISSING))
            else:
                found.append(self.one_argument())
            if self.sees(","):
                self.take()
                if self.sees(close):
                    found.append((None, MISSING))
            elif not self.sees(close):
                raise CannotRead(f"no {close} where one is needed")
        self.take()
        self.depth -= 1
        return tuple(found)

    def one_argument(self) -> tuple[str | None, Node]:
        kind, text = self.peek()
        if kind in ("name", "text", "quoted"):
            began = self.at
            self.take()
            if self.sees("="):
                self.take()
                return text.strip("`'\""), self.expression(0)
            self.at = began
        return None, self.expression(0)


def _called(function: str, arguments: tuple[tuple[str | None, Node], ...]) -> Node:
    if function in ("c", "list"):
        return Vector(arguments)
    return Call(function, arguments)


def _joined(sign: str, left: Node, right: Node) -> Node:
    """Join two sides; a pipe puts its left side at `_` or `.` of the call on its right, else before its arguments."""
    if sign in ("|>", "%>%") and isinstance(right, Call):
        if any(part in PLACES for _, part in right.arguments):
            return Call(
                right.function, tuple((name, left if part in PLACES else part) for name, part in right.arguments)
            )
        return Call(right.function, ((None, left), *right.arguments))
    return Op("<-" if sign == "=" else sign, (left, right))
