"""The estimator of mixtures of people: what it tells of rows, chooses, keeps, and refuses."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import emkit as ek
from emkit.estimators.item_mixture import _sums
from emkit.estimators.place_sums import over_enough_places

WAYS = [[ek.UnitSlopeItem([sign * at]) for at in (-2, -1, -1, 1, 1, 2)] for sign in (1, -1)]
MODEL = ek.ItemMixture([ek.PartialCredit()] * 6)
TRUE = MODEL.params([0.4, 0.6], WAYS)
X, OF = MODEL.draw(TRUE, np.random.default_rng(0), 600)


@pytest.fixture(scope="module")
def two():
    return ek.ItemResponseMixture(2, n_init=3, random_state=0).fit(X)


def test_what_is_told_of_rows_is_that_of_the_model(two):
    params, model = two.result_.params, two.result_.model
    chunk = ek.Chunk(X, np.ones(len(X)))
    shares = model.posterior(params, chunk).responsibilities
    np.testing.assert_array_equal(two.predict_proba(X), shares)
    np.testing.assert_array_equal(two.predict(X), shares.argmax(axis=1))
    np.testing.assert_array_equal(two.result_.predict_proba(X), shares)
    np.testing.assert_allclose(two.result_.predict_proba(X[:1]), shares[:1], rtol=1e-9)  # in which some answers do not occur
    scores, spreads = two.ability_scores(X)
    assert scores.shape == spreads.shape == (600, 2)
    mean, spread = model.latent(params, chunk)
    np.testing.assert_allclose((shares * scores).sum(axis=1), mean, rtol=1e-9, atol=1e-12)
    within = (shares * (spreads**2 + scores**2)).sum(axis=1) - mean**2
    np.testing.assert_allclose(np.sqrt(within), spread, rtol=1e-9)
    assert two.score_samples(X).sum() == pytest.approx(two.result_.log_likelihood, rel=1e-12)
    assert two.score(X) == pytest.approx(two.result_.log_likelihood / 600, rel=1e-12)
    drawn, classes = two.sample(5)
    assert (drawn.shape, classes.shape) == ((5, 6), (5,))
    assert (two.predict(X) == OF).mean() > 0.9


def test_gaps_tell_nothing_and_rows_without_answers_are_shared_out_by_proportions(two):
    nothing = np.full((1, 6), np.nan)
    np.testing.assert_allclose(two.predict_proba(nothing)[0], two.proportions_, rtol=1e-12)
    some = X[:4].copy()
    some[:, 3] = np.nan
    assert np.isfinite(two.ability_scores(some)[0]).all()


def test_classes_come_in_order_and_the_summary_names_them(two):
    first, second = (each.items[0].intercepts[0] for each in two.result_.params.classes)
    assert first < second
    said = two.summary()
    assert "6 items, rasch, 2 classes: 600 rows" in said
    assert said.count("intercepts[0]") == 12
    assert said.count("proportion") == 2
    assert max(map(len, said.splitlines())) <= 80


def assert_gone_on(found, coarse):
    """The same runs from the same starts, whose heights are those of sums over as many places as it takes."""
    runs, before = found.starts(), coarse.starts()
    assert found.model.nodes > coarse.model.nodes
    assert (runs.starts, runs.seed, len(runs.runs)) == (before.starts, before.seed, len(before.runs))
    assert [each.fate for each in runs.left] == [each.fate for each in before.left]
    fine = ek.ItemMixture(found.model.kinds, 2, nodes=401)
    for run, first in zip(runs.runs, before.runs, strict=True):
        assert {*run.start.proportions} == {*first.start.proportions}
        assert fine.row_objectives(run.params, ek.Chunk(X, np.ones(len(X)))).sum() == pytest.approx(run.objective, abs=1e-5)


def test_a_search_goes_on_over_more_places_where_these_are_too_few(monkeypatch):
    monkeypatch.setattr("emkit.estimators.item_mixture.NODES", (None, 13))
    found = ek.ItemResponseMixture(2, n_init=4, random_state=0).fit(X).result_
    with pytest.warns(ek.EmkitWarning, match="set nodes=") as told:
        coarse = ek.ItemResponseMixture(2, n_init=4, random_state=0, nodes=13).fit(X).result_
    assert told[0].filename == __file__
    assert found.starts().starts == 4
    assert_gone_on(found, coarse)


def test_so_do_all_runs():
    model = ek.ItemMixture(MODEL.kinds, 2, nodes=13)
    source = ek.ArraySource(X)
    coarse = ek.fit(model, source, model.starts(source.profile, 2, range(3)), solver="anderson")
    assert len(coarse.starts().runs) == 3
    assert_gone_on(over_enough_places(coarse, _sums, {"solver": "anderson"}), coarse)


def test_numbers_of_classes_are_chosen_between():
    chosen = ek.select(ek.ItemResponseMixture(n_init=2, random_state=0), X, [1, 2], criterion="bic")
    assert chosen.best.n_components == 2
    assert chosen.choice.lines[1].has_components
    assert np.isfinite(chosen.choice.lines[1].value("icl"))
    assert "ICL" in chosen.table()


def test_fits_are_kept(two, tmp_path):
    again = pickle.loads(pickle.dumps(two))
    np.testing.assert_array_equal(again.predict_proba(X), two.predict_proba(X))
    two.result_.save(tmp_path / "two.emkit")
    loaded = ek.load(tmp_path / "two.emkit")
    assert loaded.log_likelihood == two.result_.log_likelihood
    assert loaded.params.classes[1].items[2].intercepts == two.result_.params.classes[1].items[2].intercepts
    np.testing.assert_array_equal(loaded.predict_proba(X), two.predict_proba(X))


def test_items_are_shared_by_name_or_place():
    import pandas as pd

    frame = pd.DataFrame(X.astype(int), columns=list("abcdef"))
    named = ek.ItemResponseMixture(2, shared=["a", "f"], n_init=1, random_state=0).fit(frame)
    placed = ek.ItemResponseMixture(2, shared=[0, 5], n_init=1, random_state=0).fit(X)
    assert named.result_.model.shared == placed.result_.model.shared == (0, 5)
    assert named.result_.log_likelihood == pytest.approx(placed.result_.log_likelihood, abs=1e-6)
    said = named.summary()
    assert "all" in said
    assert "a " in said
    equal = ek.ItemResponseMixture(2, shared="all", spreads="equal", n_init=1, random_state=0).fit(X)
    assert equal.spreads_[0] == equal.spreads_[1]
    assert len(equal.result_.params.shared) == 6


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_components": 0}, "n_components"),
        ({"items": "rash"}, "items is 'rash'"),
        ({"shared": "some"}, "shared is 'some'; it must be None, 'all', or a list of columns"),
        ({"shared": ["z"]}, "shared has 'z', which is no column"),
        ({"shared": [6]}, "shared has 6, which is no column"),
        ({"spreads": "tied"}, "spreads"),
        ({"n_init": 0}, "n_init"),
        ({"n_components": 9}, "too few to tell"),
    ],
)
def test_what_cannot_be_is_refused(settings, sentence):
    with pytest.raises(ek.EmkitError, match=sentence):
        ek.ItemResponseMixture(**settings).fit(X)


def test_answers_that_are_none_are_refused(two):
    with pytest.raises(ek.DataError, match="the answers there are 0, 1"):
        two.predict(X + 1)
    with pytest.raises(ek.DataError, match="an answer is 0"):
        ek.ItemResponseMixture().fit(X + 1)


def test_items_that_a_class_answers_alike_are_told():
    x = np.random.default_rng(0).random((60, 6)) < 0.5
    with pytest.warns(ek.SeparationWarning, match=r"next to nobody gives some answer.*'x3' in class 2") as told:
        ek.ItemResponseMixture(2, random_state=0).fit(x.astype(float))
    assert told[0].filename == __file__


def test_groups_that_are_known_are_refused_with_what_to_do():
    answers = np.random.default_rng(0).integers(0, 2, (40, 4))
    with pytest.raises(ek.ParameterError, match=r"Leave groups out and cross predict_proba.*ItemResponse with groups"):
        ek.ItemResponseMixture(2).fit(answers, groups=["a", "b"] * 20)
