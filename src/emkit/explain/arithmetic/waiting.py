"""Exponential waiting times."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.explain.arithmetic.rates import Rates
from emkit.explain.numbers import plain


@dataclass(frozen=True)
class Waiting(Rates):
    """rate exp(-rate x), and rate = rows / total time."""

    ratio = ("rows", "total")

    @property
    def formula(self) -> str:
        return "rate * exp(-rate * x)"

    def factor(self, rate: float, value: float) -> str:
        return f"{plain(rate)} * exp(-{plain(rate)} * {plain(value)})"
