"""The compiled road of regressions: every kind of rows gives what the plain road gives."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.special import expit

import emkit as ek
from emkit.core.mapreduce import one_thread, threads
from emkit.families.linear import linear_form
from emkit.models.compiled import worth_compiling
from tests.laws.sums import assert_roads_agree, numbers

ROWS = 8_003  # no multiple of a tile
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 2)) * [1.0, 0.1] + [0.0, 1e6]
OFFSET = RNG.normal(size=ROWS)
MEAN = np.exp(1 + 0.3 * X[:, 0] + OFFSET)
TRIALS = RNG.integers(1, 500, ROWS)
COUNTS = np.column_stack([RNG.poisson(MEAN), X, OFFSET]).astype(float)
LARGE = np.column_stack([RNG.poisson(np.exp(20 + 0.01 * X[:, 0])), X, OFFSET]).astype(float)
AMOUNTS = np.column_stack([RNG.gamma(2, MEAN) + 1e-9, X, OFFSET])
SUCCESSES = np.column_stack([RNG.binomial(TRIALS, expit(3 * X[:, 0])), X, TRIALS]).astype(float)
FAR = -5.0  # from the origin to the covariate of 1e6
LINES = ek.RegressionParams([[FAR + 1, 0.3, 5e-6], [FAR + 2, -0.2, 5e-6]])
KINDS = {
    "an offset": (ek.PoissonRegression(0, (1, 2), offset=3), LINES, COUNTS),
    "no intercept": (ek.PoissonRegression(0, (1,), intercept=False), ek.RegressionParams([[0.2], [-0.3]]), COUNTS),
    "shared coefficients": (
        ek.PoissonRegression(0, shared=1, offset=3),
        ek.PoissonRegression(0, shared=1).params([[0.2], [1.0]], shared=[0.1]),
        COUNTS,
    ),
    "counts of 5e8": (ek.PoissonRegression(0, 1), ek.RegressionParams([[20, 0.01], [20.001, 0.01]]), LARGE),
    "trials in a column": (ek.BinomialRegression(0, 1, trials="column 3"), ek.RegressionParams([[0, 3], [1, -2]]), SUCCESSES),
    "chances near 0 and 1": (ek.BinomialRegression(0, 1, trials=500), ek.RegressionParams([[0, 30], [1, -20]]), SUCCESSES),
    "shapes far apart": (
        ek.GammaRegression(0, 1, offset=3), ek.GammaRegressionParams([[1, 0.3], [1, -0.3]], [2.0, 5e3]), AMOUNTS,
    ),
    "shapes tied": (
        ek.Tied(ek.GammaRegression(0, 1), "shapes"),
        ek.Tied(ek.GammaRegression(0, 1), "shapes").tied(ek.GammaRegressionParams([[1, 0.3], [1, -0.3]], [2.0, 2.0])),
        AMOUNTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_roads_agree(kind: str):
    family, components, x = KINDS[kind]
    model = ek.Mixture(family).settled(ek.ArraySource(x, columns=[f"column {j}" for j in range(4)]).profile)
    assert worth_compiling(x, 2)
    assert linear_form(model.family, components) is not None
    assert_roads_agree(model, ek.MixtureParams([0.4, 0.6], components), x)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (ek.Mixture(ek.PoissonRegression(0, (1, 2), offset=3)), ek.MixtureParams([0.4, 0.6], LINES)),
        (ek.GatedMixture(ek.PoissonRegression(0, (1, 2), offset=3), 1), ek.GatedMixtureParams([[0, 0], [0.5, -1]], LINES)),
    ],
)
@pytest.mark.parametrize("rows", ["weighted", "in groups"])
def test_rows_with_weights_and_in_groups(model, params, rows: str):
    x = COUNTS.copy()
    groups = np.repeat(np.arange(ROWS), 3)[:ROWS] if rows == "in groups" else None
    if groups is not None:
        x[:, 1] = x[3 * groups, 1]  # as a gate needs it
    weights = None if groups is not None else RNG.integers(1, 4, ROWS).astype(float)
    source = ek.ArraySource(x, weights, groups=groups, chunk_rows=ROWS + 3)
    model = model.settled(source.profile)
    (chunk,) = source.chunks()
    fast, plain = model.e_step(params, chunk), model.plain_e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    moved = (numbers(model.m_step(found.statistics, params)) for found in (fast, plain))
    np.testing.assert_allclose(*moved, rtol=1e-9, atol=1e-12)


def test_runs_side_by_side_are_those_alone():
    source = ek.ArraySource(COUNTS, chunk_rows=ROWS)
    model = ek.Mixture(ek.PoissonRegression(0, 1)).settled(source.profile)
    runs = [ek.MixtureParams([0.4, 0.6], ek.RegressionParams([[a, 0.3], [a + 1, -0.2]])) for a in (0.0, 1.0)]
    together = ek.RegressionParams(np.concatenate([run.components.coefficients for run in runs]))
    (chunk,) = source.chunks()
    found = model.e_steps(runs, together, chunk)
    for s, run in enumerate(runs):
        alone = model.e_step(run, chunk)
        assert found.log_likelihood[s] == pytest.approx(alone.log_likelihood, rel=1e-13)
        own = slice(2 * s, 2 * s + 2)
        np.testing.assert_allclose(found.components.curvature[own], alone.statistics.components.curvature, rtol=1e-12)
        np.testing.assert_array_equal(found.components.reach.value[own], alone.statistics.components.reach.value)


def test_any_number_of_threads_gives_the_same_bits():
    source = ek.ArraySource(np.tile(COUNTS, (4, 1)), chunk_rows=ROWS)
    model = ek.Mixture(ek.PoissonRegression(0, (1, 2), offset=3)).settled(source.profile)
    start, found = ek.MixtureParams([0.4, 0.6], LINES), []
    for executor in (one_thread, partial(threads, 3)):
        with executor() as map_reduce:
            found.append(ek.EMMap(model, source, start, map_reduce)(start).update)
    np.testing.assert_array_equal(*(numbers(params) for params in found))


def test_lines_far_apart_for_their_variances_keep_their_digits():
    """Products about a line in their midst would lose them: the form is declined, and a fit ends where it should."""
    rng = np.random.default_rng(0)
    x, first = rng.normal(size=ROWS), rng.random(ROWS) < 0.5
    rows = np.column_stack([np.where(first, 1 + x, -1 - 2 * x) + 1e-4 * rng.normal(size=ROWS), x])
    model = ek.Mixture(ek.NormalRegression(0, 1)).settled(ek.ArraySource(rows).profile)
    params = ek.MixtureParams([0.5, 0.5], ek.NormalRegressionParams([[1, 1], [-1, -2]], [1e-8, 1e-8]))
    assert worth_compiling(rows, 2)
    assert linear_form(model.family, params.components) is None
    found = ek.fit(model, rows, params)
    assert found.converged
    sd = np.sqrt(found.params.components.variances)
    np.testing.assert_allclose(sd, 1e-4, rtol=0.1)


@pytest.mark.parametrize(("trials", "wanted"), [(10**6, -7.1335648816088646), (10**12, -14.041301910627252)])
@pytest.mark.parametrize("told", ["in a number", "in a column"])
def test_many_trials_keep_their_digits(trials, wanted, told):
    """Half of the trials and three more: the logarithm of its probability in 40 digits, by mpmath."""
    rows = np.array([[trials // 2 + 3, 0.0, trials]])
    family = ek.BinomialRegression(0, 1, trials=trials if told == "in a number" else "x2")
    others = rows + np.array([[0, 0, 0], [1, 1, 0], [2, 5, 0]])
    family = family.settled(ek.ArraySource(others).profile)
    assert family.log_density(ek.RegressionParams([[0.0, 0.0]]), rows).item() == pytest.approx(wanted, rel=1e-12)
