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


def grid_of(abilities: int, loads: Mask | None, nodes: int | None) -> Grid:
    """The places for so many abilities, `loads` (J, m) of which items ask which; `nodes` along each.

    Errors: ModelError if there would be too many.
    """
    reduced = None if loads is None or abilities == 1 else _reduced(loads)
    together = abilities if reduced is None else 2
    number = NODES.get(together, NODES[3]) if nodes is None else int(nodes)
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


def tiles(grid: Grid, levels: tuple[int, ...], log_chances: Array, x: Array) -> Iterator[Tile]:
    """Rows x (n, J), some at a time, given the logarithms (A, N) of the chances of answers, in so many `levels` (J,)."""
    parts = grid.parts_of(x.shape[1])
    asked = [(part, answers_of(part, levels), tuple(levels[j] for j in part.items)) for part in parts]
    step = max(TILE // (len(grid.places) * len(parts)), 1)
    answers = np.where(np.isnan(x), MISSING, x).astype(np.int64)
    for first in range(0, len(x), step):
        rows = slice(first, first + step)
        yield _told(grid, rows, [(answers[rows][:, part.items], log_chances[of], own) for part, of, own in asked])


def answers_of(part: Part, levels: tuple[int, ...]) -> Integers:
    """Where the answers to the items of a part lie among those of all items, of which there are so many `levels` (J,)."""
    firsts = np.cumsum([0, *levels])
    return np.concatenate([np.arange(firsts[j], firsts[j + 1]) for j in part.items])


def _told(grid: Grid, rows: slice, asked: list[tuple[Integers, Array, tuple[int, ...]]]) -> Tile:
    """What rows tell, by the answers (n, J') to the items of each part, the logarithms (A', N) of their chances, and levels."""
    total, parts = np.tile(grid.log_common, (len(asked[0][0]), 1)), []
    for answers, chances, levels in asked:
        patterns, which = np.unique(answers, axis=0, return_inverse=True)
        columns = [patterns[:, j] == level for j, number in enumerate(levels) for level in range(number)]
        marks = np.stack(columns, axis=1).astype(np.float64)
        joint = (marks @ chances).reshape(len(patterns), len(grid.log_common), -1) + grid.log_own
        given, own = normalised(joint)
        total += own[which.ravel()]
        parts.append(OfPart(marks, which.ravel(), given))
    return Tile(rows, parts, *normalised(total))


def normalised(logs: Array) -> tuple[Array, Array]:
    """Shares along the last axis, in place of their logarithms up to a constant, and the logarithms of their sums."""
    top = logs.max(axis=-1, keepdims=True)
    logs -= top
    np.exp(logs, out=logs)
    size = logs.sum(axis=-1, keepdims=True)
    logs /= size
    return logs, (top + np.log(size))[..., 0]
