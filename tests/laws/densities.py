"""Laws of densities: they normalise, rows drawn independently follow them, and units do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from emkit.core.parameters import get_at, leaves, replace_at

Array = np.ndarray


def assert_normalises(family: Any, params: Any, grid: tuple[Array, Array]) -> None:
    points, volumes = grid
    mass = volumes @ np.exp(family.log_density(params, points))
    np.testing.assert_allclose(mass, 1, rtol=1e-9, err_msg="the density does not sum to 1")


def assert_sample_follows(
    family: Any, params: Any, k: int, sample: Array, grid: tuple[Array, Array], standard_errors: float = 5
) -> None:
    """The mean log-density of rows drawn from component k is what the density itself expects."""
    points, volumes = grid
    log_density = family.log_density(params, points)
    expected = volumes @ np.where(log_density > -700, np.exp(log_density) * log_density, 0.0)
    drawn = family.log_density(params, sample)[:, k]
    error = drawn.std() / np.sqrt(len(drawn)) + 1e-12  # where the density is the same everywhere, only rounding is left
    assert abs(drawn.mean() - expected[k]) <= standard_errors * error, (
        f"rows of component {k} do not follow its density: {drawn.mean():.5g} against {expected[k]:.5g} +- {error:.2g}"
    )


def _is_square(path: str) -> bool:
    """Whether a field has the square of the unit of the data."""
    return any(word in path for word in ("varianc", "volume", "uniqueness"))


def moved(params: Any, shift: float, scale: float) -> Any:
    """Gaussian mixture parameters for the data shift + scale * x."""
    changes = {}
    for leaf in leaves(params):
        if leaf.path.endswith("means"):
            changes[leaf.path] = shift + scale * leaf.value
        elif _is_square(leaf.path):
            changes[leaf.path] = scale**2 * leaf.value
        elif leaf.path.endswith("intercepts"):
            loadings = get_at(params, leaf.path.replace("intercepts", "loadings"))
            changes[leaf.path] = scale * leaf.value + shift * (1 - loadings.sum(axis=1))
        elif leaf.path.endswith("loadings") and not _marked(params, leaf.path):
            changes[leaf.path] = scale * leaf.value
    return replace_at(params, changes)


def _marked(params: Any, path: str) -> bool:
    """Whether loadings are in units of columns, which mark factors."""
    return hasattr(get_at(params, path.rpartition(".")[0]), "markers")


def _unit(params: Any, path: str, shift: float, scale: float) -> float:
    """The unit of a field where data are in units of `scale`; of what loadings carry from an origin `shift` away, that, too."""
    if path.endswith("intercepts"):
        return scale + abs(shift)
    if path.endswith("means") or (path.endswith("loadings") and not _marked(params, path)):
        return scale
    return scale**2 if _is_square(path) else 1.0


def assert_units_do_not_matter(
    model: Any, start: Any, x: Array, shift: float, scale: float, solver: Any, tolerance: float
) -> None:
    """Shifted and scaled data give the shifted and scaled estimate, from the shifted and scaled start."""
    plain = ek.fit(model, x, start, solver=solver)
    y = shift + scale * x
    other = ek.fit(model, y, moved(start, shift, scale), solver=solver)
    assert other.outcome.status is plain.outcome.status, f"{other.outcome} against {plain.outcome}"
    jacobian = x.size * np.log(scale)
    assert abs(other.log_likelihood + jacobian - plain.log_likelihood) <= tolerance * (1 + abs(plain.log_likelihood)), (
        f"the log-likelihood depends on the unit: {other.log_likelihood + jacobian!r} against {plain.log_likelihood!r}"
    )
    wanted = moved(plain.params, shift, scale)
    for found, leaf in zip(leaves(other.params), leaves(wanted), strict=True):
        off = np.abs(found.value - leaf.value).max() / _unit(wanted, leaf.path, shift, scale)
        assert off <= 1e3 * tolerance + 1e-6, f"{leaf.path} depends on the unit: off by {off:.3g}"
