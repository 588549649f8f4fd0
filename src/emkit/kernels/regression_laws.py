"""Laws of a response on tiles of rows: scores, slopes and curvatures at linear predictors, without branches.

Each turns the predictors in `scores` (K, T) into log-densities, up to what no parameter enters and a constant of each
component, and puts the derivatives along the predictors into `slopes` and, with the sign changed, `curvatures` (K, T). Laws
that add up more put that into an array (K, T) of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.elementary import exp, log_of_normal

LARGEST = 300.0  # of a predictor inside exp(), as in `families/regression/regression.py`
LOG_OF_ZERO = -1e300
NEAR = 0.1  # up to here the series of artanh is exact to rounding
A3, A5, A7, A9 = 1 / 3, 1 / 5, 1 / 7, 1 / 9
A11, A13, A15, A17 = 1 / 11, 1 / 13, 1 / 15, 1 / 17


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def _possible(score: float) -> float:
    """A score, and that of an impossible row where it is lower or no number."""
    return score if score > LOG_OF_ZERO else LOG_OF_ZERO


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def _beyond(v: float) -> float:
    """(artanh v - v) / v for |v| < NEAR."""
    s = v * v
    return s * (A3 + s * (A5 + s * (A7 + s * (A9 + s * (A11 + s * (A13 + s * (A15 + s * A17)))))))


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def _log_of_sum(e: float) -> float:
    """log(1 + e) for 0 <= e <= 1."""
    w = 1.0 + e
    return log_of_normal(w) - ((w - 1.0) - e) / w


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def poisson(y: Any, scores: Any, slopes: Any, curvatures: Any) -> None:
    """Counts `y` (T,) of mean exp(predictor): less half the deviance, as `families/counts.py` has it."""
    rows = len(y)
    log_y = np.empty(rows)
    for i in range(rows):
        log_y[i] = log_of_normal(max(y[i], 1.0))
    for k in range(len(scores)):
        eta, gap, mean = scores[k], slopes[k], curvatures[k]
        for i in range(rows):  # a loop over as few arrays as can be: over many, the compiler makes no vector instructions
            eta[i] = min(eta[i], LARGEST)
            mean[i] = exp(eta[i])
        for i in range(rows):
            gap[i] = y[i] - mean[i]
        for i in range(rows):
            v = gap[i] / (y[i] + mean[i])
            near = v * (gap[i] + 2.0 * y[i] * _beyond(v))
            far = y[i] * (log_y[i] - eta[i]) - gap[i]
            far = far if mean[i] > 0.0 or y[i] == 0.0 else -LOG_OF_ZERO
            eta[i] = _possible(-(near if abs(v) < NEAR else far))


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def binomial(y: Any, trials: Any, scores: Any, slopes: Any, curvatures: Any) -> None:
    """Successes `y` (T,) in `trials` (T,) of a chance whose log-odds are the predictor."""
    for k in range(len(scores)):
        for i in range(len(y)):
            eta, failures = scores[k, i], trials[i] - y[i]
            e = exp(-abs(eta))
            log_w, part = _log_of_sum(e), 1.0 / (1.0 + e)
            likely, unlikely = part, e * part
            up = likely if eta >= 0.0 else unlikely
            down = unlikely if eta >= 0.0 else likely
            scores[k, i] = _possible(y[i] * (min(eta, 0.0) - log_w) + failures * (min(-eta, 0.0) - log_w))
            slopes[k, i] = y[i] * down - failures * up
            curvatures[k, i] = trials[i] * up * down


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def gamma(y: Any, shapes: Any, scores: Any, slopes: Any, curvatures: Any, beyond: Any) -> None:
    """Amounts `y` (T,) of mean m = exp(predictor): -shape `beyond`, which is u - log(1 + u) for u = y / m - 1."""
    rows = len(y)
    log_y = np.empty(rows)
    for i in range(rows):
        log_y[i] = log_of_normal(y[i]) if y[i] > 0.0 else 0.0
    for k in range(len(scores)):
        for i in range(rows):
            eta = max(min(scores[k, i], LARGEST), -LARGEST)
            mean = exp(eta)
            gap = y[i] - mean
            u, v = gap / mean, gap / (y[i] + mean)
            near = v * (u - 2.0 * _beyond(v))
            excess = near if abs(v) < NEAR else u - (log_y[i] - eta)
            scores[k, i] = _possible(-shapes[k] * excess)
            slopes[k, i] = u
            curvatures[k, i] = y[i] / mean
            beyond[k, i] = excess
