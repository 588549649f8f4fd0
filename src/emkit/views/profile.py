"""The highest log-likelihood with two entries held: a profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.errors import DegenerateFitError, ParameterError
from emkit.views.entries import with_entries

FTOL = 1e-10
IMPOSSIBLE = 1e10  # minus the log-likelihood where there is none: finite, so that a search can turn back


def log_likelihood_at(em: EMMap[Parameters], theta: Parameters | None) -> float:
    """The log-likelihood at `theta`; NaN if there is none."""
    if theta is None:
        return float("nan")
    try:
        value = float(em.expectation(theta).log_likelihood)
    except (ParameterError, DegenerateFitError):
        return float("nan")
    return value if abs(value) < 1e250 else float("nan")


@dataclass(frozen=True)
class Profile:
    """The profile of `em` over the two entries `chosen`, whose maximum is `best`.

    All free coordinates are searched, and the two entries put to their values afterwards. That is more coordinates than
    needed, but asks nothing of the spaces that the entries live in.
    """

    em: EMMap[Parameters]
    best: Parameters
    chosen: tuple[str, str]

    def over(self, x: Array, y: Array) -> Array:
        """The profile on a grid, (len(y), len(x)).

        Each point is searched from where its neighbour ended and from the maximum, by quasi-Newton steps. Their matrices are
        tiny, and waking BLAS threads for them would cost many times the work.
        """
        import scipy.optimize  # noqa: F401 - its BLAS must be there before it can be held to one thread
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            return self._over(x, y)

    def _over(self, x: Array, y: Array) -> Array:
        found = np.full((len(y), len(x)), np.nan)
        centre = self.em.coordinates.pack(self.best)
        centre = centre[np.isfinite(centre)]
        neighbour = centre
        for i, j in _serpentine(len(y), len(x)):
            value, neighbour = min((self._search(first, x[j], y[i]) for first in (neighbour, centre)), key=lambda pair: pair[0])
            found[i, j] = -value if value < IMPOSSIBLE / 2 else np.nan
        return found

    def _search(self, first: Array, a: float, b: float) -> tuple[float, Array]:
        from scipy.optimize import minimize

        result = minimize(lambda point: self._depth(point, a, b), first, method="L-BFGS-B", options={"ftol": FTOL})
        return float(result.fun), np.asarray(result.x)

    def _depth(self, point: Array, a: float, b: float) -> float:
        full = self.em.coordinates.pack(self.best)
        full[np.isfinite(full)] = point
        try:
            theta = with_entries(self.em.coordinates.unpack(full, self.best), {self.chosen[0]: a, self.chosen[1]: b})
        except ParameterError:
            return IMPOSSIBLE
        value = log_likelihood_at(self.em, theta)
        return -value if np.isfinite(value) else IMPOSSIBLE


def _serpentine(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Every place of a grid, each next to the one before."""
    for i in range(rows):
        yield from ((i, j) for j in (range(columns) if i % 2 == 0 else range(columns - 1, -1, -1)))
