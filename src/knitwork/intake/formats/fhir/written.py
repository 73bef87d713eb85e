"""How ids, references and times are written, so that they are read as they were."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from knitwork.model.errors import CannotDo

Resource = dict[str, Any]
# What FHIR allows as an id; any other code is told as an identifier.
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def is_id(code: str | None) -> bool:
    """Say whether FHIR allows a code as an id."""
    return code is not None and _ID.fullmatch(code) is not None


def is_plain(code: str) -> bool:
    """Say whether a text in an element is read as it is: it is trimmed there, and no piece of JSON."""
    return bool(code) and code == code.strip() and code[0] not in "[{\\|" and "\0" not in code


def code_of(code: str) -> str:
    """Return a code that will be read as it is written, or say that there is no way."""
    if not is_plain(code):
        raise CannotDo("a code begins with a sign or a space that FHIR would not give back: write CSV instead")
    return code


def reference(kind: str, code: str) -> Resource:
    """Return a Reference to a resource of our own, by its id or, where that is none, by its number."""
    return {"reference": f"{kind}/{code}"} if is_id(code) else {"identifier": {"value": code_of(code)}}


def at(us: int) -> str:
    """Return an instant in UTC, as finely as it is known.

    >>> at(0), at(1_500_000)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500000Z')
    """
    moment = _EPOCH + dt.timedelta(microseconds=us)
    return f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{moment.microsecond:06d}" if moment.microsecond else "") + "Z"
