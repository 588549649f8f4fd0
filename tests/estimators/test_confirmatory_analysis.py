"""Confirmatory factor analysis as an estimator: published numbers, words for patterns, scores, gaps, and what it refuses."""

import pickle

import numpy as np
import pytest
from scipy.stats import chi2, ncx2
from sklearn.base import clone

import emkit as ek
from emkit.inference.fit_indices import Height, fit_indices
from emkit.models.factor_words import factors_in

pandas = pytest.importorskip("pandas")
LOWER = [  # nine tests of 301 pupils (Holzinger & Swineford, 1939): covariances with divisor n, as lavaan prints them
    [1.358],
    [0.407, 1.382],
    [0.580, 0.451, 1.275],
    [0.505, 0.209, 0.208, 1.351],
    [0.441, 0.211, 0.112, 1.098, 1.660],
    [0.455, 0.248, 0.244, 0.896, 1.015, 1.196],
    [0.085, -0.097, 0.088, 0.220, 0.143, 0.144, 1.183],
    [0.264, 0.110, 0.212, 0.126, 0.181, 0.165, 0.535, 1.022],
    [0.458, 0.244, 0.374, 0.243, 0.295, 0.236, 0.373, 0.457, 1.015],
]
NAMES = [f"x{j}" for j in range(1, 10)]
TESTS = pandas.DataFrame([[LOWER[max(i, j)][min(i, j)] for j in range(9)] for i in range(9)], NAMES, NAMES)
FACTORS = """
    visual =~ x1 + x2 + x3   # three factors of three tests each
    textual =~ x4 + x5 + x6
    speed =~ x7 + x8 + x9
"""


def rows(n=150, seed=0):
    return pandas.DataFrame(np.random.default_rng(seed).multivariate_normal(np.zeros(9), TESTS, n), columns=NAMES)


def test_the_numbers_that_lavaan_prints():
    """Rosseel (2012), J. Stat. Softw. 48(2), section 3; the third digit of a covariance changes the third of its numbers."""
    found = ek.ConfirmatoryFactorAnalysis(FACTORS, unit="first").fit_covariance(TESTS, 301)
    told = found.fit_indices()
    assert told.degrees_of_freedom == 24
    assert told.chi_squared == pytest.approx(85.306, abs=0.03)
    assert told.baseline == (pytest.approx(918.852, abs=0.5), 36)
    assert found.result_.log_likelihood == pytest.approx(-3737.745, abs=0.3)
    for value, printed in [(told.cfi, 0.931), (told.tli, 0.896), (told.rmsea, 0.092), (told.srmr, 0.065)]:
        assert value == pytest.approx(printed, abs=6e-4)
    assert told.rmsea_interval == pytest.approx((0.071, 0.114), abs=6e-4)
    assert told.rmsea_close == pytest.approx(0.001, abs=6e-4)
    assert found.factors_ == ("visual", "textual", "speed")
    shown = found.loadings_[[1, 2, 4, 5, 7, 8], [0, 0, 1, 1, 2, 2]]
    np.testing.assert_allclose(shown, [0.554, 0.729, 1.113, 0.926, 1.180, 1.082], atol=2e-3)
    np.testing.assert_allclose(np.diag(found.factor_covariance_), [0.809, 0.979, 0.384], atol=2e-3)
    np.testing.assert_allclose(found.factor_covariance_[[1, 2, 2], [0, 0, 1]], [0.408, 0.262, 0.173], atol=2e-3)
    unique = [0.549, 1.134, 0.844, 0.371, 0.446, 0.356, 0.799, 0.488, 0.566]
    np.testing.assert_allclose(found.uniquenesses_, unique, atol=2e-3)
    standard = [0.772, 0.424, 0.581, 0.852, 0.855, 0.838, 0.570, 0.723, 0.665]
    np.testing.assert_allclose(found.standardised_.loadings.sum(axis=1), standard, atol=2e-3)


def test_units_change_nothing_but_units():
    first, other = (
        ek.ConfirmatoryFactorAnalysis(FACTORS, unit=unit).fit_covariance(TESTS, 301) for unit in ("first", "variance")
    )
    np.testing.assert_array_equal(np.diag(other.factor_covariance_), 1.0)
    assert other.result_.log_likelihood == pytest.approx(first.result_.log_likelihood, abs=1e-8)
    assert other.result_.free_parameters == first.result_.free_parameters == 30
    np.testing.assert_allclose(other.factor_correlation_, first.factor_correlation_, atol=1e-5)
    np.testing.assert_allclose(other.get_covariance(), first.get_covariance(), atol=1e-5)
    errors = [np.array(each.tidy()["std_error"])[-18:] for each in (first, other)]
    np.testing.assert_allclose(*errors, rtol=1e-3)


def test_fit_indices_are_their_formulas():
    observed, fitted = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([[2.1, 0.5], [0.5, 0.9]])
    told = fit_indices(Height(-120.0, 8), Height(-150.0, 10), -108.0, 60.0, observed, fitted)
    assert (told.chi_squared, told.p_value) == (24.0, pytest.approx(chi2.sf(24, 8)))
    assert told.cfi == pytest.approx(1 - 16 / 74)
    assert told.tli == pytest.approx((84 / 10 - 24 / 8) / (84 / 10 - 1))
    assert told.rmsea == pytest.approx(np.sqrt(16 / (8 * 60)))
    low, high = told.rmsea_interval
    assert ncx2.cdf(24, 8, low**2 * 480) == pytest.approx(0.95)
    assert ncx2.cdf(24, 8, high**2 * 480) == pytest.approx(0.05)
    assert told.rmsea_close == pytest.approx(ncx2.sf(24, 8, 0.05**2 * 480))
    missed = [-0.1 / 2, 0.1 / np.sqrt(2), 0.1 / 1]
    assert told.srmr == pytest.approx(np.sqrt(np.mean(np.square(missed))))
    perfect = fit_indices(Height(-108.0, 0), Height(-150.0, 10), -108.0, 60.0, observed, observed)
    assert (perfect.cfi, perfect.srmr) == (1.0, 0.0)
    assert np.isnan([perfect.p_value, perfect.tli, perfect.rmsea]).all()
    assert str(perfect) == "nothing to test: no degrees of freedom are left; chi-squared 0.000, SRMR 0.000"


def test_words_and_dictionaries_say_the_same():
    said = factors_in("verbal =~ a*x1 + a * x2\n verbal =~ 0.5*x3; other=~x4")
    assert said == {"verbal": {"x1": "a", "x2": "a", "x3": 0.5}, "other": {"x4": None}}
    assert factors_in({"verbal": {"x1": "a", "x2": "a", "x3": 0.5}, "other": ["x4"]}) == said


TWO = np.kron(np.eye(2), np.ones((3, 1))) * np.array([[0.9], [0.7], [0.6], [0.5], [0.6], [0.7]])
SIX = TWO @ np.array([[1, 0.4], [0.4, 1]]) @ TWO.T
SIX[np.diag_indices(6)] = 1.0


def six(factors, **settings):
    return ek.ConfirmatoryFactorAnalysis(factors, **settings).fit_covariance(SIX, 300, columns=[*"abcdef"])


@pytest.mark.parametrize(
    ("written", "unit", "free"),
    [
        ("a + b + c", 0, 13),
        ("0*d + a + b + c", 0, 13),
        ("NA*a + b + c", 1, 13),
        ("q*a + b + c", 1, 13),
        ("q*a + q*b + c", 2, 12),
    ],
)
def test_the_first_unit_is_where_nothing_is_written(written, unit, free):
    """What is written stays: an equal name is an equal loading, 0 is 0, and NA is free, as in lavaan."""
    found = six(f"f =~ {written}; g =~ d + e + f", unit="first")
    assert found.loadings_[[unit, 3], [0, 1]].tolist() == [1.0, 1.0]
    assert found.loadings_[3, 0] == 0.0
    assert (found.loadings_[0, 0] == found.loadings_[1, 0]) == ("q*b" in written)
    assert found.result_.free_parameters == 6 + free
    if "q*b" not in written:
        np.testing.assert_allclose(found.get_covariance(), SIX, atol=1e-5)
        np.testing.assert_allclose(found.loadings_[:3, 0], TWO[:3, 0] / TWO[unit, 0], atol=1e-4)


def test_loadings_and_uniquenesses_that_are_free_are_not_one():
    plain = six("f =~ a + b + c; g =~ d + e + f")
    found = six("f =~ NA*a + b + NA*c; g =~ NA*d + e + f", uniquenesses={"a": "NA", "b": "NA", "c": None})
    np.testing.assert_allclose(found.loadings_, TWO, atol=1e-5)
    assert found.result_.free_parameters == plain.result_.free_parameters
    assert factors_in({"f": {"a": "NA", "b": None}}) == factors_in("f =~ NA*a + b ! as in lavaan")


def test_without_degrees_of_freedom_there_is_no_p_value():
    found = ek.ConfirmatoryFactorAnalysis("f =~ a + b + c").fit_covariance(SIX[:3, :3], 300, columns=[*"abc"])
    told, other = found.fit_indices(), ek.FactorAnalysis(1).fit_covariance(SIX[:3, :3], 300).test()
    assert (told.degrees_of_freedom, other.degrees_of_freedom) == (0, 0)
    assert np.isnan([told.p_value, other.p_value]).all()
    assert "Nothing to test" in found.summary()


def test_tied_loadings_and_uniquenesses():
    """Parallel tests: columns that are exchanged have the same estimates, and one number for both."""
    model = ek.ConfirmatoryFactorAnalysis({"v": {"x1": "a", "x2": "a", "x3": None}}, uniquenesses={"x1": "e", "x2": "e"})
    found, other = model.fit(rows()), clone(model).fit(rows().rename(columns={"x1": "x2", "x2": "x1"}))
    assert found.loadings_[0] == found.loadings_[1]
    assert found.uniquenesses_[0] == found.uniquenesses_[1]
    assert found.result_.free_parameters == 3 + 2 + 2
    assert found.result_.log_likelihood == pytest.approx(other.result_.log_likelihood, abs=1e-8)
    assert "loading     a" in found.result_.summary()
    assert "uniqueness  e" in found.result_.summary()


def test_scores_are_the_regressions_on_the_cells():
    frame = rows().assign(other=1.0)
    found = ek.ConfirmatoryFactorAnalysis(FACTORS).fit(frame)
    assert found.columns_ == tuple(NAMES)
    assert list(found.get_feature_names_out()) == ["visual", "textual", "speed"]
    inverse, deviation = found.get_precision(), rows().to_numpy() - found.mean_
    factors, loadings = found.factor_covariance_, found.loadings_
    np.testing.assert_allclose(found.transform(frame), deviation @ inverse @ loadings @ factors, atol=1e-9)
    weights = loadings / found.uniquenesses_[:, None]
    found.scores = "bartlett"
    wanted = np.linalg.solve(loadings.T @ weights, weights.T @ deviation.T).T
    np.testing.assert_allclose(found.transform(frame), wanted, atol=1e-8)


def test_rows_with_gaps_are_compared_with_the_normal_among_gaps():
    frame = rows(300).mask(np.random.default_rng(1).random((300, 9)) < 0.1)
    found = ek.ConfirmatoryFactorAnalysis(FACTORS).fit(frame)
    told, whole = found.fit_indices(), ek.NormalMissing().fit(frame)
    apart = 2 * (whole.result_.log_likelihood - found.result_.log_likelihood)
    assert told.chi_squared == pytest.approx(apart, abs=1e-6)
    alone = sum(ek.NormalMissing().fit(frame[[name]].dropna()).result_.log_likelihood for name in NAMES)
    assert told.baseline == (pytest.approx(2 * (whole.result_.log_likelihood - alone), abs=1e-5), 36)
    scores, spreads = found.factor_scores(frame)
    assert scores.shape == (300, 3)
    assert spreads.shape == (300, 3, 3)


def test_one_factor_is_exploratory_factor_analysis():
    """With one factor nothing is turned: likelihood, chi-squared and degrees of freedom are those of all loadings free."""
    frame = rows()
    found, other = ek.ConfirmatoryFactorAnalysis({"g": NAMES}).fit(frame), ek.FactorAnalysis(1).fit(frame)
    assert found.result_.log_likelihood == pytest.approx(other.result_.log_likelihood, abs=1e-8)
    assert found.fit_indices().degrees_of_freedom == other.test().degrees_of_freedom
    assert found.fit_indices().chi_squared == pytest.approx(150 * other.test().discrepancy, abs=1e-6)


def test_a_heywood_case_is_named_by_its_column():
    heywood = [[1, 0.85, 0.85, 0.6], [0.85, 1, 0.6, 0.5], [0.85, 0.6, 1, 0.5], [0.6, 0.5, 0.5, 1]]
    with pytest.warns(ek.EmkitWarning, match="Heywood case: the uniqueness of 'tall' is 0"):
        found = ek.ConfirmatoryFactorAnalysis({"g": ["tall", "wide", "deep", "old"]}).fit_covariance(
            pandas.DataFrame(heywood, columns=["tall", "wide", "deep", "old"]), 200
        )
    assert found.heywood_ == ("tall",)
    assert np.isnan(found.tidy()["std_error"][found.tidy()["parameter"].index("uniqueness")])
    assert "Heywood case" in found.summary()


def test_it_is_kept_and_shown(tmp_path):
    found = ek.ConfirmatoryFactorAnalysis(FACTORS).fit(rows())
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.transform(rows()), found.transform(rows()))
    found.result_.save(tmp_path / "fit.emk")
    kept = ek.load(tmp_path / "fit.emk")
    assert kept.log_likelihood == found.result_.log_likelihood
    assert kept.summary() == found.result_.summary()
    assert len(pandas.DataFrame(found.tidy())) == 9 + 6 + 9 + 9
    assert all(len(line) <= 80 for line in found.summary().splitlines())
    assert found.sample(5).shape == (5, 9)


def test_pairs_of_factors_that_do_not_correlate_are_said_as_in_lavaan():
    """Speed apart from the others, which is what two models of their own say; in words, and in a list of pairs."""
    said = ek.ConfirmatoryFactorAnalysis(FACTORS + "speed ~~ 0*visual + 0 * textual\n visual ~~ textual").fit_covariance(
        TESTS, 301
    )
    listed = ek.ConfirmatoryFactorAnalysis(FACTORS, uncorrelated=[("visual", "speed"), ("speed", "textual")])
    listed = listed.fit_covariance(TESTS, 301)
    assert said.result_.log_likelihood == listed.result_.log_likelihood
    assert (said.factor_correlation_[2, :2] == 0).all()
    assert said.factor_correlation_[0, 1] > 0.4
    two = ek.ConfirmatoryFactorAnalysis("visual =~ x1 + x2 + x3\n textual =~ x4 + x5 + x6").fit_covariance(TESTS, 301)
    one = ek.ConfirmatoryFactorAnalysis("speed =~ x7 + x8 + x9").fit_covariance(TESTS, 301)
    assert said.result_.log_likelihood == pytest.approx(two.result_.log_likelihood + one.result_.log_likelihood, abs=1e-8)
    assert said.fit_indices().degrees_of_freedom == 26
    told, names = said.tidy(), ["textual", "speed"]
    place = [*zip(told["parameter"], told["factor"], told["column"], strict=True)].index(("covariance", *names))
    assert (told["estimate"][place], np.isnan(told["std_error"][place])) == (0, True)
    assert "3 factors (without correlation: visual and speed; speed and textual)" in " ".join(listed.summary().split())


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (
            lambda: ek.ConfirmatoryFactorAnalysis(FACTORS + "visual ~~ 0.3*speed"),
            ek.ModelError,
            "are estimated or 0, as in visual",
        ),
        (lambda: ek.ConfirmatoryFactorAnalysis(FACTORS + "visual ~~ 1*visual"), ek.ModelError, "variances are 1 or follow"),
        (lambda: ek.ConfirmatoryFactorAnalysis(FACTORS + "x1 ~~ x2"), ek.ModelError, "errors do not correlate"),
        (
            lambda: ek.ConfirmatoryFactorAnalysis(FACTORS + "visual ~~ 0*speed"),
            ek.ModelError,
            "factors 1 and 3 do not correlate",
        ),
        (lambda: ek.ConfirmatoryFactorAnalysis(FACTORS, uncorrelated=["visual"]), ek.ModelError, "it holds pairs of factors"),
        (lambda: ek.ConfirmatoryFactorAnalysis(FACTORS, uncorrelated=[("visual", "x1")]), ek.ModelError, "'x1', which is no"),
        (lambda: ek.ConfirmatoryFactorAnalysis("visual = x1"), ek.ModelError, "names no factor and its columns"),
        (lambda: ek.ConfirmatoryFactorAnalysis(""), ek.ModelError, "the text names no factor"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + 2*3*x2"), ek.ModelError, r"'2\*3\*x2' in .* is no column"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ start(0.5)*x1 + x2"), ek.ModelError, r"'start\(0.5\)' in .* n_init"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ c(a, b)*x1 + x2"), ek.ModelError, r"'c\(a, b\)' in .* is no loading"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ 'a'*x1 + x2"), ek.ModelError, "is no loading; write a number, a name"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ nan*x1 + x2"), ek.ModelError, "'nan'; it is a finite number"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x2\n x1 ~~ x2"), ek.ModelError, "has '~~', .* uniquenesses="),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x2 ~~ x3"), ek.ModelError, "has '~~', which is not taken"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x2; w =~ x3\n v ~ w"), ek.ModelError, "has '~', .* no regressions"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x2\n x1 ~ 1"), ek.ModelError, "has '~', .* means are all free"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ a*x1 + b*x2\n a == b"), ek.ModelError, "has '==', .* tied by one name"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ a*x1 + b*x2\n d := a - b"), ek.ModelError, "has ':='"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v + w =~ x1 + x2"), ek.ModelError, "names no factor and its columns"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + a*x1 + x2"), ek.ModelError, "'v' has 'x1' twice"),
        (lambda: ek.ConfirmatoryFactorAnalysis({"v": ["x1", "x1"]}), ek.ModelError, "'v' has 'x1' twice"),
        (lambda: ek.ConfirmatoryFactorAnalysis({"v": {"x1": True}}), ek.ModelError, "is True; it is a finite number"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ a*x1 + a*x2", unit="first"), ek.ModelError, r"there is none.*1\*x1"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1", unit="first", correlated=False), ek.ModelError, "have variance 1"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x2", correlated="no"), ek.ParameterError, "must be True or False"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1", uniquenesses="equal"), ek.ModelError, "uniquenesses are 'equal'"),
        (lambda: ek.ConfirmatoryFactorAnalysis({"v": "x1"}), ek.ModelError, "factor 'v' has 'x1'; give a list"),
        (lambda: ek.ConfirmatoryFactorAnalysis({"v": {"x1": [1]}}), ek.ModelError, "it is a finite number, a name, or None"),
        (lambda: ek.ConfirmatoryFactorAnalysis(3), ek.ModelError, "factors are 3; write"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x10"), ek.ParameterError, "a column 'x10' that the data have not"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1", uniquenesses={"x2": 1}), ek.ModelError, "uniquenesses name 'x2'"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ x1 + x2", unit="marker"), ek.ParameterError, "unit is 'marker'"),
        (lambda: ek.ConfirmatoryFactorAnalysis("v =~ 1*x1 + x2 \n w =~ x3 + x4"), ek.ModelError, "factor 2 has no unit"),
    ],
)
def test_what_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make().fit(rows())


def test_a_frame_names_the_columns_of_a_covariance():
    source = ek.rows_of_covariance(TESTS, 301)
    assert list(source.columns) == NAMES
    assert list(ek.FactorAnalysis(2).fit_covariance(TESTS, 301).feature_names_in_) == NAMES
    assert list(ek.rows_of_covariance(TESTS, 301, columns=[*"abcdefghi"]).columns) == [*"abcdefghi"]


def test_rows_in_a_plane_are_summed_up_without_fit_indices():
    x = np.random.default_rng(0).standard_normal((5, 6))
    frame = {f"x{j + 1}": column for j, column in enumerate(x.T)}
    with pytest.warns(ek.EmkitWarning, match="Heywood"):
        found = ek.ConfirmatoryFactorAnalysis("f =~ x1 + x2 + x3 + x4 + x5 + x6").fit(frame)
    assert "No fit indices: 6 columns of these rows lie in a plane" in " ".join(found.summary().split())
