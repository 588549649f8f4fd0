"""Estimates with priors: where another solver finds the summit of the posterior, and by the formulas of their source."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

import emkit as ek

RNG = np.random.default_rng(21)
COUNTS = np.concatenate([RNG.poisson(1, 80), RNG.poisson(6, 50)])[:, None]
PLANE = np.concatenate([RNG.normal(0, 1, (40, 2)), RNG.normal([4, 1], 1.5, (60, 2))])
NORMALS = ek.Mixture(ek.FullGaussian())


def mixed(components):
    return ek.MixtureParams([0.5, 0.5], components)


def test_poisson_rates_and_proportions_are_where_another_solver_finds_them():
    priors = {"proportions": ek.DirichletPrior((3.0, 2.0)), "components.rates": ek.GammaPrior(2.0, 0.5)}
    fit = ek.fit(ek.WithPrior(ek.Mixture(ek.Poisson()), priors), COUNTS, mixed(ek.PoissonParams([[1.0], [4.0]])))

    def loss(z):
        p, a, b = 1 / (1 + np.exp(-z[0])), np.exp(z[1]), np.exp(z[2])
        density = p * stats.poisson.pmf(COUNTS, a) + (1 - p) * stats.poisson.pmf(COUNTS, b)
        prior = 2 * np.log(p) + np.log(1 - p) + np.log(a) - a / 2 + np.log(b) - b / 2
        return -np.log(density).sum() - prior

    other = minimize(loss, [0.0, 0.0, 1.5], method="BFGS", options={"gtol": 1e-7})
    assert fit.converged
    assert abs(fit.objective + other.fun) < 1e-7
    assert fit.objective < fit.log_likelihood
    np.testing.assert_allclose(fit.params.components.rates.ravel(), np.exp(other.x[1:]), rtol=1e-5)
    assert "prior on proportions and components.rates" in fit.summary()
    assert "objective" in fit.summary()


def defaults(x, number, kind):
    """The hyperparameters of Fraley & Raftery (2007): shrinkage, mean, degrees of freedom, scale."""
    d = x.shape[1]
    scale = np.cov(x.T).reshape(d, d) / number ** (2 / d)
    return 0.01, x.mean(axis=0), d + 2, scale if kind == "matrix" else np.trace(scale) / d


def posterior(x, params):
    joint = [
        p * stats.multivariate_normal.pdf(x, m, c)
        for p, m, c in zip(params.proportions, params.components.means, params.components.covariances, strict=True)
    ]
    return np.array(joint).T / np.sum(joint, axis=0)[:, None]


def test_full_covariances_satisfy_the_formulas_of_fraley_and_raftery():
    start = mixed(ek.FullGaussianParams([[0.0, 0.0], [4.0, 1.0]], [np.eye(2)] * 2))
    fit = ek.fit(ek.WithPrior(NORMALS, {"components": ek.NormalPrior()}), PLANE, start)
    shrinkage, mean, dof, scale = defaults(PLANE, 2, "matrix")
    z = posterior(PLANE, fit.params)
    for k in range(2):
        n, own = z[:, k].sum(), z[:, k] @ PLANE / z[:, k].sum()
        centre = (n * own + shrinkage * mean) / (n + shrinkage)
        scatter = (z[:, k, None] * (PLANE - own)).T @ (PLANE - own)
        between = shrinkage * n / (shrinkage + n) * np.outer(own - mean, own - mean)
        covariance = (scale + between + scatter) / (dof + 2 + n + 2)
        np.testing.assert_allclose(fit.params.components.means[k], centre, rtol=1e-6)
        np.testing.assert_allclose(fit.params.components.covariances[k], covariance, rtol=1e-5)


@pytest.mark.parametrize("number", [1, 2])
def test_one_column_satisfies_the_formula_for_unequal_variances(number):
    x = PLANE[:, :1]
    components = ek.DiagonalGaussianParams([[0.0], [4.0]][:number], [[1.0]] * number)
    start = ek.MixtureParams(np.full(number, 1 / number), components)
    fit = ek.fit(ek.WithPrior(ek.Mixture(ek.DiagonalGaussian()), {"components": ek.NormalPrior()}), x, start)
    shrinkage, mean, dof, scale = defaults(x, number, "number")
    assert dof == 3
    parts = fit.params.proportions * stats.norm.pdf(
        x, fit.params.components.means.T, np.sqrt(fit.params.components.variances.T)
    )
    z = parts / parts.sum(axis=1, keepdims=True)
    n = z.sum(axis=0)
    own = z.T @ x[:, 0] / n
    squares = (z * (x - own) ** 2).sum(axis=0) + shrinkage * n / (shrinkage + n) * (own - mean) ** 2
    np.testing.assert_allclose(fit.params.components.variances.ravel(), (scale + squares) / (dof + n + 3), rtol=1e-6)


@pytest.mark.parametrize(
    ("family", "spread", "denominator"),
    [
        (ek.SphericalGaussian(), np.ones(1), lambda n, dof: dof + (n + 1) * 2 + 2),
        (ek.DiagonalGaussian(), np.ones((1, 2)), lambda n, dof: dof + n + 3),
        (ek.TiedGaussian(), np.eye(2), lambda n, dof: dof + n + 2 + 1 + 1),
    ],
    ids=["VII", "VVI", "EEE"],
)
def test_other_forms_have_the_denominators_of_the_table(family, spread, denominator):
    kind = type(family.pooled(ek.ArraySource(PLANE).profile, 1))
    fit = ek.fit(
        ek.WithPrior(ek.Mixture(family), {"components": ek.NormalPrior()}),
        PLANE,
        ek.MixtureParams([1.0], kind([[0.0, 0.0]], spread)),
    )
    n = len(PLANE)
    shape = "matrix" if np.ndim(spread) == 2 and family.name == "gaussian-tied" else "number"
    _, _, dof, scale = defaults(PLANE, 1, shape)
    about = (PLANE - PLANE.mean(axis=0)).T @ (PLANE - PLANE.mean(axis=0))  # the mean of the prior is that of the data
    squares = about if shape == "matrix" else np.trace(about) if family.name == "gaussian-spherical" else np.diag(about)
    found = fit.params.components.covariance if shape == "matrix" else fit.params.components.variances
    np.testing.assert_allclose(np.squeeze(found), (scale + squares) / denominator(n, dof), rtol=1e-8)


def test_a_normal_prior_keeps_a_component_from_collapsing():
    x = np.concatenate([RNG.normal(0, 1, 60), [9.0, 9.0]])[:, None]
    start = ek.MixtureParams([0.9, 0.1], ek.FullGaussianParams([[0.0], [9.0]], [[[1.0]], [[0.01]]]))
    fit = ek.fit(ek.WithPrior(NORMALS, {"components": ek.NormalPrior()}), x, start)
    assert fit.converged
    assert fit.degenerate == ()
    assert fit.params.components.covariances.min() > 1e-2


def test_a_prior_saves_an_exponential_component_that_sees_only_zeros():
    x = [[0.0], [0.0], [0.0], [4.0], [5.0]]
    model = ek.WithPrior(ek.Mixture(ek.Exponential()), {"components.rates": ek.GammaPrior(2.0, 1.0)})
    fit = ek.fit(ek.Frozen(model, "proportions"), x, mixed(ek.ExponentialParams([[50.0], [0.2]])))
    assert fit.converged
    assert np.isfinite(fit.params.components.rates).all()


def test_any_log_density_of_a_field_is_a_prior():
    x = RNG.gamma(3, 2, (80, 1))
    model = ek.WithPrior(ek.Mixture(ek.Gamma()), {"components.shapes": lambda shapes: -8 * (np.log(shapes) - 2.0) ** 2})
    fit = ek.fit(model, x, ek.MixtureParams([1.0], ek.GammaParams([[2.0]], [[6.0]])))

    def loss(z):
        a, m = np.exp(z)
        return -stats.gamma.logpdf(x, a, scale=m / a).sum() + 8 * (np.log(a) - 2.0) ** 2

    other = minimize(loss, [1.0, 1.8], method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(
        [fit.params.components.shapes.item(), fit.params.components.means.item()], np.exp(other.x), rtol=1e-5
    )


def test_priors_nest_and_add_up():
    once = ek.WithPrior(ek.Mixture(ek.Poisson()), {"components.rates": ek.GammaPrior(3.0, 1.0)})
    twice = ek.WithPrior(
        ek.WithPrior(ek.Mixture(ek.Poisson()), {"components.rates": ek.GammaPrior(2.0, 0.5)}),
        {"components.rates": ek.GammaPrior(2.0, 0.5)},
    )
    start = mixed(ek.PoissonParams([[1.0], [4.0]]))
    one, two = (ek.fit(model, COUNTS, start) for model in (once, twice))
    assert abs(one.objective - two.objective) < 1e-9


def test_levels_with_a_row_more_each_have_no_zeros():
    x = np.stack([RNG.integers(0, 2, 40), RNG.integers(0, 3, 40)], axis=1)
    model = ek.WithPrior(ek.Mixture(ek.Categorical()), {"components": ek.DirichletPrior()})
    start = mixed(ek.CategoricalParams(([[0.6, 0.4], [0.2, 0.8]], [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])))
    fit = ek.fit(model, x, start)
    assert min(column.probabilities.min() for column in fit.params.components.columns) > 0.01
    assert fit.boundary == ()
    assert (fit.standard_errors().errors > 0).all()


def test_starts_of_the_model_lead_to_the_highest_of_several_maxima():
    model = ek.WithPrior(NORMALS, {"components": ek.NormalPrior()})
    found = ek.fit(model, PLANE, model.starts(ek.ArraySource(PLANE).profile, 2, range(3)))
    start = mixed(ek.FullGaussianParams([[0.0, 0.0], [4.0, 1.0]], [np.eye(2)] * 2))
    assert found.objective >= ek.fit(model, PLANE, start).objective - 1e-7


@pytest.mark.parametrize(
    ("priors", "error", "said"),
    [
        (
            {"components.shapes": ek.DirichletPrior()},
            ek.ModelError,
            "there is no parameter 'components.shapes' to have a prior",
        ),
        ({"components.rates": 3}, ek.ModelError, "give one such as DirichletPrior"),
        ({"components": ek.NormalPrior()}, ek.ModelError, "a normal prior is for components with means"),
        ({"components.rates": lambda rates: -np.inf}, ek.ParameterError, "has density 0 at the start"),
    ],
)
def test_a_prior_that_cannot_be_is_refused(priors, error, said):
    with pytest.raises(error, match=said):
        ek.fit(ek.WithPrior(ek.Mixture(ek.Poisson()), priors), COUNTS, mixed(ek.PoissonParams([[1.0], [4.0]])))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ek.DirichletPrior(0.5), "concentration is 0.5"),
        (lambda: ek.DirichletPrior(np.ones((2, 2, 2))), "has 3 axes"),
        (lambda: ek.GammaPrior(0.5, 1.0), "shape of a gamma prior is 0.5"),
        (lambda: ek.GammaPrior(2.0, -1.0), "per_unit of a gamma prior is -1.0"),
        (lambda: ek.BetaPrior(1.0, 0.0), "failures of a beta prior is 0.0"),
        (lambda: ek.NormalPrior(-1.0), "shrinkage is -1.0"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(make, said):
    with pytest.raises(ek.ModelError, match=said):
        make()


def test_a_concentration_for_each_entry_must_be_of_as_many():
    model = ek.WithPrior(ek.Mixture(ek.Poisson()), {"proportions": ek.DirichletPrior((2.0, 2.0, 2.0))})
    with pytest.raises(ek.ModelError, match=r"of shape \(3,\) is no prior of a field of shape \(2,\)"):
        ek.fit(model, COUNTS, mixed(ek.PoissonParams([[1.0], [4.0]])))


def test_components_that_a_prior_tells_apart_keep_their_order():
    start = mixed(ek.PoissonParams([[6.0], [1.0]]))
    for concentration, first in (((9.0, 2.0), 6.0), ((2.0, 2.0), 1.0)):
        model = ek.WithPrior(ek.Mixture(ek.Poisson()), {"proportions": ek.DirichletPrior(concentration)})
        found = ek.fit(model, COUNTS, start).in_order()
        assert found.params.components.rates[0, 0] == pytest.approx(first, abs=1.0)
        assert found.objective == pytest.approx(found.log_likelihood + model.log_prior(found.params), rel=1e-12)
