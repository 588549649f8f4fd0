"""May a model of components have these parameters for these data?"""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COLUMN, COMPONENT, LEVEL
from emkit.core.parameters import Leaf, Parameters, leaves
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile
from emkit.data.some import some_columns
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.families.family import Family, for_rows
from emkit.families.support import codes_below
from emkit.models.order import component_count, mismatch


def check_components(family: Family[Any, Any], params: Any, profile: AnyProfile) -> None:
    """Raise an error naming the first thing that cannot be of `params`, those of a model of components of one `family`.

    Errors: ModelError for a family that breaks the contract, ParameterError for components that do not fit together,
    DataError for columns, levels and values that they have nothing for.
    """
    try:
        hash(family)
    except TypeError:
        raise ModelError(
            f"{family!r} can change, so nothing can be remembered of it: make it a frozen dataclass, with tuples in place of "
            "lists and arrays."
        ) from None
    found = mismatch(params)
    if found is not None:
        (one, other), counts = found, [len(leaf.value) for leaf in found]
        raise ParameterError(
            f"{one.path} are for {counts[0]} components but {other.path} for {counts[1]}; give all for the same number."
        )
    family = family if family.conditional is None else family.conditional.placed(profile)
    for leaf in leaves(params.components):
        _check_scopes(leaf)
        _check_columns(leaf, family.support.parameter_columns(profile.columns, leaf.path), profile)
    _check_membership(profile, component_count(params) or 1)
    family.support.check(profile)
    _check_levels(params.components, family.support.seen(profile))
    family = for_rows(family, profile)
    first_row = as_float64(next(iter(profile.source.chunks())).x[:1])
    try:
        density = family.log_density(params.components, first_row)
    except AttributeError:
        raise ParameterError(
            f"the components are {type(params.components).__name__}, which are not the parameters of {family!r}."
        ) from None
    _check_shape(family, component_count(params) or 1, density)


def _check_membership(profile: AnyProfile, number: int) -> None:
    known = profile.source.membership
    if known is not None and known.shape[1] != number:
        raise DataError(f"what is known of the rows is for {known.shape[1]} components, but the parameters have {number}.")


def _check_shape(family: Family[Any, Any], number: int, density: Array) -> None:
    if np.shape(density) != (1, number):
        raise ModelError(
            f"{type(family).__name__}.log_density returned an array of shape {np.shape(density)} for one row and "
            f"{number} component{'' if number == 1 else 's'}; it must have shape {(1, number)}: log p(x_i | component k)."
        )


def _check_scopes(leaf: Leaf) -> None:
    """Raise ParameterError unless a field is for as many components and columns as its part is said to be of."""
    for name, length in zip(leaf.axes.names if leaf.axes else (), leaf.value.shape, strict=False):
        scope = leaf.scope(name)
        if scope is not None and (len(scope.places) != length if name == COMPONENT else len(scope.places) % length):
            raise ParameterError(f"{leaf.path} are for {length} {name}s, and that part is said to be of {len(scope.places)}.")


def _check_columns(leaf: Leaf, columns: tuple[str, ...], profile: AnyProfile) -> None:
    scope = leaf.scope(COLUMN)
    for name, own in zip(leaf.axes.names if leaf.axes else (), leaf.value.shape, strict=False):
        length = own if scope is None else scope.total
        if name == COLUMN and length != len(columns):
            raise _other_columns(length, columns, profile)


def _other_columns(length: int, columns: tuple[str, ...], profile: AnyProfile) -> DataError:
    return DataError(f"the parameters are for {length} columns but the data have {len(columns)} ({some_of(profile.columns)}).")


def _check_levels(components: Parameters, profile: AnyProfile) -> None:
    """Raise DataError for a code that parameters with a level axis have no probability for, or for too few columns."""
    levels: dict[int, int] = {}
    scoped = False
    for leaf in leaves(components):
        place = dict(leaf.places((0,) * leaf.value.ndim)[: len(leaf.within)])
        if COLUMN in place and leaf.axes is not None and LEVEL in leaf.axes.names:
            levels[place[COLUMN]] = leaf.value.shape[leaf.axes.names.index(LEVEL)]
            scoped = scoped or leaf.scope(COLUMN) is not None
    if levels and not scoped and len(levels) != len(profile.columns):
        raise _other_columns(len(levels), profile.columns, profile)
    if levels:
        places = tuple(sorted(levels))
        some_columns(profile, places).refuse(*codes_below([levels[j] for j in places]))
