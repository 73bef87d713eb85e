"""The profile of a feed, of whatever format: which column is what, how its times are read, how often it comes.

It is a flat YAML file that people edit, so every complaint names the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from knitwork.model.errors import BadDefinition
from knitwork.model.yaml_text import NotYaml, compose
from knitwork.model.zones import is_zone

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252")
CHOICES: dict[str, tuple[str, ...]] = {
    "date_order": ("dmy", "mdy", "ymd"),
    "calendar": ("real", "shifted"),
    "snapshot": ("whole", "period"),
}
CADENCE = re.compile(r"[1-9][0-9]{0,3} ?(min|h|d)")


@dataclass(frozen=True, slots=True)
class Profile:
    """How the files of one feed are to be read; None leaves it to each file."""

    patient: str | None = None
    unit: str | None = None
    start: str | None = None
    end: str | None = None
    visit: str | None = None
    activity: str | None = None
    lifecycle: str | None = None
    instance: str | None = None
    clock: str | None = None
    zone: str | None = None
    date_order: str | None = None
    encoding: str | None = None
    separator: str | None = None
    calendar: str | None = None
    merged_into: str | None = None
    at: str | None = None
    kind: str | None = None
    snapshot: str | None = None
    cadence: str | None = None
    identifier: str | None = None

    def with_zone(self, zone: str | None) -> Profile:
        """Return the profile with the zone that was given on the command line, if any."""
        if zone is None:
            return self
        _check("zone", zone, line=0, source="--tz")
        return replace(self, zone=zone)


KEYS = tuple(field.name for field in fields(Profile))

_COMMENTS = {
    "patient": 'Columns, by the name in the file\'s header. Empty: found by the usual names; "-": there is none.',
    "clock": "The time of day of the start, where it stands in a column of its own beside the day.",
    "merged_into": "Of a file of patient links: the number that stays (patient is the one given up), when, and the kind.",
    "zone": "Time zone of times without an offset, as in Europe/Amsterdam. Empty: UTC is assumed, and said.",
    "date_order": "dmy, mdy or ymd. Empty: decided from the whole column.",
    "encoding": f"One of {', '.join(ENCODINGS)}. Empty: found out for each file.",
    "separator": f"One of {', '.join(SEPARATORS)}. Empty: found out for each file.",
    "calendar": "real, or shifted when dates were moved for privacy: then no calendar charts are drawn.",
    "snapshot": "whole when each extract holds everything, period when it holds all from its first start on; empty: additions.",
    "cadence": "How often something should come, such as 15 min, 4 h or 1 d. Empty: as often as it usually does.",
    "identifier": "Which of a patient's numbers counts where a record has several: its system or its type, such as MR.",
}


def read_profile(path: Path) -> Profile:
    """Read and check a profile."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadDefinition(f"{path} does not exist: give the mapping file's full name") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise BadDefinition(f"{path} could not be read ({problem}): save it as plain UTF-8 text") from None
    return parse_profile(text, source=str(path))


def parse_profile(text: str, *, source: str) -> Profile:
    """Check the text of a profile; complaints name `source` and the line."""
    try:
        node = compose(text)
    except NotYaml as fault:
        where = f"line {fault.line}" if fault.line else "somewhere"
        why = "" if fault.problem.startswith("this is not YAML") else f" ({fault.problem})"
        raise BadDefinition(f"{source}, {where}: this is not a list of 'key: value' lines{why}") from None
    if node is None:
        return Profile()
    if not isinstance(node, yaml.MappingNode):
        raise BadDefinition(f"{source}, line {node.start_mark.line + 1}: this is not a list of 'key: value' lines")
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        if key not in KEYS:
            raise BadDefinition(f"{source}, line {line}: '{key}' is not known here: use {', '.join(KEYS)}")
        if key in values:
            raise BadDefinition(f"{source}, line {line}: '{key}' is given twice: keep one")
        if not isinstance(value_node, yaml.ScalarNode):
            raise BadDefinition(f"{source}, line {line}: '{key}' needs one value, and this is a list")
        empty = value_node.tag == "tag:yaml.org,2002:null" or value_node.value == ""
        values[key] = None if empty else value_node.value
        if not empty:
            _check(key, value_node.value, line=line, source=source)
    return Profile(**values)


def write_profile(profile: Profile, *, feed: str) -> str:
    """Return the profile as the commented YAML that is kept in feeds/<feed>.yaml."""
    # The names of columns belong to tables, which are read by profiles themselves.
    from knitwork.intake.formats.csv.columns import ALIASES, COLUMNS

    lines = [
        f"# How files of the feed {feed} are read. Written by the first load; edit it and run knitwork refresh.",
        "# Other names that are understood without this file: "
        + "; ".join(f"{role}: {', '.join(ALIASES[role])}" for role in COLUMNS[:5]),
    ]
    for key in KEYS:
        if key in _COMMENTS:
            lines += ["", f"# {_COMMENTS[key]}"]
        value = getattr(profile, key)
        lines.append(f"{key}: {quoted(value)}".rstrip())
    return "\n".join(lines) + "\n"


def quoted(value: str | None) -> str:
    """Return a value as it stands behind its key; nothing where there is none."""
    if value is None:
        return ""
    text: str = yaml.safe_dump(value, default_style='"', width=10_000, allow_unicode=True)
    return text.strip()


def _check(key: str, value: str, *, line: int, source: str) -> None:
    where = f"{source}, line {line}" if line else source
    if key in CHOICES and value not in CHOICES[key]:
        raise BadDefinition(f"{where}: {key} is one of {', '.join(CHOICES[key])}, and this is '{value}'")
    if key == "separator" and value not in SEPARATORS and value not in SEPARATORS.values():
        raise BadDefinition(f"{where}: separator is one of {', '.join(SEPARATORS)}, and this is '{value}'")
    if key == "encoding" and value.lower() not in ENCODINGS:
        raise BadDefinition(f"{where}: encoding is one of {', '.join(ENCODINGS)}, and this is '{value}'")
    if key == "cadence" and not CADENCE.fullmatch(value):
        raise BadDefinition(f"{where}: cadence is a number and min, h or d, such as 15 min, and this is '{value}'")
    if key == "zone" and not is_zone(value):
        raise BadDefinition(
            f"{where}: '{value}' is not a time zone: use a name such as Europe/Amsterdam or America/New_York"
        )
