"""The families that have names, and what is taken for a family."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any

from emkit.errors import ModelError, did_you_mean
from emkit.families import listed
from emkit.families.family import Family
from emkit.families.gaussian.common_factors import CommonFactors
from emkit.families.gaussian.factor_normal import FactorNormal
from emkit.families.gaussian.parsimonious import ParsimoniousGaussian
from emkit.families.gaussian.parsimonious_params import PARAMETERS

OF_ONE_COLUMN = {"gaussian": "gaussian-diag"}  # a column alone has a variance, and no covariances
OTHER_NAMES = {  # what others call them
    "normal": "gaussian",
    "multivariate-normal": "gaussian",
    "mvn": "gaussian",
    "gauss": "gaussian",
    "t": "student-t",
    "negbin": "negative-binomial",
    "nb": "negative-binomial",
    "multinoulli": "categorical",
    "lognorm": "log-normal",
    "invgauss": "inverse-gaussian",
    "vmf": "von-mises-fisher",
}
OFFERED = [name for name in vars(listed) if not name.startswith("_")]  # the families and their parameters
KINDS: list[type[Any]] = [kind for kind in map(vars(listed).get, OFFERED) if isinstance(kind, type) and Family in kind.__mro__]
WITH_DEFAULTS = [kind for kind in KINDS if not any(f.default is f.default_factory is MISSING for f in fields(kind))]
FAMILIES: dict[str, Callable[[], Family[Any, Any]]] = {kind().name: kind for kind in WITH_DEFAULTS}
FAMILIES |= {make().name: make for make in (partial(ParsimoniousGaussian, form) for form in PARAMETERS)}
COUNTED: dict[str, Callable[[int], Family[Any, Any]]] = {  # named with any number behind
    "gaussian-factors": FactorNormal,
    "gaussian-common-factors": CommonFactors,
}


@dataclass(frozen=True)
class Prefix:
    """How names of families made of others begin: ``zero-inflated:poisson``, ``repeated-4:poisson``.

    `make` takes the other family and, if they are `counted`, the number behind the word; `says` is what becomes of that family.
    """

    make: Callable[..., Family[Any, Any]]
    says: str
    counted: bool = False


PREFIXES: dict[str, Prefix] = {}  # by their words; families made of others enter them where they are written
PREFIXED = re.compile(r"(?P<word>[a-z-]+?)(?:-(?P<number>\d{1,9}))?:(?P<other>.*)", re.DOTALL)


def pattern_of(word: str) -> str:
    """How a name that begins with this word is written."""
    return f"{word}{'-N' if PREFIXES[word].counted else ''}:FAMILY"


def _prefixed(name: str, found: re.Match[str], alone: bool) -> Family[Any, Any]:
    """The family of a name with a colon in it. Errors: ModelError."""
    word, number = found["word"], found["number"]
    if word not in PREFIXES or PREFIXES[word].counted != (number is not None):
        known = ", ".join(map(pattern_of, PREFIXES))
        guess = "" if word in PREFIXES else did_you_mean(word, PREFIXES)
        raise ModelError(f"{name!r} is no family; families made of others are named {known}.{guess}")
    other = one_family(found["other"], alone)
    return PREFIXES[word].make(other, *([] if number is None else [int(number)]))


def family_named(name: str, alone: bool = False) -> Family[Any, Any]:
    """The family of that name with its default settings, also ``zero-inflated:poisson`` and such: see `PREFIXES`.

    ``gaussian-factors-2`` has two factors, or any number.
    `alone` says that it is of one column. Errors: ModelError naming the families there are.

    >>> import emkit as ek
    >>> ek.family_named("poisson"), ek.family_named("binomial").trials
    (Poisson(), None)
    >>> ek.family_named("poison")
    Traceback (most recent call last):
        ...
    emkit.errors.ModelError: there is no family 'poison'; the families are bernoulli, binomial, ... Did you mean 'poisson'?
    """
    found = PREFIXED.fullmatch(name)
    if found is not None:
        return _prefixed(name, found, alone)
    name = OF_ONE_COLUMN.get(name, name) if alone else name
    word, _, number = name.rpartition("-")
    if word in COUNTED and re.fullmatch(r"\d{1,9}", number):
        return COUNTED[word](int(number))
    if name not in FAMILIES:
        guess = did_you_mean(name, FAMILIES, OTHER_NAMES)
        raise ModelError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}.{guess}")
    return FAMILIES[name]()


def one_family(given: Any, alone: bool = False) -> Family[Any, Any]:
    """The family that is given: itself, or a name; `alone` says that it is of one column. Errors: ModelError for all else."""
    if isinstance(given, str):
        return family_named(given, alone)
    if not isinstance(given, type) and hasattr(given, "e_step"):
        raise ModelError(f"{given!r} is a whole model, and no family of components: fit it by ek.fit(model, data, start).")
    if isinstance(given, type) or not hasattr(given, "log_density"):
        raise ModelError(f"{given!r} is no family; give a family, as Poisson(), or a name: {', '.join(FAMILIES)}.")
    family: Family[Any, Any] = given
    return family
