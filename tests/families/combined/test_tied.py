"""Fields that components share: the values are those of forms that share them by themselves, and of other solvers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families.combined.sharing import apiece, shared

RNG = np.random.default_rng(8)
X = np.concatenate([RNG.normal(0, 1, 80), RNG.normal(4, 2, 120)])[:, None]
PLANE = np.concatenate([RNG.normal(0, 1, (80, 2)), RNG.normal([4, 1], 1.5, (120, 2))])


def mixed(components):
    return ek.MixtureParams([0.5, 0.5], components)


def test_normals_of_one_variance_are_the_form_that_shares_its_covariance():
    family = ek.Tied(ek.DiagonalGaussian(), "variances")
    start = family.tied(ek.DiagonalGaussianParams([[0.0], [4.0]], [[1.0], [9.0]]))
    fit = ek.fit(ek.Mixture(family), X, mixed(start))
    form = ek.fit(ek.Mixture(ek.TiedGaussian()), X, mixed(ek.TiedGaussianParams([[0.0], [4.0]], [[1.0]])))
    assert fit.converged
    assert abs(fit.log_likelihood - form.log_likelihood) < 1e-9
    np.testing.assert_allclose(fit.params.components.variances, form.params.components.covariance[0], rtol=1e-6)


def test_a_covariance_of_all_is_the_tied_form_step_by_step():
    family = ek.Tied(ek.FullGaussian(), "covariances")
    start = family.tied(ek.FullGaussianParams([[0.0, 0.0], [4.0, 1.0]], [np.eye(2)] * 2))
    form = ek.TiedGaussianParams([[0.0, 0.0], [4.0, 1.0]], np.eye(2))
    one, other = (
        ek.fit(ek.Mixture(some), PLANE, mixed(at), max_evaluations=6)
        for some, at in ((family, start), (ek.TiedGaussian(), form))
    )
    np.testing.assert_allclose(one.params.components.covariances, other.params.components.covariance, rtol=1e-10)
    assert one.params.components.covariances.shape == (2, 2)


def test_gamma_components_of_one_shape_are_where_another_solver_finds_them():
    y = np.concatenate([RNG.gamma(3, 1, 150), RNG.gamma(3, 5, 150)])
    family = ek.Tied(ek.Gamma(), "shapes")
    start = family.tied(ek.GammaParams([[2.0], [2.0]], [[3.0], [15.0]]))
    fit = ek.fit(ek.Mixture(family), y, mixed(start))

    def loss(z):
        p, a, m, n = 1 / (1 + np.exp(-z[0])), *np.exp(z[1:])
        density = p * stats.gamma.pdf(y, a, scale=m / a) + (1 - p) * stats.gamma.pdf(y, a, scale=n / a)
        return -np.log(density).sum()

    other = minimize(loss, [0.0, np.log(2.0), np.log(3.0), np.log(15.0)], method="BFGS", options={"gtol": 1e-6})
    assert abs(fit.log_likelihood + other.fun) < 1e-7
    np.testing.assert_allclose(fit.params.components.shapes, np.exp(other.x[1]), rtol=1e-4)


def test_one_value_is_counted_named_and_given_a_standard_error():
    y = np.concatenate([RNG.gamma(3, 1, 150), RNG.gamma(3, 5, 150)])
    fit = ek.MixtureModel(ek.Tied(ek.Gamma(), "shapes"), 2, random_state=0).fit(y[:, None]).result_.in_order()
    errors = fit.standard_errors()
    assert fit.model.coordinates(fit.params).size == 4
    assert errors.names.count("components.shapes[0]") == 1
    assert not any(name.startswith("components.shapes[1") for name in errors.names)
    assert (errors.errors > 0).all()
    lines = [line.split() for line in fit.summary().splitlines() if line.split()[:1] == ["shape"]]
    assert lines[0][-1] == lines[0][-2]  # the table shows it below each component


@pytest.mark.parametrize("fields", ["shapes", ("shapes", "means"), "means"])
def test_written_out_and_shared_again_nothing_changes(fields):
    family = ek.Tied(ek.Gamma(), fields)
    params = family.tied(ek.GammaParams([[2.0, 1.0], [3.0, 4.0]], [[1.0, 5.0], [7.0, 2.0]]))
    each = apiece(params)
    assert type(each) is ek.GammaParams
    again = shared(each, family.fields)
    assert type(again) is type(params)
    for one, other in zip(leaves(again), leaves(params), strict=True):
        np.testing.assert_array_equal(one.value, other.value)
        assert one.axes.names == other.axes.names


def test_parameters_survive_a_pickle_with_their_class():
    params = ek.Tied(ek.Poisson(), "rates").tied(ek.PoissonParams([[1.0], [2.0]]))
    again = pickle.loads(pickle.dumps(params))
    assert type(again) is type(params)
    assert again.number == 2


def test_a_column_of_levels_can_be_tied_alone():
    x = np.stack([RNG.integers(0, 2, 90), RNG.integers(0, 3, 90)], axis=1)
    fit = ek.MixtureModel(ek.Tied(ek.Categorical(), "columns.0"), 2, random_state=0, n_init=1).fit(x).result_
    shares = fit.params.components.columns[0].probabilities
    np.testing.assert_allclose(shares, [np.mean(x[:, 0] == 0), np.mean(x[:, 0] == 1)], rtol=1e-9)


def test_normals_of_one_variance_rest_on_the_floor_together():
    x = np.repeat([[0.0], [1.0]], 20, axis=0)
    family = ek.Tied(ek.DiagonalGaussian(), "variances")
    start = family.tied(ek.DiagonalGaussianParams([[0.0], [1.0]], [[0.1], [0.1]]))
    with pytest.warns(ek.DegenerateFitWarning, match="collapsed"):
        fit = ek.fit(ek.Mixture(family), x, mixed(start))
    np.testing.assert_allclose(fit.params.components.variances, 0.25e-6, rtol=1e-6)
    assert fit.degenerate == (0, 1)


@pytest.mark.parametrize(
    ("fields", "said"), [((), "name one or more"), ("", "name one or more"), ("spread", "has no parameter 'spread'")]
)
def test_what_cannot_be_tied_is_said(fields, said):
    with pytest.raises(ek.ModelError, match=said):
        ek.Tied(ek.Poisson(), fields).tied(ek.PoissonParams([[1.0]]))


def test_what_is_shared_already_cannot_be_tied():
    with pytest.raises(ek.ModelError, match="no values of each component are there, only in means"):
        ek.Tied(ek.TiedGaussian(), "covariance").tied(ek.TiedGaussianParams([[0.0]], [[1.0]]))
