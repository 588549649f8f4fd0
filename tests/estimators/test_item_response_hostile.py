"""Answers, weights, groups and settings that cannot be, or hardly: each is refused in a sentence, told, or right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import emkit as ek

LINES = ek.ItemResponseModel()
GOOD = LINES.draw(LINES.params([0.5, -0.5, 0.0, 0.3], [1.2] * 4), np.random.default_rng(0), 150)
GRADED = np.column_stack([GOOD + GOOD[:, [1, 2, 3, 0]]])
NAN = np.nan


def column(j, value, x=GOOD):
    return np.where(np.arange(x.shape[1]) == j, value, x)


def cell(value, x=GOOD):
    found = x.copy()
    found[3, 2] = value
    return found


def lines(x, *settings, **named):
    return lambda: ek.ItemResponse(*settings).fit(x, **named)


def kinds(x, items="graded", **named):
    return lambda: ek.ItemResponse(items=items).fit(x, **named)


def fitted(ask, **settings):
    return lambda: ask(ek.ItemResponse("equal", **settings).fit(GOOD))


REFUSED = {
    "an item that all have right": (lines(column(1, 1.0)), "'x1' is always 1"),
    "an item that nobody has right": (lines(column(1, 0.0)), "'x1' is always 0"),
    "all right": (lines(np.ones((20, 4))), "'x0' is always 1, 'x1' is always 1"),
    "one person": (lines(GOOD[:1]), "minimum of 2"),
    "two people alike": (lines(GOOD[[0, 0]]), "everybody answers alike"),
    "one item": (lines(GOOD[:, :1]), r"there is 1\."),
    "two items": (lines(GOOD[:, :2]), r"there are 2\."),
    "one item of one slope": (lines(GOOD[:, :1], "equal"), r"there is 1\."),
    "a column without answers": (lines(column(2, NAN)), "'x2' is missing in every row"),
    "no answers": (lines(np.full((20, 4), NAN)), "'x0' is missing in every row"),
    "half an answer": (lines(cell(0.5)), "row 3, column 'x2' is 0.5"),
    "a third answer": (lines(cell(2)), "row 3, column 'x2' is 2"),
    "a negative answer": (lines(cell(-1)), "row 3, column 'x2' is -1"),
    "an infinite answer": (lines(cell(np.inf)), "row 3, column 'x2' is inf"),
    "names": (lines([["yes", "no", "yes"]] * 5), "hold names"),
    "a negative weight": (lines(GOOD, sample_weight=[-1, *[1] * 149]), "weight of row 0 is -1"),
    "a missing weight": (lines(GOOD, sample_weight=[NAN, *[1] * 149]), "weight of row 0 is nan"),
    "an infinite weight": (lines(GOOD, sample_weight=[np.inf, *[1] * 149]), "weight of row 0 is inf"),
    "no weight": (lines(GOOD, sample_weight=[0] * 150), "weights are all zero"),
    "too few weights": (lines(GOOD, sample_weight=[1] * 149), "one weight a row"),
    "no rows": (lines(np.empty((0, 4))), "0 sample"),
    "no columns": (lines(np.empty((10, 0))), "0 feature"),
    "one axis": (lines(GOOD[:, 0]), "2D"),
    "three axes": (lines(GOOD[None]), "dim 3"),
    "nothing": (lines(None), "2D"),
    "a kind that is none": (kinds(GOOD, "4pl"), "items is '4pl'"),
    "kinds that are none": (kinds(GOOD, [["graded"]] * 4), "items is"),
    "kinds as a number": (kinds(GOOD, 2), "items is 2"),
    "too few kinds": (kinds(GRADED, ["graded"] * 3), "items names 3 kinds"),
    "an answer that nobody gives": (kinds(np.where(GRADED == 1, 2, GRADED)), "nobody gives .*: 1 of 'x0'"),
    "answers from 1": (kinds(GRADED + 1), "nobody gives .*: 0 of 'x0'"),
    "a fraction among grades": (kinds(cell(1.5, GRADED)), "'x2' is 1.5"),
    "a negative grade": (kinds(cell(-1, GRADED), "gpcm"), "'x2' is -1"),
    "a measurement": (kinds(cell(1e6, GRADED)), r"'x2' is 1e\+06"),
    "grades of a guessed item": (kinds(GRADED, "3pl"), "some are higher: 'x0'"),
    "grades as right and wrong": (lines(GRADED), "is 2; an answer is 0"),
    "a graded item that all answer alike": (kinds(column(1, 0.0, GRADED)), "alike tell nothing: 'x1'"),
    "a graded item without answers": (kinds(column(1, NAN, GRADED), "pcm"), "'x1' is missing in every row"),
    "two graded items": (kinds(GRADED[:, :2]), "there must be 3, and there are 2"),
    "one group": (lines(GOOD, groups=["a"] * 150), "one group, 'a'"),
    "a group of one": (lines(GOOD, groups=["a", *["b"] * 149]), "group 'a' has one row"),
    "too few groups": (lines(GOOD, groups=["a"] * 149), "one label for each of 150"),
    "a group that is missing": (lines(GOOD, groups=[None, *["a"] * 149]), r"groups\[0\] is missing"),
    "a group that is no number": (lines(GOOD, groups=[NAN, *[1.0] * 149]), r"groups\[0\] is missing"),
    "a third answer to score": (fitted(lambda fit: fit.transform(cell(2))), "row 3, column 2 is 2; the answers there are 0, 1"),
    "half an answer to score": (fitted(lambda fit: fit.transform(cell(0.5)), scores="ml"), "row 3, column 2 is 0.5"),
    "a negative answer to score": (fitted(lambda fit: fit.score_samples(cell(-1))), "row 3, column 2 is -1"),
    "groups of a fit without": (fitted(lambda fit: fit.ability_scores(GOOD, ["a"] * 150)), "leave groups out"),
    "too few columns to score": (fitted(lambda fit: fit.transform(GOOD[:, :3])), "3 features"),
    "an ability that is none": (fitted(lambda fit: fit.information([NAN])), "ability is nan"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(case):
    ask, sentence = REFUSED[case]
    with pytest.raises((ek.DataError, ek.ParameterError), match=sentence):
        ask()


TOLD = {
    "an item twice": (lines(GOOD[:, [0, 0, 0, 1]]), "slopes run off: 'x0'"),
    "an item and its opposite": (lines(np.column_stack([GOOD[:, :3], 1 - GOOD[:, 0]])), "slopes run off: 'x0'"),
    "answers in order": (lines(np.tril(np.ones((6, 5)), -1), "equal"), "slopes run off"),
    "weights of nearly nothing": (lines(GOOD, "equal", sample_weight=[1e-12] * 150), "weights sum to"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", TOLD)
def test_what_can_hardly_be_is_told(case):
    ask, sentence = TOLD[case]
    with pytest.warns(ek.EmkitWarning, match=sentence):
        ask()


def test_rows_without_answers_change_nothing():
    with_some = ek.ItemResponse("equal").fit(np.vstack([GOOD, np.full((5, 4), NAN)]))
    without = ek.ItemResponse("equal").fit(GOOD)
    assert with_some.result_.log_likelihood == pytest.approx(without.result_.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(with_some.slopes_, without.slopes_, rtol=1e-6)


def test_large_weights_change_nothing_but_the_scale():
    large, one = (ek.ItemResponse("equal", tol=1e-8 * w).fit(GOOD, sample_weight=[w] * 150) for w in (1e9, 1.0))
    assert large.slopes_[0] == pytest.approx(one.slopes_[0], rel=1e-3)


def test_answers_that_have_nothing_in_common_have_no_slope():
    """And no warning: an even likelihood is a maximum."""
    x = (np.random.default_rng(5).random((400, 5)) < 0.5).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ek.ItemResponse("equal").fit(x).slopes_[0] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("nodes", [3, 5, 7, 9, 11, 15])
def test_few_places_are_told_of_and_not_slopes_that_run_off(nodes):
    """Of slopes of about 1.2, sums over some places make 11 and more: that is no separation."""
    rng = np.random.default_rng(0)
    ability = rng.normal(size=1000)
    answers = (rng.random((1000, 6)) < 1 / (1 + np.exp(-1.2 * ability[:, None]))).astype(float)
    with pytest.warns(ek.EmkitWarning, match=r"set nodes=\d+ or more") as told:
        ek.ItemResponse(nodes=nodes).fit(answers)
    assert not any(issubclass(warning.category, ek.SeparationWarning) for warning in told)


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_a_group_that_answers_all_alike_is_told(right):
    rng = np.random.default_rng(0)
    answers = np.where(np.arange(300)[:, None] < 200, rng.random((300, 5)) < 0.5 + 0.4 * rng.standard_normal((300, 1)), right)
    with pytest.warns(ek.SeparationWarning, match=r"means of abilities run off: of group 'c'"):
        ek.ItemResponse().fit(answers.astype(float), groups=np.repeat(["a", "b", "c"], 100))
