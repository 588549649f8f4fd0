"""Incremental EM ends where EM ends, in fewer passes, and says what it did."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.statistics import SumTree, add_up
from tests.core.test_online import START, counts

MODEL = ek.Mixture(ek.Poisson())


@pytest.mark.parametrize("number", [1, 2, 3, 5, 8, 13])
def test_a_tree_adds_up_as_sums_do(number):
    leaves = list(np.random.default_rng(number).normal(size=(number, 3)) * 10.0 ** np.arange(-8, 0, 3))
    tree = SumTree(leaves)
    assert np.array_equal(tree.total, add_up(leaves))
    leaves[number // 2] = leaves[number // 2] * 3
    tree.replace(number // 2, leaves[number // 2])
    assert np.array_equal(tree.total, add_up(leaves))
    assert all(map(np.array_equal, tree.leaves, leaves))


def test_nothing_is_no_sum():
    with pytest.raises(ValueError, match="the source has no chunks"):
        SumTree([]).total  # noqa: B018


def test_it_ends_at_the_maximum_and_its_history_rises():
    x = np.concatenate([counts(t) for t in range(6)])
    plain = ek.fit(MODEL, x, START)
    result = ek.fit_incremental(MODEL, ek.ArraySource(x, chunk_rows=100), START)
    assert result.converged
    assert abs(result.log_likelihood - plain.log_likelihood) <= 1e-7
    np.testing.assert_allclose(result.params.components.rates, plain.params.components.rates, rtol=1e-6)
    assert result.evaluations < plain.evaluations
    heights = [entry.objective for entry in result.history]
    assert all(np.diff(heights) >= -1e-9)
    assert [entry.iteration for entry in result.history] == list(range(len(heights)))
    assert result.starts().best.start is START
    assert "Before that, incremental EM passed" in result.outcome.sentence
    assert "over 18 cuts." in result.outcome.sentence


def test_one_cut_is_em():
    x = counts(1)
    one = ek.fit_incremental(MODEL, ek.ArraySource(x, chunk_rows=300), START)
    plain = ek.fit(MODEL, x, START)
    assert one.history[0].objective <= plain.history[1].objective <= one.history[1].objective + 1e-9
    assert abs(one.log_likelihood - plain.log_likelihood) <= 1e-8


def test_its_budget_is_in_passes():
    result = ek.fit_incremental(MODEL, ek.ArraySource(counts(1), chunk_rows=30), START, max_evaluations=2)
    assert result.outcome.status is ek.Status.BUDGET
    assert result.evaluations == 3  # the last pass tells where it ended


def test_what_draws_lots_does_not_climb():
    with pytest.raises(ek.ModelError, match="draws lots"):
        ek.fit_incremental(ek.Mixture(ek.Poisson(), ek.Sampled(seed=1)), counts(1), START)


def test_a_model_that_tells_no_expected_log_likelihood_has_no_free_energy():
    class Silent(ek.Poisson):
        def expected(self, stats, before, now):
            raise NotImplementedError("Silent does not write expected.")

    with pytest.raises(ek.ModelError, match=r"Silent does not write expected\. Incremental EM needs it"):
        ek.fit_incremental(ek.Mixture(Silent()), counts(1), START)
