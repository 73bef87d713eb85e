"""Limits that are published: what they are made of, and what they would be now that the records behind them changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.signals import Evaluation, Series, evaluate
from knitwork.signals.evaluation import PhaseRecord
from knitwork.signals.spec import Phase, Spec

# Charts whose limits are made of sigma z; of all others it is sigma, or nothing where the centre alone gives them.
LANEY = frozenset({"p_prime", "u_prime", "c_prime"})
# Charts that are drawn again from centre and spread alone, whatever becomes of the points behind them.
EXACT = frozenset({"run", "xmr", "p", "u", "c"}) | LANEY
# What two runs of the same arithmetic may differ by.
SAME = 1e-9
COLUMNS = ("numerator", "denominator", "value")


@dataclass(frozen=True, slots=True)
class Part:
    """One published part, and the same as it would be now; `now` is None where it would not be there."""

    start: str
    then: Mapping[str, Any]
    now: Mapping[str, Any] | None

    @property
    def differs(self) -> bool:
        return self.now is None or not all(
            _same(self.then.get(name), self.now.get(name)) for name in ("centre", "spread")
        )


def parts_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return first period, centre and spread of each part of an evaluation, as the phases of a definition."""
    spec = evaluation.spec
    given = {phase.start: phase for phase in spec.phases}
    ends: Sequence[PhaseRecord | Evaluation] = evaluation.phases or (evaluation,)
    starts = [part.label for part in evaluation.phases] or list(evaluation.labels[:1])
    made = []
    for start, part in zip(starts, ends, strict=True):
        own = given.get(start, Phase(start=start, limits=spec.limits))
        spread = part.sigma_z if spec.chart in LANEY else part.sigma
        made.append(asdict(replace(own, centre=part.centre, spread=spread if spread and spread > 0 else None)))
    return made


def fixed(series: Series, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the parts to publish, or refuse: limits that still move, or that could not be drawn again from them."""
    if evaluation.spec.chart not in EXACT:
        raise CannotDo(not_exact())
    last = evaluation.phases[-1] if evaluation.phases else evaluation
    if last.baseline_kind not in ("locked", "all"):
        raise CannotDo(
            _("The limits still move with each point: they can be published from %(n)s points on.") % {"n": 20}
        )
    parts = parts_of(evaluation)
    again = evaluate(series, with_parts(evaluation.spec, parts))
    for name in ("centres", "lowers", "uppers"):
        pairs = zip(getattr(evaluation, name), getattr(again, name), strict=True)
        if not all(_same(one, other) for one, other in pairs):
            raise CannotDo(
                _("The limits of this kind of chart cannot be published yet: they differ from point to point.")
            )
    return parts


def not_exact() -> str:
    """Say why the limits of some charts are not published."""
    return _(
        "The limits of this kind of chart cannot be published: centre and spread do not give them again once a record "
        "is corrected. Start new limits with a reason instead."
    )


def with_parts(spec: Spec, parts: Sequence[Mapping[str, Any]]) -> Spec:
    """Return a definition with published parts in place of its phases."""
    return replace(spec, phases=tuple(Phase(**part) for part in parts))


def records_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the whole periods that limits came from, to be laid beside later ones."""
    return {row["label"]: [row.get(name) for name in COLUMNS] for row in rows if row.get("complete", True)}


def compared(kept: Sequence[Mapping[str, Any]], now: Evaluation) -> list[Part]:
    """Return each published part beside what it would be now."""
    today = {part["start"]: part for part in parts_of(now)}
    return [Part(part["start"], part, today.get(part["start"])) for part in kept]


def changed_rows(
    records: Mapping[str, Sequence[Any]], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Return the periods whose numbers are others than when the limits were published: label, then, now."""
    today = {row["label"]: row for row in rows}
    found: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = []
    for label, cells in records.items():
        then = dict(zip(COLUMNS, cells, strict=True))
        now = today.get(label, {})
        if not all(_same(then[name], now.get(name)) for name in COLUMNS):
            found.append((label, then, now))
    return found


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
