"""What an estimator advises is something that its user can do: settings by their names, and priors that its model takes."""

from __future__ import annotations

import inspect
import re
import warnings

import numpy as np
import pytest

import emkit as ek
import emkit.estimators as face

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((60, 4)) @ RNG.standard_normal((4, 4))
HOLES = np.where(RNG.random((60, 4)) < 0.1, np.nan, ROWS)
ABILITY = RNG.standard_normal((60, 1))
ANSWERS = (RNG.random((60, 5)) < 1 / (1 + np.exp(-ABILITY * 1.5))).astype(int)
GROUPS = np.repeat(np.arange(15), 4)
EFFECTS = RNG.standard_normal(15)[GROUPS]
LINES = {"y": EFFECTS + ROWS[:, 0], "t": np.tile(np.arange(4.0), 15), "x": ROWS[:, 1], "who": GROUPS}
CLASS = np.arange(60) % 2
SORT = np.array(["a", "b"])[CLASS]

CUT_SHORT = {
    "ConfirmatoryFactorAnalysis": lambda short: ek.ConfirmatoryFactorAnalysis("f =~ x0 + x1 + x2 + x3", **short).fit(
        {f"x{j}": ROWS[:, j] for j in range(4)}
    ),
    "Discriminant": lambda short: ek.Discriminant("gaussian", 2, random_state=0, **short | {"max_iter": 1}).fit(ROWS, CLASS),
    "FactorAnalysis": lambda short: ek.FactorAnalysis(1, **short).fit(HOLES),
    "GaussianMixture": lambda short: ek.GaussianMixture(2, random_state=0, **short).fit(ROWS),
    "GrowthMixtureModel": lambda short: ek.GrowthMixtureModel("y ~ t + (1 | who)", 2, n_init=1, random_state=0, **short).fit(
        LINES
    ),
    "HiddenMarkov": lambda short: ek.HiddenMarkov("gaussian", 2, random_state=0, **short).fit(ROWS),
    "ItemResponse": lambda short: ek.ItemResponse(**short).fit(ANSWERS),
    "ItemResponseMixture": lambda short: ek.ItemResponseMixture(2, n_init=1, random_state=0, **short).fit(ANSWERS),
    "LatentClass": lambda short: ek.LatentClass(2, random_state=0, **short).fit(ANSWERS),
    "MixedRegression": lambda short: ek.MixedRegression("y ~ t + (1 | who)", **short).fit(LINES),
    "MixtureModel": lambda short: ek.MixtureModel("gaussian-diag", 2, random_state=0, **short).fit(ROWS),
    "MixtureRegression": lambda short: ek.MixtureRegression("y ~ t", 2, random_state=0, **short).fit(LINES),
    "NormalMissing": lambda short: ek.NormalMissing(**short).fit(HOLES),
    "StateSpaceModel": lambda short: ek.StateSpaceModel(ek.local_level(), **short).fit(ROWS[:, :1].cumsum(axis=0)),
}


def test_every_estimator_with_a_budget_is_on_the_list():
    every = {name for name in face.__all__ if "max_iter" in inspect.signature(getattr(face, name).__init__).parameters}
    assert every == CUT_SHORT.keys()


@pytest.mark.parametrize("name", CUT_SHORT)
@pytest.mark.filterwarnings("ignore::emkit.EmkitWarning")
def test_a_budget_that_is_spent_is_told_as_the_setting_of_the_estimator(name):
    short = {"max_iter": 2} | ({"nodes": 41} if name.startswith("Item") else {})
    found = CUT_SHORT[name](short)
    result = getattr(found, "result_", found)
    assert result.outcome.status is ek.Status.BUDGET
    assert "max_iter" in result.outcome.sentence
    for text in (str(result.outcome), str(result.summary()), str(found.summary()) if hasattr(found, "summary") else ""):
        assert "max_evaluations" not in text


def test_a_last_step_that_is_cut_short_names_the_setting(monkeypatch):
    monkeypatch.setattr("emkit.estimators.in_steps.PASSES", 0)
    frame = {f"x{j}": ANSWERS[:, j] for j in range(5)} | {"age": ROWS[:, 0]}
    with pytest.warns(ek.ConvergenceWarning, match="the last step: .*aise max_iter"):
        ek.LatentClass(2, predictors="~ age", steps=2, random_state=0).fit(frame)


def test_a_fit_by_function_is_told_what_the_function_calls_it():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    short = ek.fit(ek.Mixture("poisson"), ANSWERS.sum(axis=1), start, max_evaluations=2)
    assert "max_evaluations" in short.outcome.sentence


def apart(name):
    """A fit whose log-odds or slopes run off."""
    tells = CLASS.astype(float)
    if name == "GrowthMixtureModel":
        steep = np.arange(15)[GROUPS] % 2
        frame = {**LINES, "y": LINES["y"] + 9.0 * steep * LINES["t"], "steep": steep}
        return ek.GrowthMixtureModel("y ~ t + (1 | who)", 2, predictors="~ steep", n_init=2, random_state=0).fit(frame)
    if name == "LatentClass":
        frame = {f"x{j}": np.where(RNG.random(60) < 0.05, 1 - CLASS, CLASS) for j in range(6)} | {"sort": SORT}
        return ek.LatentClass(2, predictors="~ sort", steps=2, random_state=0).fit(frame)
    if name == "gate":
        frame = {"y": 9 * tells + 0.1 * ROWS[:, 0], "x": ROWS[:, 1], "sort": SORT}
        return ek.MixtureRegression("y ~ 1 | sort", 2, random_state=0).fit(frame)
    if name == "HiddenMarkov":
        frame = {"y": 9 * tells + 0.1 * ROWS[:, 0], "sort": SORT}
        return ek.HiddenMarkov({"y": "gaussian"}, 2, initial="~ sort", random_state=0).fit(frame, lengths=[1] * 60)
    return ek.MixtureRegression("z ~ y", 1, family="binomial").fit({"z": CLASS, "y": tells})


@pytest.mark.parametrize("name", ["GrowthMixtureModel", "LatentClass", "gate", "HiddenMarkov", "components"])
def test_what_is_advised_of_separation_can_be_done(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = apart(name)
    (told,) = {str(each.message) for each in caught if each.category is ek.SeparationWarning}
    result = found.result_
    assert told in " ".join(str(result.summary()).split())
    path = result.infinite[0].split("[")[0]
    if "WithPrior" in told:
        ek.WithPrior(result.model, {path: lambda values: -(values**2).sum() / 2})
    else:
        with pytest.raises(ek.ModelError):
            ek.WithPrior(result.model, {path: lambda values: -(values**2).sum() / 2})
    assert ("ridge" in told) == (name == "components")
    for estimator in re.findall(r"ridge=1 of ek\.(\w+)", told):
        assert "ridge" in inspect.signature(getattr(ek, estimator)).parameters
