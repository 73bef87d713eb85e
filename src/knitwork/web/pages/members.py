"""The units of a group side by side: who is in, who came and left, and what changed there. Nobody is named."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from knitwork.home import today as ask
from knitwork.home.answers import Row
from knitwork.web import glance, judging, say, small
from knitwork.web.kept import kept
from knitwork.web.pages.unit import Head, feeds_of
from knitwork.web.source import Source
from knitwork.web.until import Until, until_of


def rows(source: Source, head: Head, until: Until) -> list[dict[str, Any]]:
    """Return the members of a group as rows: those inside it, or those that take part; none for a single unit."""
    codes = head.members
    if not codes:
        return []
    found = glance.glance(source, judging.usual_period(source))
    lately = [lately_of(source, code, until) for code in codes]
    columns = {
        name: shown([None if one is None else one[name] for one in lately], hide=head.hide)
        for name in ("here", "arrived", "left")
    }
    made = []
    for at, code in enumerate(codes):
        known = source.answers.registry.get(code)
        beds = _("of %(n)s beds") % {"n": say.count(known.capacity)} if known and known.capacity else ""
        changes = found[code].changes if code in found else ()
        stays_here = lately[at] is not None and not judging.without_beds(source, code)
        made.append(
            head.known.link(code)
            | {
                "kind": head.known.kind(code)[0],
                "here": columns["here"][at] if stays_here else "–",
                "beds": beds if stays_here else "",
                "arrived": columns["arrived"][at],
                "left": columns["left"][at],
                "note": "" if lately[at] is not None else ended(source, code, until),
                "verdict": changes[0].verdict if changes else "",
                "said": glance.in_words(changes) if code in found and found[code].charts else _("not measured yet"),
            }
        )
    return made


def lately_of(source: Source, code: str, until: Until) -> Row | None:
    """Return who is in a unit and its moves on the day; None where its own records end before that day."""
    level = source.answers.registry.level_of(code)
    own = until_of(source, feeds_of(source, level, [code]), until.tz)
    if own is None or own.day < until.day:
        return None
    if source.now is not None:
        return lately_live(source, code, level, until)
    by_unit = kept(source, "by unit", lambda: source.answers.by_unit(until.day), until.day)
    found: Row = by_unit.get((level, code), {"here": 0, "arrived": 0, "left": 0, "ends_known": True})
    return found if found["ends_known"] else found | {"here": None, "left": None}


def lately_live(source: Source, code: str, level: str, until: Until) -> Row:
    """Return the same from the live picture."""
    seen = source.now.lately(code, level, until_us=until.us, last_day=until.day, days=1)
    came, went = ask.arrived(seen, until.day), ask.left(seen, until.day)
    return {"here": len(ask.here(seen, beside=False)), "arrived": len(came), "left": len(went), "ends_known": True}


def ended(source: Source, code: str, until: Until) -> str:
    """Say when a unit's own records end, where they end before the day of the page."""
    own = until_of(source, feeds_of(source, source.answers.registry.level_of(code), [code]), until.tz)
    if own is None:
        return _("no records with dates")
    return _("its records end on %(moment)s") % {"moment": say.instant(own.us, own.tz)}


def shown(values: list[int | None], *, hide: bool) -> list[str]:
    """Return counts that stand under each other; where one alone is small, the next one is hidden with it.

    A single hidden count is what is left when the others are taken from the number at the head of the page.

    >>> shown([3, 20, 40, None], hide=True)
    ['fewer than 11', 'not shown', '40', '–']
    """
    hidden = {at for at, value in enumerate(values) if hide and small.is_small(value)}
    texts = [small.shown_count(value, hide=hide) for value in values]
    if len(hidden) == 1:
        rest = [(value, at) for at, value in enumerate(values) if at not in hidden and value]
        for _value, at in sorted(rest)[:1]:
            texts[at] = _("not shown")
    return texts


def tiles(source: Source, head: Head, until: Until) -> list[dict[str, str]]:
    """Return the four plain numbers of a programme: those of the units that take part, together."""
    lately = [one for code in head.members if (one := lately_of(source, code, until)) is not None]
    day = say.day(until.us, until.tz)

    def tile(label: str, value: int) -> dict[str, str]:
        return {"label": label, "value": small.shown_count(value, hide=head.hide), "note": "", "name": ""}

    return [
        {"label": _("Units that take part"), "value": say.count(len(head.members)), "note": "", "name": ""},
        tile(
            _("Patients in them on %(moment)s") % {"moment": say.instant(until.us, until.tz)},
            sum(one["here"] or 0 for one in lately),
        ),
        tile(_("Arrived in one of them on %(day)s") % {"day": day}, sum(one["arrived"] for one in lately)),
        tile(_("Left one of them on %(day)s") % {"day": day}, sum(one["left"] or 0 for one in lately)),
    ]
