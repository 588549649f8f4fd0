"""What is expected of cells that were not seen, for each pattern of gaps and each component; and sums completed by it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def _places(seen: Any, there: Any, gone: Any) -> tuple[int, int]:
    """The columns that were `seen` (d,) and those that were not, in order, and how many there are of each."""
    m = r = 0
    for j in range(len(seen)):
        if seen[j]:
            there[m] = j
            m += 1
        else:
            gone[r] = j
            r += 1
    return m, r


@njit(nogil=True, cache=True, error_model="numpy")
def _invert(matrix: Any, m: int, inverse: Any) -> float:
    """The `inverse` of a definite matrix (m, m), of which the lower triangle becomes its factor; returns log-determinant.

    NaN if it is singular.
    """
    total = 0.0
    for j in range(m):
        for i in range(j, m):
            value = matrix[i, j]
            for h in range(j):
                value -= matrix[i, h] * matrix[j, h]
            if i == j:
                if not value > 0.0:
                    return np.nan
                total += np.log(value)
                matrix[j, j] = np.sqrt(value)
            else:
                matrix[i, j] = value / matrix[j, j]
    for j in range(m):  # the inverse of the factor, in the lower triangle of `inverse`
        inverse[j, j] = 1.0 / matrix[j, j]
        for i in range(j + 1, m):
            value = 0.0
            for h in range(j, i):
                value -= matrix[i, h] * inverse[h, j]
            inverse[i, j] = value / matrix[i, i]
    for j in range(m):
        for i in range(j + 1):
            value = 0.0
            for h in range(j, m):
                value += inverse[h, j] * inverse[h, i]
            matrix[j, i] = value
    for j in range(m):
        for i in range(j + 1):
            inverse[i, j] = inverse[j, i] = matrix[j, i]
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def regress(covariances: Any, centred: Any, seen: Any, coefficients: Any, onto: Any, rest: Any) -> bool:
    """For covariances (K, d, d) about `centred` (K, d), and patterns of cells `seen` (P, d): False if one is singular.

    `coefficients` (K, P, F) of the features 1, z_j, z_a z_b (b <= a) of the log-density of the cells seen, but for the constant
    (log 2 pi and units); `onto` (K, P, d, d): rows of cells not seen, columns of those seen; `rest` (K, P, d, d).
    """
    d = seen.shape[1]
    there, gone = np.empty(d, np.int64), np.empty(d, np.int64)
    block, inverse = np.empty((d, d)), np.empty((d, d))
    for k in range(len(covariances)):
        c, centre = covariances[k], centred[k]
        for p in range(len(seen)):
            m, r = _places(seen[p], there, gone)
            for a in range(m):
                for b in range(a + 1):
                    block[a, b] = c[there[a], there[b]]
            log_determinant = _invert(block, m, inverse)
            if not np.isfinite(log_determinant):
                return False
            own, square = coefficients[k, p], log_determinant
            own[:] = 0.0
            for a in range(m):
                i, along = there[a], 0.0
                for b in range(m):
                    along += inverse[a, b] * centre[there[b]]
                    if b <= a:
                        j = there[b]
                        own[1 + d + i * (i + 1) // 2 + j] = -inverse[a, b] if b < a else -0.5 * inverse[a, b]
                own[1 + i] = along
                square += along * centre[i]
            own[0] = -0.5 * square
            for a in range(r):
                i = gone[a]
                for b in range(m):
                    value = 0.0
                    for e in range(m):
                        value += c[i, there[e]] * inverse[e, b]
                    onto[k, p, i, there[b]] = value
                for b in range(a + 1):
                    value = c[i, gone[b]]
                    for e in range(m):
                        value -= onto[k, p, i, there[e]] * c[gone[b], there[e]]
                    rest[k, p, i, gone[b]] = rest[k, p, gone[b], i] = value
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def complete(sums: Any, centred: Any, seen: Any, onto: Any, rest: Any, shift: Any, scatter: Any) -> None:
    """Add expected deviations from the means to `shift` (K, d), their squares and products to `scatter` (K, d, d).

    `sums` (K, 1 + P F) of features, `centred` (K, d): the means in these.
    """
    d = seen.shape[1]
    features = 1 + d + d * (d + 1) // 2
    there, gone = np.empty(d, np.int64), np.empty(d, np.int64)
    first, second, half = np.empty(d), np.empty((d, d)), np.empty((d, d))
    for k in range(len(sums)):
        centre, total, moved = centred[k], scatter[k], shift[k]
        for p in range(len(seen)):
            given = sums[k, 1 + p * features : 1 + (p + 1) * features]
            mass = given[0]
            if mass == 0.0:
                continue
            m, r = _places(seen[p], there, gone)
            for a in range(m):
                i = there[a]
                first[a] = given[1 + i] - mass * centre[i]
                moved[i] += first[a]
                for b in range(a + 1):
                    j = there[b]
                    value = given[1 + d + i * (i + 1) // 2 + j] - centre[i] * given[1 + j] - centre[j] * first[a]
                    second[a, b] = second[b, a] = value
                    total[i, j] += value
            for a in range(r):
                i, line = gone[a], onto[k, p, gone[a]]
                for b in range(m):
                    moved[i] += line[there[b]] * first[b]
                    value = 0.0
                    for e in range(m):
                        value += line[there[e]] * second[e, b]
                    half[a, b] = value
                    j = there[b]
                    if j <= i:
                        total[i, j] += value
                    else:
                        total[j, i] += value
                for b in range(a + 1):
                    value = mass * rest[k, p, i, gone[b]]
                    for e in range(m):
                        value += half[a, e] * onto[k, p, gone[b], there[e]]
                    total[i, gone[b]] += value
        for i in range(d):
            for j in range(i):
                total[j, i] = total[i, j]
