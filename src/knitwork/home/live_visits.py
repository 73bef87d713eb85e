"""The visits that live messages speak of: each folded from all its messages, whoever's number they came under."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from knitwork.home.live_persons import Link, People
from knitwork.home.live_rows import Row
from knitwork.intake.fold import Folded, FoldedStay, Move, fold_visit
from knitwork.intake.messages import Messages, Stored

# A visit of a person. Messages that name no visit stand together.
Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What one message says: where somebody is, and which numbers are one person."""

    moves: tuple[Move, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A hand-off that was announced and has not happened; `kind` is admission, transfer, discharge or arrival."""

    person: str
    kind: str
    since_us: int
    from_unit: str | None
    to_unit: str | None


Read = Callable[[Stored], Told]


@dataclass(slots=True)
class Visit:
    """The messages of a visit by their hash, the place of the last in the store, and the stays they come to."""

    moves: dict[str, Move] = field(default_factory=dict)
    seq: int = 0
    stays: tuple[Row, ...] = ()


class Visits:
    """Visits by person and number, as far as messages touched them since the ground was laid."""

    def __init__(self, messages: Messages, read: Read, people: People, units: Mapping[str, str]) -> None:
        self.people = people
        self.feeds: set[str] = set()
        self._messages, self._read, self._units = messages, read, units
        self._visits: dict[Key, Visit] = {}
        self._of: dict[str, set[Key]] = {}

    def take(self, one: Stored, told: Told) -> set[Key]:
        """Take in what one message says; return the visits that are no longer as they were."""
        self.feeds.add(one.feed)
        changed: set[Key] = set()
        for link in told.links:
            changed |= self.link(link)
        for move in told.moves:
            key = (self.people.of(move.patient, move.visit), move.visit)
            visit = self._visit(key)
            visit.moves[move.message] = move
            visit.seq = max(visit.seq, one.seq)
            changed.add(key)
        return changed

    def link(self, link: Link) -> set[Key]:
        """Follow a link: visits of both sides are put under whom they belong to now."""
        persons = self.people.take(link)
        old = {key for person in persons for key in self._of.get(person, ())}
        gone = [self._drop(key) for key in old]
        new = {
            (self.people.of(move.patient, move.visit), move.visit) for visit in gone for move in visit.moves.values()
        }
        for key in new:
            self._visit(key)
        # Persons without a touched visit changed too: their stays in the records are another's now.
        return old | new | {(person, None) for person in persons}

    def carry(self, other: Visits, landed: Mapping[str, int]) -> set[Key]:
        """Take over the visits of another ground that have messages beyond what `landed`; return them."""
        self.feeds |= other.feeds
        changed: set[Key] = set()
        for visit in other._visits.values():
            if any(visit.seq > landed.get(move.feed or "", 0) for move in visit.moves.values()):
                for move in visit.moves.values():
                    key = (self.people.of(move.patient, move.visit), move.visit)
                    mine = self._visits.get(key)
                    if mine is None:
                        mine = self._visits[key] = Visit()
                        self._of.setdefault(key[0], set()).add(key)
                    mine.moves[move.message] = move
                    mine.seq = max(mine.seq, visit.seq)
                    changed.add(key)
        return changed

    def fold(self, key: Key) -> tuple[Wait, ...]:
        """Fold a visit anew and return what waits in it; nothing where no message of it is left."""
        visit = self._visits.get(key)
        if visit is None:
            return ()
        folded = fold_visit(visit.moves.values())
        visit.stays = tuple(self._row(key, stay, visit.moves[stay.message]) for stay in folded.stays)
        return self._waits(key, folded)

    def glance(self, key: Key) -> tuple[Wait, ...]:
        """Return what waits in a visit, without holding it."""
        return self._waits(key, fold_visit(self._read_all(key).moves.values()))

    def of(self, person: str) -> dict[str | None, tuple[Row, ...]]:
        """Return the stays of a person's touched visits, by visit."""
        return {key[1]: self._visits[key].stays for key in self._of.get(person, ())}

    def __contains__(self, key: Key) -> bool:
        return key in self._visits

    def __len__(self) -> int:
        return len(self._visits)

    def _visit(self, key: Key) -> Visit:
        known = self._visits.get(key)
        if known is None:
            known = self._visits[key] = self._read_all(key)
            self._of.setdefault(key[0], set()).add(key)
        return known

    def _drop(self, key: Key) -> Visit:
        self._of[key[0]].discard(key)
        return self._visits.pop(key)

    def _read_all(self, key: Key) -> Visit:
        """Read every message of a visit from the store, under each number that is this person's."""
        person, number = key
        visit = Visit()
        for feed in self.feeds:
            for patient in self.people.numbers(person):
                if self.people.of(patient, number) != person:
                    continue
                for one in self._messages.of_visit(feed, patient, number):
                    visit.moves.update({move.message: move for move in self._read(one).moves})
                    visit.seq = max(visit.seq, one.seq)
        return visit

    def _row(self, key: Key, stay: FoldedStay, move: Move) -> Row:
        return {
            "patient": key[0],
            "unit": self._units.get(stay.unit, stay.unit),
            "start_us": stay.start_us,
            "end_us": stay.end_us,
            "end_kind": stay.end_kind,
            "visit": key[1],
            "precision": stay.precision,
            "feed": move.feed,
            "said_us": move.said_us,
            "delivery": move.delivery or "",
            "row": move.row,
        }

    def _waits(self, key: Key, folded: Folded) -> tuple[Wait, ...]:
        def unit(code: str | None) -> str | None:
            return None if code is None else self._units.get(code, code)

        return tuple(
            Wait(key[0], one.kind, one.since_us, unit(one.from_unit), unit(one.to_unit)) for one in folded.waiting
        )


def changed_persons(keys: Iterable[Key]) -> set[str]:
    """Return whose visits these are."""
    return {person for person, _visit in keys}
