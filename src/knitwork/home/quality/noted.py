"""What a load says of a delivery that differs from those of its feed before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from knitwork.home.quality import drift

if TYPE_CHECKING:
    from knitwork.home.load import Taken
    from knitwork.home.place import Place


def with_drift(place: Place, results: Sequence[Taken]) -> list[Taken]:
    """Add to what was taken in how it differs from the delivery before it. Reads landed rows where a feed has several."""
    from knitwork.home.answers import Answers  # answers know the tables, and tables are made by loads

    answers = Answers(place)
    feeds = [str(one["feed"]) for one in answers.manifest.landed.values()]
    if not any(not one.known and feeds.count(one.feed) > 1 for one in results):
        return list(results)
    changes = drift.drift(answers)
    return [
        one
        if one.known
        else replace(
            one, notes=(*one.notes, *(_note(c) for c in changes.get(one.feed, []) if c.delivery == one.delivery))
        )
        for one in results
    ]


def _note(change: drift.Change) -> str:
    return f"against {change.before}: {drift.sentence(change)}"
