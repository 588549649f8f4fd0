"""What regressions of a response in levels share: its levels by name, how probable each of them is, starts."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.profile import AnyProfile, Levels
from emkit.data.some import some_columns
from emkit.errors import DataError
from emkit.families.conditional import Conditional
from emkit.families.family import LOG_OF_ZERO
from emkit.families.levels import LevelSupport, declared
from emkit.families.regression.all_rows import climbed
from emkit.families.regression.response_family import OfResponse, ResponseFamily
from emkit.families.regression.responses import ResponseSupport
from emkit.families.support import Support

P = TypeVar("P", bound=Any)
UNSEEN = 1e-3  # of the rows: what a start gives to each level besides its own
MOST_LEVELS = 100  # whose probabilities are told for every row


@dataclass(frozen=True)
class LevelsRegression(ResponseFamily[P]):
    """How probable each level of one column, the `response`, is, given the `covariates` of its row.

    Columns are given by name or by place, and others are left alone. `levels`: how many there are, or their names in order;
    without it, those of the data, in the order of a column of categories, otherwise sorted. Covariates may be any numbers.
    A subclass writes `named`, `log_shares`, `number_of_levels`, `start_from`, `target`, and what an M-step is made of.
    Errors: ModelError for what is no column; DataError for one that is not there or depends on others, and for one level.
    """

    levels: int | tuple[str, ...] | None = field(default=None, kw_only=True)
    level_names: tuple[str, ...] = field(default=(), repr=False, kw_only=True)  # once settled

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.levels is not None:
            object.__setattr__(self, "levels", declared(self.levels))

    # -- what a subclass writes

    @abstractmethod
    def log_shares(self, params: P, x: Array) -> Array:
        """The logarithm of the probability of each level for the covariates of rows x (n, d), shape (n, K, levels)."""

    @abstractmethod
    def number_of_levels(self, params: P) -> int:
        """How many levels the parameters are of."""

    @abstractmethod
    def start_from(self, shares: Array) -> P:
        """One component in which each level has its share (levels,) of all rows, none of which is 0."""

    @abstractmethod
    def target(self, shares: Array) -> Array:
        """What a row of each level says of lines, shape (levels,) or (levels, r), given the shares of the levels."""

    # -- columns and levels

    @property
    def law(self) -> Support:
        """Which values the response may have."""
        return LevelSupport(declared=None if self.levels is None else (self.levels,))

    @property
    def support(self) -> Support:
        return LevelsOfResponse(regression=self)

    @property
    def conditional(self) -> Conditional:
        return OfLevels(self)

    @property
    def rounds(self) -> int:
        return 6

    def placed(self, profile: AnyProfile) -> Self:
        """The regression with its columns found in the data, the frame of its design, and the names of its levels."""
        if self.layout is not None:
            return self
        layout = self.laid_out(profile)
        return replace(self, layout=layout, level_names=self._names(profile, layout.response))

    def _names(self, profile: AnyProfile, response: int) -> tuple[str, ...]:
        """The names of the levels; of those that have none, their codes. Errors: DataError for fewer than two levels."""
        (names,) = self.law.declared_levels(some_columns(profile, (response,)))
        number = self.levels if isinstance(self.levels, int) else int(profile.highest[response]) + 1
        found = names or tuple(map(str, range(number)))
        column = profile.columns[response]
        if len(found) < 2:
            raise DataError(f"the response {column!r} has the one level {found[0]}, and a regression needs two.")
        if len(found) > MOST_LEVELS:
            raise DataError(
                f"the response {column!r} has {len(found):,} levels, and {MOST_LEVELS} are the most. Is it a number?"
            )
        return found

    def level_names_of(self, number: int) -> tuple[str, ...]:
        """The names of so many levels; their codes, if they have none."""
        known = self.level_names or (self.levels if isinstance(self.levels, tuple) else ())
        return known or tuple(map(str, range(number)))

    def codes(self, x: Array, number: int) -> Integers:
        """The codes (n,) of the responses of rows x (n, d). Errors: DataError for a level that is not there."""
        y = x[:, self.described_by.response]
        for value in y[~((y >= 0) & (y < number))][:1]:
            raise DataError(f"a row has level {value:g} of the response, which has only the levels 0 to {number - 1}.")
        return y.astype(np.int64)

    # -- E-step and M-step

    def log_density(self, params: P, x: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            shares = self.log_shares(params, x)
        found = np.take_along_axis(shares, self.codes(x, shares.shape[2])[:, None, None], axis=2)[:, :, 0]
        return np.maximum(np.nan_to_num(found, nan=LOG_OF_ZERO), LOG_OF_ZERO)

    # -- the estimate for all rows

    def of_all_rows(self, profile: AnyProfile) -> P:
        return climbed(self, profile, self.start_from(self.smoothed(profile.average(self.indicators))))

    def indicators(self, x: Array) -> Array:
        """A column for each level, 1 where a row has it, shape (n, levels)."""
        return self.codes(x, len(self.level_names))[:, None] == np.arange(len(self.level_names))

    def smoothed(self, shares: Array) -> Array:
        """The shares (levels,), of which none is 0."""
        return np.asarray((shares + UNSEEN) / (shares + UNSEEN).sum())

    def said_of_lines(self, x: Array, weights: Array) -> Array:
        there = self.indicators(x).astype(np.float64)
        return np.asarray(there @ self.target(self.smoothed(np.average(there, axis=0, weights=weights))))

    # -- predicted

    def shares(self, params: P, x: Array) -> Array:
        """The probability of each level for the covariates of rows x (n, d), under each component, shape (n, K, levels)."""
        return np.exp(self.log_shares(params, x))


@dataclass(frozen=True)
class LevelsOfResponse(ResponseSupport):
    """The same as of any regression; the levels of the response are coded in their order."""

    def levels(self, profile: AnyProfile) -> Levels:
        return self._with(profile, lambda own: self.regression.law.levels(own))

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return self._with(profile, lambda own: self.regression.law.declared_levels(own))

    def _with(self, profile: AnyProfile, of: Any) -> Levels:
        response = self.regression.laid_out(profile).response
        (own,) = of(some_columns(profile, (response,)))
        return tuple(own if j == response else names for j, names in enumerate(profile.levels))


@dataclass(frozen=True)
class OfLevels(OfResponse):
    """Responses in levels."""

    def level_names(self, params: Any) -> tuple[str, ...]:
        found: tuple[str, ...] = self.regression.level_names_of(self.regression.number_of_levels(params))
        return found

    def shares(self, params: Any, x: Array) -> Array:
        found: Array = self.regression.shares(params, x)
        return found

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        found = np.array(rows, dtype=np.float64)
        up_to = np.cumsum(self.regression.shares(params, found)[np.arange(len(found)), components], axis=1)
        lots = rng.random((len(found), 1)) * up_to[:, -1:]
        found[:, self.regression.described_by.response] = (lots > up_to[:, :-1]).sum(axis=1)
        return found
