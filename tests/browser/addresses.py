"""Every page of a home that is walked: for each route, several units of each level and kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.urls import reverse

from knitwork.home import open_home
from knitwork.home.quality.rules import RULES
from knitwork.home.streams import messages_of
from knitwork.intake.messages import Stored
from knitwork.web import manual
from knitwork.web.place import read_secret
from knitwork.web.sealed import seal
from knitwork.web.urls import urlpatterns

ROUTES = [route.name for route in urlpatterns]
# These answer a form and have no page of their own: test_reading.py sends the forms.
FORMS_ONLY = {"sign-out", "language"}
# These need a wall that somebody made, or are no page: test_walls.py opens them.
FORMS_ONLY |= {"wall-made", "wall-arrange", "wall-link", "live", "live-link"}
DOWNLOADS = {"numbers", "behind-csv", "journeys-csv", "help-picture", "handoffs-csv", "pair-csv"}
DOWNLOADS |= {"summary-csv", "measure-units-csv", "funnel-csv", "feed-rejected", "feed-withdrawn"}
# These need a message that waits for a person: there is one in the home of the tiny file.
WAITING = {"parked", "parked-message"}


@dataclass(frozen=True)
class Site:
    """A home and the address it is served at."""

    address: str
    home: Path

    @cached_property
    def answers(self):
        return open_home(self.home).answers()

    def of(self, route: str, query: str = "", **words: str) -> str:
        """Return the path of a route."""
        return reverse(route, kwargs=words) + query

    @cached_property
    def secret(self) -> str:
        return read_secret(self.home)

    def patient(self, number: str) -> str:
        """Return the path of a patient's page, as only this home can seal it."""
        return f"/patients/{seal(number, self.secret)}/"

    @cached_property
    def units(self) -> list[str]:
        """Return one unit of each level and kind, those that measure something first."""
        registry = self.answers.registry
        codes = dict.fromkeys([*registry.roots(), *(unit.unit for unit in registry.units)])
        kinds: dict[tuple[str, str], list[str]] = {}
        for code in codes:
            unit = registry.get(code)
            level = registry.level_of(code)
            kinds.setdefault((level, unit.kind if unit else ""), []).append(code)
        return [self.busiest(some) for some in kinds.values()]

    def busiest(self, codes: list[str]) -> str:
        numbers = {c: self.answers.unit_numbers(c, self.answers.registry.level_of(c)) for c in codes}
        return max(codes, key=lambda code: numbers[code].get("stays_all") or 0)

    @cached_property
    def measures(self) -> list[str]:
        return list(self.answers.computable())

    @cached_property
    def pairs(self) -> list[tuple[str, str, str]]:
        """Return pairs of units at each level: the one that loses most, and the rarest."""
        found = []
        for level in ("micro", "meso", "macro"):
            rows = self.answers.pairs(level, months=None)
            found += [(level, row["from_unit"], row["to_unit"]) for row in [*rows[:2], *rows[2:][-1:]]]
        return found

    @cached_property
    def patients(self) -> list[str]:
        """Return the patient with the most stays and one with the fewest; none where nothing is loaded."""
        if not self.answers.manifest.of("patient"):
            return []
        rows = self.answers.rows("SELECT patient::VARCHAR AS patient FROM {patient} ORDER BY stays DESC, patient")
        return list(dict.fromkeys([rows[0]["patient"], rows[-1]["patient"]]))

    @cached_property
    def waiting(self) -> list[Stored]:
        """Return the messages that wait for a person."""
        store = messages_of(open_home(self.home).place)
        return [one for feed in store.feeds() for one in store.parked(feed)]

    def of_feeds(self) -> list[tuple[str, str]]:
        """Return the pages of every feed, a rule that its stays break most, and of what waits."""
        found = [("profiles", self.of("profiles"))] if self.answers.feeds() else []
        quality = self.answers.quality()
        for feed in sorted(quality):
            found += [
                (name, self.of(name, feed=feed)) for name in ("feed", "profile", "feed-rejected", "feed-withdrawn")
            ]
            found.append(("profile-version", self.of("profile-version", feed=feed, number="1")))
            days = quality[feed].days
            if days is not None:
                most = max(RULES, key=lambda rule: days.total(rule.id))
                found.append(("feed-rule", self.of("feed-rule", feed=feed, rule=most.id)))
        found += [("parked", self.of("parked", feed=feed)) for feed in dict.fromkeys(one.feed for one in self.waiting)]
        found += [
            ("parked-message", self.of("parked-message", feed=one.feed, seq=str(one.seq))) for one in self.waiting
        ]
        return found

    def point(self, unit: str, measure: str) -> str | None:
        """Return the first day of the fullest month of a measure, or None where there is none."""
        level = self.answers.registry.level_of(unit)
        period = "month" if self.answers.calendar != "shifted" else "all"
        rows = self.answers.series([measure], unit, level, period).get(measure) or []
        rows = [row for row in rows if row["value"] is not None]
        if not rows:
            return None
        fullest = max(rows, key=lambda row: row.get("denominator") or row.get("n") or 0)
        return (dt.date(1970, 1, 1) + dt.timedelta(days=fullest["start_day"])).isoformat()

    def pages(self, each: int = 1) -> list[tuple[str, str]]:
        """Return every page walked as (route, path); one in `each` measures, every kind of page in any case."""
        units = self.units if self.answers.registry.units else []
        found = [
            (name, self.of(name))
            for name in ("system", "first-look", "handoffs", "journeys", "feeds", "measures", "help", "sign-in")
        ]
        found += [("system", self.of("system", "?view=list")), ("units-setup", self.of("units-setup"))]
        found += [("codes", self.of("codes")), ("load", self.of("load"))]
        found += self.of_feeds()
        found += [("rules", self.of("rules")), ("notes", self.of("notes"))]
        # The manual is the same in every home, so the homes of which less is walked show a page of it or two.
        chapters = [path for path in manual.paths() if "decisions" not in path]
        found += [("help-page", self.of("help-page", path=path)) for path in chapters[:: 1 if each == 1 else 20]]
        found.append(("help-picture", self.of("help-picture", name="wall.png")))
        for unit in units:
            found += [(name, self.of(name, code=unit)) for name in ("unit", "understand", "summary", "wall", "setup")]
        found += [(name, self.of(name, code=unit)) for unit in units[:2] for name in ("walls", "wall-new")]
        found += [
            (name, self.of(name, f"?period={p}", code=units[-1]))
            for name in ("unit", "understand", "wall")
            for p in ("day", "week")
            if units
        ]
        found += [("handoffs", self.of("handoffs", f"?level={level}")) for level in ("meso", "macro")]
        found += [("handoffs", self.of("handoffs", f"?view={view}&time=all")) for view in ("matrix", "map")]
        found += [("handoffs", self.of("handoffs", f"?unit={unit}")) for unit in units[-1:]]
        found.append(("handoffs-csv", self.of("handoffs-csv")))
        found += [("journeys", self.of("journeys", f"?unit={unit}")) for unit in units[:2]]
        if units:
            found += [("journeys", self.of("journeys", f"?unit={units[0]}&sort=rare&outcome=returned"))]
            found.append(("journeys-csv", self.of("journeys-csv")))
            found.append(("summary-csv", self.of("summary-csv", code=units[0])))
            found += [("measure-units-csv", self.of("measure-units-csv", measure=m)) for m in self.measures[:1]]
            found.append(("journey-patients", self.of("journey-patients")))
        found += [
            ("journeys", self.of("journeys", f"?through={sender}&then={receiver}"))
            for level, sender, receiver in self.pairs[:1]
        ]
        found.append(("patients", self.of("patients", f"?q={seal('1', self.secret)}")))
        found += [("patient", self.patient(patient)) for patient in self.patients]
        for at, measure in enumerate(self.measures[::each] if units else []):
            unit = units[at % len(units)]
            found.append(("measure", self.of("measure", code=unit, measure=measure)))
            found.append(("numbers", self.of("numbers", code=unit, measure=measure)))
            # What leads on from a chart is one template for all measures: each measure walks some of it, in turn.
            kind = ("residual", "seasonal")[at // 3 % 2]
            further = [
                ("change", self.of("change", "?start=2026-02-01", code=unit, measure=measure)),
                ("measure-units", self.of("measure-units", measure=measure)),
                ("measure-view", self.of("measure-view", code=unit, measure=measure, kind=kind)),
            ]
            found.append(further[at % 3])
            if at % 2 == 0:
                found.append(("funnel", self.of("funnel", "?span=year", code=unit, measure=measure)))
                found.append(("funnel-csv", self.of("funnel-csv", code=unit, measure=measure)))
            start = self.point(unit, measure)
            if start:
                found.append(("behind", self.of("behind", code=unit, measure=measure, start=start)))
                found.append(("behind-csv", self.of("behind-csv", code=unit, measure=measure, start=start)))
        for at, (level, sender, receiver) in enumerate(self.pairs):
            period = ("month", "week", "day")[at % 3]
            found.append(("pair", self.of("pair", f"?level={level}&period={period}", sender=sender, receiver=receiver)))
            found.append(("pair-csv", self.of("pair-csv", f"?level={level}", sender=sender, receiver=receiver)))
            ends = {"sender": sender, "receiver": receiver, "start": "2026-09-01"}
            found.append(("pair-behind", self.of("pair-behind", f"?level={level}", **ends)))
        return found
