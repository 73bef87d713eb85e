"""Where a value of a profile comes from, told alike by pages and by the command line."""

from __future__ import annotations


def origin(value: str | None, guess: str | None, *, said: bool) -> str:
    """Return whether a value was `said` by a person, `guessed`, `given` with the first load, or left `open`.

    >>> origin("ward", "ward", said=False), origin(None, None, said=False), origin("ward", "ward", said=True)
    ('guessed', 'open', 'said')
    """
    if said:
        return "said"
    if value is None:
        return "open"
    return "guessed" if value == guess else "given"
