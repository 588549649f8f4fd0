"""How fast EM moves: measured wherever two evaluations follow each other by one EM step."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

DECREASE = 1e-9  # a fall beyond this, relative to 1 + |objective|, is not rounding


@dataclass(frozen=True)
class EMRate:
    """How fast plain EM moves where two evaluations follow each other by one EM step: theta, then F(theta).

    `gain` is the rise of the objective from theta to F(theta); `step_length` = |F(theta) - theta| and
    `next_step_length` = |F(F(theta)) - F(theta)|, in the parameters as a reader sees them; `curvature` is the largest
    gain / step_length^2 measured so far where the gain stood clear of rounding; `rounding` is the resolution of the objective;
    `size` is the length of the parameters themselves.
    """

    gain: float
    step_length: float
    next_step_length: float
    curvature: float
    rounding: float
    size: float = 1.0

    @property
    def contraction(self) -> float:
        """The factor by which an EM step shrinks the distance to the limit (1 or more: it does not shrink)."""
        return self.next_step_length / self.step_length if self.step_length > 0 else 0.0

    @property
    def steady_gain(self) -> float:
        """The gain of the step; where it drowns in rounding, the gain that a step of this length had elsewhere, if any."""
        return self.gain if self.clear or self.curvature == 0 else self.curvature * self.step_length**2

    @property
    def clear(self) -> bool:
        """Whether the gain stands clear of rounding."""
        return self.gain > 100 * self.rounding

    @property
    def standard_errors(self) -> float:
        """The length of the step in standard errors; 0 if no step ever had a gain that stood clear of rounding."""
        measurable = self.clear and self.step_length > 0
        curvature = self.curvature or (self.gain / self.step_length**2 if measurable else 0.0)
        return float(sqrt(2 * curvature)) * self.step_length
