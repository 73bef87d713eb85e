"""What chosen journeys have in common, for the page: sentences, pictures and rows, each without small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import number
from knitwork.draw.paths import Path, Stop, Way, path_of, path_svg
from knitwork.draw.split import Month, Part, interval_svg, months_of, months_svg
from knitwork.home.paths import RETURN_DAYS
from knitwork.web import say, small
from knitwork.web.pages.around import Names
from knitwork.web.pages.asked import Asked
from knitwork.web.pages.lengths import length
from knitwork.web.source import Source

SHOWN_MONTHS = 24
SHOWN_STEPS = 10
SHOWN_PARTS = 11
SHARED = 0.1
SHOWN_STREAMS = 60
SHOWN_BACK = 4


def share(part: float, whole: float) -> str:
    """Return a share in per cent: a tenth where it is small, and never 0% of something."""
    if whole <= 0:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return _("under 0.1%")
    return f"{number(percent, 1 if not 10 <= percent <= 90 and percent != round(percent) else 0)}%"


def lead(whole: dict[str, Any], where: str, *, hide: bool) -> str:
    """Say how many journeys, how long half of them take, and how their time splits."""
    journeys = whole["journeys"]
    if not journeys:
        return _("No journey is like this.")
    n = small.shown_count(journeys, hide=hide)
    said = [ngettext("%(n)s journey %(where)s.", "%(n)s journeys %(where)s.", journeys) % {"n": n, "where": where}]
    if hide and small.is_small(whole["ended_patients"]):
        return " ".join([*said, _("Fewer than 11 patients' journeys have ended: their times are not shown.")])
    if whole["median_s"] is None:
        return " ".join([*said, _("None of them has ended, so their length cannot be told.")])
    said.append(_("Half of those that ended took longer than %(median)s.") % {"median": length(whole["median_s"])})
    inside = whole["there_s"] + whole["between_units_s"] + whole["unknown_s"]
    if inside and whole["unknown_s"] >= 0.5 * inside:
        said.append(
            _(
                "Of %(share)s of the time of their visits nobody wrote down whether it passed in a unit or between units."
            )
            % {"share": share(whole["unknown_s"], inside)}
        )
    elif whole["unknown_s"] and not whole["between_units_s"]:
        text = _(
            "%(there)s of the time of their visits passed in units; of %(share)s it is not known whether in a unit or between."
        )
        said.append(text % {"there": share(whole["there_s"], inside), "share": share(whole["unknown_s"], inside)})
    elif inside:
        text = _("Of the time of their visits %(there)s passed in units and %(between)s between them.")
        told = {"there": share(whole["there_s"], inside), "between": share(whole["between_units_s"], inside)}
        said.append(text % told)
        if whole["unknown_s"]:
            said.append(_("Of %(share)s it is not known.") % {"share": share(whole["unknown_s"], inside)})
    return " ".join(said)


def tiles(whole: dict[str, Any], *, hide: bool) -> list[dict[str, str]]:
    """Return the four plain numbers of chosen journeys."""
    ended = whole["ended"]
    shown = ended and not (hide and small.is_small(whole["ended_patients"]))
    going = whole["journeys"] - ended
    return [
        {"label": _("Journeys"), "value": small.shown_count(whole["journeys"], hide=hide)},
        {"label": _("Not ended, or end not known"), "value": small.shown_count(going, hide=hide)},
        {"label": _("Median length"), "value": length(whole["median_s"]) if shown else "–"},
        {"label": _("Between units, mean"), "value": between_words(whole) if shown else "–"},
    ]


def between_words(whole: dict[str, Any]) -> str:
    """Say the mean time between units: at least so long where some of it is not known, and never nothing for unknown."""
    each = length(whole["between_units_s"] / whole["ended"])
    if not whole["unknown_s"]:
        return each
    return _("at least %(length)s") % {"length": each} if whole["between_units_s"] else _("not known")


def return_words(found: dict[str, Any], *, hide: bool) -> str:
    """Say how many of those admitted may still come back."""
    if not found["early"]:
        return ""
    text = _("%(n)s more journeys had a hospital stay that ended less than %(days)s days before the records do: it is too "
             "early to say whether those patients come back.")  # fmt: skip
    return text % {"n": small.shown_count(found["early"], hide=hide), "days": RETURN_DAYS}


# The common way


def common_way(
    units: Sequence[dict[str, Any]], streams: Sequence[dict[str, Any]], names: Names, *, hide: bool
) -> dict[str, Any] | None:
    """Return the picture of the common way with its streams as rows; None where nobody went on to another unit."""
    shown = [row for row in streams if not (hide and small.is_small(row["patients"]))]
    if not shown:
        return None
    codes = list(dict.fromkeys(code for row in shown for code in (row["from_unit"], row["to_unit"])))
    passed = {row["from_unit"]: row["journeys"] for row in units}
    place = {code: at for at, code in enumerate(codes)}
    stops = [Stop(names.name(c), passed.get(c, 0), reverse("unit", kwargs={"code": c})) for c in codes]
    ways = [Way(place[row["from_unit"]], place[row["to_unit"]], row["journeys"]) for row in shown]
    path = path_of(stops, ways)
    return {
        "svg": mark_safe(path_svg(path, way_sentence(path, stops))),  # noqa: S308 - made by our own draw, escaped there
        "back": back_words(path, stops),
        "left_out": len(path.left_out),
        "rows": [_stream_row(row, names) for row in shown[:SHOWN_STREAMS]],
        "hidden": len(streams) - len(shown),
    }


def _stream_row(row: dict[str, Any], names: Names) -> dict[str, Any]:
    return {
        "name": f"{names.name(row['from_unit'])} → {names.name(row['to_unit'])}",
        "journeys": say.count(row["journeys"]),
    }


def way_sentence(path: Path, stops: Sequence[Stop]) -> str:
    """Say the strongest streams in words, for who cannot see them."""
    told = [
        _("%(n)s from %(sender)s to %(receiver)s")
        % {"n": number(r.way.journeys), "sender": stops[r.way.before].name, "receiver": stops[r.way.after].name}
        for r in path.ribbons[:5]
    ]
    return _("The common way. Most journeys: %(streams)s.") % {"streams": "; ".join(told)}


def back_words(path: Path, stops: Sequence[Stop]) -> str:
    """Say which strong streams lead back or sideways, and so are not drawn."""
    told = [
        f"{stops[way.before].name} → {stops[way.after].name} ({number(way.journeys)})" for way in path.back[:SHOWN_BACK]
    ]
    return _("Back or sideways, and not drawn: %(streams)s.") % {"streams": "; ".join(told)} if told else ""


# Time in units and between them


def months(source: Source, rows: Sequence[dict[str, Any]], *, hide: bool) -> dict[str, Any] | None:
    """Return the time in units and between them for each month of exit; None where there is no month to show."""
    found = {row["month"]: row for row in rows}
    periods = source.answers.periods("month")[-SHOWN_MONTHS:]
    known = [{**found.get(p["start_day"], {}), **p} for p in periods]
    plain = [
        {"start_day": k["start_day"], "people": k.get("patients", 0), "value": k.get("there_s"), "numerator": None}
        for k in known
    ]
    hidden = small.hidden_rows("time", plain, "month") if hide else frozenset()
    made = [_month(row, hidden=at in hidden) for at, row in enumerate(known)]
    if not any(month["journeys_n"] for month in made):
        return None
    drawn = [Month(m["short"], m["there_s"], m["between_s"], m["unknown_s"], m["complete"]) for m in made]
    place = months_of(drawn, (_("In units, a journey"), _("Between units, a journey")))
    most = tuple(length(panel.most) for panel in place.panels)
    said = _("Time in units and between units for each month in which journeys ended; the numbers are in the table.")
    return {
        "svg": mark_safe(months_svg(place, said, most=(most[0], most[1]))),  # noqa: S308
        "rows": list(reversed(made)),
        "hidden": len(hidden),
        "unknown": any(month["unknown_s"] for month in made),
    }


def _month(row: dict[str, Any], *, hidden: bool) -> dict[str, Any]:
    n = row.get("ended", 0)
    shown = bool(n) and not hidden
    each = {
        name: row[f"{name}_s"] / n if shown else None
        for name in ("there", "between_units", "between_visits", "unknown")
    }
    name = say.period_name(row["start_day"], "month")
    untold = bool(each["unknown"]) and not each["between_units"]
    return {
        "name": name,
        "short": name,
        "complete": row["complete"],
        "journeys_n": n if shown else 0,
        "journeys": _("fewer than 11") if hidden and n else say.count(n),
        "there_s": each["there"],
        "between_s": None if untold else each["between_units"],
        "unknown_s": each["unknown"],
        "there": _("not known") if each["unknown"] and not each["there"] else length(each["there"]),
        "between": _("not known") if untold else length(each["between_units"]),
        "visits": length(each["between_visits"]),
        "unknown": length(each["unknown"]),
    }


# One interval


def interval(
    whole: dict[str, Any], parts: Sequence[dict[str, Any]], place: dict[str, float], names: Names, *, hide: bool
) -> dict[str, Any]:
    """Return the time from one unit to another, cut into its parts: a mean each, since medians do not add up."""
    n = whole["journeys"]
    if not n or (hide and small.is_small(whole["patients"])):
        return {"journeys": 0, "few": bool(n)}
    kept = [row for row in parts if not (hide and small.is_small(row["patients"]))]
    # The parts that many journeys share are the way; what a few did beside it is one part, however long.
    shared = [row for row in kept if row["journeys"] >= SHARED * n or row["from_unit"] is None]
    large = sorted(shared, key=lambda row: -row["journeys"])[:SHOWN_PARTS]
    large.sort(key=lambda row: _order(row, place))
    drawn = [_part(row, n, names) for row in large]
    rest = whole["total_s"] - sum(row["seconds"] for row in large)
    if rest / n >= 1:
        drawn.append(Part(_("on other ways"), rest / n, length(rest / n), "unknown"))
    said = "; ".join(f"{part.name}: {part.words}" for part in drawn)
    return {
        "journeys": say.count(n),
        "median": length(whole["median_s"]),
        "over": length(whole["p90_s"]),
        "mean": length(whole["total_s"] / n),
        "total": say.hours(whole["total_s"]),
        "never": small.shown_count(whole["never"], hide=hide) if whole["never"] else "",
        "before": small.shown_count(whole["before"], hide=hide) if whole["before"] else "",
        "svg": mark_safe(interval_svg(drawn, said, _=_)),  # noqa: S308 - made by our own draw, escaped there
        "rows": [
            {"name": part.name, "mean": part.words, "share": share(part.seconds * n, whole["total_s"])}
            for part in drawn
        ],
    }  # fmt: skip


def _order(row: dict[str, Any], place: dict[str, float]) -> tuple[float, int, str]:
    """Return where a part stands in the order of the way; what is not known stands last."""
    unit = row["from_unit"]
    return (
        float("inf") if unit is None else place.get(unit, 0.0),
        int(row["to_unit"] is not None),
        str(row["to_unit"]),
    )


def _part(row: dict[str, Any], n: int, names: Names) -> Part:
    seconds = row["seconds"] / n
    if row["from_unit"] is None:
        return Part(_("not known"), seconds, length(seconds), "unknown")
    if row["to_unit"] is None:
        return Part(names.name(row["from_unit"]), seconds, length(seconds), "there")
    name = f"{names.name(row['from_unit'])} → {names.name(row['to_unit'])}"
    return Part(name, seconds, length(seconds), "between")


# The ways


def way_rows(
    rows: Sequence[dict[str, Any]], asked: Asked, names: Names, *, total: int, people: bool
) -> list[dict[str, Any]]:
    """Return the ways for the table: neighbouring steps in one unit told once, each with its own page."""
    return [
        {
            "steps": steps_of(str(row["variant"]), names),
            "journeys": say.count(row["journeys"]),
            "share": share(row["journeys"], total),
            "median": length(row["median_s"]),
            "query": asked.query(way=row["way"], sort=""),
            "people": reverse("journey-patients") + asked.query(way=row["way"], sort="") if people else "",
        }
        for row in rows
    ]


def steps_of(variant: str, names: Names) -> list[str]:
    """Return the steps of a way by name; "Family practice × 3" where visits to one unit follow one another."""
    runs = [(unit, len(list(same))) for unit, same in groupby(variant.split(" > "))]
    told = [f"{names.name(unit)}\u00a0×\u00a0{n}" if n > 1 else names.name(unit) for unit, n in runs]
    more = len(told) - SHOWN_STEPS
    if more <= 1:
        return told
    return [*told[:SHOWN_STEPS], ngettext("and %(n)s more step", "and %(n)s more steps", more) % {"n": more}]


def where_words(source: Source, asked: Asked, names: Names) -> str:
    """Say in words which journeys these are."""
    chosen = asked.chosen
    name = names.name(chosen.unit) if chosen.unit else source.name
    said = [_("through %(unit)s") % {"unit": name}]
    if chosen.through and chosen.then:
        parts = {"first": names.name(chosen.through), "second": names.name(chosen.then)}
        said.append(_("from %(first)s to %(second)s") % parts)
    elif chosen.through:
        said.append(_("that passed %(unit)s") % {"unit": names.name(chosen.through)})
    if asked.from_month or asked.to_month:
        said.append(_period_words(chosen.from_day, chosen.until_day))
    return ", ".join(said)


def _period_words(first: int | None, until: int | None) -> str:
    if first is not None and until is not None:
        months = say.period_name(first, "month"), say.period_name(until - 1, "month")
        return (
            _("ended in %(month)s") % {"month": months[0]}
            if months[0] == months[1]
            else _("ended from %(first)s to %(last)s") % {"first": months[0], "last": months[1]}
        )
    if first is not None:
        return _("ended since %(month)s") % {"month": say.period_name(first, "month")}
    return _("ended up to %(month)s") % {"month": say.period_name((until or 1) - 1, "month")}
