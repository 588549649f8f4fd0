"""M-steps that are not exact: as far towards the proposal as the expected log-likelihood rises."""

from __future__ import annotations

from typing import Any, TypeVar

from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)
HALVINGS = 40


def no_lower(model: LatentModel[P, Any], stats: Any, before: P, proposed: P) -> P:
    """`proposed`, or a point on the way from `before` to it at which the expected log-likelihood is no lower than at `before`.

    An M-step by one step of Newton's method may overshoot; halved until it does not, EM still ascends (a generalised EM).
    The way is a line in free coordinates, with the proposal halved up to 40 times; then `before` itself.
    Source: Dempster, Laird & Rubin (1977), J. R. Statist. Soc. B 39, 1-38, on generalised EM.

    Rates far beyond the maximum of the expected log-likelihood, which is at 5, are drawn back:

    >>> import emkit as ek
    >>> model, before = ek.Mixture("poisson"), ek.MixtureParams([1.0], ek.PoissonParams([[3.0]]))
    >>> stats = ek.EMMap(model, ek.ArraySource([4.0, 6.0, 5.0]), before).expectation(before).statistics
    >>> proposed = ek.MixtureParams([1.0], ek.PoissonParams([[40.0]]))
    >>> ek.no_lower(model, stats, before, proposed).components.rates.round(3).tolist()
    [[5.733]]
    """
    coordinates = model.coordinates(before)
    here, there = coordinates.pack(before), coordinates.pack(proposed)
    least = _height(model, stats, before, before)
    if _height(model, stats, before, proposed) >= least:
        return proposed
    share = 1.0
    for _ in range(HALVINGS):
        share /= 2
        try:
            between = coordinates.unpack(here + share * (there - here), before)
        except ParameterError:
            continue
        if _height(model, stats, before, between) >= least:
            return between
    return before


def _height(model: LatentModel[P, Any], stats: Any, before: P, now: P) -> float:
    return model.expected(stats, before, now).value + model.log_prior(now)
