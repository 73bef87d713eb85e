"""What people decided about charts, as what to add to their definitions: read once, for all units, by one text.

Every page, wall, sentence and number takes the definition of a chart from here, so that all are judged alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from knitwork.signals import spec as specs
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import RuleSetName, Spec

USUAL_RULES: tuple[RuleSetName, ...] = ("shewhart", "anhoej")

Chart = tuple[str, str]  # unit, measure
Wanted = tuple[tuple[str, float], ...]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Decided:
    """What is decided about one chart.

    Published parts hold as they stand; accepted phases that start at another period add to them.
    `published` is the version, 0 where nothing is published.
    """

    phases: tuple[specs.Phase, ...] = ()
    exclude: tuple[str, ...] = ()
    targets: Wanted = ()
    trajectory: Wanted = ()
    published: int = 0

    def __bool__(self) -> bool:
        return bool(self.phases or self.exclude or self.targets or self.trajectory)


NOTHING = Decided()


@dataclass(frozen=True)
class Decisions:
    """All decisions that stand, under the text (`token`) of the edition they were read from."""

    token: str
    rules: tuple[RuleSetName, ...] = USUAL_RULES
    custom: tuple[Rule, ...] = ()
    rules_version: int = 0
    phases: Mapping[Chart, tuple[specs.Phase, ...]] = field(default_factory=dict)
    published: Mapping[tuple[str, str, str], tuple[int, tuple[specs.Phase, ...]]] = field(default_factory=dict)
    exclude: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    targets: Mapping[Chart, Wanted] = field(default_factory=dict)
    trajectory: Mapping[Chart, Wanted] = field(default_factory=dict)
    _by_id: dict[int, tuple[Spec, Spec]] = field(default_factory=dict)

    def of(self, unit: str, measure: str, period: str, *, published: bool = True) -> Decided:
        """Return what is decided about one chart; without what is published, what its limits would be now."""
        chart, whole = (unit, measure), (unit, measure, period)
        version, fixed = self.published.get(whole, (0, ())) if published else (0, ())
        starts = {part.start for part in fixed}
        phases = fixed + tuple(phase for phase in self.phases.get(chart, ()) if phase.start not in starts)
        exclude, targets = self.exclude.get(whole, ()), self.targets.get(chart, ())
        trajectory = self.trajectory.get(chart, ())
        if not (phases or exclude or targets or trajectory):
            return NOTHING
        return Decided(phases, exclude, targets, trajectory, version)

    def judged_by(self, spec: Spec) -> Spec:
        """Return a definition judged by the organisation's rules; one that no rule judges stays so.

        The same definition gives the same object: many charts share one, and hashing each takes longer than judging it.
        """
        if not spec.rules or (self.rules, self.custom) == (spec.rules, spec.custom):
            return spec
        known = self._by_id.get(id(spec))
        if known is None:
            known = (spec, dataclasses.replace(spec, rules=self.rules, custom=self.custom))
            self._by_id[id(spec)] = known
        return known[1]

    def add(self, spec: Spec, decided: Decided, labels: Sequence[str]) -> Spec:
        """Return a definition with what is decided, as far as it concerns the periods that are there."""
        if not decided:
            return spec
        there = set(labels)
        return dataclasses.replace(
            spec,
            phases=fitting(decided.phases, labels),
            exclude=tuple(label for label in decided.exclude if label in there),
            targets=decided.targets or spec.targets,
            trajectory=decided.trajectory or spec.trajectory,
        )


def fitting(phases: Iterable[specs.Phase], labels: Sequence[str]) -> tuple[specs.Phase, ...]:
    """Return the phases that start within these periods; of several that start at one period the last.

    What starts before them begins with the first; what starts after them does not concern them yet.
    """
    at: dict[str, specs.Phase] = {}
    for phase in sorted(phases, key=lambda one: one.start):
        first = next((label for label in labels if label >= phase.start), None)
        if first is not None:
            at[first] = phase
    return tuple(
        phase if phase.start == label else dataclasses.replace(phase, start=label) for label, phase in at.items()
    )


def cut_to(spec: Spec, labels: Sequence[str]) -> Spec:
    """Return a definition for the first periods of its series only."""
    if not spec.phases and not spec.exclude:
        return spec
    there = set(labels)
    exclude = tuple(at for at in spec.exclude if (at in there if isinstance(at, str) else at < len(labels)))
    return dataclasses.replace(spec, phases=fitting(spec.phases, labels), exclude=exclude)


_read: list[Decisions] = []
_door = Lock()
_turns = [0]


def decisions() -> Decisions:
    """Return what is decided now: one question to the database, and more only after something was decided."""
    from knitwork.web.charts.models import Edition

    token = Edition.objects.filter(id=1).values_list("token", flat=True).first() or ""
    with _door:
        if _read and _read[0].token == token:
            return _read[0]
    made = _load(token)
    with _door:
        _read[:] = [made]
    return made


def _load(token: str) -> Decisions:
    """Read all decisions that stand: one question a table."""
    from knitwork.web.charts.models import Exclusion, Phase, PublishedLimits, RuleSetChoice, Target

    if not token:  # nothing was ever decided
        return Decisions("")
    choice = RuleSetChoice.objects.order_by("-version").first()
    phases = Phase.objects.filter(state=Phase.ACCEPTED).order_by("start")
    latest = {(p.unit, p.measure, p.period): p for p in PublishedLimits.objects.order_by("version")}
    exclusions = Exclusion.objects.filter(undone_by="")
    targets = list(Target.objects.filter(removed_by="").order_by("day"))
    return Decisions(
        token,
        rules=tuple(choice.sets) if choice else USUAL_RULES,
        custom=tuple(Rule.from_dict(one) for one in choice.custom) if choice else (),
        rules_version=choice.version if choice else 0,
        phases=_grouped(phases, lambda p: (p.unit, p.measure), phase_of),
        published={key: (p.version, tuple(specs.Phase(**one) for one in p.phases)) for key, p in latest.items()},
        exclude=_grouped(exclusions, lambda e: (e.unit, e.measure, e.period), lambda e: e.day.isoformat()),
        targets=_wanted(one for one in targets if one.kind == Target.TARGET),
        trajectory=_wanted(one for one in targets if one.kind == Target.TRAJECTORY),
    )


def phase_of(kept: Any) -> specs.Phase:
    """Return an accepted phase as the chart reads it."""
    limits = kept.first if kept.limits == "first" else kept.limits
    return specs.Phase(start=kept.start.isoformat(), limits=limits, reason=kept.reason)


def _wanted(rows: Iterable[Any]) -> dict[Chart, Wanted]:
    return _grouped(rows, lambda t: (t.unit, t.measure), lambda t: (t.day.isoformat(), t.value))


def _grouped(
    rows: Iterable[Any], key: Callable[[Any], Any], made: Callable[[Any], Found]
) -> dict[Any, tuple[Found, ...]]:
    found: dict[Any, list[Found]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(made(row))
    return {one: tuple(some) for one, some in found.items()}


def say_changed() -> None:
    """Let the screens of this process know that something was decided."""
    _turns[0] += 1


def turns() -> int:
    """Return how often something was decided in this process: cheap enough to be asked four times a second."""
    return _turns[0]


def forget() -> None:
    """Drop what was read, for tests."""
    with _door:
        _read.clear()
