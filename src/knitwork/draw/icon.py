"""The variation icon: one shape for what a measure does now, told apart without its colour."""

from __future__ import annotations

from html import escape

from knitwork.draw.chart import mark
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.record import leading_signal
from knitwork.draw.words import NEEDED, icon_words
from knitwork.signals import Evaluation

KINDS = ("better", "worse", "neither", "quiet", "few")


def icon_kind(evaluation: Evaluation) -> str:
    """Return better, worse or neither for a signal that touches the last three points, else quiet; few where it is not judged.

    A chart is not judged while it has too few points, or where too few events are counted for any rule.
    """
    signal = leading_signal(evaluation)
    if signal is not None and evaluation.recent:
        return signal.verdict if signal.verdict in KINDS[:2] else "neither"
    return "few" if evaluation.n_useful < NEEDED or not evaluation.spec.rules else "quiet"


def icon_svg(evaluation: Evaluation, *, _: Translate = as_written) -> str:
    """Return the icon of an evaluation, named by its words."""
    return icon_shape(icon_kind(evaluation), icon_words(evaluation, _=_))


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
