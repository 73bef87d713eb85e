"""MLLP frames: from bytes as they come to whole payloads, in bounded memory.

A frame is VT, a payload, FS and CR (HL7 Messaging Standard, Transport Specification: MLLP, Release 2). No payload may
hold VT or FS. Half a message is worse than none, as its sender would believe it safe: a frame that is not ended is
dropped without an answer, and its sender keeps it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

START, END, CR = b"\x0b", b"\x1c", b"\x0d"
MEGABYTE = 1 << 20
LIMIT = 16 * MEGABYTE
# Of a frame that is too large so much is kept, enough for the segment that says whom to answer.
HEAD = 4096
# Ends of lines between frames do no harm and are not worth a word.
_BETWEEN = b"\r\n"
_ENDS = re.compile(b"\x1c(?=[\r\x0b])")


@dataclass(frozen=True, slots=True)
class Frame:
    """One payload; where `whole` is false it was too large and this is its beginning."""

    payload: bytes
    whole: bool = True


def framed(payload: bytes) -> bytes:
    r"""Return `payload` as a frame.

    >>> framed(b"MSH|")
    b'\x0bMSH|\x1c\r'
    """
    return START + payload + END + CR


class Framer:
    """Cuts what comes over one connection into frames, and counts what was wrong with them.

    `faults` counts `bytes between frames` other than ends of lines, `frames not ended` when the next began, and
    `frames without CR` behind their FS.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.faults: Counter[str] = Counter()
        self._limit = limit
        self._held = bytearray()
        self._seen = 0  # so much of what is held has no end in it
        self._inside = False
        self._head: bytes | None = None  # of a frame that is too large, while the rest of it goes by

    @property
    def inside(self) -> bool:
        """Say whether a frame has begun and not ended."""
        return self._inside

    @property
    def held(self) -> int:
        """Return how many bytes of an open frame are kept."""
        return len(self._held)

    @property
    def nearly(self) -> bool:
        """Say whether a frame waits for nothing but the CR behind its FS."""
        return self._inside and self._held.endswith(END)

    def take(self, received: bytes) -> list[Frame]:
        """Return the frames that these bytes end."""
        self._held += received
        found: list[Frame] = []
        while self._begun() and (frame := self._ended()) is not None:
            found.append(frame)
        self._bound()
        return found

    def settle(self) -> list[Frame]:
        """Return the frame of which only the CR is missing, after its sender has been quiet for a while."""
        if not self.nearly:
            return []
        self.faults["frames without CR"] += 1
        return [self._cut(len(self._held) - 1, len(self._held))]

    def _begun(self) -> bool:
        """Say whether a frame is open, after passing over what stands before the next one."""
        if self._inside:
            return True
        at = self._held.find(START)
        before = self._held if at < 0 else self._held[:at]
        self.faults["bytes between frames"] += len(before.translate(None, _BETWEEN))
        del self._held[: len(before) + (at >= 0)]
        self._inside, self._seen = at >= 0, 0
        return self._inside

    def _ended(self) -> Frame | None:
        """Return the open frame if its end has come."""
        while True:
            # An FS within the payload, which its sender ought not to send, has neither behind it.
            found = _ENDS.search(self._held, self._seen)
            end = found.start() if found else len(self._held)
            start = self._held.rfind(START, self._seen, end)
            if start >= 0:
                # The next frame begins and this one never ended, perhaps many times over.
                self.faults["frames not ended"] += self._held.count(START, self._seen, end)
                self._head = None
                del self._held[: start + 1]
                self._seen = 0
                continue
            if not found:
                self._seen = len(self._held) - self._held.endswith(END)
                return None
            if self._held[end + 1 : end + 2] == CR:
                return self._cut(end, end + 2)
            self.faults["frames without CR"] += 1
            return self._cut(end, end + 1)

    def _cut(self, end: int, after: int) -> Frame:
        if self._head is not None or end > self._limit:
            frame = Frame(self._head if self._head is not None else bytes(self._held[: min(end, HEAD)]), whole=False)
        else:
            frame = Frame(bytes(self._held[:end]))
        del self._held[:after]
        self._inside, self._head, self._seen = False, None, 0
        return frame

    def _bound(self) -> None:
        """Keep no more of an open frame than its limit; of one beyond it, its beginning only."""
        if not self._inside or (self._head is None and len(self._held) <= self._limit + 1):
            return
        if self._head is None:
            # An FS at the end may be that of the frame, which is not part of it.
            self._head = bytes(self._held[:HEAD]).removesuffix(END)
        self._held = bytearray(END) if self._held.endswith(END) else bytearray()
        self._seen = 0
