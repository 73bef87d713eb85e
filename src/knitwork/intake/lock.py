"""One loader at a time: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from knitwork.model.errors import CannotDo


@contextmanager
def one_writer(home: Path) -> Iterator[None]:
    """Hold `home` for writing, or say at once that someone else does."""
    home.mkdir(parents=True, exist_ok=True)
    with _held(
        home / ".loading",
        lambda who: f"another load is at work in {home} (process {who}): wait until it has finished and try again",
    ):
        yield


@contextmanager
def one_listener(home: Path, feed: str) -> Iterator[None]:
    """Hold a live feed of `home`, or say at once that someone else listens for it."""
    home.mkdir(parents=True, exist_ok=True)
    with _held(
        home / f".listening-{feed}",
        lambda who: f"process {who} listens for {feed} in {home} already: stop it first, or name another feed",
    ):
        yield


@contextmanager
def _held(path: Path, said: Callable[[str], str]) -> Iterator[None]:
    with path.open("a+b") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read(32).decode("ascii", "replace").strip() or "unknown"
            raise CannotDo(said(holder)) from None
        handle.truncate(0)
        handle.write(str(os.getpid()).encode("ascii"))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)
