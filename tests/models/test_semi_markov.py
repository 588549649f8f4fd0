"""Semi-Markov chains: all segmentations written out, geometric stays as a plain chain, every law, what is refused."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import emkit as ek
from emkit.core.parameters import replace_at
from emkit.models.durations import Durations
from tests.laws.chains import labels
from tests.models.test_hidden_markov import DATA, params_of

LENGTHS = (6, 1, 4)
LAWS = {
    "poisson": ek.PoissonParams([[0.8], [1.7], [3.0]]),
    "geometric": ek.GeometricParams([[0.6], [0.3], [0.2]]),
    "negative-binomial": ek.NegativeBinomialParams([[0.8], [1.7], [3.0]], [[0.5], [1.5], [0.2]]),
    "categorical": ek.CategoricalParams(([[0.3, 0.4, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.0, 0.5]],)),
}
MOVES = [[0.0, 0.3, 0.7], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]]


def chain_of(name, longest=4, assignment=None):
    return ek.HiddenSemiMarkovChain("poisson", assignment or ek.Soft(), durations=name, longest=longest)


def start_of(name, rates=(1.0, 4.0, 9.0)):
    return ek.HiddenSemiMarkovParams([0.5, 0.3, 0.2], MOVES, LAWS[name], ek.PoissonParams(np.array(rates)[:, None]))


def lasting(name, longest=4):
    """Probabilities (K, D) from SciPy alone."""
    beyond, law = np.arange(longest), LAWS[name]
    if name == "categorical":
        return law.columns[0].probabilities
    found = {
        "poisson": lambda: stats.poisson.pmf(beyond, law.rates),
        "geometric": lambda: stats.geom.pmf(beyond + 1, law.chances),
        "negative-binomial": lambda: stats.nbinom.pmf(beyond, 1 / law.dispersions, 1 / (1 + law.dispersions * law.means)),
    }[name]()
    return found / found.sum(axis=1, keepdims=True)


def segmentations(length, longest, k):
    """Every way to cut so many rows into stays: states and lengths, of which the last may be cut off."""

    def cuts(left):
        if not left:
            yield ()
        for first in range(1, min(left, longest) + 1):
            yield from ((first, *rest) for rest in cuts(left - first))

    for spans in cuts(length):
        for states in product(range(k), repeat=len(spans)):
            if all(a != b for a, b in pairwise(states)):
                yield states, spans


def listed(name, x, longest=4):
    """Log-likelihoods, shares, the likeliest path, and what is counted of stays, from all segmentations of all sequences."""
    start, p = start_of(name), lasting(name, longest)
    no_shorter = np.cumsum(p[:, ::-1], axis=1)[:, ::-1]
    logs = stats.poisson.logpmf(x, start.components.rates[:, 0])
    heights, best, shares = [], [], np.zeros((len(x), 3))
    ended, cut, moves = np.zeros((3, longest)), np.zeros((3, longest)), np.zeros((3, 3))
    for first, end in pairwise(np.cumsum([0, *LENGTHS])):
        ways = list(segmentations(end - first, longest, 3))
        joint = []
        with np.errstate(divide="ignore"):
            for states, spans in ways:
                height = np.log(start.initial[states[0]]) + sum(np.log(start.transitions[pair]) for pair in pairwise(states))
                height += sum(np.log(p[k, d - 1]) for k, d in zip(states[:-1], spans[:-1], strict=True))
                height += np.log(no_shorter[states[-1], spans[-1] - 1])
                height += logs[range(first, end), np.repeat(states, spans)].sum()
                joint.append(height)
        heights.append(logsumexp(joint))
        best.append(max(joint))
        for (states, spans), share in zip(ways, np.exp(np.array(joint) - heights[-1]), strict=True):
            shares[range(first, end), np.repeat(states, spans)] += share
            for pair in pairwise(states):
                moves[pair] += share
            for k, d in zip(states[:-1], spans[:-1], strict=True):
                ended[k, d - 1] += share
            cut[states[-1], spans[-1] - 1] += share
    return np.array(heights), np.array(best), shares, moves, ended, cut


@pytest.fixture(scope="module")
def counts():
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.mark.parametrize("name", LAWS)
def test_all_segmentations_add_up_to_it(name):
    x = np.random.default_rng(3).poisson(4.0, (sum(LENGTHS), 1)).astype(float)
    (chunk,) = ek.ArraySource(x, groups=labels(LENGTHS)).chunks()
    chain, start = chain_of(name), start_of(name)
    heights, best, shares, moves, ended, cut = listed(name, x)
    found, path = chain.posterior(start, chunk), chain.decode(start, chunk)
    np.testing.assert_allclose(found.log_likelihood, heights, rtol=1e-13)
    np.testing.assert_allclose(path.log_joint, best, rtol=1e-13)
    np.testing.assert_allclose(found.responsibilities, shares, atol=1e-13)
    counted = found.latent
    for ours, theirs in ((counted.moves, moves), (counted.ended, ended), (counted.cut, cut)):
        np.testing.assert_allclose(ours, theirs, atol=1e-13)
    np.testing.assert_allclose(counted.starts, shares[chunk.bounds[:-1]].sum(axis=0), atol=1e-13)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_the_model_is_right_and_em_ascends(name, counts):
    source = ek.ArraySource(np.floor(counts / 4), groups=np.repeat(np.arange(6), [20, 20, 1, 30, 30, 6]))
    chain, start = chain_of(name, longest=4), start_of(name, (3.0, 5.0, 8.0))
    told = str(ek.check_model(chain, source, start))
    assert "each link is where the expected log-likelihood has no slope left" in told
    assert "its statistics have the slope of its log-likelihood" in told
    run = ek.fit(chain, source, start, max_evaluations=40)
    assert np.all(np.diff([entry.objective for entry in run.history]) >= -1e-9)
    own = {"poisson": 3, "geometric": 3, "negative-binomial": 6, "categorical": 9}[name]
    assert run.free_parameters == 2 + 3 + own + 3


def test_geometric_stays_are_a_plain_chain(counts):
    plain = ek.fit(ek.HiddenMarkovChain("poisson"), counts, params_of([15.0, 25.0]), solver="anderson", tol=1e-12)
    start = ek.HiddenSemiMarkovParams(
        [0.5, 0.5], 1 - np.eye(2), ek.GeometricParams([[0.1], [0.1]]), ek.PoissonParams([[15.0], [25.0]])
    )
    chain = chain_of("geometric", longest=107)
    here, there = (ek.fit(m, counts, p, max_evaluations=1) for m, p in ((chain, start), (plain.model, params_of([15.0, 25.0]))))
    assert here.log_likelihood == pytest.approx(there.log_likelihood, abs=1e-3)  # 0.9^107 of each stay is longer
    found = ek.fit(chain, counts, start, solver="anderson")
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, abs=0.01)
    assert found.free_parameters == plain.free_parameters
    leaving = 1 - np.diag(plain.params.transitions)
    np.testing.assert_allclose(found.params.durations.chances.ravel(), leaving, rtol=0.02)


def test_stays_are_recovered_from_rows_drawn():
    params = ek.HiddenSemiMarkovParams(
        [1.0, 0.0], 1 - np.eye(2), ek.PoissonParams([[4.0], [9.0]]), ek.PoissonParams([[2.0], [12.0]])
    )
    chain = chain_of("poisson", longest=25)
    x, states = chain.draw(params, np.random.default_rng(2), 1_500)
    assert states[0] == 0
    ends = np.flatnonzero(np.diff(states)) + 1
    stays, own = np.diff(np.r_[0, ends]), states[np.r_[0, ends[:-1]]]
    means = np.array([[stays[own == k].mean()] for k in range(2)])
    np.testing.assert_allclose(means, [[5.0], [10.0]], rtol=0.15)
    start = replace_at(params, {"durations": ek.PoissonParams([[6.0], [6.0]]), "components": ek.PoissonParams([[4.0], [8.0]])})
    found = ek.fit(chain, x, start, solver="anderson")
    np.testing.assert_allclose(1 + found.params.durations.rates, means, rtol=0.05)
    (chunk,) = found.source.chunks()
    assert np.mean(chain.decode(found.params, chunk).states == states) > 0.97


def test_the_search_starts_by_itself_and_fits_are_stored(counts, tmp_path):
    chain = chain_of("negative-binomial", longest=30)
    (start,) = chain.starts(chain.admitted(ek.ArraySource(counts)).profile, 2, [0])
    found = ek.fit(chain, counts, start, solver="anderson").in_order()
    assert found.log_likelihood > -343
    assert found.params.components.rates[0, 0] < found.params.components.rates[1, 0]
    found.save(tmp_path / "stays.emk")
    again = ek.load(tmp_path / "stays.emk")
    np.testing.assert_array_equal(again.predict(counts), found.predict(counts))
    assert "Hidden semi-Markov chain of 2 poisson states" in str(found.summary())
    assert "rows beyond the first" in str(found.summary())
    with pytest.raises(ek.ModelError, match="it has two or more"):
        chain.starts(chain.admitted(ek.ArraySource(counts)).profile, 1, [0])


@pytest.mark.parametrize("assignment", [ek.Hard(), ek.Sampled(3)], ids=["hard", "sampled"])
def test_other_e_steps(assignment, counts):
    start = ek.HiddenSemiMarkovParams(
        [0.5, 0.5], 1 - np.eye(2), ek.PoissonParams([[6.0], [6.0]]), ek.PoissonParams([[15.0], [25.0]])
    )
    chain = chain_of("poisson", 20, assignment)
    run = ek.fit(chain, counts, start, max_evaluations=15)
    counted = ek.EMMap(chain, run.source, run.params).expectation(run.params).statistics.belonging
    assert set(np.unique(counted.moves % 1)) == {0.0}
    assert counted.cut.sum() == pytest.approx(1.0)
    assert ((counted.ended + counted.cut) @ np.arange(1, 21)).sum() == pytest.approx(107)
    if assignment.ascends:
        assert np.all(np.diff([entry.objective for entry in run.history]) >= -1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_the_best_law_beats_its_neighbours(name):
    """Also where much of the family is longer than the longest, so that its own maximiser is not the best."""
    rng = np.random.default_rng(8)
    stays = Durations(chain_of(name).durations, 4)
    seen = rng.gamma(2.0, 3.0, (3, 4)) * np.array([4.0, 3.0, 2.0, 1.0])
    best = stays.maximised(seen, LAWS[name])
    for _ in range(3):
        best = stays.maximised(seen, best)  # of the negative binomial, no step goes farther than its sums reach
    params = ek.HiddenSemiMarkovParams([0.5, 0.3, 0.2], MOVES, best, ek.PoissonParams(np.ones((3, 1))))
    chain = chain_of(name)
    coordinates = chain.coordinates(params).without(["initial", "transitions", "components"])
    here, height = coordinates.pack(params), stays.expected(seen, best).value
    assert height >= stays.expected(seen, LAWS[name]).value
    for length in (1e-3, 0.1):
        for move in rng.standard_normal((20, len(here))):
            there = coordinates.unpack(np.where(np.isfinite(here), here + length * move, here), params)
            assert stays.expected(seen, there.durations).value <= height + 1e-10 * (1 + abs(height))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: chain_of("gamma"), "gamma is no law of durations, which are whole numbers"),
        (lambda: chain_of("poisson", longest=0), "the longest stay is 0"),
        (lambda: chain_of("poison"), "there is no family 'poison'"),
    ],
)
def test_what_can_be_no_law_is_refused(make, message):
    with pytest.raises(ek.ModelError, match=message):
        make()


def test_parameters_that_do_not_fit_are_refused(counts):
    with pytest.raises(ek.ParameterError, match=r"transitions\[1, 1\] is 0.5; the diagonal must be 0"):
        replace_at(start_of("poisson"), {"transitions": [[0, 0.5, 0.5], [0.5, 0.5, 0], [1, 0, 0]]})
    with pytest.raises(ek.ParameterError, match="as many columns as rows, and more than one"):
        ek.HiddenSemiMarkovParams([1.0], [[1.0]], ek.PoissonParams([[1.0]]), ek.PoissonParams([[1.0]]))
    with pytest.raises(ek.ParameterError, match="durations are PoissonParams, which are no parameters of negative-binomial"):
        ek.fit(chain_of("negative-binomial"), counts, start_of("poisson"))
    with pytest.raises(ek.ParameterError, match="with lengths from 1 to 9"):
        ek.fit(chain_of("categorical", longest=9), counts, start_of("categorical"))


def test_a_move_is_held_at_0(counts):
    held = ek.Frozen(chain_of("poisson", 12), "transitions[0, 2]", "durations")
    start = replace_at(start_of("poisson", (12.0, 20.0, 30.0)), {"transitions": [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]})
    found = ek.fit(held, counts, start, solver="squarem")
    assert found.free_parameters == 2 + 2 + 3
    assert found.params.transitions[0].tolist() == [0.0, 1.0, 0.0]
    assert found.params.durations.rates.tolist() == start.durations.rates.tolist()
