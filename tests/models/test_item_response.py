"""Item response as a model: laws, integrals, closed forms, and data that cannot be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import emkit as ek
from emkit.data.given import as_source
from tests import cases
from tests.laws import maxima, streams

INTERCEPTS = np.array([0.5, -1.0, 0.2, 1.5, -0.4])
SLOPES = np.array([1.0, 1.6, 0.7, 2.0, -0.9])
MODELS = [ek.ItemResponseModel(equal) for equal in (False, True)]
over_models = pytest.mark.parametrize("model", MODELS, ids=["free", "equal"])
over_gaps = pytest.mark.parametrize("share", [0.0, 0.25], ids=["whole", "gaps"])


def near(model):
    return model.params(INTERCEPTS, 1.2 if model.equal else SLOPES)


def rows(n, share=0.0, seed=3):
    rng = np.random.default_rng(seed)
    x = MODELS[0].draw(near(MODELS[0]), rng, n)
    return np.where(rng.random(x.shape) < share, np.nan, x)


@over_models
@over_gaps
def test_carried_statistics_tell_the_same(model, share):
    streams.assert_carried_statistics_tell_the_same(model, near(model), rows(24, share))


@over_models
def test_each_link_is_highest_by_itself_and_parts_can_be_held(model):
    x = rows(40)
    maxima.assert_each_link_beats_its_neighbours(model, near(model), x, np.ones(40), inside=True)
    maxima.assert_held_stay(ek.Frozen(model, "slopes"), near(model), ("slopes",), x, ek.solvers.Plain())


@over_models
@over_gaps
def test_log_likelihood_is_the_integral_over_ability(model, share):
    x, params = rows(12, share), near(model)
    slopes = np.broadcast_to(params.slopes, 5)

    def likelihood(ability, row):
        chance = expit(INTERCEPTS + slopes * ability)
        return norm.pdf(ability) * np.prod(np.where(np.isnan(row), 1.0, np.where(row == 1, chance, 1 - chance)))

    wanted = [np.log(quad(likelihood, -10, 10, args=(row,), epsabs=1e-14, epsrel=1e-13)[0]) for row in x]
    np.testing.assert_allclose(model.row_objectives(params, ek.Chunk(x, np.ones(12))), wanted, rtol=1e-10)
    mean, sd = model.latent(params, ek.Chunk(x, np.ones(12)))
    for i in (0, 7):
        moments = [quad(lambda a, i=i, p=p: a**p * likelihood(a, x[i]), -10, 10)[0] / np.exp(wanted[i]) for p in (1, 2)]
        assert (mean[i], sd[i]) == pytest.approx((moments[0], np.sqrt(moments[1] - moments[0] ** 2)), rel=1e-7)


def test_probabilities_of_all_patterns_sum_to_one():
    patterns = np.array(list(itertools.product([0.0, 1.0], repeat=5)))
    for model in MODELS:
        heights = model.row_objectives(near(model), ek.Chunk(patterns, np.ones(32)))
        assert np.exp(heights).sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_runs_ascend_from_wild_starts(seed):
    model, source = MODELS[seed % 2], ek.ArraySource(rows(40, 0.2 * (seed % 2), seed))
    for start in model.starts(source.profile, 1, [seed, seed + 6]):
        for solver in (ek.solvers.Plain(), ek.solvers.Anderson()):
            maxima.assert_ascends(model, source, start, solver, 40)


@pytest.mark.slow
@over_models
def test_solvers_agree(model):
    source = ek.ArraySource(rows(400))
    maxima.assert_solvers_agree(model, source, model.start(source.profile), cases.SOLVERS)


def test_two_items_of_one_slope_are_saturated():
    """Three parameters for three shares: the fitted probabilities of patterns are those that were seen."""
    counts = np.array([30.0, 10.0, 20.0, 40.0])
    patterns = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    model, source = ek.ItemResponseModel(equal=True), ek.ArraySource(patterns, counts)
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-13)
    shares = counts / counts.sum()
    assert fit.log_likelihood == pytest.approx(counts @ np.log(shares), rel=1e-10)
    heights = model.row_objectives(fit.params, ek.Chunk(patterns, np.ones(4)))
    np.testing.assert_allclose(np.exp(heights), shares, rtol=1e-5)


def test_more_places_change_nothing():
    x = rows(50)
    heights = [ek.ItemResponseModel(nodes=n).row_objectives(near(MODELS[0]), ek.Chunk(x, np.ones(50))) for n in (81, 301)]
    np.testing.assert_allclose(*heights, rtol=1e-11)


def test_extrapolation_is_quick_on_the_law_school_test():
    from tests.oracles import answers

    source = answers.patterns_of("irt_lsat6")
    model = MODELS[0]
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-8)
    assert fit.converged
    assert fit.evaluations <= 30


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda x: np.where(np.arange(5) == 2, 1.0, x), "everybody answers alike have no finite intercept: 'x2' is always 1"),
        (lambda x: np.where(np.arange(5) == 2, 0.0, x), "'x2' is always 0"),
        (lambda x: np.where(np.arange(5) == 2, np.nan, x), "'x2' is missing in every row"),
        (lambda x: x + 1, r"'x0' is 2; an answer is 0 \(wrong\)"),
        (lambda x: x * 0.5, r"0\.5; an answer is 0"),
        (lambda x: x[:, :2], r"too few to tell slopes: .* there are 2\."),
        (lambda x: x[:, :1], r"there is 1\."),
        (lambda x: x.astype(object).astype(str), "hold names"),
    ],
)
def test_answers_that_cannot_be_are_refused(spoil, error):
    with pytest.raises(ek.DataError, match=error):
        MODELS[0].start(as_source(spoil(rows(30))).profile)


def test_parameters_that_do_not_fit_are_refused():
    model, equal = MODELS
    with pytest.raises(ek.ParameterError, match="intercepts have shape"):
        model.params(INTERCEPTS, 1.0)
    with pytest.raises(ek.ParameterError, match="intercepts have shape"):
        equal.params(INTERCEPTS, SLOPES)
    with pytest.raises(ek.ParameterError, match="of 5 items, but the data have 4 columns"):
        ek.fit(model, rows(30)[:, :4], near(model))
    with pytest.raises(ek.ModelError, match="nodes"):
        ek.ItemResponseModel(nodes=1)
