"""How fast EM moves: measured wherever two evaluations follow each other by one EM step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How fast plain EM moves where two evaluations follow each other by one EM step: theta, then F(theta).

    `gain` is the rise of the objective from theta to F(theta); `first` = |F(theta) - theta| and
    `second` = |F(F(theta)) - F(theta)|, in the parameters as a reader sees them; `sharpness` is the largest gain / first^2
    measured so far where the gain stood clear of rounding; `rounding` is the resolution of the objective.
    """

    gain: float
    first: float
    second: float
    sharpness: float
    rounding: float

    @property
    def rate(self) -> float:
        """The factor by which an EM step shrinks the distance to the limit (1 or more: it does not shrink)."""
        return self.second / self.first if self.first > 0 else 0.0

    @property
    def steady_gain(self) -> float:
        """The gain of the step; where it drowns in rounding, the gain that a step of this length had elsewhere, if any."""
        clear = self.gain > 100 * self.rounding
        return self.gain if clear or self.sharpness == 0 else self.sharpness * self.first**2
