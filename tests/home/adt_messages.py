"""ADT messages as bytes, and a landing of stored messages that knows nothing of the live picture."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import count

from knitwork.home.publishing import publish
from knitwork.home.reading import key, write_landed
from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.landing import clear, give
from knitwork.intake.messages import Arrival, Messages

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_numbers = count(1)


def us(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def adt(
    event: str, patient: str, at: dt.datetime, unit: str = "", *, visit: str = "", prior: str = "", pending: str = "",
    said: dt.datetime | None = None, merged: str = "",
) -> bytes:  # fmt: skip
    """One message; `merged` is the number that is given up (MRG-1)."""
    moment, control = f"{at:%Y%m%d%H%M%S}+0000", next(_numbers)
    when = f"{said or at:%Y%m%d%H%M%S}+0000"
    lines = [
        f"MSH|^~\\&|ADT|H|KW|H|{when}||ADT^{event}|{control}|P|2.5",
        f"EVN|{event}|{when}|||| {moment}".replace(" ", ""),
        f"PID|||{patient}^^^H^MR||Doe^Jane||19500101|F",
    ]
    if merged:
        lines.append(f"MRG|{merged}^^^H^MR")
    pv1 = [""] * 46
    pv1[2], pv1[3], pv1[6], pv1[19], pv1[42] = "I", unit, prior, visit, pending
    lines.append("PV1|" + "|".join(pv1[1:]).rstrip("|"))
    return ("\r".join(lines) + "\r").encode()


def arrival(payload: bytes, came: dt.datetime, feed: str = "live") -> Arrival:
    """Return a message as the listener stores it."""
    said = rows_of(payload, zone="UTC")
    state = "parked" if said.problem else "ignored" if said.ignored else "new"
    return Arrival(
        feed, payload, us(came), state=state, reason=said.problem or "", type=said.type, patient=said.patient,
        visit=said.visit, said_us=said.said_us, control=said.control or "",
    )  # fmt: skip


def store(messages: Messages, *payloads: bytes, came: dt.datetime, feed: str = "live"):
    return messages.store([arrival(one, came, feed) for one in payloads])


def land_stream(home, messages: Messages, feed: str = "live") -> None:
    """Land every stored message of a feed as one batch, and say up to which."""
    place = home.place
    place.create()
    manifest, delivery = place.lake.manifest(), key(feed, "stream")
    con = place.lake.writer()
    last, times = 0, []
    try:
        for one in messages.since(0, 100_000, feed):
            last = one.seq
            if one.state != "new":
                continue
            for table, rows in rows_of(one.payload, zone="UTC").tables.items():
                tail = {"feed": feed, "delivery": "stream", "row": one.seq, "came_us": one.came_us}
                give(con, table, [row | tail for row in rows])
            times.append(one.said_us)
        buckets = manifest.buckets or 1
        files = write_landed(con, place.lake.files, buckets, delivery=delivery)
    finally:
        clear(con)
        con.close()
    counts = {
        "feed": feed, "delivery": "stream", "name": "stream", "bytes": 0, "kind": "stays", "stream": True,
        "received_at": "2026-06-01T12:00:00+00:00", "extracted_at": None, "rows": len(times), "taken": len(times),
        "rejected": 0, "ignored": 0, "tables": {}, "columns": [], "first_us": min(times), "last_us": max(times),
        "notes": [], "calendar": "real", "zone": "UTC", "profile": "", "counts": None,
    }  # fmt: skip
    bucketed = [f for f in files if f.bucket >= 0]
    publish(
        place,
        replace(
            manifest.adding(files),
            landed={**manifest.landed, delivery: counts},
            buckets=buckets,
            dirty=tuple(sorted({*manifest.dirty, *(f.bucket for f in bucketed)})),
            fresh=manifest.fresh + tuple(f.name for f in bucketed),
            streams={**manifest.streams, feed: last},
        ),
    )
