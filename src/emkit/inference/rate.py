"""How fast EM converges, which is how much information is missing."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.inference.differences import jacobian

P = TypeVar("P", bound=Parameters)


def em_rate_matrix(em: EMMap[P], params: P) -> Array:
    """The derivative of the EM map at `params` in unconstrained coordinates, shape (p, p).

    Coordinates on a boundary are left out. The eigenvalues do not depend on the coordinates.
    Source: Dempster, Laird & Rubin (1977), theorem 4.
    """
    there = em.coordinates.pack(params)
    moving = np.isfinite(there) & ~em.coordinates.at_edge(there)

    def update(point: Array) -> Array:
        full = there.copy()
        full[moving] = point
        return em.coordinates.pack(em(em.coordinates.unpack(full, params)).update)[moving]

    return jacobian(update, there[moving], np.full(int(moving.sum()), 1e-2))


def missing_information(em: EMMap[P], params: P) -> Array:
    """Fractions of missing information: the eigenvalues of the rate matrix, largest first.

    The largest is EM's linear rate of convergence: 0 is one step, 1 is a direction the data say nothing about.
    """
    return np.sort(np.linalg.eigvals(em_rate_matrix(em, params)).real)[::-1]
