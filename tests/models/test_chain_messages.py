"""What earlier rows, later ones and all others say of a state, against sums over all paths."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from emkit.data.chunk import Chunk
from emkit.families.family import LOG_OF_ZERO
from emkit.models.messages import Chain, ahead, behind, expected_by_others, filtered

RNG = np.random.default_rng(4)
BOUNDS = np.array([0, 4, 5, 10])
CHAINS = {
    "free": Chain(RNG.dirichlet(np.ones(3)), RNG.dirichlet(np.ones(3), 3)),
    "left-right": Chain(np.array([1.0, 0, 0]), np.array([[0.6, 0.4, 0], [0, 0.7, 0.3], [0, 0, 1.0]])),
    "hardly left": Chain(np.array([1.0, 0, 0]), np.array([[1.0, 1e-200, 0], [1e-200, 1.0, 1e-200], [0, 1e-300, 1.0]])),
}


def joint(chain, log_density):
    """Log p(rows, path) of every path, and the paths."""
    rows, number = log_density.shape
    paths = np.array(list(product(range(number), repeat=rows)))
    with np.errstate(divide="ignore"):
        moves = sum(np.log(chain.transitions[paths[:, t], paths[:, t + 1]]) for t in range(rows - 1))
        begins = np.log(chain.initial[paths[:, 0]])
    return begins + moves + log_density[range(rows), paths].sum(axis=1), paths


def marginal(chain, log_density, t):
    """p(state at t | rows)."""
    log_joint, paths = joint(chain, log_density)
    each = np.array([np.logaddexp.reduce(log_joint[paths[:, t] == k]) for k in range(len(chain.initial))])
    return np.exp(each - np.logaddexp.reduce(each))


@pytest.fixture
def log_density():
    found = RNG.normal(0, 3, (10, 3))
    found[[2, 7]] = 0.0  # steps at which nothing was seen
    return found


@pytest.fixture
def chunk():
    return Chunk(np.zeros((10, 1)), np.ones(10), groups=BOUNDS)


@pytest.mark.parametrize("name", CHAINS)
def test_messages_are_sums_over_all_paths(name, log_density, chunk):
    chain = CHAINS[name]
    earlier, later = ahead(chain, log_density, chunk), behind(chain, log_density, chunk)
    both, so_far = expected_by_others(chain, log_density, chunk), filtered(chain, log_density, chunk)
    for first, end in pairwise(BOUNDS):
        for t in range(end - first):
            own = log_density[first:end]
            np.testing.assert_allclose(so_far[first + t], marginal(chain, own[: t + 1], t), rtol=1e-11, atol=1e-300)
            unseen = np.where(np.arange(end - first)[:, None] == t, 0.0, own)
            np.testing.assert_allclose(np.exp(earlier[first + t]), marginal(chain, unseen[: t + 1], t), rtol=1e-11, atol=1e-300)
            np.testing.assert_allclose(both[first + t], marginal(chain, unseen, t), rtol=1e-11, atol=1e-300)
            given = np.where(np.arange(end - first)[:, None] > t, own, 0.0)
            flat = chain._replace(initial=np.ones(3) / 3)
            said = marginal(flat, given[t:], 0)  # from t on, all states being as probable
            np.testing.assert_allclose(np.exp(later[first + t]) / np.exp(later[first + t]).sum(), said, rtol=1e-11, atol=1e-300)


def test_a_sequence_goes_on_from_what_was_known(log_density, chunk):
    chain = CHAINS["free"]
    whole = filtered(chain, log_density, chunk)
    cuts = [2, 1, 3]  # the first rows of each sequence
    first = np.concatenate([start + np.arange(rows) for start, rows in zip(BOUNDS, cuts, strict=False)])
    rest = np.setdiff1d(np.arange(10), first)
    later = Chunk(np.zeros((4, 1)), np.ones(4), groups=np.array([0, 2, 4]))
    went_on = filtered(chain, log_density[rest], later, whole[[1, 7]])
    np.testing.assert_allclose(went_on, whole[rest], rtol=1e-12)


def test_a_row_that_nothing_explains_ends_what_is_known(log_density, chunk):
    log_density[6] = LOG_OF_ZERO
    found = filtered(CHAINS["free"], log_density, chunk)
    assert np.isnan(found[6:10]).all()
    assert not np.isnan(found[:6]).any()
    for name in CHAINS:
        assert np.isnan(expected_by_others(CHAINS[name], log_density, chunk)).any(axis=1).tolist() == [
            i in (5, 7, 8, 9) for i in range(10)
        ]
