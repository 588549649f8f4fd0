"""One class is the generalised linear model, a law over every listed regression: statsmodels finds the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.discrete import discrete_model as discrete
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.miscmodels.tmodel import TLinearModel

import emkit as ek
from emkit.families.regression import listed
from emkit.families.regression.response_family import ResponseFamily

Array = np.ndarray
LISTED = [each for each in vars(listed).values() if isinstance(each, type) and ResponseFamily in each.__mro__]
TRIALS = 12
OTHERS = ("a", "b", "c")

LOG = sm.families.links.Log()
COUNTERPARTS = {  # the family of statsmodels.GLM that has the same law and link, and what else a class is made with
    "NormalRegression": (sm.families.Gaussian(), {}),
    "PoissonRegression": (sm.families.Poisson(), {}),
    "BinomialRegression": (sm.families.Binomial(), {"trials": TRIALS}),
    "GammaRegression": (sm.families.Gamma(LOG), {}),
}
# Asked for the last digits, statsmodels may not come to them.
AT_ROUNDING = "ignore::statsmodels.tools.sm_exceptions.ConvergenceWarning"
SCALES = {  # what statsmodels calls the scale of such a law
    "NormalRegression": lambda params: params.variances[0],
    "GammaRegression": lambda params: 1 / params.shapes[0],
}
OTHER_MODELS = {  # laws whose other parameters are estimated together with the line, or of more than one line: no GLM
    "StudentTRegression": "TLinearModel",
    "NegativeBinomialRegression": "NegativeBinomial",
    "MultinomialRegression": "MNLogit",
    "OrderedRegression": "OrderedModel",
}

OF_TIMES = {  # known up to intervals: tests/families/regression/test_censored_times.py has SciPy's densities beside them
    "CensoredNormalRegression",
    "ExponentialRegression",
    "LogLogisticRegression",
    "LogNormalRegression",
    "WeibullRegression",
}


def test_every_listed_regression_has_a_counterpart():
    names = {each.__name__ for each in LISTED}
    assert set(COUNTERPARTS) <= names
    missing = names - set(COUNTERPARTS) - set(OTHER_MODELS) - OF_TIMES
    assert not missing, f"say which model of statsmodels is that of {missing}"


def designed(seed: int, n: int) -> tuple[Array, Array, Array]:
    """A random design (n, 3) in units and about origins of its own, an offset, and the linear predictor of both."""
    rng = np.random.default_rng([seed, 17])
    x = rng.normal(size=(n, 3)) * 10.0 ** rng.integers(-2, 3, 3) + rng.normal(size=3) * 10.0 ** rng.integers(-1, 2, 3)
    offset = rng.normal(size=n) * 0.3
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    return x, offset, 0.4 + standard @ rng.normal(size=3) * 0.4 + offset


def drawn(name: str, seed: int) -> tuple[ek.ArraySource, Array, Array]:
    """A source of rows with weights and an offset; then response and design."""
    x, offset, eta = designed(seed, 40)
    rng, design = np.random.default_rng([seed, 18]), np.column_stack([np.ones(40), x])
    y = {
        "NormalRegression": lambda: eta + rng.normal(size=40),
        "PoissonRegression": lambda: rng.poisson(np.exp(eta)),
        "BinomialRegression": lambda: rng.binomial(TRIALS, 1 / (1 + np.exp(-eta))),
        "GammaRegression": lambda: rng.gamma(3.0, np.exp(eta) / 3.0),
    }[name]()
    rows = np.column_stack([y, x, offset])
    return ek.ArraySource(rows, rng.gamma(2.0, size=40), ["y", *OTHERS, "o"]), np.asarray(y, dtype=float), design


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTERPARTS)
def test_one_class_is_the_glm_of_statsmodels(name):
    """On 20 designs: coefficients, log-likelihood and standard errors, each to 1e-8 of its unit.

    Of laws with a scale, statsmodels is asked at the maximum-likelihood scale, which is orthogonal to the line; that no other
    scale is likelier is checked, too.
    """
    law, beside = COUNTERPARTS[name]
    for seed in range(20):
        source, y, design = drawn(name, seed)
        model = ek.Mixture(getattr(ek, name)("y", OTHERS, offset="o", **beside))
        fit = ek.fit(model, source, model.starts(source.profile, 1, [0]), tol=1e-14)
        found = fit.params.components
        response = np.column_stack([y, TRIALS - y]) if beside else y
        glm = sm.GLM(response, design, law, offset=source.x[:, 4], freq_weights=source.weights)
        wanted = glm.fit(tol=1e-15, maxiter=200).params
        scale = SCALES.get(name, lambda params: 1.0)(found)
        information = -glm.hessian(wanted, scale=scale, observed=True)
        errors = np.sqrt(np.diag(np.linalg.inv(information)))
        own = fit.standard_errors()
        mine = [own[f"components.coefficients[0, {j}]"] for j in range(4)]
        np.testing.assert_allclose((found.coefficients[0] - wanted) / errors, 0, atol=1e-8)
        np.testing.assert_allclose(mine, errors, rtol=1e-8)
        best = glm.loglike(wanted, scale=scale)
        assert fit.log_likelihood == pytest.approx(best, rel=1e-8)
        if scale != 1.0:
            assert all(glm.loglike(wanted, scale=scale * factor) < best for factor in (0.999, 1.001))


def of_one_class(regression, y: Array, x: Array, offset: Array, weights: Array) -> ek.Result:
    source = ek.ArraySource(np.column_stack([y, x, offset]), weights, ["y", *OTHERS, "o"])
    model = ek.Mixture(regression)
    return ek.fit(model, source, model.starts(source.profile, 1, [0]), tol=1e-14)


def whole_weights(seed: int) -> tuple[np.random.Generator, Array, Array]:
    """Weights of 60 rows, and which row is repeated where they are: these models of statsmodels have none."""
    rng = np.random.default_rng([seed, 19])
    weights = rng.integers(1, 4, 60)
    return rng, weights.astype(float), np.repeat(np.arange(60), weights)


def errors_of(hessian: Array) -> Array:
    return np.sqrt(np.diag(np.linalg.inv(-hessian)))


@pytest.mark.slow
def test_one_class_of_negative_binomial_counts_is_that_of_statsmodels():
    """From the estimates, Newton's step by its slopes is next to none: 1e-7 of an error is 1e-14 of log-likelihood."""
    for seed in range(20):
        (x, offset, eta), (rng, weights, repeated) = designed(seed, 60), whole_weights(seed)
        y, design = rng.poisson(np.exp(eta) * rng.gamma(1.5, 1 / 1.5, 60)), np.column_stack([np.ones(60), x])
        fit = of_one_class(ek.NegativeBinomialRegression("y", OTHERS, offset="o"), y, x, offset, weights)
        found = np.append(fit.params.components.coefficients[0], fit.params.components.dispersions)
        peer = discrete.NegativeBinomial(y[repeated], design[repeated], offset=offset[repeated])
        peer.fit(start_params=found, method="newton", disp=0)  # it ends early, and leaves its slopes in these parameters
        hessian, own = peer.hessian(found), fit.standard_errors()
        errors = errors_of(hessian)
        assert found[-1] > 0.05
        np.testing.assert_allclose(np.linalg.solve(hessian, peer.score(found)) / errors, 0, atol=1e-7)
        np.testing.assert_allclose([own[f"components.coefficients[0, {j}]"] for j in range(4)], errors[:4], rtol=1e-7)
        assert fit.log_likelihood == pytest.approx(peer.loglike(found), rel=1e-10)


@pytest.mark.slow
@pytest.mark.filterwarnings(AT_ROUNDING)
def test_one_class_of_levels_is_the_multinomial_logit_of_statsmodels():
    for seed in range(20):
        (x, offset, eta), (rng, weights, repeated) = designed(seed, 60), whole_weights(seed)
        y, design = np.digitize(eta + rng.logistic(size=60), [0.0, 1.0]), np.column_stack([np.ones(60), x])
        fit = of_one_class(ek.MultinomialRegression("y", OTHERS, levels=3), y, x, offset, weights)
        found = fit.params.components.coefficients[0, 1:]
        peer = discrete.MNLogit(y[repeated], design[repeated])
        best = peer.fit(method="newton", tol=1e-14, maxiter=100, disp=0)
        errors, own = errors_of(peer.hessian(best.params)).reshape(2, 4), fit.standard_errors()
        mine = [[own[f"components.coefficients[0, {level}, {j}]"] for j in range(4)] for level in (1, 2)]
        np.testing.assert_allclose((found - best.params.T) / errors, 0, atol=1e-8)
        np.testing.assert_allclose(mine, errors, rtol=1e-8)
        assert fit.log_likelihood == pytest.approx(best.llf, rel=1e-10)


@pytest.mark.slow
def test_one_class_of_ordered_levels_is_that_of_statsmodels():
    """Two levels are its logit, to 1e-8; of three, its slopes are numerical, and tell where they vanish to about 1e-6."""
    for seed in range(20):
        (x, offset, eta), (rng, weights, repeated) = designed(seed, 60), whole_weights(seed)
        y, regression = np.digitize(eta + rng.logistic(size=60), [0.0, 1.0]), ek.OrderedRegression("y", OTHERS, offset="o")
        pair = of_one_class(regression, np.minimum(y, 1), x, offset, weights)
        slopes, cutpoint = pair.params.components.coefficients[0], pair.params.components.cutpoints[0]
        glm = sm.GLM(
            np.minimum(y, 1), np.column_stack([-np.ones(60), x]), sm.families.Binomial(), offset=offset, freq_weights=weights
        )
        best = glm.fit(tol=1e-15, maxiter=200)
        np.testing.assert_allclose((np.append(cutpoint, slopes) - best.params) / best.bse, 0, atol=1e-8)
        assert pair.log_likelihood == pytest.approx(best.llf, rel=1e-10)
        standard = (x - x.mean(axis=0)) / x.std(axis=0)
        three = of_one_class(regression, y, standard, offset, weights).params.components
        found = np.concatenate([three.coefficients[0], three.cutpoints[0, :1], np.log(np.diff(three.cutpoints[0]))])
        peer = OrderedModel(y[repeated], standard[repeated], distr="logit", offset=offset[repeated])
        best = peer.fit(start_params=found, method="newton", disp=0)
        np.testing.assert_allclose((found - best.params) / best.bse, 0, atol=1e-6)
        assert peer.loglike(found) >= best.llf - 1e-10 * abs(best.llf)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_one_class_of_student_t_responses_is_that_of_statsmodels():
    """Its slopes are numerical: nowhere near is its likelihood higher, and at the estimates it is the same."""
    for seed in range(20):
        (x, offset, eta), (rng, weights, repeated) = designed(seed, 60), whole_weights(seed)
        y = eta + 0.5 * rng.standard_t(4, size=60)
        fit = of_one_class(ek.StudentTRegression("y", OTHERS, offset="o", freedom=4.0), y, x, offset, weights)
        found = np.append(fit.params.components.coefficients[0], np.sqrt(fit.params.components.squared_scales))
        standard, peer = fit.standard_errors(), t_model((y - offset)[repeated], np.column_stack([np.ones(60), x])[repeated])
        assert fit.log_likelihood == pytest.approx(peer.loglike(found), rel=1e-12)
        steps = [*(standard[f"components.coefficients[0, {j}]"] for j in range(4)), 0.1 * found[-1]]
        for j, step in enumerate(steps):
            for shift in (-1e-3, 1e-3):
                assert peer.loglike(found + shift * step * np.eye(5)[j]) < fit.log_likelihood


def t_model(y: Array, design: Array) -> TLinearModel:
    """Of 4 degrees of freedom; its making prints a line."""
    return TLinearModel(y, design, fix_df=4.0)
