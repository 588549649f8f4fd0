"""Rows in sequence: each comes from one of K components, and which one depends on that of the row before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

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
from emkit.errors import ParameterError
from emkit.families import as_family
from emkit.families.family import Family, for_rows, per_mass, safe_log, slope_of_log
from emkit.models import chains
from emkit.models.assignment import Assignment, Posterior, Soft
from emkit.models.chains import Moves, Path
from emkit.models.components import Components, ComponentStats
from emkit.models.order import component_leaves, of_components

STAY = 0.7  # of a start: states that last for some rows, which is what tells them from a mixture
SETTLED = 1e-9  # what a step may change in a stationary distribution, by rounding
P = TypeVar("P", bound=Parameters)
R = TypeVar("R", bound=RowSource)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class HiddenMarkovParams(Parameters, Generic[P]):
    """`initial` (K,): the probability of each state in the first row; `transitions` (K, K) from row to column; `components`."""

    initial: Annotated[Array, Simplex(), Axes("component")]
    transitions: Annotated[Array, Simplex(), Axes("component", "component")]
    components: P

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, initial: ArrayLike, transitions: ArrayLike, components: P) -> None: ...


@dataclass(frozen=True)
class HiddenMarkovChain(Components[HiddenMarkovParams[P], P, S]):
    """p(x, z) = initial[z_1] prod_t transitions[z_t, z_t+1] p(x_t | component z_t) in each sequence, for any family.

    The rows of a group are a sequence; without groups, all rows are one. A weight is of a sequence. A gap, where the family
    admits any, contributes a factor of 1, so a row of nothing but gaps is a step that nothing was seen at. `assignment` is how
    the E-step assigns paths: `Soft` or, for Viterbi training, `Hard`.

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

    family: Family[P, S]
    assignment: Assignment = field(default_factory=Soft)

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", as_family(self.family))

    def assign(self, params: HiddenMarkovParams[P], log_density: Array, chunk: Chunk) -> Posterior:
        return self.assignment.assign_paths(params.initial, params.transitions, log_density, chunk)

    def gathered(self, posterior: Posterior, chunk: Chunk) -> Moves:
        moves: Moves = posterior.latent
        return moves

    def decode(self, params: HiddenMarkovParams[P], chunk: Chunk) -> Path:
        """The likeliest path through the states of every sequence."""
        model = self._for(chunk)
        log_density = model._log_density(params.components, chunk, model._form(params, chunk))
        return chains.likeliest(params.initial, params.transitions, log_density, chunk)

    def belonging_updates(self) -> Mapping[str, Update[ComponentStats[S], HiddenMarkovParams[P]]]:
        return {"initial": _initial, "transitions": _transitions}

    def belonging_expected(self, belonging: Moves, before: HiddenMarkovParams[P], now: HiddenMarkovParams[P]) -> Expected:
        counts = {"initial": belonging.starts, "transitions": belonging.moves}
        values = {"initial": now.initial, "transitions": now.transitions}
        total = sum(float((counts[path] * safe_log(value)).sum()) for path, value in values.items())
        return Expected(total, {path: slope_of_log(counts[path], value) for path, value in values.items()})

    def undetermined(self, params: HiddenMarkovParams[P]) -> Mapping[str, Mask]:
        never = ~_reachable(params)
        if not never.any():
            return {}
        own = {leaf.path: of_components(leaf, never) for leaf in component_leaves(params) if leaf.path != "initial"}
        return {**own, "transitions": np.broadcast_to(never[:, None], params.transitions.shape)}

    def degenerate(self, params: HiddenMarkovParams[P], profile: AnyProfile) -> tuple[int, ...]:
        """Components that rest on the family's floor, and states that no sequence comes to."""
        never = {int(k) for k in np.flatnonzero(~_reachable(params))}
        return tuple(sorted(never | set(super().degenerate(params, profile))))

    def even(self, profile: Profile[ArraySource], n_components: int) -> HiddenMarkovParams[P]:
        family, alike = for_rows(self.family, profile), np.full(n_components, 1 / n_components)
        transitions = STAY * np.eye(n_components) + (1 - STAY) * alike
        return HiddenMarkovParams(alike, transitions, family.pooled(profile, n_components))

    def in_sequences(self, source: R) -> R:
        return source.as_one_group()

    @property
    def admits_membership(self) -> bool:
        return False

    @property
    def ascends(self) -> bool:
        return self.assignment.ascends

    def draw(self, params: HiddenMarkovParams[P], rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        """A sequence of `rows` rows (n, d) and the state (n,) of each."""
        states = _lots(params, rng, rows)
        return self.family.draw(params.components, rng, states), states

    def drawn_components(self, params: HiddenMarkovParams[P], rng: np.random.Generator, rows: Array) -> Integers:
        return _lots(params, rng, len(rows))


def _lots(params: HiddenMarkovParams[P], rng: np.random.Generator, rows: int) -> Integers:
    """The states (n,) of a sequence of so many rows."""
    lots, states = rng.random(rows), np.empty(rows, dtype=np.int64)
    most, ahead = len(params.initial) - 1, params.initial.cumsum()
    onwards = params.transitions.cumsum(axis=1)
    for t, lot in enumerate(lots):
        states[t] = min(int(np.searchsorted(ahead, lot * ahead[-1], side="right")), most)
        ahead = onwards[states[t]]
    return states


def stationary(transitions: Array) -> Array:
    """The distribution (K,) that `transitions` (K, K) leave as it is.

    Errors: ParameterError where there are several, since the states that are never left are more than one or one group.
    """
    number = len(transitions)
    try:
        found = np.linalg.solve(np.eye(number) - transitions.T + 1.0, np.ones(number))
    except np.linalg.LinAlgError:
        found = np.full(number, np.nan)
    if not np.abs(found @ transitions - found).max() <= SETTLED:
        raise ParameterError("there is no one stationary distribution: several groups of states are never left.")
    return np.maximum(found, 0.0) / np.maximum(found, 0.0).sum()


AnyHiddenMarkovChain = HiddenMarkovChain[Any, Any]


def _reachable(params: HiddenMarkovParams[Any]) -> Mask:
    """Which states (K,) a sequence can come to."""
    found = params.initial > 0
    for _ in range(len(found)):
        found = found | (found @ (params.transitions > 0))
    return found


def _initial(stats: ComponentStats[S], before: HiddenMarkovParams[P], now: HiddenMarkovParams[P]) -> Array:
    """Expected number of sequences that start in each state / number of sequences.

    Shapes: starts (K,) -> (K,).
    Source: maximise sum_k starts_k log initial_k with a Lagrange multiplier for their sum.
    """
    starts: Array = stats.belonging.starts
    return starts / starts.sum()


def _transitions(stats: ComponentStats[S], before: HiddenMarkovParams[P], now: HiddenMarkovParams[P]) -> Array:
    """Expected number of moves from one state to another / of moves from it; as before from a state that is never left.

    Shapes: moves (K, K) -> (K, K). Source: as for the initial distribution, for each row.
    """
    moves: Array = stats.belonging.moves
    return per_mass(moves, moves.sum(axis=1), before.transitions)
