"""Poisson counts on a worksheet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from emkit.explain.worksheet.expressions import Apply, Given, Power
from emkit.explain.worksheet.families.setting import Labelled, Setting
from emkit.explain.worksheet.sheet import Line
from emkit.families.poisson import PoissonParams


@dataclass(frozen=True)
class Counts(Setting):
    """Poisson: exp(-rate) rate^x / x!."""

    params: PoissonParams
    sides = ("total",)

    def factors(self, k: int, i: int) -> tuple[Labelled, ...]:
        found: list[Labelled] = []
        for j, x in enumerate(self.rows.x[i]):
            rate = self.given("rates", self.params.rates, k, j)
            mark = self.names.column(j)
            found.append((f"exp(-rate){mark}", Apply("exp", Given(f"-{rate.name}", -rate.number))))
            found.append((f"rate^x{mark}", Power(rate, Given("x", float(x)))))
            found.append((f"1/x!{mark}", Given("1/x!", math.exp(-math.lgamma(x + 1)))))
        return tuple(found)

    def count(self, side: str, i: int, j: int) -> Given:
        return Given("x", float(self.rows.x[i, j]))

    def coefficient(self, i: int) -> Given | None:
        return None

    def updates(self, k: int) -> Iterator[Line]:
        if "components.rates" in self.updated:
            for j, old in enumerate(self.params.rates[k]):
                yield self.weighted_mean("rates", k, j, float(old))
