"""The best volumes, shapes and orientations of covariances that share some of them: the M-step of the parsimonious forms.

A covariance is volume * axes @ diag(shape) @ axes'. Given the axes, the expected log-likelihood is concave in the logarithms of
the variances along them, and what components share is linear in these. Given these, axes of a component's own are the principal
axes of its rows, and shared ones are found by turning two of them at a time.
Source: Celeux & Govaert (1995), Pattern Recognition 28, 781-793; for shared axes, Flury & Gautschi (1986), SIAM J. Sci. Stat.
Comput. 7, 169-184.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers

MOST_ROUNDS = 2_000
SETTLED = 1e-9  # of a logarithm of a variance, or of an angle: what a last round leaves of the height is the square of that
MOST_TURNS = 40  # of shared axes: where so many do not do, they hardly matter, and EM goes on from there
NEWTON = 20  # steps, most of them near the end: from where these do not lead, volumes and shape are found in turn
BETWEEN_TURNS = 1e-2  # of a logarithm: a shape known better is of no use as long as axes still turn
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
    """Logarithms (..., K, d) of variances along the `axes` (..., K, d, d), or (..., 1, d, d) where components share them."""

    logs: Array
    axes: Array

    @property
    def covariances(self) -> Array:
        """The matrices (..., K, d, d)."""
        half = self.axes * np.exp(self.logs / 2)[..., None, :]
        return np.asarray(half @ half.swapaxes(-1, -2))

    def squares(self, scatter: Array) -> Array:
        """Sums of squares (..., K, d) along the axes, of matrices (..., K, d, d)."""
        return np.asarray(((scatter @ self.axes) * self.axes).sum(axis=-2))

    def in_groups(self, number: int, form: Form) -> Ellipsoids:
        """The same (G, number, ...), so many in a row to a group, which has what they share once."""
        logs = self.logs.reshape(-1, number, self.logs.shape[-1])
        if not form.turned:
            return Ellipsoids(logs, self.axes[None, :1])
        axes = self.axes.reshape(len(logs), -1, *self.axes.shape[1:])
        return Ellipsoids(logs, axes if form.orientation == "V" else axes[:, :1])

    @property
    def in_a_row(self) -> Ellipsoids:
        """Those of all groups, one behind the other, with axes for each of them."""
        d = self.logs.shape[-1]
        return Ellipsoids(self.logs.reshape(-1, d), np.broadcast_to(self.axes, (*self.logs.shape, d)).reshape(-1, d, d))


def heights(mass: Array, squares: Array, logs: Array) -> Array:
    """Twice the expected log-likelihood of groups, up to a constant, of masses (..., K) and sums of squares (..., K, d)."""
    return -np.asarray((mass[..., None] * logs + squares * np.exp(-logs)).sum(axis=(-2, -1)))


def best(form: Form, mass: Array, scatter: Array, before: Ellipsoids, least: Array) -> Ellipsoids:
    """The ellipsoids of a form that are best for masses (G, K) and sums of products (G, K, d, d), from those `before`.

    Components of a group share what the form says. Of forms along the columns, `scatter` are sums of squares (G, K, d). No
    logarithm of a variance is below `least` (G, K, d).
    """
    empty = mass <= 0
    if empty.any():  # their own is kept, and has no part in what is shared
        mass = np.where(empty, EMPTY, mass)
        kept = before.covariances if form.turned else np.exp(before.logs)
        scatter = np.where(empty.reshape(*empty.shape, *(1,) * (scatter.ndim - 2)), EMPTY * kept, scatter)
    if not form.turned:
        return before._replace(logs=best_logs(form, mass, scatter, before.logs, least))
    if form.orientation == "V":
        own = before._replace(axes=_principal(scatter, before, alike=form.shape == "E"))
        return own._replace(logs=best_logs(form, mass, own.squares(scatter), before.logs, least))
    logs, axes = before.logs.copy(), before.axes.copy()
    going = np.arange(len(mass))
    for _ in range(MOST_TURNS):
        some = scatter[going]
        squares = Ellipsoids(logs[going], axes[going]).squares(some)
        moved = best_logs(form, mass[going], squares, logs[going], least[going], BETWEEN_TURNS)
        axes[going], angle = _turned(axes[going], some, np.exp(-moved))
        way = np.abs(moved - logs[going]).max(axis=(1, 2))
        logs[going] = moved
        going = going[np.maximum(way, angle) > SETTLED]
        if not len(going):
            break
    return Ellipsoids(logs, signed(axes, axes))


def best_logs(form: Form, mass: Array, squares: Array, before: Array, least: Array, enough: float = SETTLED) -> Array:
    """The best logarithms of variances (..., K, d) along given axes, none below `least`, which is finite.

    `enough`: how short the last step is, where a shape that all share is found step by step.
    """
    squares, rows = np.maximum(squares, NOTHING), mass[..., None]
    if form.shape == "I":
        squares = np.broadcast_to(squares.mean(axis=-1, keepdims=True), squares.shape)
        least = np.broadcast_to(least.max(axis=-1, keepdims=True), least.shape)
    if form.volume == "E" and form.shape != "V":
        every = np.log(squares.sum(axis=-2, keepdims=True) / rows.sum(axis=-2, keepdims=True))
        return np.broadcast_to(np.maximum(every, least.max(axis=-2, keepdims=True)), squares.shape)
    if form.volume == "E":
        return _of_equal_volume(mass, np.log(squares), least)
    if form.shape != "E":
        return np.maximum(np.log(squares / rows), least)
    return _of_equal_shape(mass, np.log(squares), before, least, enough)


def _of_equal_volume(mass: Array, log_squares: Array, least: Array) -> Array:
    """Logarithms of variances (..., K, d) with one sum for all components of a group.

    Of a given sum, each component's are its own but for a factor, so far as that is not below `least`.
    """
    middle = log_squares.mean(axis=-1, keepdims=True)
    total = mass.sum(axis=-1)[..., None, None]
    logs = np.asarray(log_squares - middle + np.log(np.exp(middle).sum(axis=-2, keepdims=True) / total))
    for group in map(tuple, np.argwhere((logs < least).any(axis=(-2, -1)))):
        logs[group] = _of_equal_volume_in_bounds(float(mass[group].sum()), log_squares[group], least[group])
    return logs


def _of_equal_volume_in_bounds(total: float, log_squares: Array, least: Array) -> Array:
    """The same of one group (K, d) of which `least` holds some."""
    from scipy.optimize import brentq

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
    highest = max(float(np.log(np.exp(log_squares.mean(axis=1)).sum() / total)), lowest) + 1
    while excess(highest) > 0:
        highest += highest - lowest
    volume = lowest if excess(lowest) <= 0 else float(brentq(excess, lowest, highest, xtol=1e-15))
    return np.maximum(log_squares - factor(volume), least)


def _of_equal_shape(mass: Array, log_squares: Array, before: Array, least: Array, enough: float) -> Array:
    """Logarithms of variances (..., K, d) that are sums of one number for each component and one for each axis.

    By Newton's method for the shape, given which the best volumes are known; in bounds, each in turn.
    """
    middle = log_squares.max(axis=-1, keepdims=True)
    squares, rows = np.exp(log_squares - middle), mass[..., None]
    each = rows.sum(axis=-2) / squares.shape[-1]
    shape = before[..., :1, :] - before[..., :1, :].mean(axis=-1, keepdims=True)
    level = each[..., None] / squares.shape[-1]  # along which the height does not change
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), suppress(np.linalg.LinAlgError):
        step = np.full(shape.shape, np.inf)
        for _ in range(NEWTON):
            inside = squares * np.exp(-shape)
            volumes = inside.sum(axis=-1, keepdims=True)
            shares = rows * inside / volumes
            total = shares.sum(axis=-2)
            bend = total[..., None] * np.eye(total.shape[-1]) + level - (shares / rows).swapaxes(-1, -2) @ shares
            step = np.linalg.solve(bend, (total - each)[..., None]).swapaxes(-1, -2)
            shape = shape + step
            if not np.abs(step).max() > enough:
                break
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        volumes = (squares * np.exp(-shape)).mean(axis=-1, keepdims=True) / rows
        logs = np.asarray(middle + np.log(volumes) + shape)
    lost = ~((logs >= least) & (logs < np.inf) & (np.abs(step) <= enough)).all(axis=(-2, -1))
    if lost.any():
        logs[lost] = _in_turn(mass[lost], log_squares[lost], before[lost], least[lost])
    return logs


def _in_turn(mass: Array, log_squares: Array, before: Array, least: Array) -> Array:
    """The same (G, K, d), the volumes and the shape in turn, each in bounds.

    As much above `least`, which is such a sum itself, they are sums of numbers >= 0: in bounds for each alone, turns that are
    best by themselves lead to what is best together.
    """
    above = log_squares - least
    shape = (before - least)[:, :1, :]
    shape, logs = shape - shape.min(axis=-1, keepdims=True), before
    each, total = np.log(mass[..., None] * above.shape[-1]), np.log(mass.sum(axis=-1)[:, None, None])
    for _ in range(MOST_ROUNDS):
        volumes = np.maximum(np.logaddexp.reduce(above - shape, axis=-1, keepdims=True) - each, 0)
        shape = np.maximum(np.logaddexp.reduce(above - volumes, axis=-2, keepdims=True) - total, 0)
        moved = least + volumes + shape
        way, logs = np.abs(moved - logs).max(), moved
        if way <= SETTLED:
            break
    return logs


def _turned(axes: Array, scatter: Array, precisions: Array) -> tuple[Array, Array]:
    """Shared axes (G, 1, d, d) after each two are turned as is best in their plane; the largest angles (G,) that matter."""
    within = axes.swapaxes(-1, -2) @ scatter @ axes
    largest = np.zeros(len(axes))
    for a, b in _pairs(axes.shape[-1]):
        against, squares = precisions[..., a] - precisions[..., b], np.diagonal(within, axis1=-2, axis2=-1)
        along = (against * (squares[..., a] - squares[..., b])).sum(axis=1) / 2
        across = (against * within[..., a, b]).sum(axis=1)
        whole = (np.abs(against) * (squares[..., a] + squares[..., b])).sum(axis=1)
        angle = np.arctan2(-across, -along) / 2
        matters = np.abs(angle) * np.hypot(along, across) / np.maximum(whole, NOTHING)
        angle[matters <= ROUNDING] = 0.0
        largest = np.maximum(largest, matters.max(axis=-1))
        turn = np.zeros(axes.shape) + np.eye(axes.shape[-1])
        turn[:, 0, a, a] = turn[:, 0, b, b] = np.cos(angle)
        turn[:, 0, b, a] = np.sin(angle)
        turn[:, 0, a, b] = -turn[:, 0, b, a]
        axes, within = axes @ turn, turn.swapaxes(-1, -2) @ within @ turn
    return axes, largest


@cache
def _pairs(d: int) -> list[tuple[Integers, Integers]]:
    """Each two of so many axes once, in rounds of pairs that have no axis in common: a tournament."""
    even = d + d % 2
    rounds = []
    for first in range(even - 1 if d > 1 else 0):
        order = [0, *(1 + (first + i) % (even - 1) for i in range(even - 1))]
        pairs = (sorted((order[i], order[-1 - i])) for i in range(even // 2))
        a, b = np.array([pair for pair in pairs if pair[1] < d]).T
        rounds.append((a, b))
    return rounds


def _principal(scatter: Array, before: Ellipsoids, alike: bool) -> Array:
    """The principal axes (G, K, d, d) of components, named and signed as those before; `alike`: in one order of length."""
    from scipy.optimize import linear_sum_assignment

    _, vectors = np.linalg.eigh(scatter)
    if alike:
        order = before.logs.argsort(axis=-1).argsort(axis=-1)
    else:
        cosines = np.abs(before.axes.swapaxes(-1, -2) @ vectors)
        order = cosines.argmax(axis=-1)  # the best names, if no two axes are given one
        for place in map(tuple, np.argwhere((np.sort(order) != np.arange(order.shape[-1])).any(axis=-1))):
            order[place] = linear_sum_assignment(-cosines[place])[1]
    return signed(np.take_along_axis(vectors, order[..., None, :], axis=-1), before.axes)


def signed(axes: Array, like: Array) -> Array:
    """The same axes (..., d, d), each in the sense of that of `like`, without a reflection; else in that of the columns."""
    one = np.eye(axes.shape[-1])
    found = _in_the_sense_of(axes, like)
    far = np.linalg.det(one + found) <= NEARLY_HALF_A_TURN
    return np.where(far[..., None, None], _in_the_sense_of(axes, one), found) if far.any() else found


def _in_the_sense_of(axes: Array, like: Array) -> Array:
    cosines = (axes * like).sum(axis=-2)
    signs = np.where(cosines < 0, -1.0, 1.0)
    mirrored = np.linalg.det(axes * signs[..., None, :]) < 0
    least = np.abs(cosines).argmin(axis=-1, keepdims=True)
    sign = np.take_along_axis(signs, least, axis=-1)
    np.put_along_axis(signs, least, np.where(mirrored[..., None], -sign, sign), axis=-1)
    return np.asarray(axes * signs[..., None, :])


def of_matrix(covariance: Array) -> Ellipsoids:
    """One covariance (d, d) by its principal axes, each named after the column that it lies nearest to."""
    from scipy.optimize import linear_sum_assignment

    values, vectors = np.linalg.eigh(covariance)
    order = linear_sum_assignment(-np.abs(vectors))[1]
    logs = np.log(np.maximum(values[order], NOTHING))
    return Ellipsoids(logs[None], signed(vectors[:, order], np.eye(len(values)))[None])
