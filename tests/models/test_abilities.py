"""Several abilities: beside one, beside two tests of one each, beside integrals and searches of other kinds, and turns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_expit

import emkit as ek
from emkit.models import ability_grid
from emkit.models.ability_grid import grid_of
from tests.continuous import ASKED, INTERCEPTS, SLOPES, WAYS
from tests.laws import maxima, streams
from tests.oracles import answers

TWO = ek.AbilitiesModel(2)
CLUSTERS = np.repeat(np.eye(2), 3, axis=0)
BIFACTOR = ek.AbilitiesModel(loads=ASKED)
COARSE = [ek.AbilitiesModel(2, nodes=15), ek.AbilitiesModel(loads=ASKED, nodes=15)]
OF_SEVEN = BIFACTOR.params([0.5, -1.0, 0.2, 1.5, -0.4, 0.1, 0.7], ASKED * [1.1, -0.8, 1.3])


def rows(model, params, n, share=0.0, seed=3):
    rng = np.random.default_rng(seed)
    x = model.draw(params, rng, n)
    return np.where(rng.random(x.shape) < share, np.nan, x)


def heights(model, params, x):
    return model.row_objectives(params, ek.Chunk(x, np.ones(len(x))))


def by_rule(params, x, points=24):
    """Log-likelihoods (n,), means and covariances of abilities, by Gauss and Hermite's rule in all abilities at once."""
    m = params.slopes.shape[1]
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    at = np.stack(np.meshgrid(*[nodes] * m, indexing="ij"), axis=-1).reshape(-1, m)
    mass = np.prod(np.stack(np.meshgrid(*[weights / weights.sum()] * m, indexing="ij"), axis=-1).reshape(-1, m), axis=1)
    logits = params.intercepts + at @ params.slopes.T
    joint = np.exp((x == 1.0) @ log_expit(logits).T + (x == 0.0) @ log_expit(-logits).T) * mass
    shares = joint / joint.sum(axis=1, keepdims=True)
    means = shares @ at
    squares = np.einsum("nq,qa,qb->nab", shares, at, at, optimize=True)
    return np.log(joint.sum(axis=1)), means, squares - means[:, :, None] * means[:, None, :]


@pytest.mark.parametrize("model", [ek.AbilitiesModel(1), ek.AbilitiesModel(loads=np.ones((5, 1)))], ids=["free", "pattern"])
def test_of_one_ability_it_is_the_model_of_one(model):
    line = ek.ItemResponseModel()
    x = rows(line, line.params(INTERCEPTS, np.abs(SLOPES)), 300, 0.1)
    source = ek.ArraySource(x)
    wanted = heights(line, line.params(INTERCEPTS, SLOPES), x)
    np.testing.assert_allclose(heights(model, model.params(INTERCEPTS, SLOPES[:, None]), x), wanted, rtol=1e-10)
    fits = [ek.fit(each, source, each.start(source.profile), solver="anderson", tol=1e-12) for each in (model, line)]
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, abs=1e-8)
    np.testing.assert_allclose(np.abs(fits[0].params.slopes[:, 0]), np.abs(fits[1].params.slopes), rtol=1e-4)
    assert fits[0].free_parameters == fits[1].free_parameters == 10


def test_two_tests_that_have_nothing_in_common_are_two_tests():
    model, line = ek.AbilitiesModel(loads=CLUSTERS, nodes=81), ek.ItemResponseModel()
    one = answers.patterns_of("irt_lsat6")
    x = np.repeat(np.asarray(one.x), one.weights.astype(int), axis=0)[:, :3]
    y = rows(line, line.params([0.3, -0.5, 0.8], [1.3, 0.9, 1.6]), len(x))
    both = ek.ArraySource(np.column_stack([x, y]))
    start = line.params(np.zeros(3), np.ones(3))
    alone = [ek.fit(line, ek.ArraySource(part), start, solver="anderson", tol=1e-12) for part in (x, y)]
    fit = ek.fit(model, both, model.start(both.profile), solver="anderson", tol=1e-12)
    assert fit.log_likelihood == pytest.approx(sum(each.log_likelihood for each in alone), abs=1e-8)
    means, spreads = model.latent(fit.params, ek.Chunk(both.x[:50], np.ones(50)))
    for k, (each, part) in enumerate(zip(alone, (x, y), strict=True)):
        mean, spread = line.latent(each.params, ek.Chunk(part[:50], np.ones(50)))
        np.testing.assert_allclose(
            means[:, k] * np.sign(fit.params.slopes[3 * k, k]), mean * np.sign(each.params.slopes[0]), atol=1e-4
        )
        np.testing.assert_allclose(np.sqrt(spreads[:, k, k]), spread, atol=1e-4)
    np.testing.assert_allclose(spreads[:, 0, 1], 0.0, atol=1e-10)


@pytest.mark.parametrize("share", [0.0, 0.3], ids=["whole", "gaps"])
@pytest.mark.parametrize("name", ["two", "bifactor"])
def test_integrals_and_moments_are_those_of_another_rule(name, share):
    model, params = {"two": (TWO, TWO.params(INTERCEPTS, WAYS)), "bifactor": (BIFACTOR, OF_SEVEN)}[name]
    x = rows(model, params, 30, share)
    wanted = by_rule(params, x)
    np.testing.assert_allclose(heights(model, params, x), wanted[0], atol=2e-6)
    found = model.latent(params, ek.Chunk(x, np.ones(30)))
    for given, asked in zip(found, wanted[1:], strict=True):
        np.testing.assert_allclose(given, asked, atol=2e-5)


def test_a_bifactor_integral_is_that_over_all_abilities_at_once():
    """On the same places, of which the whole grid leaves out the corners."""
    whole, reduced = ek.AbilitiesModel(3, nodes=25), ek.AbilitiesModel(loads=ASKED, nodes=25)
    assert len(reduced.grid.places) == 25**2
    x = rows(BIFACTOR, OF_SEVEN, 40, 0.2)
    turned = whole.params(OF_SEVEN.intercepts, OF_SEVEN.slopes)
    unturned = ek.AbilitiesParams(OF_SEVEN.intercepts, OF_SEVEN.slopes)
    np.testing.assert_allclose(heights(reduced, OF_SEVEN, x), heights(whole, unturned, x), atol=1e-8)
    np.testing.assert_allclose(heights(whole, turned, x), heights(whole, unturned, x), atol=1e-5)
    for one, other in zip(*(model.latent(unturned, ek.Chunk(x, np.ones(40))) for model in (reduced, whole)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


@pytest.mark.parametrize("model", COARSE, ids=["two", "bifactor"])
def test_rows_are_gone_through_some_at_a_time(model, monkeypatch):
    params = model.params(*((INTERCEPTS, WAYS) if model.loads is None else (OF_SEVEN.intercepts, OF_SEVEN.slopes)))
    chunk = ek.Chunk(rows(model, params, 90, 0.2), np.random.default_rng(0).random(90) + 0.5)
    whole, moments = model.e_step(params, chunk), model.latent(params, chunk)
    monkeypatch.setattr(ability_grid, "TILE", 7 * len(model.grid.places))
    parts = model.e_step(params, chunk)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(parts.statistics.answers, whole.statistics.answers, rtol=1e-10, atol=1e-14)
    for one, other in zip(model.latent(params, chunk), moments, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13)


@pytest.mark.parametrize("model", COARSE, ids=["two", "bifactor"])
def test_fits_can_be_saved(model, tmp_path):
    params = model.params(*((INTERCEPTS, WAYS) if model.loads is None else (OF_SEVEN.intercepts, OF_SEVEN.slopes)))
    source = ek.ArraySource(rows(model, params, 200))
    fit = ek.fit(model, source, params, rules=[ek.stopping.Budget(3)])
    fit.save(tmp_path / "fit.emkit")
    again = ek.load(tmp_path / "fit.emkit")
    np.testing.assert_array_equal(again.params.slopes, fit.params.slopes)
    assert again.params.pivots == fit.params.pivots
    np.testing.assert_array_equal(again.model.grid.places, model.grid.places)


def test_probabilities_of_all_patterns_sum_to_one():
    patterns = (np.arange(128)[:, None] >> np.arange(7)) & 1
    assert np.exp(heights(BIFACTOR, OF_SEVEN, patterns.astype(float))).sum() == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("name", ["two", "bifactor"])
def test_slopes_can_be_held_and_what_is_carried_tells_the_same(name):
    model, params = {
        "two": (ek.AbilitiesModel(2, nodes=15), TWO.params(INTERCEPTS, WAYS)),
        "bifactor": (ek.AbilitiesModel(loads=ASKED, nodes=15), OF_SEVEN),
    }[name]
    x = rows(model, params, 40, 0.2)
    streams.assert_carried_statistics_tell_the_same(model, params, x)
    maxima.assert_held_stay(ek.Frozen(model, "intercepts"), params, ("intercepts",), x, ek.solvers.Plain())
    maxima.assert_each_link_beats_its_neighbours(model, params, x, np.ones(40), inside=True)


@pytest.mark.parametrize("seed", range(4))
def test_runs_ascend_from_wild_starts(seed):
    model = ek.AbilitiesModel(2, nodes=21) if seed % 2 else ek.AbilitiesModel(loads=ASKED, nodes=21)
    params = TWO.params(INTERCEPTS, WAYS) if seed % 2 else OF_SEVEN
    source = ek.ArraySource(rows(model, params, 60, 0.1 * (seed // 2), seed))
    for start in model.starts(source.profile, 1, [seed, seed + 6]):
        for solver in (ek.solvers.Plain(), ek.solvers.Anderson()):
            maxima.assert_ascends(model, source, start, solver, 15)


@pytest.mark.slow
def test_another_search_ends_no_higher():
    """On five items and two abilities: the likelihood of all patterns by another rule, climbed by another method."""
    model = ek.AbilitiesModel(2)
    x = rows(model, model.params(INTERCEPTS, WAYS), 3000)
    patterns, counts = np.unique(x, axis=0, return_counts=True)
    source = ek.ArraySource(patterns, counts.astype(float))
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-11)
    assert fit.converged
    coordinates = model.coordinates(fit.params)

    def depth(at):
        return -counts @ by_rule(coordinates.unpack(at, fit.params), patterns, 20)[0]

    here = coordinates.pack(fit.params)
    found = minimize(depth, here + 0.1 * np.random.default_rng(0).standard_normal(len(here)), method="BFGS")
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=2e-3)
    assert fit.log_likelihood == pytest.approx(-depth(here), abs=2e-3)


@pytest.mark.slow
def test_slopes_are_those_that_rows_were_drawn_from():
    """Of a bifactor model, within four standard errors."""
    source = ek.ArraySource(rows(BIFACTOR, OF_SEVEN, 4000))
    model = ek.AbilitiesModel(loads=ASKED, nodes=31)
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert fit.converged
    assert fit.free_parameters == 7 + 13
    signs = np.sign((fit.params.slopes * OF_SEVEN.slopes).sum(axis=0))
    slopes = fit.params.slopes * signs
    errors = fit.standard_errors()
    by_name = dict(zip(errors.names, errors.errors, strict=True))
    for j, k in np.argwhere(ASKED == 1).tolist():
        assert abs(slopes[j, k] - OF_SEVEN.slopes[j, k]) < 4 * by_name[f"slopes[{j}, {k}]"]


def test_turns_are_no_parameters():
    """Any turn of the abilities is as likely; the information is of what is left, and has an inverse."""
    params = TWO.params(INTERCEPTS, WAYS)
    x = rows(TWO, params, 400)
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    free = [ek.AbilitiesParams(INTERCEPTS, WAYS @ each) for each in (np.eye(2), turn)]
    np.testing.assert_allclose(*(heights(TWO, each, x) for each in free), atol=1e-7)
    np.testing.assert_allclose(heights(TWO, params, x), heights(TWO, free[0], x), atol=1e-7)
    again = TWO.params(INTERCEPTS, free[1].slopes)
    np.testing.assert_allclose(again.slopes, params.slopes, atol=1e-12)
    source = ek.ArraySource(x)
    fit = ek.fit(TWO, source, TWO.start(source.profile), solver="anderson")
    assert fit.free_parameters == 5 + 10 - 1
    assert np.isfinite(fit.standard_errors().errors).all()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ek.AbilitiesModel(), "say how many abilities"),
        (lambda: ek.AbilitiesModel(2, loads=ASKED), "n_abilities is 2, but loads have 3 columns"),
        (lambda: ek.AbilitiesModel(0), "n_abilities"),
        (lambda: ek.AbilitiesModel(4), "too many. Use fewer abilities"),
        (lambda: ek.AbilitiesModel(2, nodes=1), "nodes"),
        (lambda: ek.AbilitiesModel(loads=[1, 0]), "a row of 0 and 1 for each item"),
        (lambda: ek.AbilitiesModel(loads=[[1, 2]]), "item 0 has 2 for ability 2"),
        (lambda: ek.AbilitiesModel(loads=[[1], [1, 0]]), "rows differ in length"),
        (lambda: ek.AbilitiesModel(loads=[[1], [1], [1], [0]]), "item 3 asks no ability"),
        (lambda: ek.AbilitiesModel(loads=CLUSTERS[:5]), "ability 2 is asked by 2 items"),
        (lambda: ek.AbilitiesModel(loads=np.ones((5, 2))), "abilities 1 and 2 are asked by the same items"),
        (lambda: ek.AbilitiesModel(loads=np.column_stack([np.ones(6), CLUSTERS])), "leave 1 of the 12 slopes open"),
        (lambda: TWO.params(INTERCEPTS, SLOPES), "slopes"),
        (lambda: BIFACTOR.params(np.zeros(7), np.ones((7, 3))), r"slopes\[0, 2\] is 1, but item 0 does not ask ability 2"),
    ],
)
def test_models_and_parameters_that_cannot_be_are_refused(make, sentence):
    with pytest.raises((ek.ModelError, ek.ParameterError), match=sentence):
        make()


@pytest.mark.parametrize(
    ("model", "x", "sentence"),
    [
        (TWO, np.eye(4), "4 items have 6 pairs, too few to tell 7 slopes"),
        (BIFACTOR, np.eye(5), "there are 5 columns, and `loads` say of 7 items"),
        (TWO, np.eye(6) * 2, "an answer is 0"),
        (TWO, np.column_stack([np.eye(6), np.ones(6)]), "always 1"),
    ],
)
def test_data_that_cannot_be_are_refused(model, x, sentence):
    with pytest.raises(ek.DataError, match=sentence):
        model.start(ek.ArraySource(x).profile)


@pytest.mark.parametrize("sizes", [(4, 4), (3, 3, 3), (3, 4)], ids=str)
def test_patterns_that_pairs_tell_are_taken(sizes):
    own = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    assert ek.AbilitiesModel(loads=np.column_stack([np.ones(sum(sizes)), own])).n_abilities == 1 + len(sizes)


def test_grids_are_as_small_as_they_can_be():
    assert len(grid_of(1, None, None).places) == 81
    assert len(grid_of(2, None, None).places) < 0.8 * 41**2  # none in the corners, where nobody is
    assert len(grid_of(8, np.column_stack([np.ones(21), np.repeat(np.eye(7), 3, axis=0)]) == 1, None).places) == 41**2
