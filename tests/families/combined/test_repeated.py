"""A family seen several times in a row: the same as rows one below the other, but that a row is of one component."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

RNG = np.random.default_rng(6)


def test_the_density_of_a_row_is_the_product_over_its_blocks():
    x = RNG.poisson(3, (20, 6)).astype(float)
    rates = np.array([[1.0, 4.0], [5.0, 2.0]])
    found = ek.Repeated(ek.Poisson(), 3).log_density(ek.PoissonParams(rates), x)
    wanted = np.stack([stats.poisson.logpmf(x, np.tile(rate, 3)).sum(axis=1) for rate in rates], axis=1)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_one_component_is_that_of_the_rows_one_below_the_other():
    x = RNG.normal(2, 1, (40, 6))
    one = ek.MixtureModel(ek.Repeated(ek.FullGaussian(), 3), 1).fit(x)
    other = ek.MixtureModel(ek.FullGaussian(), 1).fit(x.reshape(-1, 2))
    assert abs(one.result_.log_likelihood - other.result_.log_likelihood) < 1e-9
    np.testing.assert_allclose(one.components_.covariances, other.components_.covariances, rtol=1e-9)


def test_words_are_the_same_levels_in_every_block():
    answers = [["yes", "no"], ["no", "no"], ["yes", "maybe"], ["no", "yes"]]
    model = ek.MixtureModel(ek.Repeated(ek.Categorical(), 2), 1).fit(answers)
    (column,) = model.components_.columns
    assert column.probabilities.shape == (1, 3)
    assert sorted(np.round(column.probabilities[0] * 8).tolist()) == [1, 3, 4]


def test_messages_have_the_row_and_column_of_the_data():
    with pytest.raises(ek.DataError, match="row 1, column 'x3' is -1; Poisson counts must be whole numbers >= 0"):
        ek.MixtureModel(ek.Repeated(ek.Poisson(), 2), 1).fit([[1, 2, 3, 4], [1, 2, 3, -1]])


def test_columns_that_are_no_blocks_are_refused():
    with pytest.raises(ek.DataError, match="the data have 3 columns, which are not 2 blocks"):
        ek.MixtureModel(ek.Repeated(ek.Poisson(), 2), 1).fit([[1, 2, 3], [1, 2, 3]])


@pytest.mark.parametrize("times", [0, 1.5, True, "2"])
def test_times_is_a_whole_number(times):
    with pytest.raises(ek.ModelError, match="how often the family is seen"):
        ek.Repeated(ek.Poisson(), times)


def test_it_nests_with_tied_fields_and_held_ones():
    x = np.concatenate([RNG.normal(0, 1, (30, 3)), RNG.normal(4, 1, (30, 3))])
    family = ek.Repeated(ek.Tied(ek.DiagonalGaussian(), "variances"), 3)
    other = ek.Tied(ek.Repeated(ek.DiagonalGaussian(), 3), "variances")
    start = other.tied(ek.DiagonalGaussianParams([[0.0], [4.0]], [[1.0], [1.0]]))
    ends = [ek.fit(ek.Mixture(each), x, ek.MixtureParams([0.5, 0.5], start)) for each in (family, other)]
    assert abs(ends[0].log_likelihood - ends[1].log_likelihood) < 1e-9
    held = ek.fit(ek.Frozen(ek.Mixture(family), "components.variances"), x, ek.MixtureParams([0.5, 0.5], start))
    np.testing.assert_array_equal(held.params.components.variances, 1)
