"""Rows in sequence: each comes from one of K components, and which one depends on that of the row before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile, Profile
from emkit.data.source import ArraySource, RowSource
from emkit.families import as_family
from emkit.families.family import Family, for_rows, per_mass, safe_log, slope_of_log
from emkit.models import chain_moves, chains, messages
from emkit.models.assignment import Assignment, Posterior, Soft
from emkit.models.chain_passes import ChainPasses
from emkit.models.components import ComponentStats
from emkit.models.long_run import forecast, stationary
from emkit.models.messages import Chain
from emkit.models.order import component_leaves, of_components

STAY = 0.7  # of a start: states that last for some rows, which is what tells them from a mixture
P = TypeVar("P", bound=Parameters)
Q = TypeVar("Q", bound=Any)  # parameters that are `ChainParams`
R = TypeVar("R", bound=RowSource)
S = TypeVar("S")


class ChainParams(Protocol):
    """Parameters that tell the distribution of the first state (K,), transitions (K, K) from row to column, and components."""

    @property
    def initial(self) -> Array: ...

    @property
    def transitions(self) -> Array: ...

    @property
    def components(self) -> Any: ...


@dataclass(frozen=True, eq=False)
class HiddenMarkovParams(Parameters, Generic[P]):
    """`initial` (K,): the probability of each state in the first row; `transitions` (K, K) from row to column; `components`.

    >>> import emkit as ek
    >>> params = ek.HiddenMarkovParams([1.0, 0.0], [[0.9, 0.1], [0.3, 0.7]], ek.PoissonParams([[1.0], [6.0]]))
    >>> params.transitions[0].tolist(), params.components.rates.ravel().tolist()
    ([0.9, 0.1], [1.0, 6.0])
    """

    initial: Annotated[Array, Simplex(), Axes("component")]
    transitions: Annotated[Array, Simplex(), Axes("component", "component")]
    components: P

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, initial: ArrayLike, transitions: ArrayLike, components: P) -> None: ...


@dataclass(frozen=True)
class HiddenMarkovChain(ChainPasses[Q, P, S], Generic[Q, P, S]):
    """p(x, z) = initial[z_1] prod_t transitions[z_t, z_t+1] p(x_t | component z_t) in each sequence, for any family.

    The rows of a group are a sequence; without groups, all rows are one. A weight is of a sequence. A gap, where the family
    admits any, contributes a factor of 1, so a row of nothing but gaps is a step that nothing was seen at. `assignment` is how
    the E-step assigns paths: `Soft`, for Viterbi training `Hard`, or `Sampled`.

    A transition that starts at 0 stays there; ``Frozen(chain, "transitions[1, 0]")`` says that it is meant, and is not counted
    as free. ``Frozen(chain, "initial")`` holds the initial distribution.
    Source: Baum, Petrie, Soules & Weiss (1970), Annals of Mathematical Statistics 41, 164-171.

    >>> import emkit as ek
    >>> chain = ek.HiddenMarkovChain(ek.Poisson())
    >>> start = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.PoissonParams([[1.0], [6.0]]))
    >>> result = ek.fit(chain, [0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1], start)
    >>> result.params.transitions.round(2).tolist()
    [[0.85, 0.15], [0.2, 0.8]]
    """

    name: ClassVar[str] = "hidden Markov chain"
    groups_called: ClassVar[str] = "sequences"
    family: Family[P, S]
    assignment: Assignment = field(default_factory=Soft)

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", as_family(self.family))

    def assign(self, params: Q, log_density: Array, chunk: Chunk) -> Posterior:
        return self.assignment.assign_paths(*self.chain_over(params, chunk), log_density, chunk)

    def gathered(self, posterior: Posterior, chunk: Chunk) -> Any:
        """What the assignment counted of paths: their `Moves`."""
        return posterior.latent

    def chain(self, params: Q) -> Chain:
        return Chain(params.initial, params.transitions)

    def outlook(self, params: Q, chunk: Chunk, by_others: bool = False) -> Array:
        expected = messages.expected_by_others if by_others else messages.expected
        return expected(self.chain_over(params, chunk), self.log_density(params, chunk), chunk)

    def forecast(self, params: Q, chunk: Chunk, steps: int) -> Array:
        """The probability of each state (G, steps, K) at 1, 2, ... rows after the last one of each sequence.

        It is NaN after a sequence that no path explains.
        """
        shares = messages.filtered(self.chain_over(params, chunk), self.log_density(params, chunk), chunk)
        return forecast(shares[chunk.bounds[1:] - 1], params.transitions, steps)

    def long_run(self, params: Q) -> Array:
        """The share of the rows (K,) that each state has in the long run. Errors: ParameterError where there are several."""
        return stationary(params.transitions)

    def belonging_updates(self) -> Mapping[str, Update[ComponentStats[S], Q]]:
        return {"initial": initial_update, "transitions": transitions_update}

    def belonging_expected(self, belonging: Any, before: Q, now: Q) -> Expected:
        counts = {"initial": belonging.starts, "transitions": belonging.moves}
        values = {"initial": now.initial, "transitions": now.transitions}
        total = sum(float((counts[path] * safe_log(value)).sum()) for path, value in values.items())
        return Expected(total, {path: slope_of_log(counts[path], value) for path, value in values.items()})

    def undetermined(self, params: Q) -> Mapping[str, Mask]:
        never = ~_reachable(params)
        if not never.any():
            return {}
        own = {leaf.path: of_components(leaf, never) for leaf in component_leaves(params) if leaf.path != "initial"}
        return {**own, "transitions": np.broadcast_to(never[:, None], params.transitions.shape)}

    def degenerate(self, params: Q, profile: AnyProfile) -> tuple[int, ...]:
        """Components that rest on the family's floor, and states that no sequence comes to."""
        never = {int(k) for k in np.flatnonzero(~_reachable(params))}
        return tuple(sorted(never | set(super().degenerate(params, profile))))

    def rows_of(self, params: Q, profile: AnyProfile) -> Array | None:
        if not np.isfinite(profile.rows):
            return None
        return _occupied(params, profile.rows / profile.groups) * max(profile.rows, profile.total_weight)

    def even(self, profile: Profile[ArraySource], n_components: int) -> Q:
        alike = np.full(n_components, 1 / n_components)
        transitions = STAY * np.eye(n_components) + (1 - STAY) * alike
        return self.beginning(alike, transitions, for_rows(self.family, profile).pooled(profile, n_components))

    def beginning(self, initial: Array, transitions: Array, components: P) -> Q:
        """Parameters of the model that start from such a chain."""
        params: Any = HiddenMarkovParams(initial, transitions, components)
        return params

    def estimated_from(self, chunk: Chunk, like: Q, shares: Array) -> Q:
        """Where rows are no sequences, as in a sample of them, only the components."""
        if chunk.groups is None:
            return super().estimated_from(chunk, like, shares)
        model = self._for(chunk)
        _, statistics = model._shared(chunk, like, shares)
        return model.m_step(self.statistics_of(model.moves_of(shares, chunk, like), statistics), like)

    def moves_of(self, shares: Array, chunk: Chunk, like: Q) -> Any:
        """What `gathered` makes of states that rows have in these `shares` (n, K), each independently of the row before."""
        return chains.moves_between(shares, chunk)

    def moves(self, params: Q, profile: Profile[ArraySource]) -> Iterator[Q]:
        return chain_moves.split_merges(self, params, profile)

    def relocations(self, params: Q, profile: Profile[ArraySource], seed: int) -> Iterator[Q]:
        return chain_moves.relocations(self, params, profile, seed)

    def in_sequences(self, source: R) -> R:
        return source.as_one_group()

    @property
    def admits_membership(self) -> bool:
        return False

    @property
    def ascends(self) -> bool:
        return self.assignment.ascends

    def draw(self, params: Q, rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        """A sequence of `rows` rows (n, d) and the state (n,) of each."""
        states = self.walked(params, rng, rows)
        return self.family.draw(params.components, rng, states), states

    def drawn_components(self, params: Q, rng: np.random.Generator, rows: Array, lengths: Integers | None) -> Integers:
        sequences = [len(rows)] if lengths is None else lengths.tolist()
        return np.concatenate([self.walked(params, rng, length) for length in sequences])

    def walked(self, params: Q, rng: np.random.Generator, rows: int) -> Integers:
        """The states (n,) of a sequence of so many rows, drawn."""
        return walk(params.initial, params.transitions, rng, rows)


AnyHiddenMarkovChain = HiddenMarkovChain[Any, Any, Any]


def walk(initial: Array, transitions: Array, rng: np.random.Generator, rows: int) -> Integers:
    """The states (n,) of a sequence of so many rows, by transitions (K, K), or by those into each row (n, K, K)."""
    lots, states = rng.random(rows), np.empty(rows, dtype=np.int64)
    most, ahead = len(initial) - 1, initial.cumsum()
    onwards = np.broadcast_to(transitions.cumsum(axis=-1), (rows, *transitions.shape[-2:]))
    for t, lot in enumerate(lots):
        ahead = onwards[t, states[t - 1]] if t else ahead
        states[t] = min(int(np.searchsorted(ahead, lot * ahead[-1], side="right")), most)
    return states


def _occupied(params: ChainParams, length: float) -> Array:
    """About which share (K,) of the rows each state has in a sequence of this length: a power of 2 as long at least."""
    steps, ahead, summed = 1, params.transitions, np.eye(len(params.initial))
    while steps < length:
        summed, ahead, steps = summed + ahead @ summed, ahead @ ahead, 2 * steps
    return np.asarray(params.initial @ summed / steps)


def _reachable(params: ChainParams) -> Mask:
    """Which states (K,) a sequence can come to."""
    found = params.initial > 0
    for _ in range(len(found)):
        found = found | (found @ (params.transitions > 0))
    return found


def initial_update(stats: ComponentStats[S], before: ChainParams, now: ChainParams) -> Array:
    """Expected number of sequences that start in each state / number of sequences; as before if none has any path.

    Shapes: starts (K,) -> (K,).
    Source: maximise sum_k starts_k log initial_k with a Lagrange multiplier for their sum.
    """
    starts: Array = stats.belonging.starts
    return per_mass(starts, starts.sum(), before.initial)


def transitions_update(stats: ComponentStats[S], before: ChainParams, now: ChainParams) -> Array:
    """Expected number of moves from one state to another / of moves from it; as before from a state that is never left.

    Shapes: moves (K, K) -> (K, K). Source: as for the initial distribution, for each row.
    """
    moves: Array = stats.belonging.moves
    return per_mass(moves, moves.sum(axis=1), before.transitions)
