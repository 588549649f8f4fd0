"""Estimators that learn block by block."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import emkit as ek
from tests.laws.sums import numbers


def points(seed: int, rows: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 2)) + np.where(rng.random((rows, 1)) < 0.4, -3.0, 3.0)


def answers(seed: int, rows: int = 300) -> dict[str, list[str]]:
    rng = np.random.default_rng(seed)
    firm = rng.random(rows) < 0.4
    return {f"q{j}": np.where(rng.random(rows) < np.where(firm, 0.9, 0.2), "yes", "no").tolist() for j in range(4)}


@pytest.mark.slow
def test_blocks_lead_near_the_fit_to_all_rows():
    blocks = [points(t, 160) for t in range(8)]
    made = ek.GaussianMixture(2, random_state=0)
    for X in blocks:
        made.partial_fit(X)
    whole = ek.GaussianMixture(2, random_state=0).fit(np.concatenate(blocks))
    np.testing.assert_allclose(made.means_, whole.means_, atol=0.2)
    assert made.covariances_.shape == (2, 2, 2)
    assert (made.online_.blocks, made.online_.rows) == (8, 1280)
    assert not hasattr(made, "result_")
    assert not hasattr(made, "converged_")
    assert made.predict(blocks[0]).tolist() == whole.predict(blocks[0]).tolist()
    assert made.sample(5)[0].shape == (5, 2)
    result = made.online_.full_pass(np.concatenate(blocks))
    assert 0 <= whole.result_.log_likelihood - result.log_likelihood < 1e-3 * abs(result.log_likelihood)


def test_it_is_stepwise_em_from_the_fit_to_the_first_block():
    first, second = points(0), points(1)
    fitted = ek.GaussianMixture(2, random_state=0).fit(first)
    made = ek.GaussianMixture(2, random_state=0).partial_fit(first)
    np.testing.assert_allclose(made.means_, fitted.means_, atol=1e-5)
    made.partial_fit(second, sample_weight=np.full(400, 2.0))
    weighted = ek.ArraySource(second, np.full(400, 2.0))
    online = ek.fit_online(fitted.model_, [first, weighted], fitted.params_)
    assert np.array_equal(numbers(made.params_), numbers(online.params))


def test_fit_begins_anew_and_so_does_what_follows_it():
    made = ek.GaussianMixture(2, random_state=0).partial_fit(points(0)).fit(points(1))
    assert not hasattr(made, "online_")
    assert made.converged_
    assert made.partial_fit(points(2)).online_.blocks == 1
    made.set_params(warm_start=True).fit(points(1))
    ended = made.params_
    assert made.partial_fit(points(2)).online_.start is not ended  # a search goes on from there
    np.testing.assert_allclose(made.means_, ended.components.means, atol=0.3)


def test_a_pickle_goes_on_where_it_was():
    made = ek.MixtureModel("poisson", 2, random_state=0).partial_fit([[0], [1], [2], [9], [8], [11]] * 20)
    other = pickle.loads(pickle.dumps(made))
    more = [[1], [0], [12], [8], [9]] * 30
    assert np.array_equal(numbers(made.partial_fit(more).params_), numbers(other.partial_fit(more).params_))
    assert other.online_.blocks == 2


def test_latent_classes_learn_answers():
    lc = ek.LatentClass(2, random_state=0)
    for t in range(4):
        lc.partial_fit(answers(t))
    every = {name: [answer for t in range(4) for answer in answers(t)[name]] for name in answers(0)}
    whole = ek.LatentClass(2, random_state=0).fit(every)
    np.testing.assert_allclose(lc.class_sizes_, whole.class_sizes_, atol=0.1)
    assert not hasattr(lc, "entropy_")
    with pytest.raises(ek.DataError, match="its levels are no, yes"):
        lc.partial_fit({name: ["perhaps"] for name in answers(0)})
    assert lc.online_.blocks == 4
    with pytest.raises(ek.ParameterError, match="partial_fit is of items alone"):
        ek.LatentClass(2, predictors="~ q0").partial_fit(answers(0))


def test_blocks_that_cannot_be():
    made = ek.GaussianMixture(2, random_state=0).partial_fit(points(0))
    before = made.params_
    for X, said in (
        (points(1)[:, :1], "expecting 2 features"),
        (np.array([[1.0, np.nan]]), r"row 0, column 'x1' is nan; the rows by which"),
        (np.empty((0, 2)), "minimum of 1 is required"),
    ):
        with pytest.raises(ek.DataError, match=said):
            made.partial_fit(X)
    assert made.params_ is before
    with pytest.raises(ek.ModelError, match="cannot be fitted block by block"):
        ek.MixtureModel("student-t", 2, random_state=0).partial_fit(points(0))


def test_a_level_that_is_new_is_named_with_its_block():
    words = np.array(list("xxyy") * 20)[:, None]
    learned = ek.MixtureModel("categorical", 1, random_state=0).partial_fit(words).partial_fit(words[:40])
    with pytest.raises(ek.DataError, match=r"block 3: row 5, column 'x0' is 'z'; its levels are x, y"):
        learned.partial_fit(np.where(np.arange(40)[:, None] == 5, "z", words[:40]))
    assert learned.online_.blocks == 2
