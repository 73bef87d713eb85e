"""Plain sentences made from the evaluation record, never from the picture.

All functions take the translation as `_` (gettext) and `ngettext`, with named places in every text. Rules: the words
of a nurse, a number with its unit, the period by its name, no exclamation mark, no full stop where a heading or a
label follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from knitwork.draw.periods import Period, Translate, as_written, full_name, gettext_noop, period_of, short_name
from knitwork.draw.record import is_of_the_whole, last_known, lasts, leading_signal
from knitwork.draw.told import Plural, as_counted, as_value, counted, last_tested, level_of, told_apart
from knitwork.draw.too_few import too_few
from knitwork.signals import Evaluation, Signal

__all__ = [
    "Plural", "as_counted", "brief", "counted", "headline", "icon_words", "joined", "lead", "leading_signal",
    "sentence", "verdict_of",
]  # fmt: skip

NEEDED = 12  # points before there are limits (design 4)
# So many changes are named in the first sentence of a page, and in each after it; of the others it is said how many.
NAMED_FIRST, NAMED_AFTER = 2, 1
# After two sentences the rest, which is neither better nor worse, is only counted: it stands among the signals.
MOST_SENTENCES = 2
COUNTS = (
    gettext_noop("One"), gettext_noop("Two"), gettext_noop("Three"), gettext_noop("Four"), gettext_noop("Five"),
    gettext_noop("Six"), gettext_noop("Seven"), gettext_noop("Eight"), gettext_noop("Nine"),
)  # fmt: skip


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
        return too_few(evaluation, period, _)
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
    if is_of_the_whole(signal):
        return said
    level, beside = level_of(evaluation, signal)
    if level is None:
        return said
    value, centre = told_apart(evaluation, level, beside)
    return _("%(what)s: %(value)s against %(centre)s") % {"what": said, "value": value, "centre": centre}


def _quiet(evaluation: Evaluation, period: Period, _: Translate, ngettext: Plural) -> str:
    known = {
        "periods": counted(evaluation.n_useful, period, ngettext),
        "centre": as_value(evaluation, last_known(evaluation.centres)),
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
    if signal.side is None:
        return _("An unusual pattern")
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
    if is_of_the_whole(signal):
        return _("Not one steady process")
    return _when(_verdict(signal, _), evaluation, signal, period=period, name=name, _=_)


def _when(
    what: str,
    evaluation: Evaluation,
    signal: Signal,
    *,
    period: Period,
    name: Callable[[str, Period, Translate], str] = full_name,
    _: Translate = as_written,
) -> str:
    """Say since when, or from when to when, something holds: "Worse since August 2025"."""
    start = name(evaluation.labels[signal.since], period, _)
    end = name(evaluation.labels[signal.end], period, _)
    known = {"verdict": what, "start": start, "end": end}
    if not lasts(signal) and len(signal.points) == 1:
        if period in {"month", "week"}:
            return _("%(verdict)s in %(end)s") % known
        return _("%(verdict)s on %(end)s") % known if period == "day" else _("%(verdict)s at %(end)s") % known
    if signal.end >= last_tested(evaluation):
        return _("%(verdict)s since %(start)s") % known
    return _("%(verdict)s from %(start)s to %(end)s") % known


def _why(evaluation: Evaluation, signal: Signal, period: Period, _: Translate, ngettext: Plural) -> str:
    high = signal.side == "high"
    if signal.kind in ("few_runs", "many_runs"):
        few = signal.kind == "few_runs"
        return _("fewer runs about its centre than chance would make") if few else _("more runs than chance would make")
    if is_of_the_whole(signal):
        crossings = evaluation.crossings or 0
        known = {
            "times": crossings,
            "usual": evaluation.crossings_limit,
            "periods": counted(evaluation.n_useful, period, ngettext),
        }
        text = ngettext(
            "it crosses its centre %(times)d time in %(periods)s, at least %(usual)d are usual",
            "it crosses its centre %(times)d times in %(periods)s, at least %(usual)d are usual",
            crossings,
        )
        return text % known
    if signal.kind in PATTERNS:
        return _(PATTERNS[signal.kind]) % {"periods": counted(len(signal.points), period, ngettext)}
    if signal.kind == "zone":
        return _why_near(evaluation, signal, period, _, ngettext)
    if signal.kind == "trend":
        periods = counted(len(signal.points), period, ngettext)
        return (_("%(periods)s rising in a row") if high else _("%(periods)s falling in a row")) % {"periods": periods}
    if not lasts(signal):
        return _why_beyond(evaluation, signal, period, _, ngettext)
    now = last_tested(evaluation)
    # Counted from the day the sentence names, so that both agree.
    periods = counted(sum(1 for at in signal.points if at >= signal.since), period, ngettext)
    if evaluation.values[now] is None:
        text = _("%(periods)s above the centre") if high else _("%(periods)s below the centre")
        return text % {"periods": periods}
    value, centre = told_apart(evaluation, evaluation.values[now], evaluation.centres[now])
    known = {"periods": periods, "value": value, "centre": centre}
    if signal.end < now:
        after = _("%(periods)s above the centre, since then %(value)s against %(centre)s")
        below = _("%(periods)s below the centre, since then %(value)s against %(centre)s")
        return (after if high else below) % known
    if high:
        return _("%(periods)s above the centre, now %(value)s against %(centre)s") % known
    return _("%(periods)s below the centre, now %(value)s against %(centre)s") % known


# What is said of patterns that have no side.
PATTERNS = {
    "within": gettext_noop("%(periods)s in a row close to the centre, closer than these limits expect"),
    "outside": gettext_noop("%(periods)s in a row away from the centre, on both sides"),
    "alternating": gettext_noop("%(periods)s in a row up and down in turn"),
}


def _why_near(evaluation: Evaluation, signal: Signal, period: Period, _: Translate, ngettext: Plural) -> str:
    """Say that several points lie far from the centre, towards one limit."""
    high, at = signal.side == "high", signal.end
    known = {"periods": counted(len(signal.points), period, ngettext)}
    if evaluation.values[at] is None:
        return (_("%(periods)s far above the centre") if high else _("%(periods)s far below the centre")) % known
    known["value"], known["centre"] = told_apart(evaluation, evaluation.values[at], evaluation.centres[at])
    above = _("%(periods)s far above the centre, the last %(value)s against %(centre)s")
    below = _("%(periods)s far below the centre, the last %(value)s against %(centre)s")
    return (above if high else below) % known


def _why_beyond(evaluation: Evaluation, signal: Signal, period: Period, _: Translate, ngettext: Plural) -> str:
    """Say by how much points lie beyond a limit; a value that is hidden as small is not said."""
    high, at = signal.side == "high", signal.end
    periods = counted(len(signal.points), period, ngettext)
    if evaluation.values[at] is None:
        if len(signal.points) > 1:
            text = _("%(periods)s above the limit") if high else _("%(periods)s below the limit")
            return text % {"periods": periods}
        return _("above the limit") if high else _("below the limit")
    value, limit = told_apart(evaluation, evaluation.values[at], (evaluation.uppers if high else evaluation.lowers)[at])
    known = {"periods": periods, "value": value, "limit": limit}
    if len(signal.points) > 1:
        several = _("%(periods)s above the limit, the last %(value)s against %(limit)s")
        below = _("%(periods)s below the limit, the last %(value)s against %(limit)s")
        return (several if high else below) % known
    text = _("%(value)s, above the limit of %(limit)s") if high else _("%(value)s, below the limit of %(limit)s")
    return text % known


def lead(
    evaluations: Sequence[tuple[str, Evaluation]],
    *,
    said: Mapping[str, tuple[str, str]] | None = None,
    strong: Callable[[str], str] = str,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Open a page: what changed and is not noise, in one or two sentences, from titles and their evaluations.

    Only signals that touch the last three tested points count as changed now; the worse stand first, equals as given.
    `said` has for a title what to say when it goes up and when it goes down, and `strong` marks those words.
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
    changed.sort(key=lambda pair: _is_of_the_whole(pair[1]))
    groups = {verdict: [p for p in changed if _group(p[1]) == verdict] for verdict in ("worse", "better", "neither")}
    sentences: list[str] = []
    for verdict, some in groups.items():
        if some and len(sentences) == MOST_SENTENCES:
            text = ngettext("%(count)s more changed.", "%(count)s more changed.", len(some))
            sentences.append(text % {"count": len(some)})
        elif some:
            named = NAMED_FIRST if not sentences else NAMED_AFTER
            things = [
                _thing(title, one, said or {}, strong, _, full=not sentences and not at)
                for at, (title, one) in enumerate(some[:named])
            ]
            these = joined(things, len(some) - len(things), _, ngettext)
            sentences.append(_changed(verdict, len(some), these, _, ngettext, first=not sentences))
    return " ".join(sentences)


def _group(evaluation: Evaluation) -> str:
    verdict = verdict_of(evaluation)
    return verdict if verdict in ("worse", "better") and not _is_of_the_whole(evaluation) else "neither"


def _changed(verdict: str, count: int, these: str, _: Translate, ngettext: Plural, *, first: bool) -> str:
    """Say what changed in one direction; the first sentence says how many things, and that they are not noise."""
    if not first:
        after = _("Got better: %(changes)s.") if verdict == "better" else _("Also changed: %(changes)s.")
        return after % {"changes": these}
    texts = {
        "worse": lambda: ngettext(
            "%(count)s thing got worse that is not noise: %(changes)s.",
            "%(count)s things got worse that are not noise: %(changes)s.",
            count,
        ),
        "better": lambda: ngettext(
            "%(count)s thing got better that is not noise: %(changes)s.",
            "%(count)s things got better that are not noise: %(changes)s.",
            count,
        ),
        "neither": lambda: ngettext(
            "%(count)s thing changed that is not noise: %(changes)s.",
            "%(count)s things changed that are not noise: %(changes)s.",
            count,
        ),
    }
    in_words = _(COUNTS[count - 1]) if count <= len(COUNTS) else str(count)
    return texts[verdict]() % {"count": in_words, "changes": these}


def _too_early(evaluations: Sequence[tuple[str, Evaluation]], _: Translate, ngettext: Plural) -> str:
    longest = max((one for _title, one in evaluations), key=lambda one: one.n_useful)
    return _("Too early to call: %(points)s so far, and telling change from noise takes %(needed)d.") % {
        "points": counted(longest.n_useful, period_of(longest.labels), ngettext),
        "needed": NEEDED,
    }


def _is_of_the_whole(evaluation: Evaluation) -> bool:
    """Say whether all that is found is that the series wanders: true, and of little use in the morning."""
    signal = leading_signal(evaluation)
    return signal is not None and is_of_the_whole(signal)


def verdict_of(evaluation: Evaluation) -> str | None:
    """Return the verdict of the signal that is spoken of, or None where there is none."""
    signal = leading_signal(evaluation)
    return signal.verdict if signal else None


def recent_verdict(evaluation: Evaluation) -> str | None:
    """Return the verdict of the recent signal that is spoken of, or None where nothing is news.

    Unlike the record's `variation` it does not wait for 12 points: the runs rules judge from 10 on, and fixed limits
    from the first.
    """
    return verdict_of(evaluation) if evaluation.recent else None


def _thing(
    title: str,
    evaluation: Evaluation,
    said: Mapping[str, tuple[str, str]],
    strong: Callable[[str], str],
    _: Translate,
    *,
    full: bool,
) -> str:
    """Say one thing that changed: what, and since when; in full also the number against the usual one."""
    signal = leading_signal(evaluation)
    if signal is None:
        return strong(title)
    period = period_of(evaluation.labels)
    if is_of_the_whole(signal):
        return _("%(title)s (not one steady process)") % {"title": strong(title)}
    rise, fall = said.get(title, ("", ""))
    numbers = _against(evaluation, signal, _) if full else ""
    if rise and fall:
        what = _when(strong(_(rise if signal.side == "high" else fall)), evaluation, signal, period=period, _=_)
        return f"{what} ({numbers})" if numbers else what
    change = headline(evaluation, signal, period=period, _=_)
    inside = ", ".join(filter(None, [change[:1].lower() + change[1:], numbers]))
    return _("%(title)s (%(change)s)") % {"title": strong(title), "change": inside}


def _against(evaluation: Evaluation, signal: Signal, _: Translate) -> str:
    """Say the number against the usual one; nothing for a run that is over or a value that is hidden."""
    level, beside = level_of(evaluation, signal)
    if level is None:
        return ""
    value, usual = told_apart(evaluation, level, beside)
    return _("%(value)s against the usual %(usual)s") % {"value": value, "usual": usual}


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
        if is_of_the_whole(signal):
            return _("not one steady process")
        if signal.side is None:
            return _("an unusual pattern")
        return {"better": _("better"), "worse": _("worse")}.get(
            signal.verdict, _("higher") if signal.side == "high" else _("lower")
        )
    if not evaluation.spec.rules and evaluation.n_useful >= NEEDED:
        return _("too few to call")
    return _("too early to call") if evaluation.n_useful < NEEDED else _("no signal")
