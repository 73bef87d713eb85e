"""Live feeds of a home: what reads their messages as they come, and who may listen."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from knitwork.home.place import Place
from knitwork.home.reading import LoadOptions, checked_feed, profile_for, profile_path
from knitwork.intake.messages import Messages
from knitwork.intake.mllp.hearing import Heard, hear
from knitwork.intake.mllp.keeping import Keeper
from knitwork.intake.mllp.listener import Listener
from knitwork.model.errors import CannotDo

PORTS = 65_535


def wanted_feeds(told: list[str]) -> dict[str, int]:
    """Return the port of each feed that is named as NAME=PORT, such as adt=2575; raises CannotDo for anything else."""
    feeds: dict[str, int] = {}
    for text in told:
        name, _, port = text.partition("=")
        if not port.isascii() or not port.isdigit() or int(port) > PORTS:
            raise CannotDo(f"{text!r} does not name a feed and its port: write it as adt=2575")
        if checked_feed(name) in feeds or (int(port) and int(port) in feeds.values()):
            raise CannotDo(f"{text!r} names a feed or a port for the second time: give each feed a port of its own")
        feeds[name] = int(port)
    if not feeds:
        raise CannotDo("no feed is named: say which, and on which port it comes, as adt=2575")
    return feeds


def listeners(place: Place, feeds: Mapping[str, int], tls: ssl.SSLContext | None = None) -> dict[str, Listener]:
    """Return a listener for each feed; all of them store into the one message store of the home."""
    place.create()
    messages = Messages(place.inbox.folder)
    messages.feeds()  # a store that cannot be used is said now, and not at each message
    hearing = _Hearing(place)
    return {feed: Listener(Keeper(feed, messages, hearing), tls=tls) for feed in feeds}


class _Hearing:
    """Reads what comes by the profile of its feed, which is read again when it was edited."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.known: dict[str, tuple[object, str | None, str | None]] = {}

    def __call__(self, feed: str, payload: bytes, came_us: int) -> Heard:
        zone, identifier = self.profile(feed)
        return hear(feed, payload, came_us, zone=zone, identifier=identifier)

    def profile(self, feed: str) -> tuple[str | None, str | None]:
        """Return zone and identifier; those that were known last where the profile cannot be read now."""
        path = profile_path(self.place, feed)
        edition = path.stat().st_mtime_ns if path.exists() else None
        if feed not in self.known or self.known[feed][0] != edition:
            try:
                profile = profile_for(self.place, feed, LoadOptions())
            except CannotDo:
                return self.known.get(feed, (None, self.place.settings.tz, None))[1:]
            self.known[feed] = (edition, profile.zone, profile.identifier)
        return self.known[feed][1:]


def tls_context(cert: Path | None, key: Path | None, ca: Path | None) -> ssl.SSLContext | None:
    """Return how connections are encrypted; None where nothing is named. With `ca`, senders must show a certificate.

    Raises CannotDo where the files cannot be used.
    """
    if cert is None:
        if key is not None or ca is not None:
            raise CannotDo("--tls-key and --tls-ca need --tls-cert: name the certificate of this listener too")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password="")
        if ca is not None:
            context.load_verify_locations(ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError, ValueError) as problem:
        why = getattr(problem, "reason", None) or getattr(problem, "strerror", None) or type(problem).__name__
        raise CannotDo(f"the certificate {cert} or what belongs to it cannot be used ({why}): give PEM files") from None
    return context
