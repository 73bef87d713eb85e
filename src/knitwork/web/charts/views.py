"""Pages about all charts: which rules judge them, and a table of improvement actions taken in as notes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.model.errors import CannotDo
from knitwork.signals.rules import RULE_SETS
from knitwork.web.accounts.access import may, needs
from knitwork.web.alerts.views import today_of
from knitwork.web.charts import actions, words
from knitwork.web.charts.decided import USUAL_RULES
from knitwork.web.charts.models import RuleSetChoice
from knitwork.web.charts.notes import COLUMNS, NoteRow, read_notes_csv
from knitwork.web.charts.shown import rules_history, rules_now
from knitwork.web.pages.around import Names
from knitwork.web.pages.frame import of, with_answers
from knitwork.web.units.models import Unit

# A table of actions of this many bytes has more rows than people write.
MOST_BYTES = 1_000_000


@needs("read")
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rule sets, each in words with its false alarms, and which judge; take another choice over."""
    refused = ""
    if request.method == "POST":
        if not may(request.user, "set_up"):
            raise PermissionDenied
        refused = _choose(request)
        if not refused:
            return redirect("rules")
    choice = RuleSetChoice.objects.order_by("-version").first()
    chosen = request.POST.getlist("sets") if refused else list(choice.sets if choice else USUAL_RULES)
    custom = request.POST.get("custom", "") if refused else _as_text(choice)
    now = of(request).decisions
    sets = [
        {
            "name": name,
            "title": words.title(name),
            "chosen": name in chosen,
            "rules": words.rules_words(name) or [words.rule_words(rule) for rule in now.custom],
            "source": RULE_SETS[name].source if name in RULE_SETS else "",
            "alarms": words.false_alarm_words((name,)) if name in RULE_SETS else "",
        }
        for name in (*RULE_SETS, "custom")
    ]
    context = {
        "now": rules_now(),
        "together": words.false_alarm_words(now.rules, now.custom),
        "sets": sets,
        "custom": custom,
        "version": request.POST.get("version", "") if refused else choice.version if choice else 0,
        "history": rules_history(),
        "refused": refused,
        "reason": request.POST.get("reason", "") if refused else "",
    }
    return render(request, "pages/rules.html", context, status=422 if refused else 200)


def _as_text(choice: RuleSetChoice | None) -> str:
    return json.dumps(choice.custom, ensure_ascii=False, indent=1) if choice and choice.custom else ""


def _choose(request: HttpRequest) -> str:
    """Take a choice of rules over; return why it could not be, or nothing."""
    version, text = request.POST.get("version", ""), request.POST.get("custom", "").strip()
    try:
        custom = json.loads(text) if text else []
    except (ValueError, RecursionError) as fault:
        return _("The rules of your own are no JSON (%(fault)s): write a list such as %(example)s.") % {
            "fault": fault,
            "example": '[{"name": "shift_8", "kind": "run", "length": 8}]',
        }
    if not isinstance(custom, list) or not all(isinstance(one, dict) for one in custom):
        return _("The rules of your own are a list of objects, one a rule.")
    try:
        made = actions.choose_rules(
            sets=request.POST.getlist("sets"),
            custom=custom,
            reason=request.POST.get("reason", ""),
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,
            by=request.user,  # type: ignore[arg-type]
        )
    except CannotDo as refused:
        return str(refused)
    text = _("Chosen: version %(n)s. Every chart is judged by it, the past as well.")
    messages.success(request, text % {"n": made.version})
    return ""


@needs("charts")
def notes(request: HttpRequest) -> HttpResponse:
    """Take a table of improvement actions in as notes on charts; say of each row that cannot be taken why."""
    source = with_answers(request)
    refused, table = "", request.POST.get("table", "")
    rows: list[str] = []
    taken: list[NoteRow] = []
    registry = source.answers.registry
    names = Names(source)
    if request.method == "POST":
        try:
            table = _table(request) or table
            codes = {*registry.roots(), *(unit.unit for unit in registry.units)}
            codes |= set(Unit.objects.values_list("code", flat=True))
            taken, rows = read_notes_csv(table, units=codes, measures=source.measures)
            if taken:
                added = actions.bring_in_notes(taken, by=request.user)  # type: ignore[arg-type]
                messages.success(request, _brought_in(taken, added, today=today_of(source)))
            if not rows:
                return redirect("notes")
        except CannotDo as cannot:
            refused = str(cannot)
    context: dict[str, Any] = {
        "columns": ",".join(COLUMNS),
        "refused": refused,
        "rows": rows,
        "others": bool(taken),
        "table": table if refused or rows else "",
        "units": [names.link(unit.unit) for unit in registry.units],
        "measures": sorted(source.measures.values(), key=lambda one: one.short),
    }
    return render(request, "pages/notes.html", context, status=422 if refused or rows else 200)


def _brought_in(taken: Sequence[NoteRow], added: int, *, today: dt.date) -> str:
    """Say how many notes are new, how many stood there, and how many are of days to come: a year may be mistyped."""
    known, ahead = len(taken) - added, sum(1 for row in taken if row.day > today)
    there = ngettext("%(n)s stood there already.", "%(n)s stood there already.", known) % {"n": known}
    said = (
        [ngettext("%(n)s note is new.", "%(n)s notes are new.", added) % {"n": added}]
        if added
        else [_("Nothing is new:")]
    )
    said += [there] if known else []
    if ahead:
        text = ngettext(
            "%(n)s has a date in the future: check its year.",
            "%(n)s have dates in the future: check their years.",
            ahead,
        )
        said.append(text % {"n": ahead})
    return " ".join(said)


def _table(request: HttpRequest) -> str:
    """Return the file that was sent as text; nothing where none was."""
    file = request.FILES.get("file")
    if file is None:
        return ""
    if (file.size or 0) > MOST_BYTES:
        raise CannotDo(_("The file is larger than a table of actions: send one of at most 1 MB."))
    try:
        text: str = file.read().decode("utf-8-sig")
        return text
    except UnicodeDecodeError as fault:
        raise CannotDo(_("The file is not UTF-8: save the table as CSV in UTF-8.")) from fault
