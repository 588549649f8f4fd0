"""Rows in sequence whose moves between states, and first states, depend on covariates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.checks import check_settled
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.newton import NewtonSums
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update, not_carried
from emkit.core.spaces import Contrasts, Simplex
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64, unit_weights
from emkit.data.framed_design import Column
from emkit.data.multinomial_logits import from_first
from emkit.data.profile import AnyProfile, Profile
from emkit.data.source import ArraySource
from emkit.errors import ModelError
from emkit.families.family import for_rows
from emkit.models import chains
from emkit.models.assignment import Posterior
from emkit.models.components import Components, ComponentStats
from emkit.models.gates import FirstStates, Gate, Unconditional, columns_of, gate_on, plain_gate, refuse_whole_rows
from emkit.models.hidden_markov import HiddenMarkovChain, walk
from emkit.models.messages import Chain

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class GatedHiddenMarkovParams(Parameters, Generic[P]):
    """`initial` (K,): the probability of each state in the first row; `transitions` (K, K, q): log-odds; the `components`.

    The log-odds are those of going on from a state (first axis) to another (second axis) against going to the first state, by
    intercept and covariates. Only differences along the second axis matter: the first is taken off all of them. `covariates`
    are the names of the columns of the transitions.

    Whoever is in state 1 stays there at log-odds of 1, and of 1 + 0.5 where the covariate is 1:

    >>> import emkit as ek
    >>> params = ek.GatedHiddenMarkovParams(
    ...     [0.5, 0.5], [[[0, 0], [-1, 0]], [[0, 0], [1, 0.5]]], ek.PoissonParams([[1.0], [6.0]]), ("Intercept", "rain")
    ... )
    >>> params.transitions[1, 1].tolist(), params.covariates
    ([1.0, 0.5], ('Intercept', 'rain'))
    """

    initial: Annotated[Array, Simplex(), Axes("component")]
    transitions: Annotated[
        Array,
        Contrasts(),
        Axes("component", "component", "covariate", coupled=("component", "covariate"), told_by="covariates"),
    ]
    components: P
    covariates: tuple[str, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, initial: ArrayLike, transitions: ArrayLike, components: P, covariates: tuple[str, ...] = ()
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "transitions", from_first(self.transitions))
        super().__post_init__()


@dataclass(frozen=True, eq=False)
class GatedInitialHiddenMarkovParams(GatedHiddenMarkovParams[P]):
    """The same with `initial` (K, q): log-odds of each first state against the first, by intercept and covariates.

    `initial_covariates` are the names of their columns.

    >>> import emkit as ek
    >>> params = ek.GatedInitialHiddenMarkovParams(
    ...     initial=[[0, 0], [0.2, 1.5]],
    ...     transitions=[[[0], [-1]], [[0], [1]]],
    ...     components=ek.PoissonParams([[1.0], [6.0]]),
    ...     covariates=("Intercept",),
    ...     initial_covariates=("Intercept", "age"),
    ... )
    >>> dict(zip(params.initial_covariates, params.initial[1].tolist(), strict=True))
    {'Intercept': 0.2, 'age': 1.5}
    """

    initial: Annotated[
        Array, Contrasts(), Axes("component", "covariate", coupled=("component", "covariate"), told_by="initial_covariates")
    ]
    initial_covariates: tuple[str, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self,
            initial: ArrayLike,
            transitions: ArrayLike,
            components: P,
            covariates: tuple[str, ...] = (),
            initial_covariates: tuple[str, ...] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", from_first(self.initial))
        super().__post_init__()


@dataclass(frozen=True)
class GatedMoves(Additive):
    """Sums of the first states, as whatever they depend on counts them, and of the `moves` from each state."""

    starts: Any
    moves: NewtonSums


class Counted(NamedTuple):
    """What is known of the paths of a chunk: how often states were first and followed each other, and the chain of the rows."""

    moves: chains.Moves
    chain: Chain


@dataclass(frozen=True)
class GatedHiddenMarkovChain(HiddenMarkovChain[GatedHiddenMarkovParams[P], P, S]):
    """A `HiddenMarkovChain` whose moves depend on covariates: log-odds of the state of a row are linear in those of that row.

    `transitions`: the columns that p(state | state of the row before) depends on, with coefficients of its own for each state
    that is gone on from. `initial`: those that the first state depends on, in the first row of each sequence; without any, it
    has a distribution as in other chains. Both have an intercept. It is also called a non-homogeneous chain, or one with
    inputs.

    The `family` describes other columns than these, or some columns given them: a regression, or a product in which they are
    `Covariates`. Cells that are described may be gaps where the family admits any; covariates may not.
    Errors: ModelError for a family that describes whole rows, the covariates among them.
    Source: Hughes, Guttorp & Charles (1999), Applied Statistics 48, 15-30; Visser & Speekenbrink (2010), Journal of
    Statistical Software 36 (7), whose covariates are those of the row that is left.

    Counts that rise where the other column has a 1, more often than else, and last:

    >>> import emkit as ek
    >>> counts = [0, 1, 6, 7, 1, 0, 0, 8, 6, 5, 0, 1, 6, 0, 1, 0, 1, 7, 6, 1, 0, 7, 5, 6, 1, 0]
    >>> pushed = [0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1]
    >>> rows = [list(row) for row in zip(counts, pushed)]
    >>> chain = ek.GatedHiddenMarkovChain({0: "poisson", 1: ek.Covariates()}, transitions=1)
    >>> parts = chain.family.params(ek.PoissonParams([[1.0], [6.0]]), ek.CovariatesParams())
    >>> start = ek.GatedHiddenMarkovParams([0.5, 0.5], [[[0, 0], [-1, 0]], [[0, 0], [1, 0]]], parts)
    >>> fit = ek.fit(chain, rows, start)
    >>> fit.model.transition_matrices(fit.params, [[0, 0], [0, 1]]).round(2).tolist()
    [[[0.85, 0.15], [0.67, 0.33]], [[0.42, 0.58], [0.17, 0.83]]]
    """

    name: ClassVar[str] = "hidden Markov chain"
    transitions: tuple[Column, ...] = field(default=(), kw_only=True)
    initial: tuple[Column, ...] = field(default=(), kw_only=True)
    gate: Gate | None = field(default=None, repr=False, kw_only=True)
    initial_gate: Gate | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "transitions", columns_of(self.transitions))
        object.__setattr__(self, "initial", columns_of(self.initial))
        check_settled("gate", self.gate, Gate)
        check_settled("initial_gate", self.initial_gate, Gate)
        if self.transitions or self.initial:
            refuse_whole_rows(self.family, "GatedHiddenMarkovChain({'y': family, 'x': ek.Covariates()}, transitions='x')")

    # -- the gates

    @property
    def _gate(self) -> Gate:
        """That of the transitions. Errors: ModelError while covariates are known by name only."""
        return self.gate if self.gate is not None else plain_gate(self.transitions)

    @property
    def _first(self) -> FirstStates:
        return self._first_gate if self.initial else Unconditional()

    @property
    def _first_gate(self) -> Gate:
        """That of the first states, where these depend on covariates. Errors: as `_gate`."""
        return self.initial_gate if self.initial_gate is not None else plain_gate(self.initial)

    def placed(self, profile: AnyProfile) -> Self:
        """The model with its covariates found in the data. Errors: DataError for one that is not there, or dependent."""
        model = self.of_family(for_rows(self.family, profile))
        if model.gate is not None:
            return model
        first = gate_on(self.initial, profile) if self.initial else None
        return replace(model, gate=gate_on(self.transitions, profile), initial_gate=first)

    def settled(self, profile: AnyProfile) -> Self:
        return super(GatedHiddenMarkovChain, self.placed(profile)).settled(profile)

    @property
    def depending(self) -> Mapping[str, Sequence[Column]]:
        every = {"transitions": self.transitions, "first states": self.initial}
        return {what: columns for what, columns in every.items() if columns}

    def transition_matrices(self, params: GatedHiddenMarkovParams[P], x: ArrayLike) -> Array:
        """The transitions into rows x (n, d) with these covariates, from row to column (n, K, K)."""
        return np.exp(self._gate.log_proportions(params.transitions, np.asarray(x, dtype=np.float64)))

    def initial_distributions(self, params: GatedHiddenMarkovParams[P], x: ArrayLike) -> Array:
        """The distribution of the state (n, K) of rows x (n, d), were each the first of a sequence."""
        return np.exp(self._first.log_proportions(params.initial, np.asarray(x, dtype=np.float64)))

    # -- who belongs where

    def chain_over(self, params: GatedHiddenMarkovParams[P], chunk: Chunk) -> Chain:
        first = self.initial_distributions(params, as_float64(chunk.x[chunk.bounds[:-1]]))
        return Chain(first, self.transition_matrices(params, as_float64(chunk.x)))

    def chain(self, params: GatedHiddenMarkovParams[P]) -> Chain:
        raise ModelError(
            "transitions depend on covariates, so there is no one matrix of them: see `transition_matrices`, and `chain_over`."
        )

    def forecast(self, params: GatedHiddenMarkovParams[P], chunk: Chunk, steps: int) -> Array:
        raise ModelError(
            "transitions depend on covariates, which are not known of rows to come: multiply the last row of what `filter` "
            "gives by `transition_matrices` for the covariates that you expect."
        )

    def long_run(self, params: GatedHiddenMarkovParams[P]) -> Array:
        raise ModelError("transitions depend on covariates, so there is no one distribution of the states in the long run.")

    def assign(self, params: GatedHiddenMarkovParams[P], log_density: Array, chunk: Chunk) -> Posterior:
        chain = self.chain_over(params, chunk)
        found = self.assignment.assign_paths(*chain, log_density, chunk)
        return found._replace(latent=Counted(found.latent, chain))

    def gathered(self, posterior: Posterior, chunk: Chunk) -> GatedMoves:
        first, later = chunk.bounds[:-1], chains.not_first(chunk)
        moves, chain = posterior.latent
        starts = np.nan_to_num(posterior.responsibilities[first]) * chunk.group_weights[:, None]
        return GatedMoves(
            self._first.sums(chunk.x[first], starts, chain.initial),
            self._gate.sums(chunk.x[later], moves.moves[later], chain.transitions[later]),
        )

    def belonging_carried(self, belonging: Any, before: Any, now: Any) -> Any:
        raise not_carried(self)

    def belonging_updates(self) -> Mapping[str, Update[ComponentStats[S], GatedHiddenMarkovParams[P]]]:
        return {"initial": self._initial, "transitions": self._transitions}

    def _initial(self, stats: Any, before: GatedHiddenMarkovParams[P], now: GatedHiddenMarkovParams[P]) -> Array:
        """The shares of the first states; with covariates, one step of Newton's method: see `Gate.moved`."""
        return self._first.moved(stats.belonging.starts, before.initial, now.initial)

    def _transitions(self, stats: Any, before: GatedHiddenMarkovParams[P], now: GatedHiddenMarkovParams[P]) -> Array:
        """One step of Newton's method for each state that is gone on from: see `Gate.moved`."""
        return self._gate.moved(stats.belonging.moves, before.transitions, now.transitions)

    def belonging_expected(
        self, belonging: GatedMoves, before: GatedHiddenMarkovParams[P], now: GatedHiddenMarkovParams[P]
    ) -> Expected:
        """A bound that touches the expected log-likelihood of the multinomial logits at `before`."""
        first = self._first.bound(belonging.starts, before.initial, now.initial)
        moves = self._gate.bound(belonging.moves, before.transitions, now.transitions)
        return Expected(first.value + moves.value, {"initial": first.slopes, "transitions": moves.slopes})

    def undetermined(self, params: GatedHiddenMarkovParams[P]) -> Mapping[str, Mask]:
        return {}

    def degenerate(self, params: GatedHiddenMarkovParams[P], profile: AnyProfile) -> tuple[int, ...]:
        return Components.degenerate(self, params, profile)

    def rows_of(self, params: GatedHiddenMarkovParams[P], profile: AnyProfile) -> Array | None:
        return None  # covariates tell of that

    def scales(self, params: GatedHiddenMarkovParams[P]) -> Mapping[str, Scale]:
        """Log-odds are counted in steps that move those of all rows by about 1, where the rows are known."""
        gates = {"transitions": (self.gate, params.transitions), "initial": (self.initial_gate, params.initial)}
        own = {path: gate.scale(value) for path, (gate, value) in gates.items() if gate is not None}
        return {**super().scales(params), **own}

    # -- starts, and rows drawn

    def starts(
        self, profile: Profile[ArraySource], n_components: int, seeds: Iterable[int]
    ) -> list[GatedHiddenMarkovParams[P]]:  # fmt: skip
        return super(GatedHiddenMarkovChain, self.placed(profile)).starts(profile, n_components, seeds)

    def even(self, profile: Profile[ArraySource], n_components: int) -> GatedHiddenMarkovParams[P]:
        return super(GatedHiddenMarkovChain, self.placed(profile)).even(profile, n_components)

    def beginning(self, initial: Array, transitions: Array, components: P) -> GatedHiddenMarkovParams[P]:
        """Parameters that start from such a chain, whatever the covariates are."""
        moves, names = _constant(transitions, self._gate), self._gate.coefficient_names
        if not self.initial:
            return GatedHiddenMarkovParams(initial, moves, components, names)
        first = self._first_gate
        return GatedInitialHiddenMarkovParams(_constant(initial, first), moves, components, names, first.coefficient_names)

    def moves_of(self, shares: Array, chunk: Chunk, like: GatedHiddenMarkovParams[P]) -> GatedMoves:
        counted = Counted(chains.moves_into_rows(shares, chunk), self.chain_over(like, chunk))
        return self.gathered(Posterior(shares, np.empty(0), latent=counted), chunk)

    def moves(self, params: GatedHiddenMarkovParams[P], profile: Profile[ArraySource]) -> Iterator[Any]:
        return iter(())

    def relocations(
        self, params: GatedHiddenMarkovParams[P], profile: Profile[ArraySource], seed: int
    ) -> Iterator[Any]:  # fmt: skip
        return iter(())

    def draw(
        self, params: GatedHiddenMarkovParams[P], rng: np.random.Generator, rows: int
    ) -> tuple[Array, Integers]:  # fmt: skip
        raise ModelError("covariates are data, and cannot be drawn: sequences that depend on them are drawn for given rows.")

    def drawn_components(
        self, params: GatedHiddenMarkovParams[P], rng: np.random.Generator, rows: Array, lengths: Integers | None
    ) -> Integers:
        bounds = np.concatenate([[0], np.cumsum([len(rows)] if lengths is None else lengths)])
        initial, transitions = self.chain_over(params, Chunk(rows, unit_weights(len(rows)), groups=bounds))
        each = zip(initial, pairwise(bounds.tolist()), strict=True)
        return np.concatenate([walk(own, transitions[first:end], rng, end - first) for own, (first, end) in each])


def _constant(probabilities: Array, gate: Gate) -> Array:
    """Gates (..., K, q) with these probabilities (..., K) for any covariates."""
    found = np.zeros((*probabilities.shape, len(gate.coefficient_names)))
    found[..., 0] = np.log(probabilities)
    return found
