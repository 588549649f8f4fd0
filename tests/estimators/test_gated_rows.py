"""Hidden Markov models whose transitions and first states formulas tell."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group
from emkit.estimators.gated_rows import GatedRows

LENGTHS = [40] * 12
FREE = {"n_init": 2, "random_state": 0}


def weather(rng: np.random.Generator) -> dict[str, list]:
    """Rain of wet and dry days; pressure makes wet days end, and wards begin wet or not."""
    wet, pressure = 0, rng.normal(size=480)
    ward, rain = np.repeat(rng.integers(2, size=12), 40), []
    for t in range(480):
        chance = 0.1 + 0.8 * ward[t] if t % 40 == 0 else 1 / (1 + np.exp(1.5 * pressure[t] - (2 * wet - 1)))
        wet = int(rng.random() < chance)
        rain.append(rng.normal(4.0 * wet))
    return {"rain": rain, "pressure": pressure.tolist(), "ward": ["AB"[k] for k in ward]}


@pytest.fixture(scope="module")
def frame():
    return weather(np.random.default_rng(0))


@pytest.fixture(scope="module")
def fitted(frame):
    """Of the first states of 12 sequences, a ward tells all: its gate runs off."""
    with pytest.warns(ek.SeparationWarning):
        return _fitted(frame)


def _fitted(frame):
    return ek.HiddenMarkov("gaussian", 2, transitions="~ pressure", initial="~ ward", **FREE).fit(frame, lengths=LENGTHS)


def test_it_is_the_model_of_the_columns_that_formulas_make(frame, fitted):
    rows = np.column_stack([frame["rain"], frame["pressure"], np.array(frame["ward"]) == "B"])
    source = ek.ArraySource(rows, columns=["rain", "pressure", "B"], groups=np.repeat(np.arange(12), 40))
    family = {"rain": "gaussian", ("pressure", "B"): ek.Covariates()}
    model = ek.GatedHiddenMarkovChain(family, transitions="pressure", initial="B")
    there = ek.fit(model, source, model.starts(source.profile, 2, [0]), solver="anderson").in_order()
    assert fitted.result_.log_likelihood == pytest.approx(there.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(fitted.gates_, there.params.transitions, atol=1e-3)
    assert fitted.gate_names_ == ("intercept", "pressure")
    assert fitted.params_.initial_covariates == ("intercept", "ward[T.B]")
    assert fitted.initial_gates_.shape == (2, 2)
    assert fitted.gates_[0, 1, 1] < 0


def test_the_result_and_its_file_know_the_formulas(frame, fitted, tmp_path):
    groups = np.repeat(np.arange(12), 40)
    assert "formula ~ pressure | ward" in fitted.result_.summary()
    fitted.result_.save(tmp_path / "chain.emk")
    for known in (fitted.result_, ek.load(tmp_path / "chain.emk")):
        shares = known.predict_proba(pd.DataFrame(frame), groups=groups)
        np.testing.assert_array_equal(shares, fitted.predict_proba(frame, lengths=LENGTHS))
    there = ek.load(tmp_path / "chain.emk").with_data(frame, groups=groups)
    np.testing.assert_allclose(
        there.standard_errors().errors, fitted.result_.standard_errors().errors, rtol=1e-6, atol=1e-12, equal_nan=True
    )


def test_files_of_rows_in_sequence_are_predicted_by_formulas(frame, fitted, tmp_path):
    groups = np.repeat(np.arange(12), 40)
    fitted.result_.save(tmp_path / "chain.emk")
    pd.DataFrame({"spot": groups, **frame}).to_csv(tmp_path / "weather.csv", index=False)
    command = ["predict", str(tmp_path / "chain.emk"), str(tmp_path / "weather.csv"), "--sequence", "spot", "--json"]
    done = CliRunner().invoke(group, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [row["path"] for row in told["rows"]] == (fitted.predict(frame, lengths=LENGTHS) + 1).tolist()


def test_rows_of_a_frame_are_predicted(frame, fitted):
    states, shares = fitted.predict(frame, lengths=LENGTHS), fitted.predict_proba(frame, lengths=LENGTHS)
    assert (states == shares.argmax(axis=1)).mean() > 0.98
    assert fitted.score(frame, lengths=LENGTHS) == pytest.approx(fitted.result_.log_likelihood)
    seen = fitted.filter(frame, lengths=LENGTHS)
    first = {name: column[:5] for name, column in frame.items()}
    rest = {name: column[5:40] for name, column in frame.items()}
    again = fitted.filter(rest, before=fitted.filter(first)[-1])
    np.testing.assert_allclose(again, seen[5:40], atol=1e-12)


def test_families_by_column_and_regressions_name_what_they_describe(frame):
    more = {**frame, "noise": [0.0, 1.0] * 240}
    one, other = (
        ek.HiddenMarkov(family, 2, transitions="~ pressure", **FREE).fit(more, lengths=LENGTHS)
        for family in ({"rain": "gaussian"}, ek.NormalRegression("rain", ()))
    )
    assert one.result_.log_likelihood == pytest.approx(other.result_.log_likelihood, abs=1e-5)
    held = ek.HiddenMarkov({"rain": "gaussian"}, 2, transitions="~ pressure", initial="uniform", **FREE)
    held.fit(more, lengths=LENGTHS)
    assert held.startprob_.tolist() == [0.5, 0.5]
    assert held.result_.free_parameters == one.result_.free_parameters - 1


def test_cells_may_be_gaps_and_covariates_not(frame, fitted):
    rain = [None, *frame["rain"][1:]]
    assert np.isfinite(fitted.predict_proba({**frame, "rain": rain}, lengths=LENGTHS)).all()
    pressure = [*frame["pressure"][:3], None, *frame["pressure"][4:]]
    with pytest.raises(ek.DataError, match=r"row 3, column 'pressure' is missing.*every covariate"):
        fitted.predict({**frame, "pressure": pressure}, lengths=LENGTHS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"transitions": "pressure"}, "None, or a formula"),
        ({"transitions": "rain ~ pressure"}, "covariates and an intercept"),
        ({"transitions": "~ 0 + pressure"}, "covariates and an intercept"),
        ({"initial": "~ ward | pressure"}, "covariates and an intercept"),
        ({"initial": "ward"}, "or a formula such as"),
        ({"transitions": "~ pressure", "topology": "left-right"}, "go with neither"),
        ({"transitions": "~ pressure", "initial": "stationary"}, "go with neither"),
        ({"initial": "~ ward", "durations": "poisson", "longest": 5}, "go with neither"),
    ],
)
def test_what_cannot_be_is_refused_in_words(frame, given, said):
    with pytest.raises(ek.ParameterError, match=said):
        ek.HiddenMarkov("gaussian", 2, **given).fit(frame)


def test_rows_without_names_or_without_anything_observed_are_refused(frame, fitted):
    with pytest.raises(ek.DataError, match="columns by name"):
        ek.HiddenMarkov("gaussian", 2, transitions="~ pressure").fit(np.ones((5, 2)))
    with pytest.raises(ek.DataError, match="none is left"):
        GatedRows.of("~ rain + pressure", "~ ward", "gaussian", frame)
    with pytest.raises(ek.ModelError, match="not known of rows to come"):
        fitted.forecast({name: column[:40] for name, column in frame.items()})
    with pytest.raises(ek.ModelError, match="no one distribution"):
        fitted.get_stationary_distribution()
