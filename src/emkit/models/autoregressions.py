"""Autoregressions and moving averages of one column, as state spaces."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.errors import ModelError
from emkit.models.state_space import StateSpace


def autoregression(order: int = 1, *, mean: bool = True, noise: float | None = 0.0) -> StateSpace:
    """y_t - mean = phi_1 (y_t-1 - mean) + ... + phi_p (y_t-p - mean) + u_t, of one column, seen as it is or with an error.

    The states are the last `order` values less the mean, which begin as they are in the long run, and, with `mean`, the mean:
    a last state that stays, `start_mean[-1]`. The first row of `transition` has the coefficients. `noise`: the variance of
    errors that values are seen with: 0 for none, None to estimate it.
    The likelihood is the exact one, of R's `arima(order = c(p, 0, 0))`.
    Source: Hamilton (1994), Time Series Analysis, section 13.1.

    >>> import emkit as ek
    >>> rows = ek.ArraySource([[5.1], [5.6], [4.9], [4.2], [4.6], [5.4], [5.9], [5.2], [4.4], [4.1], [4.9], [5.5]])
    >>> model = ek.autoregression(2)
    >>> found = ek.fit(model, rows, model.start(rows.profile), solver="anderson").params
    >>> found.transition[0, :2].round(3).tolist(), round(float(found.start_mean[-1]), 3)
    ([0.68, -0.911], 4.933)
    """
    check_count("order", order, ModelError)
    return _with_mean(companion(np.full(int(order), np.nan)), np.eye(1, int(order)), mean, noise)


def arma(order: int = 1, averages: int = 0, *, mean: bool = True, noise: float | None = None) -> StateSpace:
    """An autoregressive moving average of one column that is seen with errors: y_t = mean + u_t + theta_1 u_t-1 + ... + e_t.

    u is an autoregression of `order` p with the mean 0, of which the states are the last p values, and y_t sees `averages` q
    of them besides the newest: an ARMA(p, q) in Hamilton's form. `transition[0]` has the phi, `observation[0]` 1 and the theta.
    The variance of the errors e is estimated, and q is less than p: elsewhere EM cannot move the theta, or data do not tell
    them from it.
    Errors: ModelError there, with what can be done.
    Source: Hamilton (1994), Time Series Analysis, section 13.1.

    >>> import emkit as ek
    >>> ek.arma(2, 1).layout.observation.tolist()
    [[1.0, nan, 1.0]]
    """
    check_count("order", order, ModelError)
    check_count("averages", averages, ModelError, 0)
    p, q = int(order), int(averages)
    if q >= p:
        raise ModelError(
            f"averages is {q} and order {p}; averages must be less. Seen with errors, an autoregression of order {p} has a "
            f"moving average of order {p} as it is, so data do not tell {q} coefficients and the variance of errors apart. "
            "Take a higher order, which comes near; or, where errors of what is seen are what is meant, "
            f"ek.autoregression({p}, noise=None), an ARMA of these orders whose moving average damps the autoregression."
        )
    if q and noise is not None:
        raise ModelError(
            f"noise is {noise!r}; with {q} moving average{'s' * (q > 1)} it must be estimated (None): where values are seen "
            "without errors EM moves no entry of observation. Or take ek.autoregression of a higher order, which comes near."
        )
    seen = np.concatenate([[1.0], np.full(q, np.nan), np.zeros(p - q - 1)])
    return _with_mean(companion(np.full(p, np.nan)), seen[None], mean, noise)


def companion(coefficients: Array) -> Array:
    """How the last k values of a column move on (k, k): the newest by these coefficients (k,), the others by one place."""
    k = len(coefficients)
    return np.vstack([coefficients, np.eye(k)[:-1]]) if k else np.empty((0, 0))


def with_lags(name: str, k: int) -> list[str]:
    """Names of the last k values of what is called so."""
    return [f"{name} lag {lag}" if lag else name for lag in range(k)]


def given_noise(noise: float | None) -> list[float] | None:
    """The variance of the errors of one column, if it is given. Errors: ModelError."""
    if noise is None:
        return None
    try:
        found = float(noise)
    except (TypeError, ValueError):
        found = np.nan
    if not 0 <= found < np.inf:
        raise ModelError(f"noise is {noise!r}; it is a variance, 0 or more, or None to estimate it.")
    return [found]


def _with_mean(moves: Array, seen: Array, mean: bool, noise: float | None) -> StateSpace:
    """Values that move on and are seen so, and a mean that stays."""
    k, more = len(moves), int(bool(mean))
    transition = np.eye(k + more)
    transition[:k, :k] = moves
    return StateSpace(
        transition, np.hstack([seen, np.ones((1, more))]), noise=given_noise(noise), selection=np.eye(k + more)[:, :1],
        start_mean=[0.0] * k + [np.nan] * more, start_covariance=np.zeros(k + more), stationary=range(k),
        states=[*with_lags("AR", k), "mean"][: k + more],
    )  # fmt: skip
