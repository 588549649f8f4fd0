"""Poisson counts."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.explain.arithmetic.rates import Rates
from emkit.explain.numbers import plain


@dataclass(frozen=True)
class Counts(Rates):
    """exp(-rate) rate^x / x!, and rate = total / rows."""

    ratio = ("total", "rows")

    @property
    def formula(self) -> str:
        return "exp(-rate) * rate^x / x!"

    def factor(self, rate: float, value: float) -> str:
        return f"exp(-{plain(rate)}) * {plain(rate)}^{value:g} / {value:g}!"
