"""What models of several abilities share: sums over a grid of places, patterns of who asks what, and where slopes begin."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.checks import check_count
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError
from emkit.families.family import LOG_OF_ZERO
from emkit.models.abilities_params import AbilitiesOfGroup, pattern_of
from emkit.models.ability_grid import Tile, answers_of, grid_of, tiles
from emkit.models.ability_groups import OfGroup
from emkit.models.ability_moments import Moments, moments_of
from emkit.models.answer_blocks import refuse_no_answers
from emkit.models.factor_model import FactorModel
from emkit.models.item_kinds import SPREAD
from emkit.models.pivots import held_by_pivots

P = TypeVar("P", bound=Parameters)
Pattern = Mask | Array | list[Any]
LARGEST_SHARED = 0.8  # of the variance of an item, that a start says abilities explain


@dataclass(frozen=True)
class AnswersAt(Additive):
    """`answers` (A, G, N): how many of each group are expected at each of its places with each answer, item after item."""

    answers: Array


class AbilitiesOnGrid(LatentModel[P, AnswersAt]):
    """Answers that are independent given m abilities. A subclass says how likely each is at the places of the grid."""

    def __init__(self, n_abilities: int | None, loads: Pattern | None, nodes: int | None, correlated: bool = False) -> None:
        if n_abilities is None and loads is None:
            raise ModelError("say how many abilities there are (`n_abilities`), or which items ask which (`loads`).")
        for name, count, least in (("n_abilities", n_abilities, 1), ("nodes", nodes, 3)):
            if count is not None:
                check_count(name, count, ModelError, least)
        self.loads = None if loads is None else pattern_of(loads, correlated)
        self.n_abilities = int(n_abilities or 0) if self.loads is None else self.loads.shape[1]
        if n_abilities not in (None, self.n_abilities):
            raise ModelError(f"n_abilities is {n_abilities}, but loads have {self.n_abilities} columns: leave one of them out.")
        self.nodes = nodes
        self.grid = grid_of(self.n_abilities, None if correlated else self.loads, nodes)

    @abstractmethod
    def with_nodes(self, nodes: int) -> Self:
        """The same model with so many places along each ability."""

    @abstractmethod
    def answer_levels(self, params: P) -> tuple[int, ...]:
        """How many answers there are to each item (J,)."""

    @abstractmethod
    def log_chances(self, params: P) -> Array:
        """The logarithm (A, G, N) of the probability of each answer to each item, at the places of abilities of each group."""

    @abstractmethod
    def slopes_of(self, params: P) -> Array:
        """The slopes (J, m)."""

    @abstractmethod
    def intercepts_of(self, params: P) -> Array | None:
        """Of right and wrong answers whose log-odds are planes, those at abilities of 0 (J,); None where some are not."""

    @abstractmethod
    def draw(self, params: P, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, J)."""

    def redrawn(self, params: P, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        return self.draw(params, rng, len(rows))

    @abstractmethod
    def pivots_of(self, params: P) -> tuple[int, ...]:
        """The items that say how abilities are turned."""

    def abilities_of(self, params: P) -> tuple[AbilitiesOfGroup, ...]:
        """Those of each group of people: N(0, I) of one."""
        return (AbilitiesOfGroup.standard(np.eye(self.n_abilities)),)

    def groups_of(self, chunk: Chunk) -> Sequence[OfGroup]:
        """The rows of each group."""
        return [OfGroup(slice(None), chunk)]

    # -- the E-step

    def e_step(self, params: P, chunk: Chunk) -> Expectation[AnswersAt]:
        levels, total, each = self.answer_levels(params), 0.0, self.groups_of(chunk)
        counts = np.zeros((sum(levels), len(each), len(self.grid.places)))
        parts = self.grid.parts_of(len(levels))
        for g, (_, of_group, every) in enumerate(self._tiles(params, chunk)):
            for tile in every:
                weights = of_group.weights[tile.rows]
                for part, told in zip(parts, tile.parts, strict=True):
                    people = np.zeros(told.given.shape[:2])
                    np.add.at(people, told.which, weights[:, None] * tile.common)
                    found = told.marks.T @ (told.given * people[:, :, None]).reshape(len(people), -1)
                    counts[answers_of(part, levels), g] += found
                total += float(weights @ tile.heights)
        return Expectation(AnswersAt(counts), total, float(chunk.weights.sum()))

    def carried(self, stats: AnswersAt, before: P, now: P) -> AnswersAt:
        return stats

    def _tiles(self, params: P, chunk: Chunk) -> Iterator[tuple[Integers | slice, Chunk, Iterator[Tile]]]:
        """For each group where its rows are, these, and what is told of them, some at a time."""
        levels = self.answer_levels(params)
        chances = np.maximum(self.log_chances(params), LOG_OF_ZERO / len(levels) / 4)
        for g, (rows, of_group) in enumerate(self.groups_of(chunk)):
            refuse_no_answers(levels, of_group.x, of_group.start)
            yield rows, of_group, tiles(self.grid, levels, chances[:, g], of_group)

    def row_objectives(self, params: P, chunk: Chunk) -> Array:
        found = np.empty(len(chunk.x))
        for rows, _, every in self._tiles(params, chunk):
            found[rows] = np.concatenate([np.empty(0), *(tile.heights for tile in every)])
        return found

    latent_name = "ability"

    def latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the abilities of each row, given its answers."""
        means, covariances = self.standard_latent(params, chunk)
        for abilities, (rows, _) in zip(self.abilities_of(params), self.groups_of(chunk), strict=True):
            means[rows] = abilities.at(means[rows])
            covariances[rows] = abilities.root @ covariances[rows] @ abilities.root.T
        return means, covariances

    def standard_latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """The same of the standard normal numbers that the places are of."""
        parts, m = self.grid.parts_of(len(self.answer_levels(params))), self.n_abilities
        means, covariances = np.empty((len(chunk.x), m)), np.empty((len(chunk.x), m, m))
        for rows, _, every in self._tiles(params, chunk):
            found = [Moments(np.empty((0, m)), np.empty((0, m, m))), *(moments_of(self.grid, parts, tile, m) for tile in every)]
            means[rows] = np.concatenate([each.means for each in found])
            covariances[rows] = np.concatenate([each.covariances for each in found])
        return means, covariances

    # -- which slopes are free, and where to begin

    def free_slopes(self, params: P) -> Mask:
        """Which slopes (J, m) are estimated."""
        free = np.ones(self.slopes_of(params).shape, dtype=bool) if self.loads is None else self.loads.copy()
        for place in held_by_pivots(self.pivots_of(params)):
            free[place] = False
        return free

    def first_slopes(self, profile: AnyProfile, items: int) -> Array:
        """Slopes (J, m) of 1 on the abilities that items ask; without a pattern, from the principal factors of correlations."""
        if self.loads is not None:
            return self.loads.astype(np.float64)
        if self.n_abilities == 1:
            return np.ones((items, 1))
        factors = FactorModel(self.n_abilities).start(profile)
        shared = (factors.loadings / np.sqrt(np.diag(factors.covariance))[:, None])[:items]
        left = 1 - np.minimum((shared**2).sum(axis=1, keepdims=True), LARGEST_SHARED)
        return np.asarray(SPREAD * shared / np.sqrt(left))

    def random_slopes(self, items: int, seed: int) -> Array:
        """Slopes (J, m) at random, on the abilities that items ask."""
        shape = items, self.n_abilities
        free = np.ones(shape, dtype=bool) if self.loads is None else self.loads
        return np.where(free, np.random.default_rng(seed).standard_normal(shape), 0.0)

    def refuse_strays(self, slopes: Array) -> None:
        """Errors: ParameterError for slopes (J, m) on abilities that an item does not ask."""
        stray = np.argwhere(~self.loads & (slopes != 0)) if self.loads is not None else np.empty((0, 2))
        if len(stray):
            j, k = stray[0].tolist()
            raise ParameterError(f"slopes[{j}, {k}] is {slopes[j, k]:g}, but item {j} does not ask ability {k}: it must be 0.")

    def refuse_unturned(self, params: P) -> None:
        """Errors: ParameterError for slopes that are not turned as pivots say."""
        turned = self.loads is not None or len(self.pivots_of(params)) == self.n_abilities
        if not turned or (self.slopes_of(params)[~self.free_slopes(params)] != 0).any():
            raise ParameterError(f"slopes are not turned as pivots say: make parameters with `{type(self).__name__}.params`.")

    def refuse_few(self, items: int) -> None:
        """Errors: DataError for items that are not those of the pattern, or too few."""
        m = self.n_abilities
        if self.loads is not None and items != len(self.loads):
            raise DataError(f"there are {items} columns, and `loads` say of {len(self.loads)} items which abilities they ask.")
        free = items * m - m * (m - 1) // 2 if self.loads is None else int(self.loads.sum())
        if free > items * (items - 1) // 2:
            raise DataError(
                f"{items} items have {items * (items - 1) // 2} pairs, too few to tell {free} slopes: leave out abilities."
            )

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """Each pattern of answers once."""
        return collapsed(source)

    def settled(self, profile: AnyProfile) -> Self:
        return self
