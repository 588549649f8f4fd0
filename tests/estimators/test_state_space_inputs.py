"""Inputs beside series: what goes in with them comes out, and what is missing is said."""

import pickle

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from emkit.views import moving_series

NAN = np.nan
RNG = np.random.default_rng(2)
RAIN = pd.DataFrame({"rain": RNG.standard_normal(60) + 3, "heat": RNG.standard_normal(60)})
FLOW = pd.DataFrame({"flow": 0.4 * RNG.standard_normal(60).cumsum() + RAIN.to_numpy() @ [1.5, -2.0] + RNG.standard_normal(60)})
FLOW.iloc[20:25] = NAN


@pytest.fixture(scope="module")
def wet():
    return ek.StateSpaceModel("level").fit(FLOW, inputs=RAIN)


def test_inputs_of_a_fit_without_any_are_refused():
    dry = ek.StateSpaceModel("level").fit(FLOW)
    for ask in (
        lambda: dry.forecast(FLOW, 1, inputs=RAIN),
        lambda: dry.smooth(FLOW, inputs=RAIN),
        lambda: dry.sample(3, inputs=RAIN[:3]),
        lambda: dry.score(FLOW, inputs=np.ones((60, 1))),
    ):
        with pytest.raises(ek.DataError, match="there are inputs, but the fit had no inputs: leave them out"):
            ask()


def test_what_inputs_add_is_told_with_its_error(wet):
    told = wet.summary()
    assert "seen in flow, given rain; heat" in told
    errors = wet.result_.standard_errors()
    line = next(line.split() for line in told.splitlines() if line.split()[:3] == ["effect", "flow,", "heat"])
    assert float(line[3]) == pytest.approx(wet.params_.effects[0, 1], rel=1e-3)
    assert float(line[4]) == pytest.approx(errors["effects[0, 1]"], rel=1e-3)
    assert "flow, heat" in wet.result_.summary()


def test_rows_are_expected_by_their_inputs(wet):
    means, _ = wet.smooth(FLOW, inputs=RAIN)
    wanted = means[:, 0] + RAIN.to_numpy() @ wet.params_.effects[0]
    np.testing.assert_allclose(wet.predict(FLOW, inputs=RAIN)[:, 0], wanted, rtol=1e-12)
    ahead = pd.DataFrame({"rain": [1.0, 2.0], "heat": [0.0, 1.0]})
    mean, _ = wet.forecast(FLOW, 2, inputs=RAIN, inputs_ahead=ahead)
    np.testing.assert_allclose(mean[:, 0], means[-1, 0] + ahead.to_numpy() @ wet.params_.effects[0], rtol=1e-10)
    turned = wet.forecast(FLOW, 2, inputs=RAIN[["heat", "rain"]], inputs_ahead=ahead[["heat", "rain"]])[0]
    np.testing.assert_array_equal(turned, mean)  # found by name
    each, _ = wet.forecast(FLOW, 2, lengths=[40, 20], inputs=RAIN, inputs_ahead=np.stack([ahead, 2 * ahead]))
    assert each.shape == (2, 2, 1)
    assert wet.score(FLOW, inputs=RAIN) == pytest.approx(wet.result_.log_likelihood, rel=1e-12)
    assert wet.sample(60, inputs=RAIN).shape == (60, 1)
    forms = [ahead, ahead[["heat", "rain"]], {"heat": [0.0, 1.0], "rain": [1.0, 2.0]}, ahead.to_numpy(), ahead.to_numpy()[None]]
    for form in forms:
        view = moving_series(wet.result_, steps=2, inputs_ahead=form)
        np.testing.assert_allclose(view.ahead, mean[:, 0], rtol=1e-12)
    assert wet.result_.plot("smoothed", steps=2, inputs_ahead=ahead).lines
    np.testing.assert_allclose(view.means, wanted, rtol=1e-12)


def test_a_fit_with_inputs_does_what_others_do(wet, tmp_path):
    result = wet.result_
    result.save(tmp_path / "fit.emk")
    again = ek.load(tmp_path / "fit.emk")
    np.testing.assert_array_equal(again.params.effects, result.params.effects)
    assert again.model.inputs == ("rain", "heat")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(wet)).predict(FLOW, inputs=RAIN), wet.predict(FLOW, inputs=RAIN))
    replicates = result.bootstrap(8, random_state=0)
    assert np.isfinite(replicates.standard_errors()["effects[0, 0]"])
    assert "rain" in str(result.explain(step=1))
    residuals = result.model.normal_residuals(result.params, result.source)
    assert list(residuals) == [0]


def test_several_series_of_several_columns_have_inputs():
    two = np.column_stack([FLOW["flow"], FLOW["flow"] + RNG.standard_normal(60)])
    found = ek.StateSpaceModel(ek.StateSpace([[1]], [[1], [1]])).fit(two, lengths=[25, 35], inputs=RAIN.to_numpy())
    assert found.params_.effects.shape == (2, 2)
    assert found.input_names_ == ("input 1", "input 2")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda wet: wet.predict(FLOW), "the fit had inputs, 'rain', 'heat', whose values in every row"),
        (lambda wet: wet.forecast(FLOW, inputs=RAIN), "give inputs_ahead"),
        (lambda wet: moving_series(wet.result_, steps=2), "give inputs_ahead"),
        (lambda wet: moving_series(wet.result_, steps=2, inputs_ahead=RAIN[["rain"]][:2]), "inputs are 'rain', but the fit"),
        (lambda wet: ek.StateSpaceModel().fit(FLOW).forecast(FLOW, inputs_ahead=[[1.0]]), "the fit had no inputs"),
        (lambda wet: wet.forecast(FLOW, 2, inputs=RAIN, inputs_ahead=RAIN[:1]), r"shape \(1, 2\); of 2 inputs in 2 rows"),
        (lambda wet: wet.predict(FLOW, inputs=RAIN[["rain"]]), "inputs are 'rain', but the fit was of 'rain', 'heat'"),
        (lambda wet: wet.predict(FLOW, inputs=RAIN[:5]), "inputs of 5 rows, but 60 rows"),
        (lambda wet: wet.sample(3), "give `inputs`"),
        (lambda wet: ek.StateSpaceModel().fit(FLOW, inputs=RAIN.mask(RAIN.heat > 1)), "inputs take no gaps"),
        (lambda wet: ek.StateSpaceModel().fit(FLOW, inputs=RAIN.assign(heat="hot")), "columns hold names: 'heat'"),
        (lambda wet: ek.StateSpaceModel().fit(FLOW, inputs=RAIN.rename(columns={"heat": "flow"})), "a series and an input"),
    ],
)
def test_inputs_that_are_missing_or_others_are_refused(wet, ask, words):
    with pytest.raises(ek.DataError, match=words):
        ask(wet)
