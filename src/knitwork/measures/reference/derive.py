"""From stays to visits, journeys, hand-offs and the facts that measures read (DESIGN 4).

Where the design leaves a choice, this is the choice:

- order among stays is (start, end with unknown last, unit);
- stays of one visit in one unit merge when the next starts no later than the furthest known
  end so far; the merged end is the latest, and unknown as soon as one of them is (`open` if
  any is open);
- a stay reaches to its end, for ever when open, and only to its start when unknown; two
  overlap when both reach past the later start;
- a node's end is the end of its last stay, clipped where the next node begins; a visit ends
  when its last bed stay ends, a journey when its last visit does;
- a visit without any bed stay has no node and hence no row in the facts of visits;
- local days and hours are those of the microsystem where the moment happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from knitwork.measures.reference.clock import DAY_US, HOUR_US, day_of, first_midnight, hour_of
from knitwork.model.units import CONCURRENT_KINDS, INPATIENT_KINDS, LEVELS, Registry

Row = dict[str, object]
FOREVER_US = 2**62


@dataclass(frozen=True, slots=True)
class Settings:
    """What a home may set: the longest gaps in a visit and a journey, its zone, its shifted feeds."""

    visit_gap_hours: int = 24
    journey_gap_days: int = 30
    tz: str = "UTC"
    shifted_feeds: frozenset[str] = frozenset()


@dataclass(slots=True)
class Stay:
    """One stay as it came, or several of one unit merged."""

    patient: str
    unit: str
    start: int
    end: int | None
    end_kind: str
    feed: str
    precise: bool
    kind: str
    tz: str
    given: str | None = None
    visit: str = ""
    journey: str = ""
    concurrent: bool = False

    @property
    def order(self) -> tuple[int, int, str]:
        return (self.start, FOREVER_US if self.end is None else self.end, self.unit)

    @property
    def reach(self) -> int:
        """How far the stay is known to run without being asked about those still open."""
        return self.start if self.end is None else self.end

    @property
    def overlap_end(self) -> int:
        return FOREVER_US if self.end_kind == "open" else self.reach


@dataclass(slots=True)
class Node:
    """One patient's unbroken time in one unit of a level."""

    unit: str
    stays: list[Stay]

    @property
    def first(self) -> Stay:
        return self.stays[0]

    @property
    def last(self) -> Stay:
        return self.stays[-1]


@dataclass(frozen=True, slots=True)
class Derived:
    """Everything that follows from stays; the facts have the columns of `measures.relations`."""

    stays: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    journeys: list[Row] = field(default_factory=list)
    fact_stay: list[Row] = field(default_factory=list)
    fact_handoff: list[Row] = field(default_factory=list)
    fact_visit: list[Row] = field(default_factory=list)
    fact_journey: list[Row] = field(default_factory=list)
    fact_census: list[Row] = field(default_factory=list)


def derive(stays: Iterable[Row], registry: Registry, settings: Settings | None = None) -> Derived:
    """Derive everything from `stays`: rows with patient, unit, start_us, end_us, end_kind, visit, precision, feed.

    `end_us` and `visit` may be None. Units that the registry does not know are added to it.
    """
    rules = settings or Settings()
    rows = list(stays)
    registry = registry.with_found(str(row["unit"]) for row in rows)
    patients: dict[str, list[Stay]] = defaultdict(list)
    for row in rows:
        stay = _stay(row, registry, rules)
        patients[stay.patient].append(stay)
    derived = Derived()
    for patient in sorted(patients):
        _Patient(patient, sorted(patients[patient], key=lambda s: s.order), registry, rules, derived).derive()
    return derived


def _stay(row: Row, registry: Registry, rules: Settings) -> Stay:
    unit = registry.get(str(row["unit"]))
    if unit is None:
        raise KeyError(row["unit"])
    end = row.get("end_us")
    return Stay(
        patient=str(row["patient"]),
        unit=unit.unit,
        start=int(str(row["start_us"])),
        end=None if end is None else int(str(end)),
        end_kind=str(row.get("end_kind") or ("unknown" if end is None else "recorded")),
        feed=str(row.get("feed") or ""),
        precise=row.get("precision", "s") != "d",
        kind=unit.kind,
        tz=unit.tz or rules.tz,
        given=None if row.get("visit") is None else str(row["visit"]),
    )


def merged(stays: Sequence[Stay]) -> list[Stay]:
    """Merge the stays of one visit that overlap or touch in the same unit, one after the other."""
    done: list[Stay] = []
    for unit in sorted({s.unit for s in stays}):
        group: list[Stay] = []
        for stay in sorted((s for s in stays if s.unit == unit), key=lambda s: s.order):
            if group and stay.start > max(s.reach for s in group):
                done.append(_joined(group))
                group = []
            group.append(stay)
        done.append(_joined(group))
    return sorted(done, key=lambda s: s.order)


def _joined(group: list[Stay]) -> Stay:
    ends = [s.end for s in group]
    latest = max(group, key=lambda s: (s.reach, s.end_kind == "recorded", s.order))
    kinds = {s.end_kind for s in group}
    end = None if None in ends else max(e for e in ends if e is not None)
    kind = latest.end_kind if end is not None else ("open" if "open" in kinds else "unknown")
    one = group[0]
    return Stay(
        patient=one.patient, unit=one.unit, start=one.start, end=end, end_kind=kind, feed=group[-1].feed,
        precise=all(s.precise for s in group), kind=one.kind, tz=one.tz, visit=one.visit, journey=one.journey,
    )  # fmt: skip


@dataclass(slots=True)
class _Patient:
    patient: str
    raw: list[Stay]
    registry: Registry
    rules: Settings
    out: Derived

    def derive(self) -> None:
        self.make_visits()
        visits = self.by_visit(self.raw)
        self.make_journeys(visits)
        stays = {visit: merged(members) for visit, members in visits.items()}
        self.mark_concurrent([s for members in stays.values() for s in members])
        for s in self.raw:
            self.out.stays.append(
                {"patient": s.patient, "unit": s.unit, "start_us": s.start, "end_us": s.end, "end_kind": s.end_kind,
                 "visit": s.visit, "journey": s.journey, "feed": s.feed}
            )  # fmt: skip
        whole: dict[str, list[tuple[str, list[Node]]]] = defaultdict(list)
        for visit, members in stays.items():
            beds = [s for s in members if not s.concurrent]
            nodes = {level: self.nodes(beds, level) for level in LEVELS}
            self.write_visit(visit, visits[visit], nodes["micro"])
            self.write_concurrent([s for s in members if s.concurrent])
            for level in LEVELS:
                self.write_nodes(level, nodes[level])
                self.write_handoffs(level, nodes[level])
                self.write_fact_visit(level, nodes[level], nodes["micro"])
            if nodes["micro"]:
                whole[members[0].journey].append((visit, nodes["micro"]))
        for journey, parts in whole.items():
            self.write_journey(journey, [nodes for _, nodes in parts])

    # Visits and journeys

    def make_visits(self) -> None:
        """A given visit id wins; the others chain while the gap is at most the setting's."""
        number, reach, closed = 0, 0, True
        for stay in self.raw:
            if stay.given is not None:
                stay.visit = stay.given
                continue
            if closed or stay.start - reach > self.rules.visit_gap_hours * HOUR_US:
                number, reach = number + 1, stay.reach
            stay.visit = f"{self.patient}#{number}"
            reach = max(reach, stay.reach)
            closed = stay.end is None

    def by_visit(self, stays: list[Stay]) -> dict[str, list[Stay]]:
        found: dict[str, list[Stay]] = defaultdict(list)
        for stay in stays:
            found[stay.visit].append(stay)
        return dict(found)

    def make_journeys(self, visits: dict[str, list[Stay]]) -> None:
        number, reach = 0, 0
        for _, members in sorted(visits.items(), key=lambda v: (v[1][0].start, v[0])):
            if number == 0 or members[0].start - reach > self.rules.journey_gap_days * DAY_US:
                number, reach = number + 1, members[0].start
            reach = max(reach, *(s.reach for s in members))
            for stay in members:
                stay.journey = f"{self.patient}#{number}"

    def mark_concurrent(self, stays: list[Stay]) -> None:
        beds = [s for s in stays if s.kind not in CONCURRENT_KINDS]
        for stay in stays:
            stay.concurrent = stay.kind in CONCURRENT_KINDS and any(
                min(stay.overlap_end, bed.overlap_end) > max(stay.start, bed.start) for bed in beds
            )

    # Nodes and what is written of them

    def ancestor(self, unit: str, level: str, at: int) -> str | None:
        for a in self.registry.ancestry():
            if a.unit == unit and a.level == level and a.since_us <= at < a.until_us:
                return a.ancestor
        return None

    def nodes(self, beds: list[Stay], level: str) -> list[Node]:
        found: list[Node] = []
        for stay in sorted(beds, key=lambda s: s.order):
            unit = self.ancestor(stay.unit, level, stay.start)
            if unit is None:
                continue
            if found and found[-1].unit == unit:
                found[-1].stays.append(stay)
            else:
                found.append(Node(unit, [stay]))
        return found

    def kind(self, unit: str) -> str:
        known = self.registry.get(unit)
        return known.kind if known else "macrosystem"

    def feed_columns(self, feed: str) -> Row:
        return {"feed": feed, "calendar": feed not in self.rules.shifted_feeds}

    def write_nodes(self, level: str, nodes: list[Node]) -> None:
        for before, node, after in _neighbours(nodes):
            last, next_start = node.last, after.first.start if after else None
            end = _clipped(last.end, next_start)
            row = {
                "level": level, "patient": self.patient, "visit": last.visit, "journey": last.journey,
                "unit": node.unit, "kind": self.kind(node.unit), "start_us": node.first.start, "end_us": end,
                "end_kind": last.end_kind, "concurrent": False, "first": before is None, "last": after is None,
                "prev_unit": before.unit if before else None, "prev_kind": self.kind(before.unit) if before else None,
                "next_unit": after.unit if after else None, "next_kind": self.kind(after.unit) if after else None,
                "next_start_us": next_start,
                "start_day": day_of(node.first.start, node.first.tz),
                "start_hour": hour_of(node.first.start, node.first.tz),
                "end_day": day_of(end, last.tz), "end_hour": hour_of(end, last.tz),
                "precise": all(s.precise for s in node.stays), **self.feed_columns(last.feed),
                "meso": self.ancestor(node.unit, "meso", node.first.start) if level == "micro" else None,
                "macro": self.ancestor(node.unit, "macro", node.first.start) if level == "micro" else None,
            }  # fmt: skip
            self.out.fact_stay.append(row)
            self.write_census(level, node, end, next_start)

    def write_concurrent(self, stays: list[Stay]) -> None:
        for s in stays:
            self.out.fact_stay.append({
                "level": "micro", "patient": s.patient, "visit": s.visit, "journey": s.journey, "unit": s.unit,
                "kind": s.kind, "start_us": s.start, "end_us": s.end, "end_kind": s.end_kind, "concurrent": True,
                "first": False, "last": False, "prev_unit": None, "prev_kind": None, "next_unit": None,
                "next_kind": None, "next_start_us": None, "start_day": day_of(s.start, s.tz),
                "start_hour": hour_of(s.start, s.tz), "end_day": day_of(s.end, s.tz),
                "end_hour": hour_of(s.end, s.tz), "precise": s.precise, **self.feed_columns(s.feed),
                "meso": self.ancestor(s.unit, "meso", s.start), "macro": self.ancestor(s.unit, "macro", s.start),
            })  # fmt: skip

    def write_census(self, level: str, node: Node, end: int | None, next_start: int | None) -> None:
        """Count the midnights that [start, end) covers; an open stay is left where the next begins."""
        if end is None and node.last.end_kind == "open":
            end = next_start
        elif end is None:
            return
        first = first_midnight(node.first.start, node.first.tz)
        after = None if end is None else first_midnight(end, node.last.tz)
        if after is not None and after <= first:
            return
        feed = self.feed_columns(node.last.feed)
        self.out.fact_census.append({"level": level, "unit": node.unit, "day": first, "delta": 1, **feed})
        if after is not None:
            self.out.fact_census.append({"level": level, "unit": node.unit, "day": after, "delta": -1, **feed})

    def write_handoffs(self, level: str, nodes: list[Node]) -> None:
        for node, after in pairwise(nodes):
            out, into = node.last, after.first
            left = _clipped(out.end, into.start)
            micro = level == "micro"
            self.out.fact_handoff.append({
                "level": level, "patient": self.patient, "visit": out.visit, "journey": out.journey,
                "from_unit": node.unit, "to_unit": after.unit, "from_kind": self.kind(node.unit),
                "to_kind": self.kind(after.unit), "left_us": left, "arrived_us": into.start,
                "transit_s": _transit(out.end, into.start),
                "overlap_s": None if out.end is None else max(0, out.end - into.start) // 1_000_000,
                "left_day": day_of(left, out.tz), "left_hour": hour_of(left, out.tz),
                "arrived_day": day_of(into.start, into.tz), "arrived_hour": hour_of(into.start, into.tz),
                **self.feed_columns(out.feed), "precise": out.precise and into.precise,
                "from_meso": self.ancestor(node.unit, "meso", node.first.start) if micro else None,
                "to_meso": self.ancestor(after.unit, "meso", into.start) if micro else None,
                "from_macro": self.ancestor(node.unit, "macro", node.first.start) if micro else None,
                "to_macro": self.ancestor(after.unit, "macro", into.start) if micro else None,
            })  # fmt: skip

    def write_visit(self, visit: str, raw: list[Stay], micro: list[Node]) -> None:
        last = micro[-1].last if micro else raw[-1]
        self.out.visits.append({
            "patient": self.patient, "visit": visit, "journey": last.journey, "start_us": raw[0].start,
            "end_us": last.end, "stays": len(raw), "units": len({n.unit for n in micro}),
            "handoffs": max(0, len(micro) - 1),
        })  # fmt: skip

    def write_fact_visit(self, level: str, nodes: list[Node], micro: list[Node]) -> None:
        if not nodes:
            return
        start, last = micro[0].first.start, micro[-1].last
        ends_in = self.ancestor(micro[-1].unit, level, last.start)
        gaps = [_transit(a.last.end, b.first.start) for a, b in pairwise(micro)]
        units = [n.unit for n in nodes]
        for unit in sorted(set(units)):
            self.out.fact_visit.append({
                "level": level, "patient": self.patient, "visit": last.visit, "journey": last.journey, "unit": unit,
                "kind": self.kind(unit), "start_us": start, "end_us": last.end, "end_day": day_of(last.end, last.tz),
                "end_hour": hour_of(last.end, last.tz), "is_last": unit == ends_in, "last_kind": last.kind,
                "units": len({n.unit for n in micro}), "handoffs": len(micro) - 1,
                "returns": sum(a == b for a, b in zip(units, units[2:], strict=False)),
                "gap_s": None if None in gaps else sum(g for g in gaps if g is not None),
                "elapsed_s": None if last.end is None else (last.end - start) // 1_000_000,
                "inpatient": any(s.kind in INPATIENT_KINDS for n in micro for s in n.stays),
                **self.feed_columns(last.feed), "precise": all(s.precise for n in micro for s in n.stays),
            })  # fmt: skip

    def write_journey(self, journey: str, visits: list[list[Node]]) -> None:
        ordered = sorted(visits, key=lambda nodes: (nodes[0].first.start, nodes[0].first.visit))
        nodes = [node for visit in ordered for node in visit]
        last = ordered[-1][-1].last
        counts: Row = {
            "visits": len(ordered), "units": len({n.unit for n in nodes}), "handoffs": sum(len(v) - 1 for v in ordered),
            "variant": " > ".join(n.unit for n in nodes),
        }  # fmt: skip
        self.out.journeys.append(
            {
                "patient": self.patient,
                "journey": journey,
                "start_us": nodes[0].first.start,
                "end_us": last.end,
                **counts,
            }
        )
        for level in LEVELS:
            touched = {self.ancestor(s.unit, level, s.start) for n in nodes for s in n.stays} - {None}
            for unit in sorted(u for u in touched if u is not None):
                self.out.fact_journey.append({
                    "level": level, "patient": self.patient, "journey": journey, "unit": unit,
                    "start_us": nodes[0].first.start, "end_us": last.end, "end_day": day_of(last.end, last.tz),
                    "closed": last.end is not None, **counts, **self.feed_columns(last.feed),
                })  # fmt: skip


def _neighbours(nodes: list[Node]) -> Iterator[tuple[Node | None, Node, Node | None]]:
    for i, node in enumerate(nodes):
        yield nodes[i - 1] if i else None, node, nodes[i + 1] if i + 1 < len(nodes) else None


def _clipped(end: int | None, next_start: int | None) -> int | None:
    return end if end is None or next_start is None else min(end, next_start)


def _transit(end: int | None, next_start: int) -> int | None:
    return None if end is None else max(0, next_start - end) // 1_000_000
