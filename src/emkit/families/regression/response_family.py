"""What the laws of one response given covariates share: columns by name, starts from lines, the estimate for all rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_settled
from emkit.core.newton import NewtonSums
from emkit.core.statistics import add_up
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.conditional import Conditional
from emkit.families.family import Family
from emkit.families.regression.all_rows import of_all_rows, repeated
from emkit.families.regression.layout import Layout, Named, as_places, found_in
from emkit.families.regression.lines import ROUNDS, nearest_lines
from emkit.families.regression.responses import ResponseSupport
from emkit.families.support import Support

P = TypeVar("P", bound=Any)
BLOCK = 1 << 16  # numbers of the design that are worked on at a time


@dataclass(frozen=True)
class ResponseFamily(Family[P, NewtonSums]):
    """The law of one column, the `response`, given the `covariates` of its row.

    Columns are given by name or by place, and others are left alone. A subclass writes `named`, `law`, `sums`, `of_all_rows`
    and `said_of_lines`.
    Errors: ModelError for what is no column; DataError for one that is not there, or depends on other covariates.
    """

    response: Column
    covariates: tuple[Column, ...] = ()
    layout: Layout | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        self._as_columns("covariates")
        self.named.check()
        check_settled("layout", self.layout, Layout)

    def _as_columns(self, name: str) -> None:
        """Make several columns of the field `name`, which may hold one by itself."""
        given: Any = getattr(self, name)
        object.__setattr__(self, name, (given,) if isinstance(given, str | int) else tuple(given))

    # -- what a subclass writes

    @property
    @abstractmethod
    def named(self) -> Named:
        """The columns that are read."""

    @property
    @abstractmethod
    def law(self) -> Support:
        """Which values the response may have."""

    @abstractmethod
    def sums(self, params: P, x: Array, weights: Array) -> NewtonSums:
        """What the M-step adds up, of few rows."""

    @abstractmethod
    def of_all_rows(self, profile: AnyProfile) -> P:
        """The estimate of one component from all rows."""

    @abstractmethod
    def said_of_lines(self, x: Array, weights: Array) -> Array:
        """What the response of each row says of a line, shape (n,), or of several at once, (n, r)."""

    # -- columns

    @property
    def described_by(self) -> Layout:
        """The layout. Errors: ModelError while columns are known by name only."""
        return as_places(self.named) if self.layout is None else self.layout

    def laid_out(self, profile: AnyProfile) -> Layout:
        """The layout among the columns of the data."""
        return found_in(profile, self.named) if self.layout is None else self.layout

    def placed(self, profile: AnyProfile) -> Self:
        """The regression with its columns found in the data, and the frame of its design."""
        return self if self.layout is not None else replace(self, layout=self.laid_out(profile))

    def settled(self, profile: AnyProfile) -> Self:
        return self.placed(profile)

    @property
    def support(self) -> Support:
        return ResponseSupport(regression=self)

    # -- from rows to estimates

    def statistics(self, params: P, x: Array, weights: Array) -> NewtonSums:
        step = max(1, BLOCK // len(self.described_by.factor))
        return add_up(
            self.sums(params, x[first : first + step], weights[first : first + step])
            for first in range(0, max(len(x), 1), step)
        )

    def pooled(self, profile: AnyProfile, n_components: int) -> P:
        found: P = repeated(of_all_rows(profile, self.placed(profile)), n_components)
        return found

    def draw(self, params: P, rng: np.random.Generator, components: Integers) -> Array:
        raise ModelError("covariates are data, and cannot be drawn: a regression draws responses for rows that are given.")


@dataclass(frozen=True)
class OfResponse(Conditional):
    """The response of a `regression` given the covariates of its row."""

    regression: Any

    def placed(self, profile: AnyProfile) -> Any:
        return self.regression.placed(profile)

    def laws(self, columns: int) -> Mapping[int, Support]:
        return {self.regression.described_by.response: self.regression.law}

    def divided(self, x: Array, weights: Array, n_components: int, seed: int) -> Integers | None:
        rounds = ROUNDS[seed % len(ROUNDS)]
        if rounds is None:
            return None
        family, rng = self.regression, np.random.default_rng(seed)
        said = family.said_of_lines(x, weights)
        return nearest_lines(family.described_by.framed(x), said, weights, n_components, rng, rounds)
