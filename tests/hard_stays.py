"""Random stays with every hard case, as rows that intake would have landed.

Times lie on a coarse grid round a few anchors, so that ties, touching stays and overlaps
are common; the anchors are clock changes, local midnights, and the edges of the rules for
visits (24 hours), journeys (30 days) and memberships.
"""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from knitwork.model.units import Membership, Registry, Unit, guess_kind

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NAMES = ("ED", "ICU", "Ward A", "Ward B", "Lab", "Clinic", "OR 1", "CCU", "Rehab")
ZONES = (None, "Europe/Amsterdam", "America/New_York", "Asia/Kathmandu")
FEEDS = ("adt", "beds", "shifted")
SHIFTED = frozenset({"shifted"})


def utc(*args: int) -> int:
    return int(dt.datetime(*args, tzinfo=dt.UTC).timestamp()) * 1_000_000


ANCHORS = (
    utc(2024, 3, 31, 1),  # Amsterdam's clock goes forward
    utc(2024, 10, 27, 1),  # and back
    utc(2024, 11, 3, 6),  # New York's goes back
    utc(2024, 3, 30, 23),  # midnight in Amsterdam
    utc(2024, 3, 31, 18, 15),  # midnight in Kathmandu
    utc(2023, 12, 31, 12),  # a year's end
)
# A unit moves to another mesosystem at one of these moments.
MOVES = (ANCHORS[0], ANCHORS[1] + HOUR)
STEPS = (0, 0, 30 * MINUTE, HOUR, -HOUR, 4 * HOUR, DAY, DAY + 1, 30 * DAY, 30 * DAY + 1, 31 * DAY)
LENGTHS = (0, 4 * MINUTE, 30 * MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY, 30 * DAY, 1)
ENDS = ("recorded",) * 5 + ("missing", "open", "inferred", "unknown")


@st.composite
def registries(draw) -> Registry:
    """Units in several zones: nested, partly nested, moving between mesosystems, or flat."""
    units = tuple(Unit(n, n, guess_kind(n), tz=draw(st.sampled_from(ZONES))) for n in NAMES)
    if draw(st.integers(0, 4)) == 0:
        return Registry(units)
    belongs = [Membership("North", "System"), Membership("South", "System")]
    for name in NAMES:
        where = draw(st.sampled_from(["North", "South", "moves", "pauses", "top", "nowhere"]))
        moment = draw(st.sampled_from(MOVES))
        if where in ("North", "South"):
            belongs.append(Membership(name, where))
        elif where == "moves":
            belongs += [Membership(name, "North", until_us=moment), Membership(name, "South", since_us=moment)]
        elif where == "pauses":
            belongs += [Membership(name, "North", until_us=moment), Membership(name, "North", since_us=moment + DAY)]
        elif where == "top":
            belongs.append(Membership(name, "System"))
        if draw(st.booleans()):
            belongs.append(Membership(name, "Stroke path", "takes_part"))
    groups = tuple(
        Unit(n, n, k)
        for n, k in (
            ("North", "mesosystem"),
            ("South", "mesosystem"),
            ("Stroke path", "mesosystem"),
            ("System", "macrosystem"),
        )
    )
    return Registry(units + groups, tuple(belongs), "System")


@st.composite
def stays(draw, *, patients: int = 3, most: int = 9) -> list[dict]:
    """A few patients with a few stays each; every (patient, unit, start) once."""
    rows: dict[tuple, dict] = {}
    for p in range(draw(st.integers(1, patients))):
        at = draw(st.sampled_from(ANCHORS)) + draw(st.integers(-2, 2)) * 30 * MINUTE
        for _ in range(draw(st.integers(1, most))):
            at += draw(st.sampled_from(STEPS))
            unit, kind = draw(st.sampled_from(NAMES)), draw(st.sampled_from(ENDS))
            end = at + draw(st.sampled_from(LENGTHS)) if kind in ("recorded", "inferred") else None
            rows[f"P{p}", unit, at] = {
                "patient": f"P{p}", "unit": unit, "start_us": at, "end_us": end, "end_kind": kind,
                "precision": draw(st.sampled_from("smd")), "visit": draw(st.sampled_from([None, None, f"V{p}a", f"V{p}b"])),
                "feed": draw(st.sampled_from(FEEDS)), "flags": 0, "extracted_us": None, "delivery": "d", "row": len(rows) + 1,
            }  # fmt: skip
            if end is not None and draw(st.booleans()):
                at = end
    return list(rows.values())


@st.composite
def retold(draw, rows: list[dict]) -> list[dict]:
    """The same stays again in other deliveries: word for word, corrected, still open, or from another feed."""
    told = []
    for row in rows:
        for _ in range(draw(st.integers(0, 2))):
            end = draw(st.sampled_from(["same", "same", "later", "open", "missing", "inferred"]))
            change = {
                "same": {},
                "later": {"end_us": row["start_us"] + 7 * HOUR, "end_kind": "recorded"},
                "inferred": {"end_us": row["start_us"] + 6 * HOUR, "end_kind": "inferred"},
                "open": {"end_us": None, "end_kind": "open"},
                "missing": {"end_us": None, "end_kind": "missing"},
            }[end]
            again = {
                "delivery": draw(st.sampled_from("abcd")), "extracted_us": draw(st.sampled_from([None, 1, 2])),
                "feed": draw(st.sampled_from(FEEDS)), "visit": draw(st.sampled_from([row["visit"], None])),
                "row": draw(st.integers(1, 3)),
            }  # fmt: skip
            told.append({**row, **change, **again})
    return told


def folded(rows: list[dict]) -> list[dict]:
    """Choose one account of each stay by the rule of DESIGN 2, in plain Python."""

    def weight(row: dict) -> tuple:
        return (
            {"recorded": 3, "inferred": 2, "open": 1}.get(row["end_kind"], 0),
            -1 if row["extracted_us"] is None else row["extracted_us"],
            row["delivery"],
            -1 if row["end_us"] is None else row["end_us"],
            row["row"],
            row["feed"],
            row["visit"] or "",
        )

    best: dict[tuple, dict] = {}
    for row in rows:
        key = row["patient"], row["unit"], row["start_us"]
        if key not in best or weight(row) > weight(best[key]):
            best[key] = row
    return list(best.values())
