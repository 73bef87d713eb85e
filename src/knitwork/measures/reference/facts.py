"""Write visits, journeys and nodes down as the rows that measures read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from knitwork.measures.reference.clock import day_of, hour_of, midnight_from
from knitwork.measures.reference.stays import Node, Row, Settings, Stay
from knitwork.model.units import INPATIENT_KINDS, LEVELS, Registry


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


class Facts:
    """Writes rows into `out`, knowing the registry and the settings."""

    def __init__(self, registry: Registry, rules: Settings) -> None:
        self.registry, self.rules, self.out = registry, rules, Derived()
        self._ancestors = registry.ancestry()

    def ancestor(self, unit: str, level: str, at: int) -> str | None:
        for a in self._ancestors:
            if a.unit == unit and a.level == level and a.since_us <= at < a.until_us:
                return a.ancestor
        return None

    def kind(self, unit: str) -> str:
        known = self.registry.get(unit)
        return known.kind if known else "macrosystem"

    def feed(self, feed: str) -> Row:
        return {"feed": feed, "calendar": feed not in self.rules.shifted_feeds}

    def above(self, unit: str, at: int, level: str, prefix: str = "") -> Row:
        """Return the meso- and macrosystem above a microsystem; unknown at other levels."""
        return {
            prefix + upper: self.ancestor(unit, upper, at) if level == "micro" else None for upper in ("meso", "macro")
        }

    def write_stay(self, s: Stay) -> None:
        self.out.stays.append({
            "patient": s.patient, "unit": s.unit, "start_us": s.start, "end_us": s.end, "end_kind": s.end_kind,
            "visit": s.visit, "journey": s.journey, "feed": s.feed,
        })  # fmt: skip

    def write_nodes(self, level: str, nodes: list[Node]) -> None:
        for before, node, after in _neighbours(nodes):
            first, last, ending = node.first, node.last, node.ending
            next_start = after.first.start if after else None
            end = ending.end if ending.end is None or next_start is None else min(ending.end, next_start)
            row: Row = {
                "level": level, "patient": last.patient, "visit": last.visit, "journey": last.journey,
                "unit": node.unit, "kind": self.kind(node.unit), "start_us": first.start, "end_us": end,
                "end_kind": ending.end_kind, "concurrent": False, "first": before is None, "last": after is None,
                "prev_unit": before.unit if before else None, "prev_kind": before.last.kind if before else None,
                "next_unit": after.unit if after else None, "next_kind": after.first.kind if after else None,
                "next_start_us": next_start,
                "start_day": day_of(first.start, first.tz), "start_hour": hour_of(first.start, first.tz),
                "end_day": day_of(end, last.tz), "end_hour": hour_of(end, last.tz),
                "precise": node.precise, **self.feed(last.feed), **self.above(node.unit, first.start, level),
            }  # fmt: skip
            self.out.fact_stay.append(row)
            self.write_census(row, first, last)

    def write_concurrent(self, stays: list[Stay]) -> None:
        for s in stays:
            self.out.fact_stay.append({
                "level": "micro", "patient": s.patient, "visit": s.visit, "journey": s.journey, "unit": s.unit,
                "kind": s.kind, "start_us": s.start, "end_us": s.end, "end_kind": s.end_kind, "concurrent": True,
                "first": False, "last": False, "prev_unit": None, "prev_kind": None, "next_unit": None,
                "next_kind": None, "next_start_us": None, "start_day": day_of(s.start, s.tz),
                "start_hour": hour_of(s.start, s.tz), "end_day": day_of(s.end, s.tz),
                "end_hour": hour_of(s.end, s.tz), "precise": s.precise, **self.feed(s.feed),
                **self.above(s.unit, s.start, "micro"),
            })  # fmt: skip

    def write_census(self, row: Row, first: Stay, last: Stay) -> None:
        """Note the first midnight that a stay [start, end) covers and the first that it no longer covers."""
        end = row["next_start_us"] if row["end_kind"] == "open" else row["end_us"]
        after = None if end is None else midnight_from(int(str(end)), last.tz)
        since = midnight_from(first.start, first.tz)
        if row["end_kind"] == "unknown" or (after is not None and after <= since):
            return
        same = {key: row[key] for key in ("level", "unit", "feed", "calendar")}
        self.out.fact_census.append({**same, "day": since, "delta": 1})
        if after is not None:
            self.out.fact_census.append({**same, "day": after, "delta": -1})

    def write_handoffs(self, level: str, nodes: list[Node]) -> None:
        for node, after in pairwise(nodes):
            out, into, left = node.last, after.first, _departure(node)
            self.out.fact_handoff.append({
                "level": level, "patient": out.patient, "visit": out.visit, "journey": out.journey,
                "from_unit": node.unit, "to_unit": after.unit, "from_kind": out.kind, "to_kind": into.kind,
                "left_us": left, "arrived_us": into.start, "transit_s": _transit(node, after),
                "overlap_s": None if left is None else max(0, left - into.start) // 1_000_000,
                "left_day": day_of(left, out.tz), "left_hour": hour_of(left, out.tz),
                "arrived_day": day_of(into.start, into.tz), "arrived_hour": hour_of(into.start, into.tz),
                **self.feed(out.feed), "precise": node.precise and after.precise,
                **self.above(node.unit, node.first.start, level, "from_"),
                **self.above(after.unit, into.start, level, "to_"),
            })  # fmt: skip

    def write_visit(self, members: list[Stay], micro: list[Node], stays: int) -> None:
        one = members[0]
        self.out.visits.append({
            "patient": one.patient, "visit": one.visit, "journey": one.journey, "start_us": one.start,
            "end_us": max(members, key=lambda s: s.finality).end, "stays": stays,
            "units": len({n.unit for n in micro}), "handoffs": max(0, len(micro) - 1),
        })  # fmt: skip

    def write_fact_visit(self, level: str, nodes: list[Node], micro: list[Node], members: list[Stay]) -> None:
        if not nodes:
            return
        ending, last = max(members, key=lambda s: (s.finality, s.order)), micro[-1].last
        start = min(s.start for s in members)
        ends_in = self.ancestor(last.unit, level, last.start)
        gaps = [_transit(a, b) for a, b in pairwise(micro)]
        units = [n.unit for n in nodes]
        for unit in sorted(set(units)):
            self.out.fact_visit.append({
                "level": level, "patient": last.patient, "visit": last.visit, "journey": last.journey, "unit": unit,
                "kind": self.kind(unit), "start_us": start, "end_us": ending.end,
                "end_day": day_of(ending.end, last.tz), "end_hour": hour_of(ending.end, last.tz),
                "is_last": unit == ends_in, "last_kind": last.kind,
                "units": len({n.unit for n in micro}), "handoffs": len(micro) - 1,
                "returns": sum(a == b == unit for a, b in zip(units, units[2:], strict=False)),
                "gap_s": None if None in gaps else sum(g for g in gaps if g is not None),
                "elapsed_s": None if ending.end is None else (ending.end - start) // 1_000_000,
                "inpatient": any(s.kind in INPATIENT_KINDS for s in members),
                **self.feed(ending.feed), "precise": all(s.precise for s in members),
            })  # fmt: skip

    def write_journey(self, visits: list[list[Stay]], visit_nodes: list[list[Node]], reach: list[int]) -> None:
        """Write a journey, given its visits in order: stays, nodes of level micro, and how far each is known to run."""
        stays = [s for visit in visits for s in visit]
        # Visits may overlap: their nodes stand in order of time.
        nodes = sorted((n for visit in visit_nodes for n in visit), key=lambda n: (n.first.start, *visit_rank(n.first)))
        final = max(range(len(visits)), key=lambda i: (bool(visit_nodes[i]), reach[i], i))
        latest = max(visits[max(range(len(visits)), key=lambda i: (reach[i], i))], key=lambda s: (s.finality, s.order))
        closed = all(s.end is not None for s in stays)
        end = max(reach) if closed else None
        counts: Row = {
            "visits": len(visits), "units": len({n.unit for n in nodes}),
            "handoffs": sum(max(0, len(v) - 1) for v in visit_nodes), "variant": " > ".join(n.unit for n in nodes),
        }  # fmt: skip
        same: Row = {
            "patient": stays[0].patient, "journey": stays[0].journey, "start_us": min(s.start for s in stays),
            "end_us": end, "closed": closed,
        }  # fmt: skip
        self.out.journeys.append({**same, **counts})
        if not nodes:
            return
        zone = visit_nodes[final][-1].last.tz
        for level in LEVELS:
            touched = {self.ancestor(s.unit, level, s.start) for n in nodes for s in n.stays}
            for unit in sorted(u for u in touched if u is not None):
                self.out.fact_journey.append(
                    {
                        "level": level,
                        "unit": unit,
                        **same,
                        **counts,
                        "end_day": day_of(end, zone),
                        **self.feed(latest.feed),
                    }
                )


def visit_rank(stay: Stay) -> tuple[bool, str, int]:
    """Order visits that begin at once: given ones first, by id, then the others by number."""
    given = stay.given
    return given is None, given or "", 0 if given else int(stay.visit.rsplit("-v", 1)[1])


def _neighbours(nodes: list[Node]) -> Iterator[tuple[Node | None, Node, Node | None]]:
    for i, node in enumerate(nodes):
        yield nodes[i - 1] if i else None, node, nodes[i + 1] if i + 1 < len(nodes) else None


def _departure(node: Node) -> int | None:
    """Return when the patient left, if that was recorded and not taken from what came next."""
    return node.ending.end if node.ending.end_kind == "recorded" else None


def _transit(node: Node, after: Node) -> int | None:
    left = _departure(node)
    return None if left is None else max(0, after.first.start - left) // 1_000_000
