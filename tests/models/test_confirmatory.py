"""Confirmatory factor analysis: where it must agree with exploratory factors and with closed forms, and what it refuses."""

import numpy as np
import pytest

import emkit as ek

LOADINGS = np.array([[1.2], [0.9], [-0.5], [0.3], [0.7], [0.6]])
TESTS = [  # six tests of ability, taken by 112 people: R's ability.cov
    [24.641, 5.991, 33.52, 6.023, 20.755, 29.701],
    [5.991, 6.7, 18.137, 1.782, 4.936, 7.204],
    [33.52, 18.137, 149.831, 19.424, 31.43, 50.753],
    [6.023, 1.782, 19.424, 12.711, 4.757, 9.075],
    [20.755, 4.936, 31.43, 4.757, 52.604, 66.762],
    [29.701, 7.204, 50.753, 9.075, 66.762, 135.292],
]
SOURCE = ek.rows_of_covariance(TESTS, 112)


def fitted(model, source=SOURCE):
    found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert found.converged
    return found


def exploratory(m):
    model = ek.FactorModel(m)
    return ek.fit(model, SOURCE, model.start(SOURCE.profile), solver="anderson")


def names(rows, columns):
    return [[f"l{j}{k}" for k in range(columns)] for j in range(rows)]


def test_without_zeros_it_is_exploratory_factor_analysis():
    found, other = fitted(ek.ConfirmatoryFactorModel(names(6, 1), correlated=False)), exploratory(1)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters
    np.testing.assert_allclose(found.model.covariance(found.params), other.params.covariance, rtol=1e-4)


def test_a_triangle_of_independent_factors_says_no_more_than_how_they_are_turned():
    pattern = names(6, 2)
    pattern[0][1] = 0
    found, other = fitted(ek.ConfirmatoryFactorModel(pattern, correlated=False)), exploratory(2)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters


def test_factors_that_are_two_columns_without_error_say_no_more_either():
    """m^2 fixed loadings and the covariance of the factors: any turn and any units of two factors."""
    pattern = names(6, 2)
    pattern[1], pattern[4] = [1, 0], [0, 1]
    found, other = fitted(ek.ConfirmatoryFactorModel(pattern)), exploratory(2)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters


def test_parallel_tests_are_compound_symmetry():
    """One loading and one uniqueness for all columns: variances and covariances have their means as estimates."""
    d, n = 6, 112.0
    covariance = np.corrcoef(np.linalg.cholesky(TESTS))
    source = ek.rows_of_covariance(covariance, n)
    found = fitted(ek.ConfirmatoryFactorModel([["a"]] * d, ["e"] * d, correlated=False), source)
    joint = (covariance.sum() - d) / (d * (d - 1))
    np.testing.assert_allclose(found.model.covariance(found.params), np.where(np.eye(d), 1.0, joint), atol=1e-7)
    logs = (d - 1) * np.log(1 - joint) + np.log(1 + (d - 1) * joint)
    assert abs(found.log_likelihood + n / 2 * (d * np.log(2 * np.pi) + logs + d)) < 1e-7
    assert found.free_parameters == d + 2


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_the_column_that_gives_a_factor_its_unit_does_not_matter(marker):
    pattern = [["a", 0], ["b", 0], ["c", 0], [0, 1.0], [0, "d"], [0, "e"]]
    pattern[marker] = [2.0, 0]
    model = ek.ConfirmatoryFactorModel(pattern)
    order = [0, 1, 2, 4, 5, 3]
    source = ek.rows_of_covariance(np.array(TESTS)[np.ix_(order, order)], 112)
    found = fitted(model, source)
    other = fitted(ek.ConfirmatoryFactorModel([[1, 0], ["b", 0], ["c", 0], [0, 1.0], [0, "d"], [0, "e"]]), source)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-10
    shown, wanted = model.standardised(found.params), other.model.standardised(other.params)
    np.testing.assert_allclose(shown.loadings, wanted.loadings, atol=1e-4)
    np.testing.assert_allclose(shown.correlations, wanted.correlations, atol=1e-4)


def test_standard_errors_are_those_of_the_exploratory_model():
    """One factor is turned in no way, so both have the same errors."""
    found, other = fitted(ek.ConfirmatoryFactorModel(names(6, 1), correlated=False)), exploratory(1)
    np.testing.assert_allclose(found.standard_errors().errors[6:12], other.standard_errors().errors[6:12], rtol=1e-3)


def test_rows_with_gaps():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 1)) @ LOADINGS.T + 0.7 * rng.standard_normal((200, 6))
    x[rng.random(x.shape) < 0.1] = np.nan
    source, model = ek.ArraySource(x), ek.FactorModel(1)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    found = fitted(ek.ConfirmatoryFactorModel(names(6, 1), correlated=False), source)
    assert abs(found.log_likelihood - other.log_likelihood) < 1e-6
    scores, spreads = found.model.latent(found.params, next(iter(source.chunks())))
    assert scores.shape == (200, 1)
    assert (spreads > 0).all()


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: ek.ConfirmatoryFactorModel([1.0, "a"]), ek.ModelError, r"loadings have shape \(2,\)"),
        (lambda: ek.ConfirmatoryFactorModel([["a"], ["b"]]), ek.ModelError, "factor 1 has no unit: give one"),
        (lambda: ek.ConfirmatoryFactorModel([[1.0], [None]]), ek.ModelError, "loadings"),
        (lambda: ek.ConfirmatoryFactorModel([[1], ["a"]], ["a", "b"]), ek.ModelError, "'a' is in loadings and in uniquenesses"),
        (lambda: ek.ConfirmatoryFactorModel([[1.0], ["a"]], ["e", 0.0]), ek.ModelError, "uniquenesses are 2 names"),
        (
            lambda: (model := ek.ConfirmatoryFactorModel([[1.0], ["a"]])).start(SOURCE.profile) and model,
            ek.ParameterError,
            "the loadings are of 2 columns, but the data have 6",
        ),
        (
            lambda: ek.fit(
                ek.ConfirmatoryFactorModel(names(6, 1), correlated=False),
                SOURCE,
                ek.ConfirmatoryFactorParams(np.zeros(6), np.ones(6), np.ones(6), [[2.0]]),
            ),
            ek.ParameterError,
            "so their covariance is 1",
        ),
        (
            lambda: ek.fit(
                ek.ConfirmatoryFactorModel(names(6, 1), correlated=False),
                SOURCE,
                ek.ConfirmatoryFactorParams(np.zeros(6), np.ones(5), np.ones(6), [[1.0]]),
            ),
            ek.ParameterError,
            r"loadings have shape \(5,\); of these letters and factors, \(6,\)",
        ),
    ],
)
def test_what_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_more_unknowns_than_covariances_are_warned_of():
    with pytest.warns(ek.EmkitWarning, match="3 factors with these loadings have 24 free parameters, but there are 21"):
        ek.ConfirmatoryFactorModel(names(6, 3), correlated=False).settled(SOURCE.profile)
