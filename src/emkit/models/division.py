"""Dividing rows among centres: k-means++, and what improves on it."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers

SWAPS = 2  # rows on offer in place of a centre, for each centre
ROUNDS = 10  # of k-means


def spread_out(x: Array, weights: Array, count: int, seed: int) -> Integers:
    """The nearest of `count` centres that lie far apart, for every row of x (n, d); columns should have like units.

    Centres are rows, drawn one after the other with probability proportional to the squared distance from the nearest so
    far; of several draws, if there are 8 centres or more, the one that brings the rows nearest. With an odd seed, rows drawn
    in the same way are then offered in place of centres, and a few rounds of k-means follow. (With an even one they are not:
    the division with the nearest centres is not always the one that leads to the highest likelihood.)
    Source: Arthur & Vassilvitskii (2007), SODA, 1027-1035; Lattanzi & Sohler (2019), ICML, 3662-3671.
    """
    rng = np.random.default_rng(seed)
    tries = max(1, int(np.log2(count)) - 1)  # among many centres, a bad one is hard to make up for

    def drawn(ahead: Array, number: int) -> Array:
        """The squared distances (n, number) of all rows from rows drawn far `ahead` (n,) of their nearest centres."""
        odds = weights * ahead
        odds = odds if odds.sum() > 0 else weights
        return _squared_distances(x, x[rng.choice(len(x), size=number, p=odds / odds.sum())])

    distances = drawn(np.ones(len(x)), 1)
    while distances.shape[1] < count:
        ahead = distances.min(axis=1)
        offered = drawn(ahead, tries)
        best = int(np.argmin(weights @ np.minimum(ahead[:, None], offered)))
        distances = np.column_stack([distances, offered[:, best]])
    if seed % 2 == 0:
        return distances.argmin(axis=1)
    for _ in range(SWAPS * count):
        _swap(distances, weights, drawn(distances.min(axis=1), 1)[:, 0])
    return _means(x, weights, distances.argmin(axis=1), count)


def nearest_of(x: Array, centres: Array) -> Integers:
    """The index of the nearest centre for every row, shape (n,); the first of equals."""
    return _squared_distances(x, centres).argmin(axis=1)


def _swap(distances: Array, weights: Array, offered: Array) -> None:
    """Give the place of one centre to another, if that brings the rows nearer to their nearest centres on the whole.

    `distances` (n, K) from the centres; `offered` (n,) from the one on offer.
    """
    nearest = distances.argmin(axis=1)
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    with_it = np.minimum(first, offered)
    without = np.bincount(nearest, weights * (np.minimum(second, offered) - with_it), minlength=distances.shape[1])
    worst = int(without.argmin())
    if weights @ with_it + without[worst] < (1 - 1e-9) * (weights @ first):
        distances[:, worst] = offered


def _means(x: Array, weights: Array, nearest: Integers, count: int) -> Integers:
    """The division after some rounds of k-means."""
    for _ in range(ROUNDS):
        shares = np.zeros((len(x), count))
        shares[np.arange(len(x)), nearest] = weights
        mass = shares.sum(axis=0)
        if not mass.all():
            return nearest
        before, nearest = nearest, nearest_of(x, shares.T @ x / mass[:, None])
        if np.array_equal(before, nearest):
            return nearest
    return nearest


def _squared_distances(x: Array, centres: Array) -> Array:
    """Shape (n, K); rounded as if one column were 1, which does no harm in like units."""
    squares = np.einsum("nd,nd->n", x, x)[:, None] + np.einsum("kd,kd->k", centres, centres)
    return np.maximum(squares - 2 * x @ centres.T, 0.0)
