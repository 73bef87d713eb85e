"""Units, how they nest, and which ancestor a stay belongs to on a given day."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

Level = Literal["micro", "meso", "macro"]
LEVELS: tuple[Level, ...] = ("micro", "meso", "macro")

# From reference/records.md 1.2, with the group kinds that hold other units.
KINDS: tuple[str, ...] = (
    "home",
    "ems",
    "ed",
    "cathlab",
    "or",
    "icu",
    "ccu",
    "ward",
    "rehab",
    "practice",
    "clinic",
    "homecare",
    "snf",
    "hospice",
    "virtual",
    "lab",
    "radiology",
    "pharmacy",
    "dietary",
    "mesosystem",
    "macrosystem",
    "other",
)

SUPPORT_KINDS = frozenset({"lab", "radiology", "pharmacy", "dietary"})
# A stay in one of these may run beside a bed stay; it is then no step of the journey.
CONCURRENT_KINDS = SUPPORT_KINDS | {"or", "cathlab", "clinic", "practice", "virtual"}
# Which of two stays at once is the step of the journey: the one of the lower rank.
BESIDE_RANK = {kind: 2 if kind in SUPPORT_KINDS else 1 for kind in CONCURRENT_KINDS}
INTENSIVE_KINDS = frozenset({"icu", "ccu"})
# Where a patient is admitted. Rehabilitation, nursing homes and hospices are left out: going on to
# one, or coming to its sessions, is no readmission. An unknown kind may be a ward.
INPATIENT_KINDS = frozenset({"icu", "ccu", "ward", "or", "cathlab", "other"})
CONTACT_KINDS = frozenset({"practice", "clinic", "homecare", "virtual"})

# Words looked for in a unit's name, in this order; the first that fits decides. The
# result is a guess, marked as one wherever it is used, until a person confirms it.
KIND_WORDS: tuple[tuple[str, str], ...] = (
    ("ems", r"\b(ems|ambulance|paramedic)"),
    ("cathlab", r"\b(cath|catheter|angiograph)"),
    ("ccu", r"\b(ccu|cvicu|coronary care|cardiac (intensive|care))"),
    ("icu", r"\b(icu|micu|sicu|tsicu|nicu|picu|itu|intensive|critical care|neuro stepdown)"),
    ("ed", r"\b(ed|er|a ?& ?e|emergency|casualty)\b"),
    ("or", r"\b(or|theatre|theater|operating|surgical suite|pacu|recovery)\b"),
    ("rehab", r"\b(rehab|rehabilitation|physio)"),
    ("hospice", r"\bhospice|palliative"),
    ("snf", r"\b(snf|skilled nursing|nursing home|care home)"),
    ("homecare", r"\b(home ?care|home health|visiting nurse|district nurs)"),
    ("lab", r"\b(lab|laboratory|patholog|blood)"),
    ("radiology", r"\b(radiolog|imaging|x.?ray|mri|ct|scan|ultrasound)"),
    ("pharmacy", r"\bpharmac"),
    ("dietary", r"\b(dietary|dietet|nutrition|kitchen)"),
    ("virtual", r"\b(virtual|tele|phone|video)"),
    (
        "practice",
        r"\b(practice|gp|family (medicine|practitioner)|internist|internal medicine clinic|primary care|pcp|physicians?)\b",
    ),
    ("clinic", r"\b(clinic|outpatient|office|ambulatory|urgent care|consult)"),
    (
        "ward",
        r"\b(ward|medicine|surgery|med/surg|medical|surgical|maternity|obstetric|p(a)?ediatric|neurology|"
        r"oncolog|cardiology|orthop|stepdown|step.down|telemetry|transplant|vascular|psychiatr|nursery|"
        r"observation|discharge lounge|labor|unit|floor|bed)",
    ),
)


def guess_kind(name: str) -> str:
    """Guess what kind of unit a name speaks of; `other` when no word is known.

    >>> guess_kind("Medical Intensive Care Unit (MICU)"), guess_kind("Ward 7"), guess_kind("e002090d")
    ('icu', 'ward', 'other')
    """
    text = name.casefold().replace("_", " ")
    for kind, pattern in KIND_WORDS:
        if re.search(pattern, text):
            return kind
    return "other"


@dataclass(frozen=True, slots=True)
class Unit:
    """A microsystem, support microsystem, mesosystem or macrosystem.

    `unit` is the code as it came in records; `name` is what people call it. `capacity` is
    beds (patients at once). `since_us`/`until_us` (UTC microseconds, half-open) say when it exists.
    """

    unit: str
    name: str
    kind: str = "other"
    kind_guessed: bool = True
    tz: str | None = None
    capacity: float | None = None
    since_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """`unit` belongs to or takes part in `group`, from (included) until (excluded), UTC microseconds."""

    unit: str
    group: str
    kind: Literal["belongs", "takes_part"] = "belongs"
    since_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """A unit as records speak of it: its code, and the name, kind and parent that a feed gives it, where it does."""

    unit: str
    name: str = ""
    kind: str | None = None
    parent: str | None = None


FOREVER_US = 2**62


@dataclass(frozen=True, slots=True)
class Ancestor:
    """At `level`, stays in `unit` that start in [since_us, until_us) belong to `ancestor`."""

    unit: str
    level: Level
    ancestor: str
    since_us: int
    until_us: int


@dataclass(frozen=True)
class Registry:
    """A snapshot of all units and memberships, by which stays are rolled up."""

    units: tuple[Unit, ...] = ()
    memberships: tuple[Membership, ...] = ()
    macro_name: str = "The whole system"
    # Codes that mean a unit which is known by another one.
    aliases: Mapping[str, str] = field(default_factory=dict)
    _by_code: Mapping[str, Unit] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {u.unit: u for u in self.units})

    def get(self, unit: str) -> Unit | None:
        return self._by_code.get(unit)

    def with_found(self, codes: Iterable[str | FoundUnit]) -> Registry:
        """Return the registry with units it did not know added, of a guessed kind."""
        found = {c: FoundUnit(c) if isinstance(c, str) else c for c in codes}
        new = sorted((f for f in found.values() if f.unit not in self._by_code), key=lambda f: f.unit)
        if not new:
            return self
        units = tuple(
            Unit(unit=f.unit, name=f.name or f.unit, kind=f.kind or guess_kind(f.name or f.unit)) for f in new
        )
        return replace(self, units=self.units + units)

    def parents(self, unit: str) -> list[Membership]:
        return [m for m in self.memberships if m.unit == unit and m.kind == "belongs"]

    def children(self, group: str) -> list[str]:
        """Units that belong to `group` at any date, in order of their code."""
        return sorted({m.unit for m in self.memberships if m.group == group and m.kind == "belongs"})

    def level_of(self, unit: str) -> Level:
        """Return a unit's level: who holds others at the top is macro, in between meso, else micro."""
        if unit == self.macro_name and unit not in self._by_code:
            return "macro"
        known = self._by_code.get(unit)
        if known and known.kind == "macrosystem":
            return "macro"
        if known and known.kind == "mesosystem":
            return "meso"
        if not any(m.group == unit for m in self.memberships if m.kind == "belongs"):
            return "micro"
        return "meso" if self.parents(unit) else "macro"

    def has_meso(self) -> bool:
        """Say whether any unit belongs to a unit that itself belongs to another."""
        return any(self.level_of(u.unit) == "meso" for u in self.units)

    def roots(self) -> list[str]:
        """Units at the top; the home's own macrosystem when nothing nests."""
        tops = [u.unit for u in self.units if self.level_of(u.unit) == "macro"]
        return sorted(tops) or [self.macro_name]

    def ancestry(self) -> list[Ancestor]:
        """Return, for every unit that can have stays, its ancestor at each level over time.

        A unit with no ancestor at a level is left out there, except that without any
        hierarchy every unit belongs to one macrosystem named after the home.
        """
        rows: list[Ancestor] = []
        flat = not any(m.kind == "belongs" for m in self.memberships)
        for unit in self.units:
            rows.append(Ancestor(unit.unit, "micro", unit.unit, -FOREVER_US, FOREVER_US))
            if flat:
                rows.append(Ancestor(unit.unit, "macro", self.macro_name, -FOREVER_US, FOREVER_US))
                continue
            rows.extend(self._climb(unit.unit))
        return rows

    def _climb(self, unit: str) -> list[Ancestor]:
        found: list[Ancestor] = []
        paths = [(unit, -FOREVER_US, FOREVER_US, frozenset({unit}), False)]
        while paths:
            at, since, until, seen, has_meso = paths.pop()
            for m in self.parents(at):
                lo = max(since, -FOREVER_US if m.since_us is None else m.since_us)
                hi = min(until, FOREVER_US if m.until_us is None else m.until_us)
                if lo >= hi or m.group in seen:
                    continue
                level = self.level_of(m.group)
                # The nearest group is the mesosystem that counts; the topmost the macrosystem.
                if level == "macro" or (level == "meso" and not has_meso):
                    found.append(Ancestor(unit, level, m.group, lo, hi))
                paths.append((m.group, lo, hi, seen | {m.group}, has_meso or level == "meso"))
        return sorted(found, key=lambda a: (a.level, a.since_us))

    def to_json(self) -> str:
        """Return the snapshot as canonical JSON: the same registry gives the same text."""
        return json.dumps(
            {
                "macro_name": self.macro_name,
                "aliases": dict(sorted(self.aliases.items())),
                "units": [asdict(u) for u in sorted(self.units, key=lambda u: u.unit)],
                "memberships": [
                    asdict(m)
                    for m in sorted(
                        self.memberships, key=lambda m: (m.unit, m.group, m.kind, m.since_us or -FOREVER_US)
                    )
                ],
            },
            sort_keys=True,
            ensure_ascii=False,
        )

    @staticmethod
    def from_json(text: str) -> Registry:
        raw = json.loads(text)
        return Registry(
            tuple(Unit(**u) for u in raw["units"]),
            tuple(Membership(**m) for m in raw["memberships"]),
            raw["macro_name"],
            raw.get("aliases", {}),
        )

    def digest(self) -> str:
        """Return the SHA-256 of the snapshot, written into the lake's manifest."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()
