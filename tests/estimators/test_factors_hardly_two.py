"""Two factors that are one: their correlation approaches 1, which a fit says."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek


def test_factors_that_are_one_are_told():
    rng = np.random.default_rng(7)
    x = rng.normal(size=300)[:, None] * np.full(6, 0.7) + rng.normal(size=(300, 6)) * 0.6
    table = dict(zip("abcdef", x.T, strict=True))
    with pytest.warns(ek.EmkitWarning, match="Factors f and h correlate 0.99.*: they are hardly two"):
        two = ek.ConfirmatoryFactorAnalysis("f =~ a + b + c\nh =~ d + e + f", max_iter=400).fit(table)
    one = ek.ConfirmatoryFactorAnalysis("g =~ a + b + c + d + e + f").fit(table)
    assert two.result_.log_likelihood == pytest.approx(one.result_.log_likelihood, abs=1e-2)
