"""Gene counting: the arithmetic of a table whose cells are sums of latent cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.explain.arithmetic.model import ModelArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.cells_formulas import occurrences, probability
from emkit.formulas.numerals import count, plain
from emkit.models.cells import Cells, CellsParams


@dataclass(frozen=True)
class CellsArithmetic(ModelArithmetic[CellsParams, Array]):
    """coefficient times powers of the parameters; parameter = its occurrences / those of its group."""

    model: Cells

    @property
    def factors(self) -> tuple[str, ...]:
        return ("coefficient * product of the parameters",)

    @property
    def observed(self) -> tuple[str, ...]:
        return self.model.observed

    def joint(self, k: int, chunk: Chunk, i: int) -> str:
        at = {name: self.before[name] for name in self.model.names}
        return probability(self.model.cells[k]).text(at, lambda name, value: plain(value))

    def row_tallies(self, chunk: Chunk, i: int, responsibilities: Array) -> list[Tally]:
        return self.tallies(responsibilities)

    def tallies(self, statistics: Array) -> list[Tally]:
        return [Tally("count", statistics, is_count=True)]

    def updates(self, statistics: Array, after: CellsParams) -> Iterator[Update]:
        at = {cell.name: float(number) for cell, number in zip(self.model.cells, statistics, strict=True)}
        for g, group in enumerate(self.model.groups):
            times = {name: float(occurrences(self.model, name).value(at)) for name in group}
            everything = sum(times.values())
            if f"groups.{g}.probabilities" not in self.updated or everything <= 0:
                continue
            below = " + ".join(map(count, times.values()))
            for name in group:
                cells = occurrences(self.model, name)
                text = cells.text(None).replace(" * ", " ")
                formula = f"{f'({text})' if len(cells.terms) > 1 else text} / occurrences of {', '.join(group)}"
                yield Update(name, formula, f"{count(times[name])} / ({below})", times[name] / everything, after[name])
