"""Factor analysis and probabilistic principal components as models: laws, closed forms, edges, and data that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.data.given import as_source
from tests import cases
from tests.laws import maxima

LOADINGS = np.array([[1.2, 0.0], [0.9, 0.4], [-0.5, 1.0], [0.3, 0.8], [0.7, -0.6]])
NOISE = np.array([0.5, 0.8, 0.4, 1.0, 0.6])
MEANS = np.array([1.0, -2.0, 0.0, 3.0, 5.0])
HEYWOOD = np.array([[1, 0.8, 0.75, 0.6], [0.8, 1, 0.5, 0.44], [0.75, 0.5, 1, 0.42], [0.6, 0.44, 0.42, 1]])
MODELS = [ek.FactorModel(m, equal) for m in (0, 1, 2) for equal in (False, True)]
over_models = pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.n_factors}{'-equal' * model.equal}")
over_gaps = pytest.mark.parametrize("share", [0.0, 0.25], ids=["whole", "gaps"])


def near(model):
    return model.params(MEANS, LOADINGS[:, : model.n_factors], 0.7 if model.equal else NOISE)


def rows(n, share=0.0, seed=3, m=2):
    rng = np.random.default_rng(seed)
    model = ek.FactorModel(m)
    x = model.draw(near(model), rng, n)
    return np.where(rng.random(x.shape) < share, np.nan, x)


def fitted(model, data, **options):
    source = data if isinstance(data, ek.ArraySource) else ek.ArraySource(data)
    return ek.fit(model, source, model.start(source.profile), solver="anderson", **options)


@over_models
@over_gaps
def test_log_likelihood_is_that_of_the_cells_there_are(model, share):
    x, params = rows(40, share), near(model)
    seen = ~np.isnan(x)
    wanted = [
        multivariate_normal(params.means[own], params.covariance[np.ix_(own, own)]).logpdf(row[own]) if own.any() else 0.0
        for row, own in zip(x, seen, strict=True)
    ]
    np.testing.assert_allclose(model.row_objectives(params, ek.Chunk(x, np.ones(40))), wanted, rtol=1e-11)
    total = ek.EMMap(model, model.prepare(ek.ArraySource(x)), params).expectation(params)
    assert total.log_likelihood == pytest.approx(sum(wanted), rel=1e-12)


def test_gaps_are_marginal():
    model, x = ek.FactorModel(2), rows(80)
    x[:, 3] = np.nan
    whole = near(model)
    fewer = model.params(whole.means[[0, 1, 2, 4]], whole.loadings[[0, 1, 2, 4]], whole.uniquenesses[[0, 1, 2, 4]])
    height = ek.EMMap(model, ek.ArraySource(x), whole).objective(whole)
    assert height == pytest.approx(ek.EMMap(model, ek.ArraySource(x[:, [0, 1, 2, 4]]), fewer).objective(fewer), rel=1e-12)


@over_gaps
def test_a_known_column_is_the_limit_of_a_nearly_known_one(share):
    model, x = ek.FactorModel(2), rows(50, share)
    chunk = ek.Chunk(x, np.ones(50))
    noise = NOISE.copy()
    noise[0] = 0.0
    edge, inside = model.params(MEANS, LOADINGS, noise), model.params(MEANS, LOADINGS, np.where(noise > 0, noise, 2e-8))
    at, by = model.e_step(edge, chunk), model.e_step(inside, chunk)
    assert at.log_likelihood == pytest.approx(by.log_likelihood, rel=1e-5)
    np.testing.assert_allclose(at.statistics.gram, by.statistics.gram, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(at.statistics.slopes, by.statistics.slopes, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_runs_ascend_from_wild_starts(seed):
    rng = np.random.default_rng(seed)
    model = MODELS[seed]
    source = ek.ArraySource(rows(30, 0.2 * (seed % 2), seed) * (1.0 if model.equal else 10.0 ** rng.integers(-4, 5, 5)))
    for start in model.starts(source.profile, 1, [seed]):
        for solver in (ek.solvers.Plain(), ek.solvers.Anderson()):
            maxima.assert_ascends(model, source, start, solver, 40)


@pytest.mark.slow
@over_gaps
def test_solvers_agree(share):
    model, source = ek.FactorModel(1), ek.ArraySource(rows(200, share, m=1))
    maxima.assert_solvers_agree(model, source, model.start(source.profile), cases.SOLVERS)


@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_equal_uniquenesses_are_principal_components(m):
    source = ek.ArraySource(rows(70))
    values, vectors = np.linalg.eigh(source.profile.covariance)
    left = values[: 5 - m].mean()
    model = ek.FactorModel(m, equal=True)
    start = model.starts(source.profile, 1, [2])[0]
    found = ek.fit(model, source, start, solver="anderson", tol=1e-12).params
    assert found.uniquenesses == pytest.approx(left, rel=1e-6)
    main = (vectors[:, 5 - m :] * (values[5 - m :] - left)) @ vectors[:, 5 - m :].T
    np.testing.assert_allclose(found.loadings @ found.loadings.T, main, atol=1e-5)


def test_no_factors_are_independent_columns():
    x = rows(50)
    found = fitted(ek.FactorModel(0), x)
    np.testing.assert_allclose(found.params.uniquenesses, x.var(axis=0), rtol=1e-12)
    assert found.free_parameters == 10


def test_units_change_the_log_likelihood_by_their_logarithm_alone():
    x, units = rows(60), np.array([1e-6, 1.0, 1e4, 10.0, 1e-2])
    one, other = fitted(ek.FactorModel(2), x), fitted(ek.FactorModel(2), x * units)
    assert other.log_likelihood + 60 * np.log(units).sum() == pytest.approx(one.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(other.params.uniquenesses / units**2, one.params.uniquenesses, rtol=1e-4)


def test_free_parameters_do_not_count_turns():
    assert [fitted(ek.FactorModel(m), rows(60), max_evaluations=5).free_parameters for m in (1, 2)] == [15, 19]
    assert fitted(ek.FactorModel(3, equal=True), rows(60), max_evaluations=5).free_parameters == 18


def test_any_loadings_are_turned_and_stay_the_same():
    rng = np.random.default_rng(5)
    turn = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    model = ek.FactorModel(2)
    one, other = model.params(MEANS, LOADINGS, NOISE), model.params(MEANS, LOADINGS @ turn, NOISE)
    np.testing.assert_allclose(one.loadings, other.loadings, atol=1e-12)
    np.testing.assert_allclose(one.covariance, LOADINGS @ LOADINGS.T + np.diag(NOISE), rtol=1e-12)


def test_a_uniqueness_of_0_is_reported_and_the_others_have_standard_errors():
    found = fitted(ek.FactorModel(1), ek.rows_of_covariance(HEYWOOD, 200))
    assert found.boundary == ("uniquenesses[0]",)
    np.testing.assert_allclose(found.params.uniquenesses, [0, 0.36, 0.4375, 0.64], atol=1e-9)
    np.testing.assert_allclose(np.abs(found.params.loadings[:, 0]), [1, 0.8, 0.75, 0.6], atol=1e-9)
    # x0 is the factor: the others are its regressions, whose standard errors are known
    errors = dict(zip(found.standard_errors().names, found.standard_errors().errors, strict=True))
    u = found.params.uniquenesses
    assert np.isnan(errors["uniquenesses[0]"])
    assert errors["loadings[0, 0]"] == pytest.approx(np.sqrt(1 / 400), rel=1e-4)
    assert errors["uniquenesses[2]"] == pytest.approx(u[2] * np.sqrt(2 / 200), rel=1e-4)


def test_standard_errors_are_those_of_the_curvature():
    x = rows(200, m=1)
    found = fitted(ek.FactorModel(1), x, tol=1e-13)

    def height(v):
        covariance = np.outer(v[5:10], v[5:10]) + np.diag(v[10:])
        return multivariate_normal(v[:5], covariance).logpdf(x).sum()

    at = np.concatenate([found.params.means, found.params.loadings[:, 0], found.params.uniquenesses])
    step = 1e-3 * np.eye(15)
    bend = [
        [(height(at + a + b) - height(at + a - b) - height(at - a + b) + height(at - a - b)) / 4e-6 for b in step] for a in step
    ]
    np.testing.assert_allclose(found.standard_errors().errors, np.sqrt(np.diag(np.linalg.inv(-np.array(bend)))), rtol=1e-3)


def test_fits_are_stored(tmp_path):
    found = fitted(ek.FactorModel(2, equal=True), rows(60, 0.1))
    again = ek.load(found.save(tmp_path / "factors.emk"))
    assert again.params.pivots == found.params.pivots
    np.testing.assert_array_equal(again.params.loadings, found.params.loadings)
    assert again.model.equal


def test_rows_drawn_have_the_covariance():
    model = ek.FactorModel(2)
    x = model.draw(near(model), np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(np.cov(x.T), near(model).covariance, atol=0.06)


HOSTILE = {
    "a constant column": (1, lambda x: np.where(np.arange(5) == 1, 2.0, x), "never vary"),
    "an empty column": (1, lambda x: np.where(np.arange(5) == 1, np.nan, x), "missing in every row"),
    "one cell in a column": (
        1,
        lambda x: np.where((np.arange(5) == 1) & (np.arange(30) > 0)[:, None], np.nan, x),
        "never vary",
    ),
    "more factors than columns": (7, lambda x: x, "more than the 5 columns"),
    "too few rows": (2, lambda x: x[:3], "at least 4 are needed"),
    "no rows but one": (1, lambda x: x[:1], "never vary"),
    "words": (1, lambda x: {"a": ["p", "q", "p"], "b": [1.0, 2.0, 4.0], "c": [3.0, 1.0, 4.0]}, "hold names"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_data_that_cannot_be_are_refused(name):
    m, spoil, said = HOSTILE[name]
    with pytest.raises(ek.DataError, match=said):
        ek.FactorModel(m).start(as_source(spoil(rows(30))).profile)


def test_equal_uniquenesses_are_not_of_columns_in_units_far_apart():
    x = rows(30) * [1.0, 1e6, 1.0, 1.0, 1.0]
    with pytest.raises(ek.DataError, match="like units"):
        ek.FactorModel(1, equal=True).start(ek.ArraySource(x).profile)
    assert fitted(ek.FactorModel(1), x).converged


@pytest.mark.parametrize("m", [1, 2])
def test_a_column_twice_has_no_maximum(m):
    x = rows(30)
    x[:, 1] = x[:, 0]
    found = fitted(ek.FactorModel(m), x)
    assert found.outcome.status is ek.Status.DEGENERATE
    assert "Use fewer factors" in str(found.outcome)


def test_fewer_rows_than_columns_have_a_maximum():
    x = np.random.default_rng(2).standard_normal((12, 20))
    assert fitted(ek.FactorModel(1, equal=True), x).converged


def test_parameters_that_do_not_fit_are_refused():
    model, source = ek.FactorModel(2), ek.ArraySource(rows(30))
    with pytest.raises(ek.ParameterError, match="loadings have shape"):
        model.params(MEANS, LOADINGS[:, :1], NOISE)
    turned = ek.FactorModelParams(MEANS, np.ones((5, 2)), NOISE, (0, 1))
    with pytest.raises(ek.ParameterError, match=r"FactorModel\.params"):
        ek.fit(model, source, turned)
    with pytest.raises(ek.ParameterError, match="the data have 4"):
        ek.fit(model, rows(30)[:, :4], near(model))
    with pytest.raises(ek.ModelError, match="n_factors"):
        ek.FactorModel(-1)


@pytest.mark.slow
def test_extrapolation_saves_nine_passes_in_ten():
    source = ek.rows_of_covariance(HEYWOOD + np.diag([0.02, 0, 0, 0]), 200)
    model = ek.FactorModel(1)
    start = model.start(source.profile)
    plain, fast = (ek.fit(model, source, start, solver=solver) for solver in ("plain", "anderson"))
    assert plain.evaluations >= 400
    assert fast.evaluations <= plain.evaluations / 10
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-7)


AT_MOST_TWO, NOT_EVEN_ONE = "Use at most 2", "Give more columns"


@pytest.mark.parametrize(
    ("m", "columns", "advice"), [(3, 5, AT_MOST_TWO), (1, 2, NOT_EVEN_ONE), (1, 1, NOT_EVEN_ONE), (5, 5, AT_MOST_TWO)]
)
def test_more_factors_than_columns_can_tell_apart_are_warned_of(m, columns, advice):
    x = rows(40)[:, :columns]
    with pytest.warns(ek.EmkitWarning, match=advice):
        found = fitted(ek.FactorModel(m), x, max_evaluations=2_000)
    whole = multivariate_normal(x.mean(axis=0), np.cov(x.T, ddof=0)).logpdf(x).sum()
    assert found.log_likelihood == pytest.approx(whole, abs=1e-3)


def test_no_part_can_be_held():
    with pytest.raises(ek.ModelError, match="no part of it can be held"):
        ek.Frozen(ek.FactorModel(1), "means")
