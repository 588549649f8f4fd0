"""Groups of rows drawn from a model for the covariates that they have."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.chunk import Chunk
from emkit.selection.resampling import parametric

REGRESSION = ek.PoissonRegression(0, 1)
LINES = ek.RegressionParams([[0.0, 0.1], [4.0, 0.1]])  # counts near 1, and near 55
LENGTHS = np.full(60, 5)
OF_GROUPS = {
    "mixture": (ek.Mixture(REGRESSION), ek.MixtureParams([0.5, 0.5], LINES)),
    "gated": (ek.GatedMixture(REGRESSION, 1), ek.GatedMixtureParams([[0.0, 0.0], [0.0, 1.0]], LINES)),
}
OF_SEQUENCES = {
    "chain": (ek.HiddenMarkovChain(REGRESSION), ek.HiddenMarkovParams([0.5, 0.5], [[0.6, 0.4], [0.4, 0.6]], LINES)),
    "stationary": (
        ek.StationaryHiddenMarkovChain(REGRESSION),
        ek.StationaryHiddenMarkovParams([[0.6, 0.4], [0.4, 0.6]], LINES),
    ),
    "stays": (
        ek.HiddenSemiMarkovChain(REGRESSION, durations="poisson", longest=4),
        ek.HiddenSemiMarkovParams([0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], ek.PoissonParams([[0.5], [0.5]]), LINES),
    ),
    "gated": (
        ek.GatedHiddenMarkovChain(REGRESSION, transitions=1),
        ek.GatedHiddenMarkovParams([0.5, 0.5], [[[0.0, 0.0], [-0.4, 0.1]], [[0.0, 0.0], [0.4, 0.1]]], LINES),
    ),
}


def high_in_each_group(model, params) -> tuple[np.ndarray, np.ndarray]:
    """How many rows of each group (60,) are of the second component, in rows drawn anew from a fit; and the covariates."""
    rng = np.random.default_rng(2)
    z = np.repeat(rng.integers(-2, 3, 60), 5).astype(float)
    x, _ = model.draw_given(params, rng, np.column_stack([np.zeros(300), z]), LENGTHS)
    fit = ek.fit(ek.Frozen(model, "components"), x, params, groups=np.repeat(np.arange(60), 5), max_evaluations=1)
    drawn = parametric(fit, Chunk(x, np.ones(300), 0, np.arange(0, 301, 5)), rng)
    assert drawn.groups.tolist() == list(range(0, 301, 5))
    np.testing.assert_array_equal(drawn.x[:, 1], z)
    assert (drawn.x[:, 0] != x[:, 0]).any()
    return (drawn.x[:, 0] > 15).reshape(60, 5).sum(axis=1), z[::5]


@pytest.mark.parametrize("kind", OF_GROUPS)
def test_all_rows_of_a_group_are_drawn_from_one_component(kind):
    high, z = high_in_each_group(*OF_GROUPS[kind])
    assert set(high) == {0, 5}
    if kind == "gated":
        assert (high[z > 0] == 5).mean() > 0.6
        assert (high[z < 0] == 5).mean() < 0.4


@pytest.mark.parametrize("kind", OF_SEQUENCES)
def test_states_change_within_the_sequences_that_are_drawn(kind):
    high, _ = high_in_each_group(*OF_SEQUENCES[kind])
    assert set(high) >= {1, 2, 3, 4}
