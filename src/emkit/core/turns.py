"""When a run tries again what seldom pays."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Turns:
    """Not before step `next`, and after that `wait` steps later: twice as many each time."""

    next: int = 0
    wait: int = 1

    def after(self, number: int) -> Turns:
        """The turns once step `number` has tried."""
        return Turns(number + self.wait, 2 * self.wait)
