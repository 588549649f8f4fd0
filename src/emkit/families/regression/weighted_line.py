"""Weighted least squares of one line, as a person works it out: five sums over the rows, then slope, intercept and variance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.newton import NewtonSums
from emkit.families.description import Description, Estimate, Total
from emkit.families.regression.layout import Layout
from emkit.formulas.expressions import TWO, Expression, Given, Less, Power, Product, Quotient, Sum
from emkit.formulas.numerals import plain, significant

LOST = 1e-5  # of a number: a difference this small has ten digits left, and an explanation holds nine against the step


class LineSums(NamedTuple):
    """Weighted sums over the rows, (K,) each: of 1, the covariate x, the response y, and the products x x, x y and y y."""

    rows: Array
    x: Array
    y: Array
    xx: Array
    xy: Array
    yy: Array


@dataclass(frozen=True)
class WeightedLine(Description):
    """slope = (rows * xy - x * y) / (rows * xx - x^2); intercept = (y - slope * x) / rows; variance = the rest / rows.

    Source: set the derivatives of sum w (y - intercept - slope x)^2 to 0.
    """

    layout: Layout | None = None

    @property
    def formula(self) -> str:
        return "N(y; intercept + slope * x, variance)"

    def density(self, params: Any, k: int, x: Array, value: Callable[[], float]) -> str:
        assert self.layout is not None
        intercept, slope = params.coefficients[k]
        y, own = x[self.layout.response], x[self.layout.places[0]]
        return f"N({plain(y)}; {plain(intercept)} + {plain(slope)} * {plain(own)}, {plain(params.variances[k])})"

    def totals(self, stats: NewtonSums, params: Any) -> Iterator[Total]:
        sums = self.sums(stats, params)
        yield from (Total(name, getattr(sums, name)) for name in sums._fields[1:])

    def estimates(self, stats: NewtonSums, before: Any, after: Any) -> Iterator[Estimate]:
        """Lines whose differences leave digits enough: where numbers are far from 0 for their spread, none does."""
        sums = self.sums(stats, before)
        for k in np.flatnonzero(sums.rows > 0).tolist():
            rows, x, y, xx, xy, yy = (Given(name, float(each[k])) for name, each in sums._asdict().items())
            a, b = (Given(name, float(own)) for name, own in zip(("intercept", "slope"), after.coefficients[k], strict=True))
            up, across = (_times(rows, xy), _times(x, y)), (_times(rows, xx), Power(x, TWO))
            level, rest = (y, _times(b, x)), (yy, _times(a, y), _times(b, xy))
            if _keeps_digits(*up) and _keeps_digits(*across):
                yield Estimate("coefficients", (k, 1), Quotient(Less(*up), Less(*across)))
            if _keeps_digits(*level):
                yield Estimate("coefficients", (k, 0), Quotient(Less(*level), rows))
            if _keeps_digits(*rest):
                yield Estimate("variances", (k,), Quotient(Less(yy, Sum(rest[1:])), rows))

    def write(self, name: str, value: float) -> str:
        return significant(value, 5) if not self.is_count(name) else super().write(name, value)

    def sums(self, stats: NewtonSums, before: Any) -> LineSums:
        """The sums of the covariate and the response as they are, from those of the frame about the lines before the step."""
        assert self.layout is not None
        centre, factor = self.layout.centre[0], np.array(self.layout.factor)
        line = self.layout.level(before.coefficients, self.layout.datum)  # from the datum, over the covariate from its centre
        design = factor.T @ stats.curvature @ factor
        away = stats.gradient @ factor + np.einsum("kij,kj->ki", design, line)
        rows, x, xx = design[:, 0, 0], design[:, 0, 1], design[:, 1, 1]
        y, xy = away.T
        yy = stats.own[0] + 2 * ((stats.gradient @ factor) * line).sum(axis=1) + np.einsum("kij,ki,kj->k", design, line, line)
        datum = self.layout.datum
        xy = xy + centre * y + datum * (x + centre * rows)
        yy = yy + datum * (2 * y + datum * rows)
        return LineSums(rows, x + centre * rows, y + datum * rows, xx + centre * (2 * x + centre * rows), xy, yy)


def _times(one: Given, other: Given) -> Product:
    return Product(((one.name, one), (other.name, other)))


def _keeps_digits(whole: Expression, *taken: Expression) -> bool:
    """Whether what is left of the whole is no small part of any of the terms."""
    terms = [float(each.value({})) for each in (whole, *taken)]
    return abs(terms[0] - sum(terms[1:])) > LOST * max(map(abs, terms))
