"""A full disk, a folder that may not be written to, too little memory: one sentence with a way out."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knitwork.lake.engine import DiskTrouble, MemoryTrouble
from knitwork.model.errors import CannotDo

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHUT = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL_WORDS = ("no space left", "file too large", "quota exceeded", "max_temp_directory_size")
_SHUT_WORDS = ("permission denied", "read-only file system")


@contextmanager
def in_sentences(home: Path, *, doing: str) -> Iterator[None]:
    """Turn what the operating system refuses into a sentence; `doing` says what did not happen to anything."""
    try:
        yield
    except (OSError, DiskTrouble, MemoryTrouble) as problem:
        raise CannotDo(_sentence(home, doing, problem)) from problem


def _sentence(home: Path, doing: str, problem: Exception) -> str:
    number = problem.errno if isinstance(problem, OSError) else None
    text = str(problem).casefold()
    if isinstance(problem, MemoryTrouble) and not any(word in text for word in _FULL_WORDS):
        return (
            f"nothing was {doing}: it needs more memory than is allowed; "
            f"raise memory_mb in {home / 'knitwork.toml'}, or set KNITWORK_MEMORY_MB"
        )
    if number in _FULL or any(word in text for word in _FULL_WORDS):
        return f"nothing was {doing}: the disk of {home} is full or its quota is used up; make room and try again"
    if number in _SHUT or any(word in text for word in _SHUT_WORDS):
        return f"nothing was {doing}: {home} may not be written to by this account; ask for permission, or name another --home"
    first = str(problem).splitlines()[0]
    return f"nothing was {doing}: the disk of {home} refused ({first}); check it with knitwork doctor and try again"
