"""The formats that can be taken in: one folder each, all with the same parts (sniff, profile, read)."""

from knitwork.intake.formats.csv.profile import Profile, read_profile, write_profile
from knitwork.intake.formats.csv.read import LandReport, guess, land

__all__ = ["LandReport", "Profile", "guess", "land", "read_profile", "write_profile"]
