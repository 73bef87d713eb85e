"""OCEL in JSON and in XML. XML is read as a stream; JSON is held whole, so there is a largest size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from knitwork.intake.formats.ocel.store import Store, is_value
from knitwork.intake.formats.xes.parse import DEEPEST, feed, guarded, local
from knitwork.model.errors import Unreadable

# Parsed, it takes about ten times as much.
LARGEST_JSON = 64 << 20


def take_json(store: Store, path: Path, *, name: str) -> None:
    """Take a log from a JSON file."""
    if path.stat().st_size > LARGEST_JSON:
        raise Unreadable(f"{name} is JSON of more than {LARGEST_JSON >> 20} MB: export the log as SQLite or XML")
    try:
        log = json.loads(path.read_bytes())
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable(f"{name} is cut off or damaged JSON: fetch or export it again") from None
    if not isinstance(log, dict) or not isinstance(log.get("events"), list) or not isinstance(log.get("objects"), list):
        raise Unreadable(f"{name} is JSON and no OCEL 2.0 log (events and objects are missing): export it again")
    try:
        for one in log["objects"]:
            store.add("object", one["id"], one["type"])
            for other in _list(one, "relationships"):
                store.add("beside", one["id"], other["objectId"])
        for event in log["events"]:
            store.add("event", event["id"], event["type"], event.get("time"), _value(event))
            for touched in _list(event, "relationships"):
                store.add("link", event["id"], touched["objectId"], touched.get("qualifier"))
    except (KeyError, TypeError, AttributeError):
        raise Unreadable(f"{name} has an event or an object without id or type: export it again") from None


def _list(thing: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = thing.get(key)
    return found if isinstance(found, list) else []


def _value(event: dict[str, Any]) -> object:
    return next(
        (a.get("value") for a in _list(event, "attributes") if is_value(str(a.get("name")), str(event["type"]))), None
    )


def take_xml(store: Store, path: Path, *, name: str) -> None:
    """Take a log from an XML file."""
    reader = _Reader(store, name)
    parser = guarded(name)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.said
    feed(parser, path, name=name)


class _Reader:
    """Follows the elements of one log."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        self.open: list[str] = []
        self.thing: dict[str, str] = {}
        self.kind = ""
        self.attribute: str | None = None
        self.words: list[str] = []
        self.value: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element, parent = local(tag), self.open[-1] if self.open else ""
        if not self.open and element != "log":
            raise Unreadable(f"{self.name} is XML and no OCEL: its first element is <{element[:40]}> and not <log>")
        self.open.append(element)
        if len(self.open) > DEEPEST:
            raise Unreadable(f"{self.name} is nested more than {DEEPEST} deep: no event log is")
        if element in ("event", "object") and not self.kind and parent == f"{element}s":
            if "id" not in attributes or "type" not in attributes:
                raise Unreadable(f"{self.name} has an {element} without id or type: export it again")
            self.thing, self.kind, self.value = attributes, element, None
        elif self.kind and "object-id" in attributes:
            other = attributes["object-id"]
            if self.kind == "event":
                self.store.add("link", self.thing["id"], other, attributes.get("qualifier"))
            else:
                self.store.add("beside", self.thing["id"], other)
        elif self.kind == "event" and element == "attribute":
            self.attribute, self.words = attributes.get("name", ""), []

    def said(self, words: str) -> None:
        if self.attribute is not None and len(self.words) < 100:
            self.words.append(words)

    def end(self, tag: str) -> None:
        element = local(tag)
        self.open.pop()
        if element == "attribute" and self.attribute is not None:
            if is_value(self.attribute, self.thing["type"]):
                self.value = "".join(self.words)
            self.attribute = None
        elif element == self.kind and self.open and self.open[-1] == f"{element}s":
            if element == "event":
                self.store.add("event", self.thing["id"], self.thing["type"], self.thing.get("time"), self.value)
            else:
                self.store.add("object", self.thing["id"], self.thing["type"])
            self.kind = ""
