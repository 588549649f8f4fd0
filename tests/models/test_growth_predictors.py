"""Growth mixtures whose class sizes depend on predictors, and that share effects, against the likelihood written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

import emkit as ek

RNG = np.random.default_rng(4)
GROUPS, ROWS = 60, 4
WHO, TIME = np.repeat(np.arange(GROUPS), ROWS), np.tile(np.arange(4.0), GROUPS)
GIRL, DOSE = RNG.integers(0, 2, GROUPS).astype(float), RNG.standard_normal(GROUPS * ROWS)
GROWS = RNG.random(GROUPS) < 1 / (1 + np.exp(0.8 - 1.8 * GIRL))
Y = RNG.standard_normal(GROUPS)[WHO] + (0.5 + 2 * GROWS[WHO]) * TIME + 0.6 * DOSE + RNG.standard_normal(GROUPS * ROWS) / 2
DATA = ek.ArraySource(np.column_stack([Y, TIME, DOSE, GIRL[WHO]]), columns=["y", "time", "dose", "girl"], groups=WHO)
FRAME = {"y": Y, "time": TIME, "dose": DOSE, "girl": np.where(GIRL[WHO], "yes", "no"), "who": WHO}
MODEL = ek.GrowthMixture(ek.MixedModel("y", ("time", "dose")), "shared", predictors="girl", shared="dose")
APART = ek.GrowthMixture(ek.MixedModel("y", ("time", "dose")), "own", predictors="girl", shared="dose")


def written_out(gates, lines, dose, between, within):
    """The log-likelihood by marginal normal densities of groups: lines (K, 2), variances (K,) of intercepts and errors."""
    odds = np.column_stack([np.zeros(GROUPS), gates[0] + gates[1] * GIRL])
    logs = odds - np.logaddexp.reduce(odds, axis=1)[:, None]
    for k, (level, slope) in enumerate(lines):
        spread = between[k] * np.ones((ROWS, ROWS)) + within[k] * np.eye(ROWS)
        left = (Y - level - slope * TIME - dose * DOSE).reshape(GROUPS, ROWS)
        logs[:, k] += multivariate_normal(np.zeros(ROWS), spread).logpdf(left)
    return np.logaddexp.reduce(logs, axis=1).sum()


def of_numbers(numbers, apart):
    gates, lines, dose, logs = numbers[:2], numbers[2:6].reshape(2, 2), numbers[6], np.exp(numbers[7:])
    return written_out(gates, lines, dose, logs[:2] if apart else logs[:1].repeat(2), logs[2:] if apart else logs[1:].repeat(2))


def numbers_of(params):
    each = params.each
    variances = [[own.between.covariance.item() for own in each], [own.within for own in each]]
    apart = isinstance(params, ek.GatedGrowthMixtureParams)
    logs = np.log([values if apart else values[:1] for values in variances]).ravel()
    return np.concatenate([params.gates[1], *(own.fixed[:2] for own in each), each[0].fixed[2:], logs])


@pytest.fixture(scope="module", params=["shared", "own"])
def fitted(request):
    model = MODEL if request.param == "shared" else APART
    return ek.fit(model, DATA, model.starts(DATA.profile, 2, range(4)), solver="anderson", tol=1e-12)


def test_the_likelihood_is_the_one_written_out(fitted):
    apart = fitted.model.spread == "own"
    assert of_numbers(numbers_of(fitted.params), apart) == pytest.approx(fitted.log_likelihood, rel=1e-10)
    assert fitted.free_parameters == len(numbers_of(fitted.params))
    heights = fitted.model.row_objectives(fitted.params, next(iter(fitted.source.chunks())))
    assert heights.shape == (GROUPS,)


def test_no_point_is_higher_by_a_general_search(fitted):
    apart, there = fitted.model.spread == "own", numbers_of(fitted.params)
    moved = there + 0.05 * np.random.default_rng(0).standard_normal(len(there))
    found = minimize(lambda at: -of_numbers(at, apart), moved, method="BFGS", options={"gtol": 1e-6})
    assert -found.fun == pytest.approx(fitted.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(found.x, there, atol=2e-4)


def test_standard_errors_are_those_of_the_likelihood_written_out(fitted):
    apart, there, step = fitted.model.spread == "own", numbers_of(fitted.params), 1e-3
    moves = step * np.eye(len(there))
    curved = np.array([
        [
            sum(s * t * of_numbers(there + s * a + t * b, apart) for s in (1, -1) for t in (1, -1)) / (4 * step**2)
            for b in moves
        ]
        for a in moves
    ])  # fmt: skip
    wanted = np.sqrt(np.diag(np.linalg.inv(-curved)))
    errors = fitted.standard_errors()
    for k, name in enumerate(("gates[1, 0]", "gates[1, 1]")):
        assert errors[name] == pytest.approx(wanted[k], rel=1e-3)
    assert errors["shared[0]"] == pytest.approx(wanted[6], rel=1e-3)


def test_a_gate_without_slope_has_the_proportions_of_the_mixture_without_one():
    plain = ek.GrowthMixture(ek.MixedModel("y", ("time", "dose")), "shared")
    start = plain.starts(DATA.profile, 2, [1])[0]
    gates = np.column_stack([np.log(start.proportions), np.zeros(2)])
    like = ek.GatedSharedGrowthMixtureParams(gates, start.fixed, start.between, start.within)
    gated = ek.GrowthMixture(ek.MixedModel("y", ("time", "dose")), "shared", predictors="girl")
    one, other = (model.settled(DATA.profile) for model in (plain, gated))
    chunk = next(iter(DATA.chunks()))
    np.testing.assert_allclose(other.row_objectives(like, chunk), one.row_objectives(start, chunk), rtol=1e-12)
    np.testing.assert_allclose(other.proportions(like, DATA), start.proportions, rtol=1e-12)


def test_the_formula_says_the_same():
    fit = ek.GrowthMixtureModel("y ~ time + dose + (1 | who)", 2, predictors="~ girl", shared="~ dose", random_state=0).fit(
        FRAME
    )
    model = ek.fit(MODEL, DATA, MODEL.starts(DATA.profile, 2, range(4)), solver="anderson")
    assert fit.result_.log_likelihood == pytest.approx(model.log_likelihood, abs=1e-6)
    assert fit.gate_names_ == ("intercept", "girl[T.yes]")
    assert fit.coefficients_[0, 2] == fit.coefficients_[1, 2]
    assert fit.weights_.sum() == pytest.approx(1.0)
    text = fit.summary()
    assert "  log-odds of class 2" in text
    assert "  all classes" in text
    assert {"error", "z", "p"} <= {*next(line for line in text.splitlines() if "log-odds" in line).split()}
    shares = fit.predict_proba(FRAME)
    assert shares.mean(axis=0) == pytest.approx(fit.weights_, abs=1e-6)  # as multinomial logits with an intercept have it


def test_fits_from_files_know_predictors(tmp_path):
    fit = ek.GrowthMixtureModel("y ~ time + dose + (1 | who)", 2, predictors="~ girl", random_state=0, n_init=3).fit(FRAME)
    loaded = ek.load(fit.result_.save(tmp_path / "fit.emk"))
    np.testing.assert_array_equal(loaded.predict_proba(FRAME)[::ROWS], fit.predict_proba(FRAME))
    two = {"time": [0.0, 0.0], "dose": [0.0, 0.0], "girl": ["no", "yes"]}
    odds = np.log(loaded.means(two).proportions)
    np.testing.assert_allclose((odds[:, 1] - odds[:, 0]), fit.gates_[1, 0] + np.array([0, fit.gates_[1, 1]]), rtol=1e-9)
    y, of = fit.sample(FRAME)
    assert len(y) == len(of) == GROUPS * ROWS
    assert all(len({*of[g == WHO].tolist()}) == 1 for g in range(GROUPS))


def test_classes_can_be_put_in_another_order():
    start = MODEL.starts(DATA.profile, 2, [0])[0]
    turned = ek.GatedSharedGrowthMixtureParams(
        start.gates[::-1], start.fixed[::-1], start.between, start.within, shared=start.shared, shared_at=start.shared_at
    )
    model, chunk = MODEL.settled(DATA.profile), next(iter(DATA.chunks()))
    np.testing.assert_allclose(model.row_objectives(turned, chunk), model.row_objectives(start, chunk), rtol=1e-12)


FORMULA = "y ~ time + dose + (1 | who)"
TURNED = {**FRAME, "girl": np.where(np.arange(len(Y)) == 6, np.where(GIRL[WHO], "no", "yes"), FRAME["girl"])}


@pytest.mark.parametrize("asked", ["predict_proba", "predict", "score", "sample"])
def test_predictors_that_vary_inside_a_new_group_are_refused_as_by_the_fit(asked):
    fit = ek.GrowthMixtureModel(FORMULA, 2, predictors="~ girl", random_state=0, n_init=1).fit(FRAME)
    order = np.r_[8:16, 0:8]
    frame = {name: np.asarray(column)[order] for name, column in TURNED.items()}
    for each, row in ((TURNED, 6), (frame, 14)):
        with pytest.raises(ek.DataError, match=rf"row {row}, column 'girl.* in the first row of its group 1\."):
            getattr(fit, asked)(each)


@pytest.mark.parametrize("spread", ["shared", "own"])
def test_one_class_needs_no_log_odds(spread):
    settings = {"predictors": "~ girl", "shared": ["dose"], "spread": spread}
    one, plain = (ek.GrowthMixtureModel(FORMULA, 1, **each).fit(FRAME) for each in (settings, {}))
    assert one.result_.log_likelihood == pytest.approx(plain.result_.log_likelihood, abs=1e-6)
    assert one.result_.free_parameters == plain.result_.free_parameters == 5
    assert "log-odds" not in one.summary()
    assert "  all classes" in one.summary()


def test_predictors_that_tell_classes_apart_are_said_to_have_no_maximum():
    apart = ek.GrowthMixtureModel(FORMULA, 2, predictors="~ grows", random_state=0, n_init=3)
    with pytest.warns(ek.SeparationWarning, match="gate of grows, component 2 run off to infinity") as caught:
        apart.fit({**FRAME, "grows": GROWS[WHO].astype(float)})
    assert caught[0].filename == __file__
    assert apart.result_.infinite == ("gates[1, 0]", "gates[1, 1]")
    assert "Separation: the likelihood has no maximum" in " ".join(apart.summary().split())
    np.testing.assert_array_equal(np.ptp(apart.predict_proba({**FRAME, "grows": 1.0 * GROWS[WHO]}), axis=1), 1.0)


def test_a_budget_is_told_as_the_setting_that_says_it():
    short = ek.GrowthMixtureModel(FORMULA, 2, max_iter=3, n_init=1, random_state=0)
    with pytest.warns(ek.ConvergenceWarning, match="aise max_iter"):
        short.fit(FRAME)
    assert "max_evaluations" not in short.summary()


def test_trajectories_read_the_columns_of_fixed_effects_alone():
    fit = ek.GrowthMixtureModel("y ~ time + (1 + dose | who)", 2, predictors="~ girl", random_state=0, n_init=1).fit(FRAME)
    wanted = np.column_stack([np.ones(2), [0.0, 3.0]]) @ fit.coefficients_.T
    np.testing.assert_allclose(fit.trajectories({"time": [0.0, 3.0]}), wanted, rtol=1e-12)
    gappy = fit.trajectories({"time": [0.0, np.nan, 3.0]})
    np.testing.assert_allclose(gappy[[0, 2]], wanted, rtol=1e-12)
    assert np.isnan(gappy[1]).all()
    with pytest.raises(ek.DataError, match="'time'"):
        fit.trajectories({"dose": [0.0]})


def test_terms_come_as_text_or_as_a_list():
    said = {"predictors": ("~ girl", "girl", ["girl"], ("girl",)), "shared": ("~ dose", "dose", ["dose"], ("dose",))}
    ways = [dict(zip(said, each, strict=True)) for each in zip(*said.values(), strict=True)]
    fits = [ek.GrowthMixtureModel(FORMULA, 2, n_init=1, random_state=0, **each).fit(FRAME) for each in ways]
    for fit in fits:
        assert fit.gate_names_ == ("intercept", "girl[T.yes]")
        np.testing.assert_array_equal(fit.coefficients_, fits[0].coefficients_)


REFUSED = {
    "varying": ({"predictors": "~ dose"}, ek.DataError, r"row 1, column 'dose' is .* in the first row of its group 0\."),
    "no intercept": ({"predictors": "~ 0 + girl"}, ek.ParameterError, "intercept"),
    "a response": ({"predictors": "y ~ girl"}, ek.ParameterError, "write what classes depend on"),
    "no column": ({"predictors": "~ boy"}, ek.DataError, "'boy'"),
    "nothing": ({"predictors": "~ 1"}, ek.ParameterError, "names no column"),
    "a truth of predictors": ({"predictors": True}, ek.ParameterError, "predictors is True: write what"),
    "the intercept": ({"shared": "~ 1"}, ek.ParameterError, "shared is '~ 1': each class has an intercept of its own"),
    "the intercept beside others": ({"shared": "~ 1 + time"}, ek.ParameterError, "leave the 1 out"),
    "the intercept in a list": ({"shared": ["1", "time"]}, ek.ParameterError, "leave the 1 out"),
    "a truth": ({"shared": True}, ek.ParameterError, "shared is True: write the covariates"),
    "a number": ({"shared": 1}, ek.ParameterError, r"shared is 1: write the covariates .* or \['age', 'sex'\]"),
    "numbers": ({"shared": [1, 2]}, ek.ParameterError, r"shared is \[1, 2\]: write"),
    "an empty list": ({"shared": []}, ek.ParameterError, r"shared is \[\]: write"),
    "nothing shared": ({"shared": "~ (1)"}, ek.ParameterError, "names no covariate"),
    "a response of what is shared": ({"shared": "y ~ time"}, ek.ParameterError, "shared is 'y ~ time': write"),
    "a constant": ({"predictors": "~ one"}, ek.DataError, "the formula of predictors has a column 'one'"),
    "no effect": ({"shared": "~ girl"}, ek.ParameterError, "is none of the fixed effects"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_by_name(name):
    settings, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        ek.GrowthMixtureModel(FORMULA, 2, **settings).fit({**FRAME, "one": np.ones(len(Y))})


def test_models_refuse_what_cannot_be():
    with pytest.raises(ek.ModelError, match="'girl' is shared by all classes"):
        ek.GrowthMixture(ek.MixedModel("y", ("time",)), shared="girl")
    with pytest.raises(ek.ParameterError, match="sizes of classes depend on predictors"):
        ek.fit(MODEL, DATA, ek.SharedGrowthMixtureParams([0.5, 0.5], np.zeros((2, 3)), ek.models.EqualCovariance(1.0), 1.0))
    gappy = np.column_stack([Y, TIME, DOSE, np.where(WHO == 3, np.nan, GIRL[WHO])])
    with pytest.raises(ek.DataError, match="girl"):
        ek.fit(MODEL, ek.ArraySource(gappy, columns=DATA.columns, groups=WHO), MODEL.starts(DATA.profile, 2, [0]))
