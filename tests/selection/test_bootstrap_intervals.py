"""Intervals from replicates, on distributions whose quantiles are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from emkit.selection.bootstrap_intervals import acceleration_from, bca, percentile

NORMAL = stats.norm.ppf(np.arange(1, 2_000) / 2_000)[:, None]


def test_percentiles_are_quantiles():
    assert percentile(NORMAL, 0.95) == pytest.approx(np.array([[-1.96, 1.96]]), abs=1e-3)


def test_without_bias_and_acceleration_bca_is_the_percentile_interval():
    found = bca(NORMAL, np.array([1e-9]), np.zeros(1), 0.9)
    assert found == pytest.approx(percentile(NORMAL, 0.9), abs=3e-3)


def test_bca_agrees_with_scipy():
    x = np.random.default_rng(3).exponential(size=40)
    rng = np.random.default_rng(0)
    replicates = x[rng.integers(0, 40, (4_000, 40))].mean(axis=1)
    expected = stats.bootstrap((x,), np.mean, n_resamples=0, bootstrap_result=_result(replicates), method="BCa")
    left_out = np.array([np.delete(x, i).mean() for i in range(40)])[:, None]
    acceleration = acceleration_from(left_out, x.mean(keepdims=True), np.ones(40))
    found = bca(replicates[:, None], x.mean(keepdims=True), acceleration, 0.95)[0]
    assert found == pytest.approx(expected.confidence_interval, abs=2e-3)


def _result(replicates):
    made = stats.bootstrap((np.arange(3.0),), np.mean, n_resamples=3, method="percentile")
    made.bootstrap_distribution = replicates
    return made


def test_where_all_replicates_lie_on_one_side_there_is_no_bca_interval():
    assert np.isnan(bca(NORMAL, np.array([9.0]), np.zeros(1), 0.9)).all()
