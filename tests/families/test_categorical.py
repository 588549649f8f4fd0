"""Columns of levels: different numbers of levels, found or given, named errors, latent classes."""

import numpy as np
import pytest

import emkit as ek
from emkit.search.seeding import spread_start
from tests.cases import estimate

X = np.array([[0, 1], [2, 0], [1, 1], [2, 1]])
PARAMS = ek.CategoricalParams(([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]], [[0.9, 0.1], [0.25, 0.75]]))


def test_density_is_the_sum_over_columns():
    found = np.exp(ek.Categorical().log_density(PARAMS, X))
    np.testing.assert_allclose(found, [[0.02, 0.45], [0.45, 0.0], [0.03, 0.3], [0.05, 0.0]], rtol=1e-14)


def test_features_and_natural_coefficients_give_the_same_density():
    family = ek.Categorical(levels=(3, 2))
    by_hand = family.features(X) @ family.natural(PARAMS).T + family.log_base(X)[:, None]
    np.testing.assert_array_equal(by_hand, family.log_density(PARAMS, X))


def test_estimate_is_the_share_of_each_level():
    weights = np.array([[1.0, 0], [2, 0], [3, 0], [4, 0]])
    family = ek.Categorical()
    found = estimate(family, family.statistics(PARAMS, X, weights), PARAMS)
    np.testing.assert_allclose(found.columns[0].probabilities, [[0.1, 0.3, 0.6], [0.6, 0.4, 0.0]], rtol=1e-15)
    np.testing.assert_allclose(found.columns[1].probabilities, [[0.2, 0.8], [0.25, 0.75]], rtol=1e-15)


def test_two_levels_are_the_bernoulli_family():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (60, 3)).astype(float)
    p = np.array([[0.2, 0.5, 0.7], [0.6, 0.4, 0.3]])
    yes_no = ek.fit(ek.Mixture(ek.Bernoulli()), x, ek.MixtureParams([0.4, 0.6], ek.SuccessParams(p)), max_evaluations=40)
    columns = tuple(np.stack([1 - q, q], axis=1) for q in p.T)
    levels = ek.fit(
        ek.Mixture(ek.Categorical()), x, ek.MixtureParams([0.4, 0.6], ek.CategoricalParams(columns)), max_evaluations=40
    )
    assert levels.log_likelihood == pytest.approx(yes_no.log_likelihood, rel=1e-13)
    found = np.stack([c.probabilities[:, 1] for c in levels.params.components.columns], axis=1)
    np.testing.assert_allclose(found, yes_no.params.components.probabilities, rtol=1e-9)


def latent_classes(n=2000):
    rng = np.random.default_rng(5)
    z = rng.integers(0, 2, n)
    first = np.where(z, rng.choice(3, n, p=[0.7, 0.2, 0.1]), rng.choice(3, n, p=[0.1, 0.2, 0.7]))
    second = np.where(z, rng.choice(2, n, p=[0.9, 0.1]), rng.choice(2, n, p=[0.15, 0.85]))
    third = np.where(z, rng.choice(4, n, p=[0.6, 0.2, 0.1, 0.1]), rng.choice(4, n, p=[0.1, 0.1, 0.2, 0.6]))
    return np.stack([first, second, third], axis=1)


def test_latent_classes_from_a_spread_start():
    x = latent_classes()
    model = ek.Mixture(ek.Categorical())
    start = spread_start(model, ek.ArraySource(x), 2, seed=0)
    assert start.components.levels == (3, 2, 4)
    result = ek.fit(model, x, start)
    assert result.converged
    assert result.free_parameters == 1 + 2 * (2 + 1 + 3)
    second = np.sort(result.params.components.columns[1].probabilities[:, 0])
    np.testing.assert_allclose(second, [0.15, 0.9], atol=0.06)


def test_held_columns():
    x = latent_classes(200)
    model = ek.Mixture(ek.Categorical())
    start = spread_start(model, ek.ArraySource(x), 2, seed=0)
    result = ek.fit(ek.Frozen(model, "components.columns"), x, start)
    assert result.free_parameters == 1
    np.testing.assert_array_equal(result.params.components.columns[0].probabilities, start.components.columns[0].probabilities)


def test_proportions_and_components_must_agree():
    with pytest.raises(ek.ParameterError, match=r"proportions are for 3 components but components.columns.0.prob.* for 2"):
        ek.fit(ek.Mixture(ek.Categorical()), X, ek.MixtureParams([0.2, 0.3, 0.5], PARAMS))


def test_messages_about_data():
    family = ek.Categorical(levels=(3, 2))
    with pytest.raises(ek.DataError, match=r"row 1, column 'x1' is 2; the columns have 3, 2 levels \(levels are"):
        family.support.check(ek.ArraySource([[2, 1], [0, 2]]).profile)
    with pytest.raises(ek.DataError, match=r"row 0, column 'x0' is 1.5; levels are coded 0, 1, 2, ... in every column."):
        family.support.check(ek.ArraySource([[1.5, 1], [0, 2]]).profile)
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is -1; levels are coded"):
        ek.Categorical().support.check(ek.ArraySource([[1, 1], [-1, 2]]).profile)
    with pytest.raises(ek.DataError, match=r"levels are given for 2 columns but the data have 1 \(x0\)"):
        family.support.check(ek.ArraySource([1, 2]).profile)
    with pytest.raises(ek.DataError, match=r"row 0, column 'x0' is 123456; a column may have at most 10,000 levels"):
        ek.Categorical().support.check(ek.ArraySource([123456, 2]).profile)
    with pytest.raises(ek.DataError, match=r"number 1 of its chunk\) has level 5 in column 1, which has only the levels 0"):
        ek.Categorical().log_density(PARAMS, np.array([[0, 1], [0, 5]]))


def test_a_level_that_a_fit_has_not_seen_is_named_with_its_row_and_column():
    fitted = ek.MixtureModel(ek.Categorical(), 2, random_state=0).fit([[0, 1], [1, 2], [1, 0], [0, 2]])
    unseen = r"row 1, column 'x1' is 5; the columns have 2, 3 levels .* fitting: Categorical\(levels=\.\.\.\)\.$"
    with pytest.raises(ek.DataError, match=unseen):
        fitted.predict([[0, 1], [1, 5]])


def test_messages_about_parameters():
    with pytest.raises(ek.ParameterError, match=r"give one array \(K, C\) for each column"):
        ek.CategoricalParams(([[0.5, 0.5]], [[0.5, 0.5], [0.1, 0.9]]))
    with pytest.raises(ek.ModelError, match="a column of 0 levels cannot be"):
        ek.Categorical(levels=(3, 0))
    with pytest.raises(ek.ModelError, match="levels of these columns are not known yet"):
        ek.Categorical().features(X)


def test_the_compiled_road_knows_the_levels_of_the_parameters():
    x = latent_classes(9000)
    model = ek.Mixture(ek.Categorical())
    start = spread_start(model, ek.ArraySource(x), 2, seed=0)
    chunk = next(iter(ek.ArraySource(x).chunks()))
    fast, plain = model.e_step(start, chunk), model.plain_e_step(start, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(fast.statistics.components.sums, plain.statistics.components.sums, rtol=1e-11)


def test_a_level_that_a_class_never_has_is_named_as_a_boundary():
    x = np.array([[0, 0], [0, 1], [0, 0], [2, 2], [2, 1], [1, 2], [2, 2], [0, 0], [1, 2]])
    start = ek.CategoricalParams(([[0.8, 0.2, 0.0], [0.2, 0.3, 0.5]], [[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]]))
    result = ek.fit(ek.Mixture(ek.Categorical()), x, ek.MixtureParams([0.5, 0.5], start), solver=ek.solvers.Squarem())
    assert result.converged
    assert "components.columns.0.probabilities[0, 2]" in result.boundary
