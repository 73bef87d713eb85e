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
_FULL_WORDS = (
    "no space left", "file too large", "quota exceeded", "max_temp_directory_size", "disk is full", "disk i/o error",
)  # fmt: skip
_SHUT_WORDS = ("permission denied", "read-only file system", "readonly database", "unable to open database file")


@contextmanager
def in_sentences(home: Path, *, doing: str, also: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what the operating system refuses into a sentence; `doing` says what did not happen to anything.

    `also` are errors of other databases that say the same.
    """
    troubles: tuple[type[Exception], ...] = (OSError, DiskTrouble, MemoryTrouble, *also)
    try:
        yield
    except (BlockingIOError, BrokenPipeError):
        raise
    except troubles as problem:
        said = _sentence(home, doing, problem)
        if said is None:
            raise
        raise CannotDo(said) from problem


def _sentence(home: Path, doing: str, problem: Exception) -> str | None:
    number = problem.errno if isinstance(problem, OSError) else None
    text = str(problem).casefold()
    if number in _FULL or any(word in text for word in _FULL_WORDS):
        return f"nothing was {doing}: the disk of {home} is full or its quota is used up; make room and try again"
    if number in _SHUT or any(word in text for word in _SHUT_WORDS):
        return (
            f"nothing was {doing}: {home} may not be written to by this account; "
            "ask for permission, or name another folder with --home"
        )
    if "database is locked" in text:
        return f"nothing was {doing}: someone else is writing to {home}; wait until that has finished and try again"
    if isinstance(problem, MemoryTrouble):
        return (
            f"nothing was {doing}: it needs more memory than is allowed; "
            f"raise memory_mb in {home / 'knitwork.toml'}, or set KNITWORK_MEMORY_MB"
        )
    if isinstance(problem, OSError | DiskTrouble):
        first = text.splitlines()[0] if text else type(problem).__name__
        return f"nothing was {doing}: the disk of {home} refused ({first}); check it with knitwork doctor and try again"
    return None
