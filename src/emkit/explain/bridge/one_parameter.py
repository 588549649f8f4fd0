"""The links for columns with one parameter each, worked out from the formulas that their family describes itself with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.explain.bridge.letters import Letters, some
from emkit.explain.bridge.link import Link
from emkit.families.description import ROWS, Columns
from emkit.formulas.expressions import ONE, Apply, Expression, Less, Negative, Power, Product, Ref, filled, names_in
from emkit.formulas.numerals import plain


@dataclass(frozen=True)
class Term:
    """A term of the logarithm of a density: the number `cell` of a row ("" for 1) times `shape`; `slope` is its derivative.

    Both begin with a sign, and ``{p}`` stands for the parameter; in the slope, ``{a}`` for the number that is multiplied.
    """

    cell: str
    shape: str
    slope: str


def terms_of(described: Columns) -> tuple[Term, ...]:
    """The terms of the logarithm of the density that hold the parameter; none if one of them is of another form."""
    found = [
        _term(factor, described.parameter) for factor in described.factors.parts() if described.parameter in names_in(factor)
    ]
    return tuple(term for term in found if term) if all(found) else ()


def _term(factor: Expression, parameter: str) -> Term | None:
    match factor:
        case Ref():
            return Term("", "+{log} {p}", "+{a} / {p}")
        case Power(base=Ref(), exponent=Ref(name=cell)):
            return Term(cell, "+{log} {p}", "+{a} / {p}")
        case Power(base=Less(left=left, right=Ref()), exponent=Ref(name=cell)) if left == ONE:
            return Term(cell, "+{log} (1 - {p})", "-{a} / (1 - {p})")
        case Apply(function="exp", inner=Negative(inner=Ref())):
            return Term("", "-{p}", "-{a}")
        case Apply(function="exp", inner=Negative(inner=Product() as product)):
            others = [part for part in product.parts() if parameter not in names_in(part)]
            if len(others) == 1 and isinstance(others[0], Ref):
                return Term(others[0].name, "-{p}", "-{a}")
    return None


def one_parameter(letters: Letters, described: Columns) -> tuple[Link, ...]:
    """Density, collected sums, derivative, ratio, numbers; none where the logarithm has other terms."""
    terms = terms_of(described)
    places = [(place[0], place[1]) for place in letters.indices(described.field) if len(place) == 2]
    if not terms or not places:
        return ()
    work = _Work(letters, described, terms, places)
    return work.density(), work.collect(), work.derivative(), work.ratio(), work.numbers()


@dataclass(frozen=True)
class _Work:
    letters: Letters
    described: Columns
    terms: tuple[Term, ...]
    places: Sequence[tuple[int, int]]

    def density(self) -> Link:
        letters, count = self.letters, self.letters.count
        others = {1: "", 2: " + the same for {c1}"}.get(count, " + the same for the others")
        inside = self._sum({term: self._cell(term) for term in self.terms}, 0, 0)
        kept = f"= argmax_theta sum_{letters.i} {letters.shares[0]} [{inside}]{others}"
        said = f"The chance of a row is {self.described.formula}. Its logarithm is a sum, and what holds no theta is dropped."
        return Link("density", said, (kept,))

    def collect(self) -> Link:
        sums = [self._total(term, k, j) for k, j in self.places for term in self.terms if term.cell]
        inside = [self._sum({term: self._count(term, k, j) for term in self.terms}, k, j) for k, j in self.places[:4]]
        more = " + ..." if len(self.places) > len(inside) else ""
        lines, alike = some(sums)
        said = (
            f"A logarithm is the same in every row, so it can be collected: what multiplies it is a sum over the rows, each "
            f"counted by its responsibility.{alike}"
        )
        return Link("collect", said, (*lines, f"= argmax_theta {' + '.join(inside)}{more}".replace("+ -", "- ")))

    def derivative(self) -> Link:
        lines, more = some([f"{self._slope(k, j)} = 0" for k, j in self.places])
        return Link(
            "derivative",
            "Every parameter stands in terms of its own. Where they are highest, their derivative is 0; the second derivative "
            f"is negative, so that is a maximum.{more}",
            lines,
        )

    def ratio(self) -> Link:
        each, words = self._constant(), self.described.update.text(None)
        lines, more = some([self._solved(k, j, each) for k, j in self.places])
        tosses = "" if each is None or each == 1 else f" ({self.described.bottom.text(None)} is {plain(each)} in every row.)"
        return Link("ratio", f"Solved: {words}, every row counted by its responsibility.{tosses}{more}", lines)

    def numbers(self) -> Link:
        entries = [self.letters.entry(f"components.{self.described.field}", *place) for place in self.places]
        lines, more = some([f"{{s{entry}}} = {{u{entry}}} = {{v{entry}}}" for entry in entries])
        return Link("numbers", f"With the numbers of this step.{more}", lines)

    def _symbol(self, k: int, j: int) -> str:
        return f"{{s{self.letters.entry(f'components.{self.described.field}', k, j)}}}"

    def _cell(self, term: Term) -> str:
        return f"{term.cell}_{self.letters.i}" if term.cell else ""

    def _name(self, term: Term) -> str:
        return next((side.total for side in self.described.sides if side.cell == term.cell), "n")

    def _tally(self, term: Term, j: int) -> int:
        return self.letters.tally(self._name(term), j if term.cell else None)

    def _count(self, term: Term, k: int, j: int) -> str:
        return f"{{t{self._tally(term, j)}_{k}}}"

    def _sum(self, numbers: Mapping[Term, str], k: int, j: int) -> str:
        """The logarithm with these numbers for the cells."""
        shapes = {term: term.shape.replace("{log}", self.letters.log).replace("{p}", self._symbol(k, j)) for term in numbers}
        return _added(f"{shapes[term][0]}{number} {shapes[term][1:]}" for term, number in numbers.items())

    def _slope(self, k: int, j: int) -> str:
        return _added(term.slope.format(a=self._count(term, k, j), p=self._symbol(k, j)) for term in self.terms)

    def _total(self, term: Term, k: int, j: int) -> str:
        letters, n = self.letters, self._tally(term, j)
        added = f" = {{r{n}_{k}}}" if letters.writes_rows else ""
        return f"sum_{letters.i} {letters.shares[k]} {self._cell(term)}{added} = {{t{n}_{k}}}"

    def _solved(self, k: int, j: int, each: float | None) -> str:
        share, i = self.letters.shares[k], self.letters.i
        names: dict[str, Expression] = {ROWS.name: Ref(f"sum_{i} {share}")}
        names |= {side.total: Ref(f"sum_{i} {share} {side.cell}_{i}") for side in self.described.sides}
        top, bottom = self.described.update.parts()
        times = "" if each is None or each == 1 else f"{plain(each)} "
        below = filled(bottom, names).text(None) if each is None else f"{times}sum_{i} {share}"
        return f"{self._symbol(k, j)} = {filled(top, names).text(None)} / ({below})"

    def _constant(self) -> float | None:
        """What every row adds to the number below the line, if that is the same for all."""
        source = self.letters.in_memory
        if source is None or self.described.bottom == ROWS:
            return None
        cells = self.described.cells(as_float64(source.x))
        sides = {side.total: cells[side.cell] for side in self.described.sides}
        below = _value(self.described.bottom, sides)
        return float(below.flat[0]) if np.ptp(below) == 0 else None


def _added(terms: Iterable[str]) -> str:
    """Terms that begin with their signs, as a sum."""
    text = " ".join(f"{term[0]} {term[1:].strip()}" for term in terms)
    return text[2:] if text.startswith("+") else f"-{text[2:]}"


def _value(expression: Expression, sides: Mapping[str, Array]) -> Array:
    """The value of an expression over the totals for each row and column, its number of rows being 1."""
    found = np.empty(next(iter(sides.values())).shape)
    for at in np.ndindex(found.shape):
        found[at] = float(expression.value({ROWS.name: 1.0, **{name: float(values[at]) for name, values in sides.items()}}))
    return found
