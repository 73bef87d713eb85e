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

    `answers` is a `knitwork.home.Answers`; None while nothing has been loaded and derived.
    """

    name: str
    tz: str
    answers: Any
    measures: dict[str, Definition]
    key: str
    invented: bool = False

    @cached_property
    def decisions(self) -> Decisions:
        """Return what people have decided about charts: the same for the whole request."""
        return decisions()


def source() -> Source:
    """Return what this request reads, from the function that the settings name."""
    return cast(Source, import_string(settings.KNITWORK_SOURCE)())


@lru_cache(maxsize=4)
def opened(folder: Path) -> Any:
    from knitwork.home import open_home

    return open_home(folder)


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
    )
