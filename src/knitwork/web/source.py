"""Where pages get their numbers from: one place, so that tests can put an invented system there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from knitwork.web.charts.decided import Decisions, decisions
from knitwork.web.definitions import Definition, from_catalogue


@dataclass(frozen=True)
class Source:
    """What one request reads: the home's name, the answers of one generation, the measures' definitions.

    `answers` is a `knitwork.home.Answers`; None while nothing has been loaded and derived. `live` is the home's
    `knitwork.home.live.Picture`, or None.
    """

    name: str
    tz: str
    answers: Any
    measures: dict[str, Definition]
    key: str
    invented: bool = False
    live: Any = None

    @cached_property
    def decisions(self) -> Decisions:
        """Return what people have decided about charts: the same for the whole request."""
        return decisions()

    @cached_property
    def now(self) -> Any:
        """Return the live picture, brought up to date once for the request; None where no feed is live."""
        if self.live is None or not self.live.messages.file.exists():
            return None
        self.live.look(lake_edition())
        return self.live if self.live.is_live else None


def lake_edition() -> tuple[int, int, int] | None:
    """Return something that changes whenever the lake does; asks the disk only for the date of one file."""
    try:
        found = settings.HOME.joinpath("lake", "manifest.json").stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def source() -> Source:
    """Return what this request reads, from the function that the settings name."""
    return cast(Source, import_string(settings.KNITWORK_SOURCE)())


@lru_cache(maxsize=4)
def opened(folder: Path) -> Any:
    from knitwork.home import open_home

    return open_home(folder)


@lru_cache(maxsize=4)
def picture(folder: Path) -> Any:
    """Return the one live picture of a home in this process."""
    from knitwork.home.live import Picture
    from knitwork.home.live_read import reader_of
    from knitwork.intake.messages import Messages

    home = opened(folder)
    return Picture(Messages(home.place.inbox.folder), home.answers, reader_of(home.place))


@lru_cache(maxsize=1)
def definitions() -> dict[str, Definition]:
    """Return the catalogue of measures as pages show it, in its own order."""
    from knitwork.measures.catalogue import catalogue

    return {measure.id: from_catalogue(measure) for measure in catalogue()}


def from_home() -> Source:
    """Read the home folder named in the settings."""
    home = opened(settings.HOME)
    answers = home.answers()
    return Source(
        name=home.settings.name,
        tz=home.settings.tz or "UTC",
        answers=answers if answers.is_derived else None,
        measures=definitions(),
        key=str(settings.HOME),
        invented=home.settings.invented,
        live=picture(settings.HOME),
    )
