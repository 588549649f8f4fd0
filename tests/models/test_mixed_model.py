"""Linear mixed models: laws, the likelihood written out, closed forms, edges, and data that cannot be."""

from __future__ import annotations

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.inference.differences import jacobian
from emkit.inference.scores import objective_and_score
from tests import cases
from tests.laws import maxima

FORMS = ["unstructured", "diagonal", "scalar"]
COVARIANCE = np.array([[1.5, 0.3], [0.3, 0.4]])
FIXED = np.array([2.0, -0.5])
over_forms = pytest.mark.parametrize("form", FORMS)
over_kinds = pytest.mark.parametrize("kind", [ek.MixedModel, ek.RestrictedMixedModel])


def model_of(kind=ek.MixedModel, form="unstructured"):
    return kind(0, (1,), (1,), covariance=form)


def near(kind=ek.MixedModel, form="unstructured"):
    between = model_of(kind, form).start(source(rows(12))).between.near(COVARIANCE)
    return ek.MixedModelParams(FIXED, between, 0.7) if kind is ek.MixedModel else ek.RestrictedMixedModelParams(between, 0.7)


def rows(number, seed=3, covariance=COVARIANCE):
    """Responses, times and labels of groups of 2 to 5 rows."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 6, number)
    group = np.repeat(np.arange(number), lengths)
    time = rng.uniform(0, 4, len(group))
    effects = rng.multivariate_normal(np.zeros(2), covariance, number)[group]
    y = FIXED[0] + effects[:, 0] + (FIXED[1] + effects[:, 1]) * time + np.sqrt(0.7) * rng.standard_normal(len(group))
    return np.column_stack([y, time]), group


def given(data, **options):
    x, group = data
    return ek.ArraySource(x, groups=group, **options)


def source(data, **options):
    return given(data, **options).profile


def fitted(model, data, **options):
    return ek.fit(model, data, model.start(data.profile), **{"solver": "anderson", **options})


def dense(data, params, fixed=None):
    """The log-densities of groups, by their covariance matrices; and X'V^-1 X."""
    x, group = data
    found, precision = [], 0.0
    between = params.between.matrix(2)
    for g in np.unique(group):
        y, design = x[group == g, 0], np.column_stack([np.ones((group == g).sum()), x[group == g, 1]])
        covariance = design @ between @ design.T + params.within * np.eye(len(y))
        found.append(multivariate_normal(design @ (params.fixed if fixed is None else fixed), covariance).logpdf(y))
        precision = precision + design.T @ np.linalg.solve(covariance, design)
    return np.array(found), precision


@over_kinds
def test_groups_come_in_any_order_and_chunks(kind):
    x, group = rows(15)
    model, params = model_of(kind), near(kind)
    backwards = np.argsort(-group, kind="stable")
    sources = [given((x, group)), given((x[backwards], group[backwards])), given((x, group), chunk_rows=7)]
    heights = [ek.EMMap(model, each, params).objective(params) for each in sources]
    np.testing.assert_allclose(heights, heights[0], rtol=1e-13)


@over_forms
def test_log_likelihood_is_that_of_the_responses(form):
    data, params = rows(12), near(form=form)
    wanted, _ = dense(data, params)
    model = model_of(form=form)
    np.testing.assert_allclose(model.row_objectives(params, next(given(data).chunks())), wanted, rtol=1e-11)
    settled = model.settled(source(data))  # in a frame of its own
    np.testing.assert_allclose(settled.row_objectives(params, next(given(data).chunks())), wanted, rtol=1e-11)


def test_restricted_likelihood_is_the_integral_over_fixed_effects():
    data, params, model = rows(12), near(ek.RestrictedMixedModel), model_of(ek.RestrictedMixedModel)
    fixed, covariance = model.fixed_effects(params, given(data))
    heights, precision = dense(data, params, fixed)
    np.testing.assert_allclose(np.linalg.inv(covariance), precision, rtol=1e-10)
    wanted = heights.sum() + np.log(2 * np.pi) - np.linalg.slogdet(precision)[1] / 2
    for each in (model, model.settled(source(data))):
        assert ek.EMMap(each, given(data), params).objective(params) == pytest.approx(wanted, rel=1e-12)


@over_kinds
@over_forms
def test_slopes_are_those_of_the_log_likelihood(kind, form):
    em = ek.EMMap(model_of(kind, form), given(rows(10)), near(kind, form))
    at = em.coordinates.pack(near(kind, form))
    height = lambda v: np.array([em.objective(em.coordinates.unpack(v, near(kind, form)))])  # noqa: E731
    numeric = jacobian(height, at, np.full(len(at), 1e-2))[0]
    np.testing.assert_allclose(objective_and_score(em, near(kind, form))[1], numeric, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_runs_ascend_from_wild_starts(seed):
    model = model_of((ek.MixedModel, ek.RestrictedMixedModel)[seed % 2], FORMS[seed % 3])
    data = given(rows(8, seed))
    for start in model.starts(data.profile, 1, [seed]):
        for solver in (ek.solvers.Plain(), ek.solvers.Anderson()):
            maxima.assert_ascends(model, data, start, solver, 40)


def exact(data, params):
    """The log-density of each group, to 50 digits."""
    x, group = data
    found = []
    with mp.workdps(50):
        for g in np.unique(group):
            design = mp.matrix([[1, t] for t in x[group == g, 1].tolist()])
            covariance = design * mp.matrix(params.between.matrix(2).tolist()) * design.T
            covariance += params.within * mp.eye(design.rows)
            off = mp.matrix(x[group == g, 0].tolist()) - design * mp.matrix(params.fixed.tolist())
            height = (off.T * mp.lu_solve(covariance, off))[0] + mp.log(mp.det(covariance)) + design.rows * mp.log(2 * mp.pi)
            found.append(float(-height / 2))
    return np.array(found)


@over_forms
def test_effects_that_vary_far_more_than_errors_leave_digits(form):
    x, group = rows(5, 2, 1e6 * COVARIANCE)
    data = np.column_stack([x[:, 0], 1 + x[:, 1] / 100]), group
    model = model_of(form=form).settled(source(data))
    params = ek.MixedModelParams(FIXED, near(form=form).between.near(1e10 * COVARIANCE), 0.7)
    heights = model.row_objectives(params, next(given(data).chunks()))
    np.testing.assert_allclose(heights, exact(data, params), rtol=1e-9)


def exact_restricted(data, between, within):
    """The restricted log-likelihood, to 50 digits, and the fixed effects by generalized least squares."""
    x, group = data
    with mp.workdps(50):
        design, y, n = mp.matrix([[1, t] for t in x[:, 1].tolist()]), mp.matrix(x[:, 0].tolist()), len(x)
        same = mp.matrix((group[:, None] == group).astype(int).tolist())
        covariance = design * mp.matrix(between.tolist()) * design.T
        covariance = mp.matrix([[covariance[i, j] * same[i, j] for j in range(n)] for i in range(n)])
        covariance += within * mp.eye(n)
        inverse = mp.inverse(covariance)
        precision = design.T * inverse * design
        fixed = mp.lu_solve(precision, design.T * inverse * y)
        off = y - design * fixed
        height = (off.T * inverse * off)[0] + mp.log(mp.det(covariance)) + mp.log(mp.det(precision))
        height += (n - 2) * mp.log(2 * mp.pi)
        return float(-height / 2), [*map(float, fixed)]


@over_forms
def test_fixed_effects_that_are_integrated_leave_digits_where_effects_vary_far_more(form):
    x, group = rows(5, 2, 1e6 * COVARIANCE)
    data = np.column_stack([x[:, 0], 1 + x[:, 1] / 100]), group
    model = model_of(ek.RestrictedMixedModel, form).settled(source(data))
    params = ek.RestrictedMixedModelParams(near(form=form).between.near(1e10 * COVARIANCE), 0.7)
    height, fixed = exact_restricted(data, params.between.matrix(2), 0.7)
    assert ek.EMMap(model, given(data), params)(params).objective == pytest.approx(height, rel=1e-11)
    np.testing.assert_allclose(model.fixed_effects(params, given(data)).values, fixed, rtol=1e-9)


@over_kinds
@over_forms
def test_runs_ascend_where_effects_vary_far_more_than_errors(kind, form):
    x, group = rows(8, 2, 1e6 * COVARIANCE)
    data = given((np.column_stack([x[:, 0], 1 + x[:, 1] / 100]), group))
    model = model_of(kind, form).settled(data.profile)
    made = near(kind, form).between.near(1e10 * COVARIANCE)
    for start in model.starts(data.profile, 1, range(2)):
        maxima.assert_ascends(model, data, replace(start, between=made), ek.solvers.Plain(), 40)


@pytest.mark.slow
@over_kinds
def test_solvers_agree(kind):
    model, data = model_of(kind), given(rows(20))
    maxima.assert_solvers_agree(model, data, model.start(data.profile), cases.SOLVERS)


def test_effects_are_their_means_given_the_responses():
    (x, group), params, model = rows(6), near(), model_of()
    means, spreads = model.latent(params, next(given((x, group)).chunks()))
    own = group == 2
    design = np.column_stack([np.ones(own.sum()), x[own, 1]])
    whole = design @ COVARIANCE @ design.T + 0.7 * np.eye(own.sum())
    gain = COVARIANCE @ design.T @ np.linalg.inv(whole)
    np.testing.assert_allclose(means[2], gain @ (x[own, 0] - design @ FIXED), rtol=1e-10)
    np.testing.assert_allclose(spreads[2], COVARIANCE - gain @ design @ COVARIANCE, rtol=1e-9, atol=1e-12)


def test_without_variance_between_groups_fixed_effects_are_least_squares():
    x, group = rows(12)
    data = given((x, group))
    model = model_of(form="scalar")
    start = ek.MixedModelParams([0.0, 0.0], ek.models.EqualCovariance(0.0), 1.0)
    found = ek.fit(model, data, start).params
    design = np.column_stack([np.ones(len(x)), x[:, 1]])
    fixed, left, *_ = np.linalg.lstsq(design, x[:, 0], rcond=None)
    np.testing.assert_allclose(found.fixed, fixed, rtol=1e-10)
    assert found.within == pytest.approx(left[0] / len(x), rel=1e-10)
    assert found.between.variance == 0


def test_balanced_groups_have_a_closed_form():
    y = np.random.default_rng(0).normal(size=(6, 4)) + np.arange(6.0)[:, None]
    data = ek.ArraySource(y.reshape(-1, 1), groups=np.repeat(np.arange(6), 4))
    within = y.var(axis=1, ddof=1).mean()
    for kind, divisor in ((ek.MixedModel, 6), (ek.RestrictedMixedModel, 5)):
        found = fitted(kind(0), data, tol=1e-12).params
        between = 4 * ((y.mean(axis=1) - y.mean()) ** 2).sum() / divisor
        assert found.within == pytest.approx(within, rel=1e-6)
        np.testing.assert_allclose(found.between.covariance, [[(between - within) / 4]], rtol=1e-6)


@over_kinds
def test_estimates_follow_the_units(kind):
    x, group = rows(20)
    one = fitted(model_of(kind), given((x, group)), tol=1e-12)
    other = fitted(model_of(kind), given((x * [1e-6, 1e4] + [3e-5, 0.0], group)), tol=1e-12)
    unit = np.array([1e-6, 1e-10])
    np.testing.assert_allclose(other.params.between.covariance, one.params.between.covariance * np.outer(unit, unit), rtol=1e-5)
    assert other.params.within == pytest.approx(one.params.within * 1e-12, rel=1e-6)


@over_kinds
def test_far_origins_do_not_matter(kind):
    x, group = rows(20)
    one = fitted(model_of(kind), given((x, group)), tol=1e-10)
    other = fitted(model_of(kind), given((x + np.array([0.0, 2000.0]), group)), tol=1e-10)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-8)
    assert other.boundary == ()


def test_rows_without_a_response_tell_nothing():
    x, group = rows(12)
    gaps = np.arange(len(x)) % 4 == 1
    gaps[group == 3] = True  # a group as a whole
    some = np.where(gaps[:, None] & [True, False], np.nan, x)
    params, model = near(), model_of()
    fewer = given((x[~gaps], group[~gaps]))
    one, other = (ek.EMMap(model, each, params).expectation(params) for each in (given((some, group)), fewer))
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(one.statistics.moments, other.statistics.moments, rtol=1e-12)
    assert one.statistics.groups == other.statistics.groups


@pytest.mark.slow
@over_kinds
def test_effects_that_hang_together_are_an_edge_that_is_left_along(kind):
    data = given(rows(25, 4, np.outer([1.5, 0.6], [1.5, 0.6])))
    result = fitted(model_of(kind), data)
    assert result.converged
    assert result.boundary == ("between.covariance[1, 1]",)
    assert np.linalg.matrix_rank(result.params.between.covariance, 1e-9) == 1
    _, slope = objective_and_score(ek.EMMap(result.model, data, result.params), result.params)
    np.testing.assert_allclose(slope, 0.0, atol=1e-3)  # also where the covariance would tilt
    assert "no slope left" in str(ek.check_model(result.model, data, result.params))


def test_an_extrapolating_solver_needs_few_passes():
    assert fitted(model_of(), given(rows(40, 1))).evaluations <= 46  # a tenth of the 467 of plain EM


def test_a_restricted_likelihood_has_no_parts():
    model = model_of(ek.RestrictedMixedModel)
    with pytest.raises(ek.ModelError, match="no sum over groups"):
        model.e_step(near(ek.RestrictedMixedModel), next(given(rows(4)).chunks()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ek.MixedModel(0, (0,)), "told by itself"),
        (lambda: ek.MixedModel(0, (1, 1)), "named twice"),
        (lambda: ek.MixedModel(0, (), (), False), "no fixed effects"),
        (lambda: ek.MixedModel(0, covariance="any"), "must be one of"),
        (lambda: ek.MixedModel("y").row_objectives(near(), next(given(rows(4)).chunks())), "not known before there are data"),
        (lambda: ek.fit(model_of(), rows(4)[0], near()), "say with `groups`"),
        (lambda: ek.fit(model_of(form="scalar"), given(rows(9)), near()), "no scalar covariance"),
        (lambda: ek.MixedModel(7).start(source(rows(4))), "no column 7"),
        (lambda: ek.models.AnyCovariance([[1, 2], [2, 1]]), "negative eigenvalue"),
        (lambda: ek.models.AnyCovariance([[1, 2], [0, 1]]), "not symmetric"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ek.EmkitError, match=message):
        make()
