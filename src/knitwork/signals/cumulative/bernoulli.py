"""The Bernoulli CUSUM: the rate of an event, watched case by case.

The upper sum looks for odds multiplied by the odds ratio, the lower for odds divided by it; each score is the
log-likelihood ratio of the case's outcome. Source: Neuburger, Walker, Sherlaw-Johnson, van der Meulen & Cromwell 2017,
BMJ Quality & Safety 26: 919-928, doi:10.1136/bmjqs-2016-005526.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from knitwork.signals.cumulative.checks import Floats, labels_of, one_series, outcomes
from knitwork.signals.cumulative.record import CusumRecord, judge_sums
from knitwork.signals.cumulative.run_length import score_run_length, two_sided
from knitwork.signals.cumulative.spec import BernoulliSpec
from knitwork.signals.cumulative.walk import likelihood_scores, walk
from knitwork.signals.series import BadSeries


def bernoulli(
    happened: object, *, baseline: float, odds_ratio: float = 2.0, limit: float = 3.5, reset: bool = True
) -> tuple[Floats, Floats]:
    """Return both sums of outcomes (0 or 1), the upper at or above zero and the lower at or below it.

    `happened` is one series of cases, or a table of one series a row. Missing outcomes (NaN) carry the sums over.
    With `reset` a sum starts from zero after it has passed the limit, each by itself.
    """
    BernoulliSpec(
        baseline=baseline, odds_ratio=odds_ratio, limit=limit
    )  # refuses a rate, odds or a limit that cannot be
    known = outcomes(happened)
    up = walk(likelihood_scores(known, baseline, odds=odds_ratio), limit=limit, reset=reset)
    down = walk(likelihood_scores(known, baseline, odds=1 / odds_ratio), limit=limit, reset=reset)
    return up, 0.0 - down


def baseline_rate(happened: object, spec: BernoulliSpec) -> float:
    """Return the rate that the cases are held against: the one given, or that of the first cases."""
    if spec.baseline is not None:
        return spec.baseline
    known = one_series(outcomes(happened), name="outcomes")
    known, wanted = known[~np.isnan(known)], spec.baseline_cases or 0
    if len(known) < wanted:
        raise BadSeries(
            f"the baseline asks for {wanted} cases and {len(known)} have an outcome: ask for fewer, or give a rate"
        )
    events = int(known[:wanted].sum())
    if events in (0, wanted):
        many = "none" if events == 0 else "all"
        raise BadSeries(f"{many} of the first {wanted} cases had the event: take more cases, or give a rate")
    return events / wanted


def bernoulli_cusum(happened: object, spec: BernoulliSpec, *, labels: Iterable[object] = ()) -> CusumRecord:
    """Return the record of one series of cases, in order of time; the cases of a baseline are judged too."""
    known = one_series(outcomes(happened), name="outcomes")
    rate = baseline_rate(known, spec)
    up, down = bernoulli(known, baseline=rate, odds_ratio=spec.odds_ratio, limit=spec.limit, reset=spec.reset)
    return judge_sums(
        spec,
        labels=labels_of(labels, len(known)),
        values=known,
        expected=np.full(len(known), rate),
        up=up,
        down=down,
        upper=float(spec.limit),
        lower=-float(spec.limit),
        reset=spec.reset,
        formula=_formula(spec, known, rate),
    )


def _formula(spec: BernoulliSpec, known: Floats, rate: float) -> str:
    origin = "given"
    if spec.baseline_cases is not None:
        events = int(known[~np.isnan(known)][: spec.baseline_cases].sum())
        origin = f"{events} of the first {spec.baseline_cases} cases"
    (up_none, up_event), (down_none, down_event) = (
        likelihood_scores(np.array([0.0, 1.0]), rate, odds=odds) for odds in (spec.odds_ratio, 1 / spec.odds_ratio)
    )
    after = "; a sum starts from 0 after its signal" if spec.reset else ""
    return (
        f"baseline rate {rate:.4g} ({origin}); upper sum, for odds × {spec.odds_ratio:g}: "
        f"max(0, sum before + {up_event:.4g}) at an event, {up_none:+.4g} without; "
        f"lower sum, for odds ÷ {spec.odds_ratio:g}: {down_event:+.4g} at an event, {down_none:+.4g} without, "
        f"drawn downwards; a signal beyond {spec.limit:g}{after}"
    ).replace("-", "−")


def bernoulli_run_length(spec: BernoulliSpec, *, baseline: float, rate: float | None = None) -> float:
    """Return after how many cases a signal comes on average, held against `baseline` while the true rate is `rate`.

    Without a rate it is the baseline's: these are false signals.
    """
    true = baseline if rate is None else rate
    weights = np.array([1 - true, true])

    def length(odds: float) -> float:
        scores = likelihood_scores(np.array([0.0, 1.0]), baseline, odds=odds)
        return score_run_length(scores, weights, limit=spec.limit)

    return two_sided(length(spec.odds_ratio), length(1 / spec.odds_ratio))
