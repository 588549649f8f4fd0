"""Item response: right and wrong answers, whose odds rise with an ability that nobody sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.checks import check_kind, check_truth
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Real
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.models.ability import AbilityModel
from emkit.models.at_abilities import at_abilities
from emkit.models.item_lines import ItemSums, height, highest, left

SPREAD = 1.7  # logits that a normal ability of standard deviation 1 is wide, nearly
FLAT = 1e-4  # logits by which people who are one standard deviation apart differ: an item of less does not ask the ability


def difficulties(intercepts: Array, slopes: Array) -> Array:
    """The abilities (J,) at which lines of log-odds are 0; NaN where a slope is 0, or as good as 0."""
    flat = np.abs(slopes) < FLAT
    return np.asarray(np.where(flat, np.nan, 0.0 - intercepts / np.where(flat, 1.0, slopes)))


@dataclass(frozen=True, eq=False)
class ItemResponseParams(Parameters):
    """Parameters of J items: logit P(item j is right | ability) = intercepts_j + slopes_j * ability, shapes (J,).

    A hard question of which one in two is right at an ability of 2, and an easy one:

    >>> import emkit as ek
    >>> params = ek.ItemResponseParams(intercepts=[-3.0, 1.0], slopes=[1.5, 1.0])
    >>> params.difficulties.tolist()
    [2.0, -1.0]
    """

    intercepts: Annotated[Array, Real(), Axes("column")]
    slopes: Annotated[Array, Real(), Axes("column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, intercepts: ArrayLike, slopes: ArrayLike) -> None: ...

    @property
    def difficulties(self) -> Array:
        """The abilities (J,) at which one in two is right; NaN where a slope is 0, or as good as 0."""
        return difficulties(self.intercepts, self.slopes)


@dataclass(frozen=True, eq=False)
class EqualSlopeParams(ItemResponseParams):
    """The same with one slope () for all items."""

    slopes: Annotated[Array, Real(), Axes()]


class ItemResponseModel(AbilityModel[ItemResponseParams, ItemSums]):
    """Answers of 0 and 1 to J items: logit P(x_j = 1 | ability) = intercept_j + slope_j * ability, ability ~ N(0, 1).

    Given the ability, answers are independent. `equal`: all items have one slope (Rasch's model; else the two-parameter
    logistic). Cells may be missing. The integral over ability is a sum over `nodes` even steps from -7 to 7, whose error
    vanishes to rounding where abilities are known no better than to about a step: take more for tests of hundreds of items.
    Source: Bock & Aitkin (1981), Psychometrika 46, 443-459.

    Five questions of a law school's test, answered by 1,000 (Bock & Lieberman 1970), by pattern of answers:

    >>> import numpy as np
    >>> import emkit as ek
    >>> patterns = (np.arange(32)[:, None] >> np.arange(4, -1, -1)) & 1
    >>> counts = "3 6 2 11 1 1 3 4 1 8 0 16 0 3 2 15 10 29 14 81 3 28 15 80 16 56 21 173 11 61 28 298"
    >>> lsat = ek.ArraySource(patterns.astype(float), np.array(counts.split(), dtype=float))
    >>> model = ek.ItemResponseModel()
    >>> fit = ek.fit(model, lsat, model.start(lsat.profile), solver="anderson", tol=1e-10)
    >>> print(f"{fit.log_likelihood:.3f}", fit.params.slopes.round(2))
    -2466.653 [0.83 0.72 0.89 0.69 0.66]
    """

    def __init__(self, equal: bool = False, nodes: int = 81) -> None:
        check_truth("equal", equal, ModelError)
        super().__init__(nodes)
        self.equal = equal

    def params(self, intercepts: ArrayLike, slopes: ArrayLike) -> ItemResponseParams:
        """Parameters of these items. Errors: ParameterError if shapes do not fit."""
        a, b = np.asarray(intercepts, dtype=np.float64), np.asarray(slopes, dtype=np.float64)
        wanted = () if self.equal else a.shape
        if a.ndim != 1 or b.shape != wanted:
            raise ParameterError(
                f"intercepts have shape {a.shape} and slopes {b.shape}; of J items, (J,) and {wanted or '()'}."
            )
        return (EqualSlopeParams if self.equal else ItemResponseParams)(a, b)

    def answer_levels(self, params: ItemResponseParams) -> tuple[int, ...]:
        """Two answers to each item (J,)."""
        return (2,) * len(params.intercepts)

    def log_chances(self, params: ItemResponseParams, ability: Array) -> Array:
        """The logarithm (2 J, n) of the probabilities that each item is wrong, and right, at abilities (n,)."""
        logits = params.intercepts[:, None] + np.broadcast_to(params.slopes, params.intercepts.shape)[:, None] * ability
        return np.asarray(scipy.special.log_expit(np.stack([-logits, logits], axis=1)).reshape(-1, len(ability)))

    def by_ability(self, params: ItemResponseParams, ability: Array) -> Array:
        chance = self.chances(params, ability).T
        slopes = np.broadcast_to(params.slopes, params.intercepts.shape)[:, None]
        return np.asarray(np.stack([-slopes * chance, slopes * (1 - chance)], axis=1).reshape(-1, len(ability)))

    def of_counts(self, counts: Array, params: ItemResponseParams) -> ItemSums:
        wrong, right = counts[::2, 0].T, counts[1::2, 0].T
        return ItemSums(wrong + right, np.ascontiguousarray(right))

    def free_of_item(self, params: ItemResponseParams, item: int) -> int:
        return 1 if self.equal else 2

    def slopes_of(self, params: ItemResponseParams) -> Array:
        return np.array(np.broadcast_to(params.slopes, params.intercepts.shape))

    def intercepts_of(self, params: ItemResponseParams) -> Array:
        return params.intercepts

    def m_step(self, stats: ItemSums, params: ItemResponseParams) -> ItemResponseParams:
        """For each item the logistic line through what is expected at each place of ability."""
        return type(params)(*highest(stats, self.places, params.intercepts, params.slopes, (True, True)))

    def updates(self) -> Mapping[str, Update[ItemSums, ItemResponseParams]]:
        return {"intercepts": self._intercepts, "slopes": self._slopes}

    def _intercepts(self, stats: ItemSums, before: ItemResponseParams, now: ItemResponseParams) -> Array:
        return highest(stats, self.places, now.intercepts, now.slopes, (True, False))[0]

    def _slopes(self, stats: ItemSums, before: ItemResponseParams, now: ItemResponseParams) -> Array:
        return highest(stats, self.places, now.intercepts, now.slopes, (False, True))[1]

    def expected(self, stats: ItemSums, before: ItemResponseParams, now: ItemResponseParams) -> Expected:
        value = float(height(stats, self.places, now.intercepts, now.slopes).sum())
        of_intercepts, of_slopes = left(stats, self.places, now.intercepts, now.slopes)
        return Expected(value, {"intercepts": of_intercepts, "slopes": of_slopes.sum() if self.equal else of_slopes})

    def chances(self, params: ItemResponseParams, ability: ArrayLike) -> Array:
        """The probability (n, J) that each item is right, at abilities (n,). Errors: those of `at_abilities`."""
        logits = params.intercepts + at_abilities(ability)[:, None] * params.slopes
        return np.asarray(scipy.special.expit(logits))

    def draw(self, params: ItemResponseParams, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, J)."""
        logits = params.intercepts + rng.standard_normal((n, 1)) * params.slopes
        return np.asarray(rng.logistic(size=logits.shape) < logits, dtype=np.float64)

    def redrawn(
        self, params: ItemResponseParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        return self.draw(params, rng, len(rows))

    def start(self, profile: AnyProfile) -> ItemResponseParams:
        """Intercepts from the shares of right answers, slopes of 1. Errors: DataError for items that tell nothing."""
        return self._of_slopes(profile, np.ones(len(profile.columns)))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ItemResponseParams]:
        """The same with slopes at random, for each seed."""
        draws = (np.random.default_rng(seed).lognormal(0.0, 0.5, len(profile.columns)) for seed in seeds)
        return [self._of_slopes(profile, slopes) for slopes in draws]

    def _of_slopes(self, profile: AnyProfile, slopes: Array) -> ItemResponseParams:
        self._refuse(profile)
        share = np.asarray(profile.mean)
        slope = np.full_like(slopes, slopes.mean()) if self.equal else slopes
        wide = np.sqrt(1 + (slope / SPREAD) ** 2)
        return self.params(np.log(share / (1 - share)) * wide, slope[0] if self.equal else slope)

    def check(self, params: ItemResponseParams, profile: AnyProfile) -> None:
        check_kind(params, ItemResponseParams)
        given, asked = len(profile.columns), len(params.intercepts)
        if given != asked:
            raise ParameterError(f"the parameters are of {asked} items, but the data have {given} columns.")
        self._refuse(profile)
        self.params(params.intercepts, params.slopes)

    def _refuse(self, profile: AnyProfile) -> None:
        """Errors: DataError for what is neither 0 nor 1, items that all, or none, have right, and items that are too few."""
        refuse_answers(profile)
        if len(profile.columns) < (2 if self.equal else 3):
            raise DataError(
                "items are too few to tell slopes: there must be three, or with one slope for all of them two, and there "
                f"{'is' if len(profile.columns) == 1 else 'are'} {len(profile.columns)}."
            )


def refuse_answers(profile: AnyProfile) -> None:
    """Errors: DataError for what is neither 0 nor 1, and for items that all, or none, have right."""
    profile.refuse_names_without_order("answers are 0 or 1")
    profile.refuse(lambda x: (x != 0) & (x != 1), "an answer is 0 (wrong), 1 (right), or missing.")
    profile.refuse_empty_columns()
    even = np.flatnonzero(np.asarray(profile.least) == np.asarray(profile.highest))
    if len(even):
        named = some_of([f"{profile.columns[j]!r} is always {profile.least[j]:g}" for j in even])
        raise DataError(f"items that everybody answers alike have no finite intercept: {named}. Leave them out.")
