"""Items of any kind that ask several abilities, which may correlate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.coordinates import Coordinates
from emkit.core.expected import Expected
from emkit.core.parameters import maximise_in_turn, replace_at
from emkit.core.protocols import Update
from emkit.core.spaces.correlations import root_of
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.models.abilities_on_grid import AbilitiesOnGrid, AnswersAt, Pattern
from emkit.models.abilities_params import ItemPlanesParams
from emkit.models.item_kinds import SPREAD, ItemKind
from emkit.models.items_model import ItemsModel, intercepts_of, refuse_items
from emkit.models.pivots import turned_to_pivots
from emkit.models.plane_kinds import PlaneKind
from emkit.models.planes_newton import PlanesHeight


class ItemPlanesModel(AbilitiesOnGrid[ItemPlanesParams]):
    """Answers to J items of `kinds` such as `ek.GradedResponse(4)`, with slopes_j . abilities in place of slope * ability.

    Say `n_abilities`, or which items ask which, `loads` (J, m) of 0 and 1, and `nodes`, as in `ek.AbilitiesModel`. Abilities
    are N(0, I) or, where they are `correlated` and `loads` say who asks what, normal with variances of 1 and correlations that
    are estimated; correlations of -1 and 1 are estimates on the edge. Places of ability move with correlations, so that sums
    over them are right for any. A bifactor pattern takes a grid of two abilities, unless they are correlated.
    Errors: ModelError for a pattern that data cannot tell, for kinds without a slope, and for too many abilities.
    Source: Muraki & Carlson (1995), Applied Psychological Measurement 19, 73-90; Bock, Gibbons & Muraki (1988), same journal
    12, 261-280.

    Two abilities that go together, each asked by four items in three grades:

    >>> import emkit as ek
    >>> import numpy as np
    >>> loads = np.repeat(np.eye(2), 4, axis=0)
    >>> model = ek.ItemPlanesModel([ek.GradedResponse(3)] * 8, loads=loads, correlated=True, nodes=21)
    >>> true = model.params([ek.GradedPlane([-1.0, 1.0], slopes) for slopes in 1.5 * loads], [[1.0, 0.6], [0.6, 1.0]])
    >>> source = ek.ArraySource(model.draw(true, np.random.default_rng(0), 1000))
    >>> fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    >>> round(float(fit.params.correlations[0, 1]), 1)
    0.6
    """

    def __init__(
        self,
        kinds: Iterable[ItemKind],
        n_abilities: int | None = None,
        loads: Pattern | None = None,
        correlated: bool = False,
        nodes: int | None = None,
    ) -> None:
        self.test = ItemsModel(kinds)
        self.kinds, self.correlated = self.test.kinds, correlated
        if correlated and loads is None:
            raise ModelError(
                "abilities that all items ask can be turned, and with them how they correlate: say by `loads` which items ask "
                "which, or leave out correlated."
            )
        super().__init__(n_abilities, loads, nodes, correlated)
        if self.loads is not None and len(self.loads) != len(self.kinds):
            raise ModelError(f"loads have {len(self.loads)} rows, and there are {len(self.kinds)} items: give a row for each.")
        self._planes = [PlaneKind(kind) for kind in self.kinds]
        self._like = [kind.plane(kind.like, np.zeros(self.n_abilities)) for kind in self.kinds]

    def params(self, items: Iterable[Any], correlations: ArrayLike | None = None) -> ItemPlanesParams:
        """Parameters of these items, such as `ek.GradedPlane`; without `loads`, turned so that `pivots` say how.

        Errors: ParameterError if they do not fit, or for slopes on abilities that an item does not ask.
        """
        made = ItemPlanesParams(tuple(items), np.eye(self.n_abilities) if correlations is None else correlations)
        self._refuse_params(made)
        if self.loads is None:
            slopes = self.slopes_of(made)
            turned, pivots = turned_to_pivots(slopes, np.sqrt((slopes**2).sum(axis=1) + SPREAD**2))
            pairs = enumerate(turned)
            return ItemPlanesParams(
                tuple(replace_at(made.items[j], {"slopes": own}) for j, own in pairs), made.correlations, pivots
            )
        return made

    # -- what the grid asks

    def answer_levels(self, params: ItemPlanesParams) -> tuple[int, ...]:
        return tuple(kind.levels for kind in self.kinds)

    def log_chances(self, params: ItemPlanesParams) -> Array:
        root = root_of(params.correlations)
        each = zip(self._planes, params.items, self._standard, strict=True)
        return np.concatenate([kind.log_chances(item, places @ root.T) for kind, item, places in each])

    def slopes_of(self, params: ItemPlanesParams) -> Array:
        items: tuple[Any, ...] = params.items
        return np.array([item.slopes for item in items])

    def intercepts_of(self, params: ItemPlanesParams) -> Array | None:
        pairs = zip(self.kinds, params.items, strict=True)
        return intercepts_of(self.kinds, [kind.line(item) for kind, item in pairs])

    def pivots_of(self, params: ItemPlanesParams) -> tuple[int, ...]:
        return params.pivots

    def root_of(self, params: ItemPlanesParams) -> Array | None:
        return root_of(params.correlations)

    @cached_property
    def _standard(self) -> list[Array]:
        """The places (N, m) of standard normal abilities, for each item those that it asks."""
        columns, made = self.grid.abilities_of(len(self.kinds)), {}
        for own in {tuple(each) for each in columns.tolist()}:
            made[own] = np.zeros((len(self.grid.places), self.n_abilities))
            made[own][:, list(own)] = self.grid.places
        return [made[tuple(own)] for own in columns.tolist()]

    # -- the M-step

    def _height(self, stats: AnswersAt) -> PlanesHeight:
        return PlanesHeight(self._planes, self.test.parts, stats.answers, self._standard)

    def m_step(self, stats: AnswersAt, params: ItemPlanesParams) -> ItemPlanesParams:
        """Item by item; with correlations together, since places of ability move with these."""
        if not self.correlated:
            return maximise_in_turn(self.updates(), stats, params)
        free = self.free_slopes(params)
        return self._height(stats).climbed(params, self.coordinates(params), lambda there: there, free, True)

    def updates(self) -> Mapping[str, Update[AnswersAt, ItemPlanesParams]]:
        items = {f"items.{j}": partial(self._item, j) for j in range(len(self.kinds))}
        return {**items, **({"correlations": self._correlations} if self.correlated else {})}

    def _item(self, j: int, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> Any:
        return self._height(stats).item_climbed(j, now, self.free_slopes(now)[j])

    def _correlations(self, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> Array:
        coordinates = Coordinates(now, ["items"])
        free = self.free_slopes(now)
        return self._height(stats).climbed(now, coordinates, lambda there: there, free, False).correlations

    def held(self, params: ItemPlanesParams) -> tuple[str, ...]:
        slopes = tuple(f"items.{j}.slopes[{k}]" for j, k in np.argwhere(~self.free_slopes(params)).tolist())
        return slopes if self.correlated else ("correlations", *slopes)

    def expected(self, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> Expected:
        height = self._height(stats)
        along = height.of_correlations(now) if self.correlated else np.zeros_like(now.correlations)
        found = Expected(height.value(now) - self.log_prior(now), {"correlations": along})
        for j in range(len(self.kinds)):
            found = found.plus(Expected(0.0, height.item_slopes(j, now)).inside(f"items.{j}"))
        return found

    def log_prior(self, params: ItemPlanesParams) -> float:
        return float(sum(kind.log_prior(item) for kind, item in zip(self._planes, params.items, strict=True)))

    @property
    def states_prior(self) -> bool:
        return any(kind.has_prior for kind in self.kinds)

    # -- rows, data and starts

    def chances(self, params: ItemPlanesParams, abilities: ArrayLike) -> list[Array]:
        """The probabilities (n, L) of the answers to each item, at abilities (n, m)."""
        at = np.asarray(abilities, dtype=np.float64)
        return [np.exp(kind.log_chances(item, at)).T for kind, item in zip(self._planes, params.items, strict=True)]

    def draw(self, params: ItemPlanesParams, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, J)."""
        abilities = rng.standard_normal((n, self.n_abilities)) @ root_of(params.correlations).T
        chances = [np.cumsum(each, axis=1)[:, :-1] for each in self.chances(params, abilities)]
        return np.column_stack([(rng.random((n, 1)) > each).sum(axis=1) for each in chances]).astype(np.float64)

    def start(self, profile: AnyProfile) -> ItemPlanesParams:
        """From the shares of answers, with slopes as in `AbilitiesModel.start`. Errors: DataError for what tells nothing."""
        below = self.test.below(profile)
        return self._of_slopes(below, self.first_slopes(profile))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ItemPlanesParams]:
        """Slopes at random, for each seed."""
        below = self.test.below(profile)
        return [self._of_slopes(below, self.random_slopes(len(self.kinds), seed)) for seed in seeds]

    def _of_slopes(self, below: list[Array], slopes: Array) -> ItemPlanesParams:
        lengths = np.sqrt((slopes**2).sum(axis=1))
        each = zip(self.kinds, below, lengths, slopes, strict=True)
        return self.params(kind.plane(kind.start(share, float(length)), own) for kind, share, length, own in each)

    def check(self, params: ItemPlanesParams, profile: AnyProfile) -> None:
        self._refuse_params(params)
        self.refuse_unturned(params)
        self.test.below(profile)
        self.refuse_few(len(self.kinds))

    def _refuse_params(self, params: ItemPlanesParams) -> None:
        """Errors: ParameterError if these are not parameters of these items and abilities."""
        refuse_items(params.items, self._like)
        if params.correlations.shape != (self.n_abilities, self.n_abilities):
            raise ParameterError(
                f"correlations have shape {params.correlations.shape}; there are {self.n_abilities} abilities."
            )
        if not self.correlated and (params.correlations != np.eye(self.n_abilities)).any():
            raise ParameterError("abilities are independent (correlated=False), so their correlations are 0.")
        self.refuse_strays(self.slopes_of(params))
