"""Classes of parameters that are made while a program runs; they are pickled as what they were made of."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import new_class
from typing import Any

from emkit.core.parameters import Parameters


class Made(type):
    """The class of such classes. `recipe`: a function that can be pickled, and the arguments with which it makes the class."""

    recipe: tuple[Callable[..., Any], tuple[Any, ...]]


def recipe_of(cls: type) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """What a class was made of; None for one that is written down."""
    return cls.recipe if isinstance(cls, Made) else None


def made(title: str, base: Any, annotations: Mapping[str, Any], recipe: Callable[..., Any], *arguments: Any) -> Any:
    """A frozen dataclass called `title`, derived from `base`, with the fields that `annotations` add or write anew.

    Fields are checked one by one: what `base` checks besides is of its own fields.
    """

    def body(namespace: dict[str, Any]) -> None:
        namespace.update(
            __doc__=base.__doc__,
            __module__=base.__module__,
            __annotations__=dict(annotations),
            __post_init__=Parameters.__post_init__,
            recipe=(recipe, arguments),
        )

    return dataclass(frozen=True, eq=False)(new_class(title, (base,), {"metaclass": Made}, body))


def _recipe(cls: Made) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return cls.recipe


copyreg.pickle(Made, _recipe)
