"""Rows that are left out: those that weights count are the rows one by one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit.core.mapreduce import one_thread
from emkit.selection.held_out import held_out_deviance
from emkit.selection.workers import by_itself

DAYS = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])  # with so many death notices, 0 to 9: Hasselblad (1969)


def test_rows_that_weights_count_are_dealt_one_by_one():
    start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
    deaths = np.arange(10.0)
    counted = ek.fit(ek.Mixture(ek.Poisson()), deaths, start, weights=DAYS)
    repeated = ek.fit(ek.Mixture(ek.Poisson()), np.repeat(deaths, DAYS), start)
    found = held_out_deviance(counted)
    assert found == pytest.approx(held_out_deviance(repeated), abs=1.0)  # other folds of the same rows
    assert found == pytest.approx(-2 * counted.log_likelihood, abs=10.0)


def test_equal_rows_once_each_or_counted_have_the_same_number_of_parts():
    start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
    fit = ek.fit(ek.Mixture(ek.Poisson()), [2.0, 3.0], start, weights=[30, 30])
    assert held_out_deviance(fit) == pytest.approx(-2 * fit.log_likelihood, rel=0.01)


def test_left_out_rows_are_scored_by_the_fit_to_the_others():
    x = np.random.default_rng(4).normal(size=(30, 1))
    fit = ek.GaussianMixture(1).fit(x).result_
    part = np.random.default_rng(0).permutation(30) % 10
    expected = 0.0
    for i in range(10):
        kept, left = x[part != i], x[part == i]
        expected += ((left - kept.mean()) ** 2 / kept.var() + np.log(2 * np.pi * kept.var())).sum()
    assert held_out_deviance(fit, seed=0) == pytest.approx(expected)


def test_left_out_rows_of_a_mixture_are_scored_by_fits_followed_to_their_ends():
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(0, 1, 40), rng.normal(5, 1, 20)])[:, None]
    fit = ek.GaussianMixture(2, random_state=0).fit(x).result_
    part = np.random.default_rng(3).permutation(60) % 10
    expected = 0.0
    for i in range(10):
        end = ek.fit(fit.model, x[part != i], fit.params).params
        joint = stats.norm.logpdf(x[part == i], end.components.means[:, 0], np.sqrt(end.components.covariances[:, 0, 0]))
        expected -= 2 * np.logaddexp.reduce(joint + np.log(end.proportions), axis=1).sum()
    assert held_out_deviance(fit, seed=3) == pytest.approx(expected, abs=0.01)


def test_rows_of_a_group_are_left_out_together():
    rng = np.random.default_rng(0)
    x, groups = rng.normal(np.repeat(rng.normal(0, 3, 20), 4)), np.repeat(np.arange(20), 4)
    fit = ek.fit(
        ek.Mixture(ek.FullGaussian()), x, ek.MixtureParams([1.0], ek.FullGaussianParams([[0.0]], [[[9.0]]])), groups=groups
    )
    part = np.repeat(np.random.default_rng(0).permutation(20) % 10, 4)
    folds = [(x[part != i], x[part == i]) for i in range(10)]
    expected = sum(-2 * stats.norm.logpdf(left, kept.mean(), kept.std()).sum() for kept, left in folds)
    assert held_out_deviance(fit) == pytest.approx(expected)


def test_a_row_that_the_others_make_impossible_is_infinitely_bad():
    fit = ek.fit(ek.Mixture(ek.Poisson()), [0.0] * 19 + [3.0], ek.MixtureParams([1.0], ek.PoissonParams([[0.5]])))
    assert held_out_deviance(fit) == np.inf


def test_a_fit_that_travels_by_itself_says_the_same():
    x = np.random.default_rng(4).normal(size=(30, 1))
    fit = ek.GaussianMixture(1, n_jobs=one_thread).fit(x).result_
    assert held_out_deviance(pickle.loads(pickle.dumps(by_itself(fit)))) == held_out_deviance(fit)
