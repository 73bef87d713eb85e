"""What a record of ours has and a resource has no element for: extensions that we write, and read before the elements.

An extension is named `urn:knitwork:` and the column, with a value of its type; the code `unknown` says that the column
is empty although an element would be read as something. Resources of others have none of these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from knitwork.intake.formats.csv.rules import cast_us
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.fhir.kind import Gives
from knitwork.intake.formats.fhir.words import TEXT, once
from knitwork.intake.landing import LANDED, TAIL

BASE = "urn:knitwork:"
SHAPE: dict[str, Any] = {
    "extension": [
        {"url": TEXT, "valueString": TEXT, "valueCode": TEXT, "valueDateTime": TEXT, "valueDecimal": "DOUBLE", "valueInteger": "BIGINT"}
    ]
}  # fmt: skip
# The element of an extension that holds a value, by the type of a landed column.
ELEMENT = {"VARCHAR": "valueString", "BIGINT": "valueDateTime", "DOUBLE": "valueDecimal", "INTEGER": "valueInteger"}
UNKNOWN = "unknown"
# The staged column of the extensions that are ours.
OWN = f"list_filter(j.extension, lambda x: starts_with(x.url, {quoted(BASE)}))"
_TAIL = {name for name, _ in TAIL}


def url(column: str) -> str:
    """Return the name of the extension for a column.

    >>> url("accepted_us"), url("from_unit")
    ('urn:knitwork:accepted', 'urn:knitwork:from-unit')
    """
    return BASE + column.removesuffix("_us").replace("_", "-")


def columns_of(table: str) -> dict[str, str]:
    """Return the columns of a landed table that a record of ours has, with their types."""
    return {name: type_ for name, type_ in LANDED[table] if name not in _TAIL}


def found(column: str) -> str:
    """Return the SQL of the extension for a column, over `own`."""
    return f"list_filter(own, lambda x: x.url = {quoted(url(column))})[1]"


def completed(gives: Gives) -> Gives:
    """Return rows whose columns are read from our extensions first."""
    read = {**gives.columns}
    for name, type_ in columns_of(gives.table).items():
        value = f"said.{ELEMENT[type_]}"
        if type_ == "BIGINT":
            value = cast_us(value)
        elif type_ == "DOUBLE":
            value = f"coalesce({value}, try_cast(said.valueString AS DOUBLE))"
        own = f"CASE WHEN said.valueCode = {quoted(UNKNOWN)} THEN NULL ELSE {value} END"
        standard = gives.columns.get(name, "NULL")
        # The element stays outside: it may be long, and what it is made of is not seen inside.
        read[name] = f"CASE WHEN {found(name)} IS NULL THEN {standard} ELSE {once(found(name), 'said', own)} END"
    return replace(gives, columns=read)
