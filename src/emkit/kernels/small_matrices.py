"""Matrices of a few rows and columns, for compiled loops that go over them one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

STILL = 2e-15  # of its unit, by which an entry of a covariance may differ from row to row: a few roundings


@njit(nogil=True, cache=True, error_model="numpy")
def product(a: Any, b: Any, out: Any) -> None:
    """The product (n, p) of two matrices into `out`, (n, k) and (k, p)."""
    for i in range(len(out)):
        for j in range(out.shape[1]):
            total = 0.0
            for k in range(len(b)):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@njit(nogil=True, cache=True, error_model="numpy")
def put(a: Any, factor: float, out: Any) -> None:
    """Put a matrix into `out`, to what was there times `factor`."""
    for i in range(len(a)):
        for j in range(a.shape[1]):
            out[i, j] = factor * out[i, j] + a[i, j] if factor != 0.0 else a[i, j]


@njit(nogil=True, cache=True, error_model="numpy")
def transposed(a: Any) -> Any:
    """The transpose of a matrix, in rows of its own."""
    out = np.empty((a.shape[1], len(a)))
    for i in range(len(a)):
        for j in range(a.shape[1]):
            out[j, i] = a[i, j]
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def close(a: Any, b: Any) -> bool:
    """Whether two covariances (m, m) are the same, but for rounding."""
    for i in range(len(a)):
        for j in range(i + 1):
            if not abs(a[i, j] - b[i, j]) <= STILL * np.sqrt(abs(b[i, i] * b[j, j])):
                return False
    return True
