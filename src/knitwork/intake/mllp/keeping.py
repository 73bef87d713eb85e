"""From frames to stored messages and their answers: no sockets here, and no answer before the store is synced."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knitwork.intake.formats.hl7v2.ack import Code, ack
from knitwork.intake.inbox import microseconds
from knitwork.intake.messages import Arrival, CannotStore, Messages, Stored
from knitwork.intake.mllp.answering import codes
from knitwork.intake.mllp.framing import LIMIT, MEGABYTE, Frame, framed
from knitwork.intake.mllp.hearing import Heard, unread

# Reads a payload of a feed that came at a moment; never raises, whatever the bytes.
Hear = Callable[[str, bytes, int], Heard]
NO_MSH = "this is no HL7 v2 message, as it does not begin with MSH"


def now() -> dt.datetime:
    """Return the time."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    """What to send back for each frame, in their order, and how often what became of them."""

    answers: list[bytes]
    tally: Counter[str]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Stores what comes by one feed and says what to answer."""

    feed: str
    messages: Messages
    hear: Hear
    limit: int = LIMIT
    now: Callable[[], dt.datetime] = now

    def keep(self, frames: Sequence[Frame]) -> Kept:
        """Store frames in one synced transaction and return what to answer.

        What is stored is answered as taken, understood or not: sending it again would change nothing. Raises
        CannotStore, with nothing stored, where the disk does not take them: then nothing may be answered.
        """
        at = self.now()
        came_us = microseconds(at)
        heard = [self.hear(self.feed, frame.payload, came_us) for frame in frames]
        told = list(zip(frames, heard, strict=True))
        stored = self._stored([h.arrival for frame, h in told if frame.whole and not h.is_answer])
        tally = Counter("again" if one.again else one.state for one in stored)
        tally["reused numbers"] = sum(one.reused and not one.again for one in stored)
        tally["acknowledgements"] = sum(h.is_answer for h in heard)
        tally["refused as too large"] = sum(not frame.whole for frame in frames)
        return Kept([self._answer(frame, one, at) for frame, one in told], +tally)

    def _stored(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        """Store all in one transaction; where one of them upsets the store, each in its own and that one as bytes."""
        try:
            return self.messages.store(arrivals)
        except CannotStore:
            raise
        except Exception as problem:
            if len(arrivals) > 1:
                return [stored for one in arrivals for stored in self._stored([one])]
            return self.messages.store([unread(one, problem) for one in arrivals])

    def _answer(self, frame: Frame, heard: Heard, at: dt.datetime) -> bytes:
        if heard.is_answer:
            return b""
        if not frame.whole:
            text = f"the message is larger than the {self.limit / MEGABYTE:g} MB that are taken"
            return _framed(frame, codes(heard.mode, "refused"), text, at)
        if heard.arrival.state == "dead":
            return _framed(frame, ("AR",), NO_MSH, at)
        return _framed(frame, codes(heard.mode, "taken"), "", at)


def _framed(frame: Frame, due: Sequence[Code], text: str, at: dt.datetime) -> bytes:
    return b"".join(framed(ack(frame.payload, code, at=at, text=text)) for code in due)
