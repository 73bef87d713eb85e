"""From stays to visits, journeys, hand-offs and the facts that measures read (DESIGN 4).

Where the design leaves a choice, this is the choice:

- order among stays is (start, end with unknown last, unit);
- a missing end (`end_kind` missing or open) is inferred from the next stay of the same given
  visit; failing that the patient is still there (`open`) if no stay of his or hers begins
  later, and else it is `unknown`;
- stays of one visit in one unit merge when the next starts no later than the furthest known
  end so far; of several ends the latest counts, and one that is missing is latest of all;
- a support, clinic or theatre stay is concurrent when it begins inside a bed stay, a support stay also
  when inside a clinic's or theatre's, or a bed
  stay inside it; an open end lies far ahead, an unknown one nowhere;
- a node's end is the latest of its stays, clipped where the next node begins; a transit is
  known only when the departure was recorded;
- a visit ends when the last of its stays does; one without any bed stay has no node and hence
  no row in the facts of visits; a journey is closed when all ends of its visits are known;
- a stay [start, end) covers a local midnight m when start <= m < end, an open one all from its first
  one on unless a next step begins, one of unknown end none;
- local days and hours are those of the microsystem where the moment happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from knitwork.measures.reference.clock import DAY_US, HOUR_US
from knitwork.measures.reference.facts import Derived, Facts, visit_rank
from knitwork.measures.reference.stays import Node, Row, Settings, Stay, ended, merged, read_stay
from knitwork.model.units import BESIDE_RANK, LEVELS, Registry

__all__ = ["Derived", "Row", "Settings", "derive", "derive_patient"]


def derive(stays: Iterable[Row], registry: Registry, settings: Settings | None = None) -> Derived:
    """Derive everything from `stays`: rows with patient, unit, start_us, end_us, end_kind, visit, precision, feed.

    `end_us` and `visit` may be None. Units that the registry does not know are added to it.
    """
    rules = settings or Settings()
    rows = list(stays)
    registry = registry.with_found(str(row["unit"]) for row in rows)
    patients: dict[str, list[Stay]] = defaultdict(list)
    for row in rows:
        stay = read_stay(row, registry, rules)
        patients[stay.patient].append(stay)
    facts = Facts(registry, rules)
    for _, one in sorted(patients.items()):
        derive_patient(sorted(one, key=lambda s: s.order), facts)
    return facts.out


def derive_patient(raw: list[Stay], facts: Facts) -> None:
    """Write what follows from the stays of one patient, which stand in their order, into `facts.out`."""
    ended(raw)
    visits = make_visits(raw, facts.rules)
    journeys = make_journeys(visits, facts.rules)
    for stay in raw:
        facts.write_stay(stay)
    stays = {visit: merged(members) for visit, members in visits.items()}
    mark_concurrent([s for members in stays.values() for s in members])
    for members in stays.values():
        beds = [s for s in members if not s.concurrent]
        nodes = {level: make_nodes(beds, level, facts) for level in LEVELS}
        facts.write_visit(members, nodes["micro"], len(visits[members[0].visit]))
        facts.write_concurrent([s for s in members if s.concurrent])
        for level in LEVELS:
            facts.write_nodes(level, nodes[level])
            facts.write_handoffs(level, nodes[level])
            facts.write_fact_visit(level, nodes[level], nodes["micro"], members)
    for names in journeys.values():
        reach = [max(s.reach for s in visits[v]) for v in names]
        facts.write_journey([stays[v] for v in names], [make_nodes_of(stays[v], facts) for v in names], reach)


def make_visits(raw: list[Stay], rules: Settings) -> dict[str, list[Stay]]:
    """Put each stay in its visit: a given id wins; the others chain while the gap is at most the setting's."""
    number, reach, closed = 0, 0, True
    found: dict[str, list[Stay]] = defaultdict(list)
    for stay in raw:
        if stay.given is not None:
            stay.visit = stay.given
        else:
            if closed or stay.start - reach > rules.visit_gap_hours * HOUR_US:
                number, reach = number + 1, stay.reach
            stay.visit = f"{stay.patient}-v{number}"
            reach = max(reach, stay.reach)
            closed = stay.end is None
        found[stay.visit].append(stay)
    return dict(found)


def make_journeys(visits: dict[str, list[Stay]], rules: Settings) -> dict[str, list[str]]:
    """Put each visit in its journey, and return the visits of each journey in order."""
    number, reach = 0, 0
    found: dict[str, list[str]] = defaultdict(list)
    for visit, members in sorted(visits.items(), key=lambda v: (v[1][0].start, *visit_rank(v[1][0]))):
        if number == 0 or members[0].start - reach > rules.journey_gap_days * DAY_US:
            number, reach = number + 1, members[0].start
        reach = max(reach, *(s.reach for s in members))
        journey = f"{members[0].patient}-j{number}"
        for stay in members:
            stay.journey = journey
        found[journey].append(visit)
    return dict(found)


def mark_concurrent(stays: list[Stay]) -> None:
    """Mark support, clinic and theatre stays that run beside a stay of the same patient that ranks before them."""
    for stay in stays:
        rank = BESIDE_RANK.get(stay.kind, 0)
        stay.concurrent = any(
            other.covers(stay.start) or (stay.start < other.start and stay.covers(other.start))
            for other in stays
            if BESIDE_RANK.get(other.kind, 0) < rank
        )


def make_nodes(beds: list[Stay], level: str, facts: Facts) -> list[Node]:
    """Map a visit's bed stays to their ancestors and merge neighbours with the same one."""
    found: list[Node] = []
    for stay in sorted(beds, key=lambda s: s.order):
        unit = facts.ancestor(stay.unit, level, stay.start)
        if unit is None:
            continue
        if found and found[-1].unit == unit:
            found[-1].stays.append(stay)
        else:
            found.append(Node(unit, [stay]))
    return found


def make_nodes_of(members: list[Stay], facts: Facts) -> list[Node]:
    """Return the nodes of a visit at level micro."""
    return make_nodes([s for s in members if not s.concurrent], "micro", facts)
