"""The whole system at a glance: every unit's numbers and what changed in it, made once for each generation."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.periods import Period
from knitwork.signals import Evaluation
from knitwork.web import present
from knitwork.web.definitions import Definition
from knitwork.web.source import Source

# So many units are named in the sentence that opens the first page.
NAMED = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of one unit that signals now. It holds no number that could be small: only what and since when."""

    definition: Definition
    evaluation: Evaluation
    period: Period

    @property
    def verdict(self) -> str:
        return present.verdict_of(self.evaluation)

    @property
    def since(self) -> str:
        """Say what changed and since when: worse since March 2026."""
        signal = words.leading_signal(self.evaluation)
        if signal is None:
            return ""
        said = words.headline(self.evaluation, signal, period=self.period, _=_)
        return said[:1].lower() + said[1:]

    @property
    def weight(self) -> tuple[int, ...]:
        return present.weight(self.definition, self.evaluation)


@dataclass(frozen=True, slots=True)
class Glance:
    """One unit: its plain numbers, its changes with the gravest first, and how many charts it has by chance's reckoning."""

    numbers: dict[str, Any]
    changes: tuple[Change, ...]
    charts: int
    expected: float
    longest: Evaluation | None = None


_glances: dict[tuple[str, int, str], dict[str, Glance]] = {}
_one_at_a_time = Lock()


def glance(source: Source, period: Period) -> dict[str, Glance]:
    """Return every unit at a glance.

    Asks for every unit in turn the first time, and keeps the answer as long as the generation lasts.
    """
    key = (source.key, source.answers.generation, period)
    with _one_at_a_time:
        if key not in _glances:
            for old in [k for k in _glances if k[0] == source.key and k[1] != key[1]]:
                del _glances[old]
            registry = source.answers.registry
            codes = dict.fromkeys([*registry.roots(), *(u.unit for u in registry.units)])
            feeds = source.answers.feeds_by_unit()
            _glances[key] = {code: _at(source, code, period, feeds) for code in codes}
        return _glances[key]


def forget() -> None:
    """Drop what is kept, for tests that change a system under one generation."""
    _glances.clear()


def _at(source: Source, code: str, period: Period, feeds: dict[tuple[str, str], list[str]]) -> Glance:
    level = source.answers.registry.level_of(code)
    numbers = source.answers.unit_numbers(code, level) | {"feeds": feeds.get((level, code), [])}
    if not present.has_calendar(source):
        return Glance(numbers, (), 0, 0.0)
    evaluations = present.evaluate_rows(source, present.rows_of(source, code, level, period))
    found = [Change(source.measures[m], e, period) for m, e in evaluations.items() if e.recent]
    charted = [e for e in evaluations.values() if e.n_useful]
    return Glance(
        numbers,
        tuple(sorted(found, key=lambda c: c.weight)),
        len(charted),
        sum(map(present.chance_now, charted)),
        max(charted, key=lambda e: (bool(e.spec.rules), e.n_useful), default=None),
    )


def in_words(changes: tuple[Change, ...]) -> str:
    """Say in a line what changed in a unit: the gravest in full, of the others how many."""
    if not changes:
        return _("no signal")
    first = _("%(measure)s %(since)s") % {"measure": changes[0].definition.short, "since": changes[0].since}
    more = len(changes) - 1
    return first + (ngettext("; %(n)s more", "; %(n)s more", more) % {"n": more} if more else "")


def lead(found: dict[str, Glance], names: dict[str, str]) -> str:
    """Open the first page: which units signal and where, the worse before the better; `names` are the units to speak of."""
    known = {code: found[code] for code in names if code in found}
    if not any(one.charts for one in known.values()):
        return _("Nothing is measured here yet.")
    longest = [one.longest for one in known.values() if one.longest is not None]
    judged = [evaluation for evaluation in longest if evaluation.spec.rules and evaluation.n_useful >= present.ENOUGH]
    if not judged:
        return words.lead([("", evaluation) for evaluation in longest], _=_, ngettext=ngettext)
    if not any(one.changes for one in known.values()):
        return _("Nothing has changed in any unit that is not noise.")
    sentences = [
        said
        for verdict, text in (("worse", _("Worse in %(units)s.")), ("better", _("Better in %(units)s.")))
        if (said := _units(known, names, verdict, text))
    ]
    if not sentences:
        sentences = [_("Nothing is better or worse; some counts are higher or lower than they were.")]
    return " ".join(sentences)


def _units(known: dict[str, Glance], names: dict[str, str], verdict: str, text: str) -> str:
    """Name the units with a change of one verdict, the one that matters most first."""
    firsts = {
        code: change
        for code, one in known.items()
        if (change := next((c for c in one.changes if c.verdict == verdict), None)) is not None
    }
    if not firsts:
        return ""
    ordered = sorted(firsts, key=lambda code: firsts[code].weight)
    things = [
        _("%(unit)s (%(measure)s %(since)s)")
        % {"unit": names[code], "measure": firsts[code].definition.short, "since": _moment(firsts[code].since, verdict)}
        for code in ordered[:NAMED]
    ]
    return text % {"units": words.joined(things, len(ordered) - len(things), _, ngettext)}


def _moment(since: str, verdict: str) -> str:
    """Leave the verdict out where the sentence has said it: "worse since March" becomes "since March"."""
    said = _(verdict.capitalize()).lower() + " "
    return since.removeprefix(said)


def by_chance(found: dict[str, Glance]) -> str:
    """Say how many of all charts signal, and how many would though nothing changed."""
    charts, signals = sum(one.charts for one in found.values()), sum(len(one.changes) for one in found.values())
    expected = round(sum(one.expected for one in found.values()))
    if not charts:
        return ""
    if expected < 1:
        text = _("%(n)s of %(of)s charts signal in their last three points; by chance alone we expect fewer than 1.")
    else:
        text = _(
            "%(n)s of %(of)s charts signal in their last three points; by chance alone we expect about %(expected)s."
        )
    return text % {"n": signals, "of": charts, "expected": expected}
