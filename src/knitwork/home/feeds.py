"""What came, from where: the state of every feed, and the rows that were set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.home import linking
from knitwork.intake.fold import WHY

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of one feed of stays: what came, how old it is, and what it does not record.

    `links` are the patient links it brought beside the stays; a feed of links alone is none of these.
    """

    feed: str
    rows: int
    deliveries: int
    first_us: int | None
    last_us: int | None
    received_at: str
    rejected: int
    departures_recorded: bool
    calendar: str
    zone: str | None
    notes: tuple[str, ...]
    links: int = 0

    @property
    def zone_assumed(self) -> bool:
        return self.zone is None


def feeds(answers: Answers) -> list[FeedState]:
    """Say of each feed what came, how old it is and what it does not record."""
    recorded = {}
    if answers.manifest.of("feed_state"):
        recorded = {r["feed"]: r["departures_recorded"] for r in answers.rows("SELECT * FROM {feed_state}")}
    found = []
    for feed in sorted({str(v["feed"]) for v in answers.manifest.landed.values() if not linking.only_links(v)}):
        both = answers.deliveries(feed)
        mine = [d for d in both if not linking.only_links(d)]
        firsts = [d["first_us"] for d in mine if d["first_us"] is not None]
        lasts = [d["last_us"] for d in mine if d["last_us"] is not None]
        notes: dict[str, None] = {}
        for delivery in mine:
            notes.update(dict.fromkeys(delivery["notes"]))
        found.append(
            FeedState(
                feed=feed,
                rows=sum(d["taken"] for d in mine),
                deliveries=len(mine),
                first_us=min(firsts, default=None),
                last_us=max(lasts, default=None),
                received_at=max(d.get("last_received_at") or d["received_at"] for d in mine),
                rejected=sum(d["rejected"] for d in mine),
                departures_recorded=recorded.get(feed, True),
                calendar="shifted" if any(d["calendar"] == "shifted" for d in mine) else "real",
                zone=mine[0]["zone"],
                notes=tuple(notes),
                links=sum(d["taken"] for d in both if linking.only_links(d)),
            )
        )
    return found


# A message of a patient's whereabouts that did not do what it says: it was read, and the fold set it aside.
_WITHOUT_EFFECT = f"""
SELECT p.feed, p.delivery, p."row", 'message' AS field, p.why AS rule,
       'it had no effect: it ' || CASE p.why {" ".join(f"WHEN '{why}' THEN '{words}'" for why, words in WHY.items())} END
       AS message
FROM {{move_parked}} p"""
# One row a row of a file: it may move several visits, and a visit may be moved more than once.
_IDLE_LINKS = """
SELECT DISTINCT l.feed, l.delivery, l."row", 'visit' AS field, 'visit_unknown' AS rule,
       'it moves a visit that no record names by this number: ask by which number visits are told, of the visit or of the account'
       AS message
FROM {link_idle} i JOIN {patient_link} l ON l.patient = i.patient AND l.visit = i.visit"""


def rejects(answers: Answers, feed: str | None, limit: int | None) -> list[Row]:
    """List rows that were set aside with the rule and both values, in order of delivery and row.

    Messages without effect stand among them, each with the fold's word for why as its rule.
    """
    told = _set_aside(answers)
    if not told:
        return []
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    return answers.rows(
        f'FROM ({told}) WHERE $feed IS NULL OR feed = $feed ORDER BY feed, delivery, "row", field, rule {top}',
        feed=feed,
    )


def reject_counts(answers: Answers) -> list[Row]:
    """Count what `rejects` lists of every feed by rule, the most first."""
    told = _set_aside(answers)
    if not told:
        return []
    return answers.rows(
        f"SELECT feed, rule, count(*) AS rows FROM ({told}) GROUP BY ALL ORDER BY rows DESC, feed, rule"
    )


def _set_aside(answers: Answers) -> str:
    """Return the SELECT of all that was set aside; empty where there is none."""
    columns = 'SELECT feed, delivery, "row", field, rule, message FROM'
    told = [f"{columns} {{{table}}}" for table in ("reject", "link_reject") if answers.manifest.of(table)]
    if answers.manifest.of("move_parked"):
        told.append(_WITHOUT_EFFECT)
    if answers.manifest.rows("link_idle"):
        told.append(_IDLE_LINKS)
    return " UNION ALL ".join(told)


def without_effect(answers: Answers, feed: str | None = None) -> int:
    """Count the messages that were read and did not do what they say."""
    if not answers.manifest.of("move_parked"):
        return 0
    (found,) = answers.rows(
        'SELECT count(DISTINCT (feed, delivery, "row")) AS n FROM {move_parked} WHERE $feed IS NULL OR feed = $feed',
        feed=feed,
    )
    return int(found["n"])
