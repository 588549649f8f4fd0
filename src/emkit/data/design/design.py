"""A formula applied to data: the columns that it makes, and how it makes the same ones of other rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.design.assembly import Assembly, Cell
from emkit.data.design.codings import Coding, Treatment
from emkit.data.design.contrasts import Terms, pieces_of
from emkit.data.design.dependence import INTERCEPT, refuse_dependent
from emkit.data.design.factors import Factor
from emkit.data.design.formula import Formula, one_factor, parsed
from emkit.data.design.named_columns import NamedColumns, labels
from emkit.data.frames import TRUTHS, Names
from emkit.data.validate import RowName, as_weights
from emkit.errors import DataError, ParameterError, some_of

Gaps = Literal["refuse", "drop"]
OFFSET, TRIALS = "an offset", "the number of trials"
MOST_COLUMNS = 10_000


class Places(NamedTuple):
    """Where the columns of a design stand, by what they are for."""

    response: tuple[int, ...]
    covariates: tuple[int, ...]
    gate: tuple[int, ...]
    offset: int | None
    trials: int | None


@dataclass(frozen=True, eq=False)
class DesignRows:
    """Rows as a formula has them: numbers x (n, d), the names of their columns, and what each is `at` its place for.

    Columns of the response that are codes have their names in `levels`; all others are numbers. `groups` (n,) are labels, if
    there are groups. `kept` (n,) are the places of the rows among the `number` of the data, of which `dropped` had gaps, and
    others weight 0.
    """

    x: Array
    columns: tuple[str, ...]
    levels: tuple[Names, ...]
    at: Places
    groups: Any
    kept: Integers
    number: int
    dropped: int

    @property
    def covariates(self) -> Array:
        """The columns of the right side (n, p)."""
        return self.x[:, self.at.covariates]

    @property
    def gate(self) -> Array:
        """The columns of the gate (n, q)."""
        return self.x[:, self.at.gate]

    @property
    def response(self) -> Array:
        """The columns of the response (n, r)."""
        return self.x[:, self.at.response]

    def among(self, columns: Sequence[str]) -> Array:
        """Columns (n, d) by name; zeros stand for what was not read, as for a response that is not known."""
        place = {name: j for j, name in enumerate(self.columns)}
        return np.column_stack([self.x[:, place[name]] if name in place else np.zeros(len(self.x)) for name in columns])

    def of_kept(self, values: Any) -> Any:
        """Values (N, ...) of all rows of the data, of those that were kept (n, ...); as they are if these are all."""
        if values is None or len(self.kept) == self.number or np.shape(values)[:1] != (self.number,):
            return values
        return np.asarray(values)[self.kept]

    def of_all(self, values: Array) -> Array:
        """Values (n, ...) of the rows that were kept, of all rows of the data (N, ...): NaN for the others."""
        if len(self.kept) == self.number:
            return values
        found = np.full((self.number, *values.shape[1:]), np.nan)
        found[self.kept] = values
        return found

    @property
    def some(self) -> DesignRows:
        """These rows, where there must be some. Errors: DataError if all were dropped."""
        _refuse_none(len(self.kept), self.dropped)
        return self

    @property
    def sentence(self) -> str:
        """How many rows were left out, for readers; nothing if none were."""
        rows = self.dropped + len(self.kept)
        return f"{self.dropped:,} of {rows:,} rows have gaps and are left out." if self.dropped else ""


@dataclass(frozen=True)
class Design:
    """A formula, and how each of its factors is coded: levels of columns of names, centres and norms of polynomials.

    It is a plain value, of text and numbers, that makes the same columns of any rows (`rows`). `offset` and `trials` are
    columns or arithmetic over columns, `groups` the name of a column of labels. `said`: the formula as it was written, where
    that says more than columns, as the brackets of a mixed model do.
    Errors: ParameterError for a formula that says what none may, and for codings that are not those of its factors.

    >>> frame = {"y": [1.0, 2.0, 3.0, 5.0], "x": [0.0, 1.0, 2.0, 3.0], "ward": ["A", "B", "B", "A"]}
    >>> design = Design.of("log(y) ~ x + ward", frame)
    >>> design.covariates
    ('Intercept', 'x', 'ward[T.B]')
    >>> print(design.rows(frame).covariates)
    [[1. 0. 0.]
     [1. 1. 1.]
     [1. 2. 1.]
     [1. 3. 0.]]
    >>> design.rows({"x": [4.0], "ward": ["C"]}, response=False)
    Traceback (most recent call last):
    emkit.errors.DataError: row 0, column 'ward' is 'C', a level that was in no row of the fit; the known ones are A, B.
    """

    formula: str
    codings: Mapping[str, Coding]
    offset: str | None = None
    trials: str | None = None
    groups: str | None = None
    said: str | None = None

    def __post_init__(self) -> None:
        factors: dict[str, Factor] = {}
        for factor in self._factors():
            if factors.setdefault(factor.name, factor) != factor:
                raise ParameterError(f"the formula speaks of two different things called {factor.name!r}: rename the column.")
        if set(factors) != set(self.codings):
            raise ParameterError(
                f"the factors of the formula are {', '.join(factors)}, but there are codings of {', '.join(self.codings)}."
            )
        for name, factor in factors.items():
            if not factor.admits(self.codings[name]):
                raise ParameterError(f"the coding of {name} is {self.codings[name]!r:.80}, which cannot be one of it.")
        for text, what in ((self.offset, OFFSET), (self.trials, TRIALS)):
            if text is not None and self._has_levels(one_factor(text, what)):
                raise ParameterError(f"{what} is numbers, and {text} is of levels.")

    @classmethod
    def of(
        cls,
        formula: str,
        data: Any,
        *,
        offset: str | None = None,
        trials: str | None = None,
        groups: str | None = None,
        levels: Sequence[str] | None = None,
        gaps: Gaps = "refuse",
        weights: Any = None,
        row_name: RowName = "row {}".format,
        gate_called: str = "the gate of the formula",
    ) -> Design:
        """The design of a formula for these data, a data frame, a dictionary of columns or a `Table`.

        Levels are those that occur, in the order of the column. `levels`: the response is in levels, even if it is of numbers:
        in these, in their order, or in those that occur, if none are given. `gaps`: rows with gaps are refused, or dropped
        ("drop"). Rows whose `weights` (n,) are 0 are no rows, and are left out. Messages say what the gate is called.
        Errors: ModelError without formulaic; ParameterError for a formula; DataError naming a column that is missing, the
        first gap, a weight that cannot be, columns that are constant or sums of others, and levels that no row has, or that
        were not given.
        """
        factors = _factors_of(parsed(formula), offset, trials)
        read = _read(data, factors, gaps, row_name, weights)
        _refuse_none(read.rows, read.dropped)
        codings = {factor.name: factor.learned(read) for factor in factors}
        observed = parsed(formula).response
        codings |= {factor.name: Treatment(TRUTHS) for factor in observed if _of_truths(codings[factor.name], read, factor)}
        if levels is not None:
            codings |= {factor.name: _in_levels(factor, read, tuple(levels)) for factor in observed}
        design = cls(formula, codings, offset, trials, groups)
        design._check_columns()
        x, _, _, at = design._made(read, response=True)
        refuse_dependent(x[:, at.covariates], design.covariates, "the right side of the formula")
        refuse_dependent(x[:, at.gate], design.gate, gate_called)
        if groups is not None:
            labels(data, groups, None)
        return design

    def rows(
        self,
        data: Any,
        *,
        response: bool = True,
        gaps: Gaps = "refuse",
        weights: Any = None,
        row_name: RowName = "row {}".format,
    ) -> DesignRows:
        """The columns of this design made of any rows; without those of the `response`, where that is not known, and groups.

        Rows whose `weights` (n,) are 0 are left out, as in `of`; there may be none left where `gaps` are dropped.
        Errors: DataError naming a column that is missing, the first gap, and a cell whose level no row of the fit had.
        """
        read = _read(data, self._factors(response), gaps, row_name, weights)
        x, columns, levels, at = self._made(read, response)
        groups = labels(data, self.groups, read.kept) if response and self.groups is not None else None
        kept = read.kept if read.kept is not None else np.arange(read.rows)
        return DesignRows(x, columns, levels, at, groups, kept, read.number, read.dropped)

    @property
    def response(self) -> tuple[str, ...]:
        """The names of the columns of the response."""
        return tuple(factor.name for factor in self._said.response)

    @property
    def response_levels(self) -> Names:
        """The levels of the first column of the response; None if it is of numbers, or there is none."""
        coding = self.codings[self.response[0]] if self.response else None
        return coding.names if isinstance(coding, Treatment) else None

    @cached_property
    def covariates(self) -> tuple[str, ...]:
        """The names of the columns of the right side; ``Intercept`` is the one of ones."""
        return tuple(label for label, _ in self._columns(self._said.terms))

    @cached_property
    def gate(self) -> tuple[str, ...]:
        """The names of the columns of the gate; none if there is no gate."""
        return tuple(label for label, _ in self._columns(self._said.gate or ()))

    def cells(self, gate: bool = False) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
        """The names of the columns of the right side, or of the gate, each with the columns of factors whose product it is."""
        return tuple(self._columns((self._said.gate or ()) if gate else self._said.terms))

    def columns_read(self, response: bool = True) -> tuple[str, ...]:
        """The columns of the data that `rows` reads, each once."""
        return columns_read(self.formula, self.offset, self.trials, self.groups, response)

    @cached_property
    def _said(self) -> Formula:
        return parsed(self.formula)

    def _factors(self, response: bool = True) -> tuple[Factor, ...]:
        return _factors_of(self._said, self.offset, self.trials, response)

    def _columns(self, terms: Terms) -> Iterator[tuple[str, tuple[Cell, ...]]]:
        """The names of the columns of terms, and whose products they are; those of the first factor run first."""
        for piece in (piece for pieces in pieces_of(terms, self._has_levels) for piece in pieces):
            choices = []
            for factor, reduced in reversed(piece):
                names = self.codings[factor.name].labels(factor.name, reduced)
                choices.append([(name, (factor, reduced, j)) for j, name in enumerate(names)])
            for chosen in product(*choices):
                yield ":".join(name for name, _ in reversed(chosen)) or INTERCEPT, tuple(cell for _, cell in reversed(chosen))

    def _has_levels(self, factor: Factor) -> bool:
        return self.codings[factor.name].spans_intercept

    def _check_columns(self) -> None:
        """Raise DataError if the levels of the data make too many columns, or a factor makes none."""
        for terms in (self._said.terms, self._said.gate or ()):
            count = 0
            for piece in (piece for pieces in pieces_of(terms, self._has_levels) for piece in pieces):
                sizes = [len(self.codings[factor.name].labels("", reduced)) for factor, reduced in piece]
                if 0 in sizes:
                    name = piece[sizes.index(0)][0].name
                    raise DataError(
                        f"{name} has one level in these data, so that no row says what another would change. Leave it out."
                    )
                count += prod(sizes)
            if count > MOST_COLUMNS:
                raise DataError(
                    f"the formula makes {count:,} columns of these data, and {MOST_COLUMNS:,} are the most. Has a column in it "
                    "a level of its own for every row?"
                )

    def _made(self, read: NamedColumns, response: bool) -> tuple[Array, tuple[str, ...], tuple[Names, ...], Places]:
        """The columns (n, d) of rows that were read, their names and levels, and what each is there for."""
        assembly = Assembly(read, self.codings)
        at = Places(
            tuple(map(assembly.observed, self._said.response)) if response else (),
            assembly.products(self._columns(self._said.terms)),
            assembly.products(self._columns(self._said.gate or ())),
            None if self.offset is None else assembly.observed(one_factor(self.offset, OFFSET)),
            None if self.trials is None else assembly.observed(one_factor(self.trials, TRIALS)),
        )
        return *assembly.whole(), at


def columns_read(
    formula: str, offset: str | None = None, trials: str | None = None, groups: str | None = None, response: bool = True
) -> tuple[str, ...]:
    """The columns of the data that a design of a formula reads, each once. Errors: ParameterError for a formula."""
    found = [column for factor in _factors_of(parsed(formula), offset, trials, response) for column in factor.columns]
    return tuple(dict.fromkeys([*found, *([groups] if response and groups is not None else [])]))


def _of_truths(coding: Coding, read: NamedColumns, factor: Factor) -> bool:
    """Whether a factor is a column of truths, which are 0 and 1 also where all rows have the same one."""
    return isinstance(coding, Treatment) and read.levels[factor.columns[0]] == TRUTHS


def _in_levels(factor: Factor, read: NamedColumns, levels: tuple[str, ...]) -> Treatment:
    """The coding of a response as levels: those given, in their order, or those that occur."""
    coding = Treatment(read.levels_that_occur(factor.columns[0]))
    if not factor.admits(coding):
        raise ParameterError(f"the response {factor.name} is not a column itself, and one in levels must be, as in 'y ~ x'.")
    if not levels:
        return coding
    for name in (name for name in coding.names if name not in levels):
        raise DataError(
            f"the response {factor.name!r} has the level {name!r}, which is not among the levels {some_of(levels)}."
        )
    for name in (name for name in levels if name not in coding.names):
        raise DataError(f"no row has the level {name!r} of the response {factor.name!r}: leave it out of the levels.")
    return Treatment(levels)


def _factors_of(said: Formula, offset: str | None, trials: str | None, response: bool = True) -> tuple[Factor, ...]:
    """All factors that there are, each once."""
    named = [one_factor(text, what) for text, what in ((offset, OFFSET), (trials, TRIALS)) if text is not None]
    return tuple(dict.fromkeys([*said.factors(response), *named]))


def _read(data: Any, factors: Sequence[Factor], gaps: Gaps, row_name: RowName, weights: Any) -> NamedColumns:
    """The columns of factors, without rows of weight 0, and those that have gaps if these are to be dropped.

    Errors: DataError naming a gap, or a weight that cannot be.
    """
    if gaps not in ("refuse", "drop"):
        raise ParameterError(f"gaps is 'refuse' or 'drop', and not {gaps!r:.40}.")
    read = NamedColumns.read(data, [column for factor in factors for column in factor.columns], row_name)
    some = as_weights(weights, read.rows, row_name) > 0
    if not some.all():
        read = read.of_rows(np.flatnonzero(some))
    missing = read.gaps()
    if not missing.any():
        return read
    number = int(missing.sum())
    if gaps == "refuse":
        raise DataError(
            f"{read.first_gap()} is missing, and a formula needs every cell. Fill it, or leave the row out: gaps='drop' leaves "
            f"out the {number:,} of {read.rows:,} rows that have gaps."
        )
    return read.without_gaps()


def _refuse_none(left: int, dropped: int) -> None:
    """Raise DataError if no row is left."""
    if not left and dropped:
        raise DataError(f"all {dropped:,} rows have gaps in the columns of the formula, so that none is left.")
