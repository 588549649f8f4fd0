"""Classes by name: those that a file may name, and the arguments that their values are made of."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, get_type_hints

from emkit import families, models
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.errors import ModelError
from emkit.families import Family
from emkit.families.combined.sharing import shared_class
from emkit.families.made import recipe_of
from emkit.families.regression.params import with_shared
from emkit.models import Assignment, Prior
from emkit.persistence.hints import mentioned

SEVERAL = inspect.Parameter.VAR_POSITIONAL


class Argument(NamedTuple):
    """One argument that a class is made with: its type, whether it must be given, and whether it is any number of them."""

    hint: Any
    is_required: bool
    is_several: bool


@functools.cache
def arguments(cls: Any) -> dict[str, Argument]:
    """What a value of `cls` is made with, by name: the fields of a dataclass, the arguments of ``__init__`` of another class.

    A value keeps each of them in an attribute of the same name; so do scikit-learn's estimators.
    """
    maker: Any = next(base for base in cls.__mro__ if "__init__" in vars(base) and not vars(base).get("_is_protocol", False))
    init = vars(maker)["__init__"]
    if init is object.__init__:
        return {}
    if "__dataclass_params__" in vars(maker) and maker.__dataclass_params__.init:
        hints, nothing = _hints(maker), dataclasses.MISSING
        return {
            f.name: Argument(hints.get(f.name, Any), f.default is nothing and f.default_factory is nothing, False)
            for f in dataclasses.fields(maker)
            if f.init
        }
    given, hints = list(inspect.signature(init).parameters.values())[1:], _hints(init)
    by_place = any(each.kind is SEVERAL for each in given)  # so that nothing before the others can be left out
    return {
        each.name: Argument(
            hints.get(each.name, Any),
            each.default is each.empty or (by_place and each.kind is not each.KEYWORD_ONLY),
            each.kind is SEVERAL,
        )
        for each in given
    }


def _hints(what: Any) -> dict[str, Any]:
    """The types that annotations name; none where a name among them means nothing at run time."""
    try:
        return get_type_hints(what)
    except (NameError, TypeError):
        return {}


RECIPES: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (shared_class, with_shared)
}  # of classes made at run time
ROOTS: tuple[type, ...] = (Family, Parameters, LatentModel, Assignment, Prior)
ROOMS = (families.__name__, models.__name__)


@functools.cache
def built_in() -> dict[str, type]:
    """The families and models of emkit, their parameters, and the dataclasses of which their annotations say they are made."""
    return {cls.__name__: cls for cls in _closed(ROOTS) if cls not in ROOTS}


def _closed(classes: Iterable[type]) -> Iterator[type]:
    """Classes of emkit's that derive from these, and what they are made of."""
    seen: set[type] = set()
    waiting = list(classes)
    while waiting:
        cls = waiting.pop()
        if cls in seen:
            continue
        seen.add(cls)
        yield cls
        made_of = (each for argument in arguments(cls).values() for each in mentioned(argument.hint))
        found = [*type.__subclasses__(cls), *(each for each in made_of if dataclasses.is_dataclass(each))]
        waiting += [each for each in found if each.__module__.startswith(ROOMS) and recipe_of(each) is None]


def known(given: Iterable[type]) -> dict[str, type]:
    """The classes of emkit and those `given`, by name. Errors: ModelError for what is no class, and for a name taken."""
    found = dict(built_in())
    for cls in given:
        if not isinstance(cls, type):
            raise ModelError(f"classes are the classes that a file may name, such as [MyModel, MyParams]; {cls!r} is none.")
        if found.setdefault(cls.__name__, cls) is not cls:
            raise ModelError(f"two classes are called {cls.__name__}, and files know classes by their names: rename yours.")
    return found
