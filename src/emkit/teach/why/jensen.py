"""Jensen's inequality at the numbers of one row: why there is a bound, and when it touches.

For weights q(z) > 0 that sum to 1, and points u(z) = p(x, z) / q(z),

    log p(x) = log sum_z q(z) u(z)  >=  sum_z q(z) log u(z),

since the logarithm is concave. With q(z) = p(z | x) every point is u(z) = p(x): there is nothing to average, and both sides
are equal. The logarithm is strictly concave, so this is the only case of equality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.explain.rows import Row
from emkit.explain.steps import Step

FAR = 600.0  # log-densities that leave room for their shares among floats
LEAST = 1e-40  # of the chances of states that are shown
TELLING = 0.8  # the largest responsibility of a row that shows best what happens


@dataclass(frozen=True)
class Jensen:
    """The inequality for row `row` (its label) and one choice of q, in words.

    `states` are those that have a chance for the row; `weights` (K,) = q; `points` (K,) = p(x, z) / q(z).
    """

    row: str
    choice: str
    states: tuple[str, ...]
    weights: Array
    points: Array

    @property
    def mean(self) -> float:
        """The mean of the points under q: p(x), whatever q is."""
        return float(self.weights @ self.points)

    @property
    def log_of_mean(self) -> float:
        """The curve above the mean: log p(x)."""
        return float(np.log(self.mean))

    @property
    def mean_of_logs(self) -> float:
        """The chord above the mean: the bound."""
        return float(self.weights @ np.log(self.points))

    @property
    def gap(self) -> float:
        """By how much the chord runs below the curve: KL(q || posterior)."""
        return self.log_of_mean - self.mean_of_logs

    @property
    def touches(self) -> bool:
        """Whether all points coincide, so that both sides are equal."""
        return bool(np.ptp(self.points) <= 1e-12 * self.points.max())

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        lists = {"states": list(self.states), "weights": self.weights.tolist(), "points": self.points.tolist()}
        sides = {"mean": self.mean, "log_of_mean": self.log_of_mean, "mean_of_logs": self.mean_of_logs, "gap": self.gap}
        return {"row": self.row, "choice": self.choice, **lists, **sides}


def telling_row(step: Step) -> int:
    """The place of the row whose largest responsibility is closest to 0.8: neither clear nor even."""
    doubt = [abs(row.responsibilities.max() - TELLING) for row in step.rows]
    return int(np.argmin(doubt))


def jensen(step: Step, ahead: Step, place: int) -> tuple[Jensen, ...]:
    """The inequality for the row at `place` of a step: q even, q the posterior, and that q after the M-step (`ahead`).

    Errors: ModelError where the densities of the row are too far from 1 for floats.
    """
    row, later = step.rows[place], ahead.rows[place]
    heights = row.log_joint.max(), later.log_joint.max()
    if not max(map(abs, heights)) < FAR:
        raise ModelError(
            f"the inequality is shown by densities, and that of row {row.label} is exp({heights[0]:.0f}), which no float "
            "holds: fit fewer columns, or give them another unit, to see it."
        )
    chances = _normal(row.log_joint)
    states = np.flatnonzero(chances > LEAST).tolist()  # not what labels exclude, nor what is too unlikely to be seen
    names = tuple(step.components[k] for k in states)
    posterior = chances[states]
    even = np.full(len(states), 1 / len(states))
    before, after = f"theta_{step.number - 1}", f"theta_{step.number}"
    return (
        Jensen(row.label, f"equal shares, at {before}", names, even, _points(row, states, even)),
        Jensen(row.label, f"the posterior, at {before}", names, posterior, _points(row, states, posterior)),
        Jensen(row.label, f"the same q, at {after}", names, posterior, _points(later, states, posterior)),
    )


def _normal(log_joint: Array) -> Array:
    shifted = np.exp(log_joint - log_joint.max())
    return np.asarray(shifted / shifted.sum())


def _points(row: Row, states: list[int], q: Array) -> Array:
    return np.asarray(np.exp(row.log_joint[states] - np.log(q)))
