"""Fisher's scoring in free coordinates, which only climbs: the M-step of whatever has no formula of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Coordinates
from emkit.core.newton import solved
from emkit.core.parameters import Parameters
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)
STEPS, HALVINGS = 100, 40
ENOUGH = 1e-13  # of what a step promises, relative to 1 + the height: nothing is left to gain
ROUNDING = 1e-15  # of the height
NOTHING = 1e-17  # of what is left after a step, relative to 1 + the height: parameters are there to 1e-8 of their errors
MISSED = 10.0  # times the square of what a step gained beside what it promised, relative to that: what is left to gain at most
LONG = 1e3  # units along which the height is all but even
FARTHEST = 3.0  # in a free coordinate: from farther off, the curvature here tells nothing


class Bend(NamedTuple):
    """The slope (p,) of a height along free coordinates, and its expected curvature downwards (p, p).

    `units` (p,): how long steps along the coordinates are that mean the same.
    """

    slope: Array
    curvature: Array
    units: Array

    def part(self, free: Mask) -> Bend:
        """The same along some of the coordinates (p,), the others held."""
        return Bend(self.slope[free], self.curvature[np.ix_(free, free)], self.units[free])

    def promised(self, step: Array) -> float:
        """What the parabola gains by a step."""
        return float(step @ self.slope - step @ self.curvature @ step / 2)

    def step(self, mass: float) -> Array:
        """To where a parabola with this slope and curvature is highest."""
        scaled = self.units[:, None] * self.curvature * self.units
        return self.units * solved(scaled, self.units * self.slope, np.asarray(mass))


def climbed(params: P, coordinates: Coordinates[P], height: Callable[[P], float], bend: Callable[[P], Bend], mass: float) -> P:
    """Parameters at which the height of so many people (`mass`) is greatest, from those given; never lower but by rounding.

    Where units are long, one step is taken however little it promises: what creeps towards an edge is to get there. A step that
    gained what the parabola promised, but for a share e of it, leaves about e^2 of that, so that no other need be asked.
    """
    here, tall = coordinates.pack(params), height(params)
    for number in range(STEPS):
        bent = bend(params)
        step = bent.step(mass)
        if (number or bent.units.max() < LONG) and not step @ bent.slope > ENOUGH * (1 + abs(tall)):
            break
        whole = step
        step = step * min(1.0, FARTHEST / max(float(np.abs(step).max()), FARTHEST))
        for _ in range(HALVINGS):
            try:
                ahead = coordinates.unpack(here + step, params)
                reached = height(ahead)
            except ParameterError:
                reached = -np.inf
            if reached >= tall - ROUNDING * (1 + abs(tall)):
                break
            step /= 2
        else:
            break
        promised = bent.promised(step)
        missed = reached - tall - promised
        here, params, tall = here + step, ahead, reached
        if np.array_equal(step, whole) and MISSED * missed**2 <= NOTHING * (1 + abs(tall)) * promised:
            break
    return params
