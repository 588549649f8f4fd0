"""Fits from files answer what they are asked of rows, or name the one call that does."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 1)) @ np.ones((1, 4)) + RNG.standard_normal((60, 4))
WHO = np.repeat(np.arange(15), 4)
TIME = np.tile(np.arange(4.0), 15)
PEOPLE = {"y": RNG.standard_normal(15)[WHO] + TIME + RNG.standard_normal(60) / 2, "t": TIME, "who": WHO}
MEANS = r"The mean of the response of each row is result\.means\(X\)\.of_all\."
LATENT = r"Its latent numbers are result\.latent\(X\)"
ASKED = {  # the estimator, its rows, what to ask instead of `predict`, and what that is by the estimator
    "factors": (ek.FactorAnalysis(1), X, LATENT, lambda fit: fit.transform(X)),
    "items": (ek.ItemResponse(), (X > 0).astype(float), LATENT, lambda fit: fit.transform((X > 0).astype(float))[:, 0]),
    "mixed": (ek.MixedRegression("y ~ t + (1 | who)"), PEOPLE, MEANS, lambda fit: fit.predict(PEOPLE)),
    "restricted": (ek.MixedRegression("y ~ t + (1 | who)", method="reml"), PEOPLE, MEANS, lambda fit: fit.predict(PEOPLE)),
    "states": (ek.StateSpaceModel(ek.local_level()), X[:, :1], LATENT, None),
}


@pytest.fixture(scope="module", params=ASKED)
def asked(request, tmp_path_factory):
    estimator, rows, instead, told = ASKED[request.param]
    path = tmp_path_factory.mktemp("fits") / "fit.emk"
    fit = estimator.fit(rows)
    return fit, ek.load(fit.result_.save(path)), rows, instead, told


def test_predict_says_what_to_ask_instead(asked):
    fit, loaded, rows, instead, told = asked
    for one in (fit.result_, loaded):
        for ask in (one.predict, one.predict_proba, one.posterior, one.augment):
            with pytest.raises(ek.ModelError, match=instead):
                ask(rows)
    if told is not None:
        found = loaded.means(rows).of_all if instead == MEANS else loaded.latent(rows)[0]
        np.testing.assert_allclose(found, told(fit), rtol=1e-9, atol=1e-12)


def test_rows_of_new_people_without_a_response_are_told_the_same():
    fit = ek.MixedRegression("y ~ t + (1 | who)").fit(PEOPLE).result_
    with pytest.raises(ek.ModelError, match=MEANS):
        fit.predict({"t": [1.0], "who": [3]})


@pytest.mark.parametrize("name", ["factors", "items"])
def test_how_likely_rows_are_is_told_without_components(name):
    estimator, rows, _, _ = ASKED[name]
    fit = estimator.fit(rows)
    np.testing.assert_allclose(fit.result_.score_samples(rows), fit.score_samples(rows), rtol=1e-12)
    assert fit.result_.score_samples(rows).sum() == pytest.approx(fit.result_.log_likelihood, rel=1e-9)


def test_how_likely_groups_are_is_told_without_components():
    fit = ek.MixedRegression("y ~ t + (1 | who)", method="ml").fit(PEOPLE).result_
    assert fit.score_samples(PEOPLE).shape == (15,)
    assert fit.score_samples(PEOPLE).sum() == pytest.approx(fit.log_likelihood, rel=1e-9)
