"""Effects of groups within groups: the density written out, closed forms, an independent peer, edges, and what cannot be."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.inference.differences import jacobian
from emkit.inference.scores import objective_and_score
from emkit.models import AnyCovariance, EqualCovariance, NestedCovariance
from tests.laws import maxima

FIXED = np.array([2.0, -0.5])
OUTER, INNER = np.array([[1.5, 0.3], [0.3, 0.4]]), np.array([[0.8]])
KINDS = [ek.MixedModel, ek.RestrictedMixedModel]
over_kinds = pytest.mark.parametrize("kind", KINDS)


def rows(number, seed=3, outer=OUTER, inner=INNER):
    """Responses, times and labels of inner groups, of groups that have 1 to 4 of these, of 2 to 4 rows."""
    rng = np.random.default_rng(seed)
    lengths = [rng.integers(2, 5, rng.integers(1, 5)) for _ in range(number)]
    group = np.repeat(np.arange(number), [own.sum() for own in lengths])
    label = np.concatenate([np.repeat(np.arange(len(own)), own) for own in lengths])
    unit = np.unique(np.column_stack([group, label]), axis=0, return_inverse=True)[1].ravel()
    time = rng.uniform(0, 4, len(group))
    u = rng.multivariate_normal(np.zeros(2), outer, number)[group]
    v = (rng.standard_normal(unit.max() + 1) * np.sqrt(inner[0, 0]))[unit]
    y = FIXED[0] + u[:, 0] + v + (FIXED[1] + u[:, 1]) * time + np.sqrt(0.7) * rng.standard_normal(len(group))
    return np.column_stack([y, time, label]), group


def model_of(kind=ek.MixedModel, **options):
    return kind(0, (1,), (1,), nested=ek.Nested(2, **options))


def near(kind=ek.MixedModel, inner=INNER):
    between = NestedCovariance(AnyCovariance(OUTER), AnyCovariance(inner))
    return ek.MixedModelParams(FIXED, between, 0.7) if kind is ek.MixedModel else ek.RestrictedMixedModelParams(between, 0.7)


def given(data, **options):
    x, group = data
    return ek.ArraySource(x, groups=group, **options)


def fitted(model, data, **options):
    return ek.fit(model, data, model.start(data.profile), **{"solver": "anderson", **options})


def one_group(x, outer=OUTER, inner=INNER, within=0.7):
    """The design of fixed effects, that of all random effects, their covariance, and that of the responses."""
    design = np.column_stack([np.ones(len(x)), x[:, 1]])
    labels = np.unique(x[:, 2])
    member = (x[:, 2][:, None] == labels).astype(float)
    effects = np.column_stack([design, *(member[:, [j]] * design[:, : len(inner)] for j in range(len(labels)))])
    covariance = np.zeros((effects.shape[1],) * 2)
    covariance[:2, :2] = outer
    covariance[2:, 2:] = np.kron(np.eye(len(labels)), inner)
    return design, effects, covariance, effects @ covariance @ effects.T + within * np.eye(len(x))


@pytest.mark.parametrize("inner", [INNER, np.array([[0.8, -0.2], [-0.2, 0.3]])], ids=["levels", "slopes"])
def test_log_likelihood_is_that_of_the_responses(inner):
    (x, group), params = rows(9), near(inner=inner)
    model = model_of(effects=(1,) * (len(inner) - 1))
    wanted = []
    for g in np.unique(group):
        design, *_, whole = one_group(x[group == g], inner=inner)
        wanted.append(multivariate_normal(design @ FIXED, whole).logpdf(x[group == g, 0]))
    data = given((x, group))
    for each in (model, model.settled(data.profile)):  # also in a frame of its own
        np.testing.assert_allclose(each.row_objectives(params, next(data.chunks())), wanted, rtol=1e-11)


def test_restricted_likelihood_is_the_integral_over_fixed_effects():
    (x, group), params, model = rows(9), near(ek.RestrictedMixedModel), model_of(ek.RestrictedMixedModel)
    data = given((x, group))
    fixed, covariance = model.fixed_effects(params, data)
    height, precision = 0.0, 0.0
    for g in np.unique(group):
        design, *_, whole = one_group(x[group == g])
        height = height + multivariate_normal(design @ fixed, whole).logpdf(x[group == g, 0])
        precision = precision + design.T @ np.linalg.solve(whole, design)
    np.testing.assert_allclose(np.linalg.inv(covariance), precision, rtol=1e-10)
    wanted = height + np.log(2 * np.pi) - np.linalg.slogdet(precision)[1] / 2
    for each in (model, model.settled(data.profile)):
        assert ek.EMMap(each, data, params).objective(params) == pytest.approx(wanted, rel=1e-12)


def test_effects_of_both_levels_are_their_means_given_the_responses():
    (x, group), params, model = rows(6), near(), model_of()
    (chunk,) = given((x, group)).chunks()
    before = 0
    for g in np.unique(group):
        own = x[group == g]
        design, effects, covariance, whole = one_group(own)
        gain = covariance @ effects.T @ np.linalg.inv(whole)
        means, spreads = gain @ (own[:, 0] - design @ FIXED), covariance - gain @ effects @ covariance
        outer, inner = (model.effects_of(params, chunk, FIXED, level) for level in (0, 1))
        units = slice(before, before + len(means) - 2)
        before = units.stop
        np.testing.assert_allclose(outer[0][g], means[:2], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(outer[1][g], spreads[:2, :2], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(inner[0][units, 0], means[2:], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(inner[1][units, 0, 0], np.diag(spreads)[2:], rtol=1e-9, atol=1e-12)


def test_the_step_is_the_mean_of_second_moments():
    (x, group), params, model = rows(6), near(), model_of()
    data = given((x, group))
    (chunk,) = data.chunks()
    found = ek.EMMap(model, data, params)(params).update.between
    for level, after in enumerate(found.levels):
        means, spreads = model.effects_of(params, chunk, FIXED, level)
        np.testing.assert_allclose(after.covariance, (spreads + means[:, :, None] * means[:, None]).mean(axis=0), rtol=1e-9)


@over_kinds
def test_slopes_are_those_of_the_log_likelihood(kind):
    em = ek.EMMap(model_of(kind), given(rows(8)), near(kind))
    at = em.coordinates.pack(near(kind))
    height = lambda v: np.array([em.objective(em.coordinates.unpack(v, near(kind)))])  # noqa: E731
    numeric = jacobian(height, at, np.full(len(at), 1e-2))[0]
    np.testing.assert_allclose(objective_and_score(em, near(kind))[1], numeric, rtol=1e-7, atol=1e-8)


@over_kinds
def test_rows_come_in_any_order_and_chunks_within_groups(kind):
    x, group = rows(12)
    model, params = model_of(kind), near(kind)
    order = np.lexsort((np.random.default_rng(0).random(len(x)), group))
    named = np.column_stack([x[:, :2], 7 - 2 * x[:, 2]])
    sources = [given((x, group)), given((x[order], group[order])), given((x, group), chunk_rows=9), given((named, group))]
    heights = [ek.EMMap(model, each, params).objective(params) for each in sources]
    np.testing.assert_allclose(heights, heights[0], rtol=1e-13)


def test_rows_without_a_response_tell_nothing():
    x, group = rows(12)
    gaps = np.arange(len(x)) % 4 == 1
    gaps |= (group == 3) | ((group == 5) & (x[:, 2] == 0))  # a group, and an inner group, as a whole
    some = np.where(gaps[:, None] & [True, False, False], np.nan, x)
    params, model = near(), model_of()
    one, other = (
        ek.EMMap(model, each, params).expectation(params) for each in (given((some, group)), given((x[~gaps], group[~gaps])))
    )
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(one.statistics.groups, other.statistics.groups, rtol=1e-12)
    for a, b in zip(one.statistics.moments, other.statistics.moments, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)


def test_without_variance_of_inner_groups_it_is_the_model_of_one_level():
    x, group = rows(12)
    one = ek.MixedModel(0, (1,), (1,))
    data, between = given((x, group)), AnyCovariance(OUTER)
    simple, params = ek.MixedModelParams(FIXED, between, 0.7), near(inner=np.zeros((1, 1)))
    wanted, found = ek.EMMap(one, data, simple)(simple), ek.EMMap(model_of(), data, params)(params)
    assert found.objective == pytest.approx(wanted.objective, rel=1e-13)
    np.testing.assert_allclose(found.update.between.outer.covariance, wanted.update.between.covariance, rtol=1e-11)
    assert found.update.between.inner.covariance.item() == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_runs_ascend_from_wild_starts(seed):
    model, data = model_of(KINDS[seed % 2], effects=(1,) * (seed // 2)), given(rows(10, seed))
    for start in model.starts(data.profile, 1, range(seed * 3, seed * 3 + 5)):
        maxima.assert_ascends(model, data, start, ek.solvers.Anderson() if seed % 2 else ek.solvers.Plain(), 25)


def balanced(seed=0, number=8, inner=3, times=4):
    """Responses (number, inner, times) of a balanced design, and its mean squares between groups, inner groups, and rows."""
    rng = np.random.default_rng(seed)
    y = 2 * rng.standard_normal((number, 1, 1)) + rng.standard_normal((number, inner, 1))
    y = y + 0.6 * rng.standard_normal((number, inner, times))
    groups, units = y.mean(axis=(1, 2)), y.mean(axis=2)
    squares = (
        inner * times * ((groups - y.mean()) ** 2).sum() / (number - 1),
        times * ((units - groups[:, None]) ** 2).sum() / (number * (inner - 1)),
        ((y - units[:, :, None]) ** 2).sum() / (number * inner * (times - 1)),
    )
    return y, squares


def test_restricted_estimates_of_balanced_groups_are_those_of_the_analysis_of_variance():
    y, (between, inner, within) = balanced()
    number, units, times = y.shape
    label = np.broadcast_to(np.arange(units)[:, None], (units, times)).ravel()
    x = np.column_stack([y.ravel(), np.tile(label, number)])
    data = ek.ArraySource(x, groups=np.repeat(np.arange(number), units * times))
    model = ek.RestrictedMixedModel(0, nested=ek.Nested(1))
    wanted = ek.RestrictedMixedModelParams(
        NestedCovariance(AnyCovariance([[(between - inner) / (units * times)]]), AnyCovariance([[(inner - within) / times]])),
        within,
    )
    em = ek.EMMap(model, data, wanted)
    after = em(wanted).update  # the closed form stays where it is
    for found, expected in zip(after.between.levels, wanted.between.levels, strict=True):
        np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-9)
    assert after.within == pytest.approx(within, rel=1e-9)
    found = fitted(model, data, tol=1e-12)
    assert found.log_likelihood == pytest.approx(em.objective(wanted), rel=1e-12)
    assert found.params.between.inner.covariance.item() == pytest.approx((inner - within) / times, rel=1e-5)


@pytest.mark.slow
@over_kinds
def test_statsmodels_agrees(kind):
    pandas, formula = pytest.importorskip("pandas"), pytest.importorskip("statsmodels.formula.api")
    x, group = rows(25, 6)
    frame = pandas.DataFrame({"y": x[:, 0], "t": x[:, 1], "unit": x[:, 2], "id": group})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its optimiser
        peer = formula.mixedlm("y ~ t", frame, groups="id", re_formula="~1", vc_formula={"unit": "0 + C(unit)"})
        peer = peer.fit(reml=kind is ek.RestrictedMixedModel, method=["bfgs"], gtol=1e-10)
    found = fitted(kind(0, (1,), nested=ek.Nested(2)), given((x, group)), tol=1e-10)
    assert found.log_likelihood == pytest.approx(peer.llf, abs=1e-6)
    assert found.params.between.outer.covariance.item() == pytest.approx(peer.cov_re.iloc[0, 0], rel=2e-3)
    assert found.params.between.inner.covariance.item() == pytest.approx(peer.vcomp[0], rel=2e-3)
    assert found.params.within == pytest.approx(peer.scale, rel=1e-3)


@over_kinds
def test_inner_groups_that_do_not_differ_are_an_edge(kind):
    data = given(rows(20, 1, inner=np.zeros((1, 1))))
    found = fitted(kind(0, (1,), nested=ek.Nested(2)), data)
    assert found.converged
    assert found.params.between.inner.covariance.item() == 0
    assert "between.inner.covariance[0, 0]" in found.boundary


@pytest.mark.slow
@over_kinds
def test_effects_that_hang_together_are_an_edge_that_is_left_along(kind):
    data = given(rows(25, 4, np.outer([1.5, 0.6], [1.5, 0.6])))
    found = fitted(model_of(kind), data)
    assert found.converged
    assert np.linalg.matrix_rank(found.params.between.outer.covariance, 1e-9) == 1
    assert found.params.between.inner.covariance.item() > 0
    _, slope = objective_and_score(ek.EMMap(found.model, data, found.params), found.params)
    np.testing.assert_allclose(slope, 0.0, atol=1e-3)


@over_kinds
def test_estimates_follow_the_units(kind):
    x, group = rows(15)
    model = kind(0, (1,), nested=ek.Nested(2))
    one = fitted(model, given((x, group)), tol=1e-12)
    other = fitted(model, given((x * [1e-6, 1e4, 1.0] + [3e-5, 0.0, 5.0], group)), tol=1e-12)
    for a, b in zip(one.params.between.levels, other.params.between.levels, strict=True):
        np.testing.assert_allclose(b.covariance, a.covariance * 1e-12, rtol=1e-5)
    assert other.params.within == pytest.approx(one.params.within * 1e-12, rel=1e-6)


def test_fits_travel(tmp_path):
    found = fitted(ek.MixedModel(0, (1,), nested=ek.Nested(2, covariance="scalar")), given(rows(10)))
    loaded = ek.load(found.save(tmp_path / "fit.emk"))
    assert loaded.params.between.inner.variance == found.params.between.inner.variance
    assert loaded.model.nested == ek.Nested(2, covariance="scalar")


def start_of(x, group, **options):
    return model_of(**options).start(given((np.asarray(x, dtype=float), group)).profile)


X, GROUP = rows(6)
GAP = np.where((np.arange(len(X)) == 1)[:, None] & [False, False, True], np.nan, X)
ONE = np.where([False, False, True], 0.0, X)
ROWS = np.column_stack([X[:, :2], np.arange(len(X))])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: start_of(GAP, GROUP), "whose inner group it is must be known"),
        (lambda: start_of(ONE, GROUP), "6 inner groups in 6 groups"),
        (lambda: start_of(ROWS, GROUP), "cannot tell 1 random effect of each inner group"),
        (lambda: model_of(covariance="full"), "covariance is 'full'"),
        (lambda: model_of(effects=(0,)), "told by itself"),
        (lambda: model_of(effects=(2,)), "tells inner groups apart"),
        (lambda: model_of(intercept=False), "no inner random effects"),
        (lambda: ek.MixedModel(0, nested=ek.Nested("class")).row_objectives(near(), None), "where 'class' lies"),
        (
            lambda: ek.fit(model_of(), given((X, GROUP)), ek.MixedModelParams(FIXED, AnyCovariance(OUTER), 1.0)),
            "levels of groups",
        ),
        (
            lambda: ek.fit(
                model_of(),
                given((X, GROUP)),
                ek.MixedModelParams(FIXED, NestedCovariance(AnyCovariance(OUTER), EqualCovariance(1.0)), 1.0),
            ),
            "no unstructured covariance of 1 random",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ek.EmkitError, match=message):
        make()


@pytest.mark.parametrize("form", ["unstructured", "diagonal", "scalar"])
def test_a_lone_variance_is_found_to_be_0_in_every_form(form):
    rng = np.random.default_rng(3)
    labels = np.tile(np.repeat(np.arange(3), 3), 8)
    y = 2 * rng.standard_normal(24).repeat(3) + rng.standard_normal(72)
    rows = ek.ArraySource(np.column_stack([y, labels]), columns=["y", "c"], groups=np.repeat(np.arange(8), 9))
    model = ek.MixedModel("y", covariance=form, nested=ek.Nested("c", covariance=form))
    found = ek.fit(model, rows, model.start(rows.profile), solver="anderson")
    assert found.params.between.outer.matrix(1).item() == 0
    assert np.isfinite(found.standard_errors().errors).sum() == 3
