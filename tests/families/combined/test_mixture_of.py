"""Mixtures of mixtures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

import emkit as ek
from tests import cases

TWO = ek.MixtureOf(ek.DiagonalGaussian(), 2)


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "2"])
def test_a_number_of_parts_that_cannot_be(number):
    with pytest.raises(ek.ModelError, match="it must be a whole number >= 1"):
        ek.MixtureOf(ek.Poisson(), number)


def test_the_density_is_the_marginal_density_of_a_mixture():
    case = cases.CASE["mixture-of"]
    x = case.draw(np.random.default_rng(0), 50)
    for k in range(2):
        parts = [ek.DiagonalGaussianParams(p.means[[k]], p.variances[[k]]) for p in case.params.parts]
        both = ek.DiagonalGaussianParams(*(np.concatenate([vars(p)[f] for p in parts]) for f in ("means", "variances")))
        alone = ek.Mixture(ek.DiagonalGaussian())
        wanted = np.logaddexp.reduce(alone.log_joint(ek.MixtureParams(case.params.proportions[k], both), x), axis=1)
        np.testing.assert_allclose(case.family.log_density(case.params, x)[:, k], wanted, rtol=1e-13)


def test_one_part_is_the_family_itself():
    x = cases.CASE["gaussian-diag"].draw(np.random.default_rng(1), 200)
    one = ek.MixtureModel(ek.MixtureOf(ek.DiagonalGaussian(), 1), 2, random_state=0).fit(x).result_
    plain = ek.MixtureModel("gaussian-diag", 2, random_state=0).fit(x).result_
    assert one.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)


def test_one_component_of_many_parts_is_a_mixture_of_as_many_components():
    x = cases.CASE["gaussian-diag"].draw(np.random.default_rng(1), 300)
    parts = ek.MixtureModel(ek.MixtureOf(ek.DiagonalGaussian(), 3), 1, random_state=0).fit(x).result_
    components = ek.MixtureModel("gaussian-diag", 3, random_state=0).fit(x).result_
    assert parts.log_likelihood == pytest.approx(components.log_likelihood, abs=1e-6)
    assert parts.free_parameters == components.free_parameters


def classes(rng, rows):
    """Two classes: in the first, ages are of two kinds, in the second of one; counts tell the classes apart."""
    kind = rng.integers(0, 3, rows)
    return np.column_stack([rng.normal(np.array([-4.0, 4.0, 0.0])[kind], 1.0), rng.poisson(np.array([1, 1, 8])[kind])])


def test_a_mixture_of_mixtures_has_the_likelihood_that_scipy_maximises():
    x = classes(np.random.default_rng(7), 400)
    family = ek.Product({0: TWO, 1: ek.Poisson()})

    def minus(theta):
        q, inner = expit(theta[0]), expit(theta[1:3])
        means, deviations, rates = theta[3:7].reshape(2, 2), np.exp(theta[7:11]).reshape(2, 2), np.exp(theta[11:])
        total = 0.0
        for share, k in ((q, 0), (1 - q, 1)):
            parts = stats.norm.pdf(x[:, [0]], means[k], deviations[k]) @ [inner[k], 1 - inner[k]]
            total = total + share * parts * stats.poisson.pmf(x[:, 1], rates[k])
        return -np.log(total).sum()

    starts = [
        [0.5, 0, s, -4, 4, -0.5 * t, 0.5 * t, 0, 0, u, -u, 0, 2]
        for s, t, u in ((0, 1, 0), (2, 2, 0.5), (-2, 2, 0.3), (0, 3, 0.7))
    ]
    best = min(minimize(minus, start, options={"maxiter": 600}).fun for start in starts)
    result = ek.MixtureModel(family, 2, random_state=0).fit(x).result_
    assert result.log_likelihood >= -best - 1e-4
    found = np.concatenate([np.ravel(v) for v in _theta(result.params)])
    assert minus(found) == pytest.approx(-result.log_likelihood, abs=1e-8)  # the value is that of its parameters,
    assert minimize(minus, found).fun >= -result.log_likelihood - 1e-4  # and SciPy finds nothing higher from there


def _theta(params):
    inner, counts = params.components.parts
    logit = lambda p: np.log(p) - np.log1p(-p)  # noqa: E731
    means = np.stack([part.means[:, 0] for part in inner.parts], axis=1)
    variances = np.stack([part.variances[:, 0] for part in inner.parts], axis=1)
    shares = np.clip(inner.proportions[:, 0], 1e-12, 1 - 1e-12)
    return logit(params.proportions[0]), logit(shares), means, np.log(variances) / 2, np.log(counts.rates)


def test_it_recovers_what_its_rows_were_drawn_from():
    rng = np.random.default_rng(11)
    x = classes(rng, 3_000)
    fit = ek.MixtureModel(ek.Product({0: TWO, 1: ek.Poisson()}), 2, random_state=0).fit(x)
    few = int(np.argmin(fit.components_.parts[1].rates))
    assert fit.weights_[few] == pytest.approx(2 / 3, abs=0.04)
    means = sorted(part.means[few, 0] for part in fit.components_.parts[0].parts)
    np.testing.assert_allclose(means, [-4, 4], atol=0.2)
    assert all(name in fit.result_.summary() for name in ("part 1", "part 2"))
    assert "part 0" not in fit.result_.summary()  # readers count from 1


def test_parts_nest():
    family = ek.MixtureOf(ek.MixtureOf(ek.DiagonalGaussian(), 2), 2)
    x = np.concatenate([np.random.default_rng(2).normal(m, 0.3, (40, 1)) for m in (0.0, 2.0, 6.0, 8.0)])
    result = ek.MixtureModel(family, 1, random_state=0).fit(x).result_
    plain = ek.MixtureModel("gaussian-diag", 4, random_state=0).fit(x).result_
    assert result.log_likelihood <= plain.log_likelihood + 1e-6
    assert result.log_likelihood == pytest.approx(plain.log_likelihood, abs=0.5)


def test_a_part_without_rows_has_none_however_many_its_component_has():
    """Where it is not known how many rows a component has, they are taken to be many without end."""
    rows = TWO.lower_bound(ek.ArraySource(np.arange(9.0)[:, None]).profile).among
    params = ek.MixtureOfParams([[1.0, 0.0]], (ek.DiagonalGaussianParams([[0.0]], [[1.0]]),) * 2)
    assert rows(params, 1, np.array([np.inf])).tolist() == [0.0]
    assert rows(params, 0, np.array([np.inf])).tolist() == [np.inf]
