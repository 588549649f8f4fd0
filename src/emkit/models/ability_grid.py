"""Places of several abilities, and how likely rows of answers are there: the E-step of models of several abilities.

Where items ask one general ability and at most one other each, the others are independent given the general one, and the
integral over all of them is one over the general ability of products of integrals over one other each.
Source: for that, Gibbons & Hedeker (1992), Psychometrika 57, 423-436.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk
from emkit.errors import ModelError
from emkit.models.ability import FARTHEST
from emkit.models.answer_blocks import log_mass_at

NODES = {1: 81, 2: 41, 3: 31}  # along each ability that is integrated over together with others
MOST_PLACES = 100_000
MISSING = -1  # stands for an answer that was not given
TILE = 2_000_000  # numbers that rows are worked out in at a time


class Part(NamedTuple):
    """Items whose answers are asked of the same `abilities` (d,), by their places."""

    items: Integers
    abilities: Integers


@dataclass(frozen=True)
class Grid:
    """Places (G S, d) of d abilities: G of what all parts have in common, each with S of what each part has for itself.

    `log_common` (G,) and `log_own` (S,) are the logarithms of their masses. `parts`: the items of each part; None: one part,
    of all items and all abilities. `nodes`: how many there are along each ability.
    """

    places: Array
    log_common: Array
    log_own: Array
    parts: tuple[Part, ...] | None
    nodes: int

    @property
    def step(self) -> float:
        """How far places are apart."""
        return 2 * FARTHEST / (self.nodes - 1)

    @property
    def most(self) -> int:
        """How many places along each ability there may be at most."""
        return int(MOST_PLACES ** (1 / self.places.shape[1]) + 1e-9)

    @property
    def usual(self) -> int:
        """How many there are unless someone says."""
        return usual_nodes(self.places.shape[1])

    def parts_of(self, items: int) -> tuple[Part, ...]:
        """The parts of a test of so many items."""
        return self.parts or (Part(np.arange(items), np.arange(self.places.shape[1])),)

    def abilities_of(self, items: int) -> Integers:
        """The abilities (J, d) that the columns of `places` are of, for each item."""
        found = np.empty((items, self.places.shape[1]), dtype=np.int64)
        for part in self.parts_of(items):
            found[part.items] = part.abilities
        return found


class OfPart(NamedTuple):
    """What the answers to the items of one part tell, each pattern of these once (u), which rows have as `which` (n,) says.

    `marks` (u, A'): 1 for each of all answers that was given; `given` (u, G, S): the shares of the places of what
    the part has for itself, given those that all parts have in common.
    """

    marks: Array
    which: Integers
    given: Array


class Tile(NamedTuple):
    """Some rows: what is told of each part, the shares (n, G) of the common places, and the log-likelihoods (n,)."""

    rows: slice
    parts: list[OfPart]
    common: Array
    heights: Array


def usual_nodes(together: int) -> int:
    """How many places there are along each of so many abilities that are integrated over together, unless someone says."""
    return NODES.get(together, NODES[3])


def grid_of(abilities: int, loads: Mask | None, nodes: int | None) -> Grid:
    """The places for so many abilities, `loads` (J, m) of which items ask which; `nodes` along each.

    Errors: ModelError if there would be too many.
    """
    reduced = None if loads is None or abilities == 1 else _reduced(loads)
    together = abilities if reduced is None else 2
    number = usual_nodes(together) if nodes is None else int(nodes)
    line = np.linspace(-FARTHEST, FARTHEST, number)
    if number**together > MOST_PLACES:
        raise ModelError(
            f"{number} places along each of {abilities} abilities are {number**together:.3g}: too many. Use fewer abilities, "
            "or `loads` by which items ask one ability that all have in common and at most one other each."
        )
    places = np.stack(np.meshgrid(*[line] * together, indexing="ij"), axis=-1).reshape(-1, together)
    if reduced is not None:
        return Grid(places, log_mass_at(line), log_mass_at(line), reduced, number)
    near = places[(places**2).sum(axis=1) <= FARTHEST**2 * (1 + 1e-12)]
    mass = np.exp(-0.5 * (near**2).sum(axis=1))
    return Grid(near, np.zeros(1), np.log(mass / mass.sum()), None, number)


def _reduced(loads: Mask) -> tuple[Part, ...] | None:
    """The parts of items that ask one ability that all have in common and at most one other; None if items ask more."""
    for common in np.argsort(-loads.sum(axis=0), kind="stable"):
        others = loads.copy()
        others[:, common] = False
        if (others.sum(axis=1) > 1).any():
            continue
        own = np.flatnonzero(np.arange(loads.shape[1]) != common)
        which = np.where(others.any(axis=1), others.argmax(axis=1), own[0])
        return tuple(Part(np.flatnonzero(which == k), np.array([common, k])) for k in own)
    return None


def tiles(grid: Grid, levels: tuple[int, ...], log_chances: Array, chunk: Chunk) -> Iterator[Tile]:
    """Rows of a chunk, some at a time, given the logarithms (A, N) of the chances of answers, in so many `levels` (J,)."""
    parts = [(tuple(part.items.tolist()), log_chances[answers_of(part, levels)]) for part in grid.parts_of(len(levels))]
    step = max(TILE // (len(grid.places) * len(parts)), 1)
    for first in range(0, len(chunk.x), step):
        last = min(first + step, len(chunk.x))
        total, told = np.tile(grid.log_common, (last - first, 1)), []
        for items, chances in parts:
            marks, which = _patterns(chunk, first, last, items, levels)
            joint = (marks @ chances).reshape(len(marks), len(grid.log_common), -1) + grid.log_own
            given, own = normalised(joint)
            total += own[which]
            told.append(OfPart(marks, which, given))
        yield Tile(slice(first, last), told, *normalised(total))


@once
def _patterns(chunk: Chunk, first: int, last: int, items: tuple[int, ...], levels: tuple[int, ...]) -> tuple[Array, Integers]:
    """Each pattern of answers to `items` among some rows, with marks (u, A') of the answers, and which each row has."""
    x = chunk.x[first:last, list(items)]
    patterns, which = np.unique(np.where(np.isnan(x), MISSING, x).astype(np.int64), axis=0, return_inverse=True)
    columns = [patterns[:, i] == level for i, j in enumerate(items) for level in range(levels[j])]
    return np.stack(columns, axis=1).astype(np.float64), which.ravel()


def answers_of(part: Part, levels: tuple[int, ...]) -> Integers:
    """Where the answers to the items of a part lie among those of all items, of which there are so many `levels` (J,)."""
    firsts = np.cumsum([0, *levels])
    return np.concatenate([np.arange(firsts[j], firsts[j + 1]) for j in part.items])


def normalised(logs: Array) -> tuple[Array, Array]:
    """Shares along the last axis, in place of their logarithms up to a constant, and the logarithms of their sums."""
    top = logs.max(axis=-1, keepdims=True)
    logs -= top
    np.exp(logs, out=logs)
    size = logs.sum(axis=-1, keepdims=True)
    logs /= size
    return logs, (top + np.log(size))[..., 0]
