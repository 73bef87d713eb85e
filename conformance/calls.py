"""Read the call of another tool, in R or in Python, as data: names, arguments and what they say.

Nothing is run. What is read is a small part of either language: calls, names, numbers, text, vectors, arithmetic and
subsets. Anything else raises `CannotRead`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.r_text import parse_r
from conformance.tree import Call, CannotRead, Name, Node, Op, Vector

__all__ = [
    "Call",
    "CannotRead",
    "Name",
    "Node",
    "Op",
    "Vector",
    "argument",
    "bound",
    "constant",
    "find",
    "read",
    "walk",
]


def read(text: str) -> list[Node]:
    """Return the statements of a call's text; R if it reads as R, else Python. Statements that do not read are left out."""
    statements = _python(text) if text.lstrip().startswith(("from ", "import ")) else parse_r(text)
    if not statements:
        raise CannotRead("nothing in the call reads as R or as Python")
    return statements


def find(statements: list[Node], *names: str) -> Call:
    """Return the first call of any of these functions, however deep, with names that were assigned before filled in."""
    for place, statement in enumerate(statements):
        for node in walk(statement):
            if isinstance(node, Call) and node.function in names:
                filled = _filled(node, _assigned(statements[: place + 1], node))
                return filled if isinstance(filled, Call) else node
    raise CannotRead(f"no call of {' or '.join(names)} in it")


def _assigned(statements: list[Node], call: Call) -> dict[str, Node]:
    """Return what names stand for, each with those before it filled in; the call itself stands for nothing."""
    known: dict[str, Node] = {}
    for statement in statements:
        for node in walk(statement):
            match node:
                case Op("<-", (Name(name), said)) if call not in walk(node):
                    known[name] = _filled(said, known)
    return known


def _filled(node: Node, known: Mapping[str, Node]) -> Node:
    if isinstance(node, Name):
        return known.get(node.text, node)
    if isinstance(node, Call):
        return Call(node.function, tuple((name, _filled(part, known)) for name, part in node.arguments))
    if isinstance(node, Op):
        # What follows a $ is a part of it and no name of its own.
        if node.sign == "$" and isinstance(kept := _filled(node.parts[0], known), Vector):
            for name, item in kept.items:
                if node.parts[1] == Name(str(name)):
                    return item
        fixed = 1 if node.sign == "$" else len(node.parts)
        return Op(node.sign, (*(_filled(part, known) for part in node.parts[:fixed]), *node.parts[fixed:]))
    if isinstance(node, Vector):
        return Vector(tuple((name, _filled(item, known)) for name, item in node.items))
    return node


def walk(node: Node) -> Iterator[Node]:
    """Return a node and all that is in it."""
    yield node
    if isinstance(node, Call):
        for _, part in node.arguments:
            yield from walk(part)
    elif isinstance(node, Op):
        for part in node.parts:
            yield from walk(part)
    elif isinstance(node, Vector):
        for _, part in node.items:
            yield from walk(part)


def bound(call: Call, formals: tuple[str, ...]) -> dict[str, Node]:
    """Match the arguments of a call to the names of its parameters: by name first, the rest by place."""
    given = {_whole(name, formals): node for name, node in call.arguments if name is not None}
    left = iter([name for name in formals if name not in given])
    for name, node in call.arguments:
        if name is None:
            place = next(left, None)
            if place is None:
                raise CannotRead(f"{call.function} has more arguments than are known here")
            given[place] = node
    return given


def _whole(name: str, formals: tuple[str, ...]) -> str:
    """Return the parameter that a name begins, as R matches them, where there is just one."""
    begun = [one for one in formals if one.startswith(name)]
    return begun[0] if name not in formals and len(begun) == 1 else name


def argument(given: Mapping[str, Node], name: str, default: Any = None) -> Any:
    """Return what an argument says, or the default where it is not given or says nothing (NULL, NA, None)."""
    if name not in given:
        return default
    said = constant(given[name])
    if isinstance(said, list) and len(said) == 1:
        said = said[0]  # in R one value is a vector of one
    return default if said is None else said


# Functions that say what their first argument says.
PLAIN = frozenset({"as.Date", "date", "as.numeric", "as.integer", "as.POSIXct", "ymd", "as_date"})


def constant(node: Node) -> Any:
    """Return what a node says without any data: a number, text, yes or no, None, or a list or dict of these."""
    if isinstance(node, Vector):
        if any(name is not None for name, _ in node.items):
            return {name: constant(item) for name, item in node.items}
        found: list[Any] = []
        for _, item in node.items:
            said = constant(item)
            found += said if _is_range(item) and isinstance(said, list) else [said]
        return found
    if isinstance(node, Op):
        return _arithmetic(node.sign, [constant(part) for part in node.parts])
    if isinstance(node, Call):
        if node.function in PLAIN and node.arguments:
            return constant(node.arguments[0][1])
        if node.function == "dict":
            return {name: constant(part) for name, part in node.arguments}
        if node.function in ("seq", "rep") and node.arguments:
            return sequence(node)
        raise CannotRead(f"{node.function}(...) where a plain value is known")
    if isinstance(node, Name):
        raise CannotRead(f"the name {node.text} where a plain value is known")
    return node


def _is_range(node: Node) -> bool:
    """Say whether a part of c() is several values itself, which it takes in one after the other."""
    return (isinstance(node, Op) and node.sign == ":") or (
        isinstance(node, Call) and node.function in ("seq", "rep", "c")
    )


def sequence(node: Call) -> list[Any]:
    """Return what seq(from, to, by) or rep(x, times, each) says."""
    if node.function == "seq":
        given = bound(node, ("from", "to", "by"))
        first, last, step = (argument(given, name, 1) for name in ("from", "to", "by"))
        return [first + step * at for at in range(int((last - first) / step + 1e-9) + 1)]
    given = bound(node, ("x", "times", "each"))
    said, times, each = argument(given, "x"), argument(given, "times", 1), argument(given, "each", 1)
    some = said if isinstance(said, list) else [said]
    if isinstance(times, list):
        return [one for one, often in zip(some, times, strict=True) for _ in range(int(often))]
    return [one for one in some for _ in range(int(each))] * int(times)


def _arithmetic(sign: str, parts: list[Any]) -> Any:
    if any(isinstance(part, list) for part in parts):
        if sign == "-" and len(parts) == 1:
            return [None if part is None else -part for part in parts[0]]
        raise CannotRead(f"arithmetic on a vector ({sign})")
    if any(part is None for part in parts):
        return None
    match sign, parts:
        case "-", [one]:
            return -one
        case "!" | "not", [one]:
            return not one
        case "+", [one, other]:
            return one + other
        case "-", [one, other]:
            return one - other
        case "*", [one, other]:
            return one * other
        case "/", [one, other] if other:
            return one / other
        case "^" | "**", [one, other]:
            return one**other
        case ":", [one, other]:
            return list(range(int(one), int(other) + 1))
    raise CannotRead(f"{sign} where a plain value is known")


def _python(text: str) -> list[Node]:
    try:
        module = ast.parse(text)
    except SyntaxError as fault:
        raise CannotRead(f"it does not read as Python ({fault.msg})") from fault
    found: list[Node] = []
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found.append(Op("<-", (Name(statement.targets[0].id), _of_python(statement.value))))
        elif isinstance(statement, ast.Expr):
            found.append(_of_python(statement.value))
    return found


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.USub: "-", ast.Not: "!"}


def _of_python(node: ast.expr) -> Node:
    match node:
        case ast.Constant(value=value):
            return value  # type: ignore[return-value]  # bytes and the like are refused where they are used
        case ast.Name(id=name):
            return Name(name)
        case ast.Attribute(value=inner, attr=name):
            return Op("$", (_of_python(inner), Name(name)))
        case ast.Call(func=function, args=args, keywords=keywords):
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "?")
            named = [(word.arg, _of_python(word.value)) for word in keywords]
            return Call(name, ((*((None, _of_python(arg)) for arg in args), *named)))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return Vector(tuple((None, _of_python(item)) for item in items))
        case ast.Dict(keys=keys, values=values):
            return Vector(
                tuple((str(getattr(key, "value", "")), _of_python(one)) for key, one in zip(keys, values, strict=True))
            )
        case ast.UnaryOp(op=sign, operand=inner) if type(sign) in _SIGNS:
            return Op(_SIGNS[type(sign)], (_of_python(inner),))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            return Op(_SIGNS[type(sign)], (_of_python(left), _of_python(right)))
        case ast.Subscript(value=inner, slice=at):
            return Op("[", (_of_python(inner), _of_python(at)))
    return Name(ast.unparse(node))
