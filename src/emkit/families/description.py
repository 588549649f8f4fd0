"""What a family says of itself in words and formulas, once. Texts, fractions, worksheets and pages are made of it.

A family without a description works everywhere; what is written of it then ends with the responsibilities.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import get_at
from emkit.formulas.expressions import Expression, Given, Product, Quotient, Ref, filled
from emkit.formulas.numerals import count, plain, signed, significant

CELL = Ref("x")
ROWS = Ref("rows")  # the expected number of rows of a component
MEAN = Quotient(Ref("total"), ROWS)
NOT_WRITTEN = Product(())
COUNTS = ("rows", "count", "all levels")


@dataclass(frozen=True)
class Word:
    """What one number of a field is called (`noun`), its letter in derivations (`symbol`), and a `typical` value."""

    noun: str
    symbol: str = ""
    typical: float = 1.0


@dataclass(frozen=True)
class Total:
    """One of the sums that an M-step is worked out from, for each component (K,), or one `shared` by all (1,).

    `what` is summed, over which `columns` (the later one first), or in which `level` of one.
    """

    what: str
    values: Array
    columns: tuple[int, ...] = ()
    level: int | None = None
    shared: bool = False


@dataclass(frozen=True)
class Estimate:
    """One line of an M-step: the entry `index` of `field` is the value of `expression`, whose numbers are given."""

    field: str
    index: tuple[int, ...]
    expression: Expression

    @property
    def value(self) -> float:
        """The arithmetic of the line in full precision."""
        return float(self.expression.value({}))


@dataclass(frozen=True)
class Reason:
    """A link of the way from a density to an update: what is `said`, and `formulas`, perhaps with the numbers of a `field`.

    In the formulas ``{share}`` stands for the responsibility of component k, ``{row}`` for a row, ``{i}`` for what rows are
    called and ``{log}`` for the logarithm. The `numbers` of each ``{entry}`` of the field are a line with places of the bridge,
    by default those of a mean that is weighted by the responsibilities of component ``{k}``.
    """

    said: str
    formulas: tuple[str, ...] = ()
    field: str = ""
    numbers: str = "{{s{entry}}} = {{w{entry}_{k}}} / {{t0_{k}}} = {{v{entry}}}"


def itself(x: Array) -> Array:
    """The number in a cell as it is."""
    return x


@dataclass(frozen=True)
class Side:
    """What one cell contributes to an M-step: the number called `cell`, whose sum over the rows is called `total`.

    `of` takes rows of data (n, .) to these numbers (n, d); in the letters of a derivation, it is `letters`. `also` are other
    words for the total.
    """

    cell: str
    total: str
    of: Callable[[Array], Array] = itself
    letters: Expression = CELL
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """What every family can say: `words` for the numbers of its fields, what `data` it takes, what its `parameters` are.

    `browser` says which of the page's own EM knows the family, and what it needs besides the data. `matrices` tells the
    covariances (K, d, d) of the parameters of normal components; `data_by_name` tells the data of a family whose columns
    differ, given their names. `reasons` lead from the density of components to their updates. A subclass says more.
    """

    words: Mapping[str, Word] = dataclasses.field(default_factory=dict)
    data: str = "columns of numbers"
    parameters: str = ""
    browser: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    matrices: Callable[[Any], Array | None] | None = None
    reasons: tuple[Reason, ...] = ()
    data_by_name: Callable[[Sequence[str]], str] | None = None

    @property
    def formula(self) -> str:
        """The density in words."""
        return "p(x)"

    def data_of(self, columns: Sequence[str]) -> str:
        """What data it takes, its columns called by these names where it tells them apart."""
        return self.data if self.data_by_name is None else self.data_by_name(columns)

    @property
    def without_arithmetic(self) -> Description:
        """The same words, for rows that there is no arithmetic of: those of which cells are missing."""
        return Description(self.words, self.data, self.parameters, matrices=self.covariances)

    @property
    def in_words(self) -> str:
        """What the parameters are: as declared, or by the nouns of the fields."""
        nouns = [f"{'an' if word.noun[:1] in 'aeio' else 'a'} {word.noun}" for word in self.words.values()]
        return self.parameters or (f"{' and '.join(nouns)} for each column" if nouns else "its own")

    @property
    def by_hand(self) -> Columns:
        """How a person would work it out, column by column; nothing is added up where nobody has written that down."""
        return Columns(sides=())

    def density(self, params: Any, k: int, x: Array, value: Callable[[], float]) -> str:
        """The density of one row (d,) under component k with the numbers filled in; `value` works it out."""
        return significant(value())

    def totals(self, stats: Any, params: Any) -> Iterator[Total]:
        """The sums behind the M-step, named; `stats` were taken at `params`."""
        return iter(())

    def estimates(self, stats: Any, before: Any, after: Any) -> Iterator[Estimate]:
        """The M-step, line by line, given `stats` taken at the parameters `before`; `after` are those that it leads to."""
        return iter(())

    def is_count(self, name: str) -> bool:
        """Whether a total of that name is a number of things."""
        return name in COUNTS

    def write(self, name: str, value: float) -> str:
        """A number of an M-step: counts with two decimals, sums of measurements with five digits."""
        return count(value) if self.is_count(name) else signed(value)

    def orders(self, x: Array) -> Array:
        """In how many orders the outcomes of each row (n, .) can come that the density of one row takes in one alone, (n,)."""
        return np.ones(len(x))

    def covariances(self, params: Any) -> Array | None:
        """The covariances (K, d, d) of normal components; None for others."""
        return None if self.matrices is None else self.matrices(params)


@dataclass(frozen=True)
class Columns(Description):
    """Independent columns that are all alike, with one parameter each.

    `density` of one column is a product over the names `parameter` and the cells of the `sides`; of the same names `update` is
    the M-step, over the totals of the sides and "rows". `counted`: the totals are counts. `uncounted` is a factor that rows in
    no particular order would have, and `everyone` what all the totals in the denominator are called. `spread` is the field of
    the variances about the updated parameter, if a person works out these, too.

    Its derivation has a `title`, and begins with a `story`, in which {row}, {others}, {k}, {parameter} and {mean} stand for
    letters; the `meaning` says what the solution is.
    """

    field: str = ""
    parameter: str = ""
    factors: Product = NOT_WRITTEN
    sides: tuple[Side, ...] = (Side(CELL.name, "total"),)
    update: Expression = MEAN
    counted: bool = False
    uncounted: Expression | None = None
    everyone: str = "the number of all rows"
    spread: str = ""
    title: str = ""
    story: str = ""
    meaning: str = ""
    most: int = 3  # columns whose arithmetic is shown

    @property
    def formula(self) -> str:
        return self.factors.text(None)

    @property
    def by_hand(self) -> Columns:
        return self

    def cells(self, x: Array) -> dict[str, Array]:
        """What the cells of rows x contribute, each (n, d), by name."""
        return {side.cell: side.of(x) for side in self.sides}

    def density(self, params: Any, k: int, x: Array, value: Callable[[], float]) -> str:
        cells, texts = self.cells(x[None]), []
        for j, parameter in enumerate(get_at(params, self.field)[k]):
            at = {self.parameter: float(parameter), **{name: float(numbers[0, j]) for name, numbers in cells.items()}}
            texts.append(self.factors.text(at, lambda name, number: plain(number)))
        return first_terms([text for text in texts if text != "1"], self.most) or "1"

    def totals(self, stats: Any, params: Any) -> Iterator[Total]:
        every = self._totals(stats)
        for j in range(next(iter(every.values())).shape[1]):
            yield from (Total(name, sums[:, j], (j,)) for name, sums in every.items())

    def _totals(self, stats: Any) -> dict[str, Array]:
        """The sums (K, d) by name: behind the mass, those of each side stand together."""
        parts = np.split(stats.sums[:, 1:], len(self.sides), axis=1)
        return {side.total: sums for side, sums in zip(self.sides, parts, strict=True)}

    def estimates(self, stats: Any, before: Any, after: Any) -> Iterator[Estimate]:
        every = self._totals(stats)
        for k, j in np.ndindex(next(iter(every.values())).shape):
            numbers = {ROWS.name: float(stats.mass[k])} | {name: float(sums[k, j]) for name, sums in every.items()}
            if self.bottom.value(numbers) > 0:
                yield Estimate(self.field, (k, j), filled(self.update, {name: Given(name, at) for name, at in numbers.items()}))

    def orders(self, x: Array) -> Array:
        return np.ones(len(x)) if self.uncounted is None else self.each(self.uncounted, x)

    def each(self, factor: Expression, x: Array) -> Array:
        """A factor that holds no parameter, for each row (n, .), multiplied over the columns, (n,)."""
        cells = self.cells(x)
        value = np.vectorize(lambda *own: float(factor.value(dict(zip(cells, own, strict=True)))), otypes=[np.float64])
        return np.asarray(value(*cells.values()).prod(axis=1))

    @property
    def bottom(self) -> Expression:
        """What the update divides by."""
        return self.update.parts()[-1]

    def is_count(self, name: str) -> bool:
        return self.counted or super().is_count(name)


def first_terms(terms: list[str], most: int, join: str = " * ") -> str:
    """The terms joined, the middle ones left out if there are more than `most`."""
    return join.join(terms if len(terms) <= most else [*terms[: most - 1], "...", terms[-1]])
