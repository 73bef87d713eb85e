"""Notes of a load that count something or name something: their shapes, and how each is said.

A shape is what the readers of the formats write in English. Of `n` the grammar follows; `where` names rows. What is
quoted (activities, columns, tables) is the source's own and stands as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

N = r"(?P<n>[\d,]+)"
WHERE = r"(?: \((?P<where>rows? [\d, .]+)\))?"
Say = Callable[[int], str]

# Why records of a known table are not taken, as its description says.
LEFT_OUT: dict[str, Any] = {
    "they describe the data set": gettext_lazy("they describe the data set"),
    "they name codes and say nothing of patients": gettext_lazy("they name codes and say nothing of patients"),
    "they were worked out from other tables": gettext_lazy("they were worked out from other tables"),
    "no unit, request or outcome is in them": gettext_lazy("no unit, request or outcome is in them"),
    "they are people, who are never rated": gettext_lazy("they are people, who are never rated"),
    "of patients only the date of death is read": gettext_lazy("of patients only the date of death is read"),
    "they move what is owed from one payer to another": gettext_lazy(
        "they move what is owed from one payer to another"
    ),
    "they have no acuity": gettext_lazy("they have no acuity"),
    "they name no person, or no amount": gettext_lazy("they name no person, or no amount"),
    "they name no town": gettext_lazy("they name no town"),
    "they have no code": gettext_lazy("they have no code"),
    "it names codes and says nothing of patients": gettext_lazy("it names codes and says nothing of patients"),
    "of persons only the day of birth is read": gettext_lazy("of persons only the day of birth is read"),
    "no drug was given": gettext_lazy("no drug was given"),
    "of patients only the dates of birth and death are read": gettext_lazy(
        "of patients only the dates of birth and death are read"
    ),
    "their amounts stand in claims_transactions": gettext_lazy("their amounts stand in claims_transactions"),
    "nothing is read of them": gettext_lazy("nothing is read of them"),
    "they say nothing of patients": gettext_lazy("they say nothing of patients"),
}

# fmt: off
SHAPES: tuple[tuple[str, Say], ...] = (
    # event logs
    (rf"{N} (?:row has|rows have) the activity '(?P<word>.*)', elsewhere it is written '(?P<other>.*)'{WHERE}",
     lambda n: ngettext("%(n)s row has the activity “%(word)s”, elsewhere it is written “%(other)s”%(where)s.",
                        "%(n)s rows have the activity “%(word)s”, elsewhere it is written “%(other)s”%(where)s.", n)),
    (rf"{N} (?:row has|rows have) the activity '(?P<word>.*)', likely a misspelling of '(?P<other>.*)'{WHERE}",
     lambda n: ngettext("%(n)s row has the activity “%(word)s”, likely a misspelling of “%(other)s”%(where)s.",
                        "%(n)s rows have the activity “%(word)s”, likely a misspelling of “%(other)s”%(where)s.", n)),
    (rf"{N} (?:row has|rows have) an activity that is no word{WHERE}",
     lambda n: ngettext("%(n)s row has an activity that is no word%(where)s.",
                        "%(n)s rows have an activity that is no word%(where)s.", n)),
    (rf"{N} (?:row does|rows do) not say who did it{WHERE}",
     lambda n: ngettext("%(n)s row does not say who did it%(where)s.",
                        "%(n)s rows do not say who did it%(where)s.", n)),
    (rf"{N} (?:row does|rows do) not say '(?P<word>.*)'{WHERE}",
     lambda n: ngettext("%(n)s row does not say “%(word)s”%(where)s.", "%(n)s rows do not say “%(word)s”%(where)s.", n)),
    (rf"{N} (?:row repeats|rows repeat) patient, activity and time of another{WHERE}",
     lambda n: ngettext("%(n)s row repeats patient, activity and time of another%(where)s.",
                        "%(n)s rows repeat patient, activity and time of another%(where)s.", n)),
    (rf"{N} (?:case has|cases have) three activities entered within 5 seconds, as from a form{WHERE}",
     lambda n: ngettext("%(n)s case has three activities entered within 5 seconds, as from a form%(where)s.",
                        "%(n)s cases have three activities entered within 5 seconds, as from a form%(where)s.", n)),
    (rf"{N} of (?P<m>[\d,]+) cases begins? with something other than '(?P<word>.*)': (?:it|they) may be incomplete",
     lambda n: ngettext("%(n)s of %(m)s cases begins with something other than “%(word)s”: it may be incomplete.",
                        "%(n)s of %(m)s cases begin with something other than “%(word)s”: they may be incomplete.", n)),
    (rf"{N} of (?P<m>[\d,]+) cases (?:has|have) one activity only: (?:it|they) may be incomplete",
     lambda n: ngettext("%(n)s of %(m)s cases has one activity only: it may be incomplete.",
                        "%(n)s of %(m)s cases have one activity only: they may be incomplete.", n)),
    (rf"{N} (?:case has|cases have) '(?P<word>.*)', with which cases begin, more than once",
     lambda n: ngettext("%(n)s case has “%(word)s”, with which cases begin, more than once.",
                        "%(n)s cases have “%(word)s”, with which cases begin, more than once.", n)),
    (rf"{N} (?:case has|cases have) an unusual order, such as '(?P<word>.*)' before '(?P<other>.*)', which in the other "
     rf"(?P<m>[\d,]+) come the other way round{WHERE}",
     lambda n: ngettext("%(n)s case has an unusual order, such as “%(word)s” before “%(other)s”, which in the other "
                        "%(m)s come the other way round%(where)s.",
                        "%(n)s cases have an unusual order, such as “%(word)s” before “%(other)s”, which in the other "
                        "%(m)s come the other way round%(where)s.", n)),
    (rf"{N} (?:case has|cases have) '(?P<word>.*)' without '(?P<other>.*)', which (?P<k>[\d,]+) of (?P<m>[\d,]+) "
     rf"have{WHERE}",
     lambda n: ngettext("%(n)s case has “%(word)s” without “%(other)s”, which %(k)s of %(m)s have%(where)s.",
                        "%(n)s cases have “%(word)s” without “%(other)s”, which %(k)s of %(m)s have%(where)s.", n)),
    (rf"{N} (?:case has|cases have) two activities at the same time{WHERE}",
     lambda n: ngettext("%(n)s case has two activities at the same time%(where)s.",
                        "%(n)s cases have two activities at the same time%(where)s.", n)),
    (rf"{N} (?:person is|people are) with two patients at once{WHERE}",
     lambda n: ngettext("%(n)s person is with two patients at once%(where)s.",
                        "%(n)s people are with two patients at once%(where)s.", n)),
    (rf"{N} (?:row lasts|rows last) over 20 times as long as usual{WHERE}",
     lambda n: ngettext("%(n)s row lasts over 20 times as long as usual%(where)s.",
                        "%(n)s rows last over 20 times as long as usual%(where)s.", n)),
    (rf"{N} (?:row ends|rows end) three or more cases that one person entered within seconds of each other, as in a "
     rf"batch{WHERE}",
     lambda n: ngettext("%(n)s row ends three or more cases that one person entered within seconds of each other, as in "
                        "a batch%(where)s.",
                        "%(n)s rows end three or more cases that one person entered within seconds of each other, as in "
                        "a batch%(where)s.", n)),
    (rf"{N} (?:row has|rows have) '(?P<word>.*)' by an? (?P<other>.*), which nearly always an? (?P<third>.*) does{WHERE}",
     lambda n: ngettext("%(n)s row has “%(word)s” by “%(other)s”; nearly always “%(third)s” does it%(where)s.",
                        "%(n)s rows have “%(word)s” by “%(other)s”; nearly always “%(third)s” does it%(where)s.", n)),
    (rf"{N} (?:row has|rows have) an? '(?P<word>.*)' outside (?P<least>\S+) to (?P<most>\S+){WHERE}",
     lambda n: ngettext("%(n)s row has “%(word)s” outside %(least)s to %(most)s%(where)s.",
                        "%(n)s rows have “%(word)s” outside %(least)s to %(most)s%(where)s.", n)),
    (rf"{N} (?:case has|cases have) more than one '(?P<word>.*)', which is one for each of the others",
     lambda n: ngettext("%(n)s case has more than one “%(word)s”, which is one for each of the others.",
                        "%(n)s cases have more than one “%(word)s”, which is one for each of the others.", n)),
    (rf"cases are numbered one by one, and {N} numbers? between the first and the last (?:has|have) no row",
     lambda n: ngettext("Cases are numbered one by one, and %(n)s number between the first and the last has no row.",
                        "Cases are numbered one by one, and %(n)s numbers between the first and the last have no row.",
                        n)),
    (rf"{N} (?:row is an event|rows are events) with one time only: how long each took is not known",
     lambda n: ngettext("%(n)s row is an event with one time only: how long it took is not known.",
                        "%(n)s rows are events with one time only: how long each took is not known.", n)),
    # numbers of units
    (r"the periods were read as days since 1970-01-01",
     lambda _n: _("The periods were read as days since 1970-01-01.")),
    (r"(?P<word>\S+) is counted of (?P<other>\S+)", lambda _n: _("“%(word)s” is counted of “%(other)s”.")),
    (r"numbers are kept apart by (?P<word>.+)", lambda _n: _("Numbers are kept apart by “%(word)s”.")),
    (r"(?P<word>.+) is the sum of the other units: it is not taken beside them",
     lambda _n: _("“%(word)s” is the sum of the other units: it is not taken beside them.")),
    (rf"{N} rows? (?:is the sum|are the sums) of the others: set aside, see rejects",
     lambda n: ngettext("%(n)s row is the sum of the others: set aside.",
                        "%(n)s rows are the sums of the others: set aside.", n)),
    # known tables
    (r"30% or more of the (?P<word>\S+) times are exactly midnight: they are taken as dates without a time of day",
     lambda _n: _("30%% or more of the times of “%(word)s” are exactly midnight: they are taken as dates without a time "
                 "of day.")),
    (rf"(?P<word>\w+): {N} (?:row is|rows are) not taken: (?P<left_out>.+)",
     lambda n: ngettext("%(word)s: %(n)s row is not taken: %(left_out)s.",
                        "%(word)s: %(n)s rows are not taken: %(left_out)s.", n)),
    (r"visit_occurrence was read as arrivals, discharges and stays; where visit_detail tells of a visit, its details are "
     r"the stays",
     lambda _n: _("visit_occurrence was read as arrivals, discharges and stays; where visit_detail tells of a visit, its "
                 "details are the stays.")),
    (rf"{N} (?:visit names|visits name) no place, and (?:is a stay|are stays) only by (?:its|their) details",
     lambda n: ngettext("%(n)s visit names no place, and is a stay only by its details.",
                        "%(n)s visits name no place, and are stays only by their details.", n)),
    (r"a specimen is a request for lab work, asked for when it was taken and reported when its last result was stored",
     lambda _n: _("A specimen is a request for lab work, asked for when it was taken and reported when its last result "
                 "was stored.")),
    (rf"admissions: {N} (?:row has|rows have) a death after the discharge: both are kept",
     lambda n: ngettext("admissions: %(n)s row has a death after the discharge: both are kept.",
                        "admissions: %(n)s rows have a death after the discharge: both are kept.", n)),
    (rf"admissions: {N} (?:row says|rows say) that the patient died, and not when",
     lambda n: ngettext("admissions: %(n)s row says that the patient died, and not when.",
                        "admissions: %(n)s rows say that the patient died, and not when.", n)),
    (r"diagnoses_icd has no time: its diagnoses belong to the whole visit",
     lambda _n: _("diagnoses_icd has no time: its diagnoses belong to the whole visit.")),
    (r"icustays repeat the stays of transfers: they are read as the events icu_in and icu_out; to read them as stays, "
     r"set unit to first_careunit in the profile",
     lambda _n: _("icustays repeat the stays of transfers: they are read as the events icu_in and icu_out; to read them "
                 "as stays, set unit to first_careunit in the profile.")),
    (rf"transfers: {N} (?:row has|rows have) no unit: (?:it is a discharge and an event|they are discharges and events)",
     lambda n: ngettext("transfers: %(n)s row has no unit: it is a discharge and an event.",
                        "transfers: %(n)s rows have no unit: they are discharges and events.", n)),
    (r"a careplan is a weak request: it says when it began and stopped, and not who was asked",
     lambda _n: _("A careplan is a weak request: it says when it began and stopped, and not who was asked.")),
    # resources and messages
    (rf"encounters still going on: {N}", lambda _n: _("Encounters still going on: %(n)s.")),
    (rf"{N} (?:record was taken in part and counts|records were taken in part and count) as taken: what was set aside "
     r"stands in rejects",
     lambda n: ngettext("%(n)s record was taken in part and counts as taken; the rest of it was set aside.",
                        "%(n)s records were taken in part and count as taken; the rest of them was set aside.", n)),
    (rf"{N} deletions? took back (?:the record it names|theirs)",
     lambda n: ngettext("%(n)s deletion took back the record it names.",
                        "%(n)s deletions took back the records they name.", n)),
    (rf"{N} deletions? names? (?:a record|records) that no entry here holds and could not be followed: send it as "
     r"entered-in-error",
     lambda n: ngettext("%(n)s deletion names a record that no entry here holds and could not be followed: have it sent "
                        "as entered-in-error.",
                        "%(n)s deletions name records that no entry here holds and could not be followed: have them "
                        "sent as entered-in-error.", n)),
    (rf"of (?P<word>\w+) records not taken: {N} answers that are neither a number nor a code, such as dates and words",
     lambda n: ngettext("%(word)s: %(n)s answer was not taken, for it is neither a number nor a code.",
                        "%(word)s: %(n)s answers were not taken, for they are neither numbers nor codes.", n)),
    (rf"{N} (?:live )?messages?: the number \(MSH-10\) is that of an earlier message with other content; each was taken "
     r"by itself",
     lambda n: ngettext("%(n)s message has the number (MSH-10) of an earlier one and other content: each was taken by "
                        "itself.",
                        "%(n)s messages have the numbers (MSH-10) of earlier ones and other content: each was taken by "
                        "itself.", n)),
    (rf"{N} (?:live )?messages?: an account of one patient got another number: that is not followed",
     lambda n: ngettext("%(n)s message: an account of one patient got another number: that is not followed.",
                        "%(n)s messages: an account of one patient got another number: that is not followed.",
                        n)),
    (rf"{N} (?:live )?messages?: results in words are not read",
     lambda n: ngettext("%(n)s message: results in words are not read.",
                        "%(n)s messages: results in words are not read.", n)),
)
# fmt: on
_SHAPES = tuple((re.compile(shape), say) for shape, say in SHAPES)


def said(note: str, count: Callable[[int], str]) -> str | None:
    """Return a note as a sentence in the reader's language, its numbers by `count`; None where its shape is not here.

    >>> from django.utils import translation
    >>> with translation.override("en"):
    ...     said("1 row does not say who did it (row 7)", str)
    '1 row does not say who did it (row 7).'
    """
    for shape, say in _SHAPES:
        found = shape.fullmatch(note)
        if found is None:
            continue
        words = {name: value or "" for name, value in found.groupdict().items()}
        many = int(words["n"].replace(",", "")) if "n" in words else 0
        for name in {"n", "m", "k"} & words.keys():
            words[name] = count(int(words[name].replace(",", "")))
        if words.get("where"):
            words["where"] = f" ({_where(words['where'])})"
        if "left_out" in words:
            why = LEFT_OUT.get(words["left_out"])
            words["left_out"] = str(why) if why else words["left_out"]
        return say(many) % words
    return None


def _where(rows: str) -> str:
    """Return "rows 3, 7, ..." in the reader's language."""
    kind, _space, numbers = rows.partition(" ")
    text = _("row %(numbers)s") if kind == "row" else _("rows %(numbers)s")
    return text % {"numbers": numbers}
