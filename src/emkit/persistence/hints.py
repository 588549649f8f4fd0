"""Whether a value is of the type that a class asks for, as far as its annotations say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin


def fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the type `hint`; a class of an interface of ours must derive from it."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return True
    if origin is Annotated:
        return fits(value, inner[0])
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in inner)
    if hint in (int, float):
        return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    kind = NoneType if hint is None else origin or hint
    if not isinstance(kind, type) or not _is_of(value, kind):
        return False
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return len(value) == len(inner) and all(map(fits, value, inner))
    if inner and issubclass(type(value), tuple) and kind in (tuple, Sequence):
        return all(fits(item, inner[0]) for item in value)
    if inner and kind is Mapping:
        return all(fits(name, inner[0]) and fits(item, inner[1]) for name, item in value.items())
    return True


def _is_of(value: Any, kind: Any) -> bool:
    if getattr(kind, "_is_protocol", False):  # isinstance would ask for the names of methods, or raise
        return kind in type(value).__mro__
    return isinstance(value, kind)


def in_words(hint: Any) -> str:
    """A type as a sentence names it."""
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint).replace("typing.", "")


def mentioned(hint: Any) -> set[type]:
    """The classes that an annotation mentions."""
    inner = get_args(hint)
    own = {hint} if isinstance(hint, type) and not inner else set()
    return own.union(*(mentioned(each) for each in (get_origin(hint) if inner else None, *inner) if each is not None))
