"""Say what ails a chart: for each matter a sentence that a nurse can read, and then the numbers for the analyst.

All functions take the translation as `_` and `ngettext`, with named places in every text. Nothing is computed here: each
sentence reads the diagnosis, and where it is silent nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from knitwork.draw.labels import number
from knitwork.draw.periods import Period, Translate, as_written, full_name, gettext_noop, period_of
from knitwork.draw.told import Plural, as_counted, as_value, counted
from knitwork.signals import Evaluation
from knitwork.signals.diagnosis.recommend import CLEARLY
from knitwork.signals.diagnosis.record import (
    BaselineStep,
    Completeness,
    Detectable,
    Diagnosis,
    Dispersion,
    Neighbours,
    Power,
    Recommendation,
    Seasonality,
)
from knitwork.signals.judge import TRIAL
from knitwork.signals.suggest import Suggestion

Topic = Literal[
    "recommendation", "baseline", "neighbours", "seasonality", "views", "dispersion", "power", "completeness"
]

MONTHS = (
    gettext_noop("January"), gettext_noop("February"), gettext_noop("March"), gettext_noop("April"), gettext_noop("May"),
    gettext_noop("June"), gettext_noop("July"), gettext_noop("August"), gettext_noop("September"), gettext_noop("October"),
    gettext_noop("November"), gettext_noop("December"),
)  # fmt: skip
WEEKDAYS = (
    gettext_noop("Monday"), gettext_noop("Tuesday"), gettext_noop("Wednesday"), gettext_noop("Thursday"),
    gettext_noop("Friday"), gettext_noop("Saturday"), gettext_noop("Sunday"),
)  # fmt: skip
CHART_NAMES = {
    "run": gettext_noop("a run chart"),
    "i_prime": gettext_noop("an I′ chart"),
    "p_prime": gettext_noop("a p′ chart"),
    "u_prime": gettext_noop("a u′ chart"),
    "c_prime": gettext_noop("a c′ chart"),
    "g": gettext_noop("a g chart (cases between events)"),
    "t": gettext_noop("a t chart (time between events)"),
}
WIDENED = frozenset({"p_prime", "u_prime", "c_prime"})


@dataclass(frozen=True, slots=True)
class Said:
    """One matter of a diagnosis in words. `matters` says that the reader should do something about it."""

    topic: Topic
    plain: str
    numbers: str
    matters: bool


def diagnosis_said(
    evaluation: Evaluation,
    diagnosis: Diagnosis,
    *,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> tuple[Said, ...]:
    """Say everything that a diagnosis found, what matters first."""
    period = period_of(evaluation.labels)
    said: list[Said | None] = [
        None if diagnosis.recommendation is None else _recommendation(diagnosis.recommendation, _),
        None if diagnosis.baseline is None else _baseline(evaluation, diagnosis.baseline, period, _, ngettext),
        None if diagnosis.neighbours is None else _neighbours(evaluation, diagnosis.neighbours, period, _, ngettext),
        None if diagnosis.seasonality is None else _seasonality(evaluation, diagnosis.seasonality, _),
        _views(diagnosis, _),
        None if diagnosis.dispersion is None else _dispersion(evaluation, diagnosis.dispersion, _, ngettext),
        None if diagnosis.power is None else _power(evaluation, diagnosis.power, period, _, ngettext),
        _completeness(diagnosis.completeness, period, _, ngettext),
    ]
    known = [one for one in said if one is not None]
    return tuple(sorted(known, key=lambda one: not one.matters))


def suggestion_said(
    evaluation: Evaluation,
    suggestion: Suggestion,
    *,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> tuple[str, ...]:
    """Ask whether a new phase begins, say why, and whether a second person has to agree; one sentence each."""
    period = period_of(evaluation.labels)
    known = {
        "start": full_name(suggestion.label, period, _),
        "periods": counted(suggestion.run, period, ngettext),
        "before": as_value(evaluation, suggestion.before),
        "after": as_value(evaluation, suggestion.after),
        "shift": suggestion.shift,
    }
    above = _("Since %(start)s the level is higher: %(after)s, before it was %(before)s. Does a new phase begin there?")
    below = _("Since %(start)s the level is lower: %(after)s, before it was %(before)s. Does a new phase begin there?")
    sentences = [
        (above if suggestion.side == "high" else below) % known,
        _("Why: %(periods)s in a row on one side (%(shift)d make a shift), and no such run back since.") % known,
    ]
    if suggestion.needs_second:
        sentences.append(
            _("It is a change for the worse: new limits would hide the harm, so a second person has to agree.")
        )
    return tuple(sentences)


def p_value(p: float, _: Translate = as_written) -> str:
    """Return a p value as papers write it.

    >>> p_value(0.04), p_value(0.00001)
    ('p 0.04', 'p < 0.001')
    """
    if p < 0.001:
        return _("p < %(least)s") % {"least": number(0.001, 3)}
    return _("p %(value)s") % {"value": number(p, 3 if p < 0.01 else 2)}


def share(part: float) -> str:
    """Return a share as per cent, in whole."""
    return number(100 * part) + "%"


def _neighbours(evaluation: Evaluation, found: Neighbours, period: Period, _: Translate, ngettext: Plural) -> Said:
    pairs = ngettext("%(n)d pair", "%(n)d pairs", found.pairs) % {"n": found.pairs}
    numbers = _(
        "The correlation of neighbours is %(r1)s in %(pairs)s; by chance alone it lies between %(low)s and %(high)s (%(p)s)."
    ) % {
        "r1": number(found.r1, 2),
        "pairs": pairs,
        "low": number(found.low, 2),
        "high": number(found.high, 2),
        "p": p_value(found.p, _),
    }
    if found.like_a_trend and found.r1 > 0:
        plain = _("Each point resembles the one before: this drifts like a trend, so a long run says little here.")
        numbers += " " + _(
            "From 0.3 on stable charts signal two to three times as often: the rules for runs tell of a drift, not of a change."
        )
    elif found.like_a_trend:
        plain = _(
            "Points swing to and fro more than chance makes: look whether two groups take turns, or each high is countered."
        )
    elif found.step is not None:
        plain = _(
            "Neighbours are alike, and one change of level about %(start)s would explain it; beside that each stands for itself."
        ) % {"start": full_name(evaluation.labels[found.step], period, _)}
        numbers += " " + _("Beside that step it is %(left)s.") % {"left": number(found.r1_beside_step or 0.0, 2)}
    elif found.significant:
        plain = _("Neighbouring points resemble each other a little, too little to trouble the rules.")
    else:
        plain = _("Each point stands for itself: neighbours resemble each other no more than chance makes.")
    return Said("neighbours", plain, numbers, found.like_a_trend)


def _baseline(evaluation: Evaluation, found: BaselineStep, period: Period, _: Translate, ngettext: Plural) -> Said:
    known = {
        "start": full_name(evaluation.labels[found.step], period, _),
        "before": as_value(evaluation, found.before),
        "after": as_value(evaluation, found.after),
        "periods": counted(found.points, period, ngettext),
        "enough": TRIAL,
    }
    if found.points >= TRIAL:
        plain = _(
            "The points that set the centre hold a change about %(start)s themselves, so it fits neither level: a new phase "
            "from then on would tell more."
        )
    else:
        plain = _(
            "The points that set the centre hold a change about %(start)s themselves, so it fits neither level: a new phase "
            "from then on would tell more, with limits once it has %(enough)d points."
        )
    numbers = _("The level is %(before)s before and %(after)s in the %(periods)s since.")
    return Said("baseline", plain % known, numbers % known, True)


def _dispersion(evaluation: Evaluation, found: Dispersion, _: Translate, ngettext: Plural) -> Said:
    widened = evaluation.spec.chart in WIDENED
    if found.verdict == "over" and widened:
        plain = _("Points differ by more than chance alone makes, and the limits of this chart allow for it.")
    elif found.verdict == "over" and not _widely(found):
        plain = _("Points differ by more than chance alone makes, neighbours hardly: it is the level that moves.")
    elif found.verdict == "over":
        plain = _(
            "Points differ by more than chance alone makes, so limits by chance alone may be far too narrow here."
        )
    elif found.verdict == "under":
        plain = _(
            "Points differ by less than chance alone makes: look whether events are counted as they happen, each once."
        )
    else:
        plain = _("Points differ as much as chance alone makes.")
    freedom = ngettext("%(n)d degree of freedom", "%(n)d degrees of freedom", found.freedom) % {"n": found.freedom}
    numbers = _("Chi-square %(chi)s on %(freedom)s, %(index)s times what chance makes (%(p)s).") % {
        "chi": number(found.chi_square, 1),
        "freedom": freedom,
        "index": number(found.index, 2),
        "p": p_value(min(1.0, 2 * min(found.p_over, found.p_under)), _),
    }
    if found.sigma_z is not None:
        numbers += " " + _("Sigma z, from all neighbouring points of this phase, is %(sigma_z)s.") % {
            "sigma_z": number(found.sigma_z, 2)
        }
    return Said("dispersion", plain, numbers, found.verdict == "over" and not widened and _widely(found))


def _widely(found: Dispersion) -> bool:
    """Say whether neighbours too differ by more than chance, which a change of level does not make them do."""
    return found.sigma_z is not None and found.sigma_z >= CLEARLY


def _seasonality(evaluation: Evaluation, found: Seasonality, _: Translate) -> Said:
    names, effects = _season_names(found), dict(found.effects)
    known = {
        "highest": _(names[found.highest]),
        "lowest": _(names[found.lowest]),
        "above": as_value(evaluation, effects[found.highest]),
        "below": as_value(evaluation, -effects[found.lowest]),
        "share": share(found.share),
        "f": number(found.f, 1),
        "p": p_value(found.p, _),
    }
    month = found.season == "month"
    if found.significant and month:
        plain = _(
            "There is a season: %(highest)s lies highest and %(lowest)s lowest. Compare with the same month of other years."
        )
    elif found.significant:
        plain = _(
            "The days of the week differ: %(highest)s lies highest, %(lowest)s lowest. Compare with the same day of the week."
        )
    elif month:
        plain = _("No season shows: the months of the year differ no more than chance makes.")
    else:
        plain = _("The days of the week differ no more than chance makes.")
    numbers = _(
        "Seasons explain %(share)s of what varies about a straight line (F %(f)s, %(p)s); %(highest)s lies %(above)s above "
        "the rest, %(lowest)s %(below)s below."
    )
    text = numbers % known
    if found.significant and found.same_before is not None:
        text += " " + _("The same season before: %(same)s on average.") % {
            "same": as_value(evaluation, found.same_before)
        }
    return Said("seasonality", plain % known, text, found.significant)


def _season_names(found: Seasonality) -> dict[int, str]:
    return dict(enumerate(MONTHS, start=1)) if found.season == "month" else dict(enumerate(WEEKDAYS))


def _views(diagnosis: Diagnosis, _: Translate) -> Said | None:
    if not diagnosis.offers:
        return None
    if diagnosis.offers == ("seasonal",):
        plain = _("Look at the chart without its seasons beside this one.")
    elif diagnosis.offers == ("residual",):
        plain = _("Look at what each point adds to the one before beside this chart.")
    else:
        plain = _("Look at the chart without its seasons first; then at what each point adds to the one before.")
    return Said("views", plain, _("Such a view has limits of its own; those of this chart stay as they are."), True)


def _power(evaluation: Evaluation, found: Power, period: Period, _: Translate, ngettext: Plural) -> Said:
    last = found.detectable[-1]
    within = counted(last.within, period, ngettext)
    change = _shift(evaluation, last, _)
    if change is None:
        plain = _("Even a large change would probably not show within %(periods)s.") % {"periods": within}
    else:
        plain = _("%(change)s would probably show within %(periods)s; a smaller change may pass unseen.") % {
            "change": change, "periods": within,
        }  # fmt: skip
    each = [
        _("within %(periods)s %(change)s")
        % {
            "periods": counted(one.within, period, ngettext),
            "change": _shift(evaluation, one, _, first=False) or _("no change"),
        }
        for one in found.detectable
    ]
    numbers = _("Found with a chance of 80%%, from a centre of %(centre)s: %(each)s.") % {
        "centre": as_value(evaluation, found.centre),
        "each": "; ".join(each),
    }
    if found.left_out:
        numbers += " " + _("Rules about trends, patterns and the whole series are not reckoned with.")
    return Said("power", plain, numbers, False)


def _shift(evaluation: Evaluation, one: Detectable, _: Translate, *, first: bool = True) -> str | None:
    """Say how large a rise and a fall are found; None where neither is."""
    up, down = (_distance(evaluation, size, _) for size in (one.up, one.down))
    if up is None and down is None:
        return None
    known = {"up": up, "down": down}
    if down is None:
        return (_("A rise of %(up)s") if first else _("a rise of %(up)s")) % known
    if up is None:
        return (_("A fall of %(down)s") if first else _("a fall of %(down)s")) % known
    if up == down:
        return (_("A change of %(up)s") if first else _("a change of %(up)s")) % known
    return (
        _("A rise of %(up)s or a fall of %(down)s") if first else _("a rise of %(up)s or a fall of %(down)s")
    ) % known


def _distance(evaluation: Evaluation, size: float | None, _: Translate) -> str | None:
    """Return a distance with its unit; of percentages in points, for a rise of 3% could be one of 30% to 30.9%."""
    if size is None:
        return None
    text = as_value(evaluation, size)
    if evaluation.spec.unit == "%":
        return _("%(number)s percentage points") % {"number": text.removesuffix("%")}
    return text


def _completeness(found: Completeness, period: Period, _: Translate, ngettext: Plural) -> Said:
    counts = (
        (found.missing, ngettext("%(n)d period has no value", "%(n)d periods have no value", found.missing)),
        (found.skipped, ngettext("%(n)d period has no row at all", "%(n)d periods have no row at all", found.skipped)),
        (
            found.zero_denominators,
            ngettext("%(n)d has a denominator of zero", "%(n)d have a denominator of zero", found.zero_denominators),
        ),
        (found.excluded, ngettext("%(n)d is shown and not counted", "%(n)d are shown and not counted", found.excluded)),
    )
    lacks = [text % {"n": count} for count, text in counts if count]
    if found.incomplete_last:
        lacks.append(_("the last is not over"))
    useful = counted(found.useful, period, ngettext)
    of_all = {"useful": useful, "periods": found.periods, "lacks": "; ".join(lacks)}
    plain = (
        _("%(useful)s count of %(periods)d: %(lacks)s.") if lacks else _("All %(useful)s are there, with a value each.")
    ) % of_all
    numbers = ""
    if found.least_expected is not None and found.tiny_under is not None:
        known = {
            "least": number(found.least_expected, 1),
            "tiny": found.tiny,
            "useful": useful,
            "under": number(found.tiny_under),
        }
        text = _("At least %(least)s events are expected in each.")
        if found.tiny:
            text = _("In %(tiny)d of %(useful)s fewer than %(under)s events are expected: their limits are rough.")
        numbers = text % known
    gaps = found.missing + found.skipped + found.zero_denominators
    return Said("completeness", plain, numbers, gaps > 0 or found.tiny > 0)


def _recommendation(found: Recommendation, _: Translate) -> Said:
    chart = _(CHART_NAMES[found.chart]) if found.chart else ""
    value = found.number or 0.0
    reasons: dict[str, Callable[[], tuple[str, str]]] = {
        "rare_proportion": lambda: (
            _("So few events are expected that these limits mean little: take longer periods, or %(chart)s."),
            _("Only %(number)s are expected in the smallest; a proportion wants 5."),
        ),
        "rare_events": lambda: (
            _("So few events are expected that %(chart)s would tell more."),
            _("Only %(number)s are expected in the smallest; a rate wants 2."),
        ),
        "rare_counts": lambda: (
            _("So few events are expected that %(chart)s would tell more."),
            _("Only %(number)s are expected; a count wants 2."),
        ),
        "spread_beyond_chance": lambda: (
            _("%(chart)s would suit better: its limits allow for what differs beyond chance."),
            _("Neighbours differ %(number)s times as much as chance makes (sigma z)."),
        ),
        "denominators_differ": lambda: (
            _("%(chart)s would suit better: periods with small denominators scatter more, and its limits widen there."),
            _("Denominators lie up to %(share)s from their mean; up to 25%% is no matter."),
        ),
        "skewed": lambda: (
            _("%(chart)s would suit better: a few very high values stretch the limits and still cross them."),
            _("The skewness is %(number)s, that of a normal law 0."),
        ),
        "no_time_between": lambda: (
            _("%(chart)s would tell more: too often no time lies between two events."),
            _("It is so for %(share)s of them."),
        ),
    }
    plain, numbers = reasons[found.why]()
    known = {"chart": chart, "number": number(value, 1), "share": share(value)}
    text = plain % known
    return Said("recommendation", text[:1].upper() + text[1:], numbers % known, True)
