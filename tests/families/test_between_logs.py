"""Gamma and inverse Gaussian values known up to intervals, against SciPy's probabilities, integrals and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

import emkit as ek

SHAPES = [1e-3, 0.02, 0.5, 1.0, 3.0, 50.0, 1e4]
LOW = np.array([0.0, 0.0, 0.5, 1.9, 2.0, 2.1, 1.0, 5.0, 0.0])
HIGH = np.array([1.0, np.inf, 1.0, 2.1, np.inf, np.inf, 3.0, 6.0, 1e-9])


def told(frozen) -> np.ndarray:
    """The log-probabilities of the intervals."""
    with np.errstate(divide="ignore"):
        between = np.log(np.where(LOW > 2, frozen.sf(LOW) - frozen.sf(HIGH), frozen.cdf(HIGH) - frozen.cdf(LOW)))
        return np.where(np.isinf(HIGH), frozen.logsf(LOW), np.where(LOW == 0, frozen.logcdf(HIGH), between))


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma_intervals(shape):
    inside = ek.Gamma().between(ek.GammaParams([[shape]], [[2.0]]), LOW, HIGH)
    expected = told(stats.gamma(shape, scale=2 / shape))
    sure = expected > -20  # of others, differences have lost their digits
    np.testing.assert_allclose(inside.log_mass[sure, 0], expected[sure], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_expected_of_gamma_values(shape):
    """The mean above a place is a quotient of two tails; the mean logarithm of all is a digamma."""
    family, params = ek.Gamma(), ek.GammaParams([[shape]], [[2.0]])
    for low in (0.0, 1.0, 2.0, 2.01):
        mean = 2 * special.gammaincc(shape + 1, low * shape / 2) / special.gammaincc(shape, low * shape / 2)
        stats_above = family.between(params, np.array([low]), np.array([np.inf])).statistics(np.array([[3.0]]))
        assert stats_above.mass == pytest.approx([3.0], rel=1e-12)
        assert stats_above.shift.item() == pytest.approx(3 * (mean / 2 - 1), rel=1e-10, abs=1e-12)
    of_all = family.between(params, np.array([-np.inf]), np.array([np.inf])).statistics(np.array([[1.0]]))
    assert of_all.excess.item() == pytest.approx(np.log(shape) - special.digamma(shape), rel=1e-8)


@pytest.mark.parametrize("ratio", [1e-3, 0.1, 1.0, 30.0, 1e4])
def test_inverse_gaussian_intervals(ratio):
    family, params = ek.InverseGaussian(), ek.InverseGaussianParams([[2.0]], [[2 * ratio]])
    frozen = stats.invgauss(1 / ratio, scale=2 * ratio)
    with np.errstate(divide="ignore"):
        expected = told(frozen)
    found, sure = family.between(params, LOW, HIGH).log_mass[:, 0], expected > -20
    np.testing.assert_allclose(found[sure], expected[sure], rtol=1e-8, atol=1e-8)
    for low, high in ((1.0, 3.0), (0.5, 1.0)):
        if frozen.cdf(high) - frozen.cdf(low) > 1e-6:
            known = family.between(params, np.array([low]), np.array([high])).statistics(np.array([[1.0]]))
            mean, away = (
                integrate.quad(lambda x, g=g: g(x) * frozen.pdf(x), low, high, points=[2.0] if high > 2 else None)[0]
                / (frozen.cdf(high) - frozen.cdf(low))
                for g in (lambda x: x / 2 - 1, lambda x: (x - 2) ** 2 / (2 * x))
            )
            assert known.shift.item() == pytest.approx(mean, rel=1e-6, abs=1e-8)
            assert known.away.item() == pytest.approx(away, rel=1e-6)


@pytest.mark.parametrize("family", [ek.Gamma(), ek.InverseGaussian()])
def test_parameters_far_from_all_intervals_leave_log_masses_that_are_numbers(family):
    names = ("shapes", "means")
    low, high = np.array([0.0, 1.0, 2.0, 1.0]), np.array([1.0, 2.0, np.inf, 1.0 + 1e-9])
    for one in (1e-100, 1e-20, 1.0, 1e20, 1e100):
        for other in (1e-100, 1e-10, 1.0, 1e10, 1e100):
            values = dict(zip(names, ([[one]], [[other]]), strict=True))
            params = (ek.GammaParams if isinstance(family, ek.Gamma) else ek.InverseGaussianParams)(**values)
            found = family.between(params, low, high).log_mass
            assert not np.isnan(found).any()
            assert (found < 1e-6).all()
