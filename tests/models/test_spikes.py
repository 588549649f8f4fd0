"""Many rows in one plane, as no others are, are a cluster that a search keeps; few rows, or planes of rounded numbers: no."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.search.seeding import spread_start

pytestmark = pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")

ROWS = 200


def flat(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Rows of a cluster in two columns that has a spread in one direction only."""
    t = rng.normal(size=ROWS)
    return {
        "one column is 0": np.column_stack([t + 2, np.zeros(ROWS)]),
        "a line": np.column_stack([t + 2, 2 * t + 1]),
        "far from the origin": np.column_stack([t + 2, 2 * t + 1]) * 1e-3 + 1e4,
    }[kind]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["one column is 0", "a line", "far from the origin"])
def test_a_cluster_without_a_spread_in_one_direction_is_found(kind, seed):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(ROWS, 2))
    if kind == "far from the origin":
        cloud = cloud * 1e-3 + 1e4
    found = ek.GaussianMixture(2, random_state=seed).fit(np.concatenate([cloud, flat(kind, rng)])).result_
    (which,) = found.degenerate
    assert found.model.planar(found.params, found.source.profile) == (which,)
    assert found.params.proportions[which] == pytest.approx(0.5, abs=0.02)
    assert "as no other rows do" in " ".join(found.summary().split())


def test_so_is_one_where_columns_are_independent():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(ROWS, 2)), np.column_stack([rng.normal(3, 1, size=ROWS), np.ones(ROWS)])])
    found = ek.GaussianMixture(2, covariance_type="diag", random_state=0).fit(rows).result_
    assert found.model.planar(found.params, found.source.profile) == found.degenerate == (1,)


def test_equal_rows_are_none():
    rows = np.concatenate([np.random.default_rng(0).normal(size=(ROWS, 2)), np.full((ROWS // 2, 2), 1.0)])
    found = ek.GaussianMixture(2, random_state=0).fit(rows).result_
    assert found.model.planar(found.params, found.source.profile) == ()


def at(rows: np.ndarray, own: np.ndarray) -> tuple[ek.Mixture, ek.MixtureParams, object]:
    """A normal on `own` rows, held by the floor, beside one on the others."""
    model = ek.Mixture(ek.FullGaussian())
    source = ek.ArraySource(rows)
    start = spread_start(model, source, 2, 0)
    mean, covariance = rows[own].mean(axis=0), np.cov(rows[own].T, ddof=0)
    values, vectors = np.linalg.eigh(covariance)
    unit = rows.var(axis=0)
    assert np.allclose(unit, unit[0], rtol=0.2)
    held = (vectors * np.maximum(values, 1e-6 * unit[0])) @ vectors.T
    components = ek.FullGaussianParams(
        np.array([mean, start.components.means[1]]), np.array([held, start.components.covariances[1]])
    )
    return model, ek.MixtureParams([own.mean(), 1 - own.mean()], components), source.profile


def test_planes_of_rounded_numbers_are_none():
    rows = np.random.default_rng(0).normal(size=(400, 2)).round(1)
    values, counts = np.unique(rows[:, 1], return_counts=True)
    own = rows[:, 1] == values[counts.argmax()]
    model, params, profile = at((rows - rows.mean(0)) / rows.std(0), own)
    assert own.sum() >= 18
    assert model.degenerate(params, profile) == model.spikes(params, profile) == (0,)


def test_neither_are_few_rows():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(390, 2)), np.column_stack([rng.normal(size=10), np.zeros(10)])])
    model, params, profile = at((rows - rows.mean(0)) / rows.std(0), np.arange(400) >= 390)
    assert model.degenerate(params, profile) == model.spikes(params, profile) == (0,)
