"""Arrays of numbers and names: where a number stands, it is given; entries of one name are one parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import ModelError


def plain(given: Any) -> Any:
    """Rows of numbers and names as tuples, which a file can hold."""
    if isinstance(given, np.ndarray):
        return plain(given.tolist())
    return tuple(map(plain, given)) if isinstance(given, list | tuple) else given


def numbers_and_names(field: str, given: Any) -> tuple[Array, np.ndarray[Any, Any]]:
    """Numbers, NaN where there is a name, and names, "" where there is a number. Errors: ModelError."""
    try:
        cells = np.array(given, dtype=object)
        names = np.array([each if isinstance(each, str) else "" for each in cells.ravel()], dtype=object).reshape(cells.shape)
        numbers = np.where(names == "", cells, 0.0).astype(np.float64)
    except (TypeError, ValueError):
        raise ModelError(f"{field} is no array of numbers and names: {given!r:.60}.") from None
    if not np.isfinite(numbers).all():
        raise ModelError(f"{field} holds numbers that are not finite; give what is estimated a name, such as 'a'.")
    return np.where(names == "", numbers, np.nan), names


def letters_of(names: np.ndarray[Any, Any]) -> tuple[str, ...]:
    """The names that there are, in alphabetical order."""
    return tuple(sorted({*names[names != ""].tolist()}))


def check_apart(letters: Mapping[str, tuple[str, ...]]) -> None:
    """Errors: ModelError for a name that stands in two matrices, of which `letters` has the names."""
    for name in sorted({each for own in letters.values() for each in own}):
        matrices = [matrix for matrix, own in letters.items() if name in own]
        if len(matrices) > 1:
            raise ModelError(f"{name!r} is in {matrices[0]} and in {matrices[1]}; entries of one matrix can be one parameter.")


def places(names: np.ndarray[Any, Any], letters: tuple[str, ...]) -> Array:
    """Which of the letters stands where: (..., k), 1 or 0."""
    found = np.zeros((*names.shape, len(letters)))
    for k, letter in enumerate(letters):
        found[..., k] = names == letter
    return found


def shared(ties: Array, values: Array | float) -> Array:
    """The sum over the places of each letter (k,)."""
    return np.asarray((ties * np.broadcast_to(values, ties.shape[:-1])[..., None]).sum(axis=tuple(range(ties.ndim - 1))))


def mean_of(ties: Array, values: Array) -> Array:
    """The mean over the places of each letter (k,)."""
    return np.asarray(shared(ties, values) / np.maximum(shared(ties, 1.0), 1))
