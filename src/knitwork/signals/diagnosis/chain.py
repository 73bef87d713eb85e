"""Rules as a chain of states: how long the run is and which of the last points lay beyond a line, and whether any fired."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.panel import Floats
from knitwork.signals.rules.rule import Rule

# Kinds of rules that a sudden shift makes fire, and that a chain of few states can hold.
KNOWN = frozenset({"beyond", "run", "longest_run", "zone"})
# Of zone rules that look further back the states would be too many.
LONGEST_ZONE = 6
FIRED = -1

State = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Chain:
    """States and moves between them. `lines` are the distances, in sigmas, that cut the side of the shift into bands.

    A point lies on the other side (band 0), on the centre (1), or in the band that begins at the centre (2), at the first
    line (3) and so on. `moves` has one row a state and one column a band; `FIRED` is where it ends.
    """

    lines: tuple[float, ...]
    moves: NDArray[np.int64]


def known_to_chain(rule: Rule) -> bool:
    """Say whether a rule can be reckoned with."""
    return rule.kind in KNOWN and (rule.kind != "zone" or rule.length <= LONGEST_ZONE)


@lru_cache(maxsize=256)
def chain_of(rules: tuple[Rule, ...], longest_usual: int, count: int) -> Chain:
    """Return the chain of these rules over `count` points; a run of more than `longest_usual` is long."""
    beyond = [rule.sigmas for rule in rules if rule.kind == "beyond"]
    zones = tuple(rule for rule in rules if rule.kind == "zone" and rule.length <= count)
    runs: dict[str, int] = {
        rule.ties: rule.length for rule in sorted(rules, key=lambda one: -one.length) if rule.kind == "run"
    }
    if any(rule.kind == "longest_run" for rule in rules):
        runs["skip"] = min(runs.get("skip", longest_usual + 1), longest_usual + 1)
    lines = tuple(sorted({*beyond, *(rule.sigmas for rule in zones)}))
    limit = min(beyond, default=None)
    start: State = (0, (0,) * len(zones))
    number, moves, waiting = {start: 0}, [], [start]
    while waiting:
        state = waiting.pop(0)
        row = []
        for band in range(len(lines) + 3):
            after = _move(state, band, lines, limit, zones, runs)
            if after is not None and after not in number:
                number[after] = len(number)
                waiting.append(after)
            row.append(FIRED if after is None else number[after])
        moves.append(row)
    return Chain(lines, _fewest(np.array(moves, dtype=np.int64)))


def _fewest(moves: NDArray[np.int64]) -> NDArray[np.int64]:
    """Merge states that no future tells apart; the start stays the first. Source: Moore 1956, Gedanken-experiments."""
    kind, kinds = np.zeros(len(moves), dtype=np.int64), 1
    while True:
        onward = np.where(moves == FIRED, FIRED, kind[moves])
        _, first, which = np.unique(np.column_stack([kind, onward]), axis=0, return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))
        kind = order[which.ravel()]
        if len(first) == kinds:
            return onward[np.sort(first)]
        kinds = len(first)


def _move(
    state: State,
    band: int,
    lines: tuple[float, ...],
    limit: float | None,
    zones: tuple[Rule, ...],
    runs: dict[str, int],
) -> State | None:
    """Return the state after a point in this band; None where a rule fires."""
    run, seen = state
    out = lines[band - 3] if band >= 3 else 0.0
    if limit is not None and out >= limit:
        return None
    # A run that ends at a point on the centre is not told from one that passes it over: such points are rare.
    run = 0 if band == 0 else run if band == 1 else run + 1
    if any(run >= length for length in runs.values()):
        return None
    longest = min(runs.values(), default=0)
    masks = []
    for rule, mask in zip(zones, seen, strict=True):
        shows = out >= rule.sigmas
        kept = (mask << 1 | shows) & ((1 << rule.length) - 1)
        if rule.same_side and band < 2:
            kept = 0
        if kept.bit_count() >= rule.least:
            return None
        masks.append(kept & ((1 << (rule.length - 1)) - 1))
    return (run if longest else 0), tuple(masks)


def chance_within(chain: Chain, bands: Floats, count: int) -> Floats:
    """Return the chance that a rule fires within `count` points, for each row of chances of the bands."""
    rows, states = len(bands), len(chain.moves)
    onward = np.where(chain.moves == FIRED, states, chain.moves)
    onward = (np.arange(rows)[:, None, None] * (states + 1) + onward[None, :, :]).ravel()
    weight = np.zeros((rows, states))
    weight[:, 0] = 1.0
    for _ in range(count):
        flow = weight[:, :, None] * bands[:, None, :]
        sums = np.bincount(onward, flow.ravel(), minlength=rows * (states + 1)).astype(np.float64)
        weight = sums.reshape(rows, -1)[:, :states]
    chance: Floats = 1.0 - weight.sum(axis=1)
    return chance
