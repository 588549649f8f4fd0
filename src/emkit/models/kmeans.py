"""Dividing rows among centres: k-means++, and what improves on it."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers

ROWS, ROWS_A_CENTRE = 1_000, 100  # among which centres are looked for
SWAPS = 6  # times that as many rows as there are centres are on offer in place of one
ROUNDS = 10  # of k-means


def spread_out(x: Array, weights: Array, count: int, seed: int) -> Integers:
    """The nearest of `count` centres that lie far apart, for every row of x (n, d); columns should have like units.

    Centres are rows, drawn one after the other with probability proportional to the squared distance from the nearest so
    far; of several draws, if there are 8 centres or more, the one that brings the rows nearest. Rows drawn in the same way are
    then offered in place of centres, and a few rounds of k-means follow; but not with every second seed (of more than 8
    centres, one in count / 4): the division with the nearest centres is not always the one that leads to the highest
    likelihood. Among many rows, only some, at equal steps, are looked at.
    Source: Arthur & Vassilvitskii (2007), SODA, 1027-1035; Lattanzi & Sohler (2019), ICML, 3662-3671.
    """
    step = max(1, len(x) // max(ROWS, ROWS_A_CENTRE * count))
    centres = _Centres(x[::step], weights[::step], np.random.default_rng(seed))
    tries = max(1, int(np.log2(count)) - 1)  # among many centres, a bad one is hard to make up for
    for _ in range(count):
        centres.add(tries)
    if seed % max(2, count // 4) == 0:
        return nearest_of(x, centres.places)
    for _ in range(SWAPS if count > 1 else 0):
        centres.swap()
    return nearest_of(x, _means(x[::step], weights[::step], centres.places))


def nearest_of(x: Array, centres: Array) -> Integers:
    """The index of the nearest centre for every row, shape (n,); the first of equals."""
    return _squared_distances(centres, x, np.einsum("nd,nd->n", x, x)).argmin(axis=0)


class _Centres:
    """Centres at `places` (K, d), and the squared `distances` (K, n) of the rows from them."""

    def __init__(self, x: Array, weights: Array, rng: np.random.Generator) -> None:
        self._x, self._weights, self._rng = x, weights, rng
        self._squares = np.einsum("nd,nd->n", x, x)
        self.places = np.empty((0, x.shape[1]))
        self._distances = np.empty((0, len(x)))
        self._ahead = np.full(len(x), np.inf)

    def _drawn(self, number: int) -> tuple[Array, Array]:
        """Rows drawn far from their nearest centres, and the distances of all rows from them."""
        pull = self._weights * self._ahead if len(self.places) else self._weights
        odds = np.cumsum(pull if pull.any() else self._weights)
        places = np.searchsorted(odds, self._rng.random(number) * odds[-1], side="right")
        rows = self._x[np.minimum(places, len(self._x) - 1)]
        return rows, _squared_distances(rows, self._x, self._squares)

    def add(self, tries: int) -> None:
        """One more centre: of `tries` rows drawn, the one that brings the rows nearest."""
        rows, offered = self._drawn(tries)
        best = int(np.argmin(np.minimum(self._ahead, offered) @ self._weights))
        self.places = np.vstack([self.places, rows[best]])
        self._distances = np.vstack([self._distances, offered[best]])
        self._ahead = np.minimum(self._ahead, offered[best])

    def swap(self) -> None:
        """Draw as many rows as there are centres, and give each the place of one if that brings the rows nearer."""
        nearest, second = _two_nearest(self._distances)
        for row, offered in zip(*self._drawn(len(self.places)), strict=True):
            with_it = np.minimum(self._ahead, offered)
            loss = self._weights * (np.minimum(second, offered) - with_it)
            without = np.bincount(nearest, loss, minlength=len(self.places))
            worst = int(without.argmin())
            if self._weights @ with_it + without[worst] < (1 - 1e-9) * (self._weights @ self._ahead):
                near = np.flatnonzero(np.minimum(self._distances[worst], offered) <= second)  # nothing changes for the others
                self.places[worst], self._distances[worst] = row, offered
                nearest[near], second[near] = _two_nearest(self._distances[:, near])
                self._ahead[near] = self._distances[nearest[near], near]


def _two_nearest(distances: Array) -> tuple[Integers, Array]:
    """The nearest centre of every row, and the squared distance from the next, given all of them (K, n)."""
    nearest = distances.argmin(axis=0)
    others = distances.copy()
    others[nearest, np.arange(len(nearest))] = np.inf
    return nearest, others.min(axis=0)


def _means(x: Array, weights: Array, centres: Array) -> Array:
    """The centres (K, d) after some rounds of k-means."""
    nearest = nearest_of(x, centres)
    for _ in range(ROUNDS):
        belongs = np.zeros((len(centres), len(x)))
        belongs[nearest, np.arange(len(x))] = weights
        mass = belongs.sum(axis=1)
        if not mass.all():
            return centres
        centres = belongs @ x / mass[:, None]
        before, nearest = nearest, nearest_of(x, centres)
        if np.array_equal(before, nearest):
            return centres
    return centres


def _squared_distances(centres: Array, x: Array, squares: Array) -> Array:
    """Shape (K, n), given the `squares` (n,) of the rows; rounded as if one column were 1, which is no harm in like units."""
    distances = (-2 * centres) @ x.T
    distances += np.einsum("kd,kd->k", centres, centres)[:, None] + squares
    return np.maximum(distances, 0.0, out=distances)
