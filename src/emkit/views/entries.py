"""Single numbers inside a set of parameters: found by name, and put to another value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters, leaves, replace_at
from emkit.core.spaces import PositiveDefinite, Simplex
from emkit.errors import ModelError, ParameterError

P = TypeVar("P", bound=Parameters)
ENTRY = re.compile(r"(?P<path>[^\[]+)(?:\[(?P<index>[\d, ]+)\])?$")


def entry_called(name: str, coordinates: Coordinates[P], params: P, symbols: Mapping[str, str]) -> str:
    """The free entry (``components.rates[1, 0]``) that `name` means: itself, or a symbol of it. `symbols`: entry to symbol.

    Errors: ModelError naming the free parameters there are.
    """
    free = coordinates.entry_names(params)
    plain = {entry.replace(" ", ""): entry for entry in free}
    by_symbol = {symbol: entry for entry, symbol in symbols.items() if entry in free}
    found = plain.get(str(name).replace(" ", "")) or by_symbol.get(str(name))
    if found is None:
        there = f"there are {', '.join(symbols.get(e, e) for e in free)}" if free else "none is free"
        raise ModelError(f"there is no free parameter {name!r}; {there}.")
    return found


def value_of(params: Parameters, entry: str) -> float:
    """The value of one entry."""
    names = Coordinates(params).entry_names(params)
    return float(Coordinates(params).entries(params)[names.index(entry)])


def with_entries(params: P, values: Mapping[str, float]) -> P | None:
    """`params` with some entries put to other values; None if there are no such parameters.

    What must follow, follows: the other proportions share what is left as before, and a variance takes its correlations
    with it.
    """
    by_path: dict[str, dict[tuple[int, ...], float]] = {}
    for entry, value in values.items():
        match = ENTRY.match(entry)
        assert match is not None
        index = tuple(int(i) for i in match["index"].split(",")) if match["index"] else ()
        by_path.setdefault(match["path"], {})[index] = value
    changes: dict[str, Array] = {}
    for leaf in leaves(params):
        if leaf.path in by_path:
            put = {Simplex: _simplex, PositiveDefinite: _matrices}.get(type(leaf.space), _numbers)
            changed = put(leaf.value.copy(), by_path[leaf.path])
            if changed is None:
                return None
            changes[leaf.path] = changed
    try:
        return replace_at(params, changes)
    except ParameterError:
        return None


def _numbers(array: Array, values: Mapping[tuple[int, ...], float]) -> Array | None:
    for index, value in values.items():
        array[index] = value
    return array


def _simplex(array: Array, values: Mapping[tuple[int, ...], float]) -> Array | None:
    for row in {index[:-1] for index in values}:
        given = {index[-1]: value for index, value in values.items() if index[:-1] == row}
        others = [k for k in range(array.shape[-1]) if k not in given]
        left, rest = 1 - sum(given.values()), array[row][others].sum()
        if left < 0 or (not others and abs(left) > 1e-9) or (rest <= 0 and others):
            return None
        array[row][others] *= left / rest if others else 1.0
        for k, value in given.items():
            array[(*row, k)] = value
    return array


def _matrices(array: Array, values: Mapping[tuple[int, ...], float]) -> Array | None:
    for index in sorted(values, key=lambda index: index[-1] != index[-2]):  # variances first
        *row, i, j = index
        matrix = array[tuple(row)]
        if i == j:
            if values[index] <= 0:
                return None
            scale = np.sqrt(values[index] / matrix[i, i])
            matrix[i, :] *= scale
            matrix[:, i] *= scale
        else:
            matrix[i, j] = matrix[j, i] = values[index]
    return array
