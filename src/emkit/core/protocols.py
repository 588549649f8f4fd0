"""The interfaces between the rooms of the house."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.coordinates import Coordinates, Scale, is_under
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, leaves, maximise_in_turn
from emkit.core.rate import EMRate
from emkit.core.statistics import Additive
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
St = TypeVar("St")
A = TypeVar("A", bound=Additive)
Update = Callable[[S, P, P], Any]
C = TypeVar("C")
ChunkT_co = TypeVar("ChunkT_co", covariant=True)


@dataclass(frozen=True)
class Expectation(Additive, Generic[S]):
    """What an E-step returns; every field adds up over chunks.

    `statistics` are expected sufficient statistics (an `Additive`, an array or a number); `log_likelihood` is that of the
    rows at the parameters the E-step was given; `rows` is their number (their total weight); `gap` is the divergence of the
    distribution that the E-step used from the posterior: 0 for the exact E-step, more for hard assignment.

    Those of two chunks add up to that of both:

    >>> import emkit as ek
    >>> both = ek.Expectation(1.5, log_likelihood=-3.0, rows=2.0) + ek.Expectation(0.5, log_likelihood=-1.0, rows=1.0)
    >>> both.statistics, both.log_likelihood, both.rows
    (2.0, -4.0, 3.0)
    """

    statistics: S
    log_likelihood: float
    rows: float
    gap: float = 0.0


class LatentModel(Protocol[P, S]):
    """How latent and observed are joined: the only thing that the engine sees.

    Derive from this class and write `e_step` and either `m_step` or `updates`; the rest has defaults. A worked example
    is in docs/write_your_own_model.md.

    Numbers, each a signal of unknown variance and noise of variance 1. Their mean square is 5, so the signal's variance is 4:

    >>> import emkit as ek
    >>> import numpy as np
    >>> class Noisy(ek.LatentModel):
    ...     def e_step(self, params, chunk):
    ...         signal = params.variances[0]
    ...         squares = (signal / (signal + 1) * chunk.x) ** 2 + signal / (signal + 1)
    ...         log_density = -(chunk.x**2 / (signal + 1) + np.log(2 * np.pi * (signal + 1))) / 2
    ...         return ek.Expectation(np.array([squares.sum(), squares.size]), log_density.sum(), squares.size)
    ...
    ...     def m_step(self, stats, params):
    ...         return ek.SphericalGaussianParams(params.means, [stats[0] / stats[1]])
    >>> result = ek.fit(Noisy(), [-3.0, -1.0, 1.0, 3.0], ek.SphericalGaussianParams([[0.0]], [1.0]))
    >>> result.params.variances.round(4).tolist()
    [4.0]
    """

    @abstractmethod
    def e_step(self, params: P, chunk: Any) -> Expectation[S]:
        """Expected statistics and log-likelihood of one chunk at `params`. A pure function."""

    def m_step(self, stats: S, params: P) -> P:
        """The parameters that maximise the expected log-likelihood (plus `log_prior`), given summed statistics."""
        return maximise_in_turn(self.updates(), stats, params)

    def updates(self) -> Mapping[str, Update[S, P]]:
        """The M-step as a chain of conditional maximisers, one for each field (a dotted path such as ``components.means``).

        Each is called as ``update(stats, before, now)``: the summed statistics, the parameters that the E-step was taken at,
        and the parameters with the links so far applied; it returns the field's best value with the others as in `now`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define m_step(stats, params) or updates().")

    def expected(self, stats: S, before: P, now: P) -> Expected:
        """The expected log-likelihood of `now` under the statistics of an E-step taken at `before`, up to a constant.

        Right in value, slope and curvature at ``now == before``. From it follow scores, information, the ledger of a step, a
        guard for M-steps that are not exact, and `check_model`. Errors: NotImplementedError unless the model writes it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not write expected(stats, before, now).")

    def carried(self, stats: S, before: P, now: P) -> S:
        """The statistics of an E-step at `before`, told as those of one at `now` are.

        Statistics may be about the parameters of their E-step, as moments are about current means. Those of E-steps at
        different parameters add up once they are told about the same: ``expected(carried, now, theta)`` differs from
        ``expected(stats, before, theta)`` by a constant. Statistics that are about no parameters are carried as they are.
        Errors: ModelError unless the model writes it.
        """
        raise not_carried(self)

    def row_objectives(self, params: P, chunk: Any) -> Array | None:
        """What each row (n,), or each group of rows (G,), adds to the objective at a weight of 1; None if there is no telling.

        From it follow scores row by row, in few passes; of a model that does not tell, each row has an E-step of its own.
        """
        return None

    def normal_residuals(self, params: P, source: Any) -> Mapping[int, Array]:
        """The values (n,) of columns, by place, as standard normal numbers: what earlier rows of their groups do not tell.

        NaN in gaps. Errors: ModelError unless the model says how.
        """
        raise ModelError(f"{type(self).__name__} does not say what the residuals of its rows are.")

    @property
    def has_normal_residuals(self) -> bool:
        """Whether `normal_residuals` says anything."""
        return type(self).normal_residuals is not LatentModel.normal_residuals

    def log_prior(self, params: P) -> float:
        """Logarithm of the prior density, up to a constant: 0 for maximum likelihood."""
        return 0.0

    @property
    def states_prior(self) -> bool:
        """Whether `log_prior` is anything but 0."""
        return type(self).log_prior is not LatentModel.log_prior

    @property
    def is_pseudo(self) -> bool:
        """Whether the log-likelihood takes estimates of another fit for known, and so is a pseudo log-likelihood."""
        return False

    def expectation(self, params: P, source: Source[Any], map_reduce: MapReduce) -> Expectation[S]:
        """One pass over all chunks: the summed E-step. Nothing but the model and `params` travels to where chunks are."""
        total: Expectation[S] = map_reduce(partial(self.e_step, params), source)
        return total

    @property
    def admits_gaps(self) -> bool:
        """Whether cells of the data may be missing (NaN)."""
        return False

    @property
    def admits_membership(self) -> bool:
        """Whether it may be known of rows which component they belong to."""
        return False

    def settled(self, profile: Any) -> Self:
        """This model with what it left open and the data settle. Warns of what these data cannot tell. Once before a fit."""
        return self

    def check(self, params: P, profile: Any) -> None:
        """Raise DataError or ParameterError, naming row, column and value, if the model cannot take these data or start."""

    def recoded(self, source: Any) -> Any:
        """The source with its columns of levels as the model knows them."""
        return source

    def prepare(self, source: Any) -> Any:
        """The source that the passes go over: an equivalent one with less work in it, or `source` itself."""
        return source

    def occurring(self, source: Any) -> Any:
        """The same for what draws rows or leaves some out: rows that occurred, in the groups that the model sees them in."""
        return self.prepare(source)

    def redrawn(self, params: P, rng: Any, rows: Array, lengths: Integers | None = None) -> Array:
        """As many rows as are given (n, d), drawn anew; what the model is given of them, as covariates, is as it is there.

        `lengths` (G,): the rows come in groups of so many rows each. Errors: ModelError unless the model says how.
        """
        raise ModelError(
            f"{type(self).__name__} does not say how rows are drawn from it; use kind='case'. Of one sequence, use "
            "standard_errors()."
        )

    def narrowed(self, source: Any) -> Any:
        """The same problem in fewer columns, if they tell as much: see `Narrowed`; else None."""
        return None

    def on_floor(self, params: P, profile: Any) -> Mapping[str, Mask]:
        """Which elements of which fields a bound holds where the likelihood alone would move them on: no maximum of it."""
        return {}

    def loosened(self, params: P, profile: Any) -> Iterator[P]:
        """Parameters with what a bound holds a little beyond it, where the data may support an estimate there.

        An M-step from there keeps such an estimate, and undoes what is none.
        """
        return iter(())

    @property
    def climbs(self) -> bool:
        """Whether runs may climb the log-likelihood by Newton's method where EM is slow, by the slopes of `expected`."""
        return False

    def is_stuck(self, params: P) -> bool:
        """Whether the M-step leaves parameters where they are along which the log-likelihood may have slopes."""
        return False

    def conventional(self, params: P) -> P:
        """Of parameters under which rows have one distribution, those that are told; as a rule `params` themselves."""
        return params

    def within(self, params: P, like: P, profile: Any) -> bool:
        """Whether an extrapolation from `like` to `params` keeps to the bounds that an M-step keeps to."""
        return True

    def undetermined(self, params: P) -> Mapping[str, Mask]:
        """Which elements of which fields the likelihood does not depend on at `params`: those of components without rows."""
        return {}

    def degenerate(self, params: P, profile: Any) -> tuple[int, ...]:
        """Components at `params` that only a bound keeps from collapsing: their likelihood says nothing about the data."""
        return ()

    def endless(self, params: P, profile: Any) -> tuple[int, ...]:
        """Components at `params` that run off without end: the likelihood is highest infinitely far off."""
        return ()

    def planar(self, params: P, profile: Any) -> tuple[int, ...]:
        """Degenerate components that are clusters all the same: many rows in one plane, as no others are."""
        return ()

    def spikes(self, params: P, profile: Any) -> tuple[int, ...]:
        """Degenerate components that are no clusters."""
        found = self.degenerate(params, profile)
        planar = self.planar(params, profile) if found else ()
        return tuple(k for k in found if k not in planar)

    def slivers(self, params: P, profile: Any) -> tuple[int, ...]:
        """Components of few rows that happen to lie close together: no clusters, though their likelihood is high."""
        return ()

    def coinciding(self, params: P, profile: Any) -> tuple[tuple[int, ...], ...]:
        """Groups of components that no row tells apart: whatever their shares are, the likelihood is the same."""
        return ()

    def latent(self, params: P, chunk: Any) -> tuple[Any, Any]:
        """Means and covariances of the continuous latent variables of each row, or group of rows, given these.

        Errors: ModelError for a model that has none.
        """
        raise ModelError(f"{type(self).__name__} has no continuous latent variables, of which there would be means.")

    @property
    def has_latent(self) -> bool:
        """Whether `latent` says anything."""
        return type(self).latent is not LatentModel.latent

    groups_called: ClassVar[str] = "groups"  # what a reader calls the groups of rows, where rows come in groups

    def implied_covariance(self, params: P) -> Array | None:
        """The covariance (d, d) of the columns, if all that the model says of rows is that and their means; else None."""
        return None

    def sample_size(self, params: P, source: Any) -> float | None:
        """How many independent units BIC and its kin count; None where these are the rows."""
        return None

    def told_effects(self, params: P, source: Any) -> Any:
        """What data and estimates tell of the effects of groups, for a fit to keep: see `EffectsTold`; None of other models."""
        return None

    @property
    def has_effects(self) -> bool:
        """Whether `told_effects` says anything."""
        return type(self).told_effects is not LatentModel.told_effects

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[P]:
        """A start for each seed. Errors: ModelError if the model brings none."""
        raise ModelError(f"{type(self).__name__} brings no starts of its own: give it parameters to start from.")

    def moves(self, params: P, profile: Any) -> Iterator[P]:
        """Starts that may lead higher than a run that has come to `params`, the most promising first."""
        return iter(())

    def relocations(self, params: P, profile: Any, seed: int) -> Iterator[P]:
        """Starts near `params`, at random, of which nothing is known; there may be no end."""
        return iter(())

    def scales(self, params: P) -> Mapping[str, Scale]:
        """Origin and unit of the fields that have the unit of the data: see `Coordinates`."""
        return {}

    def held(self, params: P) -> tuple[str, ...]:
        """The parameters that no update moves, as dotted paths; none for a model that writes its M-step as a whole."""
        try:
            moved = self.updates()
        except NotImplementedError:
            return ()
        return tuple(leaf.path for leaf in leaves(params) if not is_under(leaf.path, moved))

    def coordinates(self, params: P) -> Coordinates[P]:
        """The free coordinates of the parameters: of those that an update can move."""
        return Coordinates(params, self.held(params), self.scales(params))

    @property
    def axis_names(self) -> Mapping[str, Sequence[str]]:
        """What the model calls the places on axes of its parameters, by the name of the axis, as far as it names any."""
        return {}

    @property
    def ascends(self) -> bool:
        """Whether every EM step raises the objective (a sampled E-step does not promise that)."""
        return True


def not_carried(which: object) -> ModelError:
    """The error for statistics that cannot be put together from E-steps at different parameters, as streams of rows need."""
    name = type(which).__name__
    return ModelError(
        f"{name} cannot be fitted block by block: it does not say how statistics of E-steps at different parameters add up. "
        "Fit all rows with `fit`; or, in a class of your own, write carried(stats, before, now), which returns `stats` where "
        "they are about no parameters."
    )


@dataclass(frozen=True)
class Complete:
    """A chunk with its latent states written out.

    `log_joint` (n, K) is log p(x_i, z=k; theta); `weights` (n,) counts how often each row occurs.
    """

    log_joint: Array
    weights: Array


@dataclass(frozen=True)
class Evaluation(Generic[P]):
    """The atom of the algorithm: one pass over the data.

    `objective` and `log_likelihood` are those of `params`; `update` is m_step(e_step(params)), whose own objective is not
    known until it is evaluated in its turn. `em_rate` is how fast EM moved into `params`; None if no EM step led there.

    One round of the two coins; the parameters that it leads to have an objective once they are evaluated in their turn:

    >>> import emkit as ek
    >>> coins = ek.lessons.two_coins()
    >>> em = ek.EMMap(coins.model, coins.source, coins.start)
    >>> here = em(coins.start)
    >>> round(here.objective, 4), round(em(here.update).objective, 4)
    (-33.0939, -31.8593)
    """

    params: P
    objective: float
    log_likelihood: float
    update: P
    em_rate: EMRate | None = None


class EM(Protocol[P]):
    """What a solver sees of model and data: a map from parameters to their evaluation, and free coordinates."""

    coordinates: Coordinates[P]

    def __call__(self, params: P) -> Evaluation[P]:
        """Evaluate `params`: one pass over the data."""

    def attempt(self, params: P, like: P | None = None) -> Evaluation[P] | None:
        """Evaluate a guess; None if it has no finite objective or no M-step, or if none from `like` would go so far."""


class Solver(Protocol[P, St]):
    """Chooses the next parameters: knows no data and no model, and keeps its state outside itself."""

    def init(self, first: Evaluation[P]) -> St:
        """The state before the first step."""

    def step(self, em: EM[P], here: Evaluation[P], state: St) -> tuple[Evaluation[P], St]:
        """The next evaluation, never one with a lower objective unless the EM step itself is lower."""


class Cut(Protocol[ChunkT_co]):
    """Where a chunk lies: it can be pickled, and loads the rows wherever it has been sent to."""

    def load(self) -> ChunkT_co:
        """The chunk."""


class Source(Protocol[ChunkT_co]):
    """Hands out the data in chunks, always cut the same way."""

    @abstractmethod
    def chunks(self) -> Iterator[ChunkT_co]:
        """The chunks, in order."""

    @property
    def profile(self) -> Any:
        """What is known of the data before a fit; None where nothing is."""
        return None

    def cuts(self) -> Iterator[Cut[ChunkT_co]]:
        """Where the chunks lie, in the same order: what an executor may send to where the work is done."""
        return (Loaded(chunk) for chunk in self.chunks())


@dataclass(frozen=True)
class Loaded(Generic[C]):
    """A chunk that is here."""

    chunk: C

    def load(self) -> C:
        return self.chunk


MapReduce = Callable[[Callable[[Any], Any], Source[Any]], Any]
Executor = Callable[[], AbstractContextManager[MapReduce]]
