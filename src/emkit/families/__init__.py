"""What one component looks like: one family a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

from emkit.errors import ModelError
from emkit.families import listed
from emkit.families.family import ExponentialFamily, Family
from emkit.families.gaussian import GaussianFamily, ParsimoniousGaussian
from emkit.families.gaussian.parsimonious_params import PARAMETERS
from emkit.families.listed import *  # noqa: F403
from emkit.families.successes import SuccessFamily

OFFERED = [name for name in vars(listed) if not name.startswith("_")]  # the families and their parameters
KINDS: list[type[Any]] = [kind for kind in map(vars(listed).get, OFFERED) if isinstance(kind, type) and Family in kind.__mro__]
WITH_DEFAULTS = [kind for kind in KINDS if not any(f.default is f.default_factory is MISSING for f in fields(kind))]
FAMILIES: dict[str, Callable[[], Family[Any, Any]]] = {kind().name: kind for kind in WITH_DEFAULTS}
FAMILIES |= {make().name: make for make in (partial(ParsimoniousGaussian, form) for form in PARAMETERS)}


def family_named(name: str) -> Family[Any, Any]:
    """The family of that name with its default settings. Errors: ModelError naming the families there are."""
    if name not in FAMILIES:
        raise ModelError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}.")
    return FAMILIES[name]()


__all__ = ["FAMILIES", "OFFERED", "ExponentialFamily", "Family", "GaussianFamily", "SuccessFamily", "family_named"]
__all__ += OFFERED
