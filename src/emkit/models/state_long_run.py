"""States that begin as they are in the long run: their covariance follows from how they move, and tells of that."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.errors import ParameterError

FEW = 9  # states, up to which linear equations of all entries at once are the fastest


def explodes(transition: Array) -> bool:
    """Whether states that move so (k, k) have no long run."""
    return bool(np.abs(np.linalg.eigvals(transition)).max(initial=0.0) >= 1)


def covariance(transition: Array, moved: Array) -> Array:
    """That of states (k, k) in the long run; `moved` (k, k) is that of what is added to them from row to row.

    Errors: ParameterError if there is none. Source: Luetkepohl (2005), New Introduction to Multiple Time Series Analysis, 2.1.
    """
    if not np.isfinite(transition).all() or explodes(transition):
        raise ParameterError("transition has an eigenvalue of size 1 or more, so that its states have no long run.")
    found = _gathered(transition, moved)
    return np.asarray((found + found.T) / 2)


def _gathered(transition: Array, added: Array) -> Array:
    """The sum of A^n `added` A'^n over n = 0, 1, ..., of states (k, k) that move by A."""
    k = len(added)
    if k > FEW:
        return np.asarray(scipy.linalg.solve_discrete_lyapunov(transition, added))
    pairs = transition[:, None, :, None] * transition[None, :, None, :]  # np.kron, in a tenth of the time
    equations = np.eye(k * k) - pairs.reshape(k * k, k * k)
    return np.asarray(np.linalg.solve(equations, added.ravel()).reshape(k, k), dtype=np.float64)


def log_density(spread: Array, series: float, squares: Array) -> tuple[float, Array]:
    """That of first states, and its slope along their covariance `spread` (k, k); -inf where they have no such covariance.

    `squares` (k, k): the sum over so many `series` of what is expected of their products. States of variance 0 are 0.
    """
    own = np.diag(spread)
    some, slope = own > 0, np.zeros_like(spread)
    if (np.diag(squares)[~some] > 0).any():
        return -np.inf, slope
    unit = np.sqrt(own[some])
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(spread[np.ix_(some, some)] / np.outer(unit, unit)))
    except np.linalg.LinAlgError:
        return -np.inf, slope
    precision = inverse.T @ inverse / np.outer(unit, unit)
    logs = 2 * (np.log(unit).sum() - np.log(np.diag(inverse)).sum()) + some.sum() * np.log(2 * np.pi)
    inner = squares[np.ix_(some, some)]
    slope[np.ix_(some, some)] = precision @ (inner - series * spread[np.ix_(some, some)]) @ precision / 2
    return -0.5 * float(series * logs + np.sum(precision * inner)), slope


def pulled(transition: Array, spread: Array, slope: Array) -> tuple[Array, Array]:
    """The slope along the covariance of the long run as those along transition and what is added to states, (k, k) each."""
    along = _gathered(transition.T, slope)
    return 2 * along @ transition @ spread, along
