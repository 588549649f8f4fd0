"""Log-normal columns: SciPy's density, the normal family on logarithms, units, collapse, messages."""

import numpy as np
import pytest
from scipy.stats import lognorm

import emkit as ek
from tests.cases import estimate

MEANS, VARIANCES = np.array([[0.0, 3.0], [-2.0, 1.0]]), np.array([[0.3, 2.0], [1e-4, 0.5]])


def amounts(n=900, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.lognormal(0.0, 0.4, n), rng.lognormal(2.0, 0.7, n // 2)])


def start(unit=1.0):
    return ek.MixtureParams([0.5, 0.5], ek.LogNormalParams(np.log([[0.7 * unit], [9.0 * unit]]), [[1.0], [1.0]]))


def test_density_is_scipys():
    x = np.exp(np.random.default_rng(1).normal(0, 2, (50, 2)))
    expected = [lognorm.logpdf(x, np.sqrt(v), scale=np.exp(m)).sum(axis=1) for m, v in zip(MEANS, VARIANCES, strict=True)]
    found = ek.LogNormal().log_density(ek.LogNormalParams(MEANS, VARIANCES), x)
    np.testing.assert_allclose(found, np.transpose(expected), rtol=1e-12)


def test_it_is_the_normal_family_on_logarithms():
    x = amounts()
    found = ek.fit(ek.Mixture(ek.LogNormal()), x, start())
    normal = ek.DiagonalGaussianParams(start().components.means, start().components.variances)
    logs = ek.fit(ek.Mixture(ek.DiagonalGaussian()), np.log(x), ek.MixtureParams([0.5, 0.5], normal))
    np.testing.assert_allclose(found.params.components.means, logs.params.components.means, rtol=1e-9)
    np.testing.assert_allclose(found.standard_errors().errors, logs.standard_errors().errors, rtol=1e-6)
    assert found.log_likelihood == pytest.approx(logs.log_likelihood - np.log(x).sum(), rel=1e-12)


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.LogNormalParams([[0.0], [2.0]], [[0.16], [0.49]]))
    x, _ = ek.Mixture(ek.LogNormal()).draw(true, np.random.default_rng(3), 4_000)
    result = ek.MixtureModel("log-normal", 2, random_state=0).fit(x).result_.in_order()
    np.testing.assert_allclose(result.params.components.means.ravel(), [0, 2], atol=0.1)
    np.testing.assert_allclose(result.params.components.variances.ravel(), [0.16, 0.49], rtol=0.2)
    np.testing.assert_allclose(result.params.components.medians.ravel(), [1, np.exp(2)], rtol=0.1)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
def test_the_unit_is_an_offset_and_nothing_else(unit):
    x = np.column_stack([amounts(), np.full(len(amounts()), 5.0)])  # a constant column has a floor in no unit, too
    model = ek.Mixture(ek.LogNormal())
    results = [ek.fit(model, c * x, model.starts(ek.ArraySource(c * x).profile, 2, [0])[0]) for c in (1.0, unit)]
    shift = x.size * np.log(unit)
    assert results[1].log_likelihood + shift == pytest.approx(results[0].log_likelihood, rel=1e-8)
    np.testing.assert_allclose(results[1].params.components.variances, results[0].params.components.variances, rtol=1e-6)


def test_a_constant_column_is_named_and_held():
    x = np.column_stack([amounts(), np.full(len(amounts()), 5.0)])
    model = ek.Mixture(ek.LogNormal())
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: x1. A variance of logarithms has no"):
        result = ek.fit(model, x, model.starts(ek.ArraySource(x).profile, 2, [0])[0])
    assert result.boundary == ("components.variances[0, 1]", "components.variances[1, 1]")
    assert result.degenerate == ()


def test_a_component_on_equal_rows_stops_at_the_floor_or_is_named():
    x = np.concatenate([np.full(40, 2.0), np.linspace(5, 30, 60)])
    spike = ek.MixtureParams([0.4, 0.6], ek.LogNormalParams(np.log([[2.0], [15.0]]), [[0.01], [0.3]]))
    with pytest.warns(ek.DegenerateFitWarning, match="component 1 collapsed onto 40 rows"):
        assert ek.fit(ek.Mixture(ek.LogNormal()), x, spike).degenerate == (0,)
    bare = ek.fit(ek.Mixture(ek.LogNormal(floor=0)), x, spike, max_evaluations=300)
    assert bare.outcome.name == "DEGENERATE"
    assert "component 1 collapsed" in str(bare.outcome)


def test_an_empty_component_keeps_its_parameters():
    x = amounts(20)[:, None]
    params = ek.LogNormalParams([[0.0], [7.0]], [[1.0], [2.0]])
    weights = np.outer(np.ones(len(x)), [1.0, 0.0])
    found = estimate(ek.LogNormal(), ek.LogNormal().statistics(params, x, weights), params)
    assert (found.means[1, 0], found.variances[1, 0]) == (7.0, 2.0)


def test_a_step_in_words():
    described = ek.LogNormal().described
    assert described.formula == "N(log x; mean, variance) / x"
    text = str(ek.fit(ek.Mixture(ek.LogNormal()), amounts(20), start()).explain())
    assert "old mean + deviations / rows" in text


def test_messages():
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 0; log-normal amounts must be numbers > 0."):
        ek.LogNormal().support.check(ek.ArraySource([1.0, 0.0]).profile)
    with pytest.raises(ek.ParameterError, match=r"floor is 2; it is a fraction"):
        ek.LogNormal(floor=2)
