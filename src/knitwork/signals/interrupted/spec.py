"""How to measure a change, stated in advance: a frozen, versioned and stored definition with no hidden options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from knitwork.model.errors import BadDefinition
from knitwork.signals.stored import Stored, check_choice, check_version, is_number

Method = Literal["policy", "ols", "ols_newey_west", "ar1", "quasi_poisson", "quasi_binomial"]
Season = Literal["none", "annual"]

VERSION = 1

# Under so many points in all an autocorrelation cannot be told, and plain least squares does best
# (Turner and others 2021, BMC Med Res Methodol 21: 181).
OLS_UNDER = 12
# So many points on either side of the start are asked for (Wagner and others 2002, J Clin Pharm Ther 27: 299-309).
LEAST = 12
# No line and no spread about it come from fewer.
FEWEST = 3
# Two waves a year follow most seasons (Bhaskaran and others 2013, Int J Epidemiol 42: 1187-1195).
HARMONICS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ItsSpec(Stored):
    """How to measure what a change did to one series: write it down before the first look at the results.

    `method` names the fit; `policy` stands for a rule that knows nothing but the number of points (`resolved`).
    `trend` puts a slope into the model, `slope_change` lets it differ after the start. `wash_out` periods from the
    start on are left out of the fit. `season` adds `harmonics` waves a year; `year` is the number of periods in it,
    needed only where the labels are no dates. `lags` are those of Newey and West, none for their rule.
    `dispersion_floor` is the least spread of counts, in that of pure chance. `alpha` sets all intervals.
    `factor` and `unit` are those of the chart: results come in the units shown.

    >>> ItsSpec(season="annual") == ItsSpec.from_json(ItsSpec(season="annual").to_json())
    True
    """

    noun = "a test of change"
    example = '{"method": "ar1"}'

    method: Method = "policy"
    trend: bool = True
    slope_change: bool = True
    season: Season = "none"
    harmonics: int = HARMONICS
    year: float | None = None
    wash_out: int = 0
    lags: int | None = None
    dispersion_floor: float = 1.0
    alpha: float = 0.05
    least_before: int = LEAST
    least_after: int = LEAST
    factor: float = 1.0
    unit: str = ""
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("method", self.method, get_args(Method))
        check_choice("season", self.season, get_args(Season))
        for name in ("trend", "slope_change"):
            if not isinstance(getattr(self, name), bool):
                raise BadDefinition(f"{name} is {getattr(self, name)!r}: say true or false")
        if self.slope_change and not self.trend:
            raise BadDefinition("slope_change needs a trend to change: set trend, or leave both out")
        _whole("harmonics", self.harmonics, least=1)
        _whole("wash_out", self.wash_out, least=0)
        if self.lags is not None:
            _whole("lags", self.lags, least=0)
        for name in ("least_before", "least_after"):
            _whole(name, getattr(self, name), least=FEWEST)
        for name, least in (("factor", 0.0), ("year", 2.0)):
            value = getattr(self, name)
            if (value is not None or name == "factor") and not (is_number(value) and value > least):
                raise BadDefinition(f"{name} is {value!r}: give a number above {least:g}")
        if not is_number(self.dispersion_floor) or self.dispersion_floor < 0:
            raise BadDefinition(f"dispersion_floor is {self.dispersion_floor!r}: give 1, or 0 for no floor")
        if not is_number(self.alpha) or not 0 < self.alpha < 0.5:
            raise BadDefinition(f"alpha is {self.alpha!r}: give a share such as 0.05, which makes intervals of 95%")
        if not isinstance(self.unit, str):
            raise BadDefinition(f"unit is {self.unit!r}: give a word such as '%' or 'min'")
        check_version(self.version, VERSION)

    def resolved(self, points: int) -> ItsSpec:
        """Return the definition with every choice by name, as so many points in all decide it and nothing else.

        >>> ItsSpec().resolved(11).method, ItsSpec().resolved(12).method
        ('ols', 'ar1')
        """
        method = self.method
        if method == "policy":
            method = "ols" if points < OLS_UNDER else "ar1"
        lags = self.lags
        if method == "ols_newey_west" and lags is None:
            lags = newey_west_lags(points)
        return replace(self, method=method, lags=lags)

    @property
    def counts(self) -> bool:
        """Say whether the method is one for counts, and so reads numerators and denominators."""
        return self.method in ("quasi_poisson", "quasi_binomial")


def newey_west_lags(points: int) -> int:
    """Return how many lags the rule of Newey and West takes (1994, Rev Econ Stud 61: 631-653).

    >>> newey_west_lags(24), newey_west_lags(100)
    (2, 4)
    """
    return int(4 * (points / 100) ** (2 / 9))


def _whole(name: str, value: object, *, least: int) -> None:
    if type(value) is not int or value < least:
        raise BadDefinition(f"{name} is {value!r}: give a whole number, {least} or more")
