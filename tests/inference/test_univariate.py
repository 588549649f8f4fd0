"""Density, distribution function and quantiles of mixtures of one column, against SciPy's distributions."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

import emkit as ek
from emkit.inference import Univariate

SHARES = np.array([0.3, 0.7])
CASES = {
    "normal": (ek.FullGaussian(), ek.FullGaussianParams([[-1.0], [4.0]], [[[0.25]], [[4.0]]]), stats.norm([-1, 4], [0.5, 2])),
    "spike": (ek.FullGaussian(), ek.FullGaussianParams([[0.0], [1e4]], [[[1e-8]], [[1.0]]]), stats.norm([0, 1e4], [1e-4, 1])),
    "exponential": (ek.Exponential(), ek.ExponentialParams([[0.5], [4.0]]), stats.expon(scale=[2, 0.25])),
    "log-normal": (
        ek.LogNormal(),
        ek.LogNormalParams([[0.0], [2.0]], [[0.25], [1.0]]),
        stats.lognorm([0.5, 1], 0, np.exp([0, 2])),
    ),
    "poisson": (ek.Poisson(), ek.PoissonParams([[2.0], [30.0]]), stats.poisson([2, 30])),
    "bernoulli": (ek.Bernoulli(), ek.SuccessParams([[0.2], [0.9]]), stats.bernoulli([0.2, 0.9])),
}
AT = np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.3, 7.0, 28.0, 41.5, 1e4])


@pytest.fixture(params=CASES)
def case(request):
    family, components, theirs = CASES[request.param]
    return Univariate(ek.Mixture(family), ek.MixtureParams(SHARES, components)), theirs


def test_density(case):
    mine, theirs = case
    density = theirs.pmf if hasattr(theirs.dist, "pmf") else theirs.pdf
    np.testing.assert_allclose(mine.density(AT), density(AT[:, None]) @ SHARES, rtol=1e-10, atol=1e-300)


def test_cdf(case):
    mine, theirs = case
    np.testing.assert_allclose(mine.cdf(AT), theirs.cdf(AT[:, None]) @ SHARES, rtol=1e-9, atol=1e-12)
    assert mine.cdf([[1.0, 2.0]]).shape == (1, 2)


@pytest.mark.parametrize("p", [1e-6, 0.1, 0.25, 0.5, 0.9, 0.999])
def test_quantile(case, p):
    mine, theirs = case
    found = float(mine.quantile(p))
    below = lambda x: float(theirs.cdf(x) @ SHARES)  # noqa: E731
    if hasattr(theirs.dist, "pmf"):
        assert below(found) >= p * (1 - 1e-12)
        assert below(found - 1) < p or found == 0
    else:
        right = brentq(lambda x: below(x) - p, -1e3, 1.1e4, xtol=1e-13, rtol=1e-14)
        assert found == pytest.approx(right, rel=1e-7, abs=1e-9)


def test_of_a_fit():
    x = np.random.default_rng(0).normal(size=200)
    result = ek.GaussianMixture(1).fit(x[:, None]).result_
    theirs = stats.norm(x.mean(), x.std())
    np.testing.assert_allclose(result.density(AT), theirs.pdf(AT), rtol=1e-9)
    np.testing.assert_allclose(result.cdf([-1.0, 0.3]), theirs.cdf([-1.0, 0.3]), rtol=1e-9)
    np.testing.assert_allclose(result.quantile([0.025, 0.975]), theirs.ppf([0.025, 0.975]), rtol=1e-8)
    assert result.quantile([0.0, 1.0]).tolist() == [-np.inf, np.inf]


def test_what_cannot_be_asked():
    two = ek.GaussianMixture(1).fit(np.random.default_rng(0).normal(size=(50, 2))).result_
    with pytest.raises(ek.ModelError, match="the model is of 2 columns"):
        two.cdf(0.0)
    one = ek.GaussianMixture(1).fit(np.random.default_rng(0).normal(size=(50, 1))).result_
    with pytest.raises(ek.ParameterError, match="from 0 to 1"):
        one.quantile(1.5)
    with pytest.raises(ek.ParameterError, match="'median' is no probability"):
        one.quantile("median")
    lesson = ek.lessons.linkage()
    with pytest.raises(ek.ModelError, match="Cells is no mixture"):
        ek.fit(lesson.model, lesson.source, lesson.start).density(1)
    angles = ek.fit(ek.Mixture(ek.VonMises()), [0.1, 0.2, 3.0], ek.MixtureParams([1.0], ek.VonMisesParams([[0.0]], [[1.0]])))
    with pytest.raises(ek.ModelError, match="values that differ may be one"):
        angles.cdf(1.0)


@pytest.mark.parametrize(
    ("family", "components"),
    [
        (ek.PerComponent(ek.DiagonalGaussian(), ek.DiagonalGaussian()), None),
        (ek.Product({0: ek.DiagonalGaussian()}), None),
        (ek.MixtureOf(ek.DiagonalGaussian(), 1), None),
        (ek.families.from_scipy(stats.norm), None),
    ],
    ids=["per component", "product", "mixture-of", "scipy"],
)
def test_families_whose_support_has_no_rules_of_its_own(family, components):
    x = stats.norm(1, 2).ppf(np.linspace(0.01, 0.99, 60))
    model = ek.Mixture(family).settled(ek.ArraySource(x[:, None]).profile)
    mine = Univariate(model, model.starts(ek.ArraySource(x[:, None]).profile, 2, seeds=[0])[0])
    assert mine.cdf(mine.quantile([0.1, 0.6])) == pytest.approx([0.1, 0.6])


def test_a_family_for_each_component_has_the_density_of_the_possible_ones():
    family = ek.PerComponent(ek.PointMass(0), ek.Exponential())
    params = ek.MixtureParams([0.4, 0.6], family.params(ek.families.PointMassParams([[0.0]]), ek.ExponentialParams([[1.0]])))
    mine = Univariate(ek.Mixture(family), params)
    assert mine.density([0.5, -1.0]) == pytest.approx([0.6 * np.exp(-0.5), 0.0])
    with pytest.raises(ek.ModelError, match="one value may have a probability"):
        mine.cdf(1.0)


def test_counts_with_a_heavy_tail_come_to_an_end():
    mean, dispersion = 1e3, 60.0
    params = ek.MixtureParams([1.0], ek.NegativeBinomialParams([[mean]], [[dispersion]]))
    mine, theirs = (
        Univariate(ek.Mixture(ek.NegativeBinomial()), params),
        stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion)),
    )
    assert mine.cdf([0, 10, 1e5]) == pytest.approx(theirs.cdf([0, 10, 1e5]), rel=1e-9)


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_the_probability_below_nothing_is_not_known(family):
    fitted = ek.MixtureModel(family, 1).fit([[1.0], [2.0], [4.0]]).result_
    found = fitted.cdf([1.0, np.nan, np.inf])
    assert np.isnan(found).tolist() == [False, True, False]
    assert found[2] == 1
