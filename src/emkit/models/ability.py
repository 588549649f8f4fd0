"""What models of answers share, whose chances hang on an ability that nobody sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Generic, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.checks import check_count
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel
from emkit.data.chunk import Chunk
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.models.ability_groups import OfGroup
from emkit.models.answer_blocks import expected_answers, log_mass_at, posterior
from emkit.models.at_abilities import at_abilities

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
FARTHEST = 7.0  # standard deviations that one in 10^12 goes beyond


class OfTests(ABC, Generic[P]):
    """A model of answers that hang on one ability: as in one test or, of several classes of people, in one for each."""

    @abstractmethod
    def tests_of(self, params: P) -> tuple[tuple[AbilityModel[Any, Any], Any], ...]:
        """The test that each class is asked, with its parameters."""


class AbilityModel(LatentModel[P, S], OfTests[P]):
    """Answers to items that are independent given an ability. A subclass says how likely each answer is at any ability.

    The integral over ability is a sum over `nodes` even steps from 7 standard deviations below its mean to 7 above, whose error
    vanishes to rounding where abilities are known no better than to about a step: take more for tests of hundreds of items.
    """

    def __init__(self, nodes: int) -> None:
        check_count("nodes", nodes, ModelError, 3)
        self.nodes = int(nodes)
        self.places = np.linspace(-FARTHEST, FARTHEST, self.nodes)
        self.log_mass = log_mass_at(self.places)

    def with_nodes(self, nodes: int) -> Self:
        """The same model with so many places of ability."""
        found = copy(self)
        AbilityModel.__init__(found, nodes)
        return found

    def tests_of(self, params: P) -> tuple[tuple[AbilityModel[Any, Any], Any], ...]:
        return ((self, params),)

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
    def of_counts(self, counts: Array, params: P) -> S:
        """The statistics of how many of each group are expected at each of its places with each answer, (A, G, Q)."""

    @abstractmethod
    def free_of_item(self, params: P, item: int) -> int:
        """How many parameters one item has for itself."""

    @abstractmethod
    def slopes_of(self, params: P) -> Array:
        """The slope (J,) of each item."""

    @abstractmethod
    def intercepts_of(self, params: P) -> Array | None:
        """Of right and wrong answers whose log-odds are lines, those at an ability of 0 (J,); None where some are not."""

    def spreads_of(self, params: P) -> Array:
        """The standard deviation (G,) of abilities in each group."""
        return np.ones(1)

    def before(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean and standard deviation (n,) of the ability of each row, without its answers."""
        return np.zeros(len(chunk.x)), np.ones(len(chunk.x))

    def places_of(self, params: P) -> Array:
        """The places (G, Q) of ability in each group: as far from its mean, in units of its spread, as `places` are from 0."""
        return self.places[None]

    def groups_of(self, chunk: Chunk) -> Sequence[OfGroup]:
        """The rows of each group."""
        return [OfGroup(slice(None), chunk)]

    def e_step(self, params: P, chunk: Chunk) -> Expectation[S]:
        counts, heights = [], np.empty(len(chunk.x))
        for rows, part, log_chances in self._scored(params, chunk):
            found = expected_answers(self.answer_levels(params), log_chances, self.log_mass, part)
            heights[rows] = found.heights
            counts.append(found.answers)
        log_likelihood = float(chunk.weights @ heights)
        return Expectation(self.of_counts(np.stack(counts, axis=1), params), log_likelihood, float(chunk.weights.sum()))

    def carried(self, stats: S, before: P, now: P) -> S:
        return stats

    def row_objectives(self, params: P, chunk: Chunk) -> Array:
        heights = np.empty(len(chunk.x))
        for rows, part, log_chances in self._scored(params, chunk):
            heights[rows] = expected_answers(self.answer_levels(params), log_chances, self.log_mass, part).heights
        return heights

    latent_name = "ability"

    def latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n,) and standard deviation (n,) of the ability of each row, given its answers."""
        centre, unit = self.before(params, chunk)
        mean, spread = self.standard_latent(params, chunk)
        return centre + unit * mean, unit * spread

    def standard_latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """The same (n,) and (n,) of how far the ability is above the mean of all, in units of its spread among them."""
        mean, square = np.empty(len(chunk.x)), np.empty(len(chunk.x))
        for rows, part, log_chances in self._scored(params, chunk):
            shares, _ = posterior(self.answer_levels(params), log_chances, self.log_mass, part)
            mean[rows], square[rows] = shares @ self.places, shares @ self.places**2
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))

    def information(self, params: P, ability: ArrayLike) -> Array:
        """Fisher's information (n, J) of each item on the ability, at abilities (n,). Errors: those of `at_abilities`."""
        at = at_abilities(ability)
        squares = np.exp(self.log_chances(params, at)) * self.by_ability(params, at) ** 2
        firsts = np.cumsum([0, *self.answer_levels(params)])
        return np.add.reduceat(squares, firsts[firsts < len(squares)], axis=0).T

    def _scored(self, params: P, chunk: Chunk) -> Iterator[tuple[Integers | slice, Chunk, Array]]:
        """The rows of each group, and the logarithm (A, Q) of the chances of all answers at its places."""
        for (rows, part), places in zip(self.groups_of(chunk), self.places_of(params), strict=True):
            yield rows, part, self.log_chances(params, places)

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """Each pattern of answers once."""
        return collapsed(source)

    def settled(self, profile: AnyProfile) -> Self:
        return self
