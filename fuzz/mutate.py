"""From good inputs to damaged and hostile ones, the same ones for the same seed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

# No case is longer than this; few are longer than a hundredth of it.
LONGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a kind of text is made of: whole good texts, words of it, what opens and closes, and what divides."""

    name: str
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    nests: tuple[tuple[bytes, bytes], ...]
    dividers: bytes


# What has broken parsers of any kind before.
HOSTILE = (
    b"\x00", b"\x00" * 9, b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xef\xbf\xbe", b"\xc2\x85",
    b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\x1a", b"\x1b", b"\x7f", b"\r", b"\n", b"\r\n", b"\n\r\n", b"\t", b"\xc2\xa0",
    b"'", b'"', b'""', b'"""', b"\\", b"\\\\", b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\\x00", b"%s%n", b"{0}",
    b"../../etc/passwd", b"=1+1", b"'; DROP TABLE landed; --", b"<script>", b"$(id)", b"NaN", b"-Infinity", b"1e400",
    b"-1e-400", b"9" * 19, b"-9223372036854775808", b"9223372036854775807", b"9" * 400, b"0x7f", b"1_000", b"-0",
    b"0.1.2", b"\xd9\xa1\xd9\xa2", b"\xf0\x9f\x98\x80" * 3, b"e\xcc\x81" * 20, b"null", b"true",
)  # fmt: skip
DATES = (
    b"0000-00-00", b"0001-01-01", b"9999-12-31T23:59:59.999999999Z", b"10000-01-01", b"-0044-03-15", b"2023-02-29",
    b"2024-02-30 10:00", b"2024-03-31T02:30:00", b"2024-10-27T02:30:00", b"2016-12-31T23:59:60Z", b"2024-01-01T24:00:00",
    b"2024-01-01T25:61:61", b"2024-01-01T00:00:00+14:00", b"2024-01-01T00:00:00+99:99", b"2024-01-01T00:00:00-2459",
    b"294247-01-10T04:00:54.775807Z", b"290309-12-22 (BC)", b"infinity", b"-infinity", b"epoch", b"1900-01-01", b"45000.99",
    b"2958466", b"99999999", b"20240230", b"00000000", b"99991231235959.9999+9999", b"202413011200", b"31/12/9999",
    b"13/13/2024", b"01/02/03", b"1 Jan 0000", b"2024-W53-7", b"24:00", b"23:59:59.9999999999",
)  # fmt: skip
_NUMBER = re.compile(rb"\d{1,20}")
_DATE = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ][0-9:.]+)?(?:Z|[+-]\d\d:?\d\d)?|\d{8,14}")
_MARKS = (
    codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE,
    codecs.BOM_UTF8 * 2, b"\x1f\x8b", b"PK\x03\x04",
)  # fmt: skip
_ENCODINGS = (
    "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp037", "cp1252", "latin-1", "shift_jis", "utf-7",
)  # fmt: skip
# How often to repeat: mostly little, seldom so much that what grows with the square of it would be seen.
_TIMES = (2, 3, 5, 10, 30, 100, 300, 1_000)
_MANY = (3_000, 10_000, 30_000, 100_000, 300_000)


def _times(random: Random) -> int:
    return random.choice(_MANY if random.random() < 0.02 else _TIMES)


def _span(text: bytes, random: Random, longest: int = 64) -> tuple[int, int]:
    start = random.randrange(len(text) + 1)
    return start, min(len(text), start + random.randrange(longest))


def _put(text: bytes, what: bytes, random: Random) -> bytes:
    """Put something in a place, or in the place of something."""
    start, end = _span(text, random)
    return text[:start] + what + text[start if random.random() < 0.5 else end :]


def flip(text: bytes, _: Grammar, random: Random) -> bytes:
    """Change bits of some bytes."""
    changed = bytearray(text)
    for _number in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut(text: bytes, _: Grammar, random: Random) -> bytes:
    """Cut the end, the beginning or something between off."""
    start, end = _span(text, random, random.choice((4, 64, 1_000)))
    return random.choice((text[:start], text[start:], text[:start] + text[end:]))


def splice(text: bytes, grammar: Grammar, random: Random) -> bytes:
    """Go on in the middle of another input."""
    other = random.choice(grammar.seeds)
    return text[: random.randrange(len(text) + 1)] + other[random.randrange(len(other) + 1) :]


def repeat(text: bytes, _: Grammar, random: Random) -> bytes:
    """Say a part of it many times."""
    start, end = _span(text, random)
    return text[:start] + text[start:end] * _times(random) + text[end:]


def hostile(text: bytes, _: Grammar, random: Random) -> bytes:
    """Put in what has broken parsers before."""
    return _put(text, random.choice(HOSTILE), random)


def word(text: bytes, grammar: Grammar, random: Random) -> bytes:
    """Put in a word of the grammar where it may not belong."""
    return _put(text, random.choice(grammar.words), random)


def nest(text: bytes, grammar: Grammar, random: Random) -> bytes:
    """Open something many times; close it as often, or not."""
    opening, closing = random.choice(grammar.nests)
    times = _times(random)
    start, end = _span(text, random)
    inner = text[start:end] if random.random() < 0.5 else b""
    return text[:start] + opening * times + inner + closing * (times if random.random() < 0.7 else 0) + text[end:]


def number(text: bytes, _: Grammar, random: Random) -> bytes:
    """Make a number huge, negative or none."""
    found = list(_NUMBER.finditer(text, 0, 20_000))
    if not found:
        return text
    one = random.choice(found)
    other = random.choice(
        (b"0", b"-1", b"9" * random.choice((10, 19, 20, 39, 400, 5_000)), b"1e9", b"0.5", b"1" * 6, b"")
    )
    return text[: one.start()] + other + text[one.end() :]


def date(text: bytes, _: Grammar, random: Random) -> bytes:
    """Put a time that does not exist, or is out of every range, in the place of one."""
    found = list(_DATE.finditer(text, 0, 20_000))
    if not found:
        return _put(text, random.choice(DATES), random)
    one = random.choice(found)
    return text[: one.start()] + random.choice(DATES) + text[one.end() :]


def divide(text: bytes, grammar: Grammar, random: Random) -> bytes:
    """Turn one divider into another, here or everywhere."""
    sign, other = (bytes([random.choice(grammar.dividers)]) for _ in range(2))
    return text.replace(sign, other, random.choice((1, 1, 3, -1)))


def overlong(text: bytes, grammar: Grammar, random: Random) -> bytes:
    """Make one value very long, or very many values of nothing."""
    sign = random.choice((b"A", b"9", b"\xc3\xa9", b" ", b"\\", bytes([random.choice(grammar.dividers)])))
    return _put(text, sign * (_times(random) * random.choice((1, 1, 7))), random)


def recode(text: bytes, _: Grammar, random: Random) -> bytes:
    """Write it in another encoding, with or without saying so."""
    return text.decode("utf-8", "replace").encode(random.choice(_ENCODINGS), "replace")


def mark(text: bytes, _: Grammar, random: Random) -> bytes:
    """Begin with the mark of an encoding or of a packed file."""
    return random.choice(_MARKS) + text


def shuffle(text: bytes, _: Grammar, random: Random) -> bytes:
    """Drop, double or move a line."""
    lines = re.split(rb"(?<=[\r\n])", text, maxsplit=500)
    at = random.randrange(len(lines))
    kept = lines.pop(at)
    for _number in range(random.choice((0, 1, 2))):
        lines.insert(random.randrange(len(lines) + 1), kept)
    return b"".join(lines)


Mutation = Callable[[bytes, Grammar, Random], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    flip, flip, cut, splice, repeat, hostile, hostile, word, word, nest, number, date, date, divide, overlong, recode,
    mark, shuffle,
)  # fmt: skip
# Within a file of many records each keeps its place, so what speaks of a whole file is left out.
WITHIN: tuple[Mutation, ...] = (flip, cut, splice, hostile, hostile, word, word, number, date, date, divide, repeat)


def mutated(grammar: Grammar, random: Random, mutations: tuple[Mutation, ...] = MUTATIONS) -> bytes:
    """Return one case: a good input, changed once to a few times."""
    text = random.choice(grammar.seeds)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5))):
        text = random.choice(mutations)(text, grammar, random)[:LONGEST]
    return text
