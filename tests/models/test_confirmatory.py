"""Confirmatory factor analysis: where it must agree with exploratory factors and with closed forms, and what it refuses."""

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek

LOADINGS = np.array([[1.2], [0.9], [-0.5], [0.3], [0.7], [0.6]])
TESTS = [  # six tests of ability, taken by 112 people: R's ability.cov
    [24.641, 5.991, 33.52, 6.023, 20.755, 29.701],
    [5.991, 6.7, 18.137, 1.782, 4.936, 7.204],
    [33.52, 18.137, 149.831, 19.424, 31.43, 50.753],
    [6.023, 1.782, 19.424, 12.711, 4.757, 9.075],
    [20.755, 4.936, 31.43, 4.757, 52.604, 66.762],
    [29.701, 7.204, 50.753, 9.075, 66.762, 135.292],
]
SOURCE = ek.rows_of_covariance(TESTS, 112)


def fitted(model, source=SOURCE):
    found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert found.converged
    return found


def exploratory(m):
    model = ek.FactorModel(m)
    return ek.fit(model, SOURCE, model.start(SOURCE.profile), solver="anderson")


def names(rows, columns):
    return [[f"l{j}{k}" for k in range(columns)] for j in range(rows)]


def test_without_zeros_it_is_exploratory_factor_analysis():
    found, other = fitted(ek.ConfirmatoryFactorModel(names(6, 1), correlated=False)), exploratory(1)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters
    np.testing.assert_allclose(found.model.covariance(found.params), other.params.covariance, rtol=1e-4)


def test_a_triangle_of_independent_factors_says_no_more_than_how_they_are_turned():
    pattern = names(6, 2)
    pattern[0][1] = 0
    found, other = fitted(ek.ConfirmatoryFactorModel(pattern, correlated=False)), exploratory(2)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters


def test_factors_that_are_two_columns_without_error_say_no_more_either():
    """m^2 fixed loadings and the covariance of the factors: any turn and any units of two factors."""
    pattern = names(6, 2)
    pattern[1], pattern[4] = [1, 0], [0, 1]
    found, other = fitted(ek.ConfirmatoryFactorModel(pattern)), exploratory(2)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-12
    assert found.free_parameters == other.free_parameters


def test_parallel_tests_are_compound_symmetry():
    """One loading and one uniqueness for all columns: variances and covariances have their means as estimates."""
    d, n = 6, 112.0
    covariance = np.corrcoef(np.linalg.cholesky(TESTS))
    source = ek.rows_of_covariance(covariance, n)
    found = fitted(ek.ConfirmatoryFactorModel([["a"]] * d, ["e"] * d, correlated=False), source)
    joint = (covariance.sum() - d) / (d * (d - 1))
    np.testing.assert_allclose(found.model.covariance(found.params), np.where(np.eye(d), 1.0, joint), atol=1e-7)
    logs = (d - 1) * np.log(1 - joint) + np.log(1 + (d - 1) * joint)
    assert abs(found.log_likelihood + n / 2 * (d * np.log(2 * np.pi) + logs + d)) < 1e-7
    assert found.free_parameters == d + 2


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_the_column_that_gives_a_factor_its_unit_does_not_matter(marker):
    pattern = [["a", 0], ["b", 0], ["c", 0], [0, 1.0], [0, "d"], [0, "e"]]
    pattern[marker] = [2.0, 0]
    model = ek.ConfirmatoryFactorModel(pattern)
    order = [0, 1, 2, 4, 5, 3]
    source = ek.rows_of_covariance(np.array(TESTS)[np.ix_(order, order)], 112)
    found = fitted(model, source)
    other = fitted(ek.ConfirmatoryFactorModel([[1, 0], ["b", 0], ["c", 0], [0, 1.0], [0, "d"], [0, "e"]]), source)
    assert abs(found.log_likelihood / other.log_likelihood - 1) < 1e-10
    shown, wanted = model.standardised(found.params), other.model.standardised(other.params)
    np.testing.assert_allclose(shown.loadings, wanted.loadings, atol=1e-4)
    np.testing.assert_allclose(shown.correlations, wanted.correlations, atol=1e-4)


def test_standard_errors_are_those_of_the_exploratory_model():
    """One factor is turned in no way, so both have the same errors."""
    found, other = fitted(ek.ConfirmatoryFactorModel(names(6, 1), correlated=False)), exploratory(1)
    np.testing.assert_allclose(found.standard_errors().errors[6:12], other.standard_errors().errors[6:12], rtol=1e-3)


def test_rows_with_gaps():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 1)) @ LOADINGS.T + 0.7 * rng.standard_normal((200, 6))
    x[rng.random(x.shape) < 0.1] = np.nan
    source, model = ek.ArraySource(x), ek.FactorModel(1)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    found = fitted(ek.ConfirmatoryFactorModel(names(6, 1), correlated=False), source)
    assert abs(found.log_likelihood - other.log_likelihood) < 1e-6
    scores, spreads = found.model.latent(found.params, next(iter(source.chunks())))
    assert scores.shape == (200, 1)
    assert (spreads > 0).all()


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: ek.ConfirmatoryFactorModel([1.0, "a"]), ek.ModelError, r"loadings have shape \(2,\)"),
        (lambda: ek.ConfirmatoryFactorModel([["a", 1], ["b", 0]]), ek.ModelError, "factor 1 has no unit, but others"),
        (lambda: ek.ConfirmatoryFactorModel([[1.0], [None]]), ek.ModelError, "loadings"),
        (lambda: ek.ConfirmatoryFactorModel([[1], ["a"]], ["a", "b"]), ek.ModelError, "'a' is in loadings and in uniquenesses"),
        (lambda: ek.ConfirmatoryFactorModel([[1.0], ["a"]], ["e", 0.0]), ek.ModelError, "uniquenesses are 2 names"),
        (lambda: ek.ConfirmatoryFactorModel([["a"]] * 6).start(TESTS), ek.ParameterError, "from the profile of a source"),
        (lambda: ek.FactorModel(1).start(np.eye(6)), ek.ParameterError, r"not from ndarray: model.start\(ek.ArraySource\(rows"),
        (
            lambda: (model := ek.ConfirmatoryFactorModel([[1.0], ["a"]])).start(SOURCE.profile) and model,
            ek.ParameterError,
            "the loadings are of 2 columns, but the data have 6",
        ),
        (
            lambda: ek.fit(
                ek.ConfirmatoryFactorModel(names(6, 1), correlated=False),
                SOURCE,
                ek.ConfirmatoryFactorParams(np.zeros(6), np.ones(6), np.ones(6), [[2.0]]),
            ),
            ek.ParameterError,
            "so their covariance is 1",
        ),
        (
            lambda: ek.fit(
                ek.ConfirmatoryFactorModel(names(6, 1), correlated=False),
                SOURCE,
                ek.ConfirmatoryFactorParams(np.zeros(6), np.ones(5), np.ones(6), [[1.0]]),
            ),
            ek.ParameterError,
            r"loadings have shape \(5,\); of these letters and factors, \(6,\)",
        ),
    ],
)
def test_what_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_more_unknowns_than_covariances_are_warned_of():
    with pytest.warns(ek.EmkitWarning, match="4 factors with these loadings have 24 free parameters, but there are 21"):
        ek.ConfirmatoryFactorModel(names(6, 4), correlated=False).settled(SOURCE.profile)


HEYWOOD = [[1, 0.85, 0.85, 0.6], [0.85, 1, 0.6, 0.5], [0.85, 0.6, 1, 0.5], [0.6, 0.5, 0.5, 1]]
FLAT_HEYWOOD = [[1, 0.8, 0.75, 0.6], [0.8, 1, 0.5, 0.44], [0.75, 0.5, 1, 0.42], [0.6, 0.44, 0.42, 1]]


@pytest.mark.parametrize("covariance", [HEYWOOD, FLAT_HEYWOOD], ids=["steep", "flat"])
@pytest.mark.parametrize(
    ("pattern", "correlated"),
    [([["a"], ["b"], ["c"], ["d"]], False), ([["a"], ["b"], ["c"], ["d"]], True), ([["a"], [1.0], ["c"], ["d"]], True)],
    ids=["independent", "unit", "marker"],
)
def test_a_uniqueness_of_0_is_reached_as_exploratory_factors_reach_it(covariance, pattern, correlated):
    source, model = ek.rows_of_covariance(covariance, 200), ek.FactorModel(1)
    other = ek.fit(model, source, model.start(source.profile), solver="anderson")
    found = fitted(ek.ConfirmatoryFactorModel(pattern, correlated=correlated), source)
    assert found.boundary == other.boundary == ("uniquenesses[0]",)
    assert abs(found.log_likelihood - other.log_likelihood) < 1e-9
    assert found.evaluations < 100
    errors, wanted = found.standard_errors(), other.standard_errors()
    free = [f"uniquenesses[{j}]" for j in (1, 2, 3)]
    np.testing.assert_allclose([errors[name] for name in free], [wanted[name] for name in free], rtol=1e-5)
    assert np.isnan(errors["uniquenesses[0]"])


def test_two_columns_without_error_on_two_factors_each():
    """Both factors are known from them, so that all other columns are regressions on these, and these a normal of their own."""
    rng = np.random.default_rng(4)
    factors = rng.standard_normal((300, 2)) @ [[1.0, 0.4], [0.0, 0.9]]
    pure = factors @ [[1.0, 0.3], [0.5, 1.0]]
    others = factors @ [[1.0, 0.0, 0.6, 0.0], [0.0, 1.0, 0.0, -0.7]] + 0.6 * rng.standard_normal((300, 4))
    model = ek.ConfirmatoryFactorModel([["a", "b"], ["c", "d"], [1, 0], [0, 1], ["e", 0], [0, "f"]])
    x, loadings = np.hstack([pure, others]), [1.2, 0.3, 0.2, 0.8, 0.5, -0.5]
    start = model.params(x.mean(axis=0), loadings, [0, 0, 0.5, 0.5, 0.5, 0.5], np.eye(2))
    found = ek.fit(model, x, start, solver="anderson")
    assert found.converged
    assert (found.params.uniquenesses[:2] == 0).all()
    centred = x - x.mean(axis=0)

    def minus(entries):
        """The likelihood of the two columns, and that of the others given them."""
        turn = entries[:4].reshape(2, 2)
        scores = np.linalg.solve(turn, centred[:, :2].T).T
        height = -300 * np.linalg.slogdet(centred[:, :2].T @ centred[:, :2] / 300)[1] / 2 - 300
        lines = np.array([[1, 0], [0, 1], [entries[4], 0], [0, entries[5]]])
        left = ((centred[:, 2:] - scores @ lines.T) ** 2).mean(axis=0)
        return -(height - 150 * (np.log(left) + 1).sum() - 150 * 6 * np.log(2 * np.pi))

    best = minimize(minus, loadings, method="BFGS", options={"gtol": 1e-6})
    assert abs(found.log_likelihood + best.fun) < 1e-6


def bare(rows, columns, zeros, ones):
    pattern = names(rows, columns)
    for j, k in zeros:
        pattern[j][k] = 0
    for j, k in ones:
        pattern[j][k] = 1
    return pattern


MARKED = [(0, 0), (1, 1)]
BETWEEN = {
    "free": (bare(8, 2, [], []), False, 1),
    "one zero": (bare(8, 2, [(3, 1)], []), False, 0),
    "three factors": (bare(10, 3, [(0, 1)], []), False, 2),
    "two zeros of three": (bare(10, 3, [(0, 1), (4, 2)], []), False, 1),
    "two zeros in one row": (bare(10, 3, [(0, 1), (0, 2)], []), False, 1),
    "unit": (bare(8, 2, [], []), True, 2),
    "unit, one zero": (bare(8, 2, [(3, 1)], []), True, 1),
    "unit, two zeros": (bare(8, 2, [(3, 1), (5, 0)], []), True, 0),
    "marked": (bare(8, 2, [], MARKED), True, 2),
    "marked, one zero": (bare(8, 2, [(1, 0)], MARKED), True, 1),
    "marked, simple": (bare(8, 2, [(j, j % 2 == 0) for j in range(8)], MARKED), True, 0),
    "tied": ([["a", "b"], ["a", "b"], *names(8, 2)[2:]], False, 1),
}


@pytest.mark.parametrize("case", BETWEEN)
def test_free_parameters_are_those_that_the_covariance_tells(case):
    """At a covariance that the model has exactly, the likelihood is highest, and all that it tells has errors."""
    pattern, correlated, turns = BETWEEN[case]
    model, rng = ek.ConfirmatoryFactorModel(pattern, correlated=correlated), np.random.default_rng(1)
    d, m, k = len(pattern), model.n_factors, len(model.letters["loadings"])
    assert model.pattern.turning.sum() == turns
    factors = np.eye(m) + 0.3 * (1 - np.eye(m)) * correlated
    true = model.params(np.zeros(d), rng.uniform(0.4, 1.0, k) * rng.choice([-1, 1], k), rng.uniform(0.4, 1.0, d), factors)
    covariance = model.covariance(true)
    found = fitted(model, ek.rows_of_covariance(covariance, 500))
    np.testing.assert_allclose(model.covariance(found.params), covariance, atol=1e-5)
    spreads = (m * (m + 1) // 2 - m * model.pattern.unit) * correlated
    assert found.free_parameters == d + d + k + spreads - turns
    assert found.identifiability()
    below = np.tril_indices(d)
    derived = found.delta(lambda params: model.covariance(params)[below])
    np.testing.assert_allclose(np.sqrt(np.diag(derived.covariance)), by_pseudo_inverse(model, found.params, 500), rtol=1e-4)


def by_pseudo_inverse(model, params, n):
    """Standard errors of the elements of the covariance, by the information about all letters, turned or not."""
    d, m, k = len(params.means), model.n_factors, len(params.loadings)
    below = np.tril_indices(m, -1 if model.pattern.unit else 0) if model.correlated else (np.empty(0, int),) * 2

    def covariance(entries):
        loadings, between = model.pattern.loadings(entries[:k]), params.factors.copy()
        between[below] = between.T[below] = entries[k + d :]
        return loadings @ between @ loadings.T + np.diag(entries[k : k + d])

    point = np.concatenate([params.loadings, params.uniquenesses, params.factors[below]])
    slopes = np.array([(covariance(point + step) - covariance(point - step)) / 2e-6 for step in 1e-6 * np.eye(len(point))])
    each = np.linalg.solve(model.covariance(params), slopes)
    information = n / 2 * np.einsum("aij,bji->ab", each, each)
    flat = slopes[:, *np.tril_indices(d)]
    return np.sqrt(np.diag(flat.T @ np.linalg.pinv(information, rcond=1e-9) @ flat))


@pytest.mark.parametrize("seed", range(12))
def test_from_wild_starts_no_step_falls(seed):
    """On edges, where one column is nothing but factors, and off them; among gaps, too."""
    rng, d, m = np.random.default_rng(seed), 6, 1 + seed % 2
    pattern = [[f"l{j}{k}" if k == j % m or rng.random() < 0.4 else 0 for k in range(m)] for j in range(d)]
    model = ek.ConfirmatoryFactorModel(pattern, correlated=bool(seed % 3))
    x = (rng.standard_normal((40, 3)) @ rng.standard_normal((3, d)) + 0.3 * rng.standard_normal((40, d))) * rng.uniform(
        0.1, 9, d
    )
    x[rng.random(x.shape) < 0.1 * (seed % 2)] = np.nan
    source, unit = ek.ArraySource(x), np.nanstd(x, axis=0)
    noise = rng.uniform(0.01, 1, d) * unit**2
    noise[seed % d] *= seed % 4 > 1
    loadings = np.where(model.pattern.turning, 0.0, rng.standard_normal(len(model.letters["loadings"])) * unit.mean())
    factors = np.eye(m) + 0.5 * (1 - np.eye(m)) * model.correlated
    params = model.params(np.nanmean(x, axis=0) + rng.standard_normal(d) * unit, loadings, noise, factors)
    em, heights = ek.EMMap(model, source, params), []
    for _ in range(30):
        here = em(params)
        heights.append(here.objective)
        params = here.update
    assert (np.diff(heights) >= -1e-9 * (1 + np.abs(heights[1:]))).all()


def of_groups(marked):
    """Three factors of three columns each; the third is by itself."""
    names = [[f"l{j}" if j // 3 == k else 0 for k in range(3)] for j in range(9)]
    for k in range(3) if marked else ():
        names[3 * k][k] = 1.0
    return names


def grouped_rows(n=400):
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((n, 3)) @ [[1.0, 0.6, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 1.0]]
    return np.repeat(factors, 3, axis=1) * 0.8 + rng.standard_normal((n, 9)) * 0.6


@pytest.mark.parametrize("marked", [False, True], ids=["unit", "marked"])
@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps"])
def test_groups_of_factors_that_do_not_correlate_are_models_of_their_own(marked, gaps):
    x = grouped_rows()
    if gaps:
        x[np.random.default_rng(1).random(x.shape) < 0.1] = np.nan
    names = of_groups(marked)
    whole = fitted(ek.ConfirmatoryFactorModel(names, uncorrelated=[(0, 2), (2, 1)]), ek.ArraySource(x))
    first = fitted(ek.ConfirmatoryFactorModel([row[:2] for row in names[:6]]), ek.ArraySource(x[:, :6]))
    last = fitted(ek.ConfirmatoryFactorModel([row[2:] for row in names[6:]]), ek.ArraySource(x[:, 6:]))
    assert abs(whole.log_likelihood - first.log_likelihood - last.log_likelihood) < 1e-8
    assert whole.free_parameters == first.free_parameters + last.free_parameters == 28
    np.testing.assert_allclose(whole.params.factors[:2, :2], first.params.factors, atol=1e-5)
    assert (whole.params.factors[2, :2] == 0).all()
    errors = whole.standard_errors()
    assert not {"factors[2, 0]", "factors[2, 1]"} & set(errors.names)
    assert errors["factors[1, 0]"] == pytest.approx(first.standard_errors()["factors[1, 0]"], rel=1e-4)
    assert ek.check_model(whole.model, x, whole.params)


def test_groups_of_factors_leave_turns_that_each_of_them_has():
    """A general factor of all columns that does not correlate with two others; and two with all loadings free in one group."""
    bifactor = [[f"g{j}", f"s{j}" if j < 3 else 0, 0 if j < 3 else f"s{j}"] for j in range(6)]
    model = ek.ConfirmatoryFactorModel(bifactor, uncorrelated=[(0, 1), (0, 2), (1, 2)])
    other = ek.ConfirmatoryFactorModel(bifactor, correlated=False)
    assert model.pattern.turning.tolist() == other.pattern.turning.tolist()
    names = [[f"a{j}", f"b{j}", 0] for j in range(6)] + [[0, 0, f"c{j}"] for j in range(3)]
    assert ek.ConfirmatoryFactorModel(names, uncorrelated=[(0, 2), (1, 2)]).pattern.turning.sum() == 2


def test_factors_of_a_group_that_are_one():
    rng = np.random.default_rng(7)
    lines = [np.repeat(rng.normal(size=(300, 1)) * size, number, axis=1) for size, number in ((0.7, 6), (0.8, 3))]
    x = np.hstack(lines) + rng.normal(size=(300, 9)) * 0.6
    found = fitted(ek.ConfirmatoryFactorModel(of_groups(False), uncorrelated=[(0, 2), (1, 2)]), ek.ArraySource(x))
    one = fitted(ek.ConfirmatoryFactorModel([[f"l{j}"] for j in range(6)]), ek.ArraySource(x[:, :6]))
    last = fitted(ek.ConfirmatoryFactorModel([[f"l{j}"] for j in range(3)]), ek.ArraySource(x[:, 6:]))
    assert found.boundary == ("factors[1, 0]",)
    assert abs(found.log_likelihood - one.log_likelihood - last.log_likelihood) < 1e-8


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([(0, 2)], "factors 1 and 3 do not correlate, but both do with factor 2"),
        ([(0, 0)], r"uncorrelated has \(0, 0\); it holds pairs of two of the 3 factors"),
        ([(0, 3)], r"uncorrelated has \(0, 3\)"),
        ([(0,)], r"uncorrelated has \(0,\)"),
    ],
)
def test_pairs_that_cannot_be_are_refused(pairs, said):
    with pytest.raises(ek.ModelError, match=said):
        ek.ConfirmatoryFactorModel(of_groups(False), uncorrelated=pairs)


def test_a_covariance_of_factors_that_do_not_correlate_is_refused():
    model, x = ek.ConfirmatoryFactorModel(of_groups(False), uncorrelated=[(0, 2), (1, 2)]), grouped_rows()
    factors = [[1, 0.5, 0], [0.5, 1, 0.2], [0, 0.2, 1]]
    with pytest.raises(ek.ParameterError, match=r"factors\[1, 2\] is 0.2, but these factors do not correlate"):
        ek.fit(model, x, model.params(x.mean(axis=0), np.ones(9), np.ones(9), factors))


@pytest.mark.parametrize("seed", range(6))
def test_from_wild_starts_on_the_edge_of_factors_no_step_falls(seed):
    """Factors that are sums of others, also where a column is nothing but factors, and among gaps."""
    rng, d, m = np.random.default_rng(seed), 6, 2 + seed % 2
    pattern = [[f"l{j}{k}" if k == j % m or rng.random() < 0.2 else 0 for k in range(m)] for j in range(d)]
    for k in range(m) if seed % 3 == 1 else ():
        pattern[k][k] = 1.0
    model = ek.ConfirmatoryFactorModel(pattern)
    x = rng.standard_normal((60, 3)) @ rng.standard_normal((3, d)) + 0.5 * rng.standard_normal((60, d))
    x[rng.random(x.shape) < 0.1 * (seed % 4 == 1)] = np.nan
    root = rng.standard_normal((m, max(m - 1 - seed % 4 // 2, 1)))
    root /= 1.0 if seed % 3 == 1 else np.sqrt((root**2).sum(axis=1, keepdims=True))
    factors = root @ root.T
    factors = (factors + factors.T) / 2
    if seed % 3 != 1:
        np.fill_diagonal(factors, 1.0)
    noise = rng.uniform(0.1, 1, d)
    noise[seed % d] *= seed % 5 > 1
    loadings = np.where(model.pattern.turning, 0.0, rng.uniform(0.4, 1.2, len(model.letters["loadings"])))
    params = model.params(np.nanmean(x, axis=0) + 0.5 * rng.standard_normal(d), loadings, noise, factors)
    assert params.tilts
    em, heights = ek.EMMap(model, ek.ArraySource(x), params), []
    for _ in range(6):
        here = em(params)
        heights.append(here.objective)
        params = here.update
    assert (np.diff(heights) >= -1e-9 * (1 + np.abs(heights[1:]))).all()


UNTOLD = {
    "two columns each, which do not correlate": ([["a", 0], ["b", 0], [0, "c"], [0, "d"]], False, 8),
    "two columns each, which correlate": ([["a", 0], ["b", 0], [0, "c"], [0, "d"]], True, 0),
    "three columns": ([["a"], ["b"], ["c"]], True, 0),
    "a column without the factor": ([[0], ["b"], ["c"]], True, 4),
    "units": ([[1, 0], ["a", 0], [0, 1], [0, "b"]], True, 0),
    "loadings that are one": ([["a"], ["a"]], True, 0),
    "two of two columns": ([["a"], ["b"]], True, 4),
}


@pytest.mark.parametrize("name", UNTOLD)
def test_what_a_covariance_does_not_tell_is_named(name):
    """Two columns of a factor have one covariance, of which two loadings cannot be told; equal ones can."""
    loadings, correlated, number = UNTOLD[name]
    assert len(ek.ConfirmatoryFactorModel(loadings, correlated=correlated).pattern.untold) == number


def test_a_fit_warns_of_what_is_not_told():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 1)) + rng.normal(size=(200, 4))
    estimator = ek.ConfirmatoryFactorAnalysis("f =~ x0 + x1; g =~ x2 + x3", correlated=False)
    with pytest.warns(ek.EmkitWarning, match="does not tell loadings f: x0, f: x1, g: x2, g: x3 and uniquenesses x0"):
        estimator.fit(x)
    assert "Not identified: the likelihood is flat along 2 directions" in " ".join(estimator.summary().split())
