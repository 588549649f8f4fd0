"""Independent columns of levels without an order: the items of a latent class analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.data.source import ArraySource
from emkit.errors import DataError, ModelError, ParameterError
from emkit.families.family import ExponentialFamily, Totals, lead_with, per_mass, repeat, safe_log
from emkit.families.linear import LinearForm, frozen, no_constant, single

MOST_LEVELS = 10_000  # a column with more is a number or an identifier, not a handful of levels


@dataclass(frozen=True, eq=False)
class LevelShares(Parameters):
    """`probabilities` (K, C) of the levels 0 ... C-1 of one column; those of each component sum to 1."""

    probabilities: Annotated[Array, Simplex()]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, probabilities: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class CategoricalParams(Parameters):
    """One `LevelShares` for each column (or its array (K, C)), since columns may have different numbers of levels.

    Errors: ParameterError unless every column has the same number of components.
    """

    columns: tuple[LevelShares, ...]

    def __post_init__(self) -> None:
        given: tuple[Any, ...] = self.columns
        object.__setattr__(self, "columns", tuple(c if isinstance(c, LevelShares) else LevelShares(c) for c in given))
        shapes = [column.probabilities.shape for column in self.columns]
        if not shapes or any(len(shape) != 2 or shape[0] != shapes[0][0] for shape in shapes):
            raise ParameterError(f"columns have shapes {shapes}; give one array (K, C) for each column, all with the same K.")

    @property
    def levels(self) -> tuple[int, ...]:
        """The number of levels of each column."""
        return tuple(column.probabilities.shape[1] for column in self.columns)

    @property
    def side_by_side(self) -> Array:
        """The probabilities of the levels of all columns, one column after the other, shape (K, sum_j C_j)."""
        return np.concatenate([column.probabilities for column in self.columns], axis=1)


@dataclass(frozen=True)
class Categorical(ExponentialFamily[CategoricalParams]):
    """Independent columns of levels: log p(x|k) = sum_j log p_kj[x_j].

    Data: x (n, d) of codes 0 ... C_j - 1. `levels` gives the C_j; without it, they are those of the parameters at hand,
    and `pooled` (which the starts come from) finds them in the data: the highest code of each column, plus one.
    Errors: ModelError if a number of levels is not a whole number >= 1.
    """

    levels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.levels is None:
            return
        for count in self.levels:
            if not 1 <= count <= MOST_LEVELS or count != int(count):
                raise ModelError(f"a column of {count!r} levels cannot be; use a whole number from 1 to {MOST_LEVELS:,}.")
        object.__setattr__(self, "levels", tuple(int(count) for count in self.levels))

    @property
    def name(self) -> str:
        return "categorical"

    def features(self, x: Array) -> Array:
        """One column for each level of each column, 1 where the row has that level, behind a column of 1.

        Errors: ModelError if the family was made without `levels`.
        """
        if self.levels is None:
            raise ModelError("the levels of these columns are not known yet: give them, as in Categorical(levels=(3, 3, 2)).")
        return one_hot(x, self.levels)

    def log_density(self, params: CategoricalParams, x: Array) -> Array:
        return super(Categorical, self.sized(params)).log_density(params, x)

    def statistics(self, params: CategoricalParams, x: Array, weights: Array) -> Totals:
        return super(Categorical, self.sized(params)).statistics(params, x, weights)

    def linear(self, params: CategoricalParams) -> LinearForm[Totals]:
        return LinearForm(self.natural(params), Levels(params.levels), no_constant, lambda sums, chunk: Totals(sums))

    def sized(self, params: CategoricalParams) -> Categorical:
        """This family with the numbers of levels of `params`."""
        return self if self.levels == params.levels else Categorical(params.levels)

    def natural(self, params: CategoricalParams) -> Array:
        return lead_with(0, safe_log(params.side_by_side))

    def log_base(self, x: Array) -> Array:
        return np.zeros(len(x))

    def updates(self) -> Mapping[str, Update[Totals, CategoricalParams]]:
        return {"columns": self._columns}

    def _columns(self, stats: Totals, before: CategoricalParams, now: CategoricalParams) -> tuple[LevelShares, ...]:
        """Expected count of each level / expected count of all levels of its column.

        Shapes: sums (K, 1 + sum_j C_j) -> one (K, C_j) for each column.
        Source: maximise sum_c count_c log p_c with a Lagrange multiplier for the sum of p; Goodman (1974), Biometrika 61,
        215-231.
        """
        starts = np.cumsum((0, *before.levels))
        counts = stats.sums[:, 1:]
        total = np.repeat(np.add.reduceat(counts, starts[:-1], axis=1), before.levels, axis=1)
        shares = per_mass(counts, total, before.side_by_side)
        shares.flags.writeable = False
        return tuple(LevelShares(shares[:, start:end]) for start, end in pairwise(starts.tolist()))

    def pooled(self, source: ArraySource, n_components: int) -> CategoricalParams:
        levels = self.levels or tuple(int(code) + 1 for code in source.x.max(axis=0))
        shares = np.split((source.weights @ one_hot(source.x, levels))[1:] / source.total_weight, np.cumsum(levels)[:-1])
        return CategoricalParams(tuple(LevelShares(repeat(column, n_components)) for column in shares))

    def check(self, source: ArraySource) -> None:
        if self.levels is not None and len(self.levels) != len(source.columns):
            raise DataError(
                f"levels are given for {len(self.levels)} columns but the data have {len(source.columns)} "
                f"({', '.join(source.columns)})."
            )
        most = np.array(self.levels or (MOST_LEVELS,))
        source.refuse(lambda x: (x < 0) | (x != np.floor(x)), "levels are coded 0, 1, 2, ... in every column.")
        source.refuse(lambda x: x >= most, f"{_rule(self.levels)}.")

    def width(self, params: CategoricalParams) -> int:
        return len(params.columns)


@dataclass(frozen=True)
class Levels:
    """Base rows 1, and for each column a row for each of its levels, 1 where the column has it; each is a feature."""

    counts: tuple[int, ...]

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array) -> float:
        """See `BaseRows.add_up`."""
        from emkit.kernels.mixture_pass import add_levels
        from emkit.kernels.workspace import TILE_ROWS, workspace

        first = np.cumsum((1, *self.counts))
        codes, base, scratch = workspace((1 + len(self.counts), TILE_ROWS), (first[-1], TILE_ROWS), (len(sums) + 3, TILE_ROWS))
        return float(add_levels(frozen(x), frozen(weights), first, coefficients, single(first[-1]), codes, base, scratch, sums))


def _rule(levels: tuple[int, ...] | None) -> str:
    if levels is None:
        return f"a column may have at most {MOST_LEVELS:,} levels (levels are coded from 0)"
    return (
        f"the columns have {', '.join(map(str, levels))} levels (levels are coded from 0). Where there are more, say so when "
        "fitting: Categorical(levels=...)"
    )


def one_hot(x: Array, levels: Sequence[int]) -> Array:
    """A column of 1, then one column for each level of each column of x, shape (n, 1 + sum levels).

    Errors: DataError if a row has a level that is not there.
    """
    first = np.concatenate([[1], 1 + np.cumsum(levels)])
    for row, column in np.argwhere(x >= np.array(levels))[:1]:
        raise DataError(
            f"a row (number {row} of its chunk) has level {x[row, column]:g} in column {column}, which has only the levels "
            f"0 to {levels[column] - 1}."
        )
    table = np.zeros((len(x), first[-1]))
    table[:, 0] = 1.0
    np.put_along_axis(table, x.astype(np.intp) + first[:-1], 1.0, axis=1)
    return table
