"""Derivatives by central differences, refined by Richardson extrapolation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from emkit.core.arrays import Array

LEVELS = 3  # step sizes h, h/2, h/4


def richardson(at: Callable[[float], Array]) -> Array:
    """The limit of `at(step)` for step -> 0, from steps 1, 1/2, 1/4, if its error has only even powers of the step."""
    column = [np.asarray(at(0.5**level)) for level in range(LEVELS)]
    for order in range(1, LEVELS):
        factor = 4.0**order
        column = [(factor * fine - coarse) / (factor - 1) for coarse, fine in pairwise(column)]
    return column[0]


def jacobian(function: Callable[[Array], Array], point: Array, steps: Array) -> Array:
    """D function_i / d point_j, shape (m, p)."""

    def at(scale: float) -> Array:
        columns = []
        for j, step in enumerate(steps):
            move = np.zeros_like(point)
            move[j] = step * scale
            columns.append((function(point + move) - function(point - move)) / (2 * step * scale))
        return np.stack(columns, axis=1)

    return richardson(at) if len(point) else np.empty((len(function(point)), 0))


def hessian(function: Callable[[Array], float], point: Array, steps: Array) -> Array:
    """The matrix of second derivatives, shape (p, p)."""
    centre = function(point)

    def second(i: int, j: int, scale: float) -> float:
        a, b = np.zeros_like(point), np.zeros_like(point)
        a[i], b[j] = steps[i] * scale, steps[j] * scale
        if i == j:
            return (function(point + a) - 2 * centre + function(point - a)) / (steps[i] * scale) ** 2
        corners = function(point + a + b) - function(point + a - b) - function(point - a + b) + function(point - a - b)
        return corners / (4 * steps[i] * steps[j] * scale**2)

    def at(scale: float) -> Array:
        p = len(point)
        lower = np.array([[second(i, j, scale) if j <= i else 0.0 for j in range(p)] for i in range(p)])
        return lower + np.tril(lower, -1).T

    return richardson(at) if len(point) else np.empty((0, 0))


def curvature_steps(function: Callable[[Array], float], point: Array, drop: float = 0.01) -> Array:
    """For each coordinate a step along which `function` changes by about `drop`: long enough to stand clear of rounding."""
    centre = function(point)
    steps = np.empty_like(point)
    for j in range(len(point)):
        move = np.zeros_like(point)
        move[j] = 1e-3 * max(1.0, abs(point[j]))
        bend = abs(function(point + move) - 2 * centre + function(point - move)) / move[j] ** 2
        resolution = 1e-12 * (1 + abs(centre)) / move[j] ** 2  # a bend below this is rounding
        steps[j] = np.clip(np.sqrt(2 * drop / max(bend, resolution, 1e-300)), 1e-2 * move[j], 100 * move[j])
    return steps
