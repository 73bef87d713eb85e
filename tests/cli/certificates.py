"""Certificates for tests of TLS: an authority of our own and what it signs, made by the openssl command."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

CONFIG = """[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
copy_extensions = copy
unique_subject = no
[names]
commonName = supplied
"""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout")


class Authority:
    """Signs certificates in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.pem = folder, folder / "authority.pem"
        (folder / "ca.cnf").write_text(CONFIG)
        (folder / "index.txt").touch()
        self._openssl(
            "req", "-x509", *KEY, "authority.key", "-out", "authority.pem", "-subj", "/CN=authority", "-days", "2",
            "-addext", "keyUsage=critical,keyCertSign",
        )  # fmt: skip

    def sign(self, name: str, *, until: str = "20991231000000Z") -> tuple[Path, Path]:
        """Return a certificate for localhost and its key; `until` is when it expires."""
        cert, key = f"{name}.pem", f"{name}.key"
        self._openssl(
            "req", *KEY, key, "-out", f"{name}.csr", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        )  # fmt: skip
        self._openssl(
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "authority.pem", "-keyfile", "authority.key",
            "-in", f"{name}.csr", "-out", cert, "-startdate", "20200101000000Z", "-enddate", until,
        )  # fmt: skip
        return self.folder / cert, self.folder / key

    def sender(self, shown: tuple[Path, Path] | None) -> ssl.SSLContext:
        """Return how a sender encrypts that trusts this authority and shows a certificate, or none."""
        context = ssl.create_default_context(cafile=str(self.pem))
        if shown is not None:
            context.load_cert_chain(*shown)
        return context

    def _openssl(self, *words: str) -> None:
        done = subprocess.run(
            ["openssl", *words], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
