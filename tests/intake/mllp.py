"""What tests of the listener share: messages of invented patients, senders, and a listener in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

from knitwork.intake.messages import Messages
from knitwork.intake.mllp.framing import Framer, framed
from knitwork.intake.mllp.hearing import hear
from knitwork.intake.mllp.keeping import Keeper
from knitwork.intake.mllp.listener import Limits, Listener


def adt(
    control: str, *, event: str = "A01", patient: str = "P1", visit: str = "V1", unit: str = "ED", minute: int = 0, mode: str = "|",
) -> bytes:  # fmt: skip
    """A message; `mode` is MSH-15 and MSH-16 with a bar between them."""
    at = f"20260301{minute // 60:02}{minute % 60:02}00+0000"
    lines = [
        f"MSH|^~\\&|EHR|NORTH|KNITWORK|NORTH|{at}||ADT^{event}|{control}|P|2.5.1|||{mode}",
        f"EVN|{event}|{at}",
        f"PID|1||{patient}^^^NORTH^MR||CANARY^HILDEGARD||19330508|F",
        f"PV1|1|I|{unit}^1^2||||||||||||||||{visit}",
    ]
    return "\r".join(lines).encode() + b"\r"


class Sender:
    """A connection that sends frames and reads answers, each a list of segments of fields."""

    def __init__(self, port: int, *, tls=None, timeout: float = 60) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._framer, self._answers = Framer(), []

    def send(self, *payloads: bytes) -> None:
        self.raw(b"".join(framed(p) for p in payloads))

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> dict[str, str] | None:
        """Return code, control and text of the next answer; None where the connection was closed."""
        while not self._answers:
            received = self.socket.recv(65_536)
            if not received:
                return None
            self._answers += self._framer.take(received)
        lines = self._answers.pop(0).payload.decode().split("\r")
        msa = (next(line for line in lines if line.startswith("MSA")).split("|") + [""] * 3)[1:4]
        return dict(zip(("code", "control", "text"), msa, strict=True))

    def code(self) -> str:
        return self.answer()["code"]

    def quiet(self, seconds: float = 0.3) -> bool:
        """Say whether nothing comes for a while."""
        self.socket.settimeout(seconds)
        try:
            return not self._answers and self.answer() is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(60)

    def closed(self, seconds: float = 5) -> bool:
        """Say whether the other side closes without a word."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextmanager
def listening(
    folder: Path, *, limits: Limits | None = None, tls=None, messages: Messages | None = None, feed: str = "adt"
):
    """Listen in a thread; gives the listener, whose `port` is open, and its store as `store`."""
    limits = limits or Limits(settle_s=0.2)
    store = messages or Messages(folder)
    box: dict[str, object] = {}
    began = threading.Event()

    async def main() -> None:
        listener = Listener(Keeper(feed, store, hear, limits.frame_bytes), limits=limits, tls=tls)
        running = asyncio.create_task(listener.run("127.0.0.1", 0))
        await listener.ready.wait()
        box["listener"], box["loop"] = listener, asyncio.get_running_loop()
        began.set()
        await running

    def ran() -> None:
        try:
            asyncio.run(main())
        except BaseException as problem:
            box["problem"] = problem
            began.set()
            raise

    thread = threading.Thread(target=ran, daemon=True)
    thread.start()
    assert began.wait(10)
    listener = box["listener"]
    listener.store = store
    listener.end = lambda: box["loop"].call_soon_threadsafe(listener.stop)
    try:
        yield listener
    finally:
        if thread.is_alive():
            listener.end()
        thread.join(20)
        assert not thread.is_alive()
        assert "problem" not in box
        store.close()
