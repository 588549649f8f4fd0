"""Gene counting: the arithmetic of a table whose cells are sums of latent cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.explain.arithmetic.model import ModelArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.formulas.numerals import count, plain
from emkit.models.cells import Cell, Cells, CellsParams


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
        cell = self.model.cells[k]
        factors = [] if cell.coefficient == 1 and any(cell.powers.values()) else [plain(cell.coefficient)]
        for name, times in cell.powers.items():
            if times:
                factors.append(plain(self.before[name]) + (f"^{times}" if times > 1 else ""))
        return " * ".join(factors)

    def row_tallies(self, chunk: Chunk, i: int, responsibilities: Array) -> list[Tally]:
        return self.tallies(responsibilities)

    def tallies(self, statistics: Array) -> list[Tally]:
        return [Tally("count", statistics, is_count=True)]

    def updates(self, statistics: Array, after: CellsParams) -> Iterator[Update]:
        for g, group in enumerate(self.model.groups):
            if f"groups.{g}.probabilities" not in self.updated:
                continue
            times = {name: self._occurrences(name, statistics) for name in group}
            everything = sum(times.values())
            for name in group:
                if everything > 0:
                    below = " + ".join(map(count, times.values()))
                    yield Update(
                        name,
                        f"{self._in_words(name)} / occurrences of {', '.join(group)}",
                        f"{count(times[name])} / ({below})",
                        times[name] / everything,
                        after[name],
                    )

    def _with(self, name: str) -> Iterator[tuple[int, Cell]]:
        return ((j, cell) for j, cell in enumerate(self.model.cells) if cell.powers.get(name, 0))

    def _occurrences(self, name: str, counts: Array) -> float:
        return float(sum(cell.powers[name] * counts[j] for j, cell in self._with(name)))

    def _in_words(self, name: str) -> str:
        terms = [cell.name if cell.powers[name] == 1 else f"{cell.powers[name]} {cell.name}" for _, cell in self._with(name)]
        return f"({' + '.join(terms)})" if len(terms) > 1 else "".join(terms)
