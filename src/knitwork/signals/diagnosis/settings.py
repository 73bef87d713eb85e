"""Say what the limits would be by other settings: those of other tools, and those that were given up here.

Each is the same series under another definition, evaluated as any other. What other tools do: qicharts2 screens moving
ranges when it is attached and does not when it is called without; Making Data Count takes 2.66 itself; neither floors
sigma z; all of them use every point unless they are told to freeze. Sources: signals of the docs, agreement.
"""

from __future__ import annotations

from dataclasses import replace

from knitwork.signals.diagnosis.points import last_tested, series_of
from knitwork.signals.diagnosis.record import Setting
from knitwork.signals.evaluate import evaluate
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.series import Series
from knitwork.signals.spec import EXACT, MIDDLES, SIGMAS, Chart, Estimator, Spec

PLAIN: dict[Chart, Chart] = {"p_prime": "p", "u_prime": "u", "c_prime": "c"}
WIDENED: dict[Chart, Chart] = {"p": "p_prime", "u": "u_prime", "c": "c_prime"}
# 3 / 1.128 = 2.6596; Making Data Count multiplies by 2.66 (signals of the docs, agreement).
D2_OF_2_66 = 3 / 2.66


def limits_by_settings(evaluation: Evaluation, *, series: Series | None = None) -> tuple[Setting, ...]:
    """Return centre and limits at the last tested point as they are, and as they would be by each other setting.

    A chart of subgroups needs its `series`, for the record does not hold their sizes; without it only the settings in use
    are returned. None are where there is no tested point.
    """
    at = last_tested(evaluation)
    if at is None:
        return ()
    settings = [_setting("in_use", evaluation, at)]
    series = series or series_of(evaluation)
    if series is None:
        return tuple(settings)
    for key, spec in other_settings(evaluation.spec).items():
        settings.append(_setting(key, evaluate(series, spec), at))
    return tuple(settings)


def other_settings(spec: Spec) -> dict[str, Spec]:
    """Return the definitions to compare with, by what is different about them."""
    chart, sigmas = spec.chart, SIGMAS[spec.chart]
    other: dict[str, Spec] = {}
    if "mr" in sigmas and chart != "mr" and spec.spread is None and spec.limit_kind == "sigma":
        names: dict[Estimator, str] = {"mr_screened_once": "screened", "mr": "unscreened", "median_mr": "median_ranges"}
        other |= {key: replace(spec, sigma=sigma) for sigma, key in names.items() if sigma != spec.sigma}
        if chart in ("xmr", "ewma", "ma") and spec.sigma != "median_mr":
            other["factor_2_66"] = replace(spec, d2=D2_OF_2_66)
    if len(sigmas) > 1 and "mr" not in sigmas and spec.spread is None:
        other |= {one: replace(spec, sigma=one) for one in sigmas if one != spec.sigma}
    if chart in PLAIN:
        other |= {"no_floor": replace(spec, sigma_z_floor=0)} if spec.sigma_z_floor > 0 else {}
        other["chance_alone"] = replace(spec, chart=PLAIN[chart], sigma=SIGMAS[PLAIN[chart]][0], spread=None)
    if chart in WIDENED and spec.limit_kind == "sigma":
        widened = WIDENED[chart]
        floor = max(spec.sigma_z_floor, 1.0)
        other["widened"] = replace(spec, chart=widened, sigma=SIGMAS[widened][0], sigma_z_floor=floor)
    if chart in EXACT:
        kind = "sigma" if spec.limit_kind == "probability" else "probability"
        other["exact" if kind == "probability" else "sigmas"] = replace(spec, limit_kind=kind)  # type: ignore[arg-type]
    for middle in MIDDLES[chart]:
        if middle != spec.middle and spec.centre is None:
            other[f"centre_{middle}"] = replace(spec, middle=middle)
    return other | _by_points(spec)


def _by_points(spec: Spec) -> dict[str, Spec]:
    """Return the definitions that let other points set the limits."""
    other: dict[str, Spec] = {}
    if spec.limits != "all" or any(one.limits not in (None, "all") for one in spec.phases):
        phases = tuple(replace(one, limits=None) for one in spec.phases)
        other["all_points"] = replace(spec, limits="all", phases=phases)
    if spec.limits != "policy":
        other["first_20"] = replace(spec, limits="policy")
    if spec.exclude:
        other["none_excluded"] = replace(spec, exclude=())
    if spec.phases:
        other["one_phase"] = replace(spec, phases=())
    return other


def _setting(key: str, evaluation: Evaluation, at: int) -> Setting:
    beyond = {place for one in evaluation.signals if one.kind == "beyond" for place in one.points}
    if not any(one.kind == "beyond" for one in evaluation.signals):
        beyond = _outside(evaluation)
    return Setting(
        key=key,
        centre=evaluation.centres[at],
        lower=evaluation.lowers[at],
        upper=evaluation.uppers[at],
        beyond=len(beyond),
        in_use=key == "in_use",
    )


def _outside(evaluation: Evaluation) -> set[int]:
    """Return the points beyond the limits, whether or not a rule asks for them."""
    columns = zip(evaluation.values, evaluation.lowers, evaluation.uppers, evaluation.tested, strict=True)
    return {
        place
        for place, (value, lower, upper, tested) in enumerate(columns)
        if tested and value is not None and lower is not None and upper is not None and not lower <= value <= upper
    }
