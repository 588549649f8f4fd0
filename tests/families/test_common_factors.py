"""Mixtures of common factor analysers: where they must agree with other models, with numbers of others, and what is refused."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.families.gaussian import factor_space

LINES = np.array([[1.2, 0.0], [0.9, 0.4], [-0.5, 1.0], [0.3, 0.8], [0.7, -0.6], [0.2, 0.9]])


def rows(n=400, seed=0, d=6, m=2):
    rng = np.random.default_rng(seed)
    kind = np.repeat([0, 1], n // 2)
    f = np.array([[0.0, 0.0], [3.0, 1.0]])[kind] + rng.standard_normal((n, 2)) * np.array([[1.0, 1.0], [0.5, 1.5]])[kind]
    return f[:, :m] @ LINES[:d, :m].T + 0.6 * rng.standard_normal((n, d)) + 5


def fitted(x, m=2, k=2, equal=False):
    return ek.MixtureModel(ek.CommonFactors(m, equal), k, n_init=2, random_state=0).fit(x).result_


@pytest.mark.parametrize("equal", [False, True], ids=["free", "equal"])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_one_component_is_factor_analysis(m, equal):
    x = rows(m=min(m, 2))
    found = fitted(x, m, 1, equal)
    model, source = ek.FactorModel(m, equal), ek.ArraySource(x)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert found.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    assert found.free_parameters == other.free_parameters
    np.testing.assert_allclose(found.params.components.covariances[0], other.params.covariance, atol=1e-6)
    np.testing.assert_allclose(found.params.components.means[0], x.mean(axis=0), rtol=1e-12)


def test_one_component_of_equal_uniquenesses_is_the_closed_form():
    """Tipping & Bishop (1999): the uniqueness is the mean of the least eigenvalues."""
    x = rows()
    found = fitted(x, 2, 1, equal=True).params.components
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    assert found.uniquenesses == pytest.approx(values[:4].mean(), rel=1e-9)


@pytest.mark.parametrize(("m", "k"), [(1, 1), (1, 3), (2, 2), (3, 4)])
@pytest.mark.parametrize("d", [6, 9])
def test_free_parameters_are_those_of_the_source_and_intercepts(d, m, k):
    """Baek, McLachlan & Flack (2010), of centred data: (K - 1) + p + q (p + K) + K q (q + 1) / 2 - q^2."""
    family = ek.CommonFactors(m)
    source = ek.ArraySource(np.random.default_rng(0).standard_normal((80, d)))
    params = ek.MixtureParams(np.full(k, 1 / k), family.pooled(source.profile, k))
    published = (k - 1) + d + m * (d + k) + k * m * (m + 1) // 2 - m**2
    assert ek.Mixture(family).coordinates(params).size == published + d - m


@pytest.mark.parametrize(("d", "m"), [(4, 1), (5, 2)])
def test_the_maximum_is_where_a_numerical_maximisation_of_the_likelihood_ends(d, m):
    x = rows(200, 3, d, m)
    found = fitted(x, m)
    assert found.converged
    parts, rng = found.params.components, np.random.default_rng(1)
    roots = np.linalg.cholesky(parts.factor_covariances)
    lower = np.tril_indices(m)
    sizes = np.cumsum([1, d, d * m, d, 2 * m])
    here = np.concatenate([
        [np.log(found.params.proportions[0] / found.params.proportions[1])], parts.intercepts, parts.loadings.ravel(),
        np.log(parts.uniquenesses), parts.factor_means.ravel(), roots[:, *lower].ravel(),
    ])  # fmt: skip

    def minus(at):
        logit, intercepts, lines, noise, means, entries = np.split(at, sizes)
        lines, means, root = lines.reshape(d, m), means.reshape(2, m), np.zeros((2, m, m))
        root[:, *lower] = entries.reshape(2, -1)
        shares = -np.logaddexp(0, [-logit[0], logit[0]])
        logs = [
            share
            + multivariate_normal(intercepts + lines @ mean, lines @ own @ own.T @ lines.T + np.diag(np.exp(noise))).logpdf(x)
            for share, mean, own in zip(shares, means, root, strict=True)
        ]
        return -logsumexp(logs, axis=0).sum()

    assert minus(here) == pytest.approx(-found.log_likelihood, rel=1e-12)
    best = minimize(minus, here + 0.05 * rng.standard_normal(len(here)), method="BFGS", options={"gtol": 1e-4})
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-5)


def problem(seed, k=3, d=6):
    rng = np.random.default_rng(seed)
    own = np.array([np.cov((rng.standard_normal((30, d)) * rng.uniform(0.3, 2, d)).T) for _ in range(k)])
    shares, means = rng.dirichlet(np.ones(k)), rng.standard_normal((k, d))
    means -= shares @ means
    return rng, shares, means, own, np.einsum("k,kij->ij", shares, own) + (means.T * shares) @ means


@pytest.mark.parametrize("equal", [False, True], ids=["free", "equal"])
def test_slopes_and_curvature_of_a_space_are_those_of_the_loss(equal):
    rng, shares, _, own, whole = problem(0)
    d, m, s = 6, 2, 1 if equal else 6
    given = factor_space._Problem(shares, factor_space.covariance_roots(own[None])[0], np.linalg.cholesky(whole))
    basis, logs = np.linalg.qr(rng.standard_normal((d, m))).Q, 0.5 * rng.standard_normal(s) - 1
    here = factor_space._place(given, basis, logs)
    rest, size = factor_space._rest(basis), (d - m) * m

    def at(step):
        turned = (basis + rest @ step[:size].reshape(d - m, m)) * np.exp(-step[size:] / 2 * np.ones(d))[:, None]
        return factor_space._place(given, np.linalg.qr(turned).Q, logs + step[size:]).loss[0]

    slopes = [(at(1e-5 * way) - at(-1e-5 * way)) / 2e-5 for way in np.eye(size + s)]
    np.testing.assert_allclose(here.slopes[0], slopes, atol=1e-7)
    best = factor_space.best_space(shares, own, whole, basis, np.exp(logs), np.full(s, 1e-3))
    basis, logs = np.linalg.qr(best.loadings / np.sqrt(best.uniquenesses * np.ones(d))[:, None]).Q, np.log(best.uniquenesses)
    here, rest = factor_space._place(given, basis, logs), factor_space._rest(basis)
    free = np.append(np.ones(size, dtype=bool), best.uniquenesses > 1.001e-3)
    assert np.abs(here.slopes[0][free]).max() < 1e-7
    ways = 1e-3 * np.eye(size + s)
    bends = [[(at(a + b) - at(a - b) - at(b - a) + at(-a - b)) / 4e-6 for a in ways] for b in ways]
    np.testing.assert_allclose(here.curvature[0][np.ix_(free, free)], np.array(bends)[np.ix_(free, free)], rtol=1e-4, atol=1e-3)


def test_a_space_is_as_likely_as_the_covariances_that_it_stands_for():
    rng, shares, means, own, whole = problem(1)
    found = factor_space.best_space(shares, own, whole, rng.standard_normal((6, 2)), np.ones(6), np.full(6, 1e-4))
    height = 0.0
    for share, mean, covariance, inner in zip(shares, means, own, found.covariances, strict=True):
        fit = found.loadings @ inner @ found.loadings.T + np.diag(found.uniquenesses)
        off = mean - found.loadings @ (found.along @ mean)
        height -= share * (np.linalg.slogdet(fit)[1] + np.trace(np.linalg.solve(fit, covariance + np.outer(off, off)))) / 2
    assert found.height == pytest.approx(height, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_steps_climb_from_wild_starts(seed):
    rng, d, m, equal = np.random.default_rng(seed), 5, 1 + seed % 2, seed % 3 == 0
    x = (rng.standard_normal((80, 3)) @ rng.standard_normal((3, d)) + 0.3 * rng.standard_normal((80, d))) * rng.uniform(
        0.1, 9, d
    )
    x[rng.random(x.shape) < 0.1 * (seed % 2)] = np.nan
    unit, own = np.nanstd(x, axis=0), rng.standard_normal((3, m, m))
    made = ek.EqualCommonFactorsParams if equal else ek.CommonFactorsParams
    start = made.of(
        np.nanmean(x, axis=0), rng.standard_normal((d, m)) * unit[:, None], (unit**2).mean() if equal else unit**2,
        rng.standard_normal((3, m)), own @ own.swapaxes(1, 2) + 0.1 * np.eye(m),
    )  # fmt: skip
    model, source = ek.Mixture(ek.CommonFactors(m, equal)), ek.ArraySource(x)
    em, heights = ek.EMMap(model, source, ek.MixtureParams([0.5, 0.3, 0.2], start)), []
    params = ek.MixtureParams([0.5, 0.3, 0.2], start)
    em = ek.EMMap(ek.Mixture(model.family.among_gaps if seed % 2 else model.family), source, params)
    for _ in range(25):
        here = em(params)
        heights.append(here.objective)
        params = here.update
    assert (np.diff(heights) >= -1e-9 * (1 + np.abs(heights[1:]))).all()


def test_it_lies_between_one_normal_of_factors_and_the_mixture_of_them():
    x = rows()
    found = fitted(x)
    other = ek.MixtureModel(ek.FactorNormal(2), 2, random_state=0).fit(x).result_
    assert fitted(x, 2, 1).log_likelihood < found.log_likelihood < other.log_likelihood
    assert found.bic < min(
        other.bic, ek.MixtureModel(ek.FactorNormal(2, shared="covariance"), 2, random_state=0).fit(x).result_.bic
    )


def test_a_column_that_is_all_factor_is_named():
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky([[1, 0.85, 0.85, 0.6], [0.85, 1, 0.6, 0.5], [0.85, 0.6, 1, 0.5], [0.6, 0.5, 0.5, 1]])
    x = rng.standard_normal((400, 4)) @ root.T + 9 * np.repeat([[0], [1]], 200, axis=0) * root[:, 0]
    with pytest.warns(ek.EmkitWarning, match="Heywood case: the uniqueness of 'tall' is 0"):
        found = fitted(dict(zip(["tall", "wide", "deep", "old"], x.T, strict=True)), 1)
    assert found.converged
    assert found.params.components.uniquenesses[0] == 0
    errors = found.standard_errors()
    assert errors.reasons == {"components.uniquenesses[0]": "the estimate lies on the boundary of its space"}


def test_a_component_whose_factors_do_not_vary_is_named():
    rng = np.random.default_rng(4)
    f = np.concatenate([rng.normal(0, 2, 200), np.full(200, 7.0)])
    x = f[:, None] * [1.0, 0.8, -0.7, 0.9] + rng.standard_normal((400, 4))
    x[200:] -= 0.3 * (x[200:] - x[200:].mean(axis=0)) @ np.outer([1, 0.8, -0.7, 0.9], [1, 0.8, -0.7, 0.9]) / 2.94
    with pytest.warns(ek.EmkitWarning, match="No variance is left of 'factor 1' in component 2"):
        found = fitted(x, 1)
    assert found.converged
    assert found.params.components.factor_covariances[1, 0, 0] == 0
    assert "sd           factor 1" in found.summary()


@pytest.mark.parametrize(("m", "apart"), [(1, 0.0), (1, 1e-9), (1, 1e-6), (1, 1e-4), (2, 0.0), (2, 1e-6)])
def test_columns_that_are_equal_end_on_the_floor_or_an_edge(m, apart):
    x, family = rows(200), ek.CommonFactors(m)
    x = np.column_stack([x, x[:, 2] + apart * np.random.default_rng(5).standard_normal(len(x))])
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", ek.EmkitWarning)
        centre = family.pooled(ek.ArraySource(x).profile, 2)
        apart_means = centre.factor_means + np.array([[-1.0], [1.0]])
        found = ek.fit(ek.Mixture(family), x, ek.MixtureParams([0.5, 0.5], replace(centre, factor_means=apart_means)))
    assert found.converged
    noise = found.params.components.uniquenesses
    assert apart > 1e-5 or noise[noise > 0].min() > 1e-7, "what is equal but for rounding is no estimate"


def test_two_classes_tell_more_factors_than_one_covariance_does():
    """Of 4 columns, one covariance tells one factor; two classes tell two, and nobody is warned."""
    rng, lines = np.random.default_rng(1), np.array([[1, 0.2], [0.8, -0.5], [0.3, 1], [-0.4, 0.9]])
    f = np.concatenate([rng.normal([0, 0], [1, 1.5], (400, 2)), rng.normal([6, 2], [1.8, 0.9], (400, 2))])
    x = f @ lines.T + 0.6 * rng.standard_normal((800, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ek.EmkitWarning)
        ek.MixtureModel(ek.CommonFactors(2), 2, random_state=0).fit(x)


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.filterwarnings("ignore::emkit.errors.EmkitWarning")
def test_columns_that_are_equal_are_refused_without_a_floor(m):
    x = rows()[:, [0, 1, 2, 3, 4, 5, 2]]
    with pytest.raises(ek.DegenerateFitError, match="do not vary in every direction"):
        ek.MixtureModel(ek.CommonFactors(m, floor=0), 2, n_init=2, random_state=0).fit(x)


def test_what_others_do_it_does_too(tmp_path):
    x = rows(300)
    x[::17, 1] = np.nan
    estimator = ek.MixtureModel("gaussian-common-factors-1", 2, n_init=2, random_state=0)
    found = estimator.fit(x).result_
    assert found.converged
    found.save(tmp_path / "fit.emk")
    again = ek.load(tmp_path / "fit.emk")
    assert again.params.components.markers == found.params.components.markers
    assert again.log_likelihood == found.log_likelihood
    assert np.isfinite(found.standard_errors().errors).all()
    assert estimator.score(x[:10]) < 0
    assert estimator.sample(5)[0].shape == (5, 6)
    assert "factor mean  factor 1" in found.summary()
    chosen = ek.select(ek.MixtureModel("gaussian-common-factors-1", n_init=2, random_state=0), rows(300), [1, 2])
    assert chosen.best.result_.params.proportions.shape == (2,)
    assert len(found.bootstrap(5, random_state=0).log_likelihoods) == 5
    chain = ek.HiddenMarkov("gaussian-common-factors-1", 2, random_state=0, n_init=2).fit(x).result_
    assert chain.converged


def test_what_markers_have_is_not_counted_in_families_made_of_others():
    x = np.column_stack([rows(100), np.random.default_rng(1).poisson(3, 100)])
    family = ek.Product({(0, 1, 2, 3, 4, 5): ek.CommonFactors(1), 6: ek.Poisson()})
    found = ek.MixtureModel(family, 2, n_init=1, random_state=0).fit(x).result_
    assert found.free_parameters == 1 + 2 + (6 + 5 + 5 + 2 + 2), "proportions, rates, and those of the factors"
    assert np.isfinite(found.standard_errors().errors).all()


def test_markers_say_in_which_units_factors_are():
    line = [1.0, 2.0, -1.0], LINES[:3], [0.5, 0.6, 0.7], [[0.0, 0.0], [1.0, -1.0]], [np.eye(2), [[2.0, 0.5], [0.5, 1.0]]]
    one, other = ek.CommonFactorsParams.of(*line, markers=(0, 1)), ek.CommonFactorsParams.of(*line)
    assert len(other.markers) == 2
    np.testing.assert_allclose(one.means, other.means, atol=1e-12)
    np.testing.assert_allclose(one.covariances, other.covariances, atol=1e-12)
    np.testing.assert_allclose(one.means[1] - one.means[0], LINES[:3] @ [1, -1], atol=1e-12)
    assert one.factor_means[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: ek.CommonFactors(0), ek.ModelError, "n_factors is 0; components differ in their factors"),
        (lambda: fitted(rows(), 7), ek.DataError, "7 factors are more than the 6 columns"),
        (
            lambda: ek.CommonFactorsParams([1.0, 0.0], [[1.0], [0.5]], [0.5, 0.5], [[0.0]], [[[1.0]]], (0,)),
            ek.ParameterError,
            r"markers is \(0,\); it must name 1 column, each with an intercept of 0",
        ),
        (
            lambda: ek.CommonFactorsParams.of([1.0, 0.0], [[1.0, 2.0], [0.5, 1.0]], [0.5, 0.5], [[0.0, 0.0]], [np.eye(2)]),
            ek.ParameterError,
            "sums of those of others: use fewer factors",
        ),
    ],
)
def test_what_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()
