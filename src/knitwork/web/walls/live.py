"""News for open walls: one look-out a process, and a stream of events for each screen.

A stream is plain asyncio and holds no thread and no database. Whether it may begin, and every quarter of a minute
whether it may go on, is asked of the pages themselves: the very request that opened it is put to Django again, so that
a stream is open to whom the page is open, and closes when a role, a session or a link ends.

A live feed changes pages more often and less: what is live of a unit, a strip of one line, goes in the event itself, at
most twice a second, and to the screens of that unit alone. The charts stay as they are.

When the records change, the inside of each wall that somebody looks at is made once. The screens are told where it
lies, and fetch it from memory by an address that cannot be guessed.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import random
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from knitwork.web.walls import news
from knitwork.web.walls.answered import Answer, App, Message, Receive, Scope, Send
from knitwork.web.walls.render import Inside, Wanted
from knitwork.web.walls.strips import Strip

Make = Callable[[Wanted, str], Inside | None]
# A wall in a language.
Key = tuple[Wanted, str]
MakeStrips = Callable[[Collection[Key]], Mapping[Key, Strip | None]]

POLL_S = 0.25
ALIVE_S = 15.0
# How often messages are looked for, how soon a unit's strip may follow the one before, and after how long at the latest
# a strip in which nothing changed says that its feed goes on.
PULSE_S, SOONEST_S, GOES_ON_S = 0.1, 0.45, 10.0
# So many strips are made from one reading of the home; more would keep the first of them waiting for the last.
TOGETHER = 16
# A screen that does not read loses all but the latest news: that is all it needs.
WAITING = 4
# So long after it was made the inside of a wall can still be fetched.
KEPT_S = 120.0
STREAMS, PARTS = "/live/", "/live/part/"
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
]
ALIVE = b": still here\n\nevent: alive\ndata: \n\n"
# Stands in a queue for the strip that waits beside it.
STRIP = ""
ENDED = b"event: ended\ndata: \n\n"


@dataclass(eq=False)
class Reader:
    """One open stream: what it looks at, in which language, what it shows, and the news that wait for it."""

    wanted: Wanted
    language: str
    tag: str
    strip: str = ""
    strip_said: str | None = None
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(WAITING))

    @property
    def key(self) -> Key:
        return (self.wanted, self.language)

    def put(self, said: str | None) -> None:
        """Leave word; where too much waits the oldest goes. `None` means: ask whether you may still look."""
        while self.queue.full():
            if self.queue.get_nowait() == STRIP:
                self.strip_said, self.strip = None, ""
        self.queue.put_nowait(said)

    def put_strip(self, said: str) -> None:
        """Leave the latest strip: one waits at most, so that strips never push the news of charts out."""
        if self.strip_said is None:
            self.put(STRIP)
        self.strip_said = said

    def taken_strip(self) -> str | None:
        """Return the strip that waits, once."""
        said, self.strip_said = self.strip_said, None
        return said


class LookOut:
    """Watches for a new generation and tells the readers of each wall where its new inside lies."""

    def __init__(
        self,
        *,
        seen: Callable[[], object],
        make: Make,
        pulse: Callable[[], int] = lambda: 0,
        turn: Callable[[Wanted], int] = lambda _wanted: 0,
        strips: MakeStrips = lambda _keys: {},
    ) -> None:
        self.seen, self.make = seen, make
        self.pulse, self.turn_of, self.strips = pulse, turn, strips
        self._beats: dict[Key, tuple[float, int, int]] = {}
        self.readers: set[Reader] = set()
        self.parts: dict[str, tuple[float, Inside]] = {}
        self.tickets: dict[tuple[Wanted, str, str], str] = {}
        self.stopping: Callable[[], bool] = lambda: False
        self.stopped = False
        self.turn = 0
        self._last: object = None
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def join(self, reader: Reader) -> None:
        """Let a reader hear news; the first one starts the watch."""
        self.readers.add(reader)
        self._loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())

    async def welcome(self, reader: Reader) -> None:
        """Tell a new reader at once where its page is already old: it was opened before the last change."""
        self._say_strips(await asyncio.to_thread(self._strips, [reader.key]))
        if reader.wanted.page != "wall":
            return
        turn = -1
        while turn != self.turn:  # else what was made may be older than what the reader was told meanwhile
            turn = self.turn
            made = await asyncio.to_thread(self._made, *reader.key)
        if made is not None and made.tag != reader.tag:
            reader.tag = made.tag
            reader.put(self._offer(*reader.key, made))

    def leave(self, reader: Reader) -> None:
        self.readers.discard(reader)

    def changed(self, wall: int) -> None:
        """Hear, from any thread, that a wall or its link was changed."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._tell, wall)

    def _tell(self, wall: int) -> None:
        touched = [reader for reader in self.readers if reader.wanted.page == "wall" and reader.wanted.wall == wall]
        for reader in touched:
            reader.put(None)
        if touched:
            self._soon = asyncio.create_task(self._renew({reader.key for reader in touched}))

    async def _watch(self) -> None:
        """Look four times a second, as long as anybody listens."""
        news.listen(self.changed)
        live = asyncio.create_task(self._listen())
        try:
            # Nothing was seen yet, so the first look finds a change: the records may have moved on since a page was made.
            self._last = self
            while self.readers and not self.stopped:
                now = await asyncio.to_thread(self._look)
                if now != self._last:
                    self._last = now
                    await self._renew({reader.key for reader in self.readers if reader.wanted.page == "wall"})
                self._forget()
                await asyncio.sleep(POLL_S)
                if self.stopping():
                    self.stop()
        finally:
            live.cancel()
            await asyncio.gather(live, return_exceptions=True)
            news.stop_listening(self.changed)

    async def _listen(self) -> None:
        """Ask for messages ten times a second, beside the making of walls, which may take seconds."""
        while True:
            version = await asyncio.to_thread(self._heard)
            due = self._due(version, time.monotonic()) if version else []
            for at in range(0, len(due), TOGETHER):
                self._say_strips(await asyncio.to_thread(self._strips, due[at : at + TOGETHER]))
            await asyncio.sleep(PULSE_S)

    def _due(self, version: int, now: float) -> list[Key]:
        """Return which walls are to have a new strip, those that wait longest first, and note that they have it."""
        keys = {reader.key for reader in self.readers}
        self._beats = {key: beat for key, beat in self._beats.items() if key in keys}
        due = []
        for key in keys:
            turn, (at, told, last) = self.turn_of(key[0]), self._beats.get(key, (0.0, -1, -1))
            if (turn != told and now - at >= SOONEST_S) or (version != last and now - at >= GOES_ON_S):
                due.append((at, key))
                self._beats[key] = (now, turn, version)
        return [key for _at, key in sorted(due, key=lambda one: one[0])]

    def _heard(self) -> int:
        try:
            return self.pulse()
        except Exception:  # a store that cannot be read now may be readable in a moment; the page says what is wrong
            return 0

    def _strips(self, keys: Collection[Key]) -> Mapping[Key, Strip | None]:
        try:
            return self.strips(keys)
        except Exception:
            logging.getLogger("django").exception("what is live could not be told")
            return {}

    def _say_strips(self, made: Mapping[Key, Strip | None]) -> None:
        """Send strips to who shows others."""
        for key, strip in made.items():
            if strip is None:
                continue
            said = f"event: live\ndata: {json.dumps({'tag': strip.tag, 'html': strip.html})}\n\n"
            for reader in [r for r in self.readers if r.key == key and r.strip != strip.tag]:
                reader.strip = strip.tag
                reader.put_strip(said)

    def _look(self) -> object:
        try:
            return self.seen()
        except Exception:  # a manifest that cannot be read now may be readable in a moment; the page says what is wrong
            return self._last

    async def _renew(self, keys: set[Key]) -> None:
        """Make the inside of each wall once, and tell its readers; as many at a time as leave a core for the rest."""
        self.turn += 1
        gate = asyncio.Semaphore(2)

        async def one(wanted: Wanted, language: str) -> None:
            async with gate:
                made = await asyncio.to_thread(self._made, wanted, language)
            for reader in [r for r in self.readers if r.key == (wanted, language)]:
                if made is None:
                    reader.put(None)
                elif made.tag != reader.tag:
                    reader.tag = made.tag
                    reader.put(self._offer(wanted, language, made))

        async with self._one_at_a_time:
            await asyncio.gather(*(one(*key) for key in keys))

    def _made(self, wanted: Wanted, language: str) -> Inside | None:
        try:
            return self.make(wanted, language)
        except Exception:
            logging.getLogger("django").exception("a wall could not be made anew")
            return None

    def _offer(self, wanted: Wanted, language: str, made: Inside) -> str:
        """Keep what was made under an address nobody can guess, and return the event that names it."""
        key = (wanted, language, made.tag)
        ticket = self.tickets.get(key)
        if ticket is None or ticket not in self.parts:
            ticket = self.tickets[key] = secrets.token_urlsafe(18)
        self.parts[ticket] = (time.monotonic() + KEPT_S, made)
        return f"event: wall\ndata: {json.dumps({'tag': made.tag, 'part': f'{PARTS}{ticket}/'})}\n\n"

    def _forget(self) -> None:
        now = time.monotonic()
        for ticket in [ticket for ticket, (until, _made) in self.parts.items() if until < now]:
            del self.parts[ticket]
        self.tickets = {key: ticket for key, ticket in self.tickets.items() if ticket in self.parts}

    def stop(self) -> None:
        """End every stream, so that the server can stop."""
        self.stopped = True
        for reader in self.readers:
            reader.put(None)


class Live:
    """The pages, with streams of events before them."""

    def __init__(self, pages: App, look_out: LookOut) -> None:
        self.pages, self.look_out = pages, look_out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(STREAMS)
        if not ours:
            await self.pages(scope, receive, send)
        elif scope["path"].startswith(PARTS):
            await self._part(scope, send)
        else:
            await self._stream(scope, receive, send)

    async def _part(self, scope: Scope, send: Send) -> None:
        """Send the inside of a wall that an event named."""
        ticket = scope["path"].removeprefix(PARTS).strip("/")
        _until, made = self.look_out.parts.get(ticket, (0.0, None))
        if made is None:
            await send({"type": "http.response.start", "status": 404, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b""})
            return
        packs = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
        kind = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", b"default-src 'none'")]
        kind += [(b"content-encoding", b"gzip")] if packs else []
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *kind]})
        await send({"type": "http.response.body", "body": made.packed if packs else gzip.decompress(made.packed)})

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the page whether this reader may listen; then send news until either side ends it."""
        answer = await self._ask(scope)
        wanted = answer.wanted
        if wanted is None:
            await answer.pass_on(send)
            return
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        shows, strip = asked.get("shows", [""])[0], asked.get("strip", [""])[0]
        reader = Reader(wanted, answer.language, shows, strip)
        headers = [
            *HEADERS,
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(_body(b"retry: 3000\n\n" + ALIVE))
        gone = asyncio.create_task(_gone(receive, reader))
        self.look_out.join(reader)
        try:
            await self.look_out.welcome(reader)
            await self._talk(scope, send, reader, gone)
        finally:
            gone.cancel()
            self.look_out.leave(reader)
        if not gone.done() or gone.cancelled():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _talk(self, scope: Scope, send: Send, reader: Reader, gone: asyncio.Task[None]) -> None:
        # The first sign of life comes at another moment for each, so that three hundred do not ask at once.
        next_alive = time.monotonic() + ALIVE_S * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
        while not gone.done() and not self.look_out.stopped:
            try:
                said = await asyncio.wait_for(reader.queue.get(), max(next_alive - time.monotonic(), 0))
            except TimeoutError:
                said, next_alive = None, time.monotonic() + ALIVE_S
            if gone.done() or self.look_out.stopped:
                return
            if said == STRIP:
                said = reader.taken_strip() or ALIVE.decode()
            if said is not None:
                await send(_body(said.encode()))
            elif (await self._ask(scope)).wanted == reader.wanted:
                await send(_body(ALIVE))
            else:
                await send(_body(ENDED))
                return

    async def _ask(self, scope: Scope) -> Answer:
        """Put the request to the pages and return what they say."""
        answer = Answer()
        asked = False

        async def nothing_more() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.Event().wait()
            raise AssertionError("an event that nobody sets was set")

        async def hear(message: Message) -> None:
            answer.messages.append(message)

        await self.pages(dict(scope), nothing_more, hear)
        return answer


def _body(said: bytes) -> Message:
    return {"type": "http.response.body", "body": said, "more_body": True}


async def _gone(receive: Receive, reader: Reader) -> None:
    """Wait until the reader has gone, and wake the stream then."""
    while (await receive())["type"] != "http.disconnect":
        pass
    # Done only after this turn of the loop: by the time the word is heard this task is.
    asyncio.get_running_loop().call_soon(reader.put, None)
