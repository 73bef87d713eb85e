"""Commands that run until they are told to stop, as processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from knitwork.intake.messages import Messages
from tests.cli.conftest import ENVIRONMENT, ROOT

PATIENCE_S = 120


class Running:
    """A command that runs until it is told to stop, and what it said so far. `module` runs the command line."""

    def __init__(
        self, folder: Path, *words: str | Path, module: str = "knitwork", env: dict[str, str] | None = None
    ) -> None:
        self.out, self.err = (folder / f"{words[0]}-{time.monotonic_ns()}.{end}" for end in ("out", "err"))
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", module, *map(str, words)],
                stdout=out, stderr=err, env=ENVIRONMENT | (env or {}), cwd=ROOT,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """Everything it said until now."""
        return self.out.read_text() + self.err.read_text()

    def says(self, pattern: str) -> str:
        """Wait until it says something and return the group of the pattern."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if found := re.search(pattern, self.said):
                return found[1]
            assert self.process.poll() is None, self.err.read_text()
            time.sleep(0.02)
        raise AssertionError(self.said)

    def stopped(self, by: signal.Signals) -> int:
        os.kill(self.process.pid, by)
        return self.process.wait(PATIENCE_S)


@contextmanager
def running(folder: Path, *words: str | Path, module: str = "knitwork", env: dict[str, str] | None = None):
    command = Running(folder, *words, module=module, env=env)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.kill()
        command.process.wait(PATIENCE_S)


@contextmanager
def heard(folder: Path, *words: str | Path, port: int = 0, module: str = "knitwork"):
    """Listen for `adt` in the home `folder/home`; gives the command, whose `port` is open, and its `store`."""
    home = folder / "home"
    told = (f"adt={port}", "--home", home, *(words or ("--refresh-every", "0")))
    with running(folder, "listen", *told, module=module) as command:
        command.port = int(command.says(r"Listening for adt on 127\.0\.0\.1:(\d+)"))
        command.store = Messages(home / "inbox")
        yield command
