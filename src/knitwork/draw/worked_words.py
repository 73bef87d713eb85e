"""Whether a change worked, and by how much, in sentences made from the records; better is not said on a signal alone.

All functions take the translation as `_` (gettext) and `ngettext`. Each sentence ends with a full stop, so that several
stand together as a paragraph.
"""

from __future__ import annotations

from statistics import median

from knitwork.draw.labels import decimals_for, number, value_text, with_unit
from knitwork.draw.periods import Period, Translate, as_written, full_name, gettext_noop, period_of
from knitwork.draw.told import Plural, as_counted, counted, told_apart
from knitwork.draw.words import joined
from knitwork.signals.interrupted import Controlled, Effect, Its
from knitwork.signals.worked import Answer

VERDICTS = {
    "too_early": gettext_noop("too early to say"),
    "none_yet": gettext_noop("no change seen yet"),
    "signal": gettext_noop("a signal, not yet lasting"),
    "sustained": gettext_noop("better, and it lasts"),
    "attributed": gettext_noop("better, it lasts, and sister units did not change alike"),
    "worse": gettext_noop("worse"),
}

NOTES = {
    "began_before": gettext_noop("The row of points began shortly before the change."),
    "moving_before": gettext_noop("It had moved in the wanted direction before the change already."),
    "worse_between": gettext_noop("For a while after the start it was worse."),
    "not_compared": gettext_noop(
        "Whether the change did it is another question: for that, compare with sister units that had no such change."
    ),
    "chance_not_excluded": gettext_noop(
        "Beside its sister units it does not stand out by more than chance makes, so the change may not be the cause."
    ),
}

REASONS = {
    "autocorrelated": gettext_noop(
        "Neighbouring points hang together, which this method does not allow for: the truth may lie outside the range."
    ),
    "unsettled": gettext_noop("The numbers drift so much that there is no steady level to compare with."),
    "short": gettext_noop("There are few points: the truth may lie outside the range."),
    "missing_points": gettext_noop("Some periods have no value; they are left as gaps."),
    "washed_out": gettext_noop("The first periods of the change are left out, as was agreed before."),
    "incomplete_last": gettext_noop("The last period is not over and is left out."),
    "relative_unknown": gettext_noop("It might have been near nought without the change, so no per cent is told."),
}


def verdict_words(answer: Answer, *, _: Translate = as_written) -> str:
    """Say the answer in a few words, for a table or a tile."""
    return _("too little from before the change") if answer.before_needed else _(VERDICTS[answer.verdict])


def worked_sentences(
    answer: Answer,
    *,
    picked: bool = False,
    period: Period | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Say whether the change worked, what got worse beside it, and what weakens the answer.

    `picked` says that the unit was chosen because its numbers were bad: then a part would have come by itself.
    """
    period = period or period_of(answer.evaluation.labels)
    said = [_claim(answer, period, _, ngettext), *_beside(answer, _, ngettext)]
    said += [_(NOTES[code]) for code in answer.notes]
    if picked and answer.verdict in ("signal", "sustained", "attributed"):
        said.append(picked_words(_=_))
    return " ".join(said)


def picked_words(*, _: Translate = as_written) -> str:
    """Warn of the way back to the mean: who is chosen for a bad run does better afterwards, whatever is done."""
    return _(
        "This unit was chosen because its numbers were bad. Numbers chosen so move back towards the usual by "
        "themselves: compare with units that were not chosen."
    )


def _claim(answer: Answer, period: Period, _: Translate, ngettext: Plural) -> str:
    labels = answer.evaluation.labels
    known = {
        "start": full_name(labels[answer.start], period, _),
        "before": counted(answer.n_before, period, ngettext),
        "after": counted(answer.n_after, period, ngettext),
        "hold": answer.hold,
        "usual": answer.n_before + answer.before_needed,
        "since": "" if answer.since is None else full_name(labels[answer.since], period, _),
    }
    if answer.before_needed:
        # Time does not mend this: what lies before the change stays as it is.
        text = _(
            "There is too little from before the change: %(before)s, and it takes %(usual)d to know what was usual. "
            "Look by shorter periods, or load earlier records."
        )
        return text % known
    if answer.verdict == "too_early":
        return _("Too early to say: %(after)s since %(start)s without a signal, and %(hold)d are needed.") % known
    if answer.verdict == "none_yet":
        return _("No change can be seen yet: %(after)s since %(start)s are like those before.") % known
    if answer.verdict == "worse":
        last = max(answer.reverse, key=lambda one: one.end)
        known["since"] = full_name(labels[max(last.start, answer.start)], period, _)
        return _("Worse since the change: a signal against the wanted direction from %(since)s on.") % known
    if answer.verdict == "signal":
        return _signal(answer, known, period, _, ngettext)
    lasting = _lasting(answer, known, period, _, ngettext)
    if answer.verdict == "attributed" and answer.compared is not None:
        return f"{lasting} {compared_sentence(answer.compared, _=_, ngettext=ngettext)}"
    return lasting


def _signal(answer: Answer, known: dict[str, object], period: Period, _: Translate, ngettext: Plural) -> str:
    known["held"] = counted(answer.held, period, ngettext)
    if not answer.held:
        return (
            _(
                "A signal in the wanted direction from %(since)s on, which does not hold now: "
                "it takes %(hold)d in a row to call it lasting."
            )
            % known
        )
    return (
        _(
            "A signal in the wanted direction from %(since)s on. It holds for %(held)s so far: "
            "it takes %(hold)d in a row to call it lasting."
        )
        % known
    )


def _lasting(answer: Answer, known: dict[str, object], period: Period, _: Translate, ngettext: Plural) -> str:
    record = answer.evaluation
    last = [at for at in range(answer.start, len(record)) if record.tested[at] and record.included[at]]
    values = [value for at in last[-answer.held :] if (value := record.values[at]) is not None]
    known["held"] = counted(answer.held, period, ngettext)
    known["value"], known["usual"] = told_apart(record, median(values), record.centres[last[-1]])
    if answer.direction == "up":
        return (
            _(
                "Better since %(since)s, and it lasts: %(held)s in a row above what was usual, "
                "%(value)s against %(usual)s."
            )
            % known
        )
    return (
        _("Better since %(since)s, and it lasts: %(held)s in a row below what was usual, %(value)s against %(usual)s.")
        % known
    )


def _beside(answer: Answer, _: Translate, ngettext: Plural) -> list[str]:
    said = []
    if answer.balancing_worse:
        text = _("Beside it, this got worse: %(names)s.")
        said.append(text % {"names": joined(answer.balancing_worse, 0, _, ngettext)})
    if answer.balancing_unknown:
        text = _("Whether this got worse beside it, nobody can say yet: %(names)s.")
        said.append(text % {"names": joined(answer.balancing_unknown, 0, _, ngettext)})
    return said


def how_much(
    its: Its, *, period: Period | None = None, _: Translate = as_written, ngettext: Plural = as_counted
) -> str:
    """Say by how much a number differs from what it would have been: on average, as a share, and over time."""
    period = period or period_of(its.labels)
    start = full_name(its.labels[its.start], period, _)
    said = [_average(its.average.absolute, its, start, _)]
    relative = its.average.relative
    if relative is not None and its.average.absolute.excludes_nought:
        said.append(_share(relative, _))
    later = [
        _("%(effect)s after %(periods)s")
        % {"effect": _more(moment.absolute.value, its, _), "periods": counted(periods, period, ngettext)}
        for periods, moment in its.horizons.items()
    ]
    if later and its.slope is not None:
        said.append(_("Over time: %(effects)s.") % {"effects": joined(later, 0, _, ngettext)})
    said += [_(REASONS[code]) for code in its.reasons]
    return " ".join(said)


def _average(effect: Effect, its: Its, start: str, _: Translate) -> str:
    decimals = _decimals(effect)
    known = {
        "start": start,
        "effect": _more(effect.value, its, _, decimals),
        "low": _more(effect.low, its, _, decimals),
        "high": _more(effect.high, its, _, decimals),
        "sure": f"{100 * (1 - its.spec.alpha):g}%",
    }
    if effect.excludes_nought:
        return (
            _(
                "Since %(start)s it is on average %(effect)s than it would have been without the change "
                "(%(sure)s range: %(low)s to %(high)s)."
            )
            % known
        )
    return (
        _(
            "Since %(start)s no difference from what it would have been can be told from chance: "
            "anything from %(low)s to %(high)s may be true (%(sure)s range)."
        )
        % known
    )


def _share(effect: Effect, _: Translate) -> str:
    decimals = 0 if abs(effect.value) >= 0.1 else 1
    share = with_unit(number(abs(effect.value) * 100, decimals), "%")
    return (_("That is %(share)s less.") if effect.value < 0 else _("That is %(share)s more.")) % {"share": share}


def _decimals(effect: Effect) -> int:
    return decimals_for([effect.value, effect.low, effect.high])


def _more(value: float, its: Its, _: Translate, decimals: int | None = None) -> str:
    """Say a difference as so much more or less: a minus sign is easily missed, and 5% less is not 5 points less."""
    shown = _decimals(its.average.absolute) if decimals is None else decimals
    if its.spec.unit == "%":
        points = number(abs(value), shown)
        text = _("%(points)s percentage points less") if value < 0 else _("%(points)s percentage points more")
        return text % {"points": points}
    size = value_text(abs(value), its.spec.unit, shown)
    return (_("%(size)s less") if value < 0 else _("%(size)s more")) % {"size": size}


def compared_sentence(compared: Controlled, *, _: Translate = as_written, ngettext: Plural = as_counted) -> str:
    """Say how the unit changed beside its sisters, and whether chance is a good explanation."""
    its, effect = compared.its, compared.effect
    decimals = _decimals(effect)
    known = {
        "sisters": ngettext("%(n)d sister unit", "%(n)d sister units", len(compared.controls))
        % {"n": len(compared.controls)},
        "effect": _more(effect.value, its, _, decimals),
        "low": _more(effect.low, its, _, decimals),
        "high": _more(effect.high, its, _, decimals),
        "sure": f"{100 * (1 - its.spec.alpha):g}%",
    }
    either = compared.excludes_chance("up") or compared.excludes_chance("down")
    if either:
        return (
            _(
                "Compared with %(sisters)s the difference is %(effect)s (%(sure)s range: %(low)s to %(high)s), "
                "more than chance explains, so the change is the likely cause."
            )
            % known
        )
    return (
        _(
            "Compared with %(sisters)s the difference is %(effect)s (%(sure)s range: %(low)s to %(high)s), "
            "which chance may explain."
        )
        % known
    )
