"""How a feed is read: its profile, what was guessed, what a change would do, and every version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home.place import Place
from knitwork.home.profiles import Guessed, Tried, feeds_with_profiles, guessed, kept_text, try_out, with_values
from knitwork.home.reading import checked_feed
from knitwork.intake.profile import KEYS, Profile, parse_profile, write_profile
from knitwork.model.errors import CannotDo
from knitwork.web import delivered, notes, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.frame import with_answers
from knitwork.web.profiles import words
from knitwork.web.profiles.actions import NOBODY, notice, save_profile
from knitwork.web.profiles.history import difference, versions, who_set
from knitwork.web.profiles.models import ProfileVersion
from knitwork.web.profiles.origins import origin
from knitwork.web.source import Source


@dataclass(frozen=True, slots=True)
class Proposed:
    """A text that somebody wants for a profile, why, what stands against keeping it, and whether files can be read by it."""

    text: str
    why: str = ""
    refused: str = ""
    readable: bool = True


def home() -> Place:
    """Return the home whose files these are."""
    return Place(settings.HOME)


def known(source: Source, feed: str) -> str | None:
    """Return the text of a feed's profile, None where none is kept yet; no page for what is no feed."""
    try:
        text = kept_text(home(), checked_feed(feed))
    except CannotDo as odd:
        raise Http404(feed) from odd
    if text is None and not source.answers.deliveries(feed):
        raise Http404(feed)
    return text


@needs("read")
def profiles(request: HttpRequest) -> HttpResponse:
    """List every feed with who said last how it is read, and begin a profile for a feed that has not come yet."""
    source = with_answers(request)
    refused = ""
    if request.method == "POST":
        if not may(request.user, "set_up"):
            raise PermissionDenied
        try:
            feed = begun(request)
            messages.success(request, _("Kept: what comes as %(feed)s will be read by it.") % {"feed": feed})
            return redirect("profile", feed=feed)
        except CannotDo as cannot:
            refused = str(cannot)
    names = feeds_with_profiles(home())
    rows = [listed(feed, source) for feed in names]
    context = {"rows": rows, "refused": refused, "wrote": request.POST if refused else {}, "names": names}
    return render(request, "pages/profiles.html", context, status=422 if refused else 200)


def begun(request: HttpRequest) -> str:
    """Begin a feed's profile with the one of another, or empty."""
    feed, other = request.POST.get("feed", "").strip(), request.POST.get("like", "")
    checked_feed(feed)
    if kept_text(home(), feed) is not None:
        raise CannotDo(_("There is a profile of %(feed)s already: open it and change it there.") % {"feed": feed})
    text = kept_text(home(), other) if other else write_profile(Profile(), feed=feed)
    if text is None:
        raise CannotDo(_("Choose the feed whose profile to begin with."))
    why = _("the profile of %(feed)s") % {"feed": other} if other else _("begun empty")
    save_profile(home(), feed=feed, text=text, why=why, based_on=0, by=request.user)  # type: ignore[arg-type]
    return feed


def listed(feed: str, source: Source) -> dict[str, Any]:
    """Return one feed as a row of the list."""
    version = notice(home(), feed, by=NOBODY)
    came = len(source.answers.deliveries(feed))
    return {"feed": feed, "came": say.count(came)} | (told(version, source) if version else {})


def told(version: ProfileVersion, source: Source) -> dict[str, Any]:
    """Return one version as pages say it."""
    first = version.number == 1 and not version.said_by
    return {
        "number": version.number,
        "by": version.said_by or (_("the first load") if first else _("by hand")),
        "at": say.moment(version.said_at, source.tz),
        "why": _("guessed by the first load") if first else reason(version),
    }


def reason(version: ProfileVersion) -> str:
    """Return why a version was made; what nobody gave a reason for was found in the file."""
    return version.why if version.said_by else _("edited by hand, or given with a load")


@needs("read")
def profile(request: HttpRequest, feed: str) -> HttpResponse:
    """Show how a feed is read; try out and keep what a person wants instead."""
    source = with_answers(request)
    text = known(source, feed)
    latest = notice(home(), feed, by=NOBODY)
    proposed: Proposed | None = None
    if request.method == "POST":
        if not may(request.user, "set_up"):
            raise PermissionDenied
        proposed = asked_for(request.POST, feed, text or "")
        if request.POST.get("act") == "save" and not proposed.refused:
            try:
                save_profile(
                    home(), feed=feed, text=proposed.text, why=proposed.why, by=request.user,  # type: ignore[arg-type]
                    based_on=number_of(request.POST.get("based_on", "")),
                )  # fmt: skip
            except CannotDo as cannot:
                proposed = Proposed(proposed.text, proposed.why, str(cannot))
            else:
                messages.success(request, kept_words(len(source.answers.deliveries(feed))))
                return redirect("profile", feed=feed)
    context = {
        "feed": feed,
        "text": text or "",
        "based_on": latest.number if latest else 0,
        "versions": [told(version, source) for version in versions(feed)],
        "others": [name for name in feeds_with_profiles(home()) if name != feed],
    }
    context |= as_kept(feed, text, source) | (tried(feed, text, proposed) if proposed else {})
    wrong = proposed is not None and bool(proposed.refused)
    return render(request, "pages/profile.html", context, status=422 if wrong else 200)


def number_of(text: str) -> int:
    return int(text) if text.isdigit() else 0


def kept_words(deliveries: int) -> str:
    """Say what follows from a profile that was kept."""
    if not deliveries:
        return _("Kept: the next delivery is read by it.")
    text = ngettext(
        "Kept. The next refresh reads the %(n)s delivery of this feed anew by it, and past points may change; "
        "`knitwork refresh`, or the page of files to take in, does so now.",
        "Kept. The next refresh reads all %(n)s deliveries of this feed anew by it, and past points may change; "
        "`knitwork refresh`, or the page of files to take in, does so now.",
        deliveries,
    )
    return text % {"n": say.count(deliveries)}


def asked_for(said: Mapping[str, str], feed: str, text: str) -> Proposed:
    """Return the text that a form asks for: its fields, a whole text, an older version or another feed's profile."""
    why = said.get("why", "").strip()
    wanted = said.get("text", "").replace("\r\n", "\n")
    try:
        if said.get("act") == "fields":
            values = {key: said[key].strip() or None for key in KEYS if key in said}
            wanted = with_values(text, values, feed=feed)
        elif said.get("act") == "back":
            older = ProfileVersion.objects.filter(feed=feed, number=number_of(said.get("number", ""))).first()
            if older is None:
                raise CannotDo(_("There is no such version."))
            wanted, why = older.text, why or _("back to version %(n)s") % {"n": older.number}
        elif said.get("act") == "like":
            wanted = kept_text(home(), said.get("like", "")) or ""
            why = why or _("the profile of %(feed)s") % {"feed": said.get("like", "")}
        parse_profile(wanted, source=_("the profile of %(feed)s") % {"feed": feed})
    except CannotDo as cannot:
        return Proposed(wanted, why, str(cannot), readable=False)
    return Proposed(wanted, why)


def as_kept(feed: str, text: str | None, source: Source) -> dict[str, Any]:
    """Return what the profile says, key by key: the value, and whether it was guessed, from what, or said by whom."""
    broken = ""
    try:
        current = parse_profile(text or "", source=f"feeds/{feed}.yaml")
    except CannotDo as cannot:
        current, broken = Profile(), str(cannot)
    guess = guessed(home(), feed)
    set_by = who_set(feed)
    rows = [row(key, current, guess, set_by.get(key), source) for key in KEYS]
    return {
        "broken": broken,
        "columns_said": [one for one in rows if one["is_column"] and one["value"]],
        "others_said": [one for one in rows if not one["is_column"]],
        "fields": rows,
        "guess": {"name": guess.name, "rows": say.count(guess.rows)} if guess else {},
        "column_names": guess.columns if guess else (),
    }


def row(key: str, current: Profile, guess: Guessed | None, by: ProfileVersion | None, source: Source) -> dict[str, Any]:
    """Return one key of a profile with where its value comes from."""
    value = getattr(current, key)
    would = getattr(guess.profile, key) if guess else None
    whence = origin(value, would, said=by is not None)
    if by is not None:
        who = {"by": by.said_by or _("by hand"), "at": say.moment(by.said_at, source.tz)}
        came = _("said: %(by)s, %(at)s") % who
    elif whence == "open":
        came = _("left to each file") if key not in words.COLUMNS else ""
    elif guess is not None and whence == "guessed":
        text = ngettext("guessed from %(n)s row", "guessed from %(n)s rows", guess.rows)
        came = text % {"n": say.count(guess.rows)}
    else:
        came = _("given with the first load")
    return {
        "key": key, "label": words.label(key), "about": words.about(key), "is_column": key in words.COLUMNS,
        "value": value or "", "shown": _("no such column") if value == "-" else value or "–", "came": came,
        "would": would if would and would != value and guess else "",
    }  # fmt: skip


def tried(feed: str, text: str | None, proposed: Proposed) -> dict[str, Any]:
    """Return what a proposed profile would do to the last delivery, beside what the kept one does."""
    context: dict[str, Any] = {
        "proposed": proposed,
        "changes": [{"sign": sign, "line": line} for sign, line in difference(text or "", proposed.text)],
    }
    if not proposed.readable:
        return context
    try:
        after = try_out(home(), feed, parse_profile(proposed.text, source=feed))
    except CannotDo as cannot:
        said = _("By this profile the last delivery could not be read: %(why)s.") % {"why": str(cannot).rstrip(".")}
        return context | {"proposed": Proposed(proposed.text, proposed.why, said, readable=False)}
    try:
        before = try_out(home(), feed, parse_profile(text or "", source=feed))
    except CannotDo:
        before = None
    return context | {"preview": preview(before, after)} if after else context


def preview(before: Tried | None, after: Tried) -> dict[str, Any]:
    """Return what became of the rows of the last delivery before and after, and the sentences that are new."""
    names = delivered.rule_names()
    counted = [
        (_("Rows"), "rows"),
        (_("Taken"), "taken"),
        (_("Taken and marked"), "marked"),
        (_("Set aside"), "rejected"),
        (_("Of kinds that are not read"), "ignored"),
    ]
    was = before.rules if before else {}
    rules = sorted({*was, *after.rules}, key=lambda rule: (-after.rules.get(rule, 0), rule))
    return {
        "name": after.name,
        "rows": [
            {"what": what, "before": say.count(getattr(before, name)) if before else "–", "after": say.count(getattr(after, name))}
            for what, name in counted
        ]
        + [
            {
                "what": _("set aside: %(rule)s") % {"rule": names.get(rule, rule.replace("_", " "))},
                "before": say.count(was.get(rule, 0)) if before else "–",
                "after": say.count(after.rules.get(rule, 0)),
            }
            for rule in rules
        ],
        "notes": [notes.told(note) for note in after.notes if before is None or note not in before.notes],
        "gone": [notes.told(note) for note in before.notes if note not in after.notes] if before else [],
    }  # fmt: skip


@needs("read")
def version(request: HttpRequest, feed: str, number: int) -> HttpResponse:
    """Show one version of a profile: what it changed, and the whole of it."""
    source = with_answers(request)
    found = {one.number: one for one in versions(feed)}
    if number not in found:
        raise Http404(feed)
    one, before = found[number], found.get(number - 1)
    context = {
        "feed": feed,
        "one": told(one, source),
        "text": one.text,
        "latest": max(found) == number,
        "changes": [{"sign": sign, "line": line} for sign, line in difference(before.text, one.text)] if before else [],
        "before": number - 1 if before else 0,
        "address": reverse("profile", kwargs={"feed": feed}),
    }
    return render(request, "pages/profile_version.html", context)
