"""The listener: many senders at once over MLLP, each answered when what it sent is stored and synced.

Whatever waits while one transaction is synced goes into the next, so that many senders share a sync and one sender
waits for nothing but its own. Where the store cannot be written there is no answer, and the senders keep what they have.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from knitwork.intake.messages import CannotStore
from knitwork.intake.mllp.framing import LIMIT, MEGABYTE, Frame, Framer
from knitwork.intake.mllp.keeping import Keeper, Kept

LOG = logging.getLogger("knitwork.listen")
READ = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """What senders may ask of us. Times are in seconds.

    `frame_s` is how long one frame may take to come and one answer to be taken, `idle_s` how long a connection may send
    no frame, `settle_s` how long an FS waits for its CR. `batch` and `batch_bytes` bound one transaction, `ahead` the
    frames of one sender that wait. `waiting_bytes` bounds all frames that wait, `open_bytes` all that have not ended.
    """

    frame_bytes: int = LIMIT
    frame_s: float = 30.0
    idle_s: float = 3600.0
    settle_s: float = 0.5
    handshake_s: float = 10.0
    connections: int = 2000
    batch: int = 1000
    batch_bytes: int = 16 * MEGABYTE
    ahead: int = 64
    waiting_bytes: int = 64 * MEGABYTE
    open_bytes: int = 128 * MEGABYTE
    stop_s: float = 10.0
    say_s: float = 60.0


@dataclass(eq=False, slots=True)
class Sender:
    """One open connection. `quiet_since` is when its last frame ended, by a clock that never jumps."""

    framer: Framer
    quiet_since: float
    task: asyncio.Task[None] | None = None
    reading: bool = False
    began: float = 0.0
    answers: asyncio.Queue[asyncio.Future[bytes] | None] = field(default_factory=asyncio.Queue)
    counted: int = 0  # bytes of an open frame that stand in the listener's sum


class Listener:
    """Listens for one feed. `run` ends when `stop` was called and all that was stored is answered."""

    def __init__(self, keeper: Keeper, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.limits = limits or Limits()
        self.tally: Counter[str] = Counter()
        self.port = 0
        self.ready = asyncio.Event()
        self._keeper, self._tls = keeper, tls
        self._senders: set[Sender] = set()
        self._waiting: asyncio.Queue[tuple[Frame, asyncio.Future[bytes]]] = asyncio.Queue()
        self._waiting_bytes = self._open_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._stop = asyncio.Event()
        self._alarm: float | None = None

    def stop(self) -> None:
        """Take no more; what came whole is stored and answered."""
        self._stop.set()

    async def run(self, host: str, port: int) -> None:
        """Listen until stopped. Raises OSError where the address cannot be had."""
        server = await asyncio.start_server(self._meet, host, port, limit=READ, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        # One thread reads and stores; more would wait for each other at the store's lock.
        with ThreadPoolExecutor(1, thread_name_prefix="store") as thread:
            tasks = [asyncio.create_task(self._store_on(thread)), asyncio.create_task(self._say_on())]
            tasks[0].add_done_callback(lambda _: self._stop.set())  # without a store there is nothing to listen for
            self.ready.set()
            try:
                await self._stop.wait()
                server.close()
                await self._finish()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._say()

    # One sender

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = Sender(Framer(self.limits.frame_bytes), time.monotonic())
        sender.task = asyncio.current_task()
        self.tally["connections"] += 1
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if len(self._senders) >= self.limits.connections:
            self._part_with_quietest()
        self._senders.add(sender)
        try:
            if self._tls is not None:
                await writer.start_tls(self._tls, ssl_handshake_timeout=self.limits.handshake_s)
            await self._serve(sender, reader, writer)
        except ssl.SSLError as problem:
            self.tally["TLS refused"] += 1
            LOG.warning("a sender was refused: TLS failed (%s)", problem.reason or type(problem).__name__)
        except (ConnectionError, TimeoutError, OSError):
            self.tally["broken off"] += 1
        except asyncio.CancelledError:
            pass  # we part with it, or stop: its task has nobody who waits for it
        finally:
            self._senders.discard(sender)
            self._open_bytes -= sender.counted
            self.tally.update(sender.framer.faults)
            writer.close()
            try:
                await asyncio.wait_for(writer.wait_closed(), 1)
            except (OSError, TimeoutError, asyncio.CancelledError):
                writer.transport.abort()

    async def _serve(self, sender: Sender, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering = asyncio.create_task(self._answer_on(sender, writer))
        sender.reading = True
        try:
            await self._read_on(sender, reader, answering)
        except asyncio.CancelledError:
            if not self._stop.is_set():
                answering.cancel()
                raise
        sender.reading = False
        sender.answers.put_nowait(None)
        await answering

    async def _read_on(self, sender: Sender, reader: asyncio.StreamReader, answering: asyncio.Task[None]) -> None:
        """Read until the sender ends, is too slow or the answers cannot be sent."""
        while not self._stop.is_set() and not answering.done():
            await self._room.wait()
            while sender.answers.qsize() >= self.limits.ahead:
                await asyncio.sleep(0.005)
            try:
                async with asyncio.timeout(self._patience(sender)):
                    received = await reader.read(READ)
            except TimeoutError:
                if settled := sender.framer.settle():
                    self._take(sender, settled)
                    continue
                if sender.answers.qsize():
                    continue
                self.tally["too slow" if sender.framer.inside else "idle"] += 1
                return
            if not received:
                self._take(sender, sender.framer.settle())
                return
            self._take(sender, sender.framer.take(received))
            if self._open_bytes > self.limits.open_bytes and sender.counted > READ:
                self.tally["parted with: too much unended"] += 1
                return

    def _patience(self, sender: Sender) -> float:
        """Return for how many seconds more the next bytes of a sender are waited for."""
        now, limits = time.monotonic(), self.limits
        if not sender.framer.inside:
            return max(0.0, sender.quiet_since + limits.idle_s - now)
        left = max(0.0, sender.began + limits.frame_s - now)
        return min(limits.settle_s, left) if sender.framer.nearly else left

    def _take(self, sender: Sender, frames: list[Frame]) -> None:
        now = time.monotonic()
        if frames or not sender.began:
            sender.began = now
        if frames:
            sender.quiet_since = now
        if not sender.framer.inside:
            sender.began = 0.0
        self._open_bytes += sender.framer.held - sender.counted
        sender.counted = sender.framer.held
        for frame in frames:
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._waiting_bytes += len(frame.payload)
            self._waiting.put_nowait((frame, answer))
            sender.answers.put_nowait(answer)
        if self._waiting_bytes > self.limits.waiting_bytes:
            self._room.clear()

    async def _answer_on(self, sender: Sender, writer: asyncio.StreamWriter) -> None:
        """Send the answers of one sender in the order of its frames, each when its message is stored."""
        try:
            while (coming := await sender.answers.get()) is not None:
                if answer := await coming:
                    writer.write(answer)
                    async with asyncio.timeout(self.limits.frame_s):
                        await writer.drain()
        except BaseException:
            writer.transport.abort()  # and so wakes who reads from it
            raise

    def _part_with_quietest(self) -> None:
        """Make room for a new connection: the one that was quiet longest, and waits for no answer, goes."""
        idle = [s for s in self._senders if not s.answers.qsize()] or list(self._senders)
        quietest = min(idle, key=lambda s: s.quiet_since)
        self._senders.discard(quietest)
        self.tally["parted with: too many connections"] += 1
        if quietest.task is not None:
            quietest.task.cancel()

    # The store

    async def _store_on(self, thread: ThreadPoolExecutor) -> None:
        """Store what waits, as much at once as there is."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._waiting.get()]
            size = len(batch[0][0].payload)
            while not self._waiting.empty() and len(batch) < self.limits.batch and size < self.limits.batch_bytes:
                batch.append(self._waiting.get_nowait())
                size += len(batch[-1][0].payload)
            kept = await loop.run_in_executor(thread, self._stored, [frame for frame, _ in batch])
            self.tally.update(kept.tally)
            self._waiting_bytes -= size
            if self._waiting_bytes <= self.limits.waiting_bytes:
                self._room.set()
            for (_, answer), told in zip(batch, kept.answers, strict=True):
                if not answer.done():
                    answer.set_result(told)

    def _stored(self, frames: list[Frame]) -> Kept:
        """Store frames and return their answers; none where they could not be stored, for then nobody may be told so."""
        try:
            kept = self._keeper.keep(frames)
        except CannotStore as problem:
            self._alarmed(str(problem))
        except Exception as problem:  # whatever goes wrong with one batch, the listener lives
            self._alarmed(f"{type(problem).__name__} in the listener")
        else:
            if self._alarm is not None:
                self._alarm = None
                LOG.warning("messages are stored and acknowledged again")
            return kept
        return Kept([b""] * len(frames), Counter({"not stored": len(frames)}))

    def _alarmed(self, why: str) -> None:
        now = time.monotonic()
        if self._alarm is None or now - self._alarm >= self.limits.say_s:
            self._alarm = now
            LOG.error("ALARM: messages are not stored and not acknowledged, their senders keep them: %s", why)

    # Stopping and saying

    async def _finish(self) -> None:
        """Stop reading, let every sender's stored messages be answered, then close; who takes too long is cut off."""
        tasks = []
        for sender in self._senders:
            if sender.task is not None:
                tasks.append(sender.task)
                if sender.reading:
                    sender.task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.limits.stop_s)
            for task in late:
                task.cancel()

    async def _say_on(self) -> None:
        while True:
            await asyncio.sleep(self.limits.say_s)
            self._say()

    def _say(self) -> None:
        """Write what happened since the last time into the log: counts, never content."""
        happened, self.tally = +self.tally, Counter()
        if happened:
            told = ", ".join(f"{what} {count:,}" for what, count in sorted(happened.items()))
            LOG.info("feed %s: %s; open connections %s", self._keeper.feed, told, f"{len(self._senders):,}")
