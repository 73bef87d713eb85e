"""The demo served by the product itself, in a process of its own, for what is measured through its door."""

from __future__ import annotations

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
    log = work / "server.log"
    with log.open("w") as out:
        command = [sys.executable, "-u", "-m", "knitwork", "serve", "--home", str(home), "--port", "0"]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield Served(_address(process, log), home, process.pid)
        finally:
            process.terminate()
            process.wait(15)


def _address(process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> str:
    """Wait until the server has said where it is."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        said = [word.rstrip("/.") for word in log.read_text().split() if word.startswith("http://")]
        if said:
            return said[0]
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")
