"""How an E-step assigns rows to latent states: in shares, to the likeliest, or by drawing lots."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import MOST_SEED, check_count
from emkit.core.protocols import Complete
from emkit.data.chunk import Chunk
from emkit.errors import ModelError, ParameterError
from emkit.families.family import LOG_OF_ZERO
from emkit.models.chains import likeliest, smoothed
from emkit.models.drawn_paths import drawn, filtered


class Posterior(NamedTuple):
    """`responsibilities` (n, K), rows summing to 1; `log_likelihood` and `gap` of each row (n,), or of each group of rows (G,).

    They are of groups wherever rows come in groups. `gap` is None where the E-step is exact. `latent` is what else an E-step
    needs to know of who belongs where, such as expected numbers of moves between states. `by_row`: whether each row has a state
    of its own, where rows come in groups; else those of a group have one in common.

    Who belongs where, and what each row adds to the log-likelihood:

    >>> import emkit as ek
    >>> params = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> found = ek.Mixture("poisson").posterior(params, next(iter(ek.ArraySource([0.0, 3.0]).chunks())))
    >>> found.responsibilities.round(3).tolist(), found.log_likelihood.round(3).tolist()
    ([[0.953, 0.047], [0.239, 0.761]], [-1.645, -2.053])
    """

    responsibilities: Array
    log_likelihood: Array
    gap: Array | None = None
    latent: Any = None
    by_row: bool = False

    def total_gap(self, weights: Array) -> float:
        """The weighted sum of the gaps; 0 where the E-step is exact."""
        return 0.0 if self.gap is None else float(weights @ self.gap)

    def of_units(self, chunk: Chunk) -> tuple[Array, Array]:
        """The responsibilities (U, K) and weights (U,) of all that has a state of its own: rows, or groups of rows."""
        if self.by_row:
            return self.responsibilities, chunk.weights
        return self.responsibilities[chunk.bounds[:-1]], chunk.group_weights


def impossible_row() -> ParameterError:
    """The error for rows to which no latent state gives a positive probability."""
    return ParameterError(
        "some rows have probability 0 under every latent state at these parameters. Start from parameters under which every "
        "row is possible (no probabilities of exactly 0 or 1)."
    )


def normalise(log_joint: Array) -> tuple[Array, Array]:
    """Posterior probabilities (n, K) and log-likelihoods (n,) from log p(x_i, z=k).

    A row that is impossible under every latent state has log-likelihood -inf, and no responsibilities (NaN).
    """
    highest = log_joint.max(axis=1)
    if not highest.min(initial=0.0) > LOG_OF_ZERO / 2:  # NaN included
        impossible = ~(highest > LOG_OF_ZERO / 2)
        possible, log_likelihood = normalise(log_joint[~impossible])
        every = np.full_like(log_joint, np.nan)
        every[~impossible] = possible
        total = np.full(len(log_joint), -np.inf)
        total[~impossible] = log_likelihood
        return every, total
    responsibilities = log_joint - highest[:, None]
    np.exp(responsibilities, out=responsibilities)
    total = responsibilities.sum(axis=1)
    responsibilities /= total[:, None]
    return responsibilities, highest + np.log(total)


@runtime_checkable
class Enumerable(Protocol):
    """A model whose latent states can be listed row by row."""

    def complete(self, params: Any, chunk: Any) -> Complete:
        """The chunk with its latent states written out."""


class Assignment(Protocol):
    """Turns joint log-probabilities into the distribution over latent states that the M-step will use."""

    @property
    @abstractmethod
    def ascends(self) -> bool:
        """Whether EM with this assignment raises its objective in every step."""

    @property
    def is_posterior(self) -> bool:
        """Whether the rows are shared out by their posterior probabilities, as the compiled E-step does."""
        return False

    def assign_paths(self, initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Posterior:
        """Assign the rows of each sequence of a chunk together, as states of a chain; `latent` are its `Moves`.

        `log_density` (n, K) is log p(x_t | state k); for what `initial` and `transitions` may be, see `models/chains.py`.
        Errors: ModelError if sequences cannot be assigned so.
        """
        raise ModelError(f"{type(self).__name__} does not assign paths through states; write `assign_paths`, or use Soft().")

    @abstractmethod
    def assign(self, log_joint: Array, weights: Array, start: int) -> Posterior:
        """Assign the rows of one chunk. A pure function: the same input gives the same result, drawn lots included."""


@dataclass(frozen=True)
class Soft(Assignment):
    """The posterior itself, Q_i(z) = p(z | x_i; theta): EM.

    The responsibilities of two joint densities, 3 to 1 and 1 to 1; what rows add to the log-likelihood, as a density:

    >>> import emkit as ek
    >>> import numpy as np
    >>> found = ek.Soft().assign(np.log([[0.3, 0.1], [0.2, 0.2]]), np.ones(2), 0)
    >>> found.responsibilities.round(2).tolist(), np.exp(found.log_likelihood).round(2).tolist()
    ([[0.75, 0.25], [0.5, 0.5]], [0.4, 0.4])
    """

    @property
    def is_posterior(self) -> bool:
        return True

    @property
    def ascends(self) -> bool:
        return True

    def assign(self, log_joint: Array, weights: Array, start: int) -> Posterior:
        responsibilities, log_likelihood = normalise(log_joint)
        return Posterior(responsibilities, log_likelihood)

    def assign_paths(self, initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Posterior:
        found = smoothed(initial, transitions, log_density, chunk)
        return Posterior(found.shares, found.log_likelihood, latent=found.moves(chunk), by_row=True)


@dataclass(frozen=True)
class Hard(Assignment):
    """All of a row to its likeliest state (the first of equals): classification EM.

    Its objective is the classification log-likelihood sum_i max_k log p(x_i, z=k), below the log-likelihood by the gap.
    Source: Celeux & Govaert (1992), Comput. Statist. Data Anal. 14, 315-332.

    Each count goes to one component as a whole, so that the rates are means of some of them: 4 / 5 and 32 / 5.

    >>> import emkit as ek
    >>> model = ek.Mixture("poisson", ek.Hard())
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(model, [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start)
    >>> result.params.components.rates.tolist(), round(result.log_likelihood - result.objective, 3)
    ([[0.8], [6.4]], 0.289)
    """

    @property
    def ascends(self) -> bool:
        return True

    def assign(self, log_joint: Array, weights: Array, start: int) -> Posterior:
        _, log_likelihood = normalise(log_joint)
        states = log_joint.argmax(axis=1)
        rows = np.arange(len(log_joint))
        responsibilities = np.zeros_like(log_joint)
        responsibilities[rows, states] = 1.0
        responsibilities[np.isneginf(log_likelihood)] = np.nan
        with np.errstate(invalid="ignore"):  # of impossible rows
            return Posterior(responsibilities, log_likelihood, log_likelihood - log_joint[rows, states])

    def assign_paths(self, initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Posterior:
        """All of a sequence to its likeliest path: Viterbi training.

        Source: Juang & Rabiner (1990), IEEE Transactions on Acoustics, Speech and Signal Processing 38, 1639-1641.
        """
        log_likelihood = smoothed(initial, transitions, log_density, chunk).log_likelihood
        path = likeliest(initial, transitions, log_density, chunk)
        found = path.smoothed(transitions, log_likelihood, chunk)
        with np.errstate(invalid="ignore"):  # of impossible sequences
            gap = np.maximum(log_likelihood - path.log_joint, 0.0)  # where there is one path, all but rounding
        return Posterior(found.shares, log_likelihood, gap, found.moves(chunk), by_row=True)


@dataclass(frozen=True)
class Sampled(Assignment):
    """Each row to a state drawn from its posterior, each sequence to a path: stochastic EM.

    What has whole-number weight w draws w times. The lots are a function of the seed, the rows and the parameters. The
    objective is the log-likelihood, which wanders.
    Source: Celeux & Diebolt (1985), Comput. Statist. Quart. 2, 73-82.

    A state for each row, drawn anew in each step; the same seed draws the same:

    >>> import emkit as ek
    >>> import numpy as np
    >>> log_joint = np.log(np.full((6, 2), 0.1))
    >>> drawn = [ek.Sampled(seed).assign(log_joint, np.ones(6), 0).responsibilities[:, 0].tolist() for seed in (0, 0, 1)]
    >>> drawn[0], drawn[0] == drawn[1], drawn[0] == drawn[2]
    ([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], True, False)
    """

    seed: int = 0

    def __post_init__(self) -> None:
        check_count("seed", self.seed, ModelError, least=0, most=MOST_SEED)

    @property
    def ascends(self) -> bool:
        return False

    def assign(self, log_joint: Array, weights: Array, start: int) -> Posterior:
        posterior, log_likelihood = normalise(log_joint)
        if np.isneginf(log_likelihood).any():
            return Posterior(posterior, log_likelihood)
        draws = _times(weights)
        counts = self._lots(start, log_joint).multinomial(draws, posterior)
        return Posterior(counts / draws[:, None], log_likelihood)

    def assign_paths(self, initial: Array, transitions: Array, log_density: Array, chunk: Chunk) -> Posterior:
        """Each sequence to a path drawn from its posterior."""
        forward, log_likelihood = filtered(initial, transitions, log_density, chunk)
        if np.isneginf(log_likelihood).any():
            return Soft().assign_paths(initial, transitions, log_density, chunk)
        lots = self._lots(chunk.start, log_density, initial, transitions)
        found = drawn(forward, log_likelihood, transitions, chunk, _times(chunk.group_weights), lots)
        return Posterior(found.shares, log_likelihood, latent=found.moves(chunk), by_row=True)

    def _lots(self, start: int, *told_by: Array) -> np.random.Generator:
        """Lots that are others for another seed, other rows and other parameters, which these arrays tell."""
        seen = 0
        for each in told_by:
            seen = zlib.crc32(np.ascontiguousarray(each).tobytes(), seen)
        return np.random.default_rng([self.seed, start, seen])


def _times(weights: Array) -> Integers:
    """How often each row or sequence is drawn: as often as it occurs, once if that is no whole number."""
    return np.where(weights == np.floor(weights), np.maximum(weights, 1), 1).astype(np.int64)
