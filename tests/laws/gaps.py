"""Laws of missing cells: the density of a row is that of what was seen of it, and complete rows know nothing of gaps."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from emkit.core.parameters import leaves
from tests.cases import estimate

Array = np.ndarray


def assert_gaps_are_integrated_out(family: Any, params: Any, grid: tuple[Array, Array]) -> None:
    """The density of a row with a gap is the sum over the grid of the densities of the rows that it may have been."""
    points, volumes = grid
    density = volumes[:, None] * np.exp(family.log_density(params, points))
    among = family.among_gaps
    nothing = among.log_density(params, np.full((2, points.shape[1]), np.nan))
    assert np.abs(nothing).max() <= 1e-15, "a row of which nothing was seen is not certain"
    if family.support.width > 1:
        return
    for j in range(points.shape[1]):
        others = np.delete(points, j, axis=1)
        seen, which = np.unique(others, axis=0, return_inverse=True)
        if not others.shape[1]:
            continue
        rows = np.insert(seen, j, np.nan, axis=1)
        summed = np.stack([np.bincount(which.ravel(), column) for column in density.T], axis=1)
        around = np.bincount(which.ravel(), volumes)
        found = around[:, None] * np.exp(among.log_density(params, rows))
        found /= found[:, 0].sum()  # the extent of the grid along the column that is missing
        np.testing.assert_allclose(found, summed, rtol=1e-7, atol=1e-10, err_msg=f"column {j} is not integrated out")


def assert_complete_rows_are_as_without(family: Any, params: Any, x: Array, weights: Array) -> None:
    among = family.among_gaps
    np.testing.assert_allclose(
        among.log_density(params, x), family.log_density(params, x), rtol=1e-12, atol=1e-12, err_msg="other densities"
    )
    one, other = (estimate(each, each.statistics(params, x, weights), params) for each in (among, family))
    for a, b in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-9, atol=1e-12, err_msg=f"another estimate of {a.path}")
    profile = ek.ArraySource(x).profile
    for a, b in zip(leaves(among.pooled(profile, 2)), leaves(family.pooled(profile, 2)), strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-9, err_msg=f"another centre of {a.path}")


def assert_expected_is_maximised(model: Any, params: Any, x: Array, rng: np.random.Generator) -> None:
    """No point near the M-step's has a higher expected log-likelihood, of labels and of cells that were not seen."""
    em = ek.EMMap(model, ek.ArraySource(x), params)
    stats = em.expectation(params).statistics
    update = model.m_step(stats, params)
    coordinates = model.coordinates(update)
    here, best = coordinates.pack(update), model.expected(stats, params, update).value
    for length in (1e-4, 1e-2, 0.3):
        for move in [*np.eye(len(here)), *-np.eye(len(here)), *rng.standard_normal((20, len(here)))]:
            value = model.expected(stats, params, coordinates.unpack(here + length * move, update)).value
            assert value <= best + 1e-11 * (1 + abs(best)), f"a neighbour is better: {value!r} against {best!r}"
