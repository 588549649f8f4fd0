"""Coefficients whose maximum-likelihood value is infinite are named, have no standard error, and leave the others theirs."""

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
N = 60
LEVEL, Z = RNG.integers(0, 3, N), RNG.normal(size=N)
COLUMNS = ["y", "second", "third", "z"]


def rows(y, level=LEVEL, z=Z):
    return ek.ArraySource(np.column_stack([y, level == 1, level == 2, z]).astype(float), columns=COLUMNS)


def fitted(family, source, solver="plain", **more):
    model = ek.Mixture(family(*COLUMNS[:1], COLUMNS[1:]))
    return ek.fit(model, source, model.starts(source.profile, 1, [0]), solver=solver, **more)


COUNTS = RNG.poisson(np.where(LEVEL == 2, 0.0, 3 * np.exp(0.2 * Z)))
ONES = np.where(LEVEL == 2, 1, RNG.integers(0, 2, N))

THIRDS = np.random.default_rng(1).integers(0, 3, N)


@pytest.mark.parametrize("solver", ["plain", "squarem", "anderson"])
@pytest.mark.parametrize(("family", "y"), [(ek.PoissonRegression, COUNTS), (ek.BinomialRegression, ONES)])
def test_a_level_of_zeros_or_ones_has_an_infinite_coefficient(family, y, solver):
    fit = fitted(family, rows(y), solver)
    assert fit.converged
    assert fit.infinite == ("components.coefficients[0, 2]",)
    errors = fit.standard_errors()
    assert np.isnan(errors["components.coefficients[0, 2]"])
    assert "infinite" in errors.reasons["components.coefficients[0, 2]"]
    assert "Separation" in fit.summary()
    assert "third" in fit.summary()
    assert fit.to_dict()["infinite"] == ["components.coefficients[0, 2]"]


@pytest.mark.parametrize(("family", "y"), [(ek.PoissonRegression, COUNTS), (ek.BinomialRegression, ONES)])
def test_the_other_coefficients_are_those_of_the_rows_that_are_not_separated(family, y):
    fit = fitted(family, rows(y))
    some = LEVEL != 2
    source = ek.ArraySource(np.column_stack([y, LEVEL == 1, Z]).astype(float)[some], columns=["y", "second", "z"])
    model = ek.Mixture(family("y", ("second", "z")))
    alone = ek.fit(model, source, model.starts(source.profile, 1, [0]))
    assert alone.infinite == ()
    np.testing.assert_allclose(
        fit.params.components.coefficients[0, [0, 1, 3]], alone.params.components.coefficients[0], rtol=1e-6
    )
    np.testing.assert_allclose(fit.log_likelihood, alone.log_likelihood, rtol=1e-9)
    errors, lone = fit.standard_errors(), alone.standard_errors()
    for here, there in ((0, 0), (1, 1), (3, 2)):
        name = f"components.coefficients[0, {here}]"
        np.testing.assert_allclose(errors[name], lone[f"components.coefficients[0, {there}]"], rtol=1e-5)
        low, high = fit.confidence_intervals(method="profile", names=[name])[name]
        assert low < fit.params.components.coefficients[0, here] < high


@pytest.mark.parametrize(
    ("family", "y", "name"),
    [
        (ek.OrderedRegression, np.where(LEVEL == 2, 2, THIRDS), "components.coefficients[0, 1]"),
        (ek.MultinomialRegression, np.where(LEVEL == 2, THIRDS % 2, THIRDS), "components.coefficients[0, 2, 2]"),
    ],
)
def test_a_covariate_that_tells_a_level_has_an_infinite_coefficient(family, y, name):
    fit = fitted(family, rows(y))
    assert fit.converged
    assert fit.infinite == (name,)
    errors = fit.standard_errors()
    assert [each for each in errors.names if np.isnan(errors[each])] == [name]


def test_cutpoints_run_off_with_a_slope_that_tells_all_levels():
    fit = fitted(ek.OrderedRegression, rows(np.digitize(Z, [-0.5, 0.5])))
    assert fit.converged
    assert fit.log_likelihood > -1e-6
    assert {"components.coefficients[0, 2]", "components.cutpoints[0, 0]", "components.cutpoints[0, 1]"} <= {*fit.infinite}


def test_complete_separation_comes_to_a_likelihood_of_1_soon():
    fit = fitted(ek.BinomialRegression, rows(Z > 0.1))
    assert fit.converged
    assert fit.evaluations < 500
    assert fit.log_likelihood > -1e-6
    assert "components.coefficients[0, 3]" in fit.infinite
    assert all(np.isnan(fit.standard_errors()[name]) for name in fit.infinite)


def test_a_combination_that_runs_off_leaves_the_others_their_errors():
    z = np.round(Z * 2) / 2
    y = np.where(z == 0, RNG.integers(0, 2, N), z > 0)  # quasi-complete: intercept + 0 * slope is told, by the rows at 0
    model = ek.Mixture(ek.BinomialRegression("y", "z"))
    source = rows(y, z=z)
    fit = ek.fit(model, source, model.starts(source.profile, 1, [0]))
    here = y[z == 0].mean()
    np.testing.assert_allclose(fit.params.components.coefficients[0, 0], np.log(here / (1 - here)), atol=1e-6)
    assert fit.infinite == ("components.coefficients[0, 1]",)
    told = fit.standard_errors()["components.coefficients[0, 0]"]
    np.testing.assert_allclose(told, 1 / np.sqrt((z == 0).sum() * here * (1 - here)), rtol=1e-5)


@pytest.mark.parametrize("seed", range(6))  # in some of them the gate has come to 1e10, where small steps are rounded away
def test_a_gate_that_tells_components_apart(seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=100)
    source = ek.ArraySource(np.column_stack([np.where(z > 0, 10, 0) + rng.normal(size=100), z]), columns=["y", "z"])
    model = ek.GatedMixture(ek.NormalRegression("y"), "z")
    fit = ek.fit(model, source, model.starts(source.profile, 2, [0]), solver="anderson")
    assert fit.converged
    assert fit.evaluations < 500
    assert "gates[1, 1]" in fit.infinite
    assert 0 < fit.standard_errors()["components.coefficients[0, 0]"] < 1


def test_one_of_two_components_is_separated():
    n = 300
    first, d = RNG.integers(0, 2, n) == 0, RNG.integers(0, 2, n)
    y = RNG.poisson(np.where(first, 20.0, np.where(d == 1, 0.0, 3.0)))
    source = ek.ArraySource(np.column_stack([y, d]).astype(float), columns=["y", "d"])
    model = ek.Mixture(ek.PoissonRegression("y", "d"))
    fit = ek.fit(model, source, ek.MixtureParams([0.5, 0.5], ek.RegressionParams([[1.0, -1.0], [3.0, 0.0]])))
    assert fit.infinite == ("components.coefficients[0, 1]",)
    assert fit.standard_errors()["components.coefficients[1, 1]"] < 0.2


def test_a_prior_gives_every_coefficient_a_maximum():
    source = rows(COUNTS)
    model = ek.WithPrior(
        ek.Mixture(ek.PoissonRegression("y", "third")), {"components.coefficients": lambda b: -float((b**2).sum()) / 50}
    )
    fit = ek.fit(model, source, model.starts(source.profile, 1, [0]))
    assert fit.infinite == ()
    assert fit.standard_errors()["components.coefficients[0, 1]"] > 0


def test_sound_fits_and_held_coefficients_have_none():
    few = COUNTS.copy()
    few[np.flatnonzero(LEVEL == 2)[0]] = 1  # one count is enough
    assert fitted(ek.PoissonRegression, rows(few)).infinite == ()
    source = rows(COUNTS)
    held = ek.Frozen(ek.Mixture(ek.PoissonRegression("y", COLUMNS[1:])), "components.coefficients")
    start = ek.MixtureParams([1.0], ek.RegressionParams([[0.0, 0.0, -30.0, 0.0]]))
    assert ek.fit(held, source, start).infinite == ()


def test_a_file_keeps_what_was_told(tmp_path):
    fit = fitted(ek.PoissonRegression, rows(COUNTS))
    assert ek.load(fit.save(tmp_path / "fit.emk")).infinite == fit.infinite
