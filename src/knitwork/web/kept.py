"""What is worked out once for a generation and kept while it lasts: numbers only, never words of one language.

Every page asks one generation of the lake, and a generation never changes, so what was worked out
for one reader holds for the next. Rights and languages are applied afterwards, for each request.
What also rests on people's decisions about charts holds for one edition of these.
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


def kept(source: Source, name: str, make: Callable[[], Found], *key: Hashable, edition: str | None = None) -> Found:
    """Return what `make` gives for this generation, made once; two readers at a time wait for one making.

    `name` says what it is and `key` of what; answers of older generations of the same home are dropped. What rests on
    decisions about charts says on which `edition` of them, and is dropped when somebody decides anew.
    """
    whole = (source.key, source.answers.generation, edition, name, *key)
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
            for old in [k for k in _kept if k[0] == source.key and _is_old(k, source.answers.generation, edition)]:
                del _kept[old]
            while len(_kept) >= MOST:
                del _kept[next(iter(_kept))]
            _kept[whole] = made
            _locks.pop(whole, None)
    return made


def _is_old(key: tuple[Hashable, ...], generation: int, edition: str | None) -> bool:
    """Say whether a key is of another generation, or of another edition where this one is of any."""
    return key[1] != generation or (edition is not None and key[2] not in (None, edition))


def forget() -> None:
    """Drop everything, for tests that change a system under one generation."""
    with _door:
        _kept.clear()
        _locks.clear()
