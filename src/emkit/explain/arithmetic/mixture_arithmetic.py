"""The arithmetic of a mixture: proportions here, the rest by family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, singledispatch
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk, as_float64
from emkit.explain.arithmetic.count_arithmetic import Counts
from emkit.explain.arithmetic.family import FamilyArithmetic
from emkit.explain.arithmetic.levels import Levels
from emkit.explain.arithmetic.model import ModelArithmetic
from emkit.explain.arithmetic.normal_forms import OwnColumns, OwnMatrix, Round, SharedMatrix
from emkit.explain.arithmetic.success_arithmetic import Successes
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.arithmetic.waiting import Waiting
from emkit.explain.numbers import count, plain
from emkit.families.bernoulli import Bernoulli
from emkit.families.binomial import Binomial
from emkit.families.categorical import Categorical
from emkit.families.exponential import Exponential
from emkit.families.gaussian import DiagonalGaussian, FullGaussian, SphericalGaussian, TiedGaussian
from emkit.families.poisson import Poisson
from emkit.models.mixture import AnyMixture, AnyMixtureParams, MixtureStats

INSIDE = "components."
AnyStats = MixtureStats[Any]


@singledispatch
def written_out(family: object) -> type[FamilyArithmetic[Any, Any]]:
    """How the arithmetic of a family is written out; register your own for a family of yours."""
    return FamilyArithmetic


written_out.register(Bernoulli, lambda family: Successes)
written_out.register(Binomial, lambda family: Successes)
written_out.register(Poisson, lambda family: Counts)
written_out.register(Exponential, lambda family: Waiting)
written_out.register(Categorical, lambda family: Levels)
written_out.register(FullGaussian, lambda family: OwnMatrix)
written_out.register(DiagonalGaussian, lambda family: OwnColumns)
written_out.register(TiedGaussian, lambda family: SharedMatrix)
written_out.register(SphericalGaussian, lambda family: Round)


@dataclass(frozen=True)
class MixtureArithmetic(ModelArithmetic[AnyMixtureParams, AnyStats]):
    """proportion times density; proportion = rows of the component / all rows."""

    model: AnyMixture

    @cached_property
    def family(self) -> FamilyArithmetic[Any, Any]:
        """The arithmetic of the components."""
        inner = frozenset(path.removeprefix(INSIDE) for path in self.updated if path.startswith(INSIDE))
        return written_out(self.model.family)(self.model.family, self.before.components, self.symbols, inner)

    @property
    def factors(self) -> tuple[str, ...]:
        return "proportion", self.family.formula

    def joint(self, k: int, chunk: Chunk, i: int) -> str:
        return f"{plain(self.before.proportions[k])} * {self.family.density(k, as_float64(chunk.x[i]))}"

    def row_tallies(self, chunk: Chunk, i: int, responsibilities: Array) -> list[Tally]:
        family = self.model.family.statistics(self.before.components, as_float64(chunk.x[[i]]), responsibilities[None])
        return self.tallies(MixtureStats(responsibilities, family))

    def tallies(self, statistics: AnyStats) -> list[Tally]:
        return [Tally("n", statistics.mass), *self.family.tallies(statistics.components)]

    def updates(self, statistics: AnyStats, after: AnyMixtureParams) -> Iterator[Update]:
        if "proportions" in self.updated:
            everyone = float(np.sum(statistics.mass))
            for k, rows in enumerate(map(float, statistics.mass)):
                line = f"{count(rows)} / {plain(everyone)}"
                value = float(after.proportions[k])
                yield Update(self.symbols("proportions", k), "rows / all rows", line, rows / everyone, value)
        yield from self.family.updates(statistics.components, after.components)
