"""Parameters as plain dictionaries, lists and numbers (as JSON has them), and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import Leaf, Parameters, leaves, replace_at
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)


def to_plain(value: Any) -> Any:
    """`value` with parameters as dictionaries by field, and arrays and tuples as lists."""
    if isinstance(value, Parameters):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def from_plain(like: P, given: Any) -> P:
    """Parameters shaped like `like` with the numbers of `given`, which looks like ``to_plain(like)``.

    Errors: ParameterError naming a field that is missing, unknown, not numeric, of the wrong shape or outside its space.
    """
    for path in _unknown(like, given, ""):
        raise ParameterError(f"there is no parameter {path!r}; there are {_paths(like)}.")
    return replace_at(like, {leaf.path: _numbers(_find(given, leaf, like), leaf) for leaf in leaves(like)})


def _paths(like: Parameters) -> str:
    return ", ".join(leaf.path for leaf in leaves(like))


def _unknown(like: Any, given: Any, prefix: str) -> Iterator[str]:
    if isinstance(like, Parameters) and isinstance(given, dict):
        names = {f.name for f in fields(like)}
        for name, value in given.items():
            if name in names:
                yield from _unknown(getattr(like, name), value, f"{prefix}{name}.")
            else:
                yield prefix + name
    elif isinstance(like, tuple) and isinstance(given, list):
        for i, value in enumerate(given):
            yield from _unknown(like[i], value, f"{prefix}{i}.") if i < len(like) else [f"{prefix}{i}"]


def _find(given: Any, leaf: Leaf, like: Parameters) -> Any:
    for part in leaf.path.split("."):
        if isinstance(given, dict) and part in given:
            given = given[part]
        elif isinstance(given, list) and part.isdigit() and int(part) < len(given):
            given = given[int(part)]
        else:
            raise ParameterError(f"{leaf.path} is missing; give {_paths(like)}.")
    return given


def _numbers(given: Any, leaf: Leaf) -> Array:
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        shown = repr(given)
        shown = shown if len(shown) <= 60 else shown[:60] + "..."
        raise ParameterError(f"{leaf.path} is {shown}; it must be numbers, of shape {leaf.value.shape}.")
    if array.shape != leaf.value.shape:
        raise ParameterError(f"{leaf.path} has shape {array.shape}; it must have shape {leaf.value.shape}.")
    return array.astype(np.float64)
