"""Numbers in tables: as many digits as mean something."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.report.tables import aligned, beside
from emkit.search.seeding import spread_start


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (1e8 + 0.125, 0.1, "100000000.12"),
        (-1.5e12, 3e3, "-1500000000000"),
        (2.03641, 0.05, "2.0364"),
        (1234.5678, 0.0012, "1234.5678"),
        (1e300, 1.0, "1e+300"),
        (0.5, np.nan, "0.50000"),
        (1e8, 0.0, "100000000"),
    ],
)
def test_an_estimate_has_the_digits_that_its_error_leaves(value, error, shown):
    assert beside(value, error) == shown


def test_means_far_from_zero_can_be_told_apart():
    assert aligned(np.array([1e8 + 8, 1e8])) == ["100000008", "100000000"]
    x = np.concatenate([np.random.default_rng(k).normal(1e8 + 8 * k, 1, 200) for k in (0, 1)])
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    result = ek.fit(model, source, spread_start(model, source, 2, seed=0)).in_order()
    lines = result.summary(standard_errors=True).splitlines()
    means = [float(line.split()[3]) for line in lines if line.split()[:1] == ["mean"]]
    assert means == pytest.approx(result.params.components.means.ravel(), rel=0, abs=0.005)
