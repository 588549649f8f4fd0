"""Mixtures of regressions by formula, as an estimator of data frames."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, gammaln
from sklearn.base import clone

import emkit as ek

DATA = Path(__file__).parents[1] / "oracles" / "data"
SEEDS = range(20)


@pytest.fixture(scope="module")
def npreg():
    return pd.read_csv(DATA / "npreg.csv")


@pytest.fixture(scope="module")
def warpbreaks():
    return pd.read_csv(DATA / "warpbreaks.csv")


@pytest.fixture(scope="module")
def rows():
    """60 rows with a column of each kind."""
    rng = np.random.default_rng(5)
    x, ward, days = rng.normal(size=60), rng.choice(["A", "B", "C"], 60), rng.uniform(1, 9, 60)
    y = 2 + x + (ward == "B") + rng.normal(size=60)
    trials = rng.integers(3, 9, 60)
    counts, wins = rng.poisson(days * np.exp(0.3 * x)), rng.binomial(trials, expit(x))
    return pd.DataFrame({"x": x, "ward": ward, "days": days, "y": y, "count": counts, "wins": wins, "trials": trials})


@pytest.fixture(scope="module")
def two_counts(npreg):
    return ek.MixtureRegression("yp ~ x", 2, family="poisson", random_state=0).fit(npreg)


@pytest.fixture(scope="module")
def gated(warpbreaks):
    formula = "breaks ~ C(tension, Treatment('L')) | wool"
    return ek.MixtureRegression(formula, 2, family="poisson", random_state=0).fit(warpbreaks)


# -- one class is the generalized linear model


def test_one_gaussian_class_is_least_squares(rows):
    design = np.column_stack([np.ones(60), rows.x, rows.ward == "B", rows.ward == "C"])
    wanted, squares, *_ = np.linalg.lstsq(design, rows.y, rcond=None)
    model = ek.MixtureRegression("y ~ x + ward", 1).fit(rows)
    assert model.coefficient_names_ == ("intercept", "x", "ward[T.B]", "ward[T.C]")
    np.testing.assert_allclose(model.components_.coefficients[0], wanted, rtol=1e-10)
    np.testing.assert_allclose(model.components_.variances, squares / 60, rtol=1e-10)
    np.testing.assert_allclose(model.predict(rows), design @ wanted, rtol=1e-10)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * squares / 60)
    told = model.result_.standard_errors()
    np.testing.assert_allclose([told[f"components.coefficients[0, {j}]"] for j in range(4)], errors, rtol=1e-6)


def test_one_poisson_class_with_an_offset_is_the_glm(rows):
    def cost(b):
        eta = np.log(rows.days) + b[0] + b[1] * rows.x
        return (np.exp(eta) - rows["count"] * eta + gammaln(rows["count"] + 1)).sum()

    wanted = minimize(cost, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    model = ek.MixtureRegression("count ~ x", 1, family="poisson", offset="log(days)").fit(rows)
    np.testing.assert_allclose(model.components_.coefficients[0], wanted.x, atol=1e-6)
    assert model.result_.log_likelihood == pytest.approx(-wanted.fun, abs=1e-8)
    np.testing.assert_allclose(model.predict(rows), rows.days * np.exp(wanted.x[0] + wanted.x[1] * rows.x), rtol=1e-5)


@pytest.mark.parametrize("trials", ["trials", 8])
def test_one_binomial_class_is_the_glm(rows, trials):
    m = rows.trials if trials == "trials" else trials

    def cost(b):
        eta = b[0] + b[1] * rows.x
        return (m * np.logaddexp(0, eta) - rows.wins * eta).sum()

    wanted = minimize(cost, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    model = ek.MixtureRegression("wins ~ x", 1, family="binomial", trials=trials).fit(rows)
    np.testing.assert_allclose(model.components_.coefficients[0], wanted.x, atol=1e-6)
    np.testing.assert_allclose(model.predict(rows), m * expit(wanted.x[0] + wanted.x[1] * rows.x), rtol=1e-5)


def test_truths_are_successes(rows):
    truths, numbers = (ek.MixtureRegression("won ~ x", 1, family="binomial") for _ in range(2))
    frame = rows.assign(won=rows.wins > 3)
    truths.fit(frame)
    numbers.fit(frame.assign(won=frame.won.astype(int)))
    np.testing.assert_array_equal(truths.predict(frame), numbers.predict(frame))


# -- the best known maxima, from default starts


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("data", "formula", "family", "best"),
    [
        ("nodata", "Equivalence ~ NO", "gaussian", 122.0383557854741),
        ("npreg", "yn ~ poly(x, 2)", "gaussian", -642.5320137360927),
        ("npreg", "yp ~ x", "poisson", -440.6402943196689),
        ("warpbreaks", "breaks ~ tension | wool", "poisson", -194.77989980503065),
    ],
)
def test_default_starts_find_the_best_known_maximum(data, formula, family, best, seed):
    frame = pd.read_csv(DATA / f"{data}.csv")
    found = ek.MixtureRegression(formula, 2, family=family, random_state=seed).fit(frame).result_
    assert found.log_likelihood == pytest.approx(best, abs=1e-6)


def test_polynomials_in_any_basis_are_one_model(npreg):
    raw, orthonormal = (
        ek.MixtureRegression(f"yn ~ poly(x, 2{more})", 2, random_state=0).fit(npreg) for more in ("", ", raw=True")
    )
    assert raw.result_.log_likelihood == pytest.approx(orthonormal.result_.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(raw.predict(npreg), orthonormal.predict(npreg), rtol=1e-5)


# -- gates


def test_a_gate_makes_proportions_depend_on_covariates(gated):
    """The highest maximum and its numbers, as flexmix and a direct maximisation have them."""
    assert gated.result_.log_likelihood == pytest.approx(-194.77989980503065, abs=1e-5)
    assert gated.gate_names_ == ("intercept", "wool[T.B]")
    np.testing.assert_allclose(gated.gates_, [[0, 0], [0.1860840, -1.5666347]], atol=2e-3)
    shares = gated.predict_proba({"wool": ["A", "B"], "tension": ["L", "L"]}, with_response=False)
    np.testing.assert_allclose(shares[:, 0], [0.4536128, 0.7990794], atol=1e-3)


def test_what_is_predicted_is_weighted_by_the_gate(gated, warpbreaks):
    shares = gated.predict_proba(warpbreaks, with_response=False)
    each = np.column_stack([gated.predict(warpbreaks, component=k) for k in range(2)])
    np.testing.assert_allclose(gated.predict(warpbreaks), (shares * each).sum(axis=1))


def test_a_gate_of_one_class_says_nothing(warpbreaks):
    gated, plain = (ek.MixtureRegression(f"breaks ~ tension{gate}", 1, family="poisson") for gate in (" | wool", ""))
    found, wanted = (model.fit(warpbreaks).result_ for model in (gated, plain))
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    assert found.free_parameters == wanted.free_parameters
    np.testing.assert_array_equal(gated.gates_, [[0, 0]])


def test_a_gate_of_ones_is_none(npreg, two_counts):
    other = ek.MixtureRegression("yp ~ x | 1", 2, family="poisson", random_state=0).fit(npreg)
    np.testing.assert_allclose(other.weights_, two_counts.weights_)


# -- what is known of rows


def test_posterior_probabilities_are_those_of_bayes(npreg, two_counts):
    each = np.column_stack([two_counts.predict(npreg, component=k) for k in range(2)])
    joint = two_counts.weights_ * np.exp(npreg.yp.to_numpy()[:, None] * np.log(each) - each)
    np.testing.assert_allclose(two_counts.predict_proba(npreg), joint / joint.sum(axis=1, keepdims=True), rtol=1e-9)
    assert (two_counts.predict_components(npreg) == joint.argmax(axis=1)).all()
    rows = np.exp(-gammaln(npreg.yp + 1)) * joint.sum(axis=1)
    assert two_counts.score(npreg) == pytest.approx(np.log(rows).mean())
    assert two_counts.score(npreg) * 200 == pytest.approx(two_counts.result_.log_likelihood)


def test_without_a_response_probabilities_are_proportions(npreg, two_counts):
    found = two_counts.predict_proba(npreg[["x"]], with_response=False)
    np.testing.assert_allclose(found, np.tile(two_counts.weights_, (200, 1)))


def test_means_need_no_response(npreg, two_counts):
    a, b = two_counts.components_.coefficients[1]
    np.testing.assert_allclose(two_counts.predict(npreg[["x"]], component=1), np.exp(a + b * npreg.x))
    np.testing.assert_allclose(two_counts.residuals(npreg), npreg.yp - two_counts.predict(npreg))
    np.testing.assert_allclose(two_counts.residuals(npreg, 0), npreg.yp - two_counts.predict(npreg, component=0))


@pytest.mark.parametrize("component", [2, -1, True, "a", 1.5])
def test_classes_that_there_are_not_are_refused(npreg, two_counts, component):
    with pytest.raises(ek.ParameterError, match="the classes are numbered from 0 to 1"):
        two_counts.predict(npreg, component)


def test_rows_of_a_group_share_a_class():
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(40), 5)
    x = rng.normal(size=200)
    y = np.where(who % 2 == 1, 1.0, -1.0) * x + rng.normal(size=200)
    frame = pd.DataFrame({"x": x, "y": y, "id": [f"p{i}" for i in who]})
    model = ek.MixtureRegression("y ~ 0 + x", 2, groups="id", random_state=0).fit(frame)
    found = model.predict_proba(frame)
    assert (found.reshape(40, 5, 2) == found.reshape(40, 5, 2)[:, :1]).all()
    assert (model.predict_components(frame) == who % 2).mean() > 0.9
    assert model.score(frame) * 200 == pytest.approx(model.result_.log_likelihood)


def test_weights_may_be_those_of_groups(npreg):
    frame = npreg[:40].assign(who=np.repeat(np.arange(20), 2), ward=np.repeat(["rare", "a", "b", "a", "b"], 8))
    model, each = ek.MixtureRegression("yn ~ x + ward", 1, groups="who"), np.r_[np.zeros(4), 1.0 + np.arange(16) % 3]
    of_groups = model.fit(frame, sample_weight=each).components_
    of_rows = model.fit(frame, sample_weight=np.repeat(each, 2)).components_
    alone = model.fit(frame[8:], sample_weight=each[4:]).components_
    np.testing.assert_array_equal(of_groups.coefficients, of_rows.coefficients)
    np.testing.assert_array_equal(of_groups.coefficients, alone.coefficients)


def test_levels_that_only_rows_of_weight_zero_have_are_none(npreg):
    frame = npreg[:60].assign(ward=np.where(np.arange(60) % 2, "a", "b"))
    other = pd.concat([frame, frame[:1].assign(ward="rare")], ignore_index=True)
    found = ek.MixtureRegression("yn ~ x | ward", 2, random_state=0).fit(other, sample_weight=np.arange(61) < 60)
    alone = ek.MixtureRegression("yn ~ x | ward", 2, random_state=0).fit(frame)
    assert found.gate_names_ == alone.gate_names_
    np.testing.assert_array_equal(found.gates_, alone.gates_)


def test_weights_are_repetitions(npreg):
    weights = np.arange(200) % 3
    repeated = npreg.loc[npreg.index.repeat(weights)]
    settings = {"family": "poisson", "random_state": 0}
    one = ek.MixtureRegression("yp ~ x", 2, **settings).fit(npreg, sample_weight=weights)
    other = ek.MixtureRegression("yp ~ x", 2, **settings).fit(repeated)
    assert one.result_.log_likelihood == pytest.approx(other.result_.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(one.predict(npreg), other.predict(npreg), rtol=1e-4)
    assert one.score(npreg, sample_weight=weights) == pytest.approx(other.score(repeated))


def test_gaps_are_refused_or_dropped_as_is_said(npreg):
    holes = npreg.assign(x=npreg.x.where(npreg.index != 3))
    with pytest.raises(ek.DataError, match="row 3, column 'x' is missing"):
        ek.MixtureRegression("yp ~ x", 2, family="poisson").fit(holes)
    weights = 1.0 + npreg.index.to_numpy() % 2
    settings = {"family": "poisson", "random_state": 0}
    model = ek.MixtureRegression("yp ~ x", 2, gaps="drop", **settings).fit(holes, sample_weight=weights)
    other = ek.MixtureRegression("yp ~ x", 2, **settings).fit(npreg.drop(index=3), sample_weight=np.delete(weights, 3))
    np.testing.assert_allclose(model.params_.proportions, other.params_.proportions)
    for found in (model.predict(holes), model.residuals(holes), model.predict_proba(holes)[:, 0]):
        assert np.flatnonzero(np.isnan(found)).tolist() == [3]
    assert model.predict_components(holes)[3] == -1
    assert np.isnan(model.predict_proba(holes, with_response=False)[3]).all()


# -- what cannot be


@pytest.mark.parametrize(
    ("formula", "settings", "said"),
    [
        ("~ x", {}, "has nothing on its left side"),
        ("y + count ~ x", {}, "has 2 on its left side"),
        (
            "y ~ x",
            {"family": "poison"},
            "family is 'poison'; it must be 'gaussian', 'student-t', 'poisson', 'negative-binomial', 'binomial', 'gamma', "
            "'multinomial', 'ordered', 'exponential', 'weibull', 'log-normal', 'log-logistic', 'censored-normal', after "
            "'zero-inflated:', 'hurdle:' or 'zero-truncated:' if that is said of zeros. Did",
        ),
        ("y ~ x", {"family": None}, "family is None"),
        ("y ~ x", {"trials": 3}, "trials is 3, and gaussian responses have none"),
        ("wins ~ x", {"family": "binomial", "trials": 0}, "trials is 0; it must be a whole number >= 1"),
        ("y ~ x", {"gaps": "fill"}, "gaps is 'fill'; it must be 'refuse', 'drop'"),
        ("y ~ x", {"n_components": 0}, "n_components is 0"),
        ("y ~ x", {"offset": "x"}, "the column 'x' is named twice"),
        (3, {}, "a formula is text"),
        ("y ~ os.system('ls')", {}, "an attribute"),
    ],
)
def test_what_cannot_be_is_said(rows, formula, settings, said):
    with pytest.raises(ek.ParameterError) as caught:
        ek.MixtureRegression(formula, **settings).fit(rows)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "settings", "said"),
    [
        ("y ~ nothing", {}, "speaks of a column 'nothing', and there is none"),
        ("y ~ x", {"groups": "who"}, "speaks of a column 'who', and there is none"),
        ("y ~ x", {"family": "poisson"}, "row 0, column 'y' is"),
        ("wins ~ x", {"family": "binomial", "trials": 2}, "there cannot be more successes than trials (2)"),
        ("y ~ x", {"groups": "ward"}, "row"),
        ("ward ~ x", {"family": "binomial"}, "the response 'ward' holds names (A, B, C), and binomial responses are numbers"),
    ],
)
def test_data_that_cannot_be_are_named(rows, formula, settings, said):
    with pytest.raises(ek.DataError) as caught:
        ek.MixtureRegression(formula, **settings).fit(rows)
    assert said in str(caught.value)


def test_levels_that_no_row_of_the_fit_had_are_refused(gated):
    with pytest.raises(ek.DataError, match="row 1, column 'wool' is 'C', a level that was in no row of the fit"):
        gated.predict({"wool": ["A", "C"], "tension": ["L", "L"]})


# -- summaries, starts, and fits outside this process


def test_the_summary_is_a_regression_table_for_each_class(two_counts):
    text = two_counts.result_.summary(standard_errors=True)
    lines = [line.split() for line in text.splitlines()]
    at = lines.index(["component", "2", "estimate", "error", "from", "to", "z", "p"])
    assert lines[at + 2] == ["intercept", "1.8643", "0.17436", "1.5226", "2.2061", "10.69", "<.001"]
    assert lines[at + 3] == ["x", "-0.16192", "0.03940", "-0.23915", "-0.08469", "-4.11", "<.001"]
    assert "component 1  estimate" in text
    assert "coefficient  x " in two_counts.result_.summary()


def test_long_names_are_told_apart_by_their_ends(gated):
    text = gated.result_.summary(standard_errors=True)
    assert all(name in text for name in ("[T.M]", "[T.H]", "gate: wool[T.B]"))


def test_a_start_may_be_labels_or_parameters(npreg, two_counts):
    best = two_counts.result_.log_likelihood
    for start in (two_counts.params_, npreg["class"].to_numpy() - 1):
        found = ek.MixtureRegression("yp ~ x", 2, family="poisson", start=start).fit(npreg)
        assert found.result_.log_likelihood == pytest.approx(best, abs=1e-6)
    again = clone(two_counts).set_params(start=two_counts.params_, frozen="components.coefficients", max_iter=50).fit(npreg)
    np.testing.assert_array_equal(again.components_.coefficients, two_counts.components_.coefficients)


def test_settings_are_those_of_scikit_learn(two_counts):
    other = clone(two_counts)
    assert other.get_params()["formula"] == "yp ~ x"
    assert not hasattr(other, "result_")
    assert other.set_params(n_components=3, offset="log(x)").n_components == 3
    with pytest.raises(ValueError, match="Invalid parameter 'famly'"):
        other.set_params(famly="poisson")
    assert "MixtureRegression" in repr(two_counts)


@pytest.mark.parametrize("kind", ["two_counts", "gated"])
def test_pickles_predict_the_same(kind, request, npreg, warpbreaks):
    model, frame = request.getfixturevalue(kind), npreg if kind == "two_counts" else warpbreaks
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(other.predict(frame), model.predict(frame))
    np.testing.assert_array_equal(other.predict_proba(frame), model.predict_proba(frame))


@pytest.mark.parametrize("kind", ["two_counts", "gated"])
def test_files_of_fits_know_their_formula(kind, request, npreg, warpbreaks, tmp_path):
    model, frame = request.getfixturevalue(kind), npreg if kind == "two_counts" else warpbreaks
    loaded = ek.load(model.result_.save(tmp_path / "fit.emk"))
    assert loaded.source.design == model.design_
    np.testing.assert_array_equal(loaded.predict_proba(frame), model.predict_proba(frame))
    assert loaded.with_data(frame).log_likelihood == pytest.approx(model.result_.log_likelihood)
    means = loaded.means(frame.drop(columns=frame.columns[0] if kind == "gated" else "yp"))
    np.testing.assert_array_equal(means.of_all, model.predict(frame))
    np.testing.assert_array_equal(means.each[:, 1], model.predict(frame, 1))
    np.testing.assert_array_equal(means.proportions, model.predict_proba(frame, with_response=False))
    told = loaded.augment(frame)
    assert [*told.columns] == [*frame.columns, "component", "probability_1", "probability_2"]
    with pytest.raises(ek.DataError, match="is missing, and a formula needs every cell"):
        loaded.predict(frame.assign(**{frame.columns[0]: None}))


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_data_frames_are_read_as_well(library, npreg, two_counts):
    made = pytest.importorskip(library)
    frame = made.from_pandas(npreg) if library == "polars" else made.Table.from_pandas(npreg)
    found = ek.MixtureRegression("yp ~ x", 2, family="poisson", random_state=0).fit(frame)
    np.testing.assert_allclose(found.predict(frame), two_counts.predict(npreg))


def test_unfitted_estimators_say_so(npreg):
    with pytest.raises(Exception, match="not fitted"):
        ek.MixtureRegression("yp ~ x").predict(npreg)


def test_a_response_in_the_place_of_weights_is_refused():
    frame = {"y": [1.0, 2.0, 4.0, 3.0], "x": [0.0, 1.0, 2.0, 3.0]}
    model = ek.MixtureRegression("y ~ x", 1).fit(frame)
    for verb in (model.fit, model.score):
        with pytest.raises(TypeError, match="positional argument"):
            verb(frame, frame["y"])


def test_means_of_rows_need_no_groups():
    frame = {"y": [1.0, 2.0, 4.0, 3.0, 2.0, 5.0], "x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "id": [1, 1, 2, 2, 3, 3]}
    model = ek.MixtureRegression("y ~ x", 1, groups="id").fit(frame)
    assert model.predict({"x": [1.0, 2.0]}).shape == (2,)


def test_fits_by_no_formula_tell_means_of_rows_with_all_columns(two_counts, npreg):
    family = ek.PoissonRegression("yp", "x")
    source = ek.ArraySource(npreg[["yp", "x"]].to_numpy(), columns=["yp", "x"])
    start = ek.MixtureParams(two_counts.weights_, ek.RegressionParams(two_counts.components_.coefficients))
    found = ek.fit(ek.Mixture(family), source, start, max_evaluations=1)
    np.testing.assert_allclose(found.means(npreg.assign(yp=np.nan)).of_all, two_counts.predict(npreg), rtol=1e-9)
    with pytest.raises(ek.ModelError, match="the fit is of no regression"):
        ek.lessons.two_coins().fit().means([[1.0]])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"family": "normal"}, "Did you mean 'gaussian'"),
        ({"family": "negbin"}, "Did you mean 'negative-binomial'"),
        ({"family": "poison"}, r"after 'zero-inflated:', 'hurdle:' or 'zero-truncated:'.* Did you mean 'poisson'"),
        ({"offset": np.zeros(3)}, "offset is a ndarray; it must be text, the name of a column, or what is made of some"),
        ({"groups": [1, 2, 3]}, "groups is a list; it must be text, the name of a column"),
    ],
)
def test_settings_that_cannot_be_are_told_with_what_may_be_meant(settings, said):
    with pytest.raises(ek.ParameterError, match=said):
        ek.MixtureRegression("y ~ x", 1, **settings).fit({"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0]})


def test_a_column_that_is_not_there_may_be_one_that_is_said_beside_the_formula():
    with pytest.raises(ek.DataError, match="what is said beside it, speaks of a column 'person'"):
        ek.MixtureRegression("y ~ x", 1, groups="person").fit({"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0]})
