"""Takes the pictures in docs/pictures anew: `make pictures`. Needs Debian's chromium."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

TARGET = Path(__file__).parents[1] / "docs" / "pictures"
PORT = 8765

# name, address, width, height
PICTURES = (
    ("wall", "/units/RG-CARD/wall/", 1920, 1080),
    ("system", "/", 1440, 1100),
    ("unit", "/units/RG-CARD/", 1440, 1900),
    ("unit-phone", "/units/RG-CARD/", 360, 1600),
    ("measure", "/units/RG-CARD/measures/gap_median/", 1440, 1500),
    ("handoffs", "/handoffs/", 1440, 1100),
    ("feeds", "/feeds/", 1440, 1100),
)

CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--force-device-scale-factor=1",
)  # fmt: skip


def wait_for(address: str, seconds: float = 60) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"{address} did not answer")


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="knitwork-pictures-") as work:
        home = Path(work) / "home"
        command = [sys.executable, "-m", "knitwork", "demo", "--home", str(home)]
        subprocess.run([*command, "--no-serve"], check=True)
        server = subprocess.Popen([sys.executable, "-m", "knitwork", "serve", "--home", str(home), "--port", str(PORT)])
        try:
            wait_for(f"http://127.0.0.1:{PORT}/")
            for name, path, width, height in PICTURES:
                subprocess.run(
                    [
                        *CHROMIUM, f"--user-data-dir={work}/{name}", f"--screenshot={TARGET / name}.png",
                        f"--window-size={width},{height}", f"http://127.0.0.1:{PORT}{path}",
                    ],
                    check=True, capture_output=True,
                )  # fmt: skip
                print(TARGET / f"{name}.png")
        finally:
            server.terminate()
            server.wait(10)


if __name__ == "__main__":
    main()
