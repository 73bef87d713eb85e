"""Cases of vlad: the risk-adjusted CUSUM of Steiner, and the cumulative expected minus observed."""

from __future__ import annotations

import math
from typing import Any

from conformance.calls import Node, bound, constant, walk
from conformance.case import Case, has
from conformance.compare import Compared
from conformance.frame import Frame
from conformance.tree import Call, CannotRead, Name, Op
from knitwork.signals.cumulative import RiskAdjustedSpec, risk_adjusted, risk_adjusted_cusum, vlad
from knitwork.signals.cumulative.walk import likelihood_scores


def check(case: Case) -> Compared:
    """Compare the scores, both sums and the display."""
    import numpy as np

    compared = Compared(case.rel_tol)
    named = _assigned(case.statements)
    up_odds, down_odds, coefficients = _models(case, named)
    limits = _limits(case)
    frame = Frame(case.input)
    score, outcomes = _columns(frame)
    risks = [1 / (1 + math.exp(-(coefficients[0] + coefficients[1] * one))) for one in score]
    spec = RiskAdjustedSpec(odds_up=up_odds, odds_down=down_odds, limit_up=limits[0], limit_down=limits[1])
    plain = risk_adjusted(outcomes, risks, RiskAdjustedSpec(odds_up=up_odds, odds_down=down_odds, reset=False))
    reset = risk_adjusted_cusum(outcomes, risks, spec)
    y, p = np.array(outcomes, dtype=float), np.array(risks)
    ours: dict[str, Any] = {
        "y": outcomes,
        "p": risks,
        "w_up": likelihood_scores(y, p, odds=up_odds).tolist(),
        "w_down": likelihood_scores(y, p, odds=down_odds).tolist(),
        "cusum_up": plain[0].tolist(),
        "cusum_down": (-plain[1]).tolist(),
        "cusum_up_reset": list(reset.up),
        "cusum_down_reset": [None if one is None else -one for one in reset.down],
        "vlad": vlad(outcomes, risks).tolist(),
    }
    compared.same("points", "all", len(outcomes), len(case.expected))
    for at, row in enumerate(case.expected[: len(outcomes)]):
        compared.row()
        for name, column in ours.items():
            if has([row], name):
                compared.number(name, at + 1, column[at], row[name])
    return compared


def _assigned(statements: list[Node]) -> dict[str, Node]:
    return {
        one.parts[0].text: one.parts[1]
        for one in statements
        if isinstance(one, Op) and one.sign == "<-" and isinstance(one.parts[0], Name)
    }


def _models(case: Case, named: dict[str, Node]) -> tuple[float, float, tuple[float, float]]:
    """Return the odds that either sum looks for, and the model of the risk: logit p = first + second x score."""
    odds, coefficients = [], None
    for statement in case.statements:
        for node in walk(statement):
            if isinstance(node, Call) and node.function == "llr_score":
                given = bound(node, ("df", "coeff", "R0", "RA", "yemp"))
                if constant(given.get("R0", 1)) != 1:
                    raise CannotRead("R0 that is not 1")
                odds.append(float(constant(given["RA"])))
                model = given["coeff"]
                said = constant(named[model.text] if isinstance(model, Name) and model.text in named else model)
                coefficients = tuple(said.values()) if isinstance(said, dict) else tuple(said)
    above, below = [one for one in odds if one > 1], [one for one in odds if one < 1]
    if coefficients is None or len(coefficients) != 2 or not above or not below:
        raise CannotRead("no llr_score() for higher and for lower odds with a model of one score")
    return above[0], below[0], (float(coefficients[0]), float(coefficients[1]))


def _limits(case: Case) -> tuple[float, float]:
    for statement in case.statements:
        for node in walk(statement):
            if isinstance(node, Call) and node.function == "racusum_scores":
                given = bound(node, ("wt1", "wt2", "reset", "h1", "h2"))
                if "h1" in given:
                    return float(constant(given["h1"])), float(constant(given.get("h2", given["h1"])))
    return float(case.params.get("h1", 4.5)), float(case.params.get("h2", 4))


def _columns(frame: Frame) -> tuple[list[float], list[float]]:
    """Return the scores and the outcomes: of two columns the one of noughts and ones called y, else the last."""
    outcome = "y" if "y" in frame.names else frame.names[-1]
    score = next((name for name in ("s", *frame.names) if name in frame.names and name != outcome), None)
    if score is None:
        raise CannotRead("an input without a score")
    return frame[score], frame[outcome]
