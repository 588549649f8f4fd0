"""M-steps without a formula: Newton's method on the expected log-likelihood, in free coordinates, which only climbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates, Scale, is_under
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, leaves
from emkit.errors import DegenerateFitError, ParameterError

P = TypeVar("P", bound=Parameters)
EPSILON = float(np.finfo(np.float64).eps)
STEPS = 60  # of Newton's method; five are the rule
HALVINGS = 40
FARTHEST = 2.0  # in any coordinate: from farther off, the slopes here tell nothing
FLAT = 1e-12  # a slope this small, relative to 1 + the height, leaves nothing to gain
APART = 1e-6, 1e-4  # coordinates at which slopes are compared for the curvature: slopes that are written, and differences
EVEN = 1e-10  # of the largest curvature: what bends less is taken to bend as much
NUDGE = 1e-5  # of differences of heights


class _Point(NamedTuple):
    """Free coordinates, the parameters there, their height, and the slope along the coordinates that move."""

    there: Array
    params: Any
    height: float
    slope: Array


def climb(
    height: Callable[[P], Expected],
    start: P,
    paths: Iterable[str] = ("",),
    scales: Mapping[str, Scale] | None = None,
    still: Iterable[str] = (),
    steps: int = STEPS,
) -> P:
    """The parameters with the greatest `height` near `start`, and none that is lower: only fields under `paths` move.

    What lies on an edge or is named in `still` (``shapes[0]``) stays there.
    Slopes that `height` does not give are differences of it. `scales` as for `Coordinates`; no more than so many `steps`.
    Source: Nocedal & Wright (2006), Numerical Optimization, 3.4, with the absolute values of the curvatures.
    """
    with np.errstate(all="ignore"):  # far out, heights overflow
        return _Hill(height, start, tuple(paths), scales, still).summit(steps)


class _Hill(Generic[P]):
    def __init__(
        self,
        height: Callable[[P], Expected],
        start: P,
        paths: tuple[str, ...],
        scales: Mapping[str, Scale] | None,
        still: Iterable[str],
    ) -> None:
        others = [] if "" in paths else [leaf.path for leaf in leaves(start) if not is_under(leaf.path, paths)]
        self._height, self._start = height, start
        self._coordinates = Coordinates(start, [*others, *still], scales)
        here = self._coordinates.pack(start)
        self._moving = np.isfinite(here) & ~self._coordinates.at_edge(here)
        self._fields = [leaf.path for leaf in self._coordinates.free(start)]

    def summit(self, steps: int) -> P:
        found = height = self._height(self._start)
        here = self._point(self._coordinates.pack(self._start), self._start, found)
        if not self._moving.any() or not np.isfinite(height.value):
            return self._start
        for _ in range(steps):
            if np.abs(here.slope).max() <= FLAT * (1 + abs(here.height)):
                break
            step = self._step(here)
            there = self._no_lower(here, step)
            if there is None:
                break
            promised = step @ here.slope > 2 * EPSILON * (1 + abs(here.height))  # twice what it promises
            last = not (promised and there.height > here.height)
            here = there
            if last:
                break
        params: P = here.params
        return params

    def _point(self, there: Array, params: P, found: Expected) -> _Point:
        return _Point(there, params, found.value, self._slope(there, params, found))

    def _slope(self, there: Array, params: P, found: Expected) -> Array:
        if set(self._fields) <= found.slopes.keys():
            return self._coordinates.pull(params, found.slopes)[self._moving]
        places = np.flatnonzero(self._moving)
        pairs = [(self._value(self._moved(there, j, NUDGE)), self._value(self._moved(there, j, -NUDGE))) for j in places]
        return np.array([(up - down) / (2 * NUDGE) for up, down in pairs])

    def _moved(self, there: Array, place: Any, move: float) -> Array:
        moved = there.copy()
        moved[place] += move
        return moved

    def _value(self, there: Array) -> float:
        found = self._at(there)
        return found[1].value if found is not None else -np.inf

    def _at(self, there: Array) -> tuple[P, Expected] | None:
        """The parameters at some coordinates and their height; None where there is none."""
        try:
            params = self._coordinates.unpack(there, self._start)
            found = self._height(params)
        except (ParameterError, DegenerateFitError, np.linalg.LinAlgError):
            return None
        return (params, found) if np.isfinite(found.value) else None

    def _step(self, here: _Point) -> Array:
        """To where the slope would be 0 if the curvature were the same everywhere, and uphill in every direction."""
        places = np.flatnonzero(self._moving)
        apart = APART[0] if set(self._fields) <= self._height(here.params).slopes.keys() else APART[1]
        rows = []
        for j in places:
            there = self._moved(here.there, j, apart)
            found = self._at(there)
            slope = self._slope(there, *found) if found is not None else here.slope
            rows.append((slope - here.slope) / apart)
        curvature = np.nan_to_num(np.array(rows))
        bends, directions = np.linalg.eigh((curvature + curvature.T) / 2)
        flattest = max(EVEN * np.abs(bends).max(), EPSILON * (1 + abs(here.height)))
        steepness = np.maximum(np.abs(bends), flattest)
        step = directions @ ((directions.T @ here.slope) / steepness)
        return np.asarray(step * min(1.0, FARTHEST / np.abs(step).max()))

    def _no_lower(self, here: _Point, step: Array) -> _Point | None:
        """As far along the step as the height does not fall; None if it falls at once."""
        least = here.height - 8 * EPSILON * (1 + abs(here.height))
        for halving in range(HALVINGS):
            there = here.there.copy()
            there[self._moving] += step / 2**halving
            found = self._at(there)
            if found is not None and found[1].value >= least:
                return self._point(there, *found)
        return None
