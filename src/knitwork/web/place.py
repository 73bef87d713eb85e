"""Where the home folder is, its secret, and which addresses are this machine's own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
SECRET_FILE = "web-secret"  # noqa: S105 - the name of a file, not a secret


def home_folder() -> Path:
    """Return the home folder: `KNITWORK_HOME`, else `knitwork-home` here."""
    return Path(os.environ.get("KNITWORK_HOME") or "knitwork-home").resolve()


def is_loopback(address: str) -> bool:
    """Say whether an address or host name, with or without a port, is this machine only.

    >>> [is_loopback(a) for a in ("127.0.0.1", "localhost:8000", "[::1]:80", "0.0.0.0", "localhost.example.org")]
    [True, True, True, False, False]
    """
    host = address.rsplit(":", 1)[0] if address.count(":") == 1 or "]:" in address else address
    return host in LOOPBACK_NAMES


def read_secret(home: Path) -> str | None:
    """Return the secret that signs sessions; None where the home has none yet."""
    file = home / SECRET_FILE
    return file.read_text(encoding="ascii").strip() if file.is_file() else None


def make_secret(home: Path) -> None:
    """Write a new secret that only the owner of the home can read, unless one is there."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(home / SECRET_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
