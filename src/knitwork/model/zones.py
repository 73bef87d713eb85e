"""Which names are time zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo

# The longest name of the IANA database has 32 letters.
_LONGEST = 64


def is_zone(name: str) -> bool:
    """Say whether there is a time zone of this name, such as Europe/Amsterdam.

    >>> is_zone("Europe/Amsterdam"), is_zone("Europe/Utopia"), is_zone("a/" * 9_000)
    (True, False, False)
    """
    # A name is looked up as a package within packages, one for each slash: thousands of them exhaust the stack.
    if len(name) > _LONGEST:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
