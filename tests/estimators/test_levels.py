"""Answers by name: text, categories, truths and codes from 1 on are levels; results, figures and JSON show the names."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group

NAMES = np.array(["always", "never", "often", "rarely"])  # in sorted order, as codes are given


def answers(rows: int = 300) -> np.ndarray:
    """Codes 0 to 3 of four items, in two classes."""
    rng = np.random.default_rng(0)
    tables = np.array([[0.1, 0.4, 0.1, 0.4], [0.4, 0.1, 0.4, 0.1]])
    classes = rng.integers(2, size=rows)
    return np.stack([np.array([rng.choice(4, p=tables[k]) for k in classes]) for _ in range(4)], axis=1)


CODES = answers()
COLUMNS = ["food", "sleep", "work", "play"]
FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "codes": lambda codes: codes,
    "codes from 1": lambda codes: codes + 1,
    "codes with gaps between": lambda codes: np.array([2, 5, 7, 40])[codes],
    "text": lambda codes: NAMES[codes],
    "lists of text": lambda codes: NAMES[codes].tolist(),
    "pandas text": lambda codes: pd.DataFrame(NAMES[codes], columns=COLUMNS),
    "pandas categories": lambda codes: pd.DataFrame(NAMES[codes], columns=COLUMNS).astype(pd.CategoricalDtype(NAMES)),
    "polars text": lambda codes: pl.DataFrame({name: NAMES[codes[:, j]] for j, name in enumerate(COLUMNS)}),
    "polars enum": lambda codes: pl.DataFrame({name: NAMES[codes[:, j]] for j, name in enumerate(COLUMNS)}).cast(
        pl.Enum(NAMES.tolist())
    ),
}


def fitted(x: Any, **options: Any) -> ek.MixtureModel:
    return ek.MixtureModel("categorical", 2, random_state=0, n_init=3, **options).fit(x)


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_levels_are_called_it_is_one_fit(form):
    plain, other = fitted(CODES), fitted(FORMS[form](CODES))
    assert other.result_.free_parameters == plain.result_.free_parameters == 1 + 2 * 4 * 3
    assert other.result_.log_likelihood == plain.result_.log_likelihood
    assert other.bic(FORMS[form](CODES)) == pytest.approx(plain.result_.bic, rel=1e-12)
    np.testing.assert_array_equal(other.predict_proba(FORMS[form](CODES[:20])), plain.predict_proba(CODES[:20]))


@pytest.mark.parametrize("form", ["codes from 1", "pandas text", "polars enum"])
def test_a_level_that_the_fit_does_not_know_is_refused_by_name(form):
    model = fitted(FORMS[form](CODES[CODES[:, 1] != 3]))
    row = int(np.flatnonzero(CODES[:, 1] == 3)[0])
    known = {"codes from 1": "4; its levels are 1, 2, 3,", "pandas text": "'rarely'; its levels are always, never, often,"}
    asked = known.get(form)
    if asked is None:  # an enum declares levels that do not occur
        assert model.params_.components.levels[1] == 4
        return
    with pytest.raises(ek.DataError, match=rf"row {row}, column .* is {asked} and a fit knows no other"):
        model.predict(FORMS[form](CODES))


def test_declared_names_put_codes_in_their_order():
    order = ("never", "rarely", "often", "always")
    model = ek.MixtureModel(ek.Categorical((order,) * 4), 2, random_state=0, n_init=3).fit(FORMS["pandas text"](CODES))
    assert model.result_.source.levels == (order,) * 4
    assert model.result_.log_likelihood == pytest.approx(fitted(CODES).result_.log_likelihood, rel=1e-9)
    with pytest.raises(ek.DataError, match="column 'food' is 'always'; its levels are yes, no"):
        ek.MixtureModel(ek.Categorical((("yes", "no"),) * 4), 2).fit(FORMS["pandas text"](CODES[CODES[:, 0] == 0]))


def test_summary_json_explanation_and_figure_show_the_names():
    result = fitted(FORMS["pandas text"](CODES)).result_
    assert "probability  food = always" in result.summary()
    assert result.to_dict()["levels"]["work"] == NAMES.tolist()
    assert "probability_1_food[never]" in str(result.explain())
    ax = result.plot("classification")
    assert [label.get_text() for label in ax.get_xticklabels()] == NAMES.tolist()
    stored = pickle.loads(pickle.dumps(fitted(FORMS["pandas text"](CODES))))
    assert stored.result_.source.levels == result.source.levels
    np.testing.assert_array_equal(stored.predict(FORMS["pandas text"](CODES)), fitted(CODES).predict(CODES))


def test_truths_are_levels_and_numbers_alike():
    truths = pd.DataFrame(CODES > 1, columns=COLUMNS)
    levels = fitted(truths)
    assert levels.result_.source.levels == (("False", "True"),) * 4
    numbers = ek.MixtureModel("bernoulli", 2, random_state=0, n_init=3).fit(truths)
    assert levels.result_.log_likelihood == pytest.approx(numbers.result_.log_likelihood, rel=1e-6)


@pytest.mark.parametrize("estimator", [ek.GaussianMixture(2), ek.MixtureModel("poisson", 2)])
def test_names_are_no_numbers(estimator):
    with pytest.raises(ek.DataError, match=r"column 'food' holds names \(always, never, often \.\.\.\), and this family needs"):
        estimator.fit(FORMS["pandas text"](CODES))


GAPS: dict[str, Any] = {
    "masked": np.ma.masked_equal(np.column_stack([np.arange(6.0), [0, 1, 0, 1, -9, 1]]), -9),
    "pandas NA": pd.DataFrame({"x0": range(6), "x1": pd.array([0, 1, 0, 1, None, 1], dtype="Int64")}),
    "polars null": pl.DataFrame({"x0": range(6), "x1": [0, 1, 0, 1, None, 1]}),
    "text": pd.DataFrame({"x0": list("abcabc"), "x1": ["u", "v", "u", "v", None, "v"]}),
    "NaN": np.column_stack([np.arange(6.0), [0, 1, 0, 1, np.nan, 1]]),
}


@pytest.mark.parametrize("kind", [kind for kind in GAPS if kind != "text"])
@pytest.mark.parametrize("by", ["estimator", "fit"])
def test_a_gap_is_named_by_row_and_column_where_none_is_admitted(kind, by):
    start = ek.MixtureParams([1.0], ek.MultinomialParams([[0.5, 0.5]]))
    model = ek.Mixture(ek.Multinomial())
    ways = {"estimator": ek.MixtureModel("multinomial", 2).fit, "fit": lambda data: ek.fit(model, data, start)}
    with pytest.raises(
        ek.DataError,
        match=r"row 4, column 'x1' is nan; every value must be a finite number, as .* takes no gaps.*`emkit families`",
    ):
        ways[by](GAPS[kind])


@pytest.mark.parametrize("kind", GAPS)
def test_a_gap_is_missing_and_never_a_number(kind):
    found = ek.MixtureModel("categorical" if kind == "text" else "poisson", 1).fit(GAPS[kind])
    if kind == "text":
        np.testing.assert_allclose(found.components_.columns[1].probabilities, [[2 / 5, 3 / 5]])
    else:
        np.testing.assert_allclose(found.components_.rates, [[15 / 6, 3 / 5]])
    assert found.predict(GAPS[kind]).tolist() == [0] * 6


@pytest.mark.parametrize("family", ["poisson", "categorical"])
def test_a_column_of_gaps_is_refused_by_name(family):
    with pytest.raises(ek.DataError, match="column 'x1' is missing in every row, so nothing can be learned of it"):
        ek.MixtureModel(family, 2).fit(np.column_stack([np.arange(6.0) % 3, np.full(6, np.nan)]))


def test_rows_with_gaps_can_be_predicted_where_none_had_any():
    rng = np.random.default_rng(0)
    x = rng.poisson([[1.0, 2.0]] * 50 + [[9.0, 12.0]] * 50).astype(float)
    model = ek.MixtureModel("poisson", 2, random_state=0).fit(x)
    seen = ek.MixtureModel("poisson", 2, random_state=0)
    holes = np.where([[False, True]], np.nan, x)
    rates = model.components_.rates[:, 0]
    joint = model.weights_ * np.exp(x[:, :1] * np.log(rates) - rates)
    np.testing.assert_allclose(model.predict_proba(holes), joint / joint.sum(axis=1, keepdims=True), rtol=1e-9)
    assert seen.__sklearn_tags__().input_tags.allow_nan
    assert not ek.MixtureModel("multinomial").__sklearn_tags__().input_tags.allow_nan


@pytest.mark.parametrize("gap", [None, "2020-05-01"])
def test_dates_are_refused_with_advice(gap):
    dates = pd.DataFrame({"when": pd.to_datetime(["2020-01-01", gap, "2021-01-01", "2022-01-01"])})
    with pytest.raises(ek.DataError, match=r"column 'when' holds dates .* such as days since the first"):
        ek.GaussianMixture(2).fit(dates)


def test_the_command_line_reads_words_as_levels(tmp_path):
    file = tmp_path / "answers.csv"
    FORMS["pandas text"](CODES).to_csv(file, index=False)
    shown = CliRunner().invoke(group, ["fit", str(file), "--model", "categorical", "-k", "2", "--starts", "3"])
    assert shown.exit_code == 0
    assert "food = never" in shown.output
    numbers = tmp_path / "numbers.csv"
    pd.DataFrame(CODES + 1, columns=COLUMNS).to_csv(numbers, index=False)
    shown = CliRunner().invoke(group, ["fit", str(numbers), "--model", "categorical", "-k", "2", "--starts", "3"])
    assert "food = 4" in shown.output
    assert "food = 0" not in shown.output


def test_a_row_that_no_component_can_explain():
    x = np.array([[0, 1], [0, 1], [1, 0], [1, 0], [0, 1], [1, 0]], dtype=float)
    model = ek.MixtureModel("bernoulli", 2, random_state=0).fit(x)
    new = np.array([[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    assert np.isneginf(model.score_samples(new)).tolist() == [False, True, False]
    assert model.score(new) == -np.inf
    for method in (model.predict, model.predict_proba, model.transform):
        with pytest.raises(ek.DataError, match="row 1 is impossible under every component"):
            method(new)
    assert model.predict(new[[0, 2]]).tolist() == model.predict(x[[0, 2]]).tolist()


FITTED = {
    "numbers": lambda: ek.GaussianMixture(1).fit([[1.0], [2.0], [4.0]]),
    "counts": lambda: ek.MixtureModel("poisson", 1).fit([[1.0], [2.0], [4.0]]),
    "codes": lambda: ek.MixtureModel("categorical", 1).fit([[0.0], [1.0], [2.0]]),
}


@pytest.mark.parametrize("kind", FITTED)
def test_text_at_prediction_is_never_read_as_numbers(kind):
    model = FITTED[kind]()
    for text in (np.array([["a"], ["b"]]), [["a"], ["b"]], np.array([["a"], ["b"]], dtype=object)):
        with pytest.raises(ek.DataError, match=r"column 'x0' holds names \(a, b\), where numbers are asked for"):
            model.score_samples(text)


def test_truths_at_the_fit_are_numbers_at_prediction():
    frame = pd.DataFrame({"a": [True, False, True, True], "b": [False, False, True, False]})
    for estimator in (ek.MixtureModel("bernoulli", 1), ek.MixtureModel("categorical", 1)):
        fitted = estimator.fit(frame)
        np.testing.assert_allclose(fitted.score_samples(frame.astype(int)), fitted.score_samples(frame))


@pytest.mark.parametrize(
    "rows",
    [
        [[np.datetime64("2020-01-01")], [np.datetime64("NaT")], [np.datetime64("2021-02-01")]],
        [[np.timedelta64(3, "D")], [np.timedelta64(5, "D")], [np.timedelta64("NaT")]],
        [[pd.Timestamp("2020-01-01")], [pd.Timestamp("2020-01-02")], [pd.NaT]],
        np.array([[1.0], [pd.NA], [3.0]], dtype=object),
        [np.ma.array([1.0], mask=[1]), np.ma.array([2.0]), np.ma.array([4.0])],
    ],
    ids=["dates", "spans", "stamps", "NA", "masked rows"],
)
def test_lists_and_objects_hide_no_gaps_and_no_dates(rows):
    with pytest.raises(ek.DataError, match=r"holds (dates|spans of time)|is nan; every value must be a finite number"):
        ek.MixtureModel("multinomial").fit(rows)


def test_declared_names_hold_in_fit_as_in_estimators():
    family = ek.Categorical((("low", "high"),))
    start = ek.MixtureParams([1.0], ek.CategoricalParams([[[0.5, 0.5]]]))
    result = ek.fit(ek.Mixture(family), [["low"], ["low"], ["high"]], start)
    assert result.source.levels == (("low", "high"),)
    np.testing.assert_allclose(result.params.components.columns[0].probabilities, [[2 / 3, 1 / 3]])
    with pytest.raises(ek.DataError, match="is 'mid'; its levels are low, high"):
        ek.fit(ek.Mixture(family), [["low"], ["mid"]], start)


@pytest.mark.parametrize("levels", [(("low", "low", "high"),), 3, (None,), ("abc",), (True,), (2.5,), (0,), ((),)])
def test_levels_that_cannot_be_declared(levels):
    with pytest.raises(ek.ModelError, match=r"level"):
        ek.Categorical(levels)


def test_the_page_shows_the_names(tmp_path):
    page = fitted(FORMS["pandas text"](CODES)).result_.to_html(tmp_path / "fit.html")
    assert '"levels":["always","never","often","rarely"]' in page.read_text(encoding="utf-8").replace(", ", ",")


def test_new_rows_may_lack_a_column_altogether():
    rows = np.random.default_rng(0).poisson([[1.0, 5.0], [6.0, 2.0]], (20, 2, 2)).reshape(-1, 2).astype(float)
    found = ek.MixtureModel("poisson", 2, random_state=0, n_init=1).fit(rows)
    new = np.array([[np.nan, 3.0], [np.nan, 0.0]])
    assert (np.array(found.result_.augment(new)["component"]) - 1).tolist() == found.predict(new).tolist()
