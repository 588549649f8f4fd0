"""A stationary point is pushed before it is believed: what must be called a saddle, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit import lessons
from emkit.core.saddle import escape
from emkit.search.seeding import spread_start

TWO_HEAPS = np.concatenate([np.random.default_rng(0).normal(m, 1.0, 60) for m in (-2, 2)])
FORMS = [ek.FullGaussian, ek.DiagonalGaussian, ek.TiedGaussian, ek.SphericalGaussian]


def equal_components(family, x):
    centre = family.pooled(ek.ArraySource(x).profile, 2)
    return ek.MixtureParams([0.5, 0.5], centre)


@pytest.mark.parametrize("solver", [ek.solvers.Plain(), ek.solvers.Squarem()])
@pytest.mark.parametrize("form", FORMS)
def test_equal_normal_components_are_a_saddle_though_its_curvature_is_zero(form, solver):
    result = ek.fit(ek.Mixture(form()), TWO_HEAPS, equal_components(form(), TWO_HEAPS), solver=solver, escape=False)
    assert result.outcome.status is ek.Status.STATIONARY_SADDLE
    assert "means" in str(result.outcome)
    left = ek.fit(ek.Mixture(form()), TWO_HEAPS, equal_components(form(), TWO_HEAPS), solver=solver)
    assert left.converged
    assert left.log_likelihood > result.log_likelihood + 10
    assert "On the way it left a saddle" in left.outcome.sentence
    gains = np.diff([entry.objective for entry in left.history])
    assert (gains >= -1e-9).all()
    assert [entry.iteration for entry in left.history] == list(range(left.iterations + 1))


@pytest.mark.parametrize(
    ("family", "x"),
    [
        (ek.Poisson(), np.repeat([0.0, 1, 8, 9], 20)),
        (ek.Exponential(), np.repeat([0.1, 0.2, 30, 50], 20)),
        (ek.Bernoulli(), np.repeat([[0.0, 0, 0], [1, 1, 1]], 20, axis=0)),
        (ek.Categorical(), np.repeat([[0.0, 0, 0], [2, 2, 1], [1, 2, 1]], 20, axis=0)),
        (ek.Binomial(trials=9), np.repeat([1.0, 2, 8, 7], 20)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_equal_components_of_mixed_data_are_a_saddle(family, x):
    result = ek.fit(ek.Mixture(family), x, equal_components(family, x), escape=False)
    assert result.outcome.status is ek.Status.STATIONARY_SADDLE
    assert "Components that start equal stay equal" in result.outcome.sentence
    left = ek.fit(ek.Mixture(family), x, equal_components(family, x))
    assert left.converged
    assert left.log_likelihood > result.log_likelihood + 1


def test_symmetric_coins_are_a_saddle_and_say_where_it_leads():
    lesson = lessons.two_coins()
    result = ek.fit(lesson.model, lesson.source, ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.7], [0.7]])), escape=False)
    assert result.outcome.status is ek.Status.STATIONARY_SADDLE
    assert "components.probabilities[0, 0] and components.probabilities[1, 0]" in str(result.outcome)


def test_a_ridge_that_the_data_cannot_tell_apart_is_no_saddle():
    lesson = lessons.three_coins()
    for coins in ([0.6, 0.1, 0.8], [0.5, 0.6, 0.6], [0.5, 0.5, 0.5]):
        start = ek.MixtureParams([coins[0], 1 - coins[0]], ek.SuccessParams([[coins[1]], [coins[2]]]))
        assert ek.fit(lesson.model, lesson.source, start).converged


@pytest.mark.parametrize("unit", [[1, 1], [1e6, 1], [1e-6, 1e6], [1e12, 1e12], [1e-12, 1e-12]], ids=str)
@pytest.mark.parametrize("form", FORMS[:3])
def test_no_unit_of_measurement_makes_a_maximum_a_saddle(form, unit):
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(m, 1.0, (50, 2)) for m in (0, 4)]) * unit
    model = ek.Mixture(form())
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, seed=1))
    assert result.converged, result.outcome


def test_coordinates_of_normal_parameters_have_no_unit():
    means, squares = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([np.eye(2), [[2.0, 0.5], [0.5, 1.0]]])
    unit, origin = np.array([1e9, 1e-9]), np.array([1e8, 5.0])
    for params, family in ((ek.FullGaussianParams, ek.FullGaussian()), (ek.TiedGaussianParams, ek.TiedGaussian())):
        spread = squares if family.name == "gaussian" else squares[1]
        here = ek.MixtureParams([0.5, 0.5], params(means, spread))
        there = ek.MixtureParams([0.5, 0.5], params(origin + unit * means, spread * np.outer(unit, unit)))
        a, b = (ek.Mixture(family).coordinates(p).pack(p) for p in (here, there))
        np.testing.assert_allclose(b, a, atol=1e-6)


def test_a_run_that_was_told_to_stop_early_is_no_saddle():
    lesson = lessons.death_notices()
    for rule in (ek.stopping.Settled(1e-2, distance=np.inf), ek.stopping.Moved(1e-4)):
        for solver in (ek.solvers.Plain(), ek.solvers.Squarem()):
            result = lesson.fit(rules=[rule, ek.stopping.Budget(10_000)], solver=solver)
            assert result.converged, result.outcome


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_what_shrank_to_nothing_but_would_grow_again_is_seen():
    components = ek.FullGaussianParams([[0.0], [2.0]], [[[5.0]], [[1.0]]])
    for tiny in (1e-40, 1e-12):
        start = ek.MixtureParams([1 - tiny, tiny], components)
        result = ek.fit(
            ek.Frozen(ek.Mixture(ek.FullGaussian()), "components"), np.append(TWO_HEAPS, [2.0] * 9), start, escape=False
        )
        assert result.outcome.status is ek.Status.STATIONARY_SADDLE or result.params.proportions[1] > 0.01
    away = ek.FullGaussianParams([[0.0], [50.0]], [[[5.0]], [[1.0]]])
    result = ek.fit(ek.Frozen(ek.Mixture(ek.FullGaussian()), "components"), TWO_HEAPS, ek.MixtureParams([0.5, 0.5], away))
    assert result.converged
    assert result.params.proportions[1] < 1e-9


def test_a_boundary_is_not_pushed_and_gives_no_warning():
    x = np.repeat([[0.0, 1, 0], [1, 1, 0], [0, 1, 1]], 9, axis=0)  # the second column is always 1
    model = ek.Mixture(ek.Bernoulli())
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.2, 0.9, 0.7], [0.6, 0.8, 0.3]]))
    result = ek.fit(model, x, start, solver=ek.solvers.Squarem())
    assert "components.probabilities[0, 1]" in result.boundary
    assert result.outcome.status is not ek.Status.STATIONARY_SADDLE


def test_the_probe_stops_once_nothing_is_left_of_the_push():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(m, 1.0, (100, 2)) for m in (0, 40, 80)])
    model = ek.Mixture(ek.FullGaussian())
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 3, seed=1))
    assert result.converged
    assert result.evaluations - result.history[-1].evaluations == 1


def test_the_probe_is_cheap_and_makes_no_pass_where_nothing_can_move():
    lesson = lessons.two_coins()
    result = ek.fit(lesson.model, lesson.source, lesson.start)
    assert result.evaluations - result.history[-1].evaluations <= 10
    held = ek.Frozen(lesson.model.model, "proportions", "components.probabilities")
    em = ek.EMMap(held, lesson.source, lesson.start)
    assert escape(em, em(lesson.start)) is None
    assert em.evaluations == 1


@pytest.mark.slow
def test_digits_do_not_end_on_a_saddle():
    """The default fit came to rest at -34515.7361, where a point 1e-3 away leads to -34515.4432."""
    from sklearn.datasets import load_digits

    x = (load_digits().data > 7.5).astype(float)
    model = ek.Mixture(ek.Bernoulli())
    result = ek.MixtureModel("bernoulli", 10, random_state=0).fit(x).result_
    assert result.converged
    rng = np.random.default_rng(0)
    coordinates = model.coordinates(result.params)
    here = coordinates.pack(result.params)
    near = np.where(np.isfinite(here), here + 1e-3 * rng.normal(size=len(here)), here)
    again = ek.fit(model, x, coordinates.unpack(near, result.params), solver="squarem")
    assert again.log_likelihood <= result.log_likelihood + 1e-6


@pytest.mark.filterwarnings("ignore::emkit.DegenerateFitWarning")
def test_a_point_that_is_higher_only_below_a_floor_is_none_to_go_on_from():
    """Of three lines through few rows, some rest on the floor: a push beneath it leads off no saddle, for EM falls back."""
    rng = np.random.default_rng(42)
    n = int(rng.integers(20, 80))
    x = rng.normal(size=(n, 3))
    line = 0.5 + 0.7 * (x * rng.normal(size=(2, 3))[rng.integers(2, size=n)]).sum(axis=1)
    rng.poisson(np.exp(line))
    y = line + 0.3 * rng.normal(size=n)
    x = x * 10.0 ** rng.integers(-4, 5, 3) + 10.0 ** rng.integers(-1, 4)
    source = ek.ArraySource(np.column_stack([y, x, 0.3 * rng.normal(size=n)]), columns=["y", "a", "b", "c", "o"])
    model = ek.Mixture(ek.NormalRegression("y", ("a", "b", "c"), offset="o")).settled(source.profile)
    coordinates = model.coordinates(start := spread_start(model, source, 3, 42))
    rng.random(3), rng.integers(1, 4)
    wild = coordinates.unpack(coordinates.pack(start) + 0.5 * rng.normal(size=len(coordinates.pack(start))), start)
    for solver in ("plain", "squarem", "anderson"):
        fit = ek.fit(model, source, wild, solver=solver)
        assert fit.outcome.status is ek.Status.CONVERGED
        assert np.diff([moment.objective for moment in fit.history]).min() > -1e-12
