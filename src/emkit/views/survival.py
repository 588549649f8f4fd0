"""How many of times or amounts lie beyond each value: without a law, and as fits of censored values say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk, unit_weights
from emkit.errors import ModelError
from emkit.families.intervals import ENDS
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare
from emkit.models.mixture import Mixture

POINTS = 200  # of each curve


@dataclass(frozen=True)
class SurvivalSteps:
    """The probability of larger values falls from `before` (m,) to `after` (m,) somewhere in (lower, upper], (m,) each.

    `bounds` (m, 2): a confidence interval of what is left after each step, None if they are not asked for.
    `curves`: by name, places (p,) and the probability (p,) of larger values that a fit gives them.
    """

    lower: Array
    upper: Array
    before: Array
    after: Array
    curves: Mapping[str, tuple[Array, Array]]
    bounds: Array | None = None


def survival_steps(
    lower: Array, upper: Array, masses: Array, fits: Mapping[str, AnyFitted], bounds: Array | None = None
) -> SurvivalSteps:
    """The steps of `masses` (m,) in intervals, and the curves of fits of `ek.Censored` families, from the least end on.

    Errors: ModelError for a fit of anything else.
    """
    after = np.append(np.cumsum(masses[:0:-1])[::-1], 0.0)
    ends = np.concatenate([lower, upper])
    ends = ends[np.isfinite(ends)]
    curves = {name: _curve(name, fit, float(ends.min()), float(ends.max())) for name, fit in fits.items()}
    return SurvivalSteps(lower, upper, after + masses, after, curves, bounds)


def _curve(name: str, fit: AnyFitted, least: float, most: float) -> tuple[Array, Array]:
    model = bare(fit.model)
    if not isinstance(model, Mixture) or model.family.support.roles != ENDS:
        raise ModelError(f"the fit {name!r} is none of values known up to intervals: fit an ek.Censored family.")
    support = model.family.support
    least = max(min(least, 0.0) if support.least == 0 else least, support.least)
    places = np.linspace(least, most, POINTS + 1)[1:]
    beyond = np.column_stack([places, np.full(POINTS, np.nan)])
    logs = model.row_objectives(fit.params, Chunk(beyond, unit_weights(POINTS)))
    return places, np.asarray(np.exp(logs))
