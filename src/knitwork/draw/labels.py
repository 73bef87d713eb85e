"""Numbers as people write them, and the room that a text takes.

A picture is drawn without a browser, so the width of a text is reckoned from a table of letter widths. The table is
that of DejaVu Sans, the widest of the sans serifs that systems use by default: in any other the text is narrower.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

Values = Sequence[float | None]

# Advance widths in thousandths of the type size, from the hmtx tables of DejaVu Sans 2.37.
_REGULAR = {
    278: "ijl'",
    318: "IJ \u00a0,.·‘’",
    361: "f-/:;\\|",
    411: "()[]t!r",
    460: '"',
    500: "*_`–",
    531: "“”sz?",
    557: "cL",
    592: "Fkvxy",
    615: "PTYoae",
    637: "EhnuSbdgpq$0123456789{}",
    686: "KAVXZB",
    732: "RCU",
    787: "NHDG&OQ",
    838: "w#+<=>^~±×≤≥→−÷",
    950: "M%",
    1000: "mW@—…",
}
_BOLD = {
    349: "ijl' \u00a0",
    380: "/\\|IJ,.·‘’",
    415: ":;-",
    457: "f!()[]",
    523: 't"r*_`–',
    595: "?zcs",
    665: "Lxvy“”k",
    696: "aeTEFo$0123456789",
    734: "hnu{}bdgpqSYZPC",
    775: "BRXAVK",
    838: "UGDHN#+<=>^~±×≤≥→−÷",
    872: "OQ&",
    924: "w",
    1042: "M@—…%m",
    1110: "W",
}
# A letter of another script: as wide as the widest of Cyrillic, Hebrew and Arabic. Ideographs are one em.
_OTHER = {False: 1225, True: 1380}


def _table(rows: dict[int, str]) -> dict[str, int]:
    return {letter: width for width, letters in rows.items() for letter in letters}


_WIDTHS = {False: _table(_REGULAR), True: _table(_BOLD)}


def _letter(letter: str, bold: bool) -> int:
    known = _WIDTHS[bold].get(letter)
    if known is not None:
        return known
    if unicodedata.combining(letter):
        return 0
    bare = unicodedata.normalize("NFD", letter)[0]
    # An accent may stand beside its letter ("ľ"), so give it a tenth of the size more.
    width = _WIDTHS[bold].get(bare)
    return _OTHER[bold] if width is None else width + 140


@lru_cache(maxsize=8192)
def _ems(text: str, bold: bool) -> int:
    return sum(_letter(letter, bold) for letter in text)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return an upper estimate of the width of `text`, in the unit of `size`.

    >>> text_width("44", 10)
    12.74
    """
    return _ems(text, bold) * size / 1000


def fit(text: str, width: float, size: float, bold: bool = False) -> str:
    """Return `text`, or as much of it as fits into `width` with an ellipsis; nothing where not even that fits.

    >>> fit("Coronary care unit", 80, 13)
    'Coronary…'
    """
    if text_width(text, size, bold) <= width:
        return text
    room = width - text_width("…", size, bold)
    if room < 0:
        return ""
    used = 0.0
    for at, letter in enumerate(text):
        used += text_width(letter, size, bold)
        if used > room:
            return text[:at].rstrip() + "…"
    return text


def wrap(text: str, width: float, size: float, *, bold: bool = False, lines: int = 2) -> tuple[str, ...]:
    """Return `text` in at most so many lines that fit into `width`, broken between words.

    >>> wrap("Coronary care unit", 100, 13)
    ('Coronary care', 'unit')
    """
    words, out = text.split(), [""]
    for at, word in enumerate(words):
        longer = f"{out[-1]} {word}".strip()
        if not out[-1] or text_width(longer, size, bold) <= width:
            out[-1] = longer
        elif len(out) < lines:
            out.append(word)
        else:
            out[-1] = " ".join([out[-1], *words[at:]])
            break
    return tuple(fit(line, width, size, bold) for line in out)


def decimals_for(values: Iterable[float | None]) -> int:
    """Return how many decimals tell these values apart: a tenth of their spread, and at most four.

    >>> decimals_for([17.0, 44.0]), decimals_for([1.2, 5.2]), decimals_for([0.61, 0.64])
    (0, 1, 3)
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return 0
    span = max(known) - min(known)
    largest = max(abs(value) for value in known)
    if span <= 1e-9 * largest or span == 0:
        return 0 if largest >= 10 or largest == int(largest) else 1
    return min(max(math.ceil(-math.log10(span / 10) - 1e-9), 0), 4)


class Writing(NamedTuple):
    """How a language writes numbers: the marks of thousands and of decimals, and the name of a unit."""

    thousands: str = ","
    decimal: str = "."
    unit: Callable[[str], str] = str


ENGLISH = Writing()
_asked: list[Callable[[], Writing]] = [lambda: ENGLISH]


def write_as(writing: Callable[[], Writing]) -> None:
    """Let numbers be written as `writing` says whenever one is: where there are readers of several languages.

    "1,284" is one thousand and more in English, and little more than one in Dutch.
    """
    _asked[:] = [writing]


def number(value: float, decimals: int = 0) -> str:
    """Return `value` in digits, with commas between thousands and a real minus sign; nothing at all is "0".

    The marks are those of the reader's language where `write_as` was told of one.

    >>> number(1284.2), number(-3.14159, 1), number(-0.01, 1), number(0, 2)
    ('1,284', '−3.1', '0.0', '0')
    """
    if value == 0:
        return "0"
    text = f"{value:,.{decimals}f}"
    if text[0] == "-":
        text = text[1:] if not text.strip("-0.,") else "−" + text[1:]
    writing = _asked[0]()
    if writing.decimal != ".":
        text = text.translate({ord(","): writing.thousands, ord("."): writing.decimal})
    return text


def with_unit(digits: str, unit: str) -> str:
    r"""Return digits with their unit; per cent stands close, a word after a space that does not break.

    >>> with_unit("3.2", "%"), with_unit("41", "min").replace("\xa0", " "), with_unit("7", "")
    ('3.2%', '41 min', '7')
    """
    if not unit:
        return digits
    if unit in {"%", "‰"}:
        return digits + unit
    if unit == "days" and digits == "1":
        unit = "day"
    return f"{digits}\u00a0{_asked[0]().unit(unit)}"


def value_text(value: float | None, unit: str, decimals: int = 0) -> str:
    """Return a value with its unit, or a dash where it is not known."""
    return "–" if value is None or not math.isfinite(value) else with_unit(number(value, decimals), unit)


def decimals_to_show(values: Values, limits: Values) -> int:
    """Return the decimals for a chart: told by its centre and limits, or by its values where it has no limits.

    >>> decimals_to_show([31.2, 40.9], [17.1, 30.6, 44.1]), decimals_to_show([3.0, 4.0], [3.5])
    (0, 1)
    """
    known = [limit for limit in limits if limit is not None]
    if all(value is None or value == round(value) for value in (*values, *known)):
        return 0
    return decimals_for(known if len(known) > 1 else values)
