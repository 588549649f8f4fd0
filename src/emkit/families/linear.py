"""Log-densities that are linear in features near given parameters: what the compiled E-step needs to know of a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.latest import Latest
from emkit.data.source import Chunk

S = TypeVar("S")


@dataclass(frozen=True)
class LinearForm(Generic[S]):
    """log p(x_i | k) = features(x_i) . coefficients_k + base(x_i), with what is needed to sum it over a chunk.

    Feature f of a row is the product of two of its base rows, `pairs` (F, 2); base row 0 is 1, and so is feature 0.
    `coefficients` (K, F). `fill(x, out)` writes the base rows of x (n, d) into tiles `out` (B, R, T), zeros in the padding.
    `constant(chunk)` is the weighted sum of base(x_i). `statistics(sums, chunk)` turns weighted feature sums (K, F) of a
    chunk into the family's statistics.
    """

    coefficients: Array
    pairs: Integers
    fill: Callable[[Array, Array], None]
    constant: Callable[[Chunk], float]
    statistics: Callable[[Array, Chunk], S]


def _linear_form(family: Any, params: Any) -> LinearForm[Any] | None:
    form: LinearForm[Any] | None = family.linear(params)
    return form


linear_form = Latest(_linear_form)  # worked out once for each set of parameters, however many chunks ask


def single(n_features: int) -> Integers:
    """The `pairs` of features that are base rows themselves."""
    return np.stack([np.zeros(n_features, dtype=np.int64), np.arange(n_features)], axis=1)


def fill_from(features: Callable[[Array], Array]) -> Callable[[Array, Array], None]:
    """A `fill` for features given row by row, (n, d) -> (n, F)."""

    def fill(x: Array, out: Array) -> None:
        table = features(x)
        tiles, _, rows = out.shape
        whole = len(table) // rows
        out[:whole] = table[: whole * rows].reshape(whole, rows, -1).swapaxes(1, 2)
        if whole < tiles:
            rest = table[whole * rows :]
            out[whole:] = 0.0
            out[whole, :, : len(rest)] = rest.T

    return fill
