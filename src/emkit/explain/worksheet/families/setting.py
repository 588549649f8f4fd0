"""What a family contributes to a worksheet, and what all of them need for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.explain.worksheet.distinct import Rows
from emkit.explain.worksheet.expressions import Expression, Given, Quotient, Ref
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.names import Names
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.models.mixture import AnyFamily

ONE = Given("1", 1.0)
TWO = Given("2", 2.0)
Labelled = tuple[str, Expression]


class Sheet(Protocol):
    """How one family is worked out by hand, at given parameters and rows."""

    @property
    def sides(self) -> tuple[str, ...]:
        """The words for the counts that are added up, such as heads and tails."""

    def factors(self, k: int, i: int) -> tuple[Labelled, ...]:
        """The factors of the density of row i under component k."""

    def count(self, side: str, i: int, j: int) -> Given:
        """What row i contributes to a count in column j, if it belongs wholly to a component."""

    def updates(self, k: int) -> Iterator[Line]:
        """The lines of the M-step for component k."""

    def coefficient(self, i: int) -> Given | None:
        """The binomial coefficient of a row, whether or not the model counts it."""


@dataclass(frozen=True)
class Setting:
    """What every sheet is given: the family, its parameters before the step, rows, names, and which paths are updated."""

    family: AnyFamily
    params: Parameters
    rows: Rows
    names: Names
    updated: frozenset[str]

    def given(self, path: str, values: Array, *index: int) -> Given:
        """An entry of the parameters before the step."""
        return Given(self.names.symbol(f"components.{path}", *index), float(values[index]))

    def line(self, path: str, index: tuple[int, ...], expression: Expression, old: float, *variants: Variant) -> Line:
        """The line that updates one entry of the parameters."""
        name = self.names.symbol(f"components.{path}", *index)
        every = (Variant(Mistake.STEP, f"{name} before the step", Given(name, old)), *variants)
        entry = (f"components.{path}", index)
        return Line(name, Role.UPDATE, expression, index[0], None, f"{path} {index[1:]}", entry=entry, variants=every)

    def total(self, side: str, k: int, j: int = 0) -> Ref:
        """The expected count of component k in column j."""
        return Ref(f"{side}_{self.names.components[k]}{self.names.column(j)}")

    def mass(self, k: int) -> Ref:
        """The expected number of rows of component k."""
        return Ref(f"n_{self.names.components[k]}")

    def weighted_mean(self, path: str, k: int, j: int, old: float) -> Line:
        """The line total / mass, which updates a mean or a rate."""
        total, everyone = self.total("total", k, j), Given("rows", float(self.rows.weights.sum()))
        over_all = Variant(Mistake.WRONG_NORMALISATION, "divided by the number of all rows", Quotient(total, everyone))
        return self.line(path, (k, j), Quotient(total, self.mass(k)), old, over_all)
