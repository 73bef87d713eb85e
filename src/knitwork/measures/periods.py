"""Days, weeks and months in SQL, and the types of columns with few different texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

# period: the SQL of the day on which it begins. Weeks begin on Monday; 1970-01-01 was a Thursday.
PERIODS: dict[str, str] = {
    "day": "day",
    "week": "day - (day % 7 + 10) % 7",
    "month": "date_diff('day', DATE '1970-01-01', date_trunc('month', DATE '1970-01-01' + day)::DATE)::INTEGER",
    "all": "0",
}


def first_day(period: str, alias: str) -> str:
    """Return the SQL of the day on which the period of a row begins; of all rows together, the first day."""
    return f"min({alias}.day)" if period == "all" else re.sub(r"\bday\b(?!')", f"{alias}.day", PERIODS[period])


def enum(names: Iterable[str]) -> str:
    """Return the type of a column that holds few different texts, in alphabetical order."""
    listed = ", ".join(f"'{name}'" for name in sorted(set(names)))
    return f"ENUM ({listed})"
