"""One plain sentence a measure for a table of many: what it does now, and whether it will meet its target.

It is put together from the sentence under the chart and from the record's assurance. Praise and blame come from signals
alone: two good points in a row say nothing, and a steady process that misses its target is called steady and failing.
"""

from __future__ import annotations

from knitwork.draw.icon import assurance_kind, is_constant, phase_start
from knitwork.draw.labels import value_text
from knitwork.draw.periods import Period, Translate, as_written, period_of
from knitwork.draw.record import last_known, leading_signal, shown_decimals, value_decimals
from knitwork.draw.told import Plural, as_counted, as_value, counted, last_tested, told_apart
from knitwork.draw.words import NEEDED, headline, sentence, verdict_of
from knitwork.signals import Evaluation


def summary_sentence(
    evaluation: Evaluation,
    *,
    assurance: str = "",
    period: Period | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Say in one sentence what a measure does and whether it will meet its target.

    `assurance` is the kind of icon beside it; it has to be given where small numbers are hidden in `evaluation`, whose
    last limits may be among them.
    """
    period = period or period_of(evaluation.labels)
    kind = assurance or assurance_kind(evaluation)
    if evaluation.n_useful >= NEEDED and is_constant(evaluation):
        return _constant(evaluation, kind, period, _, ngettext)
    said = _both(evaluation, sentence(evaluation, period=period, _=_, ngettext=ngettext), period, _)
    if kind == "none" or evaluation.n_useful < NEEDED or not evaluation.spec.rules:
        return said
    if all(signal.end < phase_start(evaluation) for signal in evaluation.signals):
        return _steady(evaluation, kind, _) or said
    return _("%(said)s; %(target)s") % {"said": said, "target": _beside_a_signal(evaluation, kind, _)}


def _both(evaluation: Evaluation, said: str, period: Period, _: Translate) -> str:
    """Name the last signal the other way as well, where a measure got both better and worse."""
    leading = leading_signal(evaluation)
    if leading is None or leading.verdict == "neither":
        return said
    others = [one for one in evaluation.recent if one.points and one.verdict not in ("neither", leading.verdict)]
    if not others:
        return said
    also = headline(evaluation, max(others, key=lambda one: one.end), period=period, _=_)
    return _("%(said)s; also %(other)s") % {"said": said, "other": also[:1].lower() + also[1:]}


def target_text(evaluation: Evaluation, *, _: Translate = as_written) -> str:
    """Return the target in force with its unit and the side that is wanted; empty where there is none."""
    if evaluation.target is None:
        return ""
    decimals = 0 if evaluation.target == round(evaluation.target) else max(shown_decimals(evaluation), 1)
    value = {"value": value_text(evaluation.target, evaluation.spec.unit, decimals)}
    texts = {"up": _("at least %(value)s"), "down": _("at most %(value)s"), "neither": _("%(value)s")}
    return texts[evaluation.spec.direction] % value


def latest(evaluation: Evaluation) -> int | None:
    """Return the position of the last tested point, or None where none is: the period a table speaks of."""
    return last_tested(evaluation) if any(evaluation.tested) else None


def latest_text(evaluation: Evaluation) -> str:
    """Return the value of the last tested point with its unit; a dash where there is none."""
    at = latest(evaluation)
    value = None if at is None else evaluation.values[at]
    return value_text(value, evaluation.spec.unit, value_decimals(evaluation))


def meets_now(evaluation: Evaluation) -> bool | None:
    """Say whether the last tested point met the target; None where nobody can say."""
    at, target = latest(evaluation), evaluation.target
    value = None if at is None else evaluation.values[at]
    if value is None or target is None or evaluation.spec.direction == "neither":
        return None
    return value >= target if evaluation.spec.direction == "up" else value <= target


def _constant(evaluation: Evaluation, kind: str, period: Period, _: Translate, ngettext: Plural) -> str:
    known = {
        "periods": counted(evaluation.n_useful, period, ngettext),
        "value": as_value(evaluation, last_known(evaluation.centres)),
        "target": target_text(evaluation, _=_),
    }
    texts = {
        "pass": _("%(value)s in each of %(periods)s: it meets its target of %(target)s"),
        "fail": _("%(value)s in each of %(periods)s: it misses its target of %(target)s"),
    }
    return texts.get(kind, _("%(value)s in each of %(periods)s: it has no limits, for nothing varies")) % known


def _steady(evaluation: Evaluation, kind: str, _: Translate) -> str:
    """Say of a process without any signal how it stands to its target."""
    centre, target = told_apart(evaluation, last_known(evaluation.centres), evaluation.target)
    known = {"centre": centre, "target": target, "wanted": target_text(evaluation, _=_)}
    texts = {
        "pass": _("Stable and meeting its target: about %(centre)s where %(wanted)s is wanted"),
        "fail": _(
            "Stable and failing: about %(centre)s where %(wanted)s is wanted, and so it stays until the work itself changes"
        ),
        "hit_or_miss": _("Stable at about %(centre)s: it meets its target of %(target)s or misses it by chance"),
        "unknown": _("Stable at about %(centre)s: without limits nobody can say whether it will meet its target"),
    }
    return texts.get(kind, "") % known


def _beside_a_signal(evaluation: Evaluation, kind: str, _: Translate) -> str:
    """Say how a process that changed stands to its target: its limits may be those of the time before the change."""
    known = {"target": target_text(evaluation, _=_)}
    now = meets_now(evaluation) if evaluation.recent else None
    if kind == "pass":
        text = (
            _("its limits promise its target of %(target)s, and the last period missed it")
            if now is False
            else _("it meets its target of %(target)s")
        )
    elif kind == "fail" and now:
        text = _("its limits lie beyond its target of %(target)s, and the last period met it")
    elif kind == "fail":
        better = bool(evaluation.recent) and verdict_of(evaluation) == "better"
        text = _("it still fails its target of %(target)s") if better else _("it fails its target of %(target)s")
    elif kind == "hit_or_miss":
        text = _("it meets its target of %(target)s or misses it by chance")
    else:
        text = _("nobody can say whether it will meet its target of %(target)s")
    return text % known
