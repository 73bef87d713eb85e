"""Read an expression into its tree.

expression = conjunction { "or" conjunction }
conjunction = negation { "and" negation }
negation = "not" negation | comparison
comparison = sum [ sign sum | [ "not" ] "in" list | "is" ( "known" | "unknown" ) ]
sum = product { ( "+" | "-" ) product }
product = atom { "*" atom }
atom = number | text | "yes" | "no" | call | name | following | "-" atom | "(" expression ")"
"""

from __future__ import annotations

from dataclasses import dataclass

from knitwork.measures.language import tree
from knitwork.measures.language.names import FUNCTIONS, KIND_SETS
from knitwork.measures.language.tokens import Place, Token, tokens

KEYWORDS = frozenset({"and", "or", "not", "in", "is"})
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
DEEPEST = 60


def parse(text: str, at: Place | None = None) -> tree.Expression:
    """Return the tree of `text`; `at` is where the text stands in its file.

    >>> parse("minutes(stay.start, stay.end) > 60").sign
    '>'
    """
    reader = _Reader(tokens(text, at or Place()))
    expression = reader.expression()
    left_over = reader.peek()
    if left_over.kind != "end":
        raise left_over.at.error(f"{left_over.text} is one word too many: join two conditions with and, or")
    return expression


@dataclass
class _Reader:
    words: list[Token]
    position: int = 0
    depth: int = 0

    def peek(self) -> Token:
        return self.words[self.position]

    def take(self) -> Token:
        word = self.words[self.position]
        self.position += word.kind != "end"
        return word

    def accept(self, *texts: str) -> Token | None:
        word = self.peek()
        return self.take() if word.kind in ("word", "sign") and word.text in texts else None

    def expect(self, text: str, why: str) -> Token:
        word = self.accept(text)
        if word is None:
            found = self.peek()
            shown = f"not {found.text}" if found.text else "but the expression ends"
            raise found.at.error(f"{text} should stand here {why}, {shown}")
        return word

    def expression(self) -> tree.Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.peek().at.error(f"this is nested more than {DEEPEST} deep: split the definition")
        left = self.conjunction()
        while word := self.accept("or"):
            left = tree.Either(left, self.conjunction(), word.at)
        self.depth -= 1
        return left

    def conjunction(self) -> tree.Expression:
        left = self.negation()
        while word := self.accept("and"):
            left = tree.Both(left, self.negation(), word.at)
        return left

    def negation(self) -> tree.Expression:
        word = self.accept("not")
        if word is None:
            return self.comparison()
        self.depth += 1
        if self.depth > DEEPEST:
            raise word.at.error(f"this is nested more than {DEEPEST} deep: split the definition")
        found = tree.Not(self.negation(), word.at)
        self.depth -= 1
        return found

    def comparison(self) -> tree.Expression:
        left = self.sum()
        word = self.peek()
        if word.kind == "sign" and word.text in COMPARISONS:
            self.take()
            sign: tree.CompareSign = word.text  # type: ignore[assignment]  # one of COMPARISONS
            return tree.Compare(sign, left, self.sum(), word.at)
        if self.accept("in"):
            return tree.In(left, self.choices(), word.at)
        if word.text == "not" and self.words[self.position + 1].text == "in":
            self.take()
            self.take()
            return tree.Not(tree.In(left, self.choices(), word.at), word.at)
        if self.accept("is"):
            answer = self.accept("known", "unknown")
            if answer is None:
                raise self.peek().at.error("after is comes known or unknown; to compare, write ==")
            return tree.Known(left, answer.text == "known", word.at)
        return left

    def choices(self) -> frozenset[str]:
        """Read `[icu, ccu]` or the name of a list of kinds."""
        word = self.peek()
        if word.kind == "word" and word.text in KIND_SETS:
            self.take()
            return KIND_SETS[word.text]
        self.expect("[", f"to begin a list, or one of {', '.join(KIND_SETS)}")
        found: list[str] = []
        while True:
            word = self.take()
            if word.kind not in ("word", "text"):
                raise word.at.error('a list holds words or texts, as in [icu, ccu] or ["Ward 7"]')
            found.append(word.text.strip('"'))
            if not self.accept(","):
                break
        self.expect("]", "to end the list")
        return frozenset(found)

    def sum(self) -> tree.Expression:
        left = self.product()
        while word := self.accept("+", "-"):
            sign: tree.ArithmeticSign = word.text  # type: ignore[assignment]  # + or -
            left = tree.Arithmetic(sign, left, self.product(), word.at)
        return left

    def product(self) -> tree.Expression:
        left = self.atom()
        while word := self.accept("*"):
            left = tree.Arithmetic("*", left, self.atom(), word.at)
        return left

    def atom(self) -> tree.Expression:
        word = self.take()
        if word.kind == "number":
            return tree.Number(float(word.text), word.at)
        if word.kind == "text":
            return tree.Text(word.text.strip('"'), word.at)
        if word.text == "(":
            inside = self.expression()
            self.expect(")", "to close the bracket")
            return inside
        if word.text == "-":
            return self.negative(word.at)
        if word.kind == "word" and word.text not in KEYWORDS:
            return self.named(word)
        what = f"{word.text} cannot stand here" if word.text else "the expression ends too early"
        raise word.at.error(f"{what}: a name, a number or a text in double quotes should")

    def negative(self, at: Place) -> tree.Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise at.error(f"this is nested more than {DEEPEST} deep: split the definition")
        found = tree.Arithmetic("-", tree.Number(0.0, at), self.atom(), at)
        self.depth -= 1
        return found

    def named(self, word: Token) -> tree.Expression:
        if word.text in ("yes", "no"):
            return tree.Flag(word.text == "yes", word.at)
        if word.text == "following":
            return self.following(word.at)
        if self.accept("("):
            if word.text not in FUNCTIONS:
                raise word.at.error(f"there is no function {word.text}: there are {', '.join(FUNCTIONS)}")
            arguments = [self.expression()]
            while self.accept(","):
                arguments.append(self.expression())
            self.expect(")", f"to close {word.text}(")
            return tree.Call(word.text, tuple(arguments), word.at)
        if self.accept("."):
            return tree.Name(f"{word.text}.{self.take().text}", word.at)
        if word.text == "value":
            return tree.Name("value", word.at)
        raise word.at.error(f'{word.text} says too little: write stay.{word.text}, or "{word.text}" if it is a text')

    def following(self, at: Place) -> tree.Expression:
        self.expect("(", "after following")
        kinds: frozenset[str] | None
        if self.accept("same_unit"):
            kinds = None
        elif self.accept("any"):
            kinds = frozenset()
        else:
            self.expect("kind", "(or same_unit, or any)")
            self.expect("in", "after kind")
            kinds = self.choices()
        self.expect(")", "to close following(")
        self.expect(".", "before start")
        self.expect("start", "because only the start of a following stay can be asked for")
        return tree.Following(kinds, at)
