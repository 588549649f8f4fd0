"""The spread of angles and its inverse, to rounding."""

import mpmath as mp
import numpy as np
import pytest

from emkit.families.concentration import circular_spread, concentration_of

CONCENTRATIONS = np.concatenate([np.logspace(-5, 13, 150), [39.999999, 40.0, 40.000001]])


@pytest.fixture(scope="module")
def exact():
    with mp.workdps(40):

        def spread(k):
            if k < 1e4:
                return 1 - mp.besseli(1, k) / mp.besseli(0, k)
            return sum(mp.mpf(c) / k**j for j, c in enumerate(("0.5", "0.125", "0.125", "0.1953125", "0.40625"), 1))

        return np.array([float(spread(mp.mpf(float(k)))) for k in CONCENTRATIONS])


def test_the_spread_keeps_its_digits(exact):
    np.testing.assert_allclose(circular_spread(CONCENTRATIONS), exact, rtol=5e-14)


def test_the_concentration_is_found_to_rounding(exact):
    np.testing.assert_allclose(concentration_of(exact), CONCENTRATIONS, rtol=1e-13, atol=1e-15)


def test_angles_from_everywhere_have_none():
    assert circular_spread(np.array([0.0])).tolist() == [1.0]
    assert concentration_of(np.array([1.0, 1.2])).tolist() == [0.0, 0.0]
