"""The command that listens for live messages, and keeps the lake fresh meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from knitwork.cli import acts
from knitwork.cli.freshening import keep_fresh
from knitwork.cli.printing import say
from knitwork.home.listening import listeners, tls_context, wanted_feeds
from knitwork.home.logs import configured
from knitwork.intake.lock import one_listener
from knitwork.intake.mllp.listener import Listener
from knitwork.model.errors import CannotDo


def listening(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(listen)


def listen(
    feeds: Annotated[
        list[str],
        typer.Argument(help="each feed with the port on which it comes, such as adt=2575", show_default=False),
    ],
    home: Annotated[
        Path | None,
        typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
    ] = None,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="certificate of this listener (PEM)", show_default=False)
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="its key (PEM)", show_default=False)] = None,
    tls_ca: Annotated[
        Path | None,
        typer.Option("--tls-ca", help="who must have signed the senders' certificates (PEM)", show_default=False),
    ] = None,
    refresh_every: Annotated[
        float, typer.Option(min=0, help="seconds between two refreshes of the records; 0 for none")
    ] = 60,
) -> None:
    """Listen for HL7 v2 messages over MLLP; each is acknowledged when it is stored and synced."""
    wanted = wanted_feeds(feeds)
    tls = tls_context(tls_cert, tls_key, tls_ca)
    target = acts.home_at(home)
    configured()
    with ExitStack() as held:
        for feed in wanted:
            held.enter_context(one_listener(target.path, feed))
        with acts.database(target):
            pass
        stop = threading.Event()
        keeping = threading.Thread(target=keep_fresh, args=(target, refresh_every, stop), name="refresh")
        if refresh_every:
            keeping.start()
        try:
            asyncio.run(_run(listeners(target.place, wanted, tls), wanted, host))
        finally:
            stop.set()
            if refresh_every:
                keeping.join()
    say("Stopped. What came whole is stored and answered.")


async def _run(made: dict[str, Listener], ports: dict[str, int], host: str) -> None:
    """Listen until a signal comes, or one listener ends."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for listener in made.values():
            listener.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(_one(made[feed], feed, host, ports[feed], stop)) for feed in made]
    for feed, listener in made.items():
        ready = asyncio.create_task(listener.ready.wait())
        await asyncio.wait([ready, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if listener.ready.is_set():
            say(f"Listening for {feed} on {host}:{listener.port}. Stop it with Ctrl-C.")
        ready.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for problem in found:
        if isinstance(problem, BaseException):
            raise problem


async def _one(listener: Listener, feed: str, host: str, port: int, stop_all: Callable[[], None]) -> None:
    try:
        await listener.run(host, port)
    except OSError as problem:
        # asyncio puts the address into the text again; the number alone says why.
        why = os.strerror(problem.errno) if problem.errno else type(problem).__name__
        raise CannotDo(f"{feed} cannot come on {host}:{port} ({why}): name another port, or stop who has it") from None
    finally:
        stop_all()
