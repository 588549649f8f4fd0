"""Gamma columns: shapes to full precision, means and shapes that can be held, collapse, units."""

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import gamma as reference

import emkit as ek
from emkit.families.gamma_shape import log_less_digamma, log_less_gammaln, shape_of
from tests.cases import estimate

SHAPES = np.concatenate([np.logspace(-3, 8, 200), [7.999999, 8.0, 8.000001]])


def digits(function):
    with mp.workdps(50):
        return np.array([float(function(mp.mpf(float(a)))) for a in SHAPES])


def test_special_functions_keep_their_digits():
    np.testing.assert_allclose(log_less_digamma(SHAPES), digits(lambda a: mp.log(a) - mp.digamma(a)), rtol=1e-14)
    np.testing.assert_allclose(
        log_less_gammaln(SHAPES), digits(lambda a: a * mp.log(a) - a - mp.loggamma(a)), rtol=1e-13, atol=1e-14
    )


def test_shape_is_found_to_full_precision_from_1e_3_to_1e8():
    spread = digits(lambda a: mp.log(a) - mp.digamma(a))
    np.testing.assert_allclose(shape_of(spread), SHAPES, rtol=2e-14)


def data(shape=2.5, mean=3.0, n=400, seed=0):
    rng = np.random.default_rng(seed)
    return rng.gamma(shape, mean / shape, (n, 1)), rng.uniform(0, 2, (n, 1))


def one(shape, mean):
    return ek.GammaParams([[shape]], [[mean]])


@pytest.mark.parametrize("shape", [1e-2, 0.7, 3.0, 1e3, 1e8])
def test_density_is_scipys(shape):
    x, _ = data(shape)
    expected = reference.logpdf(x, shape, scale=3.0 / shape)
    np.testing.assert_allclose(
        ek.Gamma().log_density(one(shape, 3.0), x), expected, rtol=1e-12, atol=1e-12 + 1e-15 * shape * np.log(shape + 2)
    )


def test_density_of_a_narrow_component_has_no_rounding_noise():
    x, a, m = 3.0003, 1e8, 3.0
    with mp.workdps(60):
        X, A, M = map(mp.mpf, (x, a, m))
        exact = float(A * mp.log(A / M) - mp.loggamma(A) + (A - 1) * mp.log(X) - A * X / M)
    assert float(ek.Gamma().log_density(one(a, m), np.array([[x]]))[0, 0]) == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("shape", [0.02, 0.7, 3.0, 1e4])
@pytest.mark.parametrize("held", [(), ("means",), ("shapes",)])
def test_estimate_is_the_numerical_maximum_with_either_held(shape, held):
    x, weights = data(shape)
    before = one(shape * 1.4, 2.2)
    family = ek.Gamma()
    stats = family.statistics(before, x, weights)
    now = before
    for path, update in family.updates().items():
        if path not in held:
            now = ek.GammaParams(**{**vars(now), path: update(stats, before, now)})

    def loss(z):
        free = iter(z)
        values = {name: getattr(before, name) if name in held else [[np.exp(next(free))]] for name in ("shapes", "means")}
        return -float(weights[:, 0] @ family.log_density(ek.GammaParams(**values), x)[:, 0])

    z = [np.log(getattr(now, name)[0, 0]) for name in ("shapes", "means") if name not in held]
    best = minimize(loss, z, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 2000})
    assert best.fun >= loss(z) - 1e-11 * (1 + abs(loss(z)))
    np.testing.assert_allclose(best.x, z, atol=3e-6)


def test_statistics_taken_about_any_mean_give_the_same_estimate():
    x, weights = data()
    family = ek.Gamma()
    near, far = (estimate(family, family.statistics(p, x, weights), p) for p in (one(2, 3.0), one(9, 40.0)))
    np.testing.assert_allclose(near.shapes, far.shapes, rtol=1e-12)
    np.testing.assert_allclose(near.means, far.means, rtol=1e-14)


def test_estimate_of_a_narrow_component_keeps_its_digits():
    x = 5 + 5e-5 * np.random.default_rng(3).standard_normal(50)  # a shape of about 1e10
    with mp.workdps(60):
        X = [mp.mpf(float(v)) for v in x]
        spread = mp.log(sum(X) / 50) - sum(map(mp.log, X)) / 50
        exact = float(mp.findroot(lambda a: mp.log(a) - mp.digamma(a) - spread, 0.5 / spread))
    params = one(1.0, float(x.mean()))
    family = ek.Gamma(floor=0)
    found = estimate(family, family.statistics(params, x[:, None], np.ones((50, 1))), params)
    assert found.shapes[0, 0] == pytest.approx(exact, rel=1e-9)


def test_mixture_recovers_two_components_and_knows_no_unit():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.gamma(4, 0.5, 900), rng.gamma(30, 0.4, 600)])
    start = ek.MixtureParams([0.5, 0.5], ek.GammaParams([[2.0], [9.0]], [[1.0], [9.0]]))
    result = ek.fit(ek.Mixture(ek.Gamma()), x, start)
    assert result.converged
    np.testing.assert_allclose(result.params.components.shapes.ravel(), [4, 30], rtol=0.15)
    np.testing.assert_allclose(result.params.components.means.ravel(), [2, 12], rtol=0.05)
    np.testing.assert_allclose(result.params.components.rates.ravel(), [2, 2.5], rtol=0.2)
    unit = ek.MixtureParams([0.5, 0.5], ek.GammaParams([[2.0], [9.0]], [[1e-9], [9e-9]]))
    small = ek.fit(ek.Mixture(ek.Gamma()), x * 1e-9, unit)
    np.testing.assert_allclose(small.params.components.shapes, result.params.components.shapes, rtol=1e-7)


def test_held_means_in_a_mixture():
    x, _ = data(n=200)
    start = ek.MixtureParams([0.5, 0.5], ek.GammaParams([[2.0], [2.0]], [[2.0], [6.0]]))
    result = ek.fit(ek.Frozen(ek.Mixture(ek.Gamma()), "components.means"), x, start)
    np.testing.assert_array_equal(result.params.components.means.ravel(), [2, 6])
    assert result.free_parameters == 3


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_a_component_on_equal_rows_stops_at_the_floor_or_is_named():
    x = np.concatenate([np.full(40, 2.0), np.linspace(5, 30, 60)])
    start = ek.MixtureParams([0.5, 0.5], ek.GammaParams([[500.0], [5.0]], [[2.0], [15.0]]))
    bounded = ek.fit(ek.Mixture(ek.Gamma()), x, start)
    assert bounded.converged
    collapsed = ek.fit(ek.Mixture(ek.Gamma(floor=0)), x, start, max_evaluations=300)
    assert collapsed.outcome.name == "DEGENERATE"
    assert "component 1 collapsed: its rows are all equal in column 0" in str(collapsed.outcome)


def test_an_empty_component_keeps_its_parameters():
    x, weights = data(n=20)
    params = ek.GammaParams([[2.0], [5.0]], [[3.0], [7.0]])
    family = ek.Gamma()
    stats = family.statistics(params, x, np.concatenate([weights, 0 * weights], axis=1))
    found = estimate(family, stats, params)
    assert (found.shapes[1, 0], found.means[1, 0]) == (5.0, 7.0)


def test_messages():
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 0; gamma amounts must be numbers > 0."):
        ek.Gamma().support.check(ek.ArraySource([1.0, 0.0]).profile)
    with pytest.raises(ek.ParameterError, match=r"floor is 2; it is a fraction"):
        ek.Gamma(floor=2)


def test_pooled_is_the_estimate_of_all_rows_and_takes_a_constant_column():
    x, weights = data()
    pooled = ek.Gamma().pooled(ek.ArraySource(x, weights[:, 0]).profile, 1)
    family = ek.Gamma()
    found = estimate(family, family.statistics(pooled, x, weights), pooled)
    np.testing.assert_allclose(pooled.shapes, found.shapes, rtol=1e-12)
    assert np.isfinite(ek.Gamma().pooled(ek.ArraySource([3.0, 3.0, 3.0]).profile, 2).shapes).all()


def test_a_component_on_equal_rows_is_called_degenerate_and_its_shape_held():
    x = np.concatenate([np.full(40, 2.0), np.linspace(5, 30, 60)])[:, None]
    start = ek.MixtureParams([0.6, 0.4], ek.GammaParams([[4.0], [90.0]], [[17.0], [2.0]]))
    with pytest.warns(ek.DegenerateFitWarning, match=r"component 2 collapsed onto 40 rows \(row 0, row 1"):
        result = ek.fit(ek.Mixture(ek.Gamma()), x, start)
    assert (result.degenerate, result.boundary) == ((1,), ("components.shapes[1, 0]",))
    assert result.standard_errors().reasons == {"components.shapes[1, 0]": "the floor under the spread holds it"}
    searched = ek.MixtureModel(ek.Gamma(), n_components=2, random_state=0).fit(x).result_
    assert searched.degenerate == ()  # a search finds a maximum that is none


def test_a_constant_column_is_named_and_makes_no_component_degenerate():
    x = np.random.default_rng(0).gamma(3, 1, (300, 1)) + np.random.default_rng(1).choice([0, 10], (300, 1))
    both = ek.ArraySource(np.column_stack([x, np.full(300, 5.0)]), columns=["time", "same"])
    model = ek.Mixture(ek.Gamma())
    start = ek.MixtureParams([0.5, 0.5], ek.GammaParams([[3.0, 1.0], [30.0, 1.0]], [[3.0, 5.0], [13.0, 5.0]]))
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: same. A gamma shape has no"):
        result = ek.fit(model, both, start)
    assert result.converged
    assert result.degenerate == ()
    assert result.boundary == ("components.shapes[0, 1]", "components.shapes[1, 1]")
    alone = ek.MixtureParams([0.5, 0.5], ek.GammaParams([[3.0], [30.0]], [[3.0], [13.0]]))
    alone = ek.fit(ek.Mixture(ek.Gamma()), x, alone).standard_errors()
    errors = result.standard_errors()
    for name, error in zip(alone.names, alone.errors, strict=True):
        assert errors[name] == pytest.approx(error, rel=1e-3), name


@pytest.mark.parametrize("spread", [1e-14, 1e-3, 2.9, 3.1, 1e3, 1e20, 1e130])
def test_a_shape_of_any_spread(spread):
    shape = shape_of(np.array([spread]))
    np.testing.assert_allclose(log_less_digamma(shape), spread, rtol=1e-9)
