"""Why a chart is not judged: so few are counted, or of a high share so few are not, that no rule holds."""

from __future__ import annotations

from knitwork.draw.periods import Period, Translate, gettext_noop
from knitwork.signals import Evaluation

# Charts of a share, of which those that are not counted may be the few.
SHARES = ("p", "p_prime")
# By period: of what is counted, and of the exceptions.
_TEXTS: dict[Period, tuple[str, str]] = {
    "day": (
        gettext_noop("Too few to call: not even two a day on average"),
        gettext_noop("Too few exceptions to call: not even two a day on average"),
    ),
    "week": (
        gettext_noop("Too few to call: not even two a week on average"),
        gettext_noop("Too few exceptions to call: not even two a week on average"),
    ),
    "month": (
        gettext_noop("Too few to call: not even two a month on average"),
        gettext_noop("Too few exceptions to call: not even two a month on average"),
    ),
    "point": (
        gettext_noop("Too few to call: not even two in each on average"),
        gettext_noop("Too few exceptions to call: not even two in each on average"),
    ),
}


def too_few(evaluation: Evaluation, period: Period, _: Translate) -> str:
    """Say that so few are counted in a period; of a share above a half, that so few are its exceptions."""
    nearly_all = evaluation.spec.chart in SHARES and (evaluation.centre or 0.0) > evaluation.spec.factor / 2
    return _(_TEXTS[period][nearly_all])
