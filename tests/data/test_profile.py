"""Sums over all rows, however they are cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import emkit as ek
from emkit.core.statistics import Additive


@dataclass(frozen=True)
class Moments(Additive):
    mass: float
    total: np.ndarray


@pytest.mark.parametrize("chunk_rows", [1, 7, 100])
def test_a_total_is_the_sum_over_all_rows_with_their_weights(chunk_rows):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(60, 2)), rng.uniform(1, 3, 60)
    profile = ek.ArraySource(x, weights, chunk_rows=chunk_rows).profile
    found = profile.total(lambda x, weights: Moments(float(weights.sum()), weights @ x))
    np.testing.assert_allclose(found.mass, weights.sum(), rtol=1e-13)
    np.testing.assert_allclose(found.total, weights @ x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(profile.average(lambda x: x), found.total / found.mass, rtol=1e-12, atol=1e-13)
