"""The words that stand for a patient in every planted file, and the search for them in whatever the product says.

Nobody is called so and no number looks so by chance, hence every hit is a leak. The search knows each word in the
writings that a program could give it on the way: in an address, in hexadecimal, in base64, as a plain hash.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from dataclasses import dataclass

FAMILY, GIVEN, KIN, STREET = "Quillfeather", "Zebedina", "Barnabus", "Quagmire"
BORN = dt.date(1957, 3, 14)
SSN, PHONE = "987-65-4329", "+31 6 5550 1773"
# A number of each kind; a feed writes its own name behind it, so that a leak says where it came from.
PATIENT, VISIT, ACCOUNT, KIN_NUMBER = "QZXMRN", "QZXVIS", "QZXACC", "QZXKIN"
# Where a format allows digits only.
DIGITS = 7_741_776_000


def number(kind: str, feed: str) -> str:
    """Return the number of a kind in a feed."""
    return f"{kind}{feed.upper()}"


def of(day: dt.date) -> tuple[str, ...]:
    """Return a day in the writings of the countries that we know of."""
    seconds = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
    short, months = day.strftime("%b"), (day.strftime("%B"), "maart")
    parts = [f"{day:%Y%m%d}", f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day:%d%m%Y}", str(seconds)]
    for mark in "-/.":
        parts += [f"{day:%d}{mark}{day:%m}{mark}{day:%Y}", f"{day:%m}{mark}{day:%d}{mark}{day:%Y}"]
        parts += [f"{day.day}{mark}{day.month}{mark}{day.year}", f"{day.month}{mark}{day.day}{mark}{day.year}"]
        parts.append(f"{day.day}{mark}{short}{mark}{day.year}")
    for month in (*months, short):
        parts += [f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}"]
    return tuple(dict.fromkeys(parts))


_NAMES = "|".join((FAMILY, GIVEN, KIN, STREET))
_DAYS = "|".join(rf"(?<!\d){re.escape(day)}(?!\d)" for day in of(BORN))
_SSN = r"987[- .]?65[- .]?4329"
_PHONE = r"5550[- ]?1773"
KINDS = {
    "name": re.compile(_NAMES, re.IGNORECASE),
    "birth date": re.compile(_DAYS, re.IGNORECASE),
    "number": re.compile(rf"QZX[A-Z]{{3}}\w*|{str(DIGITS)[:-3]}\d{{3}}|{_SSN}|{_PHONE}", re.IGNORECASE),
}
HASHES = (hashlib.md5, hashlib.sha1, hashlib.sha256)
# So much of a hash gives it away: shortened marks of it are told too.
SHORTEST = 12


@dataclass(frozen=True)
class Leak:
    """What stood where: the kind of word, the word, and its neighbourhood."""

    kind: str
    word: str
    around: str


def leaks(text: str | bytes) -> list[Leak]:
    """Return every planted word that stands in a text, whatever its letters' case."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    found = []
    for writing in dict.fromkeys((text, unquoted(text))):
        for kind, pattern in KINDS.items():
            found += [
                Leak(kind, m[0], writing[max(0, m.start() - 80) : m.end() + 40]) for m in pattern.finditer(writing)
            ]
    return found


def disguised(text: str, planted: list[str]) -> list[Leak]:
    """Return every planted word that stands in a text in hexadecimal, in base64 or as a hash without a key."""
    small = text.casefold()
    found = []
    for word in planted:
        content = word.encode()
        hidden = {
            "hexadecimal": content.hex()[:-1],
            "base64": base64.b64encode(content).decode().rstrip("=")[:-1].casefold(),
        }
        hidden |= {one().name: one(content).hexdigest()[:SHORTEST] for one in HASHES}
        found += [Leak(how, word, text) for how, part in hidden.items() if part in small]
    return found


def unquoted(text: str) -> str:
    """Return a text as it reads without the signs of addresses, of our own converter and of markup."""
    text = re.sub(r"&#x?0*(?:27|39|2f|47);", "'", text)
    return re.sub(r"[%~]([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), text)
