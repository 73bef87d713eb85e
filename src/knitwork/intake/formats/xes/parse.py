"""XES as a stream of events: nothing but the trace at hand is in memory, and nothing is fetched or expanded.

Document types and entities are refused: no event log needs them, and they are how XML is made to explode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from knitwork.model.errors import Unreadable

CHUNK = 1 << 18
# No value of an event is longer: expat keeps one tag whole.
LONGEST_TAG = 4 << 20
DEEPEST = 64
MOST_ATTRIBUTES = 10_000
# Elements that carry a key and a value. `list` and `container` hold others.
SCALARS = frozenset({"string", "date", "int", "float", "boolean", "id"})
VALUES = SCALARS | {"list", "container"}

Attributes = dict[str, str]


@dataclass(slots=True)
class Log:
    """What stands above the traces: classifiers by name, the scopes that have globals, extensions by prefix."""

    classifiers: dict[str, list[str]] = field(default_factory=dict)
    scopes: set[str] = field(default_factory=set)
    extensions: list[str] = field(default_factory=list)
    traces: int = 0
    empty_traces: int = 0
    nested: int = 0


def read_events(path: Path, *, name: str, log: Log, event: Callable[[Attributes, Attributes], None]) -> None:
    """Call `event` with the attributes of the trace and of each of its events, in the order of the file.

    Attributes of a trace that stand after its events are not seen by these. Raises Unreadable for what is no XES.
    """
    reader = _Reader(log, event, name)
    parser = guarded(name)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    feed(parser, path, name=name)
    if not reader.closed:
        raise Unreadable(f"{name} has no <log> in it and is no XES: export it again")


def guarded(name: str) -> Any:
    """Return an expat parser that refuses document types and entities."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: Any) -> int:
        raise Unreadable(
            f"{name} declares a document type or an entity, which can make a small file explode: export it without"
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    return parser


def feed(parser: Any, path: Path, *, name: str) -> None:
    """Give a parser the file by pieces; refuse what is no XML, and a tag that would fill the memory."""
    given = 0
    try:
        with path.open("rb") as source:
            while chunk := source.read(CHUNK):
                given += len(chunk)
                parser.Parse(chunk, False)
                if given - max(parser.CurrentByteIndex, 0) > LONGEST_TAG:
                    raise Unreadable(f"{name} has a tag of more than {LONGEST_TAG >> 20} MB: export it again")
            parser.Parse(b"", True)
    except expat.ExpatError as problem:
        raise Unreadable(
            f"{name} is cut off or damaged XML (line {problem.lineno:,}: {expat.ErrorString(problem.code)}): "
            "fetch or export it again"
        ) from None
    except (LookupError, ValueError, UnicodeError):
        raise Unreadable(f"{name} is XML in an encoding that is not known: save it as UTF-8") from None


def local(tag: str) -> str:
    """Return the name of an element without its namespace."""
    return tag.rpartition(" ")[2]


class _Reader:
    """Follows the elements of one log."""

    def __init__(self, log: Log, event: Callable[[Attributes, Attributes], None], name: str) -> None:
        self.log, self.event, self.name = log, event, name
        self.open: list[str] = []
        self.keys: list[str] = []  # of the attributes that are open, outermost first
        self.trace: Attributes = {}
        self.now: Attributes | None = None
        self.events = 0
        self.closed = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = local(tag)
        if not self.open and element != "log":
            raise Unreadable(f"{self.name} is XML and no XES: its first element is <{element[:40]}> and not <log>")
        self.open.append(element)
        if len(self.open) > DEEPEST:
            raise Unreadable(f"{self.name} is nested more than {DEEPEST} deep: no event log is")
        if element == "trace":
            self.trace, self.events = {}, 0
            self.log.traces += 1
        elif element == "event":
            self.now = {}
        elif element == "classifier":
            self.log.classifiers.setdefault(attributes.get("name", ""), attributes.get("keys", "").split())
        elif element == "extension":
            self.log.extensions.append(attributes.get("prefix", ""))
        elif element == "global":
            self.log.scopes.add(attributes.get("scope", ""))
        elif element in VALUES:
            self._value(element, attributes)

    def _value(self, element: str, attributes: dict[str, str]) -> None:
        self.keys.append(attributes.get("key", ""))
        if "global" in self.open or "trace" not in self.open or element not in SCALARS:
            return
        kept = self.trace if self.now is None else self.now
        if len(self.keys) > 1:
            self.log.nested += 1
        # An attribute of an attribute is named by both: cost under diagnosis is diagnosis/cost.
        key = "/".join(self.keys)
        if len(kept) < MOST_ATTRIBUTES:
            kept.setdefault(key, attributes.get("value", ""))

    def end(self, _tag: str) -> None:
        element = self.open.pop()
        if element in VALUES and self.keys:
            self.keys.pop()
        elif element == "event" and self.now is not None:
            if "trace" not in self.open:
                self.trace = {}  # an event outside every trace has no patient
            self.event(self.trace, self.now)
            self.now, self.events = None, self.events + 1
        elif element == "trace" and not self.events:
            self.log.empty_traces += 1
        elif element == "log" and not self.open:
            self.closed = True
