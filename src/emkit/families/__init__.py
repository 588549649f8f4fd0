"""What one component looks like: one family a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emkit.errors import ModelError
from emkit.families import listed
from emkit.families.any_density import AnyDensity, from_density, from_scipy
from emkit.families.combined import listed as combined
from emkit.families.combined.listed import *  # noqa: F403
from emkit.families.family import ExponentialFamily, Family
from emkit.families.gaussian import GaussianFamily
from emkit.families.listed import *  # noqa: F403
from emkit.families.successes import SuccessFamily

OFFERED = [name for name in vars(listed) if not name.startswith("_")]  # the families and their parameters
KINDS: list[type[Any]] = [kind for kind in map(vars(listed).get, OFFERED) if isinstance(kind, type) and Family in kind.__mro__]
COMBINED = [name for name in vars(combined) if not name.startswith("_")]  # families made of others, and their parameters
FAMILIES: dict[str, Callable[[], Family[Any, Any]]] = {kind().name: kind for kind in KINDS}


def family_named(name: str) -> Family[Any, Any]:
    """The family of that name with its default settings. Errors: ModelError naming the families there are."""
    if name not in FAMILIES:
        raise ModelError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}.")
    return FAMILIES[name]()


__all__ = ["COMBINED", "FAMILIES", "OFFERED", "ExponentialFamily", "Family", "GaussianFamily", "SuccessFamily", "family_named"]
__all__ += ["AnyDensity", "from_density", "from_scipy"]
__all__ += OFFERED + COMBINED
