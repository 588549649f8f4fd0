"""Short runs from an estimate: where they end does not depend on who runs beside them."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.data.chunk import Chunk
from emkit.selection.refits import COLLAPSED, ENOUGH, MOST_BLOCK, Refits
from emkit.selection.resampling import case, rows_in_memory

FORMS = ["full", "tied", "spherical", "VVE"]


@pytest.fixture(scope="module", params=FORMS)
def fit(request) -> ek.Result:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 1, (60, 2)), rng.normal(4, 1.5, (40, 2))])
    return ek.GaussianMixture(2, covariance_type=request.param, random_state=0).fit(x).result_


def resampled(fit: ek.Result, number: int) -> list[Chunk]:
    whole = rows_in_memory(fit.source)
    return [case(fit, whole, np.random.default_rng(seed)) for seed in range(number)]


def test_each_comes_to_the_maximum_that_the_estimate_leads_to(fit):
    chunks = resampled(fit, 6)
    for chunk, found in zip(chunks, Refits(fit.model, fit.source, fit.params).to(chunks), strict=True):
        end = ek.fit(fit.model, chunk.x, fit.params, weights=chunk.weights, solver="anderson")
        assert found.trouble == ""
        assert found.log_likelihood == pytest.approx(end.log_likelihood, abs=2 * ENOUGH)
        for mine, its in zip(leaves(found.params), leaves(end.params), strict=True):
            np.testing.assert_allclose(mine.value, its.value, atol=0.01)


def test_the_same_runs_give_the_same_bits(fit):
    chunks, refits = resampled(fit, 5), Refits(fit.model, fit.source, fit.params)
    first, again = ([each.log_likelihood for each in refits.to(chunks)] for _ in range(2))
    assert first == again


def test_who_runs_beside_hardly_matters(fit):
    chunks, refits = resampled(fit, 6), Refits(fit.model, fit.source, fit.params)
    together = [each.log_likelihood for each in refits.to(chunks)]
    turned = [each.log_likelihood for each in refits.to(chunks[::-1])][::-1]
    alone = [refits.to([chunk])[0].log_likelihood for chunk in chunks]
    np.testing.assert_allclose(together, turned, rtol=0, atol=2 * ENOUGH)
    np.testing.assert_allclose(together, alone, rtol=0, atol=2 * ENOUGH)


@pytest.mark.parametrize("times", [1, 5])
def test_a_component_that_collapses_is_told_and_the_others_go_on(times):
    """Its floor is a fraction of the variance of the rows that it was fitted to."""
    rng = np.random.default_rng(3)
    fit = (
        ek.GaussianMixture(2, random_state=0)
        .fit(np.concatenate([rng.normal(0, 1, 40), rng.normal(9, 0.6, 5)])[:, None])
        .result_
    )
    whole = rows_in_memory(fit.source)
    one_row = np.repeat([1.0, 0.0], [40, 5])
    one_row[-1] = times
    spiked, sound = Refits(fit.model, fit.source, fit.params).to([Chunk(whole.x, one_row), whole])
    assert (spiked.params, spiked.trouble) == (None, COLLAPSED)
    assert sound.log_likelihood == pytest.approx(fit.log_likelihood, abs=ENOUGH)


def test_few_rows_that_are_no_closer_together_are_no_collapse():
    rng = np.random.default_rng(3)
    fit = (
        ek.GaussianMixture(2, random_state=0)
        .fit(np.concatenate([rng.normal(0, 1, 40), rng.normal(9, 0.6, 5)])[:, None])
        .result_
    )
    assert fit.bootstrap(200, kind="bayesian", random_state=0).failed == 0


def test_blocks_are_smaller_where_rows_are_many():
    fit = ek.fit(ek.Mixture(ek.Poisson()), [1, 2, 3], ek.MixtureParams([1.0], ek.PoissonParams([[2.0]])))
    refits = Refits(fit.model, fit.source, fit.params)
    assert refits.block(100) == MOST_BLOCK
    assert 1 <= refits.block(10_000_000) < MOST_BLOCK
    assert refits.block(10**12) == 1
