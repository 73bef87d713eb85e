"""What the acts on charts share: checks in sentences, finding what still stands, and what the audit keeps."""

from __future__ import annotations

import datetime as dt
import math
import secrets
from typing import TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from knitwork.draw.labels import number, with_unit
from knitwork.model.errors import CannotDo
from knitwork.signals.spec import Limits, Spec
from knitwork.web.charts.decided import say_changed
from knitwork.web.charts.models import PERIODS, Annotation, Edition, Exclusion, Phase, Target

LONGEST_REASON, LONGEST_NOTE = 500, 120
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2200, 1, 1)
# More first points than this are a typing error: days of thirty years.
MOST_FIRST = 10_000

Kept = TypeVar("Kept", Phase, Exclusion, Annotation, Target)


class ChangedMeanwhile(CannotDo):
    """Somebody else decided since this person opened the page."""


def renew() -> None:
    """Let everything that rests on decisions be worked out anew. Call it inside the transaction of the act."""
    Edition.objects.update_or_create(id=1, defaults={"token": secrets.token_hex(8)})
    transaction.on_commit(say_changed)


def clean(text: str) -> str:
    """Return a text on one line, without characters that cannot be seen or that turn the writing round."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def reason_of(text: str) -> str:
    """Return why somebody decides, or refuse: nothing is decided about a chart without a reason."""
    reason = clean(text)
    if not reason:
        raise CannotDo(_("Say why: without a reason nobody can tell this from tampering later."))
    if len(reason) > LONGEST_REASON:
        raise CannotDo(
            _("The reason has %(n)s letters: keep it under %(most)s.") % {"n": len(reason), "most": LONGEST_REASON}
        )
    return reason


def note_of(text: str) -> str:
    """Return the text of a note, or refuse one that is empty or would not fit on a chart."""
    note = clean(text)
    if not note:
        raise CannotDo(_("The note is empty: say in a few words what happened."))
    if len(note) > LONGEST_NOTE:
        raise CannotDo(
            _("The note has %(n)s letters and a chart has room for %(most)s: shorten it.")
            % {"n": len(note), "most": LONGEST_NOTE}
        )
    return note


def check_day(day: dt.date) -> None:
    """Refuse a day that is a typing error."""
    if not FIRST_DAY <= day < LAST_DAY:
        raise CannotDo(_("%(day)s is too far away: check the year.") % {"day": day.isoformat()})


def check_period(period: str) -> None:
    """Refuse what is no kind of period."""
    if period not in PERIODS:
        raise CannotDo(_("“%(period)s” is no period: choose day, week or month.") % {"period": period})


def check_value(value: float) -> None:
    """Refuse a wanted value that is no number."""
    if not math.isfinite(value):
        raise CannotDo(_("A target is a number, such as 90: write it in digits."))


def check_wanted(value: float, spec: Spec, *, below_zero: bool) -> None:
    """Refuse a wanted value that the chart can never show; `below_zero` says that its values go below 0."""
    check_value(value)
    if spec.chart in ("p", "p_prime") and not 0 <= value <= spec.factor:
        most = with_unit(number(spec.factor), spec.unit)
        raise CannotDo(_("A share lies between 0 and %(most)s: write a target within that.") % {"most": most})
    if value < 0 and not below_zero:
        raise CannotDo(_("This number is never below 0: write a target of 0 or more."))


def limits_columns(limits: Limits) -> dict[str, str | int | None]:
    """Return the columns that say which points set the limits of a phase."""
    if limits in ("policy", "all"):
        return {"limits": limits, "first": None}
    if type(limits) is int and 2 <= limits <= MOST_FIRST:
        return {"limits": "first", "first": limits}
    raise CannotDo(_("Limits come from the first 20 points, from all, or from a number of first points of 2 or more."))


def standing(kind: type[Kept], number: int) -> Kept:
    """Return what still stands, locked until the act is done; refuse what somebody else took back."""
    kept = kind.objects.select_for_update().filter(pk=number).first()
    if kept is None:
        raise CannotDo(_("That is not there: open the page again."))
    if ended_by(kept):
        raise ChangedMeanwhile(
            _("%(who)s took that back since you opened the page: look at it again.") % {"who": ended_by(kept)}
        )
    return kept


def ended_by(kept: models.Model) -> str:
    """Return who took a decision back; nothing where it stands."""
    names = ("withdrawn_by", "undone_by", "removed_by")
    return next((str(getattr(kept, name)) for name in names if getattr(kept, name, "")), "")


def second_person_words(worse: bool | None) -> str:
    """Say why who proposed a phase cannot accept it, and who can."""
    if worse is None:
        first = _("Nobody can tell yet whether the level became worse, so a second person accepts this.")
    else:
        first = _("The level became worse, and new limits would hide that: a second person accepts this.")
    return f"{first} {_('Ask another lead or owner: it waits on this page for them.')}"


def about(unit: str, measure: str) -> str:
    """Return what the audit calls a chart."""
    return f"{measure or 'all measures'} in {unit}"
