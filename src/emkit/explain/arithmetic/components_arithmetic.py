"""What the arithmetic of all models of components shares: the part that the family describes itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.parameters import get_at
from emkit.data.chunk import Chunk, as_float64
from emkit.explain.arithmetic.model import ModelArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.families.description import Description
from emkit.models.components import AnyComponents


@dataclass(frozen=True)
class ComponentsArithmetic(ModelArithmetic[Any, Any]):
    """The densities of rows, and the totals and updates of the components."""

    model: AnyComponents

    @cached_property
    def family(self) -> Description:
        """What the family says of itself."""
        return self.model.family.described

    def density(self, k: int, chunk: Chunk, i: int) -> str:
        """The density of row i of `chunk` under component k with the numbers filled in."""
        x, params = as_float64(chunk.x[i]), self.before.components

        def value() -> float:
            with np.errstate(over="ignore"):
                return float(np.exp(self.model.family.log_density(params, x[None])[0, k]))

        return self.family.density(params, k, x, value)

    def totals(self, components: Any) -> Iterator[Tally]:
        """The sums behind the M-step of the components, from their statistics."""
        for total in self.family.totals(components, self.before.components):
            mark = "".join(map(self.symbols.mark, total.columns))
            if total.level is not None:
                mark += f"[{self.symbols.level(total.columns[0], total.level)}]"
            yield Tally(total.what, total.values, mark, total.shared, self.family.is_count(total.what))

    def estimates(self, components: Any, after: Any) -> Iterator[Update]:
        """The lines of the M-step of the components, from their statistics and to the parameters `after`."""
        for line in self.family.estimates(components, self.before.components, after.components):
            path = f"components.{line.field}"
            if any(path == free or path.startswith(f"{free}.") for free in self.updated):
                yield Update(
                    self.symbols(path, *line.index),
                    line.expression.text(None),
                    line.expression.text({}, self.family.write),
                    line.value,
                    float(get_at(after, path)[line.index]),
                )
