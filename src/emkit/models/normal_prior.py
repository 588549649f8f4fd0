"""The conjugate prior of normal components: of their means given the covariance, and of the covariance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COLUMN, COMPONENT
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters, get_at, leaves
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.models.priors import Prior, Slope

MEANS = "means"


class _Form(NamedTuple):
    """The field of the spread: its path, and its values as matrices (K or 1, d, d), variances (., d), or one number (., 1)."""

    path: str
    directions: int
    own: bool
    spread: Array
    means: Array


@dataclass(frozen=True)
class NormalPrior(Prior):
    """Normal means given the covariance, and an inverse Wishart (or inverse gamma) covariance, for any form of it.

    log p = -1/2 [(dof + d + 1) log |C| + tr(C^-1 scale)] for every covariance C, and for every component
    -1/2 [log |C| + shrinkage (m - mean)' C^-1 (m - mean)]; where columns are independent, with dof + 2 for d + 1 + dof and
    one number `scale`. It goes to the path of the components. What is left out is as in mclust: a shrinkage of 0.01, the mean
    of the data, d + 2 degrees of freedom, and the covariance of the data divided by K^(2/d) (or the mean of their variances).
    It keeps components from collapsing. Errors: ModelError for components that have no means with one field of spread.
    Source: Fraley & Raftery (2007), J. Classification 24, 155-181, section 3.

    It keeps a component from collapsing onto the one row it has:

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.0], [9.0]], [[1.0], [1.0]]))
    >>> model = ek.WithPrior(ek.Mixture("gaussian-diag"), {"components": ek.NormalPrior()})
    >>> ek.fit(model, [-1.0, 0.0, 1.0, 9.0], start).params.components.variances.round(3).tolist()
    [[0.809], [0.811]]
    """

    shrinkage: float = 0.01
    mean: tuple[float, ...] | None = None
    dof: float | None = None
    scale: tuple[tuple[float, ...], ...] | float | None = None
    whole: tuple[tuple[float, ...], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.shrinkage >= 0:
            raise ModelError(f"shrinkage is {self.shrinkage!r}; it is a number of rows and must be >= 0.")

    def settled(self, profile: AnyProfile) -> Self:
        """With the mean and the covariance of the data, where it has none of its own."""
        unbiased = profile.total_weight / max(profile.total_weight - 1, 1.0)
        whole = tuple(map(tuple, (unbiased * profile.covariance).tolist()))
        mean = tuple(profile.mean.tolist()) if self.mean is None else self.mean
        return replace(self, mean=mean, whole=whole)

    def log_density(self, value: Any) -> float:
        form = _form(value)
        seen, scatter = self._like_rows(form)
        if form.directions == 2:
            height = seen * np.linalg.slogdet(form.spread)[1] + np.trace(
                np.linalg.solve(form.spread, scatter), axis1=1, axis2=2
            )
        else:
            height = (seen * np.log(form.spread) + scatter / form.spread).sum(axis=1)
        return float(-0.5 * height.sum())

    def slopes(self, value: Any) -> Slopes:
        form = _form(value)
        seen, scatter = self._like_rows(form)
        pull = -self.shrinkage * (form.means - np.asarray(self.mean))
        if form.directions == 2:
            inverse = np.linalg.inv(form.spread)
            of_means = np.einsum("kj,kji->ki", pull, np.broadcast_to(inverse, (len(pull), *inverse.shape[1:])))
            of_spread = (inverse @ scatter @ inverse - seen * inverse) / 2
        else:
            of_means, of_spread = pull / form.spread, (scatter / form.spread - seen) / (2 * form.spread)
        shape = np.shape(get_at(value, form.path))
        return {MEANS: of_means, form.path: of_spread.reshape(shape)}

    def best(self, value: Any, path: str, slope: Slope) -> Array:
        form = _form(value)
        if path == MEANS:
            return self._means(form, slope)
        own = np.asarray(get_at(value, path))
        one, two = (self._sums(factor * form.spread, slope(factor * own)) for factor in (1, 2))
        if form.directions == 2:  # scatter less rows times the covariance
            rows = np.trace(one - two, axis1=1, axis2=2) / np.trace(form.spread, axis1=1, axis2=2)
            rows = rows[:, None, None]
        else:
            rows = (one - two) / form.spread
        seen, scatter = self._like_rows(form)
        found = (one + rows * form.spread + scatter) / (rows + seen)
        found = (found + found.swapaxes(1, 2)) / 2 if form.directions == 2 else found
        return np.asarray(found.reshape(own.shape))

    def _sums(self, spread: Array, slope: Array) -> Array:
        slope = slope.reshape(spread.shape)
        return 2 * spread @ slope @ spread if spread.ndim == 3 else 2 * spread**2 * slope

    def _means(self, form: _Form, slope: Slope) -> Array:
        unit = np.sqrt(np.einsum("kjj->kj", form.spread) if form.directions == 2 else form.spread)
        step = np.broadcast_to(unit, form.means.shape)
        here, there = slope(form.means), slope(form.means + step)
        change, total = here - there, here  # rows C^-1 step, and C^-1 (total - rows mean)
        if form.directions == 2:
            every = np.broadcast_to(form.spread, (len(step), *form.spread.shape[1:]))
            change, total = (np.einsum("kij,kj->ki", every, each) for each in (change, total))
        else:
            change, total = change * form.spread, total * form.spread
        rows = np.einsum("kj,kj->k", change, step) / np.einsum("kj,kj->k", step, step)
        rows = np.maximum(rows, 0)[:, None]
        below = rows + self.shrinkage
        away = form.means - np.asarray(self.mean)
        return np.where(below > 0, form.means + (total - self.shrinkage * away) / np.where(below > 0, below, 1.0), form.means)

    def _like_rows(self, form: _Form) -> tuple[float, Array]:
        """What the prior of a spread acts like: a number of rows, and their squares about the mean."""
        if self.mean is None or not (self.whole or self.scale is not None):
            raise ModelError("this prior takes its mean and scale from the data, and has not seen any: give them, or fit.")
        number, d = form.means.shape
        dof = d + 2 if self.dof is None else self.dof
        away = form.means - np.asarray(self.mean)
        whole = np.asarray(self.whole if self.scale is None else self.scale, dtype=np.float64)
        whole = whole * number ** (-2 / d) if self.scale is None else whole
        if form.directions == 2:
            squares = self.shrinkage * np.einsum("ki,kj->kij", away, away)
            seen, scale = dof + d + 1.0, whole if whole.ndim == 2 else whole * np.eye(d)
            each = 1.0
        else:
            squares = self.shrinkage * away**2
            squares = squares.sum(axis=1, keepdims=True) if form.spread.shape[1] == 1 else squares
            seen, scale = dof + 2.0, np.trace(whole) / d if whole.ndim == 2 else whole
            each = float(d) if form.spread.shape[1] == 1 else 1.0
        if form.own:
            return seen + each, squares + scale
        return seen + number * each, squares.sum(axis=0, keepdims=True) + scale


def _form(params: Parameters) -> _Form:
    """Means and spread, from the axes that the fields declare."""
    if not isinstance(params, Parameters):
        raise ModelError(
            "a normal prior is for components, of which it takes means and spreads together: give it to their path, such as "
            "'components'. A single field may have a function for a prior, such as lambda value: -((value - 1) ** 2).sum() / 2."
        )
    every = {leaf.path: leaf for leaf in leaves(params)}
    means, others = every.pop(MEANS, None), list(every.values())
    if means is None or means.value.ndim != 2 or len(others) != 1:
        raise ModelError(
            f"a normal prior is for components with means and one field of variances or covariances, not for "
            f"{type(params).__name__} ({', '.join(leaf.path for leaf in leaves(params))})."
        )
    (leaf,) = others
    axes = leaf.axes.names if leaf.axes is not None else ()
    own, directions = COMPONENT in axes, axes.count(COLUMN)
    number = len(means.value) if own else 1
    d = means.value.shape[1]
    spread = leaf.value.reshape((number, d, d) if directions == 2 else (number, d if directions else 1))
    return _Form(leaf.path, directions, own, spread, means.value)
