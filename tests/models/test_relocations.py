"""One or two components put elsewhere, and the kinds of division that starts come from."""

from __future__ import annotations

from itertools import islice

import numpy as np

import emkit as ek
from emkit.models.divisions import FAR, KINDS, LONG, LONG_PATCHES, ROUND, divisions
from emkit.models.relocations import relocations

MODEL = ek.Mixture(ek.SphericalGaussian())


def three(rng):
    """Two far clusters of 100 rows each, and 30 rows further off."""
    centres = np.repeat([[0.0, 0.0], [20.0, 0.0], [0.0, 40.0]], [100, 100, 30], axis=0)
    return centres + rng.normal(size=centres.shape)


def test_some_relocations_lead_from_a_poor_maximum_to_the_best():
    x = three(np.random.default_rng(0))
    poor = ek.MixtureParams(  # two components share a cluster, one has two
        [0.25, 0.25, 0.5], ek.SphericalGaussianParams([[0, 1], [0, -1], [14, 10]], [1.0, 1.0, 150.0])
    )
    end = ek.fit(MODEL, x, poor)
    starts = list(islice(relocations(MODEL, end.params, ek.ArraySource(x).profile, 0), 12))
    heights = [ek.fit(MODEL, x, start).log_likelihood for start in starts]
    best = ek.fit(
        MODEL, x, ek.MixtureParams([0.4, 0.4, 0.2], ek.SphericalGaussianParams([[0, 0], [20, 0], [0, 40]], [1, 1, 1]))
    )
    assert end.log_likelihood < best.log_likelihood - 100
    assert 2 <= sum(abs(height - best.log_likelihood) < 1e-6 for height in heights) < 12


def test_relocations_follow_their_seed_and_none_are_made_of_one_component():
    x = three(np.random.default_rng(1))
    profile = ek.ArraySource(x).profile
    params = ek.MixtureParams([0.5, 0.5], ek.SphericalGaussianParams([[0, 0], [20, 0]], [1.0, 400.0]))
    one, same, other = (
        [start.components.means for start in islice(relocations(MODEL, params, profile, seed), 6)] for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    alone = ek.MixtureParams([1.0], ek.SphericalGaussianParams([[0, 0]], [400.0]))
    assert list(islice(relocations(MODEL, alone, profile, 0), 1)) == []


def test_long_clusters_are_told_apart_where_columns_have_no_correlations():
    """Two parallel strips along the diagonal: far apart in standard units are their ends."""
    rng = np.random.default_rng(2)
    side = np.repeat([-1, 1], 300)
    along = rng.uniform(-60, 60, 600)
    x = np.c_[along + side, along - side] + 0.2 * rng.normal(size=(600, 2))
    weights = np.ones(600)
    right = [
        max(np.mean(found == (side > 0)), np.mean(found != (side > 0))) for found in divisions(x, weights, 2, range(2 * ROUND))
    ]
    assert max(each for each, kind in zip(right, 2 * KINDS, strict=True) if kind is FAR) < 0.8
    assert np.median([each for each, kind in zip(right, 2 * KINDS, strict=True) if kind is LONG]) > 0.95
    column = [np.unique(found).size for found in divisions(x[:, :1], weights, 3, range(ROUND))]
    assert set(column) == {3}


def test_patches_hold_rows_that_lie_together_and_differ_in_size():
    x = three(np.random.default_rng(4))
    seeds = [seed for seed in range(3 * ROUND) if KINDS[seed % ROUND] is LONG_PATCHES]
    sizes = []
    for found in divisions(x, np.ones(len(x)), 4, seeds):
        assert set(found) == {0, 1, 2, 3}
        first = x[found == 0]
        rest = np.linalg.norm(x[found != 0][:, None] - first.mean(axis=0), axis=2)
        assert np.median(np.linalg.norm(first - first.mean(axis=0), axis=1)) < np.median(rest)
        sizes.append(len(first))
    assert min(sizes) < 40 < max(sizes)


def test_directions_without_spread_count_for_nothing():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 1)) * [1.0, 2.0, 0.0] + [0, 0, 7.0]
    found = next(divisions(x, np.ones(50), 2, [KINDS.index(LONG)]))
    np.testing.assert_array_equal(np.unique(found), [0, 1])
    assert np.ptp(x[found == 0, 0]) + np.ptp(x[found == 1, 0]) < np.ptp(x[:, 0])


def test_a_row_of_weight_two_is_a_row_twice():
    x = three(np.random.default_rng(3))
    twice = np.arange(len(x)) % 3 == 0
    weighted = ek.ArraySource(x, np.where(twice, 2.0, 1.0)).profile
    copied = ek.ArraySource(np.concatenate([x, x[twice]])).profile
    params = ek.MixtureParams([0.4, 0.3, 0.3], ek.SphericalGaussianParams([[0, 0], [10, 0], [0, 40]], [9.0, 90.0, 1.0]))
    one, other = (list(islice(relocations(MODEL, params, profile, 0), 20)) for profile in (weighted, copied))
    for start, same in zip(one, other, strict=True):
        np.testing.assert_allclose(start.components.means, same.components.means, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(start.proportions, same.proportions, rtol=1e-9)
