"""Pseudo-residuals against conditional distributions made of nothing but likelihoods of whole sequences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit.views.quantiles import OUTERMOST
from tests.models.test_hidden_markov import DATA


@pytest.fixture(scope="module")
def counts():
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def quakes(counts):
    return ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts)


def shares(model, sequence, t, values):
    """The probability of each of the values in row t, given the other rows of the sequence."""
    heights = []
    for value in values:
        other = sequence.copy()
        other[t] = value
        heights.append(model.score(other))
    return np.exp(np.array(heights) - np.logaddexp.reduce(heights))


@pytest.mark.parametrize("kind", ["forecast", "ordinary"])
def test_a_segment_is_the_conditional_probability_of_a_count(quakes, counts, kind):
    found = quakes.result_.pseudo_residuals(kind)
    values = np.arange(200.0)
    for t in (0, 7, 56, 106):
        sequence = counts[: t + 1] if kind == "forecast" else counts
        each = shares(quakes, sequence, t, values)
        assert found.below[t, 0] == pytest.approx(each[values < counts[t, 0]].sum(), abs=1e-11)
        assert found.up_to[t, 0] == pytest.approx(each[values <= counts[t, 0]].sum(), abs=1e-11)
    np.testing.assert_allclose(found.segments[..., 1], stats.norm.ppf(found.up_to), rtol=1e-12)
    np.testing.assert_allclose(found.middle, stats.norm.ppf((found.below + found.up_to) / 2), rtol=1e-12)
    lots = found.randomised(3)
    assert ((found.segments[..., 0] <= lots) & (lots <= found.segments[..., 1])).all()
    assert stats.kstest(lots[:, 0], "norm").pvalue > 0.05


def test_residuals_tell_a_mixture_of_rows_from_a_chain(counts, quakes):
    alone = ek.MixtureModel("poisson", 2, random_state=0).fit(counts).result_.pseudo_residuals().middle[:, 0]
    chain = quakes.result_.pseudo_residuals().middle[:, 0]
    one, other = (np.corrcoef(each[1:], each[:-1])[0, 1] for each in (alone, chain))
    assert one > 0.4
    assert other < one / 2


def test_numbers_of_one_column_have_exact_places_and_gaps_have_none():
    rng = np.random.default_rng(0)
    x = rng.normal(np.repeat([0.0, 6.0, 0.0], 40), 1.0)[:, None]
    x[[3, 50]] = np.nan
    model = ek.HiddenMarkov("gaussian", 2, random_state=0).fit(x)
    found = model.result_.pseudo_residuals()
    np.testing.assert_array_equal(np.isnan(found.middle), np.isnan(x))
    c, ahead = model.components_, model.filter(x)[40:49] @ model.transmat_
    each = stats.norm.cdf(x[41:50], c.means.T, np.sqrt(c.covariances[:, 0].T))
    np.testing.assert_allclose(found.below[41:50, 0], (ahead * each).sum(axis=1), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.below, found.up_to)


def test_columns_of_several_families_each_have_their_own():
    rng = np.random.default_rng(1)
    states = np.repeat([0, 1, 0, 1], 60)
    x = np.column_stack([rng.poisson(np.array([3.0, 12.0])[states]), rng.normal(np.array([0.0, 4.0])[states])])
    model = ek.HiddenMarkov({"x0": "poisson", "x1": "gaussian"}, 2, random_state=0).fit(x)
    found = model.result_.pseudo_residuals("ordinary")
    assert found.columns == ("x0", "x1")
    assert (np.diff(found.segments, axis=2)[:, 0] > 0.01).all()
    for column in found.randomised().T:
        assert stats.kstest(column, "norm").pvalue > 0.01


def test_what_lies_far_outside_is_still_a_number(quakes):
    start = ek.HiddenMarkovParams(quakes.startprob_, quakes.transmat_, quakes.components_)
    rows = np.array([[15.0], [4000.0], [16.0]])
    far = ek.fit(ek.Frozen(ek.HiddenMarkovChain("poisson"), "components"), rows, start, max_evaluations=1)
    found = far.pseudo_residuals().middle
    assert found[1, 0] == pytest.approx(-stats.norm.ppf(OUTERMOST))
    assert np.isfinite(found).all()


def test_sequences_begin_anew(counts):
    two = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts, lengths=[50, 57])
    found = two.result_.pseudo_residuals().up_to[50, 0]
    assert found == pytest.approx(two.startprob_ @ stats.poisson.cdf(counts[50, 0], two.components_.rates[:, 0]), rel=1e-9)


def test_another_kind_is_refused_and_a_model_without_rows(quakes):
    with pytest.raises(ek.ModelError, match="kind is 'normal'; it must be one of forecast, ordinary"):
        quakes.result_.pseudo_residuals("normal")
    with pytest.raises(ek.ModelError, match="Cells does not say what the residuals of its rows are"):
        ek.lessons.linkage().fit().quantile_residuals()
