"""Independent columns of failures before the first success."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Probability
from emkit.data.profile import AnyProfile
from emkit.families.by_column import IndependentColumns
from emkit.families.description import CELL, ROWS, Columns, Word
from emkit.families.family import ExponentialFamily, Totals, keep_where_empty, repeat, safe_log, slope_of_log
from emkit.families.support import Support, counts
from emkit.formulas.expressions import ONE, Less, Power, Product, Quotient, Ref, Sum

__all__ = ["Geometric", "GeometricParams"]

CHANCE = Ref("p")


@dataclass(frozen=True, eq=False)
class GeometricParams(Parameters):
    """`chances` (K, d): the chance of success at each try.

    The mean number of failures before a success at a chance of 0.2:

    >>> import emkit as ek
    >>> chances = ek.GeometricParams([[0.2]]).chances
    >>> ((1 - chances) / chances).tolist()
    [[4.0]]
    """

    chances: Annotated[Array, Probability(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, chances: ArrayLike) -> None: ...


@dataclass(frozen=True)
class Geometric(IndependentColumns[GeometricParams, Totals], ExponentialFamily[GeometricParams]):
    """Independent geometric columns: log p(x|k) = sum_j log p_kj + x_j log(1 - p_kj).

    Data: x (n, d) of failures before the first success, whole numbers >= 0.

    Failures before a success, 3 to each on average: a chance of 1 / (1 + 3).

    >>> import emkit as ek
    >>> ek.MixtureModel(ek.Geometric(), 1).fit([0, 2, 7, 3]).result_.params.components.chances.tolist()
    [[0.25]]
    """

    @property
    def name(self) -> str:
        return "geometric"

    @property
    def support(self) -> Support:
        return counts("geometric counts")

    @property
    def described(self) -> Columns:
        return Columns(
            {"chances": Word("chance", "p", 0.3)},
            data="columns of failures before the first success, 0, 1, 2 ...",
            field="chances",
            parameter=CHANCE.name,
            factors=Product((("p", CHANCE), ("(1 - p)^x", Power(Less(ONE, CHANCE), CELL)))),
            update=Quotient(ROWS, Sum((ROWS, Ref("total")))),
            everyone="all tries",
            counted=True,
            title="Geometric columns: the chance of success at each try",
            story="A row {row} of component {k} counts the failures before the first success; a try succeeds with probability "
            "{parameter}.",
            meaning="The expected number of rows of component {k}, one success each, divided by its expected number of tries.",
        )

    def natural(self, params: GeometricParams) -> Array:
        p = params.chances
        return np.column_stack([safe_log(p).sum(axis=1), safe_log(1 - p)])

    def slopes(self, sums: Array, params: GeometricParams) -> Slopes:
        p = params.chances
        return {"chances": slope_of_log(sums[:, :1], p) - slope_of_log(sums[:, 1:], 1 - p)}

    def log_base(self, x: Array) -> Array:
        return np.zeros(len(x))

    def updates(self) -> Mapping[str, Update[Totals, GeometricParams]]:
        return {"chances": self._chances}

    def _chances(self, stats: Totals, before: GeometricParams, now: GeometricParams) -> Array:
        """Expected successes / expected tries.

        Shapes: sums (K, 1 + d) -> (K, d).
        Source: set d/dp [mass log p + total log(1 - p)] = 0.
        """
        mass, total = stats.mass[:, None], stats.sums[:, 1:]
        with np.errstate(invalid="ignore"):
            return keep_where_empty(mass / (mass + total), before.chances, stats.mass)

    def pooled(self, profile: AnyProfile, n_components: int) -> GeometricParams:
        return GeometricParams(repeat(1 / (1 + profile.average(lambda x: x)), n_components))

    def draw(self, params: GeometricParams, rng: np.random.Generator, components: Integers) -> Array:
        return (rng.geometric(params.chances[components]) - 1).astype(np.float64)
