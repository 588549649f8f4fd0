"""Parameters of which some fields have one value for all components, and the same written out for each of them."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Annotated, Any, TypeVar

import numpy as np

from emkit.core.arrays import Array, readonly
from emkit.core.axes import COMPONENT
from emkit.core.coordinates import is_under
from emkit.core.parameters import Parameters, declared_axes, declared_spaces, get_at, leaves, trusted
from emkit.errors import ModelError
from emkit.families.made import Made, made

P = TypeVar("P", bound=Parameters)
NUMBER = "number"  # how many components there are, where no field has an axis of them


@cache
def shared_class(cls: Any, names: tuple[str, ...], counted: bool) -> Any:
    """`cls` with the fields `names` without their component axis; if `counted`, with a field for the number of components.

    Without `names`, it is a class for fields that hold such parameters.
    """
    spaces, axes = declared_spaces(cls), declared_axes(cls)
    hints: dict[str, Any] = {name: Annotated[Array, spaces[name], axes[name].without_first()] for name in names}
    return made(f"Shared{cls.__name__}", cls, hints | ({NUMBER: int} if counted else {}), shared_class, cls, names, counted)


def own_paths(params: Parameters, paths: tuple[str, ...]) -> list[str]:
    """The fields under `paths` of which each component has its own. Errors: ModelError if there are none under one of them."""
    found = [leaf.path for leaf in leaves(params) if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,)]
    for path in paths:
        get_at(params, path)
        if not any(is_under(each, [path]) for each in found):
            raise ModelError(f"{path!r} cannot be tied: no values of each component are there, only in {', '.join(found)}.")
    return [each for each in found if is_under(each, paths)]


def shared(params: P, paths: tuple[str, ...], mass: Array | None = None) -> Any:
    """`params` with one value of the fields under `paths`: the mean, weighted with the `mass` (K,) of the components.

    Without a mass, it is that of the first component.
    """
    tied = set(own_paths(params, paths))
    left = [leaf for leaf in leaves(params) if leaf.path not in tied and leaf.axes and COMPONENT in leaf.axes.names]
    number = next(len(leaf.value) for leaf in leaves(params) if leaf.path in tied)
    weights = np.eye(number)[0] if mass is None else mass / mass.sum()
    return _shared(params, tied, weights, None if left else number)


def _shared(params: Any, tied: set[str], weights: Array, number: int | None) -> Any:
    cls: Any = type(params)
    names = tuple(name for name in declared_spaces(cls) if name in tied)
    values = {}
    for f in fields(cls):
        value = getattr(params, f.name)
        inside = {path.removeprefix(f.name + ".") for path in tied if path.startswith(f.name + ".")}
        if f.name in names:
            value = readonly(np.tensordot(weights, value, axes=1))
        elif inside:
            value = _each(value, lambda item, some: _shared(item, some, weights, None), inside)
        values[f.name] = value
    return trusted(shared_class(cls, names, number is not None), **values, **({} if number is None else {NUMBER: number}))


def _each(value: Any, change: Any, inside: set[str]) -> Any:
    """A field that holds parameters, or a tuple of them, with those changed that `inside` leads into."""
    if not isinstance(value, tuple):
        return change(value, inside)
    heads = [{path.partition(".")[2] for path in inside if path.partition(".")[0] == str(i)} for i in range(len(value))]
    return tuple(change(item, some) if some else item for item, some in zip(value, heads, strict=True))


def component_number(params: Parameters) -> int:
    """The number of components."""
    for leaf in leaves(params):
        if leaf.axes is not None and COMPONENT in leaf.axes.names:
            return leaf.value.shape[leaf.axes.names.index(COMPONENT)]
    return int(get_at(params, NUMBER))


def apiece(params: Any, number: int | None = None) -> Any:
    """The same parameters with a value for each of the components in every field, as the family itself has them."""
    number = component_number(params) if number is None else number
    cls: Any = type(params)
    own, tied = cls.recipe[1][:2] if isinstance(cls, Made) and cls.recipe[0] is shared_class else (cls, ())
    values = {}
    for f in fields(own):
        value = getattr(params, f.name)
        if f.name in tied:
            value = np.repeat(np.asarray(value)[None], number, axis=0)
            value.flags.writeable = False
        elif isinstance(value, Parameters):
            value = apiece(value, number)
        elif isinstance(value, tuple):
            value = tuple(apiece(item, number) if isinstance(item, Parameters) else item for item in value)
        values[f.name] = value
    return trusted(own, **values)
