"""A patient's number as it may stand in an address: sealed, as addresses are kept in histories, proxies and logs.

The same number makes the same address under one secret of a home, so that a link can be kept and sent on; without the
secret it tells nothing. The seal is a synthetic initialisation vector (Rogaway and Shrimpton, 2006): the text is
hidden under a stream that begins with its own keyed hash, and the hash proves it when it is opened. Both are
HMAC-SHA-256, the one keyed function of the standard library.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PROOF = 16  # bytes of the keyed hash: two of 2^64 texts may meet, and none can be forged
BLOCK = hashlib.sha256().digest_size


def seal(text: str, secret: str) -> str:
    """Return `text` as letters, digits, `-` and `_` that only who has the secret can open.

    >>> seal("MRN 4711", "of this home") == seal("MRN 4711", "of this home")
    True
    >>> opened(seal("MRN 4711", "of this home"), "of this home")
    'MRN 4711'
    """
    plain = text.encode("utf-8", "surrogatepass")
    proof = _keyed(secret, b"proof", plain)[:PROOF]
    return base64.urlsafe_b64encode(proof + _hidden(plain, proof, secret)).rstrip(b"=").decode("ascii")


def opened(sealed: str, secret: str) -> str:
    """Return the text that was sealed; raises ValueError for anything that this secret did not seal."""
    try:
        content = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not sealed here") from None
    proof, hidden = content[:PROOF], content[PROOF:]
    plain = _hidden(hidden, proof, secret)
    if not hmac.compare_digest(proof, _keyed(secret, b"proof", plain)[:PROOF]):
        raise ValueError("not sealed here")
    return plain.decode("utf-8", "surrogatepass")


def _hidden(content: bytes, proof: bytes, secret: str) -> bytes:
    """Add the stream that begins with `proof` to `content`, or take it away again."""
    stream = b"".join(
        _keyed(secret, b"stream", proof + block.to_bytes(8, "big")) for block in range(-(-len(content) // BLOCK))
    )
    return bytes(a ^ b for a, b in zip(content, stream, strict=False))


def _keyed(secret: str, use: bytes, content: bytes) -> bytes:
    key = hmac.digest(secret.encode(), b"address of a patient: " + use, "sha256")
    return hmac.digest(key, content, "sha256")
