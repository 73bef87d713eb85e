"""What a delivery brought, in sentences: what was taken, what was known already, what came late, what was odd."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.words import joined
from knitwork.home.lateness import LATE_DAYS, Brought
from knitwork.home.streams import STREAM
from knitwork.web import notes, say

# Of a delivery that changed more months than this the others are counted.
MONTHS_NAMED = 4
# What a load noted of a delivery and this page says in the reader's own language.
_SAID_HERE = re.compile(
    r"set aside, see rejects|shifted for privacy|no time zone was named|(row has|rows have) no end|no time at all"
    r"|autumn repeats|spring skips|dates without a time of day: measures"
)


def name_of(one: Brought) -> str:
    """Return what a delivery is called: the name of its file, or in words that it came live."""
    return _("live messages") if one.delivery == STREAM else one.name


def sentences(one: Brought, tz: str) -> list[str]:
    """Return what is to be said of one delivery, what became of its rows first."""
    return [_taken(one), *_late(one, tz), *_back(one), *_odd(one)]


def _taken(one: Brought) -> str:
    """Say how many rows were taken, how many of them were known already and how many refused."""
    said = [ngettext("%(n)s row was taken.", "%(n)s rows were taken.", one.taken) % {"n": say.count(one.taken)}]
    if one.known and one.known == one.doubled:
        text = ngettext(
            "%(n)s of them was known already: it stands in the file twice.",
            "%(n)s of them were known already: they stand in the file twice.",
            one.known,
        )
        said.append(text % {"n": say.count(one.known)})
    elif one.known and one.known == one.taken:
        said.append(_("All of them were known already."))
    elif one.known:
        text = ngettext("%(n)s of them was known already.", "%(n)s of them were known already.", one.known)
        said.append(text % {"n": say.count(one.known)})
    if one.refused:
        text = ngettext("%(n)s row was refused.", "%(n)s rows were refused.", one.refused)
        said.append(text % {"n": say.count(one.refused)})
    if one.partly:
        text = ngettext(
            "%(n)s row was taken in part, and the rest of it set aside.",
            "%(n)s rows were taken in part, and the rest of them set aside.",
            one.partly,
        )
        said.append(text % {"n": say.count(one.partly)})
    return " ".join(said)


def _late(one: Brought, tz: str) -> list[str]:
    """Say what a later delivery changed: how much of it was late, and in which months."""
    if one.is_first or not one.months:
        return []
    said = []
    if one.late:
        text = ngettext(
            "%(n)s row came late: its stay began more than %(days)s days before %(end)s, where the records had ended.",
            "%(n)s rows came late: their stays began more than %(days)s days before %(end)s, where the records had ended.",
            one.late,
        )
        said.append(text % {"n": say.count(one.late), "days": LATE_DAYS, "end": say.day(one.known_to_us, tz)})
    text = ngettext("It changed %(months)s, in %(n)s unit.", "It changed %(months)s, in %(n)s units.", one.units)
    return [*said, text % {"months": months_of(one), "n": say.count(one.units)}]


def _back(one: Brought) -> list[str]:
    """Say what a delivery took back."""
    if not one.taken_back:
        return []
    text = ngettext(
        "It took %(n)s stay back that was told before.",
        "It took %(n)s stays back that were told before.",
        one.taken_back,
    )
    return [text % {"n": say.count(one.taken_back)}]


def why_withdrawn() -> dict[str, str]:
    """Return each reason for which a stay no longer holds, in words."""
    return {
        "vanished": _("gone from a newer extract"),
        "cancelled": _("cancelled"),
        "corrected": _("corrected by a later message"),
        "replaced": _("replaced by a later word about the same record"),
    }


def months_of(one: Brought) -> str:
    """Name the months in which the new stays of a delivery began, those with the most first where there are many."""
    chosen = one.months
    if len(chosen) == 1:
        return say.period_name(_day(chosen[0].first_day), "month")
    if len(chosen) > MONTHS_NAMED:
        most = sorted(chosen, key=lambda month: -month.new)[:MONTHS_NAMED]
        chosen = tuple(month for month in chosen if month in most)
    named = [
        ngettext("%(month)s (%(n)s row)", "%(month)s (%(n)s rows)", month.new)
        % {"month": say.period_name(_day(month.first_day), "month"), "n": say.count(month.new)}
        for month in chosen
    ]
    more = len(one.months) - len(chosen)
    if more:
        named.append(ngettext("%(n)s more month", "%(n)s more months", more) % {"n": say.count(more)})
    return joined(named, 0, _, ngettext)


def _day(iso: str) -> int:
    return (dt.date.fromisoformat(iso) - dt.date(1970, 1, 1)).days


def _odd(one: Brought) -> Iterable[str]:
    """Say what is odd about the times of a delivery."""
    told = (
        (one.no_end, ngettext(
            "%(n)s row has no end: not over yet, or never written down.",
            "%(n)s rows have no end: not over yet, or never written down.", one.no_end)),
        (one.repeated_hour, ngettext(
            "%(n)s row has a time in the hour that autumn repeats: order decides which.",
            "%(n)s rows have a time in the hour that autumn repeats: order decides which.", one.repeated_hour)),
        (one.skipped_hour, ngettext(
            "%(n)s row has a time in the hour that spring skips: it was moved forward.",
            "%(n)s rows have a time in the hour that spring skips: they were moved forward.", one.skipped_hour)),
        (one.no_time, ngettext(
            "%(n)s stay lasts no time at all: it is kept and marked.",
            "%(n)s stays last no time at all: they are kept and marked.", one.no_time)),
        (one.dates_only, ngettext(
            "%(n)s row has dates without a time of day: measures in hours leave it out.",
            "%(n)s rows have dates without a time of day: measures in hours leave them out.", one.dates_only)),
    )  # fmt: skip
    return [text % {"n": say.count(number)} for number, text in told if number]


def last_one(brought: list[Brought]) -> Brought | None:
    """Return the newest delivery if it came after the first of its feed: the one that changed what was known."""
    return brought[0] if brought and not brought[0].is_first else None


def last_change(one: Brought) -> str:
    """Open the page: what the last delivery changed."""
    if not one.new:
        return _("The last delivery, %(name)s, told nothing that was not known.") % {"name": one.name}
    text = ngettext(
        "The last delivery, %(name)s, brought %(n)s new row",
        "The last delivery, %(name)s, brought %(n)s new rows",
        one.new,
    )
    said = text % {"name": one.name, "n": say.count(one.new)}
    if one.late == one.new:
        said += _(", all of them late")
    elif one.late:
        said += ngettext(", %(n)s of them late", ", %(n)s of them late", one.late) % {"n": say.count(one.late)}
    if not one.months:
        return said + "."
    return said + ": " + _("it changed %(months)s.") % {"months": months_of(one)}


def earlier(many: int, day: int) -> str:
    """Say how many stays start before the day (counted from 1970-01-01) on which their feed is under way."""
    text = ngettext(
        "%(n)s stay began before %(day)s, when these records are under way: it counts in totals, and no chart goes back "
        "to it.",
        "%(n)s stays began before %(day)s, when these records are under way: they count in totals, and no chart goes "
        "back to them.",
        many,
    )
    return text % {"n": say.count(many), "day": say.period_name(day, "day")}


def linked(many: int) -> str:
    """Say how many numbers of patients were found to be somebody's other number."""
    if not many:
        return ""
    text = ngettext(
        "%(n)s link between patient numbers: what came under either number is one person's.",
        "%(n)s links between patient numbers: what came under linked numbers is one person's.",
        many,
    )
    return text % {"n": say.count(many)}


def rule_names() -> dict[str, str]:
    """Return each rule by which rows are set aside, in words."""
    return {
        "patient_empty": _("no patient"),
        "unit_empty": _("no unit"),
        "start_empty": _("no start"),
        "start_unreadable": _("a start that is not a time"),
        "start_placeholder": _("a made-up start such as 1900-01-01"),
        "end_unreadable": _("an end that is not a time"),
        "end_placeholder": _("a made-up end such as 1900-01-01"),
        "end_before_start": _("ends before it starts"),
        "ragged": _("does not fit the header"),
        "not_json": _("a record that is not JSON"),
        "not_text": _("a record that is not UTF-8 text"),
        "too_long": _("a record too long to be one"),
        "type_empty": _("a record that does not say of what kind it is"),
        "id_empty": _("a record without an id"),
        "not_hl7": _("a record that is no HL7 v2 message"),
        "hl7_damaged": _("a damaged message"),
        "hl7_kind_missing": _("a message that does not say what it is"),
        "hl7_segment_missing": _("a message without a segment that it needs"),
        "hl7_number_missing": _("a message without a number that it needs"),
        "hl7_time_missing": _("a message without a time"),
        "time_empty": _("no time"),
        "time_unreadable": _("a time that is not a time"),
        "time_placeholder": _("a made-up time such as 1900-01-01"),
        "value_unreadable": _("a number that is not a number"),
        "value_empty": _("no value"),
        "number_empty": _("a row without a number of its own"),
        "code_empty": _("no code"),
        "visit_renumbered": _("gives a visit another number, which is not followed"),
        "visit_unknown": _("moves a visit that no record names"),
        "total_row": _("a sum of the other rows"),
        "lifecycle_unknown": _("an event that is neither a start nor an end"),
        "merged_into_empty": _("a link that does not say which number stays"),
        "link_to_itself": _("a link of a number to itself"),
        "at_unreadable": _("a time of merging that is not a time"),
        "at_placeholder": _("a made-up time of merging such as 9999-12-31"),
        "kind_unknown": _("a link that is neither a merge nor an unmerge"),
        "merged_elsewhere": _("a link of a number that a later link gives to somebody else"),
        "link_in_a_circle": _("a link that would close a circle"),
        "unmerge_of_nothing": _("an unmerge of what was never merged"),
        **why_parked(),
    }


def rule_name(rule: str, names: dict[str, str]) -> str:
    """Return a rule in words; one without a name of its own as it is written."""
    return names.get(rule, str(rule).replace("_", " "))


def why_parked() -> dict[str, str]:
    """Return each reason for which a message that was read did not do what it says, in words."""
    return {
        "no_target": _("no effect: takes back what no message has said"),
        "void": _("no effect: said of a visit that was taken back"),
        "no_time": _("no effect: no time at all"),
        "no_unit": _("no effect: names no unit"),
        "no_stay": _("no effect: speaks of a stay that no message has begun"),
        "no_movement": _("no effect: names a unit to which no message moved the patient"),
        "before_admission": _("no effect: a discharge before the admission"),
        "after_discharge": _("no effect: moves a patient who is discharged"),
        "on_leave": _("no effect: starts a leave that has begun already"),
        "not_on_leave": _("no effect: ends a leave that no message has begun"),
        "unit_mismatch": _("no effect: names another unit than the one the patient was moved to"),
    }


def without_effect(many: int) -> str:
    """Say how many messages were read and did not do what they say."""
    text = ngettext(
        "%(n)s message was read and had no effect: it does not fit what the others say.",
        "%(n)s messages were read and had no effect: they do not fit what the others say.",
        many,
    )
    return text % {"n": say.count(many)} if many else ""


def is_said(note: str) -> bool:
    """Say whether a note of a load only repeats what the page says in its own words."""
    return _SAID_HERE.search(note) is not None


def sentence(note: Any) -> str:
    """Return a note of a load as a sentence."""
    return notes.told(str(note))
