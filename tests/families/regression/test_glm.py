"""One class is the generalised linear model, a law over every listed regression: statsmodels finds the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

import emkit as ek
from emkit.families.regression import listed
from emkit.families.regression.regression import Regression

Array = np.ndarray
LISTED = [each for each in vars(listed).values() if isinstance(each, type) and Regression in each.__mro__]
TRIALS = 12
OTHERS = ("a", "b", "c")
LOG = sm.families.links.Log()
COUNTERPARTS = {  # the family of statsmodels.GLM that has the same law and link, and what else a class is made with
    "NormalRegression": (sm.families.Gaussian(), {}),
    "PoissonRegression": (sm.families.Poisson(), {}),
    "BinomialRegression": (sm.families.Binomial(), {"trials": TRIALS}),
    "GammaRegression": (sm.families.Gamma(LOG), {}),
}
SCALES = {  # what statsmodels calls the scale of such a law
    "NormalRegression": lambda params: params.variances[0],
    "GammaRegression": lambda params: 1 / params.shapes[0],
}
NO_GLM = {  # laws whose other parameters are estimated together with the line, or of more than one line: no GLM
    "StudentTRegression": "weights of rows depend on the line",
    "NegativeBinomialRegression": "sm.GLM holds the dispersion; NegativeBinomial of statsmodels.discrete estimates it",
    "MultinomialRegression": "a line for each level but one; MNLogit of statsmodels.discrete",
    "OrderedRegression": "thresholds beside the line; OrderedModel of statsmodels.miscmodels",
}


def test_every_listed_regression_has_a_counterpart_or_a_reason_why_not():
    names = {each.__name__ for each in LISTED}
    assert set(COUNTERPARTS) <= names
    missing = names - set(COUNTERPARTS) - set(NO_GLM)
    assert not missing, f"say which family of statsmodels.GLM is that of {missing}, or why none is"


def drawn(name: str, seed: int) -> tuple[ek.ArraySource, Array, Array]:
    """A random design in units and about origins of its own, with weights and an offset; then response and design."""
    rng = np.random.default_rng([seed, 17])
    x = rng.normal(size=(40, 3)) * 10.0 ** rng.integers(-2, 3, 3) + rng.normal(size=3) * 10.0 ** rng.integers(-1, 2, 3)
    offset, design = rng.normal(size=40) * 0.3, np.column_stack([np.ones(40), x])
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    eta = 0.4 + standard @ rng.normal(size=3) * 0.4 + offset
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
