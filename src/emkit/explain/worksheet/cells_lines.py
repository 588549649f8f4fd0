"""The worksheet of a table whose cells are sums of latent cells: probabilities, shares, counts, gene counting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.cells_formulas import occurrences, probability
from emkit.explain.subject import Subject
from emkit.explain.worksheet.likelihood_lines import likelihood
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.formulas.expressions import Expression, Given, Product, Quotient, Ref, Sum, filled
from emkit.models.cells import Cells, CellsParams


def cells_lines(subject: Subject, model: Cells, params: CellsParams, after: float) -> tuple[list[Line], dict[str, str]]:
    """The lines of the step at `params`, and the other names that they go by."""
    counts = subject.source.weights @ subject.source.x
    lines = list(_Maker(model, params, counts).lines(frozenset(subject.model.updates()), after))
    places = [f"groups.{g}.probabilities[{a}]" for g, group in enumerate(params.groups) for a in range(len(group.names))]
    known = dict(zip(places, model.names, strict=True))
    aliases = {symbol: known.get(entry.replace(" ", ""), symbol) for symbol, entry in subject.symbols.items()}
    return lines, {alias: name for alias, name in aliases.items() if alias != name}


@dataclass(frozen=True)
class _Maker:
    model: Cells
    params: CellsParams
    counts: Array

    def lines(self, updated: frozenset[str], log_likelihood_after: float) -> Iterator[Line]:
        for i, label in enumerate(self.model.observed):
            here = [j for j, cell in enumerate(self.model.cells) if cell.observed == label]
            yield from (self._joint(j, i) for j in here)
            yield from (self._share(j, i) for j in here)
            yield from (self._count(j, i) for j in here)
        for g, group in enumerate(self.model.groups):
            if f"groups.{g}.probabilities" in updated:
                yield from (self._occurrences(name, g, a) for a, name in enumerate(group))
                yield from (self._update(name, (g, a)) for a, name in enumerate(group))
        sums = [self._total(label) for label in self.model.observed]
        seen = self.counts > 0
        yield likelihood(
            [s for s, some in zip(sums, seen, strict=True) if some],
            self.counts[seen],
            [None] * int(seen.sum()),
            False,
            log_likelihood_after,
        )

    def _total(self, label: str) -> Expression:
        return Sum(tuple(Ref(f"joint_{cell.name}") for cell in self.model.cells if cell.observed == label))

    def _joint(self, j: int, i: int) -> Line:
        cell = self.model.cells[j]
        product = filled(probability(cell), {name: Given(name, self.params[name]) for name in self.model.names})
        return Line(f"joint_{cell.name}", Role.JOINT, product, j, i, probability=True)

    def _share(self, j: int, i: int) -> Line:
        name = f"share_{self.model.cells[j].name}"
        right = Quotient(Ref(f"joint_{self.model.cells[j].name}"), self._total(self.model.cells[j].observed))
        return Line(name, Role.SHARE, right, j, i, probability=True)

    def _count(self, j: int, i: int) -> Line:
        cell = self.model.cells[j]
        product = Product((("count", Given(cell.observed, float(self.counts[i]))), ("share", Ref(f"share_{cell.name}"))))
        return Line(f"count_{cell.name}", Role.COUNT, product, j, i)

    def _occurrences(self, name: str, g: int, a: int) -> Line:
        counts = {cell.name: Ref(f"count_{cell.name}") for cell in self.model.cells}
        every = filled(occurrences(self.model, name), counts)
        once = Sum(tuple(term.without("times") for term in every.parts() if isinstance(term, Product)))
        twice = Variant(Mistake.WEIGHT, "every cell counted once, whatever the number of genes in it", once)
        return Line(f"times_{name}", Role.TOTAL, every, a, side=f"times {g}", variants=(twice,))

    def _update(self, name: str, place: tuple[int, int]) -> Line:
        g, a = place
        group = self.model.groups[g]
        top = Ref(f"times_{name}")
        n = Given("n", float(np.sum(self.counts)))
        old = Variant(Mistake.STEP, f"{name} before the step", Given(name, self.params[name]))
        once = Variant(Mistake.WRONG_NORMALISATION, "divided by the number of all observations", Quotient(top, n))
        right = Quotient(top, Sum(tuple(Ref(f"times_{other}") for other in group)))
        entry = (f"groups.{g}.probabilities", (a,))
        return Line(name, Role.UPDATE, right, a, None, " ".join(group), True, entry, (old, once))
