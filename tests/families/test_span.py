"""Functions known at a few places of a span: values, integrals and summits to rounding."""

import numpy as np
import pytest
from scipy.special import digamma, gammaln

from emkit.families.span import Span

SPAN = Span(reach=2.0, places=24)
CENTRES = np.array([[0.03, 1.0], [7.0, 400.0]])


def slope(size):
    """Along log(size), of log Gamma(5 + size) - log Gamma(size)."""
    return size * (digamma(5 + size) - digamma(size))


@pytest.mark.parametrize("share", [-1.0, -0.99, -0.3, 0.0, 0.7, 1.0])
def test_a_function_and_its_integral_are_known_everywhere_in_the_span(share):
    curve = SPAN.curve(slope(SPAN.around(CENTRES)))
    now = CENTRES * np.exp(2 * share)
    t = SPAN.where(now, CENTRES)
    np.testing.assert_allclose(t, share, atol=1e-15)
    np.testing.assert_allclose(curve(t), slope(now), rtol=1e-12)
    risen = gammaln(5 + now) - gammaln(now) - gammaln(5 + CENTRES) + gammaln(CENTRES)
    np.testing.assert_allclose(curve.risen(t), risen, rtol=1e-10, atol=1e-11)


def test_values_at_the_places_add_up():
    parts = [np.random.default_rng(seed).normal(size=(2, 2, 24)) for seed in (0, 1)]
    t = np.full((2, 2), 0.4)
    np.testing.assert_allclose(SPAN.curve(sum(parts))(t), sum(SPAN.curve(part)(t) for part in parts), rtol=1e-12)


def test_outside_the_span_nothing_is_known():
    now = np.array([0.99 * np.exp(2), 1.01 * np.exp(2), np.exp(-2.1), 0.0])
    assert np.isnan(SPAN.where(now, np.ones(4))).tolist() == [False, True, True, True]
    assert SPAN.where(np.array([0.0]), np.array([0.0])).tolist() == [0.0]


@pytest.mark.parametrize("summit", [-0.9, -1e-3, 0.0, 1e-9, 0.31, 0.999])
def test_a_summit_is_found_to_rounding(summit):
    curve = SPAN.curve(np.exp(2 * summit) - SPAN.around(np.array([1.0])))
    assert curve.summit()[0] == pytest.approx(summit, abs=1e-14)


def test_where_it_rises_to_the_end_the_end_is_the_summit():
    assert SPAN.curve(np.stack([SPAN.around(np.array(1.0)), -SPAN.around(np.array(1.0))])).summit().tolist() == [1.0, -1.0]


def test_the_first_summit_on_the_way_up_is_taken():
    """Of a function with summits at t = -0.5, 0.2 and 0.8: from the centre it rises to the second."""
    t = np.log(SPAN.around(np.array(1.0))) / 2
    curve = SPAN.curve(-(t + 0.5) * (t + 0.1) * (t - 0.2) * (t - 0.5) * (t - 0.8))
    assert curve.summit() == pytest.approx(0.2, abs=1e-13)
