"""Plain sentences made from the evaluation record, never from the picture.

All functions take the translation as `_` (gettext) and `ngettext`, with named places in every text. Rules: the words
of a nurse, a number with its unit, the period by its name, no exclamation mark, no full stop where a heading or a
label follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from knitwork.draw.labels import number as digits
from knitwork.draw.labels import value_text, with_unit
from knitwork.draw.periods import Period, Translate, as_written, full_name, period_of, short_name
from knitwork.draw.record import CROSSINGS, RUN, last_known, leading_signal, shown_decimals, value_decimals
from knitwork.signals import Evaluation, Signal

__all__ = [
    "Plural", "as_counted", "brief", "counted", "headline", "icon_words", "joined", "lead", "leading_signal",
    "sentence", "verdict_of",
]  # fmt: skip

Plural = Callable[[str, str, int], str]

NEEDED = 12  # points before there are limits (design 4)
MOST_DECIMALS = 4


def as_counted(one: str, many: str, count: int) -> str:
    """Choose between one and many as English does: the plural used where none is given."""
    return one if count == 1 else many


def counted(count: int, period: Period, ngettext: Plural = as_counted) -> str:
    """Return a number of periods in words.

    >>> counted(8, "month"), counted(1, "week")
    ('8 months', '1 week')
    """
    texts = {
        "day": lambda: ngettext("%(n)d day", "%(n)d days", count),
        "week": lambda: ngettext("%(n)d week", "%(n)d weeks", count),
        "month": lambda: ngettext("%(n)d month", "%(n)d months", count),
        "point": lambda: ngettext("%(n)d point", "%(n)d points", count),
    }
    return texts[period]() % {"n": count}


def sentence(
    evaluation: Evaluation,
    *,
    period: Period | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Say in one sentence what a chart shows: its freshest signal, or that there is none, or that it is too early."""
    period = period or period_of(evaluation.labels)
    if all(value is None for value in evaluation.values) and not evaluation.n_useful:
        return _("No values yet: the first stands here when a period has one")
    signal = leading_signal(evaluation)
    if signal is not None:
        said = _signal(evaluation, signal, period, _, ngettext)
        return said if evaluation.recent else _past(said, period, _)
    if not evaluation.spec.rules and evaluation.n_useful >= NEEDED:
        return _few(period, _)
    if evaluation.n_useful < NEEDED:
        return _("Too early to call: %(points)s, at least %(needed)d are needed for limits") % {
            "points": counted(evaluation.n_useful, "point", ngettext),
            "needed": NEEDED,
        }
    return _quiet(evaluation, period, _, ngettext)


def brief(evaluation: Evaluation, *, period: Period | None = None, _: Translate = as_written) -> str:
    """Say the same in a few words, for a wall: what changed and the number, or that nothing did."""
    period = period or period_of(evaluation.labels)
    signal = leading_signal(evaluation)
    if signal is None or not evaluation.recent:
        if all(value is None for value in evaluation.values) and not evaluation.n_useful:
            return _("No values yet")
        if not evaluation.spec.rules and evaluation.n_useful >= NEEDED:
            return _("Too few to call")
        return _("Too early to call") if evaluation.n_useful < NEEDED else _("No signal")
    said = headline(evaluation, signal, period=period, name=short_name, _=_)
    if signal.rule == CROSSINGS:
        return said
    at = _last_tested(evaluation) if signal.rule == RUN else signal.end
    if evaluation.values[at] is None or signal.end < at:
        return said
    value, centre = _told_apart(evaluation, evaluation.values[at], evaluation.centres[at])
    return _("%(what)s: %(value)s against %(centre)s") % {"what": said, "value": value, "centre": centre}


def _few(period: Period, _: Translate) -> str:
    """Say that a chart is not judged, for so few are counted that no rule holds."""
    texts = {
        "day": _("Too few to call: not even two a day on average"),
        "week": _("Too few to call: not even two a week on average"),
        "month": _("Too few to call: not even two a month on average"),
        "point": _("Too few to call: not even two in each on average"),
    }
    return texts[period]


def _quiet(evaluation: Evaluation, period: Period, _: Translate, ngettext: Plural) -> str:
    known = {
        "periods": counted(evaluation.n_useful, period, ngettext),
        "centre": _value(evaluation, last_known(evaluation.centres)),
    }
    if evaluation.limits_kind == "trial":
        return _("No signal in %(periods)s: %(centre)s so far, and the limits still move") % known
    return _("No signal in %(periods)s: %(centre)s is what this process gives") % known


def _past(said: str, period: Period, _: Translate) -> str:
    """Say that a signal is over: it touches none of the last three tested points."""
    texts = {
        "day": _("No signal in the last 3 days; %(before)s"),
        "week": _("No signal in the last 3 weeks; %(before)s"),
        "month": _("No signal in the last 3 months; %(before)s"),
        "point": _("No signal in the last 3 points; %(before)s"),
    }
    return texts[period] % {"before": said[:1].lower() + said[1:]}


def _verdict(signal: Signal, _: Translate) -> str:
    if signal.verdict == "better":
        return _("Better")
    if signal.verdict == "worse":
        return _("Worse")
    return _("Higher") if signal.side == "high" else _("Lower")


def _signal(evaluation: Evaluation, signal: Signal, period: Period, _: Translate, ngettext: Plural) -> str:
    return _("%(what)s: %(why)s") % {
        "what": headline(evaluation, signal, period=period, _=_),
        "why": _why(evaluation, signal, period, _, ngettext),
    }


def headline(
    evaluation: Evaluation,
    signal: Signal,
    *,
    period: Period,
    name: Callable[[str, Period, Translate], str] = full_name,
    _: Translate = as_written,
) -> str:
    """Say what changed and when: "Worse since August 2025", "Better in May 2026"."""
    start = name(evaluation.labels[signal.start], period, _)
    end = name(evaluation.labels[signal.end], period, _)
    if signal.rule == CROSSINGS:
        return _("Not one steady process")
    known = {"verdict": _verdict(signal, _), "start": start, "end": end}
    if signal.rule != RUN and len(signal.points) == 1:
        if period in {"month", "week"}:
            return _("%(verdict)s in %(end)s") % known
        return _("%(verdict)s on %(end)s") % known if period == "day" else _("%(verdict)s at %(end)s") % known
    if signal.end >= _last_tested(evaluation):
        return _("%(verdict)s since %(start)s") % known
    return _("%(verdict)s from %(start)s to %(end)s") % known


def _why(evaluation: Evaluation, signal: Signal, period: Period, _: Translate, ngettext: Plural) -> str:
    high = signal.side == "high"
    if signal.rule == CROSSINGS:
        known = {
            "times": evaluation.crossings,
            "usual": evaluation.crossings_limit,
            "periods": counted(evaluation.n_useful, period, ngettext),
        }
        return _("it crosses its centre %(times)d times in %(periods)s, at least %(usual)d are usual") % known
    if signal.rule != RUN:
        return _why_beyond(evaluation, signal, period, _, ngettext)
    now = _last_tested(evaluation)
    periods = counted(len(signal.points), period, ngettext)
    if evaluation.values[now] is None:
        text = _("%(periods)s above the centre") if high else _("%(periods)s below the centre")
        return text % {"periods": periods}
    value, centre = _told_apart(evaluation, evaluation.values[now], evaluation.centres[now])
    known = {"periods": periods, "value": value, "centre": centre}
    if signal.end < now:
        after = _("%(periods)s above the centre, since then %(value)s against %(centre)s")
        below = _("%(periods)s below the centre, since then %(value)s against %(centre)s")
        return (after if high else below) % known
    if high:
        return _("%(periods)s above the centre, now %(value)s against %(centre)s") % known
    return _("%(periods)s below the centre, now %(value)s against %(centre)s") % known


def _why_beyond(evaluation: Evaluation, signal: Signal, period: Period, _: Translate, ngettext: Plural) -> str:
    """Say by how much points lie beyond a limit; a value that is hidden as small is not said."""
    high, at = signal.side == "high", signal.end
    periods = counted(len(signal.points), period, ngettext)
    if evaluation.values[at] is None:
        if len(signal.points) > 1:
            text = _("%(periods)s above the limit") if high else _("%(periods)s below the limit")
            return text % {"periods": periods}
        return _("above the limit") if high else _("below the limit")
    value, limit = _told_apart(
        evaluation, evaluation.values[at], (evaluation.uppers if high else evaluation.lowers)[at]
    )
    known = {"periods": periods, "value": value, "limit": limit}
    if len(signal.points) > 1:
        several = _("%(periods)s above the limit, the last %(value)s against %(limit)s")
        below = _("%(periods)s below the limit, the last %(value)s against %(limit)s")
        return (several if high else below) % known
    text = _("%(value)s, above the limit of %(limit)s") if high else _("%(value)s, below the limit of %(limit)s")
    return text % known


def _last_tested(evaluation: Evaluation) -> int:
    return max((place for place, tested in enumerate(evaluation.tested) if tested), default=len(evaluation) - 1)


def _value(evaluation: Evaluation, value: float | None) -> str:
    return value_text(value, evaluation.spec.unit, shown_decimals(evaluation))


def _told_apart(evaluation: Evaluation, value: float | None, other: float | None) -> tuple[str, str]:
    """Return a value with its unit and the bare number it is laid against, with decimals enough to differ.

    "73%, below the limit of 73%" would say nothing.
    """
    decimals, others = value_decimals(evaluation), shown_decimals(evaluation)
    unit = evaluation.spec.unit
    while True:
        said, against = value_text(value, unit, decimals), _bare(unit, other, others)
        alike = value is not None and other is not None and digits(value, decimals) == digits(other, others)
        if not alike or value == other or others >= MOST_DECIMALS:
            return said, against
        decimals = others = others + 1


def _bare(unit: str, value: float | None, decimals: int) -> str:
    """Return a number that stands beside one with the same unit; per cent is repeated, for it is short."""
    if value is None:
        return "–"
    text = digits(value, decimals)
    return with_unit(text, "%") if unit == "%" else text


def lead(
    evaluations: Sequence[tuple[str, Evaluation]],
    *,
    most: int = 3,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Open a page: what changed and is not noise, in one or two sentences, from titles and their evaluations.

    Only signals that touch the last three tested points count as changed now; the worse stand first.
    """
    changed = [(title, one) for title, one in evaluations if one.recent]
    if not changed:
        if not evaluations:
            return _("Nothing is measured here yet.")
        if all(one.n_useful < NEEDED for _title, one in evaluations):
            return _too_early(evaluations, _, ngettext)
        if not any(one.spec.rules for _title, one in evaluations):
            return _("Too few to call: so few are counted each time that no change can be told from chance.")
        return _("Nothing has changed that is not noise.")
    order = {"worse": 0, "better": 1}
    changed.sort(key=lambda pair: (_is_of_the_whole(pair[1]), order.get(verdict_of(pair[1]) or "", 2)))
    first = _first(*changed[0], _)
    if len(changed) == 1:
        return first
    others = joined([_thing(title, one, _) for title, one in changed[1:most]], len(changed) - most, _, ngettext)
    return _("%(first)s Also changed: %(others)s.") % {"first": first, "others": others}


def _too_early(evaluations: Sequence[tuple[str, Evaluation]], _: Translate, ngettext: Plural) -> str:
    longest = max((one for _title, one in evaluations), key=lambda one: one.n_useful)
    return _("Too early to call: %(points)s so far, and telling change from noise takes %(needed)d.") % {
        "points": counted(longest.n_useful, period_of(longest.labels), ngettext),
        "needed": NEEDED,
    }


def _is_of_the_whole(evaluation: Evaluation) -> bool:
    """Say whether all that is found is that the series wanders: true, and of little use in the morning."""
    signal = leading_signal(evaluation)
    return signal is not None and signal.rule == CROSSINGS


def _first(title: str, evaluation: Evaluation, _: Translate) -> str:
    """Say the first thing in full: what, since when, and the number against the usual one or the limit."""
    signal = leading_signal(evaluation)
    if signal is None:
        return title
    said = headline(evaluation, signal, period=period_of(evaluation.labels), _=_)
    known = {"title": title, "change": said[:1].lower() + said[1:]}
    at = _last_tested(evaluation) if signal.rule == RUN else signal.end
    over = signal.rule == RUN and signal.end < at
    if signal.rule == CROSSINGS or over or evaluation.values[at] is None:
        return _("%(title)s: %(change)s.") % known
    known["value"], known["usual"] = _told_apart(evaluation, evaluation.values[at], evaluation.centres[at])
    return _("%(title)s: %(change)s, %(value)s against the usual %(usual)s.") % known


def verdict_of(evaluation: Evaluation) -> str | None:
    """Return the verdict of the signal that is spoken of, or None where there is none."""
    signal = leading_signal(evaluation)
    return signal.verdict if signal else None


def _thing(title: str, evaluation: Evaluation, _: Translate) -> str:
    signal = leading_signal(evaluation)
    if signal is None:
        return title
    period = period_of(evaluation.labels)
    said = headline(evaluation, signal, period=period, _=_)
    return _("%(title)s (%(change)s)") % {"title": title, "change": said[:1].lower() + said[1:]}


def joined(things: Sequence[str], more: int, _: Translate = as_written, ngettext: Plural = as_counted) -> str:
    """Join names with commas and an "and"; say how many more there are.

    >>> joined(["a", "b", "c"], 0), joined(["a", "b"], 4)
    ('a, b and c', 'a, b and 4 more')
    """
    named = list(things)
    if more > 0:
        named.append(ngettext("%(n)d more", "%(n)d more", more) % {"n": more})
    if len(named) == 1:
        return named[0]
    return _("%(these)s and %(last)s") % {"these": ", ".join(named[:-1]), "last": named[-1]}


def icon_words(evaluation: Evaluation, *, _: Translate = as_written) -> str:
    """Say in a few words what the variation icon shows."""
    signal = leading_signal(evaluation)
    if signal is not None and evaluation.recent:
        if signal.rule == CROSSINGS:
            return _("not one steady process")
        return {"better": _("better"), "worse": _("worse")}.get(
            signal.verdict, _("higher") if signal.side == "high" else _("lower")
        )
    if not evaluation.spec.rules and evaluation.n_useful >= NEEDED:
        return _("too few to call")
    return _("too early to call") if evaluation.n_useful < NEEDED else _("no signal")
