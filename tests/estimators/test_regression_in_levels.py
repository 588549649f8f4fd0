"""Mixtures of regressions by formula whose response is in levels: their order, what is predicted, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import emkit as ek

ORDER = ["low", "middling", "high"]
RNG = np.random.default_rng(3)
N = 160
AGE, SEX = RNG.normal(50, 10, N).round(), np.array(["f", "m"])[RNG.integers(0, 2, N)]
CODES = np.digitize(0.08 * (AGE - 50) + 0.5 * (SEX == "m") + RNG.logistic(size=N), [-1.0, 1.0])
FRAME = pd.DataFrame({"opinion": np.array(ORDER)[CODES], "age": AGE, "sex": SEX})


def fitted(frame=FRAME, formula="opinion ~ age + sex", components=1, **more):
    return ek.MixtureRegression(formula, components, random_state=0, **{"family": "ordered", **more}).fit(frame)


def with_opinion(opinion):
    return FRAME.assign(opinion=opinion)


WANTED = fitted(levels=ORDER)


@pytest.mark.parametrize(
    "frame",
    [
        with_opinion(pd.Categorical(FRAME["opinion"], ORDER, ordered=True)),
        pl.DataFrame({**FRAME.to_dict("list"), "opinion": pl.Series(FRAME["opinion"].to_list(), dtype=pl.Enum(ORDER))}),
    ],
    ids=["pandas", "polars"],
)
def test_categories_keep_their_order(frame):
    found = fitted(frame)
    assert found.levels_ == tuple(ORDER)
    np.testing.assert_allclose(found.components_.cutpoints, WANTED.components_.cutpoints, rtol=1e-9)
    assert found.components_.thresholds == ("low|middling", "middling|high")


def test_numbers_rise_text_is_sorted_and_an_order_may_be_given():
    assert fitted().levels_ == ("high", "low", "middling")
    numbers = fitted(with_opinion(CODES * 2.5 - 1))
    assert numbers.levels_ == ("-1", "1.5", "4")
    np.testing.assert_allclose(numbers.components_.cutpoints, WANTED.components_.cutpoints, rtol=1e-9)
    turned = fitted(with_opinion(CODES), levels=[2, 1, 0])
    np.testing.assert_allclose(turned.components_.coefficients, -WANTED.components_.coefficients, rtol=1e-5)
    assert fitted(with_opinion(CODES == 1), family="multinomial").levels_ == ("False", "True")


@pytest.mark.parametrize("family", ["ordered", "multinomial"])
def test_what_is_predicted(family):
    model = fitted(family=family, levels=ORDER)
    shares = model.predict_levels(FRAME.drop(columns="opinion"))
    assert shares.shape == (N, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert model.predict(FRAME).tolist() == [ORDER[j] for j in shares.argmax(axis=1)]
    np.testing.assert_array_equal(model.predict_levels(FRAME, component=0), shares)
    own = np.log(shares[np.arange(N), CODES]).mean()
    assert model.score(FRAME) == pytest.approx(own, rel=1e-12)
    assert model.score(FRAME) == pytest.approx(model.result_.log_likelihood / N, rel=1e-9)
    np.testing.assert_array_equal(model.predict_proba(FRAME, with_response=False), np.ones((N, 1)))


def test_rows_with_gaps_have_no_level():
    model = fitted(levels=ORDER, gaps="drop")
    some = FRAME[:3].assign(age=[40.0, np.nan, 60.0])
    assert model.predict(some)[1] is None
    assert np.isnan(model.predict_levels(some)[1]).all()
    assert model.predict(some)[0] in ORDER


def test_two_classes_of_people():
    frame = FRAME.assign(person=np.repeat(np.arange(N // 8), 8), z=np.repeat(np.arange(N // 8) % 2, 8))
    eta = np.where(frame["z"] == 1, 0.3, -0.3) * (AGE - 50)
    frame["opinion"] = np.array(ORDER)[np.digitize(eta + RNG.logistic(size=N), [-1.0, 1.0])]
    model = fitted(frame, "opinion ~ age", 2, groups="person", levels=ORDER, n_init=2)
    assert model.components_.coefficients[0, 0] < 0 < model.components_.coefficients[1, 0]
    assert ((model.predict_components(frame) == 1) == (frame["z"] == 1)).mean() > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": ORDER, "family": "gaussian"}, "levels is .*gaussian responses have none; it is for family='multinomial'"),
        ({"offset": "age", "family": "multinomial"}, "offset is 'age', and multinomial responses have none"),
        ({"levels": ["low"]}, "must name at least two levels"),
        ({"levels": "low"}, "must name at least two levels"),
        ({"levels": ["low", "high"]}, "has the level 'middling', which is not among the levels"),
        ({"levels": [*ORDER, "highest"]}, "no row has the level 'highest'"),
        ({"formula": "opinion ~ 0 + age"}, "cutpoints in place of an intercept"),
        ({"formula": "opinion ~ 1"}, "needs a covariate"),
        ({"formula": "log(age) ~ sex"}, "not a column itself"),
        ({"family": "poisson"}, "choose family='multinomial' or family='ordered'"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fitted(**arguments)


def test_levels_have_no_residuals_and_numbers_no_levels():
    with pytest.raises(ek.ModelError, match="a response in levels has no mean"):
        WANTED.residuals(FRAME)
    with pytest.raises(ek.ModelError, match="a response in levels has no mean"):
        WANTED.result_.means(FRAME)
    with pytest.raises(ek.ModelError, match="is of numbers, and has no levels"):
        fitted(FRAME, "age ~ sex", family="gaussian").predict_levels(FRAME)
