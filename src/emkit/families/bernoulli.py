"""Independent yes/no columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.families.affine import Affine
from emkit.families.description import Columns
from emkit.families.successes import SuccessFamily, SuccessParams
from emkit.families.support import Support, yes_or_no
from emkit.formulas.expressions import ONE, Less, Ref

__all__ = ["Bernoulli", "SuccessParams"]


@dataclass(frozen=True)
class Bernoulli(SuccessFamily):
    """Independent Bernoulli columns: log p(x|k) = sum_j x_j log p_kj + (1 - x_j) log(1 - p_kj).

    Data: x (n, d) of 0 and 1.

    Two questions, answered by four people: the shares of yes are 3/4 and 1/4.

    >>> import emkit as ek
    >>> found = ek.MixtureModel(ek.Bernoulli(), 1).fit([[1, 0], [1, 1], [1, 0], [0, 0]]).result_
    >>> found.params.components.probabilities.tolist()
    [[0.75, 0.25]]
    """

    @property
    def name(self) -> str:
        return "bernoulli"

    @property
    def support(self) -> Support:
        return yes_or_no()

    @property
    def described(self) -> Columns:
        coins = super().described
        heads, tails = coins.sides
        return replace(
            coins,
            data="columns of 0 and 1",
            sides=(replace(heads, letters=Ref("x")), replace(tails, letters=Less(ONE, Ref("x")))),
            title="Bernoulli columns: the chance of a 1",
            story="A row {row} of component {k} is 1 with probability {parameter} and 0 otherwise.",
            meaning="The expected number of ones of component {k}, divided by its expected number of rows.",
        )

    def successes_and_failures(self, x: Array) -> tuple[Array, Array]:
        return x, 1 - x

    def affine(self, features: int) -> Affine:
        columns, ones = features // 2, np.ones(features // 2)
        return Affine(np.tile(np.arange(columns), 2), np.concatenate([ones, -ones]), np.concatenate([0 * ones, ones]))

    def log_base(self, x: Array) -> Array:
        return np.zeros(len(x))

    def draw(self, params: SuccessParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.binomial(1, params.probabilities[components]).astype(np.float64)
