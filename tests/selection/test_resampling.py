"""Data made anew: as many rows, the right ones."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.chunk import Chunk
from emkit.selection.resampling import bayesian, case, dealt, parametric, rows_in_memory


def fit_of(x, **more) -> ek.Result:
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [6.0]]))
    return ek.fit(ek.Mixture(ek.Poisson()), x, start, **more)


@pytest.fixture
def weighted() -> ek.Result:
    return fit_of([0, 1, 2, 5, 7], weights=[4, 3, 2, 3, 5])


@pytest.mark.parametrize("draw", [parametric, case, bayesian])
def test_the_weights_sum_to_what_was_observed(weighted, draw):
    whole, rng = rows_in_memory(weighted.passes), np.random.default_rng(0)
    for _ in range(5):
        assert draw(weighted, whole, rng).weights.sum() == pytest.approx(17)


def test_rows_are_drawn_as_often_as_their_weights_say(weighted):
    whole, rng = rows_in_memory(weighted.passes), np.random.default_rng(1)
    for draw in case, bayesian:
        weights = np.array([draw(weighted, whole, rng).weights for _ in range(4_000)])
        np.testing.assert_allclose(weights.mean(axis=0), whole.weights, rtol=0.05)
        share = whole.weights / 17
        factor = 1.0 if draw is case else 17 / 18  # a multinomial; a Dirichlet, whose parameters sum to 17
        np.testing.assert_allclose(weights.var(axis=0), factor * 17 * share * (1 - share), rtol=0.1)


def test_groups_are_drawn_as_groups():
    whole = Chunk(np.arange(6.0)[:, None], np.ones(6), 0, np.array([0, 2, 3, 6]))
    fitted = fit_of([0, 1, 6])
    for draw in case, bayesian:
        for seed in range(10):
            weights = draw(fitted, whole, np.random.default_rng(seed)).weights
            assert weights[0] == weights[1]
            assert weights[3] == weights[4] == weights[5]


@pytest.mark.parametrize("model", ["mixture", "chain"])
def test_groups_are_drawn_from_a_model_as_many_and_as_long_with_the_same_gaps(model):
    x = np.array([0.0, 1, 7, np.nan, 6, 0])[:, None]
    whole = Chunk(x, np.array([2.0, 2, 1, 1, 1, 1]), 0, np.array([0, 2, 3, 6]))
    rates = ek.PoissonParams([[0.5], [500.0]])
    start = {
        "mixture": ek.MixtureParams([0.5, 0.5], rates),
        "chain": ek.HiddenMarkovParams([0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], rates),
    }[model]
    of = ek.Mixture(ek.Poisson()) if model == "mixture" else ek.HiddenMarkovChain(ek.Poisson())
    fitted = ek.fit(ek.Frozen(of, "components"), [0.0, 1.0, 500.0], start, max_evaluations=1)
    for seed in range(10):
        drawn = parametric(fitted, whole, np.random.default_rng(seed))
        assert drawn.groups.tolist() == [0, 2, 4, 5, 8]
        assert np.isnan(drawn.x[:, 0]).tolist() == [False] * 5 + [True, False, False]
        high = drawn.x[:, 0] > 100
        assert (high[0] == high[1]) == (high[2] == high[3]) == (model == "mixture")
    with pytest.raises(ek.ModelError, match="weights must be whole numbers to draw groups of rows anew; use kind='bayesian'"):
        parametric(fitted, Chunk(x, np.full(6, 1.5), 0, whole.groups), np.random.default_rng(0))


@pytest.mark.parametrize("draw", [case, bayesian])
def test_one_sequence_alone_is_not_drawn_again(draw):
    whole = Chunk(np.arange(6.0)[:, None], np.ones(6), 0, np.array([0, 6]))
    with pytest.raises(ek.ModelError, match=r"there is one group of rows .* use kind='parametric'"):
        draw(fit_of([0, 1, 6]), whole, np.random.default_rng(0))


def test_a_model_that_draws_nothing_says_what_to_do():
    model = ek.Cells([("t", "u")], [ek.Cell("a", "y1", 1.0, {"t": 1}), ek.Cell("b", "y2", 1.0, {"u": 1})])
    fitted = ek.fit(model, [[3, 4]], model.params(t=0.5, u=0.5))
    with pytest.raises(ek.ModelError, match=r"Cells does not say how rows are drawn from it; use kind='case'\."):
        fitted.bootstrap(3)


TIMES = ek.survival([6.0, 9.0, 13.0, 4.0, 8.0, 2.0], [1, 0, 1, 1, 0, 1])
AND_COUNTS = np.column_stack([TIMES, [1, 0, 2, 1, 4, 2]])
EVENTS = np.column_stack([TIMES[:, 0], [1, 0, 1, 1, 0, 1], [0.3, 1.0, -2.0, 0.5, 1.5, -0.7]])
ENDS = np.column_stack([TIMES, EVENTS[:, 2]])
UP_TO_INTERVALS = {
    "one column": (ek.Censored("exponential"), TIMES),
    "with others": (ek.Product([([0, 1], ek.Censored("exponential")), ([2], ek.Poisson())]), AND_COUNTS),
    "of components": (ek.PerComponent(ek.Censored("exponential")), TIMES),
    "several times": (ek.Repeated(ek.Censored("exponential"), 2), np.column_stack([TIMES, TIMES[::-1]])),
    "events": (ek.ExponentialRegression(0, (2,), event=1), EVENTS),
    "ends": (ek.WeibullRegression(0, (2,), upper=1), ENDS),
}


@pytest.mark.parametrize(("family", "x"), UP_TO_INTERVALS.values(), ids=UP_TO_INTERVALS)
def test_values_known_up_to_intervals_are_not_drawn_but_rows_are(family, x):
    fitted = ek.MixtureModel(family, 1, random_state=0).fit(x).result_
    whole, rng = rows_in_memory(fitted.passes), np.random.default_rng(0)
    said = r"^2 of 6 rows have a value that is known only up to .* with kind='case'\.$"
    with pytest.raises(ek.ModelError, match=said):
        parametric(fitted, whole, rng)
    assert case(fitted, whole, rng).total_weight == 6


def test_values_that_are_all_known_are_drawn():
    x = ek.survival([6.0, 9.0, 13.0], [1, 1, 1])
    x = np.vstack([x, [np.nan, np.nan]])
    fitted = ek.MixtureModel(ek.Censored("exponential"), 1).fit(x).result_
    drawn = parametric(fitted, rows_in_memory(fitted.passes), np.random.default_rng(0)).x
    assert np.isnan(drawn[3]).all()
    np.testing.assert_array_equal(drawn[:3, 0], drawn[:3, 1])


def test_rows_drawn_from_the_model_are_distributed_as_it_says(weighted):
    whole, rng = rows_in_memory(weighted.passes), np.random.default_rng(2)
    drawn = np.concatenate([parametric(weighted, whole, rng).x for _ in range(1_000)])
    expected = weighted.params.proportions @ weighted.params.components.rates
    assert drawn.mean() == pytest.approx(float(expected[0]), rel=0.02)


def test_dealt_parts_are_alike_and_sum_to_the_whole():
    units = np.array([0.0, 5, 1, 30, 7])
    parts = dealt(units, 10, np.random.default_rng(0))
    assert sum(parts).tolist() == units.tolist()
    assert {part.sum() for part in parts} == {4.0, 5.0}
    assert len(dealt(np.array([2.0, 1.0]), 10, np.random.default_rng(0))) == 3
    assert dealt(np.array([0.5, 1.0]), 10, np.random.default_rng(0)) is None
