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


def arma(order: int = 1, averages: int = 0, *, mean: bool = True, noise: float | None = 0.0) -> StateSpace:
    """y_t - mean = phi_1 (y_t-1 - mean) + ... + u_t + theta_1 u_t-1 + ..., an ARMA(p, q) of one column.

    In Hamilton's form: an autoregression of `order` p has the mean 0 and begins as it is in the long run, the states are its
    last values, and y_t sees `averages` q of them besides the newest. `transition[0]` has the phi, `observation[0]` 1 and the
    theta, `state_noise` the variance of u. `noise`: the variance of errors that values are seen with: 0 for none, None to
    estimate it, which takes a q less than p: else data do not tell it from the theta.
    The likelihood is the exact one, of R's `arima(order = c(p, 0, q))`. Without errors EM moves no theta, and runs climb the
    likelihood itself once all else has come to rest. Of theta that fit alike, a converged run tells those that can be inverted.
    Errors: ModelError for numbers that cannot be.
    Source: Hamilton (1994), Time Series Analysis, section 13.1.

    >>> import emkit as ek
    >>> ek.arma(1, 1).layout.observation.tolist()
    [[1.0, nan, 1.0]]
    >>> rows = ek.ArraySource(
    ...     [[5.1], [5.6], [4.9], [4.2], [4.6], [5.1], [5.9], [5.2], [4.9], [4.1], [4.9], [5.5], [5.6], [4.7]]
    ... )
    >>> model = ek.arma(1, 1)
    >>> found = ek.fit(model, rows, model.start(rows.profile), solver="anderson").params
    >>> found.transition[0, 0].round(3).item(), found.observation[0, 1].round(3).item()
    (-0.024, 0.419)
    """
    check_count("order", order, ModelError, 0)
    check_count("averages", averages, ModelError, 0)
    p, q = int(order), int(averages)
    if not p + q:
        raise ModelError("order and averages are 0, so that nothing moves; take one of them above 0.")
    if noise is None and q >= p:
        raise ModelError(
            f"averages is {q} and order {p}, with errors whose variance is estimated; averages must be less. Seen with errors, "
            f"an autoregression of order {p} has a moving average of order {p} as it is, so data do not tell {q} coefficients "
            "and that variance apart. Take noise=0, or fewer averages."
        )
    states = max(p, q + 1)
    coefficients = np.where(np.arange(states) < p, np.nan, 0.0)
    seen = np.where(np.arange(states) <= q, np.nan, 0.0)
    seen[0] = 1.0
    return _with_mean(companion(coefficients), seen[None], mean, noise)


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
