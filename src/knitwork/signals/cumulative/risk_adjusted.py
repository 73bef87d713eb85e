"""Outcomes against the chance that each case had: the risk-adjusted CUSUM, and VLAD for display.

The expected probabilities come from the caller: nothing here estimates a risk. Sources: Steiner, Cook, Farewell &
Treasure 2000, Biostatistics 1(4): 441-452; Lovegrove, Valencia, Treasure, Sherlaw-Johnson & Gallivan 1997, Lancet
350: 1128-1130 (VLAD).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from knitwork.signals.cumulative.checks import Floats, floats, labels_of, one_series, outcomes, plain
from knitwork.signals.cumulative.checks import expected as check_expected
from knitwork.signals.cumulative.record import CusumRecord, judge_sums
from knitwork.signals.cumulative.run_length import score_run_length, two_sided
from knitwork.signals.cumulative.spec import RiskAdjustedSpec
from knitwork.signals.cumulative.walk import likelihood_scores, walk
from knitwork.signals.series import Numbers


def risk_adjusted(happened: object, expected: object, spec: RiskAdjustedSpec) -> tuple[Floats, Floats]:
    """Return both sums of outcomes (0 or 1), the upper at or above zero and the lower at or below it.

    Both arguments are one series of cases, or tables of one series a row. Missing outcomes carry the sums over.
    """
    known = outcomes(happened)
    chances = check_expected(expected, known)
    up = walk(likelihood_scores(known, chances, odds=spec.odds_up), limit=spec.limit_up, reset=spec.reset)
    down = walk(likelihood_scores(known, chances, odds=spec.odds_down), limit=spec.limit_down, reset=spec.reset)
    return up, 0.0 - down


def risk_adjusted_cusum(
    happened: object, expected: object, spec: RiskAdjustedSpec | None = None, *, labels: Iterable[object] = ()
) -> CusumRecord:
    """Return the record of one series of cases, in order of time."""
    spec = spec or RiskAdjustedSpec()
    known = one_series(outcomes(happened), name="outcomes")
    up, down = risk_adjusted(known, expected, spec)
    return judge_sums(
        spec,
        labels=labels_of(labels, len(known)),
        values=known,
        expected=check_expected(expected, known),
        up=up,
        down=down,
        upper=float(spec.limit_up),
        lower=-float(spec.limit_down),
        reset=spec.reset,
        formula=_formula(spec),
    )


def _formula(spec: RiskAdjustedSpec) -> str:
    after = "; a sum starts from 0 after its signal" if spec.reset else ""
    return (
        f"score = y × log R − log(1 − p + R × p), y 1 at an event and 0 without, p the case's expected probability; "
        f"upper sum with R = {spec.odds_up:g}, a signal beyond {spec.limit_up:g}; "
        f"lower sum with R = {spec.odds_down:g}, drawn downwards, a signal beyond {spec.limit_down:g}; "
        f"neither falls below 0{after}"
    )


def risk_adjusted_run_length(spec: RiskAdjustedSpec, expected: object, *, odds: float = 1.0) -> float:
    """Return after how many cases like these a signal comes on average, true odds being `odds` times the expected.

    With `odds` 1 these are false signals. Cases are drawn from those given, each as often as any other.
    """
    given = floats(expected, name="expected probabilities")
    chances = check_expected(given, np.full_like(given, np.nan))
    chances = chances[~np.isnan(chances)]
    true = odds * chances / (1 - chances + odds * chances)
    weights = np.concatenate([1 - true, true]) / len(chances)

    def length(ratio: float, limit: float) -> float:
        scores = [likelihood_scores(np.full_like(chances, y), chances, odds=ratio) for y in (0.0, 1.0)]
        return score_run_length(np.concatenate(scores), weights, limit=limit)

    return two_sided(length(spec.odds_up, spec.limit_up), length(spec.odds_down, spec.limit_down))


def vlad(happened: object, expected: object) -> Floats:
    """Return the cumulative expected minus observed events; missing outcomes carry it over."""
    known = outcomes(happened)
    chances = check_expected(expected, known)
    total: Floats = np.cumsum(np.where(np.isnan(known), 0.0, chances - known), axis=-1)
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class VladRecord:
    """Events expected minus observed, added up case by case (variable life-adjusted display).

    A display and never a test: it has no limits and no signals, and a line that wanders is what chance makes too.
    A line that rises has had fewer events than expected.
    """

    labels: tuple[str, ...]
    values: Numbers
    expected: Numbers
    line: Numbers
    n: int
    observed_total: int
    expected_total: float
    formula: str

    def __len__(self) -> int:
        return len(self.labels)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole record as plain values."""
        return {
            "chart": "vlad",
            "n": self.n,
            "observed_total": self.observed_total,
            "expected_total": self.expected_total,
            "formula": self.formula,
            "labels": list(self.labels),
            "values": list(self.values),
            "expected": list(self.expected),
            "line": list(self.line),
        }

    def to_json(self) -> str:
        """Return the record as JSON, missing numbers as null."""
        return json.dumps(self.to_dict(), allow_nan=False)


def vlad_record(happened: object, expected: object, *, labels: Iterable[object] = ()) -> VladRecord:
    """Return the display of one series of cases, in order of time."""
    known = one_series(outcomes(happened), name="outcomes")
    chances = check_expected(expected, known)
    there = ~np.isnan(known)
    observed, should = int(known[there].sum()), float(chances[there].sum())
    return VladRecord(
        labels=labels_of(labels, len(known)),
        values=plain(known),
        expected=plain(chances),
        line=plain(np.where(there, vlad(known, chances), np.nan)),
        n=int(there.sum()),
        observed_total=observed,
        expected_total=should,
        formula=f"expected minus observed, added up: {should:.4g} expected − {observed} observed = "
        f"{should - observed:+.4g} after {int(there.sum())} cases".replace("-", "−"),
    )
