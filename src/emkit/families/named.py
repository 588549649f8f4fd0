"""The families that have names, and what is taken for a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

from emkit.errors import ModelError, did_you_mean
from emkit.families import listed
from emkit.families.family import Family
from emkit.families.gaussian.parsimonious import ParsimoniousGaussian
from emkit.families.gaussian.parsimonious_params import PARAMETERS

OF_ONE_COLUMN = {"gaussian": "gaussian-diag"}  # a column alone has a variance, and no covariances
OFFERED = [name for name in vars(listed) if not name.startswith("_")]  # the families and their parameters
KINDS: list[type[Any]] = [kind for kind in map(vars(listed).get, OFFERED) if isinstance(kind, type) and Family in kind.__mro__]
WITH_DEFAULTS = [kind for kind in KINDS if not any(f.default is f.default_factory is MISSING for f in fields(kind))]
FAMILIES: dict[str, Callable[[], Family[Any, Any]]] = {kind().name: kind for kind in WITH_DEFAULTS}
FAMILIES |= {make().name: make for make in (partial(ParsimoniousGaussian, form) for form in PARAMETERS)}


def family_named(name: str) -> Family[Any, Any]:
    """The family of that name with its default settings. Errors: ModelError naming the families there are."""
    if name not in FAMILIES:
        raise ModelError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}.{did_you_mean(name, FAMILIES)}")
    return FAMILIES[name]()


def one_family(given: Any, alone: bool = False) -> Family[Any, Any]:
    """The family that is given: itself, or a name; `alone` says that it is of one column. Errors: ModelError for all else."""
    if isinstance(given, str):
        return family_named(OF_ONE_COLUMN.get(given, given) if alone else given)
    if not isinstance(given, type) and hasattr(given, "e_step"):
        raise ModelError(f"{given!r} is a whole model, and no family of components: fit it by ek.fit(model, data, start).")
    if isinstance(given, type) or not hasattr(given, "log_density"):
        raise ModelError(f"{given!r} is no family; give a family, as Poisson(), or a name: {', '.join(FAMILIES)}.")
    family: Family[Any, Any] = given
    return family
