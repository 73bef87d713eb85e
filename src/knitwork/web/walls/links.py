"""The link that opens one wall without an account: signed, of one number, closed by the next."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from knitwork.web.walls.models import Wall

# Of its own: a text that was signed for anything else here opens no wall.
SALT = "knitwork.wall"
LONGEST = 200


def _signer() -> Signer:
    return Signer(salt=SALT, sep=".")


def token_of(wall: Wall) -> str:
    """Return the text that opens this wall now; empty where no link does."""
    return "" if wall.link is None else _signer().sign_object([wall.pk, wall.link])


def wall_of(token: str) -> Wall | None:
    """Return the wall that a link opens; None where it was never given, was withdrawn or replaced."""
    if len(token) > LONGEST:
        return None
    try:
        known = _signer().unsign_object(token)
    except (BadSignature, ValueError):
        return None
    match known:
        case [int(number), int(link)]:
            return Wall.objects.filter(pk=number, link=link, removed=False).first()
    return None
