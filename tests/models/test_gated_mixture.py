"""Mixtures whose proportions depend on covariates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln, log_softmax, logsumexp

import emkit as ek
from tests import cases
from tests.laws import maxima

Array = np.ndarray
COUNTS, ANSWERS = cases.GATED


@pytest.fixture(scope="module")
def rows() -> Array:
    return COUNTS.draw(np.random.default_rng(1), 300)


@pytest.fixture(scope="module")
def fitted(rows):
    return ek.fit(COUNTS.model, rows, COUNTS.params, tol=1e-12)


def negative_log_likelihood(v: Array, x: Array) -> float:
    """Of two Poisson regressions with a gate, written down independently: gate, then two lines."""
    y, design = x[:, 0], np.column_stack([np.ones(len(x)), x[:, 1]])
    eta = design @ v[2:].reshape(2, 2).T
    prior = log_softmax(np.column_stack([np.zeros(len(x)), design @ v[:2]]), axis=1)
    return -float(logsumexp(prior + y[:, None] * eta - np.exp(eta) - gammaln(y + 1)[:, None], axis=1).sum())


def test_the_estimate_is_that_of_a_direct_maximisation(rows, fitted):
    mine = np.concatenate([fitted.params.gates[1], fitted.params.components.coefficients.ravel()])
    there = minimize(negative_log_likelihood, mine + 0.01, (rows,), "BFGS", options={"gtol": 1e-8})
    assert fitted.log_likelihood == pytest.approx(-there.fun, abs=1e-7)
    np.testing.assert_allclose(mine, there.x, atol=1e-4)
    errors = fitted.standard_errors()
    steps = 1e-4 * np.eye(6)
    hessian = np.array(
        [
            [
                sum(
                    sign * negative_log_likelihood(mine + one + other, rows)
                    for sign, one, other in ((1, a, b), (-1, a, -b), (-1, -a, b), (1, -a, -b))
                )
                / 4e-8
                for b in steps
            ]
            for a in steps
        ]
    )
    wanted = np.sqrt(np.diag(np.linalg.inv(hessian)))
    np.testing.assert_allclose([errors["gates[1, 0]"], errors["gates[1, 1]"]], wanted[:2], rtol=1e-3)
    assert errors["components.coefficients[1, 1]"] == pytest.approx(wanted[5], rel=1e-3)


def test_components_in_another_order_are_the_same_model(fitted):
    turned = ek.GatedMixtureParams(fitted.params.gates[::-1], cases_turned(fitted.params.components))
    assert turned.gates[0].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(turned.gates[1], -fitted.params.gates[1])
    again = ek.EMMap(fitted.model, fitted.source, turned).objective(turned)
    assert again == pytest.approx(fitted.log_likelihood, rel=1e-12)
    ordered = ek.fit(COUNTS.model, fitted.source, turned, max_evaluations=2).in_order()
    np.testing.assert_allclose(ordered.params.gates, fitted.in_order().params.gates, rtol=1e-6)


def cases_turned(components: ek.RegressionParams) -> ek.RegressionParams:
    return ek.RegressionParams(components.coefficients[::-1])


def test_without_a_slope_it_is_the_mixture_of_constant_proportions(rows):
    gated = ek.EMMap(COUNTS.model, ek.ArraySource(rows), COUNTS.params)
    level = ek.GatedMixtureParams([[0.0, 0.0], [np.log(0.3 / 0.7), 0.0]], COUNTS.params.components)
    plain = ek.MixtureParams([0.7, 0.3], COUNTS.params.components)
    mixture = ek.EMMap(ek.Mixture(COUNTS.model.family), ek.ArraySource(rows), plain)
    assert gated.objective(level) == pytest.approx(mixture.objective(plain), rel=1e-13)


def test_one_component_is_the_regression_of_all_rows(rows):
    gated = ek.GatedMixture(ek.PoissonRegression(0, (1,)), 1)
    alone = ek.Mixture(ek.PoissonRegression(0, (1,)))
    profile = ek.ArraySource(rows).profile
    found, wanted = (ek.fit(model, rows, model.starts(profile, 1, [0])) for model in (gated, alone))
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    assert found.free_parameters == wanted.free_parameters


def test_people_come_from_one_class_and_have_one_covariate():
    rng = np.random.default_rng(2)
    people = ANSWERS.draw(rng, 40)
    long = np.repeat(people, 3, axis=0)
    long[:, 1:5] = rng.random((120, 4)) < 0.5
    groups = np.repeat(np.arange(40), 3)
    fit = ek.fit(ANSWERS.model, long, ANSWERS.params, groups=groups, max_evaluations=30)
    assert maxima.falls(np.array([entry.objective for entry in fit.history])) == 0
    shares = fit.predict_proba(ek.ArraySource(long, groups=groups))
    np.testing.assert_array_equal(shares[::3], shares[1::3])
    long[4, 5] += 1
    with pytest.raises(ek.DataError, match="covariates of the gate must be the same"):
        ek.fit(ANSWERS.model, long, ANSWERS.params, groups=groups)


def test_columns_are_found_by_name_and_told_in_the_summary(rows):
    source = ek.ArraySource(np.column_stack([rows, rows[:, 1] ** 2]), columns=["visits", "age", "square"])
    model = ek.GatedMixture(ek.PoissonRegression("visits", "age"), ("age", "square"))
    fit = ek.fit(model, source, model.starts(source.profile, 2, range(4)), max_evaluations=300)
    assert fit.params.covariates == ("intercept", "age", "square")
    assert "square" in fit.summary()
    assert fit.free_parameters == 3 + 4


def test_a_fit_is_saved_and_read(fitted, rows, tmp_path):
    again = ek.load(fitted.save(tmp_path / "gated.emk"))
    np.testing.assert_array_equal(again.params.gates, fitted.params.gates)
    np.testing.assert_allclose(again.predict_proba(rows), fitted.predict_proba(rows))


def test_rows_are_drawn_for_given_covariates(fitted, rows):
    many = np.repeat(rows, 40, axis=0)
    x, components = fitted.model.draw_given(fitted.params, np.random.default_rng(0), many)
    np.testing.assert_array_equal(x[:, 1], many[:, 1])
    for value in cases.GIVEN:
        share = components[many[:, 1] == value].mean()
        expected = np.exp(fitted.model.log_proportions(fitted.params, np.array([[0.0, value]])))[0, 1]
        assert share == pytest.approx(expected, abs=0.03)
    with pytest.raises(ek.ModelError, match="covariates are data"):
        fitted.sample(3)


def test_a_gate_of_an_intercept_alone_is_the_proportions_of_a_mixture():
    x = np.random.default_rng(5).binomial(10, [[0.2]] * 30 + [[0.7]] * 50).astype(float)
    components = ek.SuccessParams([[0.3], [0.6]])
    mixture = ek.fit(ek.Mixture(ek.Binomial(10)), x, ek.MixtureParams([0.5, 0.5], components))
    gated = ek.fit(ek.GatedMixture(ek.Binomial(10)), x, ek.GatedMixtureParams([[0.0], [0.0]], components))
    assert gated.log_likelihood == pytest.approx(mixture.log_likelihood, abs=1e-9)
    shares = gated.params.gates[1, 0]
    assert 1 / (1 + np.exp(-shares)) == pytest.approx(mixture.params.proportions[1], abs=1e-5)


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(ek.ModelError, match=r"describes whole rows.*ek\.Covariates"):
        ek.GatedMixture(ek.Bernoulli(), 1)
    with pytest.raises(ek.ModelError, match="a gate needs covariates"):
        ek.GatedMixture(ek.PoissonRegression(0, 1), intercept=False)
    with pytest.raises(ek.DataError, match="no column 'q' for the gate"):
        ek.fit(ek.GatedMixture(ek.PoissonRegression(0, 1), "q"), [[1.0, 2.0], [2.0, 1.0]], COUNTS.params)
    with pytest.raises(ek.ParameterError, match="the first row must be 0"):
        ek.spaces.Contrasts().check(np.ones((2, 2)), "gates")


def test_zeros_and_counts_with_covariates_in_both_parts_are_a_composition():
    """Zero-inflated Poisson regression, against a direct maximisation of its likelihood."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=400)
    design = np.column_stack([np.ones(400), z])
    y = np.where(rng.random(400) < 1 / (1 + np.exp(0.5 + z)), 0, rng.poisson(np.exp(0.8 + 0.4 * z)))
    source = ek.ArraySource(np.column_stack([y, z]), columns=["y", "z"])
    zeros = ek.Product({"y": ek.PointMass(0), "z": ek.Covariates()})
    model = ek.GatedMixture(ek.PerComponent(ek.PoissonRegression("y", "z"), zeros), "z")
    fit = ek.fit(model, source, model.starts(source.profile, 2, [0, 1]), solver="anderson", tol=1e-12)

    def height(v: Array) -> float:
        w, mean = 1 / (1 + np.exp(-design @ v[:2])), np.exp(design @ v[2:])
        counted = (1 - w) * np.exp(y * np.log(mean) - mean - gammaln(y + 1))
        return -float(np.log(counted + w * (y == 0)).sum())

    there = minimize(height, [0.0, 0.0, 0.5, 0.0], method="BFGS", options={"gtol": 1e-8})
    assert fit.log_likelihood == pytest.approx(-there.fun, abs=1e-7)
    mine = np.concatenate([fit.params.gates[1], fit.params.components.parts[0].coefficients[0]])
    np.testing.assert_allclose(mine, there.x, atol=1e-4)
    x, kind = fit.model.draw_given(fit.params, rng, source.x)
    assert not x[kind == 1, 0].any()
    np.testing.assert_array_equal(x[:, 1], z)


def test_what_a_gate_expects_of_rows_are_its_proportions(fitted, rows):
    (chunk,) = ek.ArraySource(rows).chunks()
    expected = fitted.model.outlook(fitted.params, chunk)
    np.testing.assert_allclose(expected, np.exp(fitted.model.log_proportions(fitted.params, rows)))


def test_no_covariate_is_called_as_the_intercept(rows):
    source = ek.ArraySource(rows, columns=["y", "intercept"])
    with pytest.raises(ek.DataError, match="is called 'intercept', as the coefficient of 1 is; rename the column"):
        ek.PoissonRegression(0, (1,)).settled(source.profile)


@pytest.mark.parametrize(
    "made",
    [
        lambda: ek.GatedMixture(ek.NormalRegression(0, 1), 2, gate=6),
        lambda: ek.GatedHiddenMarkovChain(ek.NormalRegression(0, 1), transitions=2, gate="z"),
        lambda: ek.NormalRegression(0, 1, layout=3),
        lambda: ek.OrderedRegression(0, 1, layout=3),
        lambda: ek.ExactZeros(0, place="a"),
    ],
)
def test_what_is_found_in_the_data_is_no_setting(made):
    with pytest.raises(ek.ModelError, match=r"it is no setting, but is found when there are data\. Leave it out\."):
        made()
