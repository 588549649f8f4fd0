"""Numbers stay right whatever the offset and the unit: certified values, shifts, scales."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.errors import DegenerateDataWarning
from emkit.families.gaussian.columns import pooled_moments
from emkit.search import spread_start

FORMS = [ek.FullGaussian, ek.TiedGaussian, ek.DiagonalGaussian, ek.SphericalGaussian]


def digits(found: float, certified: float) -> float:
    """The log relative error: how many significant digits agree (15 at most)."""
    return 15.0 if found == certified else min(15.0, -np.log10(abs(found - certified) / abs(certified)))


def numacc(base: float, spread: float, pairs: int) -> np.ndarray:
    """The pattern of NIST's NumAcc2-4: a centre, then `pairs` times centre -/+ spread."""
    return np.concatenate([[base], np.tile([base - spread, base + spread], pairs)])


# name, data, certified mean, certified sample standard deviation, digits that float64 data allow for the latter
CERTIFIED = [
    ("NumAcc1", np.array([10000001.0, 10000003.0, 10000002.0]), 10000002.0, 1.0, 9.0),
    ("NumAcc2", numacc(1.2, 0.1, 500), 1.2, 0.1, 9.0),
    ("NumAcc3", numacc(1000000.2, 0.1, 500), 1000000.2, 0.1, 9.0),
    ("NumAcc4", numacc(10000000.2, 0.1, 500), 10000000.2, 0.1, 8.0),  # the data themselves are rounded at 1e-9
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "x", "mean", "deviation", "allowed"), CERTIFIED, ids=[row[0] for row in CERTIFIED])
def test_certified_means_and_standard_deviations(
    form: type, name: str, x: np.ndarray, mean: float, deviation: float, allowed: float
):
    model = ek.Mixture(form())
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 1, 0))
    variance = float(np.ravel(list(vars(result.params.components).values())[1])[0])
    assert digits(result.params.components.means[0, 0], mean) >= 13
    assert digits(np.sqrt(variance * len(x) / (len(x) - 1)), deviation) >= allowed


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rows", [180, 20_000])
@pytest.mark.parametrize(("shift", "scale"), [(1e8, 1.0), (-1e6, 1.0), (0.0, 1e-12), (0.0, 1e12), (0.0, 1e-3), (0.0, 3.7e5)])
def test_shift_and_scale_only_change_the_jacobian(form: type, rows: int, shift: float, scale: float):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 2)) + 4 * rng.integers(3, size=(rows, 1))
    moved = x * scale + shift
    model = ek.Mixture(form())
    here = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 3, 0), max_evaluations=30)
    there = ek.fit(model, moved, spread_start(model, ek.ArraySource(moved), 3, 0), max_evaluations=30)
    assert there.log_likelihood + x.size * np.log(scale) == pytest.approx(here.log_likelihood, rel=1e-8)
    np.testing.assert_allclose(
        (there.params.components.means - shift) / scale, here.params.components.means, rtol=1e-5, atol=1e-5
    )


def test_a_constant_column_is_fitted_and_does_not_move_the_others():
    x = np.random.default_rng(0).normal(size=(200, 2)) + 5 * np.random.default_rng(1).integers(2, size=(200, 1))
    with_constant = np.column_stack([x, np.full(200, 7.0)])
    for form in (ek.DiagonalGaussian, ek.FullGaussian):
        model = ek.Mixture(form())
        start = spread_start(model, ek.ArraySource(x), 2, 0)
        start_too = spread_start(model, ek.ArraySource(with_constant), 2, 0)
        alone = ek.fit(model, x, start)
        with pytest.warns(DegenerateDataWarning, match="constant: x2"):
            together = ek.fit(model, with_constant, start_too)
        np.testing.assert_allclose(together.params.components.means[:, :2], alone.params.components.means, rtol=1e-6)
        np.testing.assert_allclose(together.params.components.means[:, 2], 7.0)


@pytest.mark.parametrize("order", ["sorted", "periodic", "one far row"])
def test_pooled_moments_of_many_rows_keep_their_digits_whatever_their_order(order: str):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60_000, 2)) @ [[1.0, 0.5], [0.0, 1e-3]]
    if order == "sorted":
        x = np.sort(x, axis=0)
    elif order == "periodic":
        x[::6] += 40.0  # the rows that are looked at first
    else:
        x[7] += 1e6
    x += 1e8
    weights = rng.integers(1, 4, size=len(x)).astype(float)
    mean, covariance, _ = pooled_moments(ek.ArraySource(x, weights).profile)
    wide, w = x.astype(np.longdouble), weights.astype(np.longdouble)
    exact_mean = (w @ wide) / w.sum()
    deviation = wide - exact_mean
    exact = (deviation * w[:, None]).T @ deviation / w.sum()
    np.testing.assert_allclose(mean, exact_mean.astype(float), rtol=1e-15)
    np.testing.assert_allclose(covariance, exact.astype(float), rtol=1e-11)
