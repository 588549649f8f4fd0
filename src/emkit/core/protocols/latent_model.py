"""What the engine sees of a model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from emkit.core.coordinates import Coordinates, Scale, is_under
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, leaves, maximise_in_turn
from emkit.core.protocols.brings_starts import BringsStarts
from emkit.core.protocols.cuts import MapReduce, Source
from emkit.core.protocols.expectation import Expectation
from emkit.core.protocols.knows_limits import KnowsLimits
from emkit.core.protocols.takes_data import TakesData
from emkit.core.protocols.tells_rows import TellsRows
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
Update = Callable[[S, P, P], Any]


class LatentModel(TakesData[P], TellsRows[P], KnowsLimits[P], BringsStarts[P], Protocol[P, S]):
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
