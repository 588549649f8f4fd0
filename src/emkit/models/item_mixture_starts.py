"""Starts of mixtures of people: divisions by which items someone has more of than others with the same total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile
from emkit.models.divisions import divisions
from emkit.models.item_kinds import ItemKind
from emkit.models.item_mixture_layout import ClassLayout

LENT = 4.0  # people who answer as all do, that are added to each class: no share of answers is 0 then


class Start(NamedTuple):
    """Of K classes, `proportions` (K,), the `items` of each, and `means` (K,) of ability beside the first class."""

    proportions: Array
    items: list[list[Any]]
    means: Array


def started(layout: ClassLayout, below: Sequence[Array], profile: AnyProfile, seeds: Iterable[int]) -> Iterator[Start]:
    """For each seed, a start with slopes of 1. `below`: the shares of answers up to each level of each item, among all people.

    Where no class has items of its own, people are divided by their totals.
    """
    some, kinds, classes = profile.sample, layout.kinds, layout.classes
    x, weights = as_float64(some.x), some.weights
    off, total = _beside_the_total(x / (np.array([kind.levels for kind in kinds]) - 1), weights)
    spread = np.sqrt(weights @ total**2 / weights.sum())
    one = (np.zeros(len(x), dtype=np.int64) for _ in seeds)
    told = off if layout.own else total[:, None]
    for of in divisions(told, weights, classes, seeds) if classes > 1 else one:
        sizes = np.bincount(of, weights, minlength=classes) + LENT
        each = [np.where(of == k, weights, 0.0) for k in range(classes)]
        items = [
            [kind.start(_shares(kind, *told), 1.0) for kind, *told in zip(kinds, below, x.T, [own] * len(kinds), strict=True)]
            for own in each
        ]
        means = np.array([own @ total for own in each]) / sizes / (spread or 1.0)
        yield Start(sizes / sizes.sum(), items, means - means[0])


def _beside_the_total(x: Array, weights: Array) -> tuple[Array, Array]:
    """By how much each cell of rows x (n, J) is above those of all, and of the rest of its row, 0 where it is missing.

    And by how much its row is, (n,).
    """
    seen = ~np.isnan(x)
    filled = np.where(seen, x, 0.0)
    off = np.where(seen, filled - (weights @ filled) / (weights @ seen), 0.0)
    total = off.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(seen, off - total[:, None], 0.0), total


def _shares(kind: ItemKind, among: Array, column: Array, weights: Array) -> Array:
    """The shares (L - 1,) of answers up to each level but the highest, with some people in whom they are as `among` all."""
    levels = np.arange(kind.levels - 1)
    answered = weights @ ~np.isnan(column)
    return np.asarray((weights @ (column[:, None] <= levels) + LENT * among) / (answered + LENT))
