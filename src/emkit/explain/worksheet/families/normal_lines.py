"""Normal columns on a worksheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from emkit.explain.worksheet.expressions import Apply, Expression, Given, Less, Power, Product, Quotient, Ref, Sum
from emkit.explain.worksheet.families.setting import ONE, TWO, Labelled, Setting
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant


@dataclass(frozen=True)
class Normals(Setting):
    """Normal: the density is taken from the family; means and variances are worked out (covariances of two columns are not)."""

    sides = ("total",)

    @cached_property
    def _density(self) -> Any:
        return np.exp(self.family.log_density(self.params, self.rows.x))

    @property
    def _spread(self) -> str | None:
        return next((p for p in ("covariances", "variances") if getattr(self.params, p, np.zeros(0)).ndim > 1), None)

    def factors(self, k: int, i: int) -> tuple[Labelled, ...]:
        return (("density", Given(f"density of {self.names.components[k]}", float(self._density[i, k]))),)

    def count(self, side: str, i: int, j: int) -> Given:
        return Given("x", float(self.rows.x[i, j]))

    def coefficient(self, i: int) -> Given | None:
        return None

    def updates(self, k: int) -> Iterator[Line]:
        for j, old in enumerate(self.params.means[k]):
            held: Expression = self.given("means", self.params.means, k, j)
            centre = held
            if "components.means" in self.updated:
                line = self.weighted_mean("means", k, j, float(old))
                centre = Ref(line.name)
                yield line
            if self._spread is not None and f"components.{self._spread}" in self.updated:
                yield from self._variance(k, j, self._spread, centre, held)

    def _variance(self, k: int, j: int, path: str, centre: Expression, old_centre: Expression) -> Iterator[Line]:
        old = getattr(self.params, path)
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
            variants=(
                Variant(Mistake.SPREAD, "its square root, the standard deviation", Apply("sqrt", variance)),
                Variant(Mistake.WRONG_NORMALISATION, "divided by the mass less 1", fewer),
            ),
        )

    def _scatter(self, k: int, j: int, centre: Expression) -> Expression:
        return Sum(
            tuple(
                Product(
                    (
                        ("weight", Given("weight", float(self.rows.weights[i]))),
                        ("share", Ref(self.names.share(self.rows, k, i))),
                        ("square", Power(Less(self.count("total", i, j), centre), TWO)),
                    )
                )
                for i in self.rows
            )
        )
