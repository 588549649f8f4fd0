"""Mixtures of people: classes that are not observed, in each of which items may ask something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count, check_truth
from emkit.core.coordinates import Coordinates
from emkit.core.expected import Expected
from emkit.core.parameters import maximise_in_turn, replace_at
from emkit.core.protocols import Expectation, Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError
from emkit.families.family import safe_log, slope_of_log
from emkit.models import answer_blocks
from emkit.models.ability import AbilityModel, OfTests
from emkit.models.assignment import Posterior, impossible_row
from emkit.models.belonging import Belonging
from emkit.models.item_kinds import ItemKind
from emkit.models.item_mixture_layout import ClassLayout
from emkit.models.item_mixture_params import ClassAbilities, ClassItems, EqualSpreadAbilities, ItemMixtureParams
from emkit.models.item_mixture_starts import started
from emkit.models.item_params import ItemsParams
from emkit.models.items_model import ItemsModel
from emkit.models.items_newton import ItemsHeight, settled_spreads
from emkit.models.order import reordered


@dataclass(frozen=True)
class ClassAnswers(Additive):
    """How many of each class are expected: at each of its places of ability with each answer (A, K, Q), and `people` (K,)."""

    answers: Array
    people: Array


class ItemMixture(Belonging[ItemMixtureParams, ClassAnswers], OfTests[ItemMixtureParams]):
    """Answers of people of so many `classes`, to J items of `kinds` such as `ek.PartialCredit()`, as those of `ek.ItemsModel`.

    Given class and ability, answers are independent, and in each class ability is normal. Items have parameters of their own in
    each class, but for those at the places of `shared`, which are the same in all. Where none is, each class has its own origin
    of ability, a mean of 0; else means are those beside the first class. Spreads are estimated where items have a slope of 1
    (`ek.PartialCredit`) or are shared, in the latter case beside 1 in the first class unless slopes are 1; they may be
    `equal_spreads`, one for all. `nodes` as in `ek.ItemsModel`. With `ek.PartialCredit` it is the mixed Rasch model.
    Errors: ModelError for what cannot be.
    Source: Rost (1990), Applied Psychological Measurement 14, 271-282; Mislevy & Verhelst (1990), Psychometrika 55, 195-215.

    Two ways to go about six tasks, of which those that are hard for one class are easy for the other:

    >>> import emkit as ek
    >>> import numpy as np
    >>> model = ek.ItemMixture([ek.PartialCredit()] * 6)
    >>> ways = [[ek.UnitSlopeItem([sign * at]) for at in (-2, -1, -1, 1, 1, 2)] for sign in (1, -1)]
    >>> x, _ = model.draw(model.params([0.6, 0.4], ways), np.random.default_rng(0), 1500)
    >>> source = ek.ArraySource(x)
    >>> fit = ek.fit(model, source, model.starts(source.profile, 2, range(3)), solver="anderson")
    >>> fit.params.proportions.round(1).tolist()
    [0.6, 0.4]
    >>> model.shares(fit.params, [[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(
        self,
        kinds: Iterable[ItemKind],
        classes: int = 2,
        shared: Iterable[int] = (),
        equal_spreads: bool = False,
        nodes: int = 81,
    ) -> None:
        check_count("classes", classes, ModelError)
        check_truth("equal_spreads", equal_spreads, ModelError)
        self.test = ItemsModel(kinds, nodes=nodes)
        self.kinds, self.classes, self.nodes = self.test.kinds, int(classes), self.test.nodes
        given: list[Any] = list(shared)
        strange = [
            j for j in given if isinstance(j, bool) or not (isinstance(j, int | np.integer) and 0 <= j < len(self.kinds))
        ]
        if strange:
            raise ModelError(f"shared has {strange[0]!r}; items are counted from 0 to {len(self.kinds) - 1}.")
        self.shared = tuple(sorted({*map(int, given)}))
        self.equal_spreads = equal_spreads
        self.layout = ClassLayout(self.kinds, self.classes, self.shared, equal_spreads)
        self._levels = tuple(kind.levels for kind in self.kinds)

    def with_nodes(self, nodes: int) -> ItemMixture:
        """The same model with so many places of ability in each class."""
        return ItemMixture(self.kinds, self.classes, self.shared, self.equal_spreads, nodes)

    def params(
        self,
        proportions: Any,
        classes: Iterable[Iterable[Any]],
        shared: Iterable[Any] = (),
        means: Any = None,
        spreads: Any = None,
    ) -> ItemMixtureParams:
        """Parameters of these `shared` items and those of each of the `classes`; abilities are N(0, 1) unless told.

        Errors: ParameterError if they do not fit.
        """
        here = np.zeros(self.classes) if means is None else means
        wide = np.ones(() if self.equal_spreads else self.classes) if spreads is None else spreads
        made = (EqualSpreadAbilities if self.equal_spreads else ClassAbilities)(here, wide)
        given = list(classes)
        if not all(isinstance(own, Iterable) for own in given):
            raise ParameterError(f"classes are {given!r:.60}; give the items of each, such as [[item, item], [item, item]].")
        each = tuple(ClassItems(tuple(own), self.layout.own) for own in given)
        found = ItemMixtureParams(proportions, tuple(shared), each, made, self.shared)
        self.layout.refuse(found)
        return found

    # -- the E-step: classes are more places

    def _places(self, params: ItemMixtureParams) -> Array:
        """The places (K, Q) of ability in each class."""
        groups = params.abilities.groups
        return groups.means[:, None] + groups.spreads[:, None] * self.test.places

    def _joint(self, params: ItemMixtureParams) -> tuple[Array, Array]:
        """The logarithms (A, K Q) of the chances of answers at the places of all classes, and those of the places (K Q,)."""
        each = enumerate(self._places(params))
        chances = np.concatenate([self.test.log_chances(self.layout.of_class(params, k), at) for k, at in each], axis=1)
        return chances, (safe_log(params.proportions)[:, None] + self.test.log_mass).ravel()

    def e_step(self, params: ItemMixtureParams, chunk: Chunk) -> Expectation[ClassAnswers]:
        found = answer_blocks.expected_answers(self._levels, *self._joint(params), chunk)
        if np.isneginf(found.heights).any():
            raise impossible_row()
        answers = found.answers.reshape(-1, self.classes, self.nodes)
        people = found.people.reshape(self.classes, self.nodes).sum(axis=1)
        height = float(chunk.weights @ found.heights)
        return Expectation(ClassAnswers(answers, people), height, float(chunk.weights.sum()))

    def carried(self, stats: ClassAnswers, before: ItemMixtureParams, now: ItemMixtureParams) -> ClassAnswers:
        return stats

    def row_objectives(self, params: ItemMixtureParams, chunk: Chunk) -> Array:
        return answer_blocks.expected_answers(self._levels, *self._joint(params), chunk).heights

    def _posterior(self, params: ItemMixtureParams, chunk: Chunk) -> tuple[Array, Array]:
        """The probabilities (n, K, Q) of class and place given each row, and the log-likelihoods (n,)."""
        found, heights = answer_blocks.posterior(self._levels, *self._joint(params), chunk)
        return found.reshape(-1, self.classes, self.nodes), heights

    def posterior(self, params: ItemMixtureParams, chunk: Chunk) -> Posterior:
        """The responsibilities (n, K) of classes, and the log-likelihoods (n,)."""
        found, heights = self._posterior(params, chunk)
        return Posterior(found.sum(axis=2), heights)

    def shares(self, params: ItemMixtureParams, x: Any) -> Array:
        """The responsibilities (n, K) of classes for rows x (n, J)."""
        rows = np.asarray(x, dtype=np.float64)
        return self.posterior(params, Chunk(rows, np.ones(len(rows)))).responsibilities

    def latent(self, params: ItemMixtureParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n,) and standard deviation (n,) of the ability of each row, given its answers, whichever its class is."""
        found, at = self._posterior(params, chunk)[0], self._places(params)
        mean, square = (np.einsum("nkq,kq->n", found, power) for power in (at, at**2))
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))

    def tests_of(self, params: ItemMixtureParams) -> tuple[tuple[AbilityModel[Any, Any], Any], ...]:
        return tuple((self.test, self.layout.of_class(params, k)) for k in range(self.classes))

    def of_classes(self, params: ItemMixtureParams, chunk: Chunk) -> tuple[Array, Array]:
        """The same (n, K) and (n, K), if each row were of each class."""
        each = [test.latent(own, chunk) for test, own in self.tests_of(params)]
        return np.column_stack([mean for mean, _ in each]), np.column_stack([spread for _, spread in each])

    # -- the M-step: classes are groups of people, each of which is asked items of its own

    def _height(self, stats: ClassAnswers) -> ItemsHeight:
        return ItemsHeight(self.layout.asked, stats.answers, self.test.places)

    def held(self, params: ItemMixtureParams) -> tuple[str, ...]:
        return self.layout.held

    def m_step(self, stats: ClassAnswers, params: ItemMixtureParams) -> ItemMixtureParams:
        """Shares of people, and the items, with the abilities of classes together, since places of ability move with these."""
        if not self.layout.ways.size:
            return maximise_in_turn(self.updates(), stats, params)
        shared_out = replace_at(params, {"proportions": self._proportions(stats, params, params)})
        coordinates = Coordinates(shared_out, ("proportions", *self.layout.held))
        moved = self._height(stats).climbed(shared_out, coordinates, self.layout.in_groups, self.layout.ways)
        return replace_at(moved, {"abilities": self._settled(params, moved)})

    def updates(self) -> Mapping[str, Update[ClassAnswers, ItemMixtureParams]]:
        items = {path: partial(self._item, i) for i, path in enumerate(self.layout.paths)}
        return {"proportions": self._proportions, **items, "abilities": self._abilities}

    @staticmethod
    def _proportions(stats: ClassAnswers, before: ItemMixtureParams, now: ItemMixtureParams) -> Array:
        return stats.people / stats.people.sum()

    def _item(self, i: int, stats: ClassAnswers, before: ItemMixtureParams, now: ItemMixtureParams) -> Any:
        return self._height(stats).item_climbed(i, self.layout.in_groups(now))

    def _abilities(self, stats: ClassAnswers, before: ItemMixtureParams, now: ItemMixtureParams) -> ClassAbilities:
        if not self.layout.ways.size:
            return now.abilities
        coordinates = Coordinates(now.abilities, [path.removeprefix("abilities.") for path in self.layout.held])

        def in_groups(abilities: ClassAbilities) -> ItemsParams:
            return self.layout.in_groups(replace_at(now, {"abilities": abilities}))

        moved = self._height(stats).climbed(now.abilities, coordinates, in_groups, self.layout.ways, slice(0))
        return self._settled(now, replace_at(now, {"abilities": moved}))

    def _settled(self, before: ItemMixtureParams, after: ItemMixtureParams) -> ClassAbilities:
        steepest = float(np.abs(self.test.slopes_of(self.layout.in_groups(after))).max())
        old, new = before.abilities.spreads, after.abilities.spreads
        return replace_at(after.abilities, {"spreads": settled_spreads(old, new, steepest)})

    def expected(self, stats: ClassAnswers, before: ItemMixtureParams, now: ItemMixtureParams) -> Expected:
        height, groups = self._height(stats), self.layout.in_groups(now)
        means, spreads = height.of_abilities(groups)
        value = height.value(groups) - self.log_prior(now) + float(stats.people @ safe_log(now.proportions))
        slopes = {"proportions": slope_of_log(stats.people, now.proportions), "abilities.means": means}
        slopes["abilities.spreads"] = np.asarray(spreads.sum()) if self.equal_spreads else spreads
        found = Expected(value, slopes)
        for i, path in enumerate(self.layout.paths):
            found = found.plus(Expected(0.0, height.item_slopes(i, groups)).inside(path))
        return found

    def log_prior(self, params: ItemMixtureParams) -> float:
        pairs = zip(self.layout.asked, self.layout.in_groups(params).items, strict=True)
        return float(sum(asked.kind.log_prior(item) for asked, item in pairs))

    @property
    def states_prior(self) -> bool:
        return any(kind.has_prior for kind in self.kinds)

    def degenerate(self, params: ItemMixtureParams, profile: AnyProfile) -> tuple[int, ...]:
        """Classes without people."""
        return tuple(np.flatnonzero(params.proportions == 0).tolist())

    # -- the order of classes

    def order(self, params: ItemMixtureParams) -> list[int] | None:
        return self.layout.by_ability(params) if self.shared else super().order(params)

    def in_order(self, params: ItemMixtureParams, order: Sequence[int]) -> ItemMixtureParams | None:
        """Items and abilities told beside the class that comes first; None if that has a spread of 0, and is to be the unit."""
        return self.layout.beside_the_first(reordered(params, order))

    def conventions(self, params: ItemMixtureParams) -> tuple[str, ...]:
        return self.layout.held

    # -- rows, data and starts

    def draw(self, params: ItemMixtureParams, rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        of, groups = rng.choice(self.classes, rows, p=params.proportions), params.abilities.groups
        ability = groups.means[of] + groups.spreads[of] * rng.standard_normal(rows)
        found = np.empty((rows, len(self.kinds)))
        for k in range(self.classes):
            found[of == k] = self.test.answered(self.layout.of_class(params, k), ability[of == k], rng)
        return found, of

    def redrawn(
        self, params: ItemMixtureParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        return self.draw(params, rng, len(rows))[0]

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ItemMixtureParams]:
        """For each seed, from a division of people by which items they have more of than others with the same total.

        Errors: ModelError if `n_components` is not the number of classes; DataError for what `ek.ItemsModel` refuses.
        """
        if n_components != self.classes:
            raise ModelError(f"the model is of {self.classes} classes, and {n_components} were asked for.")
        below = self.below(profile)
        shared = [self.kinds[j].start(below[j], 1.0) for j in self.shared]
        found = []
        for each in started(self.layout, below, profile, seeds):
            own = [[items[j] for j in self.layout.own] for items in each.items]
            found.append(self.params(each.proportions, own, shared, np.where(self.layout.free[0], each.means, 0.0)))
        return found

    def below(self, profile: AnyProfile) -> list[Array]:
        """The shares of answers up to each level of each item: see `ItemsModel`. Errors: DataError for too many parameters."""
        found = self.test.below(profile)
        patterns, free = float(np.prod([float(kind.levels) for kind in self.kinds])) - 1, self.layout.size
        if free > patterns:
            raise DataError(
                f"{len(self.kinds)} items have {patterns + 1:g} patterns of answers, too few to tell {free} parameters: use "
                "fewer classes, share items, or have items with fewer parameters."
            )
        return found

    def check(self, params: ItemMixtureParams, profile: AnyProfile) -> None:
        self.layout.refuse(params)
        self.test.refuse_answers(profile)

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """Each pattern of answers once."""
        return collapsed(source)
