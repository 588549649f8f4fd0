"""Inverse Gaussian columns: SciPy's density, narrow components, held parameters, collapse, units, messages."""

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import invgauss

import emkit as ek
from tests.cases import estimate


def one(mean, shape):
    return ek.InverseGaussianParams([[mean]], [[shape]])


def two_kinds(n=900, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.wald(1.0, 3.0, n), rng.wald(20.0, 400.0, n // 2)])


START = ek.MixtureParams([0.5, 0.5], ek.InverseGaussianParams([[1.0], [15.0]], [[1.0], [100.0]]))


@pytest.mark.parametrize(("mean", "shape"), [(1.0, 0.1), (3.0, 2.0), (3.0, 3000.0), (1e-6, 1e-6)])
def test_density_is_scipys(mean, shape):
    x = np.random.default_rng(1).wald(mean, shape, 50)
    found = ek.InverseGaussian().log_density(one(mean, shape), x[:, None])[:, 0]
    np.testing.assert_allclose(found, invgauss.logpdf(x, mean / shape, scale=shape), rtol=1e-12, atol=1e-12)


def test_the_estimate_of_a_narrow_component_keeps_its_digits():
    x = 5 + 5e-5 * np.random.default_rng(3).standard_normal(50)
    with mp.workdps(60):
        exact = [mp.mpf(float(v)) for v in x]
        shape = float(1 / (sum(1 / v for v in exact) / 50 - 50 / sum(exact)))
    params, family = one(float(x.mean()) * (1 + 1e-6), 1.0), ek.InverseGaussian(floor=0)
    found = estimate(family, family.statistics(params, x[:, None], np.ones((50, 1))), params)
    assert found.shapes.item() == pytest.approx(shape, rel=1e-9)
    assert found.means.item() == pytest.approx(x.mean(), rel=1e-14)


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.InverseGaussianParams([[1.0], [20.0]], [[3.0], [400.0]]))
    x, _ = ek.Mixture(ek.InverseGaussian()).draw(true, np.random.default_rng(3), 4_000)
    result = ek.MixtureModel("inverse-gaussian", 2, random_state=0).fit(x).result_.in_order()
    assert result.converged
    np.testing.assert_allclose(result.params.components.means.ravel(), [1, 20], rtol=0.05)
    np.testing.assert_allclose(result.params.components.shapes.ravel(), [3, 400], rtol=0.1)


@pytest.mark.parametrize("held", ["means", "shapes"])
def test_means_or_shapes_can_be_held(held):
    result = ek.fit(ek.Frozen(ek.Mixture(ek.InverseGaussian()), f"components.{held}"), two_kinds(200), START)
    assert result.converged
    np.testing.assert_array_equal(getattr(result.params.components, held), getattr(START.components, held))


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
def test_the_unit_is_an_offset_and_nothing_else():
    x = np.column_stack([two_kinds(), np.full(len(two_kinds()), 5.0)])
    model = ek.Mixture(ek.InverseGaussian())
    results = [ek.fit(model, c * x, model.starts(ek.ArraySource(c * x).profile, 2, [0])[0]) for c in (1.0, 1e-9)]
    assert results[1].log_likelihood + x.size * np.log(1e-9) == pytest.approx(results[0].log_likelihood, rel=1e-8)
    shapes = [result.params.components.shapes for result in results]
    np.testing.assert_allclose(shapes[1], 1e-9 * shapes[0], rtol=1e-5)


def test_a_component_on_equal_rows_stops_at_the_floor_or_is_named():
    x = np.concatenate([np.full(40, 2.0), np.linspace(5, 30, 60)])
    spike = ek.MixtureParams([0.4, 0.6], ek.InverseGaussianParams([[2.0], [15.0]], [[100.0], [30.0]]))
    with pytest.warns(ek.DegenerateFitWarning, match="component 1 collapsed onto 40 rows"):
        result = ek.fit(ek.Mixture(ek.InverseGaussian()), x, spike)
    assert result.degenerate == (0,)
    assert result.boundary == ("components.shapes[0, 0]",)
    bare = ek.fit(ek.Mixture(ek.InverseGaussian(floor=0)), x, spike, max_evaluations=300)
    assert bare.outcome.name == "DEGENERATE"
    assert "component 1 collapsed: its rows are all equal in column 0" in str(bare.outcome)


def test_a_constant_column_is_named_and_held():
    x = np.column_stack([two_kinds(), np.full(len(two_kinds()), 5.0)])
    model = ek.Mixture(ek.InverseGaussian())
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: x1. An inverse Gaussian shape has no"):
        result = ek.fit(model, x, model.starts(ek.ArraySource(x).profile, 2, [0])[0])
    assert result.boundary == ("components.shapes[0, 1]", "components.shapes[1, 1]")
    assert result.degenerate == ()


def test_an_empty_component_keeps_its_parameters():
    x = two_kinds(20)[:, None]
    params = ek.InverseGaussianParams([[2.0], [5.0]], [[3.0], [7.0]])
    family = ek.InverseGaussian()
    found = estimate(family, family.statistics(params, x, np.outer(np.ones(len(x)), [1.0, 0.0])), params)
    assert (found.means[1, 0], found.shapes[1, 0]) == (5.0, 7.0)


def test_a_step_in_words():
    text = str(ek.fit(ek.Mixture(ek.InverseGaussian()), two_kinds(20), START).explain())
    assert "rows / distances" in text


def test_messages():
    family = ek.InverseGaussian()
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 0; inverse Gaussian times must be numbers > 0."):
        family.support.check(ek.ArraySource([1.0, 0.0]).profile)
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 1e-200; times below 1e-150 overflow when"):
        family.support.check(ek.ArraySource([1.0, 1e-200]).profile)
    with pytest.raises(ek.ParameterError, match=r"floor is 2; it is a fraction"):
        ek.InverseGaussian(floor=2)
