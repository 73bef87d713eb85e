"""A measure: who is counted, what counts, whose number it is. One YAML file each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from knitwork.measures.language import check, parse, tree
from knitwork.measures.language.names import MERGED_NAMES, Fact
from knitwork.measures.yaml_tree import Branch, read_tree

Owner = Literal["stay.unit", "link", "visit.units", "visit.last_unit", "journey.units"]
Moment = Literal["stay.start", "stay.end", "handoff.arrived", "handoff.left", "visit.end", "journey.end", "census.day"]
Statistic = Literal["ratio", "median", "p90", "count", "mean"]

OWNERS: dict[str, tuple[Fact, ...]] = {
    "stay.unit": ("stay", "census"),
    "link": ("handoff",),
    "visit.units": ("visit",),
    "visit.last_unit": ("visit",),
    "journey.units": ("journey",),
}
MOMENTS: dict[str, Fact] = {
    "stay.start": "stay",
    "stay.end": "stay",
    "handoff.arrived": "handoff",
    "handoff.left": "handoff",
    "visit.end": "visit",
    "journey.end": "journey",
    "census.day": "census",
}
STATISTICS = ("ratio", "median", "p90", "count", "mean")
QUANTILES = {"median": 0.5, "p90": 0.9}
# Values are kept in whole seconds and shown in one of these.
SECONDS_IN = {"s": 1, "min": 60, "h": 3600, "days": 86400}
UNITS = ("%", *SECONDS_IN, "per 100", "per visit", "per journey", "patients")
DIRECTIONS = ("up", "down", "neither")
CHARTS = ("run", "xmr", "p", "p_prime", "u", "u_prime", "c")
COMPASS = ("functional", "clinical", "satisfaction", "cost", "none")

# What a measure may need of the data, and how to say that it is missing.
NEEDS: dict[str, str] = {
    "end": "no stay says when it ended",
    "visit": "stays cannot be told apart into visits",
    "icu units": "no unit is known to be an intensive or coronary care unit",
    "ed units": "no unit is known to be an emergency department",
    "inpatient units": "no unit is known to be an inpatient unit",
    "clinic stays": "no stays in a practice, clinic, home care or virtual unit are known",
    "capacity": "no unit's capacity is known",
    "departures recorded": "departures were not recorded, or are copies of the next arrival",
    "times of day": "only dates were recorded, no times of day",
    "calendar": "the dates were shifted to protect privacy, so days and months mean nothing",
    "two units": "all stays are in one unit",
}

# The long-stay baseline: stays that end in the home's first so many local days set the
# percentile for their unit, if there are enough of them.
BASELINE_DAYS = 365
BASELINE_PERCENTILE = 0.95
BASELINE_LEAST = 100


@dataclass(frozen=True, slots=True)
class Clause:
    """An expression as it was written, and its tree."""

    text: str
    tree: tree.Expression


@dataclass(frozen=True, slots=True)
class Words:
    """The definition for people: who is counted, what counts, and the whole in one sentence."""

    numerator: str
    denominator: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a nurse says when the number goes up, or down: a few words to which "since March 2026" can be added."""

    up: str
    down: str


@dataclass(frozen=True, slots=True)
class Example:
    """A case worked out by hand: stays, and the number that must come of them."""

    stays: tuple[tuple[str | None, ...], ...]
    units: dict[str, str]
    belongs: dict[str, str]
    capacity: dict[str, float]
    level: str
    unit: str
    stratum: str
    as_of: str | None
    num: int | None
    den: int | None
    value: float | None
    n: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure, checked. `identity` names exactly this definition: version and hash."""

    id: str
    version: str
    title: str
    title_short: str
    why: str
    source: str
    owner: Owner
    fact: Fact
    at: Moment
    micro_rows: bool
    population: Clause | None
    denominator: Clause | None
    exclude: Clause | None
    numerator: Clause | None
    value: Clause | None
    statistic: Statistic
    factor: float
    unit: str
    direction: str
    chart: str
    compass: str
    needs: tuple[str, ...]
    unlock: str
    censor_days: int
    min_n: int
    words: Words
    said: Said | None
    tests: tuple[Example, ...]
    digest: str

    @property
    def identity(self) -> str:
        """Version and the start of the hash of everything that decides the number."""
        return f"{self.version}+{self.digest[:12]}"

    @property
    def over_baseline(self) -> bool:
        """Say whether its numerator compares a value with the unit's own baseline."""
        return self.numerator is not None and any(
            isinstance(e, tree.Name) and e.name in MERGED_NAMES for e in tree.walk(self.numerator.tree)
        )

    @property
    def has_values(self) -> bool:
        """Say whether it keeps single values (a histogram) rather than two sums."""
        return self.value is not None

    @property
    def seconds_in_unit(self) -> int:
        """How many seconds one of its units of measurement has."""
        return SECONDS_IN.get(self.unit, 1)

    def clauses(self) -> tuple[Clause, ...]:
        return tuple(
            c for c in (self.population, self.denominator, self.exclude, self.numerator, self.value) if c is not None
        )

    @property
    def watermark_lag(self) -> int:
        """How many of the records' last local days are too recent to be judged."""
        return self.censor_days + 1 if self.censor_days else 0

    def last_counted_day(self, watermark_day: int) -> int:
        """Return the last local day that counts when records reach to `watermark_day`.

        A return within 7 days of a discharge yesterday cannot be known yet: such days are left out.
        """
        return watermark_day - self.watermark_lag


_REQUIRED = (
    "id", "version", "title", "title_short", "why", "source", "owner", "fact", "at", "statistic", "unit",
    "direction", "chart", "compass", "needs", "unlock", "words", "tests",
)  # fmt: skip
_OPTIONAL = (
    "rows", "population", "denominator", "exclude", "numerator", "value", "factor", "censor_days", "min_n",
    "said",
)  # fmt: skip


def read_measure(text: str, source: str = "") -> Measure:
    """Read one definition; whatever is wrong with it is said with line and column."""
    root = read_tree(text, source)
    keys = root.mapping("a measure", required=_REQUIRED, optional=_OPTIONAL)
    fact: Fact = keys["fact"].one_of("fact", set(MOMENTS.values()))  # type: ignore[assignment]
    measure = Measure(
        id=keys["id"].text("id"),
        version=keys["version"].text("version"),
        title=keys["title"].text("title"),
        title_short=keys["title_short"].text("title_short"),
        why=keys["why"].text("why"),
        source=keys["source"].text("source"),
        owner=keys["owner"].one_of("owner", OWNERS),  # type: ignore[arg-type]
        fact=fact,
        at=keys["at"].one_of("at", MOMENTS),  # type: ignore[arg-type]
        micro_rows=_micro_rows(keys),
        population=_condition(keys, "population", fact),
        denominator=_clause(keys, "denominator", fact),
        exclude=_condition(keys, "exclude", fact),
        numerator=_clause(keys, "numerator", fact),
        value=_clause(keys, "value", fact),
        statistic=keys["statistic"].one_of("statistic", STATISTICS),  # type: ignore[arg-type]
        factor=keys["factor"].number("factor") if "factor" in keys else 1.0,
        unit=keys["unit"].one_of("unit", UNITS),
        direction=keys["direction"].one_of("direction", DIRECTIONS),
        chart=keys["chart"].one_of("chart", CHARTS),
        compass=keys["compass"].one_of("compass", COMPASS),
        needs=tuple(b.one_of("a need", NEEDS) for b in keys["needs"].items("needs")),
        unlock=keys["unlock"].text("unlock"),
        censor_days=keys["censor_days"].whole("censor_days") if "censor_days" in keys else 0,
        min_n=keys["min_n"].whole("min_n") if "min_n" in keys else 1,
        words=_words(keys["words"]),
        said=_said(keys["said"]) if "said" in keys else None,
        tests=tuple(_example(b) for b in keys["tests"].items("tests")),
        digest=_digest(root),
    )
    _fits_together(measure, keys)
    return measure


# What a person reads decides no number: mending a sentence leaves a measure the same.
WORDING = ("tests", "title", "title_short", "why", "source", "unlock", "words", "said")


def _digest(root: Branch) -> str:
    content = root.plain()
    if isinstance(content, dict):
        content = {key: value for key, value in content.items() if key not in WORDING}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _micro_rows(keys: dict[str, Branch]) -> bool:
    if "rows" in keys:
        return keys["rows"].one_of("rows", ("micro", "level")) == "micro"
    return keys["owner"].value == "link"


def _clause(keys: dict[str, Branch], key: str, fact: Fact) -> Clause | None:
    branch = keys.get(key)
    if branch is None:
        return None
    text = branch.text(key)
    if not branch.one_line:
        raise branch.at.error(f"write {key} on one line, so that an error in it can be pointed at")
    wanted = ("number",) if key == "value" else ("yes or no", "number")
    found = parse(text, branch.at)
    check(found, fact, wanted=wanted)  # type: ignore[arg-type]  # both are types of values
    return Clause(text, found)


def _condition(keys: dict[str, Branch], key: str, fact: Fact) -> Clause | None:
    clause = _clause(keys, key, fact)
    if clause is not None:
        check(clause.tree, fact, wanted=("yes or no",))
    return clause


def _words(branch: Branch) -> Words:
    keys = branch.mapping("words", required=("numerator", "denominator", "sentence"))
    return Words(**{key: value.text(key) for key, value in keys.items()})


def _said(branch: Branch) -> Said:
    keys = branch.mapping("said", required=("up", "down"))
    return Said(**{key: value.text(key) for key, value in keys.items()})


def _example(branch: Branch) -> Example:
    keys = branch.mapping(
        "a test",
        required=("stays", "units", "level", "unit", "expect", "why"),
        optional=("belongs", "capacity", "stratum", "as_of"),
    )
    expect = keys["expect"].mapping("expect", required=(), optional=("num", "den", "value", "n"))

    def texts(key: str) -> dict[str, str]:
        return {k: b.text(key) for k, b in keys[key].mapping(key).items()} if key in keys else {}

    return Example(
        stays=tuple(
            tuple(None if cell.value is None else cell.text("a stay") for cell in row.items("a stay"))
            for row in keys["stays"].items("stays")
        ),
        units=texts("units"),
        belongs=texts("belongs"),
        capacity={unit: float(beds) for unit, beds in texts("capacity").items()},
        level=keys["level"].one_of("level", ("micro", "meso", "macro")),
        unit=keys["unit"].text("unit"),
        stratum=keys["stratum"].text("stratum") if "stratum" in keys else "",
        as_of=keys["as_of"].text("as_of") if "as_of" in keys else None,
        num=expect["num"].whole("num") if "num" in expect else None,
        den=expect["den"].whole("den") if "den" in expect else None,
        value=expect["value"].number("value") if "value" in expect else None,
        n=expect["n"].whole("n") if "n" in expect else None,
        why=keys["why"].text("why"),
    )


def _fits_together(measure: Measure, keys: dict[str, Branch]) -> None:
    if measure.fact not in OWNERS[measure.owner]:
        facts = " or ".join(OWNERS[measure.owner])
        raise keys["owner"].at.error(f"{measure.owner} owns rows of {facts}, and this measure is about {measure.fact}")
    if MOMENTS[measure.at] != measure.fact:
        raise keys["at"].at.error(f"{measure.at} is no moment of a {measure.fact}")
    if measure.micro_rows and measure.fact not in ("stay", "handoff"):
        raise keys["rows"].at.error("only stays and hand-offs can be counted as microsystems' at every level")
    if measure.statistic in QUANTILES and measure.value is None:
        raise keys["statistic"].at.error(f"a {measure.statistic} needs a value: say what is measured")
    if measure.statistic in ("ratio", "mean") and measure.numerator is None:
        raise keys["statistic"].at.error(f"a {measure.statistic} needs a numerator: say what counts")
    if measure.statistic in QUANTILES and measure.unit not in SECONDS_IN:
        raise keys["unit"].at.error(f"values are kept in seconds: the unit is one of {', '.join(SECONDS_IN)}")
    for key in ("population", "denominator", "exclude", "value"):
        if key in keys and any(isinstance(e, tree.Name) and e.name in MERGED_NAMES for e in _walk(measure, key)):
            raise keys[key].at.error("value and baseline.p95 can stand in a numerator only")
    if measure.over_baseline:
        compared = measure.numerator.tree if measure.numerator else None
        sides = (compared.left, compared.right) if isinstance(compared, tree.Compare) else ()
        if [getattr(side, "name", "") for side in sides] != ["value", "baseline.p95"] or measure.value is None:
            raise keys["numerator"].at.error("a numerator over the baseline is written value > baseline.p95")


def _walk(measure: Measure, key: str) -> tuple[tree.Expression, ...]:
    clause = getattr(measure, key)
    return tuple(tree.walk(clause.tree)) if isinstance(clause, Clause) else ()
