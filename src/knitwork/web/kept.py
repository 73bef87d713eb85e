"""What is worked out once for a generation and kept while it lasts: numbers only, never words of one language.

Every page asks one generation of the lake, and a generation never changes, so what was worked out
for one reader holds for the next. Rights and languages are applied afterwards, for each request.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

from knitwork.web.source import Source

Found = TypeVar("Found")
# Beyond this many the oldest goes: a thousand small answers are a few megabytes.
MOST = 1_000

_kept: dict[tuple[Hashable, ...], Any] = {}
_locks: dict[tuple[Hashable, ...], Lock] = {}
_door = Lock()


def kept(source: Source, name: str, make: Callable[[], Found], *key: Hashable) -> Found:
    """Return what `make` gives for this generation, made once; two readers at a time wait for one making.

    `name` says what it is and `key` of what; answers of older generations of the same home are dropped.
    """
    whole = (source.key, source.answers.generation, name, *key)
    with _door:
        if whole in _kept:
            return cast(Found, _kept[whole])
        lock = _locks.setdefault(whole, Lock())
    with lock:
        with _door:
            if whole in _kept:
                return cast(Found, _kept[whole])
        made = make()
        with _door:
            for old in [k for k in _kept if k[0] == source.key and k[1] != source.answers.generation]:
                del _kept[old]
            while len(_kept) >= MOST:
                del _kept[next(iter(_kept))]
            _kept[whole] = made
            _locks.pop(whole, None)
    return made


def forget() -> None:
    """Drop everything, for tests that change a system under one generation."""
    with _door:
        _kept.clear()
        _locks.clear()
