"""What one component looks like: one family a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emkit.errors import ModelError
from emkit.families.bernoulli import Bernoulli
from emkit.families.binomial import Binomial
from emkit.families.categorical import Categorical
from emkit.families.exponential import Exponential
from emkit.families.family import ExponentialFamily, Family
from emkit.families.gamma import Gamma
from emkit.families.gaussian import DiagonalGaussian, FullGaussian, GaussianFamily, SphericalGaussian, TiedGaussian
from emkit.families.poisson import Poisson
from emkit.families.successes import SuccessFamily

FAMILIES: dict[str, Callable[[], Family[Any, Any]]] = {
    "bernoulli": Bernoulli,
    "binomial": Binomial,
    "poisson": Poisson,
    "categorical": Categorical,
    "exponential": Exponential,
    "gamma": Gamma,
    "gaussian": FullGaussian,
    "gaussian-diag": DiagonalGaussian,
    "gaussian-tied": TiedGaussian,
    "gaussian-spherical": SphericalGaussian,
}


def family_named(name: str) -> Family[Any, Any]:
    """The family of that name with its default settings. Errors: ModelError naming the families there are."""
    if name not in FAMILIES:
        raise ModelError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}.")
    return FAMILIES[name]()


__all__ = [
    "FAMILIES",
    "Bernoulli",
    "Binomial",
    "Categorical",
    "DiagonalGaussian",
    "Exponential",
    "ExponentialFamily",
    "Family",
    "FullGaussian",
    "Gamma",
    "GaussianFamily",
    "Poisson",
    "SphericalGaussian",
    "SuccessFamily",
    "TiedGaussian",
    "family_named",
]
