"""State spaces that are often asked for: levels, trends and seasons of a column, and factors that move."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.errors import ModelError
from emkit.models.autoregressions import companion, given_noise, with_lags
from emkit.models.state_space import StateSpace


def local_level(seasons: int = 0, autoregression: int = 0, noise: float | None = None) -> StateSpace:
    """A level that takes a random step from row to row, seen with an error; with `seasons`, these besides.

    The states are the level and, if there are `seasons` in a year, the effects of the last ones but one, which sum to 0 over a
    year but for a shock. Nothing is known of where these begin. Behind them stands, if asked for, an `autoregression` of that
    order, which begins as it is in the long run. Shocks are those of the level, of the season and of the autoregression.
    `noise`: the variance of errors, None to estimate it; with 0, what is left of a level is the autoregression alone.
    Source: Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, sections 2.3 and 4.1.

    >>> import emkit as ek
    >>> ek.local_level(seasons=4).layout.transition.astype(int).tolist()
    [[1, 0, 0, 0], [0, -1, -1, -1], [0, 1, 0, 0], [0, 0, 1, 0]]
    >>> ek.local_level(autoregression=2).layout.transition.tolist()
    [[1.0, 0.0, 0.0], [0.0, nan, nan], [0.0, 1.0, 0.0]]
    """
    return _structural(np.ones((1, 1)), seasons, autoregression, noise)


def local_linear_trend(seasons: int = 0, autoregression: int = 0, noise: float | None = None) -> StateSpace:
    """A level with a slope, both of which take random steps; with `seasons` and more besides, as in `local_level`.

    The states are the level, the slope, the seasons and the autoregression; shocks are those of level, slope, season and
    autoregression. A slope with shocks of variance 0 is the same throughout; a level with such is a smooth trend.

    >>> import emkit as ek
    >>> ek.local_linear_trend().layout.transition.astype(int).tolist()
    [[1, 1], [0, 1]]
    """
    return _structural(np.array([[1.0, 1.0], [0.0, 1.0]]), seasons, autoregression, noise)


def dynamic_factor(columns: int, n_factors: int = 1) -> StateSpace:
    """Columns that hang together by factors which depend on those of the row before, and have a mean and an error each.

    The states are the factors, with shocks of variance 1, and a last one that is 1, whose loadings are the means of columns. Of
    the first columns, each has a loading on no factor behind its own number, so that factors cannot be turned; they can be
    reflected. The first factors of a series are independent, with mean 0 and variance 1.
    Errors: ModelError if there are more factors than columns.
    Source: Geweke (1977), The dynamic factor analysis of economic time series.

    >>> import emkit as ek
    >>> ek.dynamic_factor(3, 2).layout.observation.tolist()
    [[nan, 0.0, nan], [nan, nan, nan], [nan, nan, nan]]
    """
    check_count("columns", columns, ModelError)
    check_count("n_factors", n_factors, ModelError, most=int(columns))
    d, m = int(columns), int(n_factors)
    transition = scipy.linalg.block_diag(np.full((m, m), np.nan), 1.0)
    loadings = np.where(np.triu(np.ones((d, m), dtype=bool), 1), 0.0, np.nan)
    return StateSpace(
        transition, np.column_stack([loadings, np.full(d, np.nan)]), state_noise=np.ones(m), selection=np.eye(m + 1)[:, :m],
        start_mean=np.eye(m + 1)[m], start_covariance=[1.0] * m + [0.0],
        states=[*(f"factor {k + 1}" for k in range(m)), "constant"],
    )  # fmt: skip


def _structural(trend: Array, seasons: int, autoregression: int, noise: float | None) -> StateSpace:
    """A trend of a column that is its first state, with its seasons and an autoregression."""
    check_count("seasons", seasons, ModelError, 0)
    check_count("autoregression", autoregression, ModelError, 0)
    if seasons == 1:
        raise ModelError("seasons is 1; give the number of rows in a year, 2 or more, or 0 for no seasons.")
    year = companion(-np.ones(int(seasons) - 1)) if seasons else np.empty((0, 0))
    parts = [part for part in (year, companion(np.full(int(autoregression), np.nan))) if len(part)]
    firsts = np.cumsum([0, len(trend), *map(len, parts)])[: 1 + len(parts)]
    transition = scipy.linalg.block_diag(trend, *parts)
    m = len(transition)
    seen = np.eye(m)[[0, *firsts[1:]]].sum(axis=0, keepdims=True)
    moved = [*range(len(trend)), *firsts[1:]]
    stationary = range(m - int(autoregression), m)
    start = np.where(np.isin(np.arange(m), stationary), 0.0, np.inf)
    names = [*("level", "slope")[: len(trend)], *with_lags("season", int(seasons) - 1)]
    return StateSpace(
        transition, seen, noise=given_noise(noise), selection=np.eye(m)[:, moved], start_covariance=start,
        stationary=stationary, states=[*names, *with_lags("AR", int(autoregression))],
    )  # fmt: skip
