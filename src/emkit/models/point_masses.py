"""A distribution without a form: masses on a row of places, of each observation a stretch of which is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel, Update
from emkit.core.spaces import Simplex
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DataError
from emkit.families.family import safe_log, slope_of_log
from emkit.models.assignment import impossible_row

__all__ = ["PointMasses", "PointMassesParams", "innermost"]


@dataclass(frozen=True, eq=False)
class PointMassesParams(Parameters):
    """`masses` (m,): the probability of each place, which sum to 1."""

    masses: Annotated[Array, Simplex(), Axes("place")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, masses: ArrayLike) -> None: ...


class PointMasses(LatentModel[PointMassesParams, Array]):
    """Which place an observation comes from is known up to a stretch: log p(row) = log of the sum of its masses.

    Data: two columns (n, 2), the first place of the stretch and the one behind its last; or four (n, 4), then also those of a
    window, outside of which the row would not be there: less the log of the sum of masses in it. Statistics: the expected
    number of observations at each place, unseen ones included (for each row, a geometric number of those outside its window).
    A mixture of known components, of which only the proportions are estimated; its E-step and M-step together are the
    self-consistency of Turnbull (1976), J. R. Statist. Soc. B 38, 290-295.
    """

    def e_step(self, params: PointMassesParams, chunk: Chunk) -> Expectation[Array]:
        up_to = np.append(0.0, np.cumsum(params.masses))  # a stretch without any mass has none left, to the last bit
        log_likelihood, open_at = 0.0, np.zeros(len(params.masses))
        for sign, stretches in zip((1.0, -1.0), np.split(chunk.x, chunk.x.shape[1] // 2, axis=1), strict=False):
            first, last = stretches.T.astype(np.intp)
            probability = up_to[last] - up_to[first]
            if not (probability > 0).all():
                raise impossible_row()
            weights, behind = chunk.weights / probability, len(params.masses) + 1
            open_at += sign * np.cumsum(np.bincount(first, weights, behind) - np.bincount(last, weights, behind))[:-1]
            open_at += 0.0 if sign > 0 else weights.sum()  # what is outside a window, and was not seen
            log_likelihood += sign * float(chunk.weights @ np.log(probability))
        return Expectation(params.masses * np.maximum(open_at, 0.0), log_likelihood, chunk.total_weight)

    def check(self, params: PointMassesParams, profile: AnyProfile) -> None:
        if len(profile.columns) not in (2, 4) or profile.highest.max() > len(params.masses):
            raise DataError(f"the data are stretches of {len(params.masses)} places: the first, and the one behind the last.")

    def updates(self) -> Mapping[str, Update[Array, PointMassesParams]]:
        return {"masses": self._masses}

    def _masses(self, stats: Array, before: PointMassesParams, now: PointMassesParams) -> Array:
        """The expected share of each place.

        Shapes: (m,) -> (m,). Source: set d/dp [sum count log p] = a multiplier of the sum of p.
        """
        return stats / stats.sum()

    def expected(self, stats: Array, before: PointMassesParams, now: PointMassesParams) -> Expected:
        return Expected(float(stats @ safe_log(now.masses)), {"masses": slope_of_log(stats, now.masses)})


class Innermost(NamedTuple):
    """The ends (m,) of the intervals that can have mass, and the `stretches` (n, 2) of them that rows and windows hold.

    A stretch is the place where it begins, and the one behind where it ends.
    """

    lower: Array
    upper: Array
    stretches: Integers
    windows: Integers | None


def innermost(low: Array, high: Array, windows: Array | None = None) -> Innermost:
    """The innermost intervals of intervals (low, high], points where both are equal: the only ones that can have mass.

    Each begins where an interval begins and ends where one ends, and no other begins or ends in between. `windows` (n, 2) of
    the rows are the other way round: where one ends, mass may begin, and where one begins, it may end.
    Source: Peto (1973), Applied Statistics 22, 86-91; Frydman (1994), J. R. Statist. Soc. B 56, 71-74.
    """
    values = np.unique(np.concatenate([low, high, *([] if windows is None else windows.T)]))
    behind = np.where(low == high, 0, 2)  # a point begins at a value, others behind it
    starts, ends = 3 * np.searchsorted(values, low) + behind, 3 * np.searchsorted(values, high) + 1
    opens, closes = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if windows is not None:
        opens, closes = (3 * np.searchsorted(values, each) + more for each, more in zip(windows.T, (2, 1), strict=True))
    places = np.unique(np.concatenate([starts, ends, opens - 1, closes + 1]))
    inner = np.flatnonzero((places[:-1] % 3 != 1) & (places[1:] % 3 == 1))
    begins, stops = places[inner], places[inner + 1]

    def held(first: Integers, last: Integers) -> Integers:
        return np.column_stack([np.searchsorted(begins, first), np.searchsorted(stops, last, side="right")])

    of_windows = None if windows is None else held(opens, closes)
    return Innermost(values[begins // 3], values[stops // 3], held(starts, ends), of_windows)
