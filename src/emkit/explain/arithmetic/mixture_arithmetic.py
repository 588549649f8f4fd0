"""The arithmetic of a mixture: proportions here, the rest as its family describes itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk, as_float64
from emkit.explain.arithmetic.components_arithmetic import ComponentsArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.formulas.numerals import count, plain
from emkit.models.mixture import AnyMixture, AnyMixtureParams, MixtureStats

AnyStats = MixtureStats[Any]


@dataclass(frozen=True)
class MixtureArithmetic(ComponentsArithmetic):
    """proportion times density; proportion = rows of the component / all rows."""

    model: AnyMixture

    @property
    def factors(self) -> tuple[str, ...]:
        return "proportion", self.family.formula

    def joint(self, k: int, chunk: Chunk, i: int) -> str:
        return f"{plain(self.before.proportions[k])} * {self.density(k, chunk, i)}"

    def row_tallies(self, chunk: Chunk, i: int, responsibilities: Array) -> list[Tally]:
        family = self.model.family.statistics(self.before.components, as_float64(chunk.x[[i]]), responsibilities[None])
        return self.tallies(MixtureStats(responsibilities, family))

    def tallies(self, statistics: AnyStats) -> list[Tally]:
        return [Tally("n", statistics.mass, is_count=True), *self.totals(statistics.components)]

    def updates(self, statistics: AnyStats, after: AnyMixtureParams) -> Iterator[Update]:
        if "proportions" in self.updated:
            everyone = float(np.sum(statistics.mass))
            for k, rows in enumerate(map(float, statistics.mass)):
                ratio = f"{count(rows)} / {plain(everyone)}"
                value = float(after.proportions[k])
                yield Update(self.symbols("proportions", k), "rows / all rows", ratio, rows / everyone, value)
        yield from self.estimates(statistics.components, after)
