"""Divisions of rows among regressions, from which starts are estimated: each row to the line that it lies nearest to.

Components that differ in their lines alone lie in the same place, and no division by nearness tells them apart.
"""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers

ROUNDS = (0, 2, 6, None)  # of seeds in turn: how often lines are fitted anew to their rows; None for a division by nearness
RIDGE = 1e-8  # on the squares of columns that are orthonormal: few rows may not tell a line


def nearest_lines(
    design: Array, response: Array, weights: Array, n_components: int, rng: np.random.Generator, rounds: int
) -> Integers:
    """The line (n,) nearest to each row, of lines that each go through a few rows drawn at random; then fitted some times.

    `design` (n, P), `response` (n,) or (n, r): what a line takes the design to, about.
    """
    odds = np.cumsum(weights)
    drawn = np.searchsorted(odds, rng.random((n_components, design.shape[1] + 1)) * odds[-1], side="right")
    drawn = np.minimum(drawn, len(odds) - 1)
    lines = [_line(design[rows], response[rows], np.ones(len(rows))) for rows in drawn]
    nearest = _nearest(design, response, lines)
    for _ in range(rounds):
        lines = [_line(design, response, weights * (nearest == k)) for k in range(n_components)]
        nearest = _nearest(design, response, lines)
    return nearest


def _line(design: Array, response: Array, weights: Array) -> Array:
    weighted = (design * weights[:, None]).T
    return np.asarray(np.linalg.solve(weighted @ design + RIDGE * np.eye(design.shape[1]), weighted @ response))


def _nearest(design: Array, response: Array, lines: list[Array]) -> Integers:
    squares = [((response - design @ line) ** 2).reshape(len(response), -1).sum(axis=1) for line in lines]
    return np.asarray(np.argmin(squares, axis=0))
