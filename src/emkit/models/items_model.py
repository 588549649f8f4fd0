"""Tests whose items are of several kinds, answered by one group of people or by several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.checks import check_count, check_kind
from emkit.core.coordinates import Coordinates
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, leaves, maximise_in_turn, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.models.ability import AbilityModel
from emkit.models.ability_groups import DrawnInGroups, OfGroup, parted
from emkit.models.at_abilities import at_abilities
from emkit.models.item_kinds import ItemKind
from emkit.models.item_params import AbilityGroups, ItemsParams
from emkit.models.items_newton import Asked, ItemsHeight, settled_spreads, with_abilities


@dataclass(frozen=True)
class AnswerCounts(Additive):
    """`answers` (A, G, Q): how many of each group are expected at each of its places of ability with each answer."""

    answers: Array


class ItemsModel(DrawnInGroups, AbilityModel[ItemsParams, AnswerCounts]):
    """Answers to J items of `kinds` such as `ek.GradedResponse(4)`, independent given an ability.

    Data: x (n, J) of answers counted from 0; cells may be missing. Of several `groups`, a last column says 0 ... groups - 1;
    items are the same in all, and means and spreads of ability are estimated in all but the first, where they are 0 and 1.
    Where items have a slope of 1 (`ek.PartialCredit`), the spread in the first is estimated, too.
    A spread of 0, of people whose answers have nothing in common, is an estimate on the edge. `nodes` as in
    `ek.ItemResponseModel`. Items can be held, as those that are known from a bank: ``ek.Frozen(model, "items.3")``.
    Errors: ModelError for kinds that are none.
    Source: Bock & Aitkin (1981), Psychometrika 46, 443-459; of several groups, Bock & Zimowski (1997), in van der Linden &
    Hambleton, Handbook of Modern Item Response Theory.

    An item in three grades beside three that are right or wrong:

    >>> import emkit as ek
    >>> import numpy as np
    >>> model = ek.ItemsModel([ek.GradedResponse(3), *[ek.GeneralisedPartialCredit()] * 3])
    >>> items = (ek.GradedItem([-1.0, 1.0], 1.5), *[ek.SlopedItem([0.5], 1.0)] * 3)
    >>> x = model.draw(model.params(items), np.random.default_rng(0), 2000)
    >>> fit = ek.fit(model, x, model.start(ek.ArraySource(x).profile), solver="anderson")
    >>> fit.params.items[0].cuts.round(1).tolist(), round(fit.params.items[0].slope, 1)
    ([-0.9, 1.1], 1.4)
    """

    def __init__(self, kinds: Iterable[ItemKind], groups: int = 1, nodes: int = 81) -> None:
        check_count("groups", groups, ModelError)
        given: list[Any] = list(kinds)
        wrong = [kind for kind in given if not isinstance(kind, ItemKind)]
        if wrong or not given:
            said = f"{wrong[0]!r} is none" if wrong else "there are none"
            raise ModelError(f"items have kinds, and {said}: give one for each item, such as ek.GradedResponse(4).")
        self.kinds: tuple[ItemKind, ...] = tuple(given)
        self.groups = int(groups)
        super().__init__(nodes)
        firsts = np.cumsum([0, *(kind.levels for kind in self.kinds)]).tolist()
        self.parts = [slice(*ends) for ends in pairwise(firsts)]

    def params(self, items: Iterable[Any], means: Any = None, spreads: Any = None) -> ItemsParams:
        """Parameters of these items, and of abilities, N(0, 1) unless told. Errors: ParameterError if they do not fit."""
        here = np.zeros(self.groups) if means is None else means
        wide = np.ones(self.groups) if spreads is None else spreads
        made = ItemsParams(tuple(items), AbilityGroups(here, wide))
        self._refuse_params(made)
        return made

    def asking(self, items: Sequence[int]) -> ItemsModel:
        """The model of the items at these places, in this order; some may be there several times."""
        return ItemsModel([self.kinds[j] for j in items], self.groups, self.nodes)

    def answer_levels(self, params: ItemsParams) -> tuple[int, ...]:
        return tuple(kind.levels for kind in self.kinds)

    @property
    def _levels(self) -> tuple[int, ...]:
        """How many answers there are in each column: of several groups, the last says which."""
        return (*(kind.levels for kind in self.kinds), *([self.groups] if self.groups > 1 else []))

    def log_chances(self, params: ItemsParams, ability: Array) -> Array:
        """Those of all answers, one item after the other, (A, n)."""
        each = zip(self.kinds, params.items, strict=True)
        return np.concatenate([kind.log_chances(item, ability) for kind, item in each])

    def chances(self, params: ItemsParams, ability: ArrayLike) -> list[Array]:
        """The probabilities (n, L) of the answers to each item, at abilities (n,). Errors: those of `at_abilities`."""
        at = at_abilities(ability)
        return [np.exp(kind.log_chances(item, at)).T for kind, item in zip(self.kinds, params.items, strict=True)]

    def by_ability(self, params: ItemsParams, ability: Array) -> Array:
        each = zip(self.kinds, params.items, strict=True)
        return np.concatenate([kind.by_ability(item, ability) for kind, item in each])

    def free_of_item(self, params: ItemsParams, item: int) -> int:
        return sum(leaf.value.size for leaf in leaves(params.items[item]))

    def slopes_of(self, params: ItemsParams) -> Array:
        return np.array([getattr(item, "slope", 1.0) for item in params.items])

    def intercepts_of(self, params: ItemsParams) -> Array | None:
        return intercepts_of(self.kinds, params.items)

    def spreads_of(self, params: ItemsParams) -> Array:
        return params.abilities.spreads

    def before(self, params: ItemsParams, chunk: Chunk) -> tuple[Array, Array]:
        group = np.empty(len(chunk.x), dtype=np.int64)
        for g, (rows, _) in enumerate(self.groups_of(chunk)):
            group[rows] = g
        return params.abilities.means[group], params.abilities.spreads[group]

    def places_of(self, params: ItemsParams) -> Array:
        return params.abilities.means[:, None] + params.abilities.spreads[:, None] * self.places

    def groups_of(self, chunk: Chunk) -> Sequence[OfGroup]:
        return super().groups_of(chunk) if self.groups == 1 else parted(chunk, self._levels)

    def of_counts(self, counts: Array, params: ItemsParams) -> AnswerCounts:
        return AnswerCounts(counts)

    def m_step(self, stats: AnswerCounts, params: ItemsParams) -> ItemsParams:
        """Item by item; with the abilities of groups together, since places of ability move with these."""
        free = self._free(params)
        if not free.any():
            return maximise_in_turn(self.updates(), stats, params)
        moved = self._height(stats).climbed(params, self.coordinates(params), lambda there: there, _ways(free))
        return self._settled(params, moved)

    def updates(self) -> Mapping[str, Update[AnswerCounts, ItemsParams]]:
        own = {f"items.{j}": partial(self._item, j) for j in range(len(self.kinds))}
        return {**own, "abilities": self._abilities}

    def _height(self, stats: AnswerCounts) -> ItemsHeight:
        return ItemsHeight(list(map(Asked, self.kinds, self.parts)), stats.answers, self.places)

    def _item(self, j: int, stats: AnswerCounts, before: ItemsParams, now: ItemsParams) -> Any:
        return self._height(stats).item_climbed(j, now)

    def _abilities(self, stats: AnswerCounts, before: ItemsParams, now: ItemsParams) -> AbilityGroups:
        free = self._free(now)
        if not free.any():
            return now.abilities
        held = [path.removeprefix("abilities.") for path in self.held(now)]
        coordinates = Coordinates(now.abilities, held)
        moved = self._height(stats).climbed(
            now.abilities, coordinates, lambda there: with_abilities(now, there), _ways(free), slice(0)
        )
        return self._settled(now, with_abilities(now, moved)).abilities

    def _settled(self, before: ItemsParams, after: ItemsParams) -> ItemsParams:
        old, new = before.abilities.spreads, after.abilities.spreads
        return replace_at(after, {"abilities.spreads": settled_spreads(old, new, float(np.abs(self.slopes_of(after)).max()))})

    def _free(self, params: ItemsParams) -> Mask:
        """Which means and spreads (2, G) move: not those that say what 0 and 1 are."""
        free = np.ones((2, self.groups), dtype=bool)
        free[0, 0], free[1, 0] = False, self._free_spread
        return free

    @property
    def _free_spread(self) -> bool:
        """Whether items say what the unit of ability is."""
        return any(kind.scales_ability for kind in self.kinds)

    def held(self, params: ItemsParams) -> tuple[str, ...]:
        return ("abilities.means[0]", *(() if self._free_spread else ("abilities.spreads[0]",)))

    def expected(self, stats: AnswerCounts, before: ItemsParams, now: ItemsParams) -> Expected:
        height = self._height(stats)
        means, spreads = height.of_abilities(now)
        found = Expected(height.value(now) - self.log_prior(now), {"abilities.means": means, "abilities.spreads": spreads})
        for j in range(len(self.kinds)):
            found = found.plus(Expected(0.0, height.item_slopes(j, now)).inside(f"items.{j}"))
        return found

    def log_prior(self, params: ItemsParams) -> float:
        return float(sum(kind.log_prior(item) for kind, item in zip(self.kinds, params.items, strict=True)))

    @property
    def states_prior(self) -> bool:
        return any(kind.has_prior for kind in self.kinds)

    def drawn_answers(self, params: ItemsParams, rng: np.random.Generator, group: Integers) -> Array:
        ability = params.abilities.means[group] + params.abilities.spreads[group] * rng.standard_normal(len(group))
        return self.answered(params, ability, rng)

    def answered(self, params: ItemsParams, ability: Array, rng: np.random.Generator) -> Array:
        """Answers (n, J) drawn at abilities (n,)."""
        columns = []
        for kind, item in zip(self.kinds, params.items, strict=True):
            chances = np.cumsum(np.exp(kind.log_chances(item, ability)), axis=0)
            columns.append((rng.random(len(ability)) > chances[:-1]).sum(axis=0))
        return np.column_stack(columns).astype(np.float64)

    def start(self, profile: AnyProfile) -> ItemsParams:
        """From the shares of answers, with slopes of 1. Errors: DataError for what cannot be an answer, or tells nothing."""
        return self._of_slopes(profile, np.ones(len(self.kinds)))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ItemsParams]:
        """The same with slopes at random, for each seed."""
        draws = (np.random.default_rng(seed).lognormal(0.0, 0.5, len(self.kinds)) for seed in seeds)
        return [self._of_slopes(profile, slopes) for slopes in draws]

    def _of_slopes(self, profile: AnyProfile, slopes: Array) -> ItemsParams:
        each = zip(self.kinds, self.below(profile), slopes, strict=True)
        return self.params(kind.start(share, float(slope)) for kind, share, slope in each)

    def below(self, profile: AnyProfile) -> list[Array]:
        """The shares (L - 1,) of answers up to each level of each item but the highest.

        Errors: DataError if some never occur.
        """
        self._refuse(profile)
        pairs = [(j, level) for j, number in enumerate(self._levels) for level in range(number)]
        items, answers = np.array(pairs).T

        def shares(x: Array) -> Array:
            return np.where(np.isnan(x[:, items]), np.nan, x[:, items] == answers)

        found = profile.average(shares)
        never = [f"{answers[i]} of {profile.columns[items[i]]!r}" for i in np.flatnonzero(~(found > 0))]
        if never:
            raise DataError(
                f"answers that nobody gives have no finite parameter: {some_of(never)}. Count answers from 0 without leaving "
                "any out, join levels, or leave out items that everybody answers alike."
            )
        return [np.cumsum(found[items == j])[:-1] for j in range(len(self.kinds))]

    def check(self, params: ItemsParams, profile: AnyProfile) -> None:
        self._refuse_params(params)
        self.below(profile)

    def _refuse_params(self, params: ItemsParams) -> None:
        """Errors: ParameterError if these are not parameters of these kinds and groups."""
        check_kind(params, ItemsParams)
        refuse_items(params.items, [kind.like for kind in self.kinds])
        given = [np.shape(params.abilities.means), np.shape(params.abilities.spreads)]
        if given != [(self.groups,)] * 2:
            raise ParameterError(
                f"abilities have means and spreads of shapes {given}; of {self.groups} groups, {(self.groups,)}."
            )
        if params.abilities.means[0] != 0 or (params.abilities.spreads[0] != 1 and not self._free_spread):
            raise ParameterError("abilities of the first group say where 0 and 1 are: their mean is 0 and their spread 1.")

    def refuse_answers(self, profile: AnyProfile) -> None:
        """Errors: DataError for columns that are not those of the items, and what is no answer."""
        wanted = len(self._levels)
        if len(profile.columns) != wanted:
            behind = " and, last, one that says the group" if self.groups > 1 else ""
            raise DataError(f"there are {len(profile.columns)} columns; of {len(self.kinds)} items there is one each{behind}.")
        profile.refuse_names_without_order("answers are counted from 0")
        highest = np.array(self._levels) - 1
        told = ", ".join(map(str, highest.tolist()))
        rule = f"answers are whole numbers from 0 to as many as the kinds of the columns say ({told}), or missing."
        profile.refuse(lambda x: (x < 0) | (x > highest) | (x != np.floor(x)), rule)

    def _refuse(self, profile: AnyProfile) -> None:
        """Errors: DataError for what is no answer, and items that are too few, or that nobody answered."""
        self.refuse_answers(profile)
        profile.refuse_empty_columns()
        if self.groups > 1 and profile.missing[-1]:
            raise DataError(f"column {profile.columns[-1]!r} says the group, and must not be missing.")
        least = 2 if all(kind.scales_ability for kind in self.kinds) else 3
        if len(self.kinds) < least:
            raise DataError(f"items are too few to tell slopes: there must be {least}, and there are {len(self.kinds)}.")


def _ways(free: Mask) -> Array:
    """How means and spreads move with those of them that are free, (2 G, q)."""
    return np.eye(free.size)[:, free.ravel()]


def intercepts_of(kinds: Sequence[ItemKind], items: Sequence[Any]) -> Array | None:
    """The intercept (J,) of each item; None where some have none: see `ItemKind.intercept`."""
    found = [kind.intercept(item) for kind, item in zip(kinds, items, strict=True)]
    return None if None in found else np.array(found)


def refuse_items(items: Sequence[Any], wanted: Sequence[Parameters], where: str = "items") -> None:
    """Errors: ParameterError if items, which stand `where`, are not like those `wanted`."""
    if len(items) != len(wanted):
        raise ParameterError(f"the parameters are of {len(items)} {where}, but the model has {len(wanted)}.")
    for j, (like, item) in enumerate(zip(wanted, items, strict=True)):
        if type(item) is not type(like) or _shapes(item) != _shapes(like):
            raise ParameterError(f"{where}[{j}] is {item!r}; by its kind it is a {type(like).__name__} like {like!r}.")


def _shapes(item: Parameters) -> list[tuple[int, ...]]:
    return [leaf.value.shape for leaf in leaves(item)]
