"""Take files in from the browser, and say exactly what became of them."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home import Home, LoadOptions, LoadReport, RefreshReport
from knitwork.home.load import Taken
from knitwork.home.profiles import feeds_with_profiles
from knitwork.model.errors import CannotDo
from knitwork.web import delivered, notes, say
from knitwork.web.accounts.access import needs
from knitwork.web.loading import actions
from knitwork.web.loading.steps import bring_in, parted
from knitwork.web.source import Source, opened, source

# A larger file is taken in by the command, which needs no copy of it on the way.
MOST_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Came:
    """What became of files: the report of the load, where there was one, and rows brought into the registry by file."""

    report: LoadReport | None
    registry: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Did:
    """What was done with a form: files, the refresh behind them, and what stood in the way of either."""

    came: Came | None = None
    refreshed: RefreshReport | None = None
    refused: str = ""


@needs("set_up")
def load(request: HttpRequest) -> HttpResponse:
    """Take files in and refresh; an empty form refreshes only. Works on a home that holds nothing yet."""
    home = opened(settings.HOME)
    did = Did()
    if request.method == "POST":
        did = done(home, request)
    # What was done made a new generation: it is read after the act, and not before.
    known = source()
    context = {
        "feeds": feeds_with_profiles(home.place),
        "zone": home.settings.tz or "",
        "zone_said": home.settings.tz or "UTC",
        "wrote": request.POST if did.refused else {},
        "refused": did.refused,
        "files": told_files(did.came, known) if did.came else [],
        "refreshed": told_refresh(did.refreshed) if did.refreshed else "",
        "behind": home.has_data and home.is_behind,
    }
    return render(request, "pages/load.html", context, status=422 if did.refused else 200)


def done(home: Home, request: HttpRequest) -> Did:
    """Do what a form asks for; what cannot be done is one sentence, and what was done before it is still told."""
    came: Came | None = None
    try:
        files = request.FILES.getlist("files")
        if files:
            options = asked(request, home.settings.tz)
            with laid_down(files) as paths:
                records, registry = parted(paths)
                if records:
                    came = Came(actions.take_in(home, records, options, by=request.user))  # type: ignore[arg-type]
                rows = tuple((file.name, bring_in(file, by=request.user)) for file in registry)  # type: ignore[arg-type]
                came = Came(came.report if came else None, rows)
        elif request.POST.get("act") != "refresh":
            raise CannotDo(_("Choose a file first."))
        return Did(came, actions.refresh(home, by=request.user))  # type: ignore[arg-type]
    except CannotDo as cannot:
        return Did(came, None, str(cannot))


def asked(request: HttpRequest, tz: str | None) -> LoadOptions:
    """Return how the files are to be read, from the form."""
    said = {name: request.POST.get(name, "").strip() for name in ("feed", "tz", "extracted_at")}
    at: dt.datetime | None = None
    if said["extracted_at"]:
        try:
            at = dt.datetime.fromisoformat(said["extracted_at"])
        except ValueError:
            text = _("%(text)s is not a date and time such as 2026-10-31 06:10.") % {"text": said["extracted_at"]}
            raise CannotDo(text) from None
        at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(tz or "UTC"))
    return LoadOptions(feed=said["feed"] or None, tz=said["tz"] or None, extracted_at=at)


@contextmanager
def laid_down(files: Iterable[UploadedFile[Any]]) -> Iterator[list[Path]]:
    """Give the files that were sent under their own names, gone afterwards; two of one name lie apart."""
    folder = Path(tempfile.mkdtemp(prefix="knitwork-"))
    try:
        paths = []
        for number, file in enumerate(files):
            if (file.size or 0) > MOST_BYTES:
                raise CannotDo(_("A file of over 2 GB is taken in on the server: `knitwork load FILE`."))
            path = folder / str(number) / Path(file.name or "file").name
            path.parent.mkdir()
            with path.open("wb") as target:
                shutil.copyfileobj(file, target)
            paths.append(path)
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told_files(came: Came, known: Source) -> list[dict[str, Any]]:
    """Return each file with what became of it, in the order in which it was given."""
    brought = {(b.feed, b.delivery): b for b in known.answers.brought()} if known.answers else {}
    found = []
    for one in came.report.taken if came.report else ():
        there = brought.get((one.feed, one.delivery))
        said = delivered.sentences(there, known.tz) if there and not one.known else rows_of(one)
        said += [notes.told(note) for note in one.notes if there is None or not delivered.is_said(note)]
        found.append(
            {"name": one.path.name, "feed": one.feed, "said": said, "rejected": one.rejected, "new": not one.known}
        )
    found += [{"name": name, "said": [brought_in(rows)]} for name, rows in came.registry]
    return found


def rows_of(one: Taken) -> list[str]:
    """Say what became of a file that told nothing new, or of one that no page knows yet."""
    if one.known:
        return [_("It was taken in before under this feed: nothing was changed.")]
    taken = ngettext("%(n)s row was taken.", "%(n)s rows were taken.", one.taken) % {"n": say.count(one.taken)}
    refused = ngettext("%(n)s row was refused.", "%(n)s rows were refused.", one.rejected) % {
        "n": say.count(one.rejected)
    }
    return [f"{taken} {refused}" if one.rejected else taken]


def brought_in(rows: int) -> str:
    text = ngettext("%(n)s row was brought into the units.", "%(n)s rows were brought into the units.", rows)
    return text % {"n": say.count(rows)}


def told_refresh(report: RefreshReport) -> str:
    """Say what the refresh made."""
    if report.nothing_to_do:
        return _("Nothing is new: every number is up to date.")
    text = ngettext(
        "Every number was brought up to date: generation %(generation)s, of %(n)s stay.",
        "Every number was brought up to date: generation %(generation)s, of %(n)s stays.",
        report.stays,
    )
    return text % {"generation": say.count(report.generation), "n": say.count(report.stays)}
