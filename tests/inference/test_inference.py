"""What a fit is worth: standard errors, identifiability, the rate of EM; against closed forms and each other."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit import lessons
from emkit.inference import (
    covariance,
    em_rate_matrix,
    identifiability,
    information,
    missing_information,
    observed_information,
    standard_errors,
)
from emkit.inference.differences import hessian, jacobian
from emkit.search.seeding import spread_start

RNG = np.random.default_rng(11)
X = RNG.normal([1.0, -2.0], [2.0, 0.5], (80, 2))


def one_component(family, x, weights=None):
    model, source = ek.Mixture(family), ek.ArraySource(x, weights)
    return ek.fit(model, source, spread_start(model, source, 1, seed=0))


def test_errors_of_one_normal_are_the_textbook_ones():
    errors = one_component(ek.DiagonalGaussian(), X).standard_errors()
    np.testing.assert_allclose([errors[f"components.means[0, {j}]"] for j in (0, 1)], X.std(axis=0) / np.sqrt(80), rtol=1e-6)
    np.testing.assert_allclose(
        [errors[f"components.variances[0, {j}]"] for j in (0, 1)], X.var(axis=0) * np.sqrt(2 / 80), rtol=1e-6
    )


def test_errors_of_a_covariance_matrix_are_those_of_wishart():
    result = one_component(ek.FullGaussian(), X)
    errors = result.standard_errors()
    c = result.params.components.covariances[0]
    for i, j in ((0, 0), (1, 0), (1, 1)):
        wanted = np.sqrt((c[i, i] * c[j, j] + c[i, j] ** 2) / 80)
        assert errors[f"components.covariances[0, {i}, {j}]"] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("family", "x", "wanted"),
    [
        (ek.Poisson(), [0, 3, 1, 2, 5, 4], lambda x: np.sqrt(x.mean() / 6)),
        (ek.Bernoulli(), [0, 1, 1, 0, 1, 1], lambda x: np.sqrt(x.mean() * (1 - x.mean()) / 6)),
        (ek.Exponential(), [0.5, 2.0, 1.0, 4.0, 0.1, 0.7], lambda x: 1 / x.mean() / np.sqrt(6)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_errors_of_one_parameter(family, x, wanted):
    x = np.array(x, dtype=float)
    errors = one_component(family, x).standard_errors().errors
    assert errors[-1] == pytest.approx(wanted(x), rel=1e-6)


def test_weights_are_copies_of_rows_for_errors_too():
    weights = RNG.integers(1, 4, len(X)).astype(float)
    weighted = one_component(ek.DiagonalGaussian(), X, weights).standard_errors()
    copied = one_component(ek.DiagonalGaussian(), np.repeat(X, weights.astype(int), axis=0)).standard_errors()
    np.testing.assert_allclose(weighted.errors, copied.errors, rtol=1e-6)


def two_normals(scale=1.0, shift=0.0, form=ek.FullGaussian):
    x = np.concatenate([np.random.default_rng(0).normal(m, 1.0, (100, 1)) for m in (-2, 2)]) * scale + shift
    model = ek.Mixture(form())
    return ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, seed=1), solver=ek.solvers.Squarem()).in_order()


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0), (1e9, 0), (1, 1e6), (1, 1e8)])
@pytest.mark.parametrize("form", [ek.FullGaussian, ek.TiedGaussian, ek.DiagonalGaussian, ek.SphericalGaussian])
def test_errors_have_the_unit_of_the_data_and_no_origin(form, scale, shift):
    here, there = two_normals(form=form), two_normals(scale, shift, form)
    assert there.identifiability().identifiable
    for name, a, b in zip(
        here.standard_errors().names, here.standard_errors().errors, there.standard_errors().errors, strict=True
    ):
        unit = scale if "means" in name else scale**2 if "varianc" in name else 1.0
        assert b == pytest.approx(unit * a, rel=1e-4), name


def test_the_linkage_error_is_that_of_the_observed_information():
    lesson = lessons.linkage()
    t = lesson.fit().params["theta"]
    information = 125 / (2 + t) ** 2 + 38 / (1 - t) ** 2 + 34 / t**2
    errors = lesson.fit().standard_errors().errors
    np.testing.assert_allclose(errors, 1 / np.sqrt(information), rtol=1e-6)


def test_the_rate_of_em_is_the_fraction_of_missing_information():
    lesson = lessons.linkage()
    result = lesson.fit()
    t = result.params["theta"]
    observed = 125 / (2 + t) ** 2 + 38 / (1 - t) ** 2 + 34 / t**2
    complete = (125 * t / (2 + t) + 34) / t**2 + 38 / (1 - t) ** 2
    assert result.missing_information()[0] == pytest.approx(1 - observed / complete, rel=1e-7)


def test_observed_information_is_complete_information_less_what_is_missing():
    result = two_normals(form=ek.DiagonalGaussian)
    with result.em() as em:
        observed = observed_information(em, result.params)
        rate = em_rate_matrix(em, result.params)
    complete = observed @ np.linalg.inv(np.eye(len(rate)) - rate)
    np.testing.assert_allclose(complete, complete.T, rtol=1e-3, atol=1e-3 * np.abs(complete).max())
    n, proportion = 200, result.params.proportions[0]
    assert complete[0, 0] == pytest.approx(n * proportion * (1 - proportion), rel=1e-3)  # log-odds of the first component


def test_the_steps_of_plain_em_shrink_at_the_rate():
    result = two_normals()
    rate = result.missing_information()[0]
    x = np.concatenate([np.random.default_rng(0).normal(m, 1.0, (100, 1)) for m in (-2, 2)])
    em = ek.EMMap(result.model, ek.ArraySource(x), result.params)
    moved = ek.MixtureParams([0.55, 0.45], result.params.components)
    here = em(moved)
    for _ in range(12):
        here = em(here.update)
    assert here.em_rate.contraction == pytest.approx(rate, abs=1e-3)


@pytest.mark.parametrize("off", [0.0, 1e-100, 1e-12])
def test_a_boundary_estimate_has_no_error_and_takes_none_from_the_others(off):
    """EM needs for ever to get to a boundary exactly: an estimate next to it is on it."""
    rng = np.random.default_rng(3)
    chances = np.array([[0.02, 0.5, 0.9, 0.3], [0.7, 0.99, 0.02, 0.9], [0.2, 0.1, 0.3, 0.02]])
    classes = rng.integers(0, 3, 90)
    x = (rng.random((90, 4)) < chances[classes]).astype(float)
    model = ek.Mixture(ek.Bernoulli())
    starts = [spread_start(model, ek.ArraySource(x), 2, seed) for seed in range(5)]
    result = ek.fit(model, x, starts, solver=ek.solvers.Squarem())
    p = result.params.components.probabilities
    near = ek.MixtureParams(result.params.proportions, ek.SuccessParams(np.clip(p, off, 1 - off)))
    with result.em() as em:
        edge = em.coordinates.on_boundary(near)
        found, rates = information(em, near), missing_information(em, near)
    errors, verdict = standard_errors(covariance(result.model, result.source, found)), identifiability(found)
    assert edge == list(result.boundary)
    assert len(edge) == 2
    assert set(errors.reasons) == set(edge)
    assert [name for name, error in zip(errors.names, errors.errors, strict=True) if np.isnan(error)] == edge
    assert "boundary" in errors.reasons[edge[0]]
    assert verdict.identifiable
    assert (rates < 1).all()


def test_three_coins_are_not_identified_and_the_flat_directions_are_named():
    result = lessons.three_coins().fit()
    verdict = result.identifiability()
    assert not verdict
    assert (verdict.rank, verdict.free) == (1, 3)
    assert len(verdict.directions) == 2
    assert "components.probabilities[0, 0]" in verdict.sentence
    errors = result.standard_errors()
    assert np.isnan(errors.errors).all()
    assert "singular" in errors.reasons["components.probabilities[0, 0]"]


def test_flat_directions_keep_the_chance_of_a_one():
    """What the data tell, pi alpha + (1 - pi) beta, does not change along a flat direction."""
    result = lessons.three_coins().fit()
    with result.em() as em:
        values, vectors = np.linalg.eigh(observed_information(em, result.params))
        at = em.coordinates.pack(result.params)
        for vector in vectors[:, values < 1e-6 * values.max()].T:
            moved = em.coordinates.unpack(at + 1e-4 * vector, result.params)
            chance = moved.proportions @ moved.components.probabilities[:, 0]
            assert abs(chance - 0.6) < 1e-7


@pytest.mark.parametrize("free", [False, True])
def test_the_two_coins_are_identified(free):
    verdict = lessons.two_coins(free_proportions=free).fit().identifiability()
    assert verdict
    assert verdict.rank == verdict.free == (3 if free else 2)


def test_two_components_for_one_heap_are_not_identified():
    x = np.repeat([0.0, 1, 2, 3], [10, 20, 20, 10])
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.5], [0.5]]))
    result = ek.fit(ek.Mixture(ek.Binomial(trials=3)), x, start, escape=False)
    assert not result.identifiability()


def test_held_parameters_have_no_error_and_are_not_counted():
    lesson = lessons.two_coins()
    errors = lesson.fit().standard_errors()
    assert errors.names == ("components.probabilities[0, 0]", "components.probabilities[1, 0]")


def test_with_nothing_free_there_is_nothing_to_say():
    lesson = lessons.two_coins()
    held = ek.Frozen(lesson.model.model, "proportions", "components.probabilities")
    result = ek.fit(held, lesson.source, lesson.start)
    assert result.identifiability().identifiable
    assert result.standard_errors().names == ()
    assert result.missing_information().shape == (0,)


def test_derivatives_of_known_functions():
    steps = np.full(2, 1e-2)
    at = np.array([0.3, -0.7])
    slope = jacobian(lambda v: np.array([np.exp(v[0]) * v[1], np.sin(v[1])]), at, steps)
    np.testing.assert_allclose(slope, [[-0.7 * np.exp(0.3), np.exp(0.3)], [0, np.cos(-0.7)]], rtol=1e-10, atol=1e-10)
    curve = hessian(lambda v: float(np.exp(v[0]) * v[1] ** 2), at, np.full(2, 0.05))
    e = np.exp(0.3)
    np.testing.assert_allclose(curve, [[0.49 * e, -1.4 * e], [-1.4 * e, 2 * e]], rtol=1e-8)
