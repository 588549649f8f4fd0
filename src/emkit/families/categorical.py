"""Independent columns of levels without an order: the items of a latent class analysis."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters, trusted
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, DegenerateDataWarning, ModelError, ParameterError
from emkit.families.description import Description, Estimate, Total, Word, first_terms
from emkit.families.family import ExponentialFamily, Totals, lead_with, per_mass, repeat, safe_log, slope_of_log
from emkit.families.levels import LevelSupport, declared
from emkit.families.linear import Columns, LinearForm, indicators, no_constant
from emkit.families.support import Support
from emkit.formulas.expressions import Given, Quotient
from emkit.formulas.numerals import plain

__all__ = ["Categorical", "CategoricalParams", "LevelShares"]

MANY, MOST_OF = 20, 0.5  # so many levels, and more than this share of the rows, are names of rows


@dataclass(frozen=True, eq=False)
class LevelShares(Parameters):
    """`probabilities` (K, C) of the levels 0 ... C-1 of one column; those of each component sum to 1.

    >>> import emkit as ek
    >>> ek.LevelShares([[0.2, 0.3, 0.5]]).probabilities.tolist()
    [[0.2, 0.3, 0.5]]
    >>> ek.LevelShares([[0.2, 0.3, 0.6]])
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: probabilities[0] sums to 1.1; proportions must be >= 0 and sum to 1.
    """

    probabilities: Annotated[Array, Simplex(), Axes("component", "level")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, probabilities: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class CategoricalParams(Parameters):
    """One `LevelShares` for each column (or its array (K, C)), since columns may have different numbers of levels.

    Errors: ParameterError unless every column has the same number of components.

    Two components; the first column has two levels, the second three:

    >>> import emkit as ek
    >>> params = ek.CategoricalParams(([[0.9, 0.1], [0.5, 0.5]], [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]))
    >>> params.levels, params.columns[1].probabilities[0].tolist()
    ((2, 3), [0.2, 0.3, 0.5])
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

    Answers in words are coded on the way in, and named again on the way out:

    >>> import emkit as ek
    >>> found = ek.MixtureModel("categorical", 1).fit({"answer": ["yes", "no", "yes", "yes"]}).result_
    >>> found.source.levels, found.params.components.columns[0].probabilities.tolist()
    ((('no', 'yes'),), [[0.25, 0.75]])
    """

    levels: tuple[int | tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        if self.levels is not None:
            given: Any = self.levels
            if not isinstance(given, tuple | list):
                raise ModelError(f"levels are {given!r}; give for each column a number of levels, or a tuple of their names.")
            object.__setattr__(self, "levels", tuple(map(declared, given)))

    @property
    def name(self) -> str:
        return "categorical"

    @property
    def support(self) -> Support:
        return LevelSupport(declared=self.levels)

    @property
    def among_gaps(self) -> Self:
        """Itself: a cell that is missing has none of the levels."""
        return self

    @property
    def counts(self) -> tuple[int, ...] | None:
        """The number of levels of each column, if they were declared."""
        if self.levels is None:
            return None
        return tuple(given if isinstance(given, int) else len(given) for given in self.levels)

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of columns that have nearly as many levels as rows: they name these, and tell nothing of components."""
        number = profile.highest + 1
        for j in np.flatnonzero((number >= MANY) & (number > MOST_OF * profile.rows)):
            warnings.warn(
                f"column {profile.columns[j]!r} has {int(number[j]):,} levels in {int(profile.rows):,} rows. If it names rows, "
                "leave it out: components would be told apart by names.",
                DegenerateDataWarning,
                stacklevel=3,
            )
        return self

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
        rows = Columns(indicators(params.levels), np.zeros(len(params.levels)), np.ones(len(params.levels)))
        return LinearForm(self.natural(params), rows, self.log_base, no_constant, lambda sums, chunk: Totals(sums))

    def slopes(self, sums: Array, params: CategoricalParams) -> Slopes:
        slopes = apart(slope_of_log(sums[:, 1:], params.side_by_side), params.levels)
        return {f"columns.{j}.probabilities": slope for j, slope in enumerate(slopes)}

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
        levels, counts = before.levels, stats.sums[:, 1:]
        total = np.repeat(np.add.reduceat(counts, _ends(levels)[:-1], axis=1), levels, axis=1)
        shares = per_mass(counts, total, before.side_by_side)
        shares.flags.writeable = False
        return tuple(trusted(LevelShares, probabilities=share) for share in apart(shares, levels))

    def pooled(self, profile: AnyProfile, n_components: int) -> CategoricalParams:
        named = [len(names) if names is not None else None for names in profile.levels]
        highest = profile.highest
        levels = self.counts or tuple(count or int(code) + 1 for count, code in zip(named, highest, strict=True))
        shares = profile.average(lambda x: one_hot(x, levels))[1:]
        if profile.has_gaps:
            shares = np.concatenate([share / share.sum() for share in np.split(shares, _ends(levels)[1:-1])])
        shares = repeat(shares, n_components)
        return CategoricalParams(tuple(map(LevelShares, apart(shares, levels))))


@dataclass(frozen=True)
class InLevels(Description):
    """The product of the probabilities of the levels, and probability = count of the level / count of all levels."""

    @property
    def formula(self) -> str:
        return "probability of the level of each column"

    def density(self, params: CategoricalParams, k: int, x: Array, value: Callable[[], float]) -> str:
        pairs = ((column, int(level)) for column, level in zip(params.columns, x, strict=True) if not np.isnan(level))
        return first_terms([plain(column.probabilities[k, level]) for column, level in pairs], 6) or "1"

    def totals(self, stats: Totals, params: CategoricalParams) -> Iterator[Total]:
        places = [(j, c) for j, size in enumerate(params.levels) for c in range(size)]
        for (j, c), sums in zip(places, stats.sums[:, 1:].T, strict=True):
            yield Total("count", sums, (j,), c)

    def estimates(self, stats: Totals, before: CategoricalParams, after: CategoricalParams) -> Iterator[Estimate]:
        for j, counts in enumerate(apart(stats.sums[:, 1:], before.levels)):
            for k, c in np.ndindex(counts.shape):
                one, every = float(counts[k, c]), float(counts[k].sum())
                if every > 0:
                    share = Quotient(Given("count", one), Given("all levels", every))
                    yield Estimate(f"columns.{j}.probabilities", (k, c), share)


@cache
def _ends(levels: tuple[int, ...]) -> list[int]:
    """Where the levels of each column begin when those of all columns lie side by side, and last how many there are."""
    return [0, *accumulate(levels)]


def apart(side_by_side: Array, levels: tuple[int, ...]) -> Iterator[Array]:
    """Views (K, C_j) of the levels of each column in an array (K, sum_j C_j) of those of all columns."""
    return (side_by_side[:, start:end] for start, end in pairwise(_ends(levels)))


def one_hot(x: Array, levels: Sequence[int]) -> Array:
    """A column of 1, then one column for each level of each column of x, shape (n, 1 + sum levels): 0 for all of a gap's.

    Errors: DataError if a row has a level that is not there.
    """
    first = 1 + np.array(_ends(tuple(levels)))
    for row, column in np.argwhere(x >= np.array(levels))[:1]:
        raise DataError(
            f"a row (number {row} of its chunk) has level {x[row, column]:g} in column {column}, which has only the levels "
            f"0 to {levels[column] - 1}."
        )
    table = np.zeros((len(x), first[-1]))
    table[:, 0] = 1.0
    there = ~np.isnan(x)
    np.put_along_axis(table, np.where(there, x, 0.0).astype(np.intp) + first[:-1], there.astype(np.float64), axis=1)
    return table
