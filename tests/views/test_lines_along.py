"""Lines and gates along a covariate, against what the estimator predicts."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from emkit.explain.subject import subject_of
from emkit.plots.kinds import drawable
from emkit.views import gate_effect, regression_lines

N = 60
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame({"x": RNG.uniform(1, 3, N), "w": RNG.normal(size=N), "ward": np.array(["A", "B", "C"])[np.arange(N) % 3]})
FRAME["y"] = np.where(np.arange(N) % 2 == 1, 1.0, -1.0) * FRAME.x + RNG.normal(size=N)


def fitted(formula, number=2):
    return ek.MixtureRegression(formula, number, random_state=0, n_init=1, max_iter=20).fit(FRAME)


@pytest.mark.filterwarnings("ignore:not converged")
@pytest.mark.parametrize(
    ("formula", "over"),
    [
        ("y ~ x", None), ("y ~ poly(x, 2)", "x"), ("y ~ poly(x, 2, raw=True)", "x"), ("y ~ x + log(x) + I(x**3)", "x"),
        ("y ~ x * w", "x"), ("y ~ w + x:w + x", "w"), ("y ~ poly(x, 2) + w", "x"),
    ],
)  # fmt: skip
def test_lines_are_what_is_predicted_along_a_column(formula, over):
    model = fitted(formula)
    view = regression_lines(subject_of(model.result_), model.params_, over)
    name = over or "x"
    assert (view.covariate, view.response, view.levels) == (name, "y", None)
    np.testing.assert_allclose(view.x, FRAME[name], rtol=1e-9)
    np.testing.assert_array_equal(view.y, FRAME.y)
    np.testing.assert_allclose(view.responsibilities, model.predict_proba(FRAME))
    rows = pd.DataFrame({"x": np.full(len(view.at), FRAME.x.mean()), "w": np.full(len(view.at), FRAME.w.mean())})
    for k in range(2):
        np.testing.assert_allclose(view.means[k], model.predict(rows.assign(**{name: view.at}), k), rtol=1e-7, atol=1e-9)
    assert json.loads(json.dumps(view.to_dict()))["covariate"] == name
    assert view.without_rows().to_dict()["x"] == []


@pytest.mark.filterwarnings("ignore:not converged")
@pytest.mark.parametrize("formula", ["y ~ ward", "y ~ 0 + ward", "y ~ C(ward, Treatment('B'))"])
def test_levels_are_places_with_names(formula):
    model = fitted(formula)
    view = regression_lines(subject_of(model.result_), model.params_)
    assert (view.covariate, view.levels) == ("ward", ("A", "B", "C"))
    np.testing.assert_array_equal(view.x, np.arange(N) % 3)
    np.testing.assert_allclose(view.means[1], model.predict({"ward": ["A", "B", "C"]}, 1))


@pytest.mark.filterwarnings("ignore:not converged")
def test_a_gate_is_what_is_known_without_the_response():
    model = fitted("y ~ x | ward + w")
    subject = subject_of(model.result_)
    of_ward, of_w = (gate_effect(subject, model.params_, over) for over in (None, "w"))
    assert (of_ward.covariate, of_ward.levels, of_ward.components) == ("ward", ("A", "B", "C"), ("1", "2"))
    rows = pd.DataFrame({"ward": ["A", "B", "C"], "w": FRAME.w.mean(), "x": 1.0})
    np.testing.assert_allclose(of_ward.proportions.T, model.predict_proba(rows, with_response=False))
    assert (of_w.at.min(), of_w.at.max()) == (FRAME.w.min(), FRAME.w.max())
    np.testing.assert_allclose(of_w.proportions.sum(axis=0), 1)
    assert json.loads(json.dumps(of_w.to_dict()))["covariate"] == "w"


def test_fits_by_no_formula_go_along_their_columns():
    source = ek.ArraySource(FRAME[["y", "x", "w"]].to_numpy(), columns=["y", "x", "w"])
    model = ek.GatedMixture(ek.NormalRegression("y", ("x",)), "w")
    fit = ek.fit(model, source, model.starts(source.profile, 2, [0]), max_evaluations=3)
    view, gate = (made(subject_of(fit), fit.params) for made in (regression_lines, gate_effect))
    b = fit.params.components.coefficients
    np.testing.assert_allclose(view.means, b[:, :1] + b[:, 1:] * view.at)
    assert (view.covariate, gate.covariate) == ("x", "w")
    odds = fit.params.gates[1, 0] + fit.params.gates[1, 1] * gate.at
    np.testing.assert_allclose(np.log(gate.proportions[1] / gate.proportions[0]), odds, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:not converged")
@pytest.mark.parametrize(
    ("formula", "over", "said"),
    [
        ("y ~ x", "nothing", "there is no column 'nothing' here; there are x"),
        ("y ~ 1", None, "no covariate"),
        ("y ~ w + exp(x * w)", "w", "no row differs in w alone: exp\\(x \\* w\\) is made of it and of others"),
        ("y ~ x + x:w", "x", "x is joined with w, which has no column of its own"),
    ],
)
def test_what_no_line_can_go_along_is_said(formula, over, said):
    model = fitted(formula, 1)
    with pytest.raises(ek.ModelError, match=said):
        model.result_.plot("lines", over=over)


def test_other_models_have_neither_lines_nor_gates():
    coins = ek.lessons.two_coins().fit()
    for made, said in ((regression_lines, "lines are those of regressions"), (gate_effect, "there is no gate")):
        with pytest.raises(ek.ModelError, match=said):
            made(subject_of(coins), coins.params)


@pytest.mark.filterwarnings("ignore:not converged")
def test_words_in_products_alone_are_refused_in_words():
    model = fitted("y ~ ward:x")
    with pytest.raises(ek.ModelError, match="ward stands in products alone"):
        regression_lines(subject_of(model.result_), model.params_, "ward")
    assert "trace" in drawable(model.result_)
