"""Commands of the product in processes of their own, for what is measured through their doors."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Served:
    """A home that is being served: where, from which folder, by which process."""

    address: str
    home: Path
    pid: int

    def cpu_s(self) -> float:
        """Return the processor seconds that the server has used (Linux; 0 elsewhere)."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / 100

    def peak_mb(self) -> float:
        """Return the most memory that the server has held (Linux; 0 elsewhere)."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


@contextmanager
def demo(work: Path, *, patients: int = 12_000) -> Iterator[Served]:
    """Build Riverbend Health in `work` and serve it until the block ends."""
    home = work / "riverbend"
    command = [sys.executable, "-m", "knitwork", "demo", "--home", str(home), "--patients", str(patients), "--no-serve"]
    subprocess.run(command, check=True, capture_output=True)
    with serving(home, work) as served:
        yield served


@contextmanager
def serving(home: Path, work: Path) -> Iterator[Served]:
    """Serve a home until the block ends; what the server says is written in `work`."""
    log = work / "server.log"
    with running("serve", "--home", str(home), "--port", "0", log=log) as process:
        yield Served(told(process, log, r"(http://[\w.:]+\d)"), home, process.pid)


@contextmanager
def running(*words: str, log: Path, module: str = "knitwork") -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of the product, or of another module, until the block ends."""
    with log.open("w") as out:
        command = [sys.executable, "-u", "-m", module, *words]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            # a listener may be in the midst of a refresh, which it ends first
            process.wait(120)


def told(process: subprocess.Popen[bytes], log: Path, pattern: str, seconds: float = 300) -> str:
    """Wait until a command has said something, and return the group of the pattern."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(pattern, log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise SystemExit(f"this did not begin as it should:\n{log.read_text()}")
