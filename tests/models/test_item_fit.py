"""Do items fit: S-X2 and M2 by brute force over all patterns, by published values, and where the model is right."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.optimize import minimize
from scipy.special import log_expit
from scipy.stats import kstest

import emkit as ek
from emkit.models.item_fit import item_fits, pair_fit, score_chances
from tests.oracles import answers

PATTERNS = np.array(list(itertools.product([0.0, 1.0], repeat=5)))


def fitted(source, equal=False):
    model = ek.ItemResponseModel(equal)
    return ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-12)


@pytest.fixture(scope="module")
def lsat():
    return fitted(answers.patterns_of("irt_lsat7"))


def test_the_law_school_test_fits_as_is_published(lsat):
    """R package mirt, tests/tests/test-01-mirtOne.R: LSAT7, two-parameter logistic."""
    found = pair_fit(lsat.model, lsat.params, lsat.passes)
    assert (found.statistic, found.df, found.p_value, found.rmsea) == pytest.approx((11.938, 5, 0.0356, 0.0373), abs=2e-3)
    each = item_fits(lsat.model, lsat.params, lsat.passes, lsat.source.columns)
    assert [one.df for one in each] == [2] * 5
    np.testing.assert_allclose([one.statistic for one in each], [4.749440, 14.451071, 1.270381, 5.237400, 0.941125], atol=5e-3)


def chances(fit, params=None):
    """Of all patterns."""
    return np.exp(fit.model.row_objectives(fit.params if params is None else params, ek.Chunk(PATTERNS, np.ones(32))))


def test_pairs_are_those_of_all_patterns(lsat):
    margins = np.column_stack([PATTERNS, *(PATTERNS[:, i] * PATTERNS[:, j] for i in range(5) for j in range(i + 1, 5))])
    p = chances(lsat)
    spread = margins.T @ (np.diag(p) - np.outer(p, p)) @ margins
    coordinates = lsat.model.coordinates(lsat.params)
    here = coordinates.pack(lsat.params)
    ends = [
        [chances(lsat, coordinates.unpack(here + sign * move, lsat.params)) for sign in (1, -1)] for move in 1e-5 * np.eye(10)
    ]
    along = [(up - down) / 2e-5 for up, down in ends]
    away = null_space((margins.T @ np.array(along).T).T, rcond=1e-6)
    source = lsat.source
    off = away.T @ (source.weights @ margins[_places(source.x)] / source.total_weight - p @ margins)
    wanted = source.total_weight * off @ np.linalg.solve(away.T @ spread @ away, off)
    assert pair_fit(lsat.model, lsat.params, lsat.passes).statistic == pytest.approx(wanted, rel=1e-6)


def test_pairs_are_those_of_all_patterns_where_a_spread_is_estimated():
    """M2 as a quadratic form in all that is free, the spread of abilities among it, at estimates that another search found."""
    source = answers.patterns_of("irt_lsat6")
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    margins = np.column_stack([PATTERNS, *(PATTERNS[:, i] * PATTERNS[:, j] for i in range(5) for j in range(i + 1, 5))])

    def shares(at):
        logits = at[:5, None] + at[5] * nodes
        return np.exp(PATTERNS @ log_expit(logits) + (1 - PATTERNS) @ log_expit(-logits)) @ (weights / weights.sum())

    seen = np.bincount(_places(source.x), source.weights, 32)
    best = minimize(lambda at: -seen @ np.log(shares(at)), np.ones(6), method="BFGS", options={"gtol": 1e-4}).x
    p, n = shares(best), seen.sum()
    inverse = np.linalg.inv(margins.T @ (np.diag(p) - np.outer(p, p)) @ margins)
    along = margins.T @ np.array([(shares(best + move) - shares(best - move)) / 2e-5 for move in 1e-5 * np.eye(6)]).T
    off = (seen / n - p) @ margins
    less = off @ inverse @ along
    wanted = n * (off @ inverse @ off - less @ np.linalg.solve(along.T @ inverse @ along, less))
    for model in (ek.ItemResponseModel(equal=True), ek.ItemsModel([ek.PartialCredit()] * 5)):
        fit = ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-11)
        found = pair_fit(model, fit.params, fit.passes)
        assert (found.statistic, found.df) == (pytest.approx(wanted, abs=1e-3), 9)


def test_pairs_can_be_compared_where_a_slope_has_run_off():
    """An item that ability decides is never, or always, right: no probability of 0 is taken by its logarithm."""
    model, source = ek.ItemResponseModel(), answers.patterns_of("irt_lsat6")
    start = model.start(source.profile)
    steep = model.params(start.intercepts * [1, 1, 300, 1, 1], start.slopes * [1, 1, 1000, 1, 1])
    found = pair_fit(model, steep, source)
    assert np.isfinite([found.statistic, found.p_value, found.rmsea]).all()
    assert np.isfinite([one.statistic for one in item_fits(model, steep, source, list("abcde"))]).all()


def test_scores_at_the_ends_alone_cannot_tell_how_items_fit(lsat):
    ends = ek.ArraySource(np.array([[0.0] * 5, [1.0] * 5, [0, 1, np.nan, 1, 0]]))
    with pytest.raises(ek.DataError, match="all items right, or none"):
        item_fits(lsat.model, lsat.params, ends, list("abcde"))


def _places(x):
    return (np.asarray(x) @ 2 ** np.arange(4, -1, -1)).astype(int)


def test_scores_are_those_of_all_patterns(lsat):
    right = np.exp(lsat.model.log_chances(lsat.params, lsat.model.places)[1::2])
    by_score = score_chances(right) @ np.exp(lsat.model.log_mass)
    wanted = np.bincount(PATTERNS.sum(axis=1).astype(int), chances(lsat))
    np.testing.assert_allclose(by_score, wanted, rtol=1e-10)


@pytest.mark.slow
def test_statistics_are_chi_squared_where_the_model_is_right():
    model = ek.ItemResponseModel()
    true = model.params([0.5, -0.4, 0.2, 1.0, -0.8, 0.0], [1.0, 1.4, 0.8, 1.2, 1.0, 0.7])
    of_pairs, of_items = [], []
    for seed in range(60):
        fit = fitted(ek.ArraySource(model.draw(true, np.random.default_rng(seed), 1000)))
        of_pairs.append(pair_fit(fit.model, fit.params, fit.passes).p_value)
        of_items += [one.p_value for one in item_fits(fit.model, fit.params, fit.passes, fit.source.columns)]
    assert kstest(of_pairs, "uniform").pvalue > 0.01
    assert np.mean(np.array(of_items) < 0.05) < 0.1


def test_what_cannot_be_tested_is_refused(lsat):
    gaps = np.where(np.random.default_rng(0).random((60, 4)) < 0.2, np.nan, np.random.default_rng(1).integers(0, 2, (60, 4)))
    fit = fitted(ek.ArraySource(gaps), equal=True)
    with pytest.raises(ek.DataError, match="cells are missing"):
        pair_fit(fit.model, fit.params, fit.passes)
    assert len(item_fits(fit.model, fit.params, fit.passes, fit.source.columns)) == 4
    none_whole = ek.ArraySource(np.array([[1, 0, np.nan, 1], [0, 1, 1, np.nan], [np.nan, 1, 0, 0], [1, 1, 0, np.nan]]))
    with pytest.raises(ek.DataError, match="no row is complete"):
        item_fits(lsat.model, lsat.params, none_whole, list("abcde"))
    graded = ek.ItemsModel([ek.GradedResponse(3)] * 3)
    params = graded.params([ek.GradedItem([-1.0, 1.0], 1.0)] * 3)
    with pytest.raises(ek.ModelError, match="right and wrong answers"):
        pair_fit(graded, params, lsat.passes)
    two = ek.ItemsModel([ek.Guessing()] * 3, groups=2)
    with pytest.raises(ek.ModelError, match="2 groups differ"):
        pair_fit(two, two.params([ek.GuessedItem(0.0, 1.0, 0.2)] * 3), lsat.passes)
    three = ek.ItemResponseModel()
    with pytest.raises(ek.ModelError, match="nothing to test"):
        pair_fit(three, three.params([0.0, 0.5, 1.0], [1.0, 0.8, 1.2]), ek.ArraySource(PATTERNS[:, :3]))
