"""The commands that look and change nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from knitwork.cli import acts
from knitwork.cli.printing import Format, counted, iso, say, sentences, show
from knitwork.home.quality.cadence import microseconds, overdue
from knitwork.model.errors import CannotDo
from knitwork.model.units import LEVELS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers
    from knitwork.home.linking import LinkState

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
]
FormatOption = Annotated[Format, typer.Option("--format", help="how to print")]
LevelOption = Annotated[str, typer.Option(help="micro, meso or macro")]
UnitOption = Annotated[str | None, typer.Option(help="only this unit", show_default=False)]
PatientOption = Annotated[str | None, typer.Option(help="only this patient", show_default=False)]
SinceOption = Annotated[str | None, typer.Option(help="from then on, ISO 8601", show_default=False)]
UntilOption = Annotated[str | None, typer.Option(help="before then, ISO 8601", show_default=False)]

UNITS = ("unit", "name", "kind", "kind_guessed", "level", "parent", "tz", "capacity")
STAYS = ("patient", "unit", "start", "end", "end_kind", "visit", "journey")
JOURNEYS = ("patient", "journey", "start", "end", "visits", "units", "handoffs", "variant")
HANDOFFS = (
    "level", "kind", "from_unit", "to_unit", "count", "timed", "mean_transit_s", "median_transit_s", "p90_transit_s",
)  # fmt: skip
EACH = ("level", "kind", "from_unit", "to_unit", "patient", "left_at", "arrived_at", "transit_s")
MEASURES = ("measure", "version", "title", "direction", "compass", "needs", "computable", "why_not")
MEASURE = ("measure", "version", "level", "unit", "period", "stratum", "numerator", "denominator", "value")
DELIVERIES = (
    "feed", "name", "received", "taken", "new", "known", "late", "rejected", "taken_back", "changed", "delivery",
)  # fmt: skip
WITHDRAWN = ("feed", "why", "patient", "unit", "start", "end", "visit", "delivery", "row", "by_delivery")
REJECTS = ("feed", "delivery", "row", "field", "rule", "message")


def level_named(level: str) -> str:
    if level not in LEVELS:
        raise CannotDo(f"--level {level} is not a level: micro, meso and macro are")
    return level


def looking(app: typer.Typer) -> None:
    """Add the looking commands to the command line."""
    for command in (status, units, stays, journeys, handoffs, deliveries, rejects, withdrawn, measures, measure, chart):
        app.command()(command)


def status(home: HomeOption = None, format: FormatOption = Format.table) -> None:
    """Feeds, watermarks, lateness, rejects, generation, staleness."""
    target = acts.derived(home)
    answers = target.answers()
    if format is Format.table:
        say(
            f"{target.settings.name}: generation {answers.generation}, made {answers.made_at}, data to {iso(answers.as_of_us)}"
        )
        acts.told_as_of(target)
        if answers.manifest.dirty:
            new = counted(len(answers.manifest.dirty), "bucket has", "buckets have")
            say(f"{new} new rows: knitwork refresh brings the numbers up to date")
    rows = []
    late = {
        beat.feed: beat for beat in overdue(answers.heartbeats(), microseconds(dt.datetime.now(dt.UTC).isoformat()))
    }
    for feed in answers.feeds():
        rows.append(
            {
                "feed": feed.feed, "deliveries": feed.deliveries, "rows": feed.rows, "rejected": feed.rejected,
                "first": iso(feed.first_us), "last": iso(feed.last_us), "received": feed.received_at,
                "departures_recorded": feed.departures_recorded, "calendar": feed.calendar,
                "zone": feed.zone or "UTC (assumed)", "alarm": "silent" if feed.feed in late else "",
            }
        )  # fmt: skip
    links = answers.link_state()
    rows += [_links_feed(answers, feed) for feed in links.feeds]
    columns = (
        "feed", "deliveries", "rows", "rejected", "first", "last", "received", "departures_recorded", "calendar", "zone",
        "alarm",
    )  # fmt: skip
    show(rows, columns, format)
    if format is Format.table:
        for feed in answers.feeds():
            sentences(f"{feed.feed}: {note}" for note in feed.notes)
        for feed_name, stays in _taken_back(answers):
            gone = counted(stays, "stay that was told no longer holds", "stays that were told no longer hold")
            sentences([f"{feed_name}: {gone}, see withdrawn"])
        for pair in answers.told_twice():
            say(
                f"{pair.one} and {pair.other} tell of the same stays ({pair.stays:,} of {pair.of:,}), and each counts "
                "twice: load only one of them"
            )
        for name in late:
            say(f"{name}: nothing came for more than twice its cadence: see why it is silent")
        if links.deliveries:
            say(linked(links))


def _taken_back(answers: Answers) -> list[tuple[str, int]]:
    """Return how many stays of each feed no longer hold."""
    found: dict[str, int] = {}
    for row in answers.withdrawn_counts():
        found[row["feed"]] = found.get(row["feed"], 0) + row["stays"]
    return sorted(found.items())


def _links_feed(answers: Answers, feed: str) -> dict[str, Any]:
    """Return a feed of patient links alone as a row of the status: it has no span, and moves no watermark."""
    mine = answers.deliveries(feed)
    return {
        "feed": feed, "deliveries": len(mine), "rows": sum(d["taken"] for d in mine),
        "rejected": sum(d["rejected"] for d in mine), "received": mine[0]["received_at"],
        "zone": mine[0]["zone"] or "UTC (assumed)",
    }  # fmt: skip


def linked(links: LinkState) -> str:
    """Say what the patient links mean together."""
    up, of = counted(links.given_up, "number was", "numbers were"), counted(links.persons, "person", "persons")
    said = [f"{counted(links.taken, 'patient link', 'patient links')}: {up} given up, of {of}"]
    if links.aside:
        said.append(f"{counted(links.aside, 'link is', 'links are')} set aside, see rejects")
    if links.waiting:
        said.append(f"{counted(links.waiting, 'link is', 'links are')} new: knitwork refresh brings them in")
    return "; ".join(said)


def units(home: HomeOption = None, format: FormatOption = Format.table) -> None:
    """Units with kind, level and what they belong to now."""
    registry = acts.derived(home).answers().registry
    now = {m.unit: m.group for m in sorted(registry.memberships, key=lambda m: m.since_us or 0) if m.kind == "belongs"}
    show(
        (
            {
                "unit": u.unit, "name": u.name, "kind": u.kind, "kind_guessed": u.kind_guessed,
                "level": registry.level_of(u.unit), "parent": now.get(u.unit), "tz": u.tz, "capacity": u.capacity,
            }
            for u in sorted(registry.units, key=lambda u: (LEVELS[::-1].index(registry.level_of(u.unit)), u.unit))
        ),
        UNITS,
        format,
    )  # fmt: skip


def _where(unit: str | None, patient: str | None, since: str | None, until: str | None) -> dict[str, Any]:
    return {
        "unit": unit,
        "patient": patient,
        "since": acts.moment(since, what="--since"),
        "until": acts.moment(until, what="--until"),
    }


def _limit(format: Format) -> int | None:
    """A terminal gets the first rows; a machine gets all."""
    return 200 if format is Format.table else None


def stays(
    home: HomeOption = None,
    level: LevelOption = "micro",
    unit: UnitOption = None,
    patient: PatientOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Stays as they came (micro), or unbroken times in units of a higher level."""
    from knitwork.home import spine

    answers = acts.derived(home).answers()
    where = _where(unit, patient, since, until) | {"limit": _limit(format)}
    if level_named(level) == "micro":
        table = spine.stays(answers, **where)
    else:
        table = spine.unit_stays(answers, level=level, **where)
    rows = ({**r, "start": iso(r["start_us"]), "end": iso(r["end_us"])} for r in table.to_pylist())
    show(rows, STAYS, format)


def journeys(
    home: HomeOption = None,
    unit: UnitOption = None,
    patient: PatientOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Journeys: the visits of one patient that hang together."""
    from knitwork.home import spine

    table = spine.journeys(acts.derived(home).answers(), **_where(unit, patient, since, until), limit=_limit(format))
    show(({**r, "start": iso(r["start_us"]), "end": iso(r["end_us"])} for r in table.to_pylist()), JOURNEYS, format)


def handoffs(
    home: HomeOption = None,
    level: LevelOption = "micro",
    unit: UnitOption = None,
    patient: PatientOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    each: Annotated[bool, typer.Option("--each", help="one row a hand-off")] = False,
    format: FormatOption = Format.table,
) -> None:
    """Hand-offs between units of a level: one row an ordered pair, ranked by the hours patients lost."""
    from knitwork.home import spine

    answers = acts.derived(home).answers()
    where = _where(unit, patient, since, until)
    if each:
        table = spine.handoffs_each(answers, level=level_named(level), **where, limit=_limit(format))
        rows = [{**r, "left_at": iso(r["left_us"]), "arrived_at": iso(r["arrived_us"])} for r in table.to_pylist()]
        show(rows, EACH, format)
        return
    if patient or since or until:
        found = spine.pairs_between(answers, level=level_named(level), **where)
    else:
        found = answers.pairs(level_named(level), unit)
    show(
        ({"level": level, "kind": "patient", **r} for r in found), HANDOFFS, format, empty="No hand-offs at this level."
    )


def deliveries(
    home: HomeOption = None,
    feed: Annotated[str | None, typer.Option(help="only this feed", show_default=False)] = None,
    format: FormatOption = Format.table,
) -> None:
    """What each file brought: rows new, known already, late, refused, and the months that it changed."""
    brought = acts.derived(home).answers().brought()
    show(
        (
            {
                "feed": one.feed, "name": one.name, "received": one.received_at, "taken": one.taken, "new": one.new,
                "known": one.known, "late": one.late, "rejected": one.refused, "taken_back": one.taken_back,
                "changed": ", ".join(f"{month.first_day[:7]} ({month.new})" for month in one.months) or None,
                "delivery": one.delivery,
            }
            for one in brought
            if feed in (None, one.feed)
        ),
        DELIVERIES,
        format,
    )  # fmt: skip


def withdrawn(
    home: HomeOption = None,
    feed: Annotated[str | None, typer.Option(help="only this feed", show_default=False)] = None,
    format: FormatOption = Format.table,
) -> None:
    """Stays that were told once and no longer hold: which, why, and what took them back."""
    rows = acts.derived(home).answers().withdrawn_stays(feed, _limit(format))
    told = ({**row, "start": iso(row["start_us"]), "end": iso(row["end_us"])} for row in rows)
    show(told, WITHDRAWN, format, empty="No stay was taken back.")


def rejects(
    home: HomeOption = None,
    feed: Annotated[str | None, typer.Option(help="only this feed", show_default=False)] = None,
    format: FormatOption = Format.table,
) -> None:
    """Rows that could not be used, and messages without effect: field, rule and what stood there."""
    answers = acts.derived(home).answers()
    show(answers.rejects(feed, limit=_limit(format)), REJECTS, format, empty="No row was rejected.")


def measures(
    measure: Annotated[str | None, typer.Argument(help="a measure's id", show_default=False)] = None,
    home: HomeOption = None,
    format: FormatOption = Format.table,
) -> None:
    """The catalogue: what each measure needs, and why it cannot be computed here."""
    from knitwork.measures.catalogue import catalogue

    target = acts.home_at(home)
    computable = target.answers().computable() if target.has_data else {}
    rows = []
    for found in catalogue():
        if measure and found.id != measure:
            continue
        ok, why, unlock = computable.get(found.id, (False, "nothing has been loaded yet", ""))
        rows.append(
            {
                "measure": found.id, "version": found.version, "title": found.title, "direction": found.direction,
                "compass": found.compass, "needs": "; ".join(found.needs), "computable": ok,
                "why_not": None if ok else f"{why.rstrip('.')}. {unlock}".strip(),
            }
        )  # fmt: skip
    if measure and not rows:
        raise CannotDo(f"there is no measure {measure}: knitwork measures lists them")
    show(rows, MEASURES, format)


def measure(
    measure: Annotated[str, typer.Argument(help="a measure's id")],
    home: HomeOption = None,
    level: LevelOption = "micro",
    period: Annotated[str, typer.Option(help="day, week, month or all")] = "month",
    unit: UnitOption = None,
    by: Annotated[str | None, typer.Option(help="a stratum, such as direction", show_default=False)] = None,
    format: FormatOption = Format.table,
) -> None:
    """One measure's numbers for every unit of a level and every period."""
    from knitwork.home.measured import cells

    if period not in ("day", "week", "month", "all"):
        raise CannotDo(f"--period {period} is not known: day, week, month and all are")
    if by not in (None, "direction"):
        raise CannotDo(f"--by {by} is not known: direction is, for hand-offs sent and received")
    found = cells(acts.derived(home).answers(), measure, level=level_named(level), period=period, unit=unit, by=by)
    show(found, MEASURE, format, empty="No numbers: knitwork measures says what this measure needs.")


def chart(
    file: Annotated[Path, typer.Argument(help="a CSV file: a period and a value, or a numerator and a denominator")],
    chart: Annotated[
        str, typer.Option(help="run, xmr, p, u, c, g, t, xbar, ewma, cusum, funnel, pareto and more: see the reference")
    ] = "run",
    direction: Annotated[str, typer.Option(help="up, down or neither is wanted")] = "neither",
    target: Annotated[float | None, typer.Option(help="a target to draw", show_default=False)] = None,
    target_from: Annotated[
        list[str] | None, typer.Option(help="a target from a period on, such as 2026-04-01=30", show_default=False)
    ] = None,
    trajectory: Annotated[
        list[str] | None, typer.Option(help="a point of the way planned, such as 2026-12-01=25", show_default=False)
    ] = None,
    limits: Annotated[str, typer.Option(help="policy, all, or how many first points make the baseline")] = "policy",
    rules: Annotated[
        str, typer.Option(help="rule sets with commas between, such as shewhart,anhoej", show_default=False)
    ] = "",
    sigma: Annotated[str, typer.Option(help="the estimator of sigma, by its name", show_default=False)] = "",
    limit_kind: Annotated[str, typer.Option(help="sigma or probability")] = "sigma",
    phase: Annotated[
        list[str] | None,
        typer.Option(help="where limits begin anew, such as 2026-04-01 or 2026-04-01=all", show_default=False),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="a period that is shown and not counted", show_default=False)
    ] = None,
    incomplete_last: Annotated[bool, typer.Option("--incomplete-last", help="the last period is not over")] = False,
    spec: Annotated[
        Path | None, typer.Option(help="a chart definition in JSON, in place of the options", show_default=False)
    ] = None,
    format: Annotated[str, typer.Option("--format", help="table, csv, json or svg")] = "table",
) -> None:
    """Evaluate any series: limits, rules and signals, as a table, the whole record, or a picture."""
    from knitwork.cli.charting import Asked, evaluate_file

    asked = Asked(
        chart=chart,
        direction=direction,
        target=target,
        target_from=tuple(target_from or ()),
        trajectory=tuple(trajectory or ()),
        limits=limits,
        rules=rules,
        sigma=sigma,
        limit_kind=limit_kind,
        phase=tuple(phase or ()),
        exclude=tuple(exclude or ()),
        incomplete_last=incomplete_last,
        spec=spec,
    )
    evaluate_file(file, asked, how=format)
