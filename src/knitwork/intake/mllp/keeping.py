"""From frames to stored messages and their answers: no sockets here, and no answer before the store is synced."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knitwork.intake.formats.hl7v2.ack import Code, ack
from knitwork.intake.formats.hl7v2.cut import parts_of
from knitwork.intake.inbox import microseconds
from knitwork.intake.messages import Arrival, CannotStore, Messages, Stored
from knitwork.intake.mllp.answering import codes
from knitwork.intake.mllp.framing import LIMIT, MEGABYTE, Frame, framed
from knitwork.intake.mllp.hearing import DAMAGED, Heard, unread

# Reads a payload of a feed that came at a moment; never raises, whatever the bytes.
Hear = Callable[[str, bytes, int], Heard]
# So many messages of one frame are stored apart: more are a file, and would keep other senders waiting.
MOST = 10_000
TOO_MANY = f"one frame holds more than {MOST:,} messages: load them as a file, with knitwork load"
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
        told = [(frame, self._heard(frame, came_us)) for frame in frames]
        stored = self._stored([h.arrival for frame, some in told if frame.whole for h in some if not h.is_answer])
        tally = Counter("again" if one.again else one.state for one in stored)
        tally["reused numbers"] = sum(one.reused and not one.again for one in stored)
        tally["acknowledgements"] = sum(h.is_answer for _, some in told for h in some)
        tally["together in one frame"] = sum(len(some) for _, some in told if len(some) > 1)
        tally["refused as too large"] = sum(not frame.whole for frame in frames)
        return Kept([self._answer(frame, _first(some), at) for frame, some in told], +tally)

    def _heard(self, frame: Frame, came_us: int) -> list[Heard]:
        """Read each message of a frame; one that holds too many to be cut is parked as it is."""
        parts = parts_of(frame.payload, MOST) if frame.whole else [frame.payload]
        if parts is None:
            return [Heard(Arrival(self.feed, frame.payload, came_us, state="parked", reason=TOO_MANY, rule=DAMAGED))]
        return [self.hear(self.feed, part, came_us) for part in parts]

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
            return _framed(heard, codes(heard.mode, "refused"), text, at)
        if heard.arrival.state == "dead":
            return _framed(heard, ("AR",), NO_MSH, at)
        return _framed(heard, codes(heard.mode, "taken"), "", at)


def _first(some: list[Heard]) -> Heard:
    """Return whom of one frame to answer: its first message."""
    return next((h for h in some if not h.is_answer and h.arrival.state != "dead"), some[0])


def _framed(heard: Heard, due: Sequence[Code], text: str, at: dt.datetime) -> bytes:
    return b"".join(framed(ack(heard.arrival.payload, code, at=at, text=text)) for code in due)
