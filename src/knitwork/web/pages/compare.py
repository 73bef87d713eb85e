"""One measure beside its kin: the units inside on one scale, the unit beside what it is part of, and why it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.labels import number, value_text
from knitwork.draw.multiples import common_periods, common_range, label_room, small_svg
from knitwork.draw.periods import Period, short_name
from knitwork.measures.mix import Change, Part, Reversal, Span, decompose, reversal
from knitwork.signals import Evaluation, evaluate_many
from knitwork.web import judging, present, small
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names, Place, inside, parent, taking_part
from knitwork.web.source import Source

# So many small pictures stand on a page; of more units the rest are named as links.
SHOWN_UNITS = 40
# A year against the year before; of a shorter past as many months as there are, but no fewer than these.
SPAN_MONTHS, FEWEST_MONTHS = 12, 6


@dataclass(frozen=True, slots=True)
class Kin:
    """One unit of the family on one measure: its evaluation, and the periods that readers are not shown."""

    code: str
    evaluation: Evaluation
    hidden: frozenset[int]


def kin_of(source: Source, definition: Definition, codes: list[str], period: Period) -> dict[str, Kin]:
    """Return each unit's series, judged: one question and one evaluation for all, made once for a generation."""

    def make() -> dict[str, Kin]:
        registry = source.answers.registry
        units = [(registry.level_of(code), code) for code in codes if not _no_nights(source, definition, code)]
        found = source.answers.series_of_units(definition.id, units, period)
        if definition.counts == "time":
            levels = {code: level for level, code in units}
            found = {
                code: judging.with_people(source, definition.id, rows, (levels[code], code, period))
                for code, rows in found.items()
            }
        series = [judging.series_of(definition, rows) for rows in found.values()]
        specs = [judging.decided_spec(source, definition, rows, at=(code, period)) for code, rows in found.items()]
        judged = evaluate_many(series, specs)
        return {
            code: Kin(code, evaluation, small.hidden_rows(definition.counts, rows, period))
            for (code, rows), evaluation in zip(found.items(), judged, strict=True)
            if evaluation.n_useful
        }

    return kept(source, "kin", make, definition.id, period, tuple(codes), edition=source.decisions.token)


def _no_nights(source: Source, definition: Definition, code: str) -> bool:
    return definition.counts == "midnights" and judging.without_beds(source, code)


def units_inside(source: Source, code: str) -> list[str]:
    """Return the units inside a group, or those that take part where nothing belongs to it."""
    return [child for child in inside(source, code) or taking_part(source, code) if child != code]


def beside(
    source: Source, at: Place, definition: Definition, *, period: Period, hide: bool, whole: bool
) -> dict[str, Any]:
    """Return the small pictures of a measure's page: the units inside, and the unit beside what it is part of.

    `whole` asks for the pictures of all units inside, however many.
    """
    known = Names(source)
    codes = units_inside(source, at.code)
    above = parent(source, at.code) or (at.above[-1]["code"] if at.above else None)
    children = kin_of(source, definition, codes, period)
    family = kin_of(source, definition, [at.code, *([above] if above else [])], period)
    found: dict[str, Any] = {"children": [], "rest": [], "parent": [], "inside": len(codes)}
    if children:
        found |= _children(known, definition, children, period=period, hide=hide, whole=whole)
        found["missing"] = [known.link(code) for code in codes if code not in children]
    if above and above in family and at.code in family:
        found["parent"] = _pictures(
            known, definition, [family[at.code], family[above]], period=period, hide=hide, own=at.code
        )
        found["parent_scaled"] = _comparable(definition)
        found["above"] = known.link(above) | {"measure": _address(above, definition, period)}
    return found


def _children(
    known: Names, definition: Definition, children: dict[str, Kin], *, period: Period, hide: bool,
    whole: bool,
) -> dict[str, Any]:  # fmt: skip
    """Return the pictures of the units inside, signals first, and in words the scale they share."""
    ordered = sorted(
        children.values(), key=lambda one: (judging.weight(definition, one.evaluation), known.name(one.code).casefold())
    )
    shown = ordered if whole else ordered[:SHOWN_UNITS]
    low, high = common_range(one.evaluation for one in ordered)
    labels = common_periods([one.evaluation for one in ordered], present.SHOWN_POINTS[period])
    decimals = 0 if high - low >= 10 else 1
    signals = sum(1 for one in ordered if one.evaluation.recent)
    return {
        "children": _pictures(known, definition, shown, period=period, hide=hide, scale=ordered),
        "rest": [known.link(one.code) | {"measure": _address(one.code, definition, period)} for one in ordered[len(shown) :]],
        "signals": signals,
        "scale": _("from %(low)s to %(high)s")
        % {"low": number(low, decimals), "high": value_text(high, definition.spec.unit, decimals)},
        "first": short_name(labels[0], period, _),
        "last": short_name(labels[-1], period, _),
        "chance": present.by_chance([one.evaluation for one in ordered]),
    }  # fmt: skip


def _pictures(
    known: Names, definition: Definition, shown: list[Kin], *, period: Period, hide: bool,
    scale: list[Kin] | None = None, own: str = "",
) -> list[dict[str, Any]]:  # fmt: skip
    """Return each unit's small picture with its words; all on the scale of `scale`, or each on its own."""
    every = [one.evaluation for one in scale or shown]
    labels = common_periods(every, present.SHOWN_POINTS[period])
    room = label_room(every)
    together = scale is not None or _comparable(definition)
    within = common_range(every)
    made = []
    for one in shown:
        name = known.name(one.code)
        evaluation = small.masked(one.evaluation, one.hidden) if hide else one.evaluation
        said = words.brief(evaluation, period=period, _=_)
        _holes, too_small = present.holes_in(one.evaluation, one.hidden if hide else frozenset(), len(labels))
        svg = "" if too_small else small_svg(
            evaluation,
            within=within if together else common_range([one.evaluation]),
            labels=labels,
            name=f"{name}. {said}",
            room=room,
            _=_,
        )  # fmt: skip
        made.append({
            "name": name,
            "address": "" if one.code == own else _address(one.code, definition, period),
            "verdict": judging.verdict_of(one.evaluation),
            "signalling": bool(one.evaluation.recent),
            "said": said,
            "svg": mark_safe(svg),  # noqa: S308 - made by our own draw from numbers
            "too_small": too_small,
        })  # fmt: skip
    return made


def _address(code: str, definition: Definition, period: Period) -> str:
    return reverse("measure", kwargs={"code": code, "measure": definition.id}) + f"?period={period}"


def _comparable(definition: Definition) -> bool:
    """Say whether a number of a unit and of what it is part of fit one scale: counts of patients do not."""
    return definition.spec.unit not in ("", "patients")


# Why the whole changed


def change_of(source: Source, at: Place, definition: Definition) -> tuple[Change, int, int] | None:
    """Return the change of a ratio from one year to the next, split by the units inside, with the months of each.

    None where it is no ratio of sums, where the past is too short, or where the units inside do not add up to the
    whole: a hand-off has two units, and a unit may have moved.
    """
    if definition.of_values or definition.counts != "people":
        return None
    codes = units_inside(source, at.code)
    if len(codes) < 2 or not inside(source, at.code):
        return None

    def make() -> tuple[Change, int, int] | None:
        registry = source.answers.registry
        units = [(registry.level_of(code), code) for code in (at.code, *codes)]
        found = source.answers.series_of_units(definition.id, units, "month")
        months = [row["start_day"] for row in found.get(at.code, []) if row.get("complete", True)]
        after, before = months[-SPAN_MONTHS:], months[-2 * SPAN_MONTHS : -SPAN_MONTHS]
        if len(after) < SPAN_MONTHS or len(before) < FEWEST_MONTHS:
            return None
        spans = {
            code: (_span(found.get(code, []), before), _span(found.get(code, []), after)) for code in (at.code, *codes)
        }
        parts = [Part(code, *spans[code]) for code in codes if any(span.cases for span in spans[code])]
        for place, whole in enumerate(spans[at.code]):
            added = [spans[part.unit][place] for part in parts]
            if (sum(s.counted for s in added), sum(s.cases for s in added)) != (whole.counted, whole.cases):
                return None
        change = decompose(parts)
        return None if change is None else (change, len(before), len(after))

    return kept(source, "change", make, definition.id, at.code)


def _span(rows: list[dict[str, Any]], months: list[int]) -> Span:
    wanted = set(months)
    some = [row for row in rows if row["start_day"] in wanted]
    return Span(sum(row.get("numerator") or 0 for row in some), sum(row.get("denominator") or 0 for row in some))


def why_changed(source: Source, at: Place, definition: Definition, *, hide: bool) -> dict[str, Any] | None:
    """Return in words and rows why a measure of a group changed: its units, or the mix of its patients."""
    found = change_of(source, at, definition)
    if found is None:
        return None
    change, before, after = found
    turned = reversal(change, proportion=definition.spec.chart in ("p", "p_prime"))
    known = Names(source)
    factor, unit = definition.spec.factor, definition.spec.unit
    return {
        "warning": warning(turned, definition) if turned else "",
        "sentence": split_words(change, definition, turned),
        "spans": _("The last %(after)s whole months against the %(before)s before.") % {"after": after, "before": before},
        "rows": [
            {
                "link": known.link(part.unit) | {"measure": _address(part.unit, definition, "month")},
                "before": _rate(part.before, factor, unit, hide=hide),
                "after": _rate(part.after, factor, unit, hide=hide),
                "cases_before": small.shown_count(part.before.cases, hide=hide),
                "cases_after": small.shown_count(part.after.cases, hide=hide),
                "rate": points(float(share.rate) * factor) if not _few(part, hide) else "–",
                "mix": points(float(share.mix) * factor) if not _few(part, hide) else "–",
            }
            for part, share in zip(change.parts, change.shares, strict=True)
        ],
        "rate": points(float(change.rate) * factor),
        "mix": points(float(change.mix) * factor),
        "before": value_text(float(change.before) * factor, unit, 1),
        "after": value_text(float(change.after) * factor, unit, 1),
    }  # fmt: skip


def _few(part: Part, hide: bool) -> bool:
    counts = (part.before.counted, part.before.cases, part.after.counted, part.after.cases)
    return hide and any(map(small.is_small, counts))


def _rate(span: Span, factor: float, unit: str, *, hide: bool) -> str:
    if hide and (small.is_small(span.counted) or small.is_small(span.cases)):
        return _("fewer than 11")
    return "–" if span.rate is None else value_text(float(span.rate) * factor, unit, 1)


def points(value: float) -> str:
    """Return a difference with its sign and one decimal; nothing at all has none."""
    text = number(value, 1)
    return text if text.startswith("−") or text in ("0", "0.0") else f"+{text}"


def warning(turned: Reversal, definition: Definition) -> str:
    """Warn that the whole moved one way and its units the other."""
    if turned.rose:
        text = (
            _("Read with care: the whole rose, and every unit inside fell.")
            if turned.every
            else _("Read with care: the whole rose, and %(against)s of the %(asked)s units inside fell.")
        )
    elif turned.every:
        text = _("Read with care: the whole fell, and every unit inside rose.")
    else:
        text = _("Read with care: the whole fell, and %(against)s of the %(asked)s units inside rose.")
    said = text % {"against": turned.against, "asked": turned.asked}
    if definition.direction == "neither":
        return said
    looks_better = turned.rose == (definition.direction == "up")
    meaning = (
        _("It looks better only because patients went to other units than before.")
        if looks_better
        else _("It looks worse only because patients went to other units than before.")
    )
    return f"{said} {meaning}"


def split_words(change: Change, definition: Definition, turned: Reversal | None) -> str:
    """Say how much of a change the mix of patients made and how much the units themselves."""
    factor = definition.spec.factor
    whole = float(change.change) * factor
    known = {
        "whole": number(abs(whole), 1),
        "mix": number(float(change.mix) * factor, 1),
        "units": number(float(change.rate) * factor, 1),
    }
    if number(whole, 1) in ("0", "0.0"):
        text = _(
            "It hardly moved: %(mix)s points come from patients going to other units than before, "
            "and %(units)s from the units themselves."
        )
    elif whole > 0:
        text = _(
            "Of the rise of %(whole)s points, %(mix)s come from patients going to other units than before, "
            "and %(units)s from the units themselves."
        )
    else:
        text = _(
            "Of the fall of %(whole)s points, %(mix)s come from patients going to other units than before, "
            "and %(units)s from the units themselves."
        )
    said = text % known
    if turned is None:
        return said
    asked = ngettext(
        "%(n)s unit had enough patients to say which way it went.",
        "%(n)s units had enough patients to say which way they went.",
        turned.asked,
    )
    return f"{said} {asked % {'n': turned.asked}}"
