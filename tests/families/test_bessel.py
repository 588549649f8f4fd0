"""Mean lengths of unit vectors and their inverse, in few and many dimensions, against values worked out with 40 digits."""

from __future__ import annotations

import numpy as np
import pytest

from emkit.families.bessel import concentration_of, log_bessel, mean_length

VALUES = [
    (2, 1e-06, 4.999999999999375e-07, 0.9999995, 2.4999999999998434e-13),
    (2, 3.0, 0.8099852939565045, 0.19001470604349546, 1.585307621813421),
    (2, 1000.0, 0.9994998748748043, 0.0005001251251957198, 995.6273088898695),
    (3, 40.0, 0.975, 0.025, 35.39218201268139),
    (3, 100000.0, 0.99999, 1e-05, 99987.56813600182),
    (10, 700.0, 0.993587522878638, 0.006412477121361997, 669.5899419421447),
    (200, 1.0, 0.004999876243690177, 0.9950001237563099, -427.7532762759496),
    (200, 10000.0, 0.9900990074500049, 0.009900992549995115, 9082.162136454202),
    (3000, 30.0, 0.009999000865773346, 0.9900009991342267, -10505.97059568403),
    (3000, 100000.0, 0.9851173448502083, 0.014882655149791667, 82724.214477186),
]


@pytest.mark.parametrize(("d", "k", "length", "short", "height"), VALUES)
def test_values(d, k, length, short, height):
    found, less = mean_length(d, np.array([k]))
    np.testing.assert_allclose(found, length, rtol=1e-11)
    np.testing.assert_allclose(less, short, rtol=1e-8)
    np.testing.assert_allclose(log_bessel(d / 2 - 1, np.array([k])), height, rtol=2e-14, atol=2e-14)


@pytest.mark.parametrize("d", [2, 3, 50, 3000])
def test_the_concentration_of_a_mean_length_is_found_again(d):
    k = np.array([0.0, 1e-6, 0.1, 1.0, 30.0, 1e3, 1e6])
    np.testing.assert_allclose(concentration_of(d, *mean_length(d, k)), k, rtol=1e-11)
