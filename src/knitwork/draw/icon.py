"""Two icons of a measure, told apart without their colours: what it does now, and whether it will meet its target.

Both are read from the evaluation record, so that no table can show another icon than the chart beside it.
"""

from __future__ import annotations

from html import escape

from knitwork.draw.chart import mark
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.record import last_known
from knitwork.draw.words import NEEDED, icon_words, recent_verdict
from knitwork.signals import Evaluation

KINDS = ("better", "worse", "neither", "quiet", "few")
# `unknown` has a target and nobody can say; `none` has no target, or no direction in which to meet it.
ASSURANCES = ("pass", "fail", "hit_or_miss", "unknown", "none")


def icon_kind(evaluation: Evaluation) -> str:
    """Return better, worse or neither for a signal that touches the last three points, else quiet; few where it is not judged.

    A chart is not judged while it has too few points, or where too few events are counted for any rule. A signal that
    the sentence speaks of is never shown as too few or quiet.
    """
    if (verdict := recent_verdict(evaluation)) is not None:
        return verdict
    return "few" if evaluation.n_useful < NEEDED or not evaluation.spec.rules else "quiet"


def icon_svg(evaluation: Evaluation, *, _: Translate = as_written) -> str:
    """Return the icon of an evaluation, named by its words."""
    kind = icon_kind(evaluation)
    words = {"better": _("better"), "worse": _("worse")}.get(kind) or icon_words(evaluation, _=_)
    return icon_shape(kind, words)


def icon_shape(kind: str, words: str = "") -> str:
    """Return the icon of a kind; without words it is decoration beside a sentence and hidden from screen readers."""
    name = f'role="img" aria-label="{escape(words)}"' if words else 'aria-hidden="true"'
    return f'<svg class="kw-icon" viewBox="0 0 20 20" {name}>{_shape(kind)}</svg>'


def _shape(kind: str) -> str:
    if kind == "quiet":
        return '<path class="quiet" d="M4 10h12"/>'
    if kind == "few":
        return "".join(f'<circle class="few" cx="{x}" cy="10" r="1.8"/>' for x in (4, 10, 16))
    return mark(kind, 10, 10, 6.5)


def assurance_kind(evaluation: Evaluation) -> str:
    """Return whether a process meets its target always, never or by luck; unknown where too little is known to say.

    A series that never varied is laid against its target itself. Where it has begun to vary nobody can say any more:
    its limits would be those of a time when it did not.
    """
    if evaluation.target is None or evaluation.spec.direction == "neither":
        return "none"
    if evaluation.n_useful < NEEDED or evaluation.assurance is None:
        return "unknown"
    return "unknown" if "constant" in evaluation.reasons and not is_constant(evaluation) else evaluation.assurance


def is_constant(evaluation: Evaluation) -> bool:
    """Say whether all tested values of the last phase are one and the same."""
    first = phase_start(evaluation)
    columns = zip(evaluation.values[first:], evaluation.tested[first:], strict=True)
    known = {value for value, tested in columns if tested}
    return "constant" in evaluation.reasons and known <= {None, last_known(evaluation.centres)}


def phase_start(evaluation: Evaluation) -> int:
    """Return the position at which the last phase starts."""
    return evaluation.phase_of.index(evaluation.phase_of[-1]) if evaluation.phase_of else 0


def assurance_words(kind: str, *, _: Translate = as_written) -> str:
    """Say in a few words what an assurance icon shows."""
    texts = {
        "pass": _("meets its target"),
        "fail": _("misses its target"),
        "hit_or_miss": _("meets its target or misses it by chance"),
        "unknown": _("not known whether it will meet its target"),
        "none": _("no target"),
    }
    return texts[kind]


def assurance_svg(evaluation: Evaluation, *, _: Translate = as_written) -> str:
    """Return the assurance icon of an evaluation, named by its words; nothing where it has no target."""
    kind = assurance_kind(evaluation)
    return assurance_shape(kind, assurance_words(kind, _=_))


def assurance_shape(kind: str, words: str = "") -> str:
    """Return the assurance icon of a kind: a tick, a cross, a wave about a line, or a ring; nothing without a target."""
    shapes = {
        "pass": '<path class="pass" d="M3.5 11l4.5 4.5 8.5-11"/>',
        "fail": '<path class="fail" d="M4.5 4.5l11 11M15.5 4.5l-11 11"/>',
        "hit_or_miss": '<path class="goal" d="M1.5 10h17"/><path class="luck" d="M2 14q4-16 8-4t8-4"/>',
        "unknown": '<circle class="unknown" cx="10" cy="10" r="5.5"/>',
    }
    if kind not in shapes:
        return ""
    name = f'role="img" aria-label="{escape(words)}"' if words else 'aria-hidden="true"'
    return f'<svg class="kw-icon" viewBox="0 0 20 20" {name}>{shapes[kind]}</svg>'
