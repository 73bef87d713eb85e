"""What patients come from and go on to, in words and as the commonest ways in and out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from knitwork.home.chains import HOME
from knitwork.web import say, small
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names
from knitwork.web.pages.unit import Head
from knitwork.web.source import Source

SHOWN_WAYS = 6
# A share under this is not "most".
MOST = 0.5
Way = tuple[str, ...]


@dataclass(frozen=True)
class Ways:
    """How often each way into a unit and out of it was taken; `still` are in, or nobody knows where they went."""

    before: tuple[tuple[Way, int], ...]
    after: tuple[tuple[Way, int], ...]
    still: int
    served: tuple[tuple[str, int], ...]


def ways_of(source: Source, head: Head) -> Ways:
    """Return the ways through a unit, worked out once for each generation."""
    code, level = head.place.code, head.place.level

    def make() -> Ways:
        before: Counter[Way] = Counter()
        after: Counter[Way] = Counter()
        still = 0
        for row in source.answers.chains(code, level):
            before[tuple(row["before"])] += row["n"]
            if row["after"] is None:
                still += row["n"]
            else:
                after[tuple(row["after"])] += row["n"]
        served = tuple((row["unit"], row["n"]) for row in source.answers.served(code, level))
        return Ways(ordered(before), ordered(after), still, served)

    return kept(source, "ways", make, code, level)


def ordered(counted: Counter[Way]) -> tuple[tuple[Way, int], ...]:
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def context(source: Source, head: Head) -> dict[str, Any]:
    """Return what the page shows of the ways through a unit: a sentence, then the ways in and out with their shares."""
    found = ways_of(source, head)
    beside, steps = sum(n for _unit, n in found.served), sum(n for _way, n in found.before)
    if beside > steps:
        return {"served": served_rows(found, head), "said": served_words(found, head)}
    if not steps:
        return {"said": ""}
    return {
        "said": words(found, head),
        "before": rows(found.before, head, coming=True),
        "after": rows(found.after, head, coming=False),
        "still": small.shown_count(found.still, hide=head.hide) if found.still else "",
        "steps": small.shown_count(steps, hide=head.hide),
    }


def nearest(counted: tuple[tuple[Way, int], ...]) -> list[tuple[str, int]]:
    """Return how often each neighbour was the nearest step."""
    found: Counter[str] = Counter()
    for way, n in counted:
        found[way[0]] += n
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def words(found: Ways, head: Head) -> str:
    """Say where most come from and go to: Most come from the Emergency Department (75%) and go home (88%)."""
    come, go = nearest(found.before), nearest(found.after)
    if not go:
        return ""
    came_n, went_n = sum(n for _u, n in come), sum(n for _u, n in go)
    hidden = head.hide and (small.is_small(come[0][1]) or small.is_small(go[0][1]))
    if hidden:
        return _("Too few patients passed through here to say where most come from and go.")
    known = {
        "came": from_words(come[0][0], head.known),
        "came_share": share(come[0][1], came_n),
        "went": to_words(go[0][0], head.known),
        "went_share": share(go[0][1], went_n),
    }
    if come[0][1] >= MOST * came_n and go[0][1] >= MOST * went_n:
        return _("Most come %(came)s (%(came_share)s) and go %(went)s (%(went_share)s).") % known
    return _("They come most often %(came)s (%(came_share)s) and go most often %(went)s (%(went_share)s).") % known


def from_words(unit: str, known: Names) -> str:
    return _("from %(unit)s") % {"unit": known.name(unit)} if unit != HOME else _("from home or elsewhere")


def to_words(unit: str, known: Names) -> str:
    return _("to %(unit)s") % {"unit": known.name(unit)} if unit != HOME else pgettext("they go", "home or elsewhere")


def share(part: int, whole: int) -> str:
    """Return a share as whole per cent; a share that is there is never told as nothing, nor a part as the whole.

    >>> share(3, 4), share(1, 999), share(999, 1000)
    ('75%', 'under 1%', 'over 99%')
    """
    if not whole:
        return "–"
    hundred = 100 * part / whole
    if 0 < hundred < 0.5:
        return _("under 1%%") % {}
    if 99.5 <= hundred < 100:
        return _("over 99%%") % {}
    return f"{round(hundred)}%"


def rows(counted: tuple[tuple[Way, int], ...], head: Head, *, coming: bool) -> dict[str, Any]:
    """Return the commonest ways as steps in the order in which patients take them, and how many others there are."""
    whole = sum(n for _way, n in counted)
    shown = [(way, n) for way, n in counted if not (head.hide and small.is_small(n))][:SHOWN_WAYS]
    made = []
    for way, n in shown:
        names = [head.known.name(unit) if unit != HOME else _("home or elsewhere") for unit in way]
        made.append({"steps": names[::-1] if coming else names, "n": say.count(n), "share": share(n, whole)})
    rest = whole - sum(n for _way, n in shown)
    others = len(counted) - len(shown)
    return {"rows": made, "rest": share(rest, whole) if rest else "", "others": others}


def served_words(found: Ways, head: Head) -> str:
    """Say for which unit a laboratory or a pharmacy works most."""
    unit, n = found.served[0]
    whole = sum(count for _unit, count in found.served)
    if head.hide and small.is_small(n):
        return ""
    if unit == HOME:
        return _("Most patients were in no other unit meanwhile.")
    known = {"unit": head.known.name(unit), "share": share(n, whole)}
    return _("Its patients are in another unit meanwhile, most often in %(unit)s (%(share)s).") % known


def served_rows(found: Ways, head: Head) -> list[dict[str, Any]]:
    """Return the units that patients were in meanwhile."""
    whole = sum(n for _unit, n in found.served)
    return [
        {
            "name": head.known.name(unit) if unit != HOME else _("no other unit"),
            "address": head.known.link(unit)["address"] if unit != HOME else "",
            "n": say.count(n),
            "share": share(n, whole),
        }
        for unit, n in found.served
        if not (head.hide and small.is_small(n))
    ][: 2 * SHOWN_WAYS]
