"""What a family adds to a worksheet: the factors of its density, counts and updates, as it describes itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters, get_at, leaves
from emkit.core.spaces import Probability
from emkit.explain.symbols import Symbols
from emkit.explain.worksheet.distinct import Rows
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.families.description import ROWS, Columns
from emkit.formulas.expressions import (
    ONE,
    TWO,
    Apply,
    Expression,
    Given,
    Less,
    Power,
    Product,
    Quotient,
    Ref,
    Sum,
    as_fraction,
    filled,
    names_in,
)
from emkit.models.mixture import AnyFamily

COEFFICIENT = "coefficient"
Labelled = tuple[str, Expression]


@dataclass(frozen=True)
class ColumnLines:
    """The columns of a family, with their parameters before the step; `updated` are the paths that the step moves."""

    family: AnyFamily
    params: Parameters
    rows: Rows
    symbols: Symbols
    updated: frozenset[str]

    @cached_property
    def described(self) -> Columns:
        """What a person works out, column by column."""
        return self.family.described.by_hand

    @cached_property
    def _density(self) -> Array:
        return np.exp(self.family.log_density(self.params, self.rows.x))

    @cached_property
    def cells(self) -> dict[str, Array]:
        """What every cell contributes, by name, each (m, d)."""
        return self.described.cells(self.rows.x)

    @property
    def width(self) -> int:
        """The number of columns of parameters that are worked out."""
        return int(get_at(self.params, self.described.field).shape[1]) if self.described.field else 0

    def given(self, path: str, *index: int) -> Given:
        """An entry of the parameters before the step."""
        return Given(self.symbols(f"components.{path}", *index), float(get_at(self.params, path)[index]))

    def cell(self, name: str, i: int, j: int) -> Given:
        """What row i contributes to a count in column j, if it belongs wholly to a component."""
        return Given(name, float(self.cells[name][i, j]))

    def factors(self, k: int, i: int) -> tuple[Labelled, ...]:
        """The factors of the density of row i under component k; what holds no parameter is one number.

        One factor, taken from the family, where nobody has written them down.
        """
        if not self.described.factors.factors:
            return (("density", Given(f"density of {self.symbols.components[k]}", float(self._density[i, k]))),)
        found: list[Labelled] = []
        parameter = self.described.parameter
        for j in range(self.width):
            known = {name: self.cell(name, i, j) for name in self.cells} | {parameter: self.given(self.described.field, k, j)}
            for label, factor in self.described.factors.factors:
                if label == COEFFICIENT:
                    continue
                own = filled(factor, known)
                fixed = parameter not in names_in(factor)
                found.append((label + self.symbols.mark(j), Given(label, own.value({}, as_fraction)) if fixed else own))
        coefficient = self.coefficient(i)
        if coefficient is not None and self.described.factors.get(COEFFICIENT) and coefficient.number != 1:
            found.append((COEFFICIENT, coefficient))
        return tuple(found)

    def coefficient(self, i: int) -> Given | None:
        """In how many orders the outcomes of a row can come, whether or not the model counts them; None if in one alone."""
        choose = self.described.factors.get(COEFFICIENT) or self.described.uncounted
        if choose is None or all(sum(cells[i, j] for cells in self.cells.values()) <= 1 for j in range(self.width)):
            return None
        known = ({name: self.cell(name, i, j) for name in self.cells} for j in range(self.width))
        return Given(COEFFICIENT, math.prod(filled(choose, at).value({}, as_fraction) for at in known))

    def total(self, name: str, k: int, j: int) -> Ref:
        """The expected count of component k in column j."""
        return Ref(f"{name}_{self.symbols.components[k]}{self.symbols.mark(j)}")

    def mass(self, k: int) -> Ref:
        """The expected number of rows of component k."""
        return Ref(f"n_{self.symbols.components[k]}")

    def updates(self, k: int) -> Iterator[Line]:
        """The lines of the M-step of component k."""
        described = self.described
        for j in range(self.width):
            centre: Expression = self.given(described.field, k, j)
            if f"components.{described.field}" in self.updated:
                line = self.update(k, j)
                centre = Ref(line.name)
                yield line
            if described.spread and f"components.{described.spread}" in self.updated:
                yield from self._variance(k, j, centre)

    def update(self, k: int, j: int) -> Line:
        """The line that updates the parameter of column j, with the mistakes it invites."""
        described, totals = self.described, [side.total for side in self.described.sides]
        known = {ROWS.name: self.mass(k)} | {name: self.total(name, k, j) for name in totals}
        update = filled(described.update, known)
        top, bottom = update.parts()
        variants = []
        if len(totals) == 2:
            single = all(sum(cells[i, j] for cells in self.cells.values()) == 1 for i in self.rows)
            bottom = self.mass(k) if single else bottom
            other = known[totals[1]]
            variants = [
                Variant(Mistake.SWAPPED_OUTCOMES, f"{totals[1]} counted as {totals[0]}", Quotient(other, bottom)),
                Variant(Mistake.ODDS, " / ".join(totals), Quotient(top, other)),
            ]
        wrong = Quotient(top, Given(described.everyone, self._everyone(j)))
        variants.append(Variant(Mistake.WRONG_NORMALISATION, f"divided by {described.everyone}", wrong))
        return self.line(described.field, (k, j), Quotient(top, bottom), *variants)

    def _everyone(self, j: int) -> float:
        """What the denominator amounts to over all components."""
        every = {side.total: float(self.rows.weights @ self.cells[side.cell][:, j]) for side in self.described.sides}
        return float(self.described.bottom.value({**every, ROWS.name: float(self.rows.weights.sum())}))

    def line(self, path: str, index: tuple[int, ...], expression: Expression, *variants: Variant) -> Line:
        """The line that updates one entry of the parameters."""
        old = self.given(path, *index)
        every = (Variant(Mistake.STEP, f"{old.name} before the step", old), *variants)
        entry = (f"components.{path}", index)
        chance = any(leaf.path == path and isinstance(leaf.space, Probability) for leaf in leaves(self.params))
        return Line(old.name, Role.UPDATE, expression, index[0], None, f"{path} {index[1:]}", chance, entry, every)

    def _variance(self, k: int, j: int, centre: Expression) -> Iterator[Line]:
        """The variance about the new mean `centre`."""
        spread = self.described.spread
        index = (k, j, j) if get_at(self.params, spread).ndim == 3 else (k, j)
        name = self.total("scatter", k, j).name
        old = self._scatter(k, j, self.given(self.described.field, k, j))
        about_old = Variant(Mistake.STEP, "deviations from the mean before the step", old)
        yield Line(name, Role.TOTAL, self._scatter(k, j, centre), k, side=f"scatter {j}", variants=(about_old,))
        variance = Quotient(Ref(name), self.mass(k))
        fewer = Quotient(Ref(name), Less(self.mass(k), ONE))
        yield self.line(
            spread,
            index,
            variance,
            Variant(Mistake.SPREAD, "its square root, the standard deviation", Apply("sqrt", variance)),
            Variant(Mistake.WRONG_NORMALISATION, "divided by the mass less 1", fewer),
        )

    def _scatter(self, k: int, j: int, centre: Expression) -> Expression:
        squares = (Power(Less(self.cell("x", i, j), centre), TWO) for i in self.rows)
        return Sum(tuple(self.share(k, i, "square", square) for i, square in enumerate(squares)))

    def share(self, k: int, i: int, label: str, what: Expression) -> Product:
        """What row i adds to a sum of component k: its weight times its responsibility times `what`."""
        weight = Given("weight", float(self.rows.weights[i]))
        part = Ref(self.rows.responsibility(self.symbols.components, k, i))
        return Product((("weight", weight), ("share", part), (label, what)))
