"""Taking files in: from a path to landed rows in the lake, all or nothing.

A file is read and checked before it becomes a delivery. Then it is accepted into the
inbox, its rows are written as bucketed files, and the manifest is replaced. A crash
between the last two leaves a delivery that the next load or refresh lands.
"""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from knitwork.home.persons import landed_links
from knitwork.home.place import Place
from knitwork.home.publishing import forget, keep_profile, mark_landed, publish, repeats, with_delivery
from knitwork.home.quality.noted import with_drift
from knitwork.home.reading import LoadOptions, Read, expected_rows, key, land, profile_digest, profile_path, read
from knitwork.home.trouble import in_sentences
from knitwork.intake import formats
from knitwork.intake.formats import Profile
from knitwork.intake.inbox import Delivery
from knitwork.intake.lock import one_writer
from knitwork.journeys.persons import ASIDE, persons
from knitwork.lake.buckets import how_many
from knitwork.lake.manifest import Manifest
from knitwork.model.errors import CannotDo


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: rows taken, rejected, and what was noticed, in sentences.

    Where `links` is true the rows are patient links, else stays.
    """

    path: Path
    feed: str
    delivery: str
    known: bool
    rows: int
    taken: int
    rejected: int
    notes: tuple[str, ...] = ()
    profile: Path | None = None
    links: bool = False
    ignored: int = 0
    partly: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did with each file, and which files of a folder it left out and why."""

    taken: tuple[Taken, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(t.taken for t in self.taken)


def load(
    place: Place,
    paths: Sequence[Path],
    options: LoadOptions,
    *,
    progress: Callable[[str], None] | None = None,
) -> LoadReport:
    """Take these files in. Raises CannotDo, with nothing changed, when a named file cannot be read."""
    made = outermost_new(place.path)
    try:
        with in_sentences(place.path, doing="taken in"), one_writer(place.path):
            return _load(place, paths, options, progress)
    except BaseException:
        if made and not place.has_data:
            shutil.rmtree(made, ignore_errors=True)
            place.__dict__.pop("inbox", None)  # its folders went too; the next load makes them again
        raise


def outermost_new(path: Path) -> Path | None:
    """Return the topmost folder that has to be made for `path`; None when it exists."""
    return next((p for p in [*reversed(path.parents), path] if not p.exists()), None)


def _load(
    place: Place, paths: Sequence[Path], options: LoadOptions, progress: Callable[[str], None] | None
) -> LoadReport:
    place.create()
    place.inbox.clean()
    land_missing(place)
    staged: list[Read] = []
    left_out: list[str] = []
    candidates: list[tuple[Path, bool]] = []
    for path in paths:
        folder = formats.files_in(path)
        candidates.extend((file, path.is_dir()) for file in folder.files)
        left_out.extend(folder.passed_over)
    work = place.lake.files / f"landing-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    buckets = place.lake.manifest().buckets or how_many(sum(expected_rows(p) for p, _ in candidates if p.is_file()))
    try:
        with ExitStack() as copies:
            for path, from_folder in candidates:
                if progress:
                    progress(path.name)
                try:
                    copy = copies.enter_context(place.inbox.stage(path))
                    staged.append(read(place, path, copy, options, into=work, buckets=buckets))
                except CannotDo as refused:
                    if not from_folder:
                        raise
                    left_out.append(f"passed over: {refused}")
            if not staged:
                raise CannotDo(f"nothing in {', '.join(str(p) for p in paths)} could be taken in; {left_out[0]}")
            taken = _accept(place, staged, options, buckets)
            return LoadReport(tuple(with_drift(place, with_aside(place, taken))), tuple(left_out))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _accept(place: Place, reads: Sequence[Read], options: LoadOptions, buckets: int) -> list[Taken]:
    """Make the files that were read deliveries: profiles and inbox first, then one manifest for all of them."""
    results: list[Taken] = []
    before = manifest = place.lake.manifest()
    accepted: list[Delivery] = []
    with ExitStack() as undo:
        for read in reads:
            # the same content may also stand in a folder twice
            if read.report is None or key(read.feed, read.copy.delivery) in manifest.landed:
                counted = manifest.landed[key(read.feed, read.copy.delivery)]
                rows, rejected = int(counted["rows"]), int(counted["rejected"])
                results.append(Taken(read.path, read.feed, read.copy.delivery, True, rows, 0, rejected))
                manifest = _once_more(place, manifest, read, options)
                continue
            new_profile = keep_profile(place, read.feed, read.report.profile, options, undo)
            delivery = place.inbox.accept(
                read.copy, feed=read.feed, received_at=options.received_at, extracted_at=options.extracted_at
            )
            if delivery.new:
                undo.callback(forget, place, delivery)
            accepted.append(delivery)
            manifest = with_delivery(place, manifest, delivery, read.files, read.report, buckets, undo)
            results.append(
                Taken(
                    read.path, read.feed, read.copy.delivery, False, read.report.rows, read.report.landed,
                    read.report.rejected, read.report.notes, new_profile, read.report.kind == "links",
                    read.report.ignored, read.report.partly,
                )
            )  # fmt: skip
        if accepted or manifest is not before:
            publish(place, manifest)
        undo.pop_all()
    mark_landed(place, accepted)
    return results


def _once_more(place: Place, manifest: Manifest, read: Read, options: LoadOptions) -> Manifest:
    """Note that content which is known was extracted anew: of a feed that sends everything it is the newest word."""
    known = place.inbox.find(read.copy.delivery, read.feed)
    if known is None or options.extracted_at is None:
        return manifest
    place.inbox.note_again(known, received_at=options.received_at, extracted_at=options.extracted_at)
    at = key(read.feed, read.copy.delivery)
    again = repeats(place, read.copy.delivery, read.feed)
    if again == manifest.landed[at].get("again", []):
        return manifest
    return replace(manifest, landed={**manifest.landed, at: {**manifest.landed[at], "again": again}})


def with_aside(place: Place, results: Sequence[Taken]) -> list[Taken]:
    """Add to files of patient links how many of theirs count for nothing, by all links that came so far."""
    if not any(one.links for one in results):
        return list(results)
    manifest = place.lake.manifest()
    aside = persons(landed_links(place, manifest, manifest.landed)).aside
    found = []
    for one in results:
        rules = Counter(rule for link, rule in aside if (link.delivery, link.feed) == (one.delivery, one.feed))
        said = tuple(
            f"{n:,} of the links {'is' if n == 1 else 'are'} set aside: {ASIDE[rule]}" for rule, n in rules.items()
        )
        found.append(replace(one, notes=(*one.notes, *said)) if one.links else one)
    return found


def land_missing(place: Place) -> int:
    """Land deliveries that the lake does not hold as it should; return how many.

    They are those that a crash left in the inbox only, and those whose feed's mapping
    profile was edited since.
    """
    manifest = place.lake.manifest()
    digests = {str(v["feed"]): profile_digest(place, str(v["feed"])) for v in manifest.landed.values()}
    sent = {k: v for k, v in manifest.landed.items() if not v.get("stream")}
    edited = {k for k, v in sent.items() if v["profile"] != digests[str(v["feed"])]}
    missing = [
        d
        for d in place.inbox.deliveries()
        if key(d.feed, d.delivery) not in manifest.landed or key(d.feed, d.delivery) in edited
    ]
    for delivery in missing:
        work = place.lake.files / f"landing-{uuid.uuid4().hex[:12]}"
        work.mkdir(parents=True)
        try:
            kept = profile_path(place, delivery.feed)
            profile = formats.read_profile(kept) if kept.exists() else Profile().with_zone(place.settings.tz)
            file = place.inbox.file(delivery)
            buckets = manifest.buckets or how_many(sum(expected_rows(place.inbox.file(d)) for d in missing))
            files, report = land(
                place, file, profile, feed=delivery.feed, content=delivery.delivery, name=delivery.name,
                received_at=delivery.received_at, extracted_at=delivery.extracted_at, into=work, buckets=buckets,
            )  # fmt: skip
            with ExitStack() as undo:
                manifest = publish(place, with_delivery(place, manifest, delivery, files, report, buckets, undo))
                undo.pop_all()
            mark_landed(place, [delivery])
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return len(missing)
