"""A word from an act to the streams of this process: this wall was changed, look again."""

from __future__ import annotations

from collections.abc import Callable

Hear = Callable[[int], None]
_listeners: set[Hear] = set()


def listen(hear: Hear) -> None:
    """Call `hear` with the number of each wall that is changed, in the thread that changed it."""
    _listeners.add(hear)


def stop_listening(hear: Hear) -> None:
    _listeners.discard(hear)


def tell(wall: int) -> None:
    """Say that a wall, or its link, was changed."""
    for hear in tuple(_listeners):
        hear(wall)
