"""`check_model` finds a wrong E-step and a wrong M-step, and says which (that right models pass is among the laws)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pytest

import emkit as ek

DATA = np.random.default_rng(0).poisson([[1.0, 9.0]], (60, 2)).ravel()
PARAMS = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[1.5], [7.0]]))


class WrongPosterior(ek.Mixture):
    """Responsibilities without the proportions, beside the right log-likelihood."""

    def assign(self, params, log_density, chunk):
        right = super().assign(params, log_density, chunk)
        share = np.exp(log_density - log_density.max(axis=1, keepdims=True))
        return right._replace(responsibilities=share / share.sum(axis=1, keepdims=True))


class WrongLikelihood(ek.Mixture):
    """A log-likelihood that counts every row twice."""

    def e_step(self, params, chunk):
        right = super().e_step(params, chunk)
        return replace(right, log_likelihood=2 * right.log_likelihood)


class ForgetsTheMass(ek.Poisson):
    """Rates divided by the number of all rows instead of the component's."""

    def _rates(self, stats, before, now):
        return stats.sums[:, 1:] / stats.mass.sum() * 2


class HalfAStep(ek.Poisson):
    """An M-step that goes half of the way."""

    def _rates(self, stats, before, now):
        return (super()._rates(stats, before, now) + before.rates) / 2


class TurnsAround(ek.Poisson):
    """An M-step that goes the other way."""

    def _rates(self, stats, before, now):
        return before.rates**2 / super()._rates(stats, before, now)


class DrawsLots(ek.Mixture):
    """An E-step with a memory."""

    def e_step(self, params, chunk):
        right = super().e_step(params, chunk)
        object.__setattr__(self, "count", getattr(self, "count", 0) + 1)
        return replace(right, log_likelihood=right.log_likelihood + 1e-3 * self.count)


class MeansOfChunks(ek.Mixture):
    """Statistics that are divided by the rows of their chunk."""

    def e_step(self, params, chunk):
        right = super().e_step(params, chunk)
        return replace(right, statistics=right.statistics * (len(chunk.x) ** -2.0))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (WrongPosterior(ek.Poisson()), r"WrongPosterior\.e_step is wrong: its statistics are not those of its log_likelihood"),
        (WrongLikelihood(ek.Poisson()), r"WrongLikelihood\.e_step is wrong"),
        (ek.Mixture(ForgetsTheMass()), r"Mixture\.(m_step is wrong: it lowers|updates\(\)\['components.rates'\] is wrong)"),
        (ek.Mixture(HalfAStep()), r"Mixture\.updates\(\)\['components.rates'\] is wrong: it does not maximise"),
        (ek.Mixture(TurnsAround()), r"Mixture\.m_step is wrong: it lowers the expected log-likelihood"),
        (DrawsLots(ek.Poisson()), r"DrawsLots\.e_step is no pure function"),
        (MeansOfChunks(ek.Poisson()), r"MeansOfChunks\.e_step does not add up"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_wrong_step_is_named(model, sentence):
    with pytest.raises(ek.ModelError, match=sentence):
        ek.check_model(model, DATA, PARAMS)


def test_a_fit_calls_a_wrong_e_step_converged_or_a_fall():
    assert ek.fit(WrongPosterior(ek.Poisson()), DATA, PARAMS).outcome.name in {"CONVERGED", "DECREASED"}


def test_an_m_step_that_climbs_part_of_the_way_may_be_meant():
    report = ek.check_model(ek.Mixture(HalfAStep()), DATA, PARAMS, exact=False)
    assert "M-step: raises the expected log-likelihood" in str(report)


def test_at_a_maximum_wrong_steps_are_still_found():
    best = ek.fit(ek.Mixture(ek.Poisson()), DATA, PARAMS).params
    with pytest.raises(ek.ModelError, match="e_step is wrong"):
        ek.check_model(WrongPosterior(ek.Poisson()), DATA, best)


class Bare(ek.LatentModel):
    """A mixture seen from outside: e_step and m_step, and nothing else."""

    def __init__(self, inner):
        self.inner = inner

    def e_step(self, params, chunk):
        return self.inner.e_step(params, chunk)

    def m_step(self, stats, params):
        return self.inner.m_step(stats, params)


def test_a_model_without_expected_is_looked_at_as_a_whole():
    report = ek.check_model(Bare(ek.Mixture(ek.Poisson())), DATA, PARAMS)
    assert "EM ends where the log-likelihood has no slope" in str(report)
    with pytest.raises(ek.ModelError, match=r"write expected|do not belong together"):
        ek.check_model(Bare(WrongPosterior(ek.Poisson())), DATA, PARAMS)


def test_what_was_found_right_is_printed():
    lines = str(ek.check_model(ek.Mixture(ek.Poisson()), DATA, PARAMS)).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["coordinates", "sums", "expected", "E-step", "M-step", "ascent"]


@dataclass(frozen=True, eq=False)
class Slope(ek.Parameters):
    """The slope of the log-odds."""

    slope: Annotated[float, ek.Real()]


GRID = np.array([-4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0])


class Logistic(ek.LatentModel):
    """A logistic curve fitted by one undamped step of Newton's method, which may overshoot. Nothing is hidden.

    Statistics: the numbers of failures and successes at each place of the grid, shape (2, 7).
    """

    def __init__(self, guarded):
        self.guarded = guarded

    def e_step(self, params, chunk):
        at = chunk.x[:, [0]] == GRID
        stats = np.stack([(chunk.weights * (chunk.x[:, 1] == outcome)) @ at for outcome in (0, 1)])
        return ek.Expectation(stats, self.expected(stats, params, params).value, chunk.total_weight)

    def expected(self, stats, before, now):
        return ek.Expected(float(stats[1] @ GRID * now.slope - stats.sum(axis=0) @ np.logaddexp(0, now.slope * GRID)))

    def m_step(self, stats, params):
        chance, number = 1 / (1 + np.exp(-params.slope * GRID)), stats.sum(axis=0)
        step = GRID @ (stats[1] - number * chance) / (GRID**2 @ (number * chance * (1 - chance)))
        proposed = Slope(params.slope + step)
        return ek.no_lower(self, stats, params, proposed) if self.guarded else proposed


def test_a_guard_keeps_a_newton_step_from_falling():
    rows = np.column_stack([GRID, [0.0, 0, 0, 1, 1, 1, 1]])
    wild, calm = (ek.fit(Logistic(guarded), rows, Slope(6.0), max_evaluations=60) for guarded in (False, True))
    assert wild.outcome.name != "CONVERGED"
    assert calm.outcome.name == "CONVERGED"
    assert all(np.diff([entry.objective for entry in calm.history]) >= -1e-9)
    ek.check_model(Logistic(True), rows, calm.params, exact=False)


class NotANumber(ek.Mixture):
    def expected(self, stats, before, now):
        right = super().expected(stats, before, now)
        return ek.Expected(np.nan, {path: np.nan * slope for path, slope in right.slopes.items()})


class Nonsense(ek.Mixture):
    def expected(self, stats, before, now):
        return ek.Expected(0.0, super().expected(stats, before, now).slopes)


@pytest.mark.parametrize("kind", [NotANumber, Nonsense])
def test_an_expectation_that_is_none_is_found(kind):
    with pytest.raises(ek.ModelError, match=rf"{kind.__name__}\.expected is wrong"):
        ek.check_model(kind(ek.Poisson()), DATA, PARAMS)


def test_what_is_no_model_is_said_to_be_none():
    for given in (3, ek.Mixture):
        with pytest.raises(ek.ModelError, match="is not a model"):
            ek.check_model(given, DATA, PARAMS)
        with pytest.raises(ek.ModelError, match="is not a model"):
            ek.fit(given, DATA, PARAMS)


class Weightless(ek.Mixture):
    """Sums that forget how often a row occurs."""

    def e_step(self, params, chunk):
        return super().e_step(params, ek.Chunk(chunk.x, np.ones(len(chunk.x)), chunk.start))


class Plain(ek.Mixture):
    def expected(self, stats, before, now):
        return super().expected(stats, before, now).value


def test_forgotten_weights_and_bare_numbers_are_found():
    with pytest.raises(ek.ModelError, match=r"Weightless\.e_step ignores chunk\.weights"):
        ek.check_model(Weightless(ek.Poisson()), DATA, PARAMS)
    with pytest.raises(ek.ModelError, match=r"Plain\.expected returned float; it must return ek\.Expected"):
        ek.check_model(Plain(ek.Poisson()), DATA, PARAMS)


def test_what_no_link_moves_is_said():
    class Still(ek.Mixture):
        def belonging_updates(self):
            return {}

    assert "Moved by no link: proportions." in str(ek.check_model(Still(ek.Poisson()), DATA, PARAMS))
