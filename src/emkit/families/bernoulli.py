"""Independent yes/no columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.families.successes import SuccessFamily, SuccessParams


@dataclass(frozen=True)
class Bernoulli(SuccessFamily):
    """Independent Bernoulli columns: log p(x|k) = sum_j x_j log p_kj + (1 - x_j) log(1 - p_kj).

    Data: x (n, d) of 0 and 1.
    """

    @property
    def name(self) -> str:
        return "bernoulli"

    def successes_and_failures(self, x: Array) -> tuple[Array, Array]:
        return x, 1 - x

    def log_base(self, x: Array) -> Array:
        return np.zeros(len(x))

    def check(self, source: ArraySource) -> None:
        source.refuse(lambda x: (x != 0) & (x != 1), "a Bernoulli column holds only 0 and 1.")

    def width(self, params: SuccessParams) -> int:
        return params.probabilities.shape[1]
