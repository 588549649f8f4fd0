"""Mixed models by formula: an independent peer, predictions, files, and data and formulas that cannot be."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

import emkit as ek
from emkit.data.design.random_terms import mixed_formula
from emkit.estimators import MixedRegression

G, N = 8, 5
TIME = np.tile(np.arange(N), G) * 1.0
NAMES = np.repeat([f"g{i}" for i in range(G)], N)
RNG = np.random.default_rng(5)
EFFECTS = RNG.normal(size=(G, 2)) * [1.0, 0.4]
Y = 1 + EFFECTS[:, 0].repeat(N) + (0.5 + EFFECTS[:, 1].repeat(N)) * TIME + 0.3 * RNG.normal(size=G * N)
FRAME = {"y": Y, "t": TIME, "id": NAMES}


def fitted(formula="y ~ t + (t | id)", frame=None, **options):
    return MixedRegression(formula, **options).fit(FRAME if frame is None else frame)


def beside(**columns):
    return {**FRAME, **columns}


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("effects", ["t", "1"])
def test_statsmodels_agrees(method, effects):
    pandas, formula = pytest.importorskip("pandas"), pytest.importorskip("statsmodels.formula.api")
    frame = pandas.DataFrame(FRAME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its optimiser
        peer = formula.mixedlm("y ~ t", frame, groups=frame.id, re_formula=f"~{effects}").fit(reml=method == "reml")
    own = fitted(f"y ~ t + ({effects} | id)", frame, method=method, tol=1e-10)
    assert own.result_.log_likelihood == pytest.approx(peer.llf, abs=1e-6)
    np.testing.assert_allclose(own.coefficients_, peer.fe_params, rtol=1e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(own.coefficient_covariance_)), peer.bse_fe, rtol=1e-3)
    np.testing.assert_allclose(own.effect_covariance_, peer.cov_re, rtol=5e-3, atol=1e-4)
    assert own.error_variance_ == pytest.approx(peer.scale, rel=1e-3)
    theirs = np.array([peer.random_effects[name] for name in own.groups_])
    np.testing.assert_allclose(own.effects_, theirs, atol=2e-3)


def test_rows_come_in_any_order():
    order = np.random.default_rng(3).permutation(G * N)
    own, other = fitted(), fitted(frame={name: column[order] for name, column in FRAME.items()})
    assert other.result_.log_likelihood == pytest.approx(own.result_.log_likelihood, rel=1e-10)
    places = [own.groups_.index(name) for name in other.groups_]
    np.testing.assert_allclose(other.effects_, own.effects_[places], rtol=1e-4, atol=1e-5)


def test_predictions_have_the_effects_of_groups_that_are_known():
    model = fitted()
    new = {"t": [2.0, 2.0], "id": ["g3", "stranger"]}
    whole = model.coefficients_ @ [1.0, 2.0]
    np.testing.assert_allclose(model.predict(new), [whole + model.effects_[3] @ [1.0, 2.0], whole], rtol=1e-12)
    np.testing.assert_allclose(model.predict({"t": [2.0]}, random=False), whole, rtol=1e-12)
    np.testing.assert_allclose(model.residuals(FRAME), Y - model.predict(FRAME), rtol=1e-12)
    assert np.isnan(model.predict({"t": [np.nan, 1.0], "id": ["g3", "g4"]})).tolist() == [True, False]


def test_the_score_is_the_mean_log_likelihood():
    model = fitted(method="ml", tol=1e-12)
    assert model.score(FRAME) == pytest.approx(model.result_.log_likelihood / (G * N), rel=1e-9)


def test_samples_vary_between_groups_as_the_fit_says():
    model = fitted("y ~ t + (1 | id)", random_state=0)
    many = {"t": np.zeros(4000), "id": np.repeat(np.arange(2000), 2)}
    drawn = model.sample(many).reshape(-1, 2)
    assert np.cov(drawn.T)[0, 1] == pytest.approx(model.effect_covariance_[0, 0], rel=0.15)
    assert drawn.var() == pytest.approx(model.effect_covariance_[0, 0] + model.error_variance_, rel=0.1)


def test_fits_travel(tmp_path):
    model = fitted()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(FRAME), model.predict(FRAME))
    loaded = ek.load(model.result_.save(tmp_path / "fit.emk"))
    assert loaded.params.within == model.error_variance_


def test_two_bars_keep_effects_apart():
    model = fitted("y ~ t + (t || id)")
    assert model.effect_covariance_[0, 1] == 0
    assert model.result_.free_parameters == 3
    assert fitted(covariance="diagonal").result_.log_likelihood == pytest.approx(model.result_.log_likelihood, rel=1e-12)


def test_gaps_are_left_out_and_told():
    gaps = np.isin(np.arange(G * N), [0, 7])
    with pytest.warns(ek.EmkitWarning, match="2 of 40 rows have gaps"):
        some = fitted("y ~ t + (1 | id)", beside(y=np.where(gaps, np.nan, Y)))
    fewer = fitted("y ~ t + (1 | id)", {name: column[~gaps] for name, column in FRAME.items()})
    assert some.result_.log_likelihood == pytest.approx(fewer.result_.log_likelihood, rel=1e-12)
    with pytest.raises(ek.DataError, match="row 0, column 'y' is missing"):
        fitted("y ~ t + (1 | id)", beside(y=np.where(gaps, np.nan, Y)), gaps="refuse")


def test_groups_of_weight_0_are_none():
    fewer = fitted("y ~ t + (1 | id)", {name: column[N:] for name, column in FRAME.items()})
    weighted = MixedRegression("y ~ t + (1 | id)").fit(FRAME, sample_weight=(NAMES != "g0").astype(float))
    assert weighted.result_.log_likelihood == pytest.approx(fewer.result_.log_likelihood, rel=1e-12)


def test_a_variance_of_0_is_told():
    y = np.tile([12.1, 9.4, 10.8, 11.3, 10.2], G) + TIME
    with pytest.warns(ek.EmkitWarning, match="the variance of 'intercept' between groups is 0"):
        model = fitted("y ~ t + (1 | id)", beside(y=y))
    assert model.still_ == ("intercept",)
    assert model.effect_covariance_.item() == 0
    assert model.result_.boundary == ("between.covariance[0, 0]",)
    assert "edge" in model.summary()


def test_the_summary_names_what_varies():
    told = fitted().summary(width=100)
    for words in ("restricted log-likelihood", "40 rows in 8 groups", "intercept", "deviation", "correlations", "Converged"):
        assert words in told


def test_formulas_are_taken_apart():
    said = mixed_formula("log(y) ~ (1 + `a b` | id) + x - 1")
    assert (said.fixed, said.random, said.groups, said.apart) == ("log(y) ~ x - 1", "1 + `a b`", "id", False)
    assert mixed_formula("y ~ (1 | id) - 1 + x").fixed == "y ~ 1 - 1 + x"

    both = mixed_formula("y ~ (x || a/b)")
    assert (both.groups, both.random, both.apart, both.inner.random, both.inner.groups, both.inner.apart) == (
        "a", "x", True, "x", "b", True,
    )  # fmt: skip


ONES, EVEN = np.ones(G * N), np.repeat(np.arange(20), 2)
HOSTILE = {
    "constant covariate": ("y ~ t + c + (1 | id)", beside(c=ONES), "1 in every row"),
    "constant effect": ("y ~ t + (c | id)", beside(c=ONES), "random effects has a column 'c'"),
    "collinear": ("y ~ t + u + (1 | id)", beside(u=2 * TIME + 1), "multiple of 't'"),
    "collinear effects": ("y ~ t + (t + u | id)", beside(u=2 * TIME + 1), "random effects has a column 'u'"),
    "constant response": ("y ~ t + (1 | id)", beside(y=ONES), "never varies"),
    "exact line": ("y ~ t + (1 | id)", beside(y=1 + 2 * TIME), "reproduce the response"),
    "exact groups": ("y ~ t + (1 | id)", beside(y=TIME + np.repeat(np.arange(G) ** 2.0, N)), "reproduce the response"),
    "groups of one": ("y ~ t + (1 | id)", beside(id=np.arange(G * N)), "40 rows in 40 groups"),
    "one group": ("y ~ t + (1 | id)", beside(id=["a"] * G * N), "one group"),
    "more effects than rows": ("y ~ t + (poly(t, 4) | id)", FRAME, "5 random effects"),
    "as many effects as rows": ("y ~ t + (t | id)", beside(id=EVEN), "2 random effects"),
    "no response": ("y ~ t + (1 | id)", beside(y=ONES * np.nan), "none is left"),
    "infinite": ("y ~ t + (1 | id)", beside(y=np.where(TIME == 2, np.inf, Y)), "row 2: y is inf"),
    "text response": ("y ~ t + (1 | id)", beside(y=["a", "b"] * 20), "one column of numbers"),
    "group without a name": ("y ~ t + (1 | id)", beside(id=["a"] * 39 + [None]), "group of row 39 is missing"),
    "no such column": ("y ~ t + (1 | who)", FRAME, "'who'"),
    "no random effects": ("y ~ t", FRAME, "no random effects"),
    "a gate": ("y ~ t | id", FRAME, "no random effects"),
    "several": ("y ~ t + (1 | id) + (0 + t | id)", FRAME, "several brackets"),
    "inner groups of a row": ("y ~ t + (1 | id/t)", FRAME, "40 inner groups cannot tell 1 random effect of each inner group"),
    "three levels": ("y ~ t + (1 | a/b/c)", FRAME, "more than two levels"),
    "within itself": ("y ~ t + (1 | id/id)", FRAME, "within themselves"),
    "an inner group alone": ("y ~ t + (1 | id) + (1 | t:who)", FRAME, "Crossed groups are not fitted"),
    "crossed": ("y ~ t + (1 | id) + (1 | h)", beside(h=[*"abcde"] * 8), "Crossed groups are not fitted"),
    "the same groups": ("y ~ t + (1 | id) + (1 | h)", beside(h=[f"h{name}" for name in NAMES]), "are the same groups"),
    "three brackets": ("y ~ t + (1 | id) + (1 | id:a) + (1 | id:b)", FRAME, "Crossed groups are not fitted"),
    "an inner group without a name": ("y ~ t + (1 | id/h)", beside(h=[None, *"abab" * 9, *"abc"]), "group of row 0 is missing"),
    "no such inner column": ("y ~ t + (1 | id/who)", FRAME, "'who'"),
    "one inner group each": ("y ~ t + (1 | id/h)", beside(h=np.ones(G * N)), "8 inner groups in 8 groups"),
    "nesting of covariates": ("y ~ t / id + (1 | id)", FRAME, "nesting"),
    "levels in two ways": (
        "y ~ t + (h | id) + (0 + h | id:k)",
        beside(h=["a", "b"] * 20, k=[1, 1, 2, 2, 2] * 8),
        "both with an intercept",
    ),
    "interaction": ("y ~ t + (1 | id:t)", FRAME, "name of one column"),
    "nothing before the bar": ("y ~ t + (0 | id)", FRAME, "nothing that varies"),
    "nothing behind the bar": ("y ~ t + (1 | )", FRAME, "name of one column"),
    "a product": ("y ~ t * (1 | id)", FRAME, "not added"),
    "two responses": ("y + t ~ (1 | id)", FRAME, "one column of numbers"),
    "no left side": ("~ t + (1 | id)", FRAME, "one column of numbers"),
    "an array": ("y ~ t + (1 | id)", np.ones((4, 3)), "none"),
    "no text": (3, FRAME, "is a int"),
}


@pytest.mark.parametrize(("formula", "frame", "message"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_is_refused(formula, frame, message):
    with pytest.raises(ek.EmkitError, match=message):
        fitted(formula, frame)


@pytest.mark.parametrize(
    "options", [{"method": "map"}, {"covariance": "full"}, {"gaps": "keep"}, {"n_init": 0}, {"solver": "x"}]
)
def test_settings_that_cannot_be_are_refused(options):
    with pytest.raises(ek.ParameterError, match=next(iter(options))):
        fitted(**options)


def test_weights_are_of_groups():
    with pytest.raises(ek.DataError, match="a weight is of a group"):
        MixedRegression("y ~ t + (1 | id)").fit(FRAME, sample_weight=np.arange(1.0, 41.0))
