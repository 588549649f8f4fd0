"""Multinomial rows: SciPy's density, large counts, empty rows, drawing, messages."""

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import multinomial

import emkit as ek
from tests.cases import estimate

P = np.array([[0.2, 0.5, 0.3], [0.7, 0.0, 0.3]])


def test_density_is_scipys():
    x = np.random.default_rng(0).multinomial(20, [0.3, 0.4, 0.3], 50)
    expected = multinomial.logpmf(x, 20, P[0])
    found = ek.Multinomial().log_density(ek.MultinomialParams(P), x.astype(float))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-12)
    assert (found[x[:, 1] > 0, 1] <= -1e299).all()


def test_large_counts_keep_their_digits():
    x = np.array([2e8, 5.0001e8, 3e8])
    with mp.workdps(50):
        exact = mp.loggamma(sum(map(mp.mpf, x)) + 1)
        exact += sum(mp.mpf(v) * mp.log(mp.mpf(float(p))) - mp.loggamma(mp.mpf(v) + 1) for v, p in zip(x, P[0], strict=True))
    found = ek.Multinomial().log_density(ek.MultinomialParams(P[:1]), x[None])
    assert found.item() == pytest.approx(float(exact), rel=1e-11)


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.MultinomialParams([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]))
    x, _ = ek.Mixture(ek.Multinomial(trials=12)).draw(true, np.random.default_rng(3), 3_000)
    assert (x.sum(axis=1) == 12).all()
    result = ek.MixtureModel("multinomial", 2, random_state=0).fit(x).result_.in_order()
    assert result.converged
    np.testing.assert_allclose(result.params.components.probabilities, true.components.probabilities, atol=0.02)
    np.testing.assert_allclose(result.params.proportions, [0.4, 0.6], atol=0.04)


def test_a_row_of_zeros_says_nothing():
    x = np.array([[2.0, 3.0], [0.0, 0.0]])
    params = ek.MultinomialParams([[0.5, 0.5], [0.1, 0.9]])
    assert ek.Multinomial().log_density(params, x)[1].tolist() == [0, 0]
    family = ek.Multinomial()
    found = estimate(family, family.statistics(params, x, np.eye(2)), params)
    assert found.probabilities.tolist() == [[0.4, 0.6], [0.1, 0.9]]


def test_a_step_in_words():
    x = np.random.default_rng(0).multinomial(10, [0.3, 0.4, 0.3], 12)
    start = ek.MixtureParams([0.5, 0.5], ek.MultinomialParams([[0.2, 0.4, 0.4], [0.5, 0.3, 0.2]]))
    assert "count / all counts" in str(ek.fit(ek.Mixture(ek.Multinomial()), x, start).explain())


def test_messages():
    family = ek.Multinomial()
    with pytest.raises(ek.DataError, match=r"row 1, column 'x1' is 0.5; multinomial counts must be whole numbers >= 0."):
        family.support.check(ek.ArraySource([[1.0, 2.0], [1.0, 0.5]]).profile)
    with pytest.raises(ek.DataError, match=r"row 0, column 'x0' is 4; no count can be larger than the 3 trials of a row."):
        ek.Multinomial(trials=3).support.check(ek.ArraySource([[4.0, 0.0]]).profile)
    with pytest.raises(ek.DataError, match=r"all counts are 0, so nothing is known of the probabilities"):
        family.pooled(ek.ArraySource(np.zeros((3, 2))).profile, 1)
    with pytest.raises(ek.ModelError, match="the numbers of trials are data; to draw rows, give one for all of them"):
        family.draw(ek.MultinomialParams([[0.5, 0.5]]), np.random.default_rng(0), np.zeros(2, dtype=int))
    with pytest.raises(ek.ParameterError, match=r"trials is 0; it must be a whole number >= 1."):
        ek.Multinomial(trials=0)
