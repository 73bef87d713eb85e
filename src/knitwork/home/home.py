"""The home as people and programs use it."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from knitwork.home import load as loading
from knitwork.home import places, spine, streams
from knitwork.home import refresh as refreshing
from knitwork.home.answers import Answers
from knitwork.home.load import LoadReport
from knitwork.home.place import Place
from knitwork.home.reading import LoadOptions
from knitwork.home.refresh import RefreshReport
from knitwork.home.settings import Settings, starter
from knitwork.home.trouble import in_sentences
from knitwork.intake.lock import one_writer
from knitwork.model.errors import CannotDo
from knitwork.model.units import FoundUnit, Registry


class Home:
    """A system's records and everything derived from them, in one folder.

    >>> home = open_home("riverbend-home")               # doctest: +SKIP
    >>> home.measure("los_median").to_pandas().tail()    # doctest: +SKIP
    """

    def __init__(self, path: Path) -> None:
        self.place = Place(path)

    @property
    def path(self) -> Path:
        return self.place.path

    @property
    def settings(self) -> Settings:
        return self.place.settings

    @property
    def has_data(self) -> bool:
        """Say whether anything was ever taken in."""
        return self.place.has_data

    # Changing

    def load(
        self,
        paths: Sequence[Path | str],
        options: LoadOptions | None = None,
        *,
        progress: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Take files in, all or nothing; writes the inbox and landed rows. Raises CannotDo with nothing changed."""
        return loading.load(self.place, [Path(p) for p in paths], options or LoadOptions(), progress=progress)

    def land_messages(self) -> int:
        """Land what live feeds sent since the last time; return how many messages. Raises CannotDo while another loads."""
        if not streams.has_new_messages(self.place):
            return 0
        with in_sentences(self.path, doing="taken in"), one_writer(self.path):
            return streams.land_messages(self.place)

    @property
    def has_news(self) -> bool:
        """Say whether messages came, or records landed, that the derived tables do not have yet."""
        return streams.has_new_messages(self.place) or self.is_behind

    @property
    def is_behind(self) -> bool:
        """Say whether something landed that is not derived yet."""
        manifest = self.place.lake.manifest()
        return bool(manifest.dirty) or manifest.derived_generation != manifest.generation

    def refresh(
        self,
        registry: Registry | None = None,
        *,
        full: bool = False,
        as_of: dt.datetime | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> RefreshReport:
        """Derive and measure what is new, under `registry` (by default the last one, with new units added)."""
        return refreshing.refresh(self.place, registry or self.registry(), full=full, as_of=as_of, progress=progress)

    def write_settings(self, *, name: str, tz: str | None, invented: bool = False) -> None:
        """Write a first knitwork.toml; an existing one is left alone."""
        target = self.path / "knitwork.toml"
        if not target.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            target.write_text(starter(name, tz, invented=invented), "utf-8")
            self.place.__dict__.pop("settings", None)

    # Asking

    def answers(self) -> Answers:
        """Hold the current generation and ask it; cheap, one for each page or command."""
        return Answers(self.place)

    def registry(self) -> Registry:
        """Return the registry by which the current generation was derived."""
        manifest = self.place.lake.manifest()
        return Registry.from_json(manifest.registry) if manifest.registry else Registry(macro_name=self.settings.name)

    def units_found(self, registry: Registry | None = None) -> list[FoundUnit]:
        """Return every unit that what was taken in speaks of, as the feeds name it."""
        return refreshing.units_found(self.place, registry or self.registry())

    def unit_codes(self) -> list[str]:
        """Return the code of every unit that what was taken in speaks of."""
        return [one.unit for one in self.units_found()]

    def groups_above(self, found: Sequence[FoundUnit]) -> list[FoundUnit]:
        """Return the places in which these units lie, as the feeds name them."""
        return places.groups_above(found, self.place, self.place.lake.manifest())

    def _derived(self) -> Answers:
        answers = self.answers()
        if not answers.is_derived:
            raise CannotDo(f"{self.path} holds nothing derived yet: load a file and run knitwork refresh")
        return answers

    def stays(self, **where: object) -> pa.Table:
        """Return stays as an Arrow table; `unit`, `patient`, `since`, `until`, `limit` narrow it. Times in UTC microseconds."""
        return spine.stays(self._derived(), **where)  # type: ignore[arg-type]

    def handoffs(self, level: str = "micro") -> pa.Table:
        """Return the hand-off graph of a level as an Arrow table: one row an ordered pair of units. Times in seconds."""
        return pa.Table.from_pylist(self._derived().pairs(level))

    def journeys(self, **where: object) -> pa.Table:
        """Return journeys as an Arrow table; narrowed like `stays`."""
        return spine.journeys(self._derived(), **where)  # type: ignore[arg-type]

    def measure(self, measure: str, *, level: str = "micro", period: str = "month") -> pa.Table:
        """Return one measure's numbers for every unit of a level and every period, as an Arrow table."""
        from knitwork.home.measured import cells

        return pa.Table.from_pylist(cells(self._derived(), measure, level=level, period=period))

    def _repr_html_(self) -> str:
        answers = self.answers()
        feeds = "".join(
            f"<li>{html.escape(f.feed)}: {f.rows:,} stays, {f.rejected:,} rows rejected</li>" for f in answers.feeds()
        )
        return f"<p><b>{html.escape(self.settings.name)}</b>, generation {answers.generation}</p><ul>{feeds}</ul>"


def open_home(path: str | Path = "knitwork-home") -> Home:
    """Open a home folder; it is made when something is first loaded into it."""
    return Home(Path(path))
