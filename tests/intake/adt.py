"""Short ways to write messages down for the tests of the fold."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

from knitwork.intake.fold import Folded, Move

MINUTE = 60_000_000
_numbers = count(1)


def minutes(clock: str | None) -> int | None:
    """Return microseconds of a clock time such as 08:30 or 2+08:30, two days later."""
    if clock is None:
        return None
    days, _, time = clock.rpartition("+")
    hours, _, rest = time.partition(":")
    return (int(days or 0) * 1440 + int(hours) * 60 + int(rest)) * MINUTE


def say(event: str, at: str | None, unit: str | None = None, *, said: str | None = None, **more: Any) -> Move:
    """Return one message; it was said when it happened unless `said` is another time."""
    number = next(_numbers)
    fields: dict[str, Any] = {"message": f"m{number:06d}", "patient": "P1", "visit": "V1", "control": str(number)}
    for name in ("admit_us", "discharge_us", "recorded_us"):
        if name in more:
            more[name] = minutes(more[name])
    return Move(
        **{**fields, "event": event, "at_us": minutes(at), "said_us": minutes(said or at), "unit": unit, **more}
    )


def clock(us: int | None) -> str:
    """Return microseconds as a clock time; a later day is written 1+08:00, and no time as -."""
    if us is None:
        return "-"
    days, rest = divmod(us // MINUTE, 1440)
    return (f"{days}+" if days else "") + f"{rest // 60:02d}:{rest % 60:02d}"


def drawn(folded: Folded) -> list[str]:
    """Return the stays as lines: ED 08:00 10:00, with the kind of end where it is not recorded, and leave."""
    return [
        f"{s.unit} {clock(s.start_us)} {clock(s.end_us)}"
        + ("" if s.end_kind == "recorded" else f" {s.end_kind}")
        + (" leave" if s.leave else "")
        for s in folded.stays
    ]


UNITS = ("ED", "W7", "ICU")
EVENTS = (
    *("A01", "A02", "A03", "A04") * 3, "A05", "A06", "A07", "A08", "A09", "A10", "A11", "A12", "A12", "A13", "A13",
    "A14", "A15", "A16", "A17", "A21", "A22", "A25", "A26", "A27", "A31", "A32", "A33", "A38", "A52", "A53", "A54",
    "A55", "A99",
)  # fmt: skip


def soup(random: Random, *, most: int = 12) -> list[Move]:
    """Return messages of one visit that need not make sense: few units, few moments, many ties and contradictions."""
    numbered = random.random() < 0.4
    visit = "V1" if random.random() < 0.7 else None
    some = (None, *UNITS)
    moves = []
    for i in range(random.randint(1, most)):
        number = random.choice((None, "1", "2", "3")) if numbered else None
        at = random.choice((None, *range(8))) if random.random() < 0.2 else random.randrange(20)
        said_ = (
            (at if at is not None and random.random() < 0.7 else random.randrange(20))
            if random.random() < 0.97
            else None
        )
        maybe = random.random() < 0.3
        moves.append(Move(
            message=f"{random.getrandbits(48):012x}", patient="P1", visit=visit, event=random.choice(EVENTS),
            at_us=at, said_us=said_, control=random.choice((None, "9", "10", str(i))),
            unit=random.choice(UNITS) if random.random() < 0.85 else None, bed=random.choice((None, "1", "2")),
            prior_unit=random.choice(some), pending_unit=random.choice(some), service=random.choice((None, "MED", "SUR")),
            attending=random.choice((None, "D1", "D2")), movement=number, precision=random.choice((None, "s", "m", "d")),
            action=random.choice((None, "INSERT", "UPDATE", "CANCEL")) if number or random.random() < 0.05 else None,
            original=random.choice(("A01", "A02", "A03")) if number and maybe else None,
            recorded_us=random.randrange(20) if maybe else None, admit_us=random.randrange(20) if maybe else None,
            discharge_us=random.randrange(20) if maybe else None,
        ))  # fmt: skip
    return moves


def journey(random: Random) -> tuple[list[tuple[str, int, int | None, bool]], list[Move]]:
    """Return where an invented patient truly was (unit, start, end, leave) and the messages that tell of it.

    The messages hold mistakes with their corrections: transfers and discharges taken back, a wrong time of admission
    put right, an admission taken back and made anew, notes, announcements. They stand in the order of saying.
    """
    teller = _Teller(random)
    unit = random.choice(UNITS)
    teller.begin(unit)
    for _ in range(random.randrange(6)):
        unit = random.choice((*UNITS, unit))
        teller.onwards(unit)
        teller.mistake()
    if random.random() < 0.8:
        teller.discharge()
    return teller.truth, teller.moves


class _Teller:
    """The true journey so far, and what was said of it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = random.randrange(1, 10**6) * MINUTE
        self.moves: list[Move] = []
        self.truth: list[tuple[str, int, int | None, bool]] = []
        self.numbered = random.random() < 0.5  # whether the feed has ZBE

    def say(self, event: str, unit: str | None, *, number: str | None = None, **more: Any) -> Move:
        at = more.pop("at", self.now)
        self.now += self.random.randrange(1, 300) * 1_000_000
        count_ = len(self.moves)
        if self.numbered and event not in ("A08", "A11"):
            more.setdefault("action", "INSERT")
            number = number or str(count_)
        move = Move(
            message=f"{self.random.getrandbits(48):012x}", patient="P1", visit="V1", event=event, at_us=at,
            said_us=self.now, control=str(count_), unit=unit, movement=number if event != "A11" else None, **more,
        )  # fmt: skip
        self.moves.append(move)
        self.now += self.random.randrange(1, 300) * MINUTE
        return move

    def take_back(self, event: str, target: Move) -> None:
        self.say(event, None, number=target.movement, **({"action": "CANCEL"} if self.numbered else {}))

    def begin(self, unit: str) -> None:
        start, event = self.now, self.random.choice(("A01", "A04"))
        fate = self.random.random()
        if fate < 0.2:  # a visit that was not one
            self.say(event, unit)
            self.say("A11", None)
            start = self.now
        if fate > 0.8:  # at first the wrong time was written down
            wrong = self.say(event, unit, at=start + 30_000_000)
            if self.numbered:
                self.say("A08", unit, at=start, number=wrong.movement, action="UPDATE", original=event)
            else:
                self.say(event, unit, at=start)
        else:
            self.say(event, unit)
        self.truth.append((unit, start, None, False))

    def onwards(self, unit: str) -> None:
        here, since, _, leave = self.truth[-1]
        if leave:
            self.truth[-1] = (here, since, self.now, True)
            self.truth.append((here, self.now, None, False))
            self.say("A22", here)
        elif unit == here:
            self.say("A02", here, bed="9")
        elif self.random.random() < 0.2:
            self.truth[-1] = (here, since, self.now, False)
            self.truth.append((here, self.now, None, True))
            self.say("A21", here)
        elif self.random.random() < 0.3:
            self.truth[-1] = (here, since, self.now, False)
            self.say("A09", here, pending_unit=unit)
            self.truth.append((unit, self.now, None, False))
            self.say("A10", unit)
        else:
            self.truth[-1] = (here, since, self.now, False)
            self.truth.append((unit, self.now, None, False))
            self.say("A02", unit, prior_unit=here)

    def mistake(self) -> None:
        here = self.truth[-1][0]
        match self.random.randrange(6):
            case 0:
                self.take_back("A12", self.say("A02", self.random.choice(UNITS)))
            case 1:
                self.take_back("A13", self.say("A03", here))
            case 2:
                self.take_back("A26", self.say("A15", here, pending_unit=self.random.choice(UNITS)))
            case 3:
                self.say("A08", self.random.choice(UNITS))
            case 4:
                self.take_back("A25", self.say("A16", here))
            case _:
                pass

    def discharge(self) -> None:
        here, since, _, leave = self.truth[-1]
        self.truth[-1] = (here, since, self.now, leave)
        self.say("A03", here)
