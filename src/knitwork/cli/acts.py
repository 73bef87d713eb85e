"""What several commands do: take files in, bring the registry up to date, refresh, serve."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from knitwork.cli.printing import counted, say, sentences
from knitwork.home import Home, LoadOptions, LoadReport, RefreshReport, open_home
from knitwork.home.trouble import in_sentences
from knitwork.model.errors import CannotDo

BY = "the command line"
REGISTRY_FILES = {"units.csv", "memberships.csv"}


def home_at(folder: Path | None) -> Home:
    """Open the home that --home or KNITWORK_HOME names, or ./knitwork-home."""
    return open_home(folder or Path(os.environ.get("KNITWORK_HOME") or "knitwork-home"))


def derived(folder: Path | None) -> Home:
    """Open a home that has something to show."""
    home = home_at(folder)
    if not home.has_data:
        raise CannotDo(f"{home.path} holds nothing yet: load a file first, with knitwork open FILE")
    return home


def moment(text: str | None, *, what: str) -> dt.datetime | None:
    """Read a moment in ISO 8601; without an offset it is UTC."""
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise CannotDo(f"{what} {text!r} is not a date or time such as 2026-10-31 or 2026-10-31T06:10+01:00") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def split_registry(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Tell files of stays from units.csv and memberships.csv, in these paths and one folder deep."""
    records, registry = [], []
    for path in paths:
        if path.is_dir():
            inside = [path / name for name in sorted(REGISTRY_FILES) if (path / name).is_file()]
            registry += inside
            records += sorted(p for p in path.iterdir() if p.name not in REGISTRY_FILES) if inside else [path]
        elif path.name in REGISTRY_FILES:
            registry.append(path)
        else:
            records.append(path)
    return records, registry


def bring_in(home: Home, files: Sequence[Path]) -> None:
    """Bring units.csv and memberships.csv into the registry."""
    if not files:
        return
    with database(home):
        _bring_in(files)


@contextmanager
def database(home: Home) -> Iterator[None]:
    """Open the record of people's work; a disk that is full or shut is said in a sentence."""
    from django.db.utils import DatabaseError

    from knitwork.web.serve import open_database

    with in_sentences(home.path, doing="written down", also=(DatabaseError,)):
        open_database(home.path)
        yield


def _bring_in(files: Sequence[Path]) -> None:
    from knitwork.web.loading.steps import bring_in

    for file in sorted(files, key=lambda f: f.name, reverse=True):
        say(f"{file.name}: {counted(bring_in(file, by=BY), 'row', 'rows')} brought in")


def take_in(home: Home, paths: Sequence[Path], options: LoadOptions) -> LoadReport | None:
    """Load files and bring in registry files; says what became of each."""
    records, registry = split_registry(paths)
    report = None
    if records:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            transient=True,
            disable=not sys.stdout.isatty(),
        ) as progress:
            task = progress.add_task("Reading", total=None)
            report = home.load(
                records, options, progress=lambda name: progress.update(task, description=f"Reading {name}")
            )
        told(report)
        # Every setting with its meaning, for who wants to change one.
        home.write_settings(name=home.settings.name, tz=home.settings.tz or options.tz)
    bring_in(home, registry)
    return report


def told(report: LoadReport) -> None:
    """Say what a load did: rows taken, already known, rejected, and what was noticed."""
    for one in report.taken:
        if one.known:
            say(f"{one.path.name}: already known, nothing changed")
            continue
        taken = counted(one.taken, *(("patient link", "patient links") if one.links else ("row", "rows")))
        ignored = f", {one.ignored:,} of kinds that are not read" if one.ignored else ""
        say(f"{one.path.name}: {taken} taken, {one.rejected:,} rejected{ignored} (feed {one.feed})")
        sentences(one.notes)
        if one.partly:
            sentences([f"{counted(one.partly, 'row is', 'rows are')} taken in part: what was set aside is in rejects"])
        if one.rejected or one.partly:
            rows = "row" if one.rejected + one.partly == 1 else "rows"
            sentences([f"knitwork rejects --feed {one.feed} lists the rejected {rows} and why"])
        if one.profile:
            sentences(
                [f"how it was read is written in {one.profile}; if a guess is wrong, edit it and run knitwork refresh"]
            )
    for why in report.left_out:
        say(why)


def bring_up(home: Home, *, full: bool = False, as_of: dt.datetime | None = None, quiet: bool = False) -> RefreshReport:
    """Note new units and edited profiles, then derive and measure under them."""
    with database(home):
        from knitwork.web.loading.steps import registry_now

        registry = registry_now(home, by=BY)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        transient=True,
        disable=quiet or not sys.stdout.isatty(),
    ) as progress:
        task = progress.add_task("Deriving journeys and measures", total=None)
        return home.refresh(
            registry, full=full, as_of=as_of, progress=lambda done, of: progress.update(task, total=of, completed=done)
        )


def told_refresh(report: RefreshReport) -> None:
    if report.nothing_to_do:
        say(f"Nothing new: generation {report.generation} is up to date.")
    else:
        say(
            f"Generation {report.generation}: {counted(report.stays, 'stay', 'stays')}, "
            f"{report.rebuilt} of {counted(report.buckets, 'bucket', 'buckets')} "
            f"rebuilt in {report.seconds:.1f} s"
        )


def told_as_of(home: Home) -> None:
    """Say where the numbers are those of an earlier time, and how to go back."""
    if then := home.answers().known_by:
        say(
            f"These numbers are as of {then}, as they were known then, on every page and for everybody; "
            "what came later is kept. The next plain knitwork refresh counts all that came again"
        )


def summary(home: Home) -> None:
    """Say in a few sentences what a home holds and what it cannot know."""
    answers = home.answers()
    units = [u for u in answers.registry.units if answers.registry.level_of(u.unit) == "micro"]
    patients = answers.manifest.rows("patient")
    handoffs = sum(int(p["count"]) for p in answers.pairs("micro"))
    told = (
        counted(len(units), "unit", "units"),
        counted(patients, "patient", "patients"),
        counted(handoffs, "hand-off between units", "hand-offs between units"),
    )
    say(f"{home.settings.name}: {', '.join(told)}")
    if numbers := answers.manifest.rows("unit_fact"):
        sentences([f"{counted(numbers, 'number', 'numbers')} of units by period: kept in unit_fact, not charted"])
    for feed in answers.feeds():
        if feed.calendar == "shifted":
            sentences(
                [
                    f"{feed.feed}: dates were shifted for privacy, so there are no calendar charts, totals and durations only"
                ]
            )
        if not feed.departures_recorded:
            sentences(
                [f"{feed.feed}: departure not recorded by this feed, so waits between units are not computed from it"]
            )
    locked: dict[str, list[str]] = {}
    for measure, (ok, _, unlock) in answers.computable().items():
        if not ok:
            locked.setdefault(unlock, []).append(measure)
    if locked:
        count = sum(map(len, locked.values()))
        say(
            f"{count} of {len(answers.computable())} measures cannot be computed from this data. What would unlock them:"
        )
        sentences(f"{unlock} ({', '.join(measures)})" for unlock, measures in locked.items())


def serve(home: Home, *, host: str, port: int, began: float | None = None) -> None:
    """Serve the home until stopped."""
    from knitwork.web.serve import serve as run

    def ready(address: str) -> None:
        took = f" ({time.monotonic() - began:.0f} s after the start)" if began else ""
        say(f"The wall is open at {address}{took}. Stop it with Ctrl-C.")

    run(home.path, host=host, port=port, ready=ready)
