"""Confidence intervals of every parameter, inside the bounds of its space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from emkit.core.arrays import Array
from emkit.inference.covariance import Covariance
from emkit.inference.delta import normal_quantile, p_values
from emkit.inference.near import chosen_among
from emkit.inference.standard_errors import standard_errors


@dataclass(frozen=True, eq=False)
class Intervals:
    """`lower` and `upper` (m,) ends of intervals of one `level` about the `estimates` (m,) of the parameters `names` (m,).

    Where there is no interval, both are NaN, and `reasons` says why; `open_ends` names the intervals that reach an edge of
    their space, since the likelihood does not fall far enough on the way there.
    """

    names: tuple[str, ...]
    estimates: Array
    lower: Array
    upper: Array
    level: float
    method: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    open_ends: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        names: tuple[str, ...],
        estimates: Array,
        places: list[int],
        ends: Array,
        level: float,
        method: str,
        reasons: Mapping[str, str],
        open_ends: tuple[str, ...] = (),
    ) -> Intervals:
        """Of the parameters at some `places` among all, given both `ends` (2, m)."""
        chosen = tuple(names[place] for place in places)
        told = {name: reasons[name] for name in chosen if name in reasons}
        return cls(chosen, estimates[places], ends[0], ends[1], level, method, told, open_ends)

    def __getitem__(self, name: str) -> tuple[float, float]:
        (place,) = chosen_among(self.names, name)
        return float(self.lower[place]), float(self.upper[place])

    def __str__(self) -> str:
        width = max(map(len, self.names), default=0)
        rows = zip(self.names, self.estimates, self.lower, self.upper, strict=True)
        lines = [f"{name:<{width}}  {value:>12.6g}  {low:>12.6g}  {high:>12.6g}" for name, value, low, high in rows]
        return "\n".join([f"{self.level:.4g} intervals, {self.method}", *lines])


def wald(found: Covariance, level: float = 0.95, names: Iterable[str] | None = None) -> Intervals:
    """Estimates and so many standard errors to both sides, on a scale without bounds: the logarithm, or the log-odds.

    Source: Wald (1943), Trans. Amer. Math. Soc. 54, 426-482; carried to the scale by the delta method.
    """
    errors, quantile = standard_errors(found), normal_quantile(level)
    links, places = found.near.coordinates.links(found.near.params), chosen_among(errors.names, names)
    ends = np.full((2, len(places)), np.nan)
    for i, place in enumerate(places):
        link, value, error = links[place], errors.estimates[place], errors.errors[place]
        if error > 0:
            middle, half = link.forward(value), quantile * error * link.slope(value)
            with np.errstate(over="ignore"):  # an end that is beyond the largest number
                ends[:, i] = link.back(middle - half), link.back(middle + half)
        elif error == 0:
            ends[:, i] = value
    return Intervals.of(errors.names, errors.estimates, places, ends, level, "wald", errors.reasons)


def z_and_p(found: Covariance) -> tuple[Array, Array]:
    """Estimate / standard error of every parameter (m,), and the chance to be as far from 0 by accident.

    NaN where 0 says nothing: for variances, rates and probabilities. Of other parameters 0 is the origin of their unit.
    """
    errors = standard_errors(found)
    links = found.near.coordinates.links(found.near.params)
    null = np.array([np.nan if link.null is None else link.null for link in links])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (errors.estimates - null) / errors.errors
    return z, p_values(z)
