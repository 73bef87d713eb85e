"""Check names and types before anything runs, and say what would be right."""

from __future__ import annotations

from difflib import get_close_matches

from knitwork.measures.language import tree
from knitwork.measures.language.names import (
    FOLLOWING_PARTS,
    FUNCTIONS,
    MERGED_NAMES,
    PROPERTIES,
    Fact,
    Property,
    ValueType,
)
from knitwork.model.units import KINDS


def check(expression: tree.Expression, fact: Fact, *, wanted: tuple[ValueType, ...] = ()) -> ValueType:
    """Return the type of `expression` over rows of `fact`; refuse it if it is none of `wanted`."""
    found = _type(expression, fact)
    if wanted and found not in wanted:
        raise expression.at.error(f"this is a {found}, and a {' or a '.join(wanted)} is needed here")
    return found


def _type(expression: tree.Expression, fact: Fact) -> ValueType:
    match expression:
        case tree.Number():
            return "number"
        case tree.Text():
            return "text"
        case tree.Flag():
            return "yes or no"
        case tree.Name():
            return "number" if expression.name in MERGED_NAMES else _property(expression, fact).type
        case tree.Following():
            return _following(expression, fact)
        case tree.Call():
            return _call(expression, fact)
        case tree.Compare():
            return _compare(expression, fact)
        case tree.In():
            check(expression.item, fact, wanted=("text",))
            for value in sorted(expression.values):
                _choice(expression.item, value, fact, expression)
            return "yes or no"
        case tree.Known():
            _type(expression.item, fact)
            return "yes or no"
        case tree.Arithmetic():
            check(expression.left, fact, wanted=("number",))
            check(expression.right, fact, wanted=("number",))
            return "number"
        case tree.Not():
            return check(expression.item, fact, wanted=("yes or no",))
        case tree.Both() | tree.Either():
            check(expression.left, fact, wanted=("yes or no",))
            return check(expression.right, fact, wanted=("yes or no",))


def _property(name: tree.Name, fact: Fact) -> Property:
    known = PROPERTIES[fact]
    if name.name in known:
        return known[name.name]
    owners = [other for other, names in PROPERTIES.items() if name.name in names]
    if owners:
        raise name.at.error(f"{name.name} belongs to rows of {' and '.join(owners)}, and this measure is about {fact}")
    near = get_close_matches(name.name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    raise name.at.error(f"there is no {name.name}: {hint}")


def _following(expression: tree.Following, fact: Fact) -> ValueType:
    if fact not in ("stay", "visit"):
        raise expression.at.error(f"following() needs rows of stay or visit, and this measure is about {fact}")
    for kind in sorted(expression.kinds or ()):
        if kind not in KINDS:
            raise expression.at.error(_no_kind(kind))
    return "moment"


def _call(call: tree.Call, fact: Fact) -> ValueType:
    count, part = FUNCTIONS[call.function]
    if len(call.arguments) != count:
        wanted = "two moments" if count == 2 else "one moment"
        raise call.at.error(f"{call.function}() takes {wanted} and was given {len(call.arguments)}")
    for argument in call.arguments:
        check(argument, fact, wanted=("moment",))
        if part not in _parts(argument, fact):
            missing = "local hour" if part == "hour" else "local day"
            raise argument.at.error(f"the {missing} of this moment is not kept: {call.function}() cannot use it")
    return "number"


def _parts(moment: tree.Expression, fact: Fact) -> frozenset[str]:
    return _property(moment, fact).parts if isinstance(moment, tree.Name) else FOLLOWING_PARTS


def _compare(expression: tree.Compare, fact: Fact) -> ValueType:
    left = _type(expression.left, fact)
    right = _type(expression.right, fact)
    if left != right:
        raise expression.at.error(f"a {left} cannot be compared with a {right}")
    if left in ("text", "yes or no") and expression.sign not in ("==", "!="):
        raise expression.at.error(f"a {left} has no order: use == or !=")
    for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
        if isinstance(other, tree.Text):
            _choice(one, other.value, fact, other)
    return "yes or no"


def _choice(item: tree.Expression, value: str, fact: Fact, place: tree.Expression) -> None:
    choices = _property(item, fact).choices if isinstance(item, tree.Name) else ()
    if choices and value not in choices:
        raise place.at.error(_no_kind(value) if choices is KINDS else f"{value} is none of {', '.join(choices)}")


def _no_kind(kind: str) -> str:
    near = get_close_matches(kind, KINDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the kinds are {', '.join(KINDS)}"
    return f"{kind} is no kind of unit: {hint}"
