"""What one component looks like: one family a file.

A family by its name, and the log-density of a count of 3 under two rates:

>>> import emkit as ek
>>> "poisson" in ek.FAMILIES, ek.families.as_family("poisson")
(True, Poisson())
>>> import numpy as np
>>> ek.families.Poisson().log_density(ek.PoissonParams([[1.0], [3.0]]), np.array([[3.0]])).round(4).tolist()
[[-2.7918, -1.4959]]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emkit.families.any_density import AnyDensity, from_density, from_scipy
from emkit.families.combined import listed as combined
from emkit.families.combined.listed import *  # noqa: F403
from emkit.families.conditional import leaves_others
from emkit.families.family import ExponentialFamily, Family
from emkit.families.gaussian import GaussianFamily
from emkit.families.listed import *  # noqa: F403
from emkit.families.named import FAMILIES, OFFERED, family_named, one_family
from emkit.families.regression import listed as regression
from emkit.families.regression.listed import *  # noqa: F403
from emkit.families.successes import SuccessFamily

COMBINED = [name for name in vars(combined) if not name.startswith("_")]  # families made of others, and their parameters
REGRESSIONS = [name for name in vars(regression) if not name.startswith("_")]  # families of a column given others, likewise


def as_family(given: Any) -> Family[Any, Any]:
    """The family that is given: itself, a name, a mapping from columns to families, or a list of one for each component.

    Errors: ModelError for what is none of these.
    """
    if isinstance(given, Mapping):
        return family_of_columns(given)
    if isinstance(given, tuple | list):
        return combined.PerComponent(*map(as_family, given))
    return one_family(given)


def family_of_columns(given: Mapping[Any, Any]) -> Family[Any, Any]:
    """The product of the families that a mapping gives to columns: to one, or to a tuple of several, by name or by place.

    A family is given by name or as it is; "gaussian" for one column alone is a normal with a variance of its own.
    Errors: ModelError naming a family that there is not, or a column that is given two.
    """
    return combined.Product({columns: each if isinstance(each, str) else as_family(each) for columns, each in given.items()})


def beside_covariates(given: Any, observed: tuple[str, ...], covariates: tuple[str, ...]) -> Family[Any, Any]:
    """The family that is given, or a mapping, of the `observed` columns of rows that have these covariates, too.

    A family that describes columns given others says itself which they are. Errors: those of `family_of_columns`.
    """
    own = given if isinstance(given, Mapping) else {observed: given}
    if not covariates or (not isinstance(given, Mapping) and leaves_others(as_family(given))):
        return as_family(given)
    return family_of_columns({**own, covariates: combined.Covariates()})


__all__ = ["COMBINED", "FAMILIES", "OFFERED", "REGRESSIONS", "ExponentialFamily", "Family", "GaussianFamily", "SuccessFamily"]
__all__ += ["as_family", "beside_covariates", "family_named", "family_of_columns"]
__all__ += ["AnyDensity", "from_density", "from_scipy"]
__all__ += OFFERED + COMBINED + REGRESSIONS
