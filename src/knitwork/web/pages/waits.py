"""What the first page says of hand-offs: which pairs of units changed, as a sentence and as lines that lead to each."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from knitwork.draw.periods import Period, full_name
from knitwork.signals import evaluate_many
from knitwork.signals.newness import last_tested, new_signals
from knitwork.web import present, say, small
from knitwork.web.pages import changed
from knitwork.web.pages.around import Names
from knitwork.web.pages.changed import Judged
from knitwork.web.source import Source

# Between units of one level only: a wait between two wards is also one between their programmes.
LEVEL = "micro"


@dataclass(frozen=True, slots=True)
class Line:
    """One pair that changed: its mark, where it leads, its words, and whether the last whole period brought it."""

    verdict: str
    address: str
    head: str
    what: str
    new: bool
    sentence: str


def lines(source: Source, known: Names, period: Period, *, hide: bool) -> list[Line]:
    """Return the pairs that got worse or better, the gravest first; those that only wander stand on their own page."""
    turned = changed.signalling(changed.judged_pairs(source, LEVEL, period).values())
    return [_line(one, known, hide=hide) for one in turned if one.verdict in ("worse", "better")]


def _line(one: Judged, known: Names, *, hide: bool) -> Line:
    said = changed.in_a_line(one, hide=hide)
    where = reverse("pair", kwargs={"sender": one.sender, "receiver": one.receiver})
    return Line(
        verdict=one.verdict,
        address=f"{where}?level={one.level}&period={one.period}",
        head=f"{known.name(one.sender)} → {known.name(one.receiver)}",
        what=said[:1].lower() + said[1:],
        new=is_new(one),
        sentence=sentence(one, known, hide=hide),
    )


def is_new(one: Judged) -> bool:
    """Say whether the last whole period made a pair signal."""
    last = last_tested(one.evaluation)
    if last is None:
        return False
    before = evaluate_many([changed.wait_series(list(one.rows[:last]))], one.evaluation.spec)[0]
    return bool(new_signals(one.evaluation, before))


def sentence(one: Judged, known: Names, *, hide: bool) -> str:
    """Say in full what became of one hand-off, with `present.OPENING` and `CLOSING` round the words that lead to it.

    "Patients wait longer from the ED to the ward since January 2026: half waited over 41 min, before that 29 min."
    """
    longer = one.verdict == "worse"
    pair = {
        "sender": known.name(one.sender),
        "receiver": known.name(one.receiver),
        "open": present.OPENING,
        "close": present.CLOSING,
    }
    turn = one.turn
    if turn is None:
        text = (
            _("Patients wait longer %(open)sfrom %(sender)s to %(receiver)s%(close)s: %(change)s.")
            if longer
            else _("Patients wait less long %(open)sfrom %(sender)s to %(receiver)s%(close)s: %(change)s.")
        )
        said = changed.in_a_line(one, hide=hide)
        return text % (pair | {"change": said[:1].lower() + said[1:]})
    pair["start"] = full_name(turn.label, one.period, _)
    withheld = hide and (small.is_small(turn.before["timed"]) or small.is_small(turn.after["timed"]))
    if withheld or turn.before["median_s"] is None or turn.after["median_s"] is None:
        text = (
            _("Patients wait longer %(open)sfrom %(sender)s to %(receiver)s%(close)s since %(start)s.")
            if longer
            else _("Patients wait less long %(open)sfrom %(sender)s to %(receiver)s%(close)s since %(start)s.")
        )
        return text % pair
    pair |= {"after": say.duration(turn.after["median_s"]), "before": say.duration(turn.before["median_s"])}
    text = (
        _(
            "Patients wait longer %(open)sfrom %(sender)s to %(receiver)s%(close)s since %(start)s: "
            "half waited over %(after)s, before that %(before)s."
        )
        if longer
        else _(
            "Patients wait less long %(open)sfrom %(sender)s to %(receiver)s%(close)s since %(start)s: "
            "half waited over %(after)s, before that %(before)s."
        )
    )
    return text % pair
