"""The whole system at a glance: every unit's numbers and what changed in it, made once for each generation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.periods import Period, full_name
from knitwork.draw.record import is_of_the_whole, lasts
from knitwork.draw.told import level_of, told_apart
from knitwork.signals import Evaluation, Signal, evaluate_many
from knitwork.signals.newness import last_tested, new_signals
from knitwork.web import judging, present, small
from knitwork.web.chance import chance_new_now
from knitwork.web.charts.decided import cut_to
from knitwork.web.definitions import Definition
from knitwork.web.source import Source

# The first page opens with so many sentences, about; what they leave out stands below them.
LEAD_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of one unit that signals now.

    `hidden` are the periods that people outside the team are not shown the numbers of; `new` holds the signals that
    the last complete period made: they were not there without it.
    """

    unit: str
    definition: Definition
    evaluation: Evaluation
    period: Period
    hidden: frozenset[int] = frozenset()
    new: tuple[Signal, ...] = ()

    @property
    def signal(self) -> Signal | None:
        """Return the signal to speak of: a new one before the others."""
        if self.new:
            gravity = {"worse": 2, "better": 1}
            return max(self.new, key=lambda one: (bool(one.points), gravity.get(one.verdict, 0), lasts(one)))
        return words.leading_signal(self.evaluation)

    @property
    def verdict(self) -> str:
        """Return the verdict of what is spoken of, so that mark and words agree."""
        if self.new and self.signal is not None:
            return self.signal.verdict
        return judging.verdict_of(self.evaluation)

    @property
    def is_turn(self) -> bool:
        """Say whether something got worse or better: what people want to know first."""
        return self.verdict in ("worse", "better") and not self.wanders

    @property
    def wanders(self) -> bool:
        """Say whether all that is found is that the series is not one steady process."""
        return self.signal is not None and is_of_the_whole(self.signal)

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
        return judging.weight(self.definition, self.evaluation)

    @property
    def order(self) -> tuple[Any, ...]:
        """Return the place among the changes of a system: the newest first, then the gravest."""
        begun = self.evaluation.labels[self.signal.since] if self.signal is not None else ""
        newest = tuple(-int(part) for part in begun.split("-") if part.isdigit())
        steady = self.wanders or self.verdict == "neither"
        return (self.wanders, steady, newest, judging.GRAVITY[self.verdict], self.definition.rank, self.unit)


@dataclass(frozen=True, slots=True)
class Glance:
    """One unit: its plain numbers, its changes with the gravest first, and how many charts it has by chance's reckoning.

    `expected` and `expected_new` say how many of its charts would signal, or newly signal, though nothing changed;
    `judged` counts those that any rule judges: only these can signal, so shares are of them.
    """

    numbers: dict[str, Any]
    changes: tuple[Change, ...]
    charts: int
    expected: float
    longest: Evaluation | None = None
    expected_new: float = 0.0
    judged: int = 0


_glances: dict[tuple[str, tuple[int, str], str], dict[str, Glance]] = {}
_one_at_a_time = Lock()


def glance(source: Source, period: Period) -> dict[str, Glance]:
    """Return every unit at a glance.

    Asks for every unit in turn the first time, and keeps the answer until there is a new generation, or somebody
    decides about a chart.
    """
    key = (source.key, (source.answers.generation, source.decisions.token), period)
    with _one_at_a_time:
        if key not in _glances:
            for old in [k for k in _glances if k[0] == source.key and k[1] != key[1]]:
                del _glances[old]
            registry = source.answers.registry
            codes = dict.fromkeys([*registry.roots(), *(u.unit for u in registry.units)])
            feeds, numbers = source.answers.feeds_by_unit(), source.answers.numbers_of_units()
            _glances[key] = {code: _at(source, code, period, feeds, numbers) for code in codes}
        return _glances[key]


def forget() -> None:
    """Drop what is kept, for tests that change a system under one generation."""
    _glances.clear()


def _at(
    source: Source,
    code: str,
    period: Period,
    feeds: dict[tuple[str, str], list[str]],
    known: dict[tuple[str, str], dict[str, int | None]],
) -> Glance:
    level = source.answers.registry.level_of(code)
    mine = known.get((level, code)) or source.answers.unit_numbers(code, level)
    numbers: dict[str, Any] = mine | {"feeds": feeds.get((level, code), [])}
    if not present.has_calendar(source):
        return Glance(numbers, (), 0, 0.0)
    judged = judging.judged(source, code, period)
    rows = {one.measure: list(one.rows) for one in judged}
    evaluations = {one.measure: one.evaluation for one in judged}
    signalling = {m: e for m, e in evaluations.items() if e.recent}
    hidden = present.hidden_of(source, period, {m: rows[m] for m in signalling}, hide=True)
    new = new_of(source, rows, signalling)
    found = [Change(code, source.measures[m], e, period, hidden[m], new[m]) for m, e in signalling.items()]
    charted = [e for e in evaluations.values() if e.n_useful]
    return Glance(
        numbers,
        tuple(sorted(found, key=lambda c: c.weight)),
        len(charted),
        sum(map(present.chance_now, charted)),
        max(charted, key=lambda e: (bool(e.spec.rules), e.n_useful), default=None),
        sum(map(chance_new_now, charted)),
        sum(1 for e in charted if e.spec.rules),
    )


def new_of(
    source: Source, rows: dict[str, list[dict[str, Any]]], evaluations: dict[str, Evaluation]
) -> dict[str, tuple[Signal, ...]]:
    """Return for each measure the signals that are not there when its last complete period is left out."""
    cut = {m: last for m, e in evaluations.items() if (last := last_tested(e)) is not None}
    touched = [m for m, last in cut.items() if any(one.end >= last for one in evaluations[m].signals)]
    series = [judging.series_of(source.measures[m], rows[m][: cut[m]]) for m in touched]
    before = evaluate_many(series, [cut_to(evaluations[m].spec, evaluations[m].labels[: cut[m]]) for m in touched])
    new = {m: new_signals(evaluations[m], old) for m, old in zip(touched, before, strict=True)}
    return {m: new.get(m, ()) for m in evaluations}


def changes_of(found: dict[str, Glance], codes: Iterable[str]) -> tuple[list[Change], list[Change]]:
    """Return the changes of these units: the new ones, and those that last longer; each the newest first."""
    every = [change for code in codes for change in found[code].changes]
    every.sort(key=lambda change: change.order)
    return [c for c in every if c.new], [c for c in every if not c.new]


def head(change: Change, name: str) -> str:
    """Say which way it went and where: worse in the cardiology ward."""
    texts = {"worse": _("Worse in %(unit)s"), "better": _("Better in %(unit)s")}
    signal = change.signal
    if change.wanders:
        text = _("Not one steady process in %(unit)s")
    elif change.verdict in texts:
        text = texts[change.verdict]
    elif signal is not None and signal.side is None:
        text = _("An unusual pattern in %(unit)s")
    else:
        text = _("Higher in %(unit)s") if signal and signal.side == "high" else _("Lower in %(unit)s")
    return text % {"unit": name}


def what(change: Change, *, hide: bool) -> str:
    """Say what changed, by how much and since when: patients wait longer between units, 41 min against the usual 33."""
    signal, definition = change.signal, change.definition
    evaluation = small.masked(change.evaluation, change.hidden) if hide else change.evaluation
    if signal is None or change.wanders:
        return definition.short
    known = {"what": phrase_of(change), "when": when(evaluation, signal, change.period)}
    level, beside = level_of(evaluation, signal)
    if level is None:
        return _("%(what)s, %(when)s") % known
    value, usual = told_apart(evaluation, level, beside)
    known |= {"value": value, "usual": usual}
    return _("%(what)s, %(value)s against the usual %(usual)s, %(when)s") % known


def phrase_of(change: Change) -> str:
    """Say what a measure does, in the words of a nurse: patients wait longer between units."""
    signal, definition = change.signal, change.definition
    sided = signal is not None and signal.side is not None
    phrase = "" if signal is None or not sided else definition.rise if signal.side == "high" else definition.fall
    return _(phrase) if phrase else definition.short


def when(evaluation: Evaluation, signal: Signal, period: Period) -> str:
    """Say since when, from when to when, or in which period."""
    start, end = (full_name(evaluation.labels[at], period, _) for at in (signal.since, signal.end))
    if not lasts(signal) and len(signal.points) == 1:
        return (_("on %(end)s") if period == "day" else _("in %(end)s")) % {"end": end}
    if signal.end >= (last_tested(evaluation) or 0):
        return _("since %(start)s") % {"start": start}
    return _("from %(start)s to %(end)s") % {"start": start, "end": end}


def in_words(changes: tuple[Change, ...]) -> str:
    """Say in a line what changed in a unit: the gravest in full, of the others how many."""
    if not changes:
        return _("no signal")
    first = _("%(measure)s %(since)s") % {"measure": changes[0].definition.short, "since": changes[0].since}
    more = len(changes) - 1
    return first + (ngettext("; %(n)s more", "; %(n)s more", more) % {"n": more} if more else "")


def lead(
    found: dict[str, Glance], names: dict[str, str], *, hide: bool, last: str, handoffs: Sequence[str] = ()
) -> str:
    """Open the first page: what is new and got worse or better, the hand-off that changed most, and how much more.

    `names` are the units to speak of, `last` the name of the last complete period, and `handoffs` a sentence for each
    pair of units that changed, the gravest first. What is neither worse nor better never stands first.
    """
    known = {code: found[code] for code in names if code in found}
    if not any(one.charts for one in known.values()):
        return _("Nothing is measured here yet.")
    longest = [one.longest for one in known.values() if one.longest is not None]
    judged = [evaluation for evaluation in longest if evaluation.spec.rules and evaluation.n_useful >= present.ENOUGH]
    if not judged:
        return words.lead([("", evaluation) for evaluation in longest], _=_, ngettext=ngettext)
    new, longer = changes_of(known, known)
    if not new and not longer and not handoffs:
        return _("Nothing has changed in any unit that is not noise.")
    first, rest = (new[0] if new else None), new[1:]
    sentences = list(handoffs[:1])
    if first is None:
        sentences.append(_nothing_new(longer, names, hide=hide, last=last, named=not sentences))
    elif first.is_turn or not sentences:
        sentences.insert(0, _("%(change)s.") % {"change": said(first, names[first.unit], hide=hide)})
    else:
        text = _("New in %(last)s, neither better nor worse: %(unit)s, %(what)s.")
        sentences.append(text % {"last": last, "unit": names[first.unit], "what": phrase_of(first)})
    if rest:
        more = ngettext("%(n)s more change is new in %(last)s.", "%(n)s more changes are new in %(last)s.", len(rest))
        sentences.append(more % {"n": len(rest), "last": last})
    if longer and first is not None and len(sentences) < LEAD_SENTENCES:
        text = ngettext("%(n)s change has lasted longer.", "%(n)s changes have lasted longer.", len(longer))
        sentences.append(text % {"n": len(longer)})
    return " ".join(sentences)


def _nothing_new(longer: list[Change], names: dict[str, str], *, hide: bool, last: str, named: bool) -> str:
    """Say that nothing is new; and where nothing else opens the page, which change that lasts is the newest."""
    if not longer:
        return _("Nothing else changed in %(last)s that is not noise.") % {"last": last}
    if not named:
        text = ngettext(
            "Nothing new in %(last)s that is not noise. %(n)s change lasts longer.",
            "Nothing new in %(last)s that is not noise. %(n)s changes last longer.",
            len(longer),
        )
        return text % {"last": last, "n": len(longer)}
    text = ngettext(
        "Nothing new in %(last)s that is not noise. %(n)s change lasts longer: %(first)s.",
        "Nothing new in %(last)s that is not noise. %(n)s changes last longer, the newest: %(first)s.",
        len(longer),
    )
    newest = longer[0]
    return text % {"last": last, "n": len(longer), "first": _lowered(said(newest, names[newest.unit], hide=hide))}


def said(change: Change, name: str, *, hide: bool) -> str:
    """Say one change in full: worse in the cardiology ward: patients wait longer between units, 41 min against ..."""
    return _("%(head)s: %(what)s") % {"head": head(change, name), "what": what(change, hide=hide)}


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def by_chance(found: dict[str, Glance]) -> str:
    """Say how many of all charts signal, and how many would though nothing changed."""
    charts, signals = sum(one.judged for one in found.values()), sum(len(one.changes) for one in found.values())
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


def new_by_chance(found: dict[str, Glance], last: str) -> str:
    """Say how many of all charts signal newly, and how many would though nothing changed."""
    charts = sum(one.judged for one in found.values())
    if not charts:
        return ""
    new = sum(1 for one in found.values() for change in one.changes if change.new)
    expected = round(sum(one.expected_new for one in found.values()))
    if expected < 1:
        text = _("%(n)s of %(of)s charts signal newly in %(last)s; by chance alone we expect fewer than 1.")
    else:
        text = _("%(n)s of %(of)s charts signal newly in %(last)s; by chance alone we expect about %(expected)s.")
    return text % {"n": new, "of": charts, "expected": expected, "last": last}
