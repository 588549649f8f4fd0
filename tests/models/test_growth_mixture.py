"""Growth mixtures: the density written out, one class, wild starts, spikes, and what cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.fitting import default_rules
from emkit.inference.differences import jacobian
from emkit.inference.scores import objective_and_score
from emkit.models import AnyCovariance, NestedCovariance
from emkit.search.search import Long, search
from emkit.search.seeding import begin
from tests.laws import maxima

OUTER = np.array([[0.5, 0.1], [0.1, 0.2]])
CLASSES = (
    ek.MixedModelParams([2.0, -0.5], AnyCovariance(OUTER), 0.6),
    ek.MixedModelParams([1.0, 1.5], AnyCovariance(OUTER / 3), 0.3),
)
PARAMS = ek.GrowthMixtureParams([0.6, 0.4], CLASSES)
MODEL = ek.GrowthMixture(ek.MixedModel(0, (1,), (1,)))


def rows(number, seed=0):
    """Responses and times of groups of 3 to 5 rows, the class of each group, and labels."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(number), rng.integers(3, 6, number))
    time, of = rng.uniform(0, 3, len(group)), (rng.random(number) < 0.4).astype(int)
    effects = rng.multivariate_normal(np.zeros(2), OUTER / 2, number)[group]
    fixed = np.array([own.fixed for own in CLASSES])[of][group]
    y = (fixed + effects) @ [1, 0] + ((fixed + effects) @ [0, 1]) * time + 0.6 * rng.standard_normal(len(group))
    return np.column_stack([y, time]), group, of


def given(number=12, seed=0, **options):
    x, group, _ = rows(number, seed)
    return ek.ArraySource(x, groups=group, **options)


def written_out(x, group):
    """log p(rows of a group, class), (G, K)."""
    found = []
    for g in np.unique(group):
        y, time = x[group == g].T
        design = np.column_stack([np.ones(len(y)), time])
        across = [design @ each.between.covariance @ design.T + each.within * np.eye(len(y)) for each in CLASSES]
        laws = [multivariate_normal(design @ each.fixed, own) for each, own in zip(CLASSES, across, strict=True)]
        found.append(np.log(PARAMS.proportions) + [law.logpdf(y) for law in laws])
    return np.array(found)


def test_likelihood_and_shares_are_those_of_the_classes_written_out():
    x, group, _ = rows(8)
    joint, data = written_out(x, group), given(8)
    (chunk,) = data.chunks()
    np.testing.assert_allclose(MODEL.row_objectives(PARAMS, chunk), logsumexp(joint, axis=1), rtol=1e-11)
    wanted = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    np.testing.assert_allclose(MODEL.shares(PARAMS, data), wanted, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(MODEL.posterior(PARAMS, chunk).responsibilities, wanted[group], rtol=1e-9, atol=1e-13)
    assert ek.EMMap(MODEL, data, PARAMS).objective(PARAMS) == pytest.approx(logsumexp(joint, axis=1).sum(), rel=1e-12)


def test_the_step_is_that_of_each_model_over_its_share_of_groups():
    data, x = given(10), rows(10)[0]
    shares = MODEL.shares(PARAMS, data)
    update = ek.EMMap(MODEL, data, PARAMS)(PARAMS).update
    np.testing.assert_allclose(update.proportions, shares.mean(axis=0), rtol=1e-12)
    for k, own in enumerate(CLASSES):
        weighted = ek.ArraySource(x, shares[:, k], groups=rows(10)[1])
        wanted = ek.EMMap(MODEL.model, weighted, own)(own).update
        np.testing.assert_allclose(update.classes[k].fixed, wanted.fixed, rtol=1e-9)
        np.testing.assert_allclose(update.classes[k].between.covariance, wanted.between.covariance, rtol=1e-9)
        assert update.classes[k].within == pytest.approx(wanted.within, rel=1e-9)


def test_one_class_is_the_mixed_model():
    data = given(15)
    one, start = MODEL.model, MODEL.model.start(data.profile)
    wanted = ek.fit(one, data, start, max_evaluations=20)
    found = ek.fit(MODEL, data, MODEL.starts(data.profile, 1, [0]), max_evaluations=20)
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(found.params.classes[0].fixed, wanted.params.fixed, rtol=1e-10)
    assert found.free_parameters == wanted.free_parameters


def test_slopes_are_those_of_the_log_likelihood():
    em = ek.EMMap(MODEL, given(8), PARAMS)
    at = em.coordinates.pack(PARAMS)
    height = lambda v: np.array([em.objective(em.coordinates.unpack(v, PARAMS))])  # noqa: E731
    numeric = jacobian(height, at, np.full(len(at), 1e-2))[0]
    np.testing.assert_allclose(objective_and_score(em, PARAMS)[1], numeric, rtol=1e-6, atol=1e-7)


LEVELS = ek.GrowthMixture(ek.MixedModel(0, (1,)))


def of_levels(number, seed):
    """The same, of groups that differ within their class by their level alone."""
    rng = np.random.default_rng(seed)
    group, time, of = np.repeat(np.arange(number), 4), np.tile(np.arange(4.0), number), np.arange(number) % 3 // 2
    y = (rng.standard_normal(number) + of)[group] + 1.5 * of[group] * time + 0.7 * rng.standard_normal(4 * number)
    return np.column_stack([y, time]), group, of


@pytest.mark.slow
def test_classes_are_found():
    x, group, of = of_levels(60, 0)
    data = ek.ArraySource(x, groups=group)
    found = ek.fit(LEVELS, data, LEVELS.starts(data.profile, 2, range(4)), solver="anderson")
    assert found.converged
    assert "reached by 4 runs" in str(found.starts())
    own = LEVELS.shares(found.params, data)[:, np.argmax([each.fixed[1] for each in found.params.classes])] > 0.5
    assert (own == of).mean() >= 0.95
    assert found.bic < ek.fit(LEVELS, data, LEVELS.starts(data.profile, 1, [0])).bic


@pytest.mark.long
def test_the_search_of_mixtures_finds_them_too():
    x, group, _ = of_levels(60, 0)
    data = ek.ArraySource(x, groups=group)
    model = LEVELS.settled(data.profile)
    long = Long(ek.solvers.Anderson(), lambda *_: default_rules(model, 1e-8, 1000), 1000)
    found = search(model, data, begin(model, data, 2, 0), long)
    wanted = ek.fit(LEVELS, data, LEVELS.starts(data.profile, 2, range(4)), solver="anderson")
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("solver", [ek.solvers.Plain(), ek.solvers.Anderson()], ids=["plain", "anderson"])
def test_runs_ascend_from_wild_starts(solver):
    data = given(20, 3)
    wild = MODEL.model.starts(data.profile, 1, range(20))
    rng = np.random.default_rng(0)
    for seed in range(20):
        pair = tuple(
            ek.MixedModelParams(each.fixed + rng.normal(0, 2, 2), each.between, each.within)
            for each in (wild[seed], wild[-seed])
        )
        maxima.assert_ascends(MODEL, data, ek.GrowthMixtureParams(rng.dirichlet([1, 1]), pair), solver, 8)


def test_rows_without_a_response_and_classes_with_nested_groups():
    x, group, _ = rows(12)
    label = np.arange(len(x)) % 2
    table = np.column_stack([x, label])
    table[np.arange(len(x)) % 5 == 1, 0] = np.nan
    nested = tuple(
        ek.MixedModelParams(each.fixed, NestedCovariance(each.between, AnyCovariance([[0.2]])), each.within) for each in CLASSES
    )
    model, params = (
        ek.GrowthMixture(ek.MixedModel(0, (1,), (1,), nested=ek.Nested(2))),
        ek.GrowthMixtureParams([0.5, 0.5], nested),
    )
    seen = ~np.isnan(table[:, 0])
    one, other = (
        ek.EMMap(model, ek.ArraySource(own, groups=labels), params).objective(params)
        for own, labels in ((table, group), (table[seen], group[seen]))
    )
    assert one == pytest.approx(other, rel=1e-12)


@pytest.mark.slow
def test_classes_that_reproduce_a_few_groups_are_spikes():
    x, group, _ = of_levels(30, 0)
    x[group < 2, 0] = (9 + 4 * x[:, 1] + group)[group < 2]  # without any error
    data = ek.ArraySource(x, groups=group)
    level = AnyCovariance([[1.0]])
    start = (ek.MixedModelParams([0.0, 0.0], level, 0.5), ek.MixedModelParams([9.0, 4.0], level, 1e-4))
    with pytest.warns(ek.DegenerateFitWarning):
        found = ek.fit(LEVELS, data, ek.GrowthMixtureParams([0.9, 0.1], start), solver="anderson", max_evaluations=300)
    assert found.degenerate == (1,)


def test_fits_are_told_and_travel(tmp_path):
    found = ek.fit(MODEL, given(20), PARAMS, max_evaluations=5)
    assert "proportion" in found.summary()
    loaded = ek.load(found.save(tmp_path / "fit.emk"))
    assert loaded.params.classes[1].within == found.params.classes[1].within


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ek.GrowthMixture("normal"), "classes are mixed models"),
        (lambda: ek.GrowthMixture(ek.RestrictedMixedModel(0)), "classes are mixed models"),
        (lambda: MODEL.starts(given(6).profile, 7, [0]), "7 classes were asked for, and there are 6 groups"),
        (lambda: MODEL.starts(given(6).profile, 0, [0]), "number of classes"),
        (lambda: ek.fit(MODEL, given(6), ek.GrowthMixtureParams([0.5, 0.3, 0.2], CLASSES)), "3 proportions and 2 classes"),
        (lambda: ek.fit(MODEL, rows(6)[0], PARAMS), "say with `groups`"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ek.EmkitError, match=message):
        make()


def test_a_covariate_that_never_varies_within_a_class_is_told():
    rng, people = np.random.default_rng(0), np.repeat(np.arange(40), 4)
    time, grows = np.tile(np.arange(4.0), 40), np.arange(40) % 2
    sex = np.where(grows == 1, 1.0, np.arange(40) // 2 % 2)
    y = 5 * grows[people] + (1 + 3 * grows[people]) * time + rng.normal(size=40)[people] + 0.5 * rng.normal(size=160)
    rows = ek.ArraySource(np.column_stack([y, time, sex[people]]), columns=["y", "time", "sex"], groups=people)
    model = ek.GrowthMixture(ek.MixedModel("y", ("time", "sex")))
    found = ek.fit(model, rows, model.starts(rows.profile, 2, [0]), solver="anderson")
    assert not found.converged
    assert "has come to groups in which one covariate tells the others" in str(found.outcome)
