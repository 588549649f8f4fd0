"""What models of items refuse: parameters of other models, settings that are none, priors of guesses."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.models.priors import BetaPrior

X = ek.ArraySource((np.random.default_rng(0).random((60, 5)) < 0.6).astype(float))
KINDS = [ek.GeneralisedPartialCredit()] * 5
LINES = [ek.SlopedItem([0.0], 1.0)] * 5
PLANES = [ek.SlopedPlane([0.0], own) for own in np.random.default_rng(0).normal(size=(5, 2))]
STARTS = {
    "lines": (ek.ItemResponseModel(), ek.ItemResponseModel().params(np.zeros(5), np.ones(5))),
    "items": (ek.ItemsModel(KINDS), ek.ItemsModel(KINDS).params(LINES)),
    "classes": (ek.ItemMixture(KINDS), ek.ItemMixture(KINDS).params([0.5, 0.5], [LINES, LINES])),
    "several": (ek.AbilitiesModel(2), ek.AbilitiesModel(2).params(np.zeros(5), np.random.default_rng(0).normal(size=(5, 2)))),
    "planes": (ek.ItemPlanesModel(KINDS, 2), ek.ItemPlanesModel(KINDS, 2).params(PLANES)),
}


@pytest.mark.parametrize("other", STARTS)
@pytest.mark.parametrize("name", STARTS)
def test_parameters_of_other_models_are_refused(name, other):
    if name != other:
        with pytest.raises(
            ek.ParameterError, match=r"the parameters are \w+, and those of this model are \w+Params: make them"
        ):
            ek.fit(STARTS[name][0], X, STARTS[other][1])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ek.ItemResponseModel(equal="yes"), "equal is 'yes'; it must be True or False"),
        (lambda: ek.ItemMixture(KINDS, equal_spreads=1), "equal_spreads is 1; it must be True or False"),
        (lambda: ek.ItemPlanesModel(KINDS, loads=np.ones((5, 1)), correlated="no"), "correlated is 'no'"),
        (lambda: ek.ItemMixture(KINDS, shared="all"), "shared has 'a'; items are counted from 0 to 4"),
        (lambda: ek.ItemMixture(KINDS, shared=[0.5]), "shared has 0.5"),
        (lambda: ek.ItemMixture(KINDS, shared=[True]), "shared has True"),
        (lambda: ek.ItemMixture(KINDS).params([0.5, 0.5], [None, None]), "give the items of each"),
        (lambda: ek.Guessing(prior="beta"), "it is an ek.BetaPrior"),
        (lambda: ek.Guessing(prior=(5, 17)), "it is an ek.BetaPrior"),
        (lambda: ek.ItemResponse(items="3pl", guessing="beta").fit(X.x), "guessing is 'beta'; it must be 'usual'"),
        (lambda: ek.ItemResponse(items="2pl", guessing=None).fit(X.x), "guessing=None is of items that are '3pl'"),
        (lambda: ek.ItemResponse(guessing=BetaPrior(2, 2)).fit(X.x), "is of items that are '3pl', and there are none"),
        (lambda: ek.ItemResponse(n_abilities=2, guessing=None).fit(X.x), "is of items that are '3pl'"),
        (lambda: ek.ItemResponseMixture(guessing=None).fit(X.x), "is of items that are '3pl'"),
    ],
)
def test_settings_that_are_none_are_refused(make, sentence):
    with pytest.raises(ek.EmkitError, match=sentence):
        make()


def test_the_prior_of_guesses_is_that_of_the_model():
    """The estimate maximises likelihood times the beta density that was given, and None is likelihood alone."""
    kinds = [ek.Guessing(prior=BetaPrior(8, 20))] * 6
    test = ek.ItemsModel(kinds)
    true = test.params([ek.GuessedItem(at, 1.5, 0.25) for at in np.linspace(-1, 1, 6)])
    x = test.draw(true, np.random.default_rng(1), 800)
    source = ek.ArraySource(x)
    wanted = ek.fit(test, source, test.start(source.profile), solver="anderson")
    found = ek.ItemResponse(items="3pl", guessing=BetaPrior(8, 20)).fit(x)
    assert found.result_.objective == pytest.approx(wanted.objective, abs=1e-6)
    guesses = np.array([item.guess for item in found.result_.params.items])
    log_prior = (7 * np.log(guesses) + 19 * np.log1p(-guesses)).sum()
    assert found.result_.objective - found.result_.log_likelihood == pytest.approx(log_prior, rel=1e-9)
    usual = [item.guess for item in ek.ItemResponse(items="3pl").fit(x).result_.params.items]
    assert np.mean(guesses) > np.mean(usual)
    several = ek.ItemResponse(items="3pl", n_abilities=2, guessing=BetaPrior(8, 20), nodes=9, tol=1, max_iter=5)
    with pytest.warns():
        several.fit(x)
    assert {kind.prior for kind in several.result_.model.kinds} == {BetaPrior(8, 20)}
