"""Independent columns of levels without an order: the items of a latent class analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.data.profile import AnyProfile
from emkit.data.profile import Levels as DataLevels
from emkit.errors import DataError, ModelError, ParameterError
from emkit.families.description import Description, Estimate, Total, Word, first_terms
from emkit.families.family import ExponentialFamily, Totals, lead_with, per_mass, repeat, safe_log, slope_of_log
from emkit.families.linear import LinearForm, frozen, no_constant, single
from emkit.families.support import Rule, Support, codes_below
from emkit.formulas.expressions import Given, Quotient
from emkit.formulas.numerals import plain

__all__ = ["Categorical", "CategoricalParams", "LevelShares"]

MOST_LEVELS = 10_000  # a column with more is a number or an identifier, not a handful of levels


@dataclass(frozen=True, eq=False)
class LevelShares(Parameters):
    """`probabilities` (K, C) of the levels 0 ... C-1 of one column; those of each component sum to 1."""

    probabilities: Annotated[Array, Simplex(), Axes("component", "level")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, probabilities: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class CategoricalParams(Parameters):
    """One `LevelShares` for each column (or its array (K, C)), since columns may have different numbers of levels.

    Errors: ParameterError unless every column has the same number of components.
    """

    columns: Annotated[tuple[LevelShares, ...], Axes("column")]

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

    Data: x (n, d) of codes 0 ... C_j - 1. `levels` gives for each column the C_j, or the names of the levels in the order of
    their codes; without it, they are those of the parameters at hand. Estimators take the levels that occur in the data.
    Errors: ModelError if a number of levels is not a whole number >= 1.
    """

    levels: tuple[int | tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        if self.levels is not None:
            given: Any = self.levels
            if not isinstance(given, tuple | list):
                raise ModelError(f"levels are {given!r}; give for each column a number of levels, or a tuple of their names.")
            object.__setattr__(self, "levels", tuple(map(_declared, given)))

    @property
    def name(self) -> str:
        return "categorical"

    @property
    def support(self) -> Support:
        return LevelSupport(declared=self.levels)

    @property
    def counts(self) -> tuple[int, ...] | None:
        """The number of levels of each column, if they were declared."""
        if self.levels is None:
            return None
        return tuple(given if isinstance(given, int) else len(given) for given in self.levels)

    @property
    def described(self) -> Description:
        data = "columns of words or whole numbers (latent classes)"
        return InLevels({"probabilities": Word("probability", "theta")}, data, "a probability for each level of each column")

    def features(self, x: Array) -> Array:
        """One column for each level of each column, 1 where the row has that level, behind a column of 1.

        Errors: ModelError if the family was made without `levels`.
        """
        if self.counts is None:
            raise ModelError("the levels of these columns are not known yet: give them, as in Categorical(levels=(3, 3, 2)).")
        return one_hot(x, self.counts)

    def log_density(self, params: CategoricalParams, x: Array) -> Array:
        return one_hot(x, params.levels) @ self.natural(params).T

    def statistics(self, params: CategoricalParams, x: Array, weights: Array) -> Totals:
        return Totals(weights.T @ one_hot(x, params.levels))

    def linear(self, params: CategoricalParams) -> LinearForm[Totals]:
        return LinearForm(
            self.natural(params), Levels(params.levels), self.log_base, no_constant, lambda sums, chunk: Totals(sums)
        )

    def slopes(self, sums: Array, params: CategoricalParams) -> Slopes:
        slope = slope_of_log(sums[:, 1:], params.side_by_side)
        ends = np.cumsum((0, *params.levels)).tolist()
        return {f"columns.{j}.probabilities": slope[:, start:end] for j, (start, end) in enumerate(pairwise(ends))}

    def draw(self, params: CategoricalParams, rng: np.random.Generator, components: Integers) -> Array:
        uniform = rng.random((len(components), len(params.columns)))
        drawn = [
            (np.cumsum(column.probabilities, axis=1)[components, :-1] < uniform[:, [j]]).sum(axis=1)
            for j, column in enumerate(params.columns)
        ]
        return np.stack(drawn, axis=1).astype(np.float64)

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

    def pooled(self, profile: AnyProfile, n_components: int) -> CategoricalParams:
        named = [len(names) if names is not None else None for names in profile.levels]
        highest = profile.highest
        levels = self.counts or tuple(count or int(code) + 1 for count, code in zip(named, highest, strict=True))
        shares = np.split(profile.average(lambda x: one_hot(x, levels))[1:], np.cumsum(levels)[:-1])
        return CategoricalParams(tuple(LevelShares(repeat(column, n_components)) for column in shares))


@dataclass(frozen=True)
class InLevels(Description):
    """The product of the probabilities of the levels, and probability = count of the level / count of all levels."""

    @property
    def formula(self) -> str:
        return "probability of the level of each column"

    def density(self, params: CategoricalParams, k: int, x: Array, value: Callable[[], float]) -> str:
        pairs = zip(params.columns, x, strict=True)
        return first_terms([plain(column.probabilities[k, int(level)]) for column, level in pairs], 6)

    def totals(self, stats: Totals, params: CategoricalParams) -> Iterator[Total]:
        places = [(j, c) for j, size in enumerate(params.levels) for c in range(size)]
        for (j, c), sums in zip(places, stats.sums[:, 1:].T, strict=True):
            yield Total("count", sums, (j,), c)

    def estimates(self, stats: Totals, before: CategoricalParams, after: CategoricalParams) -> Iterator[Estimate]:
        ends = np.cumsum((1, *before.levels)).tolist()
        for j, (start, end) in enumerate(pairwise(ends)):
            counts = stats.sums[:, start:end]
            for k, c in np.ndindex(counts.shape):
                one, every = float(counts[k, c]), float(counts[k].sum())
                if every > 0:
                    share = Quotient(Given("count", one), Given("all levels", every))
                    yield Estimate(f"columns.{j}.probabilities", (k, c), share)


def _declared(given: Any) -> int | tuple[str, ...]:
    """What was declared of a column. Errors: ModelError."""
    if isinstance(given, tuple | list):
        names = tuple(f"{name:.17g}" if isinstance(name, float | np.floating) else str(name) for name in given)
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ModelError(f"a column has the level {twice[0]!r} twice; give each level its own name.")
        number = len(names)
    elif isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool) and given == np.floor(given):
        names, number = (), int(given)
    else:
        raise ModelError(f"a column of {given!r} levels cannot be; use a whole number from 1 to {MOST_LEVELS:,}, or names.")
    if not 1 <= number <= MOST_LEVELS:
        raise ModelError(f"a column of {number!r} levels cannot be; use a whole number from 1 to {MOST_LEVELS:,}.")
    return names or number


@dataclass(frozen=True)
class LevelSupport(Support):
    """Columns of levels: codes from 0 on, or names; `declared` says how many there are, or which."""

    rules: tuple[Rule, ...] = (
        (lambda x: (x < 0) | (x != np.floor(x)), "levels are coded 0, 1, 2, ... in every column, or named."),
        (lambda x: x >= MOST_LEVELS, f"a column may have at most {MOST_LEVELS:,} levels (levels are coded from 0)."),
    )
    takes_names: bool = True
    whole: bool = True
    least: float = 0.0
    declared: tuple[int | tuple[str, ...], ...] | None = None

    def check(self, profile: AnyProfile) -> None:
        if self.declared is not None and len(self.declared) != len(profile.columns):
            raise DataError(
                f"levels are given for {len(self.declared)} columns but the data have {len(profile.columns)} "
                f"({', '.join(profile.columns)})."
            )
        super().check(profile)
        if self.declared is not None and all(isinstance(given, int) for given in self.declared):
            profile.refuse(*codes_below([given for given in self.declared if isinstance(given, int)]))

    def levels(self, profile: AnyProfile) -> DataLevels:
        """The names of the levels of each column: those declared, those that the data have, or the numbers that occur.

        None for columns whose levels are the codes 0, 1, 2 ... themselves.
        """
        declared = self.declared or (None,) * len(profile.columns)
        return tuple(
            names if names is not None or given is not None else occurring
            for given, names, occurring in zip(declared, self.declared_levels(profile), profile.occurring, strict=True)
        )

    def declared_levels(self, profile: AnyProfile) -> DataLevels:
        declared = self.declared or (None,) * len(profile.columns)
        return tuple(given if isinstance(given, tuple) else own for given, own in zip(declared, profile.levels, strict=True))


@dataclass(frozen=True)
class Levels:
    """Base rows 1, and for each column a row for each of its levels, 1 where the column has it; each is a feature."""

    counts: tuple[int, ...]

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.mixture_pass import add_levels

        first, codes, base, scratch = self._workspace(len(sums) + 3)
        add_levels(
            frozen(x), frozen(weights), first, coefficients, single(first[-1]), codes, base, scratch, sums, log_likelihoods
        )

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.halves import score_levels

        first, codes, base, tile = self._workspace(len(scores))
        score_levels(frozen(x), first, coefficients, single(first[-1]), codes, base, tile, scores)

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.halves import sum_levels

        first, codes, base, tile = self._workspace(len(sums))
        sum_levels(frozen(x), frozen(weights), first, single(first[-1]), codes, base, tile, sums)

    def _workspace(self, height: int) -> tuple[Integers, Array, Array, Array]:
        """Where the rows of each column begin, and tiles of codes, of base rows, and of `height` rows."""
        from emkit.kernels.workspace import TILE_ROWS, workspace

        first = np.cumsum((1, *self.counts))
        codes, base, tile = workspace((1 + len(self.counts), TILE_ROWS), (first[-1], TILE_ROWS), (height, TILE_ROWS))
        return first, codes, base, tile


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
