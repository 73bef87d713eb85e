"""What people wrote, as it may stand in a sentence of ours: on one line, and not endless."""

from __future__ import annotations

# A sentence longer than this is a list of what was read, and nobody reads it.
LONGEST_SENTENCE = 1_000
LONGEST_QUOTE = 60


def one_line(text: str, longest: int = LONGEST_QUOTE) -> str:
    r"""Return `text` with every run of blanks and signs that cannot be shown as one blank, its middle cut out when long.

    The middle, because a sentence begins with where something is wrong and ends with the way out.

    >>> one_line("a ward\r\n of two lines"), one_line("abcdefghij", 7)
    ('a ward of two lines', 'ab … ij')
    """
    # Nothing beyond four times the length is looked at sign by sign: a value may have millions.
    if len(text) > 4 * longest:
        text = text[: 2 * longest] + text[-2 * longest :]
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(shown) <= longest:
        return shown
    after = (longest - 3) // 2
    return f"{shown[: longest - 3 - after].rstrip()} … {shown[-after:].lstrip()}"
