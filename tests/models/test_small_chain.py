"""A hidden Markov model over any family in some sixty lines, on the contract alone: the rows of a group are one sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import poisson

import emkit as ek
from emkit.core.parameters import leaves, replace_at
from emkit.families import Family
from emkit.families.family import safe_log
from emkit.inference.differences import curvature_steps, hessian, jacobian
from emkit.models.assignment import normalise

Array = np.ndarray
DATA = Path(__file__).parents[1] / "oracles" / "data" / "earthquakes.csv"


@dataclass(frozen=True, eq=False)
class ChainParams(ek.Parameters):
    """`initial` (K,) state probabilities, `transitions` (K, K) from row to column, and the states' `components`."""

    initial: Annotated[ek.Array, ek.Simplex(), ek.Axes("component")]
    transitions: Annotated[ek.Array, ek.Simplex(), ek.Axes("component", "component")]
    components: Any


@dataclass(frozen=True)
class Moves(ek.Additive):
    """Expected numbers of `starts` (K,) in each state and of `moves` (K, K) from one to the next."""

    starts: Array
    moves: Array


@dataclass(frozen=True)
class Chain(ek.Components):
    """p(x, z) = initial[z_1] prod_t transitions[z_t, z_t+1] p(x_t | z_t) in each group; without groups, each row is one."""

    family: Family

    def assign(self, params: ChainParams, log_density: Array, chunk: ek.Chunk) -> ek.Posterior:
        found = [self._smoothed(params, log_density[start:end]) for start, end in pairwise(chunk.bounds)]
        shares, heights, moves = zip(*found, strict=True)
        weights = chunk.group_weights
        latent = Moves(weights @ [share[0] for share in shares], np.tensordot(weights, moves, 1))
        return ek.Posterior(np.concatenate(shares), np.array(heights), latent=latent)

    def _smoothed(self, params: ChainParams, log_density: Array) -> tuple[Array, float, Array]:
        """Responsibilities (n, K), log-likelihood and expected moves (K, K) of one sequence: forward and backward, in logs."""
        move, forward, backward = safe_log(params.transitions), log_density.copy(), np.zeros_like(log_density)
        forward[0] += safe_log(params.initial)
        for t in range(1, len(forward)):
            forward[t] += np.logaddexp.reduce(forward[t - 1][:, None] + move, axis=0)
        for t in range(len(forward) - 2, -1, -1):
            backward[t] = np.logaddexp.reduce(move + log_density[t + 1] + backward[t + 1], axis=1)
        shares, heights = normalise(forward + backward)
        pairs = forward[:-1, :, None] + move + (log_density + backward)[1:, None, :]
        moves = normalise(pairs.reshape(-1, move.size))[0].sum(axis=0)
        return shares, float(heights[-1]), moves.reshape(move.shape)

    def gathered(self, posterior: ek.Posterior, chunk: ek.Chunk) -> Moves:
        return posterior.latent

    def belonging_updates(self) -> Mapping[str, Any]:
        return {"initial": lambda s, *_: s.belonging.starts / s.belonging.starts.sum(), "transitions": self._transitions}

    def _transitions(self, stats: Any, before: ChainParams, now: ChainParams) -> Array:
        """Moves to each state / moves from a state (K, K), as before from a state that nothing moves from."""
        moves, total = stats.belonging.moves, stats.belonging.moves.sum(axis=1, keepdims=True)
        return np.where(total > 0, moves / np.where(total > 0, total, 1.0), before.transitions)

    def belonging_expected(self, belonging: Moves, before: ChainParams, now: ChainParams) -> ek.Expected:
        value = belonging.starts @ safe_log(now.initial) + (belonging.moves * safe_log(now.transitions)).sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = {"initial": belonging.starts / now.initial, "transitions": belonging.moves / now.transitions}
        return ek.Expected(float(value), {path: np.nan_to_num(slope) for path, slope in slopes.items()})

    def even(self, profile: Any, n_components: int) -> ChainParams:
        stay = 0.7 * np.eye(n_components) + 0.3 / n_components
        return ChainParams(np.full(n_components, 1 / n_components), stay, self.family.pooled(profile, n_components))


CHAIN = Chain(ek.Poisson())


def chain_params(rates: list[float], stay: float = 0.9) -> ChainParams:
    k = len(rates)
    moves = np.full((k, k), (1 - stay) / (k - 1)) + (stay - (1 - stay) / (k - 1)) * np.eye(k)
    return ChainParams(np.full(k, 1 / k), moves, ek.PoissonParams(np.array(rates)[:, None]))


@pytest.fixture(scope="module")
def counts() -> Array:
    """Major earthquakes of each year, 1900 to 2006 (Zucchini & MacDonald 2009, table 1.1)."""
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def quakes(counts) -> ek.ArraySource:
    """All years as one sequence."""
    return ek.ArraySource(counts, groups=np.zeros(len(counts)))


@pytest.fixture(scope="module")
def fitted(quakes):
    return ek.fit(CHAIN, quakes, chain_params([15.0, 25.0]), solver="anderson", tol=1e-12)


def test_the_first_steps_are_those_of_the_reference(quakes):
    run = ek.fit(CHAIN, quakes, chain_params([15.0, 25.0]), max_evaluations=6)
    wanted = [-343.01146397840404, -342.09680647741635, -342.01378116045356]
    wanted += [-341.96441034509337, -341.93275795639386, -341.9124278969808]
    np.testing.assert_allclose([entry.log_likelihood for entry in run.history], wanted, atol=1e-7)


def test_the_maximum_is_that_of_the_reference(fitted):
    assert fitted.log_likelihood == pytest.approx(-341.8787010117196, abs=1e-4)
    np.testing.assert_allclose(fitted.params.components.rates[:, 0], [15.42076240679849, 26.018236753997716], atol=1e-3)
    wanted = [[0.9283739515403787, 0.07162604845962126], [0.1190344092248601, 0.8809655907751399]]
    np.testing.assert_allclose(fitted.params.transitions, wanted, atol=2e-4)


def test_starts_of_the_model_lead_to_the_same_maximum(quakes, fitted):
    starts = CHAIN.starts(quakes.profile, 2, range(3))
    found = ek.fit(CHAIN, quakes, starts, solver="squarem").in_order()
    assert found.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-6)
    assert found.params.components.rates[0, 0] < found.params.components.rates[1, 0]


def test_the_log_likelihood_is_the_sum_over_all_paths():
    x, labels, weights = np.array([[3.0], [9], [8], [1], [2]]), ["a", "a", "a", "b", "b"], [2.0, 1.0]
    params = replace_at(chain_params([2.0, 8.0], 0.8), {"initial": [0.3, 0.7]})
    source = ek.ArraySource(x, weights, groups=labels)
    log_density = ek.Poisson().log_density(params.components, x)
    total = 0.0
    for weight, rows in ((2.0, [0, 1, 2]), (1.0, [3, 4])):
        paths = [
            np.log(params.initial[path[0]])
            + sum(np.log(params.transitions[a, b]) for a, b in pairwise(path))
            + sum(log_density[row, state] for row, state in zip(rows, path, strict=True))
            for path in product(range(2), repeat=len(rows))
        ]
        total += weight * float(logsumexp(paths))
    assert ek.EMMap(CHAIN, source, params).objective(params) == pytest.approx(total, rel=1e-12)


def test_components_turn_along_every_axis_of_theirs(quakes):
    start = replace_at(chain_params([25.0, 15.0]), {"transitions": [[0.7, 0.3], [0.05, 0.95]], "initial": [0.2, 0.8]})
    turned = ek.fit(CHAIN, quakes, start, max_evaluations=1).in_order()
    np.testing.assert_array_equal(turned.params.transitions, [[0.95, 0.05], [0.3, 0.7]])
    np.testing.assert_array_equal(turned.params.initial, [0.8, 0.2])
    np.testing.assert_array_equal(turned.params.components.rates[:, 0], [15.0, 25.0])
    again = ek.EMMap(turned.model, turned.source, turned.params).objective(turned.params)
    assert again == pytest.approx(turned.log_likelihood, rel=1e-13)


def test_what_is_inside_has_a_standard_error_and_the_corner_has_none(fitted):
    inner = ek.Frozen(CHAIN, "initial")
    result = ek.fit(inner, fitted.source, fitted.params, solver="anderson", tol=1e-12)
    with result.em() as em:
        there = em.coordinates.pack(result.params)
        height = lambda v: em.objective(em.coordinates.unpack(v, result.params))  # noqa: E731
        covariance = np.linalg.inv(-hessian(height, there, curvature_steps(height, there)))
        seen = lambda v: em.coordinates.entries(em.coordinates.unpack(v, result.params))  # noqa: E731
        slope = jacobian(seen, there, np.full(len(there), 1e-3))
        errors = result.standard_errors()
    wanted = np.sqrt(np.diag(slope @ covariance @ slope.T))
    assert len(wanted) == 4 + 2  # transitions and rates
    np.testing.assert_allclose(errors.errors, wanted, rtol=1e-5)
    free = fitted.standard_errors()
    for k in range(2):
        assert np.isnan(free[f"initial[{k}]"])
        assert "boundary" in free.reasons[f"initial[{k}]"]
    np.testing.assert_allclose([free[name] for name in errors.names], wanted, rtol=1e-5)


def test_a_structural_zero_stays_and_is_not_counted(quakes):
    start = replace_at(chain_params([12.0, 18.0, 28.0]), {"transitions": [[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]})
    model = ek.Frozen(CHAIN, "transitions[0, 2]", "transitions[2, 0]", "components.rates[1]")
    result = ek.fit(model, quakes, start, solver="squarem")
    assert result.params.transitions[0, 2] == result.params.transitions[2, 0] == 0
    assert result.params.components.rates[1, 0] == 18.0
    assert result.free_parameters == 2 + (6 - 2) + 2
    assert ek.fit(CHAIN, quakes, start, max_evaluations=1).free_parameters == 2 + 6 + 3


def test_one_probability_held_at_0_is_one_free_parameter_fewer(quakes):
    start = replace_at(chain_params([15.0, 25.0]), {"transitions": [[1.0, 0.0], [0.1, 0.9]]})
    held = ek.fit(ek.Frozen(CHAIN, "transitions[0, 1]"), quakes, start)
    assert held.converged
    assert held.params.transitions[0].tolist() == [1.0, 0.0]
    assert held.free_parameters == ek.fit(CHAIN, quakes, start, max_evaluations=1).free_parameters - 1


def test_the_rates_of_one_state_are_held(quakes, fitted):
    held = ek.fit(ek.Frozen(CHAIN, "components.rates[0]"), quakes, chain_params([15.0, 25.0]))
    assert held.params.components.rates[0, 0] == 15.0
    assert held.params.components.rates[1, 0] != 25.0
    assert held.free_parameters == fitted.free_parameters - 1
    assert held.log_likelihood < fitted.log_likelihood


def test_rows_without_groups_are_a_mixture_and_say_nothing_of_transitions(counts):
    start = replace_at(chain_params([15.0, 25.0], 0.8), {"initial": [0.3, 0.7]})
    rows = ek.fit(CHAIN, counts, start, max_evaluations=20)
    plain = ek.fit(ek.Mixture(ek.Poisson()), counts, ek.MixtureParams([0.3, 0.7], start.components), max_evaluations=20)
    assert rows.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(rows.params.initial, plain.params.proportions, rtol=1e-10)
    np.testing.assert_array_equal(rows.params.transitions, start.transitions)


def test_rows_far_from_a_state_do_not_underflow():
    x = np.array([[0.0], [900.0]])  # state 0 cannot be left, and gives 900 a density of some exp(-11000)
    params = replace_at(chain_params([1e-2, 900.0]), {"initial": [1.0, 0.0], "transitions": [[1.0, 0.0], [0.0, 1.0]]})
    log_likelihood = ek.EMMap(CHAIN, ek.ArraySource(x, groups=[0, 0]), params).objective(params)
    assert log_likelihood == pytest.approx(poisson.logpmf(x, 1e-2).sum(), rel=1e-12)


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_sequence_that_no_path_explains_is_refused(row):
    x = np.ones((3, 1))
    x[row] = 0.0
    params = ChainParams([0.5, 0.5], np.full((2, 2), 0.5), ek.SuccessParams([[1.0], [1.0]]))
    source = ek.ArraySource(x, groups=np.zeros(3))
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        ek.EMMap(Chain(ek.Bernoulli()), source, params).objective(params)


class ForgetsTheNext(Chain):
    """Moves as if neighbouring states were independent, given the data."""

    def _smoothed(self, params, log_density):
        shares, height, _ = super()._smoothed(params, log_density)
        return shares, height, shares[:-1].T @ shares[1:]


def test_check_model_passes_and_finds_moves_that_are_wrong(counts):
    groups = np.repeat(["a", "b", "c"], [40, 40, 27])
    source = ek.ArraySource(counts, groups=groups)
    ek.check_model(CHAIN, source, chain_params([14.0, 27.0]))
    ek.check_model(Chain(ek.DiagonalGaussian()), source, Chain(ek.DiagonalGaussian()).even(source.profile, 2))
    with pytest.raises(ek.ModelError, match=r"ForgetsTheNext\.e_step is wrong"):
        ek.check_model(ForgetsTheNext(ek.Poisson()), source, chain_params([14.0, 27.0]))


def test_two_sequences_in_two_chunks_give_the_same_bits_in_any_number_of_threads(counts):
    source = ek.ArraySource(counts, groups=np.repeat([0, 1], [50, 57]), chunk_rows=60)
    assert [len(chunk.x) for chunk in source.chunks()] == [50, 57]
    one, two = (ek.fit(CHAIN, source, chain_params([15.0, 25.0]), n_jobs=n, max_evaluations=20) for n in (1, 2))
    assert one.history == two.history
    for ours, theirs in zip(leaves(one.params), leaves(two.params), strict=True):
        np.testing.assert_array_equal(ours.value, theirs.value)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_sequences_in_several_chunks_add_up(counts, n_jobs):
    groups = np.repeat(np.arange(5), [20, 20, 20, 20, 27])
    cut = ek.ArraySource(counts, groups=groups, chunk_rows=30)
    assert [len(chunk.x) for chunk in cut.chunks()] == [20, 20, 20, 20, 27]
    start = chain_params([15.0, 25.0])
    one = ek.fit(CHAIN, cut, start, n_jobs=1, max_evaluations=5)
    other = ek.fit(CHAIN, cut, start, n_jobs=n_jobs, max_evaluations=5)
    assert one.history == other.history
    whole = ek.fit(CHAIN, ek.ArraySource(counts, groups=groups, chunk_rows=1000), start, max_evaluations=5)
    assert one.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
