"""Rows to predict that all have gaps: NaN for each, as where only some have."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import emkit as ek

NAN = float("nan")
RNG = np.random.default_rng(0)
GROUP = np.repeat(np.arange(10), 4)
FRAME = {
    "y": RNG.normal(size=40) + RNG.normal(size=10)[GROUP] + RNG.normal(size=20)[np.arange(40) // 2],
    "x": RNG.normal(size=40),
    "g": GROUP,
    "h": np.arange(40) // 2,
}
GAPS: dict[str, Any] = {"y": [1.0, 2.0], "x": [NAN, NAN], "g": [0, 1], "h": [0, 2]}
NONE_LEFT = "all 2 rows have gaps in the columns of the formula"


@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + (1 | g/h)"])
@pytest.mark.parametrize("asked", ["predict", "residuals", "sample"])
def test_mixed_models_tell_nan(formula: str, asked: str) -> None:
    model = ek.MixedRegression(formula, method="ml").fit(FRAME)
    assert np.isnan(getattr(model, asked)(GAPS)).tolist() == [True, True]
    with pytest.raises(ek.DataError, match=NONE_LEFT):
        model.score(GAPS)


def test_growth_curves_are_nan_and_groups_without_rows_are_none() -> None:
    model = ek.GrowthMixtureModel("y ~ x + (1 | g)", 1, gaps="drop").fit(FRAME)
    assert np.isnan(model.trajectories(GAPS)).all()
    with pytest.raises(ek.DataError, match=NONE_LEFT):
        model.predict(GAPS)


def test_mixtures_of_regressions_tell_nan() -> None:
    model = ek.MixtureRegression("y ~ x | x", 2, gaps="drop", n_init=2, random_state=0).fit(FRAME)
    assert np.isnan(model.predict(GAPS)).tolist() == [True, True]
    assert np.isnan(model.residuals(GAPS)).tolist() == [True, True]
    for with_response in (True, False):
        assert np.isnan(model.predict_proba(GAPS, with_response)).tolist() == [[True, True]] * 2
    assert model.predict_components(GAPS).tolist() == [-1, -1]
    with pytest.raises(ek.DataError, match=NONE_LEFT):
        model.score(GAPS)


def test_latent_classes_tell_nan() -> None:
    answers = pd.DataFrame((RNG.random((200, 4)) > 0.5).astype(float), columns=list("abcd")).assign(z=RNG.normal(size=200))
    model = ek.LatentClass(1, predictors="z", gaps="drop").fit(answers)
    gaps = answers.iloc[:2].assign(z=NAN)
    assert np.isnan(model.predict_proba(gaps)).tolist() == [[True], [True]]
    assert np.isnan(model.score_samples(gaps)).tolist() == [True, True]
    assert model.predict(gaps).tolist() == [-1, -1]


def test_no_fit_is_made_of_rows_that_all_have_gaps() -> None:
    with pytest.raises(ek.DataError, match=NONE_LEFT):
        ek.MixedRegression("y ~ x + (1 | g)").fit(GAPS)
