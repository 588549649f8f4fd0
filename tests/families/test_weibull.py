"""Weibull columns: SciPy's density, joint estimates, collapse, units, messages."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import weibull_min

import emkit as ek
from tests.cases import estimate


def one(shape, scale):
    return ek.WeibullParams([[shape]], [[scale]])


def two_kinds(n=900, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.weibull(1.5, n), 20 * rng.weibull(4.0, n // 2)])


START = ek.MixtureParams([0.5, 0.5], ek.WeibullParams([[1.0], [2.0]], [[1.0], [15.0]]))


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.0, 60.0])
def test_density_is_scipys(shape):
    x = 3 * np.random.default_rng(1).weibull(shape, 50)
    found = ek.Weibull().log_density(one(shape, 3.0), x[:, None])[:, 0]
    np.testing.assert_allclose(found, weibull_min.logpdf(x, shape, scale=3.0), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [0.4, 1.3, 50.0])
def test_the_estimate_is_the_numerical_maximum_of_both(shape):
    rng = np.random.default_rng(3)
    x, weights = 5 * rng.weibull(shape, (400, 1)), rng.uniform(0, 2, (400, 1))
    family, before = ek.Weibull(), one(0.9 * shape, 4.0)
    found = estimate(family, family.statistics(before, x, weights), before)

    def loss(z):
        return -float(weights[:, 0] @ family.log_density(one(*np.exp(z)), x)[:, 0])

    z = np.log([found.shapes.item(), found.scales.item()])
    best = minimize(loss, z, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 2000})
    assert best.fun >= loss(z) - 1e-11 * (1 + abs(loss(z)))


@pytest.mark.parametrize("start", [0.05, 1.0, 400.0])
def test_one_component_gets_there_from_far_away(start):
    x = 5 * np.random.default_rng(2).weibull(3.0, 300)
    result = ek.fit(ek.Mixture(ek.Weibull()), x, ek.MixtureParams([1.0], one(start, 8.0)))
    shape, _, scale = weibull_min.fit(x, floc=0)
    assert result.converged
    assert result.params.components.shapes.item() == pytest.approx(shape, rel=1e-3)
    assert result.log_likelihood >= weibull_min.logpdf(x, shape, scale=scale).sum() - 1e-9
    pooled = ek.Weibull().pooled(ek.ArraySource(x).profile, 1)
    np.testing.assert_allclose(result.params.components.shapes, pooled.shapes, rtol=1e-7)


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.WeibullParams([[1.5], [5.0]], [[1.0], [20.0]]))
    x, _ = ek.Mixture(ek.Weibull()).draw(true, np.random.default_rng(3), 4_000)
    result = ek.MixtureModel("weibull", 2, random_state=0).fit(x).result_.in_order()
    assert result.converged
    np.testing.assert_allclose(result.params.components.shapes.ravel(), [1.5, 5], rtol=0.1)
    np.testing.assert_allclose(result.params.components.scales.ravel(), [1, 20], rtol=0.06)


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
def test_the_unit_is_an_offset_and_nothing_else():
    x = np.column_stack([two_kinds(), np.full(len(two_kinds()), 5.0)])
    model = ek.Mixture(ek.Weibull())
    results = [ek.fit(model, c * x, model.starts(ek.ArraySource(c * x).profile, 2, [0])[0]) for c in (1.0, 1e-9)]
    assert results[1].log_likelihood + x.size * np.log(1e-9) == pytest.approx(results[0].log_likelihood, rel=1e-8)
    np.testing.assert_allclose(results[1].params.components.shapes[:, 0], results[0].params.components.shapes[:, 0], rtol=1e-5)


def test_a_shape_cannot_be_held_without_its_scale():
    with pytest.raises(ek.ModelError, match=r"updates proportions, components \(components as a whole, since"):
        ek.Frozen(ek.Mixture(ek.Weibull()), "components.shapes")
    held = ek.fit(ek.Frozen(ek.Mixture(ek.Weibull()), "components"), two_kinds(100), START)
    assert held.free_parameters == 1


def test_a_component_on_equal_rows_stops_at_the_floor_or_is_named():
    x = np.concatenate([np.full(40, 2.0), np.linspace(5, 30, 60)])
    spike = ek.MixtureParams([0.4, 0.6], ek.WeibullParams([[40.0], [2.0]], [[2.0], [15.0]]))
    with pytest.warns(ek.DegenerateFitWarning, match="component 1 collapsed onto 40 rows"):
        result = ek.fit(ek.Mixture(ek.Weibull()), x, spike)
    assert result.degenerate == (0,)
    assert result.boundary == ("components.shapes[0, 0]",)
    wide = ek.MixtureParams([0.4, 0.6], ek.WeibullParams([[4.0], [2.0]], [[2.0], [15.0]]))
    bare = ek.fit(ek.Mixture(ek.Weibull(floor=0)), x, wide, max_evaluations=300)
    assert bare.outcome.name == "DEGENERATE"
    assert "component 1 collapsed: its rows are all equal in column 0" in str(bare.outcome)


def test_a_narrow_component_of_many_rows_is_an_estimate():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.weibull(1.5, 500), 30 * rng.weibull(1e5, 400)])
    start = ek.MixtureParams([0.5, 0.5], ek.WeibullParams([[1.5], [300.0]], [[1.0], [30.0]]))
    result = ek.fit(ek.Mixture(ek.Weibull()), x, start)
    assert result.converged
    assert result.degenerate == ()
    assert result.params.components.shapes[1, 0] == pytest.approx(1e5, rel=0.15)


def test_a_constant_column_is_named_and_held():
    x = np.column_stack([two_kinds(), np.full(len(two_kinds()), 5.0)])
    model = ek.Mixture(ek.Weibull())
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: x1. A Weibull shape has no"):
        result = ek.fit(model, x, model.starts(ek.ArraySource(x).profile, 2, [0])[0])
    assert result.boundary == ("components.shapes[0, 1]", "components.shapes[1, 1]")
    assert result.degenerate == ()


def test_an_empty_component_keeps_its_parameters():
    x = two_kinds(20)[:, None]
    params = ek.WeibullParams([[2.0], [5.0]], [[3.0], [7.0]])
    family = ek.Weibull()
    found = estimate(family, family.statistics(params, x, np.outer(np.ones(len(x)), [1.0, 0.0])), params)
    assert (found.shapes[1, 0], found.scales[1, 0]) == (5.0, 7.0)


def test_rows_far_from_a_component_are_improbable_and_nothing_else():
    assert ek.Weibull().log_density(one(50.0, 1e-6), np.array([[1e6]])).item() == -np.exp(600) < -1e250


def test_messages():
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 0; Weibull times must be numbers > 0."):
        ek.Weibull().support.check(ek.ArraySource([1.0, 0.0]).profile)
    with pytest.raises(ek.ParameterError, match=r"floor is 2; it is a fraction"):
        ek.Weibull(floor=2)
