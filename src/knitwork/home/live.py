"""The live picture: who is where now, from the last refresh and the messages that came after it.

The ground is what the lake knows of the last days. Each visit that a message speaks of is folded anew from all its
messages, and stands in the place of what the lake had of it; so the picture is the one that a refresh would give, without
waiting for it. One picture serves a whole process, and is brought up to date by whoever looks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from threading import RLock

from knitwork.home.answers import Answers
from knitwork.home.live_base import Base, base_of
from knitwork.home.live_feeds import FeedNow, Hearing
from knitwork.home.live_persons import Link, People
from knitwork.home.live_rows import Place, Row, Walker
from knitwork.home.live_visits import Key, Read, Visits, Wait, changed_persons
from knitwork.home.reading import key as key_of
from knitwork.home.spine import DAY_US, OPEN_DAYS
from knitwork.home.today import HOUR_US, UNDER_WAY_HOURS, Seen
from knitwork.intake.messages import Messages
from knitwork.model.units import LEVELS

CHUNK = 500
# Of one look so much time is given to messages that wait, and to visits that were open before this process began.
HEAR_S, LOOK_BACK_S = 0.5, 0.05
Rows = dict[Place, tuple[Seen, ...]]


class Picture:
    """The live picture of one home. `answers` gives the newest generation; `read` understands a stored message.

    Every method may be called from any thread.
    """

    def __init__(self, messages: Messages, answers: Callable[[], Answers], read: Read) -> None:
        self.messages = messages
        self.version = 0
        self._answers, self._read = answers, read
        self._door = RLock()
        self._lake: object = None
        self._base: Base | None = None
        self._hearing = Hearing()
        self._links: list[tuple[str, int, Link]] = []
        self._seq = 0
        self._rows: dict[Place, dict[str, tuple[Seen, ...]]] = {}
        self._places: dict[str, Rows] = {}
        self._hidden: set[str] = set()
        self._waits: dict[Key, tuple[Wait, ...]] = {}
        self._turns: dict[Place, int] = {}
        self._back: deque[Key] = deque()
        self._visits: Visits
        self._walker: Walker

    # Bringing it up to date

    def look(self, lake: object = None) -> int:
        """Take in what came since the last look; return a number that grows with every change of the picture.

        `lake` is anything that changes with the lake's manifest, which is read only then. Costs a fraction of a
        millisecond where nothing came.
        """
        with self._door:
            if self._base is None or lake != self._lake:
                self._lake = lake
                self._ground()
            self._hear()
            self._look_back()
            return self.version

    @property
    def is_live(self) -> bool:
        """Say whether any live feed ever sent a message, and the records are not those of an earlier time."""
        base = self._base
        return bool(self._hearing.feeds) and base is not None and not base.answers.manifest.basis.get("as_of")

    @property
    def behind(self) -> int:
        """Return how many messages wait to be taken in; 0 while the picture is whole."""
        return max(self.messages.last_seq() - self._seq, 0)

    @property
    def knows_who_waits(self) -> bool:
        """Say whether all visits that were open when this process began have been looked through."""
        return not self._back

    # Asking

    def turn(self, unit: str, level: str) -> int:
        """Return a number that grows whenever this unit's part of the picture changes."""
        return self._turns.get((level, unit), 0)

    def feeds_of(self, unit: str, level: str) -> set[str]:
        """Return the live feeds whose messages speak of a unit in the last days."""
        with self._door:
            persons = self._rows.get((level, unit), {})
            return {row["feed"] for who in persons for rows in self._visits.of(who).values() for row in rows}

    def feeds(self) -> dict[str, FeedNow]:
        """Say of each live feed when its last message came and of when it speaks."""
        return dict(self._hearing.feeds)

    def lately(self, unit: str, level: str, *, until_us: int, last_day: int, days: int = 2) -> list[Seen]:
        """Return what `today.seen` returns, as the messages have it now."""
        with self._door:
            base = self._base
            if base is None:
                return []
            place = (level, unit)
            rows = [r for who, some in base.rows.get(place, {}).items() if who not in self._hidden for r in some]
            rows += [row for some in self._rows.get(place, {}).values() for row in some]
            wanted = range(last_day - days + 1, last_day + 1)
            open_since = max(base.answers.as_of_us or 0, until_us) - OPEN_DAYS * DAY_US
            found = [
                self._seen_elsewhere(row, until_us)
                for row in rows
                if row.start_us <= until_us
                and (row.start_day in wanted or row.end_day in wanted or (row.is_open and row.start_us > open_since))
            ]
        return sorted(found, key=lambda row: (row.start_us, row.patient))

    def waits(self, unit: str, level: str) -> list[Wait]:
        """Return the hand-offs into, out of and within a unit that were announced and wait, the longest first."""
        with self._door:
            found = [wait for some in self._waits.values() for wait in some if (level, unit) in self._sides(wait)]
        return sorted(found, key=lambda wait: (wait.since_us, wait.person))

    def _seen_elsewhere(self, row: Seen, until_us: int) -> Seen:
        """Add where the person was seen next, for who left within the last hours."""
        base = self._base
        if base is None or row.end_us is None or row.end_us <= until_us - UNDER_WAY_HOURS * HOUR_US:
            return row
        places = self._places.get(row.patient) or base.of(row.patient)
        starts = [one.start_us for (level, _unit), some in places.items() if level == "micro" for one in some]
        return replace(row, elsewhere_us=min((at for at in starts if at >= row.end_us), default=None))

    # The ground

    def _ground(self) -> None:
        """Take the newest generation as the ground, and lay over it what it does not have yet."""
        answers, before = self._answers(), self._base
        if before is not None and answers.manifest.derived_generation == before.answers.manifest.derived_generation:
            return
        base = self._base = base_of(answers)
        shifted = frozenset(feed for feed, one in answers.manifest.feeds.items() if one["calendar"] == "shifted")
        self._walker = Walker(answers.registry, answers.place.settings, shifted)
        people = People(base.persons)
        self._links = [one for one in self._links if one[1] > base.position.get(one[0], 0)]
        for _feed, _seq, link in self._links:
            people.take(link)
        visits = Visits(self.messages, self._read, people, base.units)
        changed: set[Key] = set()
        if before is None:
            visits.feeds |= set(self.messages.feeds())
            self._begin(base, visits)
        else:
            changed = visits.carry(self._visits, base.position)
        self._visits = visits
        self._waits = {(people.of(*key), key[1]): waits for key, waits in self._waits.items()}
        self._rows, self._places, self._hidden = {}, {}, set()
        self._changed({*base.rows, *self._turns})
        self._settle(changed | {(person, None) for _f, _s, link in self._links for person in people.sides(link)})

    def _begin(self, base: Base, visits: Visits) -> None:
        """Start after what has landed of every feed, and note the visits in which somebody may wait."""
        last = self.messages.last_seq()
        self._seq = min((base.position.get(feed, 0) for feed in visits.feeds), default=0)
        for one in self.messages.since(max(last - Hearing.MOST, 0), Hearing.MOST):
            self._hearing.hear(one)
        lately = (base.answers.as_of_us or 0) - DAY_US
        self._back = deque(
            sorted(
                {
                    (person, row["visit"])
                    for person, rows in base.stays.items()
                    for row in rows
                    if row["feed"] in visits.feeds and (row["end_us"] is None or row["end_us"] > lately)
                },
                key=lambda key: (key[0], key[1] or ""),
            )
        )

    # Messages

    def _hear(self) -> None:
        """Take in the messages that came."""
        last, base = self.messages.last_seq(), self._base
        if base is None or last <= self._seq:
            return
        until = time.monotonic() + HEAR_S
        changed: set[Key] = set()
        while self._seq < last and time.monotonic() < until:
            some = self.messages.since(self._seq, CHUNK)
            for one in some:
                self._hearing.hear(one)
                if one.state == "new" and one.seq > base.position.get(one.feed, 0):
                    told = self._read(one)
                    self._links += [(one.feed, one.seq, link) for link in told.links]
                    changed |= self._visits.take(one, told)
            self._seq = some[-1].seq if some else last
        # That a feed goes on is news for each of its units, whoever the message was about.
        self.version += 1
        self._settle(changed)

    def _look_back(self) -> None:
        """Look through visits that were open before this process began, for what is announced in them."""
        until = time.monotonic() + LOOK_BACK_S
        while self._back and time.monotonic() < until:
            key = self._back.popleft()
            if key not in self._visits:
                self._announce(key, self._visits.glance(key))
            if not self._back:
                self.version += 1

    def _settle(self, changed: Collection[Key]) -> None:
        """Fold the visits that changed, and derive the persons whose they are."""
        for key in changed:
            self._announce(key, self._visits.fold(key))
        for person in changed_persons(changed):
            self._derive(person)

    def _announce(self, key: Key, waits: tuple[Wait, ...]) -> None:
        before = self._waits.pop(key, ())
        if waits:
            self._waits[key] = waits
        if waits != before:
            self._changed({place for wait in (*before, *waits) for place in self._sides(wait)})

    def _derive(self, person: str) -> None:
        """Work out where a person is and was in the last days, from the records and the messages together."""
        base, people = self._base, self._visits.people
        assert base is not None  # noqa: S101 - the ground is laid before anything is heard
        touched = self._visits.of(person)
        told = [row for stays in touched.values() for row in stays]
        earliest = min((row["start_us"] for row in told), default=None)
        numbers = people.numbers(person)
        told += [
            row | {"patient": person}
            for number in numbers
            for row in base.stays_of(number, before_us=earliest)
            if people.of(row["number"], row["visit"]) == person and not self._is_told_anew(row, touched)
        ]
        before = [self._places.pop(person, {}), *(base.of(number) for number in numbers - self._hidden)]
        self._hidden |= numbers
        for place in before[0]:
            del self._rows[place][person]
        now = {place: late for place, rows in self._walker.rows(told).items() if (late := base.lately(rows))}
        self._places[person] = now
        for place, rows in now.items():
            self._rows.setdefault(place, {})[person] = rows
        was = {place: tuple(row for rows in before for row in rows.get(place, ())) for rows in before for place in rows}
        self._changed({place for place in {*was, *now} if was.get(place) != now.get(place)})

    def _is_told_anew(self, row: Row, touched: Collection[str | None]) -> bool:
        """Say whether a stay of the records was made of messages that are folded anew; one from a file was not."""
        base = self._base
        if row["visit"] not in touched or row["feed"] not in self._visits.feeds or base is None:
            return False
        delivery = base.answers.manifest.landed.get(key_of(row["feed"], row["delivery"]))
        return delivery is None or bool(delivery.get("stream"))

    def _sides(self, wait: Wait) -> set[Place]:
        """Return the units on either side of a hand-off that waits, at every level."""
        units = [unit for unit in (wait.from_unit, wait.to_unit) if unit is not None]
        return {
            (level, above)
            for unit in units
            for level in LEVELS
            if (above := self._walker.above(unit, level, wait.since_us)) is not None
        }

    def _changed(self, places: Collection[Place]) -> None:
        if places:
            self.version += 1
            for place in places:
                self._turns[place] = self.version
