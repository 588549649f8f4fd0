"""Normal columns on a worksheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import Leaf, get_at, leaves
from emkit.explain.worksheet.expressions import Apply, Expression, Given, Less, Power, Product, Quotient, Ref, Sum
from emkit.explain.worksheet.families.setting import ONE, TWO, Labelled, Setting
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant


@dataclass(frozen=True)
class Normals(Setting):
    """Normal: the density is taken from the family; means and variances are worked out (covariances of two columns are not)."""

    sides = ("total",)

    @cached_property
    def _density(self) -> Array:
        return np.exp(self.family.log_density(self.params, self.rows.x))

    @cached_property
    def _spread(self) -> Leaf | None:
        """The variances, if every component and column has its own."""
        own = ("covariances", "variances")
        return next((leaf for leaf in leaves(self.params) if leaf.path in own and leaf.value.ndim > 1), None)

    def factors(self, k: int, i: int) -> tuple[Labelled, ...]:
        return (("density", Given(f"density of {self.names.components[k]}", float(self._density[i, k]))),)

    def count(self, side: str, i: int, j: int) -> Given:
        return Given("x", float(self.rows.x[i, j]))

    def coefficient(self, i: int) -> Given | None:
        return None

    def updates(self, k: int) -> Iterator[Line]:
        means = get_at(self.params, "means")
        for j, old in enumerate(means[k]):
            held: Expression = self.given("means", means, k, j)
            centre = held
            if "components.means" in self.updated:
                line = self.weighted_mean("means", k, j, float(old))
                centre = Ref(line.name)
                yield line
            if self._spread is not None and f"components.{self._spread.path}" in self.updated:
                yield from self._variance(k, j, self._spread, centre, held)

    def _variance(self, k: int, j: int, spread: Leaf, centre: Expression, old_centre: Expression) -> Iterator[Line]:
        path, old = spread.path, spread.value
        index = (k, j, j) if old.ndim == 3 else (k, j)
        name = f"scatter_{self.names.components[k]}{self.names.column(j)}"
        about_old = Variant(Mistake.STEP, "deviations from the mean before the step", self._scatter(k, j, old_centre))
        yield Line(name, Role.TOTAL, self._scatter(k, j, centre), k, side=f"scatter {j}", variants=(about_old,))
        variance = Quotient(Ref(name), self.mass(k))
        fewer = Quotient(Ref(name), Less(self.mass(k), ONE))
        yield self.line(
            path,
            index,
            variance,
            float(old[index]),
            Variant(Mistake.SPREAD, "its square root, the standard deviation", Apply("sqrt", variance)),
            Variant(Mistake.WRONG_NORMALISATION, "divided by the mass less 1", fewer),
        )

    def _scatter(self, k: int, j: int, centre: Expression) -> Expression:
        return Sum(
            tuple(
                Product(
                    (
                        ("weight", Given("weight", float(self.rows.weights[i]))),
                        ("share", Ref(self.names.responsibility(self.rows, k, i))),
                        ("square", Power(Less(self.count("total", i, j), centre), TWO)),
                    )
                )
                for i in self.rows
            )
        )
