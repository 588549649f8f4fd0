"""The factors that classes lie along, each with a mean and a covariance of its own, and the uniquenesses that they share.

Columns divided by the roots of their uniquenesses have errors alike in all directions. There, let U (d, m) be a basis of the
directions that the factors go along, orthonormal. Across these, all classes vary alike, by 1; along them, class k varies by
U' S_k U, or by 1 in directions in which that is less, and so the best covariance of its factors is known: what is more than 1.
So only directions and uniquenesses are sought, by Newton's method: twice the loss of a row is
log |Psi| + tr(Z - U'ZU) + sum_k share_k h(U' Z_k U), where Z and Z_k are the covariances of all rows and of classes in such
columns, and h adds up log v + 1 over eigenvalues v > 1, and v over others.
Source: Baek, McLachlan & Flack (2010), IEEE Trans. Pattern Anal. Mach. Intell. 32, 1298-1309, for the model; Edelman, Arias &
Smith (1998), SIAM J. Matrix Anal. Appl. 20, 303-353, for steps of a space.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.families.gaussian.best_factors import NEXT_TO_NONE, ROUNDING, covariance_roots
from emkit.families.gaussian.bounded_newton import Place, lowest

TINY = float(np.finfo(float).tiny)
ALIKE = 1e-9  # eigenvalues, relative: nearer ones are taken for equal


class FactorSpace(NamedTuple):
    """Directions that factors go along, with `loadings` (d, m), and `uniquenesses` (s,), s = d or 1.

    `along` (m, d): what of a deviation of columns goes along each factor; `covariances` (K, m, m) of the factors of each class.
    `height`: the log-likelihood of a row, without -d/2 log 2 pi.
    """

    loadings: Array
    uniquenesses: Array
    along: Array
    covariances: Array
    height: float


class _Problem(NamedTuple):
    """Classes of `shares` (K,), roots (K, d, d) of their covariances, and the root (d, d) of that of all rows."""

    shares: Array
    roots: Array
    whole: Array


def best_space(mass: Array, covariances: Array, whole: Array, loadings: Array, noise: Array, least: Array) -> FactorSpace:
    """The best directions and uniquenesses for classes of `mass` (K,) and covariances (K, d, d); of all rows, `whole` (d, d).

    It begins with the directions of `loadings` (d, m) and the uniquenesses `noise` (s,), s = d or 1 for all columns, and ends
    no lower; no uniqueness is below the `least` (s,).
    """
    d, m = loadings.shape
    problem = _Problem(mass / mass.sum(), covariance_roots(covariances[None])[0], covariance_roots(whole[None, None])[0, 0])
    logs = np.log(np.maximum(noise, least))
    across = (d - m) * m
    bound = np.concatenate([np.full(across, -np.inf), np.log(least)])

    def ahead(which: Integers, before: Place, step: Array) -> Place:
        basis, logs = before.loadings[0, 0], np.maximum(before.at[0] + step[0], bound)[across:]
        moved = basis + _rest(basis) @ step[0, :across].reshape(d - m, m)
        return _place(problem, _orthonormal(moved * np.exp((before.at[0, across:] - logs) / 2)[:, None]), logs)

    start = _place(problem, _orthonormal(loadings / np.exp(logs / 2)[:, None]), logs)
    here = lowest(start, ahead, bound[None])
    variances = np.diag(whole) if len(least) > 1 else np.diag(whole).mean(keepdims=True)
    for j in np.flatnonzero(here.at[0, across:] < np.log(NEXT_TO_NONE * np.maximum(variances, TINY))):
        away = np.zeros_like(here.at)
        away[0, across + j] = -np.inf
        there = ahead(np.array([0]), here, away)  # where steps never arrive
        if there.loss[0] <= here.loss[0] + max(here.rounding[0], there.rounding[0]):
            here = there
    basis, noise = here.loadings[0, 0], np.maximum(np.exp(here.at[0, across:]), least)
    values, axes = _spectrum(problem, basis, here.at[0, across:])[:2]
    found = (axes * np.maximum(values - 1, 0.0)[:, None, :]) @ axes.swapaxes(-1, -2)
    unit = np.sqrt(noise) * np.ones(d)
    return FactorSpace(unit[:, None] * basis, noise, basis.T / unit, found, float(-here.loss[0] / 2))


def space_height(mass: Array, covariances: Array, whole: Array, loadings: Array, noise: Array) -> float:
    """What `best_space` has for a height, with the directions of these loadings (d, m) and uniquenesses (s,)."""
    problem = _Problem(mass / mass.sum(), covariance_roots(covariances[None])[0], covariance_roots(whole[None, None])[0, 0])
    basis = _orthonormal(loadings / np.sqrt(noise * np.ones(len(loadings)))[:, None])
    return float(-_place(problem, basis, np.log(noise)).loss[0] / 2)


def first_directions(covariance: Array, noise: Array, m: int) -> Array:
    """Loadings (d, m) along the widest directions of a covariance (d, d), given uniquenesses (s,)."""
    unit = np.sqrt(noise)[:, None] * np.ones((len(covariance), 1))
    vectors = np.linalg.eigh(covariance / (unit * unit.T))[1][:, ::-1]
    return np.asarray(unit * vectors[:, :m])


def _orthonormal(vectors: Array) -> Array:
    return np.asarray(np.linalg.qr(vectors).Q)


def _rest(basis: Array) -> Array:
    """An orthonormal basis (d, d - m) of what lies across."""
    return np.asarray(np.linalg.qr(basis, mode="complete").Q[:, basis.shape[1] :])


def _spectrum(problem: _Problem, basis: Array, logs: Array) -> tuple[Array, Array, Array, Array]:
    """Eigenvalues (K, m) and -vectors (K, m, m) of U' Z_k U; roots of Z_k, and what of U' times these each vector has."""
    seen = problem.roots / np.exp(np.broadcast_to(logs, len(basis)) / 2)[:, None]
    axes, lengths, own = np.linalg.svd(basis.T @ seen, full_matrices=False)
    return lengths**2, axes, seen, lengths[..., None] * own


def _place(problem: _Problem, basis: Array, logs: Array) -> Place:
    """What is known at a basis (d, m) and logarithms (s,) of uniquenesses: along ways across the basis, row by row, and these.

    With a uniqueness moves the basis, as it does where the loadings stay. How that bends is left out: it is slopes times that,
    and where there is none left, nothing.
    """
    d, shares = len(basis), problem.shares
    values, axes, seen, along = _spectrum(problem, basis, logs)
    whole = problem.whole / np.exp(np.broadcast_to(logs, d) / 2)[:, None]
    rest, on_basis = _rest(basis), basis.T @ whole
    left = whole - basis @ on_basis
    wide = values > 1
    slope = np.where(wide, 1 / np.where(wide, values, 1.0), 1.0)  # of h
    heights = np.where(wide, np.log(np.where(wide, values, 1.0)) + 1, values).sum(axis=-1)
    loss = np.broadcast_to(logs, d).sum() + (left**2).sum() + shares @ heights

    turned = basis @ axes  # (K, d, m): the basis, in which U' Z_k U is diagonal
    narrowed = turned @ (slope[..., None] * along)  # U H U' Z_k, less its root
    of_rest = rest.T @ seen
    ways = 2 * (np.einsum("k,kai,kpi,kbp->ab", shares, of_rest, slope[..., None] * along, axes) - (rest.T @ left) @ on_basis.T)
    of_logs = 1 - (left * whole).sum(axis=1) - np.einsum("k,kji->j", shares, narrowed * seen)
    curvature = _curvature(problem.shares, basis, rest, values, slope, axes, seen, along, whole, on_basis)
    loaded = np.eye(len(curvature))
    loaded[: ways.size, ways.size :] = -np.einsum("ia,ib->abi", rest, basis).reshape(ways.size, d) / 2
    of_logs, curvature = of_logs + ways.ravel() @ loaded[: ways.size, ways.size :], loaded.T @ curvature @ loaded
    if len(logs) < d:
        fold = np.zeros((curvature.shape[0], ways.size + 1))
        fold[: ways.size, : ways.size], fold[ways.size :, -1] = np.eye(ways.size), 1.0
        of_logs, curvature = of_logs.sum(keepdims=True), fold.T @ curvature @ fold
    size = np.sqrt(np.append((seen**2).sum(axis=(-1, -2)) * (shares > 0), (whole**2).sum())).max()
    rounding = 10 * ROUNDING * (1 + abs(loss)) + ROUNDING * d * size
    at = np.concatenate([np.zeros(ways.size), logs])
    slopes = np.concatenate([ways.ravel(), of_logs])
    unit = np.concatenate([np.maximum(np.abs(np.diag(curvature))[: ways.size], 1.0) ** -0.5, np.ones(len(logs))])
    return Place(at[None], np.array([loss]), np.array([rounding]), slopes[None], curvature[None], basis[None, None], unit[None])


def _curvature(
    shares: Array, basis: Array, rest: Array, values: Array, slope: Array, axes: Array, seen: Array, along: Array,
    whole: Array, on_basis: Array,
) -> Array:  # fmt: skip
    """Second derivatives along ways across the basis, (d - m) m, and the logarithms of d uniquenesses.

    Each covariance adds what it bends by itself, times the slope of h, and how h bends; that of all rows is one with slope -1.
    """
    d, m = basis.shape
    size = (d - m) * m
    number = len(shares)
    roots = np.concatenate([seen, whole[None]])
    weights = np.append(shares, -1.0)[:, None]
    turned = np.concatenate([basis @ axes, basis[None]])  # (K + 1, d, m)
    on_axes = np.concatenate([along, on_basis[None]])  # (K + 1, m, d): turned' times the root
    bends = weights * np.concatenate([slope, np.ones((1, m))])  # H, along the axes; for all rows, -1
    each = np.concatenate([axes, np.eye(m)[None]])
    crossed = on_axes @ on_axes.swapaxes(-1, -2)  # U' Z U, diagonal but for all rows
    of_rest = rest.T @ roots  # (K + 1, d - m, d)
    outside, product = of_rest @ of_rest.swapaxes(-1, -2), roots @ on_axes.swapaxes(-1, -2)  # rest' Z rest, and Z U
    heavy = (each * bends[:, None, :]) @ each.swapaxes(-1, -2)
    inner = ((each * bends[:, None, :]) @ crossed @ each.swapaxes(-1, -2)).sum(axis=0)
    ways = 2 * np.einsum("kac,kbe->abce", outside, heavy) - 2 * np.einsum("ac,be->abce", np.eye(d - m), inner)
    by_bends = each * bends[:, None, :]
    mixed = -np.einsum("ia,kip,kbp->abi", rest, product, by_bends)
    mixed -= np.einsum("kia,kip,kbp->abi", roots @ of_rest.swapaxes(-1, -2), turned, by_bends)
    weighed = ((turned * bends[:, None, :]) @ turned.swapaxes(-1, -2) * (roots @ roots.swapaxes(-1, -2))).sum(axis=0)
    unique = (weighed + np.diag(weighed.sum(axis=1))) / 2 + np.diag((whole**2).sum(axis=1))

    first, other = values[:, :, None], values[:, None, :]
    apart = np.abs(first - other) > ALIKE * (first + other)
    ratio = (slope[:, :, None] - slope[:, None, :]) / np.where(apart, first - other, 1.0)
    equal = np.where(first > 1, -1 / np.maximum(first * other, 1.0), 0.0)
    bent = np.where((first > 1) & (other > 1), -1 / np.maximum(first * other, 1.0), np.where(apart, ratio, equal))
    inside = np.einsum("kai,kpi->kap", of_rest[:number], along)  # rest' Z U
    moved = np.empty((number, size + d, m, m))
    moved[:, :size] = np.einsum("kbi,kaj->kabij", axes, inside).reshape(number, size, m, m)
    moved[:, size:] = -np.einsum("kci,kcj->kcij", turned[:number], product[:number]) / 2
    moved += moved.swapaxes(-1, -2)
    weighed_ways = moved * (shares[:, None, None] * bent)[:, None]
    found = np.tensordot(weighed_ways, moved, ((0, 2, 3), (0, 2, 3)))
    found[:size, :size] += ways.reshape(size, size)
    found[:size, size:] += mixed.reshape(size, d)
    found[size:, :size] += mixed.reshape(size, d).T
    found[size:, size:] += unique
    return np.asarray(found)
