"""Mixtures of factor analysers: where they must agree with other families and models, and what they refuse."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.core.ready import ready
from emkit.families.gaussian.best_factors import best_factors, height, turned, with_none
from emkit.families.gaussian.factor_counts import free_parameters

LOADINGS = np.array([[1.2, 0.0], [0.9, 0.4], [-0.5, 1.0], [0.3, 0.8], [0.7, -0.6], [0.2, 0.9]])


def rows(n=300, seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 2)) @ LOADINGS.T + 0.7 * rng.standard_normal((n, 6))


def alone(family, x):
    return ek.MixtureModel(family, 1).fit(x).result_


@pytest.mark.parametrize("equal", [False, True], ids=["free", "equal"])
@pytest.mark.parametrize("m", [0, 1, 2])
def test_one_component_is_factor_analysis(m, equal):
    x = rows()
    found = alone(ek.FactorNormal(m, equal), x)
    model, source = ek.FactorModel(m, equal), ek.ArraySource(x)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters
    np.testing.assert_allclose(found.params.components.covariances[0], other.params.covariance, atol=1e-5)


def test_one_component_of_principal_components_is_the_closed_form():
    """Tipping & Bishop (1999): the uniqueness is the mean of the least eigenvalues."""
    x = rows()
    found = alone(ek.FactorNormal(2, equal=True), x).params.components
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    noise = values[:4].mean()
    wanted = (vectors[:, 4:] * (values[4:] - noise)) @ vectors[:, 4:].T + noise * np.eye(6)
    np.testing.assert_allclose(found.uniquenesses, noise, rtol=1e-10)
    np.testing.assert_allclose(found.covariances[0], wanted, atol=1e-10)


def test_without_factors_it_is_the_normal_of_independent_columns():
    x = np.concatenate([rows(), rows(seed=2) * 0.5 + 4])
    start = [ek.DiagonalGaussianParams(np.repeat([[0.0], [4.0]], 6, axis=1), np.ones((2, 6)))]
    start += [ek.FactorNormalParams(start[0].means, np.zeros((2, 6, 0)), np.ones((2, 6)))]
    found = [
        ek.fit(ek.Mixture(family), x, ek.MixtureParams([0.5, 0.5], components))
        for family, components in zip([ek.DiagonalGaussian(), ek.FactorNormal(0)], start, strict=True)
    ]
    assert abs(found[0].log_likelihood / found[1].log_likelihood - 1) < 1e-12
    assert found[0].free_parameters == found[1].free_parameters


@pytest.mark.parametrize("m", [3, 4, 6])
def test_with_enough_factors_it_is_the_full_normal(m):
    x = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ek.EmkitWarning)
        found = alone(ek.FactorNormal(m), x)
    whole = alone(ek.FullGaussian(), x)
    gap = whole.log_likelihood - found.log_likelihood
    assert gap > -1e-9
    assert gap < 1e-8 or m == 3, "three factors of six columns leave no freedom, but uniquenesses must not be negative"


def test_the_forms_lie_within_each_other():
    x = np.concatenate([rows(), rows(seed=2) * [1, 1, 0.5, 0.5, 1, 2] + 3])
    heights = {}
    for shared in (None, "uniquenesses", "loadings", "covariance"):
        for equal in (False, True):
            found = ek.MixtureModel(ek.FactorNormal(2, equal, shared=shared), 2, n_init=2, random_state=0).fit(x).result_
            assert found.converged
            k = 1 if shared in ("loadings", "covariance") else 2
            noise = (1 if equal else 6) * (2 if shared in (None, "loadings") else 1)
            assert found.free_parameters == 1 + 12 + 11 * k + noise
            heights[shared, equal] = found.log_likelihood
    assert heights[None, False] > heights["uniquenesses", False] > heights["covariance", False]
    assert heights[None, False] > heights["loadings", False] > heights["covariance", False]
    assert heights[None, True] > heights["loadings", True] > heights["covariance", True]
    assert all(heights[shared, False] > heights[shared, True] for shared in (None, "uniquenesses", "loadings", "covariance"))


@pytest.mark.parametrize("equal", [False, True], ids=["free", "equal"])
def test_shared_loadings_are_where_a_numerical_maximisation_of_the_likelihood_ends(equal):
    rng, d, lines = np.random.default_rng(5), 4, np.array([1.1, 0.8, -0.6, 0.9])
    widths = np.array([[0.5, 0.8, 0.6, 1.0], [1.1, 0.4, 0.9, 0.5]]) if not equal else np.array([[0.5], [1.0]])
    second = np.repeat([0, 1], 150)
    x = 4.0 * second[:, None] * [1, 0, 1, 0] + rng.standard_normal((300, 1)) * lines
    x += widths[second] * rng.standard_normal((300, d))
    found = ek.MixtureModel(ek.FactorNormal(1, equal, shared="loadings"), 2, random_state=0).fit(x).result_
    params = found.params.components
    assert found.converged
    assert found.free_parameters == 1 + 2 * d + d + 2 * (1 if equal else d)
    entries = [np.log(found.params.proportions[:1] / found.params.proportions[1:]), params.means.ravel()]
    entries += [params.loadings.ravel(), np.log(params.uniquenesses).ravel()]
    here = np.concatenate(entries)

    def minus(at):
        share, means, own = expit(at[0]), at[1 : 1 + 2 * d].reshape(2, d), at[1 + 2 * d : 1 + 3 * d]
        noise = np.broadcast_to(np.exp(at[1 + 3 * d :]).reshape(2, -1), (2, d))
        logs = [multivariate_normal(m, np.outer(own, own) + np.diag(u)).logpdf(x) for m, u in zip(means, noise, strict=True)]
        return -np.logaddexp(np.log(share) + logs[0], np.log1p(-share) + logs[1]).sum()

    assert minus(here) == pytest.approx(-found.log_likelihood, rel=1e-12)
    best = minimize(minus, here + 0.05 * rng.standard_normal(len(here)), method="BFGS", options={"gtol": 1e-4})
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_shared_loadings_climb_from_wild_starts(seed):
    """Also from exact zeros, and among gaps."""
    rng, d, m, equal = np.random.default_rng(seed), 5, 1 + seed % 2, bool(seed % 3 == 0)
    x = (rng.standard_normal((80, 3)) @ rng.standard_normal((3, d)) + 0.3 * rng.standard_normal((80, d))) * rng.uniform(
        0.1, 9, d
    )
    x[rng.random(x.shape) < 0.1 * (seed % 2)] = np.nan
    unit, family = np.nanstd(x, axis=0), ek.FactorNormal(m, equal, shared="loadings")
    made = type(family.pooled(ek.ArraySource(np.nan_to_num(x)).profile, 3))
    noise = rng.uniform(0.05, 1, (3, d)) * unit**2
    noise[seed % 3, seed % d] *= seed % 4 > 1
    means = np.nanmean(x, axis=0) + 0.5 * rng.standard_normal((3, d)) * unit
    start = made(means, turned(rng.uniform(0.3, 1.5, (d, m)) * unit[:, None]), noise.mean(axis=1) + 0.1 if equal else noise)
    params = ek.MixtureParams([0.5, 0.3, 0.2], start)
    source = ek.ArraySource(x)
    em, heights = ek.EMMap(ready(ek.Mixture(family), source, [params]), source, params), []
    for _ in range(25):
        here = em(params)
        heights.append(here.objective)
        params = here.update
    assert (np.diff(heights) >= -1e-9 * (1 + np.abs(heights[1:]))).all()


def test_forms_are_chosen_among():
    """Rows of shared loadings and errors that differ ask for that form."""
    rng, second = np.random.default_rng(2), np.repeat([0, 1], 300)
    widths = np.array([[0.3] * 6, [0.9, 0.5, 1.0, 0.4, 0.8, 0.7]])
    x = rng.standard_normal((600, 1)) * [1.2, 0.9, -0.5, 0.8, 0.7, 0.6] + widths[second] * rng.standard_normal((600, 6))
    x[second == 1] += 3
    forms = {str(shared): ek.FactorNormal(1, shared=shared) for shared in (None, "loadings", "uniquenesses", "covariance")}
    fits = {name: ek.MixtureModel(form, 2, random_state=0).fit(x).result_ for name, form in forms.items()}
    assert min(fits, key=lambda name: fits[name].bic) == "loadings"
    np.testing.assert_allclose(np.sort(fits["loadings"].params.components.uniquenesses, axis=0), np.sort(widths, axis=0) ** 2,
                               rtol=0.35)  # fmt: skip


def test_gaps_by_cell():
    """A cell that is missing everywhere but in some rows: as the model of rows with gaps finds it."""
    x = rows(150)
    x[np.random.default_rng(3).random(x.shape) < 0.1] = np.nan
    found = alone(ek.FactorNormal(1), x)
    model, source = ek.FactorModel(1), ek.ArraySource(x)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert abs(found.log_likelihood - other.log_likelihood) < 1e-6


def test_a_column_that_is_all_factor_is_let_go_below_the_floor():
    """A Heywood case: the floor lets go of it, since many rows tell it."""
    source = ek.rows_of_covariance([[1, 0.8, 0.75, 0.6], [0.8, 1, 0.5, 0.44], [0.75, 0.5, 1, 0.42], [0.6, 0.44, 0.42, 1]], 200)
    family = ek.FactorNormal(1)
    start = ek.MixtureParams([1.0], family.pooled(source.profile, 1))
    found = ek.fit(ek.Mixture(family), source, start)
    model = ek.FactorModel(1)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert not found.degenerate
    assert found.params.components.uniquenesses[0, 0] == 0
    assert found.boundary == ("components.uniquenesses[0, 0]",)
    assert abs(found.log_likelihood - other.log_likelihood) < 1e-9
    errors, wanted = found.standard_errors(), other.standard_errors()
    np.testing.assert_allclose(errors.errors[1:], wanted.errors, rtol=1e-5, atol=1e-9)
    assert errors.reasons == {"components.uniquenesses[0, 0]": "the estimate lies on the boundary of its space"}


@pytest.mark.parametrize("shared", [None, "uniquenesses", "covariance"])
def test_a_column_that_is_all_factor_is_named_with_its_component(shared):
    """Correlations of 0.85, 0.85 and 0.6 ask for a communality of 0.85^2 / 0.6 > 1, in the second kind of rows, or in both."""
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], 200)
    heywood = np.linalg.cholesky([[1, 0.85, 0.85, 0.6], [0.85, 1, 0.6, 0.5], [0.85, 0.6, 1, 0.5], [0.6, 0.5, 0.5, 1]])
    plain = np.linalg.cholesky(np.where(np.eye(4), 1.0, 0.4))
    root = np.where((kind == 1)[:, None, None] | (shared is not None), heywood, plain)
    x = np.einsum("nij,nj->ni", root, rng.standard_normal((400, 4))) + 9 * kind[:, None]
    whose = "'tall'" if shared else "'tall' in component 2"
    frame = dict(zip(["tall", "wide", "deep", "old"], x.T, strict=True))
    with pytest.warns(ek.EmkitWarning, match=f"Heywood case: the uniqueness of {whose} is 0"):
        found = ek.MixtureModel(ek.FactorNormal(1, shared=shared), 2, random_state=0).fit(frame).result_
    assert found.converged
    assert not found.degenerate
    assert f"Heywood case: the uniqueness of {whose} is 0" in " ".join(found.summary().split())
    inside = np.array(found.params.components.uniquenesses)
    inside[inside == 0] = 1e-4
    nearby = ek.MixtureParams(found.params.proportions, type(found.params.components)(
        found.params.components.means, found.params.components.loadings, inside
    ))  # fmt: skip
    model, source = found.model, ek.ArraySource(x)
    assert ek.EMMap(model, source, nearby).objective(nearby) < found.log_likelihood


def test_columns_that_are_each_other_have_no_heywood_case():
    """Two columns without error on one factor: the likelihood has no maximum, and uniquenesses are not told to be 0."""
    mass, factor = np.ones((1, 1)), np.array([1.0, 2.0, 0.5, 0.4, 0.3])
    covariance = np.outer(factor, factor) + np.diag([1e-13, 1e-13, 0.5, 0.6, 0.7])
    found = best_factors(mass, covariance[None, None], np.diag(covariance)[None] / 2, 1e-12 * np.diag(covariance)[None], 1)
    assert (with_none(found, 1.1e-12 * np.diag(covariance)) > 0).all()


def test_no_uniquenesses_nearby_are_better():
    mass, covariance = np.ones((1, 1)), np.cov(rows(40).T)[None, None]
    found = best_factors(mass, covariance, np.diag(covariance[0, 0])[None] / 2, np.full((1, 6), 1e-9), 2)
    for step in [*np.eye(6), *-np.eye(6)]:
        assert height(mass, covariance, found.uniquenesses * np.exp(1e-3 * step), 2) < found.height


@pytest.mark.parametrize("shared", [1, 3])
def test_side_by_side_is_one_by_one(shared):
    """Some that settle at once, some that take long, and one on the bound."""
    rng = np.random.default_rng(5)
    covariances = np.array([[np.cov(rows(n, seed).T) for seed in range(shared)] for n in (20, 60, 300, 400)])
    mass = rng.uniform(1, 2, covariances.shape[:2])
    start = np.einsum("bgjj->bj", covariances) / shared * [[0.9], [0.5], [1e-3], [1e-6]]
    least = np.full((4, 6), 1e-9)
    least[1] = 0.3
    found = best_factors(mass, covariances, start, least, 2)
    for b in range(4):
        one = best_factors(*(each[[b]] for each in (mass, covariances, start, least)), 2)
        np.testing.assert_allclose(found.height[b], one.height[0], rtol=1e-13)
        np.testing.assert_allclose(found.uniquenesses[b], one.uniquenesses[0], rtol=1e-9)
        np.testing.assert_allclose(found.loadings[b], one.loadings[0], atol=1e-9)


def test_turned_loadings_have_the_same_products():
    triangle = turned(LOADINGS[None])
    np.testing.assert_allclose(triangle[0] @ triangle[0].T, LOADINGS @ LOADINGS.T, atol=1e-14)
    assert triangle[0, 0, 1] == 0
    assert (triangle[0].diagonal() >= 0).all()
    params = ek.FactorNormalParams.of(np.zeros((1, 6)), LOADINGS[None], np.ones((1, 6)))
    np.testing.assert_array_equal(params.loadings, triangle)


def test_states_and_names():
    assert ek.family_named("gaussian-factors-3") == ek.FactorNormal(3)
    x = np.concatenate([rows(150), rows(150, 2) + 4])
    with pytest.warns(ek.EmkitWarning, match="Heywood case: the uniqueness of 'x2' in component 2 is 0"):
        chain = ek.HiddenMarkov(ek.FactorNormal(1), 2, random_state=0).fit(x).result_
    assert chain.converged
    assert chain.params.components.loadings.shape == (2, 6, 1)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: ek.FactorNormal(-1), ek.ModelError, "n_factors"),
        (lambda: ek.FactorNormal(1, shared="means"), ek.ModelError, "shared is 'means'; what components"),
        (lambda: ek.FactorNormal(1, shared=["loadings"]), ek.ModelError, r"shared is \['loadings'\]; .* None, 'uniquenesses'"),
        (lambda: ek.FactorNormal(1, floor=2), ek.ParameterError, "floor is 2"),
        (lambda: alone(ek.FactorNormal(7), rows()), ek.DataError, "7 factors are more than the 6 columns"),
        (
            lambda: ek.FactorNormalParams(np.zeros((1, 2)), [[[1.0, 0.5], [0.2, 0.3]]], np.ones((1, 2))),
            ek.ParameterError,
            r"loadings\[0, 0, 1\] is 0.5; above the diagonal there must be 0",
        ),
    ],
)
def test_what_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_more_factors_than_columns_can_tell_are_warned_of():
    with pytest.warns(ek.EmkitWarning, match=r"4 factors of 6 columns have 24 free parameters, but there are 21"):
        alone(ek.FactorNormal(4), rows())
    assert free_parameters(6, 4, False) == 24


def test_a_search_refuses_more_factors_than_columns():
    with pytest.raises(ek.DataError, match="9 factors are more than the 3 columns"):
        ek.MixtureModel("gaussian-factors-9", 2, random_state=0).fit(np.random.default_rng(3).normal(size=(50, 3)))


def test_components_of_hardly_any_rows_are_told_without_other_warnings():
    rows = np.random.default_rng(3).normal(size=(4, 3))
    with pytest.warns((ek.DegenerateFitWarning, ek.EmkitWarning)) as told:
        ek.MixtureModel("gaussian-factors-2", 2, random_state=0).fit(rows)
    assert {type(each.message) for each in told} <= {ek.DegenerateFitWarning, ek.EmkitWarning, ek.ConvergenceWarning}
