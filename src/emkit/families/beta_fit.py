"""The mean and precision of a beta distribution that fit best, to full precision however large the precision is."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array, Mask
from emkit.families.gamma_shape import log_less_digamma, log_less_gammaln, slope_of_log_less_digamma

STEPS = 100  # about six are the rule
HALVINGS = 60
SETTLED = 1e-14  # in log-odds of the mean and in the logarithm of the precision
CLOSE = 1e-13  # heights, relative to 1 + their size, that rounding may confuse
LARGEST_STEP = 3.0


def height(mean: Array, precision: Array, away: Array) -> Array:
    """The mean log-density, less what no parameter touches, of rows that lie `away` from the mean: see `away_from`."""
    a, b = precision * mean, precision * (1 - mean)
    return log_less_gammaln(a) + log_less_gammaln(b) - log_less_gammaln(precision) - precision * away


def away_from(mean: Array, rows: Array, below: Array, above: Array) -> Array:
    """How far rows lie from `mean`: the mean of m log(m / x) + (1 - m) log((1 - m) / (1 - x)) >= 0.

    `rows` is the mean of the rows, `below` log(rows) less the mean of log x, `above` log(1 - rows) less that of log(1 - x).
    """
    move = (mean - rows) / rows
    other = (rows - mean) / (1 - rows)
    return mean * (np.log1p(move) + below) + (1 - mean) * (np.log1p(other) + above)


def best(rows: Array, below: Array, above: Array, precision: Array | None = None) -> tuple[Array, Array]:
    """The mean and precision with the greatest `height`; the mean alone, if the precision is given.

    All of one shape. Fisher's scoring in the log-odds of the mean and the logarithm of the precision, where the information is
    nearly diagonal; since the height is concave along the natural parameters a and b, there is one maximum, and a step that is
    halved until it does not fall leads there from anywhere.
    Source: set d/da and d/db [log Gamma(a + b) - log Gamma(a) - log Gamma(b) + a mean(log x) + b mean(log(1 - x))] = 0.
    """
    free = precision is None
    spread = rows * below + (1 - rows) * above
    now = np.stack([scipy.special.logit(rows), np.log(0.75 / spread if precision is None else precision)])
    value = _height(now, rows, below, above)
    for _ in range(STEPS):
        step = np.clip(_step(now, rows, below, above, free), -LARGEST_STEP, LARGEST_STEP)
        there, value = _no_lower(now, step, value, rows, below, above)
        moved = np.abs(there - now).max(initial=0.0)
        now = there
        if moved <= SETTLED:
            break
    return np.asarray(scipy.special.expit(now[0])), np.exp(now[1])


def _height(now: Array, rows: Array, below: Array, above: Array) -> Array:
    mean = np.asarray(scipy.special.expit(now[0]))
    return height(mean, np.exp(now[1]), away_from(mean, rows, below, above))


def _no_lower(
    now: Array, step: Array, value: Array, rows: Array, below: Array, above: Array
) -> tuple[Array, Array]:  # fmt: skip
    """As far along the step as the height does not fall, and the height there."""
    falls: Mask = np.ones(value.shape, dtype=bool)
    there, found = now, value
    for _ in range(HALVINGS):
        tried = now + step
        reached = _height(tried, rows, below, above)
        good = falls & (reached >= value - CLOSE * (1 + np.abs(value)))
        there, found = np.where(good, tried, there), np.where(good, reached, found)
        falls = falls & ~good
        if not falls.any():
            break
        step = step / 2
    return there, found


def _step(now: Array, rows: Array, below: Array, above: Array, free: bool) -> Array:
    """The step (2, ...) to where both slopes would be 0 if the information were the same everywhere."""
    mean, precision = np.asarray(scipy.special.expit(now[0])), np.exp(now[1])
    other = np.asarray(scipy.special.expit(-now[0]))
    a, b = precision * mean, precision * other
    of_mean = (now[0] - scipy.special.logit(rows)) - log_less_digamma(a) + log_less_digamma(b) + below - above
    bend_a, bend_b = a * slope_of_log_less_digamma(a), b * slope_of_log_less_digamma(b)
    across = bend_b - bend_a
    along = 1 - other * bend_a - mean * bend_b
    if not free:
        return np.stack([-of_mean / along, np.zeros_like(along)])
    both = log_less_digamma(precision) - mean * log_less_digamma(a) - other * log_less_digamma(b)
    of_precision = both + away_from(mean, rows, below, above)
    down = precision * slope_of_log_less_digamma(precision) - mean * bend_a - other * bend_b
    determinant = along * down - mean * other * across**2
    return np.stack(
        [
            (across * of_precision - down * of_mean) / determinant,
            (mean * other * across * of_mean - along * of_precision) / determinant,
        ]
    )
