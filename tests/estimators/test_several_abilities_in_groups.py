"""Several abilities of people in known groups: as tests of one ability each, what is told, and items that differ."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

SIDES = np.repeat(np.eye(2), 4, axis=0)
MODEL = ek.ItemPlanesModel([ek.GeneralisedPartialCredit()] * 8, loads=SIDES, correlated=True, groups=2)
ITEMS = [ek.SlopedPlane([at], 1.3 * own) for at, own in zip([-1.0, 0.0, 0.5, 1.0] * 2, SIDES, strict=True)]
SOUTH = ek.AbilitiesOfGroup([0.6, -0.4], [1.3, 0.8], [[1.0, 0.2], [0.2, 1.0]])
TRUE = MODEL.params(ITEMS, [[1.0, 0.6], [0.6, 1.0]], [SOUTH])
X = MODEL.draw(TRUE, np.random.default_rng(0), 1500)
LABELS = np.where(X[:, -1] == 0, "north", "south")


@pytest.fixture(scope="module")
def both():
    return ek.ItemResponse(loadings=SIDES, correlated=True, nodes=25).fit(X[:, :-1], groups=LABELS)


def test_independent_abilities_of_different_items_are_tests_of_one_each():
    """The likelihood is a product of those of `ek.ItemsModel`, whose means and spreads are these."""
    apart = ek.ItemPlanesModel(MODEL.kinds, loads=SIDES, groups=2)
    source = ek.ArraySource(X[:500])
    whole = ek.fit(apart, source, apart.start(source.profile), solver="anderson")
    height, means, spreads = 0.0, [], []
    for columns in ([0, 1, 2, 3, 8], [4, 5, 6, 7, 8]):
        one = ek.ItemsModel(MODEL.kinds[:4], groups=2)
        own = ek.ArraySource(X[:500][:, columns])
        found = ek.fit(one, own, one.start(own.profile), solver="anderson")
        height += found.log_likelihood
        means.append(found.params.abilities.means[1])
        spreads.append(found.params.abilities.spreads[1])
    assert whole.log_likelihood == pytest.approx(height, abs=1e-5)
    np.testing.assert_allclose(whole.params.others[0].means, means, atol=1e-3)
    np.testing.assert_allclose(whole.params.others[0].spreads, spreads, atol=2e-3)
    assert whole.free_parameters == 2 * (8 + 2)


def test_what_people_differ_in_is_found(both):
    """Within three standard errors of what the rows were drawn from."""
    assert both.groups_ == ("north", "south")
    errors = both.result_.standard_errors()
    wanted = MODEL.coordinates(TRUE).entries(TRUE)
    assert (np.abs(errors.estimates - wanted) < 4 * errors.errors).all()
    np.testing.assert_array_equal(both.means_[0], 0.0)
    np.testing.assert_array_equal(both.spreads_[0], 1.0)
    np.testing.assert_allclose(both.means_[1], SOUTH.means, atol=0.3)
    np.testing.assert_allclose(both.ability_correlation_[:, 0, 1], [0.6, 0.2], atol=0.2)
    assert both.result_.free_parameters == 8 + 8 + 1 + 5


def test_scores_and_likelihoods_ask_for_the_group(both):
    answers = np.zeros((1, 8))
    north, south = (both.ability_scores(answers, groups=[label])[0][0] for label in ("north", "south"))
    assert (north != south).all()
    assert both.score(X[:, :-1], groups=LABELS) == pytest.approx(both.result_.log_likelihood / len(X))
    with pytest.raises(ek.DataError, match="abilities differ between groups"):
        both.transform(answers)


def test_the_summary_names_groups_and_abilities(both):
    said = both.summary()
    assert "2 abilities, 2 groups" in said
    assert max(map(len, said.splitlines())) <= 80
    lines = [" ".join(line.split()[:5]) for line in said.splitlines()]
    for start in ("south, ability 1 mean", "south, ability 2 spread", "south, ability 2, 1 correlation", "north, ability 2, 1"):
        assert any(line.startswith(start) for line in lines), start


def test_turned_abilities_tell_the_same_people():
    """Without a pattern, abilities of all groups turn with slopes, and answers are as likely as before."""
    model = ek.ItemPlanesModel(MODEL.kinds, 2, groups=2)
    steep = np.random.default_rng(1).normal(size=(8, 2))
    given = [ek.SlopedPlane([0.3], own) for own in steep]
    params = model.params(given, None, [SOUTH])
    means = [steep @ SOUTH.means, model.slopes_of(params) @ params.others[0].means]
    np.testing.assert_allclose(means[0], means[1], atol=1e-9)
    spreads = [own @ group.covariance @ own.T for own, group in ((steep, SOUTH), (model.slopes_of(params), params.others[0]))]
    np.testing.assert_allclose(spreads[0], spreads[1], atol=1e-9)
    fit = ek.ItemResponse(n_abilities=2, nodes=9, tol=1e-2, max_iter=20)
    with pytest.warns():  # so few nodes, and passes
        fit.fit(X[:300, :-1], groups=LABELS[:300])
    chunk = ek.Chunk(X[:5], np.ones(5))
    scores = fit.ability_scores(X[:5, :-1], groups=LABELS[:5])[0]
    inner = fit.result_.model.latent(fit.result_.params, chunk)[0]
    np.testing.assert_allclose(scores @ fit.slopes_.T, inner @ fit.result_.model.slopes_of(fit.result_.params).T, atol=1e-9)
    assert "south, ability 1" in fit.summary()


def test_an_item_that_differs_between_groups_is_found():
    harder = [*ITEMS[:2], ek.SlopedPlane([-1.2], ITEMS[2].slopes), *ITEMS[3:]]
    rng = np.random.default_rng(2)
    other = MODEL.params(harder, TRUE.correlations, TRUE.others)
    rows = np.where(X[:800, -1:] == 1, MODEL.redrawn(other, rng, X[:800]), X[:800])
    fit = ek.ItemResponse(loadings=SIDES, correlated=True, nodes=15, tol=1e-4)
    with pytest.warns(ek.EmkitWarning):
        found = fit.fit(rows[:, :-1], groups=LABELS[:800]).differential_items()
    assert min(found, key=lambda item: item.p_value).item == "x2"
    assert {item.df for item in found} == {2}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: MODEL.params(ITEMS, None, [SOUTH, SOUTH]), "others are 2 groups; beside the first, the model has 1"),
        (lambda: MODEL.params(ITEMS, None, [ek.AbilitiesOfGroup([0.0], [1.0], [[1.0]])]), r"others\[0\] has shapes"),
        (
            lambda: ek.ItemPlanesModel(MODEL.kinds, loads=SIDES, groups=2).params(ITEMS, None, [SOUTH]),
            r"so correlations of others\[0\] are 0",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, sentence):
    with pytest.raises(ek.ParameterError, match=sentence):
        make()
