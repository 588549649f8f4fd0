"""Other starts replace a fit only by what is higher and as sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import emkit as ek
from emkit.search.rank import is_spike
from emkit.search.seeding import spread_starts
from emkit.selection.neighbours import grown
from emkit.selection.rising import risen

pytestmark = pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
CENTRES = np.array([[0.0, 0.0], [7.0, 0.0], [0.0, 7.0]])


@pytest.fixture(scope="module")
def three() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(centre, 1.0, (60, 2)) for centre in CENTRES])


def test_what_a_neighbour_leads_to_replaces_a_lower_maximum(three):
    """A fit that has stopped at a poor maximum: two components in one cluster, one in the two others."""
    model = ek.Mixture(ek.SphericalGaussian())
    poor = ek.fit(
        model, three, ek.MixtureParams([0.2, 0.2, 0.6], ek.SphericalGaussianParams([[0, 0.5], [0, -0.5], [4, 4]], [1, 1, 20.0]))
    )
    good = ek.GaussianMixture(3, covariance_type="spherical", random_state=0).fit(three).result_
    assert poor.objective < good.objective - 10
    two = ek.GaussianMixture(2, covariance_type="spherical", random_state=0).fit(three).result_
    better = risen(poor, list(grown(model, two.params, poor.source.profile)))
    assert better.objective == pytest.approx(good.objective, abs=1e-6)
    assert better.runs.runs[1:] == poor.runs.runs
    assert (better.runs.starts, better.runs.moved) == (1, 1)
    assert risen(good, list(grown(model, two.params, poor.source.profile))) is None


@pytest.mark.parametrize("seed", range(4))
def test_what_replaces_a_fit_is_a_higher_maximum(seed, three):
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(three)
    first, *others = spread_starts(model, source, 4, range(20 * seed, 20 * seed + 4))
    fit = ek.fit(model, three, first)
    better = risen(fit, others)
    ends = [ek.fit(model, three, start) for start in others]
    highest = max(end.objective for end in ends if not is_spike(end.params, model, end.passes))
    spike = is_spike(fit.params, model, fit.passes)
    if better is None:
        assert not spike
        assert highest <= fit.objective + 1e-3
    else:
        assert spike or better.objective > fit.objective
        assert better.objective >= highest - 1e-3
        assert not is_spike(better.params, model, better.passes)
        assert better.converged


def test_a_spike_replaces_no_maximum_though_it_is_higher():
    x = np.concatenate([np.random.default_rng(0).normal(0, 1, 30), np.random.default_rng(1).normal(6, 1, 20), [3.0, 3.0, 3.0]])
    model = ek.Mixture(ek.FullGaussian())
    spike = ek.MixtureParams([0.9, 0.1], ek.FullGaussianParams([[2.0], [3.0]], [[[9.0]], [[1e-4]]]))
    sound = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [6.0]], [[[1.0]], [[1.0]]]))
    high, fit = (ek.fit(model, x, start) for start in (spike, sound))
    assert [is_spike(end.params, model, end.passes) for end in (high, fit)] == [True, False]
    assert risen(fit, [spike]) is None
    better = risen(high, [sound])
    assert better.objective == pytest.approx(fit.objective)
    assert better.runs.runs[1] is high.record


def test_starts_that_were_near_the_best_are_near_no_more():
    x = np.random.default_rng(1).normal(np.repeat([0.0, 4.0], 40))[:, None]
    fit = ek.GaussianMixture(2, random_state=0).fit(x).result_
    assert fit.runs.near > 0
    lower = replace(fit, runs=replace(fit.runs, runs=(replace(fit.record, objective=fit.objective - 1.0),)))
    better = risen(lower, [fit.params])
    assert better.objective == pytest.approx(fit.objective)
    assert (better.runs.near, len(better.runs.left)) == (0, len(fit.runs.left))


def test_without_starts_there_is_nothing_to_rise(three):
    fit = ek.GaussianMixture(1).fit(three).result_
    assert risen(fit, []) is None
