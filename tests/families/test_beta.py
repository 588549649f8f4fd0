"""Beta columns: SciPy's density, estimates to full precision, collapse, messages."""

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import beta as reference

import emkit as ek
from emkit.families.beta_fit import best
from tests.cases import estimate


def one(mean, precision):
    return ek.BetaParams([[mean]], [[precision]])


def two_kinds(n=900, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.beta(2.0, 8.0, n), rng.beta(40.0, 20.0, n // 2)])


START = ek.MixtureParams([0.5, 0.5], ek.BetaParams([[0.2], [0.7]], [[5.0], [20.0]]))


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.4), (1.0, 1.0), (2.0, 9.0), (300.0, 50.0)])
def test_density_is_scipys(a, b):
    x = np.clip(np.random.default_rng(1).beta(a, b, 50), 1e-12, 1 - 1e-12)
    found = ek.Beta().log_density(one(a / (a + b), a + b), x[:, None])[:, 0]
    np.testing.assert_allclose(found, reference.logpdf(x, a, b), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("a", [1e-2, 0.3, 1.0, 7.0, 1e3])
@pytest.mark.parametrize("b", [2e-2, 0.5, 30.0, 1e4, 1e9])
def test_the_best_mean_and_precision_are_found_to_rounding(a, b):
    with mp.workdps(40):
        p, q = mp.mpf(a), mp.mpf(b)
        rows = float(p / (p + q))
        below = float(mp.log(rows) - mp.digamma(p) + mp.digamma(p + q))
        above = float(mp.log(1 - mp.mpf(rows)) - mp.digamma(q) + mp.digamma(p + q))
    mean, precision = best(np.array([rows]), np.array([below]), np.array([above]))
    np.testing.assert_allclose([mean[0], precision[0]], [rows, a + b], rtol=1e-9)


def test_the_mean_alone_is_found_where_the_precision_is_given():
    x, c = two_kinds(200), np.array([3.0])
    rows = np.array([x.mean()])
    mean, kept = best(rows, np.log(rows) - np.log(x).mean(), np.log1p(-rows) - np.log1p(-x).mean(), c)
    height = lambda m: reference.logpdf(x, 3 * m, 3 * (1 - m)).sum()  # noqa: E731
    assert kept[0] == pytest.approx(3, rel=1e-15)
    assert all(height(mean[0]) > height(mean[0] + step) for step in (-1e-5, 1e-5))


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.BetaParams([[0.2], [0.7]], [[10.0], [60.0]]))
    x, _ = ek.Mixture(ek.Beta()).draw(true, np.random.default_rng(3), 4_000)
    result = ek.MixtureModel("beta", 2, random_state=0).fit(x).result_.in_order()
    assert result.converged
    np.testing.assert_allclose(result.params.components.means.ravel(), [0.2, 0.7], rtol=0.03)
    np.testing.assert_allclose(result.params.components.precisions.ravel(), [10, 60], rtol=0.1)
    np.testing.assert_allclose(np.ravel(result.params.components.shapes), [2, 42, 8, 18], rtol=0.12)


def test_shares_that_crowd_at_both_ends():
    x = np.clip(np.random.default_rng(0).beta(0.1, 0.2, 500), 1e-300, 1 - 1e-16)
    result = ek.fit(ek.Mixture(ek.Beta()), x, ek.MixtureParams([1.0], one(0.5, 2.0)))
    assert result.converged
    np.testing.assert_allclose(np.ravel(result.params.components.shapes), [0.1, 0.2], rtol=0.15)


def test_a_component_on_equal_rows_stops_at_the_floor_or_is_named():
    x = np.concatenate([np.full(40, 0.2), np.linspace(0.4, 0.9, 60)])
    spike = ek.MixtureParams([0.4, 0.6], ek.BetaParams([[0.2], [0.6]], [[100.0], [5.0]]))
    with pytest.warns(ek.DegenerateFitWarning, match="component 1 collapsed onto 40 rows"):
        result = ek.fit(ek.Mixture(ek.Beta()), x, spike)
    assert result.degenerate == (0,)
    assert result.boundary == ("components.precisions[0, 0]",)
    bare = ek.fit(ek.Mixture(ek.Beta(floor=0)), x, spike, max_evaluations=300)
    assert bare.outcome.name == "DEGENERATE"
    assert "component 1 collapsed: its rows are all equal in column 0" in str(bare.outcome)


def test_a_narrow_component_of_many_rows_is_an_estimate():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.beta(2.0, 8.0, 500), rng.beta(8e8, 2e8, 400)])
    start = ek.MixtureParams([0.5, 0.5], ek.BetaParams([[0.2], [0.8]], [[10.0], [1e4]]))
    result = ek.fit(ek.Mixture(ek.Beta()), x, start)
    assert result.converged
    assert result.degenerate == ()
    assert result.params.components.precisions[1, 0] == pytest.approx(1e9, rel=0.2)


def test_a_constant_column_is_named_and_held():
    x = np.column_stack([two_kinds(), np.full(len(two_kinds()), 0.25)])
    model = ek.Mixture(ek.Beta())
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: x1. A beta precision has no"):
        result = ek.fit(model, x, model.starts(ek.ArraySource(x).profile, 2, [0])[0])
    assert result.boundary == ("components.precisions[0, 1]", "components.precisions[1, 1]")
    assert result.degenerate == ()


def test_an_empty_component_keeps_its_parameters():
    x = two_kinds(20)[:, None]
    params = ek.BetaParams([[0.2], [0.5]], [[3.0], [7.0]])
    family = ek.Beta()
    found = estimate(family, family.statistics(params, x, np.outer(np.ones(len(x)), [1.0, 0.0])), params)
    assert (found.means[1, 0], found.precisions[1, 0]) == (0.5, 7.0)


@pytest.mark.parametrize("value", [0.0, 1.0, 1.5])
def test_messages(value):
    with pytest.raises(ek.DataError, match=f"row 1, column 'x0' is {value:g}; beta shares must be numbers between"):
        ek.Beta().support.check(ek.ArraySource([0.5, value]).profile)
    with pytest.raises(ek.ParameterError, match=r"floor is 2; it is a fraction"):
        ek.Beta(floor=2)
    with pytest.raises(ek.ParameterError, match=r"means\[0, 0\] is 1; it must lie between 0 and 1, which are excluded."):
        one(1.0, 2.0)
