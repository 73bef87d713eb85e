"""Which numbers are one patient's: merges, moves of one visit, and their undoing (ADT A18, A24, A30, A34 to A51)."""

from __future__ import annotations

from knitwork.intake.formats.hl7v2.message import Fields
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, number_of

# The number in MRG-1 was given up for that in PID-3.
MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A43", "A46", "A47"})
# One visit or account came to another patient, or got another number.
OF_VISITS = frozenset({"A35", "A41", "A42", "A44", "A45", "A49", "A50", "A51"})
# The number in the first PID and that in the second are one patient's, and both go on being used.
LINKS = frozenset({"A24"})
UNLINKS = frozenset({"A37"})
EVENTS = MERGES | OF_VISITS | LINKS | UNLINKS


def tell(telling: Telling) -> bool:
    """Fill `linked`; say whether there was anything to link."""
    evn = telling.message.first("EVN")
    at = telling.us(evn, 6) or telling.us(evn, 2) or telling.said_us
    if telling.event in LINKS:
        first, second = _two_numbers(telling)
        telling.add("linked", {"patient": first, "merged_into": second, "kind": "merge", "at_us": at, "visit": None})
        return True
    if telling.event in UNLINKS:
        return _unlink(telling, at)
    found = False
    groups = _groups(telling)
    if len(groups) == 1 and groups[0][2] is None:
        # PV1 stands behind MRG; some senders put it before.
        groups = [(*groups[0][:2], telling.message.first("PV1"))]
    for pid, mrg, pv1 in groups:
        found = _link(telling, pid, mrg, pv1, at) or found
    return found


def _groups(telling: Telling) -> list[tuple[Fields | None, Fields, Fields | None]]:
    """Return PID, MRG and PV1 of each patient; one message may merge many."""
    found: list[tuple[Fields | None, Fields, Fields | None]] = []
    pid: Fields | None = None
    for segment in telling.message.each("PID", "MRG", "PV1"):
        if segment[0] == "PID":
            pid = segment
        elif segment[0] == "MRG":
            found.append((pid, segment, None))
        elif found:
            found[-1] = (found[-1][0], found[-1][1], segment)
    if not found:
        raise CannotTell("hl7_segment_missing", "it has no MRG segment, which says which number is given up")
    return found


def _link(telling: Telling, pid: Fields | None, mrg: Fields, pv1: Fields | None, at: int | None) -> bool:
    part = telling.message.part
    stays = number_of(telling.message, pid, 3, telling.identifier)
    gone = number_of(telling.message, mrg, 1, telling.identifier)
    visit = None
    if telling.event in OF_VISITS:
        if gone is None or gone == stays:
            if _other_visit(telling, mrg, pv1):
                raise CannotTell(
                    "visit_renumbered",
                    "it gives a visit another number (MRG-5, PV1-19), which is not followed: what came under the old "
                    "number stays a visit of its own",
                )
            telling.note("an account of one patient got another number: that is not followed")
            return False
        visit = part(mrg, 5) or part(mrg, 3) or part(pv1, 19) or part(pid, 18)
        if visit is None:
            raise CannotTell("hl7_number_missing", "it moves a visit and names none in MRG-3, MRG-5, PV1-19 or PID-18")
    if stays is None:
        raise CannotTell("merged_into_empty", "PID-3 holds no number that stays")
    if gone is None:
        raise CannotTell("patient_empty", "MRG-1 holds no number that is given up")
    if gone == stays:
        raise CannotTell(
            "link_to_itself", "the same number stands in MRG-1 and PID-3: it cannot be given up for itself"
        )
    telling.add("linked", {"patient": gone, "merged_into": stays, "kind": "merge", "at_us": at, "visit": visit})
    return True


def _other_visit(telling: Telling, mrg: Fields, pv1: Fields | None) -> bool:
    """Say whether a message within one patient names two different visits; of accounts alone nothing is read."""
    before, now = telling.message.part(mrg, 5), telling.message.part(pv1, 19)
    return before is not None and now is not None and before != now


def _two_numbers(telling: Telling) -> tuple[str, str]:
    """Return the numbers in the first two PID segments, or say what is wrong with them."""
    message = telling.message
    numbers = [number_of(message, pid, 3, telling.identifier) for pid in message.each("PID")]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        raise CannotTell("patient_empty", "it does not name two numbers in two PID segments")
    if numbers[0] == numbers[1]:
        raise CannotTell("link_to_itself", "the same number stands in both PID segments: it cannot be linked to itself")
    return numbers[0], numbers[1]


def _unlink(telling: Telling, at: int | None) -> bool:
    """Undo the link of two numbers. A37 does not say which had been given up, so both ways are undone."""
    first, second = _two_numbers(telling)
    for gone, stays in ((second, first), (first, second)):
        telling.add("linked", {"patient": gone, "merged_into": stays, "kind": "unmerge", "at_us": at, "visit": None})
    return True
