"""How a wall is cut into pages and cells, and how large each picture is: numbers in, places out.

All sizes are those of a screen of 1920 by 1080; on any other the whole wall grows with it (`wall.css`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from knitwork.draw.geometry import Frame
from knitwork.draw.labels import text_width, wrap

Kind = Literal["signal", "quiet", "picture"]
CELLS = 12
# So many signals at most are drawn twice as wide: of more, none stands out.
FEW = 4
WIDTH, HEIGHT = 1920, 1080
EDGE, GAP, PAD, LINE = 32, 16, 16, 1  # beside the wall, between cards, inside a card on either side, its border
TOP, BOTTOM, BETWEEN = 16, 12, 12  # above the head, under the foot, and between head, cards and foot
CARD_WORDS = 24  # above, under and between the words and the picture of a card
TITLE_LINE, LEAD, LEAD_LINE = 53, 27, 35
LONG_LEAD, LONG_LEAD_LINE = 24, 31
LONG_TITLE_LINE = 40
FOOT, FOOT_LINE = 21, 28
HEAD_WIDTH, FOOT_WIDTH = 1240, 1240
STRIP = 45  # the line of what is live
CLOCK = 122  # the clock and what stands under it, always kept free
# Letters grow a little where the pictures do: rows of a page, title, words, letters in the picture.
SIZES = {3: (27, 21, 21), 2: (32, 24, 24), 1: (36, 27, 27)}


@dataclass(frozen=True, slots=True)
class Page:
    """One page: how many columns and rows, and which of the wall's cards stand on it; `wide` of them take two cells."""

    columns: int
    rows: int
    cards: tuple[int, ...]
    wide: frozenset[int] = frozenset()


def pages(kinds: Sequence[Kind], *, widen: bool = True) -> tuple[Page, ...]:
    """Cut cards, in their order, into pages of at most twelve; a picture of its own takes a page.

    The gravest signals are twice as wide where that costs no further page and there are few.

    >>> [(p.columns, p.rows, len(p.cards), len(p.wide)) for p in pages(["signal"] * 2 + ["quiet"] * 7)]
    [(4, 3, 9, 2)]
    >>> [len(p.cards) for p in pages(["quiet"] * 17)]
    [12, 5]
    """
    found: list[Page] = []
    run: list[int] = []
    for at, kind in enumerate(kinds):
        if kind == "picture":
            found += _cut(run, _widened(kinds, run) if widen else frozenset())
            found.append(Page(1, 1, (at,)))
            run = []
        else:
            run.append(at)
    return (*found, *_cut(run, _widened(kinds, run) if widen else frozenset()))


def _widened(kinds: Sequence[Kind], run: list[int]) -> frozenset[int]:
    """Return which cards are twice as wide: signals that stand first, an even number or one, into free cells."""
    signals = [at for at in run if kinds[at] == "signal"]
    if len(signals) > FEW or len(run) < 6:
        return frozenset()
    free = CELLS * ceil(len(run) / CELLS) - len(run)
    count = min(len(signals), free)
    return frozenset(signals[: count if count < 2 else count - count % 2])


def _cut(run: list[int], wide: frozenset[int]) -> list[Page]:
    found: list[Page] = []
    cards: list[int] = []
    for at in run:
        if _cells(cards, wide) + _cells([at], wide) > CELLS:
            found.append(_page(cards, wide))
            cards = []
        cards.append(at)
    return [*found, _page(cards, wide)] if cards else found


def _cells(cards: Sequence[int], wide: frozenset[int]) -> int:
    return sum(2 if at in wide else 1 for at in cards)


def _page(cards: list[int], wide: frozenset[int]) -> Page:
    here = wide & frozenset(cards)
    cells = _cells(cards, here)
    if here:
        return Page(4, ceil(cells / 4), tuple(cards), here)
    columns = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 9: 3}.get(cells, 4)
    return Page(columns, ceil(cells / columns), tuple(cards))


def lines(text: str, width: float, size: float, *, bold: bool = False, most: int = 3) -> int:
    """Return how many lines a text takes."""
    return len(wrap(text, width, size, bold=bold, lines=most)) if text else 0


def is_long(name: str) -> bool:
    """Say whether a unit's name takes the smaller letters of a title."""
    return text_width(name, 46, bold=True) > HEAD_WIDTH


def is_long_lead(lead: str) -> bool:
    """Say whether the sentences of the head take smaller letters: more than three lines would push the charts away."""
    return lines(lead, HEAD_WIDTH, LEAD, most=4) > 3


def room(name: str, lead: str, foot: str, *, live: bool = False) -> float:
    """Return the height that is left for the cards between a head and a foot; `live`: a strip stands there too."""
    title = LONG_TITLE_LINE * lines(name, HEAD_WIDTH, 34, bold=True, most=2) if is_long(name) else TITLE_LINE
    if is_long_lead(lead):
        told = LONG_LEAD_LINE * lines(lead, HEAD_WIDTH, LONG_LEAD, most=6)
    else:
        told = LEAD_LINE * lines(lead, HEAD_WIDTH, LEAD)
    head = max(title + told, CLOCK)
    strip = STRIP + BETWEEN if live else 0
    return HEIGHT - TOP - BOTTOM - 2 * BETWEEN - head - strip - max(FOOT_LINE * lines(foot, FOOT_WIDTH, FOOT), 44)


def frame_of(page: Page, *, wide: bool, height: float, title: str, said: str) -> Frame:
    """Return the size of a picture: what its words leave of its card on a page with so much height for all rows."""
    head, small, letters = SIZES[page.rows]
    cell = (WIDTH - 2 * EDGE - GAP * (page.columns - 1)) / page.columns
    width = (cell * 2 + GAP if wide else cell) - 2 * (PAD + LINE)
    words = lines(title, width, head, bold=True) * head * 1.2 + lines(said, width - small * 1.2, small) * small * 1.3
    tall = (height - GAP * (page.rows - 1)) / page.rows - words - CARD_WORDS - 8
    mark = letters * 0.31
    # Never flatter than a line of letters above and below the plot, whatever the words take.
    return Frame(
        "wall", int(width), max(int(tall), letters * 4), letters, 2.8, mark, letters * 3.4, titled=False
    )  # fmt: skip
