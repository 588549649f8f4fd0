"""What models of answers share, whose chances hang on an ability that nobody sees."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.checks import check_count
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel
from emkit.data.chunk import Chunk
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.models.answer_blocks import expected_answers, log_mass_at, posterior

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
FARTHEST = 7.0  # ability that one in 10^12 goes beyond


class AbilityModel(LatentModel[P, S]):
    """Answers to items that are independent given an ability. A subclass says how likely each answer is at any ability.

    The integral over ability is a sum over `nodes` even steps from -7 to 7, whose error vanishes to rounding where abilities
    are known no better than to about a step: take more for tests of hundreds of items.
    """

    def __init__(self, nodes: int, farther: int = 1) -> None:
        """`farther`: how many times as far as 7 places go, in the same steps, since abilities spread wider."""
        check_count("nodes", nodes, ModelError, 3)
        self.nodes = int(nodes)
        self.places = np.linspace(-FARTHEST * farther, FARTHEST * farther, farther * (self.nodes - 1) + 1)
        self.log_mass = log_mass_at(self.places)

    @abstractmethod
    def answer_levels(self, params: P) -> tuple[int, ...]:
        """How many answers there are to each item (J,), A in all."""

    @abstractmethod
    def log_chances(self, params: P, ability: Array) -> Array:
        """The logarithm (A, n) of the probability of each answer to each item, at abilities (n,)."""

    @abstractmethod
    def by_ability(self, params: P, ability: Array) -> Array:
        """The derivatives (A, n) of these logarithms along the ability."""

    @abstractmethod
    def of_counts(self, counts: Array, people: Array, params: P) -> S:
        """The statistics of how many are expected at each place with each answer, (A, Q), and of all `people` there, (Q,)."""

    @abstractmethod
    def free_of_item(self, params: P, item: int) -> int:
        """How many parameters one item has for itself."""

    @abstractmethod
    def slopes_of(self, params: P) -> Array:
        """The slope (J,) of each item."""

    def before(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean and standard deviation (n,) of the ability of each row, without its answers."""
        return np.zeros(len(chunk.x)), np.ones(len(chunk.x))

    def farthest(self, params: P) -> float:
        """How far from 0 abilities are to be expected, if anybody's is."""
        return FARTHEST

    def log_places(self, params: P) -> Array:
        """The logarithm (Q,) of the mass of the places of ability. Errors: ModelError where that differs between people."""
        return self.log_mass

    def e_step(self, params: P, chunk: Chunk) -> Expectation[S]:
        counts, people, heights = expected_answers(*self._scored(params), chunk)
        log_likelihood = float(chunk.weights @ heights)
        return Expectation(self.of_counts(counts, people, params), log_likelihood, float(chunk.weights.sum()))

    def carried(self, stats: S, before: P, now: P) -> S:
        return stats

    def row_objectives(self, params: P, chunk: Chunk) -> Array:
        return expected_answers(*self._scored(params), chunk)[2]

    def latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n,) and standard deviation (n,) of the ability of each row, given its answers."""
        shares, _ = posterior(*self._scored(params), chunk)
        mean = shares @ self.places
        return mean, np.sqrt(np.maximum(shares @ self.places**2 - mean**2, 0.0))

    def information(self, params: P, ability: ArrayLike) -> Array:
        """Fisher's information (n, J) of each item on the ability, at abilities (n,). Errors: ParameterError for NaN."""
        at = np.atleast_1d(np.asarray(ability, dtype=np.float64))
        if np.isnan(at).any():
            raise ParameterError("an ability is nan: leave it out.")
        squares = np.exp(self.log_chances(params, at)) * self.by_ability(params, at) ** 2
        firsts = np.cumsum([0, *self.answer_levels(params)])
        return np.add.reduceat(squares, firsts[firsts < len(squares)], axis=0).T

    def _scored(self, params: P) -> tuple[tuple[int, ...], Array, Array]:
        """Levels (J,) of items, the chances of their answers (A, Q) and the mass of the places (Q,), in logarithms."""
        return self.answer_levels(params), self.log_chances(params, self.places), self.log_mass

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """Each pattern of answers once."""
        return collapsed(source)

    def settled(self, profile: AnyProfile) -> Self:
        return self
