"""The fold once more, slowly and in another way: as rewriting, constraints between pairs, and a state asked anew.

Written from `docs/reference/fold.md`, to be held against `knitwork.intake.fold`, of which it uses the words only.

- What stands: pairs of a cancel and its target are struck out of the list one after the other.
- What is corrected: a statement is replaced if some other statement of the same sort replaces it.
- Where the patient is: after each statement asked from the beginning; stays are stretches of the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from knitwork.intake.fold import Move

BACK = {
    "A12": ("A02", "A17"), "A25": ("A16",), "A26": ("A15",), "A27": ("A14",), "A32": ("A10",), "A33": ("A09",),
    "A38": ("A05",), "A52": ("A21",), "A53": ("A22",), "A55": ("A54",),
}  # fmt: skip
NOTES = ("A08", "A31", "A54")
ENTRIES = ("A01", "A04")
OPENERS = ("A01", "A04", "A05", "A14")
CARRIES = ("A02", "A17", "A10", "A06", "A07")
KNOWN = (*OPENERS, *CARRIES, "A03", "A09", "A15", "A16", "A21", "A22")


@dataclass
class Line:
    """One statement; `rank` in the order of saying."""

    rank: int
    event: str
    at: int | None
    message: str
    unit: str | None
    bed: str | None
    prior: str | None
    pending: str | None
    attending: str | None
    service: str | None
    precision: str | None


def stated(move: Move, event: str) -> int | None:
    choices = [move.at_us]
    choices += [move.admit_us] if event in ENTRIES else []
    choices += [move.discharge_us] if event == "A03" else []
    return next((c for c in choices if c is not None), None)


def time_of(move: Move, event: str) -> int | None:
    choices = (stated(move, event), move.recorded_us, move.said_us)
    return next((c for c in choices if c is not None), None)


def earlier(move: Move) -> tuple[Any, ...]:
    first = move.said_us if move.said_us is not None else (time_of(move, move.event) or 0)
    control = move.control or ""
    return first, len(control), control, move.message


def line(rank: int, move: Move, event: str) -> Line:
    return Line(
        rank, event, time_of(move, event), move.message, move.unit, move.bed, move.prior_unit, move.pending_unit,
        move.attending, move.service, move.precision,
    )  # fmt: skip


def is_back(move: Move) -> bool:
    return move.event in BACK or move.event in ("A11", "A13") or move.action == "CANCEL"


def in_chain(moves: list[Move]) -> list[list[Move]]:
    """Messages without a visit's number, parted into visits."""
    visits: list[dict[str, Any]] = [{"since": None, "moves": [], "left": None}]
    for move in moves:
        at = time_of(move, move.event)
        last = visits[-1]
        if at is None:
            last["moves"].append(move)
            continue
        if move.event in OPENERS and last["left"] is not None and at >= last["left"]:
            visits.append({"since": at, "moves": [], "left": None})
        mine = [v for v in visits if v["since"] is None or v["since"] <= at][-1]
        mine["moves"].append(move)
        if mine is visits[-1]:
            mine["left"] = {"A03": at, "A13": None}.get(move.event, mine["left"])
    return [v["moves"] for v in visits]


def slow_fold(moves: list[Move]) -> dict[str, Any]:
    """Return stays, events, duties, parked, waiting as plain tuples."""
    unique: list[Move] = []
    for move in moves:
        if all(move.message != other.message for other in unique):
            unique.append(move)
    unique.sort(key=earlier)
    if not unique:
        return {name: [] for name in ("stays", "events", "duties", "parked", "waiting")}
    visits = [unique] if unique[0].visit is not None else in_chain(unique)
    parts = [one_visit(visit) for visit in visits]
    return {name: [x for part in parts for x in part[name]] for name in parts[0]}


def one_visit(moves: list[Move]) -> dict[str, Any]:
    parked: set[tuple[str, str]] = set()
    lines = standing(moves, parked)
    lines.sort(key=effect)
    lines = uncorrected(lines)
    lines.sort(key=effect)
    found = walked(lines, parked)
    found["parked"] = sorted(parked)
    return found


def effect(this: Line) -> tuple[float, int]:
    return (float("inf") if this.at is None else this.at, this.rank)


# --- what stands


def standing(moves: list[Move], parked: set[tuple[str, str]]) -> list[Line]:
    lines: list[Line] = []
    cancels: list[tuple[int, Move]] = []
    numbers: list[str] = []
    for rank, move in enumerate(moves):
        plain = move.event in NOTES and not is_back(move) and move.action != "UPDATE"
        if move.movement and move.event != "A11" and not plain:
            numbers += [move.movement] if move.movement not in numbers else []
        elif is_back(move):
            cancels.append((rank, move))
        else:
            lines.append(line(rank, move, move.event))
    for number in numbers:
        lines += numbered(number, moves, parked)
    lines.sort(key=lambda x: x.rank)
    struck_out(lines, cancels, parked, moves)
    void(lines, cancels, parked)
    due = [c for c in cancels if c[1].event not in ("A11", "A13")]
    while due:
        rank, cancel = due.pop(0)
        sorts = BACK.get(cancel.event, (cancel.original or cancel.event,))
        targets = [x for x in lines if x.rank < rank and x.event in sorts]
        if targets:
            lines.remove(targets[-1])
        elif rank < (later := later_in_its_instant(rank, cancel, moves)):
            due = ranked(due, later, cancel)
        else:
            parked.add((cancel.message, "no_target"))
    return lines


def later_in_its_instant(rank: float, cancel: Move, moves: list[Move]) -> float:
    """The rank behind all that was said in the instant of a cancel; those that stand there keep their own order."""
    same = [r for r, m in enumerate(moves) if earlier(m)[0] == earlier(cancel)[0]]
    own = moves.index(cancel)
    return rank if own != rank or same[-1] == own else same[-1] + 0.5 + own / 10**6


def numbered(number: str, moves: list[Move], parked: set[tuple[str, str]]) -> list[Line]:
    about = [
        (rank, m) for rank, m in enumerate(moves)
        if m.movement == number and m.event != "A11" and (is_back(m) or m.event not in NOTES or m.action == "UPDATE")
    ]  # fmt: skip
    about.sort(key=lambda x: (earlier(x[1])[0], is_back(x[1])))  # stable: ranks stay in order
    for i, (_, m) in enumerate(about):
        if is_back(m) and all(is_back(before) for _, before in about[:i]):
            parked.add((m.message, "no_target"))
    ends = [i for i, (_, m) in enumerate(about) if is_back(m)]
    rest = about[ends[-1] + 1 :] if ends else about
    fresh = [i for i, (_, m) in enumerate(rest) if m.action != "UPDATE"]
    rest = rest[fresh[-1] :] if fresh else rest
    if not rest:
        return []
    (rank, first), *more = rest
    event = (first.original or first.event) if first.action == "UPDATE" else first.event
    held = line(rank, first, event)
    for _, m in more:
        held.event = m.original or (m.event if m.event in KNOWN else held.event)
        if stated(m, held.event) is not None:
            held.at, held.precision = stated(m, held.event), m.precision
        held.message = m.message
        for mine, theirs in (
            ("unit", "unit"), ("bed", "bed"), ("prior", "prior_unit"), ("pending", "pending_unit"),
            ("attending", "attending"), ("service", "service"),
        ):  # fmt: skip
            if getattr(m, theirs) is not None:
                setattr(held, mine, getattr(m, theirs))
    return [held]


def struck_out(
    lines: list[Line], cancels: list[tuple[float, Move]], parked: set[tuple[str, str]], moves: list[Move]
) -> None:
    """Strike out each A13 with its A03 or A11, the earliest A13 first; an A11 with nothing to take back is parked."""
    due = list(cancels)
    while due:
        rank, cancel = due.pop(0)
        later = later_in_its_instant(rank, cancel, moves)
        if cancel.event == "A11":
            since = max([r for r, c in cancels if c.event == "A11" and r < rank], default=-1)
            if any(since < x.rank < rank for x in lines):
                continue
            cancels.remove((rank, cancel))
            if rank < later:
                due, cancels[:] = ranked(due, later, cancel), ranked(cancels, later, cancel)
            else:
                parked.add((cancel.message, "no_target"))
        elif cancel.event == "A13":
            target = reached(rank, lines, cancels)
            if isinstance(target, Line):
                lines.remove(target)
            elif target is not None:
                cancels.remove(target)
            elif rank == later:
                parked.add((cancel.message, "no_target"))
            cancels.remove((rank, cancel))
            if target is None and rank < later:
                due, cancels[:] = ranked(due, later, cancel), ranked(cancels, later, cancel)


def ranked(cancels: list[tuple[float, Move]], rank: float, cancel: Move) -> list[tuple[float, Move]]:
    return sorted([*cancels, (rank, cancel)], key=lambda c: c[0])


def reached(rank: int, lines: list[Line], cancels: list[tuple[int, Move]]) -> Line | tuple[int, Move] | None:
    """What an A13 at `rank` takes back, looking backwards over what is not struck out yet."""
    steps: list[tuple[int, Any]] = [(x.rank, x) for x in lines if x.rank < rank]
    steps += [(r, c) for r, c in cancels if c.event == "A11" and r < rank]
    taken = max([r for r, step in steps if isinstance(step, Move)], default=-1)
    # The first admission after an A11 begins the visit again: what was said before it is settled.
    settled = min([x.rank for x in lines if taken >= 0 and taken < x.rank < rank and x.event in OPENERS], default=-1)
    openings: list[Line] = []
    for r, step in sorted(steps, key=lambda s: -s[0]):
        if r < settled:
            return None
        if isinstance(step, Move):
            return (r, step)
        if step.event in OPENERS:
            openings.append(step)
        elif step.event == "A03" and not any(anew(step, opening) for opening in openings):
            return step
    return None


def anew(discharge: Line, opening: Line) -> bool:
    return discharge.at is not None and opening.at is not None and discharge.at <= opening.at


def void(lines: list[Line], cancels: list[tuple[int, Move]], parked: set[tuple[str, str]]) -> None:
    backs = [rank for rank, c in cancels if c.event == "A11"]
    if not backs:
        return
    last = backs[-1]
    begins = [x.rank for x in lines if x.rank > last and x.event in OPENERS] or [10**9]
    for x in list(lines):
        if x.rank < begins[0]:
            lines.remove(x)
            if x.rank > last and x.event not in NOTES:
                parked.add((x.message, "void"))
    cancels[:] = [(rank, c) for rank, c in cancels if rank > last]


def uncorrected(lines: list[Line]) -> list[Line]:
    """`lines` in the order of effect: drop each for which a later said one of the same sort speaks."""

    def one_run(i: int, j: int) -> bool:
        against = ENTRIES if lines[i].event == "A03" else ("A03",)
        return lines[i].event == lines[j].event and not any(x.event in against for x in lines[i:j])

    kept = []
    for i, this in enumerate(lines):
        if this.event not in (*ENTRIES, "A03"):
            kept.append((this.rank, this.unit, this))
            continue
        run = [x for j, x in enumerate(lines) if one_run(min(i, j), max(i, j))]
        if this.rank < max(x.rank for x in run):
            continue
        rank = this.rank if this.event == "A03" else min(x.rank for x in run)
        units = [x.unit for x in sorted(run, key=lambda x: x.rank) if x.unit is not None]
        kept.append((rank, units[-1] if units else None, this))
    for rank, unit, this in kept:
        this.rank, this.unit = rank, unit
    return [this for _, _, this in kept]


# --- where the patient is


@dataclass(frozen=True)
class Where:
    """State after some statements: phase out|in|leave|transit|gone, the unit, and why the last one was refused."""

    phase: str
    unit: str | None
    refused: str = ""
    stretch: int = 0  # rises whenever a stay begins


def where(lines: list[Line], known: list[Where]) -> Where:
    """The state after the last of `lines`, from the states after each one before."""
    before = known[-1] if known else Where("out", None)
    this = lines[-1]
    phase, unit, n = before.phase, before.unit, before.stretch
    here = phase in ("in", "leave")

    def refuse(why: str) -> Where:
        return Where(phase, unit, why, n)

    if this.at is None and not (this.event == "A03" and here):
        return refuse("no_time") if this.event in (*KNOWN, *NOTES) else refuse("")
    match this.event:
        case "A01" | "A04":
            if this.unit is None:
                return refuse("") if here else Where("transit" if n else "out", None, "no_unit", n)
            return refuse("") if (phase, unit) == ("in", this.unit) else Where("in", this.unit, "", n + 1)
        case "A02" | "A17" | "A10" | "A06" | "A07":
            if phase == "gone":
                return refuse("after_discharge")
            to = this.unit
            if to is None and this.event == "A10" and phase == "transit":
                to = waiting_arrival(lines[:-1], known)
            if to is None:
                quiet = here or this.event in ("A06", "A07")
                return refuse("" if quiet else "no_unit")
            return refuse("") if (phase, unit) == ("in", to) else Where("in", to, "", n + 1)
        case "A03":
            stays_open = here or phase == "transit"
            return Where("gone", None, "", n) if stays_open else refuse("before_admission")
        case "A09":
            if not here:
                return refuse("after_discharge" if phase == "gone" else "no_stay")
            if this.unit is not None and unit not in (this.unit, this.prior):
                return refuse("unit_mismatch")
            return Where("transit", None, "", n)
        case "A21":
            if phase != "in":
                return refuse({"gone": "after_discharge", "leave": "on_leave"}.get(phase, "no_stay"))
            return Where("leave", unit, "", n + 1)
        case "A22":
            if phase != "leave":
                return refuse({"gone": "after_discharge", "in": "not_on_leave"}.get(phase, "no_stay"))
            return Where("in", this.unit or unit, "", n + 1)
        case "A15" | "A16":
            return refuse("after_discharge" if phase == "gone" else "")
        case "A08" | "A31" | "A54":
            return refuse("unit_mismatch" if here and this.unit not in (None, unit) else "")
    return refuse("")


def waiting_arrival(lines: list[Line], known: list[Where]) -> str | None:
    """Where the last departure that counted was going to."""
    for i in range(len(lines) - 1, -1, -1):
        if lines[i].event == "A09" and not known[i].refused:
            left = known[i - 1].unit
            return lines[i].pending or (lines[i].unit if lines[i].unit != left else None)
        if known[i].phase != "transit":
            break
    return None


def walked(lines: list[Line], parked: set[tuple[str, str]]) -> dict[str, Any]:
    known: list[Where] = []
    for i in range(len(lines)):
        known.append(where(lines[: i + 1], known))
    parked |= {(x.message, w.refused) for x, w in zip(lines, known, strict=True) if w.refused}
    stays = stretches(lines, known)
    if not stays:
        parked |= {(x.message, "no_movement") for x in lines if x.event in NOTES and x.unit and x.at is not None}
    return {"stays": stays, "duties": sorted(duties(lines, known), key=repr), "waiting": waiting(lines, known),
            "events": events(lines, known)}  # fmt: skip


def stretches(lines: list[Line], known: list[Where]) -> list[tuple[Any, ...]]:
    stays = []
    for n in sorted({w.stretch for w in known} - {0}):
        inside = [i for i, w in enumerate(known) if w.stretch == n and w.phase in ("in", "leave")]
        first, last = inside[0], inside[-1]
        ended = lines[last + 1] if last + 1 < len(lines) else None
        start = lines[first]
        leave = known[first].phase == "leave"
        kind = "open"
        if ended is not None:
            told = ended.event not in (*ENTRIES, *CARRIES) or ended.prior in (None, known[first].unit)
            kind = "recorded" if told and ended.event != "A10" else "inferred"
            kind = kind if ended.at is not None else "missing"
        worst = max([x.precision or "s" for x in (start, ended) if x is not None], key="smd".index)
        stays.append((
            known[first].unit, start.at, ended.at if ended else None, kind, leave, worst,
            start.message, ended.message if ended else None,
        ))  # fmt: skip
    return [kept_in_order(i, stays) for i in range(len(stays))]


def kept_in_order(i: int, stays: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """A stay so many microseconds later as there are before it in its instant, if these could not be told apart."""
    unit, start, end, *rest = stays[i]
    first = i
    while first and stays[first - 1][1] == start:
        first -= 1
    same = [s for k, s in enumerate(stays[first:]) if all(x[1] == start for x in stays[first : first + k + 1])]
    apart = all(
        (a[2] is not None and b[2] is None) or (a[2] is not None and b[2] is not None and (a[2], a[0]) < (b[2], b[0]))
        for a, b in pairwise(same)
    )
    if apart and len({s[0] for s in same}) == len(same):
        return stays[i]
    start += i - first
    return (unit, start, None if end is None else max(end, start), *rest)


def duties(lines: list[Line], known: list[Where]) -> list[tuple[Any, ...]]:
    """Who is accountable: one duty ends where another name is said, or with the discharge."""
    found = []
    for role in ("attending", "service"):
        told: list[tuple[str | None, Line]] = []
        for x, w in zip(lines, known, strict=True):
            if x.event == "A03" and not w.refused:
                told.append((None, x))
            elif x.event in (*ENTRIES, *CARRIES, *NOTES) and w.refused in ("", "unit_mismatch", "no_unit"):
                noted = x.event not in NOTES or w.phase in ("in", "leave", "transit")
                if noted and getattr(x, role) is not None:
                    told.append((getattr(x, role), x))
        told = [t for i, t in enumerate(told) if i == 0 or told[i - 1][0] != t[0]]
        for i, (name, x) in enumerate(told):
            if name is not None:
                found.append((name, role, x.at, told[i + 1][1].at if i + 1 < len(told) else None, x.message))
    return found


def waiting(lines: list[Line], known: list[Where]) -> list[tuple[Any, ...]]:
    """What is announced and has not happened, kind by kind, each asked of the whole list."""
    found = []
    for kind, events_ in (("admission", ("A05", "A14")), ("arrival", ("A09",)), ("discharge", ("A16",)),
                          ("transfer", ("A15",))):  # fmt: skip
        open_: tuple[Any, ...] | None = None
        for i, (x, w) in enumerate(zip(lines, known, strict=True)):
            before = known[i - 1] if i else Where("out", None)
            if w.refused in ("no_time", "after_discharge"):
                continue
            if settles(kind, x, w, before, open_):
                open_ = None
            elif x.event in events_ and not w.refused:
                here = before.phase in ("in", "leave")
                if kind == "admission" and here:
                    continue
                to = x.pending
                if kind == "admission":
                    to = x.pending or x.unit
                if kind == "arrival":
                    to = x.pending or (x.unit if x.unit != before.unit else None)
                from_ = x.prior if kind == "admission" else before.unit if here else x.unit
                if open_ is None or (to is not None and to != open_[3]):
                    open_ = (kind, x.at, from_, to, x.message)
        found += [open_] if open_ else []
    return found


def settles(kind: str, x: Line, w: Where, before: Where, open_: tuple[Any, ...] | None) -> bool:
    if x.event == "A03" and not w.refused:
        return True
    if kind == "admission" and x.event in ENTRIES:
        return True
    if kind == "transfer" and x.event == "A09" and not w.refused:
        return True
    came = x.event in (*ENTRIES, *CARRIES) and w.phase == "in"
    if kind in ("admission", "transfer", "arrival") and came and w.stretch > before.stretch:
        return True
    return kind == "transfer" and came and open_ is not None and not w.refused and (x.unit == w.unit == open_[3])


def events(lines: list[Line], known: list[Where]) -> list[tuple[Any, ...]]:
    names = {"A01": "admit", "A04": "arrive", "A10": "arrive", "A06": "class_change", "A07": "class_change",
             "A03": "discharge", "A09": "depart", "A21": "leave", "A22": "return", "A15": "ready_to_move",
             "A16": "ready", "A05": "expected", "A14": "expected"}  # fmt: skip
    found = []
    for i, (x, w) in enumerate(zip(lines, known, strict=True)):
        before = known[i - 1] if i else Where("out", None)
        began = w.stretch == 1 and before.stretch == 0
        if began and x.event in CARRIES and x.prior not in (None, w.unit):
            found.append(("depart", x.at, x.prior, x.message, w.unit))
        name = names.get(x.event)
        quiet = w.refused and not (w.refused == "no_unit" and x.event in (*ENTRIES, *CARRIES))
        if name is None or quiet or x.at is None:
            continue
        leaving = x.event in ("A03", "A09", "A21")
        unit = (before.unit if leaving else w.unit) or x.unit
        to = None
        if x.event == "A09":
            to = x.pending or (x.unit if x.unit != before.unit else None)
        elif x.event in ("A15", "A16"):
            to = x.pending
        elif x.event in ("A05", "A14"):
            unit = x.pending or x.unit
        found.append((name, x.at, unit, x.message, to))
    return found
