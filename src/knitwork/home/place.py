"""Where a home's parts lie, and their owners: inbox, lake, settings."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from knitwork.home.settings import Settings, read_settings
from knitwork.intake.inbox import Inbox
from knitwork.intake.messages import Messages
from knitwork.lake.store import Lake


class Place:
    """One home folder on disk. Makes nothing until `create`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.path)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.path / "inbox")

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.path / "lake", memory_mb=self.settings.memory_mb)

    @property
    def has_data(self) -> bool:
        """Say whether anything was ever taken in."""
        inbox = self.path / "inbox"
        return (
            (self.path / "lake" / "manifest.json").exists()
            or ((inbox / "index.sqlite3").exists() and bool(self.inbox.deliveries()))
            or Messages(inbox).last_seq() > 0
        )

    def create(self) -> None:
        """Make the folders; harmless where they exist."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.lake.create()
