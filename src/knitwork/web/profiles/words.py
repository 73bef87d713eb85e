"""What the keys of a profile are called on pages."""

from __future__ import annotations

from django.utils.translation import gettext as _

# The keys that name columns of the source; the others say how all of it is read.
COLUMNS = (
    "patient", "unit", "start", "end", "visit", "activity", "lifecycle", "instance", "clock", "merged_into", "at", "kind",
)  # fmt: skip


def label(key: str) -> str:
    """Return what a key means, in a few words."""
    known = {
        "patient": _("Patient's number"),
        "unit": _("Unit"),
        "start": _("Start"),
        "end": _("End"),
        "visit": _("Visit's number"),
        "activity": _("What was done"),
        "lifecycle": _("Start or end of it"),
        "instance": _("Number of the act"),
        "clock": _("Time of day of the start"),
        "zone": _("Time zone"),
        "date_order": _("Order of day and month"),
        "encoding": _("Encoding"),
        "separator": _("Separator"),
        "calendar": _("Dates"),
        "merged_into": _("Number that stays"),
        "at": _("When numbers were merged"),
        "kind": _("Merge or unmerge"),
        "snapshot": _("What an extract holds"),
        "cadence": _("How often it should come"),
        "identifier": _("Which number of a patient counts"),
    }
    return known.get(key, key)


def about(key: str) -> str:
    """Return what may be written for a key, where that is not told by its name."""
    known = {
        "zone": _("Like Europe/Amsterdam. Empty: UTC is assumed, and said."),
        "date_order": _("dmy, mdy or ymd. Empty: decided from the whole column."),
        "encoding": _("utf-8, utf-16, latin-1 or cp1252. Empty: found out for each file."),
        "separator": _("comma, semicolon, tab or bar. Empty: found out for each file."),
        "calendar": _("real, or shifted when dates were moved for privacy."),
        "snapshot": _("whole, or period when it holds all from its first start on. Empty: it adds to what is known."),
        "cadence": _("Like 15 min, 4 h or 1 d. Empty: as often as it usually does."),
        "identifier": _("Its system or its type, such as MR, where a record has several."),
    }
    return known.get(key, "")
