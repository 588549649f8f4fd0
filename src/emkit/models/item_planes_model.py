"""Items of any kind that ask several abilities, which may correlate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.checks import check_kind, check_truth
from emkit.core.coordinates import Coordinates
from emkit.core.expected import Expected
from emkit.core.parameters import maximise_in_turn, replace_at
from emkit.core.protocols import Update
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.models.abilities_on_grid import AbilitiesOnGrid, AnswersAt, Pattern
from emkit.models.abilities_params import AbilitiesOfGroup, ItemPlanesParams
from emkit.models.ability_groups import DrawnInGroups, OfGroup
from emkit.models.at_abilities import at_abilities
from emkit.models.item_kinds import SPREAD, ItemKind
from emkit.models.items_model import ItemsModel, intercepts_of, refuse_items
from emkit.models.items_newton import settled_spreads
from emkit.models.pivots import turned_to_pivots
from emkit.models.plane_kinds import PlaneKind
from emkit.models.planes_newton import Moving, PlanesHeight


class ItemPlanesModel(DrawnInGroups, AbilitiesOnGrid[ItemPlanesParams]):
    """Answers to J items of `kinds` such as `ek.GradedResponse(4)`, with slopes_j . abilities in place of slope * ability.

    Say `n_abilities`, or which items ask which, `loads` (J, m) of 0 and 1, and `nodes`, as in `ek.AbilitiesModel`. Abilities
    are N(0, I) or, where they are `correlated` and `loads` say who asks what, normal with variances of 1 and correlations that
    are estimated; correlations of -1 and 1 are estimates on the edge. Places of ability move with correlations, so that sums
    over them are right for any. A bifactor pattern takes a grid of two abilities, unless they are correlated.
    Of several `groups` of people, a last column says 0 ... groups - 1; items are the same in all, and all but the first, which
    say where 0 and 1 are, have means and spreads of their own, and correlations, unless `loads` say that there are none.
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
        groups: int = 1,
    ) -> None:
        check_truth("correlated", correlated, ModelError)
        self.test = ItemsModel(kinds, groups)
        self.kinds, self.correlated, self.groups = self.test.kinds, correlated, self.test.groups
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

    def params(
        self, items: Iterable[Any], correlations: ArrayLike | None = None, others: Iterable[AbilitiesOfGroup] = ()
    ) -> ItemPlanesParams:
        """Parameters of these items, such as `ek.GradedPlane`; without `loads`, turned so that `pivots` say how.

        `others`: the abilities of all groups but the first, which are those of the first unless told.
        Errors: ParameterError if they do not fit, or for slopes on abilities that an item does not ask.
        """
        known = np.eye(self.n_abilities) if correlations is None else correlations
        made = ItemPlanesParams(tuple(items), known, (), tuple(others))
        if not made.others:
            made = replace(made, others=made.groups * (self.groups - 1))
        self._refuse_params(made)
        if self.loads is not None:
            return made
        slopes = self.slopes_of(made)
        turned, pivots = turned_to_pivots(slopes, np.sqrt((slopes**2).sum(axis=1) + SPREAD**2))
        back = np.linalg.lstsq(turned, slopes, rcond=None)[0] if made.others else np.eye(self.n_abilities)
        others = tuple(group.turned(back) for group in made.others)
        each = tuple(replace_at(item, {"slopes": own}) for item, own in zip(made.items, turned, strict=True))
        return ItemPlanesParams(each, made.correlations, pivots, others)

    # -- what the grid asks

    def with_nodes(self, nodes: int) -> ItemPlanesModel:
        return ItemPlanesModel(self.kinds, self.n_abilities, self.loads, self.correlated, nodes, self.groups)

    def asking(self, items: Sequence[int]) -> ItemPlanesModel:
        """The model of the items at these places, in this order; some may be there several times."""
        kinds, loads = [self.kinds[j] for j in items], None if self.loads is None else self.loads[list(items)]
        return ItemPlanesModel(kinds, self.n_abilities, loads, self.correlated, self.nodes, self.groups)

    def answer_levels(self, params: ItemPlanesParams) -> tuple[int, ...]:
        return tuple(kind.levels for kind in self.kinds)

    def log_chances(self, params: ItemPlanesParams) -> Array:
        each = list(zip(self._planes, params.items, self._standard, strict=True))
        found = [
            np.concatenate([kind.log_chances(item, group.at(places)) for kind, item, places in each]) for group in params.groups
        ]
        return np.stack(found, axis=1)

    def slopes_of(self, params: ItemPlanesParams) -> Array:
        items: tuple[Any, ...] = params.items
        return np.array([item.slopes for item in items])

    def intercepts_of(self, params: ItemPlanesParams) -> Array | None:
        pairs = zip(self.kinds, params.items, strict=True)
        return intercepts_of(self.kinds, [kind.line(item) for kind, item in pairs])

    def pivots_of(self, params: ItemPlanesParams) -> tuple[int, ...]:
        return params.pivots

    def abilities_of(self, params: ItemPlanesParams) -> tuple[AbilitiesOfGroup, ...]:
        return params.groups

    def groups_of(self, chunk: Chunk) -> Sequence[OfGroup]:
        return self.test.groups_of(chunk)

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

    @property
    def _turning(self) -> bool:
        """Whether abilities of groups other than the first may correlate."""
        return self.n_abilities > 1 and (self.correlated or self.loads is None)

    def m_step(self, stats: AnswersAt, params: ItemPlanesParams) -> ItemPlanesParams:
        """Item by item; with abilities together, if anything of these moves, since places do with them."""
        if not self.correlated and self.groups == 1:
            return maximise_in_turn(self.updates(), stats, params)
        moving = Moving(self.free_slopes(params), True, self.correlated, self.groups > 1, self._turning)
        moved = self._height(stats).climbed(params, self.coordinates(params), lambda there: there, moving)
        return replace(moved, others=self._settled(params, moved))

    def updates(self) -> Mapping[str, Update[AnswersAt, ItemPlanesParams]]:
        items = {f"items.{j}": partial(self._item, j) for j in range(len(self.kinds))}
        correlations = {"correlations": self._correlations} if self.correlated else {}
        return {**items, **correlations, **({"others": self._others} if self.groups > 1 else {})}

    def _item(self, j: int, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> Any:
        return self._height(stats).item_climbed(j, now, self.free_slopes(now)[j])

    def _correlations(self, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> Array:
        moving = Moving(self.free_slopes(now), False, True, False, False)
        coordinates = Coordinates(now, ["items", "others"])
        return self._height(stats).climbed(now, coordinates, lambda there: there, moving).correlations

    def _others(self, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> tuple[AbilitiesOfGroup, ...]:
        moving = Moving(self.free_slopes(now), False, False, True, self._turning)
        coordinates = Coordinates(now, ["items", "correlations", *self._unturned])
        return self._settled(now, self._height(stats).climbed(now, coordinates, lambda there: there, moving))

    def _settled(self, before: ItemPlanesParams, after: ItemPlanesParams) -> tuple[AbilitiesOfGroup, ...]:
        steepest = np.abs(self.slopes_of(after)).max(axis=0)
        pairs = zip(before.others, after.others, strict=True)
        return tuple(replace(new, spreads=settled_spreads(old.spreads, new.spreads, steepest)) for old, new in pairs)

    @property
    def _unturned(self) -> tuple[str, ...]:
        """Correlations of groups other than the first, where they are held at 0."""
        return () if self._turning else tuple(f"others.{g}.correlations" for g in range(self.groups - 1))

    def held(self, params: ItemPlanesParams) -> tuple[str, ...]:
        slopes = tuple(f"items.{j}.slopes[{k}]" for j, k in np.argwhere(~self.free_slopes(params)).tolist())
        return (*(() if self.correlated else ("correlations",)), *slopes, *self._unturned)

    def expected(self, stats: AnswersAt, before: ItemPlanesParams, now: ItemPlanesParams) -> Expected:
        height = self._height(stats)
        found = Expected(height.value(now) - self.log_prior(now), height.of_abilities(now))
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
        """The probabilities (n, L) of the answers to each item, at abilities (n, m). Errors: those of `at_abilities`."""
        at = at_abilities(abilities, self.n_abilities)
        return [np.exp(kind.log_chances(item, at)).T for kind, item in zip(self._planes, params.items, strict=True)]

    def drawn_answers(self, params: ItemPlanesParams, rng: np.random.Generator, group: Integers) -> Array:
        abilities = rng.standard_normal((len(group), self.n_abilities))
        for g, each in enumerate(params.groups):
            abilities[group == g] = each.at(abilities[group == g])
        chances = [np.cumsum(each, axis=1)[:, :-1] for each in self.chances(params, abilities)]
        return np.column_stack([(rng.random((len(group), 1)) > each).sum(axis=1) for each in chances]).astype(np.float64)

    def start(self, profile: AnyProfile) -> ItemPlanesParams:
        """From the shares of answers, with slopes as in `AbilitiesModel.start`. Errors: DataError for what tells nothing."""
        below = self.test.below(profile)
        return self._of_slopes(below, self.first_slopes(profile, len(self.kinds)))

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
        check_kind(params, ItemPlanesParams)
        refuse_items(params.items, self._like)
        if params.correlations.shape != (self.n_abilities, self.n_abilities):
            raise ParameterError(
                f"correlations have shape {params.correlations.shape}; there are {self.n_abilities} abilities."
            )
        if not self.correlated and (params.correlations != np.eye(self.n_abilities)).any():
            raise ParameterError("abilities are independent (correlated=False), so their correlations are 0.")
        self.refuse_strays(self.slopes_of(params))
        self._refuse_groups(params)

    def _refuse_groups(self, params: ItemPlanesParams) -> None:
        """Errors: ParameterError if there are not so many other groups, of so many abilities, that correlate where they may."""
        m = self.n_abilities
        if len(params.others) != self.groups - 1:
            raise ParameterError(f"others are {len(params.others)} groups; beside the first, the model has {self.groups - 1}.")
        for g, group in enumerate(params.others):
            check_kind(group, AbilitiesOfGroup)
            shapes = [np.shape(each) for each in (group.means, group.spreads, group.correlations)]
            if shapes != [(m,), (m,), (m, m)]:
                raise ParameterError(f"others[{g}] has shapes {shapes}; of {m} abilities, {[(m,), (m,), (m, m)]}.")
            if not self._turning and (group.correlations != np.eye(m)).any():
                raise ParameterError(f"abilities are independent (correlated=False), so correlations of others[{g}] are 0.")
