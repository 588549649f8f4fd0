"""Item response with several abilities: right and wrong answers, whose log-odds are a plane in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit, log_expit

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.checks import check_count
from emkit.core.expected import Expected
from emkit.core.protocols import Expectation, LatentModel, Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError
from emkit.models import item_planes
from emkit.models.abilities_params import AbilitiesParams, pattern_of
from emkit.models.ability_grid import Tile, answers_of, grid_of, tiles
from emkit.models.ability_moments import Moments, moments_of
from emkit.models.answer_blocks import refuse_no_answers
from emkit.models.factor_model import FactorModel
from emkit.models.item_kinds import SPREAD
from emkit.models.item_response import refuse_answers
from emkit.models.pivots import held_by_pivots, turned_to_pivots

Pattern = Mask | Array | list[Any]
LARGEST_SHARED = 0.8  # of the variance of an item, that a start says abilities explain


@dataclass(frozen=True)
class AnswersAt(Additive):
    """`answers` (2 J, N): how many are expected at each place of the abilities with each item wrong, and right."""

    answers: Array


class AbilitiesModel(LatentModel[AbilitiesParams, AnswersAt]):
    """Answers of 0 and 1 to J items: logit P(x_j = 1) = intercept_j + slopes_j . abilities, m abilities ~ N(0, I).

    Given these, answers are independent. Cells may be missing. Say `n_abilities`, all of which all items ask: then slopes are
    one of many that turn into each other, of which the count of free parameters knows (see `AbilitiesParams`). Or say which
    items ask which abilities: `loads` (J, m) of 0 and 1. Signs of abilities are not told.
    The integral is a sum over even steps, `nodes` from -7 to 7 along each of the abilities: 81 of one, 41 of two, 31 of three.
    Where each item asks one ability that all have in common and at most one other (the bifactor model), it is a product of
    integrals over two, however many there are.
    Errors: ModelError for a pattern that data cannot tell, and for too many abilities.
    Source: Bock, Gibbons & Muraki (1988), Applied Psychological Measurement 12, 261-280; Gibbons & Hedeker (1992),
    Psychometrika 57, 423-436.

    Six items, three of which ask one ability and three another:

    >>> import emkit as ek
    >>> import numpy as np
    >>> model = ek.AbilitiesModel(loads=[[1, 0]] * 3 + [[0, 1]] * 3)
    >>> true = model.params(np.zeros(6), np.repeat([[1.5, 0.0], [0.0, 1.0]], 3, axis=0))
    >>> source = ek.ArraySource(model.draw(true, np.random.default_rng(0), 2000))
    >>> ek.fit(model, source, model.start(source.profile), solver="anderson").params.slopes[[0, 3]].round(1).tolist()
    [[1.5, 0.0], [0.0, 1.1]]
    """

    def __init__(self, n_abilities: int | None = None, loads: Pattern | None = None, nodes: int | None = None) -> None:
        if n_abilities is None and loads is None:
            raise ModelError("say how many abilities there are (`n_abilities`), or which items ask which (`loads`).")
        for name, count, least in (("n_abilities", n_abilities, 1), ("nodes", nodes, 3)):
            if count is not None:
                check_count(name, count, ModelError, least)
        self.loads = None if loads is None else pattern_of(loads)
        self.n_abilities = int(n_abilities or 0) if self.loads is None else self.loads.shape[1]
        if n_abilities not in (None, self.n_abilities):
            raise ModelError(f"n_abilities is {n_abilities}, but loads have {self.n_abilities} columns: leave one of them out.")
        self.nodes = nodes
        self.grid = grid_of(self.n_abilities, self.loads, nodes)

    def params(self, intercepts: ArrayLike, slopes: ArrayLike) -> AbilitiesParams:
        """Parameters of these items, of any slopes (J, m); without `loads`, turned so that `pivots` say how.

        Errors: ParameterError if shapes do not fit, or for slopes on abilities that an item does not ask.
        """
        a, b = np.asarray(intercepts, dtype=np.float64), np.asarray(slopes, dtype=np.float64)
        items = len(a) if a.ndim else 0
        wanted = (items, self.n_abilities) if self.loads is None else self.loads.shape
        if a.shape != wanted[:1] or b.shape != wanted or self.n_abilities > items:
            raise ParameterError(
                f"intercepts have shape {a.shape} and slopes {b.shape}; of this model, {wanted[:1]} and {wanted}."
            )
        if self.loads is None:
            return AbilitiesParams(a, *turned_to_pivots(b, np.sqrt((b**2).sum(axis=1) + SPREAD**2)))
        self._refuse_strays(b)
        return AbilitiesParams(a, b)

    def _refuse_strays(self, slopes: Array) -> None:
        stray = np.argwhere(~self.loads & (slopes != 0)) if self.loads is not None else np.empty((0, 2))
        if len(stray):
            j, k = stray[0].tolist()
            raise ParameterError(f"slopes[{j}, {k}] is {slopes[j, k]:g}, but item {j} does not ask ability {k}: it must be 0.")

    # -- the steps

    def e_step(self, params: AbilitiesParams, chunk: Chunk) -> Expectation[AnswersAt]:
        counts, total = np.zeros((2 * len(params.intercepts), len(self.grid.places))), 0.0
        parts = self.grid.parts_of(len(params.intercepts))
        for tile in self._tiles(params, chunk):
            weights = chunk.weights[tile.rows]
            for part, told in zip(parts, tile.parts, strict=True):
                people = np.zeros(told.given.shape[:2])
                np.add.at(people, told.which, weights[:, None] * tile.common)
                counts[answers_of(part)] += told.marks.T @ (told.given * people[:, :, None]).reshape(len(people), -1)
            total += float(weights @ tile.heights)
        return Expectation(AnswersAt(counts), total, float(chunk.weights.sum()))

    def m_step(self, stats: AnswersAt, params: AbilitiesParams) -> AbilitiesParams:
        """For each item the logistic plane through what is expected at each place."""
        return AbilitiesParams(*self._climbed(stats, params, (True, True)), params.pivots)

    def updates(self) -> Mapping[str, Update[AnswersAt, AbilitiesParams]]:
        return {"intercepts": self._intercepts, "slopes": self._slopes}

    def _intercepts(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> Array:
        return self._climbed(stats, now, (True, False))[0]

    def _slopes(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> Array:
        return self._climbed(stats, now, (False, True))[1]

    def _climbed(self, stats: AnswersAt, params: AbilitiesParams, moves: tuple[bool, bool]) -> tuple[Array, Array]:
        """Intercepts and slopes of the greatest expected log-likelihood; `moves`: whether the former do, and the latter."""
        columns = self._columns(params)
        free = np.take_along_axis(self._free(params), columns, axis=1) & moves[1]
        free = np.column_stack([np.full(len(free), moves[0]), free])
        found = item_planes.highest(stats.answers, self._design, self._planes(params), free)
        slopes = np.array(params.slopes)
        np.put_along_axis(slopes, columns, found[:, 1:], axis=1)
        return found[:, 0], slopes

    def expected(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> Expected:
        planes, along = self._planes(now), np.zeros(now.slopes.shape)
        found = item_planes.slopes(stats.answers, self._design, planes)
        np.put_along_axis(along, self._columns(now), found[:, 1:], axis=1)
        value = float(item_planes.heights(stats.answers, self._design, planes).sum())
        return Expected(value, {"intercepts": found[:, 0], "slopes": along})

    def carried(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> AnswersAt:
        return stats

    @property
    def _design(self) -> Array:
        """A 1 and the places (N, 1 + d)."""
        return np.column_stack([np.ones(len(self.grid.places)), self.grid.places])

    def _columns(self, params: AbilitiesParams) -> Integers:
        return self.grid.abilities_of(len(params.intercepts))

    def _planes(self, params: AbilitiesParams) -> Array:
        """Intercepts, and slopes along the columns of places, (J, 1 + d)."""
        return np.column_stack([params.intercepts, np.take_along_axis(params.slopes, self._columns(params), axis=1)])

    def _tiles(self, params: AbilitiesParams, chunk: Chunk) -> Iterable[Tile]:
        refuse_no_answers((2,) * len(params.intercepts), chunk.x, chunk.start)
        logits = self._planes(params) @ self._design.T
        chances = log_expit(np.stack([-logits, logits], axis=1)).reshape(-1, logits.shape[1])
        return tiles(self.grid, chances, chunk.x)

    # -- what is told of rows

    def row_objectives(self, params: AbilitiesParams, chunk: Chunk) -> Array:
        return np.concatenate([np.empty(0), *(tile.heights for tile in self._tiles(params, chunk))])

    latent_name = "ability"

    def latent(self, params: AbilitiesParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the abilities of each row, given its answers."""
        parts = self.grid.parts_of(len(params.intercepts))
        none = Moments(np.empty((0, self.n_abilities)), np.empty((0, self.n_abilities, self.n_abilities)))
        found = [none, *(moments_of(self.grid, parts, tile, self.n_abilities) for tile in self._tiles(params, chunk))]
        return np.concatenate([each.means for each in found]), np.concatenate([each.covariances for each in found])

    def chances(self, params: AbilitiesParams, abilities: ArrayLike) -> Array:
        """The probability (n, J) that each item is right, at abilities (n, m)."""
        return np.asarray(expit(params.intercepts + np.asarray(abilities, dtype=np.float64) @ params.slopes.T))

    def draw(self, params: AbilitiesParams, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, J)."""
        logits = params.intercepts + rng.standard_normal((n, self.n_abilities)) @ params.slopes.T
        return np.asarray(rng.logistic(size=logits.shape) < logits, dtype=np.float64)

    def redrawn(self, params: AbilitiesParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        return self.draw(params, rng, len(rows))

    # -- which slopes are free, and where to begin

    def _free(self, params: AbilitiesParams) -> Mask:
        """Which slopes (J, m) are estimated."""
        free = np.ones(params.slopes.shape, dtype=bool) if self.loads is None else self.loads.copy()
        for place in held_by_pivots(params.pivots):
            free[place] = False
        return free

    def held(self, params: AbilitiesParams) -> tuple[str, ...]:
        """The slopes that are 0: on abilities that an item does not ask, or because of how abilities are turned."""
        return tuple(f"slopes[{j}, {k}]" for j, k in np.argwhere(~self._free(params)).tolist())

    def start(self, profile: AnyProfile) -> AbilitiesParams:
        """Slopes of 1 on the abilities that items ask; without a pattern, from the principal factors of the correlations.

        Errors: DataError for items that tell nothing, or too few.
        """
        self._refuse(profile)
        if self.loads is not None:
            return self._of_slopes(profile, self.loads.astype(np.float64))
        if self.n_abilities == 1:
            return self._of_slopes(profile, np.ones((len(profile.columns), 1)))
        factors = FactorModel(self.n_abilities).start(profile)
        shared = factors.loadings / np.sqrt(np.diag(factors.covariance))[:, None]
        left = 1 - np.minimum((shared**2).sum(axis=1, keepdims=True), LARGEST_SHARED)
        return self._of_slopes(profile, SPREAD * shared / np.sqrt(left))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[AbilitiesParams]:
        """Slopes at random, for each seed."""
        self._refuse(profile)
        shape = len(profile.columns), self.n_abilities
        free = np.ones(shape, dtype=bool) if self.loads is None else self.loads
        found = []
        for seed in seeds:
            slopes: Array = np.where(free, np.random.default_rng(seed).standard_normal(shape), 0.0)
            found.append(self._of_slopes(profile, slopes))
        return found

    def _of_slopes(self, profile: AnyProfile, slopes: Array) -> AbilitiesParams:
        share = np.asarray(profile.mean)
        return self.params(np.log(share / (1 - share)) * np.sqrt(1 + (slopes**2).sum(axis=1) / SPREAD**2), slopes)

    def check(self, params: AbilitiesParams, profile: AnyProfile) -> None:
        given, asked = len(profile.columns), len(params.intercepts)
        if given != asked:
            raise ParameterError(f"the parameters are of {asked} items, but the data have {given} columns.")
        self._refuse(profile)
        self.params(params.intercepts, params.slopes)
        turned = self.loads is not None or len(params.pivots) == self.n_abilities
        if not turned or (params.slopes[~self._free(params)] != 0).any():
            raise ParameterError("slopes are not turned as pivots say: make parameters with `AbilitiesModel.params`.")

    def _refuse(self, profile: AnyProfile) -> None:
        """Errors: DataError for what is neither 0 nor 1, items that tell nothing, and items that are too few."""
        refuse_answers(profile)
        items, m = len(profile.columns), self.n_abilities
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
