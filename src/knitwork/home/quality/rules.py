"""Plausibility rules as data: what a record says that cannot be, or hardly ever is.

A rule is one row: its name, words and a predicate in SQL over the columns that `days.STAYS` gives one stay. The same
predicate counts, finds examples and is printed in the documentation; adding a rule is adding a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from knitwork.draw.periods import gettext_noop

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
# Clocks differ: what begins so little after it was received is no riddle.
AHEAD_US = 300_000_000
# Wards often write an arrival down before the other ward writes the departure.
BOTH_US = HOUR_US
LONG_DAYS = 365

Severity = Literal["cannot be", "hardly ever"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `predicate` is true of a stay that breaks it, and unknown is never true.

    `needs` names what must be known before the rule can be asked: nothing, the patients' deaths or births, or the days
    on which stays truly began, which nobody knows of a feed whose dates were shifted for privacy.
    """

    id: str
    title: str
    sentence: str
    predicate: str
    severity: Severity
    needs: Literal["", "death", "birth", "calendar"] = ""


RULES: tuple[Rule, ...] = (
    Rule(
        "begins_later",
        gettext_noop("Begins after it came"),
        gettext_noop("The stay begins more than 5 minutes after the delivery that tells of it was received."),
        f"start_us > received_us + {AHEAD_US}",
        "cannot be",
        "calendar",
    ),
    Rule(
        "ends_later",
        gettext_noop("Ends after it came"),
        gettext_noop("The recorded end lies more than 5 minutes after the delivery that tells of it was received."),
        f"end_kind = 'recorded' AND end_us > received_us + {AHEAD_US}",
        "cannot be",
        "calendar",
    ),
    Rule(
        "two_beds",
        gettext_noop("In two beds at once"),
        gettext_noop(
            "The patient is in this unit while, for more than an hour, an earlier stay in a unit with beds goes on."
        ),
        f"other_until_us - start_us > {BOTH_US} AND coalesce(end_us, other_until_us) - start_us > {BOTH_US}",
        "hardly ever",
    ),
    Rule(
        "open_long",
        gettext_noop("Open for more than a year"),
        gettext_noop("The stay began more than a year before the records end and has no end."),
        f"end_us IS NULL AND until_us - start_us > {LONG_DAYS * DAY_US}",
        "hardly ever",
        "calendar",
    ),
    Rule(
        "lasts_long",
        gettext_noop("Lasts more than a year"),
        gettext_noop("The stay has a recorded end more than a year after its start."),
        f"end_kind = 'recorded' AND end_us - start_us > {LONG_DAYS * DAY_US}",
        "hardly ever",
    ),
    Rule(
        "after_death",
        gettext_noop("Begins after death"),
        gettext_noop("The stay begins more than a day after the patient's recorded death."),
        f"start_us > died_us + {DAY_US}",
        "cannot be",
        "death",
    ),
    Rule(
        "before_birth",
        gettext_noop("Begins before birth"),
        gettext_noop("The stay begins more than a day before the patient's recorded birth."),
        f"start_us < born_us - {DAY_US}",
        "cannot be",
        "birth",
    ),
)
BY_ID = {rule.id: rule for rule in RULES}


def broken(rule: Rule) -> str:
    """Return the SQL that is true of a stay that breaks a rule, and false where that is not known."""
    return f"coalesce({rule.predicate}, false)"
