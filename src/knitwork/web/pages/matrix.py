"""The matrix of hand-offs: every unit against every other, shaded by how many passed or how long half of them waited."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.flowmap import Flow
from knitwork.draw.matrix import MOST_UNITS, WITH_FIGURES, Cell, matrix, matrix_table
from knitwork.web import say, small
from knitwork.web.pages import changed, choosing
from knitwork.web.pages.around import Names
from knitwork.web.pages.changed import Judged, Pair
from knitwork.web.pages.choosing import Asked
from knitwork.web.pages.flowmap import columns
from knitwork.web.source import Source

# A wait with its unit takes more room than a number.
WITH_WAITS = 20


def matrix_of(
    request: HttpRequest,
    source: Source,
    known: Names,
    want: Asked,
    pairs: list[dict[str, Any]],
    judged: dict[Pair, Judged],
    *,
    hide: bool,
) -> dict[str, Any]:
    """Return what the matrix shows: the table, what its shades mean, and how many units it leaves out."""
    keys, left_out = ordered(source, pairs, want.level)
    among = set(keys)
    cells = {
        (pair["from_unit"], pair["to_unit"]): cell(pair, known, want, judged, hide=hide)
        for pair in pairs
        if pair["from_unit"] in among and pair["to_unit"] in among
    }
    found = matrix(keys, cells, with_figures=WITH_WAITS if want.shade == "wait" else WITH_FIGURES)
    words = {"number": _("number of hand-offs"), "wait": _("median wait")}
    table = matrix_table(
        found,
        names={key: known.name(key) for key in keys},
        hrefs={key: choosing.address(request, unit=key, view="", group="", level="") for key in keys},
        caption=_("Hand-offs from each unit (rows) to each unit (columns): %(what)s") % {"what": words[want.shade]},
        corner=_("from ↓ to →"),
        marks={"worse": _("worse"), "better": _("better"), "neither": _("changed")},
    )
    note = ngettext(
        "%(n)s unit with fewer hand-offs is left out; it is in the list.",
        "%(n)s units with fewer hand-offs are left out; they are in the list.",
        left_out,
    )
    return {
        "matrix": mark_safe(table) if keys else "",  # noqa: S308 - made by our own draw, every text in it escaped there
        "shades": choosing.choices(request, "shade", words, want.shade),
        "legend": legend(found.edges, [c.weight for c in cells.values() if c.weight is not None], want.shade),
        "left_out": note % {"n": left_out} if left_out else "",
        "marked": any(c.verdict for c in cells.values()),
        "is_dense": not found.with_figures,
    }


def ordered(source: Source, pairs: list[dict[str, Any]], level: str) -> tuple[list[str], int]:
    """Return the units in the order of the map's columns, the busiest of a column first, and how many are too many."""
    passed: Counter[str] = Counter()
    for pair in pairs:
        passed[pair["from_unit"]] += pair["count"]
        passed[pair["to_unit"]] += pair["count"]
    kept_units = set(sorted(passed, key=lambda code: (-passed[code], code))[:MOST_UNITS])
    flows = [Flow(p["from_unit"], p["to_unit"], p["count"]) for p in pairs]
    column, _heads = columns(source, flows, level)
    return sorted(kept_units, key=lambda code: (column[code], -passed[code], code)), len(passed) - len(kept_units)


def cell(pair: dict[str, Any], known: Names, want: Asked, judged: dict[Pair, Judged], *, hide: bool) -> Cell:
    """Return what stands between two units; a small number has no shade, and no wait, for people outside the team."""
    sender, receiver = pair["from_unit"], pair["to_unit"]
    one = judged.get((sender, receiver))
    verdict = one.verdict if one is not None and one.evaluation.recent else ""
    few = hide and (small.is_small(pair["count"]) or (want.shade == "wait" and small.is_small(pair["timed"])))
    weight, text, full = figures(pair, want.shade)
    if few:
        weight, text, full = None, "<11", _("fewer than 11 patients")
    told = f"{known.name(sender)} → {known.name(receiver)}: {full}"
    if verdict and one is not None:
        since = changed.since(one)
        told += f", {since[:1].lower()}{since[1:]}"
    where = reverse("pair", kwargs={"sender": sender, "receiver": receiver})
    return Cell(weight, text, told, href=f"{where}?level={want.level}", verdict=verdict)


def figures(pair: dict[str, Any], shade: str) -> tuple[float | None, str, str]:
    """Return a pair's weight, its figure for the cell, and the same in full."""
    if shade == "number":
        n = say.count(pair["count"])
        return float(pair["count"]), n, ngettext("%(n)s hand-off", "%(n)s hand-offs", pair["count"]) % {"n": n}
    if not pair["departures_recorded"]:
        return None, "–", _("departure not recorded by this feed")
    if not pair["timed"]:
        return None, "–", _("departure unknown")
    median = say.duration(pair["median_transit_s"])
    return float(pair["median_transit_s"]), median, _("half went over within %(median)s") % {"median": median}


def legend(edges: tuple[float, ...], weights: list[float], shade: str) -> list[dict[str, Any]]:
    """Return what each shade begins at."""
    if not weights:
        return []
    starts = [min(weights), *(edge for edge in edges if edge > min(weights))]
    shades = [1, *(at + 2 for at, edge in enumerate(edges) if edge > min(weights))]
    said = say.count if shade == "number" else say.duration
    return [{"shade": at, "start": said(start)} for at, start in zip(shades, starts, strict=True)]
