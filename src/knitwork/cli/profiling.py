"""The command that shows how a feed is read, tries another way on its last delivery, and keeps it with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from knitwork.cli import acts
from knitwork.cli.printing import Format, counted, say, sentences, show
from knitwork.home import Home
from knitwork.home.profiles import (
    Tried,
    changed_keys,
    feeds_with_profiles,
    guessed,
    kept_text,
    try_out,
    with_values,
)
from knitwork.home.reading import checked_feed
from knitwork.intake.profile import KEYS, Profile, parse_profile
from knitwork.model.errors import CannotDo

if TYPE_CHECKING:
    from knitwork.web.profiles.models import ProfileVersion

PROFILES = ("feed", "deliveries", "version", "said_by", "said_at", "why")
SAYS = ("key", "value", "origin", "said_by", "said_at", "guess")
VERSIONS = ("version", "said_by", "said_at", "why", "changed")
DIFFERS = ("key", "before", "after")
EFFECT = ("rows", "before", "after")


def profiling(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(profile)


def profile(
    feed: Annotated[str | None, typer.Argument(help="a feed; without one, all are listed", show_default=False)] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option("--set", help="a key and its new value, such as zone=Europe/Oslo", show_default=False),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="a file with the whole profile", show_default=False)
    ] = None,
    like: Annotated[
        str | None, typer.Option("--like", help="begin with the profile of another feed", show_default=False)
    ] = None,
    back: Annotated[int | None, typer.Option("--back", help="go back to this version", show_default=False)] = None,
    why: Annotated[str, typer.Option("--why", help="why; only then it is kept", show_default=False)] = "",
    versions: Annotated[bool, typer.Option("--versions", help="list who changed it, when and why")] = False,
    compare: Annotated[
        int | None, typer.Option("--compare", help="show in what this version differs from now", show_default=False)
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="print it as it stands in its file")] = False,
    format: Annotated[Format, typer.Option("--format", help="how to print")] = Format.table,
) -> None:
    """How feeds are read: what was guessed and said, what a change would do, and every version."""
    target = acts.derived(home)
    wishes = {"--set": set, "--file": file, "--like": like, "--back": back}
    looks = {"--versions": versions or None, "--compare": compare, "--text": text or None}
    named = [name for name, value in (wishes | looks).items() if value is not None and value != []]
    if len(named) > 1:
        raise CannotDo(f"{' and '.join(named)} cannot be asked together: ask one after the other")
    if feed is None and (named or why):
        raise CannotDo(f"{(named or ['--why'])[0]} needs the name of a feed: knitwork profile lists them")
    if why and (not named or named[0] in looks):
        raise CannotDo("--why goes with a change: say it with --set, --file, --like or --back")
    with acts.database(target):
        if feed is None:
            _list(target, format)
            return
        checked_feed(feed)
        kept = kept_text(target.place, feed)
        if set or file or like or back is not None:
            wanted = _wanted(target, feed, kept, set=set or (), file=file, like=like, back=back)
            _propose(target, feed, kept, wanted, why=why, format=format)
            return
        if kept is None:
            raise CannotDo(f"no profile of {feed} is kept: knitwork profile lists those that are")
        if text:
            typer.echo(kept, nl=False)
        elif versions:
            _versions(target, feed, format)
        elif compare is not None:
            before = _version(target, feed, compare).text
            _differences(_read(before, f"version {compare} of {feed}"), _read(kept, feed), format)
        else:
            _says(target, feed, kept, format)


def _list(home: Home, format: Format) -> None:
    from knitwork.web.profiles.actions import notice

    rows = []
    for feed in feeds_with_profiles(home.place):
        latest = notice(home.place, feed, by=acts.BY)
        rows.append(
            {"feed": feed, "deliveries": len(home.answers().deliveries(feed)), **(_told(latest) if latest else {})}
        )
    show(rows, PROFILES, format, empty="No profile is kept yet: the first load of a feed writes one.")


def _told(one: ProfileVersion) -> dict[str, Any]:
    """Return a version as a row; what nobody signed was guessed by a load or edited in the file."""
    at = one.said_at.isoformat(timespec="seconds")
    return {"version": one.number, "said_by": one.said_by or None, "said_at": at, "why": one.why}


def _read(text: str, of: str) -> Profile:
    return parse_profile(text, source=f"the profile of {of}" if not of.startswith("version") else of)


def _says(home: Home, feed: str, kept: str, format: Format) -> None:
    """Print every key with its value and where that comes from."""
    from knitwork.web.profiles.actions import notice
    from knitwork.web.profiles.history import who_set
    from knitwork.web.profiles.origins import origin

    latest = notice(home.place, feed, by=acts.BY)
    current, guess, set_by = _read(kept, feed), guessed(home.place, feed), who_set(feed)
    rows = []
    for key in KEYS:
        by = set_by.get(key)
        would = getattr(guess.profile, key) if guess else None
        value = getattr(current, key)
        rows.append(
            {
                "key": key, "value": value, "origin": origin(value, would, said=by is not None),
                "said_by": (by.said_by or "by hand") if by else None,
                "said_at": by.said_at.isoformat(timespec="seconds") if by else None,
                "guess": would if would != value else None,
            }
        )  # fmt: skip
    show(rows, SAYS, format)
    if format is Format.table:
        if guess:
            say(f"Guesses are those of the last delivery, {guess.name}, of {counted(guess.rows, 'row', 'rows')}.")
        if latest:
            say(f"Version {latest.number}: {latest.why}. knitwork profile {feed} --versions lists all.")


def _versions(home: Home, feed: str, format: Format) -> None:
    from knitwork.web.profiles.actions import notice
    from knitwork.web.profiles.history import changed, versions

    notice(home.place, feed, by=acts.BY)
    found = versions(feed)
    before = {one.number + 1: one.text for one in found}
    show(
        ({**_told(one), "changed": ", ".join(changed(before.get(one.number, ""), one.text))} for one in found),
        VERSIONS,
        format,
    )


def _version(home: Home, feed: str, number: int) -> ProfileVersion:
    from knitwork.web.profiles.actions import notice
    from knitwork.web.profiles.history import versions

    notice(home.place, feed, by=acts.BY)
    found = next((one for one in versions(feed) if one.number == number), None)
    if found is None:
        raise CannotDo(f"there is no version {number} of {feed}: knitwork profile {feed} --versions lists them")
    return found


def _wanted(
    home: Home, feed: str, kept: str | None, *, set: Sequence[str], file: Path | None, like: str | None,
    back: int | None,
) -> str:  # fmt: skip
    """Return the text that is asked for."""
    if file is not None:
        try:
            return file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise CannotDo(f"{file} could not be read ({problem}): give a text file in UTF-8") from None
    if like is not None:
        other = kept_text(home.place, checked_feed(like))
        if other is None:
            raise CannotDo(f"no profile of {like} is kept: knitwork profile lists those that are")
        return other
    if back is not None:
        return _version(home, feed, back).text
    values: dict[str, str | None] = {}
    for one in set:
        key, equals, value = one.partition("=")
        if not equals or key.strip() not in KEYS:
            raise CannotDo(f"--set {one} is not KEY=VALUE with one of the keys {', '.join(KEYS)}")
        values[key.strip()] = value.strip() or None
    if kept is None:
        raise CannotDo(f"no profile of {feed} is kept: begin it with --like ANOTHER or --file FILE")
    return with_values(kept, values, feed=feed)


def _propose(home: Home, feed: str, kept: str | None, wanted: str, *, why: str, format: Format) -> None:
    """Print what a text would change and do to the last delivery; keep it where a reason is given."""
    from knitwork.web.profiles.actions import notice, save_profile

    after = _read(wanted, feed)
    before = _read(kept, feed) if kept is not None else Profile()
    _differences(before, after, format)
    try:
        then = try_out(home.place, feed, after)
    except CannotDo as cannot:
        raise CannotDo(f"nothing was kept: by this profile the last delivery could not be read: {cannot}") from None
    if format is Format.table:
        if then:
            _effect(home, feed, before, then)
        if not why.strip():
            say("Nothing was kept. Give --why with the reason to keep it.")
            return
    if not why.strip():
        return
    latest = notice(home.place, feed, by=acts.BY)
    made = save_profile(
        home.place, feed=feed, text=wanted, why=why, based_on=latest.number if latest else 0, by=acts.BY
    )
    if format is Format.table:
        came = len(home.answers().deliveries(feed))
        follows = (
            f"knitwork refresh reads {counted(came, 'delivery', 'deliveries')} anew by it, and past points may change"
            if came
            else "the next delivery is read by it"
        )
        say(f"Kept as version {made.number} of {feed}: {follows}.")


def _differences(before: Profile, after: Profile, format: Format) -> None:
    rows = [{"key": k, "before": getattr(before, k), "after": getattr(after, k)} for k in changed_keys(before, after)]
    show(rows, DIFFERS, format, empty="They say the same.")


def _effect(home: Home, feed: str, before: Profile, then: Tried) -> None:
    """Print what becomes of the rows of the last delivery by the kept profile and by the one that is wanted."""
    try:
        now = try_out(home.place, feed, before)
    except CannotDo:
        now = None
    names = {"rows": "in the file", "taken": "taken", "marked": "taken and marked", "rejected": "set aside",
             "ignored": "of kinds that are not read"}  # fmt: skip
    rows = [
        {"rows": name, "before": getattr(now, field) if now else None, "after": getattr(then, field)}
        for field, name in names.items()
    ]
    rules = sorted({*then.rules, *(now.rules if now else ())})
    rows += [
        {
            "rows": f"set aside: {rule}",
            "before": now.rules.get(rule, 0) if now else None,
            "after": then.rules.get(rule, 0),
        }
        for rule in rules
    ]
    say(f"The last delivery, {then.name}:")
    show(rows, EFFECT, Format.table)
    sentences(note for note in then.notes if now is None or note not in now.notes)
