"""From Bundles, lists and single resources to one resource a line, so that there is one way of reading them.

In a Bundle a resource may be named by the address of its entry (`fullUrl`): such references are turned into the
resource's own id, so that a patient has one code whatever the file looked like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knitwork.model.errors import Unreadable

# Held in memory as a whole; an export of more than this belongs in NDJSON.
LARGEST = 256 << 20
# What the entry of a deletion counts as: one whose record stands in the same Bundle, and is taken back there; any other
# names a record whose patient it does not name, and nothing is found by a record's number alone.
FOLLOWED, NOT_FOLLOWED = "FollowedDeletion", "Deletion"
# What nothing takes back: it has no status, or other records rest on it.
_KEPT = ("Patient", "Location", "Organization", "HealthcareService")
# Bundles inside bundles; nobody means more.
_DEPTH = 4


def read_document(path: Path, *, name: str) -> Any:
    """Return the JSON document of a file, or say in words why it is none."""
    size = path.stat().st_size
    if size > LARGEST:
        raise Unreadable(
            f"{name} is one JSON document of {size >> 20:,} MB, and {LARGEST >> 20} MB is the most that is read as "
            "one: export it as NDJSON, one resource on each line"
        )
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not UTF-8 text, as JSON must be: export it again as UTF-8") from None
    except RecursionError:
        raise Unreadable(f"{name} is nested too deeply for a FHIR document: export it again") from None
    except ValueError as problem:
        where = f" (line {problem.lineno})" if isinstance(problem, json.JSONDecodeError) else ""
        raise Unreadable(f"{name} is damaged JSON{where}: fetch or export it again") from None


def write_resources(document: Any, target: Path) -> list[int]:
    """Write the resources of a document to `target`, one a line; return the number of the entry each came from."""
    numbers: list[int] = []
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for number, resource in enumerate(resources(document), 1):
            try:
                line = json.dumps(resource, separators=(",", ":"))
            except RecursionError:
                line = "nested too deeply"  # no JSON, so that this one entry is set aside
            out.write(line + "\n")
            numbers.append(number)
    return numbers


def resources(document: Any, *, depth: int = 0) -> Iterator[Any]:
    """Yield the resources of a Bundle or a list, or the document itself; entries without one are told by request."""
    if isinstance(document, list):
        for one in document:
            yield from resources(one, depth=depth + 1) if _is_bundle(one) and depth < _DEPTH else (one,)
        return
    if not _is_bundle(document):
        yield document
        return
    entries = document.get("entry")
    entries = entries if isinstance(entries, list) else []
    named, deleted = _names(entries), _deleted(entries)
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            _settle(resource, entry.get("fullUrl"), named)
            if _goes(resource, deleted):
                resource["status"] = "entered-in-error"
        if _is_bundle(resource) and depth < _DEPTH:
            yield from resources(resource, depth=depth + 1)
        elif resource is None and isinstance(entry, dict) and isinstance(entry.get("request"), dict):
            yield {"resourceType": FOLLOWED if _address(entry) in deleted else NOT_FOLLOWED}
        else:
            yield resource


def _is_bundle(document: Any) -> bool:
    return isinstance(document, dict) and document.get("resourceType") == "Bundle"


def _names(entries: list[Any]) -> dict[str, str]:
    """Return what each address in a Bundle stands for, with the kind that a bare `urn:uuid:` leaves out."""
    named = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
            continue
        url, own, kind = entry.get("fullUrl"), entry["resource"].get("id"), entry["resource"].get("resourceType")
        if isinstance(url, str) and isinstance(kind, str):
            named[url] = f"{kind}/{own if isinstance(own, str) else tail(url)}"
    return named


def _address(entry: dict[str, Any]) -> str:
    """Return the kind and id that a deletion names, or nothing for any other entry."""
    request = entry.get("request")
    if not isinstance(request, dict) or request.get("method") != "DELETE" or not isinstance(request.get("url"), str):
        return ""
    return "/".join(request["url"].split("/_history/")[0].rsplit("/", 2)[-2:])


def _deleted(entries: list[Any]) -> dict[str, str]:
    """Return the records that are deleted among entries which hold them too, each with the time of it, if told."""
    resources_ = [e["resource"] for e in entries if isinstance(e, dict) and isinstance(e.get("resource"), dict)]
    here = {f"{one.get('resourceType')}/{one.get('id')}" for one in resources_ if one.get("resourceType") not in _KEPT}
    found: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, dict) and (address := _address(entry)) in here:
            response = entry.get("response")
            at = response.get("lastModified") if isinstance(response, dict) else None
            found[address] = max(found.get(address, ""), at if isinstance(at, str) else "")
    return found


def _goes(resource: dict[str, Any], deleted: dict[str, str]) -> bool:
    """Say whether a record was deleted; a version of after the deletion is a new one."""
    at = deleted.get(f"{resource.get('resourceType')}/{resource.get('id')}")
    if at is None:
        return False
    meta = resource.get("meta")
    changed = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return not (at and isinstance(changed, str) and changed > at)


def _settle(resource: dict[str, Any], url: Any, named: dict[str, str]) -> None:
    """Give a resource without an id that of its entry, and name others by their ids."""
    if "id" not in resource and isinstance(url, str):
        resource["id"] = tail(url)
    if not named:
        return
    waiting: list[Any] = [resource]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            reference = one.get("reference")
            if isinstance(reference, str) and reference in named:
                one["reference"] = named[reference]
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def tail(url: str) -> str:
    """Return the id at the end of an address.

    >>> tail("urn:uuid:12-ab"), tail("https://fhir.example/Patient/7")
    ('12-ab', '7')
    """
    return url.rsplit(":", 1)[-1] if url.startswith("urn:") else url.rsplit("/", 1)[-1]
