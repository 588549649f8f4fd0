"""Regressions as families: one component is the generalised linear model, whatever units and origins; starts; words."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize, minimize_scalar
from scipy.special import gammaln, log_expit

import emkit as ek
from emkit.families.regression.layout import found_in
from emkit.search.seeding import spread_starts
from tests.laws import maxima

Array = np.ndarray
LAWS = {
    "normal": ek.NormalRegression("y", ("a", "b", "c")),
    "poisson": ek.PoissonRegression("y", ("a", "b", "c")),
    "logistic": ek.BinomialRegression("y", ("a", "b", "c")),
    "binomial": ek.BinomialRegression("y", ("a", "b", "c"), trials=12),
    "gamma": ek.GammaRegression("y", ("a", "b", "c")),
    "negative-binomial": ek.NegativeBinomialRegression("y", ("a", "b", "c")),
    "student-t": ek.StudentTRegression("y", ("a", "b", "c")),
}
laws = pytest.mark.parametrize("law", [law for law in LAWS if law not in ("negative-binomial", "student-t")])
every_law = pytest.mark.parametrize("law", [law for law in LAWS if law != "logistic"])
without_shape = pytest.mark.parametrize("law", ["normal", "poisson", "binomial"])  # quick: runs of a gamma law are long
told_apart = pytest.mark.parametrize(
    "law", ["normal", "poisson", "binomial", "gamma"]
)  # one trial a row tells no two lines apart


def drawn(law: str, rng: np.random.Generator, n: int) -> ek.ArraySource:
    """Rows y, a, b, c of one line."""
    x = rng.normal(size=(n, 3)) * [1.0, 0.5, 2.0] + [0.0, 1.0, -1.0]
    eta = 0.3 + x @ [0.4, -0.6, 0.2]
    y = {
        "normal": lambda: eta + 0.7 * rng.standard_normal(n),
        "poisson": lambda: rng.poisson(np.exp(eta)),
        "logistic": lambda: rng.random(n) < 1 / (1 + np.exp(-eta)),
        "binomial": lambda: rng.binomial(12, 1 / (1 + np.exp(-eta))),
        "gamma": lambda: rng.gamma(3.0, np.exp(eta) / 3.0),
        "negative-binomial": lambda: rng.poisson(rng.gamma(3.0, np.exp(eta) / 3.0)),
        "student-t": lambda: eta + 0.5 * rng.standard_t(3, n),
    }[law]()
    return ek.ArraySource(np.column_stack([y, x]), columns=["y", "a", "b", "c"])


def two_lines(law: str, rng: np.random.Generator, n: int) -> ek.ArraySource:
    """Rows of two lines that cross."""
    source, other = drawn(law, rng, n), drawn(law, rng, n)
    x = other.x.copy()
    x[:, 1:] = 2 * x[:, 1:].mean(axis=0) - x[:, 1:]
    return ek.ArraySource(np.concatenate([source.x, x]), columns=source.columns)


def negative_log_likelihood(law: str, b: Array, x: Array) -> tuple[float, Array]:
    """Of a generalised linear model, with its slopes, written down independently; of a normal one, half the squares."""
    y, design = x[:, 0], np.column_stack([np.ones(len(x)), x[:, 1:]])
    eta = design @ b
    if law == "normal":
        return 0.5 * float((y - eta) @ (y - eta)), -design.T @ (y - eta)
    if law == "poisson":
        return -float((y * eta - np.exp(eta) - gammaln(y + 1)).sum()), -design.T @ (y - np.exp(eta))
    if law == "gamma":  # the best coefficients are the same for every shape
        return float((eta + y * np.exp(-eta)).sum()), design.T @ (1 - y * np.exp(-eta))
    m = 1 if law == "logistic" else 12
    return -float((y * log_expit(eta) + (m - y) * log_expit(-eta)).sum()), -design.T @ (y - m / (1 + np.exp(-eta)))


@laws
def test_one_component_is_the_generalised_linear_model(law):
    """On 20 designs: the coefficients are those of a direct maximisation, to 1e-8."""
    for seed in range(20):
        source = drawn(law, np.random.default_rng(seed), 80)
        model = ek.Mixture(LAWS[law])
        found = ek.fit(model, source, model.starts(source.profile, 1, [0]), tol=1e-13).params.components.coefficients[0]
        direct = lambda b, x=source.x: negative_log_likelihood(law, b, x)  # noqa: E731
        there = minimize(direct, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-10}).x
        for _ in range(3):  # to the last digits
            slopes = np.array([direct(there + e)[1] - direct(there - e)[1] for e in 1e-5 * np.eye(4)]) / 2e-5
            there = there - np.linalg.solve(slopes, direct(there)[1])
        np.testing.assert_allclose(found, there, atol=1e-8)


@every_law
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1e-6), (5.0, 1e3), (1e6, 1.0)])
def test_units_and_origins_of_covariates_change_coefficients_and_nothing_else(law, shift, scale):
    source = two_lines(law, np.random.default_rng(3), 60)
    x = source.x.copy()
    x[:, 1] = shift + scale * x[:, 1]
    other = ek.ArraySource(x, columns=source.columns)
    model = ek.Mixture(LAWS[law])
    start = model.starts(source.profile, 2, [1])[0]
    b = start.components.coefficients.copy()
    b[:, 1] /= scale
    b[:, 0] -= b[:, 1] * shift
    moved = ek.MixtureParams(start.proportions, type(start.components)(**{**vars(start.components), "coefficients": b}))
    one, two = ek.fit(model, source, start, max_evaluations=60), ek.fit(model, other, moved, max_evaluations=60)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-7)
    found, wanted = two.params.components.coefficients, one.params.components.coefficients
    np.testing.assert_allclose(found[:, 1] * scale, wanted[:, 1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[:, 2:], wanted[:, 2:], rtol=1e-4, atol=1e-6)
    level = found[:, 0] + found[:, 1] * shift
    np.testing.assert_allclose(level, wanted[:, 0], rtol=1e-4, atol=1e-5)


def digits(found: Array, right: Array) -> float:
    """The number of right digits of the worst."""
    return float(-np.log10(np.max(np.abs(found - right) / np.abs(right)) + 1e-18))


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
@pytest.mark.parametrize("coefficients", [[1, 1, 1, 1, 1, 1, 1], [3, -2, 5, 1, -4, 2, 7]])
def test_a_polynomial_of_degree_six_keeps_its_digits(coefficients):
    """Powers of 1 to 21 as they are, and a response that they tell exactly (as NIST's Wampler data are, of degree 5)."""
    t, b = np.arange(1, 22.0), np.array(coefficients, dtype=float)
    powers = np.column_stack([t**j for j in range(1, 7)])
    source = ek.ArraySource(np.column_stack([b[0] + powers @ b[1:], powers]))
    model = ek.Mixture(ek.NormalRegression(0, range(1, 7)))
    found = ek.fit(model, source, model.starts(source.profile, 1, [0])).params.components.coefficients[0]
    assert digits(found, b) >= 9


def test_an_offset_of_a_thousand_million_costs_no_digits():
    rng = np.random.default_rng(0)
    x, noise = np.round(rng.normal(size=60) * 8) / 8, np.round(rng.normal(size=60) * 64) / 64  # short numbers: sums are exact
    y, near = 2 * x + noise, ek.Mixture(ek.NormalRegression(1, 0))
    line = np.polyfit(x, y, 1)
    source = ek.ArraySource(np.column_stack([1e9 + x, 3e9 + y]))
    fit = ek.fit(near, source, near.starts(source.profile, 1, [0])).params.components
    level = 3e9 - 1e9 * line[0] + line[1]
    assert digits(fit.coefficients[0], np.array([level, line[0]])) >= 9
    assert digits(fit.variances, np.array([np.mean((y - np.polyval(line, x)) ** 2)])) >= 9


@pytest.mark.slow
@told_apart
def test_no_step_falls_from_wild_starts(law):
    """Every step of 125 runs of each law."""
    model, looked_at = ek.Mixture(LAWS[law]), 0
    for seed in range(125):
        rng = np.random.default_rng(seed)
        source = two_lines(law, rng, 25)
        start = model.starts(source.profile, 3, [seed])[0]
        wild = maxima.random_point(model.settled(source.profile), start, rng, [0.5, 3.0, 10.0][seed % 3])
        looked_at += maxima.assert_ascends(model.settled(source.profile), source, wild, ek.solvers.Plain(), 30)
    assert looked_at > 1_500


@pytest.mark.slow
@told_apart
def test_what_is_shared_is_the_same_in_all_components_and_best_for_all(law):
    source = two_lines(law, np.random.default_rng(5), 60)
    kind = {"binomial": {"trials": 12}}.get(law, {})
    family = type(LAWS[law])("y", "a", shared=("b", "c"), **kind)
    model = ek.Mixture(family)
    fit = ek.fit(model, source, model.starts(source.profile, 2, range(4)), solver="anderson", tol=1e-12)
    assert fit.params.components.shared.shape == (2,)
    assert fit.params.components.shared_covariates == ("b", "c")
    best = fit.log_likelihood
    for j in range(2):
        for move in (1e-3, -1e-3):
            shared = fit.params.components.shared + move * np.eye(2)[j]
            there = ek.MixtureParams(
                fit.params.proportions, type(fit.params.components)(**{**vars(fit.params.components), "shared": shared})
            )
            assert ek.EMMap(fit.model, fit.source, there).objective(there) < best
    again = pickle.loads(pickle.dumps(fit.params))
    np.testing.assert_array_equal(again.components.shared, fit.params.components.shared)


def test_a_line_can_be_held_and_a_covariate_of_it_cannot():
    source = two_lines("normal", np.random.default_rng(5), 60)
    model = ek.Mixture(LAWS["normal"])
    start = ek.fit(model, source, model.starts(source.profile, 2, range(4)), max_evaluations=20).params
    fit = ek.fit(ek.Frozen(model, "components.coefficients[0]"), source, start)
    np.testing.assert_array_equal(fit.params.components.coefficients[0], start.components.coefficients[0])
    with pytest.raises(ek.ModelError, match="along the covariate axis"):
        ek.fit(ek.Frozen(model, "components.coefficients[0, 1]"), source, start)


@pytest.mark.slow
@without_shape
def test_a_prior_on_coefficients_pulls_them_in(law):
    source = two_lines(law, np.random.default_rng(6), 60)
    plain = ek.Mixture(LAWS[law])
    model = ek.WithPrior(plain, {"components.coefficients": ridge})
    start = plain.starts(source.profile, 2, [1])[0]
    free, held = ek.fit(plain, source, start), ek.fit(model, source, start)
    assert maxima.falls(np.array([entry.objective for entry in held.history])) == 0
    assert held.converged
    assert np.abs(held.params.components.coefficients).sum() < np.abs(free.params.components.coefficients).sum()
    assert held.objective >= free.log_likelihood + ridge(free.params.components.coefficients) - 1e-9


def ridge(coefficients: Array) -> float:
    return -2.0 * float((coefficients**2).sum())


@pytest.mark.long
@pytest.mark.slow
@without_shape
def test_starts_tell_lines_apart_that_lie_in_one_place(law):
    """Most single starts lead to the highest maximum that any of 20 leads to."""
    source = two_lines(law, np.random.default_rng(7), 150)
    model = ek.Mixture(LAWS[law])
    ends = ek.fit(model, source, spread_starts(model, source, 2, range(20)), solver="anderson").starts().runs
    heights = np.array([run.objective for run in ends])
    assert (heights > heights.max() - 0.5).sum() >= 10


def test_columns_are_found_by_name_wherever_they_lie():
    source = two_lines("normal", np.random.default_rng(8), 40)
    names = ["c", "y", "b", "a"]
    turned = ek.ArraySource(source.x[:, [source.columns.index(name) for name in names]], columns=names)
    model = ek.Mixture(LAWS["normal"])
    start = model.starts(source.profile, 2, [0])[0]
    one, other = ek.fit(model, source, start), ek.fit(model, turned, start)
    np.testing.assert_allclose(one.params.components.coefficients, other.params.components.coefficients, rtol=1e-6, atol=1e-8)
    assert other.params.components.covariates == ("intercept", "a", "b", "c")


def test_labels_name_covariates():
    source = two_lines("normal", np.random.default_rng(8), 40)
    model = ek.Mixture(LAWS["normal"])
    text = ek.fit(model, source, model.starts(source.profile, 2, range(4))).summary()
    for word in ("intercept", "coefficient  a", "coefficient  c", "normal regression"):
        assert word in text


def test_a_fit_is_saved_and_read(tmp_path):
    source = two_lines("poisson", np.random.default_rng(8), 40)
    model = ek.Mixture(ek.PoissonRegression("y", "a", shared="b"))
    fit = ek.fit(model, source, model.starts(source.profile, 2, range(4)))
    again = ek.load(fit.save(tmp_path / "lines.emk"))
    np.testing.assert_array_equal(again.params.components.coefficients, fit.params.components.coefficients)
    np.testing.assert_allclose(again.predict_proba(source.x), fit.predict_proba(source.x))


@pytest.mark.slow
def test_responses_are_drawn_for_rows_that_are_given():
    source = two_lines("normal", np.random.default_rng(8), 300)  # of 40, some replicates lose a line
    model = ek.Mixture(LAWS["normal"])
    fit = ek.fit(model, source, model.starts(source.profile, 2, range(4)))
    x, _ = fit.model.draw_given(fit.params, np.random.default_rng(0), source.x)
    np.testing.assert_array_equal(x[:, 1:], source.x[:, 1:])
    assert not np.isclose(x[:, 0], source.x[:, 0]).any()
    with pytest.raises(ek.ModelError, match="covariates are data"):
        fit.sample(3)
    errors = fit.bootstrap(40, kind="parametric", random_state=0).standard_errors()
    own = fit.standard_errors()
    for name in ("components.coefficients[0, 1]", "components.coefficients[1, 2]"):  # each known to 11 %: 1 / sqrt(2 * 40)
        assert errors[name] == pytest.approx(own[name], rel=0.5)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (ek.PoissonRegression("z", "a"), "no column 'z' for the regression"),
        (ek.PoissonRegression("y", "q"), "no column 'q' for the regression"),
        (ek.NormalRegression("y", ("a", "twice_a")), "'twice_a' is a combination of others"),
        (ek.NormalRegression("y", "one"), "'one' is constant, as the intercept is"),
        (ek.PoissonRegression("a", "y"), "must be whole numbers >= 0"),
        (ek.BinomialRegression("y", "a", trials=1), "more successes than trials"),
        (ek.BinomialRegression("y", "b", trials="one"), "more than the 1 trials in column 'one'"),
        (ek.NormalRegression("y", "word"), "'word' holds names"),
    ],
)
def test_what_cannot_be_is_refused_in_words(family, message):
    source = drawn("poisson", np.random.default_rng(1), 30)
    a = source.x[:, 1]
    x = np.column_stack([source.x, 2 * a, np.ones(30), np.arange(30) % 3])
    levels = (None,) * 6 + (("low", "mid", "high"),)
    rows = ek.ArraySource(x, columns=[*source.columns, "twice_a", "one", "word"], levels=levels)
    model = ek.Mixture(family)
    start = ek.MixtureParams(
        [1.0], family.params([[0.0, 0.0]] if len(family.covariates) == 1 else [[0.0, 0.0, 0.0]], **own(family))
    )
    with pytest.raises(ek.DataError, match=message):
        ek.fit(model, rows, start)


def test_one_component_has_the_best_shape():
    """Against a direct maximisation of the log-likelihood over the shape, given the coefficients."""
    source = drawn("gamma", np.random.default_rng(3), 80)
    fit = ek.fit(ek.Mixture(LAWS["gamma"]), source, ek.Mixture(LAWS["gamma"]).starts(source.profile, 1, [0]), tol=1e-13)
    b, y = fit.params.components.coefficients[0], source.x[:, 0]
    mean = np.exp(b[0] + source.x[:, 1:] @ b[1:])
    height = lambda a: stats.gamma.logpdf(y, a, scale=mean / a).sum()  # noqa: E731
    shape = fit.params.components.shapes[0]
    assert fit.log_likelihood == pytest.approx(height(shape), rel=1e-12)
    assert shape == pytest.approx(minimize_scalar(lambda a: -height(a), (1.0, 5.0), tol=1e-12).x, rel=1e-6)


def test_a_response_that_is_told_exactly_rests_on_the_floor():
    source = drawn("gamma", np.random.default_rng(3), 40)
    x = source.x.copy()
    x[:, 0] = np.exp(1 + 0.5 * x[:, 1])
    model = ek.Mixture(LAWS["gamma"])
    exact = ek.ArraySource(x, columns=source.columns)
    start = model.starts(exact.profile, 1, [0])
    with pytest.warns(ek.DegenerateDataWarning, match="tell 'y' exactly"):
        fit = ek.fit(model, exact, start)
    np.testing.assert_allclose(fit.params.components.coefficients, [[1.0, 0.5, 0.0, 0.0]], atol=1e-6)
    assert fit.boundary == ("components.shapes[0]",)


def own(family: object) -> dict[str, list[float]]:
    return {"variances": [1.0]} if isinstance(family, ek.NormalRegression) else {}


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ek.ModelError, match="named twice"):
        ek.PoissonRegression("y", ("a", "y"))
    with pytest.raises(ek.ModelError, match="is no column"):
        ek.PoissonRegression("y", (1.5,))
    with pytest.raises(ek.ModelError, match="a coefficient of its own"):
        ek.PoissonRegression("y", shared="a", intercept=False)
    with pytest.raises(ek.ModelError, match="trials is 0"):
        ek.BinomialRegression("y", "a", trials=0)
    with pytest.raises(ek.ParameterError, match="give `shared`"):
        ek.PoissonRegression("y", shared="a").params([[1.0]])
    with pytest.raises(ek.ModelError, match="where 'y' lies is not known"):
        _ = ek.PoissonRegression("y", "a").described_by


def test_the_frame_makes_covariates_orthonormal():
    source = drawn("normal", np.random.default_rng(2), 50)
    layout = found_in(source.profile, LAWS["normal"].named)
    z = layout.framed(source.x)
    np.testing.assert_allclose(z.T @ z / 50, np.eye(4), atol=1e-12)
    b = np.random.default_rng(0).normal(size=(2, 4))
    np.testing.assert_allclose(layout.back(layout.way(b)), b, rtol=1e-12)
    np.testing.assert_allclose(z @ layout.way(b).T, np.column_stack([np.ones(50), source.x[:, 1:]]) @ b.T, atol=1e-12)
