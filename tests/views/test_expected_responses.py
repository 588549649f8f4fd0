"""What rows are expected to have in columns that are described given others, against SciPy and drawn rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit.data.chunk import Chunk, unit_weights
from emkit.explain.subject import subject_of
from emkit.models.around import bare
from emkit.views import expected_responses, rootogram
from tests import cases

N = 150
X = np.random.default_rng(7).normal(size=N)
Z = np.arange(N) % 2
GIVEN = [case for case in cases.FAMILIES if case.family.conditional is not None and case.name not in cases.DRAWN_WHOLE]


def fitted(formula, family, y, components=2, **settings):
    frame = {"y": y, "x": X, "z": Z.astype(float), **settings.pop("columns", {})}
    return ek.MixtureRegression(formula, components, family=family, random_state=0, n_init=1, **settings).fit(frame), frame


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(3)
    steep = rng.random(N) < np.where(Z == 1, 0.8, 0.3)
    return fitted("y ~ x | z", "poisson", rng.poisson(np.exp(np.where(steep, 1 + 0.6 * X, 1.5 - 0.3 * X))).astype(float))


def mixed(model, frame, distribution):
    """The distribution function of SciPy's `distribution` at the means of the classes, by their proportions."""
    shares = model.predict_proba(frame, with_response=False)
    return sum(shares[:, k] * distribution(frame["y"], model.predict(frame, k), k) for k in range(2))


def test_numbers_lie_where_normal_distributions_about_their_lines_put_them():
    rng = np.random.default_rng(1)
    model, frame = fitted("y ~ x", "gaussian", 1e9 + rng.choice([-1.0, 1.0], N) * (3 + X) + rng.normal(size=N))
    deviations = np.sqrt(model.components_.variances)
    wanted = mixed(model, frame, lambda y, mean, k: stats.norm.cdf(y, mean, deviations[k]))
    np.testing.assert_allclose(model.result_.cdf(frame), wanted, atol=1e-6)  # means of 1e9 have seven digits left
    found = model.result_.pseudo_residuals()
    assert found.columns == ("y",)
    np.testing.assert_array_equal(found.below, found.up_to)
    assert stats.kstest(found.middle[:, 0], "norm").pvalue > 0.01


def test_counts_lie_where_poisson_distributions_put_them_with_the_gate(counts):
    model, frame = counts
    found = model.result_.pseudo_residuals()
    np.testing.assert_allclose(found.up_to[:, 0], mixed(model, frame, lambda y, m, k: stats.poisson.cdf(y, m)), atol=1e-12)
    np.testing.assert_allclose(found.below[:, 0], mixed(model, frame, lambda y, m, k: stats.poisson.cdf(y - 1, m)), atol=1e-12)
    np.testing.assert_allclose(
        model.result_.density(frame), mixed(model, frame, lambda y, m, k: stats.poisson.pmf(y, m)), rtol=1e-9
    )
    assert stats.kstest(model.result_.quantile_residuals()[:, 0], "norm").pvalue > 0.01


def test_successes_lie_where_binomial_distributions_of_their_trials_put_them():
    rng = np.random.default_rng(2)
    trials = rng.integers(1, 9, N)
    y = rng.binomial(trials, np.where(rng.random(N) < 0.5, 0.2, 0.7)).astype(float)
    model, frame = fitted("y ~ x", "binomial", y, trials="m", columns={"m": trials.astype(float)})
    wanted = mixed(model, frame, lambda y, mean, k: stats.binom.cdf(y, trials, mean / trials))
    np.testing.assert_allclose(model.result_.cdf(frame), wanted, atol=1e-12)


def test_counts_with_more_zeros_are_counts(counts):
    _, frame = counts
    rows = np.column_stack([np.where(Z == 1, 0, frame["y"]), X])
    model = ek.Mixture(ek.PerComponent(ek.PoissonRegression(0, 1), ek.Product({0: ek.PointMass(0), 1: ek.Covariates()})))
    start = model.starts(ek.ArraySource(rows).profile, 2, [0])
    result = ek.fit(model, rows, start, max_evaluations=30)
    p, b = result.params.proportions, result.params.components.parts[0].coefficients[0]
    wanted = p[1] + p[0] * stats.poisson.cdf(rows[:, 0], np.exp(b[0] + b[1] * X))
    np.testing.assert_allclose(result.cdf(rows), wanted, atol=1e-12)


@pytest.mark.parametrize("case", GIVEN, ids=lambda case: case.name)
def test_places_are_those_among_drawn_rows(case):
    rows, shares = case.draw(np.random.default_rng(5), 12), np.tile(case.proportions, (12, 1))
    family, params = case.family.settled(ek.ArraySource(rows).profile), case.params
    exact = expected_responses.places_given(family, params, rows, shares)
    drawn = expected_responses._among_drawn(
        family, params, rows, shares, np.array(sorted(family.conditional.laws(rows.shape[1])))
    )
    for one, other in zip(exact, drawn, strict=True):
        np.testing.assert_allclose(one, other, atol=0.08)  # five standard deviations of shares of 1,000


def test_a_rootogram_adds_up_what_each_row_is_expected_to_have(counts):
    model, frame = counts
    weights = 1.0 + Z
    found = rootogram(subject_of(model.result_), model.params_)
    each = mixed(model, frame, lambda y, m, k: stats.poisson.pmf(found.x, m[:, None]).T)
    assert found.column == "y"
    np.testing.assert_allclose(found.expected, each.sum(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(found.observed, np.bincount(frame["y"].astype(int)))
    heavy = ek.fit(bare(model.result_.model), ek.ArraySource(model.result_.source.x, weights), model.params_, max_evaluations=1)
    again = rootogram(subject_of(heavy), model.params_)
    np.testing.assert_allclose(again.expected, (each * weights).sum(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(again.observed, np.bincount(frame["y"].astype(int), weights))


def test_chains_expect_what_the_rows_before_say():
    rng = np.random.default_rng(4)
    states = np.repeat([0, 1, 0], 50)
    rows = np.column_stack([rng.poisson(np.exp(np.where(states == 1, 2.0, 0.3) + 0.2 * X)), X]).astype(float)
    chain = ek.HiddenMarkovChain(ek.PoissonRegression(0, 1))
    start = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.RegressionParams([[0.0, 0.0], [2.0, 0.0]]))
    result = ek.fit(chain, rows, start, max_evaluations=3)
    shares = result.model.outlook(result.params, Chunk(rows, unit_weights(N), groups=np.array([0, N])))
    means = np.exp(rows[:, 1:] * result.params.components.coefficients[:, 1] + result.params.components.coefficients[:, 0])
    wanted = (shares * stats.poisson.cdf(rows[:, :1], means)).sum(axis=1)
    np.testing.assert_allclose(result.pseudo_residuals().up_to[:, 0], wanted, atol=1e-12)


def test_what_a_regression_has_not_is_said(counts, tmp_path):
    model, frame = counts
    loaded = ek.load(model.result_.save(tmp_path / "fit.emk"))
    np.testing.assert_array_equal(loaded.cdf(frame), model.result_.cdf(frame))
    with pytest.raises(ek.ModelError, match="quantile is of fits to one column, and not of a response"):
        loaded.quantile(0.5)
    with pytest.raises(ek.DataError, match="row 0, column 'y' is -1"):
        loaded.cdf({**frame, "y": [-1.0] * N})
    normal, _ = fitted("y ~ x", "gaussian", frame["y"], 1)
    with pytest.raises(ek.ModelError, match="a rootogram is of counts, and 'y' holds any numbers"):
        normal.result_.plot("rootogram")
    with pytest.raises(ek.ModelError, match="rows have no density: covariates are given"):
        normal.result_.plot("density")


def test_a_described_cell_that_is_missing_has_no_place():
    x = np.column_stack([np.random.default_rng(0).integers(0, 2, 40), X[:40]]).astype(float)
    x[3, 0] = np.nan
    model = ek.GatedMixture({0: "bernoulli", 1: ek.Covariates()}, 1)
    result = ek.fit(model, x, model.starts(ek.ArraySource(x).profile, 2, [0]), max_evaluations=2)
    assert np.flatnonzero(np.isnan(result.quantile_residuals()[:, 0])).tolist() == [3]
    with pytest.raises(ek.ModelError, match="cells of 'x0' are missing"):
        result.plot("rootogram")


def test_amounts_lie_where_gamma_distributions_about_their_curves_put_them():
    rng = np.random.default_rng(4)
    mean = np.exp(np.where(rng.random(N) < 0.5, 1 + 0.5 * X, 3 - 0.2 * X))
    model, frame = fitted("y ~ x", "gamma", mean * rng.gamma(9.0, 1 / 9, N))
    shapes = model.components_.shapes
    wanted = mixed(model, frame, lambda y, mean, k: stats.gamma.cdf(y, shapes[k], scale=mean / shapes[k]))
    np.testing.assert_allclose(model.result_.cdf(frame), wanted, atol=1e-12)
