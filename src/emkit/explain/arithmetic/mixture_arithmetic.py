"""The arithmetic of a mixture: proportions here, the rest as its family describes itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import get_at
from emkit.data.chunk import Chunk, as_float64
from emkit.explain.arithmetic.model import ModelArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.families.description import Description
from emkit.formulas.numerals import count, plain
from emkit.models.mixture import AnyMixture, AnyMixtureParams, MixtureStats

AnyStats = MixtureStats[Any]


@dataclass(frozen=True)
class MixtureArithmetic(ModelArithmetic[AnyMixtureParams, AnyStats]):
    """proportion times density; proportion = rows of the component / all rows."""

    model: AnyMixture

    @cached_property
    def family(self) -> Description:
        """What the family says of itself."""
        return self.model.family.described

    @property
    def factors(self) -> tuple[str, ...]:
        return "proportion", self.family.formula

    def joint(self, k: int, chunk: Chunk, i: int) -> str:
        x, params = as_float64(chunk.x[i]), self.before.components
        density = self.family.density(params, k, x, lambda: float(np.exp(self.model.family.log_density(params, x[None])[0, k])))
        return f"{plain(self.before.proportions[k])} * {density}"

    def row_tallies(self, chunk: Chunk, i: int, responsibilities: Array) -> list[Tally]:
        family = self.model.family.statistics(self.before.components, as_float64(chunk.x[[i]]), responsibilities[None])
        return self.tallies(MixtureStats(responsibilities, family))

    def tallies(self, statistics: AnyStats) -> list[Tally]:
        found = [Tally("n", statistics.mass, is_count=True)]
        for total in self.family.totals(statistics.components, self.before.components):
            mark = "".join(map(self.symbols.mark, total.columns))
            if total.level is not None:
                mark += f"[{self.symbols.level(total.columns[0], total.level)}]"
            found.append(Tally(total.what, total.values, mark, total.shared, self.family.is_count(total.what)))
        return found

    def updates(self, statistics: AnyStats, after: AnyMixtureParams) -> Iterator[Update]:
        if "proportions" in self.updated:
            everyone = float(np.sum(statistics.mass))
            for k, rows in enumerate(map(float, statistics.mass)):
                ratio = f"{count(rows)} / {plain(everyone)}"
                value = float(after.proportions[k])
                yield Update(self.symbols("proportions", k), "rows / all rows", ratio, rows / everyone, value)
        for line in self.family.estimates(statistics.components, self.before.components, after.components):
            path = f"components.{line.field}"
            if any(path == free or path.startswith(f"{free}.") for free in self.updated):
                yield Update(
                    self.symbols(path, *line.index),
                    line.expression.text(None),
                    line.expression.text({}, self.family.write),
                    line.value,
                    float(get_at(after, path)[line.index]),
                )
