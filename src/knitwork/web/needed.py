"""What a measure needs of the records, and how complete they are here: in sentences."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knitwork.home.levels import Completeness
from knitwork.measures.catalogue import catalogue
from knitwork.measures.computable import WAYS_OUT
from knitwork.measures.definition import NEEDS
from knitwork.web import say, small
from knitwork.web.definitions import Definition, in_words
from knitwork.web.kept import kept
from knitwork.web.source import Source

NEEDED = {
    "end": gettext_lazy("when each stay ended"),
    "visit": gettext_lazy("which stays belong to one visit"),
    "icu units": gettext_lazy("which units are intensive or coronary care"),
    "ed units": gettext_lazy("which units are emergency departments"),
    "inpatient units": gettext_lazy("which units are wards, intensive care or theatres"),
    "clinic stays": gettext_lazy("contacts in practices, in clinics and at home"),
    "capacity": gettext_lazy("how many beds each unit has"),
    "departures recorded": gettext_lazy("when patients left each unit, and not a copy of the next arrival"),
    "times of day": gettext_lazy("times of day, and not dates alone"),
    "calendar": gettext_lazy("real dates, not shifted ones"),
    "two units": gettext_lazy("stays in more than one unit"),
}
# Why a record could not be used, to stand behind a number: "9 are not over yet".
WHY = {
    "unrecorded": gettext_lazy("come from a feed that does not record departures"),
    "open": gettext_lazy("are not over yet, or nobody knows when they ended"),
    "unknown": gettext_lazy("have no known departure"),
    "inferred": gettext_lazy("have an end that was inferred from what came next"),
    "dates_only": gettext_lazy("have a date without a time of day"),
    "waiting": gettext_lazy("are too recent to be judged"),
    "baseline": gettext_lazy("are in a unit with too few stays in its first year to know what is usual"),
    "other": gettext_lazy("have numbers that make no sense"),
}


def needs_of(definition: Definition) -> list[str]:
    """Return what a measure needs of the records, in words."""
    known = [str(NEEDED[need]) for need in definition.needs if need in NEEDED]
    return [_("patient, unit and start of each stay"), *known]


def allowed(source: Source) -> dict[str, tuple[bool, str, str]]:
    """Return for each measure whether it can be computed, else why not and what would unlock it, to be read."""
    can = source.answers.computable()
    return {measure: (able, _told(why_not), _told(unlock)) for measure, (able, why_not, unlock) in can.items()}


def _told(text: str) -> str:
    """Return a text made of the sentences of `measures.computable` in the reader's language."""
    said = in_words(text)
    if said != text:
        return said
    for one in (*NEEDS.values(), *WAYS_OUT.values()):
        said = said.replace(one, _(one))
    return said.replace("Not computed:", _("Not computed:"))


def identity_of(measure: str) -> str:
    """Return the first letters of the hash of everything that decides the number; empty for an unknown measure."""
    return next((one.digest[:12] for one in catalogue() if one.id == measure), "")


def completeness_of(source: Source, measure: str, *, level: str, unit: str, period: str) -> Completeness:
    """Return how complete the records behind a measure are in a unit, worked out once for a generation."""

    def make() -> Completeness:
        found: Completeness = source.answers.completeness(measure, level, unit, period)
        return found

    return kept(source, "completeness", make, measure, level, unit, period)


def counted_rows(fact: str, count: int) -> str:
    """Return a number of rows in words: 412 stays."""
    texts = {
        "handoff": lambda: ngettext("%(n)s hand-off", "%(n)s hand-offs", count),
        "visit": lambda: ngettext("%(n)s visit", "%(n)s visits", count),
        "journey": lambda: ngettext("%(n)s journey", "%(n)s journeys", count),
    }
    text = texts.get(fact, lambda: ngettext("%(n)s stay", "%(n)s stays", count))()
    return text % {"n": say.count(count)}


def completeness_words(found: Completeness, *, hide: bool) -> dict[str, Any]:
    """Say how many records could be used, and why not the others; `hide` leaves small numbers out.

    Where one number is small the others would give it away, so then a share is said and no number.
    """
    if not found.spoken_of:
        return {"sentence": "", "reasons": []}
    few = hide and any(map(small.is_small, (found.spoken_of, found.used, *found.left_out.values())))
    if few:
        nearly = _("Nearly all records it speaks of here could be used.")
        some = _("Of the records it speaks of here only a part could be used.")
        reasons = [_("some %(why)s") % {"why": WHY[reason]} for reason in found.left_out]
        return {"sentence": nearly if found.used >= 0.95 * found.spoken_of else some, "reasons": reasons}
    known = {
        "all": counted_rows(found.fact, found.spoken_of),
        "used": say.count(found.used),
        "share": share(found.used, found.spoken_of),
    }
    if found.used == found.spoken_of:
        return {"sentence": _("All %(all)s it speaks of here could be used.") % known, "reasons": []}
    reasons = [_("%(n)s %(why)s") % {"n": say.count(n), "why": WHY[reason]} for reason, n in found.left_out.items()]
    text = _("Of %(all)s it speaks of here %(used)s could be used (%(share)s).")
    return {"sentence": text % known, "reasons": reasons}


def share(part: int, whole: int) -> str:
    """Return a share in per cent that never rounds up to all nor down to none.

    >>> share(9999, 10000), share(1, 10000), share(1, 2)
    ('over 99%', 'under 1%', '50%')
    """
    percent = 100 * part / whole
    if part < whole and percent > 99:
        return _("over %(n)s%%") % {"n": 99}
    if part and percent < 1:
        return _("under %(n)s%%") % {"n": 1}
    return f"{percent:.0f}%"
