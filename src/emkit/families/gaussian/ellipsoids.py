"""The best volumes, shapes and orientations of covariances that share some of them: the M-step of the parsimonious forms.

A covariance is volume * axes @ diag(shape) @ axes'. Given the axes, the expected log-likelihood is concave in the logarithms of
the variances along them, and what components share is linear in these. Given these, axes of a component's own are the principal
axes of its rows, and shared ones are found by turning two of them at a time.
Source: Celeux & Govaert (1995), Pattern Recognition 28, 781-793; for shared axes, Flury & Gautschi (1986), SIAM J. Sci. Stat.
Comput. 7, 169-184.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, linear_sum_assignment

from emkit.core.arrays import Array

MOST_ROUNDS = 2_000
SETTLED = 1e-9  # of a logarithm of a variance, or of an angle: what a last round leaves of the height is the square of that
ROUNDING = 1e-15  # of an angle, times what turning by it matters
LOWEST = -690.0  # a logarithm that no variance comes to
NOTHING = 1e-300  # in place of a sum of squares that is 0: it has a logarithm
EMPTY = 1e-100  # the mass of a component without rows: so little moves nothing that is shared
NEARLY_HALF_A_TURN = 1e-3  # of a determinant: there, axes are given other signs, since half turns have no coordinates


class Form(NamedTuple):
    """What components share, in the letters of mclust: E for one of all, V for one of each; I for round, or along columns."""

    volume: str
    shape: str
    orientation: str

    @property
    def turned(self) -> bool:
        """Whether axes need not lie along the columns."""
        return self.orientation != "I"

    @property
    def own(self) -> bool:
        """Whether anything of the variances along the axes is a component's own."""
        return "V" in (self.volume, self.shape)


class Ellipsoids(NamedTuple):
    """Logarithms (K, d) of the variances along the `axes` (K, d, d), or (1, d, d) where components share them."""

    logs: Array
    axes: Array

    @property
    def covariances(self) -> Array:
        """The matrices (K, d, d)."""
        half = self.axes * np.exp(self.logs / 2)[:, None, :]
        return np.asarray(half @ half.swapaxes(1, 2))

    def squares(self, scatter: Array) -> Array:
        """Sums of squares (K, d) along the axes, of matrices (K, d, d)."""
        return np.einsum("kja,kja->ka", scatter @ self.axes, np.broadcast_to(self.axes, scatter.shape))


def height(mass: Array, squares: Array, logs: Array) -> float:
    """Twice the expected log-likelihood up to a constant, given masses (K,) and sums of squares (K, d) along the axes."""
    return -float((mass[:, None] * logs + squares * np.exp(-logs)).sum())


def best(form: Form, mass: Array, scatter: Array, before: Ellipsoids, least: Array) -> Ellipsoids:
    """The ellipsoids of a form that are best for masses (K,) and sums of squares and products (K, d, d), from those `before`.

    Of forms along the columns, `scatter` are sums of squares (K, d). No logarithm of a variance is below `least` (K, d).
    """
    empty = mass <= 0
    if empty.any():  # their own is kept, and has no part in what is shared
        mass = np.where(empty, EMPTY, mass)
        kept = before.covariances if form.turned else np.exp(before.logs)
        scatter = np.where(empty.reshape(-1, *(1,) * (scatter.ndim - 1)), EMPTY * kept, scatter)
    if not form.turned:
        return before._replace(logs=best_logs(form, mass, scatter, before.logs, least))
    if form.orientation == "V":
        own = before._replace(axes=_principal(scatter, before, alike=form.shape == "E"))
        return own._replace(logs=best_logs(form, mass, own.squares(scatter), before.logs, least))
    logs, axes = before.logs, before.axes[0]
    for _ in range(MOST_ROUNDS):
        moved = best_logs(form, mass, Ellipsoids(logs, axes[None]).squares(scatter), logs, least)
        axes, angle = _turned(axes, scatter, np.exp(-moved))
        way, logs = np.abs(moved - logs).max(), moved
        if max(way, angle) <= SETTLED:
            break
    return Ellipsoids(logs, signed(axes, axes)[None])


def best_logs(form: Form, mass: Array, squares: Array, before: Array, least: Array) -> Array:
    """The best logarithms of variances (K, d) along given axes, none below `least`, which is finite."""
    squares, rows = np.maximum(squares, NOTHING), mass[:, None]
    if form.shape == "I":
        squares = np.broadcast_to(squares.mean(axis=1, keepdims=True), squares.shape)
        least = np.broadcast_to(least.max(axis=1, keepdims=True), least.shape)
    if form.volume == "E" and form.shape != "V":
        every = np.log(squares.sum(axis=0) / mass.sum())
        return np.broadcast_to(np.maximum(every, least.max(axis=0)), squares.shape)
    if form.volume == "E":
        return _of_equal_volume(mass, np.log(squares), least)
    if form.shape != "E":
        return np.maximum(np.log(squares / rows), least)
    return _of_equal_shape(mass, np.log(squares), before, least)


def _of_equal_volume(mass: Array, log_squares: Array, least: Array) -> Array:
    """Logarithms of variances (K, d) with one sum for all components.

    Of a given sum, each component's are its own but for a factor, so far as that is not below `least`.
    """
    total = mass.sum()
    middle = log_squares.mean(axis=1, keepdims=True)
    volume = float(np.log(np.exp(middle).sum() / total))
    logs = log_squares - middle + volume
    if (logs >= least).all():
        return logs
    above = log_squares - least
    order = (-above).argsort(axis=1)
    own, held = (np.take_along_axis(each, order, axis=1) for each in (log_squares, least))
    numbers = np.arange(1, own.shape[1] + 1)
    sums = own.cumsum(axis=1) + held.sum(axis=1, keepdims=True) - held.cumsum(axis=1)

    def factor(volume: float) -> Array:
        return np.asarray(((sums - len(numbers) * volume) / numbers).max(axis=1, keepdims=True))

    def excess(volume: float) -> float:
        return float(np.exp(factor(volume)).sum() - total)

    lowest = float(least.mean(axis=1).max())
    highest = max(volume, lowest) + 1
    while excess(highest) > 0:
        highest += highest - lowest
    volume = lowest if excess(lowest) <= 0 else float(brentq(excess, lowest, highest, xtol=1e-15))
    return np.maximum(log_squares - factor(volume), least)


def _of_equal_shape(mass: Array, log_squares: Array, before: Array, least: Array) -> Array:
    """Logarithms of variances (K, d) that are sums of one number for each component and one for each axis: each in turn.

    As much above `least`, which is such a sum itself, they are sums of numbers >= 0: in bounds for each alone, turns that are
    best by themselves lead to what is best together.
    """
    above = log_squares - least
    shape = before[:1] - least[:1]
    shape, total, logs = shape - shape.min(), np.log(mass.sum()), before
    each = np.log(mass[:, None] * log_squares.shape[1])
    for _ in range(MOST_ROUNDS):
        volumes = np.maximum(np.logaddexp.reduce(above - shape, axis=1, keepdims=True) - each, 0)
        shape = np.maximum(np.logaddexp.reduce(above - volumes, axis=0, keepdims=True) - total, 0)
        moved = least + volumes + shape
        way, logs = np.abs(moved - logs).max(), moved
        if way <= SETTLED:
            break
    return logs


def _turned(axes: Array, scatter: Array, precisions: Array) -> tuple[Array, float]:
    """Shared axes (d, d) after each two of them are turned as is best in their plane; and the largest angle that mattered."""
    within, axes, largest = axes.T @ scatter @ axes, axes.copy(), 0.0
    for a, b in combinations(range(len(axes)), 2):
        against = precisions[:, a] - precisions[:, b]
        along = against @ (within[:, a, a] - within[:, b, b]) / 2
        across = against @ within[:, a, b]
        matter = np.hypot(along, across) / max(float(np.abs(against) @ (within[:, a, a] + within[:, b, b])), NOTHING)
        angle = np.arctan2(-across, -along) / 2
        if abs(angle) * matter <= ROUNDING:
            continue
        largest = max(largest, float(abs(angle) * matter))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pair = [a, b]
        axes[:, pair] = axes[:, pair] @ turn
        within[:, :, pair] = within[:, :, pair] @ turn
        within[:, pair] = turn.T @ within[:, pair]
    return axes, largest


def _principal(scatter: Array, before: Ellipsoids, alike: bool) -> Array:
    """The principal axes (K, d, d) of each component, named and signed as those before; `alike`: in one order of length."""
    _, vectors = np.linalg.eigh(scatter)
    found = np.empty_like(vectors)
    for k, own in enumerate(vectors):
        order = before.logs[k].argsort().argsort() if alike else linear_sum_assignment(-np.abs(before.axes[k].T @ own))[1]
        found[k] = signed(own[:, order], before.axes[k])
    return found


def signed(axes: Array, like: Array) -> Array:
    """The same axes (d, d), each in the sense of that of `like`, without a reflection; else in that of the columns."""
    for other in (like, np.eye(len(axes))):
        cosines = (axes * other).sum(axis=0)
        signs = np.where(cosines < 0, -1.0, 1.0)
        if np.linalg.det(axes * signs) < 0:
            signs[np.abs(cosines).argmin()] *= -1
        found = axes * signs
        if np.linalg.det(np.eye(len(axes)) + found) > NEARLY_HALF_A_TURN:
            break
    return np.asarray(found)


def of_matrix(covariance: Array) -> Ellipsoids:
    """One covariance (d, d) by its principal axes, each named after the column that it lies nearest to."""
    values, vectors = np.linalg.eigh(covariance)
    order = linear_sum_assignment(-np.abs(vectors))[1]
    logs = np.log(np.maximum(values[order], NOTHING))
    return Ellipsoids(logs[None], signed(vectors[:, order], np.eye(len(values)))[None])
