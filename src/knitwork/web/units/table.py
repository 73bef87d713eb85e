"""The page on which all units are named, typed, nested and confirmed: rows in, changes out, errors beside their row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.model.units import KINDS
from knitwork.web import say
from knitwork.web.units.codes import said as said_of_codes
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.rows import instant, written

ROWS_AT_A_TIME = 200
SELECTED = SafeString(" selected")


@dataclass(frozen=True, slots=True)
class Line:
    """What a person may say of a unit in one row: texts, as they stand in the form."""

    name: str
    kind: str
    group: str
    since: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the page: what is kept now, what stands in the form, and what is wrong with it."""

    unit: Unit
    kept: Line
    line: Line
    was: Line
    errors: tuple[str, ...] = field(default=())

    @property
    def guessed(self) -> bool:
        """Say whether the kind is a guess that a person may confirm; a kind that no word told is none."""
        return self.unit.kind_guessed and self.unit.kind != "other"

    @property
    def changed(self) -> bool:
        """Say whether a person changed anything in this row since it was shown."""
        return self.line != self.was


def kept_rows(page: int = 0) -> tuple[list[Row], int]:
    """Return the rows of one page as they are kept, guesses first, and how many units there are. Three queries.

    A code that means another unit is none itself: the page of codes has it.
    """
    mapped = said_of_codes()
    every = [unit for unit in Unit.objects.all() if unit.code not in mapped]
    every.sort(key=lambda u: (not u.kind_guessed, u.kind == "other", u.name.casefold(), u.code))
    shown = every[page * ROWS_AT_A_TIME : (page + 1) * ROWS_AT_A_TIME]
    found = Membership.objects.filter(kind=Membership.BELONGS, until_us__isnull=True, unit__in=shown)
    now_in = {m.unit_id: m for m in found.select_related("group")}
    rows = []
    for unit in shown:
        line = line_of(unit, now_in.get(unit.pk))
        rows.append(Row(unit, line, line, line))
    return rows, len(every)


def line_of(unit: Unit, now_in: Membership | None) -> Line:
    """Return what is kept of a unit as a row of the form."""
    since = written(now_in.since_us, ZoneInfo(unit.tz or "UTC")) if now_in else ""
    return Line(unit.name, unit.kind, now_in.group.code if now_in else "", since[:10])


def posted(rows: list[Row], said: Mapping[str, str]) -> list[Row]:
    """Return the rows with what a person wrote in them; a row that was not sent stays as it is kept.

    What each row said when the page was opened comes back in one field: Django takes 1,000 fields at most.
    """
    try:
        before = json.loads(said.get("was", "{}"))
    except ValueError:
        before = {}
    return [_posted(row, said, before if isinstance(before, dict) else {}) for row in rows]


def _posted(row: Row, said: Mapping[str, str], before: dict[str, Any]) -> Row:
    at = row.unit.pk
    if f"name-{at}" not in said:
        return row
    line = Line(
        name=said[f"name-{at}"].strip(),
        kind=said.get(f"kind-{at}", row.kept.kind),
        group=said.get(f"group-{at}", row.kept.group),
        since=said.get(f"since-{at}", row.kept.since).strip(),
    )
    texts = before.get(str(at))
    if not isinstance(texts, list) or len(texts) != 4:
        return replace(row, line=line, was=row.kept)
    return replace(row, line=line, was=Line(*map(str, texts)))


def remembered(rows: list[Row]) -> str:
    """Return what is kept now of every row, for the one field against which the next sending is laid."""
    return json.dumps({
        str(row.unit.pk): [row.kept.name, row.kept.kind, row.kept.group, row.kept.since] for row in rows
    })  # fmt: skip


def checked(row: Row, codes: frozenset[str]) -> Row:
    """Return the row with what is wrong in it: nothing where nothing was changed."""
    if not row.changed:
        return row
    errors = []
    if row.kept != row.was:
        errors.append(meanwhile(row))
    if not row.line.name:
        errors.append(_("A unit needs a name: give it the name that people say."))
    if row.line.kind not in KINDS:
        errors.append(_("Choose one of the kinds in the list."))
    if row.line.group and row.line.group not in codes:
        errors.append(_("There is no unit with that code to belong to."))
    if row.line.since and since_us(row) is None:
        errors.append(_("“%(text)s” is no date: write it like 2026-03-01.") % {"text": row.line.since})
    return replace(row, errors=tuple(errors))


def meanwhile(row: Row) -> str:
    """Say that somebody else changed a unit since the page was opened, and what it says now."""
    known = {
        "name": row.kept.name,
        "kind": say.kind_name(row.kept.kind),
        "group": row.kept.group or _("nothing above it"),
    }
    return (
        _(
            "Somebody changed this unit since you opened the page: it is now “%(name)s”, %(kind)s, in %(group)s. "
            "What you wrote still stands here; keep it again to put yours in its place."
        )
        % known
    )


def since_us(row: Row) -> int | None:
    """Return the date of a row as an instant, or None where it has none or none that can be read."""
    if not row.line.since:
        return None
    try:
        dt.date.fromisoformat(row.line.since)
        return instant(row.line.since, ZoneInfo(row.unit.tz or "UTC"), 1, "since")
    except (ValueError, CannotDo):
        return None


def wanted(row: Row) -> dict[str, Any]:
    """Return what the act is asked to do for a row."""
    return {
        "code": row.unit.code,
        "name": row.line.name,
        "kind": row.line.kind,
        "group": row.line.group or None,
        "since_us": since_us(row),
        "redate": row.line.since != row.kept.since,
    }


def shown(row: Row, choices: Choices, *, address: str) -> dict[str, Any]:
    """Return a row as the template writes it; `address` is the unit's own form, empty where no record knows it yet."""
    return {
        "address": address,
        "row": row,
        "id": row.unit.pk,
        "code": row.unit.code,
        "kinds": choices.kinds(row.line.kind),
        "groups": choices.groups(row.line.group, but=row.unit.code),
    }


class Choices:
    """The lists of kinds and groups as options, written once for each that is chosen: 200 rows share them."""

    def __init__(self, groups: list[tuple[str, str]]) -> None:
        self._groups = groups
        self._kinds = sorted(((kind, say.kind_name(kind)) for kind in KINDS), key=lambda pair: pair[1])
        self._made: dict[tuple[str, str], SafeString] = {}

    def kinds(self, chosen: str) -> SafeString:
        """Return the options of the kind."""
        return self._options("kind", self._kinds, chosen)

    def groups(self, chosen: str, *, but: str) -> SafeString:
        """Return the options of what a unit belongs to; itself is none of them."""
        offered = [("", _("nothing above it")), *(pair for pair in self._groups if pair[0] != but)]
        own = any(code == but for code, _name in self._groups)
        return self._options(f"group {but if own else ''}", offered, chosen)

    def _options(self, what: str, offered: list[tuple[str, str]], chosen: str) -> SafeString:
        if (what, chosen) not in self._made:
            known = offered if any(value == chosen for value, _name in offered) else [*offered, (chosen, chosen)]
            self._made[what, chosen] = format_html_join(
                "", '<option value="{}"{}>{}</option>',
                ((value, SELECTED if value == chosen else "", name) for value, name in known),
            )  # fmt: skip
        return self._made[what, chosen]
