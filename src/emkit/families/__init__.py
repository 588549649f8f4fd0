"""What one component looks like: one family a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

from emkit.errors import ModelError
from emkit.families import listed
from emkit.families.combined import listed as combined
from emkit.families.combined.listed import *  # noqa: F403
from emkit.families.family import ExponentialFamily, Family
from emkit.families.gaussian import GaussianFamily, ParsimoniousGaussian
from emkit.families.gaussian.parsimonious_params import PARAMETERS
from emkit.families.listed import *  # noqa: F403
from emkit.families.successes import SuccessFamily

OF_ONE_COLUMN = {"gaussian": "gaussian-diag"}  # a column alone has a variance, and no covariances
OFFERED = [name for name in vars(listed) if not name.startswith("_")]  # the families and their parameters
KINDS: list[type[Any]] = [kind for kind in map(vars(listed).get, OFFERED) if isinstance(kind, type) and Family in kind.__mro__]
COMBINED = [name for name in vars(combined) if not name.startswith("_")]  # families made of others, and their parameters
WITH_DEFAULTS = [kind for kind in KINDS if not any(f.default is f.default_factory is MISSING for f in fields(kind))]
FAMILIES: dict[str, Callable[[], Family[Any, Any]]] = {kind().name: kind for kind in WITH_DEFAULTS}
FAMILIES |= {make().name: make for make in (partial(ParsimoniousGaussian, form) for form in PARAMETERS)}


def family_named(name: str) -> Family[Any, Any]:
    """The family of that name with its default settings. Errors: ModelError naming the families there are."""
    if name not in FAMILIES:
        raise ModelError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}.")
    return FAMILIES[name]()


def as_family(given: Any) -> Family[Any, Any]:
    """The family that is given: itself, a name, a mapping from columns to families, or a list of one for each component.

    Errors: ModelError for what is none of these.
    """
    if isinstance(given, str):
        return family_named(given)
    if isinstance(given, Mapping):
        return family_of_columns(given)
    if isinstance(given, tuple | list):
        return combined.PerComponent(*map(as_family, given))
    if isinstance(given, type) or not hasattr(given, "log_density"):
        raise ModelError(f"{given!r} is no family; give one, as Poisson(), or a name: {', '.join(FAMILIES)}.")
    return given


def family_of_columns(given: Mapping[Any, Any]) -> Family[Any, Any]:
    """The product of the families that a mapping gives to columns: to one, or to a tuple of several, by name or by place.

    A family is given by name or as it is; "gaussian" for one column alone is a normal with a variance of its own.
    Errors: ModelError naming a family that there is not, or a column that is given two.
    """
    return combined.Product({columns: _of_columns(columns, each) for columns, each in given.items()})


def _of_columns(columns: Any, given: Any) -> Family[Any, Any]:
    if not isinstance(given, str):
        return as_family(given)
    if given not in FAMILIES:
        raise ModelError(f"{columns!r} is given the family {given!r}; the families are {', '.join(FAMILIES)}.")
    alone = not isinstance(columns, tuple) or len(columns) == 1
    return family_named(OF_ONE_COLUMN.get(given, given) if alone else given)


__all__ = ["COMBINED", "FAMILIES", "OFFERED", "ExponentialFamily", "Family", "GaussianFamily", "SuccessFamily"]
__all__ += ["as_family", "family_named", "family_of_columns"]
__all__ += OFFERED + COMBINED
