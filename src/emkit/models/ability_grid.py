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
TILE = 2_000_000  # numbers that rows are worked out in at a time


class Part(NamedTuple):
    """Items whose answers are asked of the same `abilities` (d,), by their places."""

    items: Integers
    abilities: Integers


@dataclass(frozen=True)
class Grid:
    """Places (G S, d) of d abilities: G of what all parts have in common, each with S of what each part has for itself.

    `log_common` (G,) and `log_own` (S,) are the logarithms of their masses. `parts`: the items of each part; None: one part,
    of all items and all abilities.
    """

    places: Array
    log_common: Array
    log_own: Array
    parts: tuple[Part, ...] | None

    def parts_of(self, items: int) -> tuple[Part, ...]:
        """The parts of a test of so many items."""
        return self.parts or (Part(np.arange(items), np.arange(self.places.shape[1])),)

    def abilities_of(self, items: int) -> Integers:
        """The abilities (J, d) that the columns of `places` are of, for each item."""
        found = np.empty((items, self.places.shape[1]), dtype=np.int64)
        for part in self.parts_of(items):
            found[part.items] = part.abilities
        return found


class Tile(NamedTuple):
    """Some rows: `marks` (n, 2 J') of the answers to the items of each part, and `shares` (n, G, S) of its places given a row.

    `heights` (n,): the log-likelihoods of the rows.
    """

    rows: slice
    marks: list[Array]
    shares: list[Array]
    heights: Array


def grid_of(abilities: int, loads: Mask | None, nodes: int | None) -> Grid:
    """The places for so many abilities, `loads` (J, m) of which items ask which; `nodes` along each.

    Errors: ModelError if there would be too many.
    """
    reduced = None if loads is None or abilities == 1 else _reduced(loads)
    together = abilities if reduced is None else 2
    number = NODES.get(together, NODES[3]) if nodes is None else nodes
    line = np.linspace(-FARTHEST, FARTHEST, number)
    if number**together > MOST_PLACES:
        raise ModelError(
            f"{number} places along each of {abilities} abilities are {number**together:.3g}: too many. Use fewer abilities, "
            "or `loads` by which items ask one ability that all have in common and at most one other each."
        )
    places = np.stack(np.meshgrid(*[line] * together, indexing="ij"), axis=-1).reshape(-1, together)
    if reduced is not None:
        return Grid(places, log_mass_at(line), log_mass_at(line), reduced)
    near = places[(places**2).sum(axis=1) <= FARTHEST**2 * (1 + 1e-12)]
    mass = np.exp(-0.5 * (near**2).sum(axis=1))
    return Grid(near, np.zeros(1), np.log(mass / mass.sum()), None)


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


def tiles(grid: Grid, log_chances: Array, x: Array) -> Iterator[Tile]:
    """Rows x (n, J) of answers 0 and 1, some at a time, given the logarithms (2 J, N) of the chances of answers at places."""
    parts = grid.parts_of(x.shape[1])
    step = max(TILE // (len(grid.places) * len(parts)), 1)
    chances = [log_chances[answers_of(part)] for part in parts]
    for first in range(0, len(x), step):
        rows = slice(first, first + step)
        marks = [_marks(x[rows][:, part.items]) for part in parts]
        yield Tile(rows, marks, *_posterior(grid, [mark @ chance for mark, chance in zip(marks, chances, strict=True)]))


def answers_of(part: Part) -> Integers:
    """Where the answers to the items of a part lie among those of all items."""
    return np.stack([2 * part.items, 2 * part.items + 1], axis=1).ravel()


def _marks(x: Array) -> Array:
    """1 where an answer is wrong, and where it is right, (n, 2 J'); neither is in a gap."""
    return np.stack([x == 0, x == 1], axis=2).reshape(len(x), -1).astype(np.float64)


def _posterior(grid: Grid, joints: list[Array]) -> tuple[list[Array], Array]:
    """The shares (n, G, S) of the places of each part, and the log-likelihoods (n,), given those of rows at each place."""
    shape = len(joints[0]), len(grid.log_common), len(grid.log_own)
    total, shares = np.broadcast_to(grid.log_common, shape[:2]).copy(), []
    for joint in joints:
        own = joint.reshape(shape) + grid.log_own
        top = own.max(axis=2)
        np.exp(own - top[:, :, None], out=own)
        size = own.sum(axis=2)
        total += top + np.log(size)
        own /= size[:, :, None]
        shares.append(own)
    top = total.max(axis=1, keepdims=True)
    np.exp(total - top, out=total)
    size = total.sum(axis=1, keepdims=True)
    total /= size
    for own in shares:
        own *= total[:, :, None]
    return shares, (top + np.log(size))[:, 0]
