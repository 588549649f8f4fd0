"""Rows in sequence whose hidden states last as long as a law of durations says, and then go on to another state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes, Subject
from emkit.core.checks import check_count
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update, not_carried
from emkit.core.spaces import HollowSimplex, Simplex
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile, Profile
from emkit.data.source import ArraySource
from emkit.errors import ModelError, ParameterError
from emkit.families.family import Family, for_rows, safe_log, slope_of_log
from emkit.families.named import one_family
from emkit.models import messages
from emkit.models.assignment import Posterior
from emkit.models.chains import Path, likeliest
from emkit.models.components import Components, ComponentStats
from emkit.models.durations import Durations, Stays
from emkit.models.hidden_markov import HiddenMarkovChain, initial_update, transitions_update, walk
from emkit.models.long_run import forecast, stationary
from emkit.models.messages import Chain

MOST_ROWS = 1_000  # of a stay: the chain has as many states for each, and a matrix of their moves
P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class HiddenSemiMarkovParams(Parameters, Generic[P]):
    """`initial` (K,): of each state in the first row; `transitions` (K, K) to another state, 0 on the diagonal.

    `durations` and `components`: of how long each state lasts, and of its rows.

    Between two states every move is to the other one; how long each lasts stands in `durations`:

    >>> import emkit as ek
    >>> params = ek.HiddenSemiMarkovParams(
    ...     [0.5, 0.5], [[0, 1], [1, 0]], ek.PoissonParams([[2.0], [5.0]]), ek.PoissonParams([[1.0], [6.0]])
    ... )
    >>> (1 + params.durations.rates).ravel().tolist()
    [3.0, 6.0]
    """

    initial: Annotated[Array, Simplex(), Axes("component")]
    transitions: Annotated[Array, HollowSimplex(), Axes("component", "component")]
    durations: Annotated[Parameters, Subject("rows beyond the first")]
    components: P

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, initial: ArrayLike, transitions: ArrayLike, durations: Parameters, components: P) -> None: ...


class Expanded(NamedTuple):
    """A chain with a state for each row of a stay: `initial` (K D,) and `transitions` (K D, K D), one stay in a row."""

    initial: Array
    transitions: Array


@dataclass(frozen=True)
class HiddenSemiMarkovChain(HiddenMarkovChain[HiddenSemiMarkovParams[P], P, S]):
    """Hidden states that last from 1 to `longest` rows, as `durations` say, and then go on to another one.

    `durations` is a family of counts, or its name: what a stay has beyond its first row is such a count, given that it is not
    longer than the longest. ``"negative-binomial"``, ``"poisson"``; ``"geometric"`` is the plain chain, cut off at the longest;
    ``"categorical"`` is any law: a probability for each length. `family` is what rows look like, as of a `HiddenMarkovChain`.

    It is a chain of K times `longest` states, of which those of one stay look alike. A sequence begins with a stay; its last
    one may be cut off by the end, and counts as one that lasted no shorter.
    Errors: ModelError for durations that are no counts.
    Source: Langrock & Zucchini (2011), Comput. Statist. Data Anal. 55, 715-724, for chains that stand for semi-Markov ones.

    >>> import emkit as ek
    >>> chain = ek.HiddenSemiMarkovChain(ek.Poisson(), durations="poisson", longest=15)
    >>> start = ek.HiddenSemiMarkovParams(
    ...     [0.5, 0.5], [[0, 1], [1, 0]], ek.PoissonParams([[3.0], [3.0]]), ek.PoissonParams([[1.0], [6.0]])
    ... )
    >>> result = ek.fit(chain, [0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1, 0, 2, 6, 5, 7, 8], start)
    >>> result.model.stays.law(result.params.durations).lasting @ range(1, 16)
    array([4.87762559, 5.71115561])
    """

    name: ClassVar[str] = "hidden semi-Markov chain"
    durations: Family[Any, Any] = field(kw_only=True)
    longest: int = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "durations", one_family(self.durations, alone=True))
        check_count("the longest stay", self.longest, ModelError, most=MOST_ROWS)
        if not self.durations.support.whole or self.durations.support.width != 1:
            raise ModelError(
                f"{self.durations.name} is no law of durations, which are whole numbers: take negative-binomial, poisson, "
                "geometric, or categorical for any law."
            )

    @property
    def stays(self) -> Durations:
        """How long states last."""
        return Durations(self.durations, self.longest)

    def expanded(self, params: HiddenSemiMarkovParams[P]) -> Expanded:
        """The chain that stands for it: from each row of a stay to its next one, or to the first one of another state."""
        ending, number = self.stays.law(params.durations).ending, len(params.initial)
        initial, moves = np.zeros((number, self.longest)), np.zeros((number, self.longest, number, self.longest))
        initial[:, 0] = params.initial
        moves[:, :, :, 0] = ending[:, :, None] * params.transitions[:, None, :]
        for k in range(number):
            moves[k, :-1, k, 1:] = np.diag(1 - ending[k, :-1])
        return Expanded(initial.ravel(), moves.reshape(initial.size, -1))

    def assign(self, params: HiddenSemiMarkovParams[P], log_density: Array, chunk: Chunk) -> Posterior:
        initial, transitions = self.expanded(params)
        each = np.repeat(log_density, self.longest, axis=1)
        found = self.assignment.assign_paths(initial, transitions, each, chunk)
        shares = found.responsibilities.reshape(*log_density.shape, self.longest)
        pairs = found.latent.moves.reshape(2 * shares.shape[1:])
        starts = found.latent.starts.reshape(shares.shape[1:]).sum(axis=1)
        cut = np.tensordot(chunk.group_weights, np.nan_to_num(shares[chunk.bounds[1:] - 1]), 1)
        stays = Stays(starts, pairs[:, :, :, 0].sum(axis=1), pairs[:, :, :, 0].sum(axis=2), cut)
        return found._replace(responsibilities=shares.sum(axis=2), latent=stays)

    def gathered(self, posterior: Posterior, chunk: Chunk) -> Stays:
        stays: Stays = posterior.latent
        return stays

    def chain(self, params: HiddenSemiMarkovParams[P]) -> Chain:
        raise ModelError(
            "states of a semi-Markov chain last as a law of durations says: transitions between states do not tell how rows "
            "follow each other. See `expanded`."
        )

    def outlook(self, params: HiddenSemiMarkovParams[P], chunk: Chunk, by_others: bool = False) -> Array:
        expected = messages.expected_by_others if by_others else messages.expected
        log_density = np.repeat(self.log_density(params, chunk), self.longest, axis=1)
        found = expected(Chain(*self.expanded(params)), log_density, chunk)
        return np.asarray(found.reshape(len(found), -1, self.longest).sum(axis=2))

    def path(self, params: HiddenSemiMarkovParams[P], log_density: Array, chunk: Chunk) -> Path:
        initial, transitions = self.expanded(params)
        found = likeliest(initial, transitions, np.repeat(log_density, self.longest, axis=1), chunk)
        return found._replace(states=np.where(found.states < 0, -1, found.states // self.longest))

    def forecast(self, params: HiddenSemiMarkovParams[P], chunk: Chunk, steps: int) -> Array:
        """How long the last stay has lasted counts."""
        initial, transitions = self.expanded(params)
        each = np.repeat(self.log_density(params, chunk), self.longest, axis=1)
        shares = messages.filtered(Chain(initial, transitions), each, chunk)
        found = forecast(shares[chunk.bounds[1:] - 1], transitions, steps)
        return np.asarray(found.reshape(*found.shape[:2], -1, self.longest).sum(axis=3))

    def long_run(self, params: HiddenSemiMarkovParams[P]) -> Array:
        visits = stationary(params.transitions) * (self.stays.law(params.durations).no_shorter.sum(axis=1))
        return visits / visits.sum()

    def belonging_carried(self, belonging: Any, before: Any, now: Any) -> Any:
        raise not_carried(self)

    def belonging_updates(self) -> Mapping[str, Update[ComponentStats[S], HiddenSemiMarkovParams[P]]]:
        return {"initial": initial_update, "transitions": transitions_update, "durations": self._durations}

    def _durations(
        self, stats: ComponentStats[S], before: HiddenSemiMarkovParams[P], now: HiddenSemiMarkovParams[P]
    ) -> Parameters:
        """The law with the greatest likelihood of the stays, those that were cut off as the law before completes them."""
        params: Parameters = self.stays.maximised(self.stays.law(before.durations).completed(stats.belonging), now.durations)
        return params

    def belonging_expected(
        self, belonging: Stays, before: HiddenSemiMarkovParams[P], now: HiddenSemiMarkovParams[P]
    ) -> Expected:
        """A bound, where stays were cut off: it touches at `before`."""
        counts = {"initial": belonging.starts, "transitions": belonging.moves}
        values = {"initial": now.initial, "transitions": now.transitions}
        total = sum(float((counts[path] * safe_log(value)).sum()) for path, value in values.items())
        own = Expected(total, {path: slope_of_log(counts[path], value) for path, value in values.items()})
        lasting = self.stays.expected(self.stays.law(before.durations).completed(belonging), now.durations)
        return own.plus(lasting.inside("durations"))

    def settled(self, profile: AnyProfile) -> Self:
        durations = self.durations.settled(self.stays.profile())
        settled = super().settled(profile)
        return settled if durations == self.durations else replace(settled, durations=durations)

    def check(self, params: HiddenSemiMarkovParams[P], profile: AnyProfile) -> None:
        super().check(params, profile)
        try:
            shape = np.shape(self.durations.log_density(params.durations, self.stays.counts))
        except (AttributeError, IndexError, ValueError):
            shape = None
        if shape != (self.longest, len(params.initial)):
            raise ParameterError(
                f"durations are {type(params.durations).__name__}, which are no parameters of {self.durations.name} for "
                f"{len(params.initial)} states in one column, with lengths from 1 to {self.longest}."
            )

    def even(self, profile: Profile[ArraySource], n_components: int) -> HiddenSemiMarkovParams[P]:
        if n_components < 2:
            raise ModelError("a semi-Markov chain goes on to another state, so it has two or more.")
        initial = np.full(n_components, 1 / n_components)
        transitions = (1 - np.eye(n_components)) / (n_components - 1)
        components = for_rows(self.family, profile).pooled(profile, n_components)
        return HiddenSemiMarkovParams(
            initial, transitions, self.durations.pooled(self.stays.profile(), n_components), components
        )

    def rows_of(self, params: HiddenSemiMarkovParams[P], profile: AnyProfile) -> Array | None:
        return None  # stays tell of that, and only for long sequences

    def estimated_from(self, chunk: Chunk, like: HiddenSemiMarkovParams[P], shares: Array) -> HiddenSemiMarkovParams[P]:
        """Only the components: shares do not say where stays end."""
        return Components.estimated_from(self, chunk, like, shares)

    def moves(self, params: HiddenSemiMarkovParams[P], profile: Profile[ArraySource]) -> Iterator[HiddenSemiMarkovParams[P]]:
        return iter(())

    def relocations(
        self, params: HiddenSemiMarkovParams[P], profile: Profile[ArraySource], seed: int
    ) -> Iterator[HiddenSemiMarkovParams[P]]:
        return iter(())

    def walked(self, params: HiddenSemiMarkovParams[P], rng: np.random.Generator, rows: int) -> Integers:
        return walk(*self.expanded(params), rng, rows) // self.longest
