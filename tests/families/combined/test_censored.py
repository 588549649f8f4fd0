"""Values of which some are known only to lie in an interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families.combined.quadrature import between

NAN = np.nan
CASES = {  # a family, parameters of two components, and the same in SciPy
    "exponential": (ek.Exponential(), ek.ExponentialParams([[1.3], [0.2]]), [stats.expon(scale=1 / 1.3), stats.expon(scale=5)]),
    "normal": (
        ek.DiagonalGaussian(),
        ek.DiagonalGaussianParams([[1.3], [2.0]], [[0.5], [2.0]]),
        [stats.norm(1.3, 0.5**0.5), stats.norm(2, 2**0.5)],
    ),
    "full-normal": (
        ek.FullGaussian(),
        ek.FullGaussianParams([[1.3], [2.0]], [[[0.5]], [[2.0]]]),
        [stats.norm(1.3, 0.5**0.5), stats.norm(2, 2**0.5)],
    ),
    "log-normal": (
        ek.LogNormal(),
        ek.LogNormalParams([[0.3], [-1.0]], [[0.5], [2.0]]),
        [stats.lognorm(s=0.5**0.5, scale=np.exp(0.3)), stats.lognorm(s=2**0.5, scale=np.exp(-1))],
    ),
    "weibull": (
        ek.Weibull(),
        ek.WeibullParams([[0.6], [3.0]], [[2.0], [1.0]]),
        [stats.weibull_min(0.6, scale=2), stats.weibull_min(3, scale=1)],
    ),
    "gamma": (
        ek.Gamma(),
        ek.GammaParams([[0.3], [7.0]], [[2.0], [1.0]]),
        [stats.gamma(0.3, scale=2 / 0.3), stats.gamma(7, scale=1 / 7)],
    ),
    "inverse-gaussian": (
        ek.InverseGaussian(),
        ek.InverseGaussianParams([[2.0], [1.0]], [[3.0], [0.5]]),
        [stats.invgauss(2 / 3, scale=3), stats.invgauss(2.0, scale=0.5)],
    ),
    "student-t": (
        ek.StudentT(),
        ek.StudentTParams([[1.0], [2.0]], [[[0.5]], [[2.0]]], [1 / 3, 1 / 8]),
        [stats.t(3, 1, 0.5**0.5), stats.t(8, 2, 2**0.5)],
    ),
}
LOW = np.array([0.5, 1.0, -np.inf, 2.0, 0.7, 6.0, -np.inf])
HIGH = np.array([np.inf, 1.5, 1.0, np.inf, 0.7001, np.inf, 0.05])
each = pytest.mark.parametrize(("family", "params", "laws"), CASES.values(), ids=CASES)
GEHAN = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35.0])
TIMES = ek.survival(GEHAN, [1] * 9 + [0] * 12)


def rows(low=LOW, high=HIGH):
    return np.column_stack([np.where(np.isinf(low), NAN, low), np.where(np.isinf(high), NAN, high)])


def numbers(value):
    """The arrays of statistics, one behind the other."""
    return [each for part in vars(value).values() for each in (numbers(part) if hasattr(part, "__dict__") else [part])]


def some_rows(rng, n=60):
    """Known values, and intervals with and without ends."""
    value, wide = rng.gamma(2.0, 1.0, n), rng.random(n)
    x = np.column_stack([value, value])
    kind = rng.integers(0, 4, n)
    x[kind == 1, 1] = NAN
    x[kind == 2] = np.column_stack([NAN * value, value])[kind == 2]
    x[kind == 3] = np.column_stack([value, value + wide])[kind == 3]
    return x


@each
def test_intervals_have_the_probability_of_the_law(family, params, laws):
    found = ek.Censored(family).log_density(params, rows())
    for k, law in enumerate(laws):
        low, high = np.maximum(LOW, family.support.least), HIGH
        exact = [
            integrate.quad(law.pdf, a, b, epsabs=1e-14, epsrel=1e-12)[0] for a, b in zip(low[[1, 4]], high[[1, 4]], strict=True)
        ]
        assert np.exp(found[[1, 4], k]) == pytest.approx(exact, rel=1e-10)
        assert found[[0, 3, 5], k] == pytest.approx(law.logsf(LOW[[0, 3, 5]]), rel=1e-10)
        assert found[[2, 6], k] == pytest.approx(law.logcdf(HIGH[[2, 6]]), rel=1e-10)


@each
def test_closed_forms_and_quadrature_agree(family, params, laws):
    if family.between is None:
        return
    own = family.between(params, LOW, HIGH)
    weights = np.random.default_rng(0).random((len(LOW), 2))
    other = between(family, params, LOW, HIGH)
    assert own.log_mass == pytest.approx(other.log_mass, rel=1e-10, abs=1e-12)
    for a, b in zip(vars(own.statistics(weights)).values(), vars(other.statistics(weights)).values(), strict=True):
        assert a == pytest.approx(b, rel=1e-10, abs=1e-10)


@each
def test_all_pieces_belong_together(family, params, laws):
    """Slopes by Fisher's identity, sums over chunks, weights, and steps that never fall."""
    model, x = ek.Mixture(ek.Censored(family)), some_rows(np.random.default_rng(1), 24)
    assert "none of which falls" in str(ek.check_model(model, x, ek.MixtureParams([0.4, 0.6], params)))


@each
def test_known_values_are_those_of_the_family(family, params, laws):
    x = np.random.default_rng(2).gamma(2.0, 1.0, (50, 1))
    twice, weights = np.repeat(x, 2, axis=1), np.random.default_rng(3).random((50, 2))
    censored = ek.Censored(family)
    assert np.array_equal(censored.log_density(params, twice), family.log_density(params, x))
    for a, b in zip(
        numbers(censored.statistics(params, twice, weights)), numbers(family.statistics(params, x, weights)), strict=True
    ):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", ["exponential", "weibull", "log-normal", "normal"])
def test_the_likelihood_never_falls(name):
    family, params, _ = CASES[name]
    model, rng = ek.Mixture(ek.Censored(family)), np.random.default_rng(4)
    source = ek.ArraySource(some_rows(rng, 40), rng.integers(1, 4, 40).astype(float))
    start = ek.MixtureParams([0.5, 0.5], params)
    em = ek.EMMap(model.settled(source.profile), source, start)
    here = em(start)
    for _ in range(12):
        there = em(here.update)
        assert there.objective >= here.objective - 1e-10 * abs(here.objective)
        here = there


@pytest.mark.parametrize("name", ["exponential", "log-normal", "gaussian", "gamma"])
def test_units_do_not_matter(name):
    here, there = (ek.MixtureModel(f"censored:{name}", 1).fit(x).result_ for x in (TIMES, 1000 * TIMES))
    assert there.log_likelihood == pytest.approx(here.log_likelihood - 9 * np.log(1000), abs=1e-6)


def test_exponential_times_have_their_closed_form():
    fit = ek.MixtureModel("censored:exponential", 1).fit(TIMES).result_
    assert fit.params.components.rates[0, 0] == pytest.approx(9 / GEHAN.sum(), rel=1e-8)
    assert fit.standard_errors()["components.rates[0, 0]"] == pytest.approx(3 / GEHAN.sum(), rel=1e-6)


def test_weibull_times_have_the_estimate_of_scipy():
    fit = ek.MixtureModel("censored:weibull", 1).fit(TIMES).result_
    data = stats.CensoredData(uncensored=GEHAN[:9], right=GEHAN[9:])
    shape, _, scale = stats.weibull_min.fit(data, floc=0)
    assert fit.params.components.shapes[0, 0] == pytest.approx(shape, rel=1e-3)
    assert fit.params.components.scales[0, 0] == pytest.approx(scale, rel=1e-3)


def test_a_weight_is_so_many_rows():
    counts = np.arange(21) % 3 + 1.0
    one = ek.MixtureModel("censored:weibull", 1).fit(TIMES, sample_weight=counts).result_
    other = ek.MixtureModel("censored:weibull", 1).fit(np.repeat(TIMES, counts.astype(int), axis=0)).result_
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)


def test_censored_times_stand_beside_other_columns():
    rng = np.random.default_rng(5)
    slow = rng.random(200) < 0.5
    time, end = rng.exponential(np.where(slow, 20.0, 1.0)), rng.exponential(15.0, 200)
    x = np.column_stack([ek.survival(np.minimum(time, end), time <= end), rng.poisson(np.where(slow, 9, 1))])
    data = {"lower": x[:, 0], "upper": x[:, 1], "visits": x[:, 2]}
    fit = (
        ek.MixtureModel({("lower", "upper"): "censored:exponential", "visits": "poisson"}, 2, random_state=0).fit(data).result_
    )
    means = np.sort(1 / fit.params.components.parts[0].rates.ravel())
    assert fit.converged
    assert 0.6 < means[0] < 1.6
    assert 13 < means[1] < 30


def test_a_row_without_ends_says_nothing():
    found = ek.Censored("weibull").log_density(CASES["weibull"][1], np.array([[NAN, NAN]]))
    assert np.array_equal(found, [[0.0, 0.0]])


def test_rows_that_are_drawn_have_known_values():
    family, params, _ = CASES["weibull"]
    x = ek.Censored(family).draw(params, np.random.default_rng(0), np.zeros(5, dtype=int))
    assert x.shape == (5, 2)
    assert np.array_equal(x[:, 0], x[:, 1])


def test_far_tails_are_told():
    """Where next to nothing of a density lies, its logarithm has digits yet."""
    params = ek.GammaParams([[40.0]], [[1.0]])
    found = ek.Censored(ek.Gamma()).log_density(params, np.array([[6.0, NAN], [NAN, 0.05]]))[:, 0]
    law = stats.gamma(40, scale=1 / 40)
    assert found == pytest.approx([law.logsf(6.0), law.logcdf(0.05)], rel=1e-10)


HOSTILE = {
    "lower above upper": ([[3, 2], [1, 1]], "censored:weibull", "row 0.*upper end.*below the lower"),
    "negative time": ([[-1, -1], [2, 2], [3, 3]], "censored:weibull", "row 0.*Weibull times must be numbers > 0"),
    "negative lower end": ([[-9, 4], [2, 2], [3, 3]], "censored:exponential", "row 0.*must be numbers >= 0"),
    "zero time": ([[0, 0], [2, 2], [3, 3]], "censored:log-normal", "row 0.*must be numbers > 0"),
    "interval before all": ([[NAN, 0], [2, 2], [3, 3]], "censored:gamma", "must be numbers > 0"),
    "infinite": ([[1, np.inf], [2, 2], [3, 3]], "censored:weibull", "finite"),
    "one column": ([[1.0], [2.0]], "censored:weibull", "two, the lower and the upper"),
    "three columns": ([[1.0, 2, 3], [2.0, 3, 4]], "censored:weibull", "two, the lower and the upper"),
    "nothing known": ([[NAN, NAN], [NAN, NAN]], "censored:weibull", "missing"),
    "too large": ([[1e200, NAN], [1, 1], [2, 2]], "censored:weibull", "overflow"),
}


@pytest.mark.parametrize(("x", "family", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_is_refused(x, family, said):
    with pytest.raises(ek.DataError, match=f"(?s){said}"):
        ek.MixtureModel(family, 1).fit(np.array(x, dtype=float))


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("poisson", "counts"),
        ("bernoulli", "counts"),
        (ek.PoissonRegression(0, 1), "counts|several"),
        (ek.NormalRegression(0, 1), "several columns"),
        ("wiebull", "Did you mean 'weibull'"),
    ],
)
def test_families_that_cannot_be_censored_are_refused(family, said):
    with pytest.raises(ek.ModelError, match=said):
        ek.Censored(family)


def test_all_times_censored_have_no_estimate():
    """The likelihood rises for ever as rates fall to 0: a fit may not say that it converged to a rate above."""
    x = ek.survival([3.0, 4.0, 9.0], [0, 0, 0])
    with pytest.raises(ek.EmkitError):
        ek.MixtureModel("censored:exponential", 1).fit(x)


def test_parameters_have_the_names_of_one_column():
    fit = ek.MixtureModel("censored:weibull", 1).fit({"from": TIMES[:, 0], "to": TIMES[:, 1]}).result_
    assert "weibull" in fit.model.family.name
    assert [leaf.value.shape for leaf in leaves(fit.params.components)] == [(1, 1), (1, 1)]
    assert str(fit.summary())


@pytest.mark.parametrize(("seed", "solver"), [(6, "plain"), (13, "squarem"), (18, "plain"), (11, "anderson")])
def test_no_step_falls_where_statistics_bend(seed, solver):
    """Distances from many places are summed over intervals; a rule of integration across such places lost digits."""
    rng = np.random.default_rng(seed)
    y = rng.laplace(size=30)
    wide = rng.random(30)
    ends = np.column_stack([y - wide * rng.random(30), y + wide * rng.random(30)])
    known = rng.random(30) < 0.3
    ends[known] = y[known, None]
    fit = ek.MixtureModel("censored:laplace", 2, random_state=seed, n_init=2, solver=solver).fit(ends).result_
    assert fit.converged, fit.outcome
    heights = np.array([moment.objective for moment in fit.history])
    assert np.diff(heights).min(initial=0.0) > -1e-11 * abs(heights[-1])
