"""Codes in addresses: those of units, any text, slashes too, as one part of a path; those of patients, sealed."""

from __future__ import annotations

import re

from django.conf import settings

from knitwork.web.sealed import opened, seal


class UnitCode:
    """Write `/`, `~` and dots at the start as `~` and two hexadecimal digits, and read them back."""

    regex = r"[^/]+"

    def to_python(self, value: str) -> str:
        if re.search(r"~(?![0-9A-F]{2})", value):
            raise ValueError(value)
        return re.sub(r"~([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), value)

    def to_url(self, value: str) -> str:
        """Return a code as part of a path.

        >>> UnitCode().to_url("Med/Surg ~ 7"), UnitCode().to_url("..")
        ('Med~2FSurg ~7E 7', '~2E~2E')
        """
        written = re.sub(r"[~/\\?#]", lambda m: f"~{ord(m[0]):02X}", str(value))
        return re.sub(r"^\.+", lambda m: "~2E" * len(m[0]), written)


class SealedPatient:
    """Write a patient's number so that the address does not tell it. What is not sealed here is no address."""

    regex = r"[\w-]+"

    def to_python(self, value: str) -> str:
        return opened(value, settings.SECRET_KEY)

    def to_url(self, value: str) -> str:
        return seal(str(value), settings.SECRET_KEY)
