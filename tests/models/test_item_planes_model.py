"""Items of any kind that ask several abilities: integrals by another rule, slopes, what they reduce to, and correlations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

import emkit as ek
from emkit.core.evaluation import EMMap
from emkit.inference.scores import score
from tests.continuous import INTERCEPTS, PLANES, SLOPES, WAYS
from tests.laws import maxima, streams

over_models = pytest.mark.parametrize("name", PLANES)
LOADS = np.repeat(np.eye(2), 4, axis=0)


def rows(name, n, share=0.0, seed=3):
    model, params = PLANES[name]
    rng = np.random.default_rng(seed)
    x = model.draw(params, rng, n)
    gone = rng.random(x.shape) < share
    gone[:, len(model.kinds) :] = False  # not the group
    return np.where(gone, np.nan, x)


def chances(item, abilities):
    """Of each answer (L, n), by the textbook's formulas."""
    along = abilities @ item.slopes
    match item:
        case ek.GradedPlane(cuts=cuts):
            ends = np.zeros((1, len(along)))
            return np.diff(np.concatenate([ends, expit(cuts[:, None] - along), ends + 1]), axis=0)
        case ek.SlopedPlane(intercepts=intercepts):
            levels = np.arange(len(intercepts) + 1)[:, None]
            odds = np.exp(np.concatenate([[0.0], intercepts])[:, None] + levels * along)
            return odds / odds.sum(axis=0)
        case ek.GuessedPlane(intercept=intercept, guess=guess):
            right = guess + (1 - guess) * expit(intercept + along)
            return np.stack([1 - right, right])


def by_rule(params, x):
    """Log-likelihoods (n,), and means (n, m) of abilities, by Gauss and Hermite's rule in all abilities at once."""
    if not params.others:
        return of_group(params.groups[0], params, x)
    height, means = np.empty(len(x)), np.empty((len(x), len(params.correlations)))
    for g, group in enumerate(params.groups):
        own = x[:, -1] == g
        height[own], means[own] = of_group(group, params, x[own, :-1])
    return height, means


def of_group(group, params, x, points=40):
    m = len(params.correlations)
    points = points if m < 3 else 24
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    at = np.stack(np.meshgrid(*[nodes] * m, indexing="ij"), axis=-1).reshape(-1, m)
    values, vectors = np.linalg.eigh(group.covariance)
    at = group.means + at @ (vectors * np.sqrt(values)).T
    joint = np.prod(np.stack(np.meshgrid(*[weights / weights.sum()] * m, indexing="ij"), axis=-1).reshape(-1, m), axis=1)
    joint = np.repeat(joint[None], len(x), axis=0)
    for item, answers in zip(params.items, x.T, strict=True):
        told = chances(item, at)
        seen = ~np.isnan(answers)
        joint[seen] *= told[answers[seen].astype(int)]
    return np.log(joint.sum(axis=1)), joint @ at / joint.sum(axis=1)[:, None]


@pytest.mark.parametrize("share", [0.0, 0.3], ids=["whole", "gaps"])
@over_models
def test_integrals_and_means_are_those_of_another_rule(name, share):
    model, params = PLANES[name]
    number = None if model.loads is not None else 2
    fine = ek.ItemPlanesModel(model.kinds, number, model.loads, model.correlated, groups=model.groups)
    x = rows(name, 20, share)
    chunk = ek.Chunk(x, np.ones(20))
    height, means = by_rule(params, x)
    np.testing.assert_allclose(fine.row_objectives(params, chunk), height, atol=5e-6)
    np.testing.assert_allclose(fine.latent(params, chunk)[0], means, atol=5e-5)


@over_models
def test_slopes_of_the_log_likelihood_follow_from_what_is_expected(name):
    """Fisher's identity, beside differences of the objective."""
    model, params = PLANES[name]
    em = EMMap(model, ek.ArraySource(rows(name, 60, 0.1)), params)
    coordinates = model.coordinates(params)
    here, step = coordinates.pack(params), 1e-5
    ends = [
        [em.objective(coordinates.unpack(here + sign * move, params)) for sign in (1, -1)] for move in step * np.eye(len(here))
    ]
    np.testing.assert_allclose(score(em, params), [(up - down) / (2 * step) for up, down in ends], atol=3e-5)


@over_models
def test_items_can_be_held_and_what_is_carried_tells_the_same(name):
    x, (model, params) = rows(name, 40, 0.2), PLANES[name]
    streams.assert_carried_statistics_tell_the_same(model, params, x)
    for j in np.flatnonzero(model.free_slopes(params).all(axis=1))[:1].tolist():
        maxima.assert_held_stay(ek.Frozen(model, f"items.{j}"), params, (f"items.{j}",), x, ek.solvers.Plain())


def test_correlations_can_be_held():
    x, (model, params) = rows("correlated", 60), PLANES["correlated"]
    maxima.assert_held_stay(ek.Frozen(model, "correlations"), params, ("correlations",), x, ek.solvers.Plain())
    only = ek.Frozen(model, *(f"items.{j}" for j in range(6)))
    found = ek.fit(only, ek.ArraySource(x), params)
    assert found.free_parameters == 1
    assert found.converged


def test_of_one_ability_it_is_the_model_of_one():
    kinds = [ek.GradedResponse(3), ek.GeneralisedPartialCredit(3), ek.Guessing(), ek.GeneralisedPartialCredit()]
    lines = [
        ek.GradedItem([-1.0, 0.7], 1.5),
        ek.SlopedItem([0.4, -0.3], 0.9),
        ek.GuessedItem(0.3, 1.2, 0.2),
        ek.SlopedItem([0.5], 1.1),
    ]
    one, several = ek.ItemsModel(kinds), ek.ItemPlanesModel(kinds, 1)
    source = ek.ArraySource(one.draw(one.params(lines), np.random.default_rng(0), 500))
    planes = several.params(kind.plane(line, np.array([line.slope])) for kind, line in zip(kinds, lines, strict=True))
    chunk = ek.Chunk(source.x, np.ones(500))
    np.testing.assert_allclose(
        several.row_objectives(planes, chunk), one.row_objectives(one.params(lines), chunk), rtol=1e-9, atol=1e-11
    )
    fits = [ek.fit(each, source, each.start(source.profile), solver="anderson") for each in (one, several)]
    assert fits[1].objective == pytest.approx(fits[0].objective, abs=1e-6)
    assert fits[1].free_parameters == fits[0].free_parameters


def test_of_right_and_wrong_answers_it_is_the_model_of_these():
    other = ek.AbilitiesModel(2, nodes=21)
    model = ek.ItemPlanesModel([ek.GeneralisedPartialCredit()] * 5, 2, nodes=21)
    planes = other.params(INTERCEPTS, WAYS)
    source = ek.ArraySource(other.draw(planes, np.random.default_rng(0), 300))
    params = model.params(ek.SlopedPlane([a], own) for a, own in zip(INTERCEPTS, WAYS, strict=True))
    assert params.pivots == planes.pivots
    one, two = (ek.EMMap(each, source, at)(at) for each, at in ((other, planes), (model, params)))
    assert two.objective == pytest.approx(one.objective, rel=1e-12)
    np.testing.assert_allclose(model.slopes_of(two.update), one.update.slopes, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose([item.intercepts[0] for item in two.update.items], one.update.intercepts, rtol=1e-6, atol=1e-8)


def test_abilities_that_are_one_are_the_model_of_one():
    """At a correlation of 1 the places of two abilities lie on a line."""
    model, one = (
        ek.ItemPlanesModel([ek.GeneralisedPartialCredit()] * 4, loads=LOADS[::2], correlated=True),
        ek.ItemResponseModel(),
    )
    slopes = np.abs(SLOPES[:4])
    x = one.draw(one.params(INTERCEPTS[:4], slopes), np.random.default_rng(0), 50)
    pairs = zip(INTERCEPTS[:4], LOADS[::2] * slopes[:, None], strict=True)
    params = model.params([ek.SlopedPlane([a], own) for a, own in pairs], np.ones((2, 2)))
    chunk = ek.Chunk(x, np.ones(50))
    wanted = one.row_objectives(one.params(INTERCEPTS[:4], slopes), chunk)
    np.testing.assert_allclose(model.row_objectives(params, chunk), wanted, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.6, -0.4])
def test_correlations_are_found(correlation):
    model = ek.ItemPlanesModel([ek.GradedResponse(3)] * 8, loads=LOADS, correlated=True, nodes=21)
    items = [ek.GradedPlane([-1.0, 1.0], own) for own in 1.5 * LOADS]
    true = model.params(items, [[1.0, correlation], [correlation, 1.0]])
    source = ek.ArraySource(model.draw(true, np.random.default_rng(0), 2000))
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    errors = dict(zip(*(getattr(fit.standard_errors(), each) for each in ("names", "errors")), strict=True))
    assert abs(fit.params.correlations[1, 0] - correlation) < 4 * errors["correlations[1, 0]"]
    assert errors["correlations[1, 0]"] < 0.06
    apart = ek.ItemPlanesModel(model.kinds, loads=LOADS, nodes=21)
    other = ek.fit(apart, source, apart.start(source.profile), solver="anderson")
    assert fit.log_likelihood > other.log_likelihood + 20
    assert fit.free_parameters == other.free_parameters + 1 == 25


@pytest.mark.slow
def test_a_correlation_of_one_is_an_estimate_on_the_edge():
    model = ek.ItemPlanesModel([ek.GeneralisedPartialCredit(3)] * 8, loads=LOADS, correlated=True, nodes=31)
    one = ek.ItemsModel(model.kinds)
    items = [ek.SlopedItem([0.5, 0.0], 0.8)] * 8
    edges = 0
    for seed in range(3):
        source = ek.ArraySource(one.draw(one.params(items), np.random.default_rng(seed), 400))
        fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
        assert fit.converged
        alone = ek.fit(one, source, one.start(source.profile), solver="anderson")
        assert fit.log_likelihood >= alone.log_likelihood - 1e-4
        edges += fit.boundary == ("correlations[1, 0]",)
        assert (fit.params.correlations[1, 0] == 1) == (fit.boundary == ("correlations[1, 0]",))
    assert edges >= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_runs_ascend_from_wild_starts(seed):
    name = list(PLANES)[seed]
    model, _ = PLANES[name]
    source = ek.ArraySource(rows(name, 60, 0.1 * (seed % 2), seed))
    for start in model.starts(source.profile, 1, [seed, seed + 6]):
        maxima.assert_ascends(model, source, start, ek.solvers.Plain(), 6)
        maxima.assert_ascends(model, source, start, ek.solvers.Anderson(), 6)


def test_fits_can_be_saved(tmp_path):
    model, params = PLANES["correlated"]
    fit = ek.fit(model, ek.ArraySource(rows("correlated", 100)), params, rules=[ek.stopping.Budget(3)])
    fit.save(tmp_path / "fit.emkit")
    again = ek.load(tmp_path / "fit.emkit")
    np.testing.assert_array_equal(again.params.correlations, fit.params.correlations)
    np.testing.assert_array_equal(again.model.grid.places, model.grid.places)


TWO = [ek.GeneralisedPartialCredit()] * 8


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ek.ItemPlanesModel(TWO), "say how many abilities"),
        (lambda: ek.ItemPlanesModel(TWO, 2, correlated=True), "can be turned, and with them how they correlate"),
        (lambda: ek.ItemPlanesModel(TWO[:6], loads=LOADS), "loads have 8 rows, and there are 6 items"),
        (lambda: ek.ItemPlanesModel([ek.PartialCredit()] * 8, loads=LOADS), "of several, slopes are estimated"),
        (lambda: ek.ItemPlanesModel(TWO, loads=np.column_stack([np.ones(8), LOADS]), correlated=True), "correlations open"),
        (lambda: ek.ItemPlanesModel(TWO, loads=LOADS).params([ek.SlopedPlane([0.0], [1.0, 1.0])] * 8), "does not ask ability"),
        (lambda: ek.ItemPlanesModel(TWO, loads=LOADS).params([ek.SlopedItem([0.0], 1.0)] * 8), "it is a SlopedPlane"),
        (
            lambda: ek.ItemPlanesModel(TWO, loads=LOADS).params(
                [ek.SlopedPlane([0.0], own) for own in LOADS], [[1.0, 0.5], [0.5, 1.0]]
            ),
            "abilities are independent",
        ),
        (
            lambda: ek.ItemPlanesModel(TWO, loads=LOADS, correlated=True).params(
                [ek.SlopedPlane([0.0], own) for own in LOADS], np.eye(3)
            ),
            "there are 2 abilities",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, sentence):
    with pytest.raises(ek.EmkitError, match=sentence):
        make()
